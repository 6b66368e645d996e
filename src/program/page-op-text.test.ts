import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { UsageError } from '../base/usage-error.ts';
import { ACCESS_SIZES, type Op, type PageOp, PROTECTIONS } from './op.ts';
import { PAGE_OP_FORMS, printPageOp } from './page-op-text.ts';
import { parseProgram, printOp, printProgram } from './text.ts';

/** Each form of an op on pages, beside its line. */
const LINES: readonly (readonly [line: string, op: PageOp])[] = [
  ['a0 = map 8192', { kind: 'map', area: 0, size: 8192, protection: 'read-write' }],
  ['a1 = map 1 read', { kind: 'map', area: 1, size: 1, protection: 'read' }],
  ['a2 = map 0 none', { kind: 'map', area: 2, size: 0, protection: 'none' }],
  [
    'a1 = map-at a0 16384 8192',
    { kind: 'map-at', area: 1, base: 0, offset: 16_384, size: 8192, protection: 'read-write' },
  ],
  [
    'a1 = map-at brk 64 1 none',
    { kind: 'map-at', area: 1, base: 'brk', offset: 64, size: 1, protection: 'none' },
  ],
  ['unmap a3 0 4096', { kind: 'unmap', base: 3, offset: 0, size: 4096 }],
  ['unmap brk 4096 1', { kind: 'unmap', base: 'brk', offset: 4096, size: 1 }],
  [
    'protect a0 0 4096 read-write',
    { kind: 'protect', base: 0, offset: 0, size: 4096, protection: 'read-write' },
  ],
  [
    'protect brk 64 4096 none',
    { kind: 'protect', base: 'brk', offset: 64, size: 4096, protection: 'none' },
  ],
  ['brk 100', { kind: 'brk', increment: 100 }],
  ['brk -100', { kind: 'brk', increment: -100 }],
  ['brk 0', { kind: 'brk', increment: 0 }],
  ['load a0 4095 2', { kind: 'load', base: 0, offset: 4095, size: 2 }],
  ['load brk 0 8', { kind: 'load', base: 'brk', offset: 0, size: 8 }],
  ['store a0 0 1', { kind: 'store', base: 0, offset: 0, size: 1 }],
  ['store brk 16 4', { kind: 'store', base: 'brk', offset: 16, size: 4 }],
  ['touch a1048575 0 8192', { kind: 'touch', base: 2 ** 20 - 1, offset: 0, size: 8192 }],
  ['touch a0 9007199254740991 1', { kind: 'touch', base: 0, offset: 2 ** 53 - 1, size: 1 }],
];

/** Reads lines under a header. */
function parse(...lines: readonly string[]): readonly Op[] {
  return parseProgram(['heapcheck program 1', ...lines].join('\n'), 'a.ops').program;
}

const FORMS =
  'the ops are: a0 = map 8192, a0 = map 8192 read, a1 = map-at a0 16384 8192, unmap a0 0 4096, protect a0 0 4096 none, brk 100, brk -100, load a0 0 8, store brk 16 4, touch a0 0 8192.';
const NUMBER = 'stands where a number belongs; write a whole number in decimal digits.';
const SLOT = 'stands where a slot belongs; write a0, a1, a2 and so on.';
const PROTECTION = 'is none of none, read, read-write; write one of them.';
const ACCESS = 'is none of 1, 2, 4, 8; write one of them.';

describe('an op on pages', () => {
  test.each(LINES)('%s reads as it prints', (line, op) => {
    expect(parse(line)).toEqual([op]);
    expect(printOp(op)).toBe(line);
  });

  test('of every form that a mend shows is one', () => {
    expect(parse(...PAGE_OP_FORMS).map((op) => printOp(op))).toEqual(PAGE_OP_FORMS);
  });

  test.each([
    ['a0 = map 8192 read-write', 'a0 = map 8192'],
    ['brk -0', 'brk 0'],
    ['a00 =  map\t00008192 # two pages', 'a0 = map 8192'],
  ])('%j reads as %s', (line, plain) => {
    expect(parse(line)).toEqual(parse(plain));
  });

  test.each([
    ['a0 = map', `'a0 = map' is no op; ${FORMS}`],
    ['a0 = map 1 read 2', `'a0 = map 1 read 2' is no op; ${FORMS}`],
    ['a0 = map-at a1 0', `'a0 = map-at a1 0' is no op; ${FORMS}`],
    ['a0 = map-at a1 0 1 read 2', `'a0 = map-at a1 0 1 read 2' is no op; ${FORMS}`],
    ['a0 = mop 1', `'a0 = mop 1' is no op; ${FORMS}`],
    ['unmap a0 0', `'unmap a0 0' is no op; ${FORMS}`],
    ['touch a0 0 1 2', `'touch a0 0 1 2' is no op; ${FORMS}`],
    ['protect a0 0 4096', `'protect a0 0 4096' is no op; ${FORMS}`],
    ['brk', `'brk' is no op; ${FORMS}`],
    ['brk 1 2', `'brk 1 2' is no op; ${FORMS}`],
    ['load a0 0', `'load a0 0' is no op; ${FORMS}`],
    ['store a0 0 8 8', `'store a0 0 8 8' is no op; ${FORMS}`],
    ['b0 = map 1', `'b0' ${SLOT}`],
    ['brk = map 1', `'brk' ${SLOT}`],
    ['unmap c0 0 1', `'c0' ${SLOT}`],
    ['load a 0 1', `'a' ${SLOT}`],
    ['a1048576 = map 1', 'slot a1048576 is too large; slots go up to a1048575.'],
    ['a0 = map two', `'two' ${NUMBER}`],
    ['a0 = map-at a1 -4096 1', `'-4096' ${NUMBER}`],
    ['unmap a0 0 1.5', `'1.5' ${NUMBER}`],
    [
      'touch a0 0 9007199254740992',
      '9007199254740992 is too large; numbers go up to 9007199254740991 here.',
    ],
    [
      `unmap a0 0 ${'0'.repeat(60)}9007199254740992`,
      `${'0'.repeat(60)}… is too large; numbers go up to 9007199254740991 here.`,
    ],
    [
      'a0 = map 18446744073709551616',
      '18446744073709551616 is too large; numbers go up to 2^64-1 = 18446744073709551615.',
    ],
    [
      'brk +8',
      "'+8' stands where a number belongs; write a whole number in decimal digits, with - in front to go down.",
    ],
    [
      'brk -9007199254740992',
      '9007199254740992 is too large; numbers go up to 9007199254740991 here.',
    ],
    ['a0 = map 1 write', `'write' ${PROTECTION}`],
    ['a0 = map-at a1 0 1 rw', `'rw' ${PROTECTION}`],
    ['protect a0 0 1 readwrite', `'readwrite' ${PROTECTION}`],
    ['load a0 0 3', `'3' ${ACCESS}`],
    ['store a0 0 16', `'16' ${ACCESS}`],
    ['store a0 0 08', `'08' ${ACCESS}`],
  ])('%s is refused at its line, with a mend', (line, sentence) => {
    expect(() => parse('brk 0', line)).toThrow(new UsageError(`a.ops:3: ${sentence}`));
  });
});

test('an op of no kind is a bug of ours', () => {
  const op: PageOp = JSON.parse('{"kind": "mend", "base": 0}');
  expect(() => printPageOp(op)).toThrow(KitBug);
});

test('parse undoes print for every program of ops on pages', () => {
  const area = fc.nat({ max: 2 ** 20 - 1 });
  const base = fc.oneof(area, fc.constant('brk' as const));
  const number = fc.maxSafeNat();
  const protection = fc.constantFrom(...PROTECTIONS);
  const range = { base, offset: number, size: number };
  const access = { base, offset: number, size: fc.constantFrom(...ACCESS_SIZES) };
  const increment = fc.maxSafeInteger();
  const op: fc.Arbitrary<PageOp> = fc.oneof(
    fc.record({ kind: fc.constant('map' as const), area, size: number, protection }),
    fc.record({ kind: fc.constant('map-at' as const), area, ...range, protection }),
    fc.record({ kind: fc.constantFrom('unmap' as const, 'touch' as const), ...range }),
    fc.record({ kind: fc.constant('protect' as const), ...range, protection }),
    fc.record({ kind: fc.constant('brk' as const), increment }),
    fc.record({ kind: fc.constantFrom('load' as const, 'store' as const), ...access }),
  );
  fc.assert(
    fc.property(fc.array(op), (program) => {
      expect(parseProgram(printProgram(program), 'a.ops').program).toEqual(program);
    }),
    { seed: 0x7e47, numRuns: 100 },
  );
});
