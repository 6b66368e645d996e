import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../check/finding.ts';
import { askedCounters } from '../../check/judge.ts';
import { LAW } from '../../check/law.ts';
import type * as refusedMemory from '../../check/refused-memory.ts';
import type * as runners from '../../check/runner.ts';
import { parseProgram } from '../../program/text.ts';
import { type NativeSpec, promisesOf } from './native-library.ts';
import type * as natives from './served-native.ts';
import { parseNativeSpec, printNativeSpec } from './spec-text.ts';

/** As it was built: a host is a process of its own, which loads no TypeScript. */
const built = createRequire(import.meta.url);
const { Runner } = built('../../../dist/src/check/runner.js') as typeof runners;
type Runner = runners.Runner;
const { RefusedMemoryWalk } = built(
  '../../../dist/src/check/refused-memory.js',
) as typeof refusedMemory;
const { nativeEnv, servedNative } = built(
  '../../../dist/src/targets/native/served-native.js',
) as typeof natives;

/** The C library of the system that the tests run on. */
const LIBC = ['/lib/x86_64-linux-gnu/libc.so.6', '/lib/aarch64-linux-gnu/libc.so.6'].find((path) =>
  existsSync(path),
);
const LIBRARY = LIBC ?? 'libc.so.6';

function judged(spec: NativeSpec, program: string): Finding | undefined {
  const text = `heapcheck program 1\n${program.replaceAll(';', '\n')}`;
  const runner = new Runner(servedNative(spec, 'native'), { checkEvery: 1 });
  return runner.run(parseProgram(text, 'test.ops').program);
}

/** Each of these sizes is mapped on its own. */
const BIG = parseProgram(
  'heapcheck program 1\nb0 = malloc 200000\nb1 = malloc 300000\n',
  'big.ops',
).program;

/** The library with another free: its abort stops at each, its malloc_trim takes a number and goes on. */
function stopping(free: string): Runner {
  const promises = { freeInside: 'aborted' } as const;
  const makeTarget = servedNative({ library: LIBRARY, symbols: { free }, promises }, 'stops');
  return new Runner(makeTarget, { checkEvery: 1, record: 'outcomes' });
}

describe("the system's C library", () => {
  test('keeps every law on a program of each kind of op', () => {
    const program =
      'b0 = malloc 24;b1 = calloc 3 8;b2 = aligned 64 100;b0 = realloc b0 400;free b1;b3 = malloc 0;free null';
    expect(judged({ library: LIBRARY }, program)).toBeUndefined();
  });

  test('is found out when more is promised of it than it keeps', () => {
    expect(
      judged({ library: LIBRARY, promises: { alignment: 4096 } }, 'b0 = malloc 24'),
    ).toMatchObject({ law: 'malloc-aligns', step: 0, target: 'native' });
  });

  test('dies where a call of it dies, and the next program goes on in a new process', () => {
    // Its abort takes nothing and never returns: a malloc that crashes.
    const makeTarget = servedNative({ library: LIBRARY, symbols: { malloc: 'abort' } }, 'aborts');
    const runner = new Runner(makeTarget, { checkEvery: 1 });
    const { program } = parseProgram('heapcheck program 1\nb0 = malloc 24\n', 'test.ops');
    const finding = { law: 'calls-return', observed: 'malloc(24) died of SIGABRT', step: 0 };
    expect(runner.run(program)).toMatchObject(finding);
    expect(runner.run(program)).toMatchObject(finding);
  });

  test('may promise to stop at misuse: it does, and the next program goes on in a new process', () => {
    const text = 'heapcheck program 1\nb0 = malloc 24\nfree-inside b0 8\nb1 = malloc 8\n';
    const { program } = parseProgram(text, 'test.ops');
    const runner = stopping('abort');
    for (let time = 0; time < 2; time += 1) {
      expect(runner.run(program)).toBeUndefined();
      expect(runner.trace.map(({ outcome }) => outcome.kind)).toEqual(['granted', 'aborted']);
    }
    expect(stopping('malloc_trim').run(program)).toMatchObject({
      law: 'free-inside-keeps-promise',
      observed: 'free(b0 + 8) returned',
    });
  });

  test('survives memory that it is refused, call by call', () => {
    const makeTarget = servedNative({ library: LIBRARY }, 'native');
    const target = makeTarget();
    const refusals = target.refusals!;
    const answers = (first: number, count: number): readonly boolean[] => {
      refusals.refuse(first, count);
      const granted = [2e5, 3e5, 8, 4e5].map((size) => target.malloc(size) !== null);
      return granted;
    };
    expect(answers(1, 1)).toEqual([true, false, true, true]);
    expect(refusals.refusedCount).toBe(1);
    target.reset!();
    expect(answers(1, Infinity)).toEqual([true, false, true, false]);
    expect(refusals.refusedCount).toBe(2);
    target.reset!();
    const asked = askedCounters();
    expect(new RefusedMemoryWalk(makeTarget, { asked }).run(BIG)).toBeUndefined();
    expect(asked[LAW.refusedMemoryIsSurvived.index]).toBe(4);
  });

  test('is found out when it does not look at what the system answers', () => {
    // sbrk is a malloc that hands on whatever the system says; abs takes a number, and frees nothing.
    const symbols = { newNothrow: 'sbrk', free: 'abs' };
    const spec = { library: LIBRARY, preset: 'c++', symbols } as const;
    const makeTarget = servedNative(spec, 'careless');
    expect(new Runner(makeTarget).run(BIG)).toBeUndefined();
    expect(new RefusedMemoryWalk(makeTarget).run(BIG)).toMatchObject({
      law: 'refused-memory-is-survived',
      observed: 'with request 1 for memory refused, calls-return: malloc(200000) returned -1',
    });
  });

  test('is refused with a sentence when it has no such function', () => {
    expect(() => servedNative({ library: LIBRARY, symbols: { malloc: 'my_alloc' } }, 'x')).toThrow(
      `${LIBRARY}: the library has no function 'my_alloc'; pass --symbols malloc=NAME with what it is called there, or another --preset.`,
    );
  });
});

test('what is no library is refused with a sentence', () => {
  expect(() => servedNative({ library: import.meta.filename }, 'x')).toThrow(
    /served-native\.test\.ts: invalid ELF header; pass a library that was built for linux-/,
  );
});

test('what is promised of a library is known by its name, and may be said', () => {
  const library = '/usr/lib/libjemalloc.so.2';
  expect(promisesOf({ library })).toMatchObject({ alignment: 8, reallocZero: 'frees' });
  expect(promisesOf({ library, promises: { alignment: 16 } })).toMatchObject({ alignment: 16 });
  expect(nativeEnv({ library })).toHaveProperty('GLIBC_TUNABLES');
  expect(nativeEnv({ library: LIBRARY })).toEqual({});
});

test('a spec is the same when it was text, large sizes too', () => {
  const spec: NativeSpec = {
    library: 'libfoo.so',
    preset: 'c++',
    symbols: { malloc: 'foo' },
    promises: { alignment: 16, sizeMax: 2n ** 64n - 1n },
  };
  expect(parseNativeSpec(printNativeSpec(spec))).toEqual(spec);
});
