import { expect, test } from 'vitest';
import type { AllocatorTarget } from '../check/target.ts';
import type { Trace } from '../check/trace.ts';
import { emitProof } from './emit.ts';
import { programOf } from './run-proof.test-helper.ts';

/** malloc-lab's names. */
const LAB = {
  kind: 'library',
  malloc: 'mm_malloc',
  free: 'mm_free',
  realloc: 'mm_realloc',
  systemInit: 'mem_init',
  init: 'mm_init',
  bounds: ['mem_heap_lo', 'mem_heap_hi'],
  footprint: 'mem_heapsize',
  link: 'mm.c memlib.c',
} as const;
const TARGET: AllocatorTarget = {
  name: 'lab/ada',
  promises: { alignment: 16 },
  malloc: () => null,
  free: () => true,
};

function emitted(law: string, text: string, crash?: string): string {
  const program = programOf(text);
  const trace: Trace = program.map((op, step) => ({
    op,
    step,
    outcome: op.kind === 'free' ? { kind: 'freed' } : { kind: 'granted', address: 16, size: 1 },
  }));
  const step = program.length - 1;
  const said = { observed: 'what was /* seen */', expected: 'what is owed' };
  const finding = { law, target: 'lab/ada', step, op: program[step]!.kind, ...said };
  const proof = emitProof(
    { finding: { ...finding, ...(crash && { crash }) }, trace, target: TARGET },
    LAB,
    'c',
  );
  return 'text' in proof ? proof.text : proof.why;
}

test('a program in C declares what it calls, starts the library, and checks the one law', () => {
  const text = emitted(
    'blocks-stay-apart',
    'b0 = malloc 24; b1 = realloc null 8; b0 = realloc b0 4294967296',
  );
  expect(text).toContain(`void *mm_malloc(size_t size);
void mm_free(void *block);
void *mm_realloc(void *block, size_t size);
void mem_init(void);
int mm_init(void);
void *mem_heap_lo(void);
void *mem_heap_hi(void);
size_t mem_heapsize(void);
`);
  expect(text.slice(text.indexOf('int main'))).toBe(`int main(void) {
    char *b0 = NULL;
    char *b1 = NULL;
    mem_init();
    if (mm_init() != 0) fail("it does not start");
    b0 = mm_malloc(24);
    fill(b0, 24, 6.549765784676666);
    b1 = mm_realloc(NULL, 8);
    fill(b1, 8, 13.099531569353331);
    b0 = mm_realloc(b0, 4294967296ULL);
    if (overlap(b0, 4294967296, b1, 8)) fail("realloc(b0, 4294967296): blocks-stay-apart");
    fill(b0, 4294967296, 19.649297354029997);
    puts("the bug does not show");
    return 0;
}
`);
  expect(text).toContain(' *     cc -std=c99 -fno-builtin THIS_FILE mm.c memlib.c && ./a.out\n');
  expect(text).toContain(' * observed   what was /* seen * /\n');
  expect(text).not.toMatch(/isZero|isIntact|atexit/);
});

test('a crash is shown by the call alone, and an exit with 0 counts as one', () => {
  const text = emitted('calls-return', 'b0 = malloc 24; free b0', 'SIGSEGV');
  expect(text.slice(text.indexOf('static void ended'))).toBe(`static void ended(void) {
    if (!isDone) _Exit(1);
}

int main(void) {
    char *b0 = NULL;
    atexit(ended);
    mem_init();
    if (mm_init() != 0) fail("it does not start");
    b0 = mm_malloc(24);
    fill(b0, 24, 6.549765784676666);
    mm_free(b0);
    isDone = 1;
    puts("the bug does not show");
    return 0;
}
`);
});

test('misuse before the law that broke is done as the target was asked', () => {
  const text = emitted(
    'blocks-stay-apart',
    'b1 = malloc 8; b0 = malloc 24; free b0; write-freed b0 8; free-foreign -16; b0 = malloc 8',
  );
  expect(text.slice(text.indexOf('    mm_free(b0);'))).toContain(`    mm_free(b0);
    flip(b0, 8);
    first = mm_malloc(24);
    second = mm_malloc(24);
    mm_free(second);
    mm_free(first);
    mm_free(foreign(-16));
    b0 = mm_malloc(8);
`);
  expect(text).toContain(
    '(intptr_t)(offset < 0 ? mm_heap_lo() : mem_heap_hi())'.replace('mm_', 'mem_'),
  );
});
