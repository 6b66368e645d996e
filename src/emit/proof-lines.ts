import { formatRange, type Range } from '../base/range.ts';
import { type Size, sizeProduct } from '../base/units.ts';
import { type Finding, formatCall } from '../check/finding.ts';
import { isHistoryLaw } from '../check/histories.ts';
import { LAW, type Law, LAWS } from '../check/law.ts';
import { KEY_STEP } from '../check/payload.ts';
import { type Promises, promisedOf } from '../check/target.ts';
import type { Trace, TraceStep } from '../check/trace.ts';
import {
  type BlockOp,
  type MisusedFreeOp,
  type MisuseKind,
  type MisuseOp,
  type Op,
  type Slot,
  type WriteFreedOp,
} from '../program/op.ts';

/** An op that asks for a block. */
export type Request = Extract<BlockOp, { readonly size: Size }>;

/** A name in the emitted program: of a block, or the language's null. */
type Name = string;

/**
 * What differs between the languages. All else is written so that both read it: calls of a few helpers, which
 * each language defines for itself.
 */
export interface Spelling {
  readonly null: Name;
  /** The call that an op makes. */
  request(op: Request, source: Name): string;
  free(address: string): string;
  /** Whether a `free` that stands here was refused; undefined where `free` returns nothing. */
  refused(free: string): string | undefined;
  offset(block: Name, bytes: number): string;
}

/** What the target offers, as far as a program of its own can use it. */
interface Offers {
  readonly memory: boolean;
  readonly bounds: boolean;
  readonly usableSize: boolean;
  readonly footprint: boolean;
  readonly guards: readonly Range[];
}

/** What a finding's program becomes. */
export interface ProofOptions {
  readonly finding: Finding;
  /** Every step up to the finding. */
  readonly trace: Trace;
  readonly promises: Promises;
  readonly offers: Offers;
  readonly spelling: Spelling;
}

/** The lines of a proof, or why there is none. */
export type ProofLines =
  | {
      readonly lines: readonly string[];
      readonly blocks: readonly Name[];
      /** Numbers that the lines keep beside. */
      readonly notes: readonly Name[];
    }
  | { readonly why: string };

/** The laws about promises of misuse. */
const MISUSE_LAWS = [
  LAW.doubleFreeKeepsPromise,
  LAW.freeInsideKeepsPromise,
  LAW.freeForeignKeepsPromise,
  LAW.writeFreedKeepsPromise,
];
/** The laws that compare footprints. */
const FOOTPRINT_LAWS = [
  LAW.freeNullDoesNothing,
  LAW.failedRequestChangesNothing,
  LAW.bigBlocksGoBack,
];

/** The blocks that are asked for after a write into free memory. */
const AFTER_WRITE = ['first', 'second'] as const;

/** A live block, as the proof knows it. */
interface ProofBlock {
  readonly name: Name;
  readonly size: Size;
  /** What it was asked for with. */
  readonly alignment: number;
  /** Of its pattern; undefined where nothing was filled in. */
  readonly key: number | undefined;
}

/**
 * The calls of a finding's program, with payloads filled and looked at as the judge does, and the one check that shows
 * the broken law.
 */
export function proofLines(options: ProofOptions): ProofLines {
  const why = whyNotShown(options);
  if (why !== undefined) return { why: `${options.finding.law} ${why}` };
  const writer = new ProofWriter(options);
  const { finding, trace } = options;
  writer.begin();
  for (const step of trace) writer.step(step, step.step === finding.step);
  if (finding.op === 'end') writer.end();
  if (!writer.isShown) return { why: `${finding.law} is not seen in what these calls return` };
  return { lines: writer.lines, blocks: writer.names, notes: writer.notes };
}

/** Why this law cannot be shown, of this target in this language. */
function whyNotShown({
  finding,
  offers,
  promises,
  spelling,
  trace,
}: ProofOptions): string | undefined {
  const isOneOf = (laws: readonly Law[]): boolean => laws.some(({ name }) => name === finding.law);
  if (!isOneOf(LAWS)) return "is about the target's own structures, which a caller does not see";
  if (isHistoryLaw(finding.law)) return 'is about many runs of a program, and this is one';
  const promise = isOneOf(MISUSE_LAWS) ? promisedOf(promises, finding.op as MisuseKind) : undefined;
  if (promise === 'aborted')
    return 'is kept by stopping on purpose, which no proof would come back from';
  const isAsked = promise === 'refused' || isOneOf([LAW.freeAcceptsItsBlocks]);
  if (isAsked && spelling.refused('') === undefined)
    return 'asks what free returned, which is nothing here';
  if (isOneOf(FOOTPRINT_LAWS) && !offers.footprint)
    return 'needs the footprint, which the program cannot ask for';
  const isForeign = trace.some(
    ({ op, outcome }) => op.kind === 'free-foreign' && outcome.kind === 'freed',
  );
  if ((isForeign || isOneOf([LAW.blocksStayInside])) && !offers.bounds)
    return "needs the heap's bounds, which the program cannot ask for";
  return undefined;
}

class ProofWriter {
  readonly lines: string[] = [];
  readonly #options: ProofOptions;
  readonly #live = new Map<Slot, ProofBlock>();
  /** What the block that a slot gave back last was asked for with. */
  readonly #freed = new Map<Slot, Size>();
  readonly #names = new Set<Name>();
  readonly #notes = new Set<Name>();
  #keysCount = 0;

  constructor(options: ProofOptions) {
    this.#options = options;
  }

  get names(): readonly Name[] {
    return [...this.#names].toSorted();
  }

  get notes(): readonly Name[] {
    return [...this.#notes];
  }

  begin(): void {
    if (!this.#isLaw(LAW.guardsStayUntouched)) return;
    for (const { end, start } of this.#guards)
      this.lines.push(`fill(${start}, ${end - start}, ${start});`);
  }

  step({ op, outcome }: TraceStep, isLast: boolean): void {
    if (outcome.kind === 'skipped' || outcome.kind === 'not asked') return;
    if (isLast && this.#isLaw(LAW.contentsSurvive)) this.#checkContents();
    if ('size' in op && 'slot' in op) this.#request(op, outcome.kind, isLast);
    else if (op.kind === 'free') this.#free(op, isLast);
    else this.#misuse(op as MisuseOp, isLast);
    if (isLast) this.#lookAtAll();
  }

  /** The frees that close every run, and what is asked then. */
  end(): void {
    this.#lookAtAll();
    for (const [slot] of [...this.#live].toSorted(([a], [b]) => a - b)) {
      if (this.#isLaw(LAW.contentsSurvive)) this.#checkContents();
      this.#free({ kind: 'free', slot }, true);
    }
    if (this.#isLaw(LAW.freedSpaceReturns)) this.#recover();
    if (!this.#isLaw(LAW.guardsStayUntouched)) return;
    if (this.#options.promises.recovers !== undefined)
      this.lines.push(`${this.#options.spelling.free(this.#askForAll().name)};`);
    this.#checkGuards();
  }

  #request(op: Request, outcome: string, isLast: boolean): void {
    const { spelling } = this.#options;
    const source = op.kind === 'realloc' ? op.source : null;
    const before = source === null ? undefined : this.#live.get(source);
    const call = spelling.request(op, before?.name ?? spelling.null);
    if (isLast && this.#isLaw(LAW.failedRequestChangesNothing)) this.#noteFootprint();
    if (isLast && before !== undefined && this.#isLaw(LAW.reallocKeepsPrefix))
      this.#note('before', this.#extent(before.name, before.size));
    if (outcome === 'refused' || outcome === 'freed') {
      this.lines.push(`${call};`);
      if (outcome === 'freed') this.#gone(source!);
      if (isLast) this.#checkRefused(op);
      return;
    }
    if (isLast && this.#neverReturns) {
      this.lines.push(`${call};`);
      return;
    }
    const name = this.#name(op.slot);
    this.lines.push(`${name} = ${call};`);
    if (isLast) this.#checkAnswer(op, name, before);
    if (source !== null) this.#gone(source);
    if (outcome === 'granted') this.#keep(op, name, before);
  }

  /** The block is live from here on, and filled. */
  #keep(op: Request, name: Name, before: ProofBlock | undefined): void {
    const { offers } = this.#options;
    const size = bytesOf(op);
    this.#keysCount += 1;
    const key = offers.memory ? this.#keysCount * KEY_STEP : undefined;
    if (key !== undefined) this.lines.push(`fill(${name}, ${this.#extent(name, size)}, ${key});`);
    if (this.#isLaw(LAW.usableSizeStays)) this.#note(`was_${name}`, `usable(${name})`);
    const alignment =
      op.kind === 'aligned' ? op.alignment : op.kind === 'realloc' ? (before?.alignment ?? 1) : 1;
    this.#live.set(op.slot, { name, size, alignment, key });
  }

  #misuse(op: MisuseOp, isLast: boolean): void {
    if (op.kind === 'write-freed') {
      this.#writeFreed(op, isLast);
      return;
    }
    const { offers, promises, spelling } = this.#options;
    const call = spelling.free(this.#misusedAddress(op));
    const isCompared = isLast && offers.footprint;
    if (isCompared) this.#noteFootprint();
    const isAsked = isLast && promisedOf(promises, op.kind) === 'refused';
    if (isAsked) this.#fail(`!(${this.#refused(call)})`, op);
    else this.lines.push(`${call};`);
    if (isCompared) this.#fail('footprint() != before', op);
  }

  #misusedAddress(op: MisusedFreeOp): string {
    const { spelling } = this.#options;
    if (op.kind === 'free-foreign') return `foreign(${op.offset})`;
    const name = this.#name(op.slot);
    return op.kind === 'free-inside' ? spelling.offset(name, op.offset) : name;
  }

  /** The write, and the two requests behind it, whose answers are looked at if they break the law. */
  #writeFreed(op: WriteFreedOp, isLast: boolean): void {
    const { spelling } = this.#options;
    const freed = this.#freed.get(op.slot)!;
    this.lines.push(`flip(${this.#name(op.slot)}, ${op.offset});`);
    const request: Request = { kind: 'malloc', slot: op.slot, size: freed };
    for (const name of AFTER_WRITE) {
      this.#names.add(name);
      this.lines.push(`${name} = ${spelling.request(request, spelling.null)};`);
      if (isLast && this.#isLaw(LAW.writeFreedKeepsPromise)) this.#checkAfterWrite(op, name);
    }
    for (const name of AFTER_WRITE.toReversed()) this.lines.push(`${spelling.free(name)};`);
  }

  #checkAfterWrite(op: WriteFreedOp, name: Name): void {
    const { offers, promises } = this.#options;
    const size = `${this.#freed.get(op.slot)!}`;
    this.#fail(`!isAddress(${name})`, op);
    this.#fail(`!isAligned(${name}, ${promises.alignment ?? 1})`, op);
    if (offers.bounds) this.#fail(`!isInside(${name}, ${size})`, op);
    for (const other of this.#live.values())
      this.#fail(
        `overlap(${name}, ${size}, ${other.name}, ${this.#extent(other.name, other.size)})`,
        op,
      );
    const [first, second] = AFTER_WRITE;
    if (name === second) this.#fail(`overlap(${first}, ${size}, ${second}, ${size})`, op);
  }

  #free(op: BlockOp & { readonly kind: 'free' }, isLast: boolean): void {
    const { spelling } = this.#options;
    const call = spelling.free(op.slot === null ? spelling.null : this.#name(op.slot));
    const isReturn = this.#isLaw(LAW.bigBlocksGoBack);
    if (isLast && (isReturn || this.#isLaw(LAW.freeNullDoesNothing))) this.#noteFootprint();
    const isAsked = isLast && this.#isLaw(LAW.freeAcceptsItsBlocks);
    if (isAsked) this.#fail(this.#refused(call), op);
    else this.lines.push(`${call};`);
    if (isLast && isReturn) this.#checkReturned(op);
    if (isLast && this.#isLaw(LAW.freeNullDoesNothing)) this.#fail('footprint() != before', op);
    if (op.slot !== null) this.#gone(op.slot);
  }

  /** The slot's block is not live any more. */
  #gone(slot: Slot): void {
    this.#freed.set(slot, this.#live.get(slot)!.size);
    this.#live.delete(slot);
  }

  /** The laws about an answer that is no refusal. */
  #checkAnswer(op: Request, name: Name, before: ProofBlock | undefined): void {
    const size = bytesOf(op);
    const { promises } = this.#options;
    const alignment = Math.max(promises.alignment ?? 1, op.kind === 'aligned' ? op.alignment : 1);
    const extent = this.#extent(name, size);
    switch (this.#options.finding.law) {
      case LAW.callsReturn.name:
        return this.#fail(`!isAddress(${name})`, op);
      case LAW.mallocAligns.name:
        return this.#fail(`!isAligned(${name}, ${alignment})`, op);
      case LAW.reallocKeepsAlignment.name:
        return this.#fail(`!isAligned(${name}, ${before!.alignment})`, op);
      case LAW.blocksStayInside.name:
        return this.#fail(`!isInside(${name}, ${extent})`, op);
      case LAW.blocksStayApart.name:
        return this.#checkApart(op, extent, before);
      case LAW.impossibleRequestIsRefused.name:
      case LAW.reallocZeroKeepsPromise.name:
        return this.#fail(`!isNull(${name})`, op);
      case LAW.zeroSizeKeepsPromise.name:
        return this.#fail(`${promises.zeroSize === 'null' ? '!' : ''}isNull(${name})`, op);
      case LAW.usableSizeCoversRequest.name:
        return this.#fail(`usable(${name}) < ${size}`, op);
      case LAW.usableSizeGrows.name:
        return this.#checkGrows(op, name, before);
      case LAW.slackIsBounded.name:
        return this.#fail(`usable(${name}) - ${size} > ${promises.slack}`, op);
      case LAW.callocZeroes.name:
        return this.#fail(`!isZero(${name}, ${size})`, op);
      case LAW.reallocKeepsPrefix.name: {
        const kept = before!.size < size ? before!.size : size;
        return this.#fail(`!isIntact(${name}, before, ${kept}, ${before!.key})`, op);
      }
      default:
        return undefined;
    }
  }

  #checkApart(op: Request, extent: string, before: ProofBlock | undefined): void {
    const name = this.#name(op.slot);
    for (const other of this.#live.values()) {
      if (other === before) continue;
      const otherExtent = this.#extent(other.name, other.size);
      this.#fail(`overlap(${name}, ${extent}, ${other.name}, ${otherExtent})`, op);
    }
  }

  /** Compares with each live block of another size; the one that the judge named is among them. */
  #checkGrows(op: Request, name: Name, before: ProofBlock | undefined): void {
    const size = bytesOf(op);
    for (const other of this.#live.values()) {
      if (other === before || other.size === size || other.size === 0 || other.alignment > 1)
        continue;
      const [larger, smaller] = other.size > size ? [other.name, name] : [name, other.name];
      this.#fail(`usable(${larger}) < usable(${smaller})`, op);
    }
  }

  #checkRefused(op: Request): void {
    if (this.#isLaw(LAW.failedRequestChangesNothing)) this.#fail('footprint() != before', op);
  }

  #checkReturned(op: Op): void {
    const block = this.#live.get((op as { slot: Slot }).slot)!;
    if (block.size >= this.#options.promises.returnsFrom!)
      this.#fail(`before - footprint() < ${block.size}`, op);
  }

  #recover(): void {
    const { footprint } = this.#options.offers;
    if (footprint) this.#noteFootprint();
    const { name, op } = this.#askForAll();
    this.#fail(`isNull(${name})`, op);
    if (footprint) this.#fail('before > 0 && footprint() > before', op);
  }

  /** The request that each run ends with, for as much as is promised with nothing live. */
  #askForAll(): { readonly name: Name; readonly op: Op } {
    const { promises, spelling } = this.#options;
    const name = this.#name(0);
    const op = { kind: 'malloc', slot: 0, size: promises.recovers! } as const;
    this.lines.push(`${name} = ${spelling.request(op, spelling.null)};`);
    return { name, op };
  }

  /** What the judge looks at after the last op. */
  #lookAtAll(): void {
    if (this.#isLaw(LAW.contentsSurvive)) this.#checkContents();
    if (this.#isLaw(LAW.guardsStayUntouched)) this.#checkGuards();
    if (!this.#isLaw(LAW.usableSizeStays)) return;
    for (const { name } of this.#live.values()) {
      const says = `the usable size of ${name} has changed`;
      this.lines.push(`if (usable(${name}) != was_${name}) fail("${says}");`);
    }
  }

  #checkGuards(): void {
    for (const guard of this.#guards) {
      const { end, start } = guard;
      const says = `${formatRange(guard)} has changed, which is not the allocator's`;
      const call = `isIntact(${start}, ${end - start}, ${end - start}, ${start})`;
      this.lines.push(`if (!${call}) fail("${says}");`);
    }
  }

  #checkContents(): void {
    for (const { key, name, size } of this.#live.values()) {
      const extent = this.#extent(name, size);
      const says = `the bytes of ${name} have changed`;
      this.lines.push(`if (!isIntact(${name}, ${extent}, ${extent}, ${key})) fail("${says}");`);
    }
  }

  #fail(condition: string, op: Op): void {
    this.lines.push(`if (${condition}) fail("${formatCall(op)}: ${this.#options.finding.law}");`);
  }

  /** The guards, but for the first word of memory: its address is null to the helpers. */
  get #guards(): readonly Range[] {
    return this.#options.offers.guards.map(({ end, start }) => ({
      start: Math.max(8, start),
      end,
    }));
  }

  #noteFootprint(): void {
    this.#note('before', 'footprint()');
  }

  /** Keeps a number in a variable. */
  #note(name: Name, value: string): void {
    this.#notes.add(name);
    this.lines.push(`${name} = ${value};`);
  }

  #refused(free: string): string {
    return this.#options.spelling.refused(free)!;
  }

  #extent(name: Name, size: Size): string {
    return this.#options.offers.usableSize && size !== 0 ? `usable(${name})` : `${size}`;
  }

  #name(slot: Slot): Name {
    const name = `b${slot}`;
    this.#names.add(name);
    return name;
  }

  /** Whether something of the program tells that the law is broken. */
  get isShown(): boolean {
    return this.#neverReturns || this.lines.some((line) => line.includes('fail('));
  }

  /** Whether the call that shows it crashes or hangs, so that nothing is to be asked of its answer. */
  get #neverReturns(): boolean {
    return this.#options.finding.crash !== undefined || this.#isLaw(LAW.answersInTime);
  }

  #isLaw({ name }: { readonly name: string }): boolean {
    return this.#options.finding.law === name;
  }
}

function bytesOf(op: Request): Size {
  return op.kind === 'calloc' ? sizeProduct(op.count, op.size) : op.size;
}
