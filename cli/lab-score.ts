import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { SANITIZER_ENV } from '../src/targets/remote/malloc-lab.ts';
import type { LabConfig } from './lab-handout.ts';

/** One trace, as a handout went through it. */
interface TraceScore {
  readonly opsCount: number;
  /** The most bytes that were live at once. */
  readonly peakBytes: number;
  /** The size of the heap at the end; it never shrinks. */
  readonly heapBytes: number;
  readonly seconds: number;
}

/** What a handout gets for its traces. */
interface LabScore {
  /** Mean over the traces, 0 to 1. */
  readonly utilization: number;
  /** Operations a second, over all traces. */
  readonly throughput: number;
  /** 0 to 100. */
  readonly points: number;
}

type ScoreWeights = Pick<LabConfig, 'throughputFull' | 'utilizationWeight'>;

/** A handout's score, or why it has none. */
export type Scored = { readonly score: LabScore } | { readonly problem: string };

/** Measures each trace in the handout's own process, without a judge. */
export function scoreTraces(
  program: string,
  traces: readonly string[],
  options: { readonly limitMs: number; readonly weights: ScoreWeights },
): Scored {
  if (traces.length === 0) return { problem: 'no traces' };
  const scores: TraceScore[] = [];
  for (const trace of traces) {
    const scored = scoreTrace(program, trace, options.limitMs);
    if ('problem' in scored) return { problem: `${basename(trace)}: ${scored.problem}` };
    scores.push(scored);
  }
  return { score: scoreOf(scores, options.weights) };
}

function scoreTrace(
  program: string,
  trace: string,
  limitMs: number,
): TraceScore | { readonly problem: string } {
  const { output, signal, status, stderr } = spawnSync(program, ['score', trace, `${limitMs}`], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, ...SANITIZER_ENV },
  });
  if (signal === 'SIGALRM') return { problem: `not done in ${limitMs} ms` };
  if (signal !== null) return { problem: `died of ${signal}` };
  if (status !== 0) return { problem: stderr.trim().split('\n').at(-1) || `exit code ${status}` };
  const [opsCount, peakBytes, heapBytes, seconds] = (output[3] ?? '').split(' ').map(Number);
  return { opsCount: opsCount!, peakBytes: peakBytes!, heapBytes: heapBytes!, seconds: seconds! };
}

/**
 * The points of the course: P = 100 · (w · U + (1 - w) · min(1, T / T₀)), with U the mean of peak payload to heap size over
 * the traces, T all operations by all seconds, T₀ what counts in full, w the weight.
 *
 * Source: CS:APP, Malloc Lab, "Evaluation"; there w is 0.6, and T₀ 600 thousand operations a second.
 */
export function scoreOf(
  traces: readonly TraceScore[],
  { throughputFull, utilizationWeight }: ScoreWeights,
): LabScore {
  const sum = (of: (trace: TraceScore) => number): number =>
    traces.reduce((total, trace) => total + of(trace), 0);
  const utilization = sum(({ heapBytes, peakBytes }) => peakBytes / heapBytes) / traces.length;
  const throughput = sum(({ opsCount }) => opsCount) / sum(({ seconds }) => seconds);
  const speed = Math.min(1, throughput / throughputFull);
  const points = 100 * (utilizationWeight * utilization + (1 - utilizationWeight) * speed);
  return { utilization, throughput, points };
}
