import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import type { Op } from '../program/op.ts';
import { LAWS } from './law.ts';
import { Runner, type RunnerOptions } from './runner.ts';
import { type Override, ops, TOY_END, toyTarget, untyped } from './toy-target.test-helper.ts';

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
    const bug = new KitBug('an op is of a kind that there is');
    expect(() => runner.run(untyped([{ kind: 'trim' }]))).toThrow(bug);
  });
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

  test('is counted over all targets', () => {
    const runner = new Runner(toyTarget(() => ({ reset: undefined })));
    for (let count = 0; count < 2; count += 1) runner.run(ops('b0 = malloc 24'));
    expect([runner.asked.get('malloc-aligns'), runner.asked.get('toy-is-well')]).toEqual([2, 4]);
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

test('laws alone are asked of a target without invariants', () => {
  const runner = new Runner(toyTarget(() => ({ invariants: undefined })));
  expect(runner.run(ops('b0 = malloc 8'))).toBeUndefined();
  expect([...runner.asked.keys()]).toEqual(LAWS.map(({ name }) => name));
});

describe('a record', () => {
  test('is not made of a crash either, unless it is wanted', () => {
    const runner = new Runner(
      toyTarget(() => ({
        malloc() {
          throw new Error('lost');
        },
      })),
    );
    expect(runner.run(ops('b0 = malloc 8'))?.law).toBe('calls-return');
    expect(runner.trace).toEqual([]);
  });

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

test('what an earlier program freed cannot be freed again by a later one', () => {
  const runner = new Runner(toyTarget(), { record: 'outcomes' });
  runner.run(ops('b0 = malloc 8; free b0'));
  runner.run(ops('double-free b0'));
  expect(runner.trace.map(({ outcome }) => outcome.kind)).toEqual(['skipped']);
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
  expect(runner.at).toEqual({ step: 0, op: undefined });
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

const servesAtEnd: Override = () => ({ malloc: () => TOY_END, free: () => true });

test('a block of 0 bytes may lie at the very end of the bounds, where nobody can write to it', () => {
  expect(outcomes('b0 = malloc 0; free b0', servesAtEnd)).toBe('11000, freed');
});
