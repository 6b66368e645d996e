import { describe, expect, test } from 'vitest';
import { explainCompiler } from './compile.ts';
import { parseConfig } from './lab-handout.ts';
import { scoreOf } from './lab-score.ts';
import { parseLabSpec, printLabSpec } from './lab-spec.ts';
import { labCsv, type LabRow, labTable } from './lab-table.ts';

const WEIGHTS = { utilizationWeight: 0.6, throughputFull: 600e3 };

describe('the score of the course', () => {
  test.each([
    // Half of the heap is used, at full speed: 60 * 0.5 + 40.
    [[{ opsCount: 1200, peakBytes: 50, heapBytes: 100, seconds: 0.001 }], 0.5, 1_200_000, 70],
    // Means of 1 and 0.5; 400 ops in 2 ms are a third of what counts in full: 60 * 0.75 + 40 / 3.
    [
      [
        { opsCount: 100, peakBytes: 80, heapBytes: 80, seconds: 0.0015 },
        { opsCount: 300, peakBytes: 10, heapBytes: 20, seconds: 0.0005 },
      ],
      0.75,
      200_000,
      45 + 40 / 3,
    ],
  ])('of %j', (traces, utilization, throughput, points) => {
    const score = scoreOf(traces, WEIGHTS);
    expect(score.utilization).toBeCloseTo(utilization, 12);
    expect(score.throughput).toBeCloseTo(throughput, 3);
    expect(score.points).toBeCloseTo(points, 9);
  });
});

describe("a handout's config.h", () => {
  test('is read for what it says, as the course writes it', () => {
    const text = `
#define AVG_LIBC_THRUPUT      600E3  /* 600 Kops/sec */
#define UTIL_WEIGHT .60
#  define ALIGNMENT 16
#define MAX_HEAP (20*(1<<20))  /* 20 MB */`;
    expect(parseConfig(text)).toEqual({
      alignment: 16,
      heapMax: 20_971_520,
      utilizationWeight: 0.6,
      throughputFull: 600_000,
    });
  });

  test('that says nothing, or what cannot be read, leaves the values of the course', () => {
    expect(parseConfig('#define MAX_HEAP HEAP_OF_OURS\n#define ALIGNMENT (2 * 4)')).toEqual({
      alignment: 8,
      heapMax: 20_971_520,
      utilizationWeight: 0.6,
      throughputFull: 600_000,
    });
  });
});

// The first lines of what gcc 12 and its linker say.
test.each([
  [
    "In file included from /h/mm.c:3:\n/h/mm.c:12:5: error: expected ';' before 'return'\n/h/mm.c:9:1: error: more",
    true,
    "it does not compile, h/mm.c:12: expected ';' before 'return'; mend it, or pass other --cflags.",
  ],
  [
    '/h/mm.c:1:10: fatal error: mm.h: No such file or directory',
    false,
    'it does not compile, h/mm.c:1: mm.h: No such file or directory; mend it, or pass other --cflags.',
  ],
  [
    '/usr/include/stdint.h:26:10: fatal error: bits/libc-header-start.h: No such file or directory',
    true,
    "it is built with -m32, and cc has no 32-bit toolchain; apt-get install gcc-multilib, or pass --cflags='-O2'.",
  ],
  [
    '/usr/bin/ld: cannot find Scrt1.o: No such file or directory',
    true,
    "it is built with -m32, and cc has no 32-bit toolchain; apt-get install gcc-multilib, or pass --cflags='-O2'.",
  ],
  [
    "/usr/bin/ld: /tmp/cc1.o: in function `perform':\nhost.c:(.text+0x1): undefined reference to `mm_realloc'",
    false,
    'it does not link, there is no mm_realloc; add it, or name the files with --mm and --memlib.',
  ],
  [
    "cc: error: unrecognized command-line option '-fno'\n",
    false,
    "cc fails: cc: error: unrecognized command-line option '-fno'; mend it, or pass other --cflags.",
  ],
])('what the compiler says comes to a sentence: %j', (stderr, isNarrow, sentence) => {
  expect(explainCompiler(stderr, { isNarrow, cwd: '/' })).toBe(sentence);
});

test('a handout is named with the options that it is built with, and found by that name', () => {
  const options = { cflags: '-O0 -m32', sanitize: 'address,undefined' };
  const spec = printLabSpec('a/b', options);
  expect(spec).toBe('a/b?cflags=-O0+-m32&sanitize=address%2Cundefined');
  expect(parseLabSpec(spec)).toEqual({ folder: 'a/b', options });
  expect(printLabSpec('a/b', {})).toBe('a/b');
  expect(() => parseLabSpec('a?color=red')).toThrow(/^target: a has no option 'color'; pass some/);
});

const ROWS: readonly LabRow[] = [
  {
    folder: 'ann',
    verdict: 'clean',
    scored: { score: { utilization: 0.5, throughput: 2_100_000, points: 70 } },
  },
  {
    folder: 'bob, jr',
    verdict: 'calls-return',
    opsCount: 3,
    file: 'f.ops',
    detail: 'says "no"',
    scored: { problem: 'short.rep: died of SIGSEGV' },
  },
  { folder: 'eve', verdict: 'not built', detail: 'no mm.c' },
];

test('the table has a line a handout', () => {
  expect(labTable(ROWS)).toEqual([
    'handout  verdict       ops    util  ops/s  points  replay',
    'ann      clean              50.0 %   2.1M    70.0',
    'bob, jr  calls-return    3       -      -       -  f.ops',
    'eve      not built               -      -       -',
  ]);
});

test('the CSV has a record a handout, with quotes where the form asks for them', () => {
  expect(labCsv(ROWS)).toBe(
    [
      'folder,verdict,ops,file,utilization,throughput,points,detail',
      'ann,clean,,,0.5,2100000,70,',
      '"bob, jr",calls-return,3,f.ops,,,,"says ""no"""',
      'eve,not built,,,,,,no mm.c',
      '',
    ].join('\r\n'),
  );
});
