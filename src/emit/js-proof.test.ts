import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Engine } from '../../fuzz/index.ts';
import { LAWS } from '../check/law.ts';
import type { MakeAllocatorTarget } from '../check/target.ts';
import { type AllocatorObject, type MakeAllocator, objectTarget } from '../targets/object.ts';
import { BREAKS, type Break, CORRECT } from './allocators.test-helper.ts';
import { emitProof } from './emit.ts';
import { programOf, ProofFolder, shownBy } from './run-proof.test-helper.ts';

const folder = new ProofFolder();
afterAll(() => folder.remove());
folder.write('correct.mjs', CORRECT);

describe.concurrent('an emitted program', () => {
  test.each(BREAKS.map((each, index) => ({ ...each, index })))(
    '$index shows $law by $program, and nothing of an allocator that keeps it',
    async ({ index, ...each }) => {
      const broken = `broken-${index}.mjs`;
      folder.write(broken, patched(each));
      const make = await load(broken);
      const { finding, trace } = shownBy(make, programOf(each.program));
      expect(finding.law).toBe(each.law);
      const module = { kind: 'module', specifier: `./${broken}` } as const;
      const proof = emitProof({ finding, trace, target: make() }, module, 'js');
      const text = 'text' in proof ? proof.text : '';
      folder.write(`fine-${index}.mjs`, text.replaceAll(broken, 'correct.mjs'));
      // A test cannot wait as long as a reader.
      folder.write(`proof-${index}.mjs`, text.replaceAll(/\b2000\b/g, '200'));
      const run = each.law === 'answers-in-time' ? inProcess : inThread;
      expect(await run(`fine-${index}.mjs`)).toBe(0);
      expect(await run(`proof-${index}.mjs`)).toBe(1);
    },
  );
});

describe.concurrent('an emitted program of many ops', () => {
  const answering = BREAKS.filter(({ law }) => law !== 'answers-in-time');

  test.each(answering.map((each, index) => ({ ...each, index })))(
    '$index shows what the fuzzer finds in an allocator that breaks $law',
    async ({ index, ...each }) => {
      const broken = `fuzzed-${index}.mjs`;
      folder.write(broken, patched(each));
      const make = await load(broken);
      const raw = new Engine(make, { seed: index }).run(3000)!;
      const { finding, trace } = shownBy(make, raw.program);
      const module = { kind: 'module', specifier: `./${broken}` } as const;
      const proof = emitProof({ finding, trace, target: make() }, module, 'js');
      folder.write(`long-${index}.mjs`, 'text' in proof ? proof.text : '');
      expect(await inThread(`long-${index}.mjs`)).toBe(1);
    },
  );
});

test('every law is shown by a program, or it is said why not', () => {
  const shown = new Set(BREAKS.map(({ law }) => law));
  const rest = LAWS.map(({ name }) => name).filter((name) => !shown.has(name));
  expect(rest).toEqual([
    'churn-is-bounded',
    'refused-memory-is-survived',
    'largest-fits',
    'same-program-same-addresses',
  ]);
});

describe('a WebAssembly module', () => {
  /** `i32.const 16`: each block lies where the last one does. */
  const OVERLAPPING = [0x41, 16];
  /** Adds the size, rounded up, to global 0, and returns what was there. */
  const BUMPING = [0x23, 0, 0x23, 0, 0x20, 0, 0x41, 31, 0x6a, 0x41, 0x70, 0x71, 0x6a, 0x24, 0];
  const calls = { malloc: 'exports.malloc(size)', free: 'exports.free(address)' };

  test.each([
    [OVERLAPPING, 1],
    [BUMPING, 0],
  ])('whose malloc is %j ends the program with %i', async (body, status) => {
    const program = programOf('b0 = malloc 8; b1 = malloc 8');
    const make = objectTarget('toy', makeOverlapping);
    const { finding, trace } = shownBy(make, program);
    expect(finding.law).toBe('blocks-stay-apart');
    folder.write(`toy-${status}.wasm`, wasmModule(body));
    const module = { kind: 'wasm', specifier: `./toy-${status}.wasm`, calls, ...BARE } as const;
    const proof = emitProof({ finding, trace, target: make() }, module, 'js');
    folder.write(`wasm-${status}.mjs`, 'text' in proof ? proof.text : '');
    expect(await inThread(`wasm-${status}.mjs`)).toBe(status);
  });
});

describe('there is no program', () => {
  const finding = {
    law: 'free-list-equals-walk',
    target: 'toy',
    step: 0,
    op: 'end',
    observed: '',
    expected: '',
  } as const;
  const promises = { doubleFree: 'refused', freeInside: 'aborted' } as const;
  const target = { name: 'toy', promises, malloc: () => null, free: () => true };
  const module = { kind: 'module', specifier: './toy.js' } as const;
  const library = { kind: 'library', malloc: 'malloc', free: 'free', link: '-ltoy' } as const;
  const calls = { malloc: '', free: '' };
  const wasm = { kind: 'wasm', specifier: './toy.wasm', calls, ...BARE } as const;

  test.each([
    [module, 'c', finding.law, 'toy is a module, so pass --emit js'],
    [wasm, 'c', finding.law, 'toy is a module, so pass --emit js'],
    [library, 'js', finding.law, 'toy is a library, so pass --emit c'],
    [
      module,
      'js',
      finding.law,
      "free-list-equals-walk is about the target's own structures, which a caller does not see",
    ],
    [
      module,
      'js',
      'same-program-same-addresses',
      'same-program-same-addresses is about many runs of a program, and this is one',
    ],
    [module, 'js', 'calloc-zeroes', 'calloc-zeroes is not seen in what these calls return'],
    [
      library,
      'c',
      'double-free-keeps-promise',
      'double-free-keeps-promise asks what free returned, which is nothing here',
    ],
    [
      module,
      'js',
      'free-inside-keeps-promise',
      'free-inside-keeps-promise is kept by stopping on purpose, which no proof would come back from',
    ],
    [
      library,
      'c',
      'blocks-stay-inside',
      "blocks-stay-inside needs the heap's bounds, which the program cannot ask for",
    ],
    [
      library,
      'c',
      'free-null-does-nothing',
      'free-null-does-nothing needs the footprint, which the program cannot ask for',
    ],
  ] as const)('for %o in %s, and %s', (by, language, law, why) => {
    const op = law.startsWith('double-free') ? 'double-free' : 'free-inside';
    const proven = { finding: { ...finding, law, op } as const, trace: [], target };
    expect(emitProof(proven, by, language)).toEqual({ why });
  });

  test('for a library whose bounds nobody knows, and a free behind them', () => {
    const op = { kind: 'free-foreign', slot: null, offset: 0 } as const;
    const trace = [{ op, step: 0, outcome: { kind: 'freed' } as const }];
    const why = "calloc-zeroes needs the heap's bounds, which the program cannot ask for";
    const proven = { finding: { ...finding, law: 'calloc-zeroes' }, trace, target };
    expect(emitProof(proven, library, 'c')).toEqual({ why });
    const unasked = [{ op, step: 0, outcome: { kind: 'not asked' } as const }];
    expect(emitProof({ ...proven, trace: unasked }, library, 'c')).not.toEqual({ why });
  });
});

/** Of a module that imports nothing and refuses by a null pointer. */
const BARE = { imports: '{}', pagesMax: 16, trapsAbove: undefined } as const;

function makeOverlapping(): AllocatorObject {
  return { memory: new ArrayBuffer(65_536), malloc: () => 16, free: () => true };
}

function patched({ find: old, replace }: Break): string {
  const parts = CORRECT.split(old);
  expect(parts).toHaveLength(2);
  return parts.join(replace);
}

async function load(file: string): Promise<MakeAllocatorTarget> {
  const { default: make } = (await import(join(folder.path, file))) as { default: MakeAllocator };
  return objectTarget('toy', make);
}

function inThread(file: string): Promise<number> {
  return folder.run(file);
}

function inProcess(file: string): Promise<number> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(folder.path, file)], () =>
      resolve(child.exitCode ?? -1),
    );
  });
}

/** A module with a memory, a malloc of this body, and a free that does nothing. */
function wasmModule(malloc: readonly number[]): Uint8Array {
  const sections: readonly (readonly [id: number, content: readonly number[]])[] = [
    [1, [2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 1, 0x7f, 0]],
    [3, [2, 0, 1]],
    [5, [1, 0, 1]],
    [6, [1, 0x7f, 1, 0x41, 16, 0x0b]],
    [
      7,
      [
        3,
        ...exportName('memory'),
        2,
        0,
        ...exportName('malloc'),
        0,
        0,
        ...exportName('free'),
        0,
        1,
      ],
    ],
    [10, [2, ...sized([0, ...malloc, 0x0b]), ...sized([0, 0x0b])]],
  ];
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  return Uint8Array.from([
    ...head,
    ...sections.flatMap(([id, content]) => [id, ...sized(content)]),
  ]);
}

function sized(bytes: readonly number[]): readonly number[] {
  return [bytes.length, ...bytes];
}

function exportName(text: string): readonly number[] {
  return sized([...new TextEncoder().encode(text)]);
}
