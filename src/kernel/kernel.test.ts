import { expect, test } from 'vitest';
import { Kernel } from './kernel.ts';

test('a kernel has an x86-64 with 16 MiB and without watchers unless told otherwise', () => {
  const kernel = new Kernel();
  expect([kernel.mmu.geometry.pageSize, kernel.frames.totalCount]).toEqual([4096, 4096]);
  expect([kernel.saturated, kernel.frameWatch]).toEqual([undefined, undefined]);
});

test('address spaces are alive from their making to their end', () => {
  const kernel = new Kernel({ preset: 'toy' });
  const spaces = [kernel.newSpace(), kernel.newSpace({ id: 1 })];
  expect([...kernel.spaces]).toEqual(spaces);
  kernel.endSpace(spaces[0]!);
  expect([...kernel.spaces]).toEqual([spaces[1]]);
});

test('an address space is opened as long as there is a frame for its root', () => {
  const kernel = new Kernel({ preset: 'toy', framesCount: 2 });
  const spaces = [kernel.openSpace(), kernel.openSpace({ id: 1 }), kernel.openSpace({ id: 2 })];
  expect([spaces[0]?.id, spaces[1]?.id, spaces[2]]).toEqual([0, 1, null]);
  expect([...kernel.spaces]).toEqual(spaces.slice(0, 2));
  expect(() => kernel.newSpace({ id: 2 })).toThrow(
    'framesCount: none of the 2 frames is left for a root; pass more.',
  );
});
