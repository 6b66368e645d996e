import { SIZE_MAX } from '../base/units.ts';
import { type Place, usageErrorAt } from '../base/usage-error.ts';
import { parseSize } from '../program/words.ts';
import {
  type AddressedBlocks,
  parseAddress,
  parseAlignment,
  type ReadLine,
  readLog,
  type Request,
  sizeAsked,
} from './addressed-blocks.ts';
import type { TraceFormat } from './trace-format.ts';

/**
 * The log of `valgrind --trace-malloc=yes`. Calls of the allocator stand among valgrind's own lines and the program's
 * output:
 *
 *     ==3140== Memcheck, a memory error detector
 *     --3140-- malloc(24) = 0x4B07040
 *     --3140-- calloc(3,8) = 0x4B07260
 *     --3140-- memalign(al 64, size 100) = 0x4B07320
 *     --3140-- realloc(0x4B07040,80) = 0x4B079D0
 *     --3140-- realloc(0x0,40)malloc(40) = 0x4B08A10
 *     --3140-- realloc(0x4B08A10,0)free(0x4B08A10)
 *     --3140-- _Znwm(4) = 0x4B09090
 *     --3140-- _ZdlPvm(0x4B09090)
 *     --3140-- free(0x0)
 *
 * - A call that valgrind answers by another one, or not at all, has no line end of its own: a realloc is printed in
 *   front of its malloc or free, a calloc whose product overflows in front of whatever comes next.
 * - C++'s operators become `malloc`, `aligned` and `free`.
 * - A request that failed returns `0x0`.
 * - Alignments are rounded up to a power of two, as glibc does.
 * - The log is of one process: lines of another (a child) are passed over.
 *
 * Source: valgrind, "coregrind/m_replacemalloc/vg_replace_malloc.c".
 */
export const VALGRIND: TraceFormat = {
  name: 'valgrind',
  says: 'the log of valgrind --trace-malloc=yes',
  matches: (head) => /^(==|--)\d+\1 /m.test(head),
  read: (lines, file) =>
    readLog(lines, file, {
      readLine: lineReader,
      mend: 'record it again with valgrind --trace-malloc=yes',
    }),
};

/** A call as the log prints it. */
type Call = Request | { readonly kind: 'free'; readonly address: number };

function lineReader(blocks: AddressedBlocks, place: Place): ReadLine {
  /** What stands in front of each call of the traced process, `--3140-- `, once one was seen. */
  let mark: string | undefined;
  return (line) => {
    mark ??= /^--\d+-- (?=\w+\()/.exec(line)?.[0];
    const markStart = mark === undefined ? -1 : line.indexOf(mark);
    if (markStart < 0) return [];
    const { calls, result } = parseCalls(line, markStart + mark!.length, place);
    return calls.flatMap((call, index) => {
      if (call.kind === 'free') return blocks.free(call.address);
      const isLast = index === calls.length - 1;
      const request = inner(call, calls[index - 1]);
      const address = isLast ? result : undefined;
      if (address !== undefined) return blocks.answer(request, address);
      return overflows(request) ? blocks.answer(request, 0) : [];
    });
  };
}

/** The functions that valgrind replaces, by what they do. `m` and `j` are the mangled size types of 64 and 32 bits. */
const MALLOC = /^(?:malloc|__builtin_(?:vec_)?new|_Zn[wa][mj](?:RKSt9nothrow_t)?)$/;
const ALIGNED =
  /^(?:memalign|posix_memalign|aligned_alloc|_Zn[wa][mj]St11align_val_t(?:RKSt9nothrow_t)?)$/;
const FREE =
  /^(?:c?free|__builtin_(?:vec_)?delete|_Zd[la]Pv[mj]?(?:St11align_val_t)?(?:RKSt9nothrow_t)?)$/;

/** The calls of one line, in order, and what the last returned: undefined when the line does not say. */
function parseCalls(
  line: string,
  start: number,
  place: Place,
): { calls: readonly Call[]; result: number | undefined } {
  const calls: Call[] = [];
  const pattern = /(\w+)\(([^()]*)\)/y;
  let end = start;
  pattern.lastIndex = start;
  for (let match = pattern.exec(line); match; match = pattern.exec(line)) {
    end = pattern.lastIndex;
    const call = parseCall(match[1]!, match[2]!, place);
    if (call) calls.push(call);
  }
  const result = /^ = (0x[0-9A-Fa-f]+)\s*$/.exec(line.slice(end))?.[1];
  return { calls, result: result === undefined ? undefined : parseAddress(result, place) };
}

/** A call by its name; undefined for one that only asks, such as malloc_usable_size. */
function parseCall(name: string, args: string, place: Place): Call | undefined {
  if (MALLOC.test(name)) return { kind: 'malloc', size: parseSize(args, place) };
  if (FREE.test(name)) return { kind: 'free', address: parseAddress(args, place) };
  if (ALIGNED.test(name)) return parseAligned(args, place);
  if (name !== 'calloc' && name !== 'realloc') return undefined;
  const [first, second] = twoOf(args.split(','), args, place);
  const size = parseSize(second, place);
  if (name === 'calloc') return { kind: 'calloc', count: parseSize(first, place), size };
  return { kind: 'realloc', address: parseAddress(first, place), size };
}

/** `al 64, size 100`, or for C++ `size 100, al 64`. */
function parseAligned(args: string, place: Place): Call {
  const sorted = args.split(/, ?/).toSorted();
  const [alignment, size] = twoOf(sorted, args, place);
  return {
    kind: 'aligned',
    alignment: parseAlignment(alignment.replace('al ', ''), place),
    size: parseSize(size.replace('size ', ''), place),
  };
}

function twoOf(words: readonly string[], args: string, place: Place): readonly [string, string] {
  const [first, second] = words;
  if (words.length === 2) return [first!, second!];
  throw usageErrorAt(place, `'(${args})' holds ${words.length} arguments`, 'this call has two');
}

/** What was asked, where valgrind answers a realloc of null by a malloc that it prints behind it. */
function inner(call: Request, before: Call | undefined): Request {
  const isWrapped = call.kind === 'malloc' && before?.kind === 'realloc' && before.address === 0;
  return isWrapped ? before : call;
}

/** A calloc whose product has no 64 bits: it fails, and its line does not say so. */
function overflows(request: Request): boolean {
  return request.kind === 'calloc' && sizeAsked(request) > SIZE_MAX;
}
