import { sizeOf, type Size } from '../base/units.ts';
import { assert, unreachable } from '../base/kit-bug.ts';
import type { BlockOp, Op } from '../program/op.ts';
import type { Program } from '../program/program.ts';

/*
 * What a process writes into shared memory before each op, so that whoever survives it knows what it was at:
 *
 *     word 0        1       2      6       …         8 bytes each
 *          ┌────────┬───────┬──────┬───────
 *          │ number │ count │ op 0 │ op 1 …          4 words an op: kind, slot, and what else there is
 *          └────────┴───────┴──────┴───────
 *
 * A number is a double; a size is a u64, so that it is exact.
 */

/** Ops of the longest program that is recorded in full. */
export const RECORD_OPS_MAX = 4096;
const HEAD_WORDS = 2;
const OP_WORDS = 4;
export const RECORD_BYTES = (HEAD_WORDS + RECORD_OPS_MAX * OP_WORDS) * 8;

const KINDS = [
  'malloc',
  'calloc',
  'aligned',
  'realloc',
  'free',
  'double-free',
  'free-inside',
] as const satisfies readonly BlockOp['kind'][];
const CODES: ReadonlyMap<Op['kind'], number> = new Map(KINDS.map((kind, code) => [kind, code]));
/** A slot that is null. */
const NO_SLOT = -1;

/** A program as it was recorded: as far as its ops were begun. */
export interface FlightRecord {
  readonly number: number;
  readonly program: Program;
}

/** Writes down what is about to be done. */
export class FlightRecorder {
  readonly #numbers: Float64Array;
  readonly #sizes: BigUint64Array;

  /** @param memory `RECORD_BYTES` that outlive this process. */
  constructor(memory: ArrayBuffer) {
    this.#numbers = new Float64Array(memory);
    this.#sizes = new BigUint64Array(memory);
  }

  /** A program begins. */
  begin(number: number): void {
    this.#numbers[1] = 0;
    this.#numbers[0] = number;
  }

  /** This op of it comes next. */
  note(op: Op): void {
    const code = CODES.get(op.kind);
    const count = this.#numbers[1]!;
    assert(code !== undefined, 'what is recorded are ops on blocks');
    assert(count < RECORD_OPS_MAX, 'a record has room for the longest program');
    const at = HEAD_WORDS + count * OP_WORDS;
    this.#numbers[at] = code;
    this.#noteRest(op as BlockOp, at);
    this.#numbers[1] = count + 1;
  }

  #noteRest(op: BlockOp, at: number): void {
    this.#numbers[at + 1] = op.slot ?? NO_SLOT;
    if (op.kind === 'calloc') this.#noteSize(at + 2, op.count);
    else if (op.kind === 'aligned') this.#numbers[at + 2] = op.alignment;
    else if (op.kind === 'realloc') this.#numbers[at + 2] = op.source ?? NO_SLOT;
    else if (op.kind === 'free-inside') this.#numbers[at + 2] = op.offset;
    if ('size' in op) this.#noteSize(at + 3, op.size);
  }

  #noteSize(at: number, size: Size): void {
    this.#sizes[at] = BigInt(size);
  }
}

/** Reads what a recorder wrote. */
export function readFlight(memory: ArrayBuffer): FlightRecord {
  const numbers = new Float64Array(memory);
  const sizes = new BigUint64Array(memory);
  const program = Array.from({ length: numbers[1]! }, (_, index) => {
    const at = HEAD_WORDS + index * OP_WORDS;
    const [code, slot, third] = [numbers[at]!, numbers[at + 1]!, numbers[at + 2]!];
    const slotOrNull = slot === NO_SLOT ? null : slot;
    const size = sizeOf(sizes[at + 3]!);
    const kind = KINDS[code]!;
    switch (kind) {
      case 'malloc':
        return { kind, slot, size };
      case 'calloc':
        return { kind, slot, count: sizeOf(sizes[at + 2]!), size };
      case 'aligned':
        return { kind, slot, alignment: third, size };
      case 'realloc':
        return { kind, slot, source: third === NO_SLOT ? null : third, size };
      case 'free':
        return { kind, slot: slotOrNull };
      case 'double-free':
        return { kind, slot };
      case 'free-inside':
        return { kind, slot, offset: third };
      default:
        return unreachable(kind);
    }
  });
  return { number: numbers[0]!, program };
}
