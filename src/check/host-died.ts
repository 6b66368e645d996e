/** How a host ended, as far as is known. */
export interface HostDeath {
  /** A signal by name, or the code that the host exited with; neither where nobody knows. */
  readonly signal?: string | undefined;
  readonly exitCode?: number | undefined;
  /** What it was at, beside the call that it was asked for: `while the heap was made`. */
  readonly during?: string | undefined;
  /** What it said of itself before, in a line. */
  readonly said?: string | undefined;
  /** Where it says that it was, in words that stay the same when the program is shrunk. */
  readonly site?: string | undefined;
  /** The milliseconds that the call was given. */
  readonly limitMs: number;
}

/**
 * The process that serves a target has ended in the middle of a call. A target throws it, and is in no known state; the
 * runner makes a finding of it.
 */
export class HostDied extends Error {
  override readonly name = 'HostDied';
  readonly death: HostDeath;

  constructor(death: HostDeath) {
    super(describeDeath(death));
    this.death = death;
  }

  /** Whether the host ended itself since the call took too long. */
  get isHang(): boolean {
    return this.death.signal === 'SIGALRM';
  }

  /** What tells this death from others: where the host says that it was, or how it ended. */
  get site(): string {
    const { exitCode, signal, site } = this.death;
    return site ?? signal ?? `exit ${exitCode ?? 'unknown'}`;
  }
}

/** What goes behind the name of a call: `died of SIGSEGV while the heap was made`. */
function describeDeath({ during, exitCode, said, signal }: HostDeath): string {
  const code = exitCode === undefined ? '' : ` with exit code ${exitCode}`;
  const ended = signal === undefined ? `ended the process${code}` : `died of ${signal}`;
  return `${ended}${during === undefined ? '' : ` ${during}`}${said === undefined ? '' : `: ${said}`}`;
}
