/** Where calls of an address space end, and what they invalidate: no more than they must, and no less. */
import { expect, test } from 'vitest';
import { PRESENT } from '../machine/page-table-entry.ts';
import { makeWorld, outcomeOf, PAGE } from './kernel-world.test-helper.ts';

const BASE = 2 ** 30;
const LIMIT = 2 ** 47;

test('a size is looked at before an address', () => {
  const { space } = makeWorld();
  expect(space.mmap({ address: 8, size: LIMIT + 1 })).toBe('ENOMEM');
  expect(space.mmap({ address: 8, size: LIMIT })).toBe('EINVAL');
});

test('the break goes to either end of its range, and not past it', () => {
  const breakRange = { start: BASE, end: BASE + 2 * PAGE };
  const { space } = makeWorld({ breakRange });
  expect([BASE + 2 * PAGE, BASE + 2 * PAGE + 1, BASE, BASE - 1].map((at) => space.brk(at))).toEqual(
    [BASE + 2 * PAGE, BASE + 2 * PAGE, BASE, BASE],
  );
});

test('a range for the break may be empty', () => {
  const { space } = makeWorld({ breakRange: { start: BASE, end: BASE } });
  expect([space.brk(BASE), space.brk(BASE + 1)]).toEqual([BASE, BASE]);
});

test('a protection that pages have already invalidates none of them', () => {
  const { kernel, space } = makeWorld();
  space.mmap({ address: BASE, size: 2 * PAGE });
  kernel.mmu.store8(BASE, 1);
  const { tlbFlushes } = kernel.mmu.meter;
  space.protect(BASE, 2 * PAGE, 'read-write');
  expect(kernel.mmu.meter.tlbFlushes).toBe(tlbFlushes);
  space.protect(BASE, 2 * PAGE, 'read');
  expect(kernel.mmu.meter.tlbFlushes).toBe(tlbFlushes + 1);
});

test('a reserved bit is a fault of its own, which no frame mends', () => {
  const { kernel, space } = makeWorld({}, { watch: 'off' });
  space.mmap({ address: BASE, size: PAGE });
  kernel.mmu.load8(BASE);
  const { layout, memory } = kernel.mmu;
  const tables = [...space.table.tables.keys()];
  const at = layout.entryFor(tables.at(-1)!, layout.lastLevel, BASE);
  expect(memory.load32(at) & PRESENT).toBe(PRESENT);
  memory.store32(at, memory.load32(at) | 8);
  kernel.mmu.tlb.flushAll();
  expect(outcomeOf(() => kernel.mmu.load8(BASE))).toBe('reserved-bit');
});

test.each(['on', 'off'] as const)(
  'an unmap of many pages, ids %s, leaves the TLB those of others',
  (ids) => {
    const { kernel } = makeWorld({ id: 1 }, { tlb: { ids, sets: 64 }, framesCount: 256 });
    const [a, b] = [2, 3].map((id) => kernel.newSpace({ id }));
    for (const space of [a!, b!]) {
      space.mmap({ address: BASE, size: 40 * PAGE });
      space.activate();
      for (let page = 0; page < 40; page += 1) kernel.mmu.load8(BASE + page * PAGE);
    }
    b!.munmap(BASE, 40 * PAGE);
    const left = kernel.mmu.tlb.entries().map(({ space }) => space);
    expect(left).toEqual(ids === 'on' ? Array.from({ length: 40 }, () => 2) : []);
  },
);

test.each([
  ['on', 2],
  ['off', 0],
] as const)(
  'a space that is released, ids %s, flushes its page and then its id',
  (ids, flushes) => {
    const { kernel, space } = makeWorld({}, { tlb: { ids } });
    const other = kernel.newSpace({ id: 1 });
    other.mmap({ address: BASE, size: PAGE });
    other.activate();
    kernel.mmu.load8(BASE);
    space.activate();
    const { tlbFlushes } = kernel.mmu.meter;
    other.release();
    expect(kernel.mmu.meter.tlbFlushes - tlbFlushes).toBe(flushes);
  },
);
