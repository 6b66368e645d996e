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
  [
    'map',
    { kind: 'map', area: 1, size: 1, protection: 'none' },
    ['a1'],
    { kind: 'map', area: 11, size: 1, protection: 'none' },
  ],
  [
    'map-at an area',
    { kind: 'map-at', area: 1, base: 3, offset: 7, size: 1, protection: 'read' },
    ['a1', 'a3'],
    { kind: 'map-at', area: 11, base: 13, offset: 7, size: 1, protection: 'read' },
  ],
  [
    'map-at the break',
    { kind: 'map-at', area: 1, base: 'brk', offset: 7, size: 1, protection: 'read' },
    ['a1'],
    { kind: 'map-at', area: 11, base: 'brk', offset: 7, size: 1, protection: 'read' },
  ],
  [
    'unmap',
    { kind: 'unmap', base: 0, offset: 7, size: 1 },
    ['a0'],
    { kind: 'unmap', base: 10, offset: 7, size: 1 },
  ],
  [
    'store behind the break',
    { kind: 'store', base: 'brk', offset: 7, size: 8 },
    [],
    { kind: 'store', base: 'brk', offset: 7, size: 8 },
  ],
  ['brk', { kind: 'brk', increment: -7 }, [], { kind: 'brk', increment: -7 }],
];

/** A slot ten further. */
const ten = (slot: SlotName): SlotName => `${slot[0] as 'a'}${Number(slot.slice(1)) + 10}`;

describe('an op names its slots and takes others', () => {
  test.each(OPS)('%s', (_, op, slots, renamed) => {
    expect(slotsOf(op)).toEqual(slots);
    expect(renameSlots(op, ten)).toEqual(renamed);
  });
});
