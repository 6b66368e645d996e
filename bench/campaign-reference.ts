import { Engine } from '../fuzz/engine.ts';
import { askedCounters } from '../src/check/judge.ts';
import { LAW } from '../src/check/law.ts';
import { Repeater } from '../src/check/repeat.ts';
import { Runner } from '../src/check/runner.ts';
import type { HeapOptions } from '../src/heap/options.ts';
import { minimize } from '../src/minimize/minimize.ts';
import { printOp } from '../src/program/text.ts';
import { referenceTarget } from '../src/targets/reference.ts';

const OPS = 1_000_000;
/** How often each law is to be asked in each combination. */
const ASKED = 1000;
/** After as many programs, one is run twice, to compare its addresses. */
const PROGRAMS_A_BATCH = 20;
/** Laws that no correct run can ask here, and why. */
const NOT_HERE: Readonly<Record<string, string>> = {
  'double-free-is-refused': 'the reference promises no answer',
  'free-inside-is-refused': 'the reference promises no answer',
  'answers-in-time': 'asked by the watchdog only',
};

/**
 * The reference in every combination of its options against the fuzzer, which must find nothing, with each law asked
 * often enough to mean something. Prints a line a combination, and how often each law was asked in all.
 *
 * @param share 1 for all of it, 10 for a tenth of the ops.
 * @returns How many findings there were, and laws that were asked too rarely in a combination.
 */
export function campaignOnReference(seed: number, share: number): number {
  const asked = new Map<string, number>();
  let troublesCount = 0;
  console.log(`the reference, ${OPS / share} ops a combination\n`);
  for (const options of combinations()) {
    const result = runCombination(options, seed, OPS / share);
    for (const [law, count] of result.asked) asked.set(law, (asked.get(law) ?? 0) + count);
    const rare = [...result.asked].filter(
      ([law, count]) => count < ASKED / share && NOT_HERE[law] === undefined,
    );
    const rareText = rare.map(([law, count]) => `, ASKED TOO RARELY: ${law} ${count}`).join('');
    console.log(`  ${result.line}${rareText}`);
    troublesCount += rare.length + result.findingsCount;
  }
  console.log('\n  asked in all');
  for (const [law, count] of asked) {
    const why = NOT_HERE[law] === undefined ? '' : `   ${NOT_HERE[law]}`;
    console.log(`  ${law.padEnd(34)} ${count}${why}`);
  }
  console.log(
    `\n  ${troublesCount} findings or laws asked less than ${ASKED / share} times in a combination\n`,
  );
  return troublesCount;
}

/** Every fit, list, links, tags and growth that go together. */
function combinations(): readonly Partial<HeapOptions>[] {
  const combined: Partial<HeapOptions>[] = [];
  for (const growth of ['map', 'brk'] as const) {
    for (const coalescing of ['across-maps', 'within-map'] as const) {
      if (growth === 'brk' && coalescing === 'within-map') continue;
      combined.push({ growth, coalescing, list: 'bins' });
      for (const tags of ['none', 'boundary'] as const) {
        for (const links of ['single', 'double'] as const) {
          combined.push({ growth, coalescing, tags, links, list: 'address-indexed' });
          for (const list of ['lifo', 'address'] as const) {
            for (const fit of ['first', 'next', 'best', 'worst'] as const) {
              combined.push({ growth, coalescing, tags, links, list, fit });
            }
          }
        }
      }
    }
  }
  return combined;
}

interface CombinationResult {
  readonly line: string;
  readonly asked: ReadonlyMap<string, number>;
  readonly findingsCount: number;
}

function runCombination(
  options: Partial<HeapOptions>,
  seed: number,
  opsTarget: number,
): CombinationResult {
  const name = Object.values(options).join(' ');
  const makeTarget = referenceTarget({ name: `reference ${name}`, heap: options });
  const engine = new Engine(makeTarget, { seed });
  const repeatsAsked = askedCounters();
  const repeater = new Repeater(makeTarget, repeatsAsked);
  const start = performance.now();
  let findingsCount = 0;
  while (engine.runner.counts.ops < opsTarget && findingsCount === 0) {
    const finding = engine.run(PROGRAMS_A_BATCH)?.finding ?? repeater.run(engine.program);
    if (finding === undefined) continue;
    findingsCount = 1;
    const runner = new Runner(makeTarget, { checkEvery: 1 });
    const { program } = minimize((each) => runner.run(each), engine.program, finding);
    console.log(`FINDING ${finding.law}: ${finding.observed}`);
    console.log(program.map((op) => `  ${printOp(op)}`).join('\n'));
  }
  const { name: repeats, index } = LAW.sameProgramSameAddresses;
  const asked = new Map([...engine.runner.asked, [repeats, repeatsAsked[index]!] as const]);
  const { ops, programs } = engine.runner.counts;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  return {
    line: `${name.padEnd(46)} ${ops} ops in ${programs} programs, ${seconds} s`,
    asked,
    findingsCount,
  };
}
