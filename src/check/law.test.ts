import { describe, expect, test } from 'vitest';
import { HEAP_INVARIANTS } from '../heap/invariants.ts';
import { ANSWER_BREAKS, answers, type Break } from './law-breaks.test-helper.ts';
import { MISUSE_BREAKS } from './misuse-breaks.test-helper.ts';
import { LAW, LAWS } from './law.ts';
import { Runner } from './runner.ts';
import { type Override, ops, toyTarget } from './toy-target.test-helper.ts';

const AS_WRITTEN = 'the bytes that its owner wrote';

/** A toy that writes one byte when it is asked for 5 bytes. */
const writes =
  (address: number): Override =>
  (toy) => ({
    malloc(size) {
      if (size === 5) toy.memory!.storeByte(address, toy.memory!.loadByte(address) ^ 1);
      return toy.malloc(size);
    },
  });

const sizes: readonly Break[] = [
  {
    law: 'usable-size-covers-request',
    when: 'a byte is missing',
    program: 'b0 = malloc 24',
    breaks: () => ({ usableSize: () => 23 }),
    observed: 'malloc(24) has 23 usable bytes',
    expected: 'at least the 24 that were asked for',
    op: 'malloc',
  },
  {
    law: 'usable-size-covers-request',
    when: 'it is no number',
    program: 'b0 = malloc 24',
    breaks: () => ({ usableSize: () => NaN }),
    observed: 'malloc(24) has NaN usable bytes',
    expected: 'at least the 24 that were asked for',
    op: 'malloc',
  },
  {
    law: 'usable-size-stays',
    when: 'it grows while the block lives',
    program: 'b0 = malloc 24',
    breaks: () => {
      let size = 23;
      return {
        usableSize() {
          size += 1;
          return size;
        },
      };
    },
    observed: 'b0 now has 25 usable bytes',
    expected: 'the 24 that it had when it was made',
    step: 1,
    op: 'end',
  },
  {
    law: 'slack-is-bounded',
    when: 'a small block is far too large',
    program: 'b0 = malloc 24',
    breaks: () => ({ usableSize: () => 41 }),
    observed: 'malloc(24) has 41 usable bytes',
    expected: 'at most 24 + 16',
    op: 'malloc',
  },
  {
    law: 'zero-size-keeps-promise',
    when: 'a block is promised and null comes',
    program: 'b0 = malloc 0',
    breaks: answers(null),
    observed: 'malloc(0) returned null',
    expected: 'a block of its own',
    op: 'malloc',
  },
  {
    law: 'zero-size-keeps-promise',
    when: 'null is promised and a block comes',
    program: 'b0 = calloc 8 0',
    breaks: () => ({ promises: { zeroSize: 'null' } }),
    observed: 'calloc(8, 0) returned 0x0000_1000',
    expected: 'null',
    op: 'calloc',
  },
  {
    law: 'impossible-request-is-refused',
    when: 'more is granted than the bounds hold',
    program: 'b0 = malloc 65537',
    breaks: answers(0x1000),
    observed: 'malloc(65537), 65537 bytes, returned 0x0000_1000',
    expected: 'null, since there are 65536 bytes at most',
    op: 'malloc',
  },
  {
    law: 'impossible-request-is-refused',
    when: 'count times size wraps at 2^64',
    program: 'b0 = calloc 9223372036854775808 4',
    breaks: (toy) => ({ calloc: () => toy.malloc(16) }),
    observed: 'calloc(9223372036854775808, 4), 36893488147419103232 bytes, returned 0x0000_1000',
    expected: 'null, since there are 65536 bytes at most',
    op: 'calloc',
  },
  {
    law: 'impossible-request-is-refused',
    when: 'a size of 2^64-1 wraps, where no bounds are known',
    program: 'b0 = malloc 18446744073709551615',
    breaks: () => ({ malloc: () => 0x1000, bounds: undefined }),
    observed: 'malloc(18446744073709551615), 18446744073709551615 bytes, returned 0x0000_1000',
    expected: 'null, since there are 281474976710656 bytes at most',
    op: 'malloc',
  },
];

const survive = (
  [
    ['at its head', 'b0 = malloc 40; b1 = malloc 5', 0x1000, 0],
    ['in its middle', 'b0 = malloc 40; b1 = malloc 5', 0x1000 + 19, 16],
    ['at the end of its usable bytes', 'b0 = malloc 40; b1 = malloc 5', 0x1000 + 47, 40],
    ['at the head of a long block', 'b0 = malloc 4000; b1 = malloc 5', 0x1000, 0],
    ['at the end of a long block', 'b0 = malloc 4000; b1 = malloc 5', 0x1000 + 3999, 3992],
  ] as const
).map(([place, program, address, offset]): Break => ({
  law: 'contents-survive',
  when: `a byte changes ${place}`,
  program,
  breaks: writes(address),
  observed: `b0 has changed at offset ${offset}`,
  expected: AS_WRITTEN,
  step: 2,
  op: 'end',
}));

const contents: readonly Break[] = [
  ...survive,
  {
    law: 'contents-survive',
    when: 'a byte changes past the last whole word',
    program: 'b0 = malloc 21; b1 = malloc 5; free b0',
    breaks: (toy) => ({ ...writes(0x1000 + 20)(toy), usableSize: undefined }),
    observed: 'b0 has changed at offset 20',
    expected: AS_WRITTEN,
    op: 'free',
  },
  {
    law: 'contents-survive',
    when: 'the block is about to be reallocated',
    program: 'b0 = malloc 24; b1 = malloc 5; b0 = realloc b0 40',
    breaks: writes(0x1008),
    observed: 'b0 has changed at offset 8',
    expected: AS_WRITTEN,
    op: 'realloc',
  },
  {
    law: 'contents-survive',
    when: 'a realloc that is refused scribbles over the block',
    program: 'b0 = malloc 24; b0 = realloc b0 100000',
    breaks: (toy) => ({
      realloc() {
        toy.memory!.storeByte(0x1000, 0);
        return null;
      },
    }),
    observed: 'b0 has changed at offset 0',
    expected: AS_WRITTEN,
    op: 'realloc',
  },
  {
    law: 'guards-stay-untouched',
    when: 'a byte in front of the heap changes',
    program: 'b0 = malloc 40; b1 = malloc 5',
    breaks: writes(0x0fc9),
    observed: 'the bytes at 0x0000_0fc8 have changed',
    expected: '[0x0000_0fc0, 0x0000_1000) as it was, since it belongs to somebody else',
    step: 2,
    op: 'end',
  },
  {
    law: 'realloc-keeps-prefix',
    when: 'nothing is copied on growth',
    program: 'b0 = malloc 24; b1 = realloc b0 40',
    breaks: (toy) => ({ realloc: (_, size) => toy.malloc(size) }),
    observed: 'realloc(b0, 40) lost the byte at offset 0',
    expected: 'the first 24 bytes as they were',
    op: 'realloc',
  },
  {
    law: 'realloc-keeps-prefix',
    when: 'the last byte is lost on shrinking',
    program: 'b0 = malloc 24; b0 = realloc b0 13',
    breaks: (toy) => ({
      realloc(address, size) {
        const target = toy.realloc(address, size)!;
        toy.memory!.storeByte(target + 12, toy.memory!.loadByte(target + 12) ^ 1);
        return target;
      },
    }),
    observed: 'realloc(b0, 13) lost the byte at offset 12',
    expected: 'the first 13 bytes as they were',
    op: 'realloc',
  },
  {
    law: 'calloc-zeroes',
    when: 'memory that was used before stays dirty',
    program: 'b0 = malloc 24; free b0; b0 = calloc 3 8',
    breaks: (toy) => ({ calloc: (count, size) => toy.malloc(Number(count) * Number(size)) }),
    observed: 'calloc(3, 8) is not zero at offset 0',
    expected: 'zero bytes only',
    op: 'calloc',
  },
  {
    law: 'calloc-zeroes',
    when: 'the last byte stays dirty',
    program: 'b0 = calloc 13 1',
    breaks: (toy) => ({
      calloc(count, size) {
        const address = toy.calloc(count, size)!;
        toy.memory!.storeByte(address + 12, 1);
        return address;
      },
    }),
    observed: 'calloc(13, 1) is not zero at offset 12',
    expected: 'zero bytes only',
    op: 'calloc',
  },
];

const system: readonly Break[] = [
  {
    law: 'free-null-does-nothing',
    when: 'it gives memory back',
    program: 'free null',
    breaks: () => {
      let size = 8192;
      return {
        free: () => {
          size = 4096;
        },
        footprint: () => size,
      };
    },
    observed: 'free(null) changed the footprint to 4096 bytes',
    expected: '8192 bytes as before',
    op: 'free',
  },
  {
    law: 'failed-request-changes-nothing',
    when: 'a refused malloc grows the heap',
    program: 'b0 = malloc 100000',
    breaks: growsOn('malloc'),
    observed: 'malloc(100000) was refused, but the footprint went to 4096 bytes',
    expected: '0 bytes as before',
    op: 'malloc',
  },
  {
    law: 'failed-request-changes-nothing',
    when: 'a refused realloc grows the heap',
    program: 'b0 = malloc 24; b0 = realloc b0 100000',
    breaks: growsOn('realloc'),
    observed: 'realloc(b0, 100000) was refused, but the footprint went to 4096 bytes',
    expected: '0 bytes as before',
    op: 'realloc',
  },
  {
    law: 'big-blocks-go-back',
    when: 'the footprint stays',
    program: 'b0 = malloc 5000; free b0',
    breaks: () => ({ footprint: () => 8192 }),
    observed: 'freeing b0 took the footprint from 8192 to 8192 bytes',
    expected: 'at least 5000 bytes less',
    op: 'free',
  },
  {
    law: 'freed-space-returns',
    when: 'what was freed is gone',
    program: 'b0 = malloc 24; free b0',
    breaks: (toy) => ({ malloc: (size) => (size === 1024 ? null : toy.malloc(size)) }),
    observed: 'with nothing live, malloc(1024) was refused',
    expected: 'a block made of what was freed',
    op: 'end',
    step: 2,
  },
  {
    law: 'freed-space-returns',
    when: 'the heap grows instead',
    program: 'b0 = malloc 24; free b0',
    breaks: (toy) => {
      let size = 4096;
      const malloc: typeof toy.malloc = (wanted) => {
        if (wanted === 1024) size += 4096;
        return toy.malloc(wanted);
      };
      return { malloc, footprint: () => size };
    },
    observed: 'with nothing live, malloc(1024) took 4096 more bytes from the system',
    expected: 'a block made of what was freed',
    op: 'end',
    step: 2,
  },
];

const frees: readonly Break[] = [
  {
    law: 'free-accepts-its-blocks',
    when: 'a live block is refused',
    program: 'b0 = malloc 24; free b0',
    breaks: () => ({ free: () => false }),
    observed: 'free(b0) was refused',
    expected: 'a live block to be taken back',
    op: 'free',
  },
];

const BREAKS: readonly Break[] = [
  ...ANSWER_BREAKS,
  ...sizes,
  ...contents,
  ...system,
  ...frees,
  ...MISUSE_BREAKS,
];

/** A toy with a fixed footprint, which grows when this call is refused. */
function growsOn(call: 'malloc' | 'realloc'): Override {
  return () => {
    let size = 0;
    const refuse = (): null => {
      size += 4096;
      return null;
    };
    return { [call]: refuse, footprint: () => size };
  };
}

describe.each(BREAKS)('$law: $when', ({ law, program, breaks, observed, expected, step, op }) => {
  test('is found', () => {
    const finding = new Runner(toyTarget(breaks)).run(ops(program));
    const at = step ?? ops(program).length - 1;
    const { crash: _, ...told } = finding!;
    expect(told).toEqual({ law, target: 'toy', observed, expected, step: at, op });
  });

  test('does not happen on a correct toy, which is asked', () => {
    const runner = new Runner(toyTarget());
    expect(runner.run(ops(program))).toBeUndefined();
    // A law about answers is asked of granted requests; where this program gets none, one more is needed.
    runner.run(ops('b0 = malloc 0; b1 = malloc 5000; b2 = malloc 99999; free null; free b1'));
    expect(runner.asked.get(law)).toBeGreaterThan(0);
  });
});

describe('laws that compare or time whole runs', () => {
  const op = ops('b0 = malloc 24')[0]!;

  test.each([
    [0x2000, 0x1000, '0x0000_2000', '0x0000_1000, as the first time'],
    [null, 0x1000, 'null', '0x0000_1000, as the first time'],
    [0x1000, null, '0x0000_1000', 'null, as the first time'],
  ])('same-program-same-addresses: %j after %j is found', (second, first, answer, expected) => {
    const observed = `the second time, malloc(24) returned ${answer}`;
    const { check } = LAW.sameProgramSameAddresses;
    expect(check(op, second, first)).toEqual({ observed, expected });
    expect(check(op, first, first)).toBeUndefined();
  });

  test('answers-in-time: a run that timed out is found', () => {
    const { check } = LAW.answersInTime;
    expect(check(500, 'timed out')).toEqual({
      observed: 'no answer within 500 ms',
      expected: 'an answer',
    });
    expect(check(500, 'answered')).toBeUndefined();
  });
});

describe('the table of laws', () => {
  const elsewhere = [
    'realloc-zero-keeps-promise',
    'churn-is-bounded',
    'refused-memory-is-survived',
    'largest-fits',
    'same-program-same-addresses',
    'answers-in-time',
  ];

  test('has no law that no toy breaks', () => {
    const broken = new Set([...BREAKS.map(({ law }) => law), ...elsewhere]);
    expect([...broken].toSorted()).toEqual(LAWS.map(({ name }) => name).toSorted());
  });

  test('numbers its laws from 0', () => {
    expect(LAWS.map(({ index }) => index)).toEqual([...LAWS.keys()]);
  });

  test('shares no name with the invariants of the heap', () => {
    const names = [...LAWS, ...HEAP_INVARIANTS].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each([...LAWS, ...HEAP_INVARIANTS])(
    'says $name in one sentence, with ids and source',
    (rule) => {
      expect(rule.name).toMatch(/^[a-z]+(-[a-z]+)+$/);
      expect(rule.says).toMatch(/^[A-Z].*\.$/);
      expect(rule.rows).toMatch(/^[A-Z]\d+( [A-Z]\d+)*$/);
      expect(rule.source.length).toBeGreaterThan(10);
    },
  );
});
