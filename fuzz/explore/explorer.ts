import { KitBug } from '../../src/base/kit-bug.ts';
import type { Verdict } from '../../src/check/judge.ts';
import { lawOfCrash } from '../../src/check/crash.ts';
import type { Shadow } from '../../src/check/shadow.ts';
import type { AllocatorTarget, MakeAllocatorTarget } from '../../src/check/target.ts';
import type { BlockOp, Slot } from '../../src/program/op.ts';
import type { Program } from '../../src/program/program.ts';
import type { RawFinding } from '../engine.ts';
import { Alphabet, type AlphabetOptions } from './alphabet.ts';
import { Cursor } from './cursor.ts';
import { ProgramCounts } from './program-counts.ts';
import { StateDigest } from './state-digest.ts';
import { States } from './states.ts';

/*
 * The exhaustive search: every program of up to so many ops.
 *
 * Definitions. The programs are those over some kinds of op and some sizes in which a request goes into the lowest empty
 * slot: every other program differs from one of them in the names of its slots alone, or in ops that do nothing. A
 * *state* is what a program leaves behind: the target's memory and registers, and the shadow's live blocks. States form
 * layers by the fewest ops that lead to them.
 *
 * Shape. Layer by layer, each op is done once in each state and judged; a state that is new is looked at as the runner
 * does with `checkEvery` 1. So the first finding is of the fewest ops there are. A layer is gone over in the order in
 * which it was made, which is the order of a walk through the tree of states: from one state to the next it is a short
 * way, made of a snapshot and an op or two.
 *
 * Why states may be merged. The target is a function of its memory and registers, all of which it describes, stale bytes
 * in free blocks included. The judge is a function of its live blocks and of the target's answers. Payloads hold a
 * pattern that depends on their place alone, and that they hold it was verified; so equal descriptions and equal blocks
 * mean equal bytes everywhere, and whatever comes next is judged the same. Three things are left out of the comparison
 * as far as no judgement and no op depends on them. Slot numbers: blocks are compared by rising address, and frees go to
 * all of them. The size asked for, but for what is read of it: whether it is 0, its number where the block is owed back
 * to the system, its number where the search has realloc or usable sizes are compared, and with `free-inside` how many of the offsets lie inside.
 * What was freed, and by which slot.
 *
 * With `double-free`, the last two are in the comparison. Which address a slot frees again is the last that it gave back,
 * and it does so unless a live block lies there by now; so the ops of a state depend on the freed address of each slot,
 * also on those that live blocks cover, since these will be freed. And slots have numbers then: a request goes into the
 * lowest empty one, whose next free replaces the address that it had. What a misuse does to the target is seen as what
 * any op does: one that is refused and changes nothing leads back to the state that it was done in.
 *
 * With realloc, one thing more. Two requests that differ in size alone and leave the target in the same state make two
 * states, and the larger one's is owed more bytes by a later realloc. What breaks a law after the smaller breaks it after
 * the larger as well, in the same ops; so only the larger one's is gone on from. Where `free-inside` has an offset that
 * lies inside the larger alone, both are, since they have not the same ops; and both are where it is promised that usable
 * sizes grow, since then another block's size may lie between the two.
 *
 * With `write-freed`, both of the above: the byte that a slot writes to, and the size of the blocks that are asked for
 * behind it, are those of the block that it gave back last. So freed sizes are compared, the size asked for is told as it
 * is, and no size stands for a smaller one.
 *
 * Misuse that stops the target, as it promises, leads back to the state that it was done in: whatever a program has
 * behind it is not done.
 *
 * Counting. Each state keeps where its ops led, the merged ones too, and the programs are counted along these edges.
 *
 * The end. A run ends by freeing what is live, and by asking for the block that is promised then. Before the last layer
 * the search frees everything itself, since a free is an op like any other; each state of the last layer is ended as the
 * runner does it, once, in the order of the slots of the program that came there first.
 *
 * What goes wrong otherwise. A pattern that counts the blocks before it makes every way to a state a state of its own.
 * A depth-first search finds a long counterexample first, and must come back to states that it first met too deep.
 */

export interface ExplorerOptions extends AlphabetOptions {
  /** Ops of the longest programs. Default: no limit. */
  readonly opsMax?: number | undefined;
  /** Whether equal states are gone on from once. Default `on`; off where the target has no snapshots. */
  readonly merging?: 'on' | 'off';
  /** States to stop at. Default 2^27. */
  readonly statesMax?: number;
}

/** Why there is nothing more to do. `closed`: no op leads to a new state, so programs of every length are covered. */
export type ExplorerEnd = 'bound reached' | 'closed' | 'found' | 'out of room';

/** How far a search is, as it can be stored and gone on with. */
export interface ExplorerProgress {
  readonly states: States;
  /** First state of each layer, and one past the last state of those that are complete. */
  readonly layerStarts: readonly number[];
  /** States that were gone on from. */
  readonly doneCount: number;
  /** The bound of the search, if it had one: programs of that length were ended. */
  readonly opsMax: number | undefined;
}

const STATES_MAX = 2 ** 27;
/** States that are asked for when a search goes on. */
const SAMPLES = 100;

/** Searches all programs over an alphabet, a few steps at a time. */
export class Explorer {
  readonly isMerging: boolean;
  readonly #makeTarget: MakeAllocatorTarget;
  readonly #options: ExplorerOptions;
  readonly #alphabet: Alphabet;
  readonly #hasRealloc: boolean;
  readonly #hasWriteFreed: boolean;
  /** Whether ops depend on what was freed, and by which slot. */
  readonly #knowsFreed: boolean;
  /** Whether what a block was asked for with is owed by what it is resized to. */
  readonly #keepsAlignment: boolean;
  readonly #comparesSizes: boolean;
  readonly #returnsFrom: number;
  readonly #digest = new StateDigest();
  readonly #counts = new ProgramCounts();
  readonly #states: States;
  readonly #layerStarts: number[];
  /** Live slots, for whoever needs them in another order. */
  readonly #order: Slot[] = [];
  #cursor: Cursor;
  /** The state that is being gone on from, its codes once the cursor is there, and how many of them are done. */
  #at: number;
  #codes: readonly number[] | undefined;
  #codesDone = 0;
  /** What the last op left but for the size of its block, that size, and the state; -1 for none to compare with. */
  #before = { low: 0, high: 0, size: -1, state: -1 };
  /** What there was when the last step was over. */
  #kept = { states: 0, edges: 0 };
  #stepsCount = 0;
  #end: ExplorerEnd | undefined;

  /** @param progress Where an earlier search over the same alphabet and target was. */
  constructor(
    makeTarget: MakeAllocatorTarget,
    options: ExplorerOptions,
    progress?: ExplorerProgress,
  ) {
    this.#makeTarget = makeTarget;
    this.#options = options;
    this.#alphabet = new Alphabet(options);
    this.#cursor = new Cursor(makeTarget);
    const { target } = this.#cursor;
    this.isMerging = options.merging !== 'off' && target.snapshots !== undefined;
    this.#hasRealloc = options.kinds.includes('realloc');
    this.#hasWriteFreed = options.kinds.includes('write-freed');
    this.#knowsFreed = this.#hasWriteFreed || options.kinds.includes('double-free');
    this.#comparesSizes = target.promises.usableGrows === true;
    this.#keepsAlignment = this.#comparesSizes || target.promises.reallocKeepsAlignment === true;
    this.#returnsFrom = returnsFromOf(target);
    this.#states = progress?.states ?? new States();
    this.#layerStarts = [...(progress?.layerStarts ?? [0, 1])];
    this.#at = progress?.doneCount ?? 0;
    if (progress === undefined) this.#states.add(0, 0, this.#described());
    else if (progress.opsMax !== options.opsMax && this.depth === options.opsMax) this.#redoLayer();
    for (let length = 1; length < this.depth; length += 1) this.#counts.advance(this.#states);
    this.#keep();
  }

  /** Ops of the programs that are being judged. */
  get depth(): number {
    return this.#layerStarts.length - 1;
  }

  /** Ops of the longest programs that are all judged. */
  get depthDone(): number {
    return this.#counts.perLength.length - 1;
  }

  get statesCount(): number {
    return this.#states.count;
  }

  /** Ops that were done and judged, those on the way to a state left out. */
  get stepsCount(): number {
    return this.#stepsCount;
  }

  /** Programs of each length, from 0 ops on, as far as all are judged. */
  get programsPerLength(): readonly bigint[] {
    return this.#counts.perLength;
  }

  /** Programs of 1 op and more, as far as all of a length are judged. */
  get programsCount(): bigint {
    return this.#counts.total;
  }

  /** Which part of the layer at hand is done, from 0 to 1. */
  get layerPart(): number {
    const [start, end] = this.#layerStarts.slice(-2) as [number, number];
    return end === start ? 1 : (this.#at - start) / (end - start);
  }

  /** The program that is being judged. */
  get program(): Program {
    return this.#cursor.program;
  }

  /** How often each law and invariant was asked, by name. */
  get asked(): ReadonlyMap<string, number> {
    return this.#cursor.askedByName;
  }

  get end(): ExplorerEnd | undefined {
    return this.#end;
  }

  /** What is to be kept to go on later. */
  progress(): ExplorerProgress {
    // What the state at hand has led to so far is done again.
    this.#states.edges.truncate(this.#states.edgesFrom(this.#at));
    this.#leaveState();
    this.#keep();
    const { opsMax } = this.#options;
    return { states: this.#states, layerStarts: this.#layerStarts, doneCount: this.#at, opsMax };
  }

  /**
   * Does up to so many steps.
   *
   * @returns What it found, which ends the search: there is no shorter program that finds anything.
   */
  run(stepsCount: number): RawFinding | undefined {
    try {
      for (let step = 0; step < stepsCount && this.#end === undefined; step += 1) {
        const verdict = this.#step();
        if (verdict !== undefined) return this.#found(verdict);
      }
      return undefined;
    } catch (error) {
      // What a target throws in a call is its crash; a broken belief outside of one is ours.
      if (error instanceof KitBug && !this.#cursor.driver.isCalling) throw error;
      const observed = `the last op threw ${String(error)}`;
      const { name: law } = lawOfCrash(this.#cursor.program.at(-1));
      return this.#found({ law, observed, expected: 'an answer' });
    }
  }

  /** Whether the target still comes to the states that it came to before, asked of some of them. */
  agrees(): boolean {
    const { count, digests } = this.#states;
    if (!this.isMerging) return true;
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const state = Math.floor(((count - 1) * sample) / (SAMPLES - 1));
      if (this.#goTo(state) !== undefined) return false;
      const { low, high } = this.#described();
      if (digests.low.at(state) !== low || digests.high.at(state) !== high) return false;
    }
    return true;
  }

  /** Goes on with a new target, after a step that was stopped from outside in the middle. */
  abandon(): void {
    this.#states.truncate({ ...this.#kept, done: this.#at });
    const { asked, invariantsAsked } = this.#cursor;
    this.#cursor = new Cursor(this.#makeTarget, asked, invariantsAsked);
    this.#codes = undefined;
    this.#before.state = -1;
  }

  /** One op in one state. */
  #step(): Verdict | undefined {
    if (this.#at === this.#layerStarts.at(-1)) {
      this.#finishLayer();
      return undefined;
    }
    const arrived = this.#codes === undefined ? this.#arrive() : undefined;
    const code = this.#codes![this.#codesDone];
    if (arrived === undefined && code === undefined) {
      this.#states.edgeEnds.push(this.#states.edges.length);
      this.#at += 1;
      this.#leaveState();
      return undefined;
    }
    const verdict = arrived ?? this.#cursor.back() ?? this.#do(code!);
    if (verdict !== undefined) return verdict;
    this.#codesDone += 1;
    this.#stepsCount += 1;
    this.#keep();
    return undefined;
  }

  #arrive(): Verdict | undefined {
    const verdict = this.#goTo(this.#at);
    this.#codes = this.#alphabet.codes(this.#cursor.slots);
    return verdict;
  }

  #goTo(state: number): Verdict | undefined {
    const { codes } = this.#states;
    return this.#cursor.goTo(this.#states.wayTo(state), (next, slots) =>
      this.#alphabet.op(codes.at(next), slots.empty),
    );
  }

  #leaveState(): void {
    this.#codes = undefined;
    this.#codesDone = 0;
    this.#before.state = -1;
  }

  #do(code: number): Verdict | undefined {
    const op = this.#alphabet.op(code, this.#cursor.slots.empty);
    const broken = this.#cursor.send(op);
    if (broken !== undefined) return broken;
    if (this.#cursor.driver.hasAborted) {
      // Nothing comes behind a stop that is promised.
      this.#states.edges.push(this.#at);
      return undefined;
    }
    const isNew = this.#enter(code, op);
    if (!isNew) return undefined;
    return this.depth === this.#options.opsMax ? this.#cursor.finish() : this.#cursor.inspect();
  }

  /** Finds the state that the cursor is in, or adds it. @returns Whether it is new. */
  #enter(code: number, op: BlockOp): boolean {
    const states = this.#states;
    const known = this.isMerging ? this.#find(code, op) : -1;
    const state = known < 0 ? states.add(this.#at, code, this.#digest) : known;
    states.edges.push(state);
    this.#before.state = state;
    if (states.count >= (this.#options.statesMax ?? STATES_MAX)) this.#end = 'out of room';
    return known < 0;
  }

  /** @returns The number of the state that the cursor is in, or of the one that stands for it; -1 for none. */
  #find(code: number, op: BlockOp): number {
    this.#describeTarget();
    if (this.#hasRealloc && 'size' in op && this.#isLesserThanBefore(code, op.slot))
      return this.#before.state;
    const { low, high } = this.#withBlocks(-1);
    return this.#states.digests.find(low, high);
  }

  /**
   * Whether the op before was the same but for a larger size, and left the same but for that size. The digest, which has
   * the target, is left as it was.
   */
  #isLesserThanBefore(code: number, slot: Slot): boolean {
    const before = this.#before;
    const { shadow } = this.#cursor.driver;
    const target = { low: this.#digest.low, high: this.#digest.high };
    const { low, high } = this.#withBlocks(slot);
    this.#digest.goOnFrom(target);
    const size = shadow.isLive(slot) ? shadow.sizeOf(slot) : -1;
    const isSame = low === before.low && high === before.high && before.state >= 0;
    const isLesser =
      size > 0 &&
      !this.#comparesSizes &&
      !this.#hasWriteFreed &&
      size <= before.size &&
      before.size < this.#returnsFrom &&
      this.#alphabet.insideCount(size) === this.#alphabet.insideCount(before.size);
    before.low = low;
    before.high = high;
    before.size = size;
    return isSame && isLesser && this.#alphabet.isSmallerThanBefore(code);
  }

  #described(): StateDigest {
    this.#describeTarget();
    return this.#withBlocks(-1);
  }

  #describeTarget(): void {
    this.#digest.clear();
    if (this.isMerging) this.#cursor.target.snapshots!.describe(this.#digest);
    else this.#digest.number(this.#states.count);
  }

  /** Ends the digest of the target with its blocks. @param sizeless A slot whose block is told without its size, or -1. */
  #withBlocks(sizeless: Slot): StateDigest {
    const digest = this.#digest;
    if (this.isMerging) this.#describeBlocks(sizeless);
    digest.finish();
    return digest;
  }

  #describeBlocks(sizeless: Slot): void {
    const digest = this.#digest;
    const { shadow } = this.#cursor.driver;
    for (const slot of slotsByAddress(shadow, this.#order)) {
      digest.number(shadow.addressOf(slot));
      digest.number(shadow.extentOf(slot));
      if (this.#keepsAlignment) digest.number(shadow.alignmentOf(slot));
      digest.number(slot === sizeless ? 0 : 1 + this.#sizeRead(shadow.sizeOf(slot)));
      if (this.#knowsFreed) digest.number(slot);
    }
    if (this.#knowsFreed) this.#describeFreed(shadow);
  }

  #describeFreed(shadow: Shadow): void {
    for (let slot = 0; slot < shadow.slotsCount; slot += 1) {
      this.#digest.number(shadow.freedAddressOf(slot));
      if (this.#hasWriteFreed) this.#digest.number(shadow.freedSizeOf(slot));
    }
    this.#digest.number(shadow.slotsCount);
  }

  /** A size as far as any law or op reads it: two that give the same are judged alike. */
  #sizeRead(size: number): number {
    const isRead = this.#hasRealloc || this.#hasWriteFreed || this.#comparesSizes;
    if (isRead || size >= this.#returnsFrom) return size;
    // At most size - 1 offsets lie inside, so this is no size that is told as it is.
    return Math.min(1, size) + this.#alphabet.insideCount(size);
  }

  #finishLayer(): void {
    this.#counts.advance(this.#states);
    const isClosed = this.#states.count === this.#at;
    this.#layerStarts.push(this.#states.count);
    if (this.depthDone === this.#options.opsMax) this.#end ??= 'bound reached';
    else if (isClosed) this.#end ??= 'closed';
  }

  /** Begins the layer at hand again, whose programs were not ended. */
  #redoLayer(): void {
    const [start, end] = this.#layerStarts.slice(-2) as [number, number];
    this.#at = start;
    this.#states.truncate({ states: end, edges: this.#states.edgesFrom(start), done: start });
  }

  #keep(): void {
    this.#kept = { states: this.#states.count, edges: this.#states.edges.length };
  }

  #found(verdict: Verdict): RawFinding {
    this.#end = 'found';
    const { program, target } = this.#cursor;
    const step = program.length - 1;
    const op = program[step]?.kind ?? ('end' as const);
    const finding = { ...verdict, target: target.name, step, op };
    return { number: this.#stepsCount, program, finding };
  }
}

/** From which size on a block is owed back to the system. */
function returnsFromOf(target: AllocatorTarget): number {
  return target.footprint === undefined ? Infinity : (target.promises.returnsFrom ?? Infinity);
}

/** The live slots by rising address, put into an array that is used again. */
function slotsByAddress(shadow: Shadow, order: Slot[]): readonly Slot[] {
  order.length = 0;
  for (let slot = 0; slot < shadow.slotsCount; slot += 1) {
    if (!shadow.isLive(slot)) continue;
    let at = order.length;
    for (; at > 0 && shadow.addressOf(order[at - 1]!) > shadow.addressOf(slot); at -= 1)
      order[at] = order[at - 1]!;
    order[at] = slot;
  }
  return order;
}
