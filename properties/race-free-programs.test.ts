import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MachineTarget } from '../src/check/target.ts';
import type { Program } from '../src/program/program.ts';
import * as kernelModule from '../src/targets/kernel.ts';
import { importPatched, type Patch } from '../src/targets/mutants/import-patched.ts';
import { raceFreePrograms, type Schedule, underSchedule, valuesOf } from './race-free-programs.ts';

const PAGE = 4096;
/** Frames for everybody. */
const FRAMES = { framesCount: 2048 };
const { kernelTarget } = kernelModule;

const PLAIN: Schedule = { quantum: 10, policy: 'rr', spawns: 'in-order' };
const SCHEDULES: readonly Schedule[] = [
  { quantum: 1, policy: 'rr', spawns: 'in-order' },
  { quantum: 3, policy: 'mlfq', spawns: 'reversed' },
  { quantum: 10, policy: 'fcfs', spawns: 'reversed' },
];

/** Another TLB, other addresses, or both; under another schedule. */
const MACHINES: readonly (readonly [kernelModule.KernelTargetOptions, Schedule])[] = [
  [{ tlb: { sets: 1, ways: 1 }, space: { placement: 'down' } }, PLAIN],
  [
    { tlb: { ids: 'on', policy: 'random' }, space: { placement: 'random', seed: 7 } },
    SCHEDULES[0]!,
  ],
];

type Make = () => MachineTarget;

/** A property: programs come to the same under each of some schedules, each on a machine. */
function sameOn(
  others: readonly (readonly [Make, Schedule])[],
  plain: Make,
): fc.IProperty<[Program]> {
  return fc.property(raceFreePrograms(PAGE), (program) => {
    const expected = valuesOf(plain(), underSchedule(program, PLAIN));
    for (const [make, schedule] of others)
      expect(valuesOf(make(), underSchedule(program, schedule))).toEqual(expected);
  });
}

function underSchedules(make: Make): fc.IProperty<[Program]> {
  return sameOn(
    SCHEDULES.map((schedule) => [make, schedule]),
    make,
  );
}

const LIMITS = { seed: 0x5ced, numRuns: 25 };

describe('a program without races reads the same', () => {
  test('under every quantum, policy and order of threads', () => {
    expect(() => fc.assert(underSchedules(kernelTarget(FRAMES)), LIMITS)).not.toThrow();
  });

  test('with other TLBs, address-space ids and addresses', () => {
    const others = MACHINES.map(
      ([options, schedule]) => [kernelTarget({ ...FRAMES, ...options }), schedule] as const,
    );
    expect(() => fc.assert(sameOn(others, kernelTarget(FRAMES)), LIMITS)).not.toThrow();
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
    'a semaphore whose up is lost while nobody waits',
    {
      module: 'kernel/semaphore',
      find: "if (woken === undefined || this.kind === 'mesa')",
      replace: "if (woken === undefined ? this.kind === 'hand-off' : this.kind === 'mesa')",
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
  expect(fc.check(property, { ...LIMITS, numRuns: 100, endOnFailure: true }).failed).toBe(true);
});

test('most programs have threads that meet: few ops are never come to', () => {
  const programs = fc.sample(raceFreePrograms(PAGE), { ...LIMITS, numRuns: 30 });
  const values = programs.flatMap((program) => valuesOf(kernelTarget(FRAMES)(), program));
  const count = (kind: string): number => values.filter((value) => value.startsWith(kind)).length;
  expect(count('done')).toBeGreaterThan(400);
  expect(count('skipped')).toBeLessThan(values.length / 4);
  expect(values.filter((value) => /^done \d/.test(value)).length).toBeGreaterThan(30);
});
