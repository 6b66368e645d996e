/** The machine as a target: what its ops come to, the seeds that walk it, and that a broken one is found out. */
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { programOf } from '../../fuzz/engine.ts';
import { pagePrograms } from '../../fuzz/page-programs.ts';
import type { Finding } from '../check/finding.ts';
import { formatOutcome } from '../check/outcome.ts';
import { Runner } from '../check/runner.ts';
import type { MachineTarget, MakeTarget, StepObserver } from '../check/target.ts';
import { KERNEL_INVARIANTS } from '../kernel/invariants.ts';
import type { Program } from '../program/program.ts';
import { parseProgram } from '../program/text.ts';
import { corpusFolder } from '../store/corpus-folder.ts';
import { seedsFor } from '../store/store.ts';
import { MACHINE_RULES, machineTarget, type MachineOptions } from './machine.ts';
import { importPatched, type Patch } from './mutants/import-patched.ts';

const PRESETS = ['x86-64', 'x86-32', 'toy'] as const;

/** A program of ops with `;` between them. */
function ops(text: string): Program {
  return parseProgram(`heapcheck program 1\n${text.replaceAll(';', '\n')}`, 'a.ops').program;
}

/** What each op of a program came to on a machine that keeps all its rules. */
function answersOf(program: Program, options: MachineOptions = {}): readonly string[] {
  const runner = new Runner(machineTarget(options), { checkEvery: 1, record: 'outcomes' });
  expect(runner.run(program)).toBe(undefined);
  return runner.trace.map(({ outcome }) => formatOutcome(outcome));
}

describe('a machine', () => {
  test('is named after its preset, and has the page size of it', () => {
    const made = PRESETS.map((preset) => machineTarget({ preset })());
    expect(made.map(({ name, pageSize }) => [name, pageSize])).toEqual([
      ['machine', 4096],
      ['machine/x86-32', 4096],
      ['machine/toy', 64],
    ]);
    expect(machineTarget()().name).toBe('machine');
    expect(machineTarget({ name: 'mine', preset: 'toy' })().name).toBe('mine');
  });

  test('is asked the rules of its kernel, and two of its own', () => {
    const names = MACHINE_RULES.map(({ name }) => name);
    expect(names).toEqual([
      ...KERNEL_INVARIANTS.map(({ name }) => name),
      'dirty-bit-tells-of-stores',
      'answers-do-not-depend-on-tlb',
    ]);
  });

  test('says why it refuses, and leaves out what has nothing to begin at', () => {
    const program = 'unmap a0 0 1; a0 = map 0; a0 = map 1; protect a0 1 1 none; unmap a0 0 1';
    expect(answersOf(ops(program))).toEqual([
      'skipped',
      'refused EINVAL',
      '0x2000_0000_0000',
      'refused EINVAL',
      'done',
    ]);
  });

  test('leaves out an address that no number holds, and ops on blocks', () => {
    const program = 'a0 = map 1; load a0 9007199254740991 1; b0 = malloc 1; free null';
    expect(answersOf(ops(program)).slice(1)).toEqual(['skipped', 'not asked', 'not asked']);
  });

  test('remembers where an area was that is gone, until its slot is mapped anew', () => {
    const program =
      'a0 = map 1; a1 = map 1; unmap a0 0 1; store a0 0 1; a0 = map 0; load a0 0 1; a0 = map-at a1 4096 1; store a0 0 2';
    expect(answersOf(ops(program)).slice(3)).toEqual([
      'faulted not-mapped',
      'refused EINVAL',
      'faulted not-mapped',
      '0x2000_0000_2000',
      // Step 7 stores 8, and 7 more in each byte behind: 8 + 15 * 256.
      'done 3848',
    ]);
  });

  test('touches each page of a range once, until one faults', () => {
    const program =
      'a0 = map 12288; unmap a0 8192 1; touch a0 0 8193; load a0 4096 1; touch a0 1 0';
    // Step 2 stores 3.
    expect(answersOf(ops(program)).slice(2)).toEqual(['faulted not-mapped', 'done 3', 'done']);
  });

  test('counts what only some programs come to', () => {
    const runner = new Runner(machineTarget());
    const program =
      'a0 = map 40960; touch a0 0 40960; load a0 0 1; unmap a0 0 1; a1 = map 1 read; load a1 0 1; store a1 0 1; protect a0 4096 1 none; load a0 4096 1; load a0 140737488355328 1';
    expect(runner.run(ops(program))).toBe(undefined);
    const { nonCanonical, storesToReadOnly, tlbEvictions, tlbFlushes, ...rest } =
      Object.fromEntries(runner.events);
    expect({ nonCanonical, storesToReadOnly }).toEqual({ nonCanonical: 1, storesToReadOnly: 1 });
    expect(rest).toEqual({ accessesToNobodys: 1, pagesFaultedIn: 11 });
    // Ten pages in eight entries.
    expect(tlbEvictions).toBeGreaterThanOrEqual(2);
    expect(tlbFlushes).toBeGreaterThan(0);
  });

  test('with frames on map refuses what it has none for', () => {
    const options = { framesCount: 7, space: { frames: 'on-map' } } as const;
    // The root and three tables leave three frames.
    const program = 'a0 = map 8192; a1 = map 8192; a1 = map 4096; a2 = map 1; load a0 8191 1';
    expect(answersOf(ops(program), options)).toEqual([
      '0x2000_0000_0000',
      'refused ENOMEM',
      '0x2000_0000_2000',
      'refused ENOMEM',
      'done 0',
    ]);
  });
});

describe('with so few frames that programs run out of them, nothing is lost', () => {
  const counts = [1, 2, 3, 4, 5, 6, 8, 12, 20];
  test.each([
    ['on-touch', 10, Infinity],
    // What is mapped has its frames then: no access lacks any.
    ['on-map', 0, 0],
  ] as const)('frames %s', (frames, lackingMin, lackingMax) => {
    const draw = pagePrograms(4096);
    let lacking = 0;
    for (const framesCount of counts) {
      const makeTarget = machineTarget({ framesCount, space: { frames } });
      const runner = new Runner(makeTarget, { checkEvery: 8, record: 'outcomes' });
      for (let number = 0; number < 4; number += 1) {
        expect(runner.run(programOf(2, number, draw, 64))).toBe(undefined);
        lacking += runner.trace.filter(
          ({ outcome }) => outcome.kind === 'faulted' && outcome.why === 'no frame is left',
        ).length;
      }
    }
    expect(lacking).toBeGreaterThanOrEqual(lackingMin);
    expect(lacking).toBeLessThanOrEqual(lackingMax);
  });
});

const SEEDS = seedsFor(
  corpusFolder(join(import.meta.dirname, '../../corpus')),
  machineTarget()(),
).map(({ file, program }) => [basename(file), program] as const);

/** What some ops of each seed come to, by step, on x86-64: worked out by hand from the manual pages. */
const EXPECTED: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  'pages-access-over-two.ops': {
    // Bytes 2, 9, 16, 23: each 7 more than the one before, the first one more than the step.
    1: `done ${2 + 9 * 2 ** 8 + 16 * 2 ** 16 + 23 * 2 ** 24}`,
    3: 'done 23',
    5: 'faulted not-mapped',
    6: `done ${2 * 2 ** 8 + 9 * 2 ** 16 + 16 * 2 ** 24}`,
    8: `done ${2 + 9 * 2 ** 8 + 16 * 2 ** 16}`,
    9: 'faulted read-only',
    10: `done ${2 + 9 * 2 ** 8}`,
  },
  'pages-break-down.ops': {
    2: `done ${23 + 30 * 2 ** 8}`,
    4: 'faulted not-mapped',
    7: `done ${2 + 9 * 2 ** 8 + 16 * 2 ** 16}`,
    8: 'refused ENOMEM',
    9: '0x1000_0000_2000',
    10: 'refused ENOMEM',
    11: 'done',
    14: 'done',
  },
  'pages-far-apart.ops': {
    1: '0x2000_0020_0000',
    2: '0x2000_4000_0000',
    3: '0x2080_0000_0000',
    10: 'faulted not-mapped',
    11: 'done 5',
    12: 'done 6',
    14: 'done 0',
  },
  'pages-out-of-frames.ops': {
    1: 'faulted no frame is left',
    2: 'done 2',
    3: 'faulted no frame is left',
    6: 'done',
    7: 'done 7',
  },
  'pages-refused-calls.ops': {
    0: 'refused EINVAL',
    1: 'refused ENOMEM',
    3: 'refused EINVAL',
    4: 'refused EEXIST',
    5: 'refused EINVAL',
    6: 'refused EINVAL',
    7: 'refused EINVAL',
    8: 'refused EINVAL',
    9: 'refused ENOMEM',
    10: 'skipped',
    11: 'refused ENOMEM',
    13: 'done 13',
    14: 'faulted not-mapped',
  },
  'pages-split-areas.ops': {
    4: 'done 2',
    5: 'faulted not-mapped',
    6: 'faulted read-only',
    7: '0x2000_0000_2000',
    8: 'faulted not-mapped',
    9: 'refused EEXIST',
    10: 'done',
    11: 'done 0',
    14: 'faulted not-mapped',
  },
};

describe('a seed of ops on pages', () => {
  test.each(SEEDS)('%s comes to what the manual says', (name, program) => {
    const answers = answersOf(program);
    const expected = Object.entries(EXPECTED[name]!);
    expect(expected.map(([step]) => [step, answers[Number(step)]])).toEqual(expected);
  });

  test.each(SEEDS)('%s breaks nothing on any machine', (_, program) => {
    for (const preset of PRESETS) {
      for (const frames of ['on-touch', 'on-map'] as const)
        expect(answersOf(program, { preset, space: { frames } })).toHaveLength(program.length);
    }
  });
});

/** A machine with lines of its kernel changed. */
async function broken(...patches: readonly Patch[]): Promise<MakeTarget> {
  const module: { machineTarget: typeof machineTarget } = Object(
    await importPatched('targets/machine', patches),
  );
  return module.machineTarget();
}

function findingOf(makeTarget: MakeTarget, text: string): Finding | undefined {
  return new Runner(makeTarget, { checkEvery: 1 }).run(ops(text));
}

describe('a broken machine', () => {
  const NOT_INVALIDATED: Patch = {
    module: 'kernel/address-space',
    find: 'this.#invalidate(unhooked.addresses);',
    replace: '',
  };

  test('is found at the step that breaks a rule of its kernel', async () => {
    const makeTarget = await broken(NOT_INVALIDATED);
    const program = 'a0 = map 1; store a0 0 1; a1 = map 1; unmap a0 0 1; load a1 0 1';
    expect(findingOf(makeTarget, program)).toMatchObject({ step: 3, op: 'unmap' });
  });

  test('that loses a frame is found at the end', async () => {
    const makeTarget = await broken({
      module: 'kernel/address-space',
      find: 'this.table.release();',
      replace: '',
    });
    const finding = findingOf(makeTarget, 'a0 = map 1; store a0 0 1');
    expect(finding).toMatchObject({
      law: 'owned-frames-are-counted',
      step: 2,
      op: 'end',
      observed: 'owner 0 has 1 frames and is no address space',
    });
  });

  test('that counts the last frame of an owner twice is found at the end', async () => {
    const makeTarget = await broken({
      module: 'kernel/frames',
      find: 'this.#counts[owner] -= 1;',
      replace: 'this.#counts[owner] -= this.#counts[owner] === 1 ? 2 : 1;',
    });
    expect(findingOf(makeTarget, '')).toMatchObject({
      law: 'owned-frames-are-counted',
      op: 'end',
      observed: 'owner 0 is counted -1 frames, it has 0',
    });
  });

  /** A page that refuses a store is marked dirty all the same. */
  const REFUSED_STORE_MARKS: Patch = {
    module: 'machine/mmu',
    find: 'const denial = this.#denialOf(flags, access);',
    replace: `const denial = this.#denialOf(flags, access);
        this.#walk.walk(this.#root, address);
        if (denial !== undefined) this.#walk.mark(DIRTY);`,
  };

  test.each([
    ['of one page', 'a0 = map 1 read; load a0 0 1; store a0 0 1', 2],
    [
      'of one page that is new where half a store was',
      'a0 = map 1; store a0 4093 8; unmap a0 0 1; a0 = map 1 read; load a0 0 1; store a0 0 1',
      5,
    ],
  ])('whose refused store leaves a mark is found, one %s', async (_, program, step) => {
    const finding = findingOf(await broken(REFUSED_STORE_MARKS), program);
    expect(finding).toMatchObject({ law: 'dirty-bit-tells-of-stores', step });
    expect(findingOf(machineTarget(), program)).toBe(undefined);
  });

  test('that fails in the middle of an op is a crash of that op', async () => {
    const makeTarget = await broken({
      module: 'kernel/areas',
      find: 'rests.push({ start: range.end, end',
      replace: 'throw new RangeError("no rest"); rests.push({ start: range.end, end',
    });
    expect(findingOf(makeTarget, 'a0 = map 8192; unmap a0 0 1')).toMatchObject({
      law: 'calls-return',
      step: 1,
      observed: 'unmap a0 0 1 threw RangeError: no rest',
    });
  });

  test('whose answers depend on its TLB is told by the other one, first difference first', async () => {
    const makeTarget = await broken(NOT_INVALIDATED);
    const machine = makeTarget() as MachineTarget;
    const observer: StepObserver = { began: () => undefined, ended: () => 'go on' };
    // Nine pages: the first is no longer in the small TLB when it goes.
    const program =
      'a0 = map 4096; store a0 0 1; a1 = map 65536; touch a1 0 65536; unmap a0 0 1; load a0 0 1; load a0 0 2';
    machine.perform(ops(program), observer);
    const state = machine.invariants.read();
    const rule = machine.invariants.rules.at(-1)!;
    expect([rule.name, rule.check(state)]).toEqual([
      'answers-do-not-depend-on-tlb',
      'load came to {"kind":"faulted","why":"not-mapped"} with a small TLB, to {"kind":"done","value":2} with a large one',
    ]);
  });

  test('whose other one alone breaks its model is told', async () => {
    const makeTarget = await broken({
      module: 'targets/machine',
      find: "this.#plain = new ModelledMachine({ ...options, tlb: {} }, { tlb: {}, watch: 'off' });",
      replace:
        "this.#plain = new ModelledMachine({ ...options, tlb: {} }, { tlb: {}, watch: 'off' }); this.#plain.model.space.munmap = () => 'done';",
    });
    const finding = findingOf(makeTarget, 'a0 = map 1; unmap a0 1 1');
    expect(finding).toMatchObject({ law: 'answers-do-not-depend-on-tlb', step: 1 });
  });
});
