import { describe, expect, test } from 'vitest';
import { FRAME_SIZE } from './context-switch.ts';
import { ask, compute, CoreWorld, perform } from './core-world.test-helper.ts';
import { PAGE } from './kernel-world.test-helper.ts';
import { PlainMemory } from './process-memory.ts';
import type { UserCode } from './user-code.ts';

function code(): UserCode {
  return compute(1);
}

describe('a process', () => {
  test('has the first id that is free, and a number of its own', () => {
    const world = new CoreWorld();
    const [first, second] = [world.process(() => compute(9)), world.process(code)];
    world.process(() => compute(30));
    world.core.run();
    const { core } = world;
    expect([first.process.number, second.process.number]).toEqual([0, 1]);
    const threads = [1, 2].map(() => world.process(code));
    expect(threads.map(({ id, process }) => [id, process.number])).toEqual([
      [3, 3],
      [4, 4],
    ]);
    expect([...core.processes].map(({ space }) => space.id)).toEqual([0, 1]);
  });

  test('has its stacks below the break, in the eighth of all addresses there', () => {
    const world = new CoreWorld();
    const [first, second] = world.team('thread', [code, code]);
    const top = first!.process.memory.space.breakRange.start;
    expect([first!.stack, second!.stack]).toEqual([
      { start: top - PAGE, end: top },
      { start: top - 3 * PAGE, end: top - 2 * PAGE },
    ]);
    const wide = world.process(code, 3 * PAGE - FRAME_SIZE);
    expect(wide.stack).toEqual({ start: top - 3 * PAGE, end: top });
  });

  test('has no stacks more than an eighth of all addresses below its break', () => {
    const { addressLimit } = new CoreWorld().kernel.mmu.geometry;
    const eighth = addressLimit / 8;
    const world = new CoreWorld({ space: { breakRange: { start: 3 * eighth, end: 4 * eighth } } });
    world.process(code);
    const [process] = world.core.processes;
    expect(process!.stackRange).toEqual({ start: 2 * eighth, end: 3 * eighth });
  });

  test('has room for one frame of registers at least', () => {
    const world = new CoreWorld();
    const { stack } = world.process(code, 0);
    expect(stack.end - stack.start).toBe(PAGE);
  });

  test('has room for two frames of registers unless told otherwise', () => {
    const world = new CoreWorld({ kernel: { preset: 'toy' } });
    const { stack } = world.process(code);
    expect(stack.end - stack.start).toBe(2 * FRAME_SIZE);
  });

  test('keeps what it has until its last thread has ended, but for stacks', () => {
    const world = new CoreWorld();
    const { core, kernel } = world;
    const [first, second] = world.team('thread', [() => compute(1), () => compute(30)]);
    const mapped: number[] = [];
    world.onStep = () => mapped.push(second!.process.memory.space.areas.mappedSize / PAGE);
    core.run();
    // The stack of the first one goes when the core is the second one's.
    expect([first!.state, ...new Set(mapped.slice(0, -1))]).toEqual(['ended', 2, 1]);
    expect([kernel.spaces.size, kernel.frames.owned()]).toEqual([0, []]);
  });
});

describe('no thread is made, and nothing kept', () => {
  test('where there is no place for a stack', () => {
    const world = new CoreWorld();
    expect(world.core.boot({ code, stackSize: 2 ** 46 })).toBeUndefined();
    expect([world.core.processes.size, world.kernel.frames.owned()]).toEqual([0, []]);
  });

  test('where something is mapped in that place', () => {
    const world = new CoreWorld();
    const first = world.process(code);
    const { memory } = first.process;
    memory.mmap({ address: first.stack.start - 2 * PAGE, size: 1 });
    const parent = world.core.activities.get(first)!;
    expect(world.core.spawn({ as: 'thread', code }, parent)).toBeUndefined();
    expect([parent.process.threads.size, parent.process.stacks.length]).toEqual([1, 1]);
  });

  test('where there is no frame for the stack of a process or a thread, or for a root', () => {
    // Each process takes a root, three tables and a stack.
    for (const [framesCount, made] of [
      [9, [true, false, false]],
      [10, [true, true, false]],
    ] as const) {
      const world = new CoreWorld({ kernel: { framesCount } });
      const threads = [1, 2, 3].map(() => world.core.boot({ code }));
      expect(threads.map((thread) => thread !== undefined)).toEqual(made);
      const taken = world.kernel.frames.owned().length;
      const rest = framesCount - taken;
      for (let index = 0; index < rest; index += 1) world.kernel.frames.allocateData(99, 0);
      const parent = world.core.activities.get(threads[0]!)!;
      expect(world.core.spawn({ as: 'thread', code }, parent)).toBeUndefined();
      expect(world.kernel.frames.owned().length).toBe(framesCount);
      expect(parent.process.space.areas.mappedSize).toBe(PAGE);
    }
  });
});

test('memory and address spaces are made as a core is told to', () => {
  const made: number[] = [];
  const world = new CoreWorld({
    space: { placement: 'down' },
    makeMemory: (kernel, space) => {
      made.push(space.id);
      return new PlainMemory(kernel.mmu, space);
    },
  });
  const places: unknown[] = [];
  world.process(function* maps() {
    places.push(yield ask({ name: 'mmap', request: { size: 1 } }));
  });
  world.process(() => perform());
  world.core.run();
  expect([made, places]).toEqual([[0, 1], [2 ** 47 - PAGE]]);
});
