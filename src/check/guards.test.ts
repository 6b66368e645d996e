import { expect, test } from 'vitest';
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
