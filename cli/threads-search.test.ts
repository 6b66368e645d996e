import { expect, test } from 'vitest';
import type { Finding } from '../src/check/finding.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, printOp, printProgram } from '../src/program/text.ts';
import type { ThreadRuns } from '../src/targets/threads/thread-host.ts';
import { planOf, SHARED_KINDS } from '../src/targets/threads/thread-plan.ts';
import { ThreadsSearch } from './threads-search.ts';

const { program: PROGRAM } = parseProgram(
  `heapcheck program 1
b0 = malloc 40
t1: b1 = malloc 100
t2: b2 = calloc 2 8
t1: free b0
t2: b1 = realloc b1 24
free b2
t3: b3 = malloc 8
`,
  'a.ops',
);

function isWhole(program: Program): boolean {
  return printProgram(program) === printProgram(PROGRAM);
}

function finding(law: string): Finding {
  const [observed, expected] = ['this', 'that'];
  return { law, target: 'pool', step: 0, op: 'schedule', observed, expected };
}

/** Searches on a host of which somebody says how many runs of a program, out of so many, break each law. */
function searchWhere(
  counts: (program: Program, runsMax: number) => Readonly<Record<string, number>>,
) {
  let nowMs = 0;
  const host = {
    offered: new Set(SHARED_KINDS),
    run(program: Program, { runsMax }: { readonly runsMax: number }): ThreadRuns {
      nowMs += 1;
      const shown = Object.entries(counts(program, runsMax))
        .filter(([, count]) => count > 0)
        .map(([law, count]) => [law, { finding: finding(law), trace: [], count }] as const);
      return { runsCount: runsMax, opsCount: runsMax * program.length, shown: new Map(shown) };
    },
  };
  return new ThreadsSearch(host, { runLimitMs: 100, now: () => nowMs });
}

test('the law that is broken most often is told, or the one that is asked for, with its rate', () => {
  const search = searchWhere(() => ({ 'calls-return': 3, 'blocks-stay-apart': 7 }));
  expect(search.run(PROGRAM, 100)).toMatchObject({
    finding: { law: 'blocks-stay-apart' },
    count: 7,
    runsCount: 100,
  });
  expect(search.run(PROGRAM, 100, 'calls-return')?.count).toBe(3);
  expect(search.run(PROGRAM, 100, 'contents-survive')).toBeUndefined();
  expect(search.runsCount).toBe(300);
  expect(search.opsCount).toBe(300 * PROGRAM.length);
});

test('a program shrinks to the ops that the bug needs, on as few threads as it needs', () => {
  const search = searchWhere((program, runsMax) => {
    const { steps } = planOf(program, new Set(SHARED_KINDS));
    const threads = new Set(
      steps.flatMap(({ op, thread }) => (op.kind === 'malloc' ? thread : [])),
    );
    return { 'blocks-stay-apart': threads.size >= 2 ? runsMax / 10 : 0 };
  });
  const found = search.run(PROGRAM, 100)!;
  const shrunk = search.shrink(found, () => undefined);
  expect(shrunk.program.map(printOp)).toEqual(['b0 = malloc 0', 't1: b1 = malloc 0']);
  expect(shrunk.isMinimal).toBe(true);
});

test('a candidate that shows the bug too seldom is not taken', () => {
  const search = searchWhere((program, runsMax) => ({
    'calls-return': runsMax * (isWhole(program) ? 0.4 : 0.05),
  }));
  const found = search.run(PROGRAM, 100)!;
  expect(search.shrink(found, () => undefined).program).toEqual(PROGRAM);
});

test('a candidate that showed it by luck, once, is not taken', () => {
  let runs = 0;
  const search = searchWhere((program, runsMax) => {
    runs += 1;
    return { 'calls-return': isWhole(program) || runs % 2 === 0 ? runsMax : 0 };
  });
  const found = search.run(PROGRAM, 100)!;
  expect(search.shrink(found, () => undefined).program).toEqual(PROGRAM);
});
