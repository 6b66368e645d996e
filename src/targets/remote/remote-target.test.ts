import { afterAll, describe, expect, test } from 'vitest';
import { KitBug } from '../../base/kit-bug.ts';
import type { AllocatorTarget, PayloadAccess } from '../../check/target.ts';
import { RefusedMemoryWalk } from '../../check/refused-memory.ts';
import { Runner } from '../../check/runner.ts';
import type { Program } from '../../program/program.ts';
import { parseProgram } from '../../program/text.ts';
import { guardedRun } from '../../supervise/guarded-run.ts';
import { Hosts } from '../../supervise/hosts.ts';
import { SCRIPTED_HOST } from '../../supervise/scripted-host.test-helper.ts';
import { remoteTarget } from './remote-target.ts';

const hosts = new Hosts({ host: SCRIPTED_HOST, sparesCount: 1 });
afterAll(() => hosts.close());
const makeTarget = remoteTarget({ name: 'scripted', hosts, promises: { alignment: 8 } });

function ops(text: string): Program {
  return parseProgram(`heapcheck program 1\n${text.replaceAll(';', '\n')}`, 'text.ops').program;
}

test('a remote allocator is judged like any other', () => {
  const runner = new Runner(makeTarget, { checkEvery: 1, record: 'outcomes' });
  expect(
    runner.run(ops('b0 = malloc 24; b1 = calloc 3 8; free b0; b0 = malloc 5000')),
  ).toBeUndefined();
  expect(runner.trace.map(({ outcome }) => outcome)).toEqual([
    { kind: 'granted', address: 4096, size: 24 },
    { kind: 'granted', address: 4120, size: 24 },
    { kind: 'freed' },
    { kind: 'refused' },
  ]);
  expect(runner.asked.get('contents-survive')).toBeGreaterThan(0);
  expect(runner.asked.get('calloc-zeroes')).toBe(1);
  expect(runner.asked.get('failed-request-changes-nothing')).toBe(1);
});

test('what a host does not offer is not asked', () => {
  const target = makeTarget();
  for (const call of ['aligned', 'realloc', 'usableSize'] as const)
    expect(target[call]).toBeUndefined();
  expect(target.promises).toEqual({ alignment: 8, sizeMax: 2 ** 32 - 1 });
});

describe('memory that a host is told to refuse', () => {
  test('is refused from the request on that was named, so often, and counted', () => {
    const target = makeTarget();
    const refusals = target.refusals!;
    expect(refusals.refusedCount).toBe(0);
    refusals.refuse(1, 2);
    expect([8, 8, 8, 8].map((size) => target.malloc(size))).toEqual([4096, null, null, 4104]);
    expect(refusals.refusedCount).toBe(2);
    refusals.refuse(0, Infinity);
    expect(refusals.refusedCount).toBe(0);
    expect([8, 8].map((size) => target.malloc(size))).toEqual([null, null]);
    expect(refusals.refusedCount).toBe(2);
  });

  test('is granted to the next program', () => {
    const [first, second] = [makeTarget(), makeTarget()];
    first.refusals!.refuse(0, Infinity);
    expect(first.malloc(8)).toBeNull();
    expect(second.malloc(8)).toBe(4096);
    expect(second.refusals!.refusedCount).toBe(0);
  });

  test('is survived by an allocator that asks for it block by block', () => {
    const walk = new RefusedMemoryWalk(makeTarget);
    expect(walk.run(ops('b0 = malloc 24; b1 = calloc 3 8; free b0'))).toBeUndefined();
  });
});

test('each program starts on a fresh heap', () => {
  const runner = new Runner(makeTarget, { record: 'outcomes' });
  const program = ops('b0 = malloc 100');
  for (const _ of [1, 2]) {
    expect(runner.run(program)).toBeUndefined();
    expect(runner.trace[0]?.outcome).toEqual({ kind: 'granted', address: 4096, size: 100 });
  }
});

test('a refused free of a live block is a finding', () => {
  expect(new Runner(makeTarget).run(ops('b0 = malloc 8; b1 = malloc 8; free b1'))).toMatchObject({
    law: 'free-accepts-its-blocks',
    step: 2,
  });
});

test.each([
  ['b0 = malloc 8; b1 = malloc 666', 'calls-return', 1, 'malloc(666) died of SIGSEGV', 'SIGSEGV'],
  [
    'b0 = malloc 667',
    'calls-return',
    0,
    'malloc(667) ended the process with exit code 3: out of luck',
    'exit 3',
  ],
  ['b0 = malloc 8; b1 = malloc 777', 'answers-in-time', 1, 'no answer within 40 ms', undefined],
])('%s breaks %s at step %d: %s', (program, law, step, observed, crash) => {
  const target = remoteTarget({ name: 'scripted', hosts, promises: {}, callLimitMs: 40 });
  const finding = new Runner(target).run(ops(program));
  expect(finding).toMatchObject({ law, step, observed, target: 'scripted' });
  expect(finding?.crash).toBe(crash);
});

test('a call may take only a part of the time that its program has', () => {
  // That starts the host, which takes time as well.
  expect(guardedRun(makeTarget, 5000)(ops('b0 = malloc 8'))).toBeUndefined();
  const finding = guardedRun(makeTarget, 1000)(ops('b0 = malloc 8; b1 = malloc 777'));
  expect(finding).toMatchObject({
    law: 'answers-in-time',
    step: 1,
    observed: 'no answer within 600 ms',
  });
});

test('a target whose host serves another program is not called any more', () => {
  const [first, second] = [makeTarget(), makeTarget()];
  first.malloc(8);
  second.malloc(8);
  expect(() => first.malloc(8)).toThrow(KitBug);
});

test('payloads can be reached byte by byte', () => {
  const target = makeTarget();
  const address = target.malloc(16)!;
  target.memory!.storeByte(address + 9, 200);
  target.memory!.storeDouble(address, 0.1);
  expect(target.memory!.loadByte(address + 9)).toBe(200);
  expect(target.memory!.loadDouble(address)).toBe(0.1);
});

describe('payloads that are looked at ahead', () => {
  const SIZE = 24;

  /** Fills blocks, one after the other, and says that they will be looked at. */
  function fillMany(count: number): {
    readonly payloads: PayloadAccess;
    readonly target: AllocatorTarget;
  } {
    const target = makeTarget();
    const payloads = target.memory!.payloads!;
    const first = target.malloc(SIZE * 170)!;
    const all = Array.from({ length: count }, (_, index) => ({
      address: first + SIZE * (index % 170),
      size: SIZE,
      key: index % 170,
    }));
    for (const { address, key, size } of all) payloads.fill(address, size, key);
    payloads.lookAhead!(all);
    return { payloads, target };
  }

  const damageOf = (payloads: PayloadAccess, index: number): number =>
    payloads.damage(4096 + SIZE * (index % 170), SIZE, SIZE, index % 170);

  test('are each answered for, however many they are', () => {
    const { payloads, target } = fillMany(3000);
    target.memory!.storeByte(4096 + SIZE * 7 + 5, 255);
    const damages = Array.from({ length: 3000 }, (_, index) => damageOf(payloads, index));
    expect(damages.filter((damage) => damage === 5)).toHaveLength(Math.ceil((3000 - 7) / 170));
    expect(damages.filter((damage) => damage === -1)).toHaveLength(3000 - 18);
  });

  test('may be looked at in another order, or with other calls between', () => {
    const { payloads, target } = fillMany(100);
    target.memory!.storeByte(4096 + SIZE * 50 + 1, 255);
    expect([0, 1, 50, 2].map((index) => damageOf(payloads, index))).toEqual([-1, -1, 1, -1]);
    const again = fillMany(100);
    expect(damageOf(again.payloads, 0)).toBe(-1);
    expect(again.target.footprint!()).toBe(4080);
    expect(again.target.malloc(8)).toBe(4096 + 4080);
    expect(damageOf(again.payloads, 1)).toBe(-1);
  });

  test('are forgotten with their heap', () => {
    const { payloads, target } = fillMany(100);
    expect(damageOf(payloads, 0)).toBe(-1);
    target.reset!();
    expect(target.malloc(SIZE)).toBe(4096);
    payloads.fill(4096, SIZE, 0);
    expect(damageOf(payloads, 0)).toBe(-1);
    expect(target.malloc(SIZE)).toBe(4096 + SIZE);
  });
});
