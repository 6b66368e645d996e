import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fold } from '../src/base/prng.ts';
import {
  type ExpectedHandout,
  HANDOUTS,
  RENAMED,
  RENAMED_OPTIONS,
  writeHandouts,
} from './lab-handouts.ts';

const COMMAND = resolve('dist/cli/main.js');
const SEEDS = 20;
/** For the random programs of each handout; what is found ends them. */
const SECONDS_EACH = 2;

/** As much of a handout's part of `heapcheck lab --json` as is looked at. */
interface LabVerdict {
  readonly folder: string;
  readonly verdict: string;
  readonly finding?: { readonly program: readonly string[]; readonly file: string };
}

/**
 * `heapcheck lab` over the three handouts among the examples, and over one each that does not compile, hangs and crashes:
 * all get their rows, the files replay, nothing is written into a folder, and exit codes are right. The classic traces of
 * a folder show nothing of the overlap.
 *
 * @returns How much of that is not so.
 */
export function campaignOnLab(seed: number, share: number, tracesFolder: string): number {
  const root = mkdtempSync(join(tmpdir(), 'heapcheck-lab-'));
  try {
    writeHandouts(root);
    const seedsCount = Math.max(1, Math.round(SEEDS / share));
    console.log(`malloc-lab handouts, ${seedsCount} seeds each\n`);
    const before = filesIn(root);
    let troublesCount = 0;
    for (let index = 0; index < seedsCount; index += 1)
      troublesCount += labOnAll(root, fold(`${seed} lab ${index}`));
    troublesCount += labOnOne(root) + replayTraces(root, tracesFolder);
    const isUntouched = filesIn(root) === before;
    console.log(`\n  ${isUntouched ? 'nothing' : 'SOMETHING'} was written into the folders\n`);
    return troublesCount + Number(!isUntouched);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** All handouts in one run. */
function labOnAll(root: string, seed: number): number {
  const folders = HANDOUTS.map(({ folder }) => folder);
  const options = ['--seed', seed.toString(16), '--max-total-time', `${SECONDS_EACH}`, '--json'];
  const { status, stdout } = heapcheck(root, ['lab', ...folders, ...options]);
  const { handouts } = JSON.parse(stdout) as { readonly handouts: readonly LabVerdict[] };
  const wrong = HANDOUTS.flatMap((expected) => wrongIn(root, expected, handouts));
  if (status !== 1) wrong.push(`exit code ${status}, not 1`);
  const rows = handouts.map(
    ({ finding, folder, verdict }) =>
      `${folder} ${verdict}${finding ? ` in ${finding.program.length}` : ''}`,
  );
  console.log([`  ${rows.join(', ')}`, ...wrong.map((each) => `    WRONG ${each}`)].join('\n'));
  return wrong.length;
}

function wrongIn(
  root: string,
  expected: ExpectedHandout,
  handouts: readonly LabVerdict[],
): readonly string[] {
  const { folder, opsCount, verdicts } = expected;
  const row = handouts.find((each) => each.folder === folder);
  if (row === undefined || !verdicts.includes(row.verdict))
    return [`${folder}: ${row?.verdict ?? 'no row'}, not ${verdicts.join(' or ')}`];
  if (row.finding === undefined) return [];
  const { file, program } = row.finding;
  if (program.length > opsCount! + 1) return [`${folder}: ${program.join('; ')}`];
  const { status } = heapcheck(root, ['replay', file]);
  return status === 1 ? [] : [`${file} replays with exit code ${status}`];
}

/** Runs over one handout: clean, with files of other names, and not to be built. */
function labOnOne(root: string): number {
  const runs = [
    { argv: ['correct', '--sanitize', 'address,undefined'], code: 0, says: /nothing found/ },
    { argv: [RENAMED, ...RENAMED_OPTIONS], code: 0, says: /points|of 100/ },
    { argv: [RENAMED], code: 2, says: /^renamed: there is no mm\.c; name the file with --mm/m },
    {
      argv: ['uncompilable'],
      code: 2,
      says: /^uncompilable: it does not compile, uncompilable\/mm\.c:\d+: .*; mend it/m,
    },
  ];
  const wrong = runs.filter(({ argv, code, says }) => {
    const { status, stderr, stdout } = heapcheck(root, ['lab', ...argv, '--runs', '20']);
    const isRight = status === code && says.test(`${stdout}${stderr}`);
    console.log(`  lab ${argv.join(' ')}: exit code ${status}${isRight ? '' : '   WRONG'}`);
    return !isRight;
  });
  return wrong.length;
}

/** What the course's traces show of the overlap: nothing. */
function replayTraces(root: string, tracesFolder: string): number {
  const traces = readdirSync(tracesFolder)
    .filter((name) => /(?<!\.(?:modern|short))\.rep$/.test(name))
    .map((name) => resolve(tracesFolder, name));
  const { status } = heapcheck(root, ['replay', ...traces, '--target', 'overlap']);
  console.log(`\n  ${traces.length} classic traces on overlap: exit code ${status}`);
  return Number(status !== 0);
}

function heapcheck(
  cwd: string,
  argv: readonly string[],
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [COMMAND, ...argv], { cwd, encoding: 'utf8' });
}

/** The files of the handouts; findings go elsewhere. */
function filesIn(root: string): string {
  const folders = [...HANDOUTS.map(({ folder }) => folder), RENAMED];
  return folders
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }))
    .toSorted()
    .join('\n');
}
