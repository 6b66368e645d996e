import { isPowerOfTwo } from '../base/bits.ts';
import { assert, unreachable } from '../base/kit-bug.ts';
import { SIZE_MAX, type Size, sizeOf } from '../base/units.ts';
import { type Place, type UsageError, usageErrorAt } from '../base/usage-error.ts';
import { ALIGNMENT_EXPONENT_MAX, type Op, type Slot, SLOTS_LIMIT } from './op.ts';
import type { Program } from './program.ts';

/** The first line of a program's text: its format and version. */
export const PROGRAM_HEADER = 'heapcheck program 1';

/** What a line `# key: value` says about a program: the law it breaks, the seed that found it. */
export type Note = readonly [key: string, value: string];

/** A program as its text holds it. */
export interface ProgramText {
  readonly notes: readonly Note[];
  readonly program: Program;
}

/** Every form of an op, as a mend shows it. */
const FORMS = [
  'b0 = malloc 24',
  'b0 = calloc 3 8',
  'b0 = aligned 64 100',
  'b0 = realloc b0 40',
  'b0 = realloc null 24',
  'free b0',
  'free null',
  'double-free b0',
  'free-inside b0 8',
].join(', ');

/** One op as its line shows it: `b0 = malloc 24`. */
export function printOp(op: Op): string {
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
      return `free-inside b${op.slot} ${op.offset}`;
    default:
      return unreachable(op);
  }
}

function printSlot(slot: Slot | null): string {
  return slot === null ? 'null' : `b${slot}`;
}

/**
 * A program's text: the header, the notes, then one op a line. `parseProgram` undoes it.
 *
 * @param notes Keys are single words. White space in a value becomes one blank: a note is one line.
 */
export function printProgram(program: Program, notes: readonly Note[] = []): string {
  const lines = [PROGRAM_HEADER, ...notes.map(printNote), ...program.map(printOp)];
  return `${lines.join('\n')}\n`;
}

const NOTE = /^#\s*([A-Za-z][\w-]*):(?:\s+(.*))?$/;

function printNote([key, value]: Note): string {
  const line = `# ${key}: ${value.replaceAll(/\s+/g, ' ').trim()}`.trimEnd();
  assert(NOTE.test(line), 'the key of a note is one word');
  return line;
}

/**
 * Reads a program's text.
 *
 * After the header, blank lines and comments (`# …`, also behind an op) may stand anywhere. A line of its own that
 * reads `# key: value` is a note.
 *
 * @param file Named in messages; nothing is read from it.
 * @throws {UsageError} The header is missing or of another version, or a line is no op.
 */
export function parseProgram(text: string, file: string): ProgramText {
  const lines = text.split('\n');
  checkHeader(lines[0]!.trim(), file);
  const notes: Note[] = [];
  const program: Op[] = [];
  const place = { file, line: 1 };
  for (place.line = 2; place.line <= lines.length; place.line += 1) {
    const line = lines[place.line - 1]!.trim();
    const comment = line.indexOf('#');
    if (comment === 0) {
      const note = NOTE.exec(line);
      if (note) notes.push([note[1]!, note[2] ?? '']);
    } else if (line !== '') {
      program.push(parseOp(comment < 0 ? line : line.slice(0, comment).trimEnd(), place));
    }
  }
  return { notes, program };
}

function checkHeader(header: string, file: string): void {
  if (header === PROGRAM_HEADER) return;
  const place = { file, line: 1 };
  const version = /^heapcheck program (\d+)$/.exec(header)?.[1];
  if (version !== undefined && Number(version) > 1) {
    const mend = 'update heapcheck, or write the program as version 1';
    throw usageErrorAt(
      place,
      `the program is of version ${version}, and this heapcheck reads version 1`,
      mend,
    );
  }
  const problem =
    header === '' ? 'the first line is empty' : `the first line is '${excerpt(header)}'`;
  throw usageErrorAt(place, problem, `a program's first line is '${PROGRAM_HEADER}'`);
}

/**
 * Reads one op, without comment.
 *
 * @throws {UsageError} The line is no op, or one of its numbers is out of range.
 */
function parseOp(line: string, place: Place): Op {
  const words = line.split(/\s+/);
  if (words[1] === '=') {
    const op = parseRequest(words, place);
    if (op) return op;
  } else if (words[0] === 'free' && words.length === 2) {
    return { kind: 'free', slot: parseSource(words[1]!, place) };
  } else if (words[0] === 'double-free' && words.length === 2) {
    return { kind: 'double-free', slot: parseSlot(words[1]!, place) };
  } else if (words[0] === 'free-inside' && words.length === 3) {
    return {
      kind: 'free-inside',
      slot: parseSlot(words[1]!, place),
      offset: parseOffset(words[2]!, place),
    };
  }
  throw noOp(line, place);
}

/** Reads `b0 = …`; undefined when no op has this name and this many words. */
function parseRequest(words: readonly string[], place: Place): Op | undefined {
  const [target, , name, first, second] = words;
  if (name === 'malloc' && words.length === 4) {
    return { kind: 'malloc', slot: parseSlot(target!, place), size: parseSize(first!, place) };
  }
  if (words.length !== 5) return undefined;
  if (name === 'calloc') {
    const count = parseSize(first!, place);
    return {
      kind: 'calloc',
      slot: parseSlot(target!, place),
      count,
      size: parseSize(second!, place),
    };
  }
  if (name === 'aligned') {
    const alignment = parseAlignment(first!, place);
    return {
      kind: 'aligned',
      slot: parseSlot(target!, place),
      alignment,
      size: parseSize(second!, place),
    };
  }
  if (name === 'realloc') {
    const source = parseSource(first!, place);
    return {
      kind: 'realloc',
      slot: parseSlot(target!, place),
      source,
      size: parseSize(second!, place),
    };
  }
  return undefined;
}

function parseSource(word: string, place: Place): Slot | null {
  return word === 'null' ? null : parseSlot(word, place);
}

function parseSlot(word: string, place: Place): Slot {
  if (!/^b\d+$/.test(word)) {
    throw usageErrorAt(
      place,
      `'${excerpt(word)}' stands where a slot belongs`,
      'write b0, b1, b2 and so on',
    );
  }
  const slot = Number(word.slice(1));
  if (slot >= SLOTS_LIMIT) {
    throw usageErrorAt(
      place,
      `slot ${excerpt(word)} is too large`,
      `slots go up to b${SLOTS_LIMIT - 1}`,
    );
  }
  return slot;
}

/**
 * Reads a size in decimal digits, exactly.
 *
 * @throws {UsageError} The word is no whole number, or one above SIZE_MAX.
 */
export function parseSize(word: string, place: Place): Size {
  if (!/^\d+$/.test(word)) {
    throw usageErrorAt(
      place,
      `'${excerpt(word)}' stands where a number belongs`,
      'write a whole number in decimal digits',
    );
  }
  if (word.length < 16) return Number(word);
  const size = sizeOf(BigInt(word));
  if (size <= SIZE_MAX) return size;
  throw usageErrorAt(
    place,
    `${excerpt(word)} is too large`,
    `numbers go up to 2^64-1 = ${SIZE_MAX}`,
  );
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

function noOp(line: string, place: Place): UsageError {
  return usageErrorAt(place, `'${excerpt(line)}' is no op`, `the ops are: ${FORMS}`);
}

/** A piece of input short enough to stand in a message. */
function excerpt(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
