/** Which moments a law is asked of, where a target promises or offers just enough for it, or too little. */
import { describe, expect, test } from 'vitest';
import { Runner } from './runner.ts';
import { type Override, ops, toyTarget } from './toy-target.test-helper.ts';

/** How often a law is asked in one program, and whether it is broken. */
function asked(law: string, program: string, override?: Override): readonly [number, boolean] {
  const runner = new Runner(toyTarget(override));
  const finding = runner.run(ops(program));
  expect([undefined, law]).toContain(finding?.law);
  return [runner.asked.get(law)!, finding !== undefined];
}

/** A toy that refuses, or grants, requests of 0 bytes, and promises one of both. */
const zero =
  (promise: 'block' | 'null' | 'either', answer: 'refuses' | 'grants'): Override =>
  (toy) => ({
    promises: { zeroSize: promise },
    malloc: (size) => (size === 0 && answer === 'refuses' ? null : toy.malloc(size)),
    calloc: (count, size) => (count === 0 && answer === 'refuses' ? null : toy.calloc(count, size)),
  });

/** Scribbles over the second block of 40 bytes when 5 are asked for. */
const writes: Override = (toy) => ({
  malloc(size) {
    if (size === 5) toy.memory!.storeByte(0x1030, toy.memory!.loadByte(0x1030) ^ 1);
    return toy.malloc(size);
  },
});

describe('a request of 0 bytes', () => {
  const [alone, second, counted] = [
    'b0 = malloc 0',
    'b0 = malloc 8; b1 = malloc 0',
    'b0 = calloc 0 8',
  ];

  test.each([
    ['block', 'grants', alone, 1, false],
    ['block', 'grants', second, 1, false],
    ['block', 'grants', counted, 1, false],
    ['block', 'refuses', alone, 1, true],
    // For want of room, perhaps.
    ['block', 'refuses', second, 0, false],
    ['block', 'refuses', counted, 0, false],
    ['null', 'refuses', alone, 1, false],
    ['null', 'refuses', second, 1, false],
    ['null', 'refuses', counted, 1, false],
    ['null', 'grants', second, 1, true],
    ['either', 'grants', alone, 0, false],
    ['either', 'refuses', alone, 0, false],
  ] as const)(
    'where %s is promised, of a heap that %s it: %s',
    (promise, answer, program, count, isBroken) => {
      const law = 'zero-size-keeps-promise';
      expect(asked(law, program, zero(promise, answer))).toEqual([count, isBroken]);
    },
  );
});

/** Memory of which nothing goes back. */
const keeps: Override = () => ({ footprint: () => 8192 });

describe('the memory of a big block', () => {
  test.each([
    ['b0 = malloc 4095; free b0', keeps, 0, false],
    ['b0 = malloc 4096; free b0', keeps, 1, true],
    ['b0 = malloc 5000; free b0', () => ({ footprint: undefined }), 0, false],
  ] satisfies [string, Override, number, boolean][])(
    'is owed to the system: %s',
    (program, override, count, isBroken) => {
      expect(asked('big-blocks-go-back', program, override)).toEqual([count, isBroken]);
    },
  );
});

test('slack is asked of who promises a bound', () => {
  const program = 'b0 = malloc 24';
  expect(asked('slack-is-bounded', program)).toEqual([1, false]);
  expect(asked('slack-is-bounded', program, () => ({ promises: {} }))).toEqual([0, false]);
});

test('usable sizes are asked of who tells them, when a block is made and at the end', () => {
  const program = 'b0 = malloc 24';
  expect(asked('usable-size-stays', program)).toEqual([1, false]);
  expect(asked('usable-size-stays', program, () => ({ usableSize: undefined }))).toEqual([
    0,
    false,
  ]);
});

test('a look at everything sees the second block too', () => {
  const runner = new Runner(toyTarget(writes), { checkEvery: 1 });
  expect(runner.run(ops('b0 = malloc 40; b1 = malloc 40; b2 = malloc 5; free null'))).toMatchObject(
    {
      law: 'contents-survive',
      step: 2,
      observed: 'b1 has changed at offset 0',
    },
  );
});
