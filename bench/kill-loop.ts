import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '../src/base/prng.ts';
import { parseProgram } from '../src/program/text.ts';
import { BROKEN, type BrokenAllocator } from './broken-library.ts';

const COMMAND = resolve('dist/cli/main.js');
/** From before the first finding until behind it. */
const KILL_AFTER_MS = { min: 50, max: 3000 };
/** After a finding was printed, by when it must be kept. */
const KILL_BEHIND_MS = { min: 0, max: 300 };
const PRINTED_WITHIN_MS = 30_000;
/** How long what is left behind may take to notice. */
const ENDS_WITHIN_MS = 3000;
const LOOK_EVERY_MS = 50;
/** When a run is killed: so long after its start, or after its first finding was printed. */
interface Moment {
  readonly isBehindFinding: boolean;
  readonly afterMs: number;
}

/** The line that names a finding's file. */
const REPLAY = /^replay +npx heapcheck replay (\S+)/gm;

/** What a killed run left. */
interface Left {
  /** Findings that were printed with a file. */
  readonly printedCount: number;
  /** Files of these that are not there, or that cannot be read. */
  readonly lostCount: number;
  /** Processes that still live. */
  readonly orphansCount: number;
}

/**
 * Kills heapcheck by SIGKILL while it fuzzes the allocators of `examples/broken.c` in turn, each time at another moment;
 * every other time right behind a finding, which may still be on its way to its file.
 *
 * @param folder For the corpora of the runs, and for a copy of the library: all processes of these runs name it.
 * @returns Findings that were printed and lost, and processes that were left behind.
 */
export async function killLoop(
  original: string,
  {
    folder,
    prng,
    rounds,
  }: { readonly folder: string; readonly prng: Prng; readonly rounds: number },
): Promise<number> {
  const library = join(folder, 'libkilled.so');
  copyFileSync(original, library);
  const sum = { printed: 0, lost: 0, orphans: 0, withFinding: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const cwd = join(folder, `killed-${round}`);
    mkdirSync(cwd);
    const isBehindFinding = round % 2 === 0;
    const { max, min } = isBehindFinding ? KILL_BEHIND_MS : KILL_AFTER_MS;
    const moment = { isBehindFinding, afterMs: prng.between(min, max) };
    const broken = BROKEN[round % BROKEN.length]!;
    const left = await killOne(library, broken, { cwd, seed: round + 1, moment });
    sum.printed += left.printedCount;
    sum.lost += left.lostCount;
    sum.orphans += left.orphansCount;
    if (left.printedCount > 0) sum.withFinding += 1;
  }
  console.log(
    `  killed ${rounds} times by SIGKILL, ${sum.withFinding} of them behind a finding: ${sum.printed} printed, ${sum.lost} lost, ${sum.orphans} processes left behind`,
  );
  // A loop in which nothing was printed yet has shown nothing.
  return sum.lost + sum.orphans + (sum.withFinding === 0 ? 1 : 0);
}

async function killOne(
  library: string,
  { malloc }: BrokenAllocator,
  how: { readonly cwd: string; readonly seed: number; readonly moment: Moment },
): Promise<Left> {
  const { cwd, moment, seed } = how;
  const symbols = `malloc=${malloc},free=keep`;
  const child = spawn(
    process.execPath,
    [COMMAND, 'fuzz', library, '--symbols', symbols, '--keep-going', '--seed', String(seed)],
    { cwd, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const output = new Output(child);
  if (moment.isBehindFinding) await output.waitFor('replay ');
  await sleep(moment.afterMs);
  child.kill('SIGKILL');
  const text = await output.whole;
  const files = [...text.matchAll(REPLAY)].map((match) => join(cwd, match[1]!));
  const orphansCount = await countWhenSettled(library);
  return {
    printedCount: files.length,
    lostCount: files.filter((file) => !isWhole(file)).length,
    orphansCount,
  };
}

/** What a process prints. */
class Output {
  /** All of it, once the last one that holds the other end of its pipe is gone. */
  readonly whole: Promise<string>;
  #text = '';

  constructor({ stdout }: ChildProcess) {
    this.whole = this.#read(stdout!);
  }

  /** Until it has printed this, but not for ever. */
  async waitFor(text: string): Promise<void> {
    const end = performance.now() + PRINTED_WITHIN_MS;
    while (!this.#text.includes(text) && performance.now() < end) await sleep(LOOK_EVERY_MS);
  }

  async #read(stdout: Readable): Promise<string> {
    stdout.setEncoding('utf8');
    for await (const chunk of stdout) this.#text += String(chunk);
    return this.#text;
  }
}

function isWhole(file: string): boolean {
  return existsSync(file) && parseProgram(readFileSync(file, 'utf8'), file).program.length > 0;
}

/** How many processes name the library, once they have had time to end. */
async function countWhenSettled(library: string): Promise<number> {
  const end = performance.now() + ENDS_WITHIN_MS;
  for (;;) {
    const count = processesThatName(library);
    if (count === 0 || performance.now() > end) return count;
    await sleep(LOOK_EVERY_MS);
  }
}

function processesThatName(library: string): number {
  return readdirSync('/proc').filter((id) => /^\d+$/.test(id) && commandOf(id).includes(library))
    .length;
}

/** A process's command line; empty for one that has ended meanwhile. */
function commandOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
