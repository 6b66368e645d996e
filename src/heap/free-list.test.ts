/** What every free list does, one linked list or bins, and what each policy chooses. */
import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { untyped } from '../check/toy-target.test-helper.ts';
import { AddressIndex } from './address-index.ts';
import { BlockLayout } from './block.ts';
import { FlatArena } from './flat-arena.ts';
import { type FreeList, type HeapCounters, zeroCounters } from './free-list.ts';
import { LinkedList } from './linked-list.ts';
import { completeOptions, type HeapOptions } from './options.ts';
import { OWN_BIN_STEPS, SegregatedBins } from './segregated-bins.ts';

const START = 0x1_0000;

interface Listing {
  readonly list: FreeList;
  readonly layout: BlockLayout;
  readonly counters: HeapCounters;
}

/** A list over an arena where the test writes the headers. */
function makeList(options: Partial<HeapOptions>): Listing {
  const arena = new FlatArena({ mapSize: 2 ** 22, brkSize: 4096 });
  const complete = completeOptions(options);
  const layout = new BlockLayout(arena, complete);
  const counters = zeroCounters();
  if (complete.list === 'bins')
    return { list: new SegregatedBins(layout, counters), layout, counters };
  const index = complete.list === 'address-indexed' ? new AddressIndex() : undefined;
  return { list: new LinkedList(layout, counters, complete, index), layout, counters };
}

/**
 * Runs a script of `+2:64` (insert the second block, of 64 bytes), `r2:64` (as what a split left over), `-2` (remove)
 * and `?48` (take). Block 2 stands at START + 2 * 4096.
 *
 * @returns Which block each take got, then `|`, then the blocks that are left, in the list's order.
 */
function play(options: Partial<HeapOptions>, script: string): string {
  const listing = makeList(options);
  const taken = act(listing, script);
  return `${taken.join(' ')} | ${blocksOf(listing.list).map(numberOf).join(' ')}`.trim();
}

/** @returns Which block each take of a script got. */
function act({ list, layout }: Listing, script: string): number[] {
  const taken: number[] = [];
  for (const step of script.split(' ')) {
    const [number, extent] = step.slice(1).split(':').map(Number);
    const block = START + number! * 4096;
    if (step.startsWith('?')) {
      taken.push(numberOf(list.take(number!)));
    } else if (step.startsWith('-')) {
      list.remove(block, layout.extentOf(block));
    } else {
      layout.markFree(block, extent!);
      if (step.startsWith('r')) list.insertRest(block, extent!);
      else list.insert(block, extent!);
    }
  }
  return taken;
}

function numberOf(block: number): number {
  return block === 0 ? 0 : (block - START) / 4096;
}

function blocksOf(list: FreeList): number[] {
  const blocks: number[] = [];
  list.each((block) => blocks.push(block) > 0);
  return blocks;
}

const LISTS: readonly Partial<HeapOptions>[] = [
  { list: 'lifo', links: 'single' },
  { list: 'lifo', links: 'double' },
  { list: 'address', links: 'single' },
  { list: 'address', links: 'double' },
  { list: 'address-indexed', links: 'single' },
  { list: 'address-indexed', links: 'double' },
  { list: 'bins' },
];

describe.each(LISTS)('a list with %j', (options) => {
  test('gives nothing when it is empty', () => {
    expect(play(options, '?32')).toBe('0 |');
  });

  test('gives a block that fits exactly, and it is gone', () => {
    expect(play(options, '+1:64 ?64 ?64')).toBe('1 0 |');
  });

  test('gives no block that is too small', () => {
    expect(play(options, '+1:64 +2:48 ?80')).toMatch(/^0 \|/);
  });

  test.each(['-1 -2 -3', '-1 -3 -2', '-2 -1 -3', '-2 -3 -1', '-3 -1 -2', '-3 -2 -1'])(
    'is empty after %s, and can be filled again',
    (removes) => {
      expect(play(options, `+1:64 +2:64 +3:64 ${removes} ?32 +2:64 ?32`)).toBe('0 2 |');
    },
  );

  test('keeps the others when one is removed', () => {
    for (const removed of [1, 2, 3]) {
      const left = play(options, `+1:64 +2:64 +3:64 -${removed}`).replaceAll(/[^123]/g, '');
      const others = ['1', '2', '3'].filter((block) => block !== String(removed));
      expect(left.split('').toSorted()).toEqual(others);
    }
  });

  test('stops a visit that has seen enough', () => {
    const { list, layout } = makeList(options);
    for (const number of [1, 2, 3]) {
      layout.markFree(START + number * 4096, 64);
      list.insertRest(START + number * 4096, 64);
    }
    for (const count of [1, 2, 3]) {
      let visited = 0;
      list.each(() => {
        visited += 1;
        return visited < count;
      });
      expect(visited).toBe(count);
    }
  });

  test('holds nothing after clear', () => {
    const { list, layout } = makeList(options);
    layout.markFree(START + 4096, 64);
    list.insert(START + 4096, 64);
    layout.markFree(START + 8192, 64);
    list.insertRest(START + 8192, 64);
    list.clear();
    expect([list.take(32), blocksOf(list)]).toEqual([0, []]);
  });
});

describe('the order of a list', () => {
  test.each<[Partial<HeapOptions>, string]>([
    [{ list: 'lifo', links: 'single' }, '| 2 4 1 3'],
    [{ list: 'lifo', links: 'double' }, '| 2 4 1 3'],
    [{ list: 'address', links: 'single' }, '| 1 2 3 4'],
    [{ list: 'address', links: 'double' }, '| 1 2 3 4'],
    [{ list: 'address-indexed' }, '| 1 2 3 4'],
  ])('with %j: %s', (options, order) => {
    expect(play(options, '+3:64 +1:64 +4:64 +2:64')).toBe(order);
  });
});

describe('the fit', () => {
  const blocks = '+1:64 +2:256 +3:96 +4:256 +5:96';

  test.each<[HeapOptions['fit'], string, string]>([
    ['first', '?80 ?80 ?80 ?32', '2 3 4 1'],
    ['best', '?80 ?80 ?80 ?32', '3 5 2 1'],
    ['worst', '?80 ?80 ?80 ?32', '2 4 3 5'],
    ['best', '?96', '3'],
    // Goes on where it found last: at what stood behind the block that it took.
    ['next', '?80 ?80 ?32', '2 3 4'],
    ['next', '?80 ?80 ?80 ?80 ?32', '2 3 4 5 1'],
    ['next', '?200 ?200 ?80 ?32', '2 4 5 1'],
    ['next', '?200 -3 ?80', '2 4'],
    ['next', '?200 -5 ?32', '2 3'],
    ['next', '?80 ?999', '2 0'],
  ])('%s of %s takes %s', (fit, takes, taken) => {
    for (const list of ['address', 'lifo'] as const) {
      const script = list === 'address' ? blocks : blocks.split(' ').toReversed().join(' ');
      const played = play({ list, fit }, `${script} ${takes}`);
      expect(played.split(' |')[0]).toBe(taken);
    }
  });

  test('of an indexed list is first fit by address', () => {
    expect(play({ list: 'address-indexed' }, `${blocks} ?80 ?80 ?80 ?32`)).toMatch(/^2 3 4 1 \|/);
  });

  test('of no kind is a bug of ours', () => {
    const arena = new FlatArena({ mapSize: 4096, brkSize: 4096 });
    const options = {
      ...completeOptions({ list: 'lifo' }),
      fit: untyped('any'),
    };
    const list = new LinkedList(new BlockLayout(arena, options), zeroCounters(), options);
    expect(() => list.take(32)).toThrow(KitBug);
  });
});

describe('the blocks that are visited', () => {
  test.each<[Partial<HeapOptions>, string, number]>([
    [{ list: 'lifo', links: 'single' }, '-1', 3],
    [{ list: 'lifo', links: 'double' }, '-1', 0],
    [{ list: 'address', links: 'single' }, '-4', 3],
    [{ list: 'address', links: 'double' }, '-4', 0],
    [{ list: 'address-indexed', links: 'single' }, '-4', 0],
    [{ list: 'address' }, '+5:64', 4],
    [{ list: 'address-indexed' }, '+5:64', 0],
    [{ list: 'address', fit: 'first' }, '?128', 4],
    [{ list: 'address', fit: 'best' }, '?128', 4],
    [{ list: 'address', fit: 'worst' }, '?128', 4],
    [{ list: 'address-indexed' }, '?128', 0],
    // The head of the request's own bin; and behind it three that are too small.
    [{ list: 'bins' }, '?64', 1],
    [{ list: 'bins' }, '+5:512 +6:512 +7:512 +8:512 ?528', 4],
  ])('in a list of four with %j by %s: %d', (options, step, count) => {
    const listing = makeList(options);
    act(listing, '+1:64 +2:64 +3:64 +4:64');
    listing.counters.listSteps = 0;
    act(listing, step);
    expect(listing.counters.listSteps).toBe(count);
  });

  test('by next fit are each visited once, wherever it starts', () => {
    const listing = makeList({ list: 'address', fit: 'next' });
    act(listing, '+1:64 +2:64 +3:64 +4:64 ?64 ?64 +1:64 +2:64');
    listing.counters.listSteps = 0;
    expect(act(listing, '?128')).toEqual([0]);
    expect(listing.counters.listSteps).toBe(4);
  });

  // Millions of steps: where each is counted for coverage, that takes a while.
  test('are not those of a ring, time and again', { timeout: 30_000 }, () => {
    const listing = makeList({ list: 'lifo' });
    act(listing, '+1:64 +2:64');
    listing.layout.setNext(START + 4096, START + 8192);
    expect(() => listing.list.take(128)).toThrow(new KitBug('a search along the free list ends'));
  });
});

describe('a list without tags finds neighbours', () => {
  const { layout } = makeList({ list: 'lifo' });
  const list = new LinkedList(layout, zeroCounters(), completeOptions({ list: 'lifo' }));
  for (const [block, extent] of [
    [START, 64],
    [START + 128, 32],
  ] as const) {
    layout.markFree(block, extent);
    list.insert(block, extent);
  }

  test.each([
    [START + 64, START, 0],
    [START + 160, START + 128, 0],
    [START + 128, 0, START + 128],
    [START, 0, START],
    [START + 96, 0, 0],
  ])('at %d: %d ends there, %d starts there', (address, ending, starting) => {
    expect([list.endingAt(address), list.startingAt(address)]).toEqual([ending, starting]);
  });
});

describe('bins', () => {
  const bins = new SegregatedBins(makeList({}).layout, zeroCounters());

  test.each([
    [32, 2],
    [48, 3],
    [496, 31],
    [512, 32],
  ])('of small extents have one each: %d bytes are bin %d', (extent, bin) => {
    expect(bins.binOf(extent)).toBe(bin);
  });

  test('rise with the extent, one after the other, and none is wider than an eighth of it', () => {
    let before = 31;
    for (let power = 9; power <= 47; power += 1) {
      const eighths = Array.from({ length: 8 }, (_, part) => 2 ** power * (1 + part / 8));
      const numbers = eighths.map((extent) => bins.binOf(extent));
      expect(numbers[0]).toBe(before + 1);
      expect(new Set(numbers).size).toBe(8);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      before = bins.binOf(2 ** (power + 1) - 16);
      expect(before).toBeGreaterThanOrEqual(numbers[7]!);
    }
  });

  test('know a bin whose bit is wrong', () => {
    const words = { load: () => 0, store: () => {} };
    const layout: BlockLayout = Object.create(makeList({}).layout, { words: { value: words } });
    const broken = new SegregatedBins(layout, zeroCounters());
    expect(broken.misjudgedBin()).toBe(-1);
    // A block at 0 is null: its bin has a bit and no head.
    broken.insert(0, 2 ** 20);
    expect(broken.misjudgedBin()).toBe(bins.binOf(2 ** 20));
    broken.insert(0, 64);
    expect(broken.misjudgedBin()).toBe(4);
  });

  test('that are empty are passed over, near and far', () => {
    expect(play({}, '+1:48 +2:2048 ?64 ?64')).toBe('2 0 | 1');
    expect(play({}, '+1:96 +2:2048 ?64 ?64 ?64')).toBe('1 2 0 |');
    expect(play({}, `+1:${2 ** 20} ?64 ?64`)).toBe('1 0 |');
    expect(bins.binAfter(-1)).toBe(-1);
  });

  test('beside each other are found from below, lowest first, and stay when one is emptied', () => {
    expect(play({}, '+1:2048 +2:4096 ?64')).toBe('1 | 2');
    expect(play({}, '+1:2048 +2:4096 ?2048 ?64')).toBe('1 2 |');
  });

  test('of the smallest extents there are, are visited too', () => {
    expect(play({ alignment: 64 }, '+1:64 +2:128')).toBe('| 1 2');
  });

  test('that hold several extents give their head where it fits, and only there', () => {
    expect(play({}, '+1:512 +2:2048 ?512')).toBe('1 | 2');
    expect(play({}, '+1:528 +2:2048 ?512')).toBe('1 | 2');
    expect(play({}, '+1:512 ?528')).toBe('0 | 1');
  });

  test('of a request are searched up to a bound, and then larger ones', () => {
    const small = Array.from({ length: OWN_BIN_STEPS }, (_, index) => `+${index + 2}:640`).join(
      ' ',
    );
    expect(play({}, `+1:656 ${small} +20:4000 ?656`)).toMatch(/^20 /);
    const fewer = Array.from({ length: OWN_BIN_STEPS - 1 }, (_, index) => `+${index + 2}:640`).join(
      ' ',
    );
    expect(play({}, `+1:656 ${fewer} +20:4000 ?656`)).toMatch(/^1 /);
  });

  test('give what the last split left over before any larger bin', () => {
    expect(play({}, '+1:2048 r2:1024 ?64')).toBe('2 | 1');
    expect(play({}, '+1:64 r2:1024 ?64')).toBe('1 | 2');
    expect(play({}, '+1:2048 r2:48 ?64')).toBe('1 | 2');
    expect(play({}, 'r1:64 ?64')).toBe('1 |');
  });

  test('write nothing in front of what a split left over', () => {
    const { layout, list } = makeList({});
    layout.words.store(START + 4096 - layout.word, 77);
    layout.markFree(START + 4096, 1024);
    list.insertRest(START + 4096, 1024);
    expect(layout.footerBefore(START + 4096)).toBe(77);
  });

  test('take a former remainder in when a split leaves another', () => {
    expect(play({}, 'r1:2048 r2:1024')).toBe('| 2 1');
    expect(play({}, 'r1:2048 r2:1024 -2 ?64')).toBe('1 |');
  });
});
