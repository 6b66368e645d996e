import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BlockOp, Op } from '../program/op.ts';
import { decodeProgram, encodeProgram } from '../program/bytes.ts';
import { parseProgram, printProgram } from '../program/text.ts';
import {
  detectTraceFormat,
  HEAD_LENGTH,
  Losses,
  splitLines,
  TRACE_FORMATS,
  TRACE_WRITERS,
  type TraceSummary,
} from './index.ts';
import { readAll } from './read.test-helper.ts';

const TRACES = join(import.meta.dirname, '../../corpus/seeds/traces');
const FILES = readdirSync(TRACES).filter((file) => !file.endsWith('.md'));

/** Those in which requests failed: an export would take them as granted. */
const REFUSED = new Set([
  'operators.valgrind.log',
  'calls.mtrace',
  'calls.ltrace',
  'phone.malloc_debug',
]);
const GRANTED = FILES.filter((file) => !REFUSED.has(file));

/** The file in pieces that end anywhere, as a stream would give them. */
function read(file: string): { ops: readonly Op[]; summary: TraceSummary; text: string } {
  const text = readFileSync(join(TRACES, file), 'utf8');
  const chunks = text.match(/[^]{1,1000}/g) ?? [];
  const format = detectTraceFormat(text.slice(0, HEAD_LENGTH), file);
  const reading = format.read(splitLines(chunks), file);
  const ops: Op[] = [];
  for (;;) {
    const { done, value } = reading.next();
    if (done === true) return { ops, summary: value, text };
    ops.push(value);
  }
}

describe('detectTraceFormat', () => {
  test.each([
    ['==12== Memcheck, a memory error detector\n', 'valgrind'],
    ['starting\n--12-- malloc(24) = 0x4B07040\n', 'valgrind'],
    ['1\n--12-- malloc(24) = 0x4B07040\n', 'valgrind'],
    ['Alloc(552),\n', 'wee_alloc'],
    ['\nFree(0),\n', 'wee_alloc'],
    ['20000\n6\n12\n1\n', 'rep'],
    ['\r\n 6 12 a 0 1', 'rep'],
    ['= Start\n', 'mtrace'],
    ['@ ./a.out:(main+0x1d)[0x401186] + 0x4052a0 0x18\n', 'mtrace'],
    ['186: malloc 0xb6038060 20\n', 'malloc_debug'],
    ['v 10300 3\nx 5 a.out\n', 'heaptrack'],
    ['shard_ind,operation,size_or_alloc_index,nsecs,is_frequent\n', 'jemalloc'],
    ['hello\nmalloc(24)      = 0x5581f2c0\n', 'ltrace'],
    ['[pid 31] 12:07:31.2 a.out->free(0x10) = <void>\n', 'ltrace'],
  ])('takes a file that starts with %j for %s', (head, name) => {
    expect(detectTraceFormat(head, 'a').name).toBe(name);
  });

  test.each(['', '= End\n', 'int malloc(24)\n', 'heapcheck program 1\n', '==12==\n'])(
    'knows no format of %j',
    (head) => {
      expect(() => detectTraceFormat(head, 'a.txt')).toThrow(
        /^a\.txt: the file is in no trace format that heapcheck knows; pass one of: valgrind \(.*\); wee_alloc \(.*\); mtrace \(.*\); .*; rep \(.*\)\.$/,
      );
    },
  );
});

describe('the recorded traces', () => {
  test('are of every format', () => {
    const names = FILES.map((file) => {
      const head = readFileSync(join(TRACES, file), 'utf8').slice(0, HEAD_LENGTH);
      return detectTraceFormat(head, file).name;
    });
    expect(new Set(names)).toEqual(new Set(TRACE_FORMATS.map(({ name }) => name)));
  });

  test.each(FILES)('%s is a program whose text and bytes read back', (file) => {
    const { ops, summary } = read(file);
    expect(ops.length).toBe(summary.opsCount);
    expect(parseProgram(printProgram(ops), file).program).toEqual(ops);
    expect(decodeProgram(encodeProgram(ops as readonly BlockOp[]))).toEqual(ops);
  });

  test.each(GRANTED.flatMap((file) => TRACE_WRITERS.map((writer) => ({ file, writer }))))(
    '$file has the same blocks, peak and rest as $writer.name',
    ({ file, writer }) => {
      const { ops, summary } = read(file);
      const lines = [...writer.write(() => ops, new Losses())];
      const format = detectTraceFormat(lines.slice(0, 9).join('\n'), file);
      expect(format.name).toBe(writer.name);
      const { blocksCount, peakBytes, leftCount, leftBytes } = summary;
      expect(readAll(format, lines).summary).toMatchObject({
        blocksCount,
        peakBytes,
        leftCount,
        leftBytes,
      });
    },
  );

  test.each(FILES.filter((file) => file.endsWith('.log')))(
    '%s leaves what valgrind says was left',
    (file) => {
      const { summary, text } = read(file);
      const left = /in use at exit: ([\d,]+) bytes in ([\d,]+) blocks/.exec(text)!;
      const [bytes, blocks] = [left[1]!, left[2]!].map((number) =>
        Number(number.replaceAll(',', '')),
      );
      expect(summary).toMatchObject({ leftBytes: bytes, leftCount: blocks });
    },
  );

  test.each([
    // The blocks of calls.c that are freed by name are 80 + 24 + 128 bytes, and one of none is not freed.
    ['calls.mtrace', { blocksCount: 5, peakBytes: 232, leftCount: 1, leftBytes: 0 }],
    ['calls.ltrace', { blocksCount: 5, peakBytes: 232, leftCount: 1, leftBytes: 0 }],
    // 72,704 bytes are the C++ library's; the realloc to 0 bytes is not logged.
    ['calls.heaptrack', { blocksCount: 7, peakBytes: 72_945, leftCount: 2, leftBytes: 9 }],
    ['phone.malloc_debug', { blocksCount: 3, peakBytes: 5104, leftCount: 1, leftBytes: 24 }],
    ['pages.jemalloc.csv', { blocksCount: 3, peakBytes: 69_632, leftCount: 0, leftBytes: 0 }],
  ])('%s holds what its program asked for', (file, expected) => {
    expect(read(file).summary).toMatchObject(expected);
  });

  test.each(['sqlite3.modern.rep', 'sqlite3.short.rep', 'sqlite3.wee_alloc.trace'])(
    '%s peaks where the log that it was made from peaks',
    (file) => {
      const { peakBytes, leftCount } = read('sqlite3.valgrind.log').summary;
      expect(read(file).summary).toMatchObject({ peakBytes, leftCount });
    },
  );
});
