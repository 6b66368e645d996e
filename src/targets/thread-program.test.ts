import { describe, expect, test } from 'vitest';
import { STACK_OVERFLOW, STACK_UNDERFLOW } from '../kernel/context-switch.ts';
import { POLICY_NAMES } from '../kernel/scheduler.ts';
import { PAGE_OP_KINDS, POLICIES, THREAD_OP_KINDS } from '../program/op.ts';
import { broken, ops, outcomes } from './kernel-programs.test-helper.ts';
import { kernelTarget } from './kernel.ts';

/** What a program is about, its ops, and what became of those in the order in which they ended. */
type Case = readonly [what: string, program: string, ended: readonly string[]];

const EVERY_OP = `
  quantum 5; policy mlfq; s0 = semaphore 0; q0 = queue 1; t1 = spawn thread; t2 = spawn process 512
  a0 = map 8192; store a0 4090 8; load a0 4090 8; touch a0 0 8192; protect a0 0 4096 read
  a1 = map-at a0 65536 4096 read; unmap a1 0 4096; brk 100; brk -4096; store brk 16 4
  b0 = malloc 24; store b0 16 8; load b0 16 8; free b0; push 64; pop 64; compute 7; yield; sleep 3; io 2
  down s0; receive q0; join t1; join t2; exit
  t1: up s0; t1: send q0`;

const CASES: readonly Case[] = [
  [
    'a program of every kind of op',
    EVERY_OP,
    [
      'quantum 5 → done',
      'policy mlfq → done',
      's0 = semaphore 0 → done',
      'q0 = queue 1 → done',
      't1 = spawn thread → done',
      't2 = spawn process 512 → done',
      'a0 = map 8192 → granted 8192',
      'store a0 4090 8 → done',
      'load a0 4090 8 → done 47434106801928',
      'touch a0 0 8192 → done',
      'protect a0 0 4096 read → done',
      'a1 = map-at a0 65536 4096 read → granted 4096',
      'unmap a1 0 4096 → done',
      'brk 100 → done',
      'brk -4096 → refused ENOMEM',
      'store brk 16 4 → done',
      't1: up s0 → done',
      't1: send q0 → done',
      'b0 = malloc 24 → granted 24',
      'store b0 16 8 → done',
      'load b0 16 8 → done 58472341182738',
      'free b0 → freed',
      'push 64 → done',
      'pop 64 → done 21',
      'compute 7 → done',
      'yield → done',
      'sleep 3 → done',
      'io 2 → done',
      'down s0 → done',
      'receive q0 → done 32',
      'join t1 → done',
      'join t2 → done',
      'exit → done',
    ],
  ],
  [
    'two threads that ask for a block in one slot at once',
    'quantum 1; t1 = spawn thread; b0 = malloc 24; t1: b0 = malloc 24; t1: compute 1; t1: free b0',
    [
      'quantum 1 → done',
      't1 = spawn thread → done',
      't1: b0 = malloc 24 → skipped',
      't1: compute 1 → done',
      't1: free b0 → skipped',
      'b0 = malloc 24 → granted 24',
    ],
  ],
  [
    'two threads that wait for what the other keeps',
    's0 = semaphore 1; s1 = semaphore 1; t1 = spawn thread; down s0; yield; down s1; t1: down s1; t1: down s0; exit',
    [
      's0 = semaphore 1 → done',
      's1 = semaphore 1 → done',
      't1 = spawn thread → done',
      'down s0 → done',
      't1: down s1 → done',
      'yield → done',
      'down s1 → blocked t0 waits for s1, which t1 keeps; t1 waits for s0, which t0 keeps',
      't1: down s0 → blocked t0 waits for s1, which t1 keeps; t1 waits for s0, which t0 keeps',
      'exit → skipped',
    ],
  ],
  [
    'threads that wait in no circle',
    's0 = semaphore 0; t1 = spawn thread; join t1; t1: down s0; t1: up s0',
    [
      's0 = semaphore 0 → done',
      't1 = spawn thread → done',
      'join t1 → blocked t0 waits for the end of t1; t1 waits for s0',
      't1: down s0 → blocked t0 waits for the end of t1; t1 waits for s0',
      't1: up s0 → skipped',
    ],
  ],
  [
    'a queue that is full, and one that is empty',
    'q0 = queue 1; q1 = queue 1; t1 = spawn process; send q0; send q0; t1: receive q1',
    [
      'q0 = queue 1 → done',
      'q1 = queue 1 → done',
      't1 = spawn process → done',
      'send q0 → done',
      'send q0 → blocked t0 waits for q0 to have room; t1 waits for q1 to have a message',
      't1: receive q1 → blocked t0 waits for q0 to have room; t1 waits for q1 to have a message',
    ],
  ],
  [
    'a fault, which ends its thread and no other',
    't1 = spawn thread; a0 = map 4096 read; store a0 0 1; yield; t1: load a0 0 1; t1: store a0 0 1; t1: exit',
    [
      't1 = spawn thread → done',
      'a0 = map 4096 read → granted 4096',
      'store a0 0 1 → faulted not-mapped',
      't1: load a0 0 1 → done 0',
      't1: store a0 0 1 → faulted read-only',
      'yield → skipped',
      't1: exit → skipped',
    ],
  ],
  [
    'ops behind an exit, and those of a thread that nobody spawned',
    't1 = spawn thread; t1: exit; exit; yield; t1: yield; t2: yield',
    [
      't1 = spawn thread → done',
      'exit → done',
      't1: exit → done',
      'yield → skipped',
      't1: yield → skipped',
      't2: yield → skipped',
    ],
  ],
  [
    'processes, each of which has slots and memory of its own',
    't1 = spawn process; a0 = map 4096; store a0 0 1; yield; load a0 0 1; t1: load a0 0 1; t1: a0 = map 4096; t1: load a0 0 1',
    [
      't1 = spawn process → done',
      'a0 = map 4096 → granted 4096',
      'store a0 0 1 → done',
      't1: load a0 0 1 → skipped',
      't1: a0 = map 4096 → granted 4096',
      't1: load a0 0 1 → done 0',
      'yield → done',
      'load a0 0 1 → done 3',
    ],
  ],
  [
    'what is there already is not made, and what is not there is not used',
    's0 = semaphore 1; s0 = semaphore 1; q0 = queue 1; q0 = queue 1; t0 = spawn thread; t1 = spawn thread; t1 = spawn thread; down s9; receive q9; join t0; join t9; load a7 0 1; a3 = map-at a7 0 4096; load b7 0 1; free b7; free null',
    [
      's0 = semaphore 1 → done',
      's0 = semaphore 1 → skipped',
      'q0 = queue 1 → done',
      'q0 = queue 1 → skipped',
      't0 = spawn thread → skipped',
      't1 = spawn thread → done',
      't1 = spawn thread → skipped',
      'down s9 → skipped',
      'receive q9 → skipped',
      'join t0 → skipped',
      'join t9 → skipped',
      'load a7 0 1 → skipped',
      'a3 = map-at a7 0 4096 → skipped',
      'load b7 0 1 → skipped',
      'free b7 → skipped',
      'free null → skipped',
    ],
  ],
  [
    'an address that no number holds',
    't1 = spawn thread; a0 = map 4096; load a0 9007199254740991 1; unmap a0 9007199254740991 1',
    [
      't1 = spawn thread → done',
      'a0 = map 4096 → granted 4096',
      'load a0 9007199254740991 1 → skipped',
      'unmap a0 9007199254740991 1 → skipped',
    ],
  ],
  [
    'a block, in which there is room for its bytes and no more',
    'b0 = malloc 8; store b0 0 8; load b0 4 4; load b0 1 8; touch b0 0 9; b0 = malloc 8; free b0; load b0 0 1',
    [
      'b0 = malloc 8 → granted 8',
      'store b0 0 8 → done',
      'load b0 4 4 → done 9502',
      'load b0 1 8 → skipped',
      'touch b0 0 9 → skipped',
      'b0 = malloc 8 → skipped',
      'free b0 → freed',
      'load b0 0 1 → skipped',
    ],
  ],
  [
    'what the kernel refuses',
    'a0 = map 0; a1 = map 9007199254740991; brk -1; a0 = map 4096; a1 = map-at a0 0 4096; unmap a0 1 1; protect a0 0 16384 read; b0 = malloc 9007199254740991; b1 = calloc 1 8; t1 = spawn thread 9007199254740991; t2 = spawn process 140737488355328',
    [
      'a0 = map 0 → refused EINVAL',
      'a1 = map 9007199254740991 → refused ENOMEM',
      'brk -1 → refused ENOMEM',
      'a0 = map 4096 → granted 4096',
      'a1 = map-at a0 0 4096 → refused EEXIST',
      'unmap a0 1 1 → refused EINVAL',
      'protect a0 0 16384 read → refused ENOMEM',
      'b0 = malloc 9007199254740991 → refused',
      'b1 = calloc 1 8 → not asked',
      't1 = spawn thread 9007199254740991 → refused ENOMEM',
      't2 = spawn process 140737488355328 → refused ENOMEM',
    ],
  ],
  [
    'a stack that has no room for registers when its thread is to wait',
    'push 3976; yield; yield',
    ['push 3976 → done', `yield → faulted ${STACK_OVERFLOW}`, 'yield → skipped'],
  ],
  [
    'a stack of which more was popped than pushed',
    'brk 8; pop 8; yield',
    ['brk 8 → done', 'pop 8 → done 0', `yield → faulted ${STACK_UNDERFLOW}`],
  ],
  [
    'a push below the stack',
    'push 4096; push 8',
    ['push 4096 → done', 'push 8 → faulted not-mapped'],
  ],
  [
    'a thread that is joined when it has ended, and one that is joined by itself',
    't1 = spawn thread; yield; join t1; join t1; t1: join t1',
    [
      't1 = spawn thread → done',
      't1: join t1 → skipped',
      'yield → done',
      'join t1 → done',
      'join t1 → done',
    ],
  ],
];

test.each(CASES)('%s', (_, program, ended) => {
  expect(outcomes(ops(program))).toEqual(ended);
  expect(broken(ops(program))).toBe('nothing');
});

test('every kind of op is in the program of them', () => {
  const kinds = new Set(ops(EVERY_OP).map(({ kind }) => kind));
  for (const kind of [...PAGE_OP_KINDS, ...THREAD_OP_KINDS]) expect(kinds).toContain(kind);
});

test('programs name the policies that there are', () => {
  expect(POLICIES).toEqual(POLICY_NAMES);
});

describe('a machine that runs out of frames', () => {
  test.each([
    [1, ['t1 = spawn process → skipped', 'a0 = map 32768 → skipped', 'touch a0 0 32768 → skipped']],
    [
      6,
      [
        't1 = spawn process → refused ENOMEM',
        'a0 = map 32768 → granted 32768',
        'touch a0 0 32768 → faulted no frame is left',
      ],
    ],
    [
      32,
      ['t1 = spawn process → done', 'a0 = map 32768 → granted 32768', 'touch a0 0 32768 → done'],
    ],
  ])('of which it has %i', (framesCount, ended) => {
    const program = ops('t1 = spawn process; a0 = map 32768; touch a0 0 32768');
    expect(outcomes(program, kernelTarget({ framesCount }))).toEqual(ended);
    expect(broken(program, kernelTarget({ framesCount }))).toBe('nothing');
  });

  test('refuses a malloc where a page gets its frame when it is mapped', () => {
    const makeTarget = kernelTarget({ framesCount: 6, space: { frames: 'on-map' } });
    expect(outcomes(ops('b0 = malloc 8; load b0 0 8'), makeTarget)).toEqual([
      'b0 = malloc 8 → refused',
      'load b0 0 8 → skipped',
    ]);
  });

  test('ends the thread that is inside its heap, and leaves the heap to nobody', () => {
    const makeTarget = kernelTarget({ framesCount: 6 });
    const program = ops('t1 = spawn thread; b0 = malloc 8; yield; t1: b1 = malloc 8; t1: yield');
    expect(outcomes(program, makeTarget)).toEqual([
      't1 = spawn thread → done',
      'b0 = malloc 8 → faulted no frame is left',
      'yield → skipped',
      't1: b1 = malloc 8 → blocked t1 waits for the heap',
      't1: yield → skipped',
    ]);
    expect(broken(program, makeTarget)).toBe('nothing');
  });
});

/** The steps that were told until the watcher said stop behind so many. */
function stepsUntil(program: string, endsMax: number): readonly string[] {
  const told: string[] = [];
  let endsCount = 0;
  kernelTarget()().perform(ops(program), {
    began: (_op, step) => told.push(`+${step}`),
    ended: (_op, step) => {
      told.push(`-${step}`);
      endsCount += 1;
      return endsCount < endsMax ? 'go on' : 'stop';
    },
  });
  return told;
}

describe('whoever watches', () => {
  test('stops a program in the middle', () => {
    expect(stepsUntil('yield; yield; yield', 2).at(-1)).toBe('-1');
  });

  test('stops a program while it is told what was not come to', () => {
    const program = 'exit; yield; yield; yield';
    expect(stepsUntil(program, 2)).toEqual(['+0', '-0', '-1']);
    expect(stepsUntil(program, 9).at(-1)).toBe('-3');
  });

  test('stops a program at an op that faults', () => {
    const program = 't1 = spawn thread; load brk 4096 8; t1: yield; t1: yield; t1: yield';
    const told = stepsUntil(program, 2);
    expect(told.slice(told.indexOf('-1'))).toEqual(['-1']);
  });

  test('is told of an op when it begins, and when it ends', () => {
    const program = 't1 = spawn thread; yield; t1: compute 1';
    expect(stepsUntil(program, 9).join(' ')).toBe('+0 -0 +1 +2 -2 -1');
  });
});
