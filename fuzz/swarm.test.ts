import { describe, expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import { BLOCK_OP_KINDS, type BlockOpKind } from '../src/program/op.ts';
import { BLOCK_ODDS } from './block-programs.ts';
import { drawKind, drawSwarm, type Swarm as AnySwarm } from './swarm.ts';

type Swarm = AnySwarm<BlockOpKind>;

const SWARMS_COUNT = 2000;

/** Swarms of one seed. */
function swarms(offered: readonly BlockOpKind[], count = SWARMS_COUNT): readonly Swarm[] {
  const prng = new Prng(1);
  return Array.from({ length: count }, () => drawSwarm(prng, BLOCK_ODDS, offered));
}

function weights(parts: Partial<Swarm>): Swarm {
  return Object.assign(
    {
      malloc: 0,
      free: 0,
      realloc: 0,
      calloc: 0,
      aligned: 0,
      'double-free': 0,
      'free-inside': 0,
      'free-foreign': 0,
      'write-freed': 0,
    },
    parts,
  );
}

describe('a swarm', () => {
  const drawn = swarms(BLOCK_OP_KINDS);

  test('always has malloc', () => {
    expect(drawn.filter(({ malloc }) => malloc === 0)).toEqual([]);
  });

  test.each([
    ['free', 12],
    ['realloc', 2],
    ['calloc', 2],
    ['aligned', 2],
    ['double-free', 2],
    ['free-inside', 2],
    ['free-foreign', 2],
    ['write-freed', 2],
  ] as const)('has no %s once in %d, and some of it otherwise', (kind, oneIn) => {
    const off = drawn.filter((swarm) => swarm[kind] === 0).length;
    expect(off / SWARMS_COUNT).toBeGreaterThan(0.8 / oneIn);
    expect(off / SWARMS_COUNT).toBeLessThan(1.2 / oneIn);
  });

  test.each([
    ['malloc', 100],
    ['free', 100],
    ['realloc', 50],
    ['calloc', 30],
    ['aligned', 30],
    ['double-free', 5],
    ['free-inside', 5],
    ['free-foreign', 5],
    ['write-freed', 5],
  ] as const)('weighs %s up to %d', (kind, weightMax) => {
    const on = drawn.map((swarm) => swarm[kind]).filter((weight) => weight > 0);
    expect([Math.min(...on), Math.max(...on)]).toEqual([1, weightMax]);
  });

  test('turns kinds off one by one, not all at once', () => {
    const patterns = new Set(
      swarms(BLOCK_OP_KINDS, 8 * SWARMS_COUNT).map((swarm) =>
        BLOCK_OP_KINDS.map((kind) => Number(swarm[kind] > 0)).join(''),
      ),
    );
    expect(patterns.size).toBe(2 ** (BLOCK_OP_KINDS.length - 1));
  });

  test('has nothing that is not offered', () => {
    for (const swarm of swarms(['malloc', 'free', 'aligned'], 200)) {
      expect(swarm).toMatchObject({ realloc: 0, calloc: 0, 'double-free': 0, 'free-inside': 0 });
    }
  });

  test('of the same seed is the same', () => {
    expect(swarms(BLOCK_OP_KINDS, 20)).toEqual(swarms(BLOCK_OP_KINDS, 20));
  });
});

/** How often each kind is drawn in this many draws. */
function counts(swarm: Swarm, draws: number): Readonly<Record<string, number>> {
  const prng = new Prng(2);
  const drawn: Record<string, number> = {};
  for (let draw = 0; draw < draws; draw += 1) {
    const kind = drawKind(prng, swarm)!;
    drawn[kind] = (drawn[kind] ?? 0) + 1;
  }
  return drawn;
}

describe('a kind', () => {
  test('is drawn as often as its weight says', () => {
    const drawn = counts(weights({ malloc: 10, free: 30, calloc: 60 }), 10_000);
    expect(Object.keys(drawn).toSorted()).toEqual(['calloc', 'free', 'malloc']);
    expect(drawn['malloc']! / 1000).toBeCloseTo(1, 0);
    expect(drawn['free']! / 3000).toBeCloseTo(1, 1);
    expect(drawn['calloc']! / 6000).toBeCloseTo(1, 1);
  });

  test.each(BLOCK_OP_KINDS)('%s is all that is drawn when nothing else has a weight', (kind) => {
    expect(counts(weights({ [kind]: 1 }), 50)).toEqual({ [kind]: 50 });
  });

  test('is none when nothing has a weight', () => {
    expect(drawKind(new Prng(1), weights({}))).toBeUndefined();
  });
});
