import { formatRange, type Range } from '../base/range.ts';
import type { Rule } from '../base/rule.ts';
import { ADDRESS_LIMIT, formatAddress, type Size } from '../base/units.ts';
import type { Op, Slot } from '../program/op.ts';
import { formatAnswer, formatCall, type Broken } from './finding.ts';
import { CHURN_IS_BOUNDED, LARGEST_FITS, REFUSED_MEMORY_IS_SURVIVED } from './history-laws.ts';
import {
  DOUBLE_FREE_KEEPS_PROMISE,
  FREE_FOREIGN_KEEPS_PROMISE,
  FREE_INSIDE_KEEPS_PROMISE,
  WRITE_FREED_KEEPS_PROMISE,
} from './misuse-laws.ts';

/** What every allocator owes its caller, seen from outside. */
export interface Law extends Rule {
  /** Place in `LAWS`, from 0. */
  readonly index: number;
  /** What a target must offer or promise for the law to be asked at all. */
  readonly needs: string;
}

/** A law with its judgement: `check` gets the numbers of one moment and answers undefined when the law holds. */
interface JudgedLaw<Moment extends readonly unknown[]> extends Law {
  readonly check: (...moment: Moment) => Broken | undefined;
}

let lawsCount = 0;

function law<Moment extends readonly unknown[]>(
  parts: Omit<JudgedLaw<Moment>, 'index'>,
): JudgedLaw<Moment> {
  const index = lawsCount;
  lawsCount += 1;
  return { index, ...parts };
}

/** The laws by name in code. The judge asks them; the last five are about whole runs. */
export const LAW = {
  callsReturn: law({
    name: 'calls-return',
    says: 'Every call returns, with null or a whole number that can be an address.',
    rows: 'H1 B1',
    source: 'C17 7.22.3: the allocation functions return a null pointer or a pointer to the space.',
    needs: 'malloc',
    check: (op: Op, answer: number | null) =>
      answer === null || (Number.isSafeInteger(answer) && answer >= 0 && answer < ADDRESS_LIMIT)
        ? undefined
        : {
            observed: `${formatCall(op)} returned ${answer}`,
            expected: `null, or a whole number below ${formatAddress(ADDRESS_LIMIT)}`,
          },
  }),
  mallocAligns: law({
    name: 'malloc-aligns',
    says: 'Every block starts at a multiple of the promised alignment, or of the one asked for.',
    rows: 'H2 B2',
    source:
      'C17 7.22.3: "suitably aligned so that it may be assigned to a pointer to any type of object".',
    needs: 'promise alignment, or aligned',
    check: (op: Op, address: number, alignment: number) => multipleOf(op, address, alignment),
  }),
  reallocKeepsAlignment: law({
    name: 'realloc-keeps-alignment',
    says: 'Realloc keeps the alignment that a block was asked for with.',
    rows: 'B2',
    source:
      'mattconte/tlsf issue 36; the C standard leaves it open, so it is asked where it is promised.',
    needs: 'aligned, realloc, promise reallocKeepsAlignment',
    check: (op: Op, address: number, alignment: number) => multipleOf(op, address, alignment),
  }),
  blocksStayInside: law({
    name: 'blocks-stay-inside',
    says: 'Every block lies inside the memory that the target was given.',
    rows: 'H3 B3 R36',
    source: 'CS:APP malloc lab, mdriver: "payload lies outside heap".',
    needs: 'bounds',
    check: (op: Op, address: number, extent: number, bounds: Range) =>
      address >= bounds.start && address + extent <= bounds.end
        ? undefined
        : {
            observed: `${formatCall(op)} returned ${formatBlock(address, extent)}`,
            expected: `a range inside ${formatRange(bounds)}`,
          },
  }),
  blocksStayApart: law({
    name: 'blocks-stay-apart',
    says: 'No two live blocks share a byte.',
    rows: 'H4 B4 R36',
    source:
      'C17 7.22.3: "Each such allocation shall yield a pointer to an object disjoint from any other object".',
    needs: 'malloc',
    check: (
      op: Op,
      address: number,
      extent: number,
      other: (Range & { readonly slot: Slot }) | undefined,
    ) =>
      other === undefined
        ? undefined
        : {
            observed: `${formatCall(op)} returned ${formatBlock(address, extent)}, which overlaps b${other.slot} ${formatRange(other)}`,
            expected: 'a range that no live block uses',
          },
  }),
  usableSizeCoversRequest: law({
    name: 'usable-size-covers-request',
    says: 'The usable size is at least what was asked for.',
    rows: 'H1 B8',
    source: 'malloc_usable_size(3): "greater than or equal to the requested size".',
    needs: 'usableSize',
    check: (op: Op, usable: number, size: number) =>
      Number.isSafeInteger(usable) && usable >= size
        ? undefined
        : {
            observed: `${formatCall(op)} has ${usable} usable bytes`,
            expected: `at least the ${size} that were asked for`,
          },
  }),
  usableSizeStays: law({
    name: 'usable-size-stays',
    says: 'The usable size does not change while the block lives.',
    rows: 'H6 B8 R35',
    source:
      'Catalogue of black-box laws, B8: "stable"; the note: "Remember the size of the allocated block for later".',
    needs: 'usableSize',
    check: (slot: Slot, usable: number, before: number) =>
      usable === before
        ? undefined
        : {
            observed: `b${slot} now has ${usable} usable bytes`,
            expected: `the ${before} that it had when it was made`,
          },
  }),
  usableSizeGrows: law({
    name: 'usable-size-grows',
    says: 'Of two live blocks that were asked for without an alignment, the larger request has no smaller usable size.',
    rows: 'B8',
    source:
      'jemalloc(3): nallocx "performs the same size computation as the mallocx() function"; asked where it is promised, since a rest too small to split goes with a block.',
    needs: 'usableSize, promise usableGrows',
    check: (
      op: Op,
      own: { readonly size: number; readonly usable: number },
      other: { readonly slot: Slot; readonly size: number; readonly usable: number } | undefined,
    ) =>
      other === undefined
        ? undefined
        : {
            observed: `${formatCall(op)} has ${own.usable} usable bytes, and b${other.slot}, of ${other.size}, has ${other.usable}`,
            expected: `no fewer for ${Math.max(own.size, other.size)} bytes than for ${Math.min(own.size, other.size)}`,
          },
  }),
  slackIsBounded: law({
    name: 'slack-is-bounded',
    says: 'A block is hardly larger than what was asked for.',
    rows: 'H7',
    source: 'dlmalloc, check_malloced_chunk: "or no larger than minimum chunk plus request".',
    needs: 'usableSize, promise slack',
    check: (op: Op, usable: number, size: number, slack: number) =>
      usable - size <= slack
        ? undefined
        : {
            observed: `${formatCall(op)} has ${usable} usable bytes`,
            expected: `at most ${size} + ${slack}`,
          },
  }),
  zeroSizeKeepsPromise: law({
    name: 'zero-size-keeps-promise',
    says: 'A request of 0 bytes returns what the target promises: null, or a block of its own.',
    rows: 'B1',
    source:
      'C17 7.22.3: "If the size of the space requested is zero, the behavior is implementation-defined".',
    needs: 'promise zeroSize',
    check: (op: Op, address: number | null, promise: 'block' | 'null') =>
      (address === null) === (promise === 'null')
        ? undefined
        : {
            observed: `${formatCall(op)} returned ${formatAnswer(address)}`,
            expected: promise === 'null' ? 'null' : 'a block of its own',
          },
  }),
  reallocZeroKeepsPromise: law({
    name: 'realloc-zero-keeps-promise',
    says: 'Realloc to 0 bytes frees the block and returns null, where the target promises that.',
    rows: 'B6',
    source:
      'C17 7.22.3.5: "If size is zero and memory for the new object is not allocated, it is implementation-defined whether the old object is deallocated".',
    needs: "realloc, promise reallocZero: 'frees'",
    check: (op: Op, address: number | null) =>
      address === null
        ? undefined
        : {
            observed: `${formatCall(op)} returned ${formatAddress(address)}`,
            expected: 'null, and the block freed',
          },
  }),
  impossibleRequestIsRefused: law({
    name: 'impossible-request-is-refused',
    says: 'A request for more bytes than there can be is refused.',
    rows: 'H10 B7 B9 R45',
    source:
      'CWE-190 in allocators: size plus header, or count times size, wraps and a small block is returned.',
    needs: 'malloc',
    check: (op: Op, address: number, size: Size, limit: number) =>
      size <= limit
        ? undefined
        : {
            observed: `${formatCall(op)}, ${size} bytes, returned ${formatAddress(address)}`,
            expected: `null, since there are ${limit} bytes at most`,
          },
  }),
  contentsSurvive: law({
    name: 'contents-survive',
    says: 'What the caller wrote into a block stays there until it frees the block.',
    rows: 'H8 B5 R36',
    source: 'C17 6.2.4: an object "retains its last-stored value throughout its lifetime".',
    needs: 'memory',
    check: (slot: Slot, offset: number) =>
      offset < 0
        ? undefined
        : {
            observed: `b${slot} has changed at offset ${offset}`,
            expected: 'the bytes that its owner wrote',
          },
  }),
  guardsStayUntouched: law({
    name: 'guards-stay-untouched',
    says: 'The allocator writes to no memory that it was not given.',
    rows: 'B17',
    source:
      'Yun et al., "ArcHeap", USENIX Security 2020; Eckert et al., "HeapHopper", USENIX Security 2018: writes to where no block is.',
    needs: 'memory, guards',
    check: (address: number, guard: Range) =>
      address < 0
        ? undefined
        : {
            observed: `the bytes at ${formatAddress(address)} have changed`,
            expected: `${formatRange(guard)} as it was, since it belongs to somebody else`,
          },
  }),
  reallocKeepsPrefix: law({
    name: 'realloc-keeps-prefix',
    says: 'Realloc keeps the first min(old size, new size) bytes.',
    rows: 'H8 B6',
    source:
      'C17 7.22.3.5: "The contents of the new object shall be the same as that of the old object prior to deallocation, up to the lesser of the new and old sizes".',
    needs: 'memory, realloc',
    check: (op: Op, offset: number, keptSize: number) =>
      offset < 0
        ? undefined
        : {
            observed: `${formatCall(op)} lost the byte at offset ${offset}`,
            expected: `the first ${keptSize} bytes as they were`,
          },
  }),
  callocZeroes: law({
    name: 'calloc-zeroes',
    says: 'Every byte that calloc returns is zero.',
    rows: 'H8 L6 B7',
    source: 'C17 7.22.3.2: "The space is initialized to all bits zero".',
    needs: 'memory, calloc',
    check: (op: Op, offset: number) =>
      offset < 0
        ? undefined
        : {
            observed: `${formatCall(op)} is not zero at offset ${offset}`,
            expected: 'zero bytes only',
          },
  }),
  freeNullDoesNothing: law({
    name: 'free-null-does-nothing',
    says: 'Freeing null changes nothing.',
    rows: 'B15',
    source: 'C17 7.22.3.3: "If ptr is a null pointer, no action occurs".',
    needs: 'footprint',
    check: (footprint: number, before: number) =>
      footprint === before
        ? undefined
        : {
            observed: `free(null) changed the footprint to ${footprint} bytes`,
            expected: `${before} bytes as before`,
          },
  }),
  failedRequestChangesNothing: law({
    name: 'failed-request-changes-nothing',
    says: 'A request that is refused leaves the footprint as it was.',
    rows: 'H11 B6 B13',
    source: 'rustwasm/wee_alloc issue 100: a failed huge allocation still grew the heap.',
    needs: 'footprint',
    check: (op: Op, footprint: number, before: number) =>
      footprint === before
        ? undefined
        : {
            observed: `${formatCall(op)} was refused, but the footprint went to ${footprint} bytes`,
            expected: `${before} bytes as before`,
          },
  }),
  bigBlocksGoBack: law({
    name: 'big-blocks-go-back',
    says: "A big block's memory goes back to the system when it is freed.",
    rows: 'B14 R45 R47',
    source: 'The note, Problem 4: "do a munmap when that memory is freed".',
    needs: 'footprint, promise returnsFrom',
    check: (slot: Slot, footprint: number, before: number, size: number) =>
      before - footprint >= size
        ? undefined
        : {
            observed: `freeing b${slot} took the footprint from ${before} to ${footprint} bytes`,
            expected: `at least ${size} bytes less`,
          },
  }),
  freedSpaceReturns: law({
    name: 'freed-space-returns',
    says: 'With nothing live, one block as large as promised is to be had, without growth if the heap has grown.',
    rows: 'B11 R30 R37 R43',
    source:
      'AssemblyScript, linked-list-allocator and OffsetAllocator test it: after freeing all, one block of all memory.',
    needs: 'promise recovers',
    check: (size: number, address: number | null, growth: number) =>
      address !== null && growth <= 0
        ? undefined
        : {
            observed:
              address === null
                ? `with nothing live, malloc(${size}) was refused`
                : `with nothing live, malloc(${size}) took ${growth} more bytes from the system`,
            expected: 'a block made of what was freed',
          },
  }),
  freeAcceptsItsBlocks: law({
    name: 'free-accepts-its-blocks',
    says: 'Freeing a live block is never refused.',
    rows: 'H12 R29',
    source: 'FR heap_4: heapBLOCK_IS_ALLOCATED holds for every block that was handed out.',
    needs: 'malloc',
    check: (slot: Slot, answer: boolean | void) =>
      answer === false
        ? { observed: `free(b${slot}) was refused`, expected: 'a live block to be taken back' }
        : undefined,
  }),
  doubleFreeKeepsPromise: law(DOUBLE_FREE_KEEPS_PROMISE),
  freeInsideKeepsPromise: law(FREE_INSIDE_KEEPS_PROMISE),
  freeForeignKeepsPromise: law(FREE_FOREIGN_KEEPS_PROMISE),
  writeFreedKeepsPromise: law(WRITE_FREED_KEEPS_PROMISE),
  churnIsBounded: law(CHURN_IS_BOUNDED),
  refusedMemoryIsSurvived: law(REFUSED_MEMORY_IS_SURVIVED),
  largestFits: law(LARGEST_FITS),
  sameProgramSameAddresses: law({
    name: 'same-program-same-addresses',
    says: 'The same program gets the same addresses on every fresh heap, and after a reset.',
    rows: 'B19 B20',
    source: 'TLSF pools and AssemblyScript reset; determinism from a seed needs it.',
    needs: 'promise repeats',
    check: (op: Op, second: number | null, first: number | null) =>
      second === first
        ? undefined
        : {
            observed: `the second time, ${formatCall(op)} returned ${formatAnswer(second)}`,
            expected: `${formatAnswer(first)}, as the first time`,
          },
  }),
  answersInTime: law({
    name: 'answers-in-time',
    says: 'A program of a few ops ends.',
    rows: 'B1',
    source: 'LX slub, "Freelist cycle detected": a list that bites its tail never ends.',
    needs: 'a watchdog',
    check: (limitMs: number, answered: 'answered' | 'timed out') =>
      answered === 'answered'
        ? undefined
        : { observed: `no answer within ${limitMs} ms`, expected: 'an answer' },
  }),
} satisfies Readonly<Record<string, Law>>;

/** The laws as a table. */
export const LAWS: readonly Law[] = Object.values(LAW);

function multipleOf(op: Op, address: number, alignment: number): Broken | undefined {
  if (address % alignment === 0) return undefined;
  return {
    observed: `${formatCall(op)} returned ${formatAddress(address)}, which is ${address % alignment} past a multiple of ${alignment}`,
    expected: `a multiple of ${alignment}`,
  };
}

/** A block as sentences name it; one without bytes counts as 1 byte, since its address must be its own. */
function formatBlock(address: number, extent: number): string {
  return formatRange({ start: address, end: address + Math.max(1, extent) });
}
