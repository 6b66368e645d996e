import { describe, expect, test } from 'vitest';
import type { Op } from './op.ts';
import { familyOf, renameSlots, type SlotName, slotsOf } from './program.ts';
import { parseProgram, PROGRAM_HEADER } from './text.ts';

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
    { kind: 'map', area: 1, size: 8, protection: 'read' },
    ['a1'],
    { kind: 'map', area: 11, size: 8, protection: 'read' },
  ],
  [
    'map-at behind another area',
    { kind: 'map-at', area: 1, base: 2, offset: 8, size: 8, protection: 'read' },
    ['a1', 'a2'],
    { kind: 'map-at', area: 11, base: 12, offset: 8, size: 8, protection: 'read' },
  ],
  [
    'load from the break',
    { kind: 'load', base: 'brk', offset: 0, size: 1 },
    [],
    { kind: 'load', base: 'brk', offset: 0, size: 1 },
  ],
  [
    'store to a block',
    { kind: 'store', base: 'b3', offset: 0, size: 1 },
    ['b3'],
    { kind: 'store', base: 'b13', offset: 0, size: 1 },
  ],
  ['brk', { kind: 'brk', increment: 8 }, [], { kind: 'brk', increment: 8 }],
  [
    'spawn',
    { kind: 'spawn', child: 1, as: 'thread', stackSize: 8 },
    ['t1'],
    { kind: 'spawn', child: 11, as: 'thread', stackSize: 8 },
  ],
  ['join', { kind: 'join', child: 0 }, ['t0'], { kind: 'join', child: 10 }],
  ['down', { kind: 'down', semaphore: 4 }, ['s4'], { kind: 'down', semaphore: 14 }],
  ['send', { kind: 'send', queue: 5 }, ['q5'], { kind: 'send', queue: 15 }],
  ['yield', { kind: 'yield' }, [], { kind: 'yield' }],
  ['yield by another', { kind: 'yield', thread: 1 }, ['t1'], { kind: 'yield', thread: 11 }],
  [
    'realloc by another',
    { kind: 'realloc', slot: 1, source: 2, size: 8, thread: 3 },
    ['b1', 'b2', 't3'],
    { kind: 'realloc', slot: 11, source: 12, size: 8, thread: 13 },
  ],
];

/** A slot that holds the same kind of thing. */
function tenMore(slot: SlotName): SlotName {
  return `${slot[0]}${Number(slot.slice(1)) + 10}` as SlotName;
}

describe('an op names its slots and takes others', () => {
  test.each(OPS)('%s', (_, op, slots, renamed) => {
    expect(slotsOf(op)).toEqual(slots);
    expect(renameSlots(op, tenMore)).toEqual(renamed);
  });

  test('the thread that is renamed to the first is named no longer', () => {
    const renamed = renameSlots({ kind: 'down', semaphore: 1, thread: 1 }, (slot) =>
      slot === 't1' ? 't0' : slot,
    );
    expect(renamed).toEqual({ kind: 'down', semaphore: 1 });
    expect(renamed).not.toHaveProperty('thread');
  });
});

test.each([
  ['free null', 'blocks'],
  ['', 'blocks'],
  ['a0 = map 1\nunmap a0 0 1', 'pages'],
  ['a0 = map 1\nb0 = malloc 1', 'threads'],
  ['yield', 'threads'],
  ['t1: b0 = malloc 1', 'threads'],
])('%j is a program of %s', (text, family) => {
  expect(familyOf(parseProgram(`${PROGRAM_HEADER}\n${text}`, 'a.ops').program)).toBe(family);
});
