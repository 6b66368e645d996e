/** Bugs that no single run shows are found by the properties, and shrunk to a few ops. */
import { expect, test } from 'vitest';
import type { AllocatorTarget } from '../src/check/target.ts';
import { Refusals } from '../src/heap/refusals.ts';
import { printProgram } from '../src/program/text.ts';
import { checkTarget } from './check.ts';

const UNIT = 65_536;

/** Blocks of multiples of 16 bytes from 16 MiB, each used again for its own size only; `loses` says which are not. */
function exactLists(loses: (extent: number) => boolean): () => AllocatorTarget {
  return () => {
    const refusals = new Refusals();
    const bounds = { start: UNIT, end: UNIT + 256 * UNIT };
    let lists = new Map<number, number[]>();
    let extents = new Map<number, number>();
    let next = bounds.start;
    let end = bounds.start;
    return {
      name: 'exact-lists',
      promises: { alignment: 16, repeats: true, steady: true },
      bounds,
      refusals,
      malloc(size) {
        const extent = Math.ceil(Math.max(1, Number(size)) / 16) * 16;
        const known = lists.get(extent)?.pop();
        if (known === undefined && next + extent > end) {
          const growth = Math.ceil((next + extent - end) / UNIT) * UNIT;
          if (end + growth > bounds.end || refusals.isNext()) return null;
          end += growth;
        }
        const address = known ?? next;
        if (known === undefined) next += extent;
        extents.set(address, extent);
        return address;
      },
      free(address) {
        if (address === null) return;
        const extent = extents.get(address)!;
        if (loses(extent)) return;
        lists.set(extent, [...(lists.get(extent) ?? []), address]);
      },
      footprint: () => end - bounds.start,
      reset() {
        lists = new Map();
        extents = new Map();
        next = bounds.start;
        end = bounds.start;
      },
    };
  };
}

test('a slow leak of blocks of one size class is found, and shrunk to one op', () => {
  const { findings } = checkTarget(
    exactLists((extent) => extent === 48),
    { seed: 1, runs: 300 },
  );
  expect(findings.map(({ finding }) => finding.law)).toEqual(['churn-is-bounded']);
  expect(printProgram(findings[0]!.program)).toMatch(
    /^heapcheck program 1\nb0 = malloc (3[3-9]|4[0-8])\n$/,
  );
});

test('the same allocator without the leak keeps the law', () => {
  expect(
    checkTarget(
      exactLists(() => false),
      { seed: 1, runs: 100 },
    ).findings,
  ).toEqual([]);
});
