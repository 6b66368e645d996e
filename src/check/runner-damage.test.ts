/** The runner on targets that are broken: when it finds out, how it survives a crash, and that nothing of it is left. */
import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { UsageError } from '../base/usage-error.ts';
import type { Op } from '../program/op.ts';
import { Runner } from './runner.ts';
import { type Override, ops, toyTarget } from './toy-target.test-helper.ts';

/** Scribbles over the first block when 5 bytes are asked for. */
const damages: Override = (toy) => ({
  malloc(size) {
    if (size === 5) toy.memory!.storeByte(0x1000, 0);
    return toy.malloc(size);
  },
});

/** Throws when the first block is freed. */
const crashes =
  (thrown: unknown): Override =>
  (toy) => ({
    free(address) {
      if (address === 0x1000) throw thrown;
      return toy.free(address);
    },
  });

/** A heap that cannot be read. */
const breaks: Override = () => ({
  invariants: {
    rules: [],
    read: () => {
      throw new Error('a ring');
    },
  },
});

/** A program whose maker fails after its first op. */
function* broken(): Iterable<Op> {
  yield* ops('b0 = malloc 8');
  throw new Error('not the target');
}

/** Runs programs in turn. @returns How many targets were made, and how many resets there were. */
function heaps(
  override: Override,
  ...programs: readonly string[]
): { made: number; resets: number } {
  const counts = { made: 0, resets: 0 };
  const runner = new Runner(() => {
    counts.made += 1;
    const target = toyTarget(override)();
    if (target.reset === undefined) return target;
    const reset = (): void => {
      counts.resets += 1;
      target.reset!();
    };
    return { ...target, reset };
  });
  for (const program of programs) runner.run(ops(program));
  return counts;
}

/** Answers 5 bytes with garbage. */
const refuses5: Override = (toy) => ({ malloc: (size) => (size === 5 ? NaN : toy.malloc(size)) });

/** Breaks the toy's invariant when 5 bytes are asked for. */
const breaksInvariant: Override = (toy) => {
  let isBroken = false;
  const rule = { ...toy.invariants!.rules[0]!, check: () => (isBroken ? 'it is 5' : undefined) };
  return {
    invariants: { rules: [rule], read: () => undefined },
    malloc(size) {
      isBroken ||= size === 5;
      return toy.malloc(size);
    },
  };
};

describe('what walks everything', () => {
  const program = ops('b0 = malloc 8; b1 = malloc 5; b2 = malloc 8; b3 = malloc 8');

  test.each([
    [1, 1, 'malloc'],
    [2, 1, 'malloc'],
    [3, 2, 'malloc'],
    [64, 4, 'end'],
  ])('every %d ops finds a broken invariant at step %d', (checkEvery, step, op) => {
    const finding = new Runner(toyTarget(breaksInvariant), { checkEvery }).run(program);
    expect(finding).toEqual({
      law: 'toy-is-well',
      target: 'toy',
      step,
      op,
      observed: 'it is 5',
      expected: 'The toy has no complaint.',
    });
  });

  test.each([
    [1, 4, 'end'],
    [2, 1, 'malloc'],
    [3, 1, 'malloc'],
  ])('after each of the first %d ops finds it at step %d', (checkFirst, step, op) => {
    const finding = new Runner(toyTarget(breaksInvariant), { checkFirst }).run(program);
    expect(finding).toMatchObject({ law: 'toy-is-well', step, op });
  });

  test('finds damage in a block that nobody touches', () => {
    const finding = new Runner(toyTarget(damages), { checkEvery: 1 }).run(program);
    expect(finding).toMatchObject({ law: 'contents-survive', step: 1 });
  });

  test('skips slots that hold nothing', () => {
    const runner = new Runner(toyTarget(), { checkEvery: 1 });
    expect(runner.run(ops('b0 = malloc 8; b1 = malloc 8; free b0'))).toBeUndefined();
    expect(runner.counts.ops).toBe(3);
  });
});

describe('a crash', () => {
  test.each<[unknown, string]>([
    [new RangeError('out of bounds'), 'RangeError: out of bounds'],
    [new Error('one\ntwo'), 'Error: one'],
    ['a string', 'a string'],
    [undefined, 'undefined'],
  ])('by %o is told in one line', (thrown, said) => {
    const finding = new Runner(toyTarget(crashes(thrown))).run(ops('b0 = malloc 8; free b0'));
    expect(finding).toMatchObject({
      law: 'calls-return',
      step: 1,
      observed: `free(b0) threw ${said}`,
    });
  });

  test('while the rest is freed is a finding at the end', () => {
    const finding = new Runner(toyTarget(crashes('no'))).run(ops('b0 = malloc 8'));
    expect(finding).toMatchObject({
      step: 1,
      op: 'end',
      observed: 'freeing what was live, or reset, threw no',
    });
  });

  test('is recorded once, without a look at the blocks', () => {
    const runner = new Runner(toyTarget(crashes('no')), { record: 'blocks' });
    runner.run(ops('b0 = malloc 8; free b0'));
    expect(runner.trace.map(({ outcome }) => outcome.kind)).toEqual(['granted', 'crashed']);
    expect(runner.trace[1]!.blocks).toBeUndefined();
  });

  test('in an invariant takes the place of what became of the op', () => {
    const runner = new Runner(toyTarget(breaks), { record: 'outcomes', checkEvery: 1 });
    const finding = runner.run(ops('b0 = malloc 8'));
    expect(finding).toMatchObject({ law: 'calls-return', step: 0, op: 'malloc' });
    expect(runner.trace.map(({ outcome }) => outcome.kind)).toEqual(['crashed']);
  });

  test('of whoever makes the program is not a finding', () => {
    expect(() => new Runner(toyTarget()).run(broken())).toThrow('not the target');
  });
});

function refuses(): never {
  throw new UsageError('reset throws; leave it out');
}

describe('a program starts on a fresh heap', () => {
  const three = ['b0 = malloc 8', 'b0 = malloc 8', 'b0 = malloc 8'] as const;
  test('by reset, where there is one', () => {
    expect(heaps(() => ({}), ...three)).toEqual({ made: 1, resets: 3 });
  });

  test('on a new target, where there is none', () => {
    expect(heaps(() => ({ reset: undefined }), ...three)).toEqual({ made: 3, resets: 0 });
  });

  test('on a new target after a finding, whatever reset would do', () => {
    expect(heaps(refuses5, 'b0 = malloc 5', 'b0 = malloc 8')).toEqual({ made: 2, resets: 1 });
  });

  test("that a target says itself it cannot make is its maker's matter", () => {
    const runner = new Runner(toyTarget(() => ({ reset: refuses })));
    expect(() => runner.run(ops('b0 = malloc 8'))).toThrow(UsageError);
  });

  test('that its reset cannot make is a finding of the program that went before', () => {
    let frees = 0;
    const runner = new Runner(
      toyTarget((toy) => ({
        free(address) {
          frees += 1;
          return toy.free(address);
        },
        reset() {
          if (frees > 2) throw new KitBug('a page is unmapped twice');
          toy.reset();
        },
      })),
    );
    expect(runner.run(ops('b0 = malloc 8'))).toBeUndefined();
    expect(runner.run(ops('b0 = malloc 8'))).toMatchObject({
      law: 'calls-return',
      op: 'end',
      observed: expect.stringMatching(/^freeing what was live, or reset, threw KitBug: a page/),
    });
    frees = 0;
    expect(runner.run(ops('b0 = malloc 8'))).toBeUndefined();
  });

  test('so that what was live before is forgotten', () => {
    const runner = new Runner(toyTarget(refuses5), { record: 'outcomes' });
    expect(runner.run(ops('b0 = malloc 24; b1 = malloc 5'))).toMatchObject({ law: 'calls-return' });
    expect(runner.run(ops('b0 = malloc 24; b1 = malloc 24'))).toBeUndefined();
    expect(runner.trace.map(({ outcome }) => outcome.kind)).toEqual(['granted', 'granted']);
  });
});

/** Refuses what is not live, and writes into the block behind it. */
const harms: Override = (toy) => ({
  free(address) {
    const isTaken = toy.free(address);
    if (isTaken === false) toy.memory!.storeByte(0x1025, 0);
    return isTaken;
  },
});

describe('misuse that is refused, but harms another block, breaks contents-survive there', () => {
  test.each([
    'b0 = malloc 24; b1 = malloc 24; free b0; double-free b0',
    'b0 = malloc 24; b1 = malloc 24; free-inside b0 8',
    'b0 = malloc 24; b1 = malloc 24; free-inside b0 7',
  ])('%s', (text) => {
    const program = ops(text);
    const runner = new Runner(toyTarget(harms), { checkEvery: 1 });
    expect(runner.run(program)).toMatchObject({
      law: 'contents-survive',
      step: program.length - 1,
      op: program.at(-1)!.kind,
      observed: 'b1 has changed at offset 0',
    });
    expect(new Runner(toyTarget(), { checkEvery: 1 }).run(program)).toBeUndefined();
  });
});
