import type { Size } from '../base/units.ts';
import { type Place, type UsageError, usageErrorAt } from '../base/usage-error.ts';
import { type Op, SLOTS_LIMIT } from '../program/op.ts';
import { parseSize } from '../program/words.ts';
import { LiveBlocks } from './live-blocks.ts';
import type { TraceFormat, TraceSummary } from './trace-format.ts';

/**
 * The `.rep` traces of the malloc lab of CS:APP. A header of numbers, then ops; the id is the slot:
 *
 *     a 0 512      malloc, id and bytes
 *     r 0 640      realloc, id and bytes
 *     f 0          free, id
 *     f -1         free of null
 *
 * There are three headers, one number a line:
 *
 *     classic   suggested heap size (unused) · ids · ops · weight (unused)
 *     modern    weight, 0 to 3               · ids · ops · peak of the live bytes
 *     short                                    ids · ops
 *
 * Four numbers are modern when the first is at most 3, and classic otherwise, with a last one of at most 3. Where both
 * are, the last could be a classic weight, and is not held to the peak.
 *
 * - modern has one op a line, and states its exact peak; the others are words between any white space
 * - classic leaves open what a realloc of an id does that was never allocated, so it is refused; in the others it is a
 *   realloc of null
 *
 * Memory: the live blocks, and one bit an id.
 *
 * Source: Bryant and O'Hallaron, "Computer Systems: A Programmer's Perspective", malloc lab, "mdriver.c".
 */
export const REP: TraceFormat = {
  name: 'rep',
  says: "the .rep traces of CS:APP's malloc lab, classic, modern and with a header of two numbers",
  matches: (head) => /^\s*\d+\s/.test(head),
  read,
};

/** What the first lines say. `peakBytes` is undefined where no peak is stated. */
interface Header {
  readonly variant: 'classic' | 'modern' | 'short';
  readonly idsCount: number;
  readonly opsCount: Size;
  readonly peakBytes: Size | undefined;
}

const HEADER_MEND =
  'write heap size, ids, ops and weight (classic), weight (0 to 3), ids, ops and peak bytes (modern), or ids and ops';

function* read(lines: Iterable<string>, file: string): Generator<Op, TraceSummary, undefined> {
  const words = new Words(lines, file);
  const header = readHeader(words);
  const reader = new OpReader(words, header);
  let opsCount = 0;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    opsCount += 1;
    if (opsCount > header.opsCount) {
      const problem = `this is op ${opsCount}, and the header counts ${header.opsCount}`;
      throw usageErrorAt(words.place, problem, 'correct the header, or leave the op out');
    }
    yield reader.read(word);
  }
  const summary = reader.blocks.summary({ opsCount, linesPassedOverCount: words.blankLinesCount });
  checkEnd(header, { ...summary, idsUsedCount: reader.idsUsedCount }, words.place);
  return summary;
}

function readHeader(words: Words): Header {
  const numbers: Size[] = [];
  while (numbers.length <= 4 && /^\d+$/.test(words.peek() ?? '')) {
    numbers.push(parseSize(words.next()!, words.place));
  }
  if (numbers.length !== 2 && numbers.length !== 4) {
    const count = numbers.length > 4 ? 'more than 4' : `${numbers.length}`;
    throw usageErrorAt(words.place, `the header holds ${count} numbers`, HEADER_MEND);
  }
  const isShort = numbers.length === 2;
  const [idsCount, opsCount] = isShort ? numbers : numbers.slice(1);
  if (idsCount! > SLOTS_LIMIT) {
    const mend = `heapcheck reads traces of up to ${SLOTS_LIMIT}`;
    throw usageErrorAt(words.place, `the header counts ${idsCount} ids`, mend);
  }
  const counts = { idsCount: Number(idsCount), opsCount: opsCount! };
  if (isShort) return { variant: 'short', ...counts, peakBytes: undefined };
  const [first, , , last] = numbers;
  if (first! > 3 && last! > 3) {
    const problem = `the header '${numbers.join(' ')}' has a weight of 0 to 3 neither first nor last`;
    throw usageErrorAt(words.place, problem, HEADER_MEND);
  }
  if (first! > 3) return { variant: 'classic', ...counts, peakBytes: undefined };
  return { variant: 'modern', ...counts, peakBytes: last! > 3 ? last : undefined };
}

function checkEnd(
  header: Header,
  found: { opsCount: number; idsUsedCount: number; peakBytes: Size },
  place: Place,
): void {
  if (found.opsCount !== header.opsCount) {
    const problem = `the trace ends after ${found.opsCount} ops, and the header counts ${header.opsCount}`;
    throw usageErrorAt(place, problem, 'correct the header, or add the ops that were cut off');
  }
  if (found.idsUsedCount !== header.idsCount) {
    const problem = `the highest id is ${found.idsUsedCount - 1}, and the header counts ${header.idsCount} ids`;
    throw usageErrorAt(
      place,
      problem,
      'number the blocks from 0 without a gap at the end, or correct the header',
    );
  }
  if (header.peakBytes !== undefined && found.peakBytes !== header.peakBytes) {
    const problem = `the live bytes peak at ${found.peakBytes}, and the header says ${header.peakBytes}`;
    throw usageErrorAt(place, problem, "correct the header's last number");
  }
}

/** Reads ops, and holds each id to what the lines before did with it. */
class OpReader {
  readonly blocks = new LiveBlocks();
  readonly #words: Words;
  readonly #header: Header;
  /** One bit an id: it was allocated before. */
  readonly #used: Uint8Array;
  #idsUsedCount = 0;

  constructor(words: Words, header: Header) {
    this.#words = words;
    this.#header = header;
    this.#used = new Uint8Array(Math.ceil(header.idsCount / 8));
  }

  /** One more than the highest id so far. */
  get idsUsedCount(): number {
    return this.#idsUsedCount;
  }

  /** @param word The op's first word, the only one read so far. */
  read(word: string): Op {
    const letter = word[0]!;
    const isGlued = word.length > 1 && this.#header.variant === 'modern';
    const isOp = letter === 'a' || letter === 'r' || letter === 'f';
    const isMidLine = this.#header.variant === 'modern' && !this.#words.isFirst;
    if (!isOp || isMidLine || (word.length > 1 && !isGlued)) {
      const where = isMidLine ? ' behind an op' : '';
      const mend = "write one op a line: 'a ID BYTES', 'r ID BYTES' or 'f ID'";
      throw usageErrorAt(
        this.#words.place,
        `'${word.slice(0, 60)}' stands${where} where an op begins`,
        mend,
      );
    }
    const idWord = isGlued ? word.slice(1) : this.#nextOf(letter);
    if (letter === 'f')
      return idWord === '-1' ? { kind: 'free', slot: null } : this.#free(this.#id(idWord));
    const id = this.#id(idWord);
    const size = parseSize(this.#nextOf(letter), this.#words.place);
    return letter === 'a' ? this.#allocate(id, size) : this.#reallocate(id, size);
  }

  #nextOf(letter: string): string {
    const isCut = this.#header.variant === 'modern' && this.#words.isLast;
    const word = isCut ? undefined : this.#words.next();
    if (word !== undefined) return word;
    const mend = letter === 'f' ? "write 'f ID'" : `write '${letter} ID BYTES'`;
    throw usageErrorAt(this.#words.place, `the op '${letter}' is cut off`, mend);
  }

  #id(word: string): number {
    const id = Number(parseSize(word, this.#words.place));
    const { idsCount } = this.#header;
    if (id < idsCount) return id;
    const mend = `the header counts ${idsCount} ids, numbered from 0`;
    throw usageErrorAt(this.#words.place, `id ${word} is out of range`, mend);
  }

  #allocate(id: number, size: Size): Op {
    const before = this.blocks.get(id);
    if (before) {
      const problem = `id ${id} still holds the block of line ${before.line}`;
      throw usageErrorAt(this.#words.place, problem, 'free it first, or use another id');
    }
    this.#add(id, size);
    return { kind: 'malloc', slot: id, size };
  }

  #reallocate(id: number, size: Size): Op {
    if (this.blocks.get(id)) {
      this.blocks.replace(id, id, { slot: id, size, line: this.#words.place.line });
      return { kind: 'realloc', slot: id, source: id, size };
    }
    if (this.#wasUsed(id) || this.#header.variant === 'classic') throw this.#notLive(id);
    this.#add(id, size);
    return { kind: 'realloc', slot: id, source: null, size };
  }

  #free(id: number): Op {
    if (!this.blocks.get(id)) throw this.#notLive(id);
    this.blocks.remove(id);
    return { kind: 'free', slot: id };
  }

  #add(id: number, size: Size): void {
    this.blocks.add(id, { slot: id, size, line: this.#words.place.line });
    this.#used[id >> 3]! |= 1 << (id & 7);
    this.#idsUsedCount = Math.max(this.#idsUsedCount, id + 1);
  }

  #wasUsed(id: number): boolean {
    return (this.#used[id >> 3]! & (1 << (id & 7))) !== 0;
  }

  #notLive(id: number): UsageError {
    const problem = this.#wasUsed(id)
      ? `id ${id} was freed before`
      : `id ${id} was never allocated`;
    return usageErrorAt(this.#words.place, problem, `write 'a ${id} BYTES' in front`);
  }
}

/** The words of a trace, in order, with the line that each stands on. */
class Words {
  readonly place: { readonly file: string; line: number };
  readonly #lines: Iterator<string>;
  #words: readonly string[] = [];
  #index = 0;
  #blankLinesCount = 0;

  constructor(lines: Iterable<string>, file: string) {
    this.#lines = lines[Symbol.iterator]();
    this.place = { file, line: 0 };
  }

  get blankLinesCount(): number {
    return this.#blankLinesCount;
  }

  /** The word read last is the first of its line. */
  get isFirst(): boolean {
    return this.#index === 1;
  }

  /** The word read last is the last of its line. */
  get isLast(): boolean {
    return this.#index === this.#words.length;
  }

  /** The word that `next` will return; undefined at the end. */
  peek(): string | undefined {
    while (this.isLast) {
      const { done, value } = this.#lines.next();
      if (done === true) return undefined;
      this.place.line += 1;
      const line = value.trim();
      this.#words = line === '' ? [] : line.split(/\s+/);
      this.#index = 0;
      if (line === '') this.#blankLinesCount += 1;
    }
    return this.#words[this.#index];
  }

  next(): string | undefined {
    const word = this.peek();
    if (word !== undefined) this.#index += 1;
    return word;
  }
}
