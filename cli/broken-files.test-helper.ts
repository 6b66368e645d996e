import { bumpModule, OP, text, wasmModule } from '../src/targets/wasm/wasm-module.test-helper.ts';

/** The first line of every program. */
const P = 'heapcheck program 1\n';

/** Files that are wrong in one way each, by the name under which the test writes them. */
export const BROKEN_FILES: Readonly<Record<string, string | Uint8Array>> = {
  // Modules
  'throws.js': `\nthrow new RangeError('no room\\nat all');`,
  'syntax.js': `export default () => ({\n  malloc(size { return null; },\n});`,
  'reset-throws.js': `export default () => ({ malloc: () => null, free() {}, reset() { throw new Error('stuck'); } });`,
  'throws-inside.js': `import './throws.js';\nexport default () => ({ malloc: () => null, free() {} });`,
  'throws-text.js': `throw 'no room';`,
  'imports-missing.js': `import './missing-part.js';`,
  'nothing.js': '',
  'others.js': `export const malloc = 1;\nexport const free = 2;`,
  'object.js': `export default { malloc: () => null, free() {} };`,
  'class.js': `export default class Bump {}`,
  'promise.js': `export default async () => ({ malloc: () => null, free() {} });`,
  'returns-nothing.js': `export default () => {};`,
  'no-malloc.js': `export default () => ({ free() {} });`,
  'no-free.js': `export const makeAllocator = () => ({ malloc: () => null });`,
  'make-throws.js': `export default () => { throw new Error('out of luck'); };`,
  'make-throws-later.js': `let made = 0;
export default () => {
  made += 1;
  if (made > 5) throw new Error('only five');
  return { malloc: () => null, free() {} };
};`,
  'number.js': 'export default 12;',
  'library.so': '',
  'module.wasm': '',
  'trap.wasm': wasmModule({
    functions: [{ name: 'boot', paramsCount: 0, hasResult: false, code: [OP.unreachable] }],
    start: 0,
  }),
  'needs.wasm': bumpModule({ imports: [[...text('host'), ...text('log'), 0, 0]] }),
  'bump.wasm': bumpModule(),
  'notes.txt': 'malloc and free',
  'pool.c': 'void *malloc(unsigned long size);',
  'typed.ts': `export default () => ({ malloc: () => null, free() {} });`,
  'fine.js': `export default () => ({ malloc: () => null, free() {} });`,

  // Programs
  'fine.ops': `${P}b0 = malloc 24\n`,
  'pages.ops': `${P}a0 = map 4096\n`,
  'threads.ops': `${P}t1 = spawn process\n`,
  'empty.ops': '',
  'blank.ops': '\n\n',
  'no-header.ops': 'b0 = malloc 24\n',
  'version-2.ops': 'heapcheck program 2\nb0 = malloc 24\n',
  'version-x.ops': 'heapcheck program one\n',
  'no-op.ops': `${P}b0 = alloc 24\n`,
  'no-size.ops': `${P}b0 = malloc\n`,
  'two-sizes.ops': `${P}b0 = malloc 1 2\n`,
  'negative.ops': `${P}b0 = malloc -1\n`,
  'fraction.ops': `${P}b0 = malloc 1.5\n`,
  'hex.ops': `${P}b0 = malloc 0x10\n`,
  'too-large.ops': `${P}b0 = malloc 18446744073709551616\n`,
  'no-slot.ops': `${P}p = malloc 24\n`,
  'slot-too-large.ops': `${P}b16777216 = malloc 24\n`,
  'null-target.ops': `${P}null = malloc 24\n`,
  'alignment-3.ops': `${P}b0 = aligned 3 24\n`,
  'alignment-large.ops': `${P}b0 = aligned 2147483648 24\n`,
  'free-two.ops': `${P}b0 = malloc 1\n\nfree b0 b1\n`,
  'free-number.ops': `${P}free 0\n`,
  'offset-0.ops': `${P}free-inside b0 0\n`,
  'realloc-source.ops': `${P}b0 = realloc 24 40\n`,
  'found-elsewhere.ops': `${P}# found: seed 0x0000_0001 on students/ada, shrunk from 9 ops in 3 runs\nfree null\n`,
  'found-on-no-mutant.ops': `${P}# found: seed 0x0000_0001 on mutants/gone, shrunk from 9 ops in 3 runs\nfree null\n`,

  // Traces
  'prose.txt': 'Dear allocator,\n',
  'binary.bin': Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 0xff, 0xfe),
  'three-numbers.rep': '1\n2\n3\na 0 8\n',
  'no-weight.rep': '100\n1\n2\n100\na 0 8\nf 0\n',
  'too-many.rep': '1\n1\na 0 8\nf 0\n',
  'too-few.rep': '1\n3\na 0 8\nf 0\n',
  'ids-too-many.rep': '2\n2\na 0 8\nf 0\n',
  'never-allocated.rep': '1\n1\nf 0\n',
  'freed-twice.rep': '1\n3\na 0 8\nf 0\nf 0\n',
  'allocated-twice.rep': '1\n2\na 0 8\na 0 8\n',
  'no-such-op.rep': '1\n1\nx 0 8\n',
  'id-not-counted.rep': '1\n1\na 1 8\n',
  'fine.rep': '1\n2\na 0 8\nf 0\n',
  'peak.rep': '0\n1\n2\n9\na 0 8\nf 0\n',
  'size-missing.rep': '1\n1\na 0\n',
  'size-word.rep': '1\n1\na 0 big\n',
  'freed-twice.trace': 'Alloc(8),\nFree(0),\nFree(0),\n',
  'never-allocated.trace': 'Alloc(8),\nFree(1),\n',
  'no-op.trace': 'Alloc(8),\nRealloc(0),\n',
  'unclosed.trace': 'Alloc(8\n',
  'no-address.log': '--1-- malloc(24) = nothing\n',
  'size-too-large.log': '--1-- malloc(99999999999999999999) = 0x10\n',

  // Corpora
  'broken-corpus/findings/calloc-zeroes.reference.0123abcd.ops': `${P}b0 = calloc 3\n`,
  'broken-seeds/seeds/a.ops': `${P}free b0 # fine\nfree b0 b1\n`,
  'folder/fine.js': '',
};
