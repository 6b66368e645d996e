import { describe, expect, test } from 'vitest';
import { UsageError } from '../base/usage-error.ts';
import { Runner } from '../check/runner.ts';
import type { AllocatorTarget } from '../check/target.ts';
import { parseProgram } from '../program/text.ts';
import { type AllocatorObject, objectTarget } from './object.ts';

/** Adapts an object of this malloc and free, and what is added. */
function adapt(parts: Partial<AllocatorObject> = {}): AllocatorTarget {
  return objectTarget('mine', () => ({ malloc: () => 16, free: () => undefined, ...parts }))();
}

/** A value that its type would not allow. */
function untyped(value: unknown): ReturnType<typeof Reflect.get> {
  return Reflect.get({ value }, 'value');
}

describe('of malloc and free alone', () => {
  const target = adapt();

  test('a target offers and promises nothing else', () => {
    expect([target.malloc(8), target.free(16), target.promises]).toEqual([16, true, {}]);
    const offered = Object.entries(target).filter(([, value]) => value !== undefined);
    expect(offered.map(([key]) => key)).toEqual(['name', 'promises', 'malloc', 'free']);
  });

  test('address 0 is an address like any other', () => {
    expect(adapt({ malloc: () => 0 }).malloc(8)).toBe(0);
  });

  test('null is passed to free as null', () => {
    const freed: unknown[] = [];
    adapt({ free: (address) => freed.push(address) }).free(null);
    expect(freed).toEqual([null]);
  });
});

describe('what malloc returns', () => {
  const memory = new ArrayBuffer(64);

  test.each([
    ['null', null, {}, null],
    ['undefined', undefined, {}, null],
    ['0 without memory', 0, {}, 0],
    ['0 with memory', 0, { memory }, null],
    ['0 with memory and another null address', 0, { memory, nullAddress: -1 }, 0],
    ['its null address', -1, { nullAddress: -1 }, null],
    ['its null address, with memory', 7, { memory, nullAddress: 7 }, null],
    ['an address', 48, { memory }, 48],
    ['NaN', NaN, {}, NaN],
    ['a text', '48', {}, '48'],
  ])('%s', (_, returned, parts, answer) => {
    expect(adapt({ malloc: () => returned, ...parts }).malloc(8)).toBe(answer);
  });
});

describe('what free returns', () => {
  test.each([
    [undefined, true],
    [true, true],
    [0, true],
    [null, true],
    [false, false],
  ])('%s means %s', (returned, accepted) => {
    expect(adapt({ free: () => returned }).free(16)).toBe(accepted);
  });
});

describe('a null pointer is sent as', () => {
  test.each([
    ['null without memory', {}, null],
    ['0 with memory', { memory: new ArrayBuffer(64) }, 0],
    ['the null address', { memory: new ArrayBuffer(64), nullAddress: -1 }, -1],
  ])('%s', (_, parts, sent) => {
    const got: unknown[] = [];
    const target = adapt({
      free: (address) => got.push(address),
      realloc: (address, size) => got.push(address, size),
      ...parts,
    });
    target.free(null);
    target.realloc!(null, 8);
    target.free(48);
    target.realloc!(48, 9);
    expect(got).toEqual([sent, sent, 8, 48, 48, 9]);
  });
});

describe('the rest of an allocator', () => {
  /** An allocator whose methods need their object, as those of a class do. */
  class Counted implements AllocatorObject {
    calls: unknown[][] = [];
    readonly promises = { alignment: 8, slack: 4 } as const;
    readonly bounds = { start: 8, end: 800 };
    readonly invariants = { rules: [], read: () => 7 };
    malloc(...given: unknown[]): unknown {
      return this.note('malloc', given);
    }
    free(...given: unknown[]): unknown {
      return this.note('free', given);
    }
    calloc(...given: unknown[]): unknown {
      return this.note('calloc', given);
    }
    realloc(...given: unknown[]): unknown {
      return this.note('realloc', given);
    }
    aligned(...given: unknown[]): unknown {
      return this.note('aligned', given);
    }
    usableSize(...given: unknown[]): number {
      return this.note('usableSize', given);
    }
    footprint(...given: unknown[]): number {
      return this.note('footprint', given);
    }
    walk(): [] {
      this.note('walk', []);
      return [];
    }
    events(): Record<string, number> {
      return { calls: this.calls.length };
    }
    reset(): void {
      this.calls = [];
    }
    note(name: string, given: unknown[]): number {
      this.calls.push([name, ...given]);
      return this.calls.length * 8;
    }
  }

  test('is called on its object, with what it was given', () => {
    const allocator = new Counted();
    const target = objectTarget('counted', () => allocator)();
    const answers = [
      target.malloc(1),
      target.calloc!(2, 3),
      target.realloc!(8, 4),
      target.aligned!(64, 5),
      target.usableSize!(16),
      target.footprint!(),
      target.free(24),
    ];
    expect([...target.walk!()]).toEqual([]);
    expect(answers).toEqual([8, 16, 24, 32, 40, 48, true]);
    expect(allocator.calls).toEqual([
      ['malloc', 1],
      ['calloc', 2, 3],
      ['realloc', 8, 4],
      ['aligned', 64, 5],
      ['usableSize', 16],
      ['footprint'],
      ['free', 24],
      ['walk'],
    ]);
    expect(target.events!()).toEqual({ calls: 8 });
    target.reset!();
    expect(target.events!()).toEqual({ calls: 0 });
  });

  test('is passed on as it is', () => {
    const allocator = new Counted();
    const target = objectTarget('counted', () => allocator)();
    expect(target.promises).toBe(allocator.promises);
    expect(target.bounds).toBe(allocator.bounds);
    expect(target.invariants).toBe(allocator.invariants);
    expect(target.memory).toBeUndefined();
  });

  test.each(['calloc', 'realloc', 'aligned'] as const)('%s may refuse', (call) => {
    const target = adapt({ [call]: () => -1, nullAddress: -1 });
    expect(target[call]!(8, 8)).toBeNull();
  });
});

describe('memory', () => {
  test.each([
    ['an ArrayBuffer', new ArrayBuffer(64)],
    ['a SharedArrayBuffer', new SharedArrayBuffer(64)],
    ['an array on a buffer', new Uint8Array(64)],
  ])('may be %s, and is where blocks lie', (_, memory) => {
    const target = adapt({ memory });
    expect(target.bounds).toEqual({ start: 0, end: 64 });
    target.memory!.storeDouble(3, 0.1);
    expect(target.memory!.loadDouble(3)).toBe(0.1);
    target.memory!.storeByte(8, 0x1ff);
    expect(target.memory!.loadByte(8)).toBe(0xff);
    const bytes = new Uint8Array('buffer' in memory ? memory.buffer : memory);
    expect([bytes[3], bytes[8], bytes[10]]).toEqual([0x9a, 0xff, 0x3f]);
  });

  test('that is a view of a part of a buffer begins where the view does', () => {
    const buffer = new ArrayBuffer(64);
    const target = adapt({ memory: new Uint8Array(buffer, 32, 16) });
    expect(target.bounds).toEqual({ start: 0, end: 16 });
    target.memory!.storeByte(0, 7);
    expect([...new Uint8Array(buffer).entries()].filter(([, byte]) => byte !== 0)).toEqual([
      [32, 7],
    ]);
  });

  test('of a WebAssembly.Memory is its buffer', () => {
    const target = adapt({ memory: { buffer: new ArrayBuffer(48) } });
    expect(target.bounds).toEqual({ start: 0, end: 48 });
    target.memory!.storeByte(40, 7);
    expect(target.memory!.loadByte(40)).toBe(7);
  });

  test('has bounds of its own where the allocator names some', () => {
    const target = adapt({ memory: new ArrayBuffer(64), bounds: { start: 16, end: 32 } });
    expect(target.bounds).toEqual({ start: 16, end: 32 });
  });

  test('that is exchanged when it grows is read anew', () => {
    const allocator = {
      memory: new ArrayBuffer(16),
      malloc(size: number) {
        this.memory = new ArrayBuffer(this.memory.byteLength + size);
        return 16;
      },
      free: () => undefined,
    };
    const target = objectTarget('growing', () => allocator)();
    target.memory!.storeByte(0, 1);
    expect(target.bounds).toEqual({ start: 0, end: 16 });
    expect(target.malloc(16)).toBe(16);
    expect(target.bounds).toEqual({ start: 0, end: 32 });
    expect(target.memory!.loadByte(0)).toBe(0);
    target.memory!.storeDouble(24, 7);
    expect(new Float64Array(allocator.memory)[3]).toBe(7);
  });

  test('outside of it throws', () => {
    expect(() => adapt({ memory: new ArrayBuffer(8) }).memory!.loadByte(8)).toThrow(RangeError);
  });
});

describe('an allocator that throws', () => {
  test('is a finding of its run', () => {
    const makeTarget = objectTarget('full', () => ({
      malloc() {
        throw new Error('no room');
      },
      free: () => undefined,
    }));
    const { program } = parseProgram('heapcheck program 1\nb0 = malloc 8', 'text.ops');
    expect(new Runner(makeTarget).run(program)).toMatchObject({
      law: 'calls-return',
      target: 'full',
      observed: 'malloc(8) threw Error: no room',
    });
  });

  test('when it is made throws that', () => {
    const broken = new Error('broken');
    const makeAllocator = (): never => {
      throw broken;
    };
    expect(() => objectTarget('mine', makeAllocator)).toThrow(broken);
  });
});

test('each target has an allocator of its own', () => {
  let made = 0;
  const makeTarget = objectTarget('mine', () => {
    made += 1;
    const address = made * 16;
    return { malloc: () => address, free: () => undefined };
  });
  expect([makeTarget().malloc(8), makeTarget().malloc(8)]).toEqual([32, 48]);
});

describe('is refused', () => {
  const bare = { malloc: () => 16, free: () => undefined };

  test.each<[string, unknown, string]>([
    [
      'an allocator in place of a function',
      bare,
      'mine: expected a function that returns a fresh allocator, but got an object with malloc, free; pass () => allocator instead, so that every run starts on an empty heap.',
    ],
    [
      'nothing in place of a function',
      undefined,
      'mine: expected a function that returns a fresh allocator, but got undefined; pass () => allocator instead, so that every run starts on an empty heap.',
    ],
    [
      'an allocator without malloc',
      () => ({ free: bare.free }),
      'mine: the allocator has no malloc (it is an object with free); give it malloc(size) and free(address).',
    ],
    [
      'an allocator without free, of many parts',
      () => ({ malloc: bare.malloc, a: 1, b: 1, c: 1, d: 1, e: 1 }),
      'mine: the allocator has no free (it is an object with malloc, a, b, c, d); give it malloc(size) and free(address).',
    ],
    [
      'an allocator whose malloc is no function',
      () => ({ ...bare, malloc: 16 }),
      'mine: the allocator has no malloc (it is an object with malloc, free); give it malloc(size) and free(address).',
    ],
    [
      'a function that returns nothing',
      () => undefined,
      'mine: the allocator has no malloc (it is undefined); give it malloc(size) and free(address).',
    ],
    [
      'a function that returns a number',
      () => 16,
      'mine: the allocator has no malloc (it is a number); give it malloc(size) and free(address).',
    ],
    [
      'a function that returns an empty object',
      () => ({}),
      'mine: the allocator has no malloc (it is an object with nothing); give it malloc(size) and free(address).',
    ],
    [
      'an alignment that is no power of two',
      () => ({ ...bare, promises: { alignment: 24 } }),
      'mine: promises.alignment is 24; pass a power of two, such as 8 or 16.',
    ],
  ])('%s', (_, makeAllocator, message) => {
    expect(() => objectTarget('mine', untyped(makeAllocator))).toThrow(new UsageError(message));
  });
});
