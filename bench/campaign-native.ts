import { existsSync } from 'node:fs';
import { Engine } from '../fuzz/engine.ts';
import { UsageError } from '../src/base/usage-error.ts';
import { printOp } from '../src/program/text.ts';
import { servedNative } from '../src/targets/native/served-native.ts';

const OPS = 10_000_000;
/** Debian's packages: libc6, libjemalloc2, libmimalloc2.0, libtcmalloc-minimal4. */
const LIBRARIES = [
  'libc.so.6',
  'libjemalloc.so.2',
  'libmimalloc.so.2.0',
  'libtcmalloc_minimal.so.4',
];
/**
 * The allocators that the world runs on, 10,000,000 ops each.
 *
 * @returns How many findings there were.
 */
export function campaignOnNative(seed: number, share: number): number {
  console.log('libraries of the system: ops, findings\n');
  let findingsCount = 0;
  for (const name of LIBRARIES) findingsCount += fuzzLibrary(name, { seed, opsCount: OPS / share });
  console.log('');
  return findingsCount;
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
