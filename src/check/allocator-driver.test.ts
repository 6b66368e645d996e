/** What the driver sends to a target and when it says that a call is under way, seen from the runner. */
import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import type { Op } from '../program/op.ts';
import { AllocatorDriver } from './allocator-driver.ts';
import { askedCounters } from './judge.ts';
import { noCounts } from './run-counts.ts';
import { Runner } from './runner.ts';
import { type Override, ops, toyTarget, untyped } from './toy-target.test-helper.ts';

/** What became of each op of a program that finds nothing; a granted block as its address. */
function outcomes(program: string, override?: Override): string {
  const runner = new Runner(toyTarget(override), { record: 'outcomes' });
  expect(runner.run(ops(program))).toBeUndefined();
  return runner.trace
    .map(({ outcome }) =>
      outcome.kind === 'granted' ? outcome.address.toString(16) : outcome.kind,
    )
    .join(', ');
}

const bug = new KitBug('a list ends');

/** A toy whose call with this number throws, counted over all that give or take blocks. */
const failsAt =
  (call: number): Override =>
  (toy) => {
    let calls = 0;
    const counted =
      <Args extends unknown[], Answer>(act: (...args: Args) => Answer) =>
      (...args: Args): Answer => {
        calls += 1;
        if (calls === call) throw bug;
        return act(...args);
      };
    return {
      malloc: counted(toy.malloc),
      calloc: counted(toy.calloc),
      realloc: counted(toy.realloc),
      aligned: counted(toy.aligned),
      free: counted(toy.free),
    };
  };

/** A toy whose structures cannot be read for a broken belief. */
const breaks: Override = () => ({
  invariants: {
    rules: [],
    read: () => {
      throw bug;
    },
  },
});

/** A toy that can express sizes up to 255. */
const small: Override = () => ({ promises: { sizeMax: 255 } });

/** A toy that is not asked for 16 to 99 bytes. */
const leavesOut: Override = () => ({ promises: { sizesLeftOut: { min: 16, max: 99 } } });

test.each([
  ['b0 = malloc 15', 'granted'],
  ['b0 = malloc 16', 'not asked'],
  ['b0 = calloc 33 3', 'not asked'],
  ['b0 = aligned 8 99', 'not asked'],
  ['b0 = malloc 100', 'granted'],
  ['b0 = calloc 25 4', 'granted'],
])('sizes that are left out are not asked for: %s is %s', (program, outcome) => {
  const runner = new Runner(toyTarget(leavesOut), { record: 'outcomes' });
  expect(runner.run(ops(program))).toBeUndefined();
  expect(runner.trace.map((step) => step.outcome.kind)).toEqual([outcome]);
});

/** A toy that frees what is reallocated to nothing. */
const frees: Override = () => ({ promises: { reallocZero: 'frees' } });

/** A toy whose only block lies at 0, and that refuses to free it twice. */
const atZero: Override = () => {
  let freesCount = 0;
  return {
    promises: { doubleFree: 'refused' },
    bounds: undefined,
    memory: undefined,
    usableSize: undefined,
    malloc: () => 0,
    free() {
      freesCount += 1;
      return freesCount === 1;
    },
  };
};

const CALLS: readonly [program: string, call: number][] = [
  ['b0 = malloc 8', 1],
  ['b0 = calloc 2 8', 1],
  ['b0 = aligned 64 8', 1],
  ['b0 = malloc 8; b0 = realloc b0 40', 2],
  ['b0 = malloc 8; free b0', 2],
  ['free null', 1],
  ['b0 = malloc 8; free b0; double-free b0', 3],
  ['b0 = malloc 8; free-inside b0 4', 2],
];

describe('a broken belief', () => {
  test.each(CALLS)('inside the last call of %j is a finding', (program, call) => {
    const finding = new Runner(toyTarget(failsAt(call))).run(ops(program));
    expect(finding).toMatchObject({ law: 'calls-return', step: ops(program).length - 1 });
    expect(finding!.observed).toMatch(/ threw KitBug: a list ends$/);
  });

  test('inside the calls that end a run is a finding at its end', () => {
    // Of one block: its free, and the malloc and free that ask for all memory.
    for (const call of [2, 3, 4]) {
      const finding = new Runner(toyTarget(failsAt(call))).run(ops('b0 = malloc 8'));
      expect(finding).toMatchObject({ law: 'calls-return', step: 1, op: 'end' });
    }
  });

  test('inside an invariant is a finding', () => {
    const finding = new Runner(toyTarget(breaks)).run(ops('b0 = malloc 8'));
    expect(finding).toMatchObject({ law: 'calls-return', op: 'end' });
  });

  const unknown: Op = untyped({ kind: 'trim' });
  test.each(CALLS)('of ours behind %j is ours', (program) => {
    for (const checkEvery of [1, 256]) {
      const runner = new Runner(toyTarget(), { checkEvery });
      expect(() => runner.run([...ops(program), unknown])).toThrow(
        new KitBug('an op is of a kind that there is'),
      );
    }
  });
});

test('a broken belief of ours behind a reset is ours', () => {
  const runner = new Runner(toyTarget());
  runner.run(ops('b0 = malloc 8'));
  expect(() => runner.run([untyped({ kind: 'trim' })])).toThrow(
    new KitBug('an op is of a kind that there is'),
  );
});

test('what a driver knows of the blocks can be looked at', () => {
  const toy = toyTarget()();
  const [counts, asked] = [noCounts(), askedCounters()];
  const driver = new AllocatorDriver(toy, { counts, asked, isNoted: false });
  for (const op of ops('b0 = malloc 8; b1 = malloc 24; free b0')) driver.send(op);
  expect([driver.shadow.liveCount, driver.shadow.sizeOf(1)]).toEqual([1, 24]);
});

describe('what is sent', () => {
  test('a request of the largest size that can be expressed', () => {
    expect(outcomes('b0 = malloc 255; b1 = calloc 255 1', small)).toBe('1000, 1100');
  });

  test('a realloc to some bytes, whatever one to none would do', () => {
    expect(outcomes('b0 = malloc 8; b0 = realloc b0 40', () => ({ promises: {} }))).toBe(
      '1000, 1010',
    );
  });

  test('a realloc that may free keeps the block when it is refused some bytes', () => {
    expect(outcomes('b0 = malloc 8; b0 = realloc b0 99999; free b0', frees)).toBe(
      '1000, refused, freed',
    );
  });

  test('a double free at address 0, and none where the first slot is live again', () => {
    expect(outcomes('b0 = malloc 8; free b0; double-free b0', atZero)).toBe('0, freed, freed');
    expect(outcomes('b1 = malloc 8; free b1; b0 = malloc 8; double-free b1')).toBe(
      '1000, freed, 1000, skipped',
    );
  });

  test('a free inside a block, that many bytes behind its start', () => {
    const freed: (number | null)[] = [];
    const notes: Override = (toy) => ({
      free(address) {
        freed.push(address);
        return toy.free(address);
      },
    });
    outcomes('b0 = malloc 8; free-inside b0 5', notes);
    expect(freed[0]).toBe(0x1005);
  });
});

test('a big block that is not taken back is refused, whatever the footprint', () => {
  const finding = new Runner(toyTarget(() => ({ free: () => false }))).run(
    ops('b0 = malloc 5000; free b0'),
  );
  expect(finding).toMatchObject({ law: 'free-accepts-its-blocks', step: 1 });
});

test('the block that shows that all memory is to be had is given back', () => {
  const target = toyTarget()();
  new Runner(() => target).run(ops('b0 = malloc 8'));
  expect(target.footprint!()).toBe(0);
});

test('what an earlier program freed cannot be freed again by a later one', () => {
  const runner = new Runner(toyTarget(), { record: 'outcomes' });
  runner.run(ops('b0 = malloc 8; free b0'));
  runner.run(ops('double-free b0'));
  expect(runner.trace.map(({ outcome }) => outcome.kind)).toEqual(['skipped']);
});

const boundless: Override = () => ({ bounds: undefined, promises: { freeForeign: 'refused' } });

test('a free outside of the heap is not asked of a target whose bounds are not known', () => {
  expect(outcomes('free-foreign 16', boundless)).toBe('not asked');
});

/** A toy that has memory for one block, once. */
const spent: Override = ({ malloc }) => {
  let left = 1;
  return {
    malloc: (size) => (left-- > 0 ? malloc(size) : null),
    promises: { writeFreed: 'ignored' },
  };
};

test('a write into a freed block of a target that has no memory any more harms nobody', () => {
  expect(outcomes('b0 = malloc 8; free b0; write-freed b0 0', spent)).toMatch(/, freed, done$/);
});
