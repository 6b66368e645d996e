import { describe, expect, test } from 'vitest';
import type { AllocatorTarget, MakeAllocatorTarget } from '../../src/check/target.ts';
import type { Program } from '../../src/program/program.ts';
import { printOp } from '../../src/program/text.ts';
import { findMutant, loadMutant } from '../../src/targets/mutants/index.ts';
import { SMALL_ALLOCATORS } from '../../src/targets/small-allocators.ts';
import { type ExploredKind, Explorer, type ExplorerOptions, type RawFinding } from '../index.ts';

const PLAIN: readonly ExploredKind[] = ['malloc', 'free'];
const MISUSE: readonly ExploredKind[] = [...PLAIN, 'double-free', 'free-inside'];
const EVERY: readonly ExploredKind[] = [...MISUSE, 'realloc'];

/** Searches to the end, with equal states merged or not. */
function searched(
  makeTarget: MakeAllocatorTarget,
  options: Omit<ExplorerOptions, 'alignment'>,
): { readonly explorer: Explorer; readonly found: RawFinding | undefined } {
  const explorer = new Explorer(makeTarget, { ...options, alignment: 32 });
  let found: RawFinding | undefined;
  while (explorer.end === undefined) found = explorer.run(100) ?? found;
  return { explorer, found };
}

function text(program: Program): string {
  return program.map(printOp).join('; ');
}

/** Cells of 16 bytes, the lowest free one first; a free of none of them is refused, unless `parts` say otherwise. */
function cells(
  parts: (isUsed: boolean[]) => Partial<AllocatorTarget> = () => ({}),
): MakeAllocatorTarget {
  return () => {
    const isUsed: boolean[] = [false, false, false, false];
    return {
      name: 'cells',
      promises: { alignment: 16, doubleFree: 'refused', freeInside: 'refused' },
      malloc() {
        const cell = isUsed.indexOf(false);
        if (cell < 0) return null;
        isUsed[cell] = true;
        return 16 + cell * 16;
      },
      free(address) {
        if (address === null) return true;
        const cell = address / 16 - 1;
        if (isUsed[cell] !== true) return false;
        isUsed[cell] = false;
        return true;
      },
      realloc: (address) => address,
      usableSize: () => 16,
      snapshots: {
        capture: () => [...isUsed],
        restore: (state) => void isUsed.splice(0, 4, ...(state as boolean[])),
        describe: (sink) => isUsed.forEach((used) => sink.number(Number(used))),
      },
      ...parts(isUsed),
    };
  };
}

/** How many programs of each length there are on `cells`, by their definition, each op done on a model. */
function countsByDefinition(sizes: readonly number[], length: number): readonly bigint[] {
  const counts = Array.from({ length: length + 1 }, () => 0n);
  type Slots = ReadonlyMap<number, { readonly live?: [number, number]; readonly freed?: number }>;
  const visit = (slots: Slots, done: number): void => {
    counts[done]! += 1n;
    if (done === length) return;
    const addresses = new Set([...slots.values()].map(({ live }) => live?.[0]));
    let empty = 0;
    while (slots.get(empty)?.live !== undefined) empty += 1;
    const lowest = [16, 32, 48, 64].find((address) => !addresses.has(address));
    for (const size of sizes) {
      const old = slots.get(empty) ?? {};
      const granted = new Map(slots).set(empty, { ...old, live: [lowest ?? 0, size] });
      visit(lowest === undefined ? slots : granted, done + 1);
    }
    for (const [slot, { freed, live }] of slots) {
      if (live !== undefined) visit(new Map(slots).set(slot, { freed: live[0] }), done + 1);
      if (freed !== undefined && !addresses.has(freed)) visit(slots, done + 1);
      const insideCount = sizes.filter((offset) => live !== undefined && offset < live[1]).length;
      for (let offset = 0; offset < insideCount; offset += 1) visit(slots, done + 1);
    }
  };
  visit(new Map(), 0);
  return counts;
}

describe('merging equal states of a small allocator', () => {
  test.each(
    Object.entries(SMALL_ALLOCATORS).flatMap(([name, make]) => [
      [name, make(), PLAIN, 5] as const,
      [name, make(), name === 'bump' ? ([...PLAIN, 'realloc'] as const) : EVERY, 3] as const,
    ]),
  )('%s changes no count, and leaves fewer states', (_, makeTarget, kinds, opsMax) => {
    const merged = searched(makeTarget, { kinds, sizes: [8, 40], opsMax });
    const apart = searched(makeTarget, { kinds, sizes: [8, 40], opsMax, merging: 'off' });
    expect([merged.found, apart.found]).toEqual([undefined, undefined]);
    expect(merged.explorer.programsPerLength).toEqual(apart.explorer.programsPerLength);
    expect(merged.explorer.statesCount).toBeLessThan(apart.explorer.statesCount * 0.9);
    expect(BigInt(apart.explorer.statesCount)).toBe(apart.explorer.programsCount + 1n);
  });
});

describe('a search with misuse', () => {
  test.each(['on', 'off'] as const)('counts by definition, merging %s', (merging) => {
    const { explorer, found } = searched(cells(), {
      kinds: MISUSE,
      sizes: [4, 8, 16],
      opsMax: 5,
      merging,
    });
    expect(found).toBeUndefined();
    expect(explorer.programsPerLength).toEqual(countsByDefinition([4, 8, 16], 5));
    expect(explorer.asked.get('double-free-keeps-promise')).toBeGreaterThan(0);
    expect(explorer.asked.get('free-inside-keeps-promise')).toBeGreaterThan(0);
  });

  test.each(['on', 'off'] as const)(
    'tells states by the freed addresses of their slots, merging %s',
    (merging) => {
      // Of the third cell alone a second free is accepted: the state with no block live is met before.
      const makeTarget = cells((isUsed) => ({
        free(address) {
          const cell = address! / 16 - 1;
          const isFreed = isUsed[cell] === true;
          isUsed[cell] = false;
          return isFreed || cell === 2;
        },
      }));
      const kinds = [...PLAIN, 'double-free'] as const;
      const { found } = searched(makeTarget, { kinds, sizes: [8], merging });
      expect(text(found!.program)).toBe(
        'b0 = malloc 8; b1 = malloc 8; b2 = malloc 8; free b2; double-free b2',
      );
      expect(found!.finding.law).toBe('double-free-keeps-promise');
    },
  );

  test('with realloc goes on from the smaller of two blocks too, if they have not the same ops', () => {
    const options = { kinds: ['malloc', 'realloc', 'free-inside'] as const, sizes: [4, 8, 16] };
    const merged = searched(cells(), { ...options, opsMax: 4 }).explorer;
    const apart = searched(cells(), { ...options, opsMax: 4, merging: 'off' }).explorer;
    expect(merged.programsPerLength).toEqual(apart.programsPerLength);
    // A block of 4, 8 or 16 bytes: 3 mallocs, 3 reallocs each, and 0, 1 or 2 offsets.
    expect(merged.programsPerLength.slice(0, 3)).toEqual([1n, 3n, 21n]);
  });

  test('knows where inside a block an offset lies: in the larger one, also with realloc', () => {
    const makeTarget = cells(() => ({ free: () => true }));
    const kinds = ['malloc', 'realloc', 'free-inside'] as const;
    const { explorer, found } = searched(makeTarget, { kinds, sizes: [4, 16] });
    expect(text(found!.program)).toBe('b0 = malloc 16; free-inside b0 4');
    expect(explorer.programsPerLength).toEqual([1n, 2n]);
  });

  test.each([
    ['slab-frees-twice', 'b0 = malloc 0; free b0; double-free b0'],
    ['slab-counts-refused-frees', 'b0 = malloc 0; free b0; double-free b0'],
    ['slab-frees-inside-a-cell', 'b0 = malloc 8; free-inside b0 1'],
    ['slab-free-of-small-does-nothing', 'b0 = malloc 8; free-inside b0 1'],
  ])('finds in %s what shows by misuse only', async (name, program) => {
    const mutant = findMutant(`mutants/${name}`);
    const makeTarget = (await loadMutant(mutant)) as MakeAllocatorTarget;
    const sizes = program.includes('inside') ? [1, 8] : [0];
    const { found } = searched(makeTarget, { kinds: MISUSE, sizes });
    const plain = searched(makeTarget, { kinds: PLAIN, sizes, opsMax: 4 });
    expect(text(found!.program)).toBe(program);
    expect([found!.finding.law, plain.found]).toEqual([mutant.law, undefined]);
  });
});
