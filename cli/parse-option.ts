import { isPowerOfTwo } from '../src/base/bits.ts';
import { UsageError } from '../src/base/usage-error.ts';
import { EXPLORED_KINDS, type ExploredKind } from '../fuzz/index.ts';
import { ALIGNMENT_EXPONENT_MAX } from '../src/program/op.ts';

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

/** Reads a share, from 0 to 1. */
export function parseShare(text: string): number {
  const share = Number(text);
  if (/^\d*\.?\d+$/.test(text) && share <= 1) return share;
  throw new UsageError(
    `--util-weight: '${text}' is no share; pass a number from 0 to 1, such as 0.6.`,
  );
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

/** Reads sizes in bytes, with commas between them, each taken once. */
export function parseSizes(text: string): readonly number[] {
  const words = text.split(',');
  const wrong = words.find((word) => !/^\d+$/.test(word) || !Number.isSafeInteger(Number(word)));
  if (wrong === undefined) return [...new Set(words.map(Number))];
  throw new UsageError(
    `--sizes: '${wrong}' is no size; pass bytes with commas between, such as --sizes 8,24,40,100.`,
  );
}

/** Reads kinds of op, with commas between them, each taken once. */
export function parseKinds(text: string): readonly ExploredKind[] {
  const words = text.split(',');
  const kinds = EXPLORED_KINDS.filter((kind) => words.includes(kind));
  const wrong = words.find((word) => !EXPLORED_KINDS.some((kind) => kind === word));
  if (wrong !== undefined) {
    throw new UsageError(
      `--kinds: '${wrong}' is no kind of op; pass some of ${EXPLORED_KINDS.join(', ')} with commas between.`,
    );
  }
  if (kinds.some((kind) => kind !== 'free' && kind !== 'realloc')) return kinds;
  throw new UsageError(
    `--kinds: nothing asks for a block with ${text} alone; pass malloc, calloc or aligned as well.`,
  );
}

/** Reads an alignment in bytes. */
export function parseAlignment(text: string): number {
  const alignment = Number(text);
  if (/^\d+$/.test(text) && isPowerOfTwo(alignment) && alignment <= 2 ** ALIGNMENT_EXPONENT_MAX)
    return alignment;
  throw new UsageError(
    `--alignment: '${text}' is no alignment; pass a power of two, such as --alignment 32.`,
  );
}
