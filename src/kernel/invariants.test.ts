import { describe, expect, test } from 'vitest';
import { MIB } from '../base/units.ts';
import { encodeEntry, PRESENT, RIGHTS } from '../machine/page-table-entry.ts';
import { MACHINE_INVARIANTS } from '../machine/invariants.ts';
import { BASE, House } from './house.test-helper.ts';
import { KERNEL_INVARIANTS } from './invariants.ts';
import { kernelState } from './kernel-state.ts';
import { Kernel } from './kernel.ts';
import { ModelledSpace } from './modelled-space.ts';
import { PAGE } from './kernel-world.test-helper.ts';

/** The kernel's own. */
const OWN = KERNEL_INVARIANTS.slice(MACHINE_INVARIANTS.length);
const OWN_NAMES = new Set(OWN.map(({ name }) => name));

describe('the invariants', () => {
  test('have names of their own, sentences, rows and sources', () => {
    const names = KERNEL_INVARIANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(KERNEL_INVARIANTS.length);
    for (const { name, rows, says, source } of OWN) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)+$/);
      expect(rows).toMatch(/^[VATR]\d+( [VATR]\d+)*$/);
      expect(says).toMatch(/\.$/);
      expect(source).toMatch(/\.$/);
    }
  });

  test('cover the rows on areas and frames that private memory can break', () => {
    const rows = KERNEL_INVARIANTS.flatMap((invariant) => invariant.rows.split(' '));
    for (const row of 'V1 V2 V3 V4 V5 V6 V7 V8 A1 A2 A3 A4 A6 A7 A8 A9 T4 T5'.split(' '))
      expect(rows).toContain(row);
  });

  test('hold in honest use, and of address spaces without a model', () => {
    const house = new House();
    expect(house.problems()).toEqual({});
    const state = kernelState(house.kernel);
    expect(KERNEL_INVARIANTS.map(({ check }) => check(state)).filter(Boolean)).toEqual([]);
    house.kernel.endSpace(house.space);
    expect(house.problems()).toEqual({});
  });

  test('hold of a kernel that nobody watches', () => {
    const kernel = new Kernel({ framesCount: 64 });
    const model = new ModelledSpace(kernel, kernel.newSpace());
    const start = Number(model.mmap({ size: 1 }));
    model.store(start, 1);
    const state = kernelState(kernel, [model]);
    expect(KERNEL_INVARIANTS.map(({ check }) => check(state)).filter(Boolean)).toEqual([]);
  });
});

/** What is done to a house, which of the kernel's own invariants break, and what one of those broken says. */
type Damage = readonly [
  what: string,
  harm: (house: House) => void,
  names: readonly string[],
  says: string,
];

const DAMAGES: readonly Damage[] = [
  [
    'V3: a page in no area',
    (house) => house.hookUp(12, house.kernel.frames.allocateData(0, BASE + 12 * PAGE)!),
    ['page-lies-in-an-area'],
    'the page at 0x4000_c000 lies in no area',
  ],
  [
    'V3: a page that grants more than its area',
    (house) => house.hookUp(8, house.kernel.frames.allocateData(0, BASE + 8 * PAGE)!),
    ['page-lies-in-an-area'],
    'the page at 0x4000_8000 has rights 6 in an area of read',
  ],
  [
    'V5: an area that no call mapped',
    (house) => house.space.mmap({ address: BASE + 12 * PAGE, size: 1 }),
    ['calls-change-their-own-pages'],
    'the page at 0x4000_c000 is read-write, the calls so far made it not mapped',
  ],
  [
    'V5: an area with another protection',
    (house) => house.space.protect(BASE, 1, 'read'),
    ['calls-change-their-own-pages'],
    'the page at 0x4000_0000 is read, the calls so far made it read-write',
  ],
  [
    'V5: a byte that nobody stored',
    (house) => house.kernel.mmu.memory.store8(house.frameAt(1) * PAGE + 7, 9),
    ['calls-change-their-own-pages'],
    'the byte at 0x4000_1007 is 9, 0 was stored',
  ],
  [
    'V5: a byte that was stored to a page without a frame',
    (house) => house.model.log.store(BASE + 2 * PAGE + 7, 9),
    ['calls-change-their-own-pages'],
    'the byte at 0x4000_2007 is 0, 9 was stored',
  ],
  [
    'V5: a page that is lost',
    (house) => house.space.munmap(BASE, 1),
    ['calls-change-their-own-pages'],
    'the page at 0x4000_0000 is not mapped, the calls so far made it read-write',
  ],
  [
    'V6: a load of what nobody stored',
    (house) => {
      house.kernel.mmu.memory.store8(house.frameAt(1) * PAGE + 7, 9);
      house.model.load(BASE + PAGE + 7);
      house.kernel.mmu.memory.store8(house.frameAt(1) * PAGE + 7, 0);
    },
    ['page-is-private'],
    'the byte at 0x4000_1007 reads 9, 0 was stored',
  ],
  [
    'V6 A6: a frame that two address spaces map',
    (house) => house.hookUp(2, house.other.table.lookup(BASE)!.frame),
    [
      'calls-change-their-own-pages',
      'page-is-private',
      'frame-is-mapped-once',
      'walk-stays-with-its-owner',
    ],
    'the byte at 0x4000_2000 is 1, 0 was stored',
  ],
  [
    'A2: a frame of nobody alive',
    (house) => house.hookUp(2, house.kernel.frames.allocateData(9, BASE + 2 * PAGE)!),
    ['owned-frames-are-counted', 'walk-stays-with-its-owner'],
    'owner 9 has 1 frames and is no address space',
  ],
  [
    'A3: a free frame that is mapped',
    (house) => house.kernel.frames.free(house.frameAt(0)),
    ['frame-is-mapped-once', 'walk-stays-with-its-owner', 'frame-is-freed-last'],
    'which is free',
  ],
  [
    'A4: a frame that is lost',
    (house) => house.kernel.frames.allocateData(0, BASE + 2 * PAGE),
    ['frame-is-mapped-once'],
    '0 entries lead to frame',
  ],
  [
    'A4: a frame that two pages share',
    (house) => house.hookUp(2, house.frameAt(5)),
    ['calls-change-their-own-pages', 'frame-is-mapped-once'],
    'the byte at 0x4000_2000 is 6, 0 was stored',
  ],
  [
    'A4: a frame that was taken for another page',
    (house) => house.hookUp(2, house.kernel.frames.allocateData(0, BASE + 4 * PAGE)!),
    ['frame-is-mapped-once'],
    'is for 0x4000_4000, and mapped at 0x4000_2000',
  ],
  [
    'A6 A8: a table in a frame of nobody',
    (house) =>
      house.kernel.mmu.layout.write(
        house.kernel.mmu.layout.entryAt(house.space.table.root, 9),
        encodeEntry(60, PRESENT | RIGHTS),
      ),
    ['walk-stays-with-its-owner', 'frame-has-one-type'],
    'address space 0 reaches frame 60, whose owner is nobody',
  ],
  [
    'A8: a table that is lost',
    (house) => house.kernel.frames.tablesOf(0).allocate(),
    ['frame-has-one-type'],
    'is table and holds no table',
  ],
  [
    'A8: a table in a frame of data',
    (house) => {
      const { layout } = house.kernel.mmu;
      const frame = house.kernel.frames.allocateData(0, BASE + 2 * PAGE)!;
      layout.write(layout.entryAt(house.space.table.root, 9), encodeEntry(frame, PRESENT | RIGHTS));
    },
    ['frame-is-mapped-once', 'frame-has-one-type'],
    '0 entries lead to frame',
  ],
  [
    'A7: a free frame that is not zero',
    (house) => house.kernel.mmu.memory.store8(60 * PAGE + 5, 1),
    ['frame-arrives-zeroed'],
    'the free frame 60 is not zero',
  ],
  [
    'A7: a frame that is handed out with something in it',
    (house) => {
      const { frames, mmu } = house.kernel;
      mmu.memory.store8(20 * PAGE + 5, 1);
      while (frames.allocateData(0, 0) !== 20);
    },
    ['frame-is-mapped-once', 'frame-arrives-zeroed'],
    '0 entries lead to frame',
  ],
  [
    'T5: a frame that is freed before it is invalidated',
    (house) => {
      const frame = house.frameAt(0);
      house.model.load(BASE);
      house.kernel.mmu.layout.write(house.entryAt(0), 0);
      house.kernel.frames.free(frame);
    },
    ['calls-change-their-own-pages', 'frame-is-freed-last'],
    'was freed while the TLB still led to it from 0x4000_0000',
  ],
];

describe('an invariant is broken by', () => {
  test.each(DAMAGES)('%s', (_, harm, names, says) => {
    const house = new House();
    house.model.load(BASE);
    harm(house);
    const found = house.problems();
    const broken = Object.keys(found).filter((name) => OWN_NAMES.has(name));
    expect(broken).toEqual(names);
    expect(Object.values(found).join('; ')).toContain(says);
  });
});

test('a model passes on what is no fault', () => {
  const { kernel, model } = new House();
  const wrong = new Error('the handler fell over');
  kernel.mmu.handler = {
    resolve: () => {
      throw wrong;
    },
  };
  model.space.activate = () => {};
  expect(() => model.load(0)).toThrow(wrong);
});

test('a model starts with nothing mapped', () => {
  const kernel = new Kernel();
  const space = kernel.newSpace();
  space.mmap({ size: MIB });
  expect(() => new ModelledSpace(kernel, space)).toThrow('a model starts with an address space');
});
