import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lesson } from '../../src/targets/lesson.ts';
import type { MeteredRun } from '../../src/targets/metered-run.ts';
import type { MeteredThreads } from '../../src/targets/metered-threads.ts';
import { TestFolder } from '../test-folder.test-helper.ts';

const folder = new TestFolder();

beforeAll(() => {
  folder.write('two-pages.ops', 'heapcheck program 1\nb0 = malloc 8184\nfree b0\n');
  folder.write('many.ops', `heapcheck program 1\n${manyOps().join('\n')}\n`);
  folder.write('small.rep', '0\n3\n6\n56\na 0 24\na 1 8\nr 0 40\na 2 8\nf 1\nf 0\n');
  folder.write('huge.ops', 'heapcheck program 1\nb0 = malloc 24\nb1 = malloc 3000000000\n');
});
afterAll(() => {
  folder.remove();
});

/** Blocks on more pages than a small TLB has entries for, and a few frees. */
function manyOps(): readonly string[] {
  return Array.from({ length: 60 }, (_, slot) =>
    slot % 7 === 6 ? `free b${slot - 3}` : `b${slot} = malloc ${slot * 90}`,
  );
}

/** What the command says of a file as JSON. */
interface CostDocument {
  readonly columns: readonly (MeteredRun & { readonly settings: string })[];
}

async function documentOf(call: string): Promise<CostDocument> {
  const { stdout } = await folder.call([...call.split(' '), '--json']);
  return JSON.parse(stdout) as CostDocument;
}

describe('cost of a file', () => {
  // Source: by hand; the program is taken apart in metered-run.test.ts.
  test('is a table of what was counted, and of what that cost', async () => {
    const { code, stdout } = await folder.call(
      'cost two-pages.ops --touch --with heap=lecture-note'.split(' '),
    );
    expect(stdout).toBe(`\
two-pages.ops on the reference heap over the pages of a machine, each byte that it grants written once

                              heap=lecture-note
program       ops                             2
data          reads                           1
              writes                      1,024
translation   reads, level 0                  4
              reads, level 1                  3
              reads, level 2                  3
              reads, level 3                  3
              reads in all                   13
              writes                          5
TLB           hits                        1,023
              misses                          4
              evictions                       0
              flushes                         2
faults        not mapped                      2
system calls  mmap                            1
              munmap                          1
at peak       frames                          6
              bytes mapped                8,192
              pages mapped                    2
heap          list steps                      0
              splits                          0
              merges                          0
cost          accesses            41.0 %  1,043
              faults              39.3 %  1,000
              calls               19.7 %    500
              total                       2,543

cost: an access counts 1, a fault 500, a system call 250
`);
    expect(code).toBe(0);
  });

  test('is the same each time, and for a trace as well', async () => {
    const argv = 'cost small.rep --with default --with placement=random,seed=5'.split(' ');
    const [a, b] = [await folder.call(argv), await folder.call(argv)];
    expect(a.stdout).toBe(b.stdout);
    expect(a.stdout).toMatch(/^program +ops +6 +6 +=$/m);
    expect(a.code).toBe(0);
  });

  test('compares two configurations in a third column', async () => {
    const argv = 'cost many.ops --with default --with sets=1,ways=2,policy=fifo'.split(' ');
    const { stdout } = await folder.call(argv);
    expect(stdout).toMatch(/\n +default +sets=1 +ratio\n +ways=2\n +policy=fifo\nprogram/);
    expect(stdout).toMatch(/^data +reads +(\S+) +\1 +=$/m);
    expect(stdout).toMatch(/^ +misses +\d+ +\d+ +× \d+\.\d\d$/m);
    expect(stdout).toMatch(/^ +evictions +0 +(\d+) +\+ \1$/m);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('shows a dash where a machine has fewer levels, and how much less is less', async () => {
    const argv = 'cost many.ops --with ways=0 --with preset=x86-32,sets=4096'.split(' ');
    const { stdout } = await folder.call(argv);
    expect(stdout).toMatch(/^ +reads, level 2 +\d+ +-$/m);
    expect(stdout).toMatch(/^ +misses +\S+ +\d+ +× 0\.\d+$/m);
    const more = 'cost many.ops --touch --with sets=4096 --with ways=0'.split(' ');
    expect((await folder.call(more)).stdout).toMatch(/^ +misses +\d+ +\S+ +× \d{3,}$/m);
  });

  test('takes each setting', async () => {
    const settings = [
      'preset=toy,heap=lecture-note',
      'growth=brk,preset=x86-32',
      'threshold=100,ids=on',
      'frames=on-map',
      'heap=lecture-note,placement=gaps',
    ];
    const { columns } = await documentOf(
      `cost many.ops ${settings.map((text) => `--with ${text}`).join(' ')}`,
    );
    const [toy, brk, threshold, mapped, note] = columns;
    expect(columns.map((column) => column.settings)).toEqual(settings);
    expect([toy?.pageSize, toy?.meter.translationReads.length]).toEqual([64, 2]);
    expect(toy?.counts.refused).toBeGreaterThan(0);
    expect(brk?.systemCalls.brk).toBeGreaterThan(0);
    expect(threshold?.heap.bigMallocs).toBeGreaterThan(40);
    expect(mapped?.meter.faults['not-mapped']).toBe(0);
    expect(note?.systemCalls.mmap).toBeGreaterThan(brk!.systemCalls.brk);
  });

  test('takes settings in any order', async () => {
    const [first, last] = ['heap=lecture-note', 'preset=x86-32,threshold=3000,growth=brk'];
    const call = `cost many.ops --with ${first},${last} --with ${last},${first}`;
    const [a, b] = (await documentOf(call)).columns;
    expect({ ...a, settings: '' }).toEqual({ ...b, settings: '' });
    expect([a?.meter.translationReads.length, a?.systemCalls.mmap]).toEqual([
      2,
      a?.heap.bigMallocs,
    ]);
    expect(a?.heap.bigMallocs).toBeGreaterThan(0);
  });

  test('has room for what a real program asks, and less if it is told so', async () => {
    folder.write('large.ops', 'heapcheck program 1\nb0 = malloc 200000000\n');
    const { columns } = await documentOf(
      'cost large.ops --with frames=on-map --with frames=on-map,memory=100000000',
    );
    expect(columns.map(({ counts }) => counts.refused)).toEqual([0, 1]);
  });

  test('draws what is random from the seed', async () => {
    const seeds = ['1', '2', '1'].map((seed) => `--with sets=1,policy=random,seed=${seed}`);
    const { columns } = await documentOf(`cost many.ops --touch ${seeds.join(' ')}`);
    const [a, b, again] = columns.map(({ meter }) => meter.tlbMisses);
    expect(a).not.toBe(b);
    expect(again).toBe(a);
  });

  test('says at which op a machine without frames ended the program', async () => {
    const { code, stdout } = await folder.call(
      'cost huge.ops --touch --with preset=toy --with memory=65536'.split(' '),
    );
    expect(stdout).toMatch(/^ +refused +1 +0/m);
    expect(stdout).toMatch(
      /\nmemory=65536: the machine ended the program at op 1, b1 = malloc 3000000000: store to \S+: no frame is left for its page\. Counted is what happened until then; --with memory=BYTES sets how much there is\.\n$/,
    );
    expect(code).toBe(0);
  });

  test('says nothing with --quiet', async () => {
    const { code, stdout, stderr } = await folder.call(['cost', 'many.ops', '--quiet']);
    expect([code, stdout, stderr]).toEqual([0, '', '']);
  });
});

describe('cost of a program of pages', () => {
  // Source: by hand; the program is taken apart in metered-pages.test.ts.
  test('is what it made a machine alone do', async () => {
    folder.write('pages.ops', 'heapcheck program 1\na0 = map 8192\ntouch a0 0 8192\nload a1 0 8\n');
    const { code, stdout } = await folder.call('cost pages.ops --with default'.split(' '));
    expect(stdout).toMatch(/^pages\.ops on a machine with one address space\n/);
    expect(stdout).toMatch(/^program +ops +3\n +skipped +1$/m);
    expect(stdout).toMatch(/^ +reads in all +13$/m);
    expect(stdout).toMatch(/^faults +not mapped +2$/m);
    expect(stdout).toMatch(/^at peak +frames +6$/m);
    expect(code).toBe(0);
  });
});

describe('cost of a program of threads', () => {
  const PING = 'heapcheck program 1\nt1 = spawn process\ncompute 25\nt1: compute 15\n';
  const TICKS = 'quantum=10,call=5,interrupt=3,switch=7';

  // Source: by hand; the program is taken apart in metered-threads.test.ts.
  test('shows switches, registers, refills and ticks, and what differs if all are threads', async () => {
    folder.write('ping.ops', PING);
    const argv = `cost ping.ops --compare --with ${TICKS}`.split(' ');
    const { code, stdout } = await folder.call(argv);
    expect(stdout).toMatch(`ping.ops on a kernel with one core, ${TICKS}\n\n`);
    const from = stdout.indexOf('switches');
    const to = stdout.indexOf('\ncost: ');
    expect(stdout.slice(from, to)).toBe(`\
switches      preemption                    3             3             3
              exit                          1             1             1
              in all                        4             4             4
              roots set                     5             5             1
              timer strikes                 3             3             3
registers     data reads                   80            80            80
              data writes                  48            48            48
              translation reads            28            16            16
              TLB misses                    5             2             2
TLB refills   entries                       3             0             0
              reads               11.1 %   12     0.0 %   0     0.0 %   0
ticks         user                 48.8 %  40    48.8 %  40    48.8 %  40
              kernel               17.1 %  14    17.1 %  14    17.1 %  14
              switching            34.1 %  28    34.1 %  28    34.1 %  28
              idle                  0.0 %   0     0.0 %   0     0.0 %   0
              lost                 51.2 %  42    51.2 %  42    51.2 %  42
              in all                       82            82            82
`);
    expect(code).toBe(0);
  });

  test('is the same each time, and one document with --json', async () => {
    folder.write('ping.ops', PING);
    const argv = `cost ping.ops --compare --json --with ${TICKS},policy=fifo,policy=fcfs`.split(
      ' ',
    );
    const [a, b] = [await folder.call(argv), await folder.call(argv)];
    expect(a.stdout).toBe(b.stdout);
    const { columns } = JSON.parse(a.stdout) as { columns: readonly MeteredThreads[] };
    expect(columns.map(({ ticks }) => ticks.clock)).toEqual([52, 52, 52]);
    expect(columns.map(({ rootsSet }) => rootsSet)).toEqual([2, 2, 1]);
  });

  test('compares without settings, and runs blocks and pages in one program on a kernel', async () => {
    folder.write('both.ops', 'heapcheck program 1\nb0 = malloc 24\nstore b0 0 8\n');
    const { stdout } = await folder.call('cost both.ops --compare'.split(' '));
    expect(stdout).toMatch(
      /^both\.ops on a kernel with one core\n\n +processes +processes +threads\n +ids\n/,
    );
    expect(stdout).toMatch(/^program +ops +2 +2 +2$/m);
    expect(stdout).not.toMatch(/skipped|not performed/);
  });

  test('says which threads wait for ever', async () => {
    folder.write('stuck.ops', 'heapcheck program 1\ns0 = semaphore 0\ndown s0\n');
    const { code, stdout } = await folder.call(['cost', 'stuck.ops']);
    expect(stdout).toMatch(/^ +waiting for ever +1$/m);
    expect(stdout).toMatch(/\ndefault: threads wait for ever: t0 waits for s0\n$/);
    expect(code).toBe(0);
  });
});

describe('cost alone', () => {
  test("shows the lecture note's claims as numbers, and as one document", async () => {
    const { code, stderr, stdout } = await folder.call(['cost', '--json']);
    const rows = ['R10', 'R11', 'R13 R14', 'R19', 'R20', 'R28', 'R30', 'R49'];
    expect(stderr.match(/^R\d\d( R\d\d)?/gm)).toEqual(rows);
    expect(stderr).toMatch(/^ +a new page, 4 levels +5 +5$/m);
    expect(stderr).toMatch(/^ +2048 ints in order on 2 pages, no TLB +10,240 +10,240$/m);
    expect(stderr).toMatch(/^ +pages +ids +extra reads +expected +extra reads of second touch$/m);
    expect(stderr).toMatch(/^ +1,024 +processes, ids +614,400 +614,400 +101 +0$/m);
    expect(stderr).toMatch(/^ +49 +500 +50,529 +0\.99$/m);
    expect(code).toBe(0);
    const { lessons } = JSON.parse(stdout) as { lessons: readonly Lesson[] };
    expect(lessons[0]?.cases.map(({ reads }) => reads)).toEqual([5, 3, 4, 1, 10_240, 2_056]);
  });
});
