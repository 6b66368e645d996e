import { UsageError } from '../src/base/usage-error.ts';

/** Reads a count from 1 up; `option` is named in the message. */
export function parseCount(option: string): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= 1 && Number.isSafeInteger(count)) return count;
    throw new UsageError(
      `${option}: '${text}' is no count; pass a whole number from 1 up, such as ${option} 1000.`,
    );
  };
}

/**
 * Milliseconds that a timer of Node can wait, some 24 days. A longer limit is none that anybody means.
 */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Reads a time limit in milliseconds. */
export function parseTimeLimit(text: string): number {
  const limitMs = parseCount('--time-limit')(text);
  if (limitMs <= TIMER_MS_MAX) return limitMs;
  throw new UsageError(
    `--time-limit: ${text} ms is too long; pass at most ${TIMER_MS_MAX} milliseconds.`,
  );
}

const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Reads a stretch of time, `60s`, `2m`, `1.5h` or seconds alone, as milliseconds. */
export function parseDuration(option: string): (text: string) => number {
  return (text) => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
    const durationMs = Number(digits) * UNITS_MS[(unit ?? 's') as keyof typeof UNITS_MS];
    if (durationMs > 0 && Number.isFinite(durationMs)) return durationMs;
    throw new UsageError(
      `${option}: '${text}' is no stretch of time; pass seconds, or a number with a unit: 60s, 2m, 500ms.`,
    );
  };
}
