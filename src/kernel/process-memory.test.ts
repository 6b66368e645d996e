import { expect, test } from 'vitest';
import { makeWorld, PAGE } from './kernel-world.test-helper.ts';
import { PlainMemory } from './process-memory.ts';

const BASE = 2 ** 46;

test('the memory of a process is that of its address space', () => {
  const { kernel, space } = makeWorld();
  const memory = new PlainMemory(kernel.mmu, space);
  expect(memory.mmap({ address: BASE, size: 2 * PAGE })).toBe(BASE);
  expect(memory.store(BASE + 8, 258, 2)).toEqual({ kind: 'done', value: 258 });
  expect(memory.load(BASE + 8, 1)).toEqual({ kind: 'done', value: 2 });
  expect(memory.plant(BASE + PAGE, Float64Array.of(7))).toBe(true);
  expect(memory.load(BASE + PAGE, 8)).toEqual({ kind: 'done', value: 7 });
  expect(memory.protect(BASE, PAGE, 'read')).toBe('done');
  expect(memory.store(BASE, 1, 1)).toEqual({ kind: 'faulted', why: 'read-only' });
  expect(memory.munmap(BASE, PAGE)).toBe('done');
  expect(memory.load(BASE, 4)).toEqual({ kind: 'faulted', why: 'not-mapped' });
  expect([memory.sbrk(PAGE), memory.sbrk(0)]).toEqual([2 ** 44, 2 ** 44 + PAGE]);
  expect(space.calls).toMatchObject({ mmap: 1, mprotect: 1, munmap: 1 });
});
