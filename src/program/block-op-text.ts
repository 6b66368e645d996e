import { isPowerOfTwo } from '../base/bits.ts';
import { unreachable } from '../base/kit-bug.ts';
import { type Place, usageErrorAt } from '../base/usage-error.ts';
import { ALIGNMENT_EXPONENT_MAX, type BlockOp, type Slot } from './op.ts';
import { parseNumber, parseSigned, parseSize, parseSlot } from './words.ts';

/** Every form of an op on blocks, as a mend shows it. */
export const BLOCK_OP_FORMS = [
  'b0 = malloc 24',
  'b0 = calloc 3 8',
  'b0 = aligned 64 100',
  'b0 = realloc b0 40',
  'b0 = realloc null 24',
  'free b0',
  'free null',
  'double-free b0',
  'free-inside b0 8',
  'free-foreign 16',
  'write-freed b0 8',
] as const;

/** One op as its line shows it: `b0 = malloc 24`. */
export function printBlockOp(op: BlockOp): string {
  switch (op.kind) {
    case 'malloc':
      return `b${op.slot} = malloc ${op.size}`;
    case 'calloc':
      return `b${op.slot} = calloc ${op.count} ${op.size}`;
    case 'aligned':
      return `b${op.slot} = aligned ${op.alignment} ${op.size}`;
    case 'realloc':
      return `b${op.slot} = realloc ${printSlot(op.source)} ${op.size}`;
    case 'free':
      return `free ${printSlot(op.slot)}`;
    case 'double-free':
      return `double-free b${op.slot}`;
    case 'free-inside':
    case 'write-freed':
      return `${op.kind} b${op.slot} ${op.offset}`;
    case 'free-foreign':
      return `free-foreign ${op.offset}`;
    default:
      return unreachable(op);
  }
}

function printSlot(slot: Slot | null): string {
  return slot === null ? 'null' : `b${slot}`;
}

/**
 * Reads one op from its words.
 *
 * @returns Undefined: no op on blocks has this form.
 * @throws {UsageError} One of its words cannot stand where it does.
 */
export function parseBlockOp(words: readonly string[], place: Place): BlockOp | undefined {
  if (words[1] === '=') return parseRequest(words, place);
  const [name, slot, offset] = words;
  if (name === 'free' && words.length === 2) return { kind: name, slot: parseSource(slot!, place) };
  if (name === 'double-free' && words.length === 2)
    return { kind: name, slot: parseSlot('b', slot!, place) };
  if (name === 'free-inside' && words.length === 3) {
    return { kind: name, slot: parseSlot('b', slot!, place), offset: parseOffset(offset!, place) };
  }
  if (name === 'write-freed' && words.length === 3) {
    return { kind: name, slot: parseSlot('b', slot!, place), offset: parseNumber(offset!, place) };
  }
  if (name === 'free-foreign' && words.length === 2)
    return { kind: name, slot: null, offset: parseSigned(slot!, place) };
  return undefined;
}

/** Reads `b0 = …`; undefined when no op has this name and this many words. */
function parseRequest(words: readonly string[], place: Place): BlockOp | undefined {
  const [target, , name, first, second] = words;
  if (name === 'malloc' && words.length === 4) {
    return { kind: 'malloc', slot: parseSlot('b', target!, place), size: parseSize(first!, place) };
  }
  if (words.length !== 5) return undefined;
  if (name === 'calloc') {
    const count = parseSize(first!, place);
    return {
      kind: 'calloc',
      slot: parseSlot('b', target!, place),
      count,
      size: parseSize(second!, place),
    };
  }
  if (name === 'aligned') {
    const alignment = parseAlignment(first!, place);
    return {
      kind: 'aligned',
      slot: parseSlot('b', target!, place),
      alignment,
      size: parseSize(second!, place),
    };
  }
  if (name === 'realloc') {
    const source = parseSource(first!, place);
    return {
      kind: 'realloc',
      slot: parseSlot('b', target!, place),
      source,
      size: parseSize(second!, place),
    };
  }
  return undefined;
}

function parseSource(word: string, place: Place): Slot | null {
  return word === 'null' ? null : parseSlot('b', word, place);
}

/**
 * Reads an alignment in bytes.
 *
 * @throws {UsageError} It is no power of two from 1 to 2^30.
 */
function parseAlignment(word: string, place: Place): number {
  const alignment = Number(parseSize(word, place));
  if (alignment <= 2 ** ALIGNMENT_EXPONENT_MAX && isPowerOfTwo(alignment)) return alignment;
  const mend = `write a power of two from 1 to ${2 ** ALIGNMENT_EXPONENT_MAX}`;
  throw usageErrorAt(place, `${word} is no alignment`, mend);
}

function parseOffset(word: string, place: Place): number {
  const offset = parseSize(word, place);
  if (typeof offset === 'number' && offset >= 1) return offset;
  const mend = `write an offset in bytes from 1 to ${Number.MAX_SAFE_INTEGER}`;
  throw usageErrorAt(place, `${word} does not lie inside a block`, mend);
}
