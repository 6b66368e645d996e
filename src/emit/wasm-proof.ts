import { emitModule, quoted } from './js-proof.ts';
import type { Proof, Proven } from './proof.ts';
import { helpersFor } from './proof-head.ts';

/** A WebAssembly module with an allocator in it, made into an instance as it was when the finding was made. */
export interface WasmModule {
  /** The file, as seen from where the program is written: `./malloc.wasm`. */
  readonly specifier: string;
  /**
   * How each call that it offers is made of `exports`, in JavaScript: `exports.malloc(size)`. What stands for arguments is
   * called `address`, `alignment`, `count` and `size`.
   */
  readonly calls: WasmCalls;
  /** What it is given, as an object in JavaScript, which may use the functions of `WASM_HELPERS`. */
  readonly imports: string;
  /** Pages of 64 KiB that its memory may have. */
  readonly pagesMax: number;
  /** A trap refuses a request when the memory cannot grow by so many times its size; undefined: a null pointer does. */
  readonly trapsAbove: number | undefined;
}

/** The calls of an allocator object; `initialize` is made once, before the others. */
type WasmCalls = {
  readonly [Name in 'malloc' | 'free']: string;
} & {
  readonly [Name in 'calloc' | 'realloc' | 'aligned' | 'usableSize' | 'initialize']?: string;
};

/** The calls that ask for a block. */
type Asking = 'malloc' | 'calloc' | 'realloc' | 'aligned';

/** What stands for the arguments of each call. */
const PARAMETERS = {
  malloc: 'size',
  calloc: 'count, size',
  realloc: 'address, size',
  aligned: 'alignment, size',
} as const satisfies Record<Asking, string>;

/** The proof of a finding of a WebAssembly module. */
export function emitForWasm(proven: Proven, wasm: WasmModule): Proof {
  const { calls, imports, pagesMax, specifier } = wasm;
  const asking = Object.keys(PARAMETERS).flatMap((name) => lineFor(name as Asking, wasm));
  const lines = [
    `const bytes = readFileSync(new URL(${quoted(specifier)}, import.meta.url));`,
    `const module = new WebAssembly.Module(bounded(bytes, ${pagesMax}));`,
    `const { exports } = new WebAssembly.Instance(module, ${imports});`,
    'const memory = Object.values(exports).find((each) => each instanceof WebAssembly.Memory);',
    'const allocator = {',
    '  memory,',
    '  footprint: () => memory.buffer.byteLength,',
    ...asking,
    ...(calls.usableSize === undefined
      ? []
      : [`  usableSize: (address) => ${calls.usableSize} >>> 0,`]),
    `  free: (address) => void ${calls.free},`,
    '};',
    ...(calls.initialize === undefined ? [] : [`${calls.initialize};`]),
  ];
  return emitModule(proven, [
    "import { readFileSync } from 'node:fs';",
    '',
    ...lines,
    ...helpersFor(lines, WASM_HELPERS),
  ]);
}

function lineFor(name: Asking, { calls, trapsAbove }: WasmModule): readonly string[] {
  const call = calls[name];
  if (call === undefined) return [];
  const parameters = PARAMETERS[name];
  if (trapsAbove === undefined) return [`  ${name}: (${parameters}) => ${call} >>> 0,`];
  const asked = `nullWhenFull(() => ${call}, size * ${trapsAbove})`;
  // Where a trap refuses, a realloc of null is a mistake of the caller's.
  if (name !== 'realloc') return [`  ${name}: (${parameters}) => ${asked},`];
  return [`  ${name}: (${parameters}) => (address === 0 ? allocator.malloc(size) : ${asked}),`];
}

/** What the lines call, by name. */
const WASM_HELPERS = {
  bounded: `
/** The module with a memory of so many pages of 64 KiB at the most; its code as it is. */
function bounded(bytes, pagesMax) {
  let at = 8;
  const number = () => {
    let [value, factor, byte] = [0, 1, 128];
    for (; byte >= 128; factor *= 128) {
      byte = bytes[at++];
      value += (byte % 128) * factor;
    }
    return value;
  };
  while (at < bytes.length) {
    const start = at;
    const id = bytes[at++];
    const size = number();
    const end = at + size;
    if (id === 5 && number() === 1) {
      const flags = bytes[at++];
      const least = number();
      const most = Math.max(least, Math.min(flags % 2 === 1 ? number() : pagesMax, pagesMax));
      const limits = [1, flags | 1, ...encoded(least), ...encoded(most)];
      const section = Buffer.from([id, limits.length, ...limits]);
      return Buffer.concat([bytes.subarray(0, start), section, bytes.subarray(end)]);
    }
    at = end;
  }
  return bytes;
}`,
  encoded: `
function encoded(number) {
  return number < 128 ? [number] : [128 + (number % 128), ...encoded(Math.floor(number / 128))];
}`,
  stop: `
function stop(call) {
  return (...args) => {
    throw new Error(call + '(' + args.join(', ') + ')');
  };
}`,
  growTo: `
function growTo(size) {
  const pages = Math.ceil((size >>> 0) / 65536) - memory.buffer.byteLength / 65536;
  return pages <= 0 || canGrow(pages) ? 1 : 0;
}`,
  nullWhenFull: `
/** A trap refuses a request when there is no memory for it; any other is a crash. */
function nullWhenFull(call, size) {
  try {
    return call() >>> 0;
  } catch (error) {
    if (canGrow(Math.ceil(size / 65536) + 1)) throw error;
    return 0;
  }
}`,
  canGrow: `
function canGrow(pages) {
  try {
    memory.grow(pages);
    return true;
  } catch {
    return false;
  }
}`,
} as const;
