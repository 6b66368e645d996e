import { expect, test } from 'vitest';
import { makeWorld, PAGE } from './kernel-world.test-helper.ts';

test('a frame that is handed out with something in it is found, with the place', () => {
  const { kernel } = makeWorld();
  const { frames, frameWatch, mmu } = kernel;
  const frame = frames.owned().length;
  mmu.memory.store8(frame * PAGE + 5, 1);
  expect(frames.allocateData(0, 0)).toBe(frame);
  expect(frameWatch!.problems).toEqual({
    contents: `frame ${frame} was handed out with byte 4 or one of the next 3 not zero`,
  });
});

test('a frame that is freed too early is found, with what still led to it', () => {
  const { kernel, space } = makeWorld();
  const { frames, frameWatch, mmu, saturated } = kernel;
  const start = Number(space.mmap({ size: PAGE }));
  mmu.store8(start, 1);
  const { frame } = [...saturated!.entries()].find(({ address }) => address === start)!;
  const page = `0x${start.toString(16)}`;
  frames.free(frame);
  expect(frameWatch!.problems.order?.replaceAll('_', '')).toBe(
    `frame ${frame} was freed while its page table still led to it from ${page}`,
  );
});

test('a frame that is freed before its page is invalidated is found, with what still led to it', () => {
  const { kernel, space } = makeWorld();
  const { frames, frameWatch, mmu, saturated } = kernel;
  const start = Number(space.mmap({ size: PAGE }));
  mmu.store8(start, 1);
  const { frame } = [...saturated!.entries()].find(({ address }) => address === start)!;
  space.table.unmap(start);
  frames.free(frame);
  expect(frameWatch!.problems.order).toMatch(/^frame \d+ was freed while the TLB still led to it/);
});
