import { describe, expect, test } from 'vitest';
import type { MakeTarget } from '../src/check/target.ts';
import { Runner } from '../src/check/runner.ts';
import { BLOCK_OP_KINDS, type BlockOp } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { decodeProgram, encodeProgram } from '../src/program/bytes.ts';
import { objectTarget } from '../src/targets/object.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import {
  blockPrograms,
  Engine,
  ENGINE_PARTS,
  type EnginePart,
  mergePrograms,
  programOf,
} from './index.ts';

/** A program's bytes, in hexadecimal. */
function hex(program: Program): string {
  return Buffer.from(encodeProgram(program as readonly BlockOp[])).toString('hex');
}

/** Refuses to free after it was asked for 300 to 400 bytes. */
const stubborn: MakeTarget = objectTarget('stubborn', () => {
  let next = 0;
  let isStubborn = false;
  return {
    malloc(size) {
      if (size >= 300 && size <= 400) isStubborn = true;
      next += 2 ** 20;
      return size < 2 ** 20 && next < 2 ** 40 ? next : null;
    },
    free: (address) => address === null || !isStubborn,
  };
});

/** The bytes of the programs that a campaign runs, by number. */
function campaign(engine: Engine, count: number): readonly string[] {
  return Array.from({ length: count }, () => {
    engine.run(1);
    return hex(engine.program);
  });
}

const refuse = (): null => null;

describe('a campaign', () => {
  test('of the same seed has the same programs, byte for byte', () => {
    const first = campaign(new Engine(referenceTarget(), { seed: 0x5f1e_22d0 }), 60);
    const second = campaign(new Engine(referenceTarget(), { seed: 0x5f1e_22d0 }), 60);
    expect(second).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(55);
  });

  test('of another seed has others', () => {
    const first = campaign(new Engine(referenceTarget(), { seed: 1 }), 30);
    const second = campaign(new Engine(referenceTarget(), { seed: 2 }), 30);
    expect(first.filter((program) => second.includes(program)).length).toBeLessThan(3);
  });

  test('has the programs that it has always had', () => {
    // Of the kinds that there have always been.
    const draw = blockPrograms(BLOCK_OP_KINDS.slice(0, 7));
    expect(hex(programOf(7, 4, draw, 12))).toBe(
      '00f7ffffffffffffffff010809109d2c18c08080808002208180808080808010282030ecff07',
    );
  });

  test('has at first the programs that are known already, as they are', () => {
    const known = campaign(new Engine(referenceTarget(), { seed: 8 }), 3).map((bytes) =>
      decodeProgram(Buffer.from(bytes, 'hex')),
    );
    const engine = new Engine(referenceTarget(), { seed: 9, known });
    expect(campaign(engine, 3)).toEqual(known.map((program) => hex(program)));
    expect(engine.corpus.size).toBeGreaterThan(0);
    expect(campaign(engine, 3)).not.toEqual(known.map((program) => hex(program)));
  });

  test('follows what the target answers: one that refuses everything is asked for more', () => {
    const other = objectTarget('other', () => {
      return { malloc: refuse, free: refuse, calloc: refuse, realloc: refuse, aligned: refuse };
    });
    const engine = new Engine(other, { seed: 3 });
    campaign(engine, 400);
    const { ops, skipped } = engine.runner.counts;
    expect(skipped).toBe(0);
    expect(ops).toBeGreaterThan(4000);
  });

  test.each([
    [[], true],
    [['growth'], false],
  ] as const)(
    'without %j draws short programs only for its first 1000 ops: %j',
    (parts, isShort) => {
      const engine = new Engine(referenceTarget(), {
        seed: 4,
        without: new Set(['mutation', ...parts]),
      });
      const lengthsUpTo = (opsCount: number): readonly number[] => {
        const lengths: number[] = [];
        while (engine.runner.counts.ops < opsCount) {
          engine.run(1);
          lengths.push(engine.program.length);
        }
        return lengths;
      };
      expect(Math.max(...lengthsUpTo(1000)) <= 32).toBe(isShort);
      expect(Math.max(...lengthsUpTo(4000))).toBeGreaterThan(64);
    },
  );

  test('has no program of more than opsMax ops', () => {
    const engine = new Engine(referenceTarget(), { seed: 3, opsMax: 5 });
    for (let number = 0; number < 50; number += 1) {
      engine.run(1);
      expect(engine.program.length).toBeLessThanOrEqual(5);
    }
  });
});

describe('a run', () => {
  test('of a correct target runs as many programs as it is told, and finds nothing', () => {
    const engine = new Engine(referenceTarget(), { seed: 4 });
    expect(engine.program).toEqual([]);
    expect(engine.run(100)).toBeUndefined();
    expect([engine.next, engine.runner.counts.programs]).toEqual([100, 100]);
    expect(engine.run(0)).toBeUndefined();
    expect(engine.next).toBe(100);
  });

  test('stops at a finding, with the number and the program that replay it', () => {
    const engine = new Engine(stubborn, { seed: 5 });
    const raw = engine.run(1000)!;
    expect(raw.finding).toMatchObject({ law: 'free-accepts-its-blocks', target: 'stubborn' });
    expect(raw.program).toBe(engine.program);
    expect(engine.next).toBe(raw.number + 1);
    expect(new Runner(stubborn).run(raw.program)).toEqual(raw.finding);
  });

  test('can go on after a finding', () => {
    const engine = new Engine(stubborn, { seed: 5 });
    const first = engine.run(1000)!;
    const second = engine.run(1000)!;
    expect(second.number).toBeGreaterThan(first.number);
    expect(new Runner(stubborn).run(second.program)).toEqual(second.finding);
  });

  test('that was stopped from outside is abandoned: a new runner goes on, with what was kept', () => {
    const engine = new Engine(referenceTarget(), { seed: 5 });
    engine.run(20);
    const { corpus, next, runner } = engine;
    engine.abandon();
    expect(engine.runner).not.toBe(runner);
    expect(engine.run(20)).toBeUndefined();
    expect([engine.next, engine.runner.counts.programs]).toEqual([next + 20, 20]);
    expect(engine.corpus).toBe(corpus);
  });

  test('finds the same in one go and in many', () => {
    const inOne = new Engine(stubborn, { seed: 6 }).run(1000)!;
    const engine = new Engine(stubborn, { seed: 6 });
    let inMany = engine.run(1);
    while (inMany === undefined) inMany = engine.run(1);
    expect(inMany).toEqual(inOne);
  });
});

/** How many programs are kept where a part is left out. */
function sizeWithout(part: EnginePart): number {
  const engine = new Engine(referenceTarget(), { seed: 1, without: new Set([part]) });
  engine.run(300);
  return engine.corpus.size;
}

describe('programs are kept', () => {
  test('that show something new, and no others', () => {
    const engine = new Engine(referenceTarget(), { seed: 1 });
    engine.run(300);
    const { corpus } = engine;
    expect(corpus.size).toBeGreaterThan(20);
    expect(corpus.featuresCount).toBeGreaterThan(corpus.size);
    const shownTogether = mergePrograms(referenceTarget(), corpus.programs);
    expect(shownTogether.length).toBeGreaterThan(corpus.size / 3);
  });

  test('for what a watcher saw, which is asked once a program', () => {
    let asked = 0;
    const watch = () => {
      asked += 1;
      return [asked];
    };
    const engine = new Engine(referenceTarget(), { seed: 1, watch });
    engine.run(40);
    expect(asked).toBe(40);
    expect(engine.corpus.size).toBe(40);
  });

  test('by none without mutation, and by any without novelty', () => {
    expect(sizeWithout('mutation')).toBe(0);
    expect(sizeWithout('novelty')).toBeGreaterThan(3);
    expect(sizeWithout('novelty')).toBeLessThan(40);
  });

  test('not if they break a law', () => {
    const engine = new Engine(stubborn, { seed: 5 });
    const { program } = engine.run(1000)!;
    expect(engine.corpus.programs).not.toContainEqual(program);
  });
});

describe('a part that is left out changes the programs', () => {
  const whole = campaign(new Engine(referenceTarget(), { seed: 2 }), 30);
  test.each(ENGINE_PARTS)('%s', (part) => {
    const engine = new Engine(referenceTarget(), { seed: 2, without: new Set([part]) });
    expect(campaign(engine, 30)).not.toEqual(whole);
  });
});

/** Cuts addresses one after the other, and crashes at one size, or at every so many frees. */
function bump(bug: { readonly size?: number; readonly frees?: number }): MakeTarget {
  return objectTarget('bump', () => {
    let [next, frees] = [0, 0];
    return {
      malloc(size) {
        if (size === bug.size) throw new Error('size');
        next += 2 ** 13;
        return size <= 2 ** 13 ? next : null;
      },
      free() {
        frees += 1;
        return frees !== bug.frees;
      },
      reset() {
        next = 0;
        frees = 0;
      },
    };
  });
}

describe('within 300,000 ops of each of three seeds is found', () => {
  test.each<[string, MakeTarget]>([
    ['a malloc of exactly 1337 bytes', bump({ size: 1337 })],
    ['every 16th free', bump({ frees: 16 })],
  ])('%s', (_, makeTarget) => {
    for (let seed = 1; seed <= 3; seed += 1) {
      const engine = new Engine(makeTarget, { seed });
      let raw = engine.run(20);
      while (raw === undefined && engine.runner.counts.ops < 300_000) raw = engine.run(20);
      expect([seed, raw?.finding.target]).toEqual([seed, 'bump']);
    }
  });
});
