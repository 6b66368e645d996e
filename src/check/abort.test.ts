import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { UsageError } from '../base/usage-error.ts';
import { isOnPurpose } from './abort.ts';
import { HostDied } from './host-died.ts';
import { Runner } from './runner.ts';
import type { MisuseAnswer, Promises } from './target.ts';
import { type Override, ops, toyTarget } from './toy-target.test-helper.ts';

class Stop extends Error {}

function named(name: string, message = ''): Error {
  return Object.assign(new Error(message), { name });
}

describe('a target stops on purpose', () => {
  test.each([
    ['an error of its own', new Stop('double free'), true],
    ['an error of no class', new Error('double free'), true],
    ['no error at all', 'double free', true],
    ['a broken belief', new KitBug('no'), true],
    ['an error of V8', new TypeError('x is not a function'), false],
    ['a name that is not there', new ReferenceError('x'), false],
    ['an access beyond a buffer', new RangeError('Offset is outside the bounds'), false],
    ['an access beyond an arena', named('ArenaFault'), false],
    ['a sentence for the user', new UsageError('no'), false],
    ['unreachable of WebAssembly', named('RuntimeError', 'unreachable'), true],
    ['a trap of WebAssembly', named('RuntimeError', 'memory access out of bounds'), false],
    ['abort()', new HostDied({ signal: 'SIGABRT', limitMs: 1 }), true],
    ['a trap', new HostDied({ signal: 'SIGTRAP', limitMs: 1 }), true],
    ['an exit', new HostDied({ exitCode: 1, limitMs: 1 }), true],
    ['a segmentation fault', new HostDied({ signal: 'SIGSEGV', limitMs: 1 }), false],
    ['a hang', new HostDied({ signal: 'SIGALRM', limitMs: 1 }), false],
    ['an end of which nothing is known', new HostDied({ limitMs: 1 }), false],
  ])('by %s: %o is %s', (_, thrown, isIt) => {
    expect(isOnPurpose(thrown)).toBe(isIt);
  });
});

/** A toy with a promise about second frees, the free of which throws where the toy's refuses. */
function stopping(doubleFree: MisuseAnswer, thrown?: unknown): Override {
  return (toy) => ({
    promises: { ...toy.promises, doubleFree },
    free(address) {
      const isFreed = toy.free(address);
      if (isFreed === false && thrown !== undefined) throw thrown;
      return isFreed;
    },
  });
}

const TWICE = 'b1 = malloc 8; b0 = malloc 8; free b0; double-free b0';

describe('a promise to stop at a second free', () => {
  test('is kept by a target that stops: the program is over, and the next begins afresh', () => {
    let madeCount = 0;
    const make = toyTarget(stopping('aborted', new Stop('double free')));
    const runner = new Runner(
      () => {
        madeCount += 1;
        return make();
      },
      { record: 'blocks', checkEvery: 1 },
    );
    expect(runner.run(ops(`${TWICE}; b2 = malloc 8`))).toBeUndefined();
    expect(runner.trace.map(({ blocks }) => blocks?.length)).toEqual([1, 2, 1, undefined]);
    expect(runner.trace.map(({ outcome }) => outcome.kind)).toEqual([
      'granted',
      'granted',
      'freed',
      'aborted',
    ]);
    expect(madeCount).toBe(2);
    expect(runner.run(ops('b0 = malloc 8'))).toBeUndefined();
    expect(runner.asked.get('double-free-keeps-promise')).toBe(1);
  });

  test('is broken by a target that goes on', () => {
    const runner = new Runner(toyTarget(stopping('aborted')));
    expect(runner.run(ops(TWICE))).toMatchObject({
      law: 'double-free-keeps-promise',
      observed: 'free(b0) a second time returned',
      expected: 'the target to stop, since the block was freed before',
    });
  });

  test('is not kept by an accident', () => {
    const runner = new Runner(toyTarget(stopping('aborted', new TypeError('no such block'))));
    expect(runner.run(ops(TWICE))).toMatchObject({ law: 'calls-return', op: 'double-free' });
  });

  test.each(['refused', 'ignored'] as const)('is not that it is %s', (promise) => {
    const runner = new Runner(toyTarget(stopping(promise, new Stop('double free'))));
    expect(runner.run(ops(TWICE))).toMatchObject({ law: 'calls-return', op: 'double-free' });
  });
});

test('a second free that is promised to be ignored may return anything, and changes nothing', () => {
  const make = (free: boolean | undefined, more: number): Override => {
    return (toy) => ({
      promises: {
        ...toy.promises,
        doubleFree: 'ignored',
        recovers: undefined,
      } as unknown as Promises,
      free(address) {
        if (toy.free(address) === false) extra = more;
        return free;
      },
      footprint: () => extra,
    });
  };
  let extra = 0;
  for (const answer of [true, undefined])
    expect(new Runner(toyTarget(make(answer, 0))).run(ops(TWICE))).toBeUndefined();
  expect(new Runner(toyTarget(make(true, 16))).run(ops(TWICE))).toMatchObject({
    observed: 'free(b0) a second time took 16 more bytes from the system',
  });
});

/** A toy that sums the bytes of what is freed, and stops when it hands out what has another sum. */
function checking(isChecked: boolean, start = 0x1010): Override {
  return (toy) => {
    const sums = new Map<number, number>();
    let next = start;
    return {
      promises: { ...toy.promises, writeFreed: 'aborted' },
      free(address) {
        if (address === 0x1010) sums.set(address, toy.memory!.loadByte(address));
        return toy.free(address);
      },
      malloc(size) {
        if (sums.size === 0) return toy.malloc(size);
        const isSame = sums.get(0x1010) === toy.memory!.loadByte(0x1010);
        if (isChecked && !isSame) throw new Stop('write after free');
        next += 16;
        return next - 16;
      },
    };
  };
}

describe('a write into a freed block', () => {
  const WRITTEN = 'b1 = malloc 8; b0 = malloc 8; free b0; write-freed b0 0; b0 = malloc 8';

  test('stops a target that promises so', () => {
    const runner = new Runner(toyTarget(checking(true)), { record: 'outcomes' });
    expect(runner.run(ops(WRITTEN))).toBeUndefined();
    expect(runner.trace.map(({ outcome }) => outcome.kind).at(-1)).toBe('aborted');
  });

  test('is found, where it is promised to stop the target, when that memory is handed out', () => {
    expect(new Runner(toyTarget(checking(false))).run(ops(WRITTEN))).toMatchObject({
      law: 'write-freed-keeps-promise',
      observed: 'after a write to b0 + 0, which was freed, that memory was handed out again',
      expected: 'the target to stop, since free memory was written to',
    });
  });

  test('need not be noticed as long as that memory is not handed out', () => {
    const program = ops('b1 = malloc 8; b0 = malloc 8; free b0; write-freed b0 0');
    const recovers = { recovers: undefined } as unknown as Promises;
    const make = toyTarget((toy) => {
      const parts = checking(false, 0x1040)(toy);
      return { ...parts, promises: { ...parts.promises, ...recovers } };
    });
    expect(new Runner(make).run(program)).toBeUndefined();
  });

  test('that makes the next request crash breaks the law about it', () => {
    const make = toyTarget((toy) => {
      let isFreed = false;
      return {
        free(address) {
          isFreed = true;
          return toy.free(address);
        },
        malloc(size) {
          if (isFreed) throw new TypeError('no such cell');
          return toy.malloc(size);
        },
      };
    });
    expect(new Runner(make).run(ops(WRITTEN))).toMatchObject({
      law: 'write-freed-keeps-promise',
      observed: 'a write to b0 + 0, which was freed threw TypeError: no such cell',
      op: 'write-freed',
    });
  });
});
