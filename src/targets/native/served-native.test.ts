import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../check/finding.ts';
import type * as runners from '../../check/runner.ts';
import { parseProgram } from '../../program/text.ts';
import { type NativeSpec, promisesOf } from './native-library.ts';
import type * as natives from './served-native.ts';
import { parseNativeSpec, printNativeSpec } from './spec-text.ts';

/** As it was built: a host is a process of its own, which loads no TypeScript. */
const built = createRequire(import.meta.url);
const { Runner } = built('../../../dist/src/check/runner.js') as typeof runners;
type Runner = runners.Runner;
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
