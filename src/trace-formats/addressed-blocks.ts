import { type Size, sizeProduct } from '../base/units.ts';
import { type Place, usageErrorAt } from '../base/usage-error.ts';
import { ALIGNMENT_EXPONENT_MAX, type Op, type Slot } from '../program/op.ts';
import { parseSize } from '../program/words.ts';
import { LiveBlocks } from './live-blocks.ts';
import { SlotPool } from './slot-pool.ts';
import type { TraceSummary } from './trace-format.ts';

/** A call that asks for a block, as a log prints it. */
export type Request =
  | { readonly kind: 'malloc'; readonly size: Size }
  | { readonly kind: 'calloc'; readonly count: Size; readonly size: Size }
  | { readonly kind: 'aligned'; readonly alignment: number; readonly size: Size }
  | { readonly kind: 'realloc'; readonly address: number; readonly size: Size };

/**
 * What the formats have in common that name a block by its address; 0 stands for null.
 *
 * - A request that failed is asked again, and what it returns is given back at once, so that an allocator that grants
 *   it goes on as recorded. A realloc that failed is asked again and keeps its slot, but one to 0 bytes is a free.
 * - A free of an address that no line returned is of a block from before the recording, and is passed over. A realloc
 *   of one is a malloc.
 */
export class AddressedBlocks {
  readonly #blocks = new LiveBlocks();
  readonly #slots = new SlotPool();
  readonly #place: Place;

  /** @param place Where reading has come to, for messages. */
  constructor(place: Place) {
    this.#place = place;
  }

  /** @param address What the call returned. */
  answer(request: Request, address: number): readonly Op[] {
    return address === 0 ? this.#refuse(request) : [this.#grant(request, address)];
  }

  free(address: number): readonly Op[] {
    if (address === 0) return [{ kind: 'free', slot: null }];
    const block = this.#blocks.get(address);
    if (!block) return [];
    this.#blocks.remove(address);
    this.#slots.give(block.slot);
    return [{ kind: 'free', slot: block.slot }];
  }

  summary(counts: { opsCount: number; linesPassedOverCount: number }): TraceSummary {
    return this.#blocks.summary(counts);
  }

  #grant(request: Request, address: number): Op {
    const moved = request.kind === 'realloc' ? request.address : 0;
    const before = this.#blocks.get(moved);
    const taken = moved === address ? undefined : this.#blocks.get(address);
    if (taken) {
      const problem = `0x${address.toString(16)} is returned, but the block of line ${taken.line} lies there still`;
      throw usageErrorAt(this.#place, problem, 'record it again, into a file of its own');
    }
    const slot = before ? before.slot : this.#slots.take(this.#place);
    const block = { slot, size: sizeAsked(request), line: this.#place.line };
    if (before) this.#blocks.replace(moved, address, block);
    else this.#blocks.add(address, block);
    if (moved !== 0 && !before) return { kind: 'malloc', slot, size: request.size };
    return opOf(request, slot);
  }

  #refuse(request: Request): readonly Op[] {
    if (request.kind === 'realloc' && request.address !== 0) {
      if (request.size === 0) return this.free(request.address);
      const block = this.#blocks.get(request.address);
      return block ? [opOf(request, block.slot)] : [];
    }
    const slot = this.#slots.take(this.#place);
    this.#slots.give(slot);
    return [opOf(request, slot), { kind: 'free', slot }];
  }
}

/** Reads one line: its ops, none when it is passed over. */
export type ReadLine = (line: string) => readonly Op[];

/**
 * Reads a log line by line.
 *
 * @param log What makes the reader of a line, and what to say of a log that holds no call.
 */
export function* readLog(
  lines: Iterable<string>,
  file: string,
  log: {
    readonly readLine: (blocks: AddressedBlocks, place: Place) => ReadLine;
    readonly mend: string;
  },
): Generator<Op, TraceSummary, undefined> {
  const place = { file, line: 0 };
  const blocks = new AddressedBlocks(place);
  const readLine = log.readLine(blocks, place);
  let opsCount = 0;
  let linesPassedOverCount = 0;
  for (const line of lines) {
    place.line += 1;
    const ops = readLine(line);
    if (ops.length === 0) linesPassedOverCount += 1;
    opsCount += ops.length;
    yield* ops;
  }
  if (opsCount > 0) return blocks.summary({ opsCount, linesPassedOverCount });
  throw usageErrorAt(place, 'the log ends without a call of the allocator', log.mend);
}

/** How much a request asks for, in bytes; a calloc's product may exceed SIZE_MAX. */
export function sizeAsked(request: Request): Size {
  return request.kind === 'calloc' ? sizeProduct(request.count, request.size) : request.size;
}

/** An alignment, rounded up to a power of two, as glibc does. */
export function parseAlignment(word: string, place: Place): number {
  const alignment = Number(parseSize(word, place));
  const exponent = Math.ceil(Math.log2(Math.max(1, alignment)));
  if (exponent <= ALIGNMENT_EXPONENT_MAX) return 2 ** exponent;
  const mend = `leave this line out, programs align to ${2 ** ALIGNMENT_EXPONENT_MAX} at most`;
  throw usageErrorAt(place, `an alignment of ${word} is too large`, mend);
}

export function parseAddress(word: string, place: Place): number {
  if (/^0x[0-9A-Fa-f]{1,13}$/.test(word)) return Number.parseInt(word, 16);
  throw usageErrorAt(
    place,
    `'${word}' is no address`,
    'an address is 0x and up to 13 hexadecimal digits',
  );
}

function opOf(request: Request, slot: Slot): Op {
  if (request.kind !== 'realloc') return { ...request, slot };
  return { kind: 'realloc', slot, source: request.address === 0 ? null : slot, size: request.size };
}
