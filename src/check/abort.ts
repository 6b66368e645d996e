import { HostDied } from './host-died.ts';

/** Signals by which a process ends itself: `abort`, and the instructions that compilers plant for "stop here". */
const SIGNALS: ReadonlySet<string> = new Set(['SIGABRT', 'SIGILL', 'SIGTRAP']);
/** What nobody throws on purpose: errors of V8, an access outside of an arena, and a sentence for the user. */
const ACCIDENTS: ReadonlySet<string> = new Set([
  'ArenaFault',
  'RangeError',
  'ReferenceError',
  'TypeError',
  'UsageError',
]);

/**
 * Whether a target that threw, or whose process ended, did so on purpose: by `abort`, `exit`, an error of its own, or
 * WebAssembly's `unreachable`. An access to memory that it does not have, or an error of V8, is an accident.
 */
export function isOnPurpose(thrown: unknown): boolean {
  if (thrown instanceof HostDied) {
    const { exitCode, signal } = thrown.death;
    return signal === undefined ? exitCode !== undefined : SIGNALS.has(signal);
  }
  if (!(thrown instanceof Error)) return true;
  if (thrown.name === 'RuntimeError') return thrown.message === 'unreachable';
  return !ACCIDENTS.has(thrown.name);
}
