import { unreachable } from '../base/kit-bug.ts';
import type { Op } from '../program/op.ts';
import { type BlockCall, blockCalls, inventedAddress, type Losses } from './block-calls.ts';
import type { TraceWriter } from './trace-writer.ts';

/** Writes what Android's memory_replay reads, all calls by one thread and without times. Addresses are invented. */
export const MALLOC_DEBUG_WRITER: TraceWriter = { name: 'malloc_debug', write };

const THREAD = 1;

function* write(read: () => Iterable<Op>, losses: Losses): Generator<string, void, undefined> {
  for (const call of blockCalls(read(), losses)) yield `${THREAD}: ${callText(call)}`;
}

function callText(call: BlockCall): string {
  const address = call.kind === 'free-null' ? '0x0' : inventedAddress(call.block);
  switch (call.kind) {
    case 'malloc':
      return `malloc ${address} ${call.size}`;
    case 'calloc':
      return `calloc ${address} ${call.count} ${call.size}`;
    case 'aligned':
      return `memalign ${address} ${call.alignment} ${call.size}`;
    case 'realloc':
      return `realloc ${address} ${call.isNew ? '0x0' : address} ${call.size}`;
    case 'free':
    case 'free-null':
      return `free ${address}`;
    default:
      return unreachable(call);
  }
}
