import { roundUp } from '../../base/bits.ts';
import type { Op, PageOp, Slot } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';

/** Bytes of a page, on the machines that there are. */
const PAGE_SIZES = [4096, 64] as const;

type MapOp = PageOp & { readonly kind: 'map' | 'map-at' };
type AccessOp = PageOp & { readonly kind: 'load' | 'store' | 'touch' };

type UnmapOp = PageOp & { readonly kind: 'unmap' };

/**
 * Makes one op of two on pages: an area becomes as large as two were, and what was done to the second is done to its
 * end; accesses become one touch of all that lies between them, and unmaps
 * one unmap; the break moves at once as far as in two steps.
 *
 *     a0 = map 4096         a0 = map 8192
 *     a1 = map 4096    →    store a0 4096 1
 *     store a1 0 1
 */
export function joinOps(program: Program, attempt: Attempt): Program {
  for (let second = program.length - 1; second > 0; second -= 1) {
    for (let first = second - 1; first >= 0; first -= 1) {
      const taken = joined(program, first, second).find((candidate) => attempt(candidate));
      if (taken !== undefined) return joinOps(taken, attempt);
    }
  }
  return program;
}

/** The programs in which one op does what two did. */
function joined(program: Program, first: number, second: number): readonly Program[] {
  const [a, b] = [program[first]!, program[second]!];
  if (isMap(a) && isMap(b)) return withAreasJoined(program, [first, a], [second, b]);
  const op = joinedOp(a, b);
  if (op === undefined) return [];
  const without = (index: number): Program => program.filter((_, at) => at !== index);
  return [without(second).with(first, op), without(first).with(second - 1, op)];
}

/** One op for two that move the break, that reach one area, or that unmap parts of it. */
function joinedOp(a: Op, b: Op): Op | undefined {
  if (a.kind === 'brk' && b.kind === 'brk')
    return { kind: 'brk', increment: a.increment + b.increment };
  if (!isOnRange(a) || !isOnRange(b) || a.base !== b.base) return undefined;
  const kind = isAccess(a) && isAccess(b) ? 'touch' : 'unmap';
  if (kind === 'unmap' && a.kind !== b.kind) return undefined;
  const offset = Math.min(a.offset, b.offset);
  const end = Math.max(a.offset + a.size, b.offset + b.size);
  return { kind, base: a.base, offset, size: end - offset };
}

function withAreasJoined(
  program: Program,
  [first, a]: readonly [number, MapOp],
  [second, b]: readonly [number, MapOp],
): readonly Program[] {
  const isTold = b.kind === 'map-at' && b.base === a.area;
  const distances = isTold ? [b.offset] : PAGE_SIZES.map((pageSize) => roundUp(a.size, pageSize));
  return distances.map((distance) => {
    const size = Math.max(a.size, distance + b.size);
    const rest = onJoinedArea(program.slice(second + 1), { a: a.area, b: b.area, distance });
    return [...program.slice(0, second).with(first, { ...a, size }), ...rest];
  });
}

/** The ops that follow two maps, where what lay in `b` now lies in `a`, so many bytes further on. */
function onJoinedArea(
  ops: Program,
  { a, b, distance }: { readonly a: Slot; readonly b: Slot; readonly distance: number },
): Program {
  const fresh = Math.max(b, ...ops.flatMap((op) => ('area' in op ? [op.area] : []))) + 1;
  const places = new Map([[b, { slot: a, distance }]]);
  return ops.map((op) => {
    const moved = withPlace(op, places);
    if (!('area' in op)) return moved;
    // The slot of both is taken again only by others: what lies in it is still needed.
    const slot = op.area === a ? fresh : op.area;
    places.set(op.area, { slot, distance: 0 });
    return { ...moved, area: slot } as Op;
  });
}

function isMap(op: Op): op is MapOp {
  return op.kind === 'map' || op.kind === 'map-at';
}

function isOnRange(op: Op): op is AccessOp | UnmapOp {
  return isAccess(op) || op.kind === 'unmap';
}

function isAccess(op: Op): op is AccessOp {
  return op.kind === 'load' || op.kind === 'store' || op.kind === 'touch';
}

/** An op on an area as the same where that area lies now. */
function withPlace(
  op: Op,
  places: ReadonlyMap<Slot, { readonly slot: Slot; readonly distance: number }>,
): Op {
  const place = 'base' in op && typeof op.base === 'number' ? places.get(op.base) : undefined;
  return 'base' in op && place !== undefined
    ? { ...op, base: place.slot, offset: op.offset + place.distance }
    : op;
}
