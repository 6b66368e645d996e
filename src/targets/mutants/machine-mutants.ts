import type { Mutant } from './mutant.ts';

/** One-line bugs of the machine: of its page tables, its walk, its TLB and the shortcuts past it. */
export const MACHINE_MUTANTS: readonly Mutant[] = [
  {
    name: 'flush-hits-the-page-behind',
    original: 'machine',
    law: 'tlb-agrees-with-page-table',
    story:
      "A page is flushed by the number after its own, so its entry stays. So did entries of Linux's hugetlbfs, where a flush was left out (CVE-2021-4002).",
    patch: {
      module: 'machine/tlb',
      find: 'this.#slotOf(this.#layout.pageNumber(address, level), level, space)',
      replace: 'this.#slotOf(this.#layout.pageNumber(address, level) + 1, level, space)',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nunmap a0 0 1',
  },
  {
    name: 'search-skips-the-last-way',
    original: 'machine',
    law: 'tlb-entries-stay-apart',
    story:
      'The search of a set ends one entry early, so what lies in its last way is never found, nor flushed.',
    patch: {
      module: 'machine/tlb',
      find: 'slot < first + this.options.ways',
      replace: 'slot < first + this.options.ways - 1',
    },
    shortest: 'a0 = map 24577\ntouch a0 0 24577\nstore a0 24576 1',
  },
  {
    name: 'victim-is-of-the-next-set',
    original: 'machine',
    law: 'tlb-entry-sits-in-its-set',
    story:
      'The loop over the entries of a full set runs one too far, so the victim may be of another set.',
    patch: {
      module: 'machine/tlb',
      find: 'this.#victim(first, end)',
      replace: 'this.#victim(first, Math.min(end + 1, this.#tags.length))',
    },
    shortest: 'a0 = map 32769\ntouch a0 0 32769\nstore a0 0 1',
  },
  {
    name: 'tag-has-20-bits',
    original: 'machine',
    law: 'tlb-agrees-with-page-table',
    story:
      'A tag keeps 20 bits of the page number, all that addresses of 32 bits have: pages 4 GiB apart are one. xv6 cast page addresses to uint in copyin and copyout (usertests, pgbug).',
    patch: {
      module: 'machine/tlb',
      find: 'this.#pagesLimit + number;',
      replace: 'this.#pagesLimit + (number % 2 ** 20);',
    },
    shortest: 'a0 = map 1\nstore a0 0 1',
  },
  {
    name: 'hit-loses-a-bit-of-the-offset',
    original: 'machine',
    law: 'tlb-translates-as-the-walk',
    story: 'A miss goes where it should, a hit keeps 11 bits of the offset, one too few.',
    patch: {
      module: 'machine/tlb',
      find: 'return this.#bases[slot] + address - start;',
      replace: 'return this.#bases[slot] + ((address - start) & 2047);',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nload a0 2048 1',
  },
  {
    name: 'entry-forgets-its-rights',
    original: 'machine',
    law: 'tlb-agrees-with-page-table',
    story:
      'What the TLB keeps of a walk grants everything, so a second access may do what the first might not.',
    patch: {
      module: 'machine/tlb',
      find: 'this.#flags[slot] = translation.rights | translation.dirty;',
      replace: 'this.#flags[slot] = RIGHTS | translation.dirty;',
    },
    shortest: 'a0 = map 1 read\nload a0 0 1',
  },
  {
    name: 'hit-asks-no-rights',
    original: 'machine',
    law: 'refused-access-changes-nothing',
    story:
      'Rights are checked on a walk and not on a hit. A clean page hides it, since its first store walks again.',
    patch: {
      module: 'machine/mmu',
      find: 'const denial = this.#denialOf(flags, access);',
      replace: 'const denial = undefined;',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nprotect a0 0 1 read\nload a0 0 1\nstore a0 0 1',
  },
  {
    name: 'store-trusts-the-entry-of-a-load',
    original: 'machine',
    law: 'use-leaves-its-marks',
    story:
      'A store that hits an entry which a load brought in does not walk again, so the page stays clean.',
    patch: {
      module: 'machine/mmu',
      find: "if (access === 'store' && (flags & DIRTY) === 0)",
      replace: 'if (false)',
    },
    shortest: 'a0 = map 1\nload a0 0 1\nstore a0 0 1',
  },
  {
    name: 'load-marks-dirty',
    original: 'machine',
    law: 'dirty-bit-tells-of-stores',
    story: 'Every walk marks its leaf as dirty, as if a load changed anything.',
    patch: {
      module: 'machine/mmu',
      find: "walk.mark(access === 'store' ? DIRTY : 0)",
      replace: 'walk.mark(DIRTY)',
    },
    shortest: 'a0 = map 1\nload a0 0 1',
  },
  {
    name: 'accessed-stays-in-the-leaf',
    original: 'machine',
    law: 'use-leaves-its-marks',
    story:
      'A walk marks the leaf as accessed and not the tables above it (Intel SDM: each entry that it uses).',
    patch: {
      module: 'machine/page-walk',
      find: 'for (let level = 0; level <= this.level; level += 1)',
      replace: 'for (let level = this.level; level <= this.level; level += 1)',
    },
    shortest: 'a0 = map 1\nstore a0 0 1',
  },
  {
    name: 'protect-clears-accessed',
    original: 'machine',
    law: 'use-leaves-its-marks',
    story:
      'A new protection is written over the marks of the hardware; Linux keeps them by _PAGE_CHG_MASK.',
    patch: {
      module: 'machine/page-table',
      find: '& ~RIGHTS) | rights) >>> 0',
      replace: '& ~(RIGHTS | 32)) | rights) >>> 0',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nprotect a0 0 1 none',
  },
  {
    name: 'protect-clears-dirty',
    original: 'machine',
    law: 'dirty-bit-tells-of-stores',
    story:
      'mprotect makes a page clean that was stored to, so that a system that swaps throws its contents away. Linux lost the bit of huge pages: "mm: do not lose dirty and accessed bits in pmdp_invalidate()".',
    patch: {
      module: 'machine/page-table',
      find: '& ~RIGHTS) | rights) >>> 0',
      replace: '& ~(RIGHTS | 64)) | rights) >>> 0',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nprotect a0 0 1 none',
  },
  {
    name: 'crossing-store-goes-byte-by-byte',
    original: 'machine',
    law: 'calls-change-their-own-pages',
    story:
      'The bytes on the first page are stored before the second page faults. QEMU stored so, byte by byte, until it looked up the second page first.',
    patch: {
      module: 'machine/mmu',
      find: "this.#reach(address, 8, 'store');\n        this.#scratch.store64(0, value);\n        this.#scatter(8);",
      replace:
        'for (let index = 0; index < 8; index += 1) this.store8(address + index, Math.floor(value / 2 ** (8 * index)) % 256);',
    },
    shortest: 'a0 = map 1\nstore a0 4089 8',
  },
  {
    name: 'crossing-store-asks-for-a-load',
    original: 'machine',
    law: 'dirty-bit-tells-of-stores',
    story: 'Of a store across two pages only the first is asked whether it may be stored to.',
    patch: {
      module: 'machine/mmu',
      find: 'this.translate(address + first, access)',
      replace: "this.translate(address + first, 'load')",
    },
    shortest: 'a0 = map 4097\nstore a0 4093 4',
  },
  {
    name: 'crossing-access-stays-in-its-frame',
    original: 'machine',
    law: 'entry-fits-its-level',
    story:
      'Two pages in a row are taken for two frames in a row, so an access that crosses goes into some other frame.',
    patch: {
      module: 'machine/mmu',
      find: 'index < this.#firstSize ? this.#firstAt + index',
      replace: 'index < 8 ? this.#firstAt + index',
    },
    shortest: 'a0 = map 4097\nstore a0 4093 4',
  },
  {
    name: 'address-limit-is-not-asked',
    original: 'machine',
    law: 'refused-access-changes-nothing',
    story:
      'An address that is not canonical wraps around to one that is (Intel SDM, "Canonical Addressing"). That nobody looked at one before SYSRET was CVE-2012-0217.',
    patch: {
      module: 'machine/mmu',
      find: 'address >= 0 && address < this.geometry.addressLimit',
      replace: 'address >= 0',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nload a0 281474976710656 1',
  },
  {
    name: 'index-is-shifted-too-far',
    original: 'machine/toy',
    law: 'walk-equals-map',
    story:
      'An index is cut out of an address one level too high, of a kind that a PXSHIFT off by one would be in xv6.',
    patch: {
      module: 'machine/table-layout',
      find: 'number - tablesBefore * this.entriesCount',
      replace: 'tablesBefore % this.entriesCount',
    },
    shortest: 'a0 = map 1\nstore a0 0 1',
  },
  {
    name: 'walk-goes-bottom-up',
    original: 'machine',
    law: 'refused-access-changes-nothing',
    story:
      'The walk takes the index of the last level for the first table: levels are counted from the wrong end.',
    patch: {
      module: 'machine/page-walk',
      find: 'layout.entryFor(table, level, address)',
      replace: 'layout.entryFor(table, layout.lastLevel - level, address)',
    },
    shortest: 'a0 = map 1\nstore a0 0 1',
  },
  {
    name: 'frame-number-has-4-bits',
    original: 'machine',
    law: 'walk-equals-map',
    story:
      "A frame's number is cut to the largest that four bits hold: an entry has fewer bits for it than there are frames.",
    patch: {
      module: 'machine/page-table-entry',
      find: 'entry >>> FRAME_SHIFT',
      replace: 'Math.min(entry >>> FRAME_SHIFT, 15)',
    },
    shortest: 'a0 = map 49153\ntouch a0 0 49153',
  },
  {
    name: 'large-bit-in-small-leaves',
    original: 'machine',
    law: 'entry-fits-its-level',
    story:
      'The bit that tells a large page is set in the last level too. On x86 it means something else there: bit 7 is PS in a directory and PAT in a table.',
    patch: {
      module: 'machine/page-table',
      find: 'level === this.layout.lastLevel ? 0 : LARGE',
      replace: 'LARGE',
    },
    shortest: 'a0 = map 1\nstore a0 0 1',
  },
  {
    name: 'table-grants-less',
    original: 'machine',
    law: 'tables-grant-every-right',
    story:
      'A table is entered with the rights of the page that it is made for, and denies them to all that come later.',
    patch: {
      module: 'machine/page-table',
      find: 'encodeEntry(table, PRESENT | RIGHTS)',
      replace: 'encodeEntry(table, PRESENT | rights)',
    },
    shortest: 'a0 = map 1 read\nload a0 0 1',
  },
  {
    name: 'table-is-kept-empty',
    original: 'machine',
    law: 'table-is-not-empty',
    story:
      'Pages go and their tables stay. Linux kept them so after madvise(MADV_DONTNEED), gigabytes of them, until it learnt to reclaim empty ones (PT_RECLAIM).',
    patch: {
      module: 'machine/page-table',
      find: 'if (!this.#clearRange(child, range, unhooked))',
      replace: 'if (this.#clearRange(child, range, unhooked) || true)',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nunmap a0 0 1',
  },
  {
    name: 'table-is-freed-in-use',
    original: 'machine',
    law: 'walk-equals-map',
    story: 'A table goes back while one page in it is still mapped: its count is one off.',
    patch: {
      module: 'machine/page-table',
      find: 'return use.count === 0;',
      replace: 'return use.count <= 1;',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nunmap a0 4096 1',
  },
  {
    name: 'new-table-counts-itself',
    original: 'machine',
    law: 'table-has-an-owner',
    story: 'A new table starts with a count of one, and never comes to none.',
    patch: {
      module: 'machine/page-table',
      find: 'return { count: 0, bits:',
      replace: 'return { count: 1, bits:',
    },
    shortest: 'a0 = map 1',
  },
  {
    name: 'unmap-stops-short-of-a-table',
    original: 'machine',
    law: 'walk-equals-map',
    story:
      'The last table of a range is skipped where the range ends inside of it: an end rounded down instead of up.',
    patch: {
      module: 'machine/page-table',
      find: 'Math.ceil((range.end - start) / this.layout.spans[level])',
      replace: 'Math.floor((range.end - start) / this.layout.spans[level])',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nunmap a0 0 1',
  },
  {
    name: 'refused-map-keeps-its-tables',
    original: 'machine',
    law: 'refused-access-changes-nothing',
    story:
      'Frames run out between two new tables of a page, and the first is not given back. In xv6 it stays so until the process ends (walk).',
    patch: {
      module: 'machine/page-table',
      find: 'for (const taken of tables)',
      replace: 'for (const taken of [])',
    },
    shortest: 'a0 = map 1073741825\ntouch a0 0 233473\nload a0 1073741824 1',
  },
  {
    name: 'flush-keeps-the-shortcut',
    original: 'machine',
    law: 'answers-do-not-depend-on-tlb',
    story:
      'A page leaves the TLB and not the table in front of it. QEMU empties its table of jumps with each page of its TLB for the same reason.',
    patch: {
      module: 'machine/tlb',
      find: 'this.shortcuts.dropPage(this.#numberAt(slot) * this.#pageSize);',
      replace: ';',
    },
    shortest: 'a0 = map 1\nstore a0 0 1\nunmap a0 0 1\nload a0 0 1',
  },
  {
    name: 'full-flush-keeps-shortcuts',
    original: 'machine',
    law: 'answers-do-not-depend-on-tlb',
    story:
      'A flush of everything empties the TLB and not the table in front of it; only many pages at once come to that.',
    patch: {
      module: 'machine/tlb',
      find: 'this.#tags.fill(NONE);\n        this.shortcuts.clear();',
      replace: 'this.#tags.fill(NONE);',
    },
    shortest: 'a0 = map 135169\ntouch a0 0 135169\nunmap a0 0 135169\nstore a0 0 1',
  },
  {
    name: 'shortcut-stores-where-loads-may',
    original: 'machine',
    law: 'answers-do-not-depend-on-tlb',
    story: 'A shortcut that a load made serves stores as well, to a page that is read-only.',
    patch: {
      module: 'machine/tlb',
      find: "isStorable ? 'load-and-store' : 'load'",
      replace: "'load-and-store'",
    },
    shortest: 'a0 = map 1 read\nload a0 0 1\nstore a0 0 1',
  },
];
