import { Core } from '../src/kernel/core.ts';
import { Kernel } from '../src/kernel/kernel.ts';
import { readsOf } from '../src/machine/meter.ts';
import type { UserCode } from '../src/kernel/user-code.ts';
import { timed } from './ratio.ts';

const SWITCHES = 1_000_000;
/** After as many switches, one looks at the memory in use. */
const LOOK_EVERY = 10_000;
/** Bytes by which that may be more at the end, per switch: a frame of registers that stayed would be 128. */
const GROWTH_MAX = 16;
/** Ticks of work beside a wait; more than any wait that is tried. */
const WORK = 1000;

/**
 * R20: a million switches between two processes, and between two threads, after a tick each. Prints what they take here
 * and what they cost the simulated machine; then R19, from what wait on blocking is better than spinning.
 *
 * @returns In how many of the two the memory in use grew.
 */
export function campaignOnSwitches(): number {
  console.log(`switches after a tick each, ${SWITCHES} each\n`);
  let troublesCount = 0;
  for (const as of ['process', 'thread'] as const) {
    const core = makeCore(as);
    const before = switchUntil(core, SWITCHES / 10);
    const ms = timed(() => {
      switchUntil(core, (SWITCHES / 10) * 11);
    });
    const after = switchUntil(core, (SWITCHES / 10) * 12);
    const growth = (after - before) / SWITCHES;
    const grew = growth > GROWTH_MAX ? ', IT GROWS' : '';
    const { counted } = core.contextSwitch;
    const [readsEach, writesEach, missesEach] = [
      readsOf(counted),
      counted.dataWrites,
      counted.tlbMisses,
    ].map((count) => count / core.timerStrikes);
    console.log(
      `  ${as.padEnd(8)} ${ms.toFixed(0)} ms, ${(SWITCHES / ms / 1000).toFixed(2)} million a second; ` +
        `each ${readsEach!.toFixed(1)} reads, ${writesEach!.toFixed(1)} writes, ${missesEach!.toFixed(1)} misses of the TLB; ` +
        `memory ${growth.toFixed(1)} bytes each${grew}`,
    );
    troublesCount += grew === '' ? 0 : 1;
  }
  printCrossovers();
  return troublesCount;
}

/** R19: from how many ticks on it is better to wait blocked than to spin, for switches that take so many ticks. */
function printCrossovers(): void {
  console.log('\n  a wait is better spent blocked than spinning');
  for (const switchTicks of [0, 10, 50, 200]) {
    let ticks = 0;
    while (timeOf('spin', ticks, switchTicks) < timeOf('sleep', ticks, switchTicks)) ticks += 1;
    console.log(`  from ${ticks} ticks on, where a switch takes ${switchTicks}`);
  }
  console.log('');
}

/** Ticks that a wait and the work of another process take together, and one for each entry read by a walk. */
function timeOf(by: 'sleep' | 'spin', ticks: number, switchTicks: number): number {
  const kernelTicks = { call: 0, interrupt: 0, switch: switchTicks };
  const core = new Core(new Kernel({ framesCount: 32 }), { quantum: 2 * WORK, ticks: kernelTicks });
  function* waits(): UserCode {
    if (by === 'sleep') yield { kind: 'call', call: { name: 'sleep', ticks } };
    else yield* works(ticks);
  }
  core.boot({ code: waits });
  core.boot({ code: () => works(WORK) });
  core.run();
  const { translationReads } = core.kernel.mmu.meter;
  return core.clock + translationReads.reduce((sum, reads) => sum + reads, 0);
}

function* works(ticks: number): UserCode {
  for (let tick = 0; tick < ticks; tick += 1) yield { kind: 'compute' };
}

/** Two programs that never end, and switch after each tick. */
function makeCore(as: 'process' | 'thread'): Core {
  const core = new Core(new Kernel({ framesCount: 64 }), { quantum: 1 });
  const code = (): UserCode => stopNowAndThen(core);
  const first = core.boot({ code })!;
  core.spawn({ as, code }, core.activities.get(first));
  return core;
}

function* stopNowAndThen(core: Core): UserCode {
  for (;;) {
    yield { kind: 'compute' };
    if (core.switches.preemption % LOOK_EVERY === 0) core.stop();
  }
}

/** Switches until there were so many. @returns The least memory in use seen: what is left when garbage has gone. */
function switchUntil(core: Core, switchesCount: number): number {
  let least = Infinity;
  while (core.switches.preemption < switchesCount) {
    core.run();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    least = Math.min(least, heapUsed + arrayBuffers);
  }
  return least;
}
