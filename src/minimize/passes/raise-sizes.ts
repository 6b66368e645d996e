import type { Size } from '../../base/units.ts';
import { needsKernel, type Op } from '../../program/op.ts';
import type { Program } from '../../program/program.ts';
import type { Attempt } from '../pass.ts';
import { dropOps } from './drop-ops.ts';
import { dropPairs } from './drop-pairs.ts';

/** Longer programs take too many runs; of a page of small blocks there are some 33 ops. */
const OPS_MAX = 40;
/** In shorter ones there is nothing that larger sizes could save. */
const OPS_MIN = 4;
/** Besides those of the program: large ones first, of which the fewest fill what there is. */
const SIZES: readonly Size[] = [2 ** 14, 2 ** 12, 2 ** 10, 2 ** 8, 2 ** 6];

/**
 * Drops ops where what is left asks for one size, an own one or a larger: what takes so many blocks because it takes a
 * page full of them takes fewer large ones.
 *
 *     b0 = malloc 385          b0 = malloc 1024
 *     …                   →    …
 *     b8 = malloc 385          b4 = malloc 1024
 */
export function raiseSizes(program: Program, attempt: Attempt): Program {
  if (program.some(needsKernel)) return program;
  if (program.length < OPS_MIN || program.length > OPS_MAX) return program;
  const own = program.flatMap((op): readonly Size[] => (isBlockRequest(op) ? [op.size] : []));
  if (own.length < OPS_MIN) return program;
  for (const size of new Set([...SIZES, ...own])) {
    const raised = program.map((op) => (isBlockRequest(op) ? { ...op, size } : op));
    const shorter = dropPairs(dropOps(raised, attempt), attempt);
    if (shorter.length < program.length) return shorter;
  }
  return program;
}

function isBlockRequest(op: Op): op is Op & { readonly kind: 'malloc'; readonly size: Size } {
  return (
    op.kind === 'malloc' || op.kind === 'calloc' || op.kind === 'aligned' || op.kind === 'realloc'
  );
}
