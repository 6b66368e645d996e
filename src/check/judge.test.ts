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

/** A toy on which this many requests for memory were refused. */
const wasRefused =
  (refusedCount: number): Override =>
  (toy) => ({
    ...zero('block', 'refuses')(toy),
    refusals: { refusedCount, refuse: () => undefined },
  });

test('a request of 0 bytes lacks room, perhaps, only where memory was refused', () => {
  const [law, program] = ['zero-size-keeps-promise', 'b0 = malloc 0'];
  expect(asked(law, program, wasRefused(0))).toEqual([1, true]);
  expect(asked(law, program, wasRefused(1))).toEqual([0, false]);
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

test('alignment is kept where that is promised, by blocks that were asked for with one', () => {
  const law = 'realloc-keeps-alignment';
  const [plain, aligned] = ['b0 = malloc 8', 'b0 = aligned 256 8'].map(
    (first) => `${first}; b0 = realloc b0 40`,
  );
  expect(asked(law, plain!)).toEqual([0, false]);
  expect(asked(law, aligned!)).toEqual([1, false]);
  expect(asked(law, aligned!, () => ({ promises: {} }))).toEqual([0, false]);
});

test('usable sizes are compared where they are told, of live blocks of some bytes without an alignment', () => {
  const law = 'usable-size-grows';
  const counts = [
    'b0 = malloc 24',
    'b0 = malloc 24; b1 = malloc 8',
    'b0 = malloc 24; free b0; b1 = malloc 8',
    'b0 = malloc 24; b1 = aligned 64 8',
    'b0 = aligned 64 8; b1 = malloc 24',
    'b0 = malloc 24; b1 = malloc 0',
    'b0 = malloc 0; b1 = malloc 24',
  ].map((program) => asked(law, program)[0]);
  // Each new block is compared with itself as well.
  expect(counts).toEqual([1, 3, 2, 1, 1, 1, 1]);
  expect(asked(law, 'b0 = malloc 24', () => ({ usableSize: undefined }))).toEqual([0, false]);
  expect(asked(law, 'b0 = malloc 24', () => ({ promises: {} }))).toEqual([0, false]);
});

test('memory looks ahead where nobody is asked for usable sizes in between', () => {
  const told: number[] = [];
  const payloads = {
    fill: () => undefined,
    damage: () => -1,
    firstNonZero: () => -1,
    lookAhead: (live: readonly unknown[]) => told.push(live.length),
  };
  const looks: Override = (toy) => ({ memory: { ...toy.memory!, payloads } });
  const [law, program] = ['calls-return', 'b0 = malloc 8; b1 = malloc 8'];
  expect(asked(law, program, looks)).toEqual([2, false]);
  expect(told).toEqual([]);
  const silent: Override = (toy) => ({ ...looks(toy), usableSize: undefined });
  expect(asked(law, program, silent)).toEqual([2, false]);
  expect(told).toEqual([2, 0]);
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
