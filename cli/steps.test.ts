import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { Io } from './io.ts';
import { KeyWaiter } from './steps.ts';

/** A terminal on which keys are pressed. */
function terminal(): PassThrough & { readonly isTTY: true; setRawMode: () => void } {
  return Object.assign(new PassThrough(), { isTTY: true as const, setRawMode: () => undefined });
}

const ioOf = (stdin: Io['stdin']): Io => ({
  stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: '/',
  now: () => 0,
  drawSeed: () => 0,
});

test('each key is a step, until q or the end, and nobody listens any more behind it', async () => {
  const stdin = terminal();
  const keys = new KeyWaiter(ioOf(stdin));
  const before = stdin.eventNames().map((name) => [name, stdin.listenerCount(name)]);
  for (const [key, goesOn] of [
    [' ', true],
    ['x', true],
    ['q', false],
  ] as const) {
    const step = keys.next();
    stdin.write(key);
    expect(await step).toBe(goesOn);
  }
  expect(stdin.eventNames().map((name) => [name, stdin.listenerCount(name)])).toEqual(before);
  expect(await keys.next()).toBe(false);
  const ended = terminal();
  const step = new KeyWaiter(ioOf(ended)).next();
  ended.end();
  expect(await step).toBe(false);
});
