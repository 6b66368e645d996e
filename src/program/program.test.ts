import { describe, expect, test } from 'vitest';
import type { Op } from './op.ts';
import { renameSlots, slotsOf } from './program.ts';

const OPS: readonly [name: string, op: Op, slots: readonly number[], renamed: Op][] = [
  ['malloc', { kind: 'malloc', slot: 2, size: 8 }, [2], { kind: 'malloc', slot: 12, size: 8 }],
  [
    'realloc from another slot',
    { kind: 'realloc', slot: 1, source: 3, size: 8 },
    [1, 3],
    { kind: 'realloc', slot: 11, source: 13, size: 8 },
  ],
  [
    'realloc of null',
    { kind: 'realloc', slot: 1, source: null, size: 8 },
    [1],
    { kind: 'realloc', slot: 11, source: null, size: 8 },
  ],
  ['free', { kind: 'free', slot: 0 }, [0], { kind: 'free', slot: 10 }],
  ['free of null', { kind: 'free', slot: null }, [], { kind: 'free', slot: null }],
  [
    'map',
    { kind: 'map', area: 1, size: 1, protection: 'none' },
    [1],
    { kind: 'map', area: 11, size: 1, protection: 'none' },
  ],
  [
    'map-at an area',
    { kind: 'map-at', area: 1, base: 3, offset: 7, size: 1, protection: 'read' },
    [1, 3],
    { kind: 'map-at', area: 11, base: 13, offset: 7, size: 1, protection: 'read' },
  ],
  [
    'map-at the break',
    { kind: 'map-at', area: 1, base: 'brk', offset: 7, size: 1, protection: 'read' },
    [1],
    { kind: 'map-at', area: 11, base: 'brk', offset: 7, size: 1, protection: 'read' },
  ],
  [
    'unmap',
    { kind: 'unmap', base: 0, offset: 7, size: 1 },
    [0],
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

describe('an op names its slots and takes others', () => {
  test.each(OPS)('%s', (_, op, slots, renamed) => {
    expect(slotsOf(op)).toEqual(slots);
    expect(renameSlots(op, (slot) => slot + 10)).toEqual(renamed);
  });
});
