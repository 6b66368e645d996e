import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultOf, Machine } from './machine-world.test-helper.ts';
import { RIGHTS, USER } from './page-table-entry.ts';
import type { TlbOptions } from './tlb.ts';

const NO_TLB = { ways: 0 };

/** Each kind of step and how often it comes: mostly accesses, so that the order of use matters. */
const KINDS = [
  { arbitrary: fc.constant('load' as const), weight: 6 },
  { arbitrary: fc.constant('store' as const), weight: 4 },
  { arbitrary: fc.constant('map' as const), weight: 3 },
  { arbitrary: fc.constantFrom('unmap', 'protect', 'switch'), weight: 1 },
];

const step = fc.record({
  kind: fc.oneof(...KINDS),
  page: fc.nat({ max: 5 }),
  offset: fc.constantFrom(0, 8, 16, 56, 60, 63),
  value: fc.nat({ max: 2 ** 31 }),
  rights: fc.constantFrom(USER, RIGHTS),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Runs steps on two address spaces of a toy machine. @returns What each step gave, all frames' bytes, and the counts. */
function runSteps(steps: readonly Step[], tlb: Partial<TlbOptions>) {
  const machine = new Machine(tlb, 'toy');
  const { mmu } = machine;
  const tables = [machine.table, machine.newTable()];
  for (const [id, table] of tables.entries()) {
    for (let page = 0; page < 4; page += 1) {
      table.map(page * 64, { frame: 100 + page + id * 20, size: 64, rights: RIGHTS });
    }
  }
  let space = 0;
  const answers = steps.map(({ kind, offset, page, rights, value }) => {
    const table = tables[space]!;
    const address = page * 64;
    switch (kind) {
      case 'load':
        return tryTo(() => mmu.load32(address + offset));
      case 'store':
        return tryTo(() => mmu.store64(address + offset, value));
      case 'map':
        return table.map(address, { frame: 100 + (value % 20) + space * 20, size: 64, rights });
      case 'unmap':
        mmu.tlb.flushPage(address);
        return table.unmap(address);
      case 'protect':
        mmu.tlb.flushPage(address);
        return table.protect(address, rights);
      default:
        space = 1 - space;
        return mmu.setRoot(tables[space]!.root, space);
    }
  });
  const bytes = Array.from({ length: 40 * 16 }, (_, index) =>
    mmu.memory.load32(100 * 64 + index * 4),
  );
  return { results: { answers, bytes }, counts: mmu.meter.read() };
}

function tryTo(call: () => unknown): unknown {
  let result: unknown;
  const fault = faultOf(() => {
    result = call();
  });
  return fault ?? result;
}

describe('for every sequence of steps', () => {
  const steps = fc.array(step, { maxLength: 120, size: 'max' });

  test('results do not depend on the TLB (T2 T16)', () => {
    const shape = fc.record({
      sets: fc.constantFrom(1, 2, 3, 16),
      ways: fc.constantFrom(0, 1, 2, 4),
      policy: fc.constantFrom('lru', 'fifo', 'random'),
      ids: fc.constantFrom('on', 'off'),
      seed: fc.nat(),
    } satisfies Partial<Record<keyof TlbOptions, unknown>>);
    fc.assert(
      fc.property(steps, shape, (own, tlb) => {
        expect(runSteps(own, tlb).results).toEqual(runSteps(own, NO_TLB).results);
      }),
      { seed: 0x716, numRuns: 300 },
    );
  });

  test('shortcuts change neither results nor counts', () => {
    const shape = fc.record({
      sets: fc.constantFrom(1, 2),
      ways: fc.constantFrom(0, 1, 2, 3),
      policy: fc.constantFrom('lru', 'fifo', 'random'),
      ids: fc.constantFrom('on', 'off'),
    } satisfies Partial<Record<keyof TlbOptions, unknown>>);
    fc.assert(
      fc.property(steps, shape, (own, tlb) => {
        expect(runSteps(own, tlb)).toEqual(runSteps(own, { ...tlb, shortcuts: 'off' }));
      }),
      { seed: 0x5c, numRuns: 300 },
    );
  });
});
