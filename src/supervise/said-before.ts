import type { HostDeath } from '../check/host-died.ts';

/**
 * `==7==ERROR: AddressSanitizer: heap-buffer-overflow on address …`, and the same of its siblings; ThreadSanitizer's
 * `WARNING: ThreadSanitizer: data race (pid=7)` names the process behind it.
 */
const SANITIZER = /^(?:==\d+==\s?)?(?:ERROR|WARNING): (\w+Sanitizer: .*?)(?: \(pid=\d+\))?$/m;
/**
 * `SUMMARY: AddressSanitizer: heap-buffer-overflow mm.c:12 in mm_free`, with an offset where there are no lines; the kind may
 * be of more words, as `data race` is.
 */
const SUMMARY = /^SUMMARY: \w+Sanitizer: ([\w-]+(?: \w+(?= ))*)(?: .*? in (\w+))?/m;
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
  if (place === undefined) return { said: sanitizer, site: kind };
  const said = sanitizer.endsWith(kind) ? `${sanitizer} in ${place}` : sanitizer;
  return { said, site: `${kind} in ${place}` };
}
