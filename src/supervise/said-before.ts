import type { HostDeath } from '../check/host-died.ts';

/** `==7==ERROR: AddressSanitizer: heap-buffer-overflow on address …`, and the same of its siblings. */
const SANITIZER = /^==\d+==\s?(?:ERROR|WARNING): (\w+Sanitizer: .*)$/m;
/** `SUMMARY: AddressSanitizer: heap-buffer-overflow mm.c:12 in mm_free`, with an offset where there are no lines. */
const SUMMARY = /^SUMMARY: \w+Sanitizer: ([\w-]+)(?: .*? in (\w+))?/m;
/** `mm.c:12: mm_free: Assertion 'p != NULL' failed.`, with the program's name in front. */
const ASSERTION = /^.*: Assertion .* failed\.$/m;

/**
 * What a host said before its end that tells why it came to it, in a line: a sanitizer's first, or an assertion; of one
 * that exited, its last.
 */
export function saidBefore(text: string, end: 'signal' | 'exit'): Pick<HostDeath, 'said' | 'site'> {
  const [, sanitizer] = SANITIZER.exec(text) ?? [];
  if (sanitizer === undefined) {
    const last = end === 'exit' ? text.trimEnd().split('\n').at(-1) : '';
    const said = ASSERTION.exec(text)?.[0] ?? last;
    return said === undefined || said === '' ? {} : { said };
  }
  const [, kind, place] = SUMMARY.exec(text) ?? [];
  if (kind === undefined) return { said: sanitizer };
  return { said: sanitizer, site: place === undefined ? kind : `${kind} in ${place}` };
}
