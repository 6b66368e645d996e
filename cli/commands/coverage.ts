import { extname, join, relative, resolve } from 'node:path';
import { formatSeed } from '../../src/base/prng.ts';
import { UsageError } from '../../src/base/usage-error.ts';
import { type Asked, askedDocument, sayAsked } from '../asked-tables.ts';
import { runProperties } from '../check-campaign.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { findingDocument, tellFinding } from '../finding-report.ts';
import { formatMany } from '../format.ts';
import type { Io } from '../io.ts';
import { KnownFindings } from '../known-findings.ts';
import { isBuiltIn } from '../load-built-in.ts';
import { loadTarget } from '../load-target.ts';
import {
  CoverageRecorder,
  loadReporters,
  scriptsOfModule,
  writeReport,
} from '../module-coverage.ts';
import { withObservedCases } from '../observed-cases.ts';
import { openCorpus } from '../open-corpus.ts';
import type { Search } from '../refine-finding.ts';
import { announceSeed, openSession } from '../session.ts';
import { targetOptionsOf } from '../target-options.ts';
import type { CheckCommandOptions } from './check.ts';

export interface CoverageCommandOptions extends Omit<CheckCommandOptions, 'keepGoing'> {
  readonly out: string;
}

/** `heapcheck coverage`: how much of a module the property suites reach, and how often each law was asked. */
export async function coverage(
  io: Io,
  spec: string,
  options: CoverageCommandOptions,
): Promise<ExitCode> {
  const session = openSession(io, options);
  const { output } = session;
  const seed = announceSeed(session, options.seed);
  refuseOtherThanScripts(spec);
  const reporters = await loadReporters();
  const recorder = new CoverageRecorder();
  recorder.start();
  const loaded = await loadTarget(spec, { ...targetOptionsOf(options), cwd: io.cwd });
  const target = { ...loaded, makeTarget: withObservedCases(loaded.makeTarget) };
  const store = openCorpus(options.corpus, io.cwd);
  const search: Search = { session, target, seed, store, timeLimitMs: options.timeLimit };
  const result = await runProperties(search, {
    budgetMs: options.maxTotalTime ?? Infinity,
    keepGoing: true,
    known: new KnownFindings({}, io.cwd),
    onFinding: (shown) => tellFinding(search, shown),
    ...(options.runs === undefined ? {} : { runs: options.runs }),
    ...(options.maxOps === undefined ? {} : { opsMax: options.maxOps }),
  });
  const scripts = scriptsOfModule(recorder.stop(), loaded.file!);
  const folder = resolve(io.cwd, options.out);
  const text = await writeReport(reporters, scripts, { folder, width: output.width });
  const { counts, findings } = result;
  output.say(
    `\n${target.name} in ${formatMany(counts.programs, 'program')} of ${formatMany(counts.ops, 'op')} in all: ${formatMany(findings.length, 'finding')}\n\n${text}`,
  );
  const asked: Asked = { ...result, target: target.makeTarget() };
  sayAsked(output, asked);
  const page = relative(io.cwd, join(folder, 'index.html'));
  output.say(`\nline by line: ${page}`);
  output.document({
    command: 'coverage',
    target: target.name,
    seed: formatSeed(seed),
    counts,
    findings: findings.map((each) => findingDocument(search, each)),
    page,
    ...askedDocument(asked),
  });
  return findings.length === 0 ? EXIT.clean : EXIT.finding;
}

/** Only JavaScript that is loaded anew can be counted. */
function refuseOtherThanScripts(spec: string): void {
  if (isBuiltIn(spec)) {
    throw new UsageError(
      `coverage: ${spec} is heapcheck's own code, loaded before the counting starts; pass a module of yours ('npm run coverage' in heapcheck's repository measures its own).`,
    );
  }
  if (/^\.[mc]?ts$/.test(extname(spec))) {
    throw new UsageError(`coverage: ${spec} is TypeScript; compile it, and pass the .js.`);
  }
}
