/** Runs of machines, which perform their programs themselves. */
import { describe, expect, test } from 'vitest';
import type { Op } from '../program/op.ts';
import { parseProgram, printOp } from '../program/text.ts';
import type { Outcome } from './outcome.ts';
import { Runner, type RunnerOptions } from './runner.ts';
import { type MachineTarget, type StepObserver, isMachine } from './target.ts';

/** A machine that performs the ops from the last to the first, as its threads would. */
class Backwards implements MachineTarget {
  readonly name = 'backwards';
  readonly promises = {};
  readonly performs = 'thread-ops';
  readonly pageSize = 64;
  readonly invariants;
  endsCount = 0;

  constructor(breaks: (machine: Backwards) => boolean) {
    this.invariants = {
      rules: [
        {
          name: 'all-is-well',
          says: 'All is well.',
          rows: 'S1',
          source: 'here',
          check: () => (breaks(this) ? 'it is not' : undefined),
        },
      ],
      read: () => undefined,
    };
  }

  isEnded = false;

  perform(program: Iterable<Op>, observer: StepObserver): void {
    const numbered = [...program].map((op, step) => ({ op, step }));
    for (const { op, step } of numbered.toReversed()) {
      observer.began(op, step);
      if (op.kind === 'exit') throw new Error('the machine is off');
      this.endsCount += 1;
      const next = observer.ended(op, step, OUTCOMES[op.kind] ?? { kind: 'done' });
      if (op.kind === 'compute') throw new Error('lost between two ops');
      if (next === 'stop') return;
    }
  }

  end(): void {
    this.isEnded = true;
  }
}

const OUTCOMES: Partial<Record<Op['kind'], Outcome>> = {
  join: { kind: 'skipped' },
  free: { kind: 'not asked' },
  brk: { kind: 'refused', why: 'ENOMEM' },
};

/** A run of ops, with `;` between them, on a machine that is in order until it breaks. */
function run(
  text: string,
  breaks: (machine: Backwards) => boolean = () => false,
  options: RunnerOptions = { checkEvery: 1, record: 'outcomes' },
) {
  const runner = new Runner(() => new Backwards(breaks), options);
  const program = parseProgram(
    `heapcheck program 1\n${text.replaceAll(';', '\n')}`,
    'a.ops',
  ).program;
  const finding = runner.run(program);
  const trace = runner.trace.map(
    ({ op, outcome, step }) => `${step} ${printOp(op)} ${outcome.kind}`,
  );
  return { finding, runner, trace };
}

test('a machine is told from an allocator by what it does', () => {
  expect(isMachine(new Backwards(() => false))).toBe(true);
  expect(isMachine({ name: 'a', promises: {}, malloc: () => null, free: () => undefined })).toBe(
    false,
  );
});

test('ops are counted and recorded as they end, with their place in the program', () => {
  const { finding, runner, trace } = run('yield; join t1; free b0; brk 8');
  expect(finding).toBeUndefined();
  expect(trace).toEqual([
    '3 brk 8 refused',
    '2 free b0 not asked',
    '1 join t1 skipped',
    '0 yield done',
  ]);
  expect(runner.counts).toMatchObject({ programs: 1, ops: 4, skipped: 1, notAsked: 1, refused: 1 });
});

test('nothing is recorded that is not asked for', () => {
  expect(run('yield; yield', undefined, {}).trace).toEqual([]);
});

describe('the invariants of a machine', () => {
  test('are asked after each op that ends, at the end, and when all is over', () => {
    expect(run('yield; yield').runner.asked.get('all-is-well')).toBe(4);
    expect(
      run('yield; yield; yield', undefined, { checkEvery: 2 }).runner.asked.get('all-is-well'),
    ).toBe(3);
  });

  test('are asked as often as the machine wants it, if that is more often', () => {
    const runner = new Runner(() => Object.assign(new Backwards(() => false), { checkEvery: 2 }));
    runner.run(parseProgram('heapcheck program 1\nyield\nyield\nyield\nyield', 'a.ops').program);
    expect(runner.asked.get('all-is-well')).toBe(4);
  });

  test('that break stop the run at the op that ended last', () => {
    const { finding, trace } = run('yield; yield; sleep 1', ({ endsCount }) => endsCount === 2);
    expect(finding).toMatchObject({
      law: 'all-is-well',
      observed: 'it is not',
      step: 1,
      op: 'schedule',
    });
    expect(trace).toEqual(['2 sleep 1 done', '1 yield done']);
  });

  test('that break unseen until the end are found there', () => {
    const { finding } = run('yield; yield', ({ endsCount }) => endsCount === 2, {});
    expect(finding).toMatchObject({ step: 2, op: 'schedule' });
  });

  test('that break when all is given back are found after that', () => {
    expect(run('yield', ({ isEnded }) => isEnded).finding).toMatchObject({
      step: 1,
      op: 'schedule',
    });
  });
});

test('a machine that throws in an op has crashed there', () => {
  const { finding, trace } = run('exit; yield');
  expect(finding).toMatchObject({
    law: 'calls-return',
    step: 0,
    op: 'schedule',
    observed: 'exit threw Error: the machine is off',
  });
  expect(trace).toEqual(['1 yield done', '0 exit crashed']);
});

test('a machine that throws between two ops has crashed at the one before', () => {
  expect(run('yield; compute 1').finding).toMatchObject({
    law: 'calls-return',
    observed: expect.stringContaining('lost between two ops'),
  });
});
