import type { Io } from './io.ts';

export interface OutputOptions {
  /** One JSON document on stdout at the end, everything else on stderr. */
  readonly json?: boolean;
  /** Findings and errors only. */
  readonly quiet?: boolean;
}

/** What a command has to say, and where it goes. */
export class Output {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly #io: Io;

  constructor(io: Io, options: OutputOptions) {
    this.#io = io;
    this.isJson = options.json === true;
    this.isQuiet = options.quiet === true;
  }

  /** Characters that a line may have. */
  get width(): number {
    return this.#io.stdout.columns ?? 100;
  }

  /** Says something that a person likes to read and can do without. */
  say(text = ''): void {
    if (!this.isQuiet) this.tell(text);
  }

  /** Says what must not be missed: a finding. */
  tell(text: string): void {
    const stream = this.isJson ? this.#io.stderr : this.#io.stdout;
    stream.write(`${text}\n`);
  }

  /** The answer for machines; a size above 2^53-1 is a string of digits. */
  document(value: unknown): void {
    if (!this.isJson) return;
    this.#io.stdout.write(`${JSON.stringify(value, exactNumbers, 2)}\n`);
  }
}

function exactNumbers(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Map ? Object.fromEntries(value) : value;
}
