import type { Mutant } from './mutant.ts';

/** One-line bugs of allocators that one run of a program does not show: they break laws about whole histories. */
export const HISTORY_MUTANTS: readonly Mutant[] = [
  {
    name: 'move-frees-before-it-has-room',
    law: 'refused-memory-is-survived',
    story: 'A realloc that finds no room for the new block frees the old one all the same.',
    patch: {
      module: 'heap/heap',
      find: 'const target = this.malloc(size);\n        if (target === null)',
      replace:
        'const target = this.malloc(size);\n        if (target === null)\n            this.free(address);\n        if (target === null)',
    },
    shortest: 'b0 = malloc 0\nb0 = realloc b0 131072',
  },
  {
    name: 'buddy-splits-the-whole-pool-alone',
    original: 'buddy',
    law: 'largest-fits',
    story:
      'If there is no block of the order asked for, only the whole pool is split: larger requests are granted where smaller ones are refused.',
    patch: {
      module: 'allocators/buddy',
      find: 'found += 1;',
      replace: 'found = found < this.#orderMax ? this.#orderMax : found + 1;',
    },
    shortest: 'b0 = malloc 262145',
  },
  {
    name: 'slab-moved-pages-stay',
    original: 'slab',
    law: 'churn-is-bounded',
    story:
      'A big block that moves keeps its pages: only cells are freed when their contents have gone.',
    patch: {
      module: 'allocators/slab',
      find: 'this.#arena.copy(target, address, Math.min(this.usableSize(address), size));\n        this.free(address);',
      replace:
        'this.#arena.copy(target, address, Math.min(this.usableSize(address), size));\n        if (slab !== undefined)\n            this.free(address);',
    },
    shortest: 'b0 = malloc 1025\nb0 = realloc b0 1',
  },
  {
    name: 'reset-asks-for-big-blocks-alone',
    law: 'same-program-same-addresses',
    story:
      'A heap without big blocks is taken for a fresh one, though its regions stay, and free blocks lie where the last program left them.',
    patch: {
      module: 'heap/heap',
      find: 'reset() {\n',
      replace: 'reset() {\n        if (this.bigMaps.size === 0)\n            return;\n',
    },
    shortest: 'b0 = malloc 131072',
  },
];
