import { expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import { Runner } from '../src/check/runner.ts';
import { type Op, THREAD_OP_KINDS } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, printProgram } from '../src/program/text.ts';
import { kernelTarget } from '../src/targets/kernel.ts';
import { drawProgramFor } from './generator.ts';
import { threadPrograms } from './thread-programs.ts';

const PAGE = 4096;

/** What `count` programs of up to `opsMax` ops are. */
function drawn(count: number, opsMax = 200): readonly Program[] {
  const draw = threadPrograms(PAGE);
  return Array.from({ length: count }, (_, seed) => draw(new Prng(seed), opsMax));
}

const PROGRAMS = drawn(300);

test('a target of programs of threads is sent them', () => {
  expect(drawProgramFor(kernelTarget()())(new Prng(7), 200)).toEqual(PROGRAMS[7]);
});

test('the same state of the random numbers gives the same program', () => {
  expect(drawn(20)).toEqual(PROGRAMS.slice(0, 20));
});

test('a program has as many ops as may be, at the most', () => {
  for (const opsMax of [1, 2, 5, 60]) {
    const lengths = drawn(100, opsMax).map((program) => program.length);
    expect(Math.max(...lengths)).toBe(opsMax);
    expect(Math.min(...lengths)).toBeGreaterThan(0);
  }
});

test('programs have every kind of op that a thread may do, each in some of them only', () => {
  const often: Record<string, number> = {};
  for (const program of PROGRAMS)
    for (const kind of new Set(program.map((op) => op.kind))) often[kind] = (often[kind] ?? 0) + 1;
  const others = ['load', 'store', 'map', 'unmap', 'protect', 'brk', 'malloc', 'free'];
  expect(Object.keys(often).toSorted()).toEqual([...THREAD_OP_KINDS, ...others].toSorted());
  for (const count of Object.values(often)) {
    expect(count).toBeGreaterThan(20);
    expect(count).toBeLessThan(PROGRAMS.length);
  }
});

test('what is drawn reads as it prints', () => {
  for (const program of PROGRAMS)
    expect(parseProgram(printProgram(program), 'drawn.ops').program).toEqual(program);
});

test('threads are spawned before they do anything, and have a number below five', () => {
  for (const program of PROGRAMS) {
    const spawned = new Set([0]);
    const strays = program.filter((op) => {
      if (op.kind === 'spawn') spawned.add(op.child);
      return !spawned.has(op.thread ?? 0);
    });
    expect(strays).toEqual([]);
    expect(Math.max(...spawned)).toBeLessThan(5);
  }
});

/** Runs programs, and counts what their ops came to. */
function outcomesOf(programs: readonly Program[]) {
  const runner = new Runner(kernelTarget(), { record: 'outcomes' });
  const counts: Record<string, number> = {};
  for (const program of programs) {
    runner.run(program);
    for (const { outcome } of runner.trace) counts[outcome.kind] = (counts[outcome.kind] ?? 0) + 1;
  }
  return { counts, events: runner.events };
}

test('most ops are come to: threads live long enough to meet each other', () => {
  const { counts, events } = outcomesOf(PROGRAMS.slice(0, 50));
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  expect(counts['skipped']! / total).toBeLessThan(0.5);
  for (const kind of ['done', 'granted', 'refused', 'freed', 'faulted', 'blocked'])
    expect(counts[kind]).toBeGreaterThan(2);
  expect(events.get('preemption')).toBeGreaterThan(150);
  for (const [name, count] of events) expect([name, count > 2]).toEqual([name, true]);
});

/** How often each op of a kind is among programs. */
function opsOf<Kind extends Op['kind']>(kind: Kind): readonly (Op & { kind: Kind })[] {
  return PROGRAMS.flat().filter((op): op is Op & { kind: Kind } => op.kind === kind);
}

test('semaphores are passed on in both ways, and threads share a process or have their own', () => {
  expect(new Set(opsOf('semaphore').map(({ passing }) => passing)).size).toBe(2);
  expect(new Set(opsOf('spawn').map(({ as }) => as)).size).toBe(2);
  expect(new Set(opsOf('policy').map(({ policy }) => policy)).size).toBe(3);
  expect(Math.min(...opsOf('quantum').map(({ ticks }) => ticks))).toBe(1);
});

test('accesses lie in areas, behind the break and in blocks, also across pages', () => {
  const accesses = [...opsOf('load'), ...opsOf('store')];
  const bases = new Set(accesses.map(({ base }) => String(base)));
  for (const base of ['0', '1', 'brk', 'b0', 'b3']) expect(bases).toContain(base);
  const crossing = accesses.filter(({ offset, size }) => (offset % PAGE) + size > PAGE);
  expect(crossing.length).toBeGreaterThan(20);
});
