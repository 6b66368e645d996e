import { blockPrograms, offeredKinds } from '../fuzz/block-programs.ts';
import { programOf } from '../fuzz/engine.ts';
import { pagePrograms } from '../fuzz/page-programs.ts';
import { Runner } from '../src/check/runner.ts';
import type { TraceStep } from '../src/check/trace.ts';
import type { AllocatorTarget } from '../src/check/target.ts';
import { KIB, MIB, type Size, sizeProduct } from '../src/base/units.ts';
import { PRESETS } from '../src/heap/options.ts';
import type { AddressSpace } from '../src/kernel/address-space.ts';
import type { KernelState } from '../src/kernel/kernel-state.ts';
import type { Kernel } from '../src/kernel/kernel.ts';
import type { Op } from '../src/program/op.ts';
import { machineTarget } from '../src/targets/machine.ts';
import { referenceTarget } from '../src/targets/reference.ts';

/** The highest number of frames after which there is none. */
const FRAMES_MAX = 200;
const FRAMES_COUNT = 320;
/** A heap without memory grows by fewer. */
const GROWTH_FRAMES = 64;
/** A request that is refused for want of frames, and not because nobody has so much. */
const REQUEST_MAX = MIB / 4;
const PROGRAMS_COUNT = 5;
/** Frames that a program has for itself: what is held from its first op to its last leaves so many. */
const FRAMES_FREE = { machine: 10, heap: 24 } as const;
const PAGE_SIZE = 4096;
/** A slot that no program of the fuzzer uses. */
const SLOT_HELD = 64;
const SIZES_SPREAD = 64 * KIB;
const OPS_MAX = 128;
const CHECK_EVERY = 32;

/**
 * Machines whose frames run out after k, for each k up to 200: every call that finds none is refused or faults, nothing
 * is lost and no contents change, and every frame comes back.
 *
 * @param share 1 for each k, 10 for every tenth.
 * @returns How many runs ended in a finding, or with frames that did not come back.
 */
export function campaignOnFrames(seed: number, share: number): number {
  console.log('frames that run out after k, for each k up to 200\n');
  let troublesCount = 0;
  for (const frames of ['on-touch', 'on-map'] as const) {
    const tally = { runs: 0, refusals: 0, troubles: 0 };
    for (let k = 1; k <= FRAMES_MAX; k += share) runOnMachine({ frames, k, seed }, tally);
    tell(`the machine, ${frames}`, tally);
    troublesCount += tally.troubles;
  }
  for (const preset of ['default', 'lecture-note'] as const) {
    const tally = { runs: 0, refusals: 0, troubles: 0 };
    for (let k = 1; k <= FRAMES_MAX; k += share) runOnHeap({ k, preset, seed }, tally);
    tell(`the reference on pages, ${preset}, on-map`, tally);
    troublesCount += tally.troubles;
  }
  console.log(`\n  ${troublesCount} runs that lost or found something\n`);
  return troublesCount;
}

interface Tally {
  runs: number;
  refusals: number;
  troubles: number;
}

function tell(what: string, { refusals, runs, troubles }: Tally): void {
  console.log(`  ${what.padEnd(46)} ${runs} runs, ${refusals} refusals, ${troubles} troubles`);
}

/** A machine of k frames; its own rules tell what is lost, also after it ended its program. */
function runOnMachine(
  {
    frames,
    k,
    seed,
  }: { readonly frames: 'on-touch' | 'on-map'; readonly k: number; readonly seed: number },
  tally: Tally,
): void {
  const makeTarget = machineTarget({ framesCount: k, space: { frames } });
  const runner = new Runner(makeTarget, { checkEvery: CHECK_EVERY, record: 'outcomes' });
  const draw = pagePrograms(PAGE_SIZE);
  for (let number = 0; number < PROGRAMS_COUNT; number += 1) {
    const held = { size: heldSize(k - FRAMES_FREE.machine), protection: 'read-write' } as const;
    const finding = runner.run([
      { kind: 'map', area: SLOT_HELD, ...held },
      { kind: 'touch', base: SLOT_HELD, offset: 0, size: held.size },
      ...programOf(seed, number, draw, OPS_MAX),
    ]);
    tally.runs += 1;
    tally.refusals += runner.trace.filter((step) => isForFrames(step)).length;
    if (finding === undefined) continue;
    tally.troubles += 1;
    console.log(`FINDING with ${k} frames: ${finding.law}: ${finding.observed}`);
  }
}

/** What is held throughout a program, in bytes: so the rest of the frames is what the program runs out of. */
function heldSize(pagesCount: number): number {
  return Math.max(1, pagesCount) * PAGE_SIZE;
}

/** Whether an op found no frame; what nobody has room for is refused as well, and not meant. */
function isForFrames({ op, outcome }: TraceStep): boolean {
  const isSmall = !('size' in op) || op.size < FRAMES_COUNT * PAGE_SIZE;
  return (
    (outcome.kind === 'faulted' && outcome.why === 'no frame is left') ||
    (outcome.kind === 'refused' && outcome.why === 'ENOMEM' && op.kind === 'map' && isSmall)
  );
}

/** Larger sizes, so that a few dozen blocks fill hundreds of pages. */
function enlarged(op: Op): Op {
  if (!('slot' in op && 'size' in op) || op.size >= SIZES_SPREAD) return op;
  return { ...op, size: (Number(op.size) * 997) % SIZES_SPREAD };
}

/**
 * A heap on a machine where a second address space holds all frames but k, until a call finds none; then it gives all
 * of them back, so that exactly this call is refused, in the middle of a program that goes on.
 */
function runOnHeap(
  {
    k,
    preset,
    seed,
  }: { readonly k: number; readonly preset: keyof typeof PRESETS; readonly seed: number },
  tally: Tally,
): void {
  for (let number = 0; number < PROGRAMS_COUNT; number += 1) {
    const target = referenceTarget({
      heap: PRESETS[preset],
      machine: { frames: 'on-map', framesCount: FRAMES_COUNT, mapSize: MIB, watch: 'on' },
    })();
    const { below } = target.invariants!.read() as { readonly below: KernelState };
    const { kernel } = below;
    const hoard = new Hoard(kernel, k);
    const runner = new Runner(() => hoard.beside(target), { checkEvery: CHECK_EVERY });
    const draw = blockPrograms(offeredKinds(target));
    const program = programOf(seed, number, draw, OPS_MAX).map((op) => enlarged(op));
    const finding = runner.run([
      { kind: 'malloc', slot: SLOT_HELD, size: heldSize(k - FRAMES_FREE.heap) },
      ...program,
    ]);
    tally.runs += 1;
    tally.refusals += hoard.refusalsCount;
    target.reset!();
    for (const space of kernel.spaces) kernel.endSpace(space);
    const lost = kernel.frames.totalCount - kernel.frames.freeCount;
    if (finding === undefined && lost === 0) continue;
    tally.troubles += 1;
    console.log(
      `FINDING with ${k} frames: ${finding === undefined ? `${lost} frames did not come back` : `${finding.law}: ${finding.observed}`}`,
    );
  }
}

/** A second address space that holds frames until somebody is refused one. */
class Hoard {
  refusalsCount = 0;
  readonly #space: AddressSpace;
  readonly #left: number;

  /** @param left How many frames are left to the others. */
  constructor(kernel: Kernel, left: number) {
    this.#left = left;
    this.#space = kernel.newSpace({ id: 1, frames: 'on-map', placement: 'up' });
    const { pageSize } = kernel.mmu.geometry;
    while (kernel.frames.freeCount > left) this.#space.mmap({ size: pageSize });
  }

  /** The target, whose first refusal for want of frames ends the hoard. */
  beside(target: AllocatorTarget): AllocatorTarget {
    const note = (size: Size, answer: number | null): number | null => {
      if (answer === null && size <= REQUEST_MAX && this.#space.areas.mappedSize > 0) this.#end();
      return answer;
    };
    // A request of no bytes, and the last one that shows what was lost, may be the one that is refused.
    const { recovers, zeroSize: _, ...rest } = target.promises;
    const isLasting = recovers !== undefined && this.#left >= GROWTH_FRAMES;
    const noting: Partial<AllocatorTarget> = {
      promises: { ...rest, ...(isLasting && { recovers }) },
      malloc: (size) => note(size, target.malloc(size)),
      calloc: (count, size) => note(sizeProduct(count, size), target.calloc!(count, size)),
      realloc: (address, size) => note(size, target.realloc!(address, size)),
      aligned: (alignment, size) => note(size, target.aligned!(alignment, size)),
    };
    return Object.assign(Object.create(target) as AllocatorTarget, noting);
  }

  #end(): void {
    this.refusalsCount += 1;
    const { breakRange, mapRange } = this.#space;
    this.#space.munmap(breakRange.start, mapRange.end - breakRange.start);
  }
}
