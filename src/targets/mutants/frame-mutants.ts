import type { Mutant } from './mutant.ts';

/** One-line bugs of frames and areas: of what pages leave behind when they go, and of who has what. */
export const FRAME_MUTANTS: readonly Mutant[] = [
  {
    name: 'unmap-forgets-the-tlb',
    original: 'machine',
    law: 'tlb-agrees-with-page-table',
    story:
      'Pages are unmapped and not invalidated, so what is gone can still be read. mremap of Linux invalidated after it had let go of its locks, and so too late (CVE-2018-18281).',
    patch: {
      module: 'kernel/address-space',
      find: 'this.#invalidate(unhooked.addresses);',
      replace: '',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nunmap a0 0 1',
  },
  {
    name: 'protect-forgets-the-tlb',
    original: 'machine',
    law: 'tlb-agrees-with-page-table',
    story:
      'A page that was made read-only can be stored to for as long as the TLB has it (Linux, cachetlb.rst).',
    patch: { module: 'kernel/address-space', find: 'this.#invalidate(changed);', replace: '' },
    shortest: 'a0 = map 1\nstore a0 0 1\nprotect a0 0 1 none',
  },
  {
    name: 'frame-is-freed-first',
    original: 'machine',
    law: 'frame-is-freed-last',
    story:
      "Frames go back before the TLB is flushed; in between they may be another owner's (Linux, asm-generic/tlb.h).",
    patch: {
      module: 'kernel/address-space',
      find: 'this.#invalidate(unhooked.addresses);\n        for (const frame of unhooked.frames)\n            this.#frames.free(frame);',
      replace:
        'for (const frame of unhooked.frames) this.#frames.free(frame);\n        this.#invalidate(unhooked.addresses);',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nunmap a0 0 1',
  },
  {
    name: 'many-pages-are-not-flushed',
    original: 'machine',
    law: 'tlb-agrees-with-page-table',
    story: 'Up to 33 pages are flushed one by one; past that the flush of everything was left out.',
    patch: { module: 'kernel/address-space', find: 'tlb.flushAll();', replace: ';' },
    shortest: 'a0 = map 135169\ntouch a0 0 135169\nprotect a0 0 135169 read',
  },
  {
    name: 'frame-is-freed-twice',
    original: 'machine',
    law: 'calls-return',
    story:
      'An unmapped page frees its frame twice, of a kind that Linux reports as "Bad page state".',
    patch: {
      module: 'kernel/address-space',
      find: 'for (const frame of unhooked.frames)',
      replace: 'for (const frame of [...unhooked.frames, ...unhooked.frames])',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nunmap a0 0 1',
  },
  {
    name: 'unmap-leaks-frames',
    original: 'machine',
    law: 'walk-equals-map',
    story: 'The first frame of an unmapped range is never freed: the loop starts at one.',
    patch: {
      module: 'kernel/address-space',
      find: 'for (const frame of unhooked.frames)',
      replace: 'for (const frame of unhooked.frames.slice(1))',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nunmap a0 0 1',
  },
  {
    name: 'refused-page-keeps-its-frame',
    original: 'machine',
    law: 'walk-equals-map',
    story:
      'A page gets its frame and no table, and the frame is not given back. allocuvm of xv6 lost its frame so until 2016, and copyuvm until 2018.',
    patch: {
      module: 'kernel/address-space',
      find: "if (result !== 'mapped')",
      replace: "if (result === 'already-mapped')",
    },
    shortest: 'a0 = map 1073741825\ntouch a0 0 233473\nload a0 1073741824 1',
  },
  {
    name: 'end-forgets-the-break',
    original: 'machine',
    law: 'calls-return',
    story:
      'What ends gives back what it mapped, and not what lies below the break, of a kind that xv6 reports as "freewalk: leaf".',
    patch: {
      module: 'kernel/address-space',
      find: 'this.#unmap({ start: 0, end: this.#limit });',
      replace: 'this.#unmap({ start: this.mapRange.start, end: this.#limit });',
    },
    shortest: 'brk 1\nstore brk 0 1',
  },
  {
    name: 'frame-is-not-zeroed',
    original: 'machine',
    law: 'calls-change-their-own-pages',
    story:
      'A frame that comes again holds what its last owner left. MAP_UNINITIALIZED of Linux allows that on purpose, where there is no MMU.',
    patch: {
      module: 'kernel/frames',
      find: 'if (this.#isSoiled[frame] === 1)',
      replace: 'if (this.#isSoiled[frame] === 2)',
    },
    shortest: 'a0 = map 4097\nstore a0 0 1\nunmap a0 0 1\nload a0 4096 1',
  },
  {
    name: 'freed-frame-is-lost',
    original: 'machine',
    law: 'frame-is-free-or-owned',
    story:
      'A frame has no owner any more and is not listed as free: memory shrinks with each unmap.',
    patch: { module: 'kernel/frames', find: 'this.#returned.push(frame);', replace: ';' },
    shortest: 'a0 = map 1\nstore a0 0 1\nunmap a0 0 1',
  },
  {
    name: 'owner-is-charged-for-freed-frames',
    original: 'machine',
    law: 'owned-frames-are-counted',
    story: 'The count of an owner only goes up, so that a limit on it strikes who has nothing.',
    patch: { module: 'kernel/frames', find: 'this.#counts[owner] -= 1;', replace: ';' },
    shortest: 'a0 = map 1\nstore a0 0 1\nunmap a0 0 1',
  },
  {
    name: 'split-loses-the-rest',
    original: 'machine',
    law: 'mapped-size-equals-areas',
    story: 'An unmap at the start of an area takes the whole of it: the rest behind is not kept.',
    patch: { module: 'kernel/areas', find: 'if (end > range.end)', replace: 'if (false)' },
    shortest: 'a0 = map 4097\nunmap a0 0 1',
  },
  {
    name: 'equal-or-not-areas-merge',
    original: 'machine',
    law: 'calls-change-their-own-pages',
    story:
      'A new area joins the one before it whatever may be done there; Linux asks first whether flags, file and policy are the same (vma_merge).',
    patch: {
      module: 'kernel/areas',
      find: 'before?.end === start && before.protection === protection',
      replace: 'before?.end === start',
    },
    shortest: 'a0 = map 1\na0 = map 1 none',
  },
  {
    name: 'only-the-first-page-is-asked',
    original: 'machine',
    law: 'areas-stay-apart',
    story: 'A range is free if its first page is: an area further on is mapped over.',
    patch: {
      module: 'kernel/areas',
      find: 'area !== undefined && area.start < range.end',
      replace: 'area !== undefined && area.start <= range.start',
    },
    shortest: 'a0 = map-at brk 4096 1\nbrk 4097',
  },
  {
    name: 'protect-skips-holes',
    original: 'machine',
    law: 'refusal-has-a-reason',
    story:
      'A range with a hole in it gets its protection, and a map that nobody made (mprotect(2): ENOMEM).',
    patch: {
      module: 'kernel/areas',
      find: 'if (area === undefined || area.start > at)',
      replace: 'if (area === undefined)',
    },
    shortest: 'a0 = map 1\nprotect brk 0 1 read-write',
  },
  {
    name: 'unmap-takes-the-neighbour',
    original: 'machine',
    law: 'calls-change-their-own-pages',
    story: 'A range that is unmapped is counted with its last page included, and takes one more.',
    patch: {
      module: 'kernel/address-space',
      find: "this.#unmap(range);\n        return 'done';",
      replace:
        "this.#unmap({ ...range, end: range.end + this.#pageSize });\n        return 'done';",
    },
    shortest: 'a0 = map 4097\nunmap a0 0 1',
  },
];
