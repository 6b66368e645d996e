import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { PhysicalMemory } from './physical-memory.ts';

function memory(): PhysicalMemory {
  return new PhysicalMemory({ frameSize: 64, framesCount: 4 });
}

describe('physical memory', () => {
  test('is zero at first', () => {
    expect(memory().nextNonZero(0, 256)).toBe(256);
  });

  test.each([0, 1, 2, 3, 4, 61])('is little-endian in every size at address %i', (at) => {
    const own = memory();
    own.store64(at, 0x1f_2233_4455_6677);
    expect(own.load64(at)).toBe(0x1f_2233_4455_6677);
    expect(own.load32(at)).toBe(0x4455_6677);
    expect(own.load16(at)).toBe(0x6677);
    expect(own.load8(at)).toBe(0x77);
    expect(own.load8(at + 6)).toBe(0x1f);
    own.store32(at, 0x89ab_cdef);
    own.store16(at + 4, 0x1234);
    own.store8(at + 6, 0);
    expect(own.load64(at)).toBe(0x1234_89ab_cdef);
    for (const value of [5, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
      own.store64(at, value);
      expect(own.load64(at)).toBe(value);
    }
    own.storeDouble(at, -0.1);
    expect(own.loadDouble(at)).toBe(-0.1);
  });

  test('copies bytes, zeroes ranges and zeroes a frame without its neighbours', () => {
    const own = memory();
    for (let at = 0; at < 256; at += 1) own.store8(at, at);
    own.copy(0, 100, 3);
    expect([0, 1, 2, 3].map((at) => own.load8(at))).toEqual([100, 101, 102, 3]);
    own.zero(1, 2);
    expect([0, 1, 2, 3].map((at) => own.load8(at))).toEqual([100, 0, 0, 3]);
    own.zeroFrame(2);
    expect([127, 128, 191, 192].map((at) => own.load8(at))).toEqual([127, 0, 0, 192]);
  });

  test('finds the first bytes that are not zero', () => {
    const own = memory();
    own.store8(42, 1);
    own.store8(50, 1);
    expect(own.nextNonZero(0, 256)).toBe(40);
    expect(own.nextNonZero(44, 256)).toBe(48);
    expect(own.nextNonZero(0, 40)).toBe(40);
  });

  test('finds the first byte that is not as expected', () => {
    const own = memory();
    const expected = new Uint8Array(64);
    expect(own.nextDifference(64, expected)).toBe(64);
    for (const at of [6, 63, 7]) {
      own.store8(64 + at, 1);
      expect(own.nextDifference(64, expected)).toBe(at);
      expected[at] = 1;
    }
    own.store8(63, 1);
    own.store8(128, 1);
    expect(own.nextDifference(64, expected)).toBe(64);
  });

  test('knows how far it was stored to', () => {
    const stores: readonly ((own: PhysicalMemory) => void)[] = [
      (own) => own.store8(17, 1),
      (own) => own.store16(16, 1),
      (own) => own.store32(16, 1),
      (own) => own.store64(16, 1),
      (own) => own.storeDouble(16, 1),
      (own) => own.copy(16, 100, 8),
    ];
    for (const store of stores) {
      const own = memory();
      expect(own.storedEnd).toBe(0);
      store(own);
      expect(own.storedEnd).toBeGreaterThanOrEqual(24);
      expect(own.storedEnd).toBeLessThanOrEqual(32);
      own.store8(200, 1);
      const { storedEnd } = own;
      store(own);
      expect(own.storedEnd).toBe(storedEnd);
    }
  });

  test('has a million frames at the most', () => {
    expect(new PhysicalMemory({ framesCount: 2 ** 20, frameSize: 64 }).framesCount).toBe(2 ** 20);
  });

  test.each([
    [0, 64],
    [2 ** 20 + 1, 64],
    [2 ** 20, 4096],
  ])('has no room for %i frames of %i bytes', (framesCount, frameSize) => {
    expect(() => new PhysicalMemory({ frameSize, framesCount })).toThrow(KitBug);
  });
});
