import { describe, expect, test } from 'vitest';
import { MIB } from '../../base/units.ts';
import type { Finding } from '../../check/finding.ts';
import { Runner } from '../../check/runner.ts';
import type { AllocatorTarget, MakeAllocatorTarget, StateSink } from '../../check/target.ts';
import { parseProgram } from '../../program/text.ts';
import { guardedRun } from '../../supervise/guarded-run.ts';
import {
  bumpModule,
  collectedModule,
  constant,
  OP,
  text,
  wasmModule,
  wideModule,
} from './wasm-module.test-helper.ts';
import { wasmTarget } from './wasm-target.ts';

function judged(makeTarget: MakeAllocatorTarget, program: string): Finding | undefined {
  const { program: ops } = parseProgram(
    `heapcheck program 1\n${program.replaceAll(';', '\n')}`,
    'test.ops',
  );
  return new Runner(makeTarget, { checkEvery: 1 }).run(ops);
}

/** All that a target tells of its state. */
function described(target: AllocatorTarget): readonly number[] {
  const told: number[] = [];
  const sink: StateSink = {
    number: (value) => void told.push(value),
    words: (words, start, end) => void told.push(start, ...words.subarray(start, end)),
  };
  target.snapshots!.describe(sink);
  return told;
}

describe('a module that exports malloc and free', () => {
  const makeTarget = wasmTarget('bump', bumpModule());

  test('is an allocator whose blocks lie in its memory', () => {
    const target = makeTarget();
    expect([target.malloc(1), target.malloc(8), target.malloc(0)]).toEqual([1024, 1040, 1056]);
    expect(target.malloc(65_537)).toBeNull();
    target.memory!.storeByte(1024, 7);
    expect(target.memory!.loadByte(1024)).toBe(7);
    expect(target.bounds).toEqual({ start: 0, end: 65_536 });
    expect(target.promises).toEqual({ alignment: 8, sizeMax: 2 ** 32 - 1 });
    const others = ['calloc', 'realloc', 'aligned', 'usableSize'];
    expect(others.filter((call) => call in target)).toEqual([]);
  });

  test('keeps every law on a program that makes it grow', () => {
    const program = Array.from({ length: 40 }, (_, slot) => `b${slot} = malloc 60000`).join(';');
    expect(judged(makeTarget, `b50 = malloc 3;${program};free b3;b3 = malloc 1`)).toBeUndefined();
  });

  test('takes what its memory takes', () => {
    const target = makeTarget();
    expect(target.footprint!()).toBe(65_536);
    target.malloc(65_000);
    expect(target.footprint!()).toBe(3 * 65_536);
    expect(target.bounds).toEqual({ start: 0, end: 3 * 65_536 });
  });

  test('starts anew by a reset: the global that it hides, and every byte', () => {
    const target = makeTarget();
    const first = target.malloc(100)!;
    target.memory!.storeByte(first + 50, 9);
    target.reset!();
    expect(target.malloc(100)).toBe(first);
    expect(target.memory!.loadByte(first + 50)).toBe(0);
  });

  test('has its first size again by a reset', () => {
    const target = makeTarget();
    target.malloc(65_000);
    target.memory!.storeByte(100_000, 9);
    target.reset!();
    expect(target.footprint!()).toBe(65_536);
    expect(target.malloc(65_000)).toBe(1024);
    expect(target.memory!.loadByte(100_000)).toBe(0);
  });

  test('comes back to any state that was captured, and tells states apart', () => {
    const target = makeTarget();
    const snapshots = target.snapshots!;
    target.malloc(10);
    target.memory!.storeByte(1030, 5);
    const [small, told] = [snapshots.capture(), described(target)];
    target.memory!.storeByte(1030, 6);
    expect(described(target)).not.toEqual(told);
    target.memory!.storeByte(1030, 5);
    expect(described(target)).toEqual(told);
    target.malloc(65_000);
    target.memory!.storeByte(90_000, 1);
    const [large, toldLarge] = [snapshots.capture(), described(target)];
    snapshots.restore(small);
    expect(described(target)).toEqual(told);
    expect([target.memory!.loadByte(1030), target.footprint!()]).toEqual([5, 65_536]);
    snapshots.restore(large);
    expect(described(target)).toEqual(toldLarge);
    expect([target.memory!.loadByte(90_000), target.malloc(1)]).toEqual([1, 66_056]);
  });

  test('has as much memory as it is left', () => {
    const target = wasmTarget('bump', bumpModule(), { memoryMax: 4 * 65_536 })();
    expect(Array.from({ length: 5 }, () => target.malloc(60_000) !== null)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(wasmTarget('bump', bumpModule({ pagesMax: 1 }))().malloc(65_000)).toBeNull();
    expect(wasmTarget('bump', bumpModule({ pagesMax: 9 }))().malloc(65_000)).toBe(1024);
  });
});

describe('what is wrong with a module shows', () => {
  test('blocks that overlap', () => {
    expect(
      judged(wasmTarget('low', bumpModule({ roundsUp: false })), 'b0 = malloc 9;b1 = malloc 1'),
    ).toMatchObject({ law: 'blocks-stay-apart', step: 1 });
  });

  test('a trap, by its name', () => {
    expect(
      judged(wasmTarget('traps', bumpModule({ when13: 'traps' })), 'b0 = malloc 12;b1 = malloc 13'),
    ).toMatchObject({
      law: 'calls-return',
      step: 1,
      observed: 'malloc(13) threw RuntimeError: unreachable',
    });
  });

  test('an endless loop', () => {
    const { program } = parseProgram('heapcheck program 1\nb0 = malloc 13\n', 'test.ops');
    const run = guardedRun(wasmTarget('hangs', bumpModule({ when13: 'hangs' })), 50);
    expect(run(program)).toMatchObject({ law: 'answers-in-time', step: 0, op: 'malloc' });
  });
});

describe('names', () => {
  test.each([
    ['_malloc', '_free'],
    ['dlmalloc', 'dlfree'],
    ['heap.alloc', 'heap.free'],
  ] as const)('%s and %s are known', (...names) => {
    expect(wasmTarget('usual', bumpModule({ names }))().malloc(3)).toBe(1024);
  });

  test('others are told, and what is promised with them', () => {
    const target = wasmTarget('own', bumpModule({ names: ['take', 'give'] }), {
      symbols: { malloc: 'take', free: 'give' },
      promises: { alignment: 4 },
    })();
    expect(target.malloc(3)).toBe(1024);
    expect(target.promises).toEqual({ alignment: 4, sizeMax: 2 ** 32 - 1 });
  });

  test("AssemblyScript's are known, where a trap refuses what there is no memory for", () => {
    const names = ['__alloc', '__free'] as const;
    const full = { memoryMax: 65_536 };
    const bytes = bumpModule({ names, when13: 'traps', trapsAt: 60_000 });
    const target = wasmTarget('script', bytes, full)();
    expect([target.malloc(12), target.malloc(60_000)]).toEqual([1024, null]);
    expect(target.promises.alignment).toBe(16);
    const roomy = wasmTarget('script', bumpModule({ names, when13: 'traps' }))();
    expect(() => roomy.malloc(13)).toThrow('unreachable');
  });

  test("a realloc of null is a malloc for AssemblyScript's, whose own takes blocks only", () => {
    const functions = [
      { name: '__alloc', paramsCount: 1, hasResult: true, code: constant(4096) },
      { name: '__free', paramsCount: 1, hasResult: false, code: [] },
      { name: '__realloc', paramsCount: 2, hasResult: true, code: [OP.unreachable] },
    ];
    const target = wasmTarget('script', wasmModule({ functions }))();
    expect(target.realloc!(null, 8)).toBe(4096);
    expect(() => target.realloc!(4096, 8)).toThrow('unreachable');
  });

  test("AssemblyScript's collector makes blocks that are pinned, and frees by unpinning and collecting", () => {
    const target = wasmTarget('collected', collectedModule())();
    expect([target.malloc(24), target.malloc(8)]).toEqual([1024, 1056]);
    expect(target.promises).toEqual({ alignment: 16, sizeMax: 2 ** 30 - 21 });
    const collecting = collectedModule([OP.unreachable]);
    expect(() => wasmTarget('unpinned', collecting)().malloc(8)).toThrow('unreachable');
  });

  test('a module that makes objects and cannot pin them has no malloc that is known', () => {
    const functions = [
      { name: '__new', paramsCount: 2, hasResult: true, code: constant(1024) },
      { name: '__unpin', paramsCount: 1, hasResult: false, code: [] },
    ];
    expect(() => wasmTarget('x', wasmModule({ functions }))).toThrow(
      'x: the module exports no malloc (it exports __new, __unpin)',
    );
  });

  test('a call of 64 bits is refused with a sentence', () => {
    const wide = wasmTarget('wide', wideModule());
    expect(() => wide().malloc(8)).toThrow(
      "wide: 'malloc' takes or returns an i64; export one that has i32 only.",
    );
  });
});

describe('what a module asks for', () => {
  const memoryImport = [...text('env'), ...text('memory'), 2, 1, 1, 3];

  test('a memory', () => {
    const target = wasmTarget(
      'given',
      bumpModule({ pages: 0, imports: [memoryImport], memoryName: 'memory' }),
    )();
    expect(target.malloc(65_000)).toBe(1024);
    expect(target.footprint!()).toBe(3 * 65_536);
    expect([target.malloc(65_000), target.malloc(65_000)]).toEqual([66_032, 131_040]);
    expect(target.malloc(65_000)).toBeNull();
  });

  test('a start, whatever its name', () => {
    const setsUp = {
      name: '_initialize',
      paramsCount: 0,
      hasResult: false,
      code: [...constant(4096), OP.setGlobal, 0],
    };
    const malloc = { name: 'malloc', paramsCount: 1, hasResult: true, code: [OP.getGlobal, 0] };
    const free = { name: 'free', paramsCount: 1, hasResult: false, code: [] };
    expect(wasmTarget('late', wasmModule({ functions: [malloc, free, setsUp] }))().malloc(1)).toBe(
      4096,
    );
  });
});

describe('a module that cannot serve is refused with a sentence', () => {
  const unreachable = { name: 'boot', paramsCount: 0, hasResult: false, code: [OP.unreachable] };

  test.each([
    [
      'cut short',
      bumpModule().slice(0, 60),
      /^x: this is no WebAssembly module, .*; build it again\.$/,
    ],
    [
      'no module',
      Uint8Array.of(1, 2, 3),
      /^x: this is no WebAssembly module, .*; build it again\.$/,
    ],
    [
      'without a memory',
      bumpModule({ memoryName: '' }),
      /^x: the module exports no memory; link it with --export-memory\.$/,
    ],
    [
      'without malloc',
      bumpModule({ names: ['take', 'free'] }),
      /^x: the module exports no malloc \(it exports take, free\); say what it is called, with --symbols malloc=my_malloc\.$/,
    ],
    [
      'without free',
      bumpModule({ names: ['malloc', 'give'] }),
      /^x: the module exports no free \(it exports malloc, give\)/,
    ],
    [
      'without any function',
      wasmModule({}),
      /^x: the module exports no malloc \(it exports no function\)/,
    ],
    [
      'that traps when it starts',
      wasmModule({ functions: [unreachable], start: 0 }),
      /^x: the module cannot be started, RuntimeError: unreachable; mend it/,
    ],
    [
      'that imports a function by a name that all objects have',
      wasmModule({
        functions: [unreachable],
        imports: [[...text('env'), ...text('toString'), 0, 0]],
        importedFunctions: 1,
      }),
      /^x: the module imports function 'env\.toString', which nobody gives it/,
    ],
    [
      'that imports a global',
      wasmModule({ imports: [[...text('env'), ...text('base'), 3, 0x7f, 0]] }),
      /^x: the module imports global 'env\.base', which nobody gives it; pass a \.js module/,
    ],
  ])('%s', (_, bytes, says) => {
    expect(() => wasmTarget('x', bytes)).toThrow(says);
  });

  test('with a name that is not there', () => {
    expect(() => wasmTarget('x', bumpModule(), { symbols: { calloc: 'zero' } })).toThrow(
      "x: the module exports no function 'zero' (it exports malloc, free); say what its calloc is called.",
    );
  });

  test('with a name for what no allocator has', () => {
    expect(() => wasmTarget('x', bumpModule(), { symbols: { new: 'malloc' } })).toThrow(
      "x: no call of an allocator is called 'new'; name some of malloc, free, calloc, realloc, aligned, usableSize.",
    );
  });

  test('a memory of 64 MiB is the most where nothing is said', () => {
    const target = wasmTarget('bump', bumpModule())();
    let granted = 0;
    while (target.malloc(65_536) !== null) granted += 1;
    expect(target.footprint!()).toBeGreaterThan(63 * MIB);
    expect(target.footprint!()).toBeLessThanOrEqual(64 * MIB);
    // Pages 1, 3, … 1023; from 1024 on, blocks of 65,544 bytes.
    expect(granted).toBe(Math.floor((1023 * 65_536 - 1024) / 65_544));
  });
});
