/** The same heap, unchanged, on a flat arena and on the pages of a machine. */
import { describe, expect, test } from 'vitest';
import { Engine, programOf } from '../../fuzz/engine.ts';
import { blockPrograms } from '../../fuzz/block-programs.ts';
import { drawProgramFor } from '../../fuzz/generator.ts';
import { Prng } from '../base/prng.ts';
import { GIB, MIB } from '../base/units.ts';
import { UsageError } from '../base/usage-error.ts';
import { Runner } from '../check/runner.ts';
import type { AllocatorTarget, MakeAllocatorTarget } from '../check/target.ts';
import { Heap } from '../heap/heap.ts';
import { HEAP_INVARIANTS, heapState } from '../heap/invariants.ts';
import { type HeapOptions, LECTURE_NOTE } from '../heap/options.ts';
import { KERNEL_INVARIANTS } from '../kernel/invariants.ts';
import type { TlbOptions } from '../machine/tlb.ts';
import { PagedArena } from './paged-arena.ts';
import { referenceTarget } from './reference.ts';

const PROGRAMS_COUNT = 8;
const OPS_MAX = 120;

/** What each op of some programs came to: an address from the start of the arena, or why there is none. */
function answersOf(makeTarget: MakeAllocatorTarget): string[] {
  const runner = new Runner(makeTarget, { record: 'outcomes' });
  const draw = drawProgramFor(runner.target);
  const answers: string[] = [];
  for (let number = 0; number < PROGRAMS_COUNT; number += 1) {
    const finding = runner.run(programOf(7, number, draw, OPS_MAX));
    expect(finding).toBe(undefined);
    const { start } = (runner.target as AllocatorTarget).bounds!;
    for (const { outcome } of runner.trace)
      answers.push(outcome.kind === 'granted' ? `+${outcome.address - start}` : outcome.kind);
  }
  return answers;
}

/** An answer without its address: what does not depend on where things lie. */
function kindsOf(answers: readonly string[]): string[] {
  return answers.map((answer) => (answer.startsWith('+') ? 'granted' : answer));
}

const HEAPS: readonly (readonly [string, Partial<HeapOptions>])[] = [
  ['default', {}],
  ['lecture-note', LECTURE_NOTE],
  ['grown by brk', { growth: 'brk' }],
  ['with 4-byte headers', { ...LECTURE_NOTE, header: 4, list: 'lifo', fit: 'best' }],
];

describe('a program gets the same addresses, relative to their base, op for op', () => {
  const cases = HEAPS.flatMap(([name, heap]) =>
    (['up', 'down', 'gaps'] as const).map((placement) => [name, placement, heap] as const),
  );

  test.each(cases)('on the heap %s, placed %s, flat and paged', (_, placement, heap) => {
    const flat = answersOf(referenceTarget({ heap, arena: { base: GIB, placement } }));
    expect(flat.filter((answer) => answer.startsWith('+')).length).toBeGreaterThan(60);
    expect(answersOf(referenceTarget({ heap, machine: { placement } }))).toEqual(flat);
    const machine = { placement, preset: 'x86-32', frames: 'on-map' } as const;
    expect(answersOf(referenceTarget({ heap, machine }))).toEqual(flat);
  });
});

describe('T16 results do not depend on', () => {
  const TLBS: readonly Partial<TlbOptions>[] = [
    { ways: 0 },
    { sets: 1, ways: 1 },
    { sets: 1, ways: 1, shortcuts: 'off' },
    { sets: 2, ways: 2, policy: 'fifo' },
    { sets: 4, ways: 12, policy: 'random', seed: 5 },
    { sets: 4, ways: 8, ids: 'on' },
    { sets: 1024, ways: 8 },
  ];

  test('size and policy of the TLB: the same addresses, other counters', () => {
    const usual = answersOf(referenceTarget({ machine: {} }));
    for (const tlb of TLBS) expect(answersOf(referenceTarget({ machine: { tlb } }))).toEqual(usual);
    const readings = TLBS.map((tlb) => {
      const arena = new PagedArena({ tlb });
      const start = arena.map(64 * arena.pageSize)!;
      for (let round = 0; round < 3; round += 1) {
        for (let page = 0; page < 64; page += 1) arena.load(start + page * arena.pageSize);
      }
      return arena.kernel.mmu.meter.tlbMisses;
    });
    expect(new Set(readings).size).toBeGreaterThan(2);
    // Each page is missed once more after its fault; a large TLB has it from then on.
    expect(Math.max(...readings)).toBe(64 * 4);
    expect(Math.min(...readings)).toBe(64 * 2);
  });

  /** Addresses for many places, frames for what is asked. */
  const ROOMY = { mapSize: 64 * MIB, framesCount: 4096 };

  test('placement: the same requests are granted, and every block keeps its contents', () => {
    const up = kindsOf(answersOf(referenceTarget({ machine: ROOMY })));
    for (const placement of ['down', 'gaps', 'random'] as const) {
      const machine = { ...ROOMY, placement, seed: 3 };
      expect(kindsOf(answersOf(referenceTarget({ machine })))).toEqual(up);
    }
  });
});

describe('the paged reference', () => {
  test.each(['x86-64', 'x86-32', 'toy'] as const)(
    'keeps all laws and invariants on %s',
    (preset) => {
      for (const placement of ['up', 'down', 'gaps', 'random'] as const) {
        const machine = {
          preset,
          placement,
          watch: 'on',
          framesCount: 700,
          mapSize: 12_288,
        } as const;
        const heap = { growthUnit: 256, bigThreshold: 1024 };
        const engine = new Engine(referenceTarget({ heap, machine }), { seed: 9 });
        expect(engine.run(25)).toBe(undefined);
      }
    },
  );

  test('has a name, an arena of its own and rules of all layers', () => {
    const target = referenceTarget({ machine: { preset: 'toy', watch: 'on' } })();
    expect(target.name).toBe('reference/paged/toy');
    expect(referenceTarget({ machine: {} })().name).toBe('reference/paged');
    const rows = target.invariants!.rules.flatMap((rule) => rule.rows.split(' '));
    expect(rows).toEqual(expect.arrayContaining(['H5', 'P8', 'T4', 'V3', 'A1']));
    const state = target.invariants!.read();
    expect(target.invariants!.rules.filter((rule) => rule.check(state) !== undefined)).toEqual([]);
  });

  test('is not asked what needs a model, or a watch that it has not', () => {
    const model = [
      'map-takes-what-is-free',
      'map-replaces-nothing',
      'refusal-has-a-reason',
      'calls-change-their-own-pages',
      'refused-access-changes-nothing',
    ];
    expect(rulesMissing('on')).toEqual(model);
    expect(rulesMissing('off')).toEqual([
      'tlb-translates-as-the-walk',
      'change-is-followed-by-invalidation',
      ...model,
      'frame-is-freed-last',
    ]);
  });

  test('promises the same addresses twice unless they are placed at random', () => {
    const promises = (['up', 'random'] as const).map(
      (placement) => referenceTarget({ machine: { placement } })().promises.repeats,
    );
    expect(promises).toEqual([true, undefined]);
  });

  test('takes no options for a flat arena', () => {
    expect(() => referenceTarget({ arena: {}, machine: {} })).toThrow(
      new UsageError(
        'arena: got options for a flat arena, and a machine; pass its sizes in machine.',
      ),
    );
  });
});

describe('with frames on map', () => {
  test.each([
    ['default', {}, 22],
    ['lecture-note', LECTURE_NOTE, 6],
  ] as const)('the heap %s keeps its promises with few frames', (_, heap, framesMin) => {
    // At least enough frames for one growth: with fewer there is no heap at all.
    const program = programOf(7, 3, blockPrograms(['malloc', 'free', 'realloc', 'calloc']), 200);
    // Where there are hardly any, each one more is refused elsewhere.
    for (let framesCount = framesMin; framesCount < 80;) {
      const machine = { framesCount, frames: 'on-map', watch: 'on' } as const;
      const runner = new Runner(referenceTarget({ heap, machine }), { checkEvery: 16 });
      expect(runner.run(program)).toBe(undefined);
      framesCount += framesCount < framesMin + 12 ? 1 : 3;
    }
  });

  test.each([
    ['data', {}],
    ['data', LECTURE_NOTE],
    ['tables', LECTURE_NOTE],
  ] as const)('nothing is lost whichever request for %s is refused, heap %o', (type, options) => {
    let refusals = 0;
    for (let refused = 1; refused <= 200; refused += 1) {
      const arena = new PagedArena({ frames: 'on-map', placement: 'gaps', framesCount: 512 });
      const { frames } = arena.kernel;
      refuse(arena, type, refused);
      const heap = new Heap(arena, options);
      const prng = new Prng(refused);
      const blocks: number[] = [];
      for (let step = 0; step < 100; step += 1) {
        if (prng.oneIn(3)) heap.free(blocks.pop() ?? null);
        const block = heap.malloc(prng.below(10_000));
        if (block === null) refusals += 1;
        else blocks.push(block);
      }
      const state = heapState(heap);
      expect(HEAP_INVARIANTS.filter(({ check }) => check(state) !== undefined)).toEqual([]);
      heap.reset();
      expect([arena.mappedSize, frames.totalCount - frames.freeCount]).toEqual([0, 1]);
    }
    expect(refusals).toBeGreaterThan(type === 'data' ? 50 : 0);
  });
});

/** The rules of the kernel that the paged reference is not asked. */
function rulesMissing(watch: 'on' | 'off'): readonly string[] {
  const { invariants } = referenceTarget({ machine: { watch } })();
  const asked = new Set(invariants!.rules.map(({ name }) => name));
  return KERNEL_INVARIANTS.map(({ name }) => name).filter((name) => !asked.has(name));
}

/** Makes the n-th request for a frame fail, once. */
function refuse(arena: PagedArena, type: 'data' | 'tables', refused: number): void {
  const { frames } = arena.kernel;
  let count = 0;
  const isRefused = (): boolean => (count += 1) === refused;
  if (type === 'data') {
    const allocate = frames.allocateData.bind(frames);
    frames.allocateData = (owner, address) => (isRefused() ? null : allocate(owner, address));
  } else {
    const map = arena.space.table.map.bind(arena.space.table);
    arena.space.table.map = (address, mapping) =>
      isRefused() ? 'out-of-frames' : map(address, mapping);
  }
}
