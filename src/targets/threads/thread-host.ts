import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { KitBug, unreachable } from '../../base/kit-bug.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { Finding } from '../../check/finding.ts';
import type { Trace } from '../../check/trace.ts';
import type { Program } from '../../program/program.ts';
import { saidBefore } from '../../supervise/said-before.ts';
import { judgeThreads, type ThreadVerdict } from './thread-judge.ts';
import { readThreadLog, type ThreadLog, traceOfThreads } from './thread-log.ts';
import { planOf, SHARED_KINDS, type SharedKind, type ThreadPlan } from './thread-plan.ts';

/** The host that is compiled for it: `cc threads-host.c`. */
export const THREADS_HOST = fileURLToPath(new URL('threads-host.c', import.meta.url));

export interface ThreadHostOptions {
  /** Of the target, for findings. */
  readonly name: string;
  /** The compiled host. */
  readonly command: string;
  /** The shared library that it loads. */
  readonly library: string;
  /** Names of functions, by what they are to us. */
  readonly symbols: Readonly<Record<SharedKind, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface RunsOptions {
  readonly runsMax: number;
  /** Milliseconds that a run may take, and all of them. */
  readonly runLimitMs: number;
  readonly totalLimitMs: number;
}

/** A law that some runs of a program broke. */
export interface ShownByThreads {
  readonly finding: Finding;
  /** Of the first run that broke it. */
  readonly trace: Trace;
  /** How many runs did. */
  readonly count: number;
}

/** What came of the runs of one program. */
export interface ThreadRuns {
  readonly runsCount: number;
  readonly opsCount: number;
  /** By name of the law. */
  readonly shown: ReadonlyMap<string, ShownByThreads>;
}

const LOG_BYTES_MAX = 2 ** 30;

/** Runs programs of several threads on a shared library, each many times, in processes of their own. */
export class ThreadHost {
  readonly offered: ReadonlySet<SharedKind>;
  readonly #options: ThreadHostOptions;

  /** @throws {UsageError} The library cannot be loaded, or does not have malloc and free. */
  constructor(options: ThreadHostOptions) {
    this.#options = options;
    const { name, symbols } = options;
    const none = { threadsCount: 0, steps: [] };
    const { offers } = this.#call(none, { runsMax: 0, runLimitMs: 1, totalLimitMs: 0 }).log;
    this.offered = new Set(SHARED_KINDS.filter((_, index) => (offers & (1 << index)) !== 0));
    for (const kind of ['malloc', 'free'] as const) {
      if (this.offered.has(kind)) continue;
      throw new UsageError(
        `${name}: the library has no function '${symbols[kind]}' of its own; pass --symbols ${kind}=NAME with what it is called there.`,
      );
    }
  }

  /** Runs a program until it was run often enough, or for long enough. */
  run(program: Program, options: RunsOptions): ThreadRuns {
    const plan = planOf(program, this.offered);
    const { log, stderr } = this.#call(plan, options);
    const shown = new Map<string, ShownByThreads>();
    let runsCount = 0;
    for (const process of log.processes) {
      for (const run of process) {
        runsCount += 1;
        const said =
          run.died && saidBefore(stderr, run.died.signal === undefined ? 'exit' : 'signal');
        const verdict = judgeThreads(plan, run, {
          limitMs: options.runLimitMs,
          ...(said && { said }),
        });
        if (verdict === undefined) continue;
        const { count, finding, trace } = shown.get(verdict.law) ?? {
          finding: this.#findingOf(verdict),
          trace: traceOfThreads(plan, run),
          count: 0,
        };
        shown.set(verdict.law, { finding, trace, count: count + 1 });
        // Nothing is known of what the process does from here on.
        break;
      }
    }
    if (runsCount === 0)
      throw new UsageError(
        `${this.#options.name}: no run begins (${lastLine(stderr)}); see what the library does when threads are started.`,
      );
    return { runsCount, opsCount: runsCount * plan.steps.length, shown };
  }

  #findingOf(verdict: ThreadVerdict): Finding {
    return { ...verdict, target: this.#options.name, op: 'schedule' };
  }

  #call(
    plan: ThreadPlan,
    { runLimitMs, runsMax, totalLimitMs }: RunsOptions,
  ): { readonly log: ThreadLog; readonly stderr: string } {
    const { command, env, library, name, symbols } = this.#options;
    const names = SHARED_KINDS.map((kind) => `${kind}=${symbols[kind]}`);
    const limits = [runsMax, runLimitMs, totalLimitMs].map(String);
    const { output, signal, status } = spawnSync(command, [library, ...limits, ...names], {
      input: printPlan(plan),
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      env: { ...env },
      maxBuffer: LOG_BYTES_MAX,
    });
    const stderr = output?.[2]?.toString() ?? '';
    // Ctrl-C ends the host, too; what it has written counts.
    if (status !== 0 && signal !== 'SIGINT') throw failed(name, { signal, status, stderr });
    const bytes = output?.[3] as unknown as Uint8Array;
    return { log: readThreadLog(bytes, plan, signalName), stderr };
  }
}

/** The exit code of a host that cannot load the library. */
const EXIT_USAGE = 2;

function failed(
  name: string,
  {
    signal,
    status,
    stderr,
  }: { readonly signal: string | null; readonly status: number | null; readonly stderr: string },
): Error {
  const last = lastLine(stderr);
  if (status === EXIT_USAGE)
    return new UsageError(`${last}; pass a library that was built for this machine.`);
  if (signal !== null)
    return new UsageError(
      signal === 'SIGALRM'
        ? `${name}: the library is not loaded after 10 seconds; see what it does when it is loaded.`
        : `${name}: the host died of ${signal}, before any call; see what the library does when it is loaded.`,
    );
  return new KitBug(`the host of threads ends with exit code 0, not ${status}: ${last}`);
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** The plan as the host reads it: a number for each kind, -1 for no source. */
function printPlan({ steps, threadsCount }: ThreadPlan): string {
  const lines = steps.map(({ op, source = -1, thread }) => {
    const kind = SHARED_KINDS.indexOf(op.kind);
    return [thread, kind, ...argumentsOf(op), source].join(' ');
  });
  return `${threadsCount} ${steps.length}\n${lines.join('\n')}\n`;
}

function argumentsOf(op: ThreadPlan['steps'][number]['op']): readonly [string, string] {
  switch (op.kind) {
    case 'malloc':
      return [`${op.size}`, '0'];
    case 'calloc':
      return [`${op.count}`, `${op.size}`];
    case 'aligned':
      return [`${op.alignment}`, `${op.size}`];
    case 'realloc':
      return ['0', `${op.size}`];
    case 'free':
      return ['0', '0'];
    default:
      return unreachable(op);
  }
}

function signalName(signal: number): string {
  const names = Object.entries(constants.signals);
  return names.find(([, number]) => number === signal)?.[0] ?? `signal ${signal}`;
}
