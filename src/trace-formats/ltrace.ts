import { type Place, usageErrorAt } from '../base/usage-error.ts';
import { excerpt, parseSize } from '../program/words.ts';
import {
  type AddressedBlocks,
  parseAddress,
  parseAlignment,
  type ReadLine,
  readLog,
  type Request,
} from './addressed-blocks.ts';
import type { TraceFormat } from './trace-format.ts';

/**
 * The log of ltrace. Calls of the allocator stand among those of other functions and the program's output:
 *
 *     malloc(24)                                       = 0x5581f2c0
 *     [pid 3140] calloc(3, 8)                          = 0x5581f2e0     on the terminal
 *     3140 aligned_alloc(64, 128, 0x5581f, 0)          = 0x5581f380     in a file
 *     12:07:31.2 libc.so.6->realloc(0x5581f2c0, 80)    = 0x5581f300
 *     memalign(64, 100)                                = 0x5581f340
 *     [pid 3141] malloc(40 <unfinished ...>
 *     [pid 3141] <... malloc resumed> )                = 0x5581f3c0
 *     free(0x5581f300)                                 = <void>
 *
 * - Null is `0`, `nil`, `0x0` or `NULL`.
 * - A posix_memalign does not show its address, and is passed over with the free of it.
 * - Of a function that it does not know, such as aligned_alloc, ltrace shows more arguments than there are.
 * - Sizes are decimal, as ltrace prints them, or hexadecimal.
 *
 * Source: ltrace(1); the output of ltrace 0.7.3.
 */
export const LTRACE: TraceFormat = {
  name: 'ltrace',
  says: 'the log of ltrace, with the calls of malloc and free in it',
  matches: (head) =>
    head.split('\n').some((line) => {
      const call = CALL.exec(line);
      return call !== null && FUNCTIONS.has(call[2]!) && RESULT.test(call[3]!);
    }),
  read: (lines, file) =>
    readLog(lines, file, {
      readLine: lineReader,
      mend: "record it again with ltrace -e 'malloc+calloc+realloc+memalign+aligned_alloc+free'",
    }),
};

const FUNCTIONS = new Set(['malloc', 'calloc', 'realloc', 'memalign', 'aligned_alloc', 'free']);
/** In front of a call, each where it was asked for: process, time, instruction pointer, calling module. */
const CALL =
  /^ *(?:(?:\[pid )?(\d+)\]? +)?(?:[\d:.]+ +)?(?:\[0x[\da-f]+\] )?(?:[\w.+-]+->)?([a-z_]+)\((.*)$/;
const RESUMED =
  /^ *(?:(?:\[pid )?(\d+)\]? +)?(?:[\d:.]+ +)?(?:\[0x[\da-f]+\] )?<\.\.\. ([a-z_]+) resumed> (.*)$/;
const UNFINISHED = / ?<unfinished \.\.\.>\s*$/;
const RESULT = /^([^()]*)\)\s*= (\S+)\s*$/;

function lineReader(blocks: AddressedBlocks, place: Place): ReadLine {
  /** The arguments of calls that another process's came in between of, by process and name. */
  const unfinished = new Map<string, string>();
  return (line) => {
    const [, pid = '', name = '', rest = ''] = CALL.exec(line) ?? RESUMED.exec(line) ?? [];
    if (!FUNCTIONS.has(name)) return [];
    const key = `${pid} ${name}`;
    if (UNFINISHED.test(rest)) {
      unfinished.set(key, rest.replace(UNFINISHED, ''));
      return [];
    }
    const isResumed = RESUMED.test(line);
    const begun = isResumed ? unfinished.get(key) : '';
    if (isResumed) unfinished.delete(key);
    if (begun === undefined) {
      const mend = 'leave the line out, or add the one that it ends';
      throw usageErrorAt(place, `a ${name} is resumed that did not begin`, mend);
    }
    const [, args, result] = RESULT.exec(`${begun}${rest}`) ?? noResult(line, place);
    const words = args!.split(',').map((word) => word.trim());
    if (name === 'free') return blocks.free(parsePointer(words[0]!, place));
    return blocks.answer(parseRequest(name, words, place), parsePointer(result!, place));
  };
}

function parseRequest(name: string, words: readonly string[], place: Place): Request {
  const wanted = name === 'malloc' ? 1 : 2;
  if (words.length !== wanted && name !== 'aligned_alloc') {
    const problem = `'(${words.join(', ')})' holds ${words.length} arguments`;
    throw usageErrorAt(place, problem, `${name} has ${wanted}`);
  }
  const [first, second] = words;
  if (name === 'malloc') return { kind: 'malloc', size: parseNumber(first!, place) };
  const size = parseNumber(second!, place);
  if (name === 'calloc') return { kind: 'calloc', count: parseNumber(first!, place), size };
  if (name === 'realloc') return { kind: 'realloc', address: parsePointer(first!, place), size };
  const alignment = parseAlignment(String(parseNumber(first!, place)), place);
  return { kind: 'aligned', alignment, size };
}

function parseNumber(word: string, place: Place): ReturnType<typeof parseSize> {
  return parseSize(/^0x[\da-f]+$/i.test(word) ? String(BigInt(word)) : word, place);
}

function parsePointer(word: string, place: Place): number {
  return /^(?:0|nil|NULL)$/.test(word) ? 0 : parseAddress(word, place);
}

function noResult(line: string, place: Place): never {
  throw usageErrorAt(
    place,
    `'${excerpt(line)}' does not say what the call returned`,
    "write 'malloc(24) = 0x5581f2c0', or record it again with ltrace -o FILE",
  );
}
