import { describe, expect, test } from 'vitest';
import { Prng } from '../src/base/prng.ts';
import type { BlockOp } from '../src/program/op.ts';
import { HeapView } from './heap-view.ts';

/** A heap of blocks of 32 bytes at 0x100, 0x120, and so on, one a slot. */
function heapOf(count: number): HeapView {
  const heap = new HeapView();
  for (let slot = 0; slot < count; slot += 1) grant(heap, slot, 0x100 + 0x20 * slot, 32);
  return heap;
}

function grant(heap: HeapView, slot: number, address: number, size: number): void {
  heap.note({ kind: 'malloc', slot, size }, { kind: 'granted', address, size });
}

function free(heap: HeapView, slot: number): void {
  heap.note({ kind: 'free', slot }, { kind: 'freed' });
}

const beside = ({ above, below }: HeapView) => [below, above];

describe('a heap as its caller sees it', () => {
  test('knows its blocks by slot', () => {
    const heap = heapOf(3);
    expect([heap.liveCount, heap.startOf(1), heap.sizeOf(1)]).toEqual([3, 0x120, 32]);
    expect([heap.startOf(7), heap.sizeOf(7)]).toEqual([undefined, 0]);
    heap.clear();
    expect([heap.liveCount, heap.startOf(1), heap.gapsCount]).toEqual([0, undefined, 0]);
  });

  test('counts gaps, which end below a live block', () => {
    const heap = heapOf(6);
    free(heap, 1);
    expect(heap.gapsCount).toBe(1);
    free(heap, 2);
    expect(heap.gapsCount).toBe(1);
    free(heap, 4);
    expect(heap.gapsCount).toBe(2);
    free(heap, 5);
    expect(heap.gapsCount).toBe(1);
  });

  test('knows what lies beside what was freed', () => {
    const heap = heapOf(4);
    free(heap, 1);
    expect(beside(heap)).toEqual(['live', 'live']);
    free(heap, 2);
    expect(beside(heap)).toEqual(['freed', 'live']);
    free(heap, 0);
    expect(beside(heap)).toEqual(['nothing', 'freed']);
    free(heap, 3);
    expect(beside(heap)).toEqual(['freed', 'nothing']);
    free(heap, 3);
    expect(heap.liveCount).toBe(0);
  });

  test.each([
    ['fresh', 0x400, 32],
    ['same', 0x120, 32],
    ['smaller', 0x120, 8],
    ['larger', 0x120, 48],
    ['inside', 0x130, 8],
  ] as const)('tells a %s use of an address', (reuse, address, size) => {
    const heap = heapOf(4);
    free(heap, 1);
    free(heap, 2);
    grant(heap, 9, address, size);
    expect(heap.reuse).toBe(reuse);
    expect([heap.startOf(9), heap.sizeOf(9)]).toEqual([address, size]);
  });

  test('keeps what a smaller block leaves of a freed one', () => {
    const heap = heapOf(3);
    free(heap, 1);
    grant(heap, 1, 0x120, 16);
    expect([heap.gapsCount, ...beside(heap)]).toEqual([1, 'live', 'freed']);
    grant(heap, 3, 0x130, 16);
    expect([heap.gapsCount, ...beside(heap)]).toEqual([0, 'live', 'live']);
  });

  test('follows a realloc, to another slot and to nothing', () => {
    const heap = heapOf(2);
    const op: BlockOp = { kind: 'realloc', slot: 5, source: 0, size: 64 };
    heap.note(op, { kind: 'granted', address: 0x200, size: 64 });
    expect([heap.startOf(0), heap.startOf(5), heap.liveCount]).toEqual([undefined, 0x200, 2]);
    heap.note({ kind: 'realloc', slot: 5, source: 5, size: 0 }, { kind: 'freed' });
    expect(heap.liveCount).toBe(1);
    heap.note({ kind: 'malloc', slot: 6, size: 8 }, { kind: 'refused' });
    heap.note({ kind: 'free', slot: null }, { kind: 'freed' });
    expect(heap.liveCount).toBe(1);
  });

  test('counts a block of no bytes as one byte, so that it has a place', () => {
    const heap = new HeapView();
    grant(heap, 0, 0x100, 0);
    expect(heap.sizeOf(0)).toBe(1);
  });
});

describe('a distance', () => {
  test('is that of two places of the three next to each other', () => {
    const heap = heapOf(8);
    const prng = new Prng(1);
    const drawn = new Set(Array.from({ length: 100 }, () => heap.distance(prng)));
    expect(drawn).toEqual(new Set([0x20, 0x40, 0x60]));
    expect(heapOf(1).distance(prng)).toBeUndefined();
  });

  test('to the next live block above is the room that a block has', () => {
    const heap = heapOf(4);
    expect(heap.room(0)).toBe(0x20);
    free(heap, 1);
    free(heap, 2);
    expect(heap.room(0)).toBe(0x60);
    expect([heap.room(3), heap.room(1)]).toEqual([undefined, undefined]);
  });
});
