import { Column } from './column.ts';
import { DigestTable } from './digest-table.ts';

/**
 * The states that a search has met, each with the op that first led to it and the state from which it did: a tree, whose
 * root 0 is the fresh heap. Of states that were gone on from, also where each of their ops led.
 */
export class States {
  readonly parents: Column;
  /** Codes of ops. */
  readonly codes: Column;
  readonly digests: DigestTable;
  /** The state that each op led to, state by state. */
  readonly edges: Column;
  /** Where the edges of each state end. */
  readonly edgeEnds: Column;

  constructor(columns: readonly Column[] = []) {
    this.parents = columns[0] ?? new Column();
    this.codes = columns[1] ?? new Column();
    this.digests = new DigestTable(columns[2], columns[3]);
    this.edges = columns[4] ?? new Column();
    this.edgeEnds = columns[5] ?? new Column();
  }

  /** In the order in which the constructor takes them. */
  get columns(): readonly Column[] {
    const { low, high } = this.digests;
    return [this.parents, this.codes, low, high, this.edges, this.edgeEnds];
  }

  get count(): number {
    return this.parents.length;
  }

  /** @returns The new state's number. */
  add(parent: number, code: number, { low, high }: { low: number; high: number }): number {
    this.parents.push(parent);
    this.codes.push(code);
    this.digests.add(low, high);
    return this.count - 1;
  }

  /** Where the edges of a state begin. */
  edgesFrom(state: number): number {
    return state === 0 ? 0 : this.edgeEnds.at(state - 1);
  }

  /** Back to what there was with so many states, so many edges, and so many states that were gone on from. */
  truncate(to: { readonly states: number; readonly edges: number; readonly done: number }): void {
    this.parents.truncate(to.states);
    this.codes.truncate(to.states);
    this.digests.truncate(to.states);
    this.edges.truncate(to.edges);
    this.edgeEnds.truncate(to.done);
  }

  /** The way from the root to a state: the states behind it, the state itself last. */
  wayTo(state: number): readonly number[] {
    const way: number[] = [];
    for (let at = state; at !== 0; at = this.parents.at(at)) way.push(at);
    return way.toReversed();
  }
}
