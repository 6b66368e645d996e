import { type Place, usageErrorAt } from '../base/usage-error.ts';
import { excerpt, parseSize } from '../program/words.ts';
import {
  type AddressedBlocks,
  parseAddress,
  parseAlignment,
  type ReadLine,
  readLog,
} from './addressed-blocks.ts';
import type { TraceFormat } from './trace-format.ts';

/**
 * What Android's malloc_debug writes with the option `record_allocs`, and its memory_replay reads. A thread's id, a
 * call, what it returned, and what it was given:
 *
 *     186: malloc 0xb6038060 20
 *     186: calloc 0xb609f080 3 8
 *     186: realloc 0xb609f0a0 0xb6038060 12        the new address, the old one, bytes
 *     187: memalign 0xb85da660 16 104              alignment, bytes
 *     187: free 0xb85da660
 *     187: thread_done 0x0
 *
 * Newer ones end with when the call began and ended, in nanoseconds (thread_done: with when it ended). What thread made
 * a call is passed over: programs of an allocator have one. Addresses of 64 bits may carry a tag in their first byte.
 *
 * Source: Android, bionic, "libc/malloc_debug/README.md".
 */
export const MALLOC_DEBUG: TraceFormat = {
  name: 'malloc_debug',
  says: "Android's malloc_debug with record_allocs, as its memory_replay reads it",
  matches: (head) => /^\d+: [a-z_]+ 0x/.test(head.trimStart()),
  read: (lines, file) =>
    readLog(lines, file, {
      readLine: lineReader,
      mend: "record it again with the malloc_debug option 'record_allocs'",
    }),
};

/** The calls, and how many words stand behind the name. */
const WORDS_COUNTS: Readonly<Record<string, number>> = {
  malloc: 2,
  calloc: 3,
  realloc: 3,
  memalign: 3,
  free: 1,
  thread_done: 1,
};

function lineReader(blocks: AddressedBlocks, place: Place): ReadLine {
  return (line) => {
    if (line.trim() === '') return [];
    const [, name, rest] = /^\s*\d+: ([a-z_]+) (.+)$/.exec(line) ?? noCall(line, place);
    const [pointer, first, second] = wordsOf(name!, rest!, line, place);
    const address = parseTagged(pointer!, place);
    switch (name) {
      case 'malloc':
        return blocks.answer({ kind: 'malloc', size: parseSize(first!, place) }, address);
      case 'calloc': {
        const request = { count: parseSize(first!, place), size: parseSize(second!, place) };
        return blocks.answer({ kind: 'calloc', ...request }, address);
      }
      case 'realloc': {
        const moved = parseTagged(first!, place);
        const request = { address: moved, size: parseSize(second!, place) };
        return blocks.answer({ kind: 'realloc', ...request }, address);
      }
      case 'memalign': {
        const alignment = parseAlignment(first!, place);
        return blocks.answer(
          { kind: 'aligned', alignment, size: parseSize(second!, place) },
          address,
        );
      }
      case 'free':
        return blocks.free(address);
      default:
        return [];
    }
  };
}

/** The words of a call without its times. */
function wordsOf(name: string, rest: string, line: string, place: Place): readonly string[] {
  const count = WORDS_COUNTS[name] ?? noCall(line, place);
  const words = rest.trim().split(/\s+/);
  const timesCount = words.length - count;
  const isTimed = timesCount === (name === 'thread_done' ? 1 : 2);
  if (timesCount !== 0 && !(isTimed && words.slice(count).every((word) => /^\d+$/.test(word))))
    noCall(line, place);
  return words.slice(0, count);
}

/** An address without the tag that memory tagging puts into the first of its 8 bytes. */
function parseTagged(word: string, place: Place): number {
  return parseAddress(word.replace(/^0x[\da-f]{2}(?=[\da-f]{14}$)0*/i, '0x'), place);
}

function noCall(line: string, place: Place): never {
  const mend =
    "write 'TID: malloc 0xP SIZE', 'calloc 0xP COUNT SIZE', 'realloc 0xNEW 0xOLD SIZE', 'memalign 0xP ALIGNMENT SIZE', 'free 0xP' or 'thread_done 0x0', with both times or none";
  throw usageErrorAt(place, `'${excerpt(line)}' is no call`, mend);
}
