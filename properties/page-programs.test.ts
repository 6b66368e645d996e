import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Runner } from '../src/check/runner.ts';
import type { MakeTarget } from '../src/check/target.ts';
import type { PageOp, PageOpKind } from '../src/program/op.ts';
import { MACHINE_RULES, machineTarget } from '../src/targets/machine.ts';
import { importPatched, type Patch } from '../src/targets/mutants/import-patched.ts';
import { Check } from './check.ts';
import { MACHINE_SUITES, pagePrograms } from './page-programs.ts';
import { BrokenLaw, lawsNotAllowed, propertiesOf } from './suites.ts';

/** Programs of a suite's shape, always the same ones. */
function sample(weights: (typeof MACHINE_SUITES)[number]['weights']): readonly PageOp[] {
  const arbitrary = pagePrograms({ weights, pageSize: 64, opsMax: 40 });
  return fc.sample(arbitrary, { seed: 3, numRuns: 60 }).flat() as readonly PageOp[];
}

describe.each(MACHINE_SUITES.map((suite) => [suite.invariant, suite] as const))(
  'the suite for %s',
  (invariant, { weights }) => {
    test('names a rule of the machine', () => {
      expect(MACHINE_RULES.map(({ name }) => name)).toContain(invariant);
    });

    test('has ops of its kinds and of no others, as often as it says', () => {
      const ops = sample(weights);
      expect(new Set(ops.map(({ kind }) => kind))).toEqual(new Set(Object.keys(weights)));
      const sum = Object.values(weights).reduce((a, b) => a + b, 0);
      for (const [kind, weight] of Object.entries(weights)) {
        const part = ops.filter((op) => op.kind === (kind as PageOpKind)).length / ops.length;
        expect(Math.abs(part - weight / sum)).toBeLessThan(0.08);
      }
    });

    test.each(['machine', 'machine/toy'])('finds nothing on %s', (name) => {
      const makeTarget = machineTarget({ preset: name === 'machine' ? 'x86-64' : 'toy' });
      const suite = propertiesOf(makeTarget, { opsMax: 40 }).find(({ law }) => law === invariant)!;
      expect(() => fc.assert(suite.property, { seed: 5, numRuns: 8 })).not.toThrow();
    });
  },
);

test('programs have none and up to opsMax ops, and shrink to what is left of them', () => {
  const arbitrary = pagePrograms({ weights: { map: 1, brk: 1 }, pageSize: 64, opsMax: 5 });
  const lengths = fc.sample(arbitrary, { seed: 1, numRuns: 200 }).map(({ length }) => length);
  expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([0, 5]);
  const failed = fc.check(
    fc.property(arbitrary, (program) => program.every((op) => op.kind !== 'map')),
    { seed: 1 },
  );
  expect(failed.counterexample).toEqual([
    [{ kind: 'map', area: 0, size: 0, protection: 'read-write' }],
  ]);
});

test('the break goes both ways', () => {
  const ops = sample({ brk: 1 });
  const increments = ops.flatMap((op) => (op.kind === 'brk' ? [op.increment] : []));
  expect(increments.some((increment) => increment < 0)).toBe(true);
  expect(increments.some((increment) => increment > 0)).toBe(true);
  expect(increments.some((increment) => Object.is(increment, -0))).toBe(false);
});

test('a machine is allowed every suite, and no law of allocators is missing of it', () => {
  expect(propertiesOf(machineTarget()).map(({ name }) => name)).toEqual(
    MACHINE_SUITES.map(({ invariant, programs }) => `${invariant} holds for ${programs}`),
  );
  expect(lawsNotAllowed(machineTarget()())).toEqual([]);
});

/** A line of the kernel that is changed, and the suite that is made to find such a thing. */
const BROKEN: readonly (readonly [suite: string, what: string, patch: Patch])[] = [
  [
    'calls-change-their-own-pages',
    'an area that loses its front when it is split',
    {
      module: 'kernel/areas',
      find: 'if (start < range.start)',
      replace: 'if (start + 4096 * 2 < range.start)',
    },
  ],
  [
    'refused-access-changes-nothing',
    'a store that a read-only area grants',
    {
      module: 'kernel/address-space',
      find: "protection === 'read' && access === 'load'",
      replace: "protection === 'read'",
    },
  ],
  [
    'change-is-followed-by-invalidation',
    'a protection without an invalidation',
    { module: 'kernel/address-space', find: 'this.#invalidate(changed);', replace: '' },
  ],
  [
    'frame-is-free-or-owned',
    'an unmap that gives back two frames at the most',
    {
      module: 'kernel/address-space',
      find: 'for (const frame of unhooked.frames)',
      replace: 'for (const frame of unhooked.frames.slice(0, 2))',
    },
  ],
  [
    'areas-stay-apart',
    'a break that runs into an area',
    {
      module: 'kernel/address-space',
      find: '!this.areas.touches(range) && this.#map',
      replace: 'this.#map',
    },
  ],
];

describe('a broken machine fails the suite', () => {
  test.each(BROKEN)('%s: %s', async (law, _, patch) => {
    const module: { machineTarget: typeof machineTarget } = Object(
      await importPatched('targets/machine', [patch]),
    );
    const makeTarget: MakeTarget = module.machineTarget();
    const check = new Check(makeTarget, { seed: 1, runs: 200, opsMax: 30 });
    const found = check.check(check.properties.find((each) => each.law === law)!)!;
    expect(found.isReplayed).toBe(true);
    expect(found.program.length).toBeLessThanOrEqual(8);
    const again = new Runner(makeTarget, { checkEvery: 1 }).run(found.program);
    expect(again).toEqual(found.finding);
  });
});

test('what a property throws names rule, machine and program', () => {
  const program = [{ kind: 'brk', increment: 1 }] as const;
  const finding = {
    law: 'areas-stay-apart',
    target: 'machine',
    step: 0,
    op: 'brk',
    observed: 'this',
    expected: 'that',
  } as const;
  expect(new BrokenLaw(finding, program).message).toBe(
    'areas-stay-apart broken by machine at step 0 of 1\nobserved   this\nexpected   that\n\nheapcheck program 1\nbrk 1\n',
  );
});
