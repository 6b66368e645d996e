import type { Op } from '../program/op.ts';
import { LAW, type Law } from './law.ts';

/** The law that a crash breaks: behind a write into a freed block it is the harm that was not to be. */
export function lawOfCrash(op: Op | undefined): Law {
  return op?.kind === 'write-freed' ? LAW.writeFreedKeepsPromise : LAW.callsReturn;
}

/** Frames that tell one crash from another. Source: the crash state of ClusterFuzz, which takes three. */
const FRAMES = 2;
/** Functions of ours that call a target: what lies behind them is the same for every crash. */
const CALLERS = /^(AllocatorDriver|callTarget|Runner)\b/;

/**
 * Where a crash happened, in words that stay the same when the program is shrunk: what was thrown, and the names of the
 * innermost functions, without messages, lines and numbers.
 *
 * @returns `RangeError at getUint32, Heap.malloc`; `RangeError` where there is no stack.
 */
export function crashSite(thrown: unknown): string {
  if (!(thrown instanceof Error)) return typeof thrown;
  // The lines of V8's stack: `    at Heap.malloc (file:///heap.js:3:7)`, or without a name for a nameless function.
  const frames = (thrown.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  const all = frames.map(
    (line) => /^ {4}at (?:async )?(.+?)(?: \[as .+\])? \(.*\)$/.exec(line)?.[1] ?? 'nameless',
  );
  const ours = all.findIndex((name) => CALLERS.test(name));
  const names = all.slice(0, ours < 0 ? FRAMES : Math.min(FRAMES, ours));
  return names.length === 0 ? thrown.name : `${thrown.name} at ${names.join(', ')}`;
}
