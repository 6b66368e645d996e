/** Trials on small targets whose bug shows after a number of calls that is known. */
import { expect, test } from 'vitest';
import type { AllocatorTarget, MakeTarget } from '../../src/check/target.ts';
import { TimedOut } from '../../src/supervise/watchdog.ts';
import { referenceTarget } from '../../src/targets/reference.ts';
import { derive, OpMeter } from './op-meter.ts';
import { ABLATIONS } from './own-strategies.ts';
import { STRATEGIES } from './strategies.ts';
import type { Strategy } from './strategy.ts';
import type { Task } from './task.ts';
import { TASKS } from './tasks.ts';
import { makeTrial, type Trial } from './trial.ts';

const SEEDS = [1, 2, 3];

/** Every strategy but the engine's variants, which differ in what they draw alone. */
const CASES = STRATEGIES.filter((strategy) => !ABLATIONS.includes(strategy)).map(
  (strategy): [string, Strategy] => [strategy.name, strategy],
);

/** The reference, whose `malloc` answers what is no address from call `badCall` on, counted over all programs. */
function badFrom(badCall: number): MakeTarget {
  let callsCount = 0;
  const answer = (granted: () => number | null): number | null => {
    callsCount += 1;
    return callsCount >= badCall ? 0.5 : granted();
  };
  return () => {
    const target = referenceTarget()();
    return derive<AllocatorTarget>(target, {
      malloc: (size) => answer(() => target.malloc(size)),
      calloc: (count, size) => answer(() => target.calloc!(count, size)),
      realloc: (address, size) => answer(() => target.realloc!(address, size)),
      aligned: (alignment, size) => answer(() => target.aligned!(alignment, size)),
      free: (address) => {
        callsCount += 1;
        return target.free(address);
      },
    });
  };
}

function trial(strategy: Strategy, makeTarget: MakeTarget, seed = 1, opsMax = 500): Trial {
  const task: Task = {
    name: 'task',
    family: 'allocator',
    shortestLength: 1,
    shortestLengths: new Map(),
    load: () => Promise.resolve(makeTarget),
  };
  return makeTrial({ task, strategy, seed, opsMax }, makeTarget);
}

test.each(CASES)('%s finds what is wrong with the first answer at once', (_, strategy) => {
  for (const seed of SEEDS) {
    const { found, ops } = trial(strategy, badFrom(1), seed);
    // Frees of null, and misuse of nothing, may come first.
    expect([found, ops <= 10]).toEqual([true, true]);
  }
});

test.each(CASES)(
  '%s is counted at the target: a bug from call 200 on takes it 200 ops and hardly more',
  (_, strategy) => {
    const { found, ops } = trial(strategy, badFrom(200));
    expect(found).toBe(true);
    expect(ops).toBeGreaterThanOrEqual(200);
    expect(ops).toBeLessThan(200 + 100);
  },
);

test.each(CASES)('%s finds nothing in the reference, up to the last op allowed', (_, strategy) => {
  expect(trial(strategy, referenceTarget())).toMatchObject({ found: false, ops: 500 });
});

test.each(CASES)('%s makes the same trial with the same seed', async (_, strategy) => {
  const task = TASKS.find(({ name }) => name === 'split-forgets-a-header')!;
  const makeTarget = await task.load();
  const [a, b] = [5, 5].map((seed) => {
    const {
      cpu_ms: _cpu,
      shrink_cpu_ms: _shrink,
      ...rest
    } = makeTrial({ task, strategy, seed, opsMax: 20_000 }, makeTarget);
    return rest;
  });
  expect(a).toEqual(b);
  expect(a).toMatchObject({ found: true });
});

test('a trial whose op does not end is found, and says that it hung', () => {
  const hanging: Strategy = {
    ...STRATEGIES[0]!,
    begin: (makeTarget) => ({
      next: () => {
        (makeTarget() as AllocatorTarget).malloc(8);
        throw new TimedOut('not done within 1 ms');
      },
    }),
  };
  expect(trial(hanging, referenceTarget())).toMatchObject({ found: true, hung: true, ops: 1 });
});

test('a meter counts each call that a program makes, and throws at the first one too many', () => {
  const meter = new OpMeter(3);
  const target = meter.metered(referenceTarget())() as AllocatorTarget;
  const address = target.malloc(8);
  target.free(target.realloc!(address, 16));
  expect([meter.opsCount, meter.isSpent]).toEqual([3, false]);
  expect(() => target.malloc(8)).toThrow('more than 3 ops');
  expect(meter.isSpent).toBe(true);
  meter.stop();
  expect(target.malloc(8)).not.toBeNull();
});
