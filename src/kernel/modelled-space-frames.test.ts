/** The model where frames run out: which refusals a lack of them excuses. */
import { describe, expect, test } from 'vitest';
import { PageFault } from '../machine/page-fault.ts';
import { Kernel, type KernelOptions } from './kernel.ts';
import { ModelledSpace } from './modelled-space.ts';
import { OutOfFrames } from './out-of-frames.ts';
import { makeModel, MAPS, PAGE } from './toy-model.test-helper.ts';

/** A call that maps so many bytes. */
const maps =
  (size: number) =>
  (own: ModelledSpace): unknown =>
    own.mmap({ size });

/** What is wrong after calls that are all refused, on a machine of so many frames. */
function answerProblem(
  framesCount: number,
  call: (own: ModelledSpace) => unknown,
  preset: KernelOptions['preset'] = 'toy',
): unknown {
  const breakRange = { start: 2 ** 13, end: 2 ** 14 };
  const large = preset === 'toy' ? {} : { breakRange };
  const own = makeModel({ frames: 'on-map', ...large }, { framesCount, preset });
  own.space.mmap = () => 'ENOMEM';
  own.space.sbrk = () => 'ENOMEM';
  own.space.protect = () => 'ENOMEM';
  call(own);
  return own.problems.answer;
}

/** What is wrong after a load that fails, with so many frames beside the root, where two may be needed. */
function accessProblem(freeCount: number, fault: Error): string | undefined {
  const kernel = new Kernel({ preset: 'toy', framesCount: 1 + freeCount });
  const own = new ModelledSpace(kernel, kernel.newSpace({ placement: 'up' }));
  const start = Number(own.mmap({ size: PAGE }));
  kernel.mmu.load8 = () => {
    throw fault;
  };
  own.load(start);
  return own.problems.access;
}

describe('a lack of frames', () => {
  test('excuses an access that is refused for it, where frames may be too few', () => {
    const lack = new OutOfFrames(MAPS, 'load');
    expect(accessProblem(1, lack)).toBeUndefined();
    expect(accessProblem(2, lack)).toMatch(/ was refused$/);
  });

  test('excuses no access that is refused for another reason', () => {
    const access = { address: MAPS, access: 'load', pageSize: PAGE } as const;
    const fault = new PageFault({ ...access, cause: 'not-mapped' });
    expect(accessProblem(1, fault)).toMatch(/ was refused$/);
  });
});

describe('frames that come on map excuse a refusal', () => {
  // Beside the root, three pages may take three frames and two tables.
  test.each<[string, (own: ModelledSpace) => unknown, string]>([
    [
      'of a map',
      (own) => own.mmap({ size: 3 * PAGE }),
      'mmap of 192 bytes was refused: ENOMEM, and nothing is at [0x0000_1000, 0x0000_4000)',
    ],
    [
      'of a map at an address',
      (own) => own.mmap({ address: MAPS, size: 3 * PAGE }),
      'mmap of 192 bytes was refused: ENOMEM, and nothing is at [0x0000_1000, 0x0000_10c0)',
    ],
    [
      'to move the break',
      (own) => own.sbrk(3 * PAGE),
      'sbrk of 192 bytes at 0x0000_0400 was answered ENOMEM, 1024 was due',
    ],
  ])('%s, where they may be too few', (_, call, says) => {
    expect(answerProblem(1 + 3 + 2 - 1, call)).toBe(undefined);
    expect(answerProblem(1 + 3 + 2, call)).toBe(says);
  });

  test('for the tables of all levels but the root', () => {
    // Two pages may lie on two tables of each of three levels.
    expect(answerProblem(1 + 2 + 6 - 1, maps(2 * 4096), 'x86-64')).toBe(undefined);
    expect(answerProblem(1 + 2 + 6, maps(2 * 4096), 'x86-64')).toMatch(
      /^mmap of 8192 bytes was refused/,
    );
  });

  test('for as many tables as a long range may lie on', () => {
    // Pages of two tables' reach may lie on three, and one is counted to spare.
    expect(answerProblem(1 + 32 + 4 - 1, maps(32 * PAGE))).toBe(undefined);
    expect(answerProblem(1 + 32 + 4, maps(32 * PAGE))).toMatch(/^mmap of 2048 bytes was refused/);
  });

  test('of a call that maps, and of no other', () => {
    expect(answerProblem(1, (own) => own.protect(MAPS, 0, 'read'))).toBe(
      'mprotect of 0 bytes at 0x0000_1000 was answered ENOMEM, EINVAL was due',
    );
  });
});
