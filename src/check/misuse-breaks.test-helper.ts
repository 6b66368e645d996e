/** Programs that break a law about misuse, each with the toy that does. */
import type { Break } from './law-breaks.test-helper.ts';
import { TOY_END, untyped } from './toy-target.test-helper.ts';

/** What malloc answers after a write into a freed block, and what is wrong with it. */
const AFTER_WRITE = [
  ['no address is granted', NaN, 'NaN', 'null, or a whole number below 0x0001_0000_0000_0000'],
  ['no multiple', 0x1048, '0x0000_1048, which is 8 past a multiple of 16', 'a multiple of 16'],
  [
    'a live block is granted',
    0x1000,
    '[0x0000_1000, 0x0000_1018), which overlaps b1 [0x0000_1000, 0x0000_1020)',
    'a range that no live block uses',
  ],
  [
    'one block is granted twice',
    0x1020,
    '0x0000_1020, which overlaps the block at 0x0000_1020',
    'a range that no live block uses',
  ],
] as const;

export const MISUSE_BREAKS: readonly Break[] = [
  {
    law: 'double-free-keeps-promise',
    when: 'the second free is accepted',
    program: 'b0 = malloc 24; free b0; double-free b0',
    breaks: (toy) => ({ free: (address) => void toy.free(address) }),
    observed: 'free(b0) a second time was accepted',
    expected: 'false, since the block was freed before',
    op: 'double-free',
  },
  {
    law: 'free-inside-keeps-promise',
    when: 'an inner address is accepted',
    program: 'b0 = malloc 24; free-inside b0 8',
    breaks: () => ({ free: () => true }),
    observed: 'free(b0 + 8) was accepted',
    expected: 'false, since no block starts there',
    op: 'free-inside',
  },
  {
    law: 'free-inside-keeps-promise',
    when: 'it is refused, and takes memory',
    program: 'b0 = malloc 24; free-inside b0 8',
    breaks: (toy) => {
      let taken = 0;
      const free = (address: number | null): boolean => {
        taken += address === 0x1008 ? 4096 : 0;
        return address !== 0x1008 && toy.free(address) !== false;
      };
      return { free, footprint: () => taken };
    },
    observed: 'free(b0 + 8) took 4096 more bytes from the system',
    expected: 'nothing to change, since no block starts there',
    op: 'free-inside',
  },
  {
    law: 'free-foreign-keeps-promise',
    when: 'an address behind the heap is accepted',
    program: 'free-foreign 16',
    breaks: () => ({ free: () => true }),
    observed: 'free(end of the heap + 16) was accepted',
    expected: 'false, since no block can lie there',
    op: 'free-foreign',
  },
  {
    law: 'free-foreign-keeps-promise',
    when: 'an address in front of the heap is accepted',
    program: 'free-foreign -8',
    breaks: (toy) => ({
      free: (address) => (address ?? TOY_END) < 0x1000 || toy.free(address),
    }),
    observed: 'free(start of the heap - 8) was accepted',
    expected: 'false, since no block can lie there',
    op: 'free-foreign',
  },
  ...AFTER_WRITE.map(([when, address, observed, expected]): Break => ({
    law: 'write-freed-keeps-promise',
    when,
    program: 'b1 = malloc 24; b0 = malloc 24; free b0; write-freed b0 3',
    breaks: (toy) => {
      let isFreed = false;
      return {
        free(block) {
          isFreed ||= block === 0x1020;
          return toy.free(block);
        },
        malloc: (size) => (isFreed ? untyped(address) : toy.malloc(size)),
      };
    },
    observed: `after a write to b0 + 3, which was freed, malloc(24) returned ${observed}`,
    expected,
    op: 'write-freed',
  })),
];
