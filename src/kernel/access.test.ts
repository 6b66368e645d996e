import { describe, expect, test } from 'vitest';
import { type AccessSize, attempt, loadBytes, OUT_OF_FRAMES, storeBytes } from './access.ts';
import { makeWorld, PAGE } from './kernel-world.test-helper.ts';
import { OutOfFrames } from './out-of-frames.ts';

const BASE = 2 ** 30;
const SIZES: readonly AccessSize[] = [1, 2, 4, 8];

function mappedMmu() {
  const { kernel, space } = makeWorld();
  space.mmap({ address: BASE, size: 2 * PAGE });
  return kernel.mmu;
}

describe('an access', () => {
  test.each(SIZES)('of %i bytes is little-endian and changes no byte beside them', (size) => {
    const mmu = mappedMmu();
    // The bytes 1, 2, 3 and so on, across two pages where there are several.
    const address = BASE + PAGE - 1;
    for (let at = address - 1; at < address + 9; at += 1) mmu.store8(at, 99);
    const bytes = [1, 2, 3, 4, 5, 6, 7, 0].slice(0, size);
    const value = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
    storeBytes(mmu, { address, size, value });
    expect(loadBytes(mmu, address, size)).toBe(value);
    expect(bytes.map((_, index) => mmu.load8(address + index))).toEqual(bytes);
    expect([mmu.load8(address - 1), mmu.load8(address + size)]).toEqual([99, 99]);
  });

  test('of 8 bytes holds whole numbers below 2^53', () => {
    const mmu = mappedMmu();
    storeBytes(mmu, { address: BASE, size: 8, value: 2 ** 53 - 1 });
    expect(loadBytes(mmu, BASE, 8)).toBe(2 ** 53 - 1);
    expect(loadBytes(mmu, BASE + 4, 4)).toBe(2 ** 21 - 1);
  });

  test('of another size is a bug of the kit', () => {
    const mmu = mappedMmu();
    const size: AccessSize = Object(3);
    expect(() => loadBytes(mmu, BASE, size)).toThrow('no case is left for');
    expect(() => storeBytes(mmu, { address: BASE, size, value: 0 })).toThrow('no case is left for');
  });
});

describe('an attempt', () => {
  test('answers with the value, or with the reason of the fault', () => {
    const mmu = mappedMmu();
    expect(attempt(() => mmu.load8(BASE))).toEqual({ kind: 'done', value: 0 });
    expect(attempt(() => mmu.load8(BASE - 1))).toEqual({ kind: 'faulted', why: 'not-mapped' });
    const outOfFrames = new OutOfFrames(BASE, 'store');
    const made = attempt(() => {
      throw outOfFrames;
    });
    expect(made).toEqual({ kind: 'faulted', why: OUT_OF_FRAMES });
  });

  test.each([new TypeError('a bug'), 'no error at all'])('passes on %s', (thrown) => {
    const attempted = (): unknown =>
      attempt(() => {
        throw thrown;
      });
    expect(attempted).toThrow(thrown);
  });

  test('passes on nothing that was thrown', () => {
    let caught: unknown = 'nothing was';
    try {
      attempt(() => {
        throw undefined;
      });
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeUndefined();
  });
});
