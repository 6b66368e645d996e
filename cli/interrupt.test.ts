import { expect, test } from 'vitest';
import { Interrupted, InterruptListener } from './interrupt.ts';

test('Ctrl-C between two pieces keeps the second from being begun, and a later one is not heard', async () => {
  const interrupt = new InterruptListener();
  let count = 0;
  const work = (): number => (count += 1);
  expect(await interrupt.run(work)).toBe(1);
  process.emit('SIGINT');
  expect(process.listenerCount('SIGINT')).toBe(0);
  expect(() => interrupt.run(work)).toThrow(Interrupted);
  expect([count, interrupt.isPressed]).toEqual([1, true]);
});

test('Ctrl-C ends a wait that nothing else ends', async () => {
  const interrupt = new InterruptListener();
  const waited = interrupt.wait(() => undefined);
  process.emit('SIGINT');
  await expect(waited).rejects.toThrow('stopped by Ctrl-C');
});

test('when it is closed, nobody listens', async () => {
  const interrupt = new InterruptListener();
  await interrupt.wait((wake) => wake());
  expect(process.listenerCount('SIGINT')).toBe(1);
  interrupt.close();
  expect(process.listenerCount('SIGINT')).toBe(0);
});
