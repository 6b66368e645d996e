import type { Mutant } from './mutant.ts';

/** One-line bugs of the buddy allocator. */
export const BUDDY_MUTANTS: readonly Mutant[] = [
  {
    name: 'buddy-of-the-top-stays-split',
    original: 'buddy',
    law: 'free-buddies-merge',
    story:
      'The last merge, which makes the pool whole again, is left out: the limit of the loop is off by one.',
    patch: {
      module: 'allocators/buddy',
      find: 'while (order < this.#orderMax)',
      replace: 'while (order < this.#orderMax - 1)',
    },
    shortest: 'b0 = malloc 0\nfree b0',
  },
  {
    name: 'buddy-of-any-order-merges',
    original: 'buddy',
    law: 'orders-list-free-blocks',
    story:
      'A buddy counts as free when its first part is, although the rest of it may be split and in use.',
    patch: {
      module: 'allocators/buddy',
      find: 'if (this.#markAt(buddy) !== FREE + order)',
      replace: 'if (this.#markAt(buddy) < FREE || this.#markAt(buddy) >= USED)',
    },
    shortest: 'b0 = malloc 0\nb2 = malloc 0\nb1 = malloc 0',
  },
  {
    name: 'buddy-merge-starts-at-the-right',
    original: 'buddy',
    law: 'buddies-tile-pool',
    story: 'What two buddies become is taken to start where the right one does.',
    patch: {
      module: 'allocators/buddy',
      find: 'block = Math.min(block, buddy);',
      replace: 'block = Math.max(block, buddy);',
    },
    shortest: 'b0 = malloc 0\nfree b0',
  },
  {
    name: 'buddy-lies-always-right',
    original: 'buddy',
    law: 'freed-space-returns',
    story:
      'The buddy is sought behind the block only: a free one in front is not merged (SynestiaOS/SynestiaOS issue 3).',
    patch: {
      module: 'allocators/buddy',
      find: 'const buddy = block ^ (2 ** order);',
      replace: 'const buddy = block + 2 ** order;',
    },
    shortest: 'b0 = malloc 0\nb1 = malloc 0',
  },
  {
    name: 'buddy-leaves-without-telling-the-next',
    original: 'buddy',
    law: 'orders-list-free-blocks',
    story: 'A block that leaves its list is still the predecessor of the one behind it.',
    patch: {
      module: 'allocators/buddy',
      find: 'if (next !== 0)\n            this.#arena.store(next + 8, previous);',
      replace: ';',
    },
    shortest: 'b0 = malloc 0\nb1 = malloc 0\nb2 = malloc 0',
  },
  {
    name: 'buddy-enters-without-telling-the-head',
    original: 'buddy',
    law: 'orders-list-free-blocks',
    story: 'A block enters its list in front of the head, which goes on thinking that it is first.',
    patch: {
      module: 'allocators/buddy',
      find: 'if (head !== 0)\n            this.#arena.store(head + 8, block);',
      replace: ';',
    },
    shortest: 'b0 = malloc 0\nb2 = malloc 0\nb1 = malloc 0',
  },
  {
    name: 'buddy-in-the-middle-moves-the-head',
    original: 'buddy',
    law: 'orders-list-free-blocks',
    story:
      'A block leaves the middle of its list as if it were the head: those in front of it are lost.',
    patch: {
      module: 'allocators/buddy',
      find: 'this.#arena.store(previous, next);',
      replace: 'this.#heads[order] = next;',
    },
    shortest: 'b0 = malloc 0\nb2 = malloc 0\nb1 = malloc 0',
  },
  {
    name: 'buddy-rounds-down',
    original: 'buddy',
    law: 'usable-size-covers-request',
    story:
      'A request is rounded down to a power of two and gets a block too small for it (gscept/nebula pull request 181).',
    patch: {
      module: 'allocators/buddy',
      find: '32 - Math.clz32(Math.max(1, size) - 1)',
      replace: '31 - Math.clz32(Math.max(1, size))',
    },
    shortest: 'b0 = malloc 33',
  },
  {
    name: 'buddy-power-is-not-enough',
    original: 'buddy',
    law: 'freed-space-returns',
    story:
      'A request of exactly a power of two gets twice as much, and one for the whole pool is refused.',
    patch: {
      module: 'allocators/buddy',
      find: '32 - Math.clz32(Math.max(1, size) - 1)',
      replace: '32 - Math.clz32(Math.max(1, size))',
    },
    shortest: '',
  },
  {
    name: 'buddy-realloc-copies-the-new-size',
    original: 'buddy',
    law: 'calls-return',
    story:
      'A moved block is read as far as its new size goes, past its own end and the end of memory (fitzgen/bumpalo pull request 70).',
    patch: {
      module: 'allocators/buddy',
      find: 'this.#arena.copy(target, address, 2 ** order);',
      replace: 'this.#arena.copy(target, address, size);',
    },
    shortest:
      'b0 = malloc 0\nb0 = realloc b0 262145\nb0 = realloc b0 0\nb0 = realloc b0 32769\nb0 = realloc b0 458753',
  },
  {
    name: 'buddy-split-stops-early',
    original: 'buddy',
    law: 'buddies-tile-pool',
    story: 'The last half of a split is neither used nor free.',
    patch: {
      module: 'allocators/buddy',
      find: 'half >= order; half -= 1',
      replace: 'half > order; half -= 1',
    },
    shortest: 'b0 = malloc 0',
  },
  {
    name: 'buddy-split-keeps-its-size',
    original: 'buddy',
    law: 'orders-list-free-blocks',
    story:
      'A block that was split goes on with the size that it had, so freeing it frees its neighbours (cahirwpz/FreeRTOS-Amiga pull request 14).',
    patch: {
      module: 'allocators/buddy',
      find: 'this.#setMark(block, USED + order);',
      replace: 'this.#setMark(block, USED + found);',
    },
    shortest: 'b0 = malloc 0',
  },
  {
    name: 'buddy-realloc-frees-what-it-keeps',
    original: 'buddy',
    law: 'contents-survive',
    story: 'A realloc that is refused frees the block all the same (rhempel/umm_malloc issue 11).',
    patch: {
      module: 'allocators/buddy',
      find: 'if (target === null)\n            return null;',
      replace:
        'if (target === null) {\n            this.#release(address, order);\n            return null;\n        }',
    },
    shortest: 'b0 = malloc 1\nb0 = realloc b0 524289',
  },
  {
    name: 'buddy-calloc-zeroes-one-half',
    original: 'buddy',
    law: 'calloc-zeroes',
    story: 'calloc zeroes the first half only of what it hands out.',
    patch: {
      module: 'allocators/buddy',
      find: 'this.#arena.zero(address, total);',
      replace: 'this.#arena.zero(address, Math.ceil(total / 2));',
    },
    shortest: 'b0 = malloc 1\nfree b0\nb0 = calloc 1 17',
  },
  {
    name: 'buddy-spares-the-last-split',
    original: 'buddy',
    law: 'usable-size-grows',
    story:
      'A block of just twice the size is handed out whole, to spare a split: what a request gets depends on what was freed before.',
    patch: {
      module: 'allocators/buddy',
      find: 'this.#use(block, found, order);\n        return block;',
      replace:
        'this.#use(block, found, found === order + 1 ? found : order);\n        return block;',
    },
    shortest: 'b0 = malloc 2\nb1 = malloc 0\nb2 = malloc 1',
  },
];
