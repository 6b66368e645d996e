import { describe, expect, test } from 'vitest';
import type { Op } from '../program/op.ts';
import { printOp } from '../program/text.ts';
import type { TraceSummary } from './trace-format.ts';
import { VALGRIND } from './valgrind.ts';

/** Reads lines; those that do not start with a dash or an equals sign get process 7 in front. */
function read(...lines: readonly string[]): { ops: readonly string[]; summary: TraceSummary } {
  const marked = lines.map((line) => (/^[\w ]/.test(line) ? `--7-- ${line}` : line));
  const reading = VALGRIND.read(marked, 'a.log');
  const ops: Op[] = [];
  for (;;) {
    const { done, value } = reading.next();
    if (done === true) return { ops: ops.map(printOp), summary: value };
    ops.push(value);
  }
}

describe('a call', () => {
  test.each([
    ['malloc(24) = 0x10', 'b0 = malloc 24'],
    ['malloc(0) = 0x10', 'b0 = malloc 0'],
    ['malloc(18446744073709551615) = 0x10', 'b0 = malloc 18446744073709551615'],
    ['malloc(24) = 0xFFFFFFFFFFFFF', 'b0 = malloc 24'],
    ['calloc(3,8) = 0x10', 'b0 = calloc 3 8'],
    ['realloc(0x0,40)malloc(40) = 0x10', 'b0 = realloc null 40'],
    ['realloc(0x0,40) = 0x10', 'b0 = realloc null 40'],
    ['memalign(al 64, size 100) = 0x10', 'b0 = aligned 64 100'],
    ['memalign(al 3, size 10) = 0x10', 'b0 = aligned 4 10'],
    ['memalign(al 0, size 10) = 0x10', 'b0 = aligned 1 10'],
    ['memalign(al 1073741824, size 10) = 0x10', 'b0 = aligned 1073741824 10'],
    ['posix_memalign(al 128, size 33) = 0x10', 'b0 = aligned 128 33'],
    ['aligned_alloc(al 32, size 64) = 0x10', 'b0 = aligned 32 64'],
    ['_Znwm(4) = 0x10', 'b0 = malloc 4'],
    ['_Znwj(4) = 0x10', 'b0 = malloc 4'],
    ['_Znam(20) = 0x10', 'b0 = malloc 20'],
    ['_ZnamRKSt9nothrow_t(20) = 0x10', 'b0 = malloc 20'],
    ['__builtin_new(4) = 0x10', 'b0 = malloc 4'],
    ['__builtin_vec_new(4) = 0x10', 'b0 = malloc 4'],
    ['_ZnwmSt11align_val_t(size 128, al 64) = 0x10', 'b0 = aligned 64 128'],
    ['_ZnamSt11align_val_tRKSt9nothrow_t(size 9, al 64) = 0x10', 'b0 = aligned 64 9'],
    ['free(0x0)', 'free null'],
  ])('%s reads as %s', (call, op) => {
    expect(read(call).ops).toEqual([op]);
  });

  test.each([
    'free',
    'cfree',
    '__builtin_delete',
    '__builtin_vec_delete',
    '_ZdlPv',
    '_ZdlPvm',
    '_ZdlPvj',
    '_ZdaPv',
    '_ZdaPvm',
    '_ZdlPvSt11align_val_t',
    '_ZdaPvmSt11align_val_t',
    '_ZdlPvRKSt9nothrow_t',
    '_ZdaPvSt11align_val_tRKSt9nothrow_t',
  ])('of %s gives the block back', (name) => {
    const { ops, summary } = read('malloc(24) = 0x10', `${name}(0x10)`);
    expect(ops).toEqual(['b0 = malloc 24', 'free b0']);
    expect(summary).toMatchObject({ blocksCount: 1, peakBytes: 24, leftCount: 0, leftBytes: 0 });
  });

  test.each([
    ['a.log:1: ', 'malloc(x) = 0x10', "'x' stands where a number belongs"],
    ['a.log:1: ', 'calloc(3) = 0x10', "'(3)' holds 1 arguments; this call has two."],
    ['a.log:1: ', 'memalign(64) = 0x10', "'(64)' holds 1 arguments; this call has two."],
    [
      'a.log:1: ',
      'memalign(al 1073741825, size 8) = 0x10',
      'an alignment of 1073741825 is too large; leave this line out, programs align to 1073741824 at most.',
    ],
    [
      'a.log:1: ',
      'free(10)',
      "'10' is no address; an address is 0x and up to 13 hexadecimal digits.",
    ],
    ['a.log:1: ', 'malloc(8) = 0x10000000000000', "'0x10000000000000' is no address"],
  ])('%s%s is refused with a mend', (place, call, message) => {
    expect(() => read(call)).toThrow(place + message);
  });
});

describe('a realloc', () => {
  test('keeps the slot when the block moves, and the old address may be handed out again', () => {
    const lines = ['malloc(8) = 0x10', 'realloc(0x10,80) = 0x20', 'malloc(4) = 0x10', 'free(0x20)'];
    const { ops, summary } = read(...lines);
    expect(ops).toEqual(['b0 = malloc 8', 'b0 = realloc b0 80', 'b1 = malloc 4', 'free b0']);
    expect(summary).toMatchObject({ blocksCount: 2, peakBytes: 84, leftCount: 1, leftBytes: 4 });
  });

  test('in place changes the size alone', () => {
    const { summary } = read(
      'malloc(8) = 0x10',
      'realloc(0x10,80) = 0x10',
      'realloc(0x10,4) = 0x10',
    );
    expect(summary).toMatchObject({ blocksCount: 1, peakBytes: 80, leftBytes: 4 });
  });

  test('to 0 that valgrind answers by a free is that free', () => {
    const { ops, summary } = read('malloc(8) = 0x10', 'realloc(0x10,0)free(0x10)', ' = 0');
    expect(ops).toEqual(['b0 = malloc 8', 'free b0']);
    expect(summary.linesPassedOverCount).toBe(1);
  });

  test('of a block from before the recording is a malloc', () => {
    expect(read('realloc(0x10,80) = 0x20', 'free(0x20)').ops).toEqual([
      'b0 = malloc 80',
      'free b0',
    ]);
  });
});

describe('a request that failed', () => {
  test.each([
    ['malloc(4611686018427387904) = 0x0', 'b0 = malloc 4611686018427387904'],
    ['calloc(3,4611686018427387904) = 0x0', 'b0 = calloc 3 4611686018427387904'],
    ['calloc(8589934592,8589934592)', 'b0 = calloc 8589934592 8589934592'],
    ['memalign(al 64, size 4611686018427387904) = 0x0', 'b0 = aligned 64 4611686018427387904'],
  ])('%s is asked again and given back, and its slot is the next one', (call, op) => {
    const { ops, summary } = read(call, 'malloc(8) = 0x10');
    expect(ops).toEqual([op, 'free b0', 'b0 = malloc 8']);
    expect(summary).toMatchObject({ opsCount: 3, blocksCount: 1, peakBytes: 8 });
  });

  test('stands in front of the call behind it where a calloc overflows', () => {
    const { ops } = read('calloc(8589934592,8589934592)malloc(8) = 0x10');
    expect(ops).toEqual(['b0 = calloc 8589934592 8589934592', 'free b0', 'b0 = malloc 8']);
  });

  test('as a realloc keeps the block and its size', () => {
    const { ops, summary } = read(
      'malloc(8) = 0x10',
      'realloc(0x10,4611686018427387904) = 0x0',
      'free(0x10)',
    );
    expect(ops).toEqual(['b0 = malloc 8', 'b0 = realloc b0 4611686018427387904', 'free b0']);
    expect(summary.peakBytes).toBe(8);
  });

  test('as a realloc of null is asked again and given back', () => {
    expect(read('realloc(0x0,99)malloc(99) = 0x0').ops).toEqual([
      'b0 = realloc null 99',
      'free b0',
    ]);
  });

  test('as a realloc of a block from before the recording is passed over', () => {
    expect(read('free(0x0)', 'realloc(0x10,99) = 0x0').summary).toMatchObject({
      opsCount: 1,
      linesPassedOverCount: 1,
    });
  });
});

describe('a line', () => {
  test.each([
    ['==7== HEAP SUMMARY:'],
    ['--7-- REDIR: 0x4 (libc.so.6:malloc) redirected to 0x5 (malloc)'],
    ['--7-- malloc_usable_size(0x20) = 16'],
    ['--7-- mallinfo()'],
    ['--7-- free(0x20)'],
    ['--7-- malloc(9)'],
    ['--7-- malloc(9) = 0'],
    ['--8-- malloc(9) = 0x20'],
    ['(nil)'],
    [''],
  ])('%j is passed over and counted', (line) => {
    expect(read('malloc(8) = 0x10', line).summary).toEqual({
      opsCount: 1,
      blocksCount: 1,
      peakBytes: 8,
      leftCount: 1,
      leftBytes: 8,
      linesPassedOverCount: 1,
    });
  });

  test('that the program began without ending is read from where valgrind goes on', () => {
    expect(read('malloc(8) = 0x10', '(half --7-- free(0x10)').ops).toEqual([
      'b0 = malloc 8',
      'free b0',
    ]);
  });

  test('that returns the address of a live block is refused', () => {
    expect(() => read('malloc(8) = 0x1C0', '', 'malloc(9) = 0x1C0')).toThrow(
      'a.log:3: 0x1c0 is returned, but the block of line 1 lies there still; record it again, into a file of its own.',
    );
  });
});

test.each([[[]], [['==7== Memcheck, a memory error detector', 'pear']]])(
  'a log without calls, %j, is refused',
  (lines) => {
    expect(() => [...VALGRIND.read(lines, 'a.log')]).toThrow(
      `a.log:${lines.length}: the log ends without a call of the allocator; record it again with valgrind --trace-malloc=yes.`,
    );
  },
);
