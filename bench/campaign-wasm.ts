import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coverageSentence } from '../cli/explore-report.ts';
import { Engine } from '../fuzz/engine.ts';
import { Explorer } from '../fuzz/explore/explorer.ts';
import { UsageError } from '../src/base/usage-error.ts';
import type { MakeAllocatorTarget } from '../src/check/target.ts';
import { printOp } from '../src/program/text.ts';
import { objectTarget } from '../src/targets/object.ts';
import { wasmTarget } from '../src/targets/wasm/wasm-target.ts';

const OPS = 10_000_000;
/** Debian's clang and wasi-libc; the stack is small, so that the module's memory is. */
const CLANG = [
  '--target=wasm32-wasi',
  '-O2',
  '-mexec-model=reactor',
  '-Wl,-z,stack-size=4096',
  ...['malloc', 'free', 'calloc', 'realloc', 'aligned_alloc', 'malloc_usable_size'].map(
    (name) => `-Wl,--export=${name}`,
  ),
];
/** What `explore` covers of wasi-libc's: every program of so many ops over these sizes. */
const EXPLORED_OPS = 8;
const EXPLORED_SIZES = [8, 24, 40, 100];

/**
 * The allocators that WebAssembly modules have: wasi-libc's dlmalloc, AssemblyScript's TLSF, and Emscripten's dlmalloc as
 * sql.js has it. 10,000,000 fuzzed ops each, and every short program on the first.
 *
 * @returns How many findings there were.
 */
export async function campaignOnWasm(seed: number, share: number): Promise<number> {
  const wasi = wasmTarget('wasi-libc', buildWasiLibc(), { promises: { alignment: 16 } });
  const targets: readonly (readonly [name: string, makeTarget: MakeAllocatorTarget])[] = [
    ["wasi-libc's dlmalloc", wasi],
    ["AssemblyScript's TLSF", wasmTarget('assemblyscript', await buildAssemblyScript(SCRIPT))],
    ["AssemblyScript's collector", wasmTarget('collector', await buildAssemblyScript('', true))],
    ["Emscripten's dlmalloc, of sql.js", await emscripten()],
  ];
  console.log('allocators in WebAssembly: ops, laws that were asked, findings\n');
  let findingsCount = 0;
  for (const [name, makeTarget] of targets)
    findingsCount += fuzzOne(name, makeTarget, { seed, opsCount: OPS / share });
  return findingsCount + exploreOne(wasi);
}

function fuzzOne(
  name: string,
  makeTarget: MakeAllocatorTarget,
  { opsCount, seed }: { readonly seed: number; readonly opsCount: number },
): number {
  const engine = new Engine(makeTarget, { seed });
  const { runner } = engine;
  while (runner.counts.ops < opsCount) {
    const raw = engine.run(100);
    if (raw === undefined) continue;
    console.log(`  ${name}: ${raw.finding.law}: ${raw.finding.observed}`);
    console.log(raw.program.map((op) => `    ${printOp(op)}`).join('\n'));
    return 1;
  }
  const asked = [...runner.asked.values()].filter((count) => count > 0).length;
  console.log(
    `  ${name.padEnd(34)} ${runner.counts.ops.toLocaleString('en')} ops, ${asked} laws, 0 findings`,
  );
  return 0;
}

function exploreOne(makeTarget: MakeAllocatorTarget): number {
  const options = {
    opsMax: EXPLORED_OPS,
    sizes: EXPLORED_SIZES,
    kinds: ['malloc', 'free'] as const,
    alignment: 16,
  };
  const explorer = new Explorer(makeTarget, options);
  const start = process.cpuUsage();
  let found = false;
  while (explorer.end === undefined) found = explorer.run(10_000) !== undefined || found;
  const { system, user } = process.cpuUsage(start);
  const seconds = `${((system + user) / 1e6).toFixed(1)} s of processor`;
  console.log(`\n  wasi-libc's, ${seconds}: ${coverageSentence(explorer, options)}\n`);
  return Number(found);
}

function buildWasiLibc(): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), 'heapcheck-'));
  const file = join(folder, 'malloc.wasm');
  try {
    execFileSync('clang', [...CLANG, '-x', 'c', '/dev/null', '-o', file], { stdio: 'pipe' });
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    throw new UsageError(
      `wasm: clang cannot build for wasm32-wasi (${String(error).split('\n')[0]}); apt-get install clang lld wasi-libc libclang-rt-14-dev-wasm32.`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Its own types would change those of arrays everywhere, so the compiler is not imported by its name. */
const COMPILER: string = 'assemblyscript/asc';

interface AssemblyScriptCompiler {
  compileString(
    source: string,
    options: { readonly optimizeLevel: number; readonly exportRuntime: boolean },
  ): Promise<{ readonly error: Error | null; readonly binary: Uint8Array | null }>;
}

/** The raw functions of its incremental runtime's heap, under the names of C. */
const SCRIPT = `
export function __alloc(size: usize): usize { return heap.alloc(size); }
export function __realloc(block: usize, size: usize): usize { return heap.realloc(block, size); }
export function __free(block: usize): void { heap.free(block); }
`;

async function buildAssemblyScript(
  source: string,
  exportRuntime = false,
): Promise<Uint8Array<ArrayBuffer>> {
  const asc = (await import(COMPILER)) as AssemblyScriptCompiler;
  const { binary, error } = await asc.compileString(source, { optimizeLevel: 2, exportRuntime });
  if (error !== null || binary === null) throw error ?? new Error('nothing was compiled');
  return new Uint8Array(binary);
}

/**
 * The instance of sql.js keeps its memory and globals to itself: nothing is written into blocks, and nothing is reset but by
 * freeing all.
 */
async function emscripten(): Promise<MakeAllocatorTarget> {
  const load = createRequire(import.meta.url)('sql.js') as () => Promise<{
    readonly _malloc: (size: number) => number;
    readonly _free: (address: number) => void;
  }>;
  const loaded = await load();
  return objectTarget('emscripten', () => ({
    nullAddress: 0,
    promises: { alignment: 8, sizeMax: 2 ** 32 - 1 },
    malloc: (size) => loaded._malloc(size) >>> 0,
    free: (address) => loaded._free(address!),
  }));
}
