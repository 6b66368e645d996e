import type { Mutant } from './mutant.ts';

/** One-line bugs of address spaces: of their system calls, their page faults and their break. */
export const ADDRESS_SPACE_MUTANTS: readonly Mutant[] = [
  {
    name: 'unmap-forgets-a-part-of-a-page',
    original: 'machine',
    law: 'calls-change-their-own-pages',
    story: 'A size that ends inside a page is rounded down, so munmap(p, 1) does nothing.',
    patch: {
      module: 'kernel/address-space',
      find: 'return { start: address, end: address + roundUp(size, this.#pageSize) }',
      replace: 'return { start: address, end: address + roundDown(size, this.#pageSize) }',
    },
    shortest: 'a0 = map 1\nunmap a0 0 1',
  },
  {
    name: 'unmap-ends-anywhere',
    original: 'machine',
    law: 'refusal-has-a-reason',
    story:
      "Nobody looks whether address and size together lie too far, of a kind against which exec of xv6 asks whether a segment's end wraps.",
    patch: {
      module: 'kernel/address-space',
      find: 'size === 0 || address + size > this.#limit',
      replace: 'size === 0',
    },
    shortest: 'unmap brk 0 123145302310913',
  },
  {
    name: 'map-ends-anywhere',
    original: 'machine',
    law: 'areas-stay-apart',
    story:
      "An area that is told where to start may end behind the last address. do_brk of Linux did not look either, and mapped the kernel's own memory (CVE-2003-0961).",
    patch: {
      module: 'kernel/address-space',
      find: 'if (address + size > this.#limit)',
      replace: 'if (address > this.#limit)',
    },
    shortest: 'a0 = map 1\na0 = map-at a0 8192 105553116258305',
  },
  {
    name: 'map-size-wraps-at-32-bits',
    original: 'machine',
    law: 'calls-change-their-own-pages',
    story: 'A map of 4 GiB and a page is granted with one page: a size that lost its upper half.',
    patch: {
      module: 'kernel/address-space',
      find: 'const range = { start, end: start + roundUp(size, this.#pageSize) };',
      replace: 'const range = { start, end: start + (roundUp(size, this.#pageSize) % 2 ** 32) };',
    },
    shortest: 'a0 = map 4294967297',
  },
  {
    name: 'map-replaces',
    original: 'machine',
    law: 'map-replaces-nothing',
    story:
      'A map where something is takes its place, as MAP_FIXED of mmap(2) does: how one allocator eats the memory of another.',
    patch: {
      module: 'kernel/address-space',
      find: "return this.areas.touches({ start: address, end: address + size }) ? 'EEXIST' : address;",
      replace: 'this.#unmap({ start: address, end: address + size });\n        return address;',
    },
    shortest: 'a0 = map 1\na0 = map-at a0 0 1',
  },
  {
    name: 'map-returns-the-end',
    original: 'machine',
    law: 'calls-change-their-own-pages',
    story: 'mmap returns where the area ends, as one might for a stack that grows down.',
    patch: {
      module: 'kernel/address-space',
      find: "this.#map(range, protection) ? start : 'ENOMEM'",
      replace: "this.#map(range, protection) ? range.end : 'ENOMEM'",
    },
    shortest: 'a0 = map 1',
  },
  {
    name: 'gap-is-a-page-too-small',
    original: 'machine',
    law: 'calls-return',
    story:
      'An area goes into a gap that lacks a page, over the next one: the comparison is off by a page.',
    patch: {
      module: 'kernel/placement',
      find: 'if (end - start >= size)',
      replace: 'if (end - start + 4096 >= size)',
    },
    shortest: 'a0 = map 1\na0 = map 1',
  },
  {
    name: 'only-the-lowest-gap-is-tried',
    original: 'machine',
    law: 'refusal-has-a-reason',
    story:
      'The search for a place ends at the first gap, whether that holds the area or not: mmap is refused with almost all addresses free.',
    patch: {
      module: 'kernel/placement',
      find: 'if (end - start >= size)\n            return start;',
      replace: 'return end - start >= size ? start : null;',
    },
    shortest: 'a0 = map 1\na0 = map 1',
  },
  {
    name: 'protect-forgets-the-last-page',
    original: 'machine',
    law: 'walk-equals-map',
    story:
      'The last page of a range keeps the rights that it had: one comparison is off by a page.',
    patch: {
      module: 'kernel/address-space',
      find: 'this.table.leaves(range)',
      replace: 'this.table.leaves({ ...range, end: range.end - this.#pageSize })',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nprotect a0 0 1 none',
  },
  {
    name: 'protect-only-takes-rights',
    original: 'machine',
    law: 'walk-equals-map',
    story:
      'Pages are rewritten only where rights are taken away; what is granted again never arrives.',
    patch: {
      module: 'kernel/address-space',
      find: 'leaf.rights !== rights',
      replace: 'leaf.rights > rights',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nprotect a0 0 1 none\nprotect a0 0 1 read-write',
  },
  {
    name: 'fault-asks-no-protection',
    original: 'machine',
    law: 'refused-access-changes-nothing',
    story: 'A page that may not be touched gets a frame before it is refused.',
    patch: {
      module: 'kernel/address-space',
      find: 'area === undefined || !allows(area, access)',
      replace: 'area === undefined',
    },
    shortest: 'a0 = map 1 none\nstore a0 0 1',
  },
  {
    name: 'fault-grants-everything',
    original: 'machine',
    law: 'walk-equals-map',
    story:
      'A page is entered as writable at its first touch, whatever its area says. Dirty COW wrote to pages that were read-only, too, by a race (CVE-2016-5195).',
    patch: {
      module: 'kernel/address-space',
      find: 'this.#hookUp(page, RIGHTS_OF[area.protection])',
      replace: "this.#hookUp(page, RIGHTS_OF['read-write'])",
    },
    shortest: 'a0 = map 1 read\nload a0 0 1',
  },
  {
    name: 'fault-keeps-the-offset',
    original: 'machine',
    law: 'calls-return',
    story: 'The address that faulted is mapped, not its page: the mask was left out.',
    patch: {
      module: 'kernel/address-space',
      find: 'const page = roundDown(address, this.#pageSize);',
      replace: 'const page = address;',
    },
    shortest: 'a0 = map 1\nstore a0 1 1',
  },
  {
    name: 'break-grows-a-page-too-few',
    original: 'machine',
    law: 'calls-change-their-own-pages',
    story: 'The page in which the break lies is not mapped: rounded down where up was meant.',
    patch: {
      module: 'kernel/address-space',
      find: 'const to = roundUp(address, this.#pageSize);',
      replace: 'const to = roundDown(address, this.#pageSize);',
    },
    shortest: 'brk 1',
  },
  {
    name: 'break-shrinks-too-far',
    original: 'machine',
    law: 'calls-change-their-own-pages',
    story:
      'The page in which the break now lies goes as well. xv6 freed the first page so when the break went into it (usertests, sbrkbugs).',
    patch: {
      module: 'kernel/address-space',
      find: 'this.#unmap({ start: to, end: from });',
      replace: 'this.#unmap({ start: roundDown(address, this.#pageSize), end: from });',
    },
    shortest: 'brk 4097\nbrk -2',
  },
  {
    name: 'break-goes-below-its-start',
    original: 'machine',
    law: 'refusal-has-a-reason',
    story:
      "Nobody looks whether the break goes below where it began. In xv6 it may: sbrk with a negative number takes the program's own code away (usertests, sbrkbugs).",
    patch: {
      module: 'kernel/address-space',
      find: 'if (address < start || address > end)',
      replace: 'if (address > end)',
    },
    shortest: 'brk -1',
  },
  {
    name: 'break-grows-over-an-area',
    original: 'machine',
    law: 'calls-return',
    story:
      'The break grows into what lies above it. Heap and stack of Linux met so, with no page between them (CVE-2010-2240).',
    patch: {
      module: 'kernel/address-space',
      find: '!this.areas.touches(range) && this.#map',
      replace: 'this.#map',
    },
    shortest: 'a0 = map-at brk 0 1\nbrk 1',
  },
];
