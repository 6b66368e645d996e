import { beforeAll, describe, expect, test } from 'vitest';
import { Runner } from '../../check/runner.ts';
import { parseProgram } from '../../program/text.ts';
import { wasmTarget } from './wasm-target.ts';

/** Its own types would change those of arrays everywhere, so the compiler is not imported by its name. */
const COMPILER: string = 'assemblyscript/asc';

interface AssemblyScriptCompiler {
  compileString(
    source: string,
    options: { readonly exportRuntime: boolean },
  ): Promise<{ readonly binary: Uint8Array | null }>;
}

/** The heap below the collector, under the names that are known. */
const SOURCE = `
export function __alloc(size: usize): usize { return heap.alloc(size); }
export function __realloc(block: usize, size: usize): usize { return heap.realloc(block, size); }
export function __free(block: usize): void { heap.free(block); }
`;

const PROGRAM = `heapcheck program 1
b0 = malloc 100
b1 = malloc 0
b2 = malloc 5000
free b0
b0 = malloc 90
b3 = malloc 2000000000
free b2
free b1
b1 = malloc 30
`;

let collected: Uint8Array<ArrayBuffer>;
let plain: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  const compiler = (await import(COMPILER)) as AssemblyScriptCompiler;
  const of = async (source: string, exportRuntime: boolean): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array((await compiler.compileString(source, { exportRuntime })).binary!);
  collected = await of('export function touch(): i32 { return 1; }', true);
  plain = await of(SOURCE, false);
}, 60_000);

describe("AssemblyScript's runtime breaks no law", () => {
  test('as a collector of pinned objects, which gives freed memory back', () => {
    const runner = new Runner(wasmTarget('collected', collected), { checkEvery: 1 });
    const { program } = parseProgram(PROGRAM, 'test.ops');
    for (let run = 0; run < 20; run += 1) expect(runner.run(program)).toBeUndefined();
    expect(runner.counts).toMatchObject({ granted: 20 * 5, notAsked: 20 });
    const target = wasmTarget('collected', collected)();
    for (let round = 0; round < 100; round += 1) target.free(target.malloc(100_000));
    expect(target.footprint!()).toBeLessThan(1_000_000);
  });

  test('as the heap below it', () => {
    const runner = new Runner(wasmTarget('plain', plain), { checkEvery: 1 });
    const { program } = parseProgram(`${PROGRAM}b1 = realloc b1 400\n`, 'test.ops');
    expect(runner.run(program)).toBeUndefined();
    expect(runner.counts).toMatchObject({ granted: 6, skipped: 0 });
  });
});
