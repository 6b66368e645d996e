import { UsageError } from '../src/base/usage-error.ts';

/** How a malloc-lab handout is built, as far as it differs from the course's own way. */
export interface LabOptions {
  /** The allocator's file. Default: `mm.c`. */
  readonly mm?: string;
  /** The file with `mem_init`, `mem_sbrk` and their like. Default: `memlib.c`. */
  readonly memlib?: string;
  /** Flags for the compiler, in place of `-O2 -g` and what the Makefile says of `-m32`. */
  readonly cflags?: string;
  /** For the compiler's `-fsanitize=`. */
  readonly sanitize?: string;
}

const KEYS = ['mm', 'memlib', 'cflags', 'sanitize'] as const;

/** A handout as `--target` takes it: its folder, and behind a `?` the options that it is built with. */
export function printLabSpec(folder: string, options: LabOptions): string {
  const query = new URLSearchParams();
  for (const key of KEYS) if (options[key] !== undefined) query.set(key, options[key]);
  return query.size === 0 ? folder : `${folder}?${query.toString()}`;
}

/** @throws {UsageError} There is an option that no handout has. */
export function parseLabSpec(spec: string): {
  readonly folder: string;
  readonly options: LabOptions;
} {
  const [folder = '', text = ''] = spec.split(/\?(.*)/s);
  const entries = [...new URLSearchParams(text)];
  const wrong = entries.find(([key]) => !KEYS.some((known) => known === key));
  if (wrong !== undefined)
    throw new UsageError(
      `target: ${folder} has no option '${wrong[0]}'; pass some of ${KEYS.join(', ')}.`,
    );
  return { folder, options: Object.fromEntries(entries) };
}
