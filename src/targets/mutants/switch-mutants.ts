import type { Mutant } from './mutant.ts';

/** One-line bugs of switches: of roots, registers and stacks, and of the end of threads. */
export const SWITCH_MUTANTS: readonly Mutant[] = [
  {
    name: 'root-is-set-once',
    original: 'kernel',
    law: 'registers-come-back',
    story:
      'A switch to another process forgets the page table, so that its threads go on in the memory of the one before.',
    patch: {
      module: 'kernel/core',
      find: 'if (!space.isActive) {',
      replace: 'if (this.kernel.mmu.root < 0) {',
    },
    shortest: 't1 = spawn process\nio 0',
  },
  {
    name: 'registers-load-before-the-root-is-set',
    original: 'kernel',
    law: 'page-is-private',
    story:
      'The registers of the next process are read from its stack while the page table is still the old one: somebody else lies there.',
    patch: {
      module: 'kernel/core',
      find: `        if (!space.isActive) {
            this.rootsSet += 1;
            space.activate();
            this.#watcher?.stepped('set-root', thread);
        }
        this.#table.bury();
        this.#load(thread);`,
      replace: `        if (this.#last === undefined)
            space.activate();
        this.#load(thread);
        if (!space.isActive) {
            this.rootsSet += 1;
            space.activate();
            this.#watcher?.stepped('set-root', thread);
        }
        this.#table.bury();`,
    },
    shortest: 't1 = spawn process\nyield',
  },
  {
    name: 'new-root-keeps-the-tlb',
    original: 'kernel',
    law: 'use-leaves-its-marks',
    story:
      'The root is set and the TLB, which has no ids, is not flushed: the new process reads the pages of the old one.',
    patch: { module: 'machine/mmu', find: 'this.tlb.flushAll();', replace: ';' },
    shortest: 't1 = spawn process',
  },
  {
    name: 'id-stays-when-the-root-changes',
    original: 'kernel/ids',
    law: 'tlb-agrees-with-page-table',
    story:
      'The root changes and the address-space id does not, so entries of two processes have one tag. Arm\'s manual goes through a reserved id ("Synchronization of changes of ASID and TTBR").',
    patch: { module: 'machine/mmu', find: 'this.tlb.useSpace(space);', replace: ';' },
    shortest: 't1 = spawn process\nt1: t2 = spawn process',
  },
  {
    name: 'only-the-active-space-is-invalidated',
    original: 'kernel/ids',
    law: 'frame-is-freed-last',
    story:
      'Where there are ids, pages of a process that does not run are unmapped without an invalidation: its id is used again, and so are its entries.',
    patch: {
      module: 'kernel/address-space',
      find: '!(hasIds || this.isActive)',
      replace: '!this.isActive',
    },
    shortest: 't1 = spawn process',
  },
  {
    name: 'save-forgets-the-flags',
    original: 'kernel',
    law: 'registers-come-back',
    story:
      "The last register is not saved, and another process sees it. Linux and FreeBSD left three registers of the x87 behind on AMD's processors (CVE-2006-1056).",
    patch: {
      module: 'kernel/context-switch',
      find: 'this.#registers.values.entries()',
      replace: 'this.#registers.values.subarray(0, 15).entries()',
    },
    shortest: 'compute 10',
  },
  {
    name: 'restore-forgets-r0',
    original: 'kernel',
    law: 'registers-come-back',
    story: 'The first register is not restored, as if it held the result of the switch itself.',
    patch: {
      module: 'kernel/context-switch',
      find: 'let index = 0; index < REGISTERS_COUNT',
      replace: 'let index = 1; index < REGISTERS_COUNT',
    },
    shortest: 'compute 13\nt1 = spawn process',
  },
  {
    name: 'saved-a-word-too-high',
    original: 'kernel',
    law: 'registers-lie-on-their-stack',
    story: 'The saved stack pointer is a word off, so every register comes back as its neighbour.',
    patch: {
      module: 'kernel/context-switch',
      find: 'thread.savedSp = start;',
      replace: 'thread.savedSp = start + 8;',
    },
    shortest: 'io 0',
  },
  {
    name: 'stacks-lie-side-by-side',
    original: 'kernel',
    law: 'stacks-are-guarded',
    story:
      'Stacks have no guard page between them, so what runs over one is found in another. One page was too few for Linux ("Stack Clash", CVE-2017-1000364).',
    patch: {
      module: 'kernel/process',
      find: 'end = stack.start - pageSize;',
      replace: 'end = stack.start;',
    },
    shortest: 't1 = spawn thread',
  },
  {
    name: 'stack-of-an-ended-thread-stays',
    original: 'kernel',
    law: 'stacks-are-guarded',
    story:
      'The stack of a thread that has ended is never unmapped: a process that makes many runs out of memory.',
    patch: {
      module: 'kernel/process-table',
      find: 'process.memory.munmap(start, end - start);\n            }\n            else',
      replace: ';\n            }\n            else',
    },
    shortest: 't1 = spawn thread\nt1: send q0',
  },
  {
    name: 'stack-is-freed-under-its-thread',
    original: 'kernel',
    law: 'ended-thread-goes-after-the-switch',
    story:
      'A thread that ends frees its own stack while the core is still on it (xv6 leaves that to the parent, Pintos to the next thread).',
    patch: {
      module: 'kernel/core',
      find: 'this.#table.end(activity);\n        for (let joiner',
      replace: 'this.#table.end(activity);\n        this.#table.bury();\n        for (let joiner',
    },
    shortest: '',
  },
  {
    name: 'process-outlives-its-threads',
    original: 'kernel',
    law: 'ended-thread-goes-after-the-switch',
    story:
      'The last thread of a process ends, and the process stays with all its frames: a zombie.',
    patch: {
      module: 'kernel/process-table',
      find: 'process.threads.size > 0',
      replace: 'process.threads.size >= 0',
    },
    shortest: '',
  },
];
