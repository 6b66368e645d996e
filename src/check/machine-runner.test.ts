/** The runner with a machine, which performs its programs itself. */
import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { printOp } from '../program/text.ts';
import { LAWS } from './law.ts';
import { noCounts } from './run-counts.ts';
import { Runner, type RunnerOptions } from './runner.ts';
import {
  type Perform,
  toyMachine,
  type ToyMachine,
  toyPerform,
} from './toy-machine.test-helper.ts';
import { isMeantFor } from './target.ts';
import { ops, toyTarget } from './toy-target.test-helper.ts';

const FOUR = ops('a0 = map 1; brk 1; load a0 0 1; unmap a0 0 1');

function runnerOf(toy: ToyMachine, options: RunnerOptions = {}): Runner {
  return new Runner(toy.make, { record: 'outcomes', ...options });
}

/** What a run left in its trace, one line a step. */
function linesOf({ trace }: Runner): readonly string[] {
  return trace.map(({ op, outcome }) => `${printOp(op)}: ${outcome.kind}`);
}

/** A program whose maker fails after its first op. */
function* broken(): Generator<(typeof FOUR)[number]> {
  yield FOUR[0]!;
  throw new Error('no more');
}

/** A machine that is not well from an op of this kind on. */
const sickAt =
  (kind: string): Perform =>
  (op, state) => {
    if (op.kind === kind) state.complaint = `since ${kind}`;
    return toyPerform(op, state);
  };

describe('a machine', () => {
  test('performs a program, ends it, and leaves a trace without blocks', () => {
    const toy = toyMachine();
    const runner = runnerOf(toy, { record: 'blocks' });
    expect(runner.run(FOUR)).toBe(undefined);
    expect(toy.states[0]!.done).toEqual(['map', 'brk', 'load', 'unmap', 'end']);
    expect(linesOf(runner)).toEqual([
      'a0 = map 1: granted',
      'brk 1: done',
      'load a0 0 1: done',
      'unmap a0 0 1: done',
    ]);
    expect(runner.trace.filter(({ blocks }) => blocks !== undefined)).toEqual([]);
    expect(runner.at).toEqual({ step: 4, op: undefined });
  });

  test('is counted by what became of each op', () => {
    const outcomes = { map: 'refused', brk: 'skipped', load: 'faulted', unmap: 'done' } as const;
    const toy = toyMachine(({ kind }) => ({
      kind: Object.entries(outcomes).find(([name]) => name === kind)?.[1] ?? 'not asked',
      why: '',
    }));
    const runner = runnerOf(toy, { record: 'nothing' });
    runner.run([...FOUR, ...ops('b0 = malloc 1; free b0')]);
    expect(runner.counts).toEqual({
      ...noCounts(),
      programs: 1,
      ops: 6,
      skipped: 1,
      notAsked: 2,
      refused: 1,
    });
    expect(runner.trace).toEqual([]);
  });

  test('serves one program, and the next gets a new one', () => {
    const toy = toyMachine(toyPerform, (state) => ({
      events: () => ({ done: state.done.length }),
    }));
    const runner = runnerOf(toy);
    runner.run(FOUR);
    runner.run([]);
    expect(toy.states.map(({ done }) => done.length)).toEqual([5, 1]);
    expect(runner.events).toEqual(new Map([['done', 6]]));
  });

  test('with a reset serves all', () => {
    let resets = 0;
    const toy = toyMachine(toyPerform, () => ({ reset: () => void (resets += 1) }));
    const runner = runnerOf(toy);
    runner.run(FOUR);
    runner.run(FOUR);
    expect([toy.states.length, resets]).toEqual([1, 2]);
  });

  test('is asked no law, and each invariant every so many ops, at the end and after it', () => {
    const runner = runnerOf(toyMachine(), { checkEvery: 2 });
    runner.run(FOUR);
    const laws = LAWS.map(({ name }) => runner.asked.get(name));
    expect(new Set(laws)).toEqual(new Set([0]));
    expect(runner.asked.get('toy-machine-is-well')).toBe(4);
    expect(runner.asked.get('toy-machine-keeps-nothing')).toBe(4);
  });
});

describe('a finding of a machine', () => {
  test('with checkEvery 1 names its step, stops the machine there, and is no end', () => {
    const toy = toyMachine(sickAt('load'));
    const runner = runnerOf(toy, { checkEvery: 1 });
    expect(runner.run(FOUR)).toEqual({
      law: 'toy-machine-is-well',
      target: 'toy-machine',
      step: 2,
      op: 'load',
      observed: 'since load',
      expected: 'The toy has no complaint.',
    });
    expect(toy.states[0]!.done).toEqual(['map', 'brk', 'load']);
    expect(linesOf(runner)).toEqual(['a0 = map 1: granted', 'brk 1: done', 'load a0 0 1: done']);
  });

  test.each([
    [2, 3, 'unmap'],
    [3, 2, 'load'],
    [256, 4, 'end'],
  ])('with checkEvery %d shows at step %d', (checkEvery, step, op) => {
    const runner = runnerOf(toyMachine(sickAt('load')), { checkEvery });
    expect(runner.run(FOUR)).toMatchObject({ law: 'toy-machine-is-well', step, op });
  });

  test('before the end is found before the machine ends it', () => {
    const toy = toyMachine(sickAt('load'));
    runnerOf(toy).run(FOUR);
    expect(toy.states[0]!.done).not.toContain('end');
  });

  test('of what was lost shows at the end', () => {
    const leaks = toyMachine(toyPerform, ({ done }) => ({ end: () => void done.push('end') }));
    const finding = runnerOf(leaks, { checkEvery: 1 }).run(FOUR);
    expect(finding).toMatchObject({
      law: 'toy-machine-keeps-nothing',
      step: 4,
      op: 'end',
      observed: '1 were not ended',
    });
  });

  test('is followed by a program on a new machine', () => {
    const toy = toyMachine(sickAt('load'), () => ({ reset: () => undefined }));
    const runner = runnerOf(toy);
    expect(runner.run(FOUR)).toBeDefined();
    expect(runner.run(ops('brk 1'))).toBe(undefined);
    expect(toy.states.map(({ done }) => done.length)).toEqual([4, 2]);
  });
});

describe('a crash of a machine', () => {
  test.each([
    [new RangeError('out of range\nand more'), 'RangeError: out of range'],
    [
      new KitBug('a frame that is freed has an owner'),
      'KitBug: a frame that is freed has an owner',
    ],
  ])('with %s is a finding at its op', (thrown, text) => {
    const crashes: Perform = (op, state) => {
      if (op.kind === 'load') throw thrown;
      return toyPerform(op, state);
    };
    const runner = runnerOf(toyMachine(crashes));
    expect(runner.run(FOUR)).toMatchObject({
      law: 'calls-return',
      step: 2,
      op: 'load',
      observed: `load a0 0 1 threw ${text}`,
      expected: 'an answer',
    });
    expect(linesOf(runner).at(-1)).toBe('load a0 0 1: crashed');
    expect(runner.trace).toHaveLength(3);
  });

  test('in what it says of itself belongs to the op before, once', () => {
    const toy = toyMachine(toyPerform, (state) => ({
      invariants: {
        rules: [],
        read: () => {
          if (state.done.length === 2) throw new Error('a table in a ring');
        },
      },
    }));
    const runner = runnerOf(toy, { checkEvery: 1 });
    expect(runner.run(FOUR)).toMatchObject({ law: 'calls-return', step: 1, op: 'brk' });
    expect(linesOf(runner)).toEqual(['a0 = map 1: granted', 'brk 1: crashed']);
  });

  test('at the end is a finding at the end', () => {
    const toy = toyMachine(toyPerform, () => ({
      end() {
        throw new Error('stuck');
      },
    }));
    const runner = runnerOf(toy);
    expect(runner.run(FOUR)).toMatchObject({ law: 'calls-return', step: 4, op: 'end' });
    expect(runner.trace).toHaveLength(4);
  });

  test('of whoever makes the program is not its own', () => {
    expect(() => runnerOf(toyMachine()).run(broken())).toThrow('no more');
  });
});

test.each([
  ['brk 1', true, false, false],
  ['b0 = malloc 1', false, true, false],
  ['b0 = malloc 1; brk 1', true, true, false],
  ['b0 = malloc 1; yield', false, false, true],
  ['', true, true, true],
])(
  'the program %j is meant for a machine: %s, for an allocator: %s, for a kernel: %s',
  (text, ...expected) => {
    const machine = toyMachine().make();
    const targets = [machine, toyTarget()(), { ...machine, performs: 'thread-ops' } as const];
    expect(targets.map((target) => isMeantFor(ops(text), target))).toEqual(expected);
  },
);

test('an allocator is not asked for pages', () => {
  const runner = new Runner(toyTarget(), { record: 'outcomes' });
  const program = ops(
    'a0 = map 1; a1 = map-at a0 0 1; unmap a0 0 1; protect a0 0 1 none; brk 1; load a0 0 1; store a0 0 1; touch a0 0 1',
  );
  expect(runner.run(program)).toBe(undefined);
  expect(runner.counts).toMatchObject({ ops: 8, notAsked: 8 });
  expect(new Set(runner.trace.map(({ outcome }) => outcome.kind))).toEqual(new Set(['not asked']));
});
