import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { decodeProgram } from './bytes.ts';
import type { Op } from './op.ts';
import { parseProgram, printOp, printProgram } from './text.ts';

/** Each form of an op, beside its line. */
const LINES: readonly (readonly [line: string, op: Op])[] = [
  ['b0 = malloc 24', { kind: 'malloc', slot: 0, size: 24 }],
  ['b1 = calloc 3 8', { kind: 'calloc', slot: 1, count: 3, size: 8 }],
  ['b2 = aligned 64 100', { kind: 'aligned', slot: 2, alignment: 64, size: 100 }],
  ['b2 = aligned 1073741824 0', { kind: 'aligned', slot: 2, alignment: 2 ** 30, size: 0 }],
  ['b0 = realloc b1 40', { kind: 'realloc', slot: 0, source: 1, size: 40 }],
  ['b0 = realloc null 24', { kind: 'realloc', slot: 0, source: null, size: 24 }],
  ['free b1', { kind: 'free', slot: 1 }],
  ['free null', { kind: 'free', slot: null }],
  ['double-free b1', { kind: 'double-free', slot: 1 }],
  ['free-inside b1 8', { kind: 'free-inside', slot: 1, offset: 8 }],
  ['free-foreign 16', { kind: 'free-foreign', slot: null, offset: 16 }],
  ['free-foreign -8', { kind: 'free-foreign', slot: null, offset: -8 }],
  ['write-freed b1 0', { kind: 'write-freed', slot: 1, offset: 0 }],
  ['b1048575 = malloc 1', { kind: 'malloc', slot: 2 ** 20 - 1, size: 1 }],
  ['b0 = malloc 9007199254740991', { kind: 'malloc', slot: 0, size: 2 ** 53 - 1 }],
  ['b0 = malloc 9007199254740992', { kind: 'malloc', slot: 0, size: 2n ** 53n }],
  ['b0 = malloc 18446744073709551615', { kind: 'malloc', slot: 0, size: 2n ** 64n - 1n }],
  ['b0 = calloc 9007199254740993 2', { kind: 'calloc', slot: 0, count: 2n ** 53n + 1n, size: 2 }],
];

/** Reads lines under a header. */
function parse(...lines: readonly string[]): readonly Op[] {
  return parseProgram(['heapcheck program 1', ...lines].join('\n'), 'a.ops').program;
}

describe('an op', () => {
  test.each(LINES)('%s reads as it prints', (line, op) => {
    expect(parse(line)).toEqual([op]);
    expect(printOp(op)).toBe(line);
  });

  test.each([
    ['b0 = malloc 24 # a comment', 'b0 = malloc 24'],
    ['  b0  =\tmalloc  24  \r', 'b0 = malloc 24'],
    ['free b00', 'free b0'],
    ['b0 = malloc 00000000000000000024', 'b0 = malloc 24'],
  ])('%j reads as %s', (line, plain) => {
    expect(parse(line)).toEqual(parse(plain));
  });

  test.each([
    [
      'b0 = malloc',
      /^a\.ops:2: 'b0 = malloc' is no op; the ops are: b0 = malloc 24, .*, write-freed b0 8\.$/,
    ],
    ['b0 = malloc 1 2', /'b0 = malloc 1 2' is no op/],
    ['b0 = calloc 1', /is no op/],
    ['b0 = valloc 1 2', /is no op/],
    ['b0=malloc 24', /is no op/],
    ['free', /is no op/],
    ['free b0 b1', /is no op/],
    ['double-free b0 1', /is no op/],
    ['free-inside b0', /is no op/],
    ['write-freed b0', /is no op/],
    ['free-foreign b0 8', /is no op/],
    [
      'free-foreign b0',
      /'b0' stands where a number belongs; write a whole number in decimal digits, with - in front to go down\.$/,
    ],
    ['write-freed b0 -1', /'-1' stands where a number belongs/],
    ['x'.repeat(100), new RegExp(`'${'x'.repeat(60)}…' is no op`)],
    [
      'b0 = malloc -1',
      /'-1' stands where a number belongs; write a whole number in decimal digits\.$/,
    ],
    ['b0 = malloc 0x10', /'0x10' stands where a number belongs/],
    [
      'b0 = malloc 18446744073709551616',
      /18446744073709551616 is too large; numbers go up to 2\^64-1 = 18446744073709551615\.$/,
    ],
    ['b0 = aligned 24 8', /24 is no alignment; write a power of two from 1 to 1073741824\.$/],
    ['b0 = aligned 0 8', /0 is no alignment/],
    ['b0 = aligned 2147483648 8', /2147483648 is no alignment/],
    ['a0 = malloc 8', /'a0' stands where a slot belongs; write b0, b1, b2 and so on\.$/],
    ['null = malloc 8', /'null' stands where a slot belongs/],
    ['double-free null', /'null' stands where a slot belongs/],
    ['b0 = realloc x 8', /'x' stands where a slot belongs/],
    ['b1048576 = malloc 8', /slot b1048576 is too large; slots go up to b1048575\.$/],
    [
      'free-inside b0 0',
      /0 does not lie inside a block; write an offset in bytes from 1 to 9007199254740991\.$/,
    ],
    ['free-inside b0 9007199254740992', /9007199254740992 does not lie inside a block/],
  ])('%s is refused with a mend', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });
});

test('an op of no kind is a bug of ours', () => {
  const op: Op = JSON.parse('{"kind": "mend", "slot": 0}');
  expect(() => printOp(op)).toThrow(KitBug);
});

describe('a program', () => {
  const TEXT = [
    'heapcheck program 1',
    '# law: blocks-stay-apart',
    '# found: seed 0x5f1e_22d0 on my-allocator, shrunk from 211 ops',
    '# why:',
    'b0 = malloc 24',
    'free b0',
    '',
  ].join('\n');

  test('prints as the lines it was read from, notes in order', () => {
    const { notes, program } = parseProgram(TEXT, 'a.ops');
    expect(notes.map(([key]) => key)).toEqual(['law', 'found', 'why']);
    expect(printProgram(program, notes)).toBe(TEXT);
  });

  test('reads the same without line feed at the end and with CR LF', () => {
    const read = parseProgram(TEXT, 'a.ops');
    expect(parseProgram(TEXT.trimEnd(), 'a.ops')).toEqual(read);
    expect(parseProgram(TEXT.replaceAll('\n', '\r\n'), 'a.ops')).toEqual(read);
  });

  test('takes a comment without a key for no note', () => {
    const text =
      'heapcheck program 1\n\n# it was late\n#\n# see https://example.org\nfree null # law: none\n';
    expect(parseProgram(text, 'a.ops')).toEqual({
      notes: [],
      program: [{ kind: 'free', slot: null }],
    });
  });

  test('without notes is the header and its ops', () => {
    expect(printProgram([])).toBe('heapcheck program 1\n');
  });

  test('names the line of a mistake below notes and blanks', () => {
    expect(() => parse('# law: none', '', 'free b0', 'free it')).toThrow(/^a\.ops:5: 'it'/);
  });

  test.each([
    ['', "a.ops:1: the first line is empty; a program's first line is 'heapcheck program 1'."],
    [
      'b0 = malloc 8',
      "a.ops:1: the first line is 'b0 = malloc 8'; a program's first line is 'heapcheck program 1'.",
    ],
    [
      'heapcheck program 0',
      "a.ops:1: the first line is 'heapcheck program 0'; a program's first line is 'heapcheck program 1'.",
    ],
    [
      'heapcheck program 2',
      'a.ops:1: the program is of version 2, and this heapcheck reads version 1; update heapcheck, or write the program as version 1.',
    ],
  ])('that starts with %j is refused', (text, message) => {
    expect(() => parseProgram(text, 'a.ops')).toThrow(message);
  });
});

describe('a note', () => {
  test('is one line, whatever white space its value holds', () => {
    expect(printProgram([], [['why', ' two\n  lines ']])).toBe(
      'heapcheck program 1\n# why: two lines\n',
    );
  });

  test('has one word as its key', () => {
    expect(() => printProgram([], [['two words', 'x']])).toThrow('the key of a note is one word');
  });
});

test('parse undoes print for every program and every note', () => {
  const key = fc.stringMatching(/^[A-Za-z][\w-]{0,9}$/);
  const value = fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/\s+/g, ' ').trim());
  const notes = fc.array(fc.tuple(key, value));
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(bytes, notes, (someBytes, someNotes) => {
      const program = decodeProgram(someBytes);
      expect(parseProgram(printProgram(program, someNotes), 'a.ops')).toEqual({
        notes: someNotes,
        program,
      });
    }),
    { seed: 0x7e47, numRuns: 300 },
  );
});
