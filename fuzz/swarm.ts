import type { Prng } from '../src/base/prng.ts';
import type { OpKind } from '../src/program/op.ts';

/**
 * Op weights for one program, 0 to 100. Some kinds get weight 0: a program that never frees fills the heap, and one
 * that never reallocs gets far with the rest. One fixed mix would reach neither.
 *
 * Source: Groce et al., "Swarm Testing", ISSTA 2012.
 */
export type Swarm<Kind extends OpKind> = Readonly<Record<Kind, number>>;

/** How likely a kind of op is left out of a program, once in so many, and its weight at the most where it is not. */
export interface Odds {
  /** 0 for one that is never left out. */
  readonly offOneIn: number;
  readonly weightMax: number;
}

/** Draws a swarm over the kinds that a target is offered; all of them, if nothing is said. */
export function drawSwarm<Kind extends OpKind>(
  prng: Prng,
  odds: Readonly<Record<Kind, Odds>>,
  offered: readonly Kind[] = kindsOf(odds),
): Swarm<Kind> {
  const entries = kindsOf(odds).map((kind): [Kind, number] => {
    const { offOneIn, weightMax } = odds[kind];
    const isOff = !offered.includes(kind) || (offOneIn > 0 && prng.oneIn(offOneIn));
    return [kind, isOff ? 0 : prng.between(1, weightMax)];
  });
  return Object.fromEntries(entries) as Swarm<Kind>;
}

/** The same weights for every program, each kind's highest: what is left where nothing is drawn. */
export function fixedSwarm<Kind extends OpKind>(
  odds: Readonly<Record<Kind, Odds>>,
  offered: readonly Kind[] = kindsOf(odds),
): Swarm<Kind> {
  const entries = kindsOf(odds).map((kind): [Kind, number] => [
    kind,
    offered.includes(kind) ? odds[kind].weightMax : 0,
  ]);
  return Object.fromEntries(entries) as Swarm<Kind>;
}

/** These weights for the kinds that a target is offered. */
export function offeredSwarm<Kind extends OpKind>(
  weights: Swarm<Kind>,
  offered: readonly Kind[],
): Swarm<Kind> {
  const entries = kindsOf(weights).map((kind): [Kind, number] => [
    kind,
    offered.includes(kind) ? weights[kind] : 0,
  ]);
  return Object.fromEntries(entries) as Swarm<Kind>;
}

/** A kind, by weight; none when nothing has a weight. */
export function drawKind<Kind extends OpKind>(prng: Prng, swarm: Swarm<Kind>): Kind | undefined {
  const kinds = kindsOf(swarm);
  let rest = prng.below(kinds.reduce((sum, kind) => sum + swarm[kind], 0));
  for (const kind of kinds) {
    if (rest < swarm[kind]) return kind;
    rest -= swarm[kind];
  }
  return undefined;
}

function kindsOf<Kind extends OpKind>(table: Readonly<Record<Kind, unknown>>): readonly Kind[] {
  return Object.keys(table) as Kind[];
}
