import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { Prng } from '../base/prng.ts';
import { AddressIndex } from './address-index.ts';

function indexOf(blocks: readonly (readonly [address: number, extent: number])[]): AddressIndex {
  const index = new AddressIndex();
  for (const [address, extent] of blocks) index.insert(address, extent);
  return index;
}

describe('an index', () => {
  test('of nothing finds nothing', () => {
    expect([indexOf([]).firstOf(16), indexOf([]).lastBelow(4096)]).toEqual([0, 0]);
  });

  test('finds the first block that is large enough', () => {
    const index = indexOf([
      [0x3000, 96],
      [0x1000, 32],
      [0x2000, 64],
    ]);
    expect([16, 32, 33, 64, 65, 97].map((extent) => index.firstOf(extent))).toEqual([
      0x1000, 0x1000, 0x2000, 0x2000, 0x3000, 0,
    ]);
  });

  test('finds the last block below an address', () => {
    const index = indexOf([
      [0x2000, 64],
      [0x1000, 32],
    ]);
    expect([0x1000, 0x1001, 0x2000, 0x9000].map((at) => index.lastBelow(at))).toEqual([
      0, 0x1000, 0x1000, 0x2000,
    ]);
  });

  test('tells addresses apart that differ above 2^32 only', () => {
    const index = indexOf([
      [2 ** 40 + 16, 32],
      [2 ** 41 + 16, 64],
    ]);
    index.remove(2 ** 40 + 16);
    expect([index.firstOf(1), index.lastBelow(2 ** 47)]).toEqual([2 ** 41 + 16, 2 ** 41 + 16]);
  });

  test('forgets all of it', () => {
    const index = indexOf([[0x1000, 32]]);
    index.clear();
    expect([index.firstOf(1), index.lastBelow(2 ** 47)]).toEqual([0, 0]);
    for (const address of [0x1000, 0x2000, 0x3000]) index.insert(address, address / 64);
    expect([1, 65, 129].map((extent) => index.firstOf(extent))).toEqual([0x1000, 0x2000, 0x3000]);
  });

  test('knows a block like any other whose hash is 0', () => {
    const address = 0x10_e8b2_f510;
    const index = indexOf([
      [address, 32],
      [address - 16, 16],
      [address + 32, 16],
    ]);
    expect([index.firstOf(17), index.lastBelow(address)]).toEqual([address, address - 16]);
    index.remove(address - 16);
    index.remove(address + 32);
    expect([index.firstOf(1), index.lastBelow(address)]).toEqual([address, 0]);
    index.remove(address);
    expect(index.firstOf(1)).toBe(0);
  });

  // A tree as deep as it has blocks would overflow the stack.
  test.each([16, 2 ** 32])('stays shallow when blocks come in order, %d bytes apart', (stride) => {
    const addresses = Array.from({ length: 2 ** 14 }, (_, number) => (number + 1) * stride);
    const index = indexOf(addresses.map((address) => [address, 16]));
    for (const address of addresses.slice(1)) index.remove(address);
    expect([index.firstOf(16), index.lastBelow(2 ** 50)]).toEqual([stride, stride]);
  });

  test('is asked for blocks of some bytes only', () => {
    expect(() => indexOf([[0x1000, 32]]).firstOf(0)).toThrow(new KitBug('a search asks for bytes'));
  });

  test('is never asked to remove what it does not know', () => {
    expect(() => indexOf([[0x1000, 32]]).remove(0x2000)).toThrow(
      new KitBug('the index knows every listed block'),
    );
  });
});

test.each([1, 2, 3])('agrees with a sorted array over random changes, seed %d', (seed) => {
  const prng = new Prng(seed);
  const index = new AddressIndex();
  const model = new Map<number, number>();
  for (let step = 0; step < 2000; step += 1) {
    const address = 16 * (1 + prng.below(400));
    if (model.delete(address)) {
      index.remove(address);
    } else {
      const extent = 16 * (1 + prng.below(50));
      index.insert(address, extent);
      model.set(address, extent);
    }
    const sorted = [...model].toSorted(([a], [b]) => a - b);
    const wanted = 16 * (1 + prng.below(51));
    const at = 8 * prng.below(802);
    const fitting = sorted.find(([, extent]) => extent >= wanted)?.[0] ?? 0;
    const below = sorted.findLast(([start]) => start < at)?.[0] ?? 0;
    expect([index.firstOf(wanted), index.lastBelow(at)]).toEqual([fitting, below]);
  }
});
