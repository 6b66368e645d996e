import { expect, test } from 'vitest';
import { inPieces } from './guards.ts';
import { Runner } from './runner.ts';
import { ops, toyTarget } from './toy-target.test-helper.ts';

test('a reset fills the guards anew', () => {
  const toy = toyTarget((whole) => ({
    reset() {
      whole.memory!.storeByte(0x0fc9, 0);
      whole.reset();
    },
  }));
  const runner = new Runner(toy);
  expect([runner.run(ops('b0 = malloc 8')), runner.run(ops('b0 = malloc 8'))]).toEqual([
    undefined,
    undefined,
  ]);
  expect(runner.asked.get('guards-stay-untouched')).toBeGreaterThan(1);
});

test('a large guard is cut into pieces of 128 bytes, and what is left over', () => {
  expect(
    inPieces([
      { start: 64, end: 128 },
      { start: 1000, end: 1300 },
    ]),
  ).toEqual([
    { start: 64, end: 128 },
    { start: 1000, end: 1128 },
    { start: 1128, end: 1256 },
    { start: 1256, end: 1300 },
  ]);
});

test('a guard may begin at address 0', () => {
  const toy = toyTarget((whole) => ({
    guards: [{ start: 0, end: 64 }],
    malloc(size) {
      whole.memory!.storeByte(0, 1 ^ whole.memory!.loadByte(0));
      return whole.malloc(size);
    },
  }));
  expect(new Runner(toy).run(ops('b0 = malloc 8'))?.observed).toBe(
    'the bytes at 0x0000_0000 have changed',
  );
});

test('guards are not asked of a target that has none', () => {
  const runner = new Runner(toyTarget(() => ({ guards: undefined })));
  expect(runner.run(ops('b0 = malloc 8'))).toBeUndefined();
  expect(runner.asked.get('guards-stay-untouched')).toBe(0);
});

test('each byte of a large guard is watched', () => {
  const start = 0x0c00;
  for (const at of [0x0c00, 0x0d57, 0x0e80, 0x0fff]) {
    const toy = toyTarget((whole) => ({
      guards: [{ start, end: 0x1000 }],
      malloc(size) {
        whole.memory!.storeByte(at, 1 ^ whole.memory!.loadByte(at));
        return whole.malloc(size);
      },
    }));
    expect(new Runner(toy).run(ops('b0 = malloc 8'))?.law).toBe('guards-stay-untouched');
  }
});

test('guards are not asked of a target without memory', () => {
  const runner = new Runner(toyTarget(() => ({ memory: undefined })));
  expect(runner.run(ops('b0 = malloc 8'))).toBeUndefined();
  expect(runner.asked.get('guards-stay-untouched')).toBe(0);
});
