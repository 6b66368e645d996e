import { describe, expect, test } from 'vitest';
import { OUT_OF_FRAMES } from './access.ts';
import { makeWorld, PAGE } from './kernel-world.test-helper.ts';
import { ModelledSpace } from './modelled-space.ts';

const BASE = 2 ** 30;

/** A model of an address space with two pages mapped, on a machine with so many frames. */
function makeModel(framesCount = 64): ModelledSpace {
  const { kernel, space } = makeWorld({}, { framesCount });
  const model = new ModelledSpace(kernel, space);
  model.mmap({ address: BASE, size: 2 * PAGE });
  return model;
}

describe('a model expects', () => {
  test('what the kernel planted, byte by byte', () => {
    const model = makeModel();
    expect(model.plant(BASE + PAGE - 8, Float64Array.of(2 ** 53 - 1, 258))).toBe(true);
    expect(model.load(BASE + PAGE, 2)).toEqual({ kind: 'done', value: 258 });
    expect(model.load(BASE + PAGE - 8, 8)).toEqual({ kind: 'done', value: 2 ** 53 - 1 });
    expect(model.problems).toEqual({});
  });

  test('nothing where there was no frame to plant into', () => {
    // A root, three tables, and no page.
    const model = makeModel(4);
    expect(model.plant(BASE, Float64Array.of(7))).toBe(false);
    expect(model.load(BASE)).toEqual({ kind: 'faulted', why: OUT_OF_FRAMES });
    expect([model.log.contents.size, model.problems]).toEqual([0, {}]);
  });
});

test('a model expects a fault beyond all addresses, and where only a part is mapped', () => {
  const model = makeModel();
  const loads = [model.load(2 ** 47), model.load(-1), model.load(BASE + 2 * PAGE - 1, 2)];
  expect(loads.map((answer) => answer.kind === 'faulted' && answer.why)).toEqual([
    'non-canonical',
    'non-canonical',
    'not-mapped',
  ]);
  expect(model.problems).toEqual({});
});

describe('a model finds', () => {
  test('a map that is refused where nothing is', () => {
    const model = makeModel();
    model.space.mmap = () => 'EEXIST';
    model.mmap({ address: BASE, size: PAGE });
    expect(model.problems).toEqual({});
    model.mmap({ address: BASE + 2 * PAGE, size: PAGE });
    expect(model.problems.answer).toBe(
      'mmap of 4096 bytes at 0x4000_2000, where nothing is, was refused: EEXIST',
    );
  });

  test('a call that is refused without a reason', () => {
    const model = makeModel();
    model.space.munmap = () => 'EINVAL';
    model.munmap(BASE, PAGE);
    expect(model.problems.answer).toBe(
      'munmap of 4096 bytes at 0x4000_0000 was answered EINVAL, done was due',
    );
  });

  test('several bytes that read otherwise than they were stored', () => {
    const model = makeModel();
    model.store(BASE + 6, 513, 2);
    model.space.plant(BASE, Float64Array.of(0));
    model.load(BASE + 6, 2);
    expect(model.problems.contents).toBe('the 2 bytes at 0x4000_0006 read 0, 513 was stored');
  });
});
