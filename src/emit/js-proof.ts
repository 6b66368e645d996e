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

/** A program that does not end by then never will. */
const LIMIT_MS = 2000;

/** The proof of a finding of a module, as a JavaScript module of its own. */
export function emitJs(proven: Proven, { specifier }: JsModule): Proof {
  return emitModule(proven, [
    `import * as loaded from ${quoted(specifier)};`,
    '',
    "const makeAllocator = typeof loaded.default === 'function' ? loaded.default : loaded.makeAllocator;",
    'const allocator = makeAllocator();',
  ]);
}

/**
 * A JavaScript module that shows a finding.
 *
 * @param making The lines that make the allocator.
 */
export function emitModule({ finding, target, trace }: Proven, making: readonly string[]): Proof {
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

export function quoted(text: string): string {
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
