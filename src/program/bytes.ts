import { isPowerOfTwo } from '../base/bits.ts';
import { assert, unreachable } from '../base/kit-bug.ts';
import { type Size, sizeOf } from '../base/units.ts';
import {
  ALIGNMENT_EXPONENT_MAX,
  type BlockOp,
  BLOCK_OP_KINDS,
  type BlockOpKind,
  type MisuseOp,
  type Slot,
  SLOTS_LIMIT,
} from './op.ts';

/*
 * The byte form of a program of ops on blocks: op after op, no header, so that a byte fuzzer can drive the runner. Any byte string is a
 * program; one that ends inside an op reads zeros from there on.
 *
 *     bit 7       3 2    0
 *        ┌────────┬──────┐┌──────────────────┐┌───────────┐
 *        │  slot  │ code ││ rest of the slot ││ numbers … │
 *        └────────┴──────┘└──────────────────┘└───────────┘
 *
 * - `code`              0–5 a kind in the order of BLOCK_OP_KINDS, whose realloc moves a block to its own slot;
 *                       6 misuse with an offset, 7 a realloc from elsewhere
 * - `slot`              0–30 the slot itself; 31 says that the rest follows
 * - `rest of the slot`  a varint: 0 null, otherwise the slot - 30; for an op that takes no null, null reads as 0
 * - `numbers`           malloc: size · realloc: size · calloc: count, size · aligned: exponent (1 byte), size
 *                       misuse: its kind in the order of OFFSET_KINDS (1 byte), offset; free-inside: offset - 1
 *                       realloc from elsewhere: source + 1 (0 for null), size
 *
 * An offset of free-foreign, which may be below 0, is twice itself, or one less than twice what lies below 0.
 * Numbers but the exponent and the kind are varints: 7 bits a byte, lowest first, the top bit says that more follow. The tenth byte
 * has bit 63 and is the last, so every number has 64 bits. Numbers out of an op's range wrap around.
 * A small edit stays small: it changes one number, or at worst the ops up to where both readings meet again.
 */
const CODE_BITS = 3;
const CODE_OFFSET = 6;
const CODE_REALLOC_FROM = 7;
/** Kinds that share a code, in the order in which a byte numbers them. */
const OFFSET_KINDS = ['free-inside', 'write-freed', 'free-foreign'] as const;
/** How many offsets there are above 0 and below it. */
const SIGNED_COUNT = 2n ** 54n - 1n;
const SLOT_FOLLOWS = 31;

/** Reads any bytes as a program. Each op takes at least one byte. */
export function decodeProgram(bytes: Uint8Array): readonly BlockOp[] {
  const reader = new Reader(bytes);
  const program: BlockOp[] = [];
  while (!reader.ended) program.push(decodeOp(reader));
  return program;
}

function decodeOp(reader: Reader): BlockOp {
  const first = reader.byte();
  const slotOrNull = decodeSlot(reader, first >> CODE_BITS);
  const slot = slotOrNull ?? 0;
  const code = first & CODE_REALLOC_FROM;
  if (code === CODE_REALLOC_FROM) {
    const source = reader.below(SLOTS_LIMIT + 1);
    return { kind: 'realloc', slot, source: source === 0 ? null : source - 1, size: reader.size() };
  }
  const kind = code === CODE_OFFSET ? reader.offsetKind() : BLOCK_OP_KINDS[code]!;
  return DECODERS[kind](reader, slot, slotOrNull);
}

/** How each kind reads what follows its slot; the fields of a literal are read in the order in which they stand. */
const DECODERS: Readonly<
  Record<BlockOpKind, (reader: Reader, slot: Slot, slotOrNull: Slot | null) => BlockOp>
> = {
  malloc: (reader, slot) => ({ kind: 'malloc', slot, size: reader.size() }),
  free: (_reader, _slot, slotOrNull) => ({ kind: 'free', slot: slotOrNull }),
  realloc: (reader, slot) => ({ kind: 'realloc', slot, source: slot, size: reader.size() }),
  calloc: (reader, slot) => ({ kind: 'calloc', slot, count: reader.size(), size: reader.size() }),
  aligned: (reader, slot) => ({
    kind: 'aligned',
    slot,
    alignment: reader.alignment(),
    size: reader.size(),
  }),
  'double-free': (_reader, slot) => ({ kind: 'double-free', slot }),
  'free-inside': (reader, slot) => ({
    kind: 'free-inside',
    slot,
    offset: reader.below(Number.MAX_SAFE_INTEGER) + 1,
  }),
  'write-freed': (reader, slot) => ({
    kind: 'write-freed',
    slot,
    offset: reader.below(2 ** 53),
  }),
  'free-foreign': (reader) => ({ kind: 'free-foreign', slot: null, offset: reader.signed() }),
};

function decodeSlot(reader: Reader, slotBits: number): Slot | null {
  if (slotBits < SLOT_FOLLOWS) return slotBits;
  const rest = reader.below(SLOTS_LIMIT - SLOT_FOLLOWS + 1);
  return rest === 0 ? null : rest + SLOT_FOLLOWS - 1;
}

/** Reads bytes in order, and zeros after the last. */
class Reader {
  readonly #bytes: Uint8Array;
  #index = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#index >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#index] ?? 0;
    this.#index += 1;
    return byte;
  }

  /** A varint of 64 bits: the low 49 in a number, which is exact, then up to 15 more. */
  size(): Size {
    let low = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.byte();
      low += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return low;
    }
    let high = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.byte();
      high |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return sizeOf((BigInt(high & 0x7fff) << 49n) + BigInt(low));
  }

  /** A byte, the kind of a misuse with an offset. */
  offsetKind(): (typeof OFFSET_KINDS)[number] {
    return OFFSET_KINDS[this.byte() % OFFSET_KINDS.length]!;
  }

  /** A varint whose lowest bit says that the rest, and one more, lies below 0. */
  signed(): number {
    const number = BigInt(this.size()) % SIGNED_COUNT;
    return Number(number % 2n === 0n ? number / 2n : -(number + 1n) / 2n);
  }

  /** A byte, the exponent of a power of two. */
  alignment(): number {
    return 2 ** (this.byte() % (ALIGNMENT_EXPONENT_MAX + 1));
  }

  /** A varint, wrapped around to 0 ≤ n < limit. */
  below(limit: number): number {
    const size = this.size();
    return typeof size === 'number' ? size % limit : Number(size % BigInt(limit));
  }
}

/** A program's bytes, the shortest that `decodeProgram` reads as this program. */
export function encodeProgram(program: readonly BlockOp[]): Uint8Array {
  const bytes: number[] = [];
  for (const op of program) encodeOp(bytes, op);
  return Uint8Array.from(bytes);
}

function encodeOp(bytes: number[], op: BlockOp): void {
  const isRealloc = op.kind === 'realloc';
  const isReallocFrom = isRealloc && op.source !== op.slot;
  const code = isReallocFrom
    ? CODE_REALLOC_FROM
    : Math.min(CODE_OFFSET, BLOCK_OP_KINDS.indexOf(op.kind));
  encodeSlot(bytes, code, op.kind === 'free-foreign' ? 0 : op.slot);
  if (isReallocFrom) encodeNumber(bytes, op.source === null ? 0 : op.source + 1);
  switch (op.kind) {
    case 'free':
    case 'double-free':
      return;
    case 'free-inside':
    case 'write-freed':
    case 'free-foreign':
      return encodeMisuse(bytes, op);
    case 'calloc':
      encodeNumber(bytes, op.count);
      break;
    case 'aligned':
      assert(isPowerOfTwo(op.alignment), 'an alignment is a power of two');
      bytes.push(Math.log2(op.alignment));
      break;
    case 'malloc':
    case 'realloc':
      break;
    default:
      return unreachable(op);
  }
  encodeNumber(bytes, op.size);
}

function encodeMisuse(bytes: number[], op: Extract<MisuseOp, { readonly offset: number }>): void {
  bytes.push(OFFSET_KINDS.indexOf(op.kind));
  const offset = BigInt(op.offset);
  if (op.kind === 'free-inside') encodeNumber(bytes, op.offset - 1);
  else if (op.kind === 'write-freed') encodeNumber(bytes, op.offset);
  else encodeNumber(bytes, offset < 0n ? -2n * offset - 1n : 2n * offset);
}

function encodeSlot(bytes: number[], code: number, slot: Slot | null): void {
  if (slot !== null && slot < SLOT_FOLLOWS) {
    bytes.push((slot << CODE_BITS) | code);
    return;
  }
  bytes.push((SLOT_FOLLOWS << CODE_BITS) | code);
  encodeNumber(bytes, slot === null ? 0 : slot - SLOT_FOLLOWS + 1);
}

function encodeNumber(bytes: number[], number: Size): void {
  let rest = BigInt(number);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}
