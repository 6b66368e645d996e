import { describe, expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import { PAGE_OP_KINDS, type PageOp } from '../src/program/op.ts';
import { pagePrograms } from './page-programs.ts';

const PAGE = 4096;

/** A program of each seed. */
function programs(programsCount: number): readonly (readonly PageOp[])[] {
  const draw = pagePrograms(PAGE);
  return Array.from(
    { length: programsCount },
    (_, seed) => draw(new Prng(seed), 64) as readonly PageOp[],
  );
}

const PROGRAMS = programs(500);
const OPS = PROGRAMS.flat();

/** How many of all ops this holds for. */
function count(holds: (op: PageOp) => boolean): number {
  return OPS.filter((op) => holds(op)).length;
}

const pagesOf = (op: PageOp): number => ('size' in op ? op.size / PAGE : 0);

describe('programs for a machine', () => {
  test('are the same for the same state of the random numbers', () => {
    expect(programs(20)).toEqual(PROGRAMS.slice(0, 20));
  });

  test('have 1 to 64 ops of every kind', () => {
    const lengths = PROGRAMS.map(({ length }) => length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([1, 64]);
    for (const kind of PAGE_OP_KINDS) expect(count((op) => op.kind === kind)).toBeGreaterThan(200);
  });

  test('touch and unmap what they have mapped before, or the memory of the break', () => {
    const stray = PROGRAMS.flatMap((program) =>
      program.filter(
        (op, index) =>
          'base' in op &&
          op.base !== 'brk' &&
          !program.slice(0, index).some((other) => 'area' in other && other.area === op.base),
      ),
    );
    expect(stray).toEqual([]);
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
    expect(count(holds)).toBeGreaterThan(5);
  });
});
