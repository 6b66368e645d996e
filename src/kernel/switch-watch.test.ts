import { expect, test } from 'vitest';
import { compute, CoreWorld, looseThreads } from './core-world.test-helper.ts';
import { FRAME_SIZE } from './context-switch.ts';
import type { CoreStep } from './core.ts';
import { SwitchWatch } from './switch-watch.ts';
import type { Thread } from './thread.ts';

const STEPS: readonly CoreStep[] = ['enter', 'save', 'pick', 'set-root', 'load', 'return'];

/** What may follow each step. */
const FOLLOWERS: Readonly<Record<CoreStep, readonly CoreStep[]>> = {
  enter: ['save', 'pick', 'return'],
  save: ['pick'],
  pick: ['pick', 'set-root', 'load'],
  'set-root': ['pick', 'load'],
  load: ['return'],
  return: ['enter', 'pick'],
};

test.each(STEPS)('after %s come some steps and no others', (before) => {
  const followers = STEPS.filter((step) => {
    const watch = new SwitchWatch();
    watch.attach(new CoreWorld().core);
    watch.stepped(before, undefined);
    delete watch.problems.order;
    watch.stepped(step, undefined);
    return watch.problems.order === undefined;
  });
  expect(followers).toEqual(FOLLOWERS[before]);
});

test('a watch of no core finds nothing', () => {
  const watch = new SwitchWatch();
  for (const step of STEPS.toReversed()) watch.stepped(step, looseThreads(1)[0]);
  expect(watch.problems).toEqual({});
});

test('a thread that ended must be among those that are not yet taken away', () => {
  const [ended, other] = looseThreads(2);
  ended!.state = 'ended';
  const burialWith = (...dying: readonly Thread[]): string | undefined => {
    const watch = new SwitchWatch();
    const list = dying.map((thread) => ({ thread }));
    watch.attach(Object({ activities: new Map(), dying: list, isInKernel: true }));
    watch.stepped('enter', ended);
    watch.stepped('pick', undefined);
    return watch.problems.burial;
  };
  expect(burialWith(other!, ended!)).toBeUndefined();
  expect(burialWith(other!)).toBe('t0 was taken away before the core went on');
});

test('where registers lie is looked at when they are saved; all of the stack is theirs', () => {
  const world = new CoreWorld();
  const { watch } = world;
  const thread = world.process(() => compute(1));
  thread.savedSp = thread.stack.start - 8;
  for (const step of ['enter', 'set-root', 'load', 'return'] as const) watch.stepped(step, thread);
  thread.savedSp = thread.stack.start;
  watch.stepped('save', thread);
  thread.savedSp = thread.stack.end - FRAME_SIZE;
  watch.stepped('save', thread);
  expect(watch.problems.stack).toBeUndefined();
});

test('the first problem of each kind is kept', () => {
  const world = new CoreWorld();
  const { core, watch } = world;
  const [a, b] = [1, 2].map(() => world.process(() => compute(1)));
  core.isInKernel = false;
  watch.stepped('pick', undefined);
  core.isInKernel = true;
  b!.state = 'running';
  watch.stepped('pick', undefined);
  for (const thread of [a!, b!]) {
    thread.savedSp = 0;
    for (const step of ['load', 'save', 'return'] as const) watch.stepped(step, thread);
  }
  expect(watch.problems).toEqual({
    entry: 'the scheduler was asked outside of the kernel',
    order: 'save came after load',
    registers: `register 13 of t0 came back as 0, ${a!.stack.end} was saved`,
    root: expect.stringContaining('t0 goes on under the root in frame -1, its own is '),
    stack: 'the registers of t0 were saved outside of its stack',
  });
});
