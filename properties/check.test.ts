import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LAWS } from '../src/check/law.ts';
import { Runner } from '../src/check/runner.ts';
import type { MakeAllocatorTarget, AllocatorTarget } from '../src/check/target.ts';
import { PRESETS } from '../src/heap/options.ts';
import type { Op } from '../src/program/op.ts';
import { printProgram } from '../src/program/text.ts';
import { corpusFolder } from '../src/store/corpus-folder.ts';
import type { StoredProgram } from '../src/store/store.ts';
import { machineTarget } from '../src/targets/machine.ts';
import { importPatched, type Patch } from '../src/targets/mutants/import-patched.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { Check, checkTarget } from './check.ts';

/** A small arena, which is quicker to make and to fill. */
const ARENA = { mapSize: 2 ** 23, brkSize: 2 ** 16 };

interface Reference {
  readonly referenceTarget: typeof referenceTarget;
}

/** The reference with one line changed, in the preset that the line belongs to. */
async function mutant(
  patch: Patch,
  preset: keyof typeof PRESETS = 'default',
): Promise<MakeAllocatorTarget> {
  const module = (await importPatched('targets/reference', [patch])) as Reference;
  return module.referenceTarget({ name: 'mutant', heap: PRESETS[preset], arena: ARENA });
}

/** Bump allocation over 2^20 addresses, without reuse and without memory behind it. */
function bumpWith(parts: Partial<AllocatorTarget>): AllocatorTarget {
  let next = 16;
  return {
    name: 'bump',
    promises: { alignment: 16 },
    bounds: { start: 0, end: 2 ** 20 },
    malloc(size) {
      if (Number(size) > 2 ** 20 - next) return null;
      const address = next;
      next += Math.ceil((Number(size) + 1) / 16) * 16;
      return next > 2 ** 20 ? null : address;
    },
    free: () => undefined,
    reset: () => {
      next = 16;
    },
    ...parts,
  };
}

/** A program of one op, as a store holds it. */
function seedOf(op: Op): StoredProgram {
  return { file: `${op.kind}.ops`, notes: [], law: undefined, program: [op] };
}

function bump(): AllocatorTarget {
  return bumpWith({});
}

describe.each(['default', 'lecture-note'] as const)('%s', (preset) => {
  test('keeps every law that it can be asked, and is asked all but eleven', () => {
    const makeTarget = referenceTarget({ name: preset, heap: PRESETS[preset], arena: ARENA });
    const { findings, notAsked, asked, counts } = checkTarget(makeTarget, { seed: 1, runs: 20 });
    expect(findings).toEqual([]);
    expect(notAsked).toEqual([
      'realloc-keeps-alignment',
      'usable-size-grows',
      'realloc-zero-keeps-promise',
      'guards-stay-untouched',
      ...(preset === 'lecture-note' ? ['freed-space-returns'] : []),
      'double-free-keeps-promise',
      'free-inside-keeps-promise',
      'free-foreign-keeps-promise',
      'write-freed-keeps-promise',
      'largest-fits',
      'answers-in-time',
    ]);
    expect(Math.min(...[...asked.values()].filter((count) => count > 0))).toBeGreaterThan(15);
    expect(counts.skipped).toBeLessThan(counts.ops / 3);
  });
});

/** Bugs of one line in the reference, and the laws by which they may show. */
const PLANTED: readonly (readonly [what: string, preset: keyof typeof PRESETS, patch: Patch])[] = [
  [
    'a realloc that copies eight bytes too few',
    'default',
    {
      module: 'heap/heap',
      find: 'Math.min(this.usableSize(address), size)',
      replace: 'Math.min(this.usableSize(address), size) - 8',
    },
  ],
  [
    'a calloc that trusts that memory is zero',
    'default',
    {
      module: 'heap/heap',
      find: 'this.arena.zero(address, total)',
      replace: 'void total',
    },
  ],
  [
    'a block that is one byte too short now and then',
    'lecture-note',
    {
      module: 'heap/block',
      find: 'roundUp(size + this.header, this.alignment)',
      replace: 'roundUp(size + this.header - 1, this.alignment)',
    },
  ],
];

test.each(PLANTED)(
  'finds %s and shrinks it to a program that replays',
  async (_, preset, patch) => {
    const makeTarget = await mutant(patch, preset);
    const { findings } = checkTarget(makeTarget, { seed: 3, runs: 150 });
    expect(findings.length).toBeGreaterThan(0);
    for (const { program, finding, isReplayed } of findings) {
      expect(isReplayed).toBe(true);
      expect(program.length).toBeLessThanOrEqual(6);
      expect(new Runner(makeTarget, { checkEvery: 1 }).run(program)).toEqual(finding);
    }
  },
);

/** What a check of the bump allocator came to. */
function countsOf(seed: number): unknown {
  const { counts, asked } = checkTarget(bump, { seed, runs: 20 });
  return { counts, asked };
}

test('the same seed checks the same programs, another seed others', () => {
  expect(countsOf(5)).toEqual(countsOf(5));
  expect(countsOf(5)).not.toEqual(countsOf(6));
});

test('one bug that many properties meet is reported once', () => {
  const check = new Check(() => bumpWith({ malloc: () => 16 }), { seed: 1, runs: 20 });
  const found = check.properties.map((property) => check.check(property));
  expect(new Set(found).size).toBeLessThan(found.length);
  const { findings } = check.result();
  const bugs = findings.map(({ finding }) => `${finding.law} ${finding.op}`);
  expect(new Set(bugs).size).toBe(bugs.length);
  expect(bugs).toContain('blocks-stay-apart malloc');
});

test('laws that a target neither offers nor promises anything for are not asked', () => {
  const check = new Check(() => bumpWith({ bounds: undefined, promises: {} }), {
    seed: 1,
    runs: 20,
  });
  for (const property of check.properties) check.check(property);
  expect(check.properties.map(({ law }) => law)).toEqual([
    'calls-return',
    'blocks-stay-apart',
    'impossible-request-is-refused',
    'free-accepts-its-blocks',
  ]);
  const asked = LAWS.map(({ name }) => name).filter(
    (law) => !check.result().notAsked.includes(law),
  );
  expect(asked.toSorted()).toEqual(check.properties.map(({ law }) => law).toSorted());
});

/** Starts anew after a reset, but at one address for all. */
function forgetful(): AllocatorTarget {
  let isUsed = false;
  const inner = bump();
  return {
    ...inner,
    malloc: (size) => (isUsed ? 16 : inner.malloc(size)),
    reset: () => {
      isUsed = true;
    },
  };
}

test('a reset that leaves something behind is found, though no single program shows it', () => {
  const [found] = checkTarget(forgetful, { seed: 1, runs: 20 }).findings;
  expect(found).toMatchObject({ isReplayed: false, file: undefined });
});

/** Refuses every free. */
function broken(): AllocatorTarget {
  return bumpWith({ free: () => false });
}

describe('with a store', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'check-'));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  test('what was found is stored, run first the next time, and nothing new is generated', () => {
    const store = corpusFolder(root);
    const names: string[] = [];
    const onProgress = ({ name }: { readonly name: string }): unknown => names.push(name);

    const first = checkTarget(broken, { seed: 1, runs: 20, store, onProgress });
    expect(first).toMatchObject({ replayed: 0, findings: [{ isReplayed: true }] });
    expect(names.length).toBeGreaterThan(3);
    const { file, program } = first.findings[0]!;
    expect(readFileSync(file!, 'utf8')).toContain('# law: free-accepts-its-blocks');

    names.length = 0;
    const second = checkTarget(broken, { seed: 2, runs: 20, store, onProgress });
    expect(names).toEqual([]);
    expect(second).toMatchObject({ replayed: 1, counts: { programs: 1, ops: program.length } });
    expect(second.findings).toEqual([{ ...first.findings[0], found: undefined }]);
  });

  test('what was mended runs first and then makes way for the properties', () => {
    const store = corpusFolder(root);
    checkTarget(broken, { seed: 1, runs: 20, store });
    const { replayed, findings, counts } = checkTarget(bump, { seed: 1, runs: 20, store });
    expect({ replayed, findings }).toEqual({ replayed: 1, findings: [] });
    expect(counts.programs).toBeGreaterThan(20);
  });

  test('a stored program that no longer parses stops the check before its first property', () => {
    const store = corpusFolder(root);
    const [found] = checkTarget(broken, { seed: 1, runs: 20, store }).findings;
    writeFileSync(found!.file!, 'heapcheck program 1\nb0 = mallok 24\n');
    const names: string[] = [];
    const onProgress = ({ name }: { readonly name: string }): unknown => names.push(name);
    expect(() => checkTarget(broken, { seed: 1, runs: 20, store, onProgress })).toThrow(
      `${found!.file!}:2: 'b0 = mallok 24' is no op`,
    );
    expect(names).toEqual([]);
  });

  test('a seed is run on targets of its family only', () => {
    const seeds = [seedOf({ kind: 'brk', increment: 1 }), seedOf({ kind: 'free', slot: null })];
    const store = { ...corpusFolder(root), seeds: () => seeds };
    for (const makeTarget of [bump, machineTarget()]) {
      const check = new Check(makeTarget, { seed: 1, store });
      expect(check.replay()).toEqual([]);
      expect(check.result()).toMatchObject({ replayed: 1, counts: { ops: 1, notAsked: 0 } });
    }
  });

  test('a seed that breaks a law is shrunk and stored as a finding', () => {
    const store = corpusFolder(root);
    const seeds = [
      {
        file: 'a.ops',
        notes: [],
        law: undefined,
        program: [
          { kind: 'malloc', slot: 3, size: 100 },
          { kind: 'malloc', slot: 4, size: 100 },
          { kind: 'free', slot: 4 },
        ],
      },
    ] as const;
    const { findings } = checkTarget(broken, { seed: 1, store: { ...store, seeds: () => seeds } });
    expect(findings.map(({ program }) => printProgram(program))).toEqual([
      'heapcheck program 1\nb0 = malloc 0\nfree b0\n',
    ]);
    expect(store.findingsOf('bump')).toHaveLength(1);
  });
});

test('a program that hangs while a finding is shrunk is stopped, and not taken', () => {
  let isBroken = false;
  const makeTarget = (): AllocatorTarget =>
    bumpWith({
      malloc(size) {
        // From its first bug on, small requests hang.
        const hangs = (): boolean => isBroken && Number(size) < 24;
        while (hangs());
        isBroken ||= Number(size) > 32;
        return Number(size) > 32 ? 8 : 16;
      },
    });
  const check = new Check(makeTarget, { seed: 1, runs: 1000, timeLimitMs: 20 });
  const aligns = check.properties.find(({ law }) => law === 'malloc-aligns')!;
  const found = check.check(aligns)!;
  expect(found.finding).toMatchObject({ law: 'malloc-aligns', op: 'malloc' });
  expect(found.program).toEqual([{ kind: 'malloc', slot: 0, size: 33 }]);
});
