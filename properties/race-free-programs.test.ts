import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MachineTarget } from '../src/check/target.ts';
import type { Program } from '../src/program/program.ts';
import * as kernelModule from '../src/targets/kernel.ts';
import { importPatched, type Patch } from '../src/targets/mutants/import-patched.ts';
import {
  type Arrangement,
  differenceIn,
  raceFreePrograms,
  type Schedule,
  SCHEDULES,
  valuesOf,
} from './race-free-programs.ts';

const PAGE = 4096;
/** Frames for everybody. */
const FRAMES = { framesCount: 2048 };
const { kernelTarget } = kernelModule;

const PLAIN: Schedule = { quantum: 10, policy: 'rr', spawns: 'in-order' };

/** Another TLB, other addresses, or both; under another schedule. */
const MACHINES: readonly Arrangement[] = [
  {
    makeTarget: kernelTarget({
      ...FRAMES,
      tlb: { sets: 1, ways: 1 },
      space: { placement: 'down' },
    }),
    schedule: PLAIN,
  },
  {
    makeTarget: kernelTarget({
      ...FRAMES,
      tlb: { ids: 'on', policy: 'random' },
      space: { placement: 'random', seed: 7 },
    }),
    schedule: SCHEDULES[0],
  },
];

/** A property: programs come to the same in each of some arrangements. */
function sameIn(
  others: readonly Arrangement[],
  makeTarget: () => MachineTarget,
): fc.IProperty<[Program]> {
  return fc.property(raceFreePrograms(PAGE), (program) => {
    expect(differenceIn(program, { makeTarget, schedule: PLAIN }, others)).toBeUndefined();
  });
}

function underSchedules(makeTarget: () => MachineTarget): fc.IProperty<[Program]> {
  return sameIn(
    SCHEDULES.map((schedule) => ({ makeTarget, schedule })),
    makeTarget,
  );
}

const LIMITS = { seed: 0x5ced, numRuns: 15 };

describe('a program without races reads the same', () => {
  test('under every quantum, policy and order of threads', () => {
    expect(() => fc.assert(underSchedules(kernelTarget(FRAMES)), LIMITS)).not.toThrow();
  });

  test('with other TLBs, address-space ids and addresses', () => {
    expect(() => fc.assert(sameIn(MACHINES, kernelTarget(FRAMES)), LIMITS)).not.toThrow();
  });
});

/** A changed line of the kernel with which programs come to something else under another schedule. */
const PLANTS: readonly (readonly [what: string, patch: Patch])[] = [
  [
    'registers that are not restored',
    {
      module: 'kernel/context-switch',
      find: 'this.#registers.values[index] = answer.value;',
      replace: 'if (index >= 14) this.#registers.values[index] = answer.value;',
    },
  ],
  [
    'a unit that is taken for a thread, which tries again and finds none',
    {
      module: 'kernel/semaphore',
      find: "if (woken === undefined || this.kind === 'mesa')",
      replace: 'if (woken === undefined)',
    },
  ],
  [
    'a TLB that is not flushed when the root changes',
    { module: 'machine/mmu', find: 'this.tlb.flushAll();', replace: ';' },
  ],
];

test.each(PLANTS)('%s: the values differ', async (_, patch) => {
  const module = (await importPatched('targets/kernel', [patch])) as typeof kernelModule;
  const property = underSchedules(module.kernelTarget(FRAMES));
  expect(fc.check(property, { seed: 1, numRuns: 50, endOnFailure: true }).failed).toBe(true);
});

test('most programs have threads that meet: few ops are never come to', () => {
  const programs = fc.sample(raceFreePrograms(PAGE), { ...LIMITS, numRuns: 30 });
  const values = programs.flatMap((program) => valuesOf(kernelTarget(FRAMES)(), program));
  const count = (kind: string): number => values.filter((value) => value.startsWith(kind)).length;
  expect(count('done')).toBeGreaterThan(400);
  expect(count('skipped')).toBeLessThan(values.length / 4);
  expect(values.filter((value) => /^done \d/.test(value)).length).toBeGreaterThan(30);
});
