/**
 * The rows of the note on how one core goes from a process to another: each holds, and planted lines break it.
 *
 * Source of the rows: N. Tuck, "Simple Malloc", lecture notes, 2025, "Page Table follow-up: Context Switches".
 */
import { expect } from 'vitest';
import { GENERAL_COUNT, REGISTERS_COUNT } from '../machine/registers.ts';
import type { Patch } from '../targets/mutants/import-patched.ts';
import { FRAME_SIZE, STACK_OVERFLOW, STACK_UNDERFLOW } from './context-switch.ts';
import { type CoreRow, testRows } from './core-rows.test-helper.ts';
import {
  ask,
  BASE,
  COMPUTE,
  compute,
  CoreWorld,
  load,
  mapPages,
  perform,
  store,
} from './core-world.test-helper.ts';
import { PAGE } from './kernel-world.test-helper.ts';
import type { Thread } from './thread.ts';
import type { UserCode } from './user-code.ts';

/** The bytes of a process's pages, by virtual address. */
function bytesOf({ kernel }: CoreWorld, thread: Thread): Map<number, Uint8Array> {
  const { id } = thread.process.memory.space;
  const { frames, mmu } = kernel;
  const own = frames
    .owned()
    .filter((frame) => frames.ownerOf(frame) === id && frames.typeOf(frame) === 'data');
  return new Map(
    own.map((frame) => [
      frames.addressOf(frame),
      Uint8Array.from({ length: PAGE }, (_, at) => mmu.memory.load8(frame * PAGE + at)),
    ]),
  );
}

/** The addresses at which two readings differ. */
function changesOf(
  before: ReadonlyMap<number, Uint8Array>,
  after: ReadonlyMap<number, Uint8Array>,
): number[] {
  return [...after].flatMap(([page, bytes]) =>
    [...bytes.keys()]
      .filter((at) => bytes[at] !== (before.get(page)?.[at] ?? 0))
      .map((at) => page + at),
  );
}

/** The words that lie where a thread's registers were saved. */
function wordsAt({ kernel }: CoreWorld, thread: Thread, address: number): number[] {
  const { frame } = thread.process.memory.space.table.lookup(address)!;
  return Array.from({ length: REGISTERS_COUNT }, (_, index) =>
    kernel.mmu.memory.load64(frame * PAGE + (address % PAGE) + 8 * index),
  );
}

/** Fills each register with a number of its own that needs all of its bits. */
function* fullRegisters(): UserCode {
  yield mapPages(1);
  const words = Array.from({ length: GENERAL_COUNT }, (_, index) => BASE + 8 * index);
  for (const [index, at] of words.entries()) yield store(at, 2 ** 53 - 1 - index, 8);
  yield* compute(2);
  for (const at of [...words, ...words]) yield load(at, 8);
}

const SETS_ROOT_LATE: readonly Patch[] = [
  {
    module: 'kernel/core',
    find: 'space.activate();',
    replace: 'if (this.kernel.mmu.root < 0) space.activate();',
  },
  {
    module: 'kernel/core',
    find: 'this.#load(thread);',
    replace: 'this.#load(thread); space.activate();',
  },
];

const RETURNS_AS_KERNEL: Patch = {
  module: 'kernel/context-switch',
  find: "this.#mmu.mode = 'user';",
  replace: '',
};

function stepsOf(steps: readonly string[], id: number): string[] {
  return steps.map((step) => `${step} t${id}`);
}

const ROWS: readonly CoreRow[] = [
  {
    row: 'R03',
    says: 'root and TLB change in the kernel only, which is entered by the timer, calls, faults and ends',
    check: (modules) => {
      const world = new CoreWorld({ quantum: 3 }, modules);
      const { core, kernel } = world;
      const changes: boolean[] = [];
      const setRoot = kernel.mmu.setRoot.bind(kernel.mmu);
      kernel.mmu.setRoot = (root, space) => {
        changes.push(core.isInKernel);
        setRoot(root, space);
      };
      const flushPage = kernel.mmu.tlb.flushPage.bind(kernel.mmu.tlb);
      kernel.mmu.tlb.flushPage = (address, space) => {
        changes.push(core.isInKernel);
        flushPage(address, space);
      };
      const own: boolean[] = [];
      function* program(): UserCode {
        yield mapPages(2);
        for (let tick = 0; tick < 10; tick += 1) {
          own.push(core.isInKernel || kernel.mmu.mode === 'kernel');
          yield tick % 2 === 0 ? COMPUTE : store(BASE, tick);
        }
        yield ask({ name: 'munmap', address: BASE, size: PAGE });
        yield store(BASE, 1);
      }
      const threads = [program, program].map((code) => world.process(code));
      expect(core.run()).toBe('all ended');
      expect(threads.map(({ fault }) => fault)).toEqual(['not-mapped', 'not-mapped']);
      expect(changes.length).toBeGreaterThan(8);
      expect(changes.filter((isInKernel) => !isInKernel)).toEqual([]);
      expect(own.filter(Boolean)).toEqual([]);
    },
    plants: [
      [
        {
          module: 'kernel/core',
          find: 'this.isInKernel = true;\n        this.#watcher',
          replace: 'this.#watcher',
        },
      ],
      [RETURNS_AS_KERNEL],
    ],
  },
  {
    row: 'R03',
    says: 'a program goes on in user mode: a page that is not for it ends it, before a switch and after',
    check: (modules) => {
      for (const ticks of [0, 4]) {
        const world = new CoreWorld({ quantum: 3 }, modules);
        const thread = world.process(function* program() {
          yield ask({
            name: 'mmap',
            request: { address: BASE, size: 1, protection: 'read-write' },
          });
          yield store(BASE, 7);
          yield ask({ name: 'mprotect', address: BASE, size: 1, protection: 'none' });
          yield* compute(ticks);
          yield load(BASE);
        });
        world.process(() => compute(9));
        world.core.run();
        expect(thread.fault).toBe('kernel-only');
      }
    },
    plants: [[RETURNS_AS_KERNEL]],
  },
  {
    row: 'R04',
    says: 'all registers are saved just below sp, on the own stack, and no other byte of memory changes',
    check: (modules) => {
      for (const by of [0, -200, -1, -(PAGE - FRAME_SIZE), -PAGE - 8]) {
        const world = new CoreWorld({ quantum: 30 }, modules);
        const { registers } = world.core;
        const thread = world.process(function* deep() {
          yield { kind: 'move-stack', by };
          yield* fullRegisters();
        }, 2 * PAGE);
        let before: ReturnType<typeof bytesOf> = new Map();
        let savesCount = 0;
        world.onStep = (step) => {
          if (step === 'enter') before = bytesOf(world, thread);
          if (step !== 'save') return;
          savesCount += 1;
          expect(new Set(registers.values).size).toBe(REGISTERS_COUNT);
          expect(thread.savedSp).toBe(thread.stack.end + by - FRAME_SIZE);
          expect(registers.sp).toBe(thread.stack.end + by);
          const changes = changesOf(before, bytesOf(world, thread));
          const outside = changes.filter(
            (at) => at < thread.savedSp || at >= thread.savedSp + FRAME_SIZE,
          );
          expect(changes).not.toEqual([]);
          expect(outside).toEqual([]);
          if (by % 8 === 0 && by % PAGE !== -8)
            expect(wordsAt(world, thread, thread.savedSp)).toEqual([...registers.values]);
        };
        world.core.run();
        expect(savesCount).toBe(1);
      }
    },
    plants: [
      [
        {
          module: 'kernel/context-switch',
          find: 'memory.store(start + 8 * index, value, 8)',
          replace: 'memory.store(start - 8 + 8 * index, value, 8)',
        },
      ],
      [
        {
          module: 'kernel/context-switch',
          find: 'this.#registers.values.entries()',
          replace: 'this.#registers.values.subarray(0, 15).entries()',
        },
      ],
    ],
  },
  {
    row: 'R04',
    says: 'a stack without room for all registers ends its thread, and nobody else',
    check: (modules) => {
      const room = PAGE - FRAME_SIZE;
      for (const [by, fault] of [
        [-room, undefined],
        [-room - 1, STACK_OVERFLOW],
        [-room - 8, STACK_OVERFLOW],
        [-PAGE, STACK_OVERFLOW],
        [-(2 ** 50), STACK_OVERFLOW],
        [1, STACK_UNDERFLOW],
      ] as const) {
        const world = new CoreWorld({ quantum: 3 }, modules);
        const [thread, other] = world.team('thread', [
          () => perform({ kind: 'move-stack', by }, COMPUTE, COMPUTE, COMPUTE),
          () => compute(9),
        ]);
        expect(world.core.run()).toBe('all ended');
        expect([thread!.fault, thread!.userTicks]).toEqual([fault, fault === undefined ? 4 : 3]);
        expect([other!.fault, other!.userTicks]).toEqual([undefined, 9]);
      }
    },
    plants: [
      [
        {
          module: 'kernel/context-switch',
          find: 'start < thread.stack.start',
          replace: 'start + 8 < thread.stack.start',
        },
      ],
      [
        {
          module: 'kernel/context-switch',
          find: 'start + FRAME_SIZE > thread.stack.end',
          replace: 'start > thread.stack.end',
        },
      ],
    ],
  },
  {
    row: 'R06',
    says: 'at every step of a program the root is that of its process, and so is what it reads',
    check: (modules) => {
      for (const ids of ['on', 'off'] as const) {
        const world = new CoreWorld({ quantum: 2, kernel: { tlb: { ids } } }, modules);
        for (const own of [1, 2, 3]) {
          world.process(function* marks(thread) {
            yield mapPages(1);
            yield store(BASE, own);
            for (let tick = 0; tick < 9; tick += 1) {
              expect(yield load(BASE)).toBe(own);
              const { table } = thread.process.memory.space;
              expect(world.kernel.mmu.root).toBe(table.root);
            }
          });
        }
        expect(world.core.run()).toBe('all ended');
        expect(world.core.rootsSet).toBeGreaterThan(12);
      }
    },
    plants: [
      [
        {
          module: 'kernel/core',
          find: 'if (!space.isActive)',
          replace: 'if (!space.isActive && this.rootsSet < 4)',
        },
      ],
    ],
  },
  {
    row: 'R07',
    says: 'registers come back bit by bit, saved under the old root and loaded under the new one',
    check: (modules) => {
      for (const as of ['process', 'thread'] as const) {
        const world = new CoreWorld({ quantum: 3 }, modules);
        const { core, kernel } = world;
        const saved = new Map<Thread, number[]>();
        const roots = new Set<number>();
        world.onStep = (step, thread) => {
          if (step !== 'save' && step !== 'load') return;
          expect(kernel.mmu.root).toBe(thread!.process.memory.space.table.root);
          roots.add(kernel.mmu.root);
          const values = [...core.registers.values];
          if (step === 'save') saved.set(thread!, values);
          else expect(values).toEqual(saved.get(thread!) ?? values);
        };
        world.team(as, [
          fullRegisters,
          () => compute(50),
          () => perform(...compute(9), { kind: 'move-stack', by: -64 }, ...compute(9)),
        ]);
        expect(core.run()).toBe('all ended');
        expect(roots.size).toBe(as === 'process' ? 3 : 1);
        expect(saved.get([...saved.keys()][0]!)!.length).toBe(GENERAL_COUNT + 3);
      }
    },
    plants: [
      [
        {
          module: 'kernel/context-switch',
          find: 'this.#registers.values[index] = answer.value;',
          replace: 'this.#registers.values[Math.min(index, 14)] = answer.value;',
        },
      ],
      SETS_ROOT_LATE,
    ],
  },
  {
    row: 'R08',
    says: 'a switch saves, picks, sets the root, loads and returns; a thread goes on where it was',
    check: (modules) => {
      const world = new CoreWorld({ quantum: 2 }, modules);
      const pcs: number[] = [];
      world.onStep = (step) => {
        if (step === 'save' || step === 'return') pcs.push(world.core.registers.pc);
      };
      world.process(() => compute(3));
      world.process(() => compute(3));
      expect(world.core.run()).toBe('all ended');
      const away = ['enter', 'save'];
      const on = ['pick', 'set-root', 'load', 'return'];
      expect(world.steps).toEqual([
        ...stepsOf([...on, ...away], 0),
        ...stepsOf([...on, ...away], 1),
        ...stepsOf([...on, 'enter'], 0),
        ...stepsOf([...on, 'enter'], 1),
        'pick -',
      ]);
      expect(pcs).toEqual([0, 2, 0, 2, 2, 2]);
      expect(world.problems()).toEqual({});
    },
    plants: [
      [
        {
          module: 'kernel/core',
          find: 'this.timerStrikes += 1;\n        this.#enter(activity.thread);',
          replace: 'this.timerStrikes += 1;',
        },
      ],
      [
        {
          module: 'kernel/core',
          find: 'this.contextSwitch.save(thread);',
          replace: 'this.contextSwitch.save(thread); this.registers.pc += 1;',
        },
        {
          module: 'kernel/core',
          find: 'this.contextSwitch.restore(thread);',
          replace: 'this.contextSwitch.restore(thread); this.registers.pc += 1;',
        },
      ],
    ],
  },
  {
    row: 'R08',
    says: 'a thread begins with a forged frame at the top of its stack: all zero, but for sp',
    check: (modules) => {
      const world = new CoreWorld({}, modules);
      const first = Array.from({ length: REGISTERS_COUNT }, () => 0);
      const threads = world.team('thread', [() => compute(3), () => compute(3)]);
      const begun: Thread[] = [];
      world.onStep = (step, thread) => {
        if (step !== 'load' || begun.includes(thread!)) return;
        begun.push(thread!);
        expect([...world.core.registers.values]).toEqual(first.with(13, thread!.stack.end));
      };
      for (const thread of threads) {
        expect(thread.savedSp).toBe(thread.stack.end - FRAME_SIZE);
        expect(wordsAt(world, thread, thread.savedSp)).toEqual(first.with(13, thread.stack.end));
      }
      world.core.run();
      expect(begun).toEqual(threads);
    },
    plants: [
      [
        {
          module: 'kernel/context-switch',
          find: 'values.sp = thread.stack.end;',
          replace: 'values.sp = thread.savedSp;',
        },
      ],
    ],
  },
];

testRows(ROWS);
