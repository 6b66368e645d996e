import { describe, expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import { Runner } from '../src/check/runner.ts';
import {
  ACCESS_SIZES,
  type Base,
  PAGE_OP_KINDS,
  type PageOp,
  PROTECTIONS,
} from '../src/program/op.ts';
import { slotsOf } from '../src/program/program.ts';
import { parseProgram, printProgram } from '../src/program/text.ts';
import { machineTarget } from '../src/targets/machine.ts';
import { importPatched } from '../src/targets/mutants/import-patched.ts';
import { Engine } from './engine.ts';
import { drawProgramFor } from './generator.ts';
import { pagePrograms } from './page-programs.ts';

const PAGE = 4096;

/** Programs of one seed each. */
function programs(count: number, opsMax: number, pageSize = PAGE): readonly (readonly PageOp[])[] {
  const draw = pagePrograms(pageSize);
  return Array.from(
    { length: count },
    (_, seed) => draw(new Prng(seed), opsMax) as readonly PageOp[],
  );
}

const PROGRAMS = programs(600, 64);
const OPS = PROGRAMS.flat();

/** The share of ops for which this holds, among those for which it can. */
function share(canHold: (op: PageOp) => boolean, holds: (op: PageOp) => boolean): number {
  const all = OPS.filter(canHold);
  return all.filter(holds).length / all.length;
}

const isRange = (op: PageOp): boolean => op.kind === 'unmap' || op.kind === 'protect';
const isAccess = (op: PageOp): boolean => op.kind === 'load' || op.kind === 'store';

const isBreak = (op: PageOp): boolean => op.kind === 'brk';
const isOdd = (op: PageOp): boolean => 'offset' in op && op.offset % PAGE !== 0;
const isHuge = (op: PageOp): boolean => 'size' in op && op.size >= 2 ** 31;
const isOnTwo = (op: PageOp): boolean =>
  'offset' in op && 'size' in op && (op.offset % PAGE) + op.size > PAGE;

describe('a program', () => {
  test('has 1 to opsMax ops', () => {
    const lengths = PROGRAMS.map(({ length }) => length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([1, 64]);
    const short = programs(200, 3).map(({ length }) => length);
    expect([Math.min(...short), Math.max(...short)]).toEqual([1, 3]);
  });

  test('has every kind of op, and some programs leave each out', () => {
    const counts = PAGE_OP_KINDS.map((kind) => OPS.filter((op) => op.kind === kind).length);
    expect(Math.min(...counts) / OPS.length).toBeGreaterThan(0.02);
    const long = PROGRAMS.filter(({ length }) => length > 32);
    for (const kind of PAGE_OP_KINDS) {
      if (kind === 'map') continue;
      expect(long.some((program) => program.every((op) => op.kind !== kind))).toBe(true);
    }
  });

  test('begins at what it mapped: its first op maps, or moves the break', () => {
    expect(PROGRAMS.filter(([first]) => first!.kind !== 'map' && first!.kind !== 'brk')).toEqual(
      [],
    );
    const loose = PROGRAMS.filter((program) => {
      const known = new Set<Base>();
      return program.some((op) => {
        const isLoose = 'base' in op && op.base !== 'brk' && !known.has(op.base);
        if ('area' in op) known.add(op.area);
        return isLoose;
      });
    });
    expect(loose).toEqual([]);
  });

  test('has up to 8 slots', () => {
    const slots = PROGRAMS.map((program) =>
      Math.max(-1, ...program.flatMap((op) => slotsOf(op).map((slot) => Number(slot.slice(1))))),
    );
    expect(Math.max(...slots)).toBe(7);
    expect(slots.filter((slot) => slot === 0).length).toBeGreaterThan(60);
  });

  test('has every protection, every size of access, both ways of the break', () => {
    const protections = OPS.flatMap((op) => ('protection' in op ? [op.protection] : []));
    expect(new Set(protections)).toEqual(new Set(PROTECTIONS));
    const sizes = OPS.flatMap((op) => (isAccess(op) && 'size' in op ? [op.size] : []));
    expect(new Set(sizes)).toEqual(new Set(ACCESS_SIZES));
    const down = share(isBreak, (op) => op.kind === 'brk' && op.increment < 0);
    expect(down).toBeGreaterThan(0.2);
    expect(down).toBeLessThan(0.6);
  });

  test('mostly names ranges of pages that make sense, and now and then none', () => {
    expect(share(isRange, isOdd)).toBeGreaterThan(0.01);
    expect(share(isRange, isOdd)).toBeLessThan(0.1);
    expect(share(isRange, isHuge)).toBeGreaterThan(0.005);
    expect(share(isRange, isHuge)).toBeLessThan(0.1);
  });

  test('has accesses that lie on two pages', () => {
    expect(share(isAccess, isOnTwo)).toBeGreaterThan(0.1);
  });

  test('puts areas beside others, into them and far away', () => {
    const offsets = OPS.flatMap((op) => (op.kind === 'map-at' ? [op.offset] : []));
    expect(offsets.filter((offset) => offset === 0).length).toBeGreaterThan(10);
    expect(Math.max(...offsets)).toBe(2 ** 27 * PAGE);
  });

  test('is one that its text holds', () => {
    for (const program of PROGRAMS.slice(0, 100))
      expect(parseProgram(printProgram(program), 'a.ops').program).toEqual(program);
  });

  test.each<[string, (op: PageOp) => boolean]>([
    ['no byte', (op) => op.kind === 'map' && op.size === 0],
    ['sizes that no machine has', (op) => op.kind === 'map' && op.size > 2 ** 46],
    ['more pages than one flush of each is worth', (op) => op.kind === 'unmap' && pagesOf(op) > 33],
    ['as many pages as fill few frames', (op) => op.kind === 'touch' && pagesOf(op) > 55],
    ['offsets inside a page', (op) => op.kind === 'protect' && op.offset % PAGE !== 0],
    ['a byte of each of two pages', (op) => op.kind === 'store' && (op.offset + 4) % PAGE === 1],
    ['addresses behind all that there are', (op) => op.kind === 'load' && op.offset >= 2 ** 47],
    ['areas far apart', (op) => op.kind === 'map-at' && op.offset >= 2 ** 39],
    ['a break that goes down', (op) => op.kind === 'brk' && op.increment < 0],
    ['a break that stays', (op) => op.kind === 'brk' && op.increment === 0],
  ])('ask for %s', (_, holds) => {
    expect(opsCount(holds)).toBeGreaterThan(5);
  });
});

/** How many of all ops this holds for. */
function opsCount(holds: (op: PageOp) => boolean): number {
  return PROGRAMS.flat().filter((op) => holds(op)).length;
}

function pagesOf(op: PageOp): number {
  return 'size' in op ? op.size / PAGE : 0;
}

test('ops do something: few are skipped, some are refused, and pages come and go', () => {
  const runner = new Runner(machineTarget());
  const draw = drawProgramFor(runner.target);
  for (let seed = 0; seed < 60; seed += 1)
    expect(runner.run(draw(new Prng(seed), 64))).toBe(undefined);
  const { notAsked, ops, refused, skipped } = runner.counts;
  expect(notAsked).toBe(0);
  expect(skipped / ops).toBeLessThan(0.15);
  expect(refused / ops).toBeGreaterThan(0.03);
  expect(refused / ops).toBeLessThan(0.4);
  expect(Math.min(...[...runner.events.values()].slice(0, 3))).toBeGreaterThan(50);
});

test('a campaign finds a machine that does not invalidate, and its program replays', async () => {
  const module: { machineTarget: typeof machineTarget } = Object(
    await importPatched('targets/machine', [
      { module: 'kernel/address-space', find: 'this.#invalidate(changed);', replace: '' },
    ]),
  );
  const raw = new Engine(module.machineTarget(), { seed: 1 }).run(300)!;
  expect(raw.program.map(({ kind }) => kind)).toContain('protect');
  const again = new Runner(module.machineTarget(), { checkEvery: 1 }).run(raw.program);
  expect(again).toMatchObject({ op: 'protect', law: 'tlb-agrees-with-page-table' });
});
