import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../../src/base/usage-error.ts';
import type { Trial } from './trial.ts';

/** Trials in a file, one line of JSON each, so that others can plot them and that a stopped benchmark goes on. */
export class TrialFile {
  readonly trials: Trial[];
  readonly #path: string;
  readonly #done: Set<string>;

  /** @throws {UsageError} A line is no trial. */
  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    // A last line without its end was being written when the benchmark was stopped.
    if (whole !== text) writeFileSync(path, whole);
    this.trials = parseTrials(path, whole);
    this.#done = new Set(this.trials.map((trial) => keyOf(trial)));
  }

  has(plan: Pick<Trial, 'task' | 'strategy' | 'seed' | 'max_ops'>): boolean {
    return this.#done.has(keyOf(plan));
  }

  add(trial: Trial): void {
    this.trials.push(trial);
    this.#done.add(keyOf(trial));
    appendFileSync(this.#path, `${JSON.stringify(trial)}\n`);
  }
}

function keyOf(trial: Pick<Trial, 'task' | 'strategy' | 'seed' | 'max_ops'>): string {
  return `${trial.task} ${trial.strategy} ${trial.seed} ${trial.max_ops}`;
}

function parseTrials(path: string, text: string): Trial[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as Trial;
    } catch {
      throw new UsageError(`${path}:${index + 1}: this line is no trial; take it out.`);
    }
  });
}
