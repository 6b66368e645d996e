// Its tests are data: their titles come from the properties, and a finding is what they fail with.
/* oxlint-disable vitest/expect-expect, vitest/valid-title */
import { describe, it, type TestContext } from 'vitest';
import { formatSeed } from '../src/base/prng.ts';
import { examine } from '../src/check/examine.ts';
import type { Law } from '../src/check/law.ts';
import { formatReport, type ReportOrigin } from '../src/check/report.ts';
import type { MakeTarget } from '../src/check/target.ts';
import { corpusFolder } from '../src/store/corpus-folder.ts';
import { Check, type CheckFinding, RUNS } from './check.ts';
import { lawsNotAllowed, OPS_MAX } from './suites.ts';

export interface CheckAllocatorOptions {
  /** 32 bits; the same seed checks the same programs. Default 0; pass `Date.now() >>> 0` for new ones every time. */
  readonly seed?: number;
  /** Programs a property. Default 1000. */
  readonly runs?: number;
  /** Ops of a program at the most. Default 150. */
  readonly opsMax?: number;
  /** Folder for findings, from the working directory. Default `corpus`. */
  readonly corpus?: string;
  /** Time for each test. Default: 10 s, and 0.1 ms for each op that it may run. */
  readonly timeoutMs?: number;
}

/**
 * Registers a suite in the vitest that calls it: a test that runs what broke this allocator before, one a law, and a
 * last one that shows which laws were not asked. A test that fails prints the shortest program that it found, which is
 * stored to be run first the next time.
 *
 * @param name Title of the suite.
 * @param makeTarget Makes a target with a fresh heap; also called once to see what it offers.
 */
export function checkAllocator(
  name: string,
  makeTarget: MakeTarget,
  options: CheckAllocatorOptions = {},
): void {
  const { seed = 0, runs = RUNS, opsMax = OPS_MAX, corpus = 'corpus' } = options;
  const timeout = options.timeoutMs ?? 10_000 + (runs * opsMax) / 10;
  const check = new Check(makeTarget, { seed, runs, opsMax, store: corpusFolder(corpus) });
  const notAllowed = lawsNotAllowed(makeTarget());
  const replay = (): void => report(makeTarget, check.replay());
  describe(name, () => {
    it('breaks no law in what is stored', { timeout }, replay);
    for (const property of check.properties) {
      const run = (): void => {
        const found = check.check(property);
        report(makeTarget, found === undefined ? [] : [found]);
      };
      it(property.name, { timeout }, run);
    }
    const showNotAsked = ({ skip }: TestContext): void => {
      skip(`not asked: ${notAskedOf(check, notAllowed).join(', ')}`);
    };
    it(`is not asked for ${notAllowed.map((law) => law.name).join(', ')}`, showNotAsked);
  });
}

/** Each rule that was not asked, and why. */
function notAskedOf(check: Check, notAllowed: readonly Law[]): readonly string[] {
  return check.result().notAsked.map((rule) => {
    const law = notAllowed.find(({ name }) => name === rule);
    return law === undefined
      ? `${rule} (allowed, but no program came to it)`
      : `${rule} (needs ${law.needs})`;
  });
}

/** Fails the test at hand with what a person needs to know of its findings. */
function report(makeTarget: MakeTarget, findings: readonly CheckFinding[]): void {
  if (findings.length === 0) return;
  const error = new Error(findings.map((found) => describeFinding(makeTarget, found)).join('\n\n'));
  // Where in heapcheck a finding was thrown helps nobody.
  error.stack = error.message;
  throw error;
}

/** A finding as the report shows it, with the steps as they went on a fresh target. */
function describeFinding(makeTarget: MakeTarget, found: CheckFinding): string {
  const { trace } = examine(makeTarget, found.program);
  return formatReport(found.finding, trace, originOf(found));
}

function originOf({ file, found, isReplayed }: CheckFinding): ReportOrigin {
  const how = isReplayed
    ? `shrunk from ${found?.opsCount} ops in ${found?.runsCount} runs`
    : 'it takes the programs before this one as well, so it is not stored';
  return {
    ...(file === undefined ? {} : { replay: `npx heapcheck replay ${file}` }),
    ...(found?.seed === undefined ? {} : { seed: `${formatSeed(found.seed)} (${how})` }),
  };
}
