import { expect, test } from 'vitest';
import { formatTrace } from '../../check/report.ts';
import { parseProgram } from '../../program/text.ts';
import { readThreadLog, traceOfThreads } from './thread-log.ts';
import { planOf, SHARED_KINDS } from './thread-plan.ts';

const TEXT = 'heapcheck program 1\nb0 = malloc 24\nt1: free b0\n';
const PLAN = planOf(parseProgram(TEXT, 'a.ops').program, new Set(SHARED_KINDS));
const NOWHERE = 2n ** 64n - 1n;

/** The bytes of a log: the offers, then words of 32 bits (numbers) and of 64 (bigints). */
function log(...words: readonly (number | bigint)[]): Uint8Array {
  const bytes = Buffer.alloc(
    words.reduce<number>((sum, word) => sum + (typeof word === 'number' ? 4 : 8), 0),
  );
  let at = 0;
  for (const word of words)
    at =
      typeof word === 'number' ? bytes.writeUInt32LE(word, at) : bytes.writeBigUInt64LE(word, at);
  return bytes;
}

const GRANTED = [2n, 0x1000n, 1n, 2n, NOWHERE, NOWHERE] as const;
const BEGUN = [1n, 0n, 0n, 0n, NOWHERE, NOWHERE] as const;
const NOT_BEGUN = [0n, 0n, 0n, 0n, NOWHERE, NOWHERE] as const;
const REFUSED = [2n, 0n, 0n, 0n, NOWHERE, NOWHERE] as const;

function read(bytes: Uint8Array) {
  return readThreadLog(bytes, PLAN, (signal) => `signal ${signal}`);
}

/** The last column of a run's trace. */
function shown(...records: readonly bigint[]): readonly (string | undefined)[] {
  const [[run] = []] = read(log(17, 0, 0, 1, 0, ...records)).processes;
  return formatTrace(traceOfThreads(PLAN, run!), -1).map((line) => line.trim().split(/ {3,}/)[1]);
}

test('a log has the runs of each process, and how the last one ended', () => {
  const { offers, processes } = read(
    log(
      17,
      0,
      0,
      1,
      0,
      ...GRANTED,
      ...REFUSED,
      11,
      0,
      2,
      0,
      ...GRANTED,
      ...REFUSED,
      ...GRANTED,
      ...BEGUN,
    ),
  );
  expect(offers).toBe(17);
  expect(processes.map((runs) => runs.map(({ died }) => died))).toEqual([
    [undefined],
    [undefined, { signal: 'signal 11' }],
  ]);
  expect(processes[0]![0]!.records).toEqual([
    { state: 'done', address: 0x1000, born: 1, died: 2, damage: undefined, wrong: undefined },
    { state: 'done', address: null, born: 0, died: 0, damage: undefined, wrong: undefined },
  ]);
});

test('offsets of damage are read, and an exit code', () => {
  const records = [2n, 0x1000n, 1n, 2n, 7n, 0n, ...REFUSED] as const;
  const [[run] = []] = read(log(17, 0, 3, 1, 0, ...records)).processes;
  expect(run?.records[0]).toMatchObject({ damage: 7, wrong: 0 });
  expect(run?.died).toEqual({ exitCode: 3 });
});

test('what was cut off is left out', () => {
  expect(read(new Uint8Array())).toEqual({ offers: 0, processes: [] });
  expect(read(log(17, 0, 0, 1, 0, ...GRANTED)).processes).toEqual([]);
  expect(read(log(17, 0, 0)).processes).toEqual([]);
});

test('a run is shown as far as it came', () => {
  expect(shown(...GRANTED, ...REFUSED)).toEqual(['0x0000_1000', 'freed']);
  expect(shown(...REFUSED, ...BEGUN)).toEqual(['refused', 'stopped']);
  expect(shown(...BEGUN, ...NOT_BEGUN)).toEqual(['stopped', 'blocked: it was not come to']);
});
