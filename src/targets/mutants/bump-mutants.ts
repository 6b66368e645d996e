import type { Mutant } from './mutant.ts';

/** One-line bugs of the bump allocator. */
export const BUMP_MUTANTS: readonly Mutant[] = [
  {
    name: 'bump-refusal-grows',
    original: 'bump',
    law: 'failed-request-changes-nothing',
    story:
      'A request that cannot be served takes memory from the system all the same (rustwasm/wee_alloc issue 100).',
    patch: {
      module: 'allocators/bump',
      find: 'if (this.#arena.brk(growth) === null)\n            return false;',
      replace:
        'if (this.#arena.brk(growth) === null) {\n            this.#arena.brk(0) === this.#end && this.#arena.brk(BUMP_GROWTH);\n            return false;\n        }',
    },
    shortest: 'b0 = malloc 1048569',
  },
  {
    name: 'bump-takes-refusal-for-growth',
    original: 'bump',
    law: 'impossible-request-is-refused',
    story:
      'What the system answers is not looked at: a refused growth counts as memory (wado-lang/wado issue 1686).',
    patch: {
      module: 'allocators/bump',
      find: 'if (this.#arena.brk(growth) === null)\n            return false;',
      replace: 'this.#arena.brk(growth);',
    },
    shortest: 'b0 = malloc 1048577',
  },
  {
    name: 'bump-counts-null',
    original: 'bump',
    law: 'empty-bump-starts-over',
    story: 'free(null) counts as the end of a block.',
    patch: {
      module: 'allocators/bump',
      find: 'if (address === null)\n            return true;\n        this.#liveCount -= 1;',
      replace: 'this.#liveCount -= 1;\n        if (address === null)\n            return true;',
    },
    shortest: 'free null',
  },
  {
    name: 'bump-aligns-the-header',
    original: 'bump',
    law: 'malloc-aligns',
    story: 'The header lies on the multiple that the payload was to lie on.',
    patch: {
      module: 'allocators/bump',
      find: 'roundUp(this.#pointer + BUMP_HEADER, step)',
      replace: 'roundUp(this.#pointer, step) + BUMP_HEADER',
    },
    shortest: 'b0 = aligned 16 0',
  },
  {
    name: 'bump-newest-outlives-its-free',
    original: 'bump',
    law: 'bump-pointer-ends-blocks',
    story: 'The newest block is still known as such when it is freed.',
    patch: {
      module: 'allocators/bump',
      find: 'this.#pointer = address - BUMP_HEADER;\n            this.#last = 0;',
      replace: 'this.#pointer = address - BUMP_HEADER;',
    },
    shortest: 'b0 = malloc 0\nb1 = malloc 0\nfree b1',
  },
  {
    name: 'bump-shrink-keeps-the-pointer',
    original: 'bump',
    law: 'bump-pointer-ends-blocks',
    story: 'The newest block shrinks where it lies, and what it no longer needs is not cut anew.',
    patch: {
      module: 'allocators/bump',
      find: 'this.#pointer = end;',
      replace: 'this.#pointer = Math.max(this.#pointer, end);',
    },
    shortest: 'b0 = malloc 9\nb0 = realloc b0 0',
  },
  {
    name: 'bump-grows-a-word-short',
    original: 'bump',
    law: 'bump-pointer-ends-blocks',
    story:
      'The header is subtracted once too often: when exactly 8 bytes are missing, memory does not grow.',
    patch: {
      module: 'allocators/bump',
      find: 'roundUp(missing, BUMP_GROWTH)',
      replace: 'roundUp(missing - 8, BUMP_GROWTH)',
    },
    shortest: 'b0 = malloc 65529',
  },
  {
    name: 'bump-calloc-stops-at-the-growth',
    original: 'bump',
    law: 'calloc-zeroes',
    story: 'calloc zeroes no more than one growth, the rest being fresh at the first time only.',
    patch: {
      module: 'allocators/bump',
      find: 'this.#arena.zero(address, total);',
      replace: 'this.#arena.zero(address, Math.min(total, BUMP_GROWTH));',
    },
    shortest: 'b0 = malloc 65537\nfree b0\nb0 = calloc 1 65537',
  },
  {
    name: 'bump-starts-over-under-a-block',
    original: 'bump',
    law: 'empty-bump-starts-over',
    story: 'The pointer goes back to the start while one block still lives.',
    patch: {
      module: 'allocators/bump',
      find: 'if (this.#liveCount === 0)',
      replace: 'if (this.#liveCount <= 1 && address === this.#last)',
    },
    shortest: 'b0 = malloc 0\nb1 = malloc 0\nfree b1',
  },
  {
    name: 'bump-grown-block-counts-twice',
    original: 'bump',
    law: 'empty-bump-starts-over',
    story:
      'The newest block that grows by more than a page counts as one block more, so its memory never comes back.',
    patch: {
      module: 'allocators/bump',
      find: 'if (address === this.#last)\n            return this.#cut(address, size);',
      replace:
        'if (address === this.#last)\n            return this.#cut(address, size, (this.#liveCount += size > usable + 4096 ? 1 : 0));',
    },
    shortest: 'b0 = malloc 0\nb0 = realloc b0 4105',
  },
  {
    name: 'bump-move-forgets-the-alignment',
    original: 'bump',
    law: 'realloc-keeps-alignment',
    story:
      'A block that moves goes where any request would, whatever it was aligned to (mattconte/tlsf issue 36).',
    patch: {
      module: 'allocators/bump',
      find: 'const target = this.aligned(powerDividing(address), size);',
      replace: 'const target = this.malloc(size);',
    },
    shortest: 'b0 = aligned 64 0\nb1 = malloc 0\nb0 = realloc b0 9',
  },
  {
    name: 'bump-marks-the-gap-too-low',
    original: 'bump',
    law: 'guards-stay-untouched',
    story:
      'The gap in front of an aligned block is marked as a block of 0 bytes, by a header that lies 8 bytes too low: in front of the memory, if nothing was cut yet.',
    patch: {
      module: 'allocators/bump',
      find: 'const address = this.#cut(roundUp(',
      replace:
        'if (step > BUMP_ALIGNMENT)\n            this.#setUsable(this.#pointer, 0);\n        const address = this.#cut(roundUp(',
    },
    shortest: 'b0 = aligned 16 0',
  },
];
