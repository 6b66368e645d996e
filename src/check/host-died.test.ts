import { describe, expect, test } from 'vitest';
import { type HostDeath, HostDied } from './host-died.ts';
import { Runner } from './runner.ts';
import { ops, toyTarget } from './toy-target.test-helper.ts';

const LIMIT_MS = 250;

test.each<[Omit<HostDeath, 'limitMs'>, string, string]>([
  [{ signal: 'SIGSEGV' }, 'died of SIGSEGV', 'SIGSEGV'],
  [{ exitCode: 3 }, 'ended the process with exit code 3', 'exit 3'],
  [{}, 'ended the process', 'exit unknown'],
  [
    { signal: 'SIGBUS', during: 'while the heap was made' },
    'died of SIGBUS while the heap was made',
    'SIGBUS',
  ],
  [
    { exitCode: 1, said: 'AddressSanitizer: SEGV', site: 'SEGV in mm_free' },
    'ended the process with exit code 1: AddressSanitizer: SEGV',
    'SEGV in mm_free',
  ],
])('the death %j is told as "%s" and known by "%s"', (death, message, site) => {
  const died = new HostDied({ ...death, limitMs: LIMIT_MS });
  expect(died.message).toBe(message);
  expect(died.site).toBe(site);
  expect(died.isHang).toBe(false);
});

/** Runs a program on a toy whose host dies when it is asked to free something. */
function findingOf(signal: string, program: string): object | undefined {
  const target = toyTarget(() => ({
    free: () => {
      throw new HostDied({ signal, limitMs: LIMIT_MS });
    },
  }));
  return new Runner(target).run(ops(program));
}

describe('a target whose host dies', () => {
  test('does not return from the call', () => {
    expect(findingOf('SIGSEGV', 'b0 = malloc 8; b1 = malloc 8; free b0')).toEqual({
      law: 'calls-return',
      target: 'toy',
      step: 2,
      op: 'free',
      observed: 'free(b0) died of SIGSEGV',
      expected: 'an answer',
      crash: 'SIGSEGV',
    });
  });

  test('does not return from the frees that close a run', () => {
    expect(findingOf('SIGSEGV', 'b0 = malloc 8')).toMatchObject({
      step: 1,
      op: 'end',
      observed: 'freeing what was live, or reset, died of SIGSEGV',
    });
  });

  test('by its alarm does not answer in time', () => {
    expect(findingOf('SIGALRM', 'b0 = malloc 8; free b0')).toEqual({
      law: 'answers-in-time',
      target: 'toy',
      step: 1,
      op: 'free',
      observed: 'no answer within 250 ms',
      expected: 'an answer',
    });
  });
});
