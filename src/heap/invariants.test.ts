import { describe, expect, test } from 'vitest';
import type { MakeAllocatorTarget } from '../check/target.ts';
import { importPatched } from '../targets/mutants/import-patched.ts';
import { formatAddress } from '../base/units.ts';
import { PREVIOUS_USED } from './block.ts';
import type { FlatArena } from './flat-arena.ts';
import { Heap } from './heap.ts';
import { makeWorld, PAGE, type World } from './heap-world.test-helper.ts';
import { HEAP_INVARIANTS, heapState } from './invariants.ts';
import { DEFAULT_OPTIONS, type HeapOptions } from './options.ts';
import { SegregatedBins } from './segregated-bins.ts';
import { listedBlocks, walk } from './walk.ts';

/** Start of the first map in the arena of `makeWorld`, and of the first block where tags leave a lead of 8 bytes. */
const START = 0x2_0000;
const TAGGED = START + 8;

const UNTAGGED: Partial<HeapOptions> = { list: 'lifo' };
const SORTED: Partial<HeapOptions> = { list: 'address' };
const DOUBLE: Partial<HeapOptions> = { list: 'lifo', links: 'double' };
const BINS: HeapOptions = { ...DEFAULT_OPTIONS, growthUnit: PAGE, bigThreshold: PAGE };

/** Six blocks of 40 bytes with the second and fourth freed, and a big one, freed or not. */
function makeHeap(options: Partial<HeapOptions>): World {
  const world = makeWorld({ Heap }, { heap: options });
  const blocks = Array.from({ length: 6 }, () => world.heap.malloc(40)!);
  world.heap.free(blocks[1]!);
  world.heap.free(blocks[3]!);
  world.heap.malloc(5000);
  world.heap.free(world.heap.malloc(5000));
  return world;
}

/** Every rule that is broken, with what it says. */
function brokenRules(heap: Heap): string[] {
  const state = heapState(heap);
  return HEAP_INVARIANTS.flatMap(({ name, check }) => {
    const problem = check(state);
    return problem === undefined ? [] : `${name}: ${problem}`;
  });
}

/** Bins that lie about what they hold. */
class LyingBins extends SegregatedBins {
  lie = 0;

  override misjudgedBin(): number {
    return this.lie;
  }

  override headOf(bin: number): number {
    return bin === 7 ? TAGGED : 0;
  }
}

function lyingHeap(heap: Heap, bin: number): Heap {
  const list = new LyingBins(heap.layout, heap.counters);
  list.lie = bin;
  const lying: Heap = Object.create(heap, { list: { value: list } });
  return lying;
}

interface Reference {
  readonly referenceTarget: () => MakeAllocatorTarget;
}

interface Damage {
  readonly name: string;
  readonly when: string;
  readonly options: Partial<HeapOptions>;
  readonly damage: (heap: Heap, arena: FlatArena) => void;
  /** What the rule says, and behind it what later rules say of the same damage: all of it. */
  readonly says: readonly string[];
}

/** A word of the free list without tags: the link of the block with this number, of 48 bytes each. */
const link = (block: number): number => START + block * 48 + 8;
const blockAt = (block: number): number => START + block * 48;

/** What later rules say when a walk ends in front of the last free block. */
const BEHIND: readonly string[] = [
  'list-ends: 3 or more blocks are listed, 2 are free',
  'free-list-equals-walk: 0x0002_0120 is listed, but no free block starts there',
];

const DAMAGES: readonly Damage[] = [
  {
    name: 'blocks-tile-regions',
    when: 'a block is shorter than a list cell',
    options: UNTAGGED,
    damage: (_, arena) => arena.store(blockAt(4), 8),
    says: ['the block at 0x0002_00c0 has extent 8, with 3904 bytes left', ...BEHIND],
  },
  {
    name: 'blocks-tile-regions',
    when: 'a block ends past its region',
    options: UNTAGGED,
    damage: (_, arena) => arena.store(blockAt(5), 4096),
    says: ['the block at 0x0002_00f0 has extent 4096, with 3856 bytes left', ...BEHIND],
  },
  {
    name: 'blocks-tile-regions',
    when: 'an extent is no multiple of the alignment',
    options: UNTAGGED,
    damage: (_, arena) => arena.store(blockAt(5), 52),
    says: ['the block at 0x0002_00f0 has extent 52, with 3856 bytes left', ...BEHIND],
  },
  {
    name: 'list-ends',
    when: 'the list bites its tail',
    options: UNTAGGED,
    damage: (_, arena) => arena.store(link(1), blockAt(3)),
    says: [
      '257 or more blocks are listed, 2 are free',
      'free-list-equals-walk: 0x0002_0090 is listed, but no free block starts there',
    ],
  },
  {
    name: 'list-ends',
    when: 'a used block is listed behind the last one',
    options: BINS,
    damage: (_, arena) => arena.store(TAGGED + 48 + 8, TAGGED + 96),
    says: [
      '4 or more blocks are listed, 3 are free',
      'free-list-equals-walk: 0x0002_0068 is listed, but no free block starts there',
      'links-agree: the block after 0x0002_0038 names another predecessor',
    ],
  },
  {
    name: 'free-list-equals-walk',
    when: 'a link leaves out a block',
    options: { ...BINS, list: 'lifo' },
    damage: (_, arena) => arena.store(TAGGED + 3 * 48 + 8, 0),
    says: ['the free block at 0x0002_0038 is not listed'],
  },
  {
    name: 'free-list-equals-walk',
    when: 'a link leads out of the heap',
    options: { ...BINS, list: 'lifo', links: 'single' },
    damage: (_, arena) => arena.store(TAGGED + 3 * 48 + 8, 0x1_0000),
    says: ['the free block at 0x0002_0038 is not listed'],
  },
  {
    name: 'links-agree',
    when: 'a link back leads elsewhere',
    options: DOUBLE,
    damage: (_, arena) => arena.store(link(1) + 8, blockAt(0)),
    says: ['the block after 0x0002_0090 names another predecessor'],
  },
  {
    name: 'list-is-sorted',
    when: 'two blocks change places',
    options: SORTED,
    damage: (_, arena) => swapLast(arena),
    says: ['0x0002_0090 is listed after 0x0002_0120'],
  },
  {
    name: 'list-is-sorted',
    when: 'two blocks change places and an index stands beside the list',
    options: { list: 'address-indexed' },
    damage: (_, arena) => swapLast(arena),
    says: ['0x0002_0090 is listed after 0x0002_0120'],
  },
  {
    name: 'block-sits-in-its-bin',
    when: 'a block is listed with another extent',
    options: BINS,
    damage: (heap) => {
      heap.list.remove(TAGGED + 48, 48);
      heap.list.insert(TAGGED + 48, 64);
    },
    says: ['the block at 0x0002_0038 belongs to bin 3, but sits in bin 4'],
  },
  {
    name: 'free-neighbours-merge',
    when: 'a block is listed without a look at its neighbours',
    options: UNTAGGED,
    damage: (heap) => heap.list.insert(blockAt(0), 48),
    says: ['the free block at 0x0002_0030 was not merged with the one in front'],
  },
  {
    name: 'tags-agree',
    when: 'a header says that the used block in front is free',
    options: BINS,
    damage: (heap) => heap.layout.markPreviousFree(TAGGED + 48),
    says: ['the header at 0x0002_0038 is wrong about the block in front'],
  },
  {
    name: 'tags-agree',
    when: 'a header says that the free block in front is used',
    options: BINS,
    damage: (heap) => heap.layout.markPreviousUsed(TAGGED + 96),
    says: ['the header at 0x0002_0068 is wrong about the block in front'],
  },
  {
    name: 'tags-agree',
    when: 'a footer differs from its header',
    options: BINS,
    damage: (_, arena) => arena.store(TAGGED + 96 - 8, 64),
    says: ['the free block at 0x0002_0038 has extent 48 in its header and 64 in its footer'],
  },
  {
    name: 'tags-agree',
    when: 'the edge says that the free block in front is used',
    options: BINS,
    damage: (_, arena) => arena.store(START + PAGE - 8, 6),
    says: ['the edge at 0x0002_0ff8 reads 6'],
  },
  {
    name: 'tags-agree',
    when: 'the edge says that the used block in front is free',
    options: BINS,
    damage: (heap, arena) => {
      const free = listedBlocks(heap).map((block) => heap.layout.extentOf(block) - 8);
      heap.malloc(Math.max(...free));
      arena.store(START + PAGE - 8, 2);
    },
    says: ['the edge at 0x0002_0ff8 reads 2'],
  },
  {
    name: 'big-maps-are-whole-pages',
    when: 'a big map starts inside a page',
    options: UNTAGGED,
    damage: (heap) => moveBig(heap, 0x3_0010, PAGE),
    says: ['the big map of 4096 bytes at 0x0003_0010 is not whole pages'],
  },
  {
    name: 'big-maps-are-whole-pages',
    when: 'a big map ends inside a page',
    options: UNTAGGED,
    damage: (heap) => moveBig(heap, 0x3_0000, PAGE + 1),
    says: ['the big map of 4097 bytes at 0x0003_0000 is not whole pages'],
  },
  {
    name: 'big-maps-are-whole-pages',
    when: 'a big map lies on a region',
    options: BINS,
    damage: (heap) => moveBig(heap, START - PAGE, 2 * PAGE),
    says: ['the big map of 8192 bytes at 0x0001_f000 overlaps a region'],
  },
  {
    name: 'bytes-add-up',
    when: 'the arena gave a page that lies in no region and no big map',
    options: UNTAGGED,
    damage: (heap) => {
      heap.counters.arenaBytes += 4096;
    },
    says: ['regions and big maps have 12288 bytes, the arena gave 16384'],
  },
];

/** The last two of three listed blocks change places. */
function swapLast(arena: FlatArena): void {
  const last = arena.load(link(3));
  arena.store(link(1), last);
  arena.store(last + 8, blockAt(3));
  arena.store(link(3), 0);
}

function moveBig(heap: Heap, start: number, size: number): void {
  for (const mapped of heap.bigMaps.values()) heap.counters.arenaBytes -= mapped;
  heap.bigMaps.clear();
  heap.bigMaps.set(start, size);
  heap.counters.arenaBytes += size;
}

describe('a healthy heap keeps every invariant', () => {
  test.each([UNTAGGED, SORTED, DOUBLE, BINS, { ...BINS, growth: 'brk' as const }])(
    'with %j',
    (options) => {
      expect(brokenRules(makeHeap(options).heap)).toEqual([]);
    },
  );

  test('where big maps lie right below a region', () => {
    const { heap } = makeWorld({ Heap }, { placement: 'down' });
    heap.malloc(40);
    heap.malloc(5000);
    expect(brokenRules(heap)).toEqual([]);
  });

  test('where a used block is the last of its region', () => {
    const { heap } = makeHeap(BINS);
    heap.malloc(START + PAGE - 16 - Math.max(...listedBlocks(heap)));
    expect(brokenRules(heap)).toEqual([]);
  });

  test('before its first malloc too, and with the smallest block', () => {
    const { heap } = makeWorld({ Heap });
    expect(brokenRules(heap)).toEqual([]);
    heap.malloc(0);
    expect(brokenRules(heap)).toEqual([]);
  });
});

describe('an invariant', () => {
  test.each(
    DAMAGES.map((damage) => [`${damage.name} is broken when ${damage.when}`, damage] as const),
  )('%s', (_, { name, options, damage, says }) => {
    const { heap, arena } = makeHeap(options);
    damage(heap, arena);
    expect(brokenRules(heap)).toEqual([`${name}: ${says[0]}`, ...says.slice(1)]);
  });
});

describe('an invariant looks at the second region too', () => {
  test.each<[Partial<HeapOptions>, (world: World) => void, string]>([
    [
      UNTAGGED,
      ({ arena }) => arena.store(START + PAGE, 8),
      'blocks-tile-regions: the block at 0x0002_1000 has extent 8, with 4096 bytes left',
    ],
    [
      BINS,
      ({ heap }) => heap.layout.markPreviousFree(TAGGED + PAGE),
      'tags-agree: the header at 0x0002_1008 is wrong about the block in front',
    ],
  ])('with %j', (options, damage, says) => {
    const world = makeWorld({ Heap }, { heap: { ...options, coalescing: 'within-map' } });
    for (let count = 0; count < 2; count += 1) world.heap.malloc(3000);
    expect(brokenRules(world.heap)).toEqual([]);
    damage(world);
    expect(brokenRules(world.heap)).toContain(says);
  });
});

test('list-is-sorted is broken by a block that is listed twice', () => {
  const { heap } = makeHeap(SORTED);
  const { check } = HEAP_INVARIANTS.find(({ name }) => name === 'list-is-sorted')!;
  expect(check({ ...heapState(heap), listed: [blockAt(1), blockAt(1)] })).toBe(
    '0x0002_0030 is listed after 0x0002_0030',
  );
});

test('block-sits-in-its-bin looks at the bin of the smallest blocks too', () => {
  const { heap, arena } = makeHeap({ ...BINS, alignment: 64 });
  const block = Math.min(...listedBlocks(heap));
  expect(heap.layout.extentOf(block)).toBe(64);
  arena.store(block, 128 + PREVIOUS_USED);
  expect(brokenRules(heap)).toContain(
    `block-sits-in-its-bin: the block at ${formatAddress(block)} belongs to bin 2, but sits in bin 1`,
  );
});

describe('block-sits-in-its-bin is broken', () => {
  test.each([
    [0, 'block-sits-in-its-bin: bin 0 has no block, its bit is 1'],
    [7, 'block-sits-in-its-bin: bin 7 has blocks, its bit is 0'],
    [8, 'block-sits-in-its-bin: bin 8 has no block, its bit is 1'],
  ])('when the bit of bin %d does not say if it has a block', (bin, says) => {
    expect(brokenRules(lyingHeap(makeHeap(BINS).heap, bin))).toContain(says);
  });
});

/** A bitmap that is not kept, by a changed line of the bins. */
test.each([
  ['this.#clearBit(bin);', /^bin \d+ has no block, its bit is 1$/],
  ['this.#setBit(bin);', /^bin \d+ has blocks, its bit is 0$/],
])('block-sits-in-its-bin is broken when %s is left out', async (find, says) => {
  const patch = { module: 'heap/segregated-bins', find, replace: '{}' };
  const planted: Reference = Object(await importPatched('targets/reference', [patch]));
  const target = planted.referenceTarget()();
  const block = target.malloc(48);
  target.malloc(48);
  target.free(block);
  target.malloc(48);
  const { rules } = target.invariants!;
  const state = target.invariants!.read();
  expect(rules.find(({ name }) => name === 'block-sits-in-its-bin')!.check(state)).toMatch(says);
});

test('every invariant is broken by some damage', () => {
  const broken = new Set(DAMAGES.map(({ name }) => name));
  expect([...broken].toSorted()).toEqual(HEAP_INVARIANTS.map(({ name }) => name).toSorted());
});

describe('walk', () => {
  test('shows used, free and big blocks by rising address', () => {
    const blocks = walk(makeHeap(UNTAGGED).heap).map(({ start, end, state }) => [
      start - START,
      end - START,
      state,
    ]);
    expect(blocks).toEqual([
      [0, 48, 'used'],
      [48, 96, 'free'],
      [96, 144, 'used'],
      [144, 192, 'free'],
      [192, 240, 'used'],
      [240, 288, 'used'],
      [288, 4096, 'free'],
      [4096, 4096 + 8192, 'big'],
    ]);
  });

  test('shows a big block where it lies, below the regions too', () => {
    const { heap } = makeWorld({ Heap }, { placement: 'down' });
    heap.malloc(40);
    heap.malloc(5000);
    expect(walk(heap).map(({ state }) => state)).toEqual(['big', 'used', 'free']);
  });

  test.each([0x1_0000, START + PAGE])(
    'of a list that leads out of every region ends behind the stray block at %d',
    (stray) => {
      const { heap, arena } = makeHeap(UNTAGGED);
      arena.store(link(3), stray);
      arena.store(stray + 8, blockAt(1));
      expect(listedBlocks(heap)).toEqual([blockAt(3), stray]);
    },
  );

  test('of a list that bites its tail ends after as many blocks as the heap can hold and one', () => {
    const { heap, arena } = makeHeap(UNTAGGED);
    arena.store(link(3), blockAt(3));
    expect(listedBlocks(heap)).toHaveLength(PAGE / 16 + 1);
  });
});
