import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { programs } from '../../properties/arbitraries.ts';
import { sizeOf } from '../base/units.ts';
import type { Op, Slot } from '../program/op.ts';
import type { Program } from '../program/program.ts';
import { parseProgram } from '../program/text.ts';
import { Losses } from './block-calls.ts';
import { MALLOC_DEBUG } from './malloc-debug.ts';
import { MALLOC_DEBUG_WRITER } from './malloc-debug-writer.ts';
import { MTRACE } from './mtrace.ts';
import { MTRACE_WRITER } from './mtrace-writer.ts';
import { REP } from './rep.ts';
import { REP_WRITER } from './rep-writer.ts';
import { readAll } from './read.test-helper.ts';
import type { TraceWriter } from './trace-writer.ts';

const PAIRS = [
  { format: MALLOC_DEBUG, writer: MALLOC_DEBUG_WRITER, says: (call: string) => [call] },
  { format: MTRACE, writer: MTRACE_WRITER, says: bare },
  { format: REP, writer: REP_WRITER, says: bare },
] as const;

const EVERYTHING = {
  opsMax: 40,
  slotsCount: 5,
  sizes: fc.oneof(fc.nat(200), fc.bigInt(0n, 2n ** 58n).map(sizeOf)),
  weights: {
    malloc: 4,
    free: 4,
    realloc: 3,
    calloc: 2,
    aligned: 2,
    doubleFree: 1,
    freeInside: 1,
    nulls: 2,
  },
};

describe('what is written and read again', () => {
  test.each(PAIRS)('in $writer.name is the same program but for what it drops', (pair) => {
    fc.assert(
      fc.property(programs(EVERYTHING), (program) => {
        const { lines } = write(pair.writer, program);
        const expected = story(program).flatMap(pair.says);
        fc.pre(expected.length > 0);
        expect(story(readAll(pair.format, lines).ops)).toEqual(expected);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test.each(PAIRS)('in $writer.name counts all that it does not say', (pair) => {
    fc.assert(
      fc.property(programs(EVERYTHING), (program) => {
        const { losses } = write(pair.writer, program);
        const calls = story(program);
        const changed = calls.filter((call) => pair.says(call)[0] !== call).length;
        const lost = program.length - calls.length + changed;
        expect(losses.reduce((sum, { count }) => sum + count, 0)).toBe(lost);
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});

describe('a program', () => {
  const text =
    'b0 = malloc 24; b3 = calloc 3 8; b3 = malloc 1; b1 = aligned 64 100; free b0; b2 = realloc b1 0; free null; double-free b0; b0 = realloc null 7; b4 = calloc 4294967296 4294967296';

  test('is a modern .rep with the exact peak in its header', () => {
    const { lines, losses } = write(REP_WRITER, parse(text));
    expect(lines).toEqual(
      '1 3 6 148 | a 0 24 | a 1 24 | a 2 100 | f 0 | r 2 0 | a 0 7'
        .split(' | ')
        .flatMap((part, index) => (index === 0 ? part.split(' ') : [part])),
    );
    expect(losses).toEqual([
      { what: 'callocs written as mallocs', count: 1 },
      { what: 'ops left out that do nothing', count: 1 },
      { what: 'alignments dropped', count: 1 },
      { what: 'frees of null left out', count: 1 },
      { what: 'frees of addresses that are not to be freed left out', count: 1 },
      { what: 'reallocs of null written as mallocs', count: 1 },
      { what: 'callocs left out whose product has no 64 bits', count: 1 },
    ]);
  });

  test('of more live bytes than have 64 bits has no header as a .rep', () => {
    const huge = `b0 = malloc ${2n ** 64n - 1n}; b1 = malloc 1`;
    expect(() => write(REP_WRITER, parse(huge))).toThrow(
      '--format: the live bytes peak at 18446744073709551616, which the header of a .rep cannot hold; pass mtrace or malloc_debug.',
    );
    expect(write(MTRACE_WRITER, parse(huge)).lines).toContain('+ 0x4000000 0xffffffffffffffff');
  });

  test('is a log of mtrace', () => {
    expect(write(MTRACE_WRITER, parse(text)).lines).toEqual([
      '= Start',
      '+ 0x4000000 0x18',
      '+ 0x8000000 0x18',
      '+ 0xc000000 0x64',
      '- 0x4000000',
      '< 0xc000000',
      '> 0xc000000 0',
      '+ 0x4000000 0x7',
      '= End',
    ]);
  });

  test('is what memory_replay reads', () => {
    expect(write(MALLOC_DEBUG_WRITER, parse(text)).lines).toEqual([
      '1: malloc 0x4000000 24',
      '1: calloc 0x8000000 3 8',
      '1: memalign 0xc000000 64 100',
      '1: free 0x4000000',
      '1: realloc 0xc000000 0xc000000 0',
      '1: free 0x0',
      '1: realloc 0x4000000 0x0 7',
    ]);
  });
});

function write(
  writer: TraceWriter,
  program: Program,
): { lines: readonly string[]; losses: ReturnType<Losses['list']> } {
  const losses = new Losses();
  return { lines: [...writer.write(() => program, losses)], losses: losses.list() };
}

function parse(text: string): Program {
  return parseProgram(`heapcheck program 1\n${text.replaceAll('; ', '\n')}`, 'a.ops').program;
}

/** What is asked for which block, each block by how many were asked for before it; what no trace can hold left out. */
function story(program: Program): readonly string[] {
  const held = new Map<Slot, number>();
  let count = 0;
  return program.flatMap((op: Op): readonly string[] => {
    if (op.kind === 'free') {
      if (op.slot === null) return ['free null'];
      const block = held.get(op.slot);
      held.delete(op.slot);
      return block === undefined ? [] : [`free ${block}`];
    }
    if (op.kind === 'realloc' && op.source !== null) {
      const block = held.get(op.source);
      if (block === undefined || (op.slot !== op.source && held.has(op.slot))) return [];
      held.delete(op.source);
      held.set(op.slot, block);
      return [`resize ${block} ${op.size}`];
    }
    if (!('size' in op) || !('slot' in op) || held.has(op.slot)) return [];
    if (op.kind === 'calloc' && BigInt(op.count) * BigInt(op.size) >= 2n ** 64n) return [];
    held.set(op.slot, count);
    count += 1;
    if (op.kind === 'calloc') return [`calloc ${count} ${op.count} ${op.size}`];
    if (op.kind === 'aligned') return [`aligned ${count} ${op.alignment} ${op.size}`];
    return [`${op.kind === 'malloc' ? 'malloc' : 'renew'} ${count} ${op.size}`];
  });
}

/** A call as formats say it that know no callocs, no alignments and no null; `renew` is a realloc of null. */
function bare(call: string): readonly string[] {
  const [kind, block, first, second] = call.split(' ');
  if (kind === 'calloc') return [`malloc ${block} ${BigInt(first!) * BigInt(second!)}`];
  if (kind === 'aligned') return [`malloc ${block} ${second}`];
  if (kind === 'renew') return [`malloc ${block} ${first}`];
  return call === 'free null' ? [] : [call];
}
