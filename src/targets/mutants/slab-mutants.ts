import type { Mutant } from './mutant.ts';

/** One-line bugs of the slab allocator. */
export const SLAB_MUTANTS: readonly Mutant[] = [
  {
    name: 'slab-class-is-a-byte-short',
    original: 'slab',
    law: 'usable-size-covers-request',
    story: 'A request that is one byte larger than a cell is put into it.',
    patch: { module: 'allocators/slab', find: 'cell >= size)', replace: 'cell + 1 >= size)' },
    shortest: 'b0 = malloc 17',
  },
  {
    name: 'slab-loses-every-16th-free',
    original: 'slab',
    law: 'double-free-keeps-promise',
    story: 'Every 16th free of a slab is accepted and forgotten.',
    patch: {
      module: 'allocators/slab',
      find: 'slab.used[index] = 0;',
      replace:
        'if ((slab.frees = (slab.frees ?? 0) + 1) % 16 === 0)\n            return true;\n        slab.used[index] = 0;',
    },
    shortest:
      'b0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\nb0 = malloc 0\nfree b0\ndouble-free b0',
  },
  {
    name: 'slab-frees-twice',
    original: 'slab',
    law: 'double-free-keeps-promise',
    story:
      'A second free of a cell is accepted, and lists the cell twice (zephyrproject-rtos/zephyr issue 96560).',
    patch: {
      module: 'allocators/slab',
      find: 'if (slab.used[index] !== 1)',
      replace: 'if (slab.used[index] === undefined)',
    },
    shortest: 'b0 = malloc 0\nfree b0\ndouble-free b0',
  },
  {
    name: 'slab-counts-refused-frees',
    original: 'slab',
    law: 'slab-counts-used-cells',
    story:
      'A second free is refused, but counted: the slab thinks that it has more room than it has (genodelabs/genode issue 2350).',
    patch: {
      module: 'allocators/slab',
      find: 'if (slab.used[index] !== 1)\n            return false;',
      replace:
        'if (slab.used[index] !== 1) {\n            slab.usedCount -= slab.used[index] === 0 ? 1 : 0;\n            return false;\n        }',
    },
    shortest: 'b0 = malloc 0\nfree b0\ndouble-free b0',
  },
  {
    name: 'slab-free-of-small-does-nothing',
    original: 'slab',
    law: 'free-inside-keeps-promise',
    story: 'Freeing a small block does nothing at all (withlang-dev/with issue 70).',
    patch: {
      module: 'allocators/slab',
      find: 'this.#freeCell(slab, address);\n    }\n    calloc',
      replace: 'true;\n    }\n    calloc',
    },
    shortest: 'b0 = malloc 2\nfree-inside b0 1',
  },
  {
    name: 'slab-that-was-full-is-forgotten',
    original: 'slab',
    law: 'slab-with-room-is-found',
    story: 'A full slab that gets a free cell is not looked at again.',
    patch: {
      module: 'allocators/slab',
      find: 'if (slab.usedCount === slab.capacity)\n            withRoom.push(slab);',
      replace: ';',
    },
    shortest: 'b0 = malloc 769\nb1 = malloc 769\nb2 = malloc 769\nb3 = malloc 769',
  },
  {
    name: 'slab-is-unmapped-and-looked-at',
    original: 'slab',
    law: 'usable-size-covers-request',
    story: 'A slab that goes back to the system is still among those with room.',
    patch: {
      module: 'allocators/slab',
      find: 'withRoom.splice(withRoom.indexOf(slab), 1);',
      replace: ';',
    },
    shortest:
      'b0 = malloc 769\nb2 = malloc 769\nb3 = malloc 769\nb4 = malloc 769\nb1 = malloc 769\nfree b0\nfree b1\nb0 = malloc 769\nb1 = malloc 769',
  },
  {
    name: 'slab-unmap-drops-the-newest',
    original: 'slab',
    law: 'slab-with-room-is-found',
    story: 'When an empty slab goes back, the newest one of its class is struck off in its place.',
    patch: {
      module: 'allocators/slab',
      find: 'withRoom.splice(withRoom.indexOf(slab), 1);',
      replace: 'withRoom.pop();',
    },
    shortest: 'b0 = malloc 769\nb2 = malloc 769\nb3 = malloc 769\nb4 = malloc 769\nb1 = malloc 769',
  },
  {
    name: 'slab-calloc-threshold-is-off-by-one',
    original: 'slab',
    law: 'calloc-zeroes',
    story:
      'calloc of exactly the largest cell takes it for fresh pages, which come zero: calloc that trusts where its memory comes from (jbush001/NyuziProcessor issue 164).',
    patch: { module: 'allocators/slab', find: 'total <= CELL_MAX)', replace: 'total < CELL_MAX)' },
    shortest: 'b0 = malloc 769\nfree b0\nb0 = calloc 1 1024',
  },
  {
    name: 'slab-aligned-takes-any-cell',
    original: 'slab',
    law: 'malloc-aligns',
    story:
      'An aligned request gets the smallest cell that holds it, whose size may be no multiple of the alignment.',
    patch: {
      module: 'allocators/slab',
      find: 'classFor(powerFrom(larger))',
      replace: 'classFor(larger)',
    },
    shortest: 'b0 = malloc 33\nb1 = aligned 32 33',
  },
  {
    name: 'slab-alignment-above-a-page-is-ignored',
    original: 'slab',
    law: 'malloc-aligns',
    story:
      'An alignment above the page size is forgotten on the way to the system (cloudius-systems/osv issue 1304).',
    patch: {
      module: 'allocators/slab',
      find: 'if (alignment <= this.#arena.pageSize)',
      replace: 'if (alignment <= 2 ** 20)',
    },
    shortest: 'b0 = malloc 0\nb1 = aligned 8192 0',
  },
  {
    name: 'slab-frees-inside-a-cell',
    original: 'slab',
    law: 'free-inside-keeps-promise',
    story: 'An address inside a cell is rounded down to the cell, and frees it.',
    patch: {
      module: 'allocators/slab',
      find: 'const index = (address - slab.start) / slab.cell;',
      replace: 'const index = Math.floor((address - slab.start) / slab.cell);',
    },
    shortest: 'b0 = malloc 2\nfree-inside b0 1',
  },
  {
    name: 'slab-333-gets-too-little',
    original: 'slab',
    law: 'usable-size-covers-request',
    story: 'One size in a table of classes is wrong: 333 bytes get a cell of 256.',
    patch: {
      module: 'allocators/slab',
      find: 'cell >= size)',
      replace: 'cell >= size - (size === 333 ? 77 : 0))',
    },
    shortest: 'b0 = malloc 333',
  },
  {
    name: 'slab-realloc-frees-what-it-keeps',
    original: 'slab',
    law: 'free-accepts-its-blocks',
    story:
      'A realloc that is refused frees a small or a big block all the same (rhempel/umm_malloc issue 11).',
    patch: {
      module: 'allocators/slab',
      find: 'if (target === null)\n            return null;',
      replace:
        'if (target === null) {\n            this.free(address);\n            return null;\n        }',
    },
    shortest: 'b0 = malloc 0\nb0 = realloc b0 16773121',
  },
  {
    name: 'slab-pages-wrap-at-32-bits',
    original: 'slab',
    law: 'impossible-request-is-refused',
    story:
      'The length in whole pages wraps, so that an impossible request gets a page: at 32 bits here, at 64 in struct/isoalloc (issue 7).',
    patch: {
      module: 'allocators/slab',
      find: 'const length = roundUp(size, this.#arena.pageSize);\n        const start = this.#arena.map(length);',
      replace:
        'const length = roundUp(size % 2 ** 32, this.#arena.pageSize);\n        const start = this.#arena.map(length);',
    },
    shortest: 'b0 = malloc 4294967297',
  },
  {
    name: 'slab-list-ends-in-the-next-page',
    original: 'slab',
    law: 'slab-lists-free-cells',
    story: 'The list of a new slab has one cell more than the page.',
    patch: {
      module: 'allocators/slab',
      find: 'each = last; each >= start',
      replace: 'each = last + cell; each >= start',
    },
    shortest: 'b0 = malloc 0',
  },
  {
    name: 'slab-realloc-within-the-page',
    original: 'slab',
    law: 'usable-size-covers-request',
    story:
      'A cell of 96 bytes is thought to hold 112: a shrink or a growth by one class stays where it is.',
    patch: {
      module: 'allocators/slab',
      find: 'size <= CELL_MAX && classFor(size) === slab.cellClass',
      replace: 'size <= CELL_MAX && classFor(size) <= slab.cellClass + (slab.cell === 96 ? 1 : 0)',
    },
    shortest: 'b0 = malloc 81\nb0 = realloc b0 97',
  },
  {
    name: 'slab-realloc-to-zero-returns-a-block',
    original: 'slab',
    law: 'realloc-zero-keeps-promise',
    story:
      'realloc(p, 0) frees the block and returns a smallest one, as other systems have it: a caller that takes null for freed loses it.',
    patch: {
      module: 'allocators/slab',
      find: 'this.free(address);\n            return null;',
      replace: 'this.free(address);\n            return this.malloc(0);',
    },
    shortest: 'b0 = malloc 0\nb0 = realloc b0 0',
  },
  {
    name: 'slab-links-free-cells-in-them',
    original: 'slab',
    law: 'write-freed-keeps-promise',
    story:
      'A free cell holds the place of the next, which is believed whatever was written there since (tcache poisoning).',
    patch: [
      {
        module: 'allocators/slab',
        find: 'slab.free.push(address);',
        replace:
          'this.#arena.store(address, (slab.free.at(-1) ?? slab.start) - slab.start);\n        slab.free.push(address);',
      },
      {
        module: 'allocators/slab',
        find: 'const address = slab.free.pop();',
        replace:
          'const address = slab.free.pop();\n        const link = this.#arena.load(address);\n        if (slab.free.length > 0 && link !== 0)\n            slab.free[slab.free.length - 1] = slab.start + link;',
      },
    ],
    shortest: 'b0 = malloc 1\nfree b0\nwrite-freed b0 0',
  },
  {
    name: 'slab-sees-24-bits-of-an-address',
    original: 'slab',
    law: 'free-foreign-keeps-promise',
    story:
      'Addresses are told by their low 24 bits, so one that lies a whole heap further on frees the cell that it looks like.',
    patch: {
      module: 'allocators/slab',
      find: 'free(address) {\n        if (address === null)\n            return true;\n        const slab = this.#slabOf(address);',
      replace:
        'free(address) {\n        if (address === null)\n            return true;\n        address %= 2 ** 24;\n        const slab = this.#slabOf(address);',
    },
    shortest: 'b0 = malloc 0\nfree-foreign 0',
  },
];
