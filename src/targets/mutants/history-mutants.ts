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
    name: 'refusal-is-final',
    law: 'refused-memory-is-survived',
    story: 'Once the system has refused memory, the heap never grows again.',
    patch: {
      module: 'heap/heap',
      find: 'if (start === null) {',
      replace: 'if (start === null || this.counters.refusals > 0) {',
    },
    shortest: 'b0 = malloc 0',
  },
  {
    name: 'bump-counts-growth-that-was-refused',
    original: 'bump',
    law: 'refused-memory-is-survived',
    story: 'The end moves before the system is asked, and stays there when it refuses.',
    patch: {
      module: 'allocators/bump',
      find: 'if (this.#arena.brk(growth) === null)\n            return false;\n        this.#end += growth;',
      replace:
        'this.#end += growth;\n        if (this.#arena.brk(growth) === null)\n            return false;',
    },
    shortest: 'b0 = malloc 0\nb1 = malloc 8\nb2 = malloc 65536',
  },
  {
    name: 'slab-shrunk-pages-stay',
    original: 'slab',
    law: 'churn-is-bounded',
    story:
      'The pages that a shrunk big block no longer needs stay mapped, and nobody knows of them any more.',
    patch: {
      module: 'allocators/slab',
      find: 'if (kept < length)\n            this.#arena.unmap(address + kept, length - kept);\n',
      replace: '',
    },
    shortest: 'b0 = malloc 4097\nb0 = realloc b0 1025',
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
    name: 'slab-reset-keeps-its-pages',
    original: 'slab',
    law: 'same-program-same-addresses',
    story:
      'A reset forgets its slabs without giving their pages back, so the next heap lies elsewhere.',
    patch: {
      module: 'allocators/slab',
      find: 'for (const start of this.#slabs.keys())\n            this.#arena.unmap(start, this.#arena.pageSize);\n',
      replace: '',
    },
    shortest: 'b0 = malloc 0',
  },
];
