import { describe, expect, test } from 'vitest';
import { fillPayload, firstNonZero, payloadDamage } from './payload.ts';
import type { Memory } from './target.ts';

const SIZE_MAX = 16_384;

function makeMemory(): Memory {
  const view = new DataView(new ArrayBuffer(SIZE_MAX + 64));
  return {
    loadDouble: (address) => view.getFloat64(address, true),
    storeDouble: (address, value) => view.setFloat64(address, value, true),
    loadByte: (address) => view.getUint8(address),
    storeByte: (address, byte) => view.setUint8(address, byte),
  };
}

/** Fills a payload, flips one byte of it, and tells where damage is seen. */
function damageAfter(size: number, flipped: number, keptSize = size): number {
  const memory = makeMemory();
  fillPayload(memory, 16, size, 3);
  memory.storeByte(16 + flipped, memory.loadByte(16 + flipped) ^ 0x40);
  return payloadDamage(memory, 16, size, keptSize, 3);
}

const SIZES = [
  0,
  1,
  7,
  8,
  9,
  63,
  64,
  65,
  72,
  79,
  127,
  128,
  129,
  135,
  136,
  143,
  200,
  1000,
  4096,
  4099,
  4104,
  SIZE_MAX,
];

describe('a payload', () => {
  test.each(SIZES)('of %d bytes is as it was filled', (size) => {
    const memory = makeMemory();
    fillPayload(memory, 16, size, 3);
    expect(payloadDamage(memory, 16, size, size, 3)).toBe(-1);
    expect(memory.loadByte(16 + size)).toBe(0);
  });

  test.each([
    [1, 0, 0],
    [7, 6, 6],
    [9, 7, 0],
    [9, 8, 8],
    [64, 0, 0],
    [64, 32, 32],
    [64, 63, 56],
    [63, 62, 62],
    [128, 24, 24],
    [1000, 0, 0],
    [1000, 15, 8],
    [1000, 999, 992],
    [1003, 1002, 1002],
    [1016, 1000, 1000],
    [1016, 1008, 1008],
    [4096, 4080, 4080],
    [4096, 4095, 4088],
  ])('of %d bytes with byte %d flipped differs at %d', (size, flipped, offset) => {
    expect(damageAfter(size, flipped)).toBe(offset);
  });

  test('that is long is looked at in each of its quarters', () => {
    const seen = Array.from({ length: 512 }, (_, word) => damageAfter(4096, word * 8));
    const quarters = seen.filter((at) => at >= 0).map((at) => Math.floor(at / 1024));
    expect([...new Set(quarters)]).toEqual([0, 1, 2, 3]);
    expect(quarters.length).toBeLessThan(64);
  });

  test.each([
    [64, 40, 39, 32],
    [64, 40, 40, -1],
    [64, 41, 40, 40],
    [1000, 16, 15, 8],
    [1000, 8, 8, -1],
    [1000, 999, 999, -1],
    [1000, 21, 999, -1],
  ])(
    'of %d bytes of which %d are kept, byte %d flipped, differs at %d',
    (size, kept, flipped, at) => {
      expect(damageAfter(size, flipped, kept)).toBe(at);
    },
  );

  test('of another block is told apart', () => {
    const memory = makeMemory();
    fillPayload(memory, 16, 64, 3);
    expect(payloadDamage(memory, 16, 64, 64, 4)).toBe(0);
  });

  test('that was moved by a word is told apart', () => {
    const memory = makeMemory();
    fillPayload(memory, 16, 64, 3);
    expect(payloadDamage(memory, 24, 56, 56, 3)).toBe(0);
  });
});

describe('the first byte that is not zero', () => {
  test.each(SIZES)('is not there in %d zero bytes', (size) => {
    const memory = makeMemory();
    memory.storeByte(15, 1);
    memory.storeByte(16 + size, 1);
    expect(firstNonZero(memory, 16, size)).toBe(-1);
  });

  test.each([
    [1, 0, 0],
    [16, 15, 8],
    [17, 16, 16],
    [4096, 2051, 2048],
    [4096, 4095, 4088],
    [SIZE_MAX, 100, 96],
    [SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 8],
    [SIZE_MAX - 1, SIZE_MAX - 2, SIZE_MAX - 2],
  ])('of %d bytes with byte %d set is seen at %d', (size, set, offset) => {
    const memory = makeMemory();
    memory.storeByte(16 + set, 1);
    expect(firstNonZero(memory, 16, size)).toBe(offset);
  });

  test('may be the sign of a zero', () => {
    const memory = makeMemory();
    memory.storeDouble(24, -0);
    expect(firstNonZero(memory, 16, 64)).toBe(8);
  });
});

test('memory that handles whole payloads is asked for nothing smaller', () => {
  const asked: unknown[][] = [];
  const note =
    (answer: number) =>
    (...call: unknown[]): number => {
      asked.push(call);
      return answer;
    };
  const payloads = { fill: note(0), damage: note(5), firstNonZero: note(-1) };
  const memory = { payloads } as unknown as Memory;
  fillPayload(memory, 16, 100, 3);
  expect(payloadDamage(memory, 16, 100, 40, 3)).toBe(5);
  expect(firstNonZero(memory, 16, 100)).toBe(-1);
  expect(asked).toEqual([
    [16, 100, 3],
    [16, 100, 40, 3],
    [16, 100],
  ]);
});
