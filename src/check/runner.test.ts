import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import type { Op } from '../program/op.ts';
import { LAWS } from './law.ts';
import { Runner, type RunnerOptions } from './runner.ts';
import { type Override, ops, toyTarget, untyped } from './toy-target.test-helper.ts';

/** Runs one program on a toy that keeps what became of each op. */
function run(program: string, override?: Override, options?: RunnerOptions): Runner {
  const runner = new Runner(toyTarget(override), { record: 'outcomes', ...options });
  expect(runner.run(ops(program))).toBeUndefined();
  return runner;
}

/** What became of each op, one word each; a granted block as its address. */
function outcomes(program: string, override?: Override): string {
  const { trace } = run(program, override);
  return trace
    .map(({ outcome }) =>
      outcome.kind === 'granted' ? outcome.address.toString(16) : outcome.kind,
    )
    .join(', ');
}

/** A target of `malloc` and `free` alone, which promises nothing and has no memory. */
const BARE: Override = () => ({
  promises: {},
  calloc: undefined,
  realloc: undefined,
  aligned: undefined,
  usableSize: undefined,
  memory: undefined,
  bounds: undefined,
  footprint: undefined,
  walk: undefined,
  invariants: undefined,
  events: undefined,
  reset: undefined,
});

/** Frees a block that is reallocated to 0 bytes. */
const frees: Override = (toy) => ({
  promises: { reallocZero: 'frees' },
  realloc: (address, size) => {
    if (size !== 0) return toy.realloc(address, size);
    toy.free(address);
    return null;
  },
});

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

describe('an op', () => {
  test.each([
    ['b0 = malloc 24; b1 = calloc 2 8; b2 = aligned 64 8', '1000, 1020, 1040'],
    ['b0 = malloc 24; free b0; free null', '1000, freed, freed'],
    ['b0 = malloc 24; b0 = realloc b0 40', '1000, 1020'],
    ['b0 = malloc 24; b1 = realloc b0 40; free b1', '1000, 1020, freed'],
    ['b0 = realloc null 24; b0 = realloc b0 0', '1000, 1020'],
    ['b0 = malloc 99999; b1 = calloc 18446744073709551615 2', 'refused, refused'],
    ['b0 = malloc 8; b0 = realloc b0 99999; free b0', '1000, refused, freed'],
    ['b0 = malloc 18446744073709551615', 'refused'],
    ['b0 = malloc 8; free b0; double-free b0', '1000, freed, freed'],
    ['b0 = malloc 8; free-inside b0 7', '1000, freed'],
  ])('is sent: %s', (program, expected) => {
    expect(outcomes(program)).toBe(expected);
  });

  test.each([
    ['b0 = malloc 8; b0 = malloc 8', 'on a live slot'],
    ['b0 = malloc 8; b0 = realloc null 8', 'on a live slot'],
    ['b1 = malloc 8; b0 = realloc b2 8', 'on an empty source'],
    ['b0 = malloc 8; b1 = malloc 8; b0 = realloc b1 8', 'on a live slot that is not its source'],
    ['b0 = malloc 8; free b1', 'on an empty slot'],
    ['b0 = malloc 8; double-free b0', 'on a slot that was never freed'],
    ['b0 = malloc 8; double-free b7', 'on a slot that never was'],
    ['b0 = malloc 8; free b0; b1 = malloc 8; double-free b0', 'where a live block lies again'],
    ['b0 = malloc 8; free-inside b0 8', 'past the end of a block'],
    ['b0 = malloc 8; free-inside b1 4', 'inside of an empty slot'],
  ])('does nothing: %s, %s', (program) => {
    const runner = run(program);
    expect(runner.trace.at(-1)!.outcome).toEqual({ kind: 'skipped' });
    expect(runner.counts.skipped).toBe(1);
  });

  test.each<[string, Override]>([
    ['b0 = calloc 3 8', () => ({ calloc: undefined })],
    ['b0 = aligned 64 8', () => ({ aligned: undefined })],
    ['b0 = realloc null 8', () => ({ realloc: undefined })],
    ['b0 = malloc 8; b0 = realloc b0 8', () => ({ realloc: undefined })],
    ['b0 = malloc 8; b0 = realloc b0 0', () => ({ promises: {} })],
    ['b0 = malloc 8; free b0; double-free b0', () => ({ promises: {} })],
    ['b0 = malloc 8; free-inside b0 4', () => ({ promises: {} })],
    ['b0 = malloc 9007199254740992', () => ({ promises: {} })],
    ['b0 = malloc 256', () => ({ promises: { sizeMax: 255 } })],
    ['b0 = calloc 256 1', () => ({ promises: { sizeMax: 255 } })],
    ['b0 = calloc 1 256', () => ({ promises: { sizeMax: 255 } })],
    ['b0 = malloc 8; b0 = realloc b0 256', () => ({ promises: { sizeMax: 255 } })],
  ])('is not asked of a target that lacks what it needs: %s', (program, override) => {
    const runner = run(program, override);
    expect(runner.trace.at(-1)!.outcome).toEqual({ kind: 'not asked' });
    expect(runner.counts.notAsked).toBe(1);
  });

  test('of 0 bytes is asked of realloc(null) without any promise', () => {
    expect(outcomes('b0 = realloc null 0', () => ({ promises: {} }))).toBe('1000');
  });

  test('that reallocs to 0 bytes frees the block where that is promised', () => {
    expect(outcomes('b0 = malloc 8; b1 = realloc b0 0; free b0', frees)).toBe(
      '1000, freed, skipped',
    );
  });

  test('that reallocs to 0 bytes may be refused, and the block stays', () => {
    const program = 'b0 = malloc 8; b0 = realloc b0 0; free b0';
    expect(outcomes(program, () => ({ realloc: () => null }))).toBe('1000, refused, freed');
  });

  test('of no kind is a bug of ours, not a finding', () => {
    const runner = new Runner(toyTarget());
    expect(() => runner.run(untyped([{ kind: 'trim' }]))).toThrow(KitBug);
  });
});

test('what becomes of ops is counted over all programs', () => {
  const runner = new Runner(toyTarget());
  runner.run(ops('b0 = malloc 8; b0 = malloc 8; b1 = malloc 99999'));
  runner.run(ops('free b0'));
  expect(runner.counts).toEqual({ programs: 2, ops: 4, skipped: 2, notAsked: 0, refused: 1 });
});

describe('a law', () => {
  const every = 'b0 = malloc 24; b1 = malloc 0; b2 = malloc 99999; free b0; free null';

  test('that needs what a target lacks is not asked', () => {
    const asked = [...run(every, BARE).asked].filter(([, count]) => count > 0);
    expect(asked.map(([name]) => name)).toEqual([
      'calls-return',
      'blocks-stay-apart',
      'impossible-request-is-refused',
      'free-accepts-its-blocks',
    ]);
  });

  test('about contents is not asked of a target without memory', () => {
    const { asked } = run(every, () => ({ memory: undefined }));
    expect(asked.get('contents-survive')).toBe(0);
    expect(asked.get('malloc-aligns')).toBe(2);
  });

  test('about contents is not asked of a realloc or calloc without memory', () => {
    const program = 'b0 = calloc 3 8; b0 = realloc b0 40; b0 = realloc b0 99999';
    const { asked } = run(program, () => ({ memory: undefined }));
    expect(asked.get('calloc-zeroes')).toBe(0);
    expect(asked.get('realloc-keeps-prefix')).toBe(0);
    expect(asked.get('contents-survive')).toBe(0);
  });

  test('is counted once a question, and every law is listed', () => {
    const { asked } = run('b0 = malloc 24; b1 = malloc 24');
    expect([...asked.keys()]).toEqual([...LAWS.map(({ name }) => name), 'toy-is-well']);
    expect(asked.get('malloc-aligns')).toBe(2);
    expect(asked.get('toy-is-well')).toBe(2);
  });

  test('about slack spares big blocks, which are whole pages', () => {
    const { asked } = run('b0 = malloc 4095; b1 = malloc 4096');
    expect(asked.get('slack-is-bounded')).toBe(1);
    expect(
      run('b0 = malloc 4096', () => ({ promises: { slack: 16 } })).asked.get('slack-is-bounded'),
    ).toBe(1);
  });

  test('about sizes does not ask what a block of 0 bytes can hold', () => {
    const { asked } = run('b0 = malloc 0');
    expect(asked.get('usable-size-covers-request')).toBe(0);
    expect(asked.get('usable-size-stays')).toBe(0);
  });

  test('about recovery counts no growth of a heap that never grew', () => {
    let size = 0;
    const grows: Override = (toy) => ({
      footprint: () => size,
      malloc: (wanted) => {
        size += 4096;
        return toy.malloc(wanted);
      },
    });
    expect(run('free null', grows).asked.get('freed-space-returns')).toBe(1);
  });

  test('about recovery is not broken by a free of what was never had', () => {
    let freed: unknown = 'nothing';
    const refuses: Override = (toy) => ({
      malloc: () => null,
      free: (address) => {
        freed = address;
        return toy.free(address);
      },
    });
    expect(new Runner(toyTarget(refuses)).run([])?.law).toBe('freed-space-returns');
    expect(freed).toBe('nothing');
  });
});

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

  test('finds damage in a block that nobody touches', () => {
    const finding = new Runner(toyTarget(damages), { checkEvery: 1 }).run(program);
    expect(finding).toMatchObject({ law: 'contents-survive', step: 1 });
  });

  test('skips slots that hold nothing', () => {
    expect(
      run('b0 = malloc 8; b1 = malloc 8; free b0', undefined, { checkEvery: 1 }).counts.ops,
    ).toBe(3);
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
      observed: 'freeing what was live threw no',
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

describe('a record', () => {
  const program = 'b0 = malloc 24; free b0';

  test('of nothing is empty', () => {
    expect(run(program, undefined, { record: 'nothing' }).trace).toEqual([]);
    const runner = new Runner(toyTarget(() => ({ malloc: () => NaN })));
    runner.run(ops(program));
    expect(runner.trace).toEqual([]);
  });

  test('of outcomes has address and size of each block', () => {
    expect(run(program).trace).toEqual([
      { op: ops(program)[0], step: 0, outcome: { kind: 'granted', address: 0x1000, size: 24 } },
      { op: ops(program)[1], step: 1, outcome: { kind: 'freed' } },
    ]);
  });

  test('of blocks has the target’s own view after each op', () => {
    const { trace } = run(program, undefined, { record: 'blocks' });
    expect(trace.map(({ blocks }) => blocks)).toEqual([
      [{ start: 0x1000, end: 0x1020, state: 'used' }],
      [],
    ]);
    const without = run(program, () => ({ walk: undefined }), { record: 'blocks' });
    expect(without.trace[0]!.blocks).toBeUndefined();
  });

  test('starts anew with each program', () => {
    const runner = run('b0 = malloc 24; b1 = malloc 24');
    runner.run(ops('free null'));
    expect(runner.trace).toHaveLength(1);
  });
});

describe('a program starts on a fresh heap', () => {
  const three = ['b0 = malloc 8', 'b0 = malloc 8', 'b0 = malloc 8'] as const;
  test('by reset, where there is one', () => {
    expect(heaps(() => ({}), ...three)).toEqual({ made: 1, resets: 2 });
  });

  test('on a new target, where there is none', () => {
    expect(heaps(() => ({ reset: undefined }), ...three)).toEqual({ made: 3, resets: 0 });
  });

  test('on a new target after a finding, whatever reset would do', () => {
    expect(heaps(refuses5, 'b0 = malloc 5', 'b0 = malloc 8')).toEqual({ made: 2, resets: 0 });
  });

  test('so that what was live before is forgotten', () => {
    const runner = new Runner(toyTarget(refuses5), { record: 'outcomes' });
    expect(runner.run(ops('b0 = malloc 24; b1 = malloc 5'))).toMatchObject({ law: 'calls-return' });
    expect(runner.run(ops('b0 = malloc 24; b1 = malloc 24'))).toBeUndefined();
    expect(runner.trace.map(({ outcome }) => outcome.kind)).toEqual(['granted', 'granted']);
  });
});

test('events of all targets are added up', () => {
  const runner = new Runner(toyTarget(() => ({ reset: undefined })));
  runner.run(ops('b0 = malloc 8; b1 = malloc 8'));
  runner.run(ops('b0 = malloc 8'));
  // Each run asks for one more block at its end, to see if the memory is to be had again.
  expect([...runner.events]).toEqual([['mallocs', 2 + 1 + 1 + 1]]);
  expect([...new Runner(toyTarget(BARE)).events]).toEqual([]);
});

test('where a run is can be read from outside: its step and op, and at the end its length and no op', () => {
  const seen: unknown[] = [];
  const looks: Override = (toy) => ({
    free: (address) => {
      seen.push({ ...runner.at });
      return toy.free(address);
    },
  });
  const runner = new Runner(toyTarget(looks));
  const program = ops('b0 = malloc 8; b1 = malloc 8; free b0');
  runner.run(program);
  expect(seen.slice(0, 2)).toEqual([
    { step: 2, op: program[2] },
    { step: 3, op: undefined },
  ]);
  expect(runner.target.name).toBe('toy');
});

test('an observer is told what became of each op before the next one is asked for, and nothing is recorded', () => {
  const told: string[] = [];
  const runner = new Runner(toyTarget(), {
    observe: (op, outcome) => told.push(`${op.kind} ${outcome.kind}`),
  });
  function* program(): Generator<Op> {
    yield { kind: 'malloc', slot: 0, size: 5 };
    expect(told).toEqual(['malloc granted']);
    yield { kind: 'free', slot: 1 };
    yield { kind: 'free', slot: 0 };
  }
  expect(runner.run(program())).toBeUndefined();
  expect(told).toEqual(['malloc granted', 'free skipped', 'free freed']);
  expect(runner.trace).toEqual([]);
});
