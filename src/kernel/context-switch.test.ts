import { describe, expect, test } from 'vitest';
import { readsOf } from '../machine/meter.ts';
import { Registers } from '../machine/registers.ts';
import { OUT_OF_FRAMES } from './access.ts';
import { ContextSwitch, FRAME_SIZE, STACK_OVERFLOW, STACK_UNDERFLOW } from './context-switch.ts';
import { makeWorld, PAGE } from './kernel-world.test-helper.ts';
import { PlainMemory } from './process-memory.ts';
import { Thread } from './thread.ts';

const START = 2 ** 30;

/** A thread with a stack of two pages, on a machine with so many frames. */
function makeSwitch(framesCount = 64) {
  const { kernel, space } = makeWorld({}, { framesCount });
  space.mmap({ address: START, size: 2 * PAGE });
  const memory = new PlainMemory(kernel.mmu, space);
  const stack = { start: START, end: START + 2 * PAGE };
  const thread = new Thread({ id: 0, process: { number: 0, memory }, stack });
  const registers = new Registers();
  return { kernel, space, thread, registers, change: new ContextSwitch(kernel.mmu, registers) };
}

describe('registers', () => {
  test('that were forged, restored, changed and saved come back', () => {
    const { change, registers, thread } = makeSwitch();
    expect(change.forge(thread)).toBe(true);
    registers.values.fill(99);
    expect(change.restore(thread)).toBeUndefined();
    const { end } = thread.stack;
    expect([...registers.values]).toEqual(
      Array.from({ length: 16 }, (_, at) => (at === 13 ? end : 0)),
    );
    const changed = Float64Array.from({ length: 16 }, (_, index) => 2 ** 53 - 1 - index);
    registers.values.set(changed);
    registers.sp = end - 40;
    expect(change.save(thread)).toBeUndefined();
    expect(thread.savedSp).toBe(end - 40 - FRAME_SIZE);
    const saved = registers.values.slice();
    registers.values.fill(0);
    expect(thread.savedValues).toEqual(saved);
    expect(change.restore(thread)).toBeUndefined();
    expect(registers.values).toEqual(saved);
  });

  test('are moved by 16 reads and 16 writes, which are counted apart, with the walks', () => {
    const { change, kernel, registers, thread } = makeSwitch();
    change.forge(thread);
    change.restore(thread);
    change.save(thread);
    // One walk of four reads for the load, and one for the first store, which makes the page dirty.
    const { meter } = kernel.mmu;
    expect(change.counted).toMatchObject({ dataReads: 16, dataWrites: 16, tlbMisses: 1 });
    expect(readsOf(change.counted)).toBe(16 + 8);
    expect([meter.reads, meter.dataWrites, meter.tlbMisses]).toEqual([24, 16, 1]);
    expect([kernel.mmu.mode, registers.sp]).toEqual(['user', thread.stack.end]);
  });

  test('fit below a stack pointer that leaves just enough, and nowhere else', () => {
    const { change, registers, thread } = makeSwitch();
    const { end, start } = thread.stack;
    const saves = [start + FRAME_SIZE, start + FRAME_SIZE - 1, end, end + 1].map((sp) => {
      registers.sp = sp;
      return change.save(thread);
    });
    expect(saves).toEqual([undefined, STACK_OVERFLOW, undefined, STACK_UNDERFLOW]);
  });

  test('that cannot be saved or restored leave the machine in user mode, and the last frame valid', () => {
    const { change, kernel, registers, space, thread } = makeSwitch();
    change.forge(thread);
    change.restore(thread);
    const { savedSp, savedValues } = thread;
    space.munmap(START + PAGE, PAGE);
    expect([change.save(thread), change.restore(thread)]).toEqual(['not-mapped', 'not-mapped']);
    expect([thread.savedSp, thread.savedValues, kernel.mmu.mode]).toEqual([
      savedSp,
      savedValues,
      'user',
    ]);
    expect(registers.sp).toBe(thread.stack.end);
  });

  test('find no frame on a machine that has none left', () => {
    // A root, three tables and the upper page of the stack.
    const { change, registers, thread } = makeSwitch(5);
    expect(change.forge(thread)).toBe(true);
    registers.sp = thread.stack.end - PAGE;
    expect(change.save(thread)).toBe(OUT_OF_FRAMES);
    const small = makeSwitch(4);
    expect(small.change.forge(small.thread)).toBe(false);
  });
});
