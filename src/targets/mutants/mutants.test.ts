/**
 * The triangle of law, mutant and corpus: each mutant breaks the law that it names, a stored program shows it, and no
 * rule is without something that breaks it.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { SMALL_ALLOCATOR_INVARIANTS } from '../../allocators/invariants.ts';
import { UsageError } from '../../base/usage-error.ts';
import { sameBug } from '../../check/finding.ts';
import { firstFinding, historyJudges, isHistoryLaw } from '../../check/histories.ts';
import { LAWS } from '../../check/law.ts';
import { Runner, type RunProgram } from '../../check/runner.ts';
import type { MakeTarget } from '../../check/target.ts';
import { HEAP_INVARIANTS } from '../../heap/invariants.ts';
import { type HeapOptions, PRESETS } from '../../heap/options.ts';
import type { Program } from '../../program/program.ts';
import { parseProgram, PROGRAM_HEADER } from '../../program/text.ts';
import { corpusFolder } from '../../store/corpus-folder.ts';
import { guardedRun } from '../../supervise/guarded-run.ts';
import { KERNEL_RULES, kernelTarget } from '../kernel.ts';
import { MACHINE_RULES, machineTarget } from '../machine.ts';
import { type AllocatorObject, objectTarget } from '../object.ts';
import { referenceTarget } from '../reference.ts';
import { buddyTarget, bumpTarget, slabTarget } from '../small-allocators.ts';
import { importPatched, type Patch } from './import-patched.ts';
import { findMutant, loadMutant, type Mutant, MUTANTS, mutantTargetName } from './index.ts';
import type { Original } from './mutant.ts';

const CORPUS = join(import.meta.dirname, '../../../corpus');
const corpus = corpusFolder(CORPUS);
const ALLOCATOR_RULES = [...LAWS, ...HEAP_INVARIANTS, ...SMALL_ALLOCATOR_INVARIANTS].map(
  ({ name }) => name,
);
const RULES = [...ALLOCATOR_RULES, ...[...MACHINE_RULES, ...KERNEL_RULES].map(({ name }) => name)];

/** A program of ops, a line each. */
function ops(text: string): Program {
  return parseProgram(`${PROGRAM_HEADER}\n${text}`, 'text.ops').program;
}

/** Runs programs on a target, everything checked after every op. */
function exactly(makeTarget: MakeTarget): RunProgram {
  const runner = new Runner(makeTarget, { checkEvery: 1 });
  return (program) => runner.run(program);
}

/** Runs programs so that a broken law shows: in the way of one about whole histories, else as `exactly`. */
function exactlyFor(makeTarget: MakeTarget, law: string): RunProgram {
  if (!isHistoryLaw(law)) return exactly(makeTarget);
  return (program) => firstFinding(historyJudges(makeTarget, { law }), program);
}

/** What mutants are made of, as it should be. */
const ORIGINALS: Readonly<Record<Original, MakeTarget>> = {
  reference: referenceTarget(),
  buddy: buddyTarget(),
  slab: slabTarget(),
  bump: bumpTarget(),
  machine: machineTarget(),
  'machine/toy': machineTarget({ preset: 'toy' }),
  kernel: kernelTarget(),
  'kernel/ids': kernelTarget({ tlb: { ids: 'on' } }),
};

const loaded = new Map<Mutant, Promise<MakeTarget>>();

/** Runs programs on a mutant so that its law shows. */
async function onMutant(mutant: Mutant): Promise<RunProgram> {
  const known = loaded.get(mutant) ?? loadMutant(mutant);
  loaded.set(mutant, known);
  return exactlyFor(await known, mutant.law);
}

const each = MUTANTS.map((mutant): [string, Mutant] => [mutant.name, mutant]);

describe('mutant', () => {
  test.each(each)('%s names a law or an invariant that there is', (_, { law }) => {
    expect(RULES).toContain(law);
  });

  test.each(each)(
    '%s breaks its law, and only the mutant does, on its shortest program',
    async (_, mutant) => {
      const program = ops(mutant.shortest);
      const run = await onMutant(mutant);
      const finding = run(program);
      expect(finding).toMatchObject({ law: mutant.law, target: mutantTargetName(mutant) });
      const original = exactlyFor(ORIGINALS[mutant.original ?? 'reference'], mutant.law);
      expect(original(program)).toBeUndefined();
    },
  );

  test.each(each)('%s needs every op of that program', async (_, mutant) => {
    const program = ops(mutant.shortest);
    const run = await onMutant(mutant);
    const finding = run(program)!;
    const pieces = program.map((_op, index) => program.filter((_other, at) => at !== index));
    const found = pieces.map((piece) => run(piece));
    expect(found.filter((other) => other !== undefined && sameBug(other, finding))).toEqual([]);
  });

  test.each(each)('%s has its shortest program in the corpus', (_, mutant) => {
    const stored = corpus.findingsOf(mutantTargetName(mutant));
    expect(stored.map(({ program, law }) => ({ program, law }))).toContainEqual({
      program: ops(mutant.shortest),
      law: mutant.law,
    });
  });

  test('names are unique, and each finds its mutant', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
    for (const mutant of MUTANTS) expect(findMutant(mutantTargetName(mutant))).toBe(mutant);
  });

  test('of a name that there is not is refused', () => {
    expect(() => findMutant('mutants/perfect')).toThrow(
      new UsageError(
        "target: there is no 'mutants/perfect'; 'heapcheck list mutants' names those that there are.",
      ),
    );
  });
});

describe('a stored finding', () => {
  const copy = mkdtempSync(join(tmpdir(), 'findings-'));
  afterAll(() => rmSync(copy, { recursive: true }));
  const files = readdirSync(join(CORPUS, 'findings')).toSorted();

  test.each(files)('%s ends in the finding that its name says', async (file) => {
    const mutant = MUTANTS.find(({ name }) => file.includes(`.mutants-${name}.`))!;
    const stored = corpus
      .findingsOf(mutantTargetName(mutant))
      .find((one) => basename(one.file) === file)!;
    const run = await onMutant(mutant);
    const finding = run(stored.program)!;
    expect(finding.law).toBe(stored.law);
    const found = { seed: 0, opsCount: 0, runsCount: 0 };
    const kept = corpusFolder(copy).keep({ finding, program: stored.program, found });
    expect(basename(kept)).toBe(file);
  });
});

describe('a seed program', () => {
  test.each(['default', 'lecture-note'] as const)('breaks nothing on %s', (preset) => {
    const run = exactly(referenceTarget({ heap: PRESETS[preset] }));
    const broken = corpus
      .seeds()
      .map(({ file, program }) => ({ file: basename(file), finding: run(program) }));
    expect(broken.filter(({ finding }) => finding !== undefined)).toEqual([]);
  });

  test.each(corpus.seeds().map((seed) => [basename(seed.file), seed] as const))(
    '%s says what it is for',
    (_, { notes, program }) => {
      expect(notes.map(([key]) => key)).toEqual(['rows', 'why']);
      expect(new Map(notes).get('rows')).toMatch(/^R\d\d( R\d\d)*$/);
      expect(program.length).toBeGreaterThan(0);
    },
  );
});

/** A bug planted to break a rule that no mutant breaks, with the program that shows it. */
interface Planted {
  readonly law: string;
  readonly program: string;
  readonly run: () => Promise<RunProgram> | RunProgram;
}

/** An allocator object that cuts 1 KiB of addresses into multiples of 16, once, but for what is replaced. */
function bump(parts: Partial<AllocatorObject>): AllocatorObject {
  let next = 16;
  return {
    malloc(size) {
      const address = next;
      next += 16 * Math.max(1, Math.ceil(size / 16));
      return next > 1024 ? null : address;
    },
    free: () => true,
    ...parts,
  };
}

/** Runs programs on allocators with one thing replaced, made anew for each. */
const toy =
  (parts: () => Partial<AllocatorObject>): (() => RunProgram) =>
  () =>
    exactly(objectTarget('toy', () => bump(parts())));

/** Runs programs on the reference with one line changed. */
const patched =
  (patch: Patch, heap: Partial<HeapOptions> = {}): (() => Promise<RunProgram>) =>
  async () => {
    const module: { referenceTarget: typeof referenceTarget } = Object(
      await importPatched('targets/reference', [patch]),
    );
    return exactly(module.referenceTarget({ heap }));
  };

function forever(): never {
  for (;;);
}

const PLANTED: readonly Planted[] = [
  { law: 'calls-return', program: 'b0 = malloc 0', run: toy(() => ({ malloc: () => NaN })) },
  {
    law: 'malloc-aligns',
    program: 'b0 = malloc 0',
    run: toy(() => ({ promises: { alignment: 16 }, malloc: () => 8 })),
  },
  {
    law: 'malloc-aligns',
    program: 'b0 = aligned 32 0',
    run: patched({
      module: 'heap/heap',
      find: 'if (alignment <= this.options.alignment)',
      replace: 'if (alignment <= 32)',
    }),
  },
  {
    law: 'blocks-stay-inside',
    program: 'b0 = malloc 9000000\nb1 = malloc 9000000',
    run: patched({
      module: 'heap/flat-arena',
      find: 'return start + size <= last ? start : null;',
      replace: 'return start;',
    }),
  },
  {
    law: 'blocks-stay-apart',
    program: 'b0 = malloc 0\nb1 = malloc 0',
    run: toy(() => ({ malloc: () => 16 })),
  },
  {
    law: 'usable-size-stays',
    program: 'b0 = malloc 1',
    run: toy(() => {
      let usable = 1;
      const usableSize = (): number => {
        usable += 1;
        return usable;
      };
      return { usableSize };
    }),
  },
  {
    law: 'slack-is-bounded',
    program: 'b0 = malloc 1',
    run: toy(() => ({ promises: { slack: 16 }, usableSize: () => 18 })),
  },
  {
    law: 'zero-size-keeps-promise',
    program: 'b0 = malloc 0',
    run: toy(() => ({ promises: { zeroSize: 'block' }, malloc: () => null })),
  },
  {
    law: 'contents-survive',
    program: 'b0 = malloc 1\nfree null',
    run: toy(() => {
      const memory = new Uint8Array(1024);
      const free = (address: number | null): void => {
        if (address === 0) memory.fill(0);
      };
      return { memory, free };
    }),
  },
  {
    law: 'free-null-does-nothing',
    program: 'free null',
    run: toy(() => {
      let taken = 0;
      const free = (): void => {
        taken += 1;
      };
      return { free, footprint: () => taken };
    }),
  },
  {
    law: 'failed-request-changes-nothing',
    program: 'b0 = malloc 0',
    run: toy(() => {
      let taken = 0;
      const malloc = (): null => {
        taken += 1;
        return null;
      };
      return { malloc, footprint: () => taken };
    }),
  },
  {
    law: 'freed-space-returns',
    program: 'b0 = malloc 0',
    run: toy(() => ({ promises: { recovers: 1000 } })),
  },
  {
    law: 'free-accepts-its-blocks',
    program: 'b0 = malloc 0',
    run: toy(() => ({ free: () => false })),
  },
  {
    law: 'double-free-keeps-promise',
    program: 'b0 = malloc 0\nfree b0\ndouble-free b0',
    run: toy(() => ({ promises: { doubleFree: 'refused' } })),
  },
  {
    law: 'free-inside-keeps-promise',
    program: 'b0 = malloc 2\nfree-inside b0 1',
    run: toy(() => ({ promises: { freeInside: 'refused' } })),
  },
  {
    law: 'answers-in-time',
    program: 'b0 = malloc 0',
    run: () => {
      return guardedRun(
        objectTarget('toy', () => bump({ malloc: forever })),
        20,
      );
    },
  },
  {
    law: 'links-agree',
    program: 'b0 = malloc 0\nb1 = malloc 0\nfree b0',
    run: patched(
      {
        module: 'heap/linked-list',
        find: 'if (after !== 0)\n                this.#layout.setPrevious(after, block);',
        replace: '',
      },
      { list: 'address' },
    ),
  },
  {
    law: 'list-is-sorted',
    program: 'b0 = malloc 0\nb1 = malloc 0\nb2 = malloc 0\nb3 = malloc 0\nfree b0\nfree b2',
    run: patched(
      {
        module: 'heap/linked-list',
        find: "this.#isByAddress = options.list !== 'lifo';",
        replace: 'this.#isByAddress = false;',
      },
      { list: 'address' },
    ),
  },
  {
    law: 'block-sits-in-its-bin',
    program: 'b0 = malloc 0\nb1 = malloc 0\nfree b0\nb0 = malloc 0',
    run: patched({ module: 'heap/segregated-bins', find: 'this.#clearBit(bin);', replace: '{}' }),
  },
  {
    law: 'tags-agree',
    program: 'b0 = malloc 0',
    run: patched({
      module: 'heap/block',
      find: 'this.words.store(block + extent - this.word, extent);',
      replace: '{}',
    }),
  },
  {
    law: 'big-maps-are-whole-pages',
    program: 'b0 = malloc 131072',
    run: patched({
      module: 'heap/heap',
      find: 'this.bigMaps.set(start, end - start);',
      replace: 'this.bigMaps.set(block, end - start);',
    }),
  },
];

describe('a rule that no mutant breaks', () => {
  test.each(PLANTED.map((planted) => [planted.law, planted] as const))(
    '%s is broken by a planted bug, and holds on the reference',
    async (law, { program, run }) => {
      const inTime = guardedRun(referenceTarget(), 5000);
      const runPlanted = await run();
      expect(runPlanted(ops(program))?.law).toBe(law);
      expect(inTime(ops(program))).toBeUndefined();
    },
  );
});

/** Tests of the machine and of the kernel break their other invariants, by planted lines or by hand. */
test('every law and every invariant of the heap is broken by a mutant or a planted bug', () => {
  const broken = new Set([...MUTANTS, ...PLANTED].map(({ law }) => law));
  expect(ALLOCATOR_RULES.filter((name) => !broken.has(name))).toEqual([]);
});
