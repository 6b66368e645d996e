import { type Size, SIZE_MAX, sizeProduct } from '../base/units.ts';
import { type Place, usageErrorAt } from '../base/usage-error.ts';
import { ALIGNMENT_EXPONENT_MAX, type Op, type Slot } from '../program/op.ts';
import { parseSize } from '../program/words.ts';
import { LiveBlocks } from './live-blocks.ts';
import { SlotPool } from './slot-pool.ts';
import type { TraceFormat, TraceSummary } from './trace-format.ts';

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
 * - A request that failed (`= 0x0`) is asked again, and what it returns is given back at once, so that an allocator
 *   that grants it goes on as recorded. A realloc that failed is asked again and keeps its slot.
 * - A free of an address that no line returned is of a block from before the recording, and is passed over. A realloc
 *   of one is a malloc.
 * - Alignments are rounded up to a power of two, as glibc does.
 * - The log is of one process: lines of another (a child) are passed over.
 *
 * Source: valgrind, "coregrind/m_replacemalloc/vg_replace_malloc.c".
 */
export const VALGRIND: TraceFormat = {
  name: 'valgrind',
  says: 'the log of valgrind --trace-malloc=yes',
  matches: (head) => /^(==|--)\d+\1 /m.test(head),
  read: (lines, file) => new ValgrindReader(file).read(lines),
};

/** A call as the log prints it. */
type Call = Request | { readonly kind: 'free'; readonly address: number };

/** A call that asks for a block. */
type Request =
  | { readonly kind: 'malloc'; readonly size: Size }
  | { readonly kind: 'calloc'; readonly count: Size; readonly size: Size }
  | { readonly kind: 'aligned'; readonly alignment: number; readonly size: Size }
  | { readonly kind: 'realloc'; readonly address: number; readonly size: Size };

class ValgrindReader {
  readonly #blocks = new LiveBlocks();
  readonly #slots = new SlotPool();
  readonly #place: { readonly file: string; line: number };
  /** What stands in front of each call of the traced process, `--3140-- `, once one was seen. */
  #mark: string | undefined;

  constructor(file: string) {
    this.#place = { file, line: 0 };
  }

  *read(lines: Iterable<string>): Generator<Op, TraceSummary, undefined> {
    let opsCount = 0;
    let linesPassedOverCount = 0;
    for (const line of lines) {
      this.#place.line += 1;
      const ops = this.#readLine(line);
      if (ops.length === 0) linesPassedOverCount += 1;
      opsCount += ops.length;
      yield* ops;
    }
    if (opsCount > 0) return this.#blocks.summary({ opsCount, linesPassedOverCount });
    const mend = 'record it again with valgrind --trace-malloc=yes';
    throw usageErrorAt(this.#place, 'the log ends without a call of the allocator', mend);
  }

  /** The ops of one line; none when it is passed over. */
  #readLine(line: string): readonly Op[] {
    this.#mark ??= /^--\d+-- (?=\w+\()/.exec(line)?.[0];
    const markStart = this.#mark === undefined ? -1 : line.indexOf(this.#mark);
    if (markStart < 0) return [];
    const { calls, result } = parseCalls(line, markStart + this.#mark!.length, this.#place);
    return calls.flatMap((call, index) => {
      if (call.kind === 'free') return this.#free(call.address);
      const isLast = index === calls.length - 1;
      return this.#answer(inner(call, calls[index - 1]), isLast ? result : undefined);
    });
  }

  /** @param address What the call returned; undefined when its line does not say. */
  #answer(request: Request, address: number | undefined): readonly Op[] {
    if (address === undefined) return overflows(request) ? this.#refuse(request) : [];
    return address === 0 ? this.#refuse(request) : [this.#grant(request, address)];
  }

  #grant(request: Request, address: number): Op {
    const moved = request.kind === 'realloc' ? request.address : 0;
    const before = this.#blocks.get(moved);
    const taken = moved === address ? undefined : this.#blocks.get(address);
    if (taken) {
      const problem = `0x${address.toString(16)} is returned, but the block of line ${taken.line} lies there still`;
      throw usageErrorAt(this.#place, problem, 'record it again, into a file of its own');
    }
    const slot = before ? before.slot : this.#slots.take(this.#place);
    const block = { slot, size: sizeAsked(request), line: this.#place.line };
    if (before) this.#blocks.replace(moved, address, block);
    else this.#blocks.add(address, block);
    if (moved !== 0 && !before) return { kind: 'malloc', slot, size: request.size };
    return opOf(request, slot);
  }

  #refuse(request: Request): readonly Op[] {
    if (request.kind === 'realloc' && request.address !== 0) {
      const block = this.#blocks.get(request.address);
      return block ? [opOf(request, block.slot)] : [];
    }
    const slot = this.#slots.take(this.#place);
    this.#slots.give(slot);
    return [opOf(request, slot), { kind: 'free', slot }];
  }

  #free(address: number): readonly Op[] {
    if (address === 0) return [{ kind: 'free', slot: null }];
    const block = this.#blocks.get(address);
    if (!block) return [];
    this.#blocks.remove(address);
    this.#slots.give(block.slot);
    return [{ kind: 'free', slot: block.slot }];
  }
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
    alignment: alignmentOf(alignment.replace('al ', ''), place),
    size: parseSize(size.replace('size ', ''), place),
  };
}

function twoOf(words: readonly string[], args: string, place: Place): readonly [string, string] {
  const [first, second] = words;
  if (words.length === 2) return [first!, second!];
  throw usageErrorAt(place, `'(${args})' holds ${words.length} arguments`, 'this call has two');
}

function alignmentOf(word: string, place: Place): number {
  const alignment = Number(parseSize(word, place));
  const exponent = Math.ceil(Math.log2(Math.max(1, alignment)));
  if (exponent <= ALIGNMENT_EXPONENT_MAX) return 2 ** exponent;
  const mend = `leave this line out, programs align to ${2 ** ALIGNMENT_EXPONENT_MAX} at most`;
  throw usageErrorAt(place, `an alignment of ${word} is too large`, mend);
}

function parseAddress(word: string, place: Place): number {
  if (/^0x[0-9A-Fa-f]{1,13}$/.test(word)) return Number.parseInt(word, 16);
  throw usageErrorAt(
    place,
    `'${word}' is no address`,
    'an address is 0x and up to 13 hexadecimal digits',
  );
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

function sizeAsked(request: Request): Size {
  return request.kind === 'calloc' ? sizeProduct(request.count, request.size) : request.size;
}

function opOf(request: Request, slot: Slot): Op {
  if (request.kind !== 'realloc') return { ...request, slot };
  return { kind: 'realloc', slot, source: request.address === 0 ? null : slot, size: request.size };
}
