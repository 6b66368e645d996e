import { describe, expect, test } from 'vitest';
import { looseThreads } from './core-world.test-helper.ts';
import { makeScheduler } from './policies.ts';
import { POLICY_NAMES, type PolicyName } from './scheduler.ts';

describe.each(POLICY_NAMES)('the scheduler %s', (policy) => {
  test('begins with nobody, and takes who came first', () => {
    const [a, b, c] = looseThreads(3);
    const scheduler = makeScheduler(policy);
    expect([scheduler.policy, scheduler.ready, scheduler.take(0)]).toEqual([policy, [], undefined]);
    for (const thread of [b!, a!, c!]) scheduler.add(thread, 'new', 0);
    expect(scheduler.ready).toEqual([b, a, c]);
    expect([scheduler.take(0), scheduler.take(0)]).toEqual([b, a]);
    scheduler.add(b!, 'woken', 0);
    expect([scheduler.take(0), scheduler.take(0), scheduler.take(0)]).toEqual([c, b, undefined]);
  });
});

test('a slice is a quantum in turns, and has no end for who came first', () => {
  const [thread] = looseThreads(1);
  const slices = (['rr', 'fcfs'] as const).map((policy) =>
    makeScheduler(policy).sliceOf(thread!, 7),
  );
  expect(slices).toEqual([7, Infinity]);
});

test('a policy that is none is a bug of the kit', () => {
  const policy: PolicyName = Object('lottery');
  expect(() => makeScheduler(policy)).toThrow('no case is left for');
});
