import { describe, expect, test } from 'vitest';
import type { Op } from './op.ts';
import { renameSlots, type SlotName, slotsOf } from './program.ts';

const OPS: readonly [name: string, op: Op, slots: readonly SlotName[], renamed: Op][] = [
  ['malloc', { kind: 'malloc', slot: 2, size: 8 }, ['b2'], { kind: 'malloc', slot: 12, size: 8 }],
  [
    'realloc from another slot',
    { kind: 'realloc', slot: 1, source: 3, size: 8 },
    ['b1', 'b3'],
    { kind: 'realloc', slot: 11, source: 13, size: 8 },
  ],
  [
    'realloc of null',
    { kind: 'realloc', slot: 1, source: null, size: 8 },
    ['b1'],
    { kind: 'realloc', slot: 11, source: null, size: 8 },
  ],
  ['free', { kind: 'free', slot: 0 }, ['b0'], { kind: 'free', slot: 10 }],
  ['free of null', { kind: 'free', slot: null }, [], { kind: 'free', slot: null }],
];

describe('an op names its slots and takes others', () => {
  test.each(OPS)('%s', (_, op, slots, renamed) => {
    expect(slotsOf(op)).toEqual(slots);
    expect(renameSlots(op, (slot) => `b${Number(slot.slice(1)) + 10}`)).toEqual(renamed);
  });
});
