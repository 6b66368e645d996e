import { describe, expect, test } from 'vitest';
import { PageLog } from './page-log.ts';

const PAGE = 64;

/** A log of changes, in pages: first page, page behind the last, protection. */
function log(
  ...changes: readonly (readonly [number, number, ('none' | 'read' | 'read-write')?])[]
): PageLog {
  const made = new PageLog(PAGE);
  for (const [start, end, protection] of changes)
    made.change({ start: start * PAGE, end: end * PAGE }, protection);
  return made;
}

/** The parts of so many first pages, as text in pages. */
function partsOf(made: PageLog, pagesCount: number): readonly string[] {
  return made
    .parts({ start: 0, end: pagesCount * PAGE })
    .map(
      ({ end, protection, start }) => `${start / PAGE}-${end / PAGE} ${protection ?? 'nothing'}`,
    );
}

describe('the last change that covers a page decides what it is', () => {
  test('nothing is mapped before the first', () => {
    expect(log().protectionAt(0)).toBe(undefined);
    expect(partsOf(log(), 4)).toEqual(['0-4 nothing']);
  });

  test('a range holds its first byte and not the one at its end', () => {
    const made = log([2, 4, 'read']);
    const at = [2 * PAGE - 1, 2 * PAGE, 4 * PAGE - 1, 4 * PAGE];
    expect(at.map((address) => made.protectionAt(address))).toEqual([
      undefined,
      'read',
      'read',
      undefined,
    ]);
  });

  test('a later one inside leaves both sides as they were', () => {
    const made = log([0, 6, 'read-write'], [2, 3, 'none'], [4, 5]);
    expect(partsOf(made, 8)).toEqual([
      '0-2 read-write',
      '2-3 none',
      '3-4 read-write',
      '4-5 nothing',
      '5-6 read-write',
      '6-8 nothing',
    ]);
  });

  test('a later one over it hides it', () => {
    const made = log([2, 3, 'none'], [0, 6, 'read']);
    expect(Array.from({ length: 7 }, (_, page) => made.protectionAt(page * PAGE))).toEqual([
      ...Array.from({ length: 6 }, () => 'read'),
      undefined,
    ]);
  });

  test('parts of a range are cut at its own ends', () => {
    const made = log([0, 6, 'read']);
    const parts = made.parts({ start: 2 * PAGE, end: 4 * PAGE });
    expect(parts).toEqual([{ start: 2 * PAGE, end: 4 * PAGE, protection: 'read' }]);
  });

  test('an empty range has no parts', () => {
    expect(log([0, 6, 'read']).parts({ start: PAGE, end: PAGE })).toEqual([]);
  });
});

describe('a byte', () => {
  test('is zero until it is stored, and then what was stored last', () => {
    const made = log([0, 2, 'read-write']);
    expect(made.byteAt(70)).toBe(0);
    made.store(70, 5);
    made.store(70, 7);
    expect([69, 70, 71, 6].map((address) => made.byteAt(address))).toEqual([0, 7, 0, 0]);
  });

  test('belongs to its page, by the first address of the page', () => {
    const made = log([0, 4, 'read-write']);
    made.store(PAGE - 1, 1);
    made.store(PAGE, 2);
    expect([...made.contents.keys()]).toEqual([0, PAGE]);
    expect(made.contents.get(PAGE)![0]).toBe(2);
  });

  test('outlives another protection, and not that its page is taken away', () => {
    const made = log([0, 4, 'read-write']);
    for (const page of [0, 1, 2, 3]) made.store(page * PAGE, page + 1);
    made.change({ start: 0, end: 4 * PAGE }, 'none');
    made.change({ start: PAGE, end: 3 * PAGE }, undefined);
    expect([0, 1, 2, 3].map((page) => made.byteAt(page * PAGE))).toEqual([1, 0, 0, 4]);
    expect([...made.contents.keys()]).toEqual([0, 3 * PAGE]);
  });
});

test('a page of a store that its next page refused is known until it is taken away', () => {
  const made = log([0, 4, 'read-write']);
  made.storeHalf(PAGE - 1);
  made.storeHalf(3 * PAGE - 7);
  expect([...made.halfStored]).toEqual([0, 2 * PAGE]);
  made.change({ start: 0, end: 4 * PAGE }, 'read');
  expect(made.halfStored.size).toBe(2);
  made.change({ start: PAGE, end: 4 * PAGE }, undefined);
  expect([...made.halfStored]).toEqual([0]);
  expect(made.contents.size).toBe(0);
});
