import type { Prng } from '../src/base/prng.ts';
import { OP_KINDS, type OpKind } from '../src/program/op.ts';

/**
 * Op weights for one program, 0 to 100. Some kinds get weight 0: a program that never frees fills the heap, and one
 * that never reallocs gets far with the rest. One fixed mix would reach neither. malloc is always on.
 *
 * Source: Groce et al., "Swarm Testing", ISSTA 2012.
 */
export type Swarm = Readonly<Record<OpKind, number>>;

const OFF_ONE_IN: Readonly<Record<OpKind, number>> = {
  malloc: 0,
  free: 12,
  realloc: 2,
  calloc: 2,
  aligned: 2,
  'double-free': 2,
  'free-inside': 2,
};
const WEIGHT_MAX: Readonly<Record<OpKind, number>> = {
  malloc: 100,
  free: 100,
  realloc: 50,
  calloc: 30,
  aligned: 30,
  'double-free': 5,
  'free-inside': 5,
};

/** Draws a swarm over the kinds that a target is offered. */
export function drawSwarm(prng: Prng, offered: readonly OpKind[]): Swarm {
  const entries = OP_KINDS.map((kind): [OpKind, number] => {
    const isOff = !offered.includes(kind) || (OFF_ONE_IN[kind] > 0 && prng.oneIn(OFF_ONE_IN[kind]));
    return [kind, isOff ? 0 : prng.between(1, WEIGHT_MAX[kind])];
  });
  return Object.fromEntries(entries) as Swarm;
}

/** A kind, by weight. */
export function drawKind(prng: Prng, swarm: Swarm): OpKind {
  let rest = prng.below(OP_KINDS.reduce((sum, kind) => sum + swarm[kind], 0));
  for (const kind of OP_KINDS) {
    if (rest < swarm[kind]) return kind;
    rest -= swarm[kind];
  }
  return 'malloc';
}
