import { describe, expect, test } from 'vitest';
import { KitBug } from './kit-bug.ts';
import { fold, formatSeed, parseSeed, Prng } from './prng.ts';
import { UsageError } from './usage-error.ts';

function draws(seed: number, count: number): number[] {
  const prng = new Prng(seed);
  return Array.from({ length: count }, () => prng.next());
}

/** sfc32 as its author writes it, in unsigned arithmetic on bigints: state a, b, c and a counter. */
function sfc32(seed: number, count: number): number[] {
  const word = 2n ** 32n;
  let [a, b, c, counter] = [BigInt(seed), 0x9e37_79b9n, 0x243f_6a88n, 1n];
  const next = (): number => {
    const sum = (a + b + counter) % word;
    counter = (counter + 1n) % word;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) % word;
    c = ((((c << 21n) % word) | (c >> 11n)) + sum) % word;
    return Number(sum);
  };
  for (let round = 0; round < 12; round += 1) next();
  return Array.from({ length: count }, next);
}

describe('a source of random numbers', () => {
  test.each([0, 1, 0x5f1e_22d0, 2 ** 31, 2 ** 32 - 1])('seeded with %d is sfc32', (seed) => {
    expect(draws(seed, 100)).toEqual(sfc32(seed, 100));
  });

  test('seeded with a neighbour draws other numbers from the first on', () => {
    expect(draws(1, 1)).not.toEqual(draws(2, 1));
  });

  test.each([-1, 0.5, 2 ** 32, NaN])('takes no seed of %d', (seed) => {
    expect(() => new Prng(seed)).toThrow(new KitBug('a seed has 32 bits'));
  });

  test('draws every whole number below a limit, and the limit never', () => {
    const prng = new Prng(1);
    const drawn = new Set(Array.from({ length: 200 }, () => prng.below(5)));
    expect([...drawn].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  });

  test('reaches the upper half of 32 bits', () => {
    const prng = new Prng(1);
    const drawn = Array.from({ length: 50 }, () => prng.below(2 ** 32));
    expect(Math.max(...drawn)).toBeGreaterThan(2 ** 31);
    expect(drawn.every((value) => Number.isInteger(value) && value < 2 ** 32)).toBe(true);
  });

  test('draws both ends of a span', () => {
    const prng = new Prng(1);
    const drawn = new Set(Array.from({ length: 200 }, () => prng.between(7, 9)));
    expect([...drawn].toSorted((a, b) => a - b)).toEqual([7, 8, 9]);
  });

  test('says yes once in four draws, about', () => {
    const prng = new Prng(1);
    const hits = Array.from({ length: 4000 }, () => prng.oneIn(4)).filter(Boolean);
    expect(hits.length).toBeGreaterThan(900);
    expect(hits.length).toBeLessThan(1100);
  });

  test('picks each item, and nothing from nothing', () => {
    const prng = new Prng(1);
    const picked = new Set(Array.from({ length: 100 }, () => prng.pick(['a', 'b', 'c'])));
    expect([...picked].toSorted()).toEqual(['a', 'b', 'c']);
    expect(() => prng.pick([])).toThrow(new KitBug('pick needs an item'));
  });
});

/** Source: Fowler, Noll, Vo, "The FNV Non-Cryptographic Hash Algorithm", test vectors. */
test.each([
  ['', 0x811c_9dc5],
  ['a', 0xe40c_292c],
  ['foobar', 0xbf9c_f968],
])("'%s' folds to the published 32-bit FNV-1a value", (text, hash) => {
  expect(fold(text)).toBe(hash);
});

describe('a seed', () => {
  test.each([
    [0, '0x0000_0000'],
    [0x5f1e_22d0, '0x5f1e_22d0'],
    [2 ** 32 - 1, '0xffff_ffff'],
  ])('%d reads as it prints', (seed, text) => {
    expect(formatSeed(seed)).toBe(text);
    expect(parseSeed(text)).toBe(seed);
  });

  test.each([
    ['5f1e22d0', 0x5f1e_22d0],
    ['0X5F1E_22D0', 0x5f1e_22d0],
    ['7', 7],
    ['5f1e22d01', fold('5f1e22d01')],
    ['DA39A3EE5E6B4B0D3255BFEF95601890AFD80709', fold('da39a3ee5e6b4b0d3255bfef95601890afd80709')],
  ])("'%s' is %d", (text, seed) => {
    expect(parseSeed(text)).toBe(seed);
  });

  test.each(['', '0x', 'seven', '-1', '1.5', ' 1'])("is not '%s'", (text) => {
    expect(() => parseSeed(text)).toThrow(UsageError);
    expect(() => parseSeed(text)).toThrow(`seed: '${text}' is not hexadecimal; pass`);
  });
});
