import { fileURLToPath } from 'node:url';

/** The host that is compiled together with a handout's mm.c and memlib.c. */
export const MALLOC_LAB_HOST = fileURLToPath(new URL('malloc-lab-host.c', import.meta.url));

/** What the sanitizers of gcc and clang are told: to end a host at the first error, by a signal. */
export const SANITIZER_ENV = {
  ASAN_OPTIONS: 'abort_on_error=1:detect_leaks=0',
  UBSAN_OPTIONS: 'halt_on_error=1:abort_on_error=1',
} as const;
