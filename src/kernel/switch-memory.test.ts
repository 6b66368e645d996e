/** What many switches leave behind. It has a file of its own, so that no garbage of other tests is in the memory in use. */
import { expect, test } from 'vitest';
import { COMPUTE, type CoreModules, HONEST, planted } from './core-world.test-helper.ts';
import type { Core } from './core.ts';
import type { UserCode } from './user-code.ts';

function* forever(core: Core): UserCode {
  for (let tick = 1; ; tick += 1) {
    yield COMPUTE;
    if (tick % 1000 === 0) core.stop();
  }
}

/** The least memory in use seen while switches are made: what is left when garbage has just gone. */
function leastMemory(core: Core, switchesCount: number): number {
  const end = core.switches.preemption + switchesCount;
  let least = Infinity;
  while (core.switches.preemption < end) {
    core.run();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    least = Math.min(least, heapUsed + arrayBuffers);
  }
  return least;
}

/** Bytes for each switch by which the last fifth of some has more in use than the first. */
function growthOf(core: Core, switchesCount: number): number {
  const before = leastMemory(core, switchesCount / 5);
  leastMemory(core, (switchesCount * 3) / 5);
  return (leastMemory(core, switchesCount / 5) - before) / ((switchesCount * 4) / 5);
}

/** Two programs that switch after each tick. */
function makeSwitching(modules: CoreModules): Core {
  const core = new modules.Core(new modules.Kernel({ framesCount: 64 }), { quantum: 1 });
  for (let index = 0; index < 2; index += 1) core.boot({ code: () => forever(core) });
  return core;
}

/** Bytes for each switch that may be there for other reasons; a frame of registers that stayed would be 128. */
const GROWTH_MAX = 60;

test('R20 100,000 switches take no memory that stays', () => {
  const core = makeSwitching(HONEST);
  expect(growthOf(core, 100_000)).toBeLessThan(GROWTH_MAX);
  expect(core.switches.preemption).toBeGreaterThanOrEqual(100_000);
  expect([core.clock, core.accounts.user]).toEqual([core.timerStrikes, core.timerStrikes]);
  core.shutDown();
  expect(core.kernel.frames.owned()).toEqual([]);
});

test('R20 a planted line that keeps the registers of each switch is found by the memory that it takes', async () => {
  const modules = await planted([
    {
      module: 'kernel/context-switch',
      find: 'thread.savedSp = start;',
      replace: 'thread.savedSp = start; (thread.kept ??= []).push(this.#registers.values.slice());',
    },
  ]);
  expect(growthOf(makeSwitching(modules), 25_000)).toBeGreaterThan(GROWTH_MAX);
});
