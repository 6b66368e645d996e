import type { Snapshots } from '../check/target.ts';
import type { FlatArena, FlatArenaState } from '../heap/flat-arena.ts';
import type { Heap, HeapRegisters } from '../heap/heap.ts';

/** A heap over a flat arena at one moment. */
interface FlatState {
  readonly heap: HeapRegisters;
  readonly arena: FlatArenaState;
}

/** Captures a heap over a flat arena: every byte that was written to, and the registers of both. */
export function flatSnapshots(heap: Heap, arena: FlatArena): Snapshots<FlatState> {
  return {
    capture: () => ({ heap: heap.capture(), arena: arena.capture() }),
    restore(state) {
      arena.restore(state.arena);
      heap.restore(state.heap);
    },
    describe(sink) {
      describeRegisters(heap.capture(), (value) => sink.number(value));
      describeMaps(arena.registers(), (value) => sink.number(value));
      arena.eachWritten((words, start, end) => sink.words(words, start, end));
    },
  };
}

/** Lists have their lengths in front, so that no two different states read the same. */
function describeRegisters(registers: HeapRegisters, tell: (value: number) => void): void {
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
