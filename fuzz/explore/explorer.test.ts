import { describe, expect, test } from 'vitest';
import { Runner } from '../../src/check/runner.ts';
import type { AllocatorTarget, MakeAllocatorTarget, StateSink } from '../../src/check/target.ts';
import { LECTURE_NOTE } from '../../src/heap/options.ts';
import type { BlockOp, Op } from '../../src/program/op.ts';
import type { Program } from '../../src/program/program.ts';
import { printOp } from '../../src/program/text.ts';
import { findMutant, loadMutant } from '../../src/targets/mutants/index.ts';
import { objectTarget } from '../../src/targets/object.ts';
import { referenceTarget } from '../../src/targets/reference.ts';
import { type ExploredKind, Explorer, type ExplorerOptions, type RawFinding } from '../index.ts';

const MALLOC_FREE: readonly ExploredKind[] = ['malloc', 'free'];
const PLAIN = { kinds: MALLOC_FREE, sizes: [8, 24, 40], alignment: 32 };
const ALL_KINDS = { ...PLAIN, kinds: ['malloc', 'free', 'realloc', 'calloc', 'aligned'] as const };

function text(program: Program): string {
  return program.map(printOp).join('; ');
}

/** Searches to the end. */
function searched(
  makeTarget: MakeAllocatorTarget,
  options: ExplorerOptions,
): { readonly explorer: Explorer; readonly found: RawFinding | undefined } {
  const explorer = new Explorer(makeTarget, options);
  let found: RawFinding | undefined;
  while (explorer.end === undefined) found = explorer.run(100) ?? found;
  return { explorer, found };
}

/** All programs of `length` ops by their definition: a request goes into the lowest slot that is not live. */
function written(length: number, { kinds, sizes }: ExplorerOptions): readonly Program[] {
  if (length === 0) return [[]];
  return written(length - 1, { kinds, sizes, alignment: 32 }).flatMap((program) => {
    const live = liveAfter(program);
    let slot = 0;
    while (live.has(slot)) slot += 1;
    const next: BlockOp[] = [];
    for (const size of sizes) {
      if (kinds.includes('malloc')) next.push({ kind: 'malloc', slot, size });
      if (kinds.includes('calloc')) next.push({ kind: 'calloc', slot, count: 1, size });
      if (kinds.includes('aligned')) next.push({ kind: 'aligned', slot, alignment: 32, size });
      if (!kinds.includes('realloc')) continue;
      for (const old of live) next.push({ kind: 'realloc', slot: old, source: old, size });
    }
    for (const old of live) next.push({ kind: 'free', slot: old });
    return next.map((op) => [...program, op]);
  });
}

/** Slots that are live after a program of which no request was refused. */
function liveAfter(program: Program): ReadonlySet<number> {
  const live = new Set<number>();
  for (const op of program as readonly BlockOp[]) {
    if (op.kind === 'free') live.delete(op.slot!);
    else live.add(op.slot!);
  }
  return live;
}

/** Offsets into 64 bytes, cut into 4 cells: a space of states that is small, and closed. */
function cells(): AllocatorTarget {
  const isUsed = [false, false, false, false];
  return {
    name: 'cells',
    promises: { alignment: 16 },
    malloc(size) {
      const cell = isUsed.indexOf(false);
      if (cell < 0 || size > 16) return null;
      isUsed[cell] = true;
      return 16 + cell * 16;
    },
    free(address) {
      if (address !== null) isUsed[address / 16 - 1] = false;
    },
    snapshots: {
      capture: () => [...isUsed],
      restore: (state) => {
        for (const [cell, used] of (state as boolean[]).entries()) isUsed[cell] = used;
      },
      describe: (sink) => {
        for (const used of isUsed) sink.number(Number(used));
      },
    },
  };
}

/** As `cells`, but for one op of it. */
function cellsWith(
  parts: (cellsOwn: AllocatorTarget) => Partial<AllocatorTarget>,
): MakeAllocatorTarget {
  return () => {
    const own = cells();
    return { ...own, ...parts(own) };
  };
}

describe('the number of programs', () => {
  test.each([
    ['malloc and free', PLAIN, 5],
    ['every kind', ALL_KINDS, 3],
  ])('of %s is that of their definition', (_, options, opsMax) => {
    const { explorer } = searched(referenceTarget(), { ...options, opsMax });
    const lengths = Array.from({ length: opsMax + 1 }, (_none, length) => length);
    const counts = lengths.map((length) => BigInt(written(length, options).length));
    expect(explorer.programsPerLength).toEqual(counts);
    expect(explorer.programsCount).toBe(counts.reduce((sum, count) => sum + count) - 1n);
    expect([explorer.end, explorer.depthDone]).toEqual(['bound reached', opsMax]);
  });

  test('counts what is refused: 4 blocks fit, and a fifth request does nothing', () => {
    const { explorer } = searched(cells, { ...PLAIN, sizes: [8], opsMax: 6 });
    // Live blocks after n ops are a walk on 0..4 that stays at 4 when it is refused.
    const walk = [1, 1, 2, 5, 16, 61, 256];
    let ways = [1, 0, 0, 0, 0];
    const totals = walk.map(() => {
      const total = ways.reduce((sum, count) => sum + count);
      ways = ways.map((_count, live) => {
        const fromBelow = live > 0 ? ways[live - 1]! : 0;
        const fromAbove = live < 4 ? ways[live + 1]! * (live + 1) : ways[4]!;
        return fromBelow + fromAbove;
      });
      return BigInt(total);
    });
    expect(explorer.programsPerLength).toEqual(totals);
  });
});

describe('merging equal states', () => {
  test.each([
    ['reference', referenceTarget()],
    ['reference/lecture-note', referenceTarget({ heap: LECTURE_NOTE })],
    ['a list by address with an index', referenceTarget({ heap: { list: 'address-indexed' } })],
    ['cells', cells],
  ])('of %s changes no count, and leaves fewer states', (_, makeTarget) => {
    const merged = searched(makeTarget, { ...PLAIN, opsMax: 5 });
    const apart = searched(makeTarget, { ...PLAIN, opsMax: 5, merging: 'off' });
    expect(merged.explorer.programsPerLength).toEqual(apart.explorer.programsPerLength);
    expect([merged.found, apart.found]).toEqual([undefined, undefined]);
    expect(merged.explorer.statesCount).toBeLessThan(apart.explorer.statesCount * 0.6);
    expect(BigInt(apart.explorer.statesCount)).toBe(apart.explorer.programsCount + 1n);
  });

  test('with every kind changes no count', () => {
    const merged = searched(referenceTarget(), { ...ALL_KINDS, opsMax: 3 });
    const apart = searched(referenceTarget(), { ...ALL_KINDS, opsMax: 3, merging: 'off' });
    expect(merged.explorer.programsPerLength).toEqual(apart.explorer.programsPerLength);
    expect([merged.found, apart.found]).toEqual([undefined, undefined]);
  });

  test.each([
    ['coalesce-skips-left', PLAIN],
    ['double-merge-leaves-right-listed', PLAIN],
    ['calloc-trusts-free-memory', { ...PLAIN, kinds: ['malloc', 'free', 'calloc'] as const }],
    ['realloc-loses-the-tail', { ...PLAIN, kinds: ['malloc', 'free', 'realloc'] as const }],
    ['realloc-copies-too-little', { ...PLAIN, kinds: ['malloc', 'realloc'] as const }],
  ])('finds in %s what is found without it, after as many ops', async (name, options) => {
    const makeTarget = (await loadMutant(findMutant(`mutants/${name}`))) as MakeAllocatorTarget;
    const merged = searched(makeTarget, { ...options, opsMax: 5 });
    const apart = searched(makeTarget, { ...options, opsMax: 5, merging: 'off' });
    expect(merged.found?.finding).toEqual(apart.found!.finding);
    expect(merged.found!.program).toEqual(apart.found!.program);
    expect(new Runner(makeTarget, { checkEvery: 1 }).run(merged.found!.program)).toEqual(
      merged.found!.finding,
    );
  });

  test('goes on from the larger of two sizes that leave the same, which is owed more bytes', () => {
    // Moves keep 8 bytes, whatever was asked for: only a block of more can show it.
    const memory = new Float64Array(64);
    const makeTarget: MakeAllocatorTarget = () => {
      let next = 0;
      return {
        name: 'forgetful',
        promises: {},
        memory: {
          loadDouble: (address) => memory[address / 8]!,
          storeDouble: (address, value) => {
            memory[address / 8] = value;
          },
          loadByte: () => 0,
          storeByte: () => undefined,
        },
        usableSize: () => 24,
        malloc: () => (next += 32) - 32,
        free: () => true,
        realloc(address) {
          memory[next / 8] = memory[address! / 8]!;
          next += 32;
          return next - 32;
        },
        snapshots: {
          capture: () => next,
          restore: (state) => {
            next = state as number;
          },
          describe: (sink) => sink.number(next),
        },
      };
    };
    const kinds = ['malloc', 'realloc'] as const;
    const { found, explorer } = searched(makeTarget, {
      kinds,
      sizes: [8, 24],
      alignment: 8,
      opsMax: 3,
    });
    expect(found?.finding.law).toBe('realloc-keeps-prefix');
    expect(text(found!.program)).toBe('b0 = malloc 24; b0 = realloc b0 24');
    // The fresh heap, one block of 24 bytes, and two.
    expect(explorer.statesCount).toBe(3);
  });
});

test('states are as many as there are different descriptions, so no digest stood for two', () => {
  const met = new Set<string>();
  const makeTarget: MakeAllocatorTarget = () => {
    const own = referenceTarget()();
    const { snapshots } = own;
    const describeAndNote = (sink: StateSink): void => {
      const told: number[] = [];
      snapshots!.describe({
        number(value) {
          told.push(value);
          sink.number(value);
        },
        words(words, start, end) {
          for (let at = start; at < end; at += 1) if (words[at] !== 0) told.push(at, words[at]!);
          sink.words(words, start, end);
        },
      });
      met.add(told.join(' '));
    };
    return { ...own, snapshots: { ...snapshots!, describe: describeAndNote } };
  };
  const { explorer } = searched(makeTarget, { ...PLAIN, opsMax: 6 });
  expect(met.size).toBe(explorer.statesCount);
  expect(met.size).toBeGreaterThan(600);
});

describe('a search', () => {
  test('finds the fewest ops that break a target: three blocks live at once, of which one is freed', () => {
    const makeTarget = cellsWith((own) => {
      let liveCount = 0;
      let isSpoiled = false;
      return {
        malloc(size) {
          const address = own.malloc(size);
          if (address !== null) liveCount += 1;
          return isSpoiled ? 16 : address;
        },
        free(address) {
          if (liveCount === 3) isSpoiled = true;
          liveCount -= 1;
          return own.free(address);
        },
        snapshots: undefined,
      };
    });
    const { explorer, found } = searched(makeTarget, { ...PLAIN, sizes: [8, 16] });
    expect(found?.finding).toMatchObject({ law: 'blocks-stay-apart', step: 4, op: 'malloc' });
    expect(found?.program.map(({ kind }) => kind)).toEqual([
      'malloc',
      'malloc',
      'malloc',
      'free',
      'malloc',
    ]);
    expect([explorer.end, explorer.depthDone, explorer.isMerging]).toEqual(['found', 4, false]);
    expect(new Runner(makeTarget).run(found!.program)).toMatchObject({ law: 'blocks-stay-apart' });
  });

  test.each(['on', 'off'] as const)(
    'without snapshots runs the way again, merging %s',
    (merging) => {
      const makeTarget = objectTarget('cells', () => {
        const own = cells();
        return { malloc: (size) => own.malloc(size), free: (address) => own.free(address) };
      });
      const again = searched(makeTarget, { ...PLAIN, opsMax: 5, merging });
      const counts = searched(cells, { ...PLAIN, opsMax: 5 }).explorer.programsPerLength;
      expect(again.explorer.programsPerLength).toEqual(counts);
      expect(again.explorer.isMerging).toBe(false);
    },
  );

  test('resets a target that can be reset', () => {
    let resets = 0;
    const makeTarget = objectTarget('resettable', () => {
      let next = 16;
      return {
        malloc: () => (next += 64),
        free: () => true,
        reset() {
          resets += 1;
          next = 16;
        },
      };
    });
    expect(searched(makeTarget, { ...PLAIN, opsMax: 3 }).explorer.end).toBe('bound reached');
    expect(resets).toBeGreaterThan(50);
  });

  test('of a space that has no more states ends by itself, for programs of any length', () => {
    const { explorer, found } = searched(cells, { ...PLAIN, sizes: [8, 100] });
    expect([explorer.end, found]).toEqual(['closed', undefined]);
    // Each subset of four cells.
    expect(explorer.statesCount).toBe(16);
  });

  test('ends the programs of its bound as a run does', () => {
    const makeTarget = cellsWith((own) => ({
      free: (address) => address !== 48 && own.free(address),
    }));
    const short = searched(makeTarget, { ...PLAIN, sizes: [8], kinds: ['malloc'], opsMax: 2 });
    const long = searched(makeTarget, { ...PLAIN, sizes: [8], kinds: ['malloc'], opsMax: 3 });
    expect(short.found).toBeUndefined();
    expect(long.found?.finding.law).toBe('free-accepts-its-blocks');
    expect(text(long.found!.program)).toBe('b0 = malloc 8; b1 = malloc 8; b2 = malloc 8');
  });

  test('calls what a target throws a finding', () => {
    const makeTarget = cellsWith((own) => ({
      malloc(size) {
        if (size === 24) throw new RangeError('24');
        return own.malloc(size);
      },
    }));
    const { found } = searched(makeTarget, { ...PLAIN, sizes: [8, 24] });
    expect(text(found!.program)).toBe('b0 = malloc 24');
    expect(found!.finding).toMatchObject({
      law: 'calls-return',
      observed: 'the last op threw RangeError: 24',
    });
  });

  test('over no sizes is refused', () => {
    expect(() => searched(cells, { ...PLAIN, sizes: [] })).toThrow('an alphabet has sizes');
  });

  test('ends where there is no room for more states', () => {
    const { explorer } = searched(referenceTarget(), { ...PLAIN, statesMax: 100 });
    const statesOf = (opsMax: number): number =>
      searched(referenceTarget(), { ...PLAIN, opsMax }).explorer.statesCount;
    expect([explorer.end, explorer.statesCount]).toEqual(['out of room', 100]);
    expect(statesOf(explorer.depthDone)).toBeLessThan(100);
    expect(statesOf(explorer.depthDone + 1)).toBeGreaterThanOrEqual(100);
  });

  test('that was stopped in the middle of a step goes on with a new target', () => {
    const stopped = new Explorer(referenceTarget(), { ...PLAIN, opsMax: 5 });
    for (let round = 0; stopped.end === undefined; round += 1) {
      stopped.run(7);
      if (round % 3 === 0) stopped.abandon();
    }
    const { explorer } = searched(referenceTarget(), { ...PLAIN, opsMax: 5 });
    expect(stopped.programsPerLength).toEqual(explorer.programsPerLength);
    expect(stopped.statesCount).toBe(explorer.statesCount);
  });

  test('knows which program it is at, and how far it is', () => {
    const explorer = new Explorer(referenceTarget(), PLAIN);
    expect([explorer.depth, explorer.layerPart, explorer.program]).toEqual([1, 0, []]);
    explorer.run(1);
    expect(text(explorer.program)).toBe('b0 = malloc 40');
    explorer.run(4);
    expect([explorer.depth, explorer.depthDone, explorer.stepsCount]).toEqual([2, 1, 3]);
  });
});

describe('a search that goes on', () => {
  test.each([
    [undefined, 5, 40],
    [undefined, 5, 900],
    [5, 5, 900],
    [3, 5, 10_000],
    [undefined, undefined, 900],
  ])(
    'from bound %s to %s after %d steps counts what one in one go does',
    (before, after, steps) => {
      const first = new Explorer(referenceTarget(), { ...PLAIN, opsMax: before });
      first.run(steps);
      const second = new Explorer(referenceTarget(), { ...PLAIN, opsMax: after }, first.progress());
      expect(second.agrees()).toBe(true);
      while (second.depthDone < 5) second.run(50);
      const { explorer } = searched(referenceTarget(), { ...PLAIN, opsMax: 5 });
      expect(second.programsPerLength.slice(0, 6)).toEqual(explorer.programsPerLength);
    },
  );

  test('ends the programs that the first one did not', () => {
    const makeTarget = cellsWith((own) => ({
      free: (address) => address !== 48 && own.free(address),
    }));
    const options = { ...PLAIN, sizes: [8], kinds: ['malloc'] as const };
    const first = new Explorer(makeTarget, options);
    while (first.depth < 3) first.run(1);
    first.run(1);
    const second = new Explorer(makeTarget, { ...options, opsMax: 3 }, first.progress());
    let found: RawFinding | undefined;
    while (second.end === undefined) found = second.run(1) ?? found;
    expect(found?.finding.law).toBe('free-accepts-its-blocks');
  });

  test('on a target that comes to other states is noticed', () => {
    const first = new Explorer(referenceTarget(), PLAIN);
    first.run(500);
    const other = referenceTarget({ heap: { list: 'lifo' } });
    expect(new Explorer(other, PLAIN, first.progress()).agrees()).toBe(false);
    const apart = new Explorer(other, { ...PLAIN, merging: 'off' }, first.progress());
    expect(apart.agrees()).toBe(true);
  });
});

test('ops of an alphabet do something, each', () => {
  const { explorer } = searched(referenceTarget(), { ...ALL_KINDS, opsMax: 2 });
  const kinds = new Set<Op['kind']>(
    written(2, ALL_KINDS).flatMap((ops) => ops.map(({ kind }) => kind)),
  );
  expect(kinds.size).toBe(5);
  expect(explorer.asked.get('realloc-keeps-prefix')).toBeGreaterThan(0);
  expect(explorer.asked.get('calloc-zeroes')).toBeGreaterThan(0);
});

test('snapshots of an allocator object are used', () => {
  const makeTarget = objectTarget('cells', () => {
    const own = cells();
    return {
      malloc: (size) => own.malloc(size),
      free: (address) => own.free(address),
      snapshots: own.snapshots!,
    };
  });
  const { explorer } = searched(makeTarget, { ...PLAIN, sizes: [8, 100] });
  expect([explorer.end, explorer.statesCount]).toEqual(['closed', 16]);
});
