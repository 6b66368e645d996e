import { expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import { planOf, SHARED_KINDS } from '../src/targets/threads/thread-plan.ts';
import { sharedBlockPrograms } from './shared-block-programs.ts';

const ALL = new Set(SHARED_KINDS);
const OPS_MAX = 60;

/** Some programs, each as the threads would do it. */
function drawn(threadsCount: number, offered: ReadonlySet<string> = ALL) {
  const draw = sharedBlockPrograms(threadsCount, offered);
  const prng = new Prng(0x5f1e_22d0);
  return Array.from({ length: 200 }, () => {
    const program = draw(prng, OPS_MAX);
    return { program, plan: planOf(program, ALL) };
  });
}

test('every op of a program does something, and no program is longer than it may be', () => {
  for (const { plan, program } of drawn(4)) {
    expect(plan.steps).toHaveLength(program.length);
    expect(program.length).toBeLessThanOrEqual(OPS_MAX);
  }
});

test('blocks are handed over in some programs, and in others hardly ever', () => {
  const shares = drawn(4).map(({ plan: { steps } }) => {
    const taking = steps.filter(({ source }) => source !== undefined);
    const handed = taking.filter(({ source, thread }) => steps[source!]!.thread !== thread);
    return taking.length === 0 ? 0 : handed.length / taking.length;
  });
  expect(Math.max(...shares)).toBeGreaterThan(0.5);
  expect(shares.filter((share) => share < 0.1).length).toBeGreaterThan(20);
});

test('all threads and kinds come up, and none that is not there', () => {
  const programs = drawn(3).flatMap(({ program }) => program);
  expect(new Set(programs.map(({ thread = 0 }) => thread))).toEqual(new Set([0, 1, 2]));
  expect(new Set(programs.map(({ kind }) => kind))).toEqual(ALL);
  const few = drawn(3, new Set(['malloc', 'free'])).flatMap(({ program }) => program);
  expect(new Set(few.map(({ kind }) => kind))).toEqual(new Set(['malloc', 'free']));
});

test('a seed gives the same programs', () => {
  expect(drawn(4)).toEqual(drawn(4));
});
