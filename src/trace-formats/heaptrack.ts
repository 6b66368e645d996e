import { type Size, sizeOf } from '../base/units.ts';
import { type Place, usageErrorAt } from '../base/usage-error.ts';
import { excerpt } from '../program/words.ts';
import { type AddressedBlocks, parseAddress, type ReadLine, readLog } from './addressed-blocks.ts';
import type { TraceFormat } from './trace-format.ts';

/**
 * The raw data of heaptrack, from `heaptrack --raw`, unpacked. A letter and hexadecimal numbers a line:
 *
 *     v 10300 3              version, version of the format
 *     + 18 2 55a7c8e812a0    bytes, where it was called from, address
 *     - 55a7c8e812a0         free
 *     x, X, I, m, t, c, R …  modules, call sites, times: passed over
 *
 * A calloc is its product; a realloc is a free and an allocation. What heaptrack's interpreter made of it names no
 * blocks any more, so that it cannot be read.
 *
 * Source: KDE heaptrack, "src/track/libheaptrack.cpp".
 */
export const HEAPTRACK: TraceFormat = {
  name: 'heaptrack',
  says: 'the raw data of heaptrack --raw, unpacked',
  matches: (head) => /^v [\da-f]+ [\da-f]+\s*$/m.test(head.slice(0, head.indexOf('\n') + 1)),
  read: (lines, file) =>
    readLog(lines, file, {
      readLine: lineReader,
      mend: 'record it again with heaptrack --raw',
    }),
};

function lineReader(blocks: AddressedBlocks, place: Place): ReadLine {
  return (line) => {
    const [letter, ...words] = line.split(' ');
    if (letter === 'a' || (letter === '+' && words.length === 1)) interpreted(place);
    if (letter === '+') {
      if (words.length !== 3) noCall(line, place);
      return blocks.answer(
        { kind: 'malloc', size: parseHex(words[0]!, place) },
        address(words[2]!),
      );
    }
    if (letter === '-') {
      if (words.length !== 1) noCall(line, place);
      return blocks.free(address(words[0]!));
    }
    if (!/^[A-Za-z#]?$/.test(letter!)) noCall(line, place);
    return [];
  };

  function address(word: string): number {
    return parseAddress(`0x${word}`, place);
  }
}

function parseHex(word: string, place: Place): Size {
  if (/^[\da-f]{1,16}$/.test(word)) return sizeOf(BigInt(`0x${word}`));
  throw usageErrorAt(
    place,
    `'${excerpt(word)}' is no size`,
    'write hexadecimal digits, 16 at most',
  );
}

function interpreted(place: Place): never {
  const problem = "this is what heaptrack's interpreter made of a recording, which names no blocks";
  throw usageErrorAt(place, problem, 'record it with heaptrack --raw');
}

function noCall(line: string, place: Place): never {
  throw usageErrorAt(
    place,
    `'${excerpt(line)}' is no call`,
    "write '+ SIZE TRACE ADDRESS' or '- ADDRESS'",
  );
}
