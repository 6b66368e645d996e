import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { KEY_STEP } from './payload.ts';
import { Shadow } from './shadow.ts';
import type { Memory } from './target.ts';
import { toyTarget } from './toy-target.test-helper.ts';

const memory = toyTarget()().memory!;

/** A shadow that holds blocks, by slot: address, size, and extent where it is larger. */
function shadowOf(...blocks: readonly [number, number, number?][]): Shadow {
  const shadow = new Shadow(1, memory);
  for (const [slot, [address, size, extent = size]] of blocks.entries()) {
    expect(shadow.claim(slot, address, size, extent)).toBe(true);
  }
  return shadow;
}

describe('a shadow', () => {
  test('knows what a live slot holds, and that others hold nothing', () => {
    const shadow = shadowOf([0x1000, 24, 40]);
    expect([shadow.addressOf(0), shadow.sizeOf(0), shadow.extentOf(0)]).toEqual([0x1000, 24, 40]);
    expect([shadow.isLive(0), shadow.isLive(1), shadow.slotsCount, shadow.liveCount]).toEqual([
      true,
      false,
      1,
      1,
    ]);
  });

  test('remembers where a slot was freed last', () => {
    const shadow = shadowOf([0x1000, 24]);
    expect([0, 1, 9].map((slot) => shadow.freedAddressOf(slot))).toEqual([-1, -1, -1]);
    shadow.release(0);
    expect([shadow.freedAddressOf(0), shadow.isLive(0), shadow.liveCount]).toEqual([
      0x1000,
      false,
      0,
    ]);
  });

  test('takes address 0 for an address', () => {
    const shadow = shadowOf([0, 8]);
    expect([shadow.isLive(0), shadow.overlapping(0, 1)]).toEqual([true, 0]);
  });

  test('refuses a block on the extent of another, and then nothing changes', () => {
    const shadow = shadowOf([0x1000, 24, 40]);
    expect(shadow.claim(1, 0x1027, 8, 8)).toBe(false);
    expect([shadow.isLive(1), shadow.slotsCount, shadow.liveCount]).toEqual([false, 1, 1]);
    expect(shadow.claim(1, 0x1028, 8, 8)).toBe(true);
  });

  test('counts a block of 0 bytes as one', () => {
    const shadow = shadowOf([0x1000, 0]);
    expect(shadow.claim(1, 0x1000, 0, 0)).toBe(false);
    expect([shadow.overlapping(0x1000, 0x1001), shadow.overlapping(0x1001, 0x1002)]).toEqual([
      0, -1,
    ]);
    shadow.release(0);
    expect(shadow.claim(1, 0x1000, 0, 0)).toBe(true);
  });

  test('names the slot that a range overlaps', () => {
    const shadow = shadowOf([0x1000, 16], [0x1010, 16]);
    expect([0xff8, 0x1008, 0x1010, 0x1020].map((at) => shadow.overlapping(at, at + 16))).toEqual([
      0, 0, 1, -1,
    ]);
    expect(shadow.overlapping(0xff0, 0x1000)).toBe(-1);
    shadow.release(0);
    expect([shadow.overlapping(0x1000, 0x1001), shadow.overlapping(0, 1)]).toEqual([-1, -1]);
  });

  test('grows to any slot and keeps the others', () => {
    const shadow = shadowOf([0x1000, 24]);
    expect(shadow.claim(256, 0x2000, 8, 8)).toBe(true);
    expect(shadow.claim(5000, 0x3000, 8, 8)).toBe(true);
    expect([0, 256, 5000].map((slot) => shadow.addressOf(slot))).toEqual([0x1000, 0x2000, 0x3000]);
    expect([shadow.slotsCount, shadow.isLive(255), shadow.freedAddressOf(4999)]).toEqual([
      5001,
      false,
      -1,
    ]);
    expect(shadow.claim(7, 0x4000, 8, 8)).toBe(true);
    expect([shadow.slotsCount, shadow.isLive(5000)]).toEqual([5001, true]);
  });

  test('sees what changed in a payload, where it lies and where it was moved to', () => {
    const shadow = shadowOf([0x1000, 24]);
    shadow.fill(0);
    expect(shadow.damage(0)).toBe(-1);
    for (let at = 0; at < 24; at += 1) memory.storeByte(0x2000 + at, memory.loadByte(0x1000 + at));
    memory.storeByte(0x1010, memory.loadByte(0x1010) ^ 1);
    expect([
      shadow.damage(0),
      shadow.damageAt(0, 0x1000, 16),
      shadow.damageAt(0, 0x2000, 24),
    ]).toEqual([16, -1, -1]);
  });

  test('without memory sees no damage', () => {
    const shadow = new Shadow(16, undefined);
    shadow.claim(0, 0x1000, 24, 24);
    shadow.fill(0);
    expect(shadow.damage(0)).toBe(-1);
  });

  test('that was cleared is as new', () => {
    const shadow = shadowOf([0x1000, 24], [0x2000, 8]);
    shadow.release(1);
    shadow.clear();
    expect([shadow.slotsCount, shadow.liveCount, shadow.freedAddressOf(1)]).toEqual([0, 0, -1]);
    expect(shadow.claim(1, 0x1008, 24, 24)).toBe(true);
    expect([shadow.freedAddressOf(0), shadow.freedAddressOf(1)]).toEqual([-1, -1]);
  });

  test('that was cleared has given address 0 back too', () => {
    const shadow = shadowOf([0, 8]);
    shadow.clear();
    expect(shadow.claim(0, 0, 8, 8)).toBe(true);
  });

  test('that was cleared after it reached far is as new', () => {
    const shadow = new Shadow(8, undefined);
    for (let slot = 0; slot < 300; slot += 1) shadow.claim(slot, slot * 2 ** 20, 8, 8);
    shadow.clear();
    expect(shadow.claim(0, 299 * 2 ** 20, 8, 8)).toBe(true);
  });

  test('is asked to claim empty slots and to release live ones only', () => {
    const shadow = shadowOf([0x1000, 24]);
    expect(() => shadow.claim(0, 0x2000, 8, 8)).toThrow(new KitBug('claim takes an empty slot'));
    expect(() => shadow.release(1)).toThrow(new KitBug('release takes a live slot'));
  });
});

/** A shadow that holds and fills two blocks. */
function filled(): Shadow {
  const shadow = new Shadow(1, memory, 'by-place');
  shadow.claim(0, 0x1000, 24, 40, 64);
  shadow.claim(2, 0x1040, 16, 16);
  for (const slot of [0, 2]) shadow.fill(slot);
  return shadow;
}

describe('a shadow whose patterns depend on places', () => {
  test('comes back to the blocks that it was captured with', () => {
    const shadow = filled();
    const state = shadow.capture();
    expect(state).toEqual({
      blocks: [
        { slot: 0, address: 0x1000, size: 24, extent: 40, alignment: 64 },
        { slot: 2, address: 0x1040, size: 16, extent: 16, alignment: 1 },
      ],
      freed: [-1, -1, -1],
      freedSizes: [0, 0, 0],
    });
    shadow.release(0);
    shadow.claim(1, 0x1000, 8, 8);
    shadow.restore(state);
    expect(shadow.capture()).toEqual(state);
    expect([shadow.liveCount, shadow.freedAddressOf(0)]).toEqual([2, -1]);
    expect([shadow.damage(0), shadow.damage(2)]).toEqual([-1, -1]);
    expect(shadow.claim(1, 0x1020, 16, 16)).toBe(false);
  });

  test('captures a block at address 0 as any other, and comes back to none', () => {
    const shadow = new Shadow(8, undefined, 'by-place');
    const empty = shadow.capture();
    shadow.claim(0, 0, 8, 8);
    expect(shadow.capture().blocks.map(({ address }) => address)).toEqual([0]);
    shadow.restore(empty);
    expect([shadow.slotsCount, shadow.capture()]).toEqual([0, empty]);
  });

  test('knows again what its empty slots had freed', () => {
    const shadow = filled();
    shadow.release(2);
    const state = shadow.capture();
    shadow.release(0);
    shadow.claim(2, 0x1080, 8, 8);
    shadow.release(2);
    shadow.restore(state);
    expect([0, 1, 2, 3].map((slot) => shadow.freedAddressOf(slot))).toEqual([-1, -1, 0x1040, -1]);
    expect(shadow.freedSizeOf(2)).toBe(16);
    expect([shadow.slotsCount, shadow.liveCount, shadow.isLive(2)]).toEqual([3, 1, false]);
  });

  test('fills a place the same, whatever was filled before and wherever a block starts', () => {
    filled();
    const first = memory.loadDouble(0x1010);
    const shadow = new Shadow(1, memory, 'by-place');
    shadow.claim(5, 0x1008, 64, 64);
    shadow.fill(5);
    expect(memory.loadDouble(0x1010)).toBe(first);
    expect(memory.loadDouble(0x1018)).not.toBe(first);
  });

  test('is the only one that can come back', () => {
    const shadow = shadowOf([0x1000, 24]);
    expect(() => shadow.restore(shadow.capture())).toThrow(
      'only the pattern of a place is known from the place',
    );
  });
});

test('memory that looks ahead is told what is live, by rising slot', () => {
  const told: unknown[] = [];
  const shadow = new Shadow(8, {
    payloads: { fill: () => undefined, lookAhead: (payloads: unknown) => told.push(payloads) },
  } as unknown as Memory);
  shadow.lookAhead();
  for (const slot of [3, 0, 1]) {
    shadow.claim(slot, 64 * slot, 10, 16);
    shadow.fill(slot);
  }
  shadow.release(1);
  shadow.lookAhead();
  expect(told).toEqual([
    [],
    [
      { address: 0, size: 16, key: 2 * KEY_STEP },
      { address: 192, size: 16, key: KEY_STEP },
    ],
  ]);
});
