import { describe, expect, test } from 'vitest';
import type { Program } from '../program/program.ts';
import { examine } from './examine.ts';
import { type ReportOrigin, formatReport, formatTrace } from './report.ts';
import type { Outcome } from './outcome.ts';
import type { Trace } from './trace.ts';
import { type Override, ops, toyTarget, untyped } from './toy-target.test-helper.ts';

/** Answers these addresses in turn. */
const answers =
  (...addresses: readonly unknown[]): Override =>
  () => {
    const rest = [...addresses];
    return { malloc: () => untyped(rest.shift()), usableSize: undefined };
  };

/** The report of the first finding of a program, line by line. */
function report(program: Program, override: Override, origin?: ReportOrigin): readonly string[] {
  const { finding, trace } = examine(toyTarget(override), program);
  return formatReport(finding!, trace, origin).split('\n');
}

const leaks: Override = (toy) => ({
  malloc: (size) => (size === 1024 ? null : toy.malloc(size)),
});

const crashes: Override = () => ({
  malloc() {
    throw new RangeError('out of range');
  },
});

describe('a report', () => {
  test('says what broke, where, what was seen and owed, and how to see it again', () => {
    const program = ops('b0 = malloc 24; b1 = malloc 8; b2 = malloc 24; free b0');
    const origin = {
      replay: 'npx heapcheck replay corpus/findings/blocks-stay-apart.toy.4c1f09aa.ops',
      seed: '0x5f1e_22d0 (shrunk from 211 ops in 38 runs)',
    };
    expect(report(program, answers(0x1000, 0x1030, 0x1020), origin)).toEqual([
      'blocks-stay-apart broken by toy at step 2 of 3',
      '',
      ' 0  b0 = malloc 24   0x0000_1000',
      ' 1  b1 = malloc 8    0x0000_1030',
      ' 2  b2 = malloc 24   0x0000_1020   <- here',
      '',
      'observed   malloc(24) returned [0x0000_1020, 0x0000_1038), which overlaps b1 [0x0000_1030, 0x0000_1038)',
      'expected   a range that no live block uses',
      'replay     npx heapcheck replay corpus/findings/blocks-stay-apart.toy.4c1f09aa.ops',
      'seed       0x5f1e_22d0 (shrunk from 211 ops in 38 runs)',
    ]);
  });

  test('has no line for an origin that is not known', () => {
    const lines = report(ops('b0 = malloc 24'), answers(0));
    expect(lines.at(-1)).toBe('expected   a range inside [0x0000_1000, 0x0001_1000)');
    const seeded = report(ops('b0 = malloc 24'), answers(0), { seed: '0x0000_0001' });
    expect(seeded.at(-1)).toBe('seed       0x0000_0001');
    const stored = report(ops('b0 = malloc 24'), answers(0), {
      replay: 'npx heapcheck replay a.ops',
    });
    expect(stored.at(-1)).toBe('replay     npx heapcheck replay a.ops');
  });

  test('of threads says the place in the program, though few of its ops have ended', () => {
    const [spawn, , late] = ops('yield; yield; yield; yield');
    const trace: Trace = [
      { op: late!, step: 2, outcome: { kind: 'done' } },
      { op: spawn!, step: 0, outcome: { kind: 'done' } },
    ];
    const finding = {
      law: 'wait-is-on-purpose',
      target: 'kernel',
      step: 2,
      op: 'schedule' as const,
      observed: '1',
      expected: '2',
    };
    expect(formatReport(finding, trace)).toContain('broken by kernel at step 2 of 3\n');
    expect(formatReport({ ...finding, step: 4 }, trace)).toContain('at the end');
  });

  test('of a finding at the end marks no step', () => {
    expect(report(ops('b0 = malloc 24; free b0'), leaks)).toEqual([
      'freed-space-returns broken by toy at the end, when everything was freed',
      '',
      ' 0  b0 = malloc 24   0x0000_1000',
      ' 1  free b0          freed',
      '',
      'observed   with nothing live, malloc(1024) was refused',
      'expected   a block made of what was freed',
    ]);
  });

  test('of a crash shows that its op was not answered', () => {
    expect(report(ops('b0 = malloc 24'), crashes)).toEqual([
      'calls-return broken by toy at step 0 of 1',
      '',
      ' 0  b0 = malloc 24   crashed   <- here',
      '',
      'observed   malloc(24) threw RangeError: out of range',
      'expected   an answer',
    ]);
  });
});

/** The lines of a trace of this many ops, broken at a step. */
function long(count: number, step: number): readonly string[] {
  const [op] = ops('free null');
  const trace: Trace = Array.from({ length: count }, (_, index) => ({
    op: op!,
    step: index,
    outcome: { kind: 'freed' },
  }));
  return formatTrace(trace, step);
}

describe('a trace', () => {
  test('has a word for every outcome', () => {
    const outcomes: readonly Outcome[] = [
      { kind: 'granted', address: 2 ** 40, size: 24 },
      { kind: 'refused' },
      { kind: 'refused', why: 'EINVAL' },
      { kind: 'faulted', why: 'not-mapped' },
      { kind: 'done' },
      { kind: 'done', value: 0 },
      { kind: 'freed' },
      { kind: 'skipped' },
      { kind: 'not asked' },
      { kind: 'crashed' },
      { kind: 'stopped' },
      { kind: 'blocked', why: 't0 waits for s0' },
    ];
    const [op] = ops('free b0');
    const lines = formatTrace(
      outcomes.map((outcome, index) => ({ op: op!, step: index, outcome })),
      -1,
    );
    expect(lines).toEqual([
      '  0  free b0   0x0100_0000_0000',
      '  1  free b0   refused',
      '  2  free b0   refused EINVAL',
      '  3  free b0   faulted not-mapped',
      '  4  free b0   done',
      '  5  free b0   done 0',
      '  6  free b0   freed',
      '  7  free b0   skipped',
      '  8  free b0   not asked',
      '  9  free b0   crashed',
      ' 10  free b0   stopped',
      ' 11  free b0   blocked: t0 waits for s0',
    ]);
  });

  test('lets an op that is longer than the column push its answer on', () => {
    const text = 'b0 = calloc 18446744073709551615 18446744073709551615';
    const { trace } = examine(toyTarget(), ops(`${text}; b0 = malloc 24`));
    expect(formatTrace(trace, 2)).toEqual([
      ` 0  ${text}   refused`,
      ' 1  b0 = malloc 24                             0x0000_1000',
    ]);
  });

  test('of 40 ops is shown whole', () => {
    const lines = long(40, 39);
    expect(lines).toHaveLength(40);
    expect([lines[0], lines[39]]).toEqual([
      '  0  free null   freed',
      ' 39  free null   freed   <- here',
    ]);
  });

  test.each([
    [41, 1],
    [1000, 960],
  ])('of %d ops loses %d in its middle', (count, lost) => {
    const lines = long(count, count - 1);
    expect(lines).toHaveLength(41);
    expect(lines[20]).toBe(`    … ${lost} more`);
    expect(lines[19]).toMatch(/^ +19 {2}free null {3}freed$/);
    expect(lines[21]).toMatch(new RegExp(`^ +${20 + lost} {2}free null {3}freed$`));
    expect(lines[40]).toMatch(/<- here$/);
  });

  test('of no ops has no lines', () => {
    expect(formatTrace([], 0)).toEqual([]);
  });
});
