/** One side of a comparison: does a fixed amount of work and says how many ops it was. */
export interface Candidate {
  readonly name: string;
  /** Does the work once. @returns How many ops it was, and how long they took in milliseconds. */
  readonly run: () => { readonly ops: number; readonly ms: number };
}

const ROUNDS = 9;

/**
 * Times two candidates in turn, A B A B …, after a warm-up round, and prints million ops a second of each as minimum,
 * median and maximum, and the ratio of the medians. Only the ratio carries over to another machine.
 *
 * @param goal The ratio to reach, where the title does not say it.
 */
export function compare(title: string, a: Candidate, b: Candidate, goal?: number): void {
  const rates: readonly [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [side, candidate] of [a, b].entries()) {
      const { ops, ms } = candidate.run();
      if (round > 0) rates[side]!.push(ops / ms / 1000);
    }
  }
  const [ours, theirs] = rates.map((each) => each.toSorted((x, y) => x - y));
  console.log(title);
  console.log(`  ${describe(a.name, ours!)}`);
  console.log(`  ${describe(b.name, theirs!)}`);
  const ratio = median(ours!) / median(theirs!);
  console.log(`  ratio of the medians ${formatRatio(ratio)}${verdictOn(ratio, goal)}\n`);
}

function describe(name: string, rates: readonly number[]): string {
  const [first, middle, last] = [rates[0]!, median(rates), rates.at(-1)!].map((rate) =>
    rate.toFixed(2),
  );
  return `${name.padEnd(44)} M ops/s  min ${first}  median ${middle}  max ${last}`;
}

/** A small ratio as a fraction, `1/1,200`. */
function formatRatio(ratio: number): string {
  return ratio < 0.01 ? `1/${Math.round(1 / ratio).toLocaleString('en')}` : ratio.toFixed(3);
}

function verdictOn(ratio: number, goal: number | undefined): string {
  if (goal === undefined) return '';
  return `, goal ${formatRatio(goal)}: ${ratio >= goal ? 'reached' : 'not reached'}`;
}

export function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Milliseconds that some work takes. */
export function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
