import { describe, expect, test } from 'vitest';
import type { MakeTarget } from '../src/check/target.ts';
import { Runner } from '../src/check/runner.ts';
import { BLOCK_OP_KINDS, type BlockOp } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { encodeProgram } from '../src/program/bytes.ts';
import { objectTarget } from '../src/targets/object.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { blockPrograms, drawProgramFor, Engine, programOf } from './index.ts';

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
    expect(hex(programOf(7, 3, blockPrograms(BLOCK_OP_KINDS), 12))).toBe(
      '000e08ffffffffffffffffff01010908340048',
    );
  });

  test('has programs that can be drawn by their number alone', () => {
    const engine = new Engine(referenceTarget(), { seed: 9 });
    const draw = drawProgramFor(engine.runner.target);
    const drawn = campaign(engine, 40);
    const backwards = drawn.map((_, index) => hex(programOf(9, 39 - index, draw, 64)));
    expect(backwards.toReversed()).toEqual(drawn);
  });

  test('can be continued from a number', () => {
    const whole = campaign(new Engine(referenceTarget(), { seed: 9 }), 30);
    const engine = new Engine(referenceTarget(), { seed: 9, first: 20 });
    expect(engine.next).toBe(20);
    expect(campaign(engine, 10)).toEqual(whole.slice(20));
    expect(engine.next).toBe(30);
  });

  test('has the same programs for targets that offer the same, whatever they do with them', () => {
    const other = objectTarget('other', () => {
      return { malloc: refuse, free: refuse, calloc: refuse, realloc: refuse, aligned: refuse };
    });
    expect(campaign(new Engine(other, { seed: 3 }), 30)).toEqual(
      campaign(new Engine(referenceTarget(), { seed: 3 }), 30),
    );
  });

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
    expect(raw.program).toEqual(programOf(5, raw.number, blockPrograms(['malloc', 'free']), 64));
    expect(engine.next).toBe(raw.number + 1);
    expect(new Runner(stubborn).run(raw.program)).toEqual(raw.finding);
  });

  test('can go on after a finding, and finds what a campaign from there finds', () => {
    const engine = new Engine(stubborn, { seed: 5 });
    const first = engine.run(1000)!;
    const second = engine.run(1000)!;
    expect(second.number).toBeGreaterThan(first.number);
    const fresh = new Engine(stubborn, { seed: 5, first: first.number + 1 });
    expect(fresh.run(1000)).toEqual(second);
  });

  test('finds the same in one go and in many', () => {
    const inOne = new Engine(stubborn, { seed: 6 }).run(1000)!;
    const engine = new Engine(stubborn, { seed: 6 });
    let inMany = engine.run(1);
    while (inMany === undefined) inMany = engine.run(1);
    expect(inMany).toEqual(inOne);
  });
});
