import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Engine } from '../fuzz/engine.ts';
import { formatSeed, parseSeed } from '../src/base/prng.ts';
import { printOp } from '../src/program/text.ts';
import { minimize } from '../src/minimize/minimize.ts';
import { Runner } from '../src/check/runner.ts';
import { askedCounters } from '../src/check/judge.ts';
import { LAW } from '../src/check/law.ts';
import { Repeater } from '../src/check/repeat.ts';
import type { HeapOptions } from '../src/heap/options.ts';
import { referenceTarget } from '../src/targets/reference.ts';

/*
 * `npm run campaign`: the reference in every combination of its options against the fuzzer, which must find nothing.
 * `--share 10` runs a tenth of it. Ends with how often each law was asked over all combinations.
 */

const { values } = parseArgs({
  options: { share: { type: 'string', default: '1' }, seed: { type: 'string', default: '0x5f1e_22d0' } },
});
const seed = parseSeed(values.seed);
const opsTarget = 1_000_000 / Number(values.share);
/** After as many programs, one is run twice, to compare its addresses. */
const PROGRAMS_A_BATCH = 20;
/** How often each law is to be asked in each combination. */
const askedMin = 1000 / Number(values.share);
/** Laws that no correct run can ask here, and why. */
const NOT_HERE: Readonly<Record<string, string>> = {
  'double-free-is-refused': 'the reference promises no answer',
  'free-inside-is-refused': 'the reference promises no answer',
  'answers-in-time': 'asked by the watchdog only',
};

console.log(`seed ${formatSeed(seed)}, ${opsTarget} ops a combination`);
console.log(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`);

const asked = new Map<string, number>();
let findingsCount = 0;
let rareCount = 0;
for (const options of combinations()) runCombination(options);
reportAsked();
console.log(`\n${findingsCount} findings, ${rareCount} laws asked less than ${askedMin} times in a combination`);
process.exitCode = findingsCount === 0 && rareCount === 0 ? 0 : 1;

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

function runCombination(options: Partial<HeapOptions>): void {
  const name = Object.values(options).join(' ');
  const makeTarget = referenceTarget({ name: `reference ${name}`, heap: options });
  const engine = new Engine(makeTarget, { seed });
  const repeatsAsked = askedCounters();
  const repeater = new Repeater(makeTarget, repeatsAsked);
  const start = performance.now();
  while (engine.runner.counts.ops < opsTarget) {
    const finding = engine.run(PROGRAMS_A_BATCH)?.finding ?? repeater.run(engine.program);
    if (finding === undefined) continue;
    findingsCount += 1;
    const runner = new Runner(makeTarget, { checkEvery: 1 });
    const shrunk = minimize((program) => runner.run(program), engine.program, finding);
    console.log(`FINDING ${finding.law}: ${finding.observed}`);
    console.log(shrunk.program.map((op) => `  ${printOp(op)}`).join('\n'));
    break;
  }
  const askedHere = new Map(engine.runner.asked);
  const { name: repeats, index } = LAW.sameProgramSameAddresses;
  askedHere.set(repeats, repeatsAsked[index]!);
  const rare = noteAsked(askedHere);
  const { ops, programs } = engine.runner.counts;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${name.padEnd(48)} ${ops} ops in ${programs} programs, ${seconds} s${rare}`);
}

/** Adds up how often each law was asked. @returns Those that were asked too rarely, as text. */
function noteAsked(askedHere: ReadonlyMap<string, number>): string {
  const rare: string[] = [];
  for (const [law, count] of askedHere) {
    asked.set(law, (asked.get(law) ?? 0) + count);
    if (count < askedMin && NOT_HERE[law] === undefined) rare.push(`${law} ${count}`);
  }
  rareCount += rare.length;
  return rare.length === 0 ? '' : `, ASKED TOO RARELY: ${rare.join(', ')}`;
}

function reportAsked(): void {
  console.log('\nasked in all');
  for (const [law, count] of asked) {
    const why = NOT_HERE[law] === undefined ? '' : `   ${NOT_HERE[law]}`;
    console.log(`  ${law.padEnd(34)} ${count}${why}`);
  }
}
