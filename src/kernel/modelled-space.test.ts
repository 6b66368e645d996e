/** The model finds what an address space does wrong: each problem is planted, each refusal has Linux's reason. */
import { beforeEach, describe, expect, test } from 'vitest';
import { KitBug } from '../base/kit-bug.ts';
import { Kernel } from './kernel.ts';
import { type AccessSize, OUT_OF_FRAMES } from './access.ts';
import { ModelledSpace } from './modelled-space.ts';
import { OutOfFrames } from './out-of-frames.ts';
import { BREAK, LIMIT, makeModel, MAPS, PAGE } from './toy-model.test-helper.ts';

let model: ModelledSpace;
beforeEach(() => {
  model = makeModel();
});

test('a model starts with an address space in which nothing is mapped', () => {
  const kernel = new Kernel({ preset: 'toy', framesCount: 8 });
  const space = kernel.newSpace();
  space.mmap({ size: 1 });
  expect(() => new ModelledSpace(kernel, space)).toThrow(KitBug);
});

describe('calls are refused as on Linux, with nothing to complain of', () => {
  test.each<[string, (own: ModelledSpace) => unknown, unknown]>([
    ['a map of no bytes', (own) => own.mmap({ size: 0 }), 'EINVAL'],
    ['a map of more than there is', (own) => own.mmap({ size: LIMIT }), 'ENOMEM'],
    ['a map of more addresses than exist', (own) => own.mmap({ size: LIMIT + 1 }), 'ENOMEM'],
    ['a map at null', (own) => own.mmap({ address: 0, size: 1 }), 'EINVAL'],
    ['a map inside a page', (own) => own.mmap({ address: MAPS + 1, size: 1 }), 'EINVAL'],
    ['a map past the end', (own) => own.mmap({ address: LIMIT - PAGE, size: PAGE + 1 }), 'ENOMEM'],
    ['a map over an area', (own) => own.mmap({ address: MAPS, size: 1 }), 'EEXIST'],
    ['a map into an area', (own) => own.mmap({ address: MAPS - PAGE, size: PAGE + 1 }), 'EEXIST'],
    ['a map beside an area', (own) => own.mmap({ address: MAPS - PAGE, size: PAGE }), MAPS - PAGE],
    ['an unmap of no bytes', (own) => own.munmap(MAPS, 0), 'EINVAL'],
    ['an unmap inside a page', (own) => own.munmap(MAPS + 1, 1), 'EINVAL'],
    ['an unmap past the end', (own) => own.munmap(LIMIT - PAGE, PAGE + 1), 'EINVAL'],
    ['an unmap of nothing mapped', (own) => own.munmap(LIMIT - PAGE, PAGE), 'done'],
    ['an mprotect of no bytes', (own) => own.protect(MAPS, 0, 'read'), 'EINVAL'],
    ['an mprotect inside a page', (own) => own.protect(MAPS + 1, 1, 'read'), 'EINVAL'],
    ['an mprotect with a hole', (own) => own.protect(MAPS, 3 * PAGE, 'read'), 'ENOMEM'],
    ['an mprotect of a part', (own) => own.protect(MAPS, 1, 'read'), 'done'],
    ['a break below its start', (own) => own.sbrk(-1), 'ENOMEM'],
    ['a break past its end', (own) => own.sbrk(MAPS - BREAK + 1), 'ENOMEM'],
    ['a break to its end', (own) => own.sbrk(MAPS - BREAK), BREAK],
    ['a break that stays', (own) => own.sbrk(0), BREAK],
  ])('%s', (_, call, answer) => {
    expect(model.mmap({ size: 2 * PAGE })).toBe(MAPS);
    expect(call(model)).toBe(answer);
    expect(model.problems).toEqual({});
  });

  test('a break into an area, and past it when the area is gone', () => {
    model.mmap({ address: BREAK + PAGE, size: PAGE });
    expect(model.sbrk(PAGE)).toBe(BREAK);
    expect(model.sbrk(1)).toBe('ENOMEM');
    model.munmap(BREAK + PAGE, PAGE);
    expect(model.sbrk(1)).toBe(BREAK + PAGE);
    expect(model.problems).toEqual({});
  });

  test('anything that needs frames, where frames come on map and none is left', () => {
    // A root, one table for the first 1024 addresses behind MAPS, and two pages.
    const few = makeModel({ frames: 'on-map' }, { framesCount: 4 });
    expect(few.mmap({ size: 2 * PAGE })).toBe(MAPS);
    expect(few.mmap({ size: 1 })).toBe('ENOMEM');
    expect(few.mmap({ address: MAPS + 2 * PAGE, size: 1 })).toBe('ENOMEM');
    expect(few.sbrk(1)).toBe('ENOMEM');
    expect(few.problems).toEqual({});
  });
});

describe('an access', () => {
  test.each([1, 2, 4, 8] as const)('of %d bytes finds what was stored, low byte first', (size) => {
    model.mmap({ size: PAGE });
    const value = 0x06_0504_0302_01 % 2 ** (8 * size);
    expect(model.store(MAPS + 3, value, size)).toEqual({ kind: 'done', value });
    expect(model.load(MAPS + 3, size)).toEqual({ kind: 'done', value });
    expect(model.load(MAPS + 3)).toEqual({ kind: 'done', value: 1 });
    expect(model.load(MAPS + 2)).toEqual({ kind: 'done', value: 0 });
    expect(model.load(MAPS + 3 + size)).toEqual({ kind: 'done', value: 0 });
    expect(model.problems).toEqual({});
  });

  test.each([2, 4, 8] as const)('of %d bytes may lie on two pages', (size) => {
    model.mmap({ size: 2 * PAGE });
    const value = 0x0302_01 % 2 ** (8 * size);
    model.store(MAPS + PAGE - 1, value, size);
    expect(model.load(MAPS + PAGE - 1, size)).toEqual({ kind: 'done', value });
    expect(model.load(MAPS + PAGE)).toEqual({ kind: 'done', value: 2 });
    expect(model.problems).toEqual({});
  });

  test('on two pages of which one forbids it stores nothing on either', () => {
    model.mmap({ size: 2 * PAGE });
    model.protect(MAPS + PAGE, PAGE, 'read');
    model.load(MAPS + PAGE);
    const answer = model.store(MAPS + PAGE - 4, 0x0102_0304_0506, 8);
    expect(answer).toEqual({ kind: 'faulted', why: 'read-only' });
    expect(model.load(MAPS + PAGE - 4, 4)).toEqual({ kind: 'done', value: 0 });
    expect(model.load(MAPS + PAGE - 4, 8)).toEqual({ kind: 'done', value: 0 });
    expect(model.problems).toEqual({});
  });

  test.each([
    ['where nothing is mapped', 0x2000, 'load', 'not-mapped'],
    ['where nothing may be done', MAPS, 'load', 'not-mapped'],
    ['to what may only be read', MAPS + PAGE, 'store', 'not-mapped'],
    ['past the last address', LIMIT - 4, 'load', 'not-mapped'],
    ['behind all addresses', LIMIT, 'load', 'non-canonical'],
  ] as const)('%s faults', (_, address, access, why) => {
    model.mmap({ size: PAGE, protection: 'none' });
    model.mmap({ size: PAGE, protection: 'read' });
    const answer = access === 'load' ? model.load(address, 8) : model.store(address, 1, 8);
    expect(answer).toEqual({ kind: 'faulted', why });
    expect(model.problems).toEqual({});
  });

  test('for which no frame is left faults, and takes none', () => {
    // The root, a table and two pages.
    const few = makeModel({}, { framesCount: 4 });
    few.mmap({ size: 3 * PAGE });
    const answers = [0, 1, 2].map((page) => few.store(MAPS + page * PAGE, 1).kind);
    expect(answers).toEqual(['done', 'done', 'faulted']);
    expect(few.load(MAPS + 2 * PAGE)).toEqual({ kind: 'faulted', why: 'no frame is left' });
    expect(few.problems).toEqual({});
  });

  test('goes through its own address space, whichever was active', () => {
    const kernel = new Kernel({ preset: 'toy', framesCount: 16 });
    const [a, b] = [0, 1].map((id) => new ModelledSpace(kernel, kernel.newSpace({ id })));
    const [atA, atB] = [a!, b!].map((own) => own.mmap({ size: 1 }) as number);
    a!.store(atA!, 1);
    b!.store(atB!, 2);
    expect([a!.load(atA!), b!.load(atB!)]).toMatchObject([{ value: 1 }, { value: 2 }]);
    expect([a!.problems, b!.problems]).toEqual([{}, {}]);
  });

  test('goes to whichever address space is active, where another one has to see to that', () => {
    const kernel = new Kernel({ preset: 'toy', framesCount: 16 });
    const [a, b] = [0, 1].map((id) => kernel.newSpace({ id }));
    const own = new ModelledSpace(kernel, a!, 'foreign');
    b!.activate();
    own.load(Number(own.mmap({ size: 1 })));
    expect([a!.isActive, b!.isActive]).toEqual([false, true]);
  });

  test('that is refused on the second of two pages is noted of the first, and no other', () => {
    model.mmap({ size: PAGE });
    model.mmap({ size: PAGE, protection: 'read' });
    model.store(MAPS + PAGE, 1);
    expect([...model.log.halfStored]).toEqual([]);
    model.store(MAPS + PAGE - 4, 1, 8);
    expect([...model.log.halfStored]).toEqual([MAPS]);
  });

  test('of a size that does not exist is a bug of ours', () => {
    model.mmap({ size: PAGE });
    const three: AccessSize = JSON.parse('3');
    expect(() => model.load(MAPS, three)).toThrow(KitBug);
    expect(() => model.store(MAPS, 1, three)).toThrow(KitBug);
  });

  test('of bytes on one page asks the log once what it may do there, on two pages twice', () => {
    model.mmap({ size: 2 * PAGE });
    let asked = 0;
    const protectionAt = model.log.protectionAt.bind(model.log);
    model.log.protectionAt = (address) => {
      asked += 1;
      return protectionAt(address);
    };
    const counts = [MAPS, MAPS + PAGE - 8, MAPS + PAGE - 4].flatMap((address) =>
      [() => model.store(address, 1, 8), () => model.load(address, 8)].map((access) => {
        asked = 0;
        access();
        return asked;
      }),
    );
    expect(counts).toEqual([1, 1, 1, 1, 2, 2]);
  });

  test('that throws what is no error lets it through', () => {
    const kernel = new Kernel({ preset: 'toy', framesCount: 8 });
    const own = new ModelledSpace(kernel, kernel.newSpace());
    kernel.mmu.load8 = () => {
      // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error
      throw 'a stray';
    };
    expect(() => own.load(MAPS)).toThrow('a stray');
  });
});

/** What is wrong after some calls of an address space of which one thing was replaced. */
function problemsOf(
  plant: (own: ModelledSpace, kernel: Kernel) => void,
  use: (own: ModelledSpace) => unknown,
): ModelledSpace['problems'] {
  const kernel = new Kernel({ preset: 'toy', framesCount: 32 });
  const breakRange = { start: BREAK, end: MAPS };
  const own = new ModelledSpace(kernel, kernel.newSpace({ placement: 'up', breakRange }));
  own.mmap({ size: 2 * PAGE });
  own.store(MAPS, 5);
  plant(own, kernel);
  use(own);
  return own.problems;
}

describe('a problem is told once, the first of its kind', () => {
  test.each<
    [string, Parameters<typeof problemsOf>[0], Parameters<typeof problemsOf>[1], string, string]
  >([
    [
      'a map where something is',
      ({ space }) => (space.mmap = () => MAPS + PAGE),
      (own) => own.mmap({ size: PAGE }),
      'place',
      'mmap returned [0x0000_1040, 0x0000_1080), which is not all its own',
    ],
    [
      'a map that is no page',
      ({ space }) => (space.mmap = () => 0x2001),
      (own) => own.mmap({ size: PAGE }),
      'place',
      'mmap returned [0x0000_2001, 0x0000_2041), which is not all its own',
    ],
    [
      'a map of the first page',
      ({ space }) => (space.mmap = () => 0),
      (own) => own.mmap({ size: PAGE }),
      'place',
      'mmap returned [0x0000_0000, 0x0000_0040), which is not all its own',
    ],
    [
      'a map elsewhere than it was told',
      ({ space }) => (space.mmap = () => 0x2000),
      (own) => own.mmap({ address: 0x3000, size: PAGE }),
      'place',
      'mmap returned [0x0000_2000, 0x0000_2040), which is not all its own',
    ],
    [
      'a map over what is there',
      ({ space }) => (space.mmap = ({ address = 0 }) => address),
      (own) => own.mmap({ address: MAPS + PAGE, size: PAGE }),
      'occupied',
      'mmap at [0x0000_1040, 0x0000_1080) was granted, 0x0000_1040 was mapped',
    ],
    [
      'a map that is refused for nothing',
      ({ space }) => (space.mmap = () => 'ENOMEM'),
      (own) => own.mmap({ address: 0x3000, size: PAGE }),
      'answer',
      'mmap of 64 bytes was refused: ENOMEM, and nothing is at [0x0000_3000, 0x0000_3040)',
    ],
    [
      'a map anywhere that is refused for nothing',
      ({ space }) => (space.mmap = () => 'ENOMEM'),
      (own) => own.mmap({ size: LIMIT - MAPS - 4 * PAGE }),
      'answer',
      'mmap of 12032 bytes was refused: ENOMEM, and nothing is at [0x0000_1080, 0x0000_4000)',
    ],
    [
      'an unmap that is granted in spite of its arguments',
      ({ space }) => (space.munmap = () => 'done'),
      (own) => own.munmap(MAPS + 1, PAGE),
      'answer',
      'munmap of 64 bytes at 0x0000_1001 was answered done, EINVAL was due',
    ],
    [
      'an mprotect that overlooks a hole',
      ({ space }) => (space.protect = () => 'done'),
      (own) => own.protect(MAPS, 3 * PAGE, 'read'),
      'answer',
      'mprotect of 192 bytes at 0x0000_1000 was answered done, ENOMEM was due',
    ],
    [
      'an sbrk that says where the break is, not where it was',
      ({ space }) => (space.sbrk = (increment) => BREAK + increment),
      (own) => own.sbrk(8),
      'answer',
      'sbrk of 8 bytes at 0x0000_0400 was answered 1032, 1024 was due',
    ],
    [
      'a load that is refused',
      ({ space }, { mmu }) => {
        space.table.protect(MAPS, 0);
        mmu.tlb.flushAll();
      },
      (own) => own.load(MAPS),
      'access',
      'the load at 0x0000_1000, where the protection is read-write, was refused',
    ],
    [
      'a load that is granted',
      (own) => own.log.change({ start: MAPS, end: MAPS + PAGE }, undefined),
      (own) => own.load(MAPS),
      'access',
      'the load at 0x0000_1000, where the protection is none, was granted',
    ],
    [
      'a store that is granted, on two pages of which one may only be read',
      (own) => own.log.change({ start: MAPS + PAGE, end: MAPS + 2 * PAGE }, 'read'),
      (own) => own.store(MAPS + PAGE - 4, 1, 8),
      'access',
      'the store at 0x0000_103c, where the protection is read, was granted',
    ],
    [
      'a store that is granted, on two pages of which the first may only be read',
      (own) => own.log.change({ start: MAPS, end: MAPS + PAGE }, 'read'),
      (own) => own.store(MAPS + PAGE - 4, 1, 8),
      'access',
      'the store at 0x0000_103c, where the protection is read, was granted',
    ],
    [
      'a refused store that keeps a frame',
      (_, { frames, mmu }) => {
        mmu.store8 = (address) => {
          frames.allocateData(0, address);
          throw new OutOfFrames(address, 'store');
        };
      },
      (own) => own.store(MAPS + PAGE, 1),
      'access',
      'the store at 0x0000_1040, where the protection is read-write, was refused',
    ],
    [
      'a byte that nobody stored',
      ({ space }, { mmu }) =>
        mmu.memory.store8(space.table.lookup(MAPS)!.frame * mmu.memory.frameSize, 9),
      (own) => own.load(MAPS),
      'contents',
      'the byte at 0x0000_1000 reads 9, 5 was stored',
    ],
    [
      'four bytes that nobody stored',
      ({ space }, { mmu }) =>
        mmu.memory.store8(space.table.lookup(MAPS)!.frame * mmu.memory.frameSize + 1, 1),
      (own) => own.load(MAPS, 4),
      'contents',
      'the 4 bytes at 0x0000_1000 read 261, 5 was stored',
    ],
  ])('%s', (_, plant, use, kind, says) => {
    const first = problemsOf(plant, use);
    expect(first).toEqual({ [kind]: says });
    const twice = problemsOf(plant, (own) => {
      use(own);
      own.space.munmap = () => 'done';
      own.munmap(1, 1);
      use(own);
    });
    expect(twice).toMatchObject({ [kind]: says });
  });
});

test('a break past its end that is granted is a problem', () => {
  model.space.sbrk = () => BREAK;
  model.sbrk(MAPS - BREAK + 1);
  expect(model.problems.answer).toBe(
    'sbrk of 3073 bytes at 0x0000_0400 was answered 1024, ENOMEM was due',
  );
});

describe('a model expects what the kernel planted', () => {
  test('byte by byte', () => {
    model.mmap({ size: 2 * PAGE });
    expect(model.plant(MAPS + PAGE - 8, Float64Array.of(2 ** 53 - 1, 258))).toBe(true);
    expect(model.load(MAPS + PAGE, 2)).toEqual({ kind: 'done', value: 258 });
    expect(model.load(MAPS + PAGE - 8, 8)).toEqual({ kind: 'done', value: 2 ** 53 - 1 });
    expect(model.problems).toEqual({});
  });

  test('and nothing where there was no frame to plant into', () => {
    // A root and a table, and no page.
    const few = makeModel({}, { framesCount: 2 });
    few.mmap({ size: PAGE });
    expect(few.plant(MAPS, Float64Array.of(7))).toBe(false);
    expect(few.load(MAPS)).toEqual({ kind: 'faulted', why: OUT_OF_FRAMES });
    expect([few.log.contents.size, few.problems]).toEqual([0, {}]);
  });
});
