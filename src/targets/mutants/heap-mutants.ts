import type { Mutant } from './mutant.ts';

/** One-line bugs of the reference heap. Each was looked up in, or is of a kind that was seen in, a real allocator. */
export const HEAP_MUTANTS: readonly Mutant[] = [
  {
    name: 'coalesce-skips-left',
    law: 'free-neighbours-merge',
    story:
      'A freed block is never merged with the free block in front of it, as if there were no footer to find it by.',
    patch: {
      module: 'heap/heap',
      find: 'if (!this.layout.isPreviousUsed(tag)) {',
      replace: 'if (false) {',
    },
    shortest: 'b0 = aligned 32 0\nfree b0',
  },
  {
    name: 'double-merge-leaves-right-listed',
    law: 'list-ends',
    story:
      'A and C are free, B is freed: the three become one, and C stays on the list as well. It is case 4 of the boundary tags in CS:APP, half done.',
    patch: {
      module: 'heap/heap',
      find: 'this.list.remove(end, more);',
      replace: 'if (this.layout.isPreviousUsed(tag)) this.list.remove(end, more);',
    },
    shortest: 'b0 = aligned 32 0\nfree b0',
  },
  {
    name: 'split-forgets-a-header',
    law: 'blocks-tile-regions',
    story:
      'What a split leaves over is counted 16 bytes too large: the header of the rest was not subtracted.',
    patch: {
      module: 'heap/heap',
      find: 'this.#split(block + extent, found - extent);',
      replace: 'this.#split(block + extent, found - extent + 16);',
    },
    shortest: 'b0 = malloc 0',
  },
  {
    name: 'rounding-forgets-the-header',
    law: 'usable-size-covers-request',
    story:
      'The header is not added before the size is rounded up, so the last bytes belong to the next block.',
    patch: {
      module: 'heap/block',
      find: 'const extent = roundUp(size + this.header, this.alignment);',
      replace: 'const extent = roundUp(size, this.alignment);',
    },
    shortest: 'b0 = malloc 25',
  },
  {
    name: 'size-wraps-at-32-bits',
    law: 'impossible-request-is-refused',
    story:
      'A size above 2^32 loses its upper half: malloc of xv6 takes a uint, on a machine of 64 bits (user/umalloc.c).',
    patch: {
      module: 'heap/heap',
      find: 'return this.#mallocBig(size, this.options.alignment);',
      replace: 'return this.#mallocBig(size % 2 ** 32, this.options.alignment);',
    },
    shortest: 'b0 = malloc 4294967296',
  },
  {
    name: 'calloc-trusts-free-memory',
    law: 'calloc-zeroes',
    story:
      'calloc takes memory for zero because the system hands it out that way, also when it is used again.',
    patch: {
      module: 'heap/heap',
      find: 'this.arena.zero(address, total);',
      replace: 'this.arena.zero(address, 0);',
    },
    shortest: 'b0 = calloc 1 65505',
  },
  {
    name: 'calloc-multiplies-in-32-bits',
    law: 'impossible-request-is-refused',
    story:
      'count times size wraps, as it did in glibc 2.2.5, Visual C++ 6.0 and others (RUS-CERT advisory 2002-08:02).',
    patch: {
      module: 'heap/heap',
      find: 'const total = count * size;',
      replace: 'const total = (count * size) % 2 ** 32;',
    },
    shortest: 'b0 = calloc 1 4294967296',
  },
  {
    name: 'realloc-copies-too-little',
    law: 'realloc-keeps-prefix',
    story:
      'A moved block loses its last bytes: the header was subtracted from a size that does not count it.',
    patch: {
      module: 'heap/heap',
      find: 'Math.min(this.usableSize(address), size)',
      replace: 'Math.min(this.usableSize(address) - 8, size)',
    },
    shortest: 'b0 = malloc 17\nb0 = realloc b0 65513',
  },
  {
    name: 'realloc-loses-the-tail',
    law: 'blocks-tile-regions',
    story:
      'A block that shrinks in place forgets what it no longer needs: the tail is neither used nor free.',
    patch: {
      module: 'heap/heap',
      find: 'this.#release(block + extent, found - extent, PREVIOUS_USED);',
      replace: ';',
    },
    shortest: 'b0 = malloc 0\nb0 = realloc b0 25',
  },
  {
    name: 'big-is-told-by-size',
    law: 'bytes-add-up',
    story:
      'The threshold is tested without the header at malloc and with it at free: sizes just below it are unmapped.',
    patch: {
      module: 'heap/heap',
      find: 'if (this.layout.isBig(tag))\n            this.#freeBig',
      replace:
        'if (this.layout.extentIn(tag) >= this.options.bigThreshold)\n            this.#freeBig',
    },
    shortest: 'b0 = malloc 131049\nfree b0',
  },
  {
    name: 'big-free-keeps-the-map',
    law: 'big-blocks-go-back',
    story:
      'A big block is forgotten when it is freed, and its memory never goes back to the system.',
    patch: {
      module: 'heap/heap',
      find: 'this.counters.arenaBytes -= size;\n        this.arena.unmap(start, size);',
      replace: 'this.counters.arenaBytes -= size;',
    },
    shortest: 'b0 = malloc 131072\nfree b0',
  },
  {
    name: 'bin-serves-too-small',
    law: 'usable-size-covers-request',
    story:
      'A bin above the exact ones holds blocks of several sizes, and its first is taken unseen.',
    patch: {
      module: 'heap/segregated-bins',
      find: '(own < EXACT_BINS || this.#layout.extentOf(block) >= extent)',
      replace: 'own >= 0',
    },
    shortest: 'b0 = malloc 0\nb0 = realloc b0 25\nb1 = malloc 65465',
  },
  {
    name: 'aligned-loses-the-front',
    law: 'free-list-equals-walk',
    story:
      'The padding in front of an aligned block is never listed: the allocator in "Writing an OS in Rust" loses it so (blog_os issue 796).',
    patch: {
      module: 'heap/heap',
      find: 'if (front > 0)\n            this.#split(block, front);',
      replace: 'if (front > 0)\n            this.layout.markFree(block, front);',
    },
    shortest: 'b0 = aligned 32 0',
  },
];
