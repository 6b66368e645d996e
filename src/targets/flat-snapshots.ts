import type { Registers } from '../allocators/allocator.ts';
import type { Snapshots } from '../check/target.ts';
import type { FlatArena, FlatArenaState } from '../heap/flat-arena.ts';
import type { HeapRegisters } from '../heap/heap.ts';

/** An allocator that keeps something beside its arena. */
interface Capturable<Kept> {
  capture(): Kept;
  restore(kept: Kept): void;
}

/** An allocator over a flat arena at one moment. */
interface FlatState<Kept> {
  readonly kept: Kept;
  readonly arena: FlatArenaState;
}

/**
 * Captures an allocator over a flat arena: every byte that was written to, and the registers of both.
 *
 * @param describeKept Tells what the allocator keeps, so that no two different states read the same.
 */
export function flatSnapshots<Kept>(
  allocator: Capturable<Kept>,
  arena: FlatArena,
  describeKept: (kept: Kept, tell: (value: number) => void) => void,
): Snapshots<FlatState<Kept>> {
  return {
    capture: () => ({ kept: allocator.capture(), arena: arena.capture() }),
    restore(state) {
      arena.restore(state.arena);
      allocator.restore(state.kept);
    },
    describe(sink) {
      describeKept(allocator.capture(), (value) => sink.number(value));
      describeMaps(arena.registers(), (value) => sink.number(value));
      arena.eachWritten((words, start, end) => sink.words(words, start, end));
    },
  };
}

/** Tells the registers of a small allocator. Lists have their lengths in front. */
export function describeRegisters(registers: Registers, tell: (value: number) => void): void {
  tell(registers.length);
  for (const each of registers) {
    if (typeof each === 'number') tell(each);
    else describeRegisters(each, tell);
  }
}

/** Tells the registers of the reference. Lists have their lengths in front. */
export function describeHeap(registers: HeapRegisters, tell: (value: number) => void): void {
  const { arenaBytes, bigMaps, list, reachedEnd, regions } = registers;
  tell(arenaBytes);
  tell(reachedEnd);
  tell(regions.length);
  for (const { start, end, first, last } of regions) {
    tell(start);
    tell(end);
    tell(first);
    tell(last);
  }
  tell(bigMaps.length);
  for (const [start, size] of bigMaps) {
    tell(start);
    tell(size);
  }
  tell(list.length);
  for (const value of list) tell(value);
}

function describeMaps(
  { break: end, mappedSize, maps }: Omit<FlatArenaState, 'pieces'>,
  tell: (value: number) => void,
): void {
  tell(end);
  tell(mappedSize);
  tell(maps.length);
  for (const map of maps) {
    tell(map.start);
    tell(map.end);
  }
}
