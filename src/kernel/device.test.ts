import { expect, test } from 'vitest';
import { looseThreads } from './core-world.test-helper.ts';
import { Device } from './device.ts';

test('a device serves one request after the other, and rests in between', () => {
  const [a, b, c] = looseThreads(3);
  const disk = new Device('disk');
  expect([disk.dueAt, disk.served, disk.requestsCount]).toEqual([Infinity, undefined, 0]);
  disk.request(a!, 10, 100);
  disk.request(b!, 5, 103);
  // The second one does not make the first one later or earlier, and begins when that is complete.
  expect([disk.dueAt, disk.served, disk.requestsCount]).toEqual([110, a, 2]);
  expect(disk.waiters.threads).toEqual([a, b]);
  expect(disk.complete(110)).toBe(a);
  expect([disk.dueAt, disk.served]).toEqual([115, b]);
  expect(disk.complete(115)).toBe(b);
  expect([disk.dueAt, disk.served, disk.completedCount]).toEqual([Infinity, undefined, 2]);
  disk.request(c!, 1, 200);
  expect(disk.dueAt).toBe(201);
});
