import { resolve } from 'node:path';
import { ThreadsSearch, type ThreadsFinding } from '../cli/threads-search.ts';
import {
  loadThreadsTarget,
  type ThreadsTarget,
  type ThreadsTargetOptions,
} from '../cli/threads-target.ts';
import { sharedBlockPrograms } from '../fuzz/index.ts';
import { fold, Prng } from '../src/base/prng.ts';
import { UsageError } from '../src/base/usage-error.ts';
import { printOp } from '../src/program/text.ts';
import { systemLibrary } from './system-library.ts';

const THREADS = 4;
const OPS = 10_000_000;
const OPS_MAX = 200;
const RUNS_EACH = 100;
const RUN_LIMIT_MS = 2000;
/** With ThreadSanitizer, so many times fewer ops are done in the same time. */
const SLOWER = 10;
const SEEDS = 20;
/** Runs in which a forgotten lock must have shown. */
const RUNS_MAX = 20_000;

const LIBRARIES = [
  'libc.so.6',
  'libjemalloc.so.2',
  'libmimalloc.so.2.0',
  'libtcmalloc_minimal.so.4',
] as const;

const EXAMPLE = 'examples/threads.c';
const LOCKED: ThreadsTargetOptions = { symbols: { malloc: 'pool_malloc', free: 'pool_free' } };
const FORGETFUL: ThreadsTargetOptions = {
  symbols: { malloc: 'pool_malloc', free: 'forgetful_free' },
};
/** What its report of any run names. */
const SANITIZED: ThreadsTargetOptions = { ...FORGETFUL, sanitize: 'thread' };

/**
 * Four threads at once on the libraries of the system, and on `examples/threads.c`: with its lock clean, without it found with
 * every seed.
 *
 * @returns How many findings there were where there are none, and how many seeds found nothing; one more where what is no
 *   malloc of a library's own is taken for it.
 */
export function campaignOnThreads(seed: number, share: number): number {
  console.log(`${THREADS} threads at once on a library: ops, runs, findings\n`);
  const opsCount = OPS / share;
  let troublesCount = 0;
  for (const file of LIBRARIES)
    troublesCount += clean(file, loadThreadsTarget(pathOf(file), {}, '.'), { seed, opsCount });
  troublesCount += refusesOthersMalloc();
  const locked = loadThreadsTarget(EXAMPLE, LOCKED, '.');
  troublesCount += clean('a pool with its lock', locked, { seed, opsCount });
  const watched = loadThreadsTarget(EXAMPLE, { ...LOCKED, sanitize: 'thread' }, '.');
  troublesCount += clean('and ThreadSanitizer', watched, { seed, opsCount: opsCount / SLOWER });
  const seedsCount = Math.max(1, Math.round(SEEDS / share));
  console.log('');
  for (const [name, options] of [
    ['a lock forgotten', FORGETFUL],
    ['and ThreadSanitizer', SANITIZED],
  ] as const)
    troublesCount += hunted(name, loadThreadsTarget(EXAMPLE, options, '.'), { seed, seedsCount });
  console.log('');
  return troublesCount;
}

/** The example calls its malloc otherwise: that of the system, which it is linked with, must not be taken for it. */
function refusesOthersMalloc(): number {
  try {
    loadThreadsTarget(EXAMPLE, {}, '.');
    console.log("  the system's malloc is taken for that of a library without one");
    return 1;
  } catch (error) {
    if (error instanceof UsageError && error.message.includes('of its own')) return 0;
    throw error;
  }
}

/** Runs random programs until there were so many ops; nothing may be found. */
function clean(
  name: string,
  target: ThreadsTarget,
  { opsCount, seed }: { readonly seed: number; readonly opsCount: number },
): number {
  const search = newSearch(target);
  const draw = sharedBlockPrograms(THREADS, target.host.offered);
  const prng = new Prng(seed);
  const start = performance.now();
  let found: ThreadsFinding | undefined;
  while (search.opsCount < opsCount && found === undefined)
    found = search.run(draw(prng, OPS_MAX), RUNS_EACH);
  const perSecond = Math.round((search.opsCount / (performance.now() - start)) * 1000);
  const [ops, runs, speed] = [search.opsCount, search.runsCount, perSecond].map((count) =>
    count.toLocaleString('en'),
  );
  console.log(
    `  ${name.padEnd(26)} ${ops} ops, ${runs} runs, ${found === undefined ? 0 : 1} findings, ${speed} ops/s`,
  );
  if (found === undefined) return 0;
  console.log(`    ${found.finding.law}: ${found.finding.observed}, ${rateOf(found)}`);
  console.log(found.program.map((op) => `    ${printOp(op)}`).join('\n'));
  return 1;
}

/** Hunts what is there to be found, with each seed. */
function hunted(
  name: string,
  target: ThreadsTarget,
  { seed, seedsCount }: { readonly seed: number; readonly seedsCount: number },
): number {
  const draw = sharedBlockPrograms(THREADS, target.host.offered);
  const found: ThreadsFinding[] = [];
  let runsMost = 0;
  for (let index = 0; index < seedsCount; index += 1) {
    const search = newSearch(target);
    const prng = new Prng(fold(`${seed} threads ${index}`));
    let shown: ThreadsFinding | undefined;
    while (shown === undefined && search.runsCount < RUNS_MAX)
      shown = search.run(draw(prng, OPS_MAX), RUNS_EACH);
    if (shown !== undefined) found.push(shown);
    runsMost = Math.max(runsMost, search.runsCount);
  }
  const laws = [...new Set(found.map(({ finding }) => finding.law))].join(', ');
  console.log(
    `  ${name.padEnd(26)} ${found.length} of ${seedsCount} seeds found it (${laws}), in ${runsMost.toLocaleString('en')} runs at the most`,
  );
  const first = found[0];
  if (first !== undefined) console.log(`    ${first.finding.observed}, ${rateOf(first)}`);
  return seedsCount - found.length;
}

function newSearch({ host }: ThreadsTarget): ThreadsSearch {
  return new ThreadsSearch(host, { runLimitMs: RUN_LIMIT_MS, now: () => performance.now() });
}

function rateOf({ count, runsCount }: ThreadsFinding): string {
  return `in ${count} of ${runsCount} runs`;
}

function pathOf(file: string): string {
  const path = systemLibrary(file);
  if (path !== undefined) return resolve(path);
  throw new UsageError(
    `threads: there is no ${file}; apt-get install libjemalloc2 libmimalloc2.0 libtcmalloc-minimal4.`,
  );
}
