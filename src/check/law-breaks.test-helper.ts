/** Programs that break a law about an answer, each with the toy that does; the other laws are in `law.test.ts`. */
import type { Finding } from './finding.ts';
import { type Override, type Overrides, ops, TOY_END, untyped } from './toy-target.test-helper.ts';

/** A program, the toy that breaks a law on it, and what is said; on the correct toy the law is asked and holds. */
export interface Break {
  readonly law: string;
  readonly when: string;
  readonly program: string;
  readonly breaks: Override;
  readonly observed: string;
  readonly expected: string;
  /** Default: the last op of the program. */
  readonly step?: number;
  readonly op: Finding['op'];
}

const ADDRESS = 'null, or a whole number below 0x0001_0000_0000_0000';
const APART = 'a range that no live block uses';
const INSIDE = 'a range inside [0x0000_1000, 0x0001_1000)';

/** A `malloc` that answers these in turn, whatever is asked, and the last one ever after. */
function mallocs(...list: readonly unknown[]): Overrides {
  const rest = [...list];
  return { malloc: () => untyped(rest.length > 1 ? rest.shift() : rest[0]) };
}

/** A toy whose `malloc` answers this. */
export function answers(answer: unknown): Override {
  return () => mallocs(answer);
}

const garbage = [NaN, -1, 1.5, 2 ** 48, Infinity, undefined, '4096', true].map((answer): Break => ({
  law: 'calls-return',
  when: `malloc answers ${String(answer)}`,
  program: 'b0 = malloc 24',
  breaks: answers(answer),
  observed: `malloc(24) returned ${String(answer)}`,
  expected: ADDRESS,
  op: 'malloc',
}));

const lostRealloc: Break = {
  law: 'calls-return',
  when: 'realloc answers nothing',
  program: 'b0 = malloc 24; b0 = realloc b0 40',
  breaks: () => ({ realloc: () => untyped(undefined) }),
  observed: 'realloc(b0, 40) returned undefined',
  expected: ADDRESS,
  op: 'realloc',
};

const crashes = (
  [
    ['malloc', 'b0 = malloc 24', 'malloc(24)'],
    ['calloc', 'b0 = calloc 3 8', 'calloc(3, 8)'],
    ['aligned', 'b0 = aligned 64 8', 'aligned(64, 8)'],
    ['realloc', 'b0 = realloc null 8', 'realloc(null, 8)'],
    ['realloc', 'b0 = malloc 24; b1 = realloc b0 8', 'realloc(b0, 8)'],
    ['free', 'free null', 'free(null)'],
    ['free', 'b0 = malloc 24; free b0', 'free(b0)'],
    ['free', 'b0 = malloc 24; free-inside b0 8', 'free(b0 + 8)'],
  ] as const
).map(([call, program, said]): Break => ({
  law: 'calls-return',
  when: `${said} throws`,
  program,
  breaks: () => ({
    [call]() {
      throw new TypeError('no such block\nsecond line');
    },
  }),
  observed: `${said} threw TypeError: no such block`,
  expected: 'an answer',
  op: ops(program).at(-1)!.kind,
}));

const grows: readonly Break[] = [
  {
    law: 'usable-size-grows',
    when: 'a smaller request has more',
    program: 'b0 = malloc 24; b1 = malloc 20',
    breaks: (toy) => ({
      usableSize: (address) => toy.usableSize(address) - (address === 0x1000 ? 8 : 0),
    }),
    observed: 'malloc(20) has 32 usable bytes, and b0, of 24, has 24',
    expected: 'no fewer for 24 bytes than for 20',
    op: 'malloc',
  },
  {
    law: 'usable-size-grows',
    when: 'a block that shrinks keeps what it had',
    program: 'b0 = malloc 24; b1 = malloc 20; b0 = realloc b0 17',
    breaks: (toy) => ({
      usableSize: (address) => toy.usableSize(address) - (address === 0x1020 ? 8 : 0),
    }),
    observed: 'realloc(b0, 17) has 32 usable bytes, and b1, of 20, has 24',
    expected: 'no fewer for 20 bytes than for 17',
    op: 'realloc',
  },
];

const aligns: readonly Break[] = [
  {
    law: 'realloc-keeps-alignment',
    when: 'the new block has the alignment of any other',
    program: 'b0 = aligned 256 8; b1 = malloc 8; b0 = realloc b0 40',
    breaks: (toy) => ({
      realloc(address, size) {
        toy.free(address);
        return toy.malloc(size);
      },
    }),
    observed: 'realloc(b0, 40) returned 0x0000_1020, which is 32 past a multiple of 256',
    expected: 'a multiple of 256',
    op: 'realloc',
  },
  {
    law: 'malloc-aligns',
    when: 'malloc is one past',
    program: 'b0 = malloc 24',
    breaks: (toy) => ({ malloc: (size) => toy.malloc(size)! + 1 }),
    observed: 'malloc(24) returned 0x0000_1001, which is 1 past a multiple of 16',
    expected: 'a multiple of 16',
    op: 'malloc',
  },
  {
    law: 'malloc-aligns',
    when: 'aligned keeps the usual alignment only',
    program: 'b0 = malloc 24; b1 = aligned 64 24',
    breaks: (toy) => ({ aligned: (_, size) => toy.malloc(size) }),
    observed: 'aligned(64, 24) returned 0x0000_1020, which is 32 past a multiple of 64',
    expected: 'a multiple of 64',
    op: 'aligned',
  },
  {
    law: 'malloc-aligns',
    when: 'realloc is 8 past',
    program: 'b0 = malloc 24; b0 = realloc b0 40',
    breaks: (toy) => ({ realloc: (address, size) => toy.realloc(address, size)! + 8 }),
    observed: 'realloc(b0, 40) returned 0x0000_1028, which is 8 past a multiple of 16',
    expected: 'a multiple of 16',
    op: 'realloc',
  },
];

const ranges: readonly Break[] = [
  {
    law: 'blocks-stay-inside',
    when: 'a block starts below the bounds',
    program: 'b0 = malloc 24',
    breaks: answers(0xff0),
    observed: 'malloc(24) returned [0x0000_0ff0, 0x0000_1008)',
    expected: INSIDE,
    op: 'malloc',
  },
  {
    law: 'blocks-stay-inside',
    when: 'a block ends past the bounds',
    program: 'b0 = malloc 24',
    breaks: answers(TOY_END - 16),
    observed: 'malloc(24) returned [0x0001_0ff0, 0x0001_1008)',
    expected: INSIDE,
    op: 'malloc',
  },
  {
    law: 'blocks-stay-inside',
    when: 'a block of 0 bytes lies past the bounds',
    program: 'b0 = malloc 0',
    breaks: answers(TOY_END + 16),
    observed: 'malloc(0) returned [0x0001_1010, 0x0001_1011)',
    expected: INSIDE,
    op: 'malloc',
  },
  {
    law: 'blocks-stay-inside',
    when: 'usable bytes reach past the bounds',
    program: 'b0 = malloc 24',
    breaks: () => ({ malloc: () => TOY_END - 32, usableSize: () => 40 }),
    observed: 'malloc(24) returned [0x0001_0fe0, 0x0001_1008)',
    expected: INSIDE,
    op: 'malloc',
  },
  {
    law: 'blocks-stay-apart',
    when: 'two blocks are one',
    program: 'b0 = malloc 24; b1 = malloc 8',
    breaks: () => ({ malloc: () => 0x2000, usableSize: undefined }),
    observed:
      'malloc(8) returned [0x0000_2000, 0x0000_2008), which overlaps b0 [0x0000_2000, 0x0000_2018)',
    expected: APART,
    op: 'malloc',
  },
  {
    law: 'blocks-stay-apart',
    when: 'two empty blocks have one address',
    program: 'b0 = malloc 0; b1 = malloc 0',
    breaks: answers(0x2000),
    observed:
      'malloc(0) returned [0x0000_2000, 0x0000_2001), which overlaps b0 [0x0000_2000, 0x0000_2001)',
    expected: APART,
    op: 'malloc',
  },
  {
    law: 'blocks-stay-apart',
    when: 'a block encloses two others',
    program: 'b0 = malloc 8; b1 = malloc 8; b2 = malloc 200',
    breaks: () => ({ ...mallocs(0x2040, 0x2080, 0x2000), usableSize: undefined }),
    observed:
      'malloc(200) returned [0x0000_2000, 0x0000_20c8), which overlaps b0 [0x0000_2040, 0x0000_2048)',
    expected: APART,
    op: 'malloc',
  },
  {
    law: 'blocks-stay-apart',
    when: 'usable bytes reach into a neighbour',
    program: 'b0 = malloc 24; b1 = malloc 24',
    breaks: () => ({ ...mallocs(0x2020, 0x2000), usableSize: () => 40 }),
    observed:
      'malloc(24) returned [0x0000_2000, 0x0000_2028), which overlaps b0 [0x0000_2020, 0x0000_2048)',
    expected: APART,
    op: 'malloc',
  },
  {
    law: 'blocks-stay-apart',
    when: 'blocks without alignment share one byte',
    program: 'b0 = malloc 3; b1 = malloc 3',
    breaks: () => ({
      ...mallocs(0x2001, 0x2003),
      promises: {},
      usableSize: undefined,
    }),
    observed:
      'malloc(3) returned [0x0000_2003, 0x0000_2006), which overlaps b0 [0x0000_2001, 0x0000_2004)',
    expected: APART,
    op: 'malloc',
  },
  {
    law: 'blocks-stay-apart',
    when: 'huge blocks overlap, in an address space of 2^48 bytes',
    program: 'b0 = malloc 1099511627776; b1 = malloc 1099511627776',
    breaks: () => ({
      ...mallocs(2 ** 41, 2 ** 40 + 16),
      bounds: undefined,
      memory: undefined,
      usableSize: undefined,
    }),
    observed:
      'malloc(1099511627776) returned [0x0100_0000_0010, 0x0200_0000_0010), which overlaps b0 [0x0200_0000_0000, 0x0300_0000_0000)',
    expected: APART,
    op: 'malloc',
  },
  {
    law: 'blocks-stay-apart',
    when: 'realloc answers with another block',
    program: 'b0 = malloc 24; b1 = malloc 24; b0 = realloc b0 8',
    breaks: () => ({ realloc: () => 0x1020, usableSize: undefined }),
    observed:
      'realloc(b0, 8) returned [0x0000_1020, 0x0000_1028), which overlaps b1 [0x0000_1020, 0x0000_1038)',
    expected: APART,
    op: 'realloc',
  },
];

export const ANSWER_BREAKS: readonly Break[] = [
  ...garbage,
  lostRealloc,
  ...crashes,
  ...grows,
  ...aligns,
  ...ranges,
];
