/** Bugs that break the laws about whole histories, each with the program that shows it in that law's own way. */
import { firstFinding, historyJudges } from '../../check/histories.ts';
import type { RunProgram } from '../../check/runner.ts';
import type { MakeTarget } from '../../check/target.ts';
import { type AllocatorObject, objectTarget } from '../object.ts';
import type { referenceTarget } from '../reference.ts';
import type { bumpTarget } from '../small-allocators.ts';
import { importPatched, type Patch } from './import-patched.ts';

/** A bug planted to break a rule that no mutant breaks, with the program that shows it. */
export interface Planted {
  readonly law: string;
  readonly program: string;
  readonly run: () => Promise<RunProgram> | RunProgram;
}

/** An allocator object that cuts 1 KiB of addresses into multiples of 16, once, but for what is replaced. */
export function bump(parts: Partial<AllocatorObject>): AllocatorObject {
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

/** Runs programs in the way of a law about whole histories. */
function inHistory(makeTarget: MakeTarget, law: string): RunProgram {
  return (program) => firstFinding(historyJudges(makeTarget, { law }), program);
}

/** As `inHistory`, on an allocator of ours with one line changed. */
const patchedInHistory =
  (law: string, original: 'reference' | 'bump', patch: Patch): (() => Promise<RunProgram>) =>
  async () => {
    const module = original === 'bump' ? 'targets/small-allocators' : 'targets/reference';
    const makers: { referenceTarget: typeof referenceTarget; bumpTarget: typeof bumpTarget } =
      Object(await importPatched(module, [patch]));
    return inHistory(original === 'bump' ? makers.bumpTarget() : makers.referenceTarget(), law);
  };

export const PLANTED_HISTORIES: readonly Planted[] = [
  {
    law: 'same-program-same-addresses',
    program: 'b0 = malloc 0',
    run: () => {
      let next = 0;
      const malloc = (): number => {
        next += 16;
        return next;
      };
      const makeTarget = objectTarget('toy', () => bump({ promises: { repeats: true }, malloc }));
      return inHistory(makeTarget, 'same-program-same-addresses');
    },
  },
  {
    law: 'churn-is-bounded',
    program: 'b0 = malloc 0',
    run: () => {
      const makeTarget = objectTarget('toy', () => {
        let taken = 0;
        const malloc = (): number => {
          taken += 16;
          return taken;
        };
        return bump({ promises: { steady: true }, malloc, footprint: () => taken });
      });
      return inHistory(makeTarget, 'churn-is-bounded');
    },
  },
  {
    law: 'refused-memory-is-survived',
    program: 'b0 = malloc 0\nb0 = realloc b0 131072',
    run: patchedInHistory('refused-memory-is-survived', 'reference', {
      module: 'heap/heap',
      find: 'const target = this.malloc(size);\n        if (target === null)',
      replace:
        'const target = this.malloc(size);\n        if (target === null && this.free(address))',
    }),
  },
  {
    law: 'refused-memory-is-survived',
    program: 'b0 = malloc 0',
    run: patchedInHistory('refused-memory-is-survived', 'reference', {
      module: 'heap/heap',
      find: 'if (start === null) {',
      replace: 'if (start === null || this.counters.refusals > 0) {',
    }),
  },
  {
    law: 'refused-memory-is-survived',
    program: 'b0 = malloc 0\nb1 = malloc 8\nb2 = malloc 65536',
    run: patchedInHistory('refused-memory-is-survived', 'bump', {
      module: 'allocators/bump',
      find: 'if (this.#arena.brk(growth) === null)\n            return false;\n        this.#end += growth;',
      replace:
        'this.#end += growth;\n        if (this.#arena.brk(growth) === null)\n            return false;',
    }),
  },
  {
    law: 'largest-fits',
    program: 'b0 = malloc 0',
    run: patchedInHistory('largest-fits', 'bump', {
      module: 'allocators/bump',
      find: 'if (size > SIZE_LIMIT)',
      replace: 'if (size > SIZE_LIMIT || size === 2 ** 19)',
    }),
  },
];
