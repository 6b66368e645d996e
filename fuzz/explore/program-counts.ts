import type { States } from './states.ts';

/**
 * How many programs lead to each state, op by op: the programs of n + 1 ops that end in a state are, over all edges to
 * it, as many as the programs of n ops that end where the edge begins.
 */
export class ProgramCounts {
  /** Programs of each length, from 0 ops on. */
  readonly perLength: bigint[] = [1n];
  /** For each state, the programs of one op less than the longest that end in it. */
  #ways: readonly bigint[] = [];

  /** One op more; every state that a program of the last length ends in has its edges. */
  advance(states: States): void {
    this.#ways = this.#ways.length === 0 ? [1n] : this.#moved(states);
    let total = 0n;
    for (const [state, count] of this.#ways.entries()) {
      if (count > 0n) total += count * BigInt(states.edgeEnds.at(state) - states.edgesFrom(state));
    }
    this.perLength.push(total);
  }

  /** Programs of 1 op and more. */
  get total(): bigint {
    return this.perLength.reduce((sum, count) => sum + count) - 1n;
  }

  #moved({ edgeEnds, edges }: States): readonly bigint[] {
    const moved = Array.from({ length: edgeEnds.length }, () => 0n);
    let edge = 0;
    for (const [state, count] of this.#ways.entries()) {
      const end = edgeEnds.at(state);
      for (; edge < end; edge += 1) if (count > 0n) moved[edges.at(edge)]! += count;
    }
    return moved;
  }
}
