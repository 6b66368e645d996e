import { inPieces } from '../check/guards.ts';
import { LAW } from '../check/law.ts';
import { JS_HELPERS } from './js-helpers.ts';
import type { Proof, Proven } from './proof.ts';
import { helpersFor, proofHead } from './proof-head.ts';
import { proofLines, type Request, type Spelling } from './proof-lines.ts';

/** A module that makes an allocator. */
export interface JsModule {
  /** What to import, as seen from where the program is written: `./my-allocator.js`. */
  readonly specifier: string;
}

/** A WebAssembly module with an allocator in it. */
export interface WasmModule {
  /** The file, as seen from where the program is written: `./malloc.wasm`. */
  readonly specifier: string;
  /**
   * How each call that it offers is made of `exports`, in JavaScript: `exports.malloc(size)`. What stands for arguments is
   * called `address`, `alignment`, `count` and `size`.
   */
  readonly calls: WasmCalls;
}

/** The calls of an allocator object; `initialize` is made once, before the others. */
type WasmCalls = {
  readonly [Name in 'malloc' | 'free']: string;
} & {
  readonly [Name in 'calloc' | 'realloc' | 'aligned' | 'usableSize' | 'initialize']?: string;
};

/** A program that does not end by then never will. */
const LIMIT_MS = 2000;

/** The proof of a finding of a module, as a JavaScript module of its own. */
export function emitJs(proven: Proven, { specifier }: JsModule): Proof {
  return emit(proven, [
    `import * as loaded from ${quoted(specifier)};`,
    '',
    "const makeAllocator = typeof loaded.default === 'function' ? loaded.default : loaded.makeAllocator;",
    'const allocator = makeAllocator();',
  ]);
}

/** The proof of a finding of a WebAssembly module, whose imports are answered by functions that return 0. */
export function emitForWasm(proven: Proven, { calls, specifier }: WasmModule): Proof {
  // Nothing but heapcheck bounds the memory of a module.
  if (proven.trace.some(({ outcome }) => outcome.kind === 'refused'))
    return { why: 'it begins with a refusal, for which heapcheck bounds the memory of a module' };
  const { initialize, free, ...answering } = calls;
  return emit(proven, [
    "import { readFileSync } from 'node:fs';",
    '',
    `const module = new WebAssembly.Module(readFileSync(new URL(${quoted(specifier)}, import.meta.url)));`,
    'const functions = new Proxy({}, { get: () => () => 0 });',
    'const imports = new Proxy({}, { get: () => functions });',
    'const { exports } = new WebAssembly.Instance(module, imports);',
    'const allocator = {',
    '  memory: exports.memory,',
    '  footprint: () => exports.memory.buffer.byteLength,',
    ...Object.entries(answering).map(
      ([name, call]) =>
        `  ${name}: (${WASM_PARAMETERS[name as keyof typeof answering]}) => ${call} >>> 0,`,
    ),
    `  free: (address) => void ${free},`,
    '};',
    ...(initialize === undefined ? [] : [`${initialize};`]),
  ]);
}

/** What stands for the arguments of each call. */
export const WASM_PARAMETERS = {
  free: 'address',
  malloc: 'size',
  calloc: 'count, size',
  realloc: 'address, size',
  aligned: 'alignment, size',
  usableSize: 'address',
} as const;

/** @param making The lines that make the allocator. */
function emit({ finding, target, trace }: Proven, making: readonly string[]): Proof {
  const offers = {
    memory: target.memory !== undefined,
    bounds: target.bounds !== undefined,
    usableSize: target.usableSize !== undefined,
    footprint: target.footprint !== undefined,
    guards: inPieces(target.guards ?? []),
  };
  const { promises } = target;
  const proof = proofLines({ finding, trace, promises, offers, spelling: SPELLING });
  if ('why' in proof) return proof;
  const { blocks, lines } = proof;
  const isHang = finding.law === LAW.answersInTime.name;
  const variables = [...blocks, ...proof.notes];
  const text = [
    ...proofHead(finding, ['node THIS_FILE']).map((line) => `// ${line}`.trimEnd()),
    ...(isHang ? ["import { isMainThread, Worker } from 'node:worker_threads';"] : []),
    ...making,
    'const nullAddress = allocator.nullAddress ?? (allocator.memory === undefined ? null : 0);',
    ...helpersFor(lines, JS_HELPERS),
    '',
    'function show() {',
    ...(variables.length === 0 ? [] : [`  let ${variables.join(', ')};`]),
    ...lines.map((line) => `  ${line}`),
    '}',
    '',
    ...(isHang ? HANG : ['show();', "console.log('the bug does not show');"]),
  ];
  return { text: `${text.join('\n')}\n` };
}

const SPELLING: Spelling = {
  null: 'nullAddress',
  request: (op, source) => `allocator.${requestText(op, source)}`,
  free: (address) => `allocator.free(${address})`,
  refused: (free) => `${free} === false`,
  offset: (block, bytes) => `${block} + ${bytes}`,
};

function requestText(op: Request, source: string): string {
  const size = literal(op.size);
  if (op.kind === 'malloc') return `malloc(${size})`;
  if (op.kind === 'calloc') return `calloc(${literal(op.count)}, ${size})`;
  if (op.kind === 'aligned') return `aligned(${op.alignment}, ${size})`;
  return `realloc(${source}, ${size})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}

function literal(size: Request['size']): string {
  return typeof size === 'bigint' ? `${size}n` : `${size}`;
}

/** In a thread of its own, a loop without an end can be waited for. */
const HANG = [
  'if (isMainThread) {',
  '  const worker = new Worker(new URL(import.meta.url));',
  `  setTimeout(() => fail('no answer within ${LIMIT_MS} ms'), ${LIMIT_MS}).unref();`,
  "  worker.on('error', (error) => fail(error.message));",
  "  worker.on('exit', () => console.log('the bug does not show'));",
  '} else show();',
  '',
  'function fail(says) {',
  '  console.error(says);',
  '  process.exit(1);',
  '}',
];
