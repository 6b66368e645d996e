import type { Size } from '../base/units.ts';
import type { Op } from '../program/op.ts';
import { inventedAddress, type Losses, type PlainCall, plainCalls } from './block-calls.ts';
import type { TraceWriter } from './trace-writer.ts';

/**
 * Writes logs of glibc's `mtrace()`, which its script of that name reads. Addresses are invented, and where a call came
 * from is left out. A realloc of null stands there as what glibc logs for it, a malloc.
 */
export const MTRACE_WRITER: TraceWriter = { name: 'mtrace', write };

function* write(read: () => Iterable<Op>, losses: Losses): Generator<string, void, undefined> {
  yield '= Start';
  for (const call of plainCalls(read(), losses)) yield* linesOf(call);
  yield '= End';
}

function linesOf(call: PlainCall): readonly string[] {
  const address = inventedAddress(call.block);
  if (call.kind === 'free') return [`- ${address}`];
  if (call.kind === 'malloc') return [`+ ${address} ${hex(call.size)}`];
  return [`< ${address}`, `> ${address} ${hex(call.size)}`];
}

/** As C's `%#lx` prints it, where 0 has no prefix. */
function hex(size: Size): string {
  return size === 0 ? '0' : `0x${size.toString(16)}`;
}
