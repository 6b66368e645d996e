import { describe, expect, test } from 'vitest';
import { timeLimitNow, TimedOut, withinTime } from './watchdog.ts';

/** A value as what may be thrown. */
function untyped(value: unknown): ReturnType<typeof Reflect.get> {
  return Reflect.get({ value }, 'value');
}

function forever(): never {
  for (;;);
}

const stubborn = (): never => {
  for (;;) {
    try {
      forever();
    } catch {
      continue;
    }
  }
};

describe('work within time', () => {
  test('hands on what it returns', () => {
    const made = {};
    expect(withinTime(5000, () => made)).toBe(made);
    expect(withinTime(5000, () => undefined)).toBeUndefined();
  });

  test('hands on what it throws, as it is', () => {
    const thrown = new RangeError('of its own');
    expect(() =>
      withinTime(5000, () => {
        throw thrown;
      }),
    ).toThrow(thrown);
  });

  test.each([
    ['a number', 7],
    ['a text', 'text'],
    ['an object', { code: 'EOTHER' }],
  ])('hands on %s that is thrown', (_, thrown) => {
    let caught: unknown = 'nothing';
    try {
      withinTime(5000, () => {
        // oxlint-disable-next-line no-throw-literal
        throw untyped(thrown);
      });
    } catch (error) {
      caught = error;
    }
    expect(caught).toBe(thrown);
  });

  test('is stopped in an endless loop', () => {
    expect(() => withinTime(20, forever)).toThrow(new TimedOut('not done within 20 ms'));
  });

  test('is stopped in an endless loop that catches whatever is thrown', () => {
    expect(() => withinTime(20, stubborn)).toThrow(TimedOut);
  });

  test('can be done again after work that was stopped, or threw', () => {
    expect(() => withinTime(20, forever)).toThrow(TimedOut);
    expect(withinTime(5000, () => 1)).toBe(1);
  });
});

describe('work inside of work', () => {
  test('hands on what both return', () => {
    const sum = withinTime(5000, () => 1 + withinTime(5000, () => 2) + withinTime(5000, () => 3));
    expect(sum).toBe(6);
  });

  test('is stopped by itself, and the work around it goes on', () => {
    const outcome = withinTime(5000, () => {
      try {
        return withinTime(20, forever);
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(outcome).toBe('not done within 20 ms');
  });

  test('is stopped with the work around it', () => {
    expect(() => withinTime(30, () => withinTime(60_000, forever))).toThrow(TimedOut);
    expect(withinTime(5000, () => 'well')).toBe('well');
  });

  test('may throw, and the work around it may catch', () => {
    const thrown = new Error('inner');
    const caught = withinTime(5000, () => {
      try {
        return withinTime(5000, () => {
          throw thrown;
        });
      } catch (error) {
        return error;
      }
    });
    expect(caught).toBe(thrown);
  });
});

test('the time limit is that of the tightest work at hand', () => {
  const limits = withinTime(5000, () => [
    timeLimitNow(),
    withinTime(3000, timeLimitNow),
    withinTime(9000, timeLimitNow),
    timeLimitNow(),
  ]);
  expect(limits).toEqual([5000, 3000, 5000, 5000]);
  const before = timeLimitNow();
  expect(() => withinTime(20, forever)).toThrow(TimedOut);
  expect(timeLimitNow()).toBe(before);
});

test('nobody guards what a test does after it has waited', async () => {
  await Promise.resolve();
  expect(timeLimitNow()).toBe(Infinity);
});
