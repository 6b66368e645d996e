/** The catalogue of invariants that allocators, machines and kernels of others keep, by the letter of its ids. */
export const CATALOGUE: Readonly<Record<string, { readonly count: number; readonly of: string }>> =
  {
    H: { count: 15, of: 'are about the heap' },
    F: { count: 12, of: 'free lists' },
    L: { count: 6, of: 'large blocks' },
    V: { count: 8, of: 'address spaces' },
    P: { count: 16, of: 'page tables' },
    T: { count: 17, of: 'the TLB' },
    A: { count: 10, of: 'frames' },
    S: { count: 12, of: 'the scheduler' },
    Q: { count: 10, of: 'what threads wait for' },
    B: { count: 20, of: 'allocators seen from outside' },
  };

/** Rows of the lecture note. */
export const REQUIREMENTS_COUNT = 50;

/** Why no rule names a row. */
interface UnnamedRow {
  readonly why: string;
  /** Where the row is tested all the same: a file, and words of a title in it. */
  readonly test?: readonly [path: string, words: string];
}

/** The rows of the catalogue that no rule names. */
export const UNNAMED_ROWS: Readonly<Record<string, UnnamedRow>> = {
  H14: { why: 'A heap has no parts of single threads: threads share one behind a lock.' },
  H15: {
    why: 'The heap quarantines nothing and guards no blocks; guard pages are below stacks alone, as S9.',
  },
  F9: {
    why: 'The heap does not fill what is freed, so a stray write of its user leaves nothing to see.',
  },
  F10: { why: 'There are no slabs.' },
  F11: { why: 'There are no slabs.' },
  L3: {
    why: 'A test of a requirement, R47: one unmap, of the same address and length.',
    test: ['src/heap/rows-sizes.test.ts', "row: 'R47'"],
  },
  P11: { why: 'The kernel is mapped nowhere, so address spaces have no half in common.' },
  P15: {
    why: 'A test of the page table: it is not released while something is mapped.',
    test: ['src/machine/page-table.test.ts', '(P15)'],
  },
  T6: { why: 'There is one core, which has no other to tell.' },
  T11: { why: 'No entry is global: user pages are all that is mapped.' },
  T12: {
    why: 'There is one core and nothing is invalidated later than at once, so nothing is numbered.',
  },
  T13: {
    why: 'A test of a requirement, R13: a switch between threads of one process sets no root and flushes nothing.',
    test: ['src/kernel/core-rows-cost.test.ts', "row: 'R13'"],
  },
  T14: { why: 'Walks read every level; there are no caches of upper levels.' },
  A10: { why: 'Frames are not shared, so nobody counts their holders; that each has one is A4.' },
  Q9: {
    why: 'A deadlock is an outcome of a program, told with its circle, and no broken rule.',
    test: ['src/kernel/deadlock.test.ts', 'two threads that take two semaphores crosswise'],
  },
};
