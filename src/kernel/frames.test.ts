import { describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { PhysicalMemory } from '../machine/physical-memory.ts';
import { Frames } from './frames.ts';

const PAGE = 64;

function makeFrames(framesCount = 4): { frames: Frames; memory: PhysicalMemory } {
  const memory = new PhysicalMemory({ frameSize: PAGE, framesCount });
  return { frames: new Frames(memory), memory };
}

describe('a frame', () => {
  test('that is handed out has an owner, a type and, for data, an address', () => {
    const { frames } = makeFrames();
    const data = frames.allocateData(7, 0x140)!;
    const table = frames.tablesOf(3).allocate()!;
    expect([data, table]).toEqual([0, 1]);
    expect([frames.ownerOf(data), frames.typeOf(data), frames.addressOf(data)]).toEqual([
      7,
      'data',
      0x140,
    ]);
    expect([frames.ownerOf(table), frames.typeOf(table)]).toEqual([3, 'table']);
    expect([frames.ownerOf(2), frames.typeOf(2)]).toEqual([undefined, 'free']);
  });

  test('is zeroed when it is next handed out', () => {
    const { frames, memory } = makeFrames(1);
    frames.allocateData(0, 0);
    memory.store8(5, 1);
    frames.free(0);
    expect([frames.isSoiled(0), memory.load8(5)]).toEqual([true, 1]);
    expect(frames.allocateData(1, 0)).toBe(0);
    expect([frames.isSoiled(0), memory.load8(5)]).toEqual([false, 0]);
  });

  test('of a table comes back zeroed', () => {
    const { frames } = makeFrames(1);
    const tables = frames.tablesOf(0);
    tables.free(tables.allocate()!);
    expect(frames.isSoiled(0)).toBe(false);
    expect(frames.allocateData(0, 0)).toBe(0);
    expect(frames.typeOf(0)).toBe('data');
  });

  test.each([0, 3, 4, -1, 0.5])('%d that nobody owns cannot be freed', (frame) => {
    const { frames } = makeFrames();
    frames.allocateData(0, 0);
    frames.free(0);
    expect(() => frames.free(frame)).toThrow(new KitBug('a frame that is freed has an owner'));
  });

  test('of data is not given back as a table', () => {
    const { frames } = makeFrames();
    const frame = frames.allocateData(0, 0)!;
    expect(() => frames.tablesOf(0).free(frame)).toThrow(
      new KitBug('a page table gives back tables'),
    );
  });
});

describe('all frames', () => {
  test('are free or owned, and counted by owner', () => {
    const { frames } = makeFrames();
    for (const owner of [1, 2, 1]) frames.allocateData(owner, 0);
    expect([frames.freeCount, frames.totalCount]).toEqual([1, 4]);
    expect(frames.owned()).toEqual([0, 1, 2]);
    expect(frames.owners()).toEqual([1, 2]);
    expect(frames.owners().map((owner) => frames.countOf(owner))).toEqual([2, 1]);
    frames.free(1);
    frames.free(0);
    expect([frames.freeCount, frames.countOf(1), frames.countOf(2)]).toEqual([3, 1, 0]);
    expect([frames.owned(), frames.owners()]).toEqual([[2], [1]]);
    expect([frames.ownedPeak, frames.returned]).toEqual([3, [1, 0]]);
  });

  test('go out once each, the last to come back first, until there is none', () => {
    const { frames } = makeFrames(3);
    frames.allocateData(0, 0);
    frames.allocateData(0, 0);
    frames.free(0);
    frames.free(1);
    const order = Array.from({ length: 4 }, () => frames.allocateData(0, 0));
    expect(order).toEqual([1, 0, 2, null]);
    expect(frames.tablesOf(0).allocate()).toBe(null);
    expect([frames.freeCount, frames.ownedPeak]).toEqual([0, 3]);
  });
});
