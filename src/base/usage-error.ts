/** The caller is wrong. The message names the argument, what it got, and what to pass instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Where a piece of input stands: a file (or what stands in for one) and a line, counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/**
 * A UsageError about a line of input, in one sentence that starts with the place.
 *
 * @param place File and line.
 * @param problem What stands there.
 * @param mend What to write instead.
 */
export function usageErrorAt(place: Place, problem: string, mend: string): UsageError {
  return new UsageError(`${place.file}:${place.line}: ${problem}; ${mend}.`);
}
