import { describe, expect, test } from 'vitest';
import { importPatched, type Patch } from '../targets/mutants/import-patched.ts';
import { BASE, House } from './house.test-helper.ts';
import { type KernelModule, PAGE } from './kernel-world.test-helper.ts';

/** A changed line of the kernel, and the invariant that it breaks at last. */
type Plant = readonly [
  what: string,
  patches: readonly Patch[],
  use: (house: House) => void,
  name: string,
  says: string,
];

const NEW_AREA: Patch = {
  module: 'kernel/areas',
  find: 'assert(start < end && !this.touches({ start, end })',
  replace: 'assert(start < end || this.touches({ start, end })',
};

const PLANTS: readonly Plant[] = [
  [
    'V1: an area that keeps a byte too many',
    [
      {
        module: 'kernel/areas',
        find: 'rests.push({ start: range.end, end',
        replace: 'rests.push({ start: range.end - 1, end',
      },
    ],
    () => {},
    'areas-stay-apart',
    'the area [0x4000_3fff, 0x4000_5000) is no area of its own',
  ],
  [
    'V2: a size that counts what was not mapped',
    [
      {
        module: 'kernel/areas',
        find: 'Math.min(end, range.end) - Math.max(start, range.start)',
        replace: 'range.end - range.start',
      },
    ],
    ({ model }) => model.munmap(BASE, 16 * PAGE),
    'mapped-size-equals-areas',
    'bytes are counted as mapped, areas have 4096',
  ],
  [
    'V4: a place that is taken',
    [
      NEW_AREA,
      {
        module: 'kernel/placement',
        find: 'if (end - start >= size)',
        replace: 'if (end - start + 4096 >= size)',
      },
    ],
    ({ model }) => model.mmap({ size: 2 * PAGE }),
    'map-takes-what-is-free',
    'mmap returned [0x4000_3000, 0x4000_5000), which is not all its own',
  ],
  [
    'V4: a place that is not where it was told',
    [
      {
        module: 'kernel/address-space',
        find: "this.#map(range, protection) ? start : 'ENOMEM'",
        replace: "this.#map(range, protection) ? start + (address ? this.#pageSize : 0) : 'ENOMEM'",
      },
    ],
    () => {},
    'map-takes-what-is-free',
    'mmap returned [0x4000_9000, 0x4000_a000), which is not all its own',
  ],
  [
    'V8: a map over what is mapped',
    [
      NEW_AREA,
      {
        module: 'kernel/address-space',
        find: "? 'EEXIST' : address",
        replace: '? address : address',
      },
    ],
    ({ model }) => model.mmap({ address: BASE, size: 1 }),
    'map-replaces-nothing',
    'mmap at [0x4000_0000, 0x4000_1000) was granted, 0x4000_0000 was mapped',
  ],
  [
    'V5: a split that loses the front',
    [
      {
        module: 'kernel/areas',
        find: 'if (start < range.start)',
        replace: 'if (start + 4096 * 4 < range.start)',
      },
    ],
    () => {},
    'calls-change-their-own-pages',
    'the page at 0x3fff_c000 is not mapped',
  ],
  [
    'V6: a frame that is not zeroed',
    [
      {
        module: 'kernel/frames',
        find: 'if (this.#isSoiled[frame] === 1)',
        replace: 'if (this.#isSoiled[frame] === 2)',
      },
    ],
    ({ model }) => model.load(BASE + 2 * PAGE),
    'page-is-private',
    'the byte at 0x4000_2000 reads 4, 0 was stored',
  ],
  [
    'A7: a frame that is not zeroed',
    [
      {
        module: 'kernel/frames',
        find: 'if (this.#isSoiled[frame] === 1)',
        replace: 'if (this.#isSoiled[frame] === 2)',
      },
    ],
    ({ model }) => model.load(BASE + 2 * PAGE),
    'frame-arrives-zeroed',
    'was handed out with byte 0 or one of the next 3 not zero',
  ],
  [
    'V7: an access that its area forbids and that takes a frame',
    [
      {
        module: 'kernel/address-space',
        find: 'area === undefined || !allows(area, access)',
        replace: 'area === undefined',
      },
    ],
    ({ model }) => model.store(BASE + 8 * PAGE, 1),
    'refused-access-changes-nothing',
    'the store at 0x4000_8000, where the protection is read, was refused, and took 1 frames',
  ],
  [
    'V7: an access that is granted against the protection',
    [
      {
        module: 'kernel/address-space',
        find: 'this.table.protect(page, rights);',
        replace: 'this.table.protect(page, 6);',
      },
    ],
    ({ model }) => model.load(BASE + 5 * PAGE),
    'refused-access-changes-nothing',
    'the load at 0x4000_5000, where the protection is none, was granted',
  ],
  [
    'V7: an access that is refused for nothing',
    [
      {
        module: 'kernel/address-space',
        find: "protection === 'read' && access === 'load'",
        replace: "protection === 'read' && access === 'store'",
      },
    ],
    ({ model }) => model.load(BASE + 8 * PAGE),
    'refused-access-changes-nothing',
    'the load at 0x4000_8000, where the protection is read, was refused',
  ],
  [
    'V7: an access that is refused for want of a frame, of which there are many',
    [
      {
        module: 'kernel/address-space',
        find: 'if (!this.#hookUp(page, RIGHTS_OF[area.protection]))',
        replace: 'if (true)',
      },
    ],
    () => {},
    'refused-access-changes-nothing',
    'where the protection is read-write, was refused',
  ],
  [
    'A1: a frame that is not taken back',
    [{ module: 'kernel/frames', find: 'this.#returned.push(frame);', replace: '' }],
    () => {},
    'frame-is-free-or-owned',
    'frames are counted as free',
  ],
  [
    'A2: a count that is too high',
    [
      {
        module: 'kernel/frames',
        find: 'this.#counts[owner] -= 1;',
        replace: '',
      },
    ],
    () => {},
    'owned-frames-are-counted',
    'owner 0 is counted',
  ],
  [
    'A2: an owner that is counted frames and has none',
    [
      {
        module: 'kernel/frames',
        find: 'this.#counts[owner] -= 1;',
        replace: '',
      },
    ],
    ({ kernel, models }) => models.forEach(({ space }) => kernel.endSpace(space)),
    'owned-frames-are-counted',
    'it has 0',
  ],
  [
    'A9: a frame that is freed twice',
    [
      {
        module: 'kernel/frames',
        find: 'this.#returned.push(frame);',
        replace: 'this.#returned.push(frame, ...(owner === 1 ? [frame] : []));',
      },
    ],
    ({ model }) => model.munmap(BASE, PAGE),
    'freed-frame-was-owned',
    'came back, but is not free once',
  ],
  [
    'T4: an unmap without an invalidation',
    [
      {
        module: 'kernel/address-space',
        find: 'this.#invalidate(unhooked.addresses);',
        replace: '',
      },
    ],
    () => {},
    'change-is-followed-by-invalidation',
    'was used at 0x4000_3000 and is now nothing, without an invalidation',
  ],
  [
    'T4: a protection without an invalidation',
    [
      {
        module: 'kernel/address-space',
        find: 'this.#invalidate(changed);',
        replace: '',
      },
    ],
    () => {},
    'change-is-followed-by-invalidation',
    'was used at 0x4000_5000',
  ],
  [
    'T5: frames that are freed before the TLB is flushed',
    [
      {
        module: 'kernel/address-space',
        find: 'this.#invalidate(unhooked.addresses);',
        replace:
          'unhooked.frames.forEach((own) => this.#frames.free(own)); this.#invalidate(unhooked.addresses);',
      },
      {
        module: 'kernel/address-space',
        find: 'for (const frame of unhooked.frames)',
        replace: 'for (const frame of [])',
      },
    ],
    () => {},
    'frame-is-freed-last',
    'was freed while the TLB still led to it from 0x4000_3000',
  ],
];

describe('an invariant is broken by a changed line', () => {
  test.each(PLANTS)('%s', async (_, patches, use, name, says) => {
    const planted: KernelModule = Object(await importPatched('kernel/kernel', patches));
    const house = new House(planted);
    use(house);
    expect(house.problems()).toHaveProperty(name, expect.stringContaining(says));
  });
});
