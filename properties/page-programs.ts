import * as fc from 'fast-check';
import {
  ACCESS_SIZES,
  type Base,
  type PageOp,
  type PageOpKind,
  PROTECTIONS,
} from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';

/** How often ops of each kind come up, next to each other; one that is left out never does. */
type PageOpWeights = Readonly<Partial<Record<PageOpKind, number>>>;

/** How many pages areas have: one or two; up to eight; or, as often, up to all that a machine with few frames has. */
type PagesCount = 'one' | 'few' | 'many';

/** What the programs of an arbitrary look like. */
export interface PageProgramShape {
  readonly weights: PageOpWeights;
  /** Default `few`. */
  readonly pages?: PagesCount;
  readonly pageSize: number;
  readonly opsMax: number;
}

/** The programs that ask some invariants of a machine often. */
interface MachineSuite {
  /** The invariant to which the programs are weighted; all are asked. */
  readonly invariant: string;
  /** What the programs are, in words. */
  readonly programs: string;
  readonly weights: PageOpWeights;
  readonly pages?: PagesCount;
}

/**
 * Suites for a machine, by what they are about: frames, areas, TLB, accesses, the break. What no other suite comes to
 * is first: frames that run out.
 */
export const MACHINE_SUITES: readonly MachineSuite[] = [
  {
    invariant: 'frame-is-free-or-owned',
    programs: 'more pages than there are frames',
    weights: { map: 4, 'map-at': 4, unmap: 3, brk: 1, touch: 10, store: 2, load: 2 },
    pages: 'many',
  },
  {
    invariant: 'calls-change-their-own-pages',
    programs: 'areas that are split, changed and filled again',
    weights: { map: 4, 'map-at': 6, unmap: 6, protect: 4, brk: 2, load: 2, store: 4 },
  },
  {
    invariant: 'change-is-followed-by-invalidation',
    programs: 'pages that are used, changed and used again',
    weights: { map: 2, protect: 6, unmap: 4, load: 5, store: 5, touch: 3 },
    pages: 'one',
  },
  {
    invariant: 'refused-access-changes-nothing',
    programs: 'accesses at every edge of pages and areas',
    weights: { map: 3, protect: 3, unmap: 1, load: 8, store: 8, touch: 1 },
  },
  {
    invariant: 'areas-stay-apart',
    programs: 'a break that goes up and down beside other areas',
    weights: { brk: 10, map: 1, 'map-at': 4, unmap: 3, protect: 2, load: 3, store: 4, touch: 2 },
  },
];

/** Slots are few, so that a program comes back to what it mapped; the fewer, the larger areas are. */
const SLOT_MAX = { one: 0, few: 3, many: 1 } as const;
/** How many pages an area usually has at the most, and how far from its start ops go. */
const PAGES_MAX = { one: 2, few: 8, many: 8 } as const;
/** How far apart areas are put at the most, as an exponent of two, in pages. */
const FAR_EXPONENT_MAX = 27;
/** Places that lie too far: behind all addresses, or where the indices into four levels of tables begin anew. */
const TOO_FAR = [2 ** 14, 2 ** 32, 2 ** 47, 2 ** 48] as const;
/** No machine has room for these. */
const HUGE = [2 ** 32 + 64, 2 ** 40, 2 ** 47, 2 ** 53 - 1] as const;

/** Programs of any length up to `opsMax`, their ops drawn one by one. Every program is valid, so is every shrunk one. */
export function pagePrograms({
  opsMax,
  pages = 'few',
  pageSize,
  weights,
}: PageProgramShape): fc.Arbitrary<Program> {
  const ops = opsOf(pageSize, pages);
  const kinds = Object.entries(weights).map(([kind, weight]) => ({
    weight,
    arbitrary: ops[kind as PageOpKind],
  }));
  return fc.array(fc.oneof(...kinds), { maxLength: opsMax, size: 'max' });
}

/** Ops of each kind, around the edges of pages of this size. */
function opsOf(
  pageSize: number,
  pages: PagesCount,
): Readonly<Record<PageOpKind, fc.Arbitrary<PageOp>>> {
  const area = fc.nat({ max: SLOT_MAX[pages] });
  const base: fc.Arbitrary<Base> = fc.oneof(
    { weight: 6, arbitrary: area },
    { weight: 1, arbitrary: fc.constant('brk' as const) },
  );
  const size = sizes(pageSize, pages);
  const pageStart = edges(pageSize, PAGES_MAX[pages]);
  const far = fc.nat({ max: FAR_EXPONENT_MAX }).map((exponent) => pageSize * 2 ** exponent);
  const target = fc.oneof({ weight: 2, arbitrary: pageStart }, { weight: 1, arbitrary: far });
  const protection = fc.constantFrom(...PROTECTIONS.toReversed());
  const access = {
    base,
    offset: places(pageSize, PAGES_MAX[pages]),
    size: fc.constantFrom(...ACCESS_SIZES),
  };
  const range = { base, offset: pageStart, size };
  return {
    map: fc.record({ ...named('map'), area, size, protection }),
    'map-at': fc.record({ ...named('map-at'), area, base, offset: target, size, protection }),
    unmap: fc.record({ ...named('unmap'), ...range }),
    protect: fc.record({ ...named('protect'), ...range, protection }),
    brk: fc.record({ ...named('brk'), increment: increments(pageSize, size) }),
    load: fc.record({ ...named('load'), ...access }),
    store: fc.record({ ...named('store'), ...access }),
    touch: fc.record({ ...named('touch'), ...range }),
  };
}

function named<Kind extends PageOpKind>(kind: Kind): { readonly kind: fc.Arbitrary<Kind> } {
  return { kind: fc.constant(kind) };
}

/** Bytes: whole pages, a byte more or less, nothing, or too many. */
function sizes(pageSize: number, areas: PagesCount): fc.Arbitrary<number> {
  const pages = fc.integer({ min: 1, max: PAGES_MAX[areas] }).map((count) => count * pageSize);
  return fc.oneof(
    { weight: 12, arbitrary: pages },
    {
      weight: 3,
      arbitrary: fc.tuple(pages, fc.constantFrom(1, -1)).map(([sum, more]) => sum + more),
    },
    // More than a TLB has, than one flush of a page each is worth, and than a machine with few frames.
    {
      weight: areas === 'many' ? 12 : 1,
      arbitrary: fc
        .oneof(fc.integer({ min: 9, max: 64 }), fc.integer({ min: 56, max: 60 }))
        .map((count) => count * pageSize),
    },
    { weight: 1, arbitrary: fc.constantFrom(0, ...HUGE) },
  );
}

/** Offsets at which pages begin, now and then a byte behind. */
function edges(pageSize: number, pageMax: number): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 20, arbitrary: fc.nat({ max: pageMax }).map((page) => page * pageSize) },
    { weight: 1, arbitrary: fc.nat({ max: pageMax }).map((page) => page * pageSize + 1) },
  );
}

/** Offsets at which pages begin and end, now and then much too far. */
function places(pageSize: number, pageMax: number): fc.Arbitrary<number> {
  const inPage = fc.constantFrom(0, 1, 8, pageSize - 8, pageSize - 3, pageSize - 1);
  const far = fc.oneof(
    { weight: 40, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(...TOO_FAR) },
  );
  return fc
    .tuple(fc.nat({ max: pageMax }), inPage, far)
    .map(([page, offset, more]) => more + page * pageSize + offset);
}

function increments(pageSize: number, size: fc.Arbitrary<number>): fc.Arbitrary<number> {
  return fc
    .tuple(fc.oneof(size, fc.nat({ max: pageSize })), fc.constantFrom(1, -1))
    .map(([bytes, sign]) => (sign < 0 ? 0 - bytes : bytes));
}
