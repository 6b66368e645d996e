import { describe, expect, test } from 'vitest';
import { Runner } from '../src/check/runner.ts';
import type { MakeTarget } from '../src/check/target.ts';
import type { Program } from '../src/program/program.ts';
import { parseProgram, PROGRAM_HEADER } from '../src/program/text.ts';
import { machineTarget } from '../src/targets/machine.ts';
import { objectTarget } from '../src/targets/object.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { Novelty } from './novelty.ts';

function ops(text: string): Program {
  return parseProgram(`${PROGRAM_HEADER}\n${text.replaceAll(';', '\n')}`, 'text.ops').program;
}

/** How many features each program shows that the ones before it did not, on one target. */
function newBy(makeTarget: MakeTarget, programs: readonly string[]): readonly number[] {
  const novelty = new Novelty();
  const runner = new Runner(makeTarget, { observe: (op, outcome) => novelty.note(op, outcome) });
  const seen = new Set<number>();
  return programs.map((text) => {
    novelty.begin(runner.target);
    expect(runner.run(ops(text))).toBeUndefined();
    novelty.end();
    const before = seen.size;
    for (const feature of novelty.features) seen.add(feature);
    return seen.size - before;
  });
}

const THREE = 'b0 = malloc 24; b1 = malloc 24; b2 = malloc 24';

/** Cuts addresses one after the other, and tells how many bytes it took. */
function bump() {
  let next = 0;
  return {
    malloc: () => (next += 64),
    free: () => true,
    footprint: () => next,
  };
}

describe('something new', () => {
  test.each([
    ['another class of size', 'b0 = malloc 24', 'b0 = malloc 2000'],
    ['another kind of op', 'b0 = malloc 24', 'b0 = calloc 1 24'],
    ['a refusal', 'b0 = malloc 24', 'b0 = malloc 9007199254740991'],
    ['an order of ops', `${THREE}; free b0; free b1`, `${THREE}; free b0; b0 = malloc 24; free b1`],
    [
      'a free between two others',
      `${THREE}; free b0; free b1`,
      `${THREE}; free b0; free b2; free b1`,
    ],
    [
      'an address used again',
      `${THREE}; free b1; b4 = malloc 900`,
      `${THREE}; free b1; b4 = malloc 24`,
    ],
    ['a realloc that moves', `${THREE}; b2 = realloc b2 40`, `${THREE}; b0 = realloc b0 200`],
    ['more in a row', THREE, `${THREE}; b3 = malloc 24`],
  ])('is %s', (_, first, second) => {
    const [shown, repeated, more] = newBy(referenceTarget(), [first, first, second]);
    expect(shown).toBeGreaterThan(2);
    expect(repeated).toBe(0);
    expect(more).toBeGreaterThan(0);
  });

  test('is no misuse that stops the target, which is not asked anything behind it', () => {
    const stopping = objectTarget('stopping', () => {
      const freed = new Set<number | null>();
      let hasStopped = false;
      return {
        ...bump(),
        promises: { doubleFree: 'aborted' },
        free(address) {
          hasStopped = freed.has(address);
          if (hasStopped) throw new Error('freed twice');
          freed.add(address);
        },
        footprint() {
          if (hasStopped) throw new TypeError('stopped');
          return 1;
        },
      };
    });
    const once = 'b1 = malloc 24; b0 = malloc 24; free b0; b2 = malloc 24';
    expect(newBy(stopping, [once, `${once}; double-free b0`])[1]).toBe(0);
  });

  test('is no other size of the same class, and nothing that was skipped', () => {
    const programs = [
      'b0 = malloc 20; free b0',
      'b0 = malloc 24; free b0',
      'b0 = malloc 24; free b0; free b0',
    ];
    expect(newBy(referenceTarget(), programs).slice(1)).toEqual([0, 0]);
  });

  test('is growth of the footprint, where a target tells it', () => {
    const [told] = newBy(objectTarget('tells', bump), ['b0 = malloc 8']);
    const silent = objectTarget('silent', () => {
      const { free, malloc } = bump();
      return { free, malloc };
    });
    expect(told).toBe(newBy(silent, ['b0 = malloc 8'])[0]! + 1);
  });

  test('is a fault of a machine, and why', () => {
    const programs = [
      'a0 = map 4096',
      'a0 = map 4096; load a0 4096 1',
      'a0 = map 4096; load a0 4096 1',
    ];
    const [, fault, again] = newBy(machineTarget(), programs);
    expect(fault).toBeGreaterThan(1);
    expect(again).toBeLessThan(fault!);
  });
});

/** Counts its calls of malloc, since it was made; frees nothing it was not told to. */
const counting = objectTarget('counting', () => {
  let next = 0;
  return {
    malloc: () => (next += 64),
    free: () => true,
    events: () => ({ mallocs: Math.floor(next / 64 / 2) }),
    reset: () => undefined,
  };
});

test('what a target counts is a feature by what a program adds to it', () => {
  const two = 'b0 = malloc 8; b1 = malloc 8';
  const [first, second] = newBy(counting, [two, two]);
  expect([first! > 0, second]).toEqual([true, 0]);
});

test('features are told with the ops after which they showed, and what was watched with all', () => {
  const novelty = new Novelty();
  const runner = new Runner(referenceTarget(), {
    observe: (op, outcome) => novelty.note(op, outcome),
  });
  novelty.begin(runner.target);
  runner.run(ops('b0 = malloc 8; b1 = malloc 8; free b0'));
  const before = new Set(novelty.features.map((each) => novelty.opsOf(each)));
  expect([...before]).toEqual([1, 2, 3]);
  const count = novelty.features.length;
  novelty.end([7, 8]);
  const more = novelty.features.slice(count).map((each) => novelty.opsOf(each));
  expect(more.length).toBeGreaterThanOrEqual(2);
  expect(new Set(more)).toEqual(new Set([3]));
});
