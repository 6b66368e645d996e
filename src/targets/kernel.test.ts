import { describe, expect, test } from 'vitest';
import { Engine } from '../../fuzz/engine.ts';
import type { MakeTarget } from '../check/target.ts';
import { broken, ops } from './kernel-programs.test-helper.ts';
import * as kernelModule from './kernel.ts';
import { importPatched, type Patch } from './mutants/import-patched.ts';

const { KERNEL_RULES, kernelName, kernelTarget, THREAD_RULES } = kernelModule;

test.each([
  ['kernel', {}],
  ['kernel/ids', { tlb: { ids: 'on' } }],
  ['kernel/toy', { preset: 'toy' }],
  ['kernel/x86-32/ids', { preset: 'x86-32', tlb: { ids: 'on' } }],
  ['mine', { name: 'mine', preset: 'toy' }],
] as const)('%s is the name of a target of programs of threads', (name, options) => {
  expect(kernelName(options)).toBe(name);
  expect(kernelTarget(options)()).toMatchObject({ name, performs: 'thread-ops', promises: {} });
});

test('the rules of threads are among those that a kernel is asked, each of another name', () => {
  const names = KERNEL_RULES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name } of THREAD_RULES) expect(names).toContain(name);
});

test('events tell what programs came to, each kind of switch among them', () => {
  const target = kernelTarget()();
  const program = ops('t1 = spawn process; yield; sleep 1; join t1; compute 30; t1: compute 30');
  target.perform(program, { began: () => undefined, ended: () => 'go on' });
  expect(target.events!()).toMatchObject({ join: 1, yield: 1, io: 0, semaphore: 0 });
  expect(target.events!()['timerStrikes']).toBeGreaterThanOrEqual(4);
  expect(target.events!()['rootsSet']).toBeGreaterThanOrEqual(3);
});

/** A malloc that goes into the heap without its lock. */
const WITHOUT_LOCK: Patch = {
  module: 'targets/process-heap',
  find: "*malloc(thread, size) {\n        yield { kind: 'call', call: { name: 'down', semaphore: this.lock } };",
  replace: '*malloc(thread, size) {',
};

/** A kernel with a line changed. */
async function patchedKernel(patch: Patch): Promise<MakeTarget> {
  const module = (await importPatched('targets/kernel', [patch])) as typeof kernelModule;
  return module.kernelTarget();
}

/** A changed line of the kernel, a program, and the rule that it breaks. */
const PLANTS: readonly (readonly [what: string, patch: Patch, program: string, law: string])[] = [
  [
    'registers of the kernel that leave a program',
    {
      module: 'kernel/context-switch',
      find: 'this.#registers.values[index] = answer.value;',
      replace: 'if (index !== 3) this.#registers.values[index] = answer.value;',
    },
    't1 = spawn thread; compute 8; yield; t1: compute 8; t1: yield',
    'registers-come-back',
  ],
  [
    'a thread that stays in the heap when it has worked',
    {
      module: 'targets/process-heap',
      find: 'this.inside = undefined;\n        return result;',
      replace: 'return result;',
    },
    'b0 = malloc 8; t1 = spawn thread; t1: free b0',
    'heap-is-locked',
  ],
  [
    'a lock that is not taken',
    WITHOUT_LOCK,
    'b0 = malloc 8; t1 = spawn thread; quantum 1; yield; free b0; t1: b1 = malloc 8',
    'heap-is-locked',
  ],
  [
    'a TLB with ids that keeps what is gone, where the one that is looked at has none',
    {
      module: 'kernel/address-space',
      find: 'tlb.flushPage(page, hasIds ? this.id : 0)',
      replace: 'tlb.flushPage(page, hasIds ? this.id + 1 : 0)',
    },
    'a0 = map 4096; store a0 0 1; protect a0 0 4096 none; load a0 0 1',
    'values-do-not-depend-on-tlb',
  ],
  [
    'an exit that forgets a stack',
    {
      module: 'kernel/process-table',
      find: 'process.stacks.splice(process.stacks.indexOf(thread.stack), 1);',
      replace: '',
    },
    't1 = spawn thread; t1: yield; yield; compute 1',
    'ended-thread-goes-after-the-switch',
  ],
  [
    'a heap that does not merge what it frees',
    {
      module: 'heap/heap',
      find: 'if (!this.layout.isPreviousUsed(tag)) {',
      replace: 'if (false) {',
    },
    'b0 = malloc 8; b1 = malloc 8; b2 = malloc 8; free b0; free b1',
    'free-neighbours-merge',
  ],
  [
    'a thread that stores to the heap what was not worked out',
    {
      module: 'targets/process-heap',
      find: 'size: 4, value: deed.value }',
      replace: 'size: 4, value: deed.value % 16 === 0 ? deed.value : deed.value + 16 }',
    },
    'b0 = malloc 8',
    'heap-is-locked',
  ],
];

test.each(PLANTS)('%s is found', async (_, patch, program, law) => {
  expect(broken(ops(program))).toBe('nothing');
  expect(broken(ops(program), await patchedKernel(patch))).toMatch(new RegExp(`^${law}: `));
});

test('what the other machine did otherwise is told with the op, and both outcomes', async () => {
  const [, patch, program] = PLANTS.find(([what]) => what.startsWith('a TLB'))!;
  expect(broken(ops(program), await patchedKernel(patch))).toBe(
    'values-do-not-depend-on-tlb: op 3, load, came to {"kind":"faulted","why":"kernel-only"} with one TLB, to {"kind":"done","value":2} with another',
  );
});

/** Schedules drawn by the fuzzer, until one finds something. */
function fuzzed(makeTarget: MakeTarget): string {
  const engine = new Engine(makeTarget, { seed: 1, opsMax: 24 });
  return engine.run(300)?.finding.law ?? 'nothing';
}

describe('the lock of a heap', () => {
  test('that malloc does not take is missed within 300 schedules', async () => {
    expect(fuzzed(await patchedKernel(WITHOUT_LOCK))).toBe('heap-is-locked');
  });

  test('that is taken lets 300 schedules find nothing', () => {
    expect(fuzzed(kernelTarget())).toBe('nothing');
  });
});
