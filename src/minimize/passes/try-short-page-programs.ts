import { unreachable } from '../../base/kit-bug.ts';
import { type Base, isPageOp, type PageOp, type Protection } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** Of the offsets and of the sizes at hand, this many are used, the largest. */
const NUMBERS_MAX = 3;
/** One area for everything: as large as that of any page size can be. */
const AREA_SIZES = [2 ** 31, 2 ** 13] as const;
/**
 * Up to 16 pages; all that a machine of 64 frames can touch, or as many as leave it a few for tables. First what mostly
 * makes a difference: one page, two, one more than a small TLB holds, all.
 */
const TOUCH_PAGES = [
  1, 2, 9, 57, 58, 59, 56, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 64,
] as const;
const TOUCH_SIZES = TOUCH_PAGES.map((pagesCount) => pagesCount * 2 ** 12);
/** The next page, and one behind the tables that a page at the start of an area uses. */
const FAR_OFFSETS = [2 ** 12, 2 ** 30] as const;

/** Longest programs that are tried. */
const LENGTH_MAX = 4;
/** So few ops have touched no more pages than their own sizes say. */
const OWN_SIZES_MAX = 4;

/** What has this many ops when most of them were dropped may take many a run to become short. */
const STUCK_OPS_MIN = 24;

/** What candidates are made of: the last op, the memory that it is about, and numbers. */
interface Parts {
  readonly last: PageOp;
  readonly base: Base;
  readonly touchSizes: readonly number[];
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
  readonly protections: readonly Protection[];
}

/**
 * Tries programs of up to four ops on one area that end in the same kind of op: many pages are touched at once, and
 * then something is done with what the program at hand has for offsets and sizes. A full TLB or a machine without a
 * frame, to which random programs come in many steps and many areas, is one touch here.
 */
export function tryShortPagePrograms(program: Program, attempt: Attempt): Program {
  return tryUpTo(LENGTH_MAX, program, attempt);
}

/** The shorter ones of these, for a program that is long still, before more is dropped of it. */
export function tryShortForLongPrograms(program: Program, attempt: Attempt): Program {
  return program.length < STUCK_OPS_MIN ? program : tryUpTo(LENGTH_MAX - 1, program, attempt);
}

function tryUpTo(lengthMax: number, program: Program, attempt: Attempt): Program {
  const last = program.at(-1);
  if (last === undefined || !isPageOp(last)) return program;
  const base = last.kind === 'brk' || program.every((op) => !('area' in op)) ? 'brk' : 0;
  const touchSizes = program.length > OWN_SIZES_MAX ? TOUCH_SIZES : [];
  const parts = { last, base, touchSizes, ...atHand(program) } as const;
  for (const between of betweens(parts)) {
    if (between.length + 2 > Math.min(lengthMax, program.length - 1)) return program;
    const [touch] = between;
    const edges = touch?.kind === 'touch' ? [touch.size - 1, touch.size] : [];
    const ends = [...endsLike({ ...parts, offsets: [...new Set([...parts.offsets, ...edges])] })];
    for (const start of startsLike(parts))
      for (const end of ends) {
        const candidate = [start, ...between, end];
        if (attempt(candidate)) return candidate;
      }
  }
  return program;
}

function atHand(program: Program): Pick<Parts, 'offsets' | 'sizes' | 'protections'> {
  const offsets = program.flatMap((op) => ('offset' in op ? [op.offset] : []));
  const sizes = program.flatMap((op) => ('base' in op && 'size' in op ? [op.size] : []));
  const protections = program.flatMap((op) => ('protection' in op ? [op.protection] : []));
  return {
    offsets: largest([0, ...offsets]),
    sizes: largest([1, ...sizes]),
    protections: [...new Set(protections)],
  };
}

/** The largest of some numbers, and the first of them. */
function largest(numbers: readonly number[]): readonly number[] {
  const rising = [...new Set(numbers)].toSorted((a, b) => b - a).slice(0, NUMBERS_MAX);
  return [...new Set([numbers[0]!, ...rising])];
}

/** The break moves, or an area is mapped: one of each size for everything, small ones for other protections. */
function* startsLike({ base, protections }: Parts): Generator<PageOp> {
  if (typeof base !== 'number') {
    for (const size of AREA_SIZES) yield { kind: 'brk', increment: size };
    return;
  }
  for (const size of AREA_SIZES) yield { kind: 'map', area: base, size, protection: 'read-write' };
  for (const protection of protections)
    if (protection !== 'read-write')
      yield { kind: 'map', area: base, size: AREA_SIZES.at(-1)!, protection };
}

/** What may stand between the first op and the last, shorter ones first. */
function* betweens({ base, offsets, sizes, touchSizes }: Parts): Generator<readonly PageOp[]> {
  yield [];
  const touchOf = (size: number): PageOp => ({ kind: 'touch', base, offset: 0, size });
  for (const size of new Set([...touchSizes, ...sizes])) yield [touchOf(size)];
  const loadOf = (offset: number): PageOp => ({ kind: 'load', base, offset, size: 1 });
  const nextBytes = offsets.map((offset) => offset + 1);
  for (const offset of new Set([...offsets, ...nextBytes])) yield [loadOf(offset)];
  const touches = [...sizes, TOUCH_SIZES.at(-1)!].map((size) => touchOf(size));
  const more: readonly PageOp[] = [
    ...sizes.map((size): PageOp => ({ kind: 'unmap', base, offset: 0, size })),
    ...offsets.map((offset) => loadOf(offset)),
  ];
  for (const touch of touches) for (const op of more) yield [touch, op];
}

/** Ops of the last one's kind, on the one area. */
function* endsLike({ base, last, offsets, protections, sizes }: Parts): Generator<PageOp> {
  switch (last.kind) {
    case 'brk':
      for (const increment of new Set([last.increment, ...AREA_SIZES.map((size) => 0 - size)]))
        yield { ...last, increment };
      return;
    case 'map':
      for (const protection of protections)
        for (const size of sizes) yield { ...last, size, protection };
      return;
    case 'load':
    case 'store':
    case 'map-at':
      for (const offset of new Set([...offsets, ...FAR_OFFSETS])) yield { ...last, base, offset };
      return;
    case 'unmap':
    case 'protect':
    case 'touch':
      if (last.kind === 'touch')
        for (const offset of FAR_OFFSETS) yield { ...last, base, offset, size: 1 };
      for (const offset of offsets)
        for (const size of [...sizes, TOUCH_SIZES.at(-1)!]) yield { ...last, base, offset, size };
      if (base !== 'brk') yield { ...last, base: 'brk', offset: 0, size: 1 };
      return;
    default:
      unreachable(last);
  }
}
