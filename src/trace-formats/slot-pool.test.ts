import { describe, expect, test } from 'vitest';
import { SlotPool } from './slot-pool.ts';

describe('SlotPool', () => {
  const place = { file: 'a.trace', line: 9 };

  test('hands out the slot given back last, then new ones', () => {
    const slots = new SlotPool();
    expect([slots.take(place), slots.take(place), slots.take(place)]).toEqual([0, 1, 2]);
    slots.give(0);
    slots.give(1);
    expect([slots.take(place), slots.take(place), slots.take(place)]).toEqual([1, 0, 3]);
  });

  test('refuses the block that has no slot left', () => {
    const slots = new SlotPool(2);
    slots.take(place);
    slots.take(place);
    expect(() => slots.take(place)).toThrow(
      'a.trace:9: more than 2 blocks live at one time; record a shorter run.',
    );
    slots.give(1);
    expect(slots.take(place)).toBe(1);
  });
});
