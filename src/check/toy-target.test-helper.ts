/** A correct toy allocator that offers and promises everything, and of which a test breaks one thing. */
import { roundUp } from '../base/bits.ts';
import { SIZE_MAX, type Size } from '../base/units.ts';
import type { Program } from '../program/program.ts';
import { parseProgram } from '../program/text.ts';
import type {
  Invariant,
  MakeAllocatorTarget,
  Memory,
  Promises,
  AllocatorTarget,
} from './target.ts';

const TOY_START = 0x1000;
export const TOY_END = 0x1_1000;

/** What replaces parts of the toy; undefined takes a part away. */
export type Overrides = {
  readonly [Key in keyof AllocatorTarget]?: AllocatorTarget[Key] | undefined;
};

/** Gets the correct toy, so that what it replaces can call what was there. */
export type Override = (
  toy: Required<Omit<AllocatorTarget, 'refusals' | 'snapshots'>>,
) => Overrides;

/** Makes toys, each with one thing replaced. */
export function toyTarget(override: Override = () => ({})): MakeAllocatorTarget {
  return () => {
    const toy = correctToy();
    return Object.assign({ ...toy }, override(toy));
  };
}

/** A value that its type would not allow. */
export function untyped(value: unknown): ReturnType<typeof Reflect.get> {
  return Reflect.get({ value }, 'value');
}

/** A program of ops with `;` between them. */
export function ops(text: string): Program {
  return parseProgram(`heapcheck program 1\n${text.replaceAll(';', '\n')}`, 'toy.ops').program;
}

/** Hands out what comes next, and starts again at the front when nothing is live. */
function correctToy(): Required<Omit<AllocatorTarget, 'refusals' | 'snapshots'>> {
  const memory = memoryOf(new DataView(new ArrayBuffer(TOY_END)));
  const extents = new Map<number, number>();
  const alignments = new Map<number, number>();
  let next = TOY_START;
  let mallocs = 0;

  const aligned = (alignment: number, size: Size): number | null => {
    const address = roundUp(next, Math.max(16, alignment));
    if (Number(size) > TOY_END - address) return null;
    next = address + usableFor(size);
    extents.set(address, usableFor(size));
    alignments.set(address, alignment);
    mallocs += 1;
    return address;
  };
  const malloc = (size: Size): number | null => aligned(16, size);
  const free = (address: number | null): boolean => {
    if (address === null) return true;
    const isLive = extents.delete(address);
    if (extents.size === 0) next = TOY_START;
    return isLive;
  };
  return {
    name: 'toy',
    promises: PROMISES,
    malloc,
    free,
    calloc(count, size) {
      const address = malloc(Number(count) * Number(size));
      if (address === null) return null;
      for (let at = address; at < address + extents.get(address)!; at += 1) memory.storeByte(at, 0);
      return address;
    },
    realloc(address, size) {
      const target = aligned(alignments.get(address ?? 0) ?? 16, size);
      if (address === null || target === null) return target;
      const kept = Math.min(extents.get(address)!, Number(size));
      for (let at = 0; at < kept; at += 1)
        memory.storeByte(target + at, memory.loadByte(address + at));
      free(address);
      return target;
    },
    aligned,
    usableSize: (address) => extents.get(address)!,
    memory,
    bounds: { start: TOY_START, end: TOY_END },
    guards: [{ start: TOY_START - 64, end: TOY_START }],
    footprint: () => [...extents.values()].reduce((sum, extent) => sum + extent, 0),
    walk: () => [...extents].map(([start, size]) => ({ start, end: start + size, state: 'used' })),
    invariants: { rules: [RULE], read: () => undefined },
    events: () => ({ mallocs }),
    reset() {
      extents.clear();
      next = TOY_START;
    },
  };
}

const PROMISES: Promises = {
  alignment: 16,
  sizeMax: SIZE_MAX,
  zeroSize: 'block',
  reallocZero: 'resizes',
  reallocKeepsAlignment: true,
  doubleFree: 'refused',
  freeInside: 'refused',
  freeForeign: 'refused',
  writeFreed: 'ignored',
  recovers: 1024,
  returnsFrom: 4096,
  slack: 16,
  usableGrows: true,
  repeats: true,
};

const RULE: Invariant<unknown> = {
  name: 'toy-is-well',
  says: 'The toy has no complaint.',
  rows: 'H1',
  source: 'This toy.',
  check: () => undefined,
};

function usableFor(size: Size): number {
  return roundUp(Math.max(1, Number(size)), 16);
}

function memoryOf(view: DataView): Memory {
  return {
    loadDouble: (address) => view.getFloat64(address, true),
    storeDouble: (address, value) => view.setFloat64(address, value, true),
    loadByte: (address) => view.getUint8(address),
    storeByte: (address, byte) => view.setUint8(address, byte),
  };
}
