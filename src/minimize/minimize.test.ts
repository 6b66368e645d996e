import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import type { Finding } from '../check/finding.ts';
import { Runner, type RunProgram } from '../check/runner.ts';
import { BLOCK_OP_KINDS, type Op } from '../program/op.ts';
import { type Program, slotsOf } from '../program/program.ts';
import { objectTarget } from '../targets/object.ts';
import { minimize, type Minimized, type MinimizeOptions } from './minimize.ts';
import { dropMost, dropOps } from './passes/drop-ops.ts';
import { dropPairs } from './passes/drop-pairs.ts';
import { mergeSlots } from './passes/merge-slots.ts';
import { joinBlocks } from './passes/join-blocks.ts';
import { line, ops } from './passes/offers.test-helper.ts';
import { raiseSizes } from './passes/raise-sizes.ts';
import { reorderFrees } from './passes/reorder-frees.ts';
import { shrinkSizes } from './passes/shrink-sizes.ts';
import { simplifyOps } from './passes/simplify-ops.ts';
import { tryShortPrograms } from './passes/try-short-programs.ts';

const PASSES = {
  dropMost,
  dropOps,
  dropPairs,
  simplifyOps,
  mergeSlots,
  shrinkSizes,
  joinBlocks,
  reorderFrees,
  raiseSizes,
  tryShortPrograms,
};

/** What a fake run answers: the finding at this step of its program, or none. */
function findingAt(program: Program, step: number, law = 'blocks-stay-apart'): Finding {
  const op = program[step]?.kind ?? 'end';
  return { law, target: 'fake', step, op, observed: '', expected: '' };
}

/** Hangs at the third op. */
const hangsOnThree: RunProgram = (each) =>
  each.length < 3 ? undefined : findingAt(each, 2, 'answers-in-time');

/** Runs programs in which the bug shows at the first op from which the program so far shows it. */
function runOf(shows: (program: Program) => boolean): RunProgram {
  return (program) => {
    const step = program.findIndex((_op, index) => shows(program.slice(0, index + 1)));
    return step < 0 ? undefined : findingAt(program, step);
  };
}

function minimized(run: RunProgram, program: Program, options?: MinimizeOptions): Minimized {
  return minimize(run, program, run(program)!, options);
}

/** True when some op of this kind asks for at least this many bytes. */
const asks =
  (kind: Op['kind'], size: number) =>
  (program: Program): boolean =>
    program.some((op) => op.kind === kind && 'size' in op && op.size >= size);

const LONG = ops(
  Array.from(
    { length: 30 },
    (_, index) =>
      `b${index} = malloc ${index * 10}; b${index} = realloc b${index} 8; free b${index}`,
  ).join(';'),
);

/** Shows the bug at the end, after a malloc of 9 bytes and a free. */
const atEnd: RunProgram = (program) => {
  const isShown = asks('malloc', 9)(program) && program.some(({ kind }) => kind === 'free');
  return isShown ? findingAt(program, program.length) : undefined;
};

/** Shows the bug at the end of any program. */
const always: RunProgram = (program) => findingAt(program, program.length);

describe('a minimized program', () => {
  test('is what the bug needs, in its smallest form', () => {
    const run = runOf((program) => asks('malloc', 123)(program) && asks('realloc', 5)(program));
    const result = minimized(run, LONG);
    expect(line(result.program)).toMatch(/^b0 = realloc (b0|null) 5; b0 = malloc 123$/);
    expect(result).toMatchObject({ isMinimal: true, finding: { step: 1, op: 'malloc' } });
  });

  test('ends at its finding', () => {
    const run = runOf(asks('malloc', 0));
    const { program, finding } = minimized(run, ops('b3 = malloc 24; free b3; b4 = malloc 7'));
    expect([line(program), finding.step]).toEqual(['b0 = malloc 0', 0]);
  });

  test('of a finding at the end keeps the ops behind it that it needs', () => {
    const { program, finding } = minimized(atEnd, ops('b0 = malloc 70; b1 = malloc 8; free b0'));
    expect(line(program)).toBe('b0 = malloc 9; free b0');
    expect([finding.step, finding.op]).toEqual([2, 'end']);
  });

  test('may be empty', () => {
    expect(minimized(always, LONG).program).toEqual([]);
  });
});

/** Shows another law in programs of one or two ops. */
const otherBelowThree: RunProgram = (program) =>
  program.length >= 3
    ? findingAt(program, program.length - 1)
    : findingAt(program, program.length - 1, 'calls-return');

/** Shows the bug at any last op. */
const atLastOp: RunProgram = (program) => findingAt(program, program.length - 1);

describe('only the same bug counts', () => {
  test('a shorter program that breaks another law is not taken', () => {
    const { program, finding } = minimized(
      otherBelowThree,
      ops('b0 = malloc 9; b1 = malloc 8; free b0; free b1'),
    );
    expect(program).toHaveLength(3);
    expect(finding.law).toBe('blocks-stay-apart');
  });

  test('a shorter program that breaks the law at another kind of op is not taken', () => {
    const result = minimized(atLastOp, ops('b0 = malloc 9; b1 = calloc 3 8; b1 = realloc b1 9'));
    expect(line(result.program)).toBe('b0 = realloc b0 0');
  });

  test('the finding is that of the last program taken', () => {
    const result = minimized(runOf(asks('malloc', 7)), LONG);
    expect(result.finding).toEqual(findingAt(result.program, 0));
  });
});

/** Counts the runs of a minimization, and those of a program that was run before. */
function counted(runsMax?: number): { readonly result: Minimized; readonly runs: string[] } {
  const runs: string[] = [];
  const inner = runOf(asks('malloc', 123));
  const finding = inner(LONG)!;
  const run: RunProgram = (program) => {
    runs.push(line(program));
    return inner(program);
  };
  const options = runsMax === undefined ? {} : { runsMax };
  return { result: minimize(run, LONG, finding, options), runs };
}

describe('the budget', () => {
  test('is not exceeded, and what was taken so far is the result', () => {
    for (const runsMax of [0, 1, 2, 5, 10]) {
      const { result, runs } = counted(runsMax);
      expect(runs).toHaveLength(runsMax);
      expect(result).toMatchObject({ runsCount: runsMax, isMinimal: false });
      expect(runOf(asks('malloc', 123))(result.program)).toEqual(result.finding);
    }
  });

  test('of nothing leaves the program up to its finding', () => {
    expect(counted(0).result.program).toEqual(LONG.slice(0, 3 * 13 + 1));
  });

  test('of 20,000 runs ends a search that goes on and on', () => {
    let runs = 0;
    const texts = Array.from({ length: 200 }, (_, index) => `b${index} = malloc ${1e6 + index}`);
    const program = ops(texts.join(';'));
    const nothing: RunProgram = () => {
      runs += 1;
      return undefined;
    };
    const result = minimize(nothing, program, findingAt(program, program.length));
    expect([runs, result.runsCount, result.isMinimal]).toEqual([20_000, 20_000, false]);
    expect(result.program).toBe(program);
  });

  test('of hangs ends a search in which candidates hang, whatever is looked for', () => {
    const texts = Array.from({ length: 300 }, (_, index) => `b${index} = malloc ${1e6 + index}`);
    const program = ops(texts.join(';'));
    const hangs: RunProgram = (each) => findingAt(each, 0, 'answers-in-time');
    const finding = findingAt(program, program.length);
    const result = minimize(hangs, program, finding, { hangsMax: 7 });
    expect(result).toMatchObject({ hangsCount: 7, runsCount: 7, isMinimal: false, program });
    expect(minimize(hangs, program, finding).hangsCount).toBe(200);
  });

  test('is not spent on walks from one hang to the next', () => {
    const program = ops('b0 = malloc 0; b1 = malloc 0; b2 = malloc 0');
    const { hangsCount, isMinimal } = minimize(hangsOnThree, program, hangsOnThree(program)!);
    expect(isMinimal).toBe(true);
    expect(hangsCount).toBeLessThan(50);
  });

  test('counts runs, of which no two are of one program', () => {
    const { result, runs } = counted();
    expect(result.runsCount).toBe(runs.length);
    expect(new Set(runs).size).toBe(runs.length);
  });
});

test('progress is told after each program taken, shorter and shorter', () => {
  const told: { opsCount: number; runsCount: number }[] = [];
  const result = minimized(runOf(asks('malloc', 123)), LONG, {
    onProgress: (progress) => told.push(progress),
  });
  expect(told.length).toBeGreaterThan(3);
  const lengths = told.map(({ opsCount }) => opsCount);
  expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
  expect(lengths.at(-1)).toBe(result.program.length);
  expect(told.at(-1)!.runsCount).toBeLessThanOrEqual(result.runsCount);
});

/** Programs of every kind of op on few slots. */
const arbitraryOp: fc.Arbitrary<Op> = fc
  .record({
    kind: fc.constantFrom(...BLOCK_OP_KINDS),
    slot: fc.nat(3),
    source: fc.nat(3),
    size: fc.oneof(fc.nat(40), fc.nat(5000)),
    count: fc.nat(5),
    exponent: fc.nat(8),
    isNull: fc.nat(9).map((n) => n === 0),
  })
  .map(({ kind, slot, source, size, count, exponent, isNull }): Op => {
    if (kind === 'malloc') return { kind, slot, size };
    if (kind === 'calloc') return { kind, slot, count, size };
    if (kind === 'aligned') return { kind, slot, alignment: 2 ** exponent, size };
    if (kind === 'realloc') return { kind, slot, source: isNull ? null : source, size };
    if (kind === 'free') return { kind, slot: isNull ? null : slot };
    if (kind === 'free-inside') return { kind, slot, offset: count + 1 };
    if (kind === 'free-foreign') return { kind, slot: null, offset: count - 2 };
    return kind === 'write-freed' ? { kind, slot, offset: count } : { kind, slot };
  });

/** A bug that needs some ops, each of a kind, on a slot with a parity, of a size at least, if of any, in this order. */
function randomBug(seed: number): (program: Program) => boolean {
  const prng = new Prng(seed);
  const needs = Array.from({ length: prng.between(1, 3) }, () => ({
    kind: prng.pick(BLOCK_OP_KINDS),
    size: prng.pick([0, 0, 1, 25, 1000]),
    parity: prng.pick([undefined, undefined, 1]),
  }));
  return (program) => {
    let met = 0;
    for (const op of program) {
      const need = needs[met];
      if (need === undefined) break;
      const isLarge = !('size' in op) || op.size >= need.size;
      const isPlaced =
        need.parity === undefined || Number(slotsOf(op)[0]?.slice(1) ?? 0) % 2 === need.parity;
      if (op.kind === need.kind && isLarge && isPlaced) met += 1;
    }
    return met === needs.length;
  };
}

const LIMITS = { seed: 0x5f1e_22d0, numRuns: 100 };

/** Checks something about what is made of random programs that show random bugs. */
function forAll(check: (result: Minimized, run: RunProgram, program: Program) => void): void {
  const arbitrary = fc.array(arbitraryOp, { maxLength: 40, size: 'max' });
  fc.assert(
    fc.property(arbitrary, fc.nat(1000), (program, seed) => {
      const run = runOf(randomBug(seed));
      const finding = run(program);
      fc.pre(finding !== undefined);
      check(minimize(run, program, finding, { runsMax: 100_000 }), run, program);
    }),
    LIMITS,
  );
}

describe('for every program and every bug', () => {
  test('the result is a program that no pass can shrink', () => {
    forAll((result, run) => {
      expect(result.isMinimal).toBe(true);
      for (const [name, pass] of Object.entries(PASSES)) {
        const taken: string[] = [];
        pass(result.program, (candidate) => {
          const finding = run(candidate);
          const isSame =
            finding?.op === result.finding.op && line(candidate) !== line(result.program);
          if (isSame) taken.push(line(candidate));
          return false;
        });
        expect([name, taken]).toEqual([name, []]);
      }
    });
  });

  test('the result shows the same bug, at its last op', () => {
    forAll((result, run, program) => {
      expect(run(result.program)).toEqual(result.finding);
      expect(result.finding).toMatchObject({
        op: run(program)!.op,
        step: result.program.length - 1,
      });
      expect(result.program.length).toBeLessThanOrEqual(program.length);
    });
  });

  test('the same program has the same result, in as many runs', () => {
    forAll((result, run, program) => {
      expect(minimize(run, program, run(program)!, { runsMax: 100_000 })).toEqual(result);
    });
  });
});

test('on a target: two blocks that overlap are two mallocs of one byte', () => {
  const makeTarget = objectTarget('stuck', () => {
    let calls = 0;
    const malloc = (size: number): number => {
      calls += 1;
      return size > 0 && size < 100 && calls > 1 ? 4096 : 4096 * calls;
    };
    return { malloc, free: () => undefined };
  });
  const runner = new Runner(makeTarget, { checkEvery: 1 });
  const program = ops('b0 = malloc 500; b1 = malloc 30; free b1; b2 = malloc 8');
  const { program: smallest } = minimized((each) => runner.run(each), program);
  expect(line(smallest)).toBe('b0 = malloc 0; b1 = malloc 1');
});
