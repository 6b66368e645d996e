import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from '../fuzz/engine.ts';
import { UsageError } from '../src/base/usage-error.ts';
import { refine } from '../src/minimize/refine.ts';
import { printOp } from '../src/program/text.ts';
import { guardedRun } from '../src/supervise/guarded-run.ts';
import { servedNative } from '../src/targets/native/served-native.ts';
import { runBatch } from './run-batch.ts';

const OPS = 10_000_000;
const SEEDS = 20;
const HANG_MS = 500;
const FOUND_WITHIN_MS = 5000;
/** Debian's packages: libc6, libjemalloc2, libmimalloc2.0, libtcmalloc-minimal4. */
const LIBRARIES = [
  'libc.so.6',
  'libjemalloc.so.2',
  'libmimalloc.so.2.0',
  'libtcmalloc_minimal.so.4',
];
/** The allocators of `examples/broken.c`: the law that each breaks, and the ops of the shortest program that shows it. */
const BROKEN = [
  { malloc: 'overlap_malloc', laws: ['blocks-stay-apart', 'contents-survive'], opsCount: 2 },
  { malloc: 'segfault_malloc', laws: ['calls-return'], opsCount: 1 },
  { malloc: 'endless_malloc', laws: ['answers-in-time'], opsCount: 1 },
];

/**
 * Libraries of C: the three of `examples/broken.c`, each found within 5 s and shrunk to the shortest program, and the
 * allocators that the world runs on, 10,000,000 ops each.
 *
 * @returns How many trials missed that, and how many findings there were.
 */
export function campaignOnNative(seed: number, share: number): number {
  let troublesCount = 0;
  withBroken((library) => {
    for (const broken of BROKEN)
      troublesCount += huntBroken(library, broken, Math.ceil(SEEDS / share));
  });
  console.log('\nlibraries of the system: ops, findings\n');
  for (const name of LIBRARIES) troublesCount += fuzzLibrary(name, { seed, opsCount: OPS / share });
  console.log('');
  return troublesCount;
}

function huntBroken(
  library: string,
  { laws, malloc, opsCount }: (typeof BROKEN)[number],
  seedsCount: number,
): number {
  let goodCount = 0;
  let slowestMs = 0;
  const makeTarget = servedNative({ library, symbols: { malloc, free: 'keep' } }, malloc);
  for (let seed = 1; seed <= seedsCount; seed += 1) {
    const start = performance.now();
    const engine = new Engine(makeTarget, { seed });
    let raw;
    while (raw === undefined && performance.now() - start < FOUND_WITHIN_MS)
      raw = runBatch(engine, { count: 1, hangMs: HANG_MS });
    slowestMs = Math.max(slowestMs, performance.now() - start);
    if (raw === undefined) continue;
    const refined = refine(guardedRun(makeTarget, HANG_MS), raw.program, raw.finding);
    const isGood = laws.includes(refined.finding.law) && refined.program.length <= opsCount;
    if (isGood) goodCount += 1;
    else console.log(`    ${refined.finding.law}: ${refined.program.map(printOp).join('; ')}`);
  }
  console.log(
    `  ${malloc.padEnd(16)} ${goodCount} of ${seedsCount} seeds found and shrunk to ${opsCount} ops, slowest to find ${Math.round(slowestMs)} ms`,
  );
  return seedsCount - goodCount;
}

function fuzzLibrary(
  name: string,
  { opsCount, seed }: { readonly opsCount: number; readonly seed: number },
): number {
  const library = [`/usr/lib/x86_64-linux-gnu/${name}`, `/usr/lib/aarch64-linux-gnu/${name}`].find(
    (path) => existsSync(path),
  );
  if (library === undefined)
    throw new UsageError(
      `native: there is no ${name}; apt-get install libjemalloc2 libmimalloc2.0 libtcmalloc-minimal4.`,
    );
  const engine = new Engine(servedNative({ library }, name), { seed });
  const { runner } = engine;
  const start = performance.now();
  while (runner.counts.ops < opsCount) {
    const raw = engine.run(10);
    if (raw === undefined) continue;
    console.log(`  ${name}: ${raw.finding.law}: ${raw.finding.observed}`);
    console.log(raw.program.map((op) => `    ${printOp(op)}`).join('\n'));
    return 1;
  }
  const perSecond = Math.round((runner.counts.ops / (performance.now() - start)) * 1000);
  console.log(
    `  ${name.padEnd(26)} ${runner.counts.ops.toLocaleString('en')} ops, 0 findings, ${perSecond} ops/s`,
  );
  return 0;
}

function withBroken(use: (library: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'heapcheck-'));
  const library = join(folder, 'libbroken.so');
  try {
    execFileSync('cc', ['-O1', '-shared', '-fPIC', '-o', library, 'examples/broken.c'], {
      stdio: 'pipe',
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw new UsageError(
      `native: cc cannot build examples/broken.c, ${String(error).split('\n')[0]}; apt-get install gcc libc6-dev.`,
    );
  }
  use(library);
  rmSync(folder, { recursive: true, force: true });
}
