import { unreachable } from '../base/kit-bug.ts';
import type { Place } from '../base/usage-error.ts';
import { ACCESS_SIZES, type Base, type PageOp, type Protection, PROTECTIONS } from './op.ts';
import { parseChoice, parseNumber, parseSigned, parseSlot } from './words.ts';

/** Every form of an op on pages, as a mend shows it. */
export const PAGE_OP_FORMS = [
  'a0 = map 8192',
  'a0 = map 8192 read',
  'a1 = map-at a0 16384 8192',
  'unmap a0 0 4096',
  'protect a0 0 4096 none',
  'brk 100',
  'brk -100',
  'load a0 0 8',
  'store brk 16 4',
  'touch a0 0 8192',
] as const;

/** One op as its line shows it: `a0 = map 8192`. A protection is said where it is not `read-write`. */
export function printPageOp(op: PageOp): string {
  switch (op.kind) {
    case 'map':
      return `a${op.area} = map ${op.size}${suffixOf(op.protection)}`;
    case 'map-at':
      return `a${op.area} = map-at ${placeOf(op)} ${op.size}${suffixOf(op.protection)}`;
    case 'protect':
      return `protect ${placeOf(op)} ${op.size} ${op.protection}`;
    case 'brk':
      return `brk ${op.increment}`;
    case 'unmap':
    case 'load':
    case 'store':
    case 'touch':
      return `${op.kind} ${placeOf(op)} ${op.size}`;
    default:
      return unreachable(op);
  }
}

function suffixOf(protection: Protection): string {
  return protection === 'read-write' ? '' : ` ${protection}`;
}

function placeOf({ base, offset }: { readonly base: Base; readonly offset: number }): string {
  return `${typeof base === 'number' ? `a${base}` : base} ${offset}`;
}

/**
 * Reads one op from its words.
 *
 * @returns Undefined: no op on pages has this form.
 * @throws {UsageError} One of its words cannot stand where it does.
 */
export function parsePageOp(words: readonly string[], place: Place): PageOp | undefined {
  if (words[1] === '=') return parseMap(words, place);
  const [name, ...rest] = words;
  switch (name) {
    case 'brk':
      return rest.length === 1
        ? { kind: name, increment: parseSigned(rest[0]!, place) }
        : undefined;
    case 'protect':
      return rest.length === 4
        ? {
            kind: name,
            ...parseRange(rest, place),
            protection: parseChoice(PROTECTIONS, rest[3]!, place),
          }
        : undefined;
    case 'load':
    case 'store':
      return rest.length === 3
        ? {
            kind: name,
            ...parsePlace(rest, place),
            size: parseChoice(ACCESS_SIZES, rest[2]!, place),
          }
        : undefined;
    case 'unmap':
    case 'touch':
      return rest.length === 3 ? { kind: name, ...parseRange(rest, place) } : undefined;
    default:
      return undefined;
  }
}

/** Reads `a0 = …`; undefined when no op has this name and this many words. */
function parseMap(words: readonly string[], place: Place): PageOp | undefined {
  const [area, , name, ...rest] = words;
  const sizeIndex = name === 'map' ? 0 : 2;
  const isMap = name === 'map' || name === 'map-at';
  if (!isMap || rest.length < sizeIndex + 1 || rest.length > sizeIndex + 2) return undefined;
  const asked = {
    area: parseSlot('a', area!, place),
    size: parseNumber(rest[sizeIndex]!, place),
    protection: parseChoice(PROTECTIONS, rest[sizeIndex + 1] ?? 'read-write', place),
  };
  return name === 'map'
    ? { kind: name, ...asked }
    : { kind: name, ...parsePlace(rest, place), ...asked };
}

function parseRange(
  words: readonly string[],
  place: Place,
): { readonly base: Base; readonly offset: number; readonly size: number } {
  return { ...parsePlace(words, place), size: parseNumber(words[2]!, place) };
}

function parsePlace(
  [base, offset]: readonly string[],
  place: Place,
): { readonly base: Base; readonly offset: number } {
  return {
    base: parseBase(base!, place),
    offset: parseNumber(offset!, place),
  };
}

function parseBase(word: string, place: Place): Base {
  if (word === 'brk') return word;
  return word.startsWith('b') ? `b${parseSlot('b', word, place)}` : parseSlot('a', word, place);
}
