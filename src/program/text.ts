import { assert } from '../base/kit-bug.ts';
import { type Place, type UsageError, usageErrorAt } from '../base/usage-error.ts';
import { BLOCK_OP_FORMS, parseBlockOp, printBlockOp } from './block-op-text.ts';
import { isPageOp, isThreadOp, type Op } from './op.ts';
import { PAGE_OP_FORMS, parsePageOp, printPageOp } from './page-op-text.ts';
import type { Program } from './program.ts';
import { parseThreadOp, printThreadOp, THREAD_OP_FORMS } from './thread-op-text.ts';
import { excerpt, parseSlot } from './words.ts';

/** The first line of a program's text: its format and version. */
export const PROGRAM_HEADER = 'heapcheck program 1';

/** What a line `# key: value` says about a program: the law it breaks, the seed that found it. */
export type Note = readonly [key: string, value: string];

/** A program as its text holds it. */
export interface ProgramText {
  readonly notes: readonly Note[];
  readonly program: Program;
}

/** One op as its line shows it: `b0 = malloc 24`. */
export function printOp(op: Op): string {
  const own = printOwnOp(op);
  return op.thread === undefined ? own : `t${op.thread}: ${own}`;
}

function printOwnOp(op: Op): string {
  if (isPageOp(op)) return printPageOp(op);
  return isThreadOp(op) ? printThreadOp(op) : printBlockOp(op);
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
  const [, thread, own] = /^(t\w+):\s*(.*)$/.exec(line) ?? [undefined, undefined, line];
  const words = own.split(/\s+/);
  const op = parseBlockOp(words, place) ?? parsePageOp(words, place) ?? parseThreadOp(words, place);
  if (op === undefined) throw noOp(own, place);
  const slot = thread === undefined ? 0 : parseSlot('t', thread, place);
  return slot === 0 ? op : { ...op, thread: slot };
}

/** What a line of each family looks like. Others are taken for ops on blocks. */
const FAMILIES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^a\d|^(unmap|protect|brk|load|store|touch)\b/, PAGE_OP_FORMS],
  [
    /^[qst]\d|^(join|exit|yield|compute|sleep|io|push|pop|down|up|send|receive|quantum|policy)\b/,
    THREAD_OP_FORMS,
  ],
];

function noOp(line: string, place: Place): UsageError {
  const forms = FAMILIES.find(([pattern]) => pattern.test(line))?.[1] ?? BLOCK_OP_FORMS;
  return usageErrorAt(place, `'${excerpt(line)}' is no op`, `the ops are: ${forms.join(', ')}`);
}
