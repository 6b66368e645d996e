import { LAW } from '../check/law.ts';
import type { Proof, Proven } from './proof.ts';
import { C_HELPERS } from './c-helpers.ts';
import { helpersFor, proofHead } from './proof-head.ts';
import { proofLines, type Request, type Spelling } from './proof-lines.ts';

/** A C library with an allocator in it, by the names of its functions. */
export interface CLibrary {
  readonly malloc: string;
  readonly free: string;
  readonly calloc?: string;
  readonly realloc?: string;
  /** The alignment, then the size, whatever it is: memalign, since aligned_alloc of C11 wants a multiple. */
  readonly aligned?: string;
  readonly usableSize?: string;
  /** Called once before all, as malloc-lab's mm_init; anything but 0 says that it failed. */
  readonly init?: string;
  /** `void init(void)` of what stands below the allocator, called before it: malloc-lab's mem_init. */
  readonly systemInit?: string;
  /** `void *` functions that return the heap's first and last byte: malloc-lab's mem_heap_lo and mem_heap_hi. */
  readonly bounds?: readonly [first: string, last: string];
  /** `size_t` bytes taken from the system: malloc-lab's mem_heapsize. */
  readonly footprint?: string;
  /** What stands behind the file's name when it is built: `-L. -lfoo`, or `mm.c memlib.c`. */
  readonly link: string;
}

/** Seconds; a program that does not end by then never will. */
const LIMIT_S = 2;

/** The proof of a finding of a library, as a C99 program. */
export function emitC({ finding, target, trace }: Proven, library: CLibrary): Proof {
  const offers = {
    memory: true,
    bounds: library.bounds !== undefined,
    usableSize: library.usableSize !== undefined && target.usableSize !== undefined,
    footprint: library.footprint !== undefined,
    guards: [],
  };
  const { promises } = target;
  const proof = proofLines({ finding, trace, promises, offers, spelling: spellingOf(library) });
  if ('why' in proof) return proof;
  const { blocks, lines, notes } = proof;
  const isHang = finding.law === LAW.answersInTime.name;
  const isCrash = finding.crash !== undefined;
  const begin = [
    // What ends the process by a plain exit(0) shows the bug as well.
    ...(isCrash ? ['atexit(ended);'] : []),
    ...(isHang ? [`alarm(${LIMIT_S});`] : []),
    ...(library.systemInit === undefined ? [] : [`${library.systemInit}();`]),
    ...(library.init === undefined
      ? []
      : [`if (${library.init}() != 0) fail("it does not start");`]),
  ];
  const all = [...begin, ...lines];
  const command = `cc -std=c99 -fno-builtin THIS_FILE ${library.link} && ./a.out`;
  const text = [
    '/*',
    ...proofHead(finding, [command]).map((line) => ` * ${line.replaceAll('*/', '* /')}`.trimEnd()),
    ' */',
    '#include <stdint.h>',
    '#include <stdio.h>',
    '#include <stdlib.h>',
    '#include <string.h>',
    '',
    ...prototypes(library),
    ...(isHang ? ['unsigned alarm(unsigned seconds);'] : []),
    ...(isCrash ? ['', 'static int isDone;'] : []),
    ...helpersFor(all, helpersOf(library)),
    ...(isCrash ? ENDED : []),
    '',
    'int main(void) {',
    ...blocks.map((name) => `    char *${name} = NULL;`),
    ...notes.map((name) => `    double ${name} = 0;`),
    ...all.map((line) => `    ${line}`),
    ...(isCrash ? ['    isDone = 1;'] : []),
    '    puts("the bug does not show");',
    '    return 0;',
    '}',
  ];
  return { text: `${text.join('\n')}\n` };
}

const ENDED = ['', 'static void ended(void) {', '    if (!isDone) _Exit(1);', '}'];

function spellingOf(library: CLibrary): Spelling {
  return {
    null: 'NULL',
    request: (op, source) => requestText(op, source, library),
    free: (address) => `${library.free}(${address})`,
    refused: () => undefined,
    offset: (block, bytes) => `${block} + ${bytes}`,
  };
}

function requestText(op: Request, source: string, library: CLibrary): string {
  const size = literal(op.size);
  if (op.kind === 'malloc') return `${library.malloc}(${size})`;
  if (op.kind === 'calloc') return `${library.calloc}(${literal(op.count)}, ${size})`;
  if (op.kind === 'aligned') return `${library.aligned}(${op.alignment}, ${size})`;
  return `${library.realloc}(${source}, ${size})`;
}

function literal(size: Request['size']): string {
  return size > 0x7fff_ffff ? `${size}ULL` : `${size}`;
}

/** The functions that C's own headers declare. */
const DECLARED = new Set(['malloc', 'free', 'calloc', 'realloc']);

function prototypes(library: CLibrary): readonly string[] {
  const all: readonly (readonly [string | undefined, (name: string) => string])[] = [
    [library.malloc, (name) => `void *${name}(size_t size);`],
    [library.free, (name) => `void ${name}(void *block);`],
    [library.calloc, (name) => `void *${name}(size_t count, size_t size);`],
    [library.realloc, (name) => `void *${name}(void *block, size_t size);`],
    [library.aligned, (name) => `void *${name}(size_t alignment, size_t size);`],
    [library.usableSize, (name) => `size_t ${name}(void *block);`],
    [library.systemInit, (name) => `void ${name}(void);`],
    [library.init, (name) => `int ${name}(void);`],
    [library.bounds?.[0], (name) => `void *${name}(void);`],
    [library.bounds?.[1], (name) => `void *${name}(void);`],
    [library.footprint, (name) => `size_t ${name}(void);`],
  ];
  return all.flatMap(([name, prototype]) =>
    name === undefined || DECLARED.has(name) ? [] : [prototype(name)],
  );
}

/** What the lines call, by name: what asks the library, and the rest. */
function helpersOf(library: CLibrary): Readonly<Record<string, string>> {
  return {
    ...C_HELPERS,
    isInside: `
static int isInside(const char *block, size_t size) {
    uintptr_t first = (uintptr_t)${library.bounds?.[0]}(), last = (uintptr_t)${library.bounds?.[1]}();
    if (size == 0) size = 1;
    return block == NULL || ((uintptr_t)block >= first && (uintptr_t)block + size - 1 <= last);
}`,
    foreign: `
/* An address so far behind the heap, or in front of it where that is below 0. */
static char *foreign(intptr_t offset) {
    return (char *)((intptr_t)(offset < 0 ? ${library.bounds?.[0]}() : ${library.bounds?.[1]}()) + (offset < 0 ? 0 : 1) + offset);
}`,
    usable: `
static size_t usable(char *block) {
    return block == NULL ? 0 : ${library.usableSize}(block);
}`,
    footprint: `
static double footprint(void) {
    return (double)${library.footprint}();
}`,
  };
}
