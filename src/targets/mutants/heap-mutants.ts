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
  {
    name: 'coalesce-skips-right',
    law: 'freed-space-returns',
    story: 'A freed block of one size is never merged with the free block behind it.',
    patch: {
      module: 'heap/heap',
      find: 'if (this.layout.isUsed(next)) {',
      replace: 'if (this.layout.isUsed(next) || extent === 48) {',
    },
    shortest: 'b0 = malloc 25',
  },
  {
    name: 'left-merge-leaves-it-listed',
    law: 'list-ends',
    story: 'The free block in front is merged, and stays on the list as well.',
    patch: {
      module: 'heap/heap',
      find: 'block -= more;\n            this.list.remove(block, more);',
      replace: 'block -= more;',
    },
    shortest: 'b0 = aligned 32 0\nfree b0',
  },
  {
    name: 'bin-middle-keeps-its-predecessor',
    law: 'list-ends',
    story:
      'A block that leaves the middle of its bin is still the predecessor of the one behind it.',
    patch: {
      module: 'heap/segregated-bins',
      find: 'if (next !== 0)\n                this.#words.store(next + this.#previous, previous);',
      replace: ';',
    },
    shortest: 'b0 = aligned 32 100\nb1 = aligned 32 100\nb2 = aligned 32 100',
  },
  {
    name: 'bin-above-is-skipped',
    law: 'failed-request-changes-nothing',
    story:
      'A search starts one bin too high and maps although a block would have served (sebbbi/OffsetAllocator pull requests 11 and 14).',
    patch: {
      module: 'heap/segregated-bins',
      find: 'const start = bin + 1;',
      replace: 'const start = bin < 0 ? 0 : bin + 2;',
    },
    shortest: 'b0 = malloc 57321',
  },
  {
    name: 'rest-of-a-split-is-lost',
    law: 'free-list-equals-walk',
    story: 'What the last split left over is dropped when the next one leaves something.',
    patch: {
      module: 'heap/segregated-bins',
      find: 'if (this.#rest !== 0)\n            this.insert(this.#rest, this.#restExtent);',
      replace: ';',
    },
    shortest: 'b0 = aligned 32 0',
  },
  {
    name: 'split-leaves-less-than-a-cell',
    law: 'blocks-tile-regions',
    story: 'A rest that is too small for its own list cell is split off and listed.',
    patch: {
      module: 'heap/heap',
      find: 'if (found - extent >= this.layout.extentMin)',
      replace: 'if (found - extent >= 16)',
    },
    shortest: 'b0 = malloc 65481',
  },
  {
    name: 'front-is-less-than-a-cell',
    law: 'blocks-tile-regions',
    story:
      'The padding in front of an aligned block is listed although no cell fits (rust-osdev/linked-list-allocator pull request 64).',
    patch: {
      module: 'heap/heap',
      find: 'if (front > 0 && front < this.layout.extentMin)',
      replace: 'if (front < 0)',
    },
    shortest: 'b0 = aligned 32 0',
  },
  {
    name: 'resize-takes-too-small-a-neighbour',
    law: 'usable-size-covers-request',
    story: 'A block grows into a free neighbour that is a header too small.',
    patch: {
      module: 'heap/heap',
      find: 'if (found + more < extent)',
      replace: 'if (found + more + 16 < extent)',
    },
    shortest: 'b0 = malloc 0\nb0 = realloc b0 65513',
  },
  {
    name: 'resize-does-not-tell-the-next',
    law: 'tags-agree',
    story:
      'A block swallows the free one behind it, and the block behind that still thinks it free.',
    patch: {
      module: 'heap/heap',
      find: 'if (this.#hasTags)\n                this.layout.markPreviousUsed(block + found);',
      replace: ';',
    },
    shortest: 'b0 = malloc 0\nb0 = realloc b0 25',
  },
  {
    name: 'big-usable-counts-the-header',
    law: 'contents-survive',
    story:
      'The usable size of a big block is its whole map, header and all (cloudius-systems/osv issue 1077).',
    patch: {
      module: 'heap/heap',
      find: 'return roundDown(block, this.arena.pageSize) + extent - address;',
      replace: 'return extent;',
    },
    shortest: 'b0 = malloc 131072\nb1 = malloc 0',
  },
  {
    name: 'growth-is-not-counted',
    law: 'bytes-add-up',
    story: 'Memory that the heap grows by is missing in its statistics.',
    patch: {
      module: 'heap/heap',
      find: 'this.counters.arenaBytes += size;\n        const joining',
      replace: 'const joining',
    },
    shortest: 'b0 = malloc 0',
  },
  {
    name: 'aligned-trim-is-a-byte-short',
    law: 'calls-return',
    story:
      'What lies in front of an aligned map is given back but for a byte, which no system does (ziglang/zig pull request 939, before its review).',
    patch: {
      module: 'heap/heap',
      find: 'this.arena.unmap(map.start, kept.start - map.start);',
      replace: 'this.arena.unmap(map.start, kept.start - 1 - map.start);',
    },
    shortest: 'b0 = aligned 8192 131072',
  },
  {
    name: 'malloc-1337-is-too-small',
    law: 'usable-size-covers-request',
    story: 'One size, 1337 bytes, is rounded up without its header.',
    patch: {
      module: 'heap/block',
      find: 'const extent = roundUp(size + this.header, this.alignment);',
      replace: 'const extent = roundUp(size + (size === 1337 ? 0 : this.header), this.alignment);',
    },
    shortest: 'b0 = malloc 1337',
  },
];
