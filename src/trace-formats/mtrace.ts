import { sizeOf, SIZE_MAX, type Size } from '../base/units.ts';
import { type Place, usageErrorAt } from '../base/usage-error.ts';
import { excerpt } from '../program/words.ts';
import { type AddressedBlocks, parseAddress, type ReadLine, readLog } from './addressed-blocks.ts';
import type { TraceFormat } from './trace-format.ts';

/**
 * The log of glibc's `mtrace()`, which goes to the file that `MALLOC_TRACE` names:
 *
 *     = Start
 *     @ ./a.out:(main+0x1d)[0x401186] + 0x4052a0 0x18     malloc, calloc or memalign: address and bytes
 *     @ ./a.out:(main+0x2d)[0x401196] < 0x4052a0          realloc, line 1: what is resized
 *     @ ./a.out:(main+0x2d)[0x401196] > 0x4052c0 0x50     realloc, line 2: what became of it
 *     @ ./a.out:(main+0x3d)[0x4011a6] ! 0x4052c0 0x7fff…  a realloc that failed
 *     @ ./a.out:(main+0x4d)[0x4011b6] - 0x4052c0          free, or a realloc to 0 bytes
 *     = End
 *
 * Where a call came from may be left out. A request that failed has the address `(nil)`; sizes are hexadecimal, and 0
 * is `0`. A free of null is not logged, nor are alignments and the factors of a calloc.
 *
 * Source: glibc, "malloc/mtrace-impl.c".
 */
export const MTRACE: TraceFormat = {
  name: 'mtrace',
  says: "the log of glibc's mtrace(), which MALLOC_TRACE names",
  matches: (head) => /^(?:= Start|@ .*\[0x[\da-f]+\] [-+<>!] .+)\r?$/m.test(head),
  read: (lines, file) =>
    readLog(lines, file, {
      readLine: lineReader,
      mend: 'record it again, with a call of mtrace() in the program and MALLOC_TRACE set',
    }),
};

const LINE = /^(?:@ .*\[0x[\da-f]+\] )?([-+<>!]) (0x[\da-f]+|\(nil\))(?: (0x[\da-f]+|0))?\s*$/i;

function lineReader(blocks: AddressedBlocks, place: Place): ReadLine {
  /** The address that a `<` line named, until its `>` line came. */
  let resized: number | undefined;
  return (line) => {
    if (/^(?:= (?:Start|End))?\s*$/.test(line)) return [];
    const [, mark, pointer, sizeWord] = LINE.exec(line) ?? noCall(line, place);
    const address = pointer === '(nil)' ? 0 : parseAddress(pointer!, place);
    const hasSize = sizeWord !== undefined;
    if (hasSize !== '+>!'.includes(mark!)) noCall(line, place);
    if ((mark === '>') !== (resized !== undefined)) unpaired(mark!, place);
    const size = hasSize ? parseHexSize(sizeWord, place) : 0;
    switch (mark) {
      case '<':
        resized = address;
        return [];
      case '>': {
        const ops = blocks.answer({ kind: 'realloc', address: resized!, size }, address);
        resized = undefined;
        return ops;
      }
      case '+':
        return blocks.answer({ kind: 'malloc', size }, address);
      case '!':
        return blocks.answer({ kind: 'realloc', address, size }, 0);
      default:
        return address === 0 ? [] : blocks.free(address);
    }
  };
}

function parseHexSize(word: string, place: Place): Size {
  const size = sizeOf(BigInt(word));
  if (size <= SIZE_MAX) return size;
  throw usageErrorAt(place, `${excerpt(word)} is too large`, 'numbers have 64 bits');
}

function noCall(line: string, place: Place): never {
  const mend =
    "write '+ ADDRESS SIZE', '- ADDRESS', '< ADDRESS' and '> ADDRESS SIZE', or '! ADDRESS SIZE'";
  throw usageErrorAt(place, `'${excerpt(line)}' is no call`, mend);
}

function unpaired(mark: string, place: Place): never {
  const problem =
    mark === '>' ? "a '>' line has no '<' line in front" : "a '<' line has no '>' line behind it";
  throw usageErrorAt(place, problem, 'write both lines of a realloc, one behind the other');
}
