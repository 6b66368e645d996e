import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitLines } from './lines.ts';

describe('splitLines', () => {
  test.each([
    [[], []],
    [[''], []],
    [['a'], ['a']],
    [['a\n'], ['a']],
    [['a\nb'], ['a', 'b']],
    [['\n\n'], ['', '']],
    [['a\r\nb\r'], ['a', 'b']],
    [
      ['a\r', '\nb'],
      ['a', 'b'],
    ],
    [
      ['a', 'b\nc', 'd', '\n', 'e'],
      ['ab', 'cd', 'e'],
    ],
    [['a\rb\n'], ['a\rb']],
  ])('cuts %j into %j', (chunks, lines) => {
    expect([...splitLines(chunks)]).toEqual(lines);
  });

  test('cuts a text into the same lines however it is chunked', () => {
    const chunk = fc.string({ unit: fc.constantFrom('a', '\n', '\r') });
    fc.assert(
      fc.property(fc.array(chunk), (chunks) => {
        expect([...splitLines(chunks)]).toEqual([...splitLines([chunks.join('')])]);
      }),
      { seed: 0x11e5 },
    );
  });
});
