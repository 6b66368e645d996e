import { expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import { Deck } from './deck.ts';

const ITEMS = ['a', 'b', 'c', 'd', 'e'];

/** What a deck of five deals in so many draws. */
function dealt(seed: number, draws: number): readonly string[] {
  const [deck, prng] = [new Deck(ITEMS), new Prng(seed)];
  return Array.from({ length: draws }, () => deck.deal(prng));
}

test('a deck deals each item once before any comes again, round after round', () => {
  const all = dealt(1, 15);
  for (const start of [0, 5, 10]) expect(all.slice(start, start + 5).toSorted()).toEqual(ITEMS);
});

test('a deck deals its items in any order, another one in each round', () => {
  const firsts = Array.from({ length: 100 }, (_, seed) => dealt(seed, 1)[0]);
  for (const item of ITEMS) expect(firsts).toContain(item);
  const all = dealt(1, 10);
  expect(all.slice(0, 5)).not.toEqual(all.slice(5));
});

test('a deck leaves the items that it was given as they are', () => {
  const items = [...ITEMS];
  const [deck, prng] = [new Deck(items), new Prng(1)];
  for (let draw = 0; draw < 7; draw += 1) deck.deal(prng);
  expect(items).toEqual(ITEMS);
});
