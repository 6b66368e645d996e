import { expect, test } from 'vitest';
import { parseProgram, PROGRAM_HEADER } from '../program/text.ts';
import type { Program } from '../program/program.ts';
import { type Flight, flightBytes, FlightRecorder, readFlight } from './flight-recorder.ts';

function ops(text: string): Program {
  return parseProgram(`${PROGRAM_HEADER}\n${text.replaceAll('; ', '\n')}`, 'a.ops').program;
}

function noted(...programs: readonly Program[]): Flight {
  const memory = new ArrayBuffer(flightBytes(8));
  const recorder = new FlightRecorder(memory);
  for (const program of programs)
    for (const [step, op] of program.entries()) recorder.note(op, step);
  return readFlight(new Uint8Array(memory));
}

const EACH_KIND = ops(
  'b0 = malloc 18446744073709551615; b1 = calloc 3 8; b2 = aligned 64 100; b0 = realloc null 9; free b1; double-free b1; free-inside b2 16; free null',
);

test('a record has every op of the program at hand', () => {
  expect(noted(EACH_KIND)).toEqual({ program: EACH_KIND, programsCount: 1 });
});

test('a record is of the last program that was begun, as far as it came', () => {
  const last = ops('b7 = malloc 1');
  expect(noted(EACH_KIND, last)).toEqual({ program: last, programsCount: 2 });
});

test('a record in which nothing was written is an empty program', () => {
  expect(noted()).toEqual({ program: [], programsCount: 0 });
});

test('ops for which there is no room are left out, and those before them stay', () => {
  const long = Array.from({ length: 200 }, () => EACH_KIND[0]!);
  const { program: record } = noted(long);
  expect(record.length).toBeGreaterThan(7);
  expect(record).toEqual(long.slice(0, record.length));
});
