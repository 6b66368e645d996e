import { readSync, writeSync } from 'node:fs';
import { SIZE_MAX, type Size, sizeOf } from '../../base/units.ts';
import { firstNonZero, fillPayload, payloadDamage } from '../../check/payload.ts';
import type { AllocatorTarget } from '../../check/target.ts';
import {
  ANSWER,
  type Answer,
  encodeAnswer,
  HOST_FD,
  OFFER,
  PROTOCOL_VERSION,
  readRequest,
  type Request,
  REQUEST,
  REQUEST_BYTES,
} from '../../supervise/protocol.ts';
import type { ChildEnd, SystemCalls } from './system-calls.ts';
import { SystemRefusals } from './system-refusals.ts';

/** Requests are read into one page, so that what was read is whole. */
const BATCH_BYTES = Math.floor(4096 / REQUEST_BYTES) * REQUEST_BYTES;
/**
 * Words before the requests: the next one's place, where they end, the kind at work, how the child's work ended, and what
 * memory the system refused.
 */
const WORD = { next: 0, end: 1, at: 2, over: 3, refused: 4, isRefusing: 5 } as const;
const WORDS_COUNT = 6;
const OVER = { stillborn: 0, unexpected: 1, nextProgram: 2, noMore: 3 } as const;
/** Requests at which a library may ask the system for memory. */
const ASKING: ReadonlySet<number> = new Set([
  REQUEST.malloc,
  REQUEST.calloc,
  REQUEST.realloc,
  REQUEST.aligned,
]);
/** A child lacks memory once in many thousands of forks. */
const FORKS_MAX = 10;

/**
 * Serves a target to heapcheck over the descriptors of a host. Each program runs in a child of its own, on the heap as it
 * was when the library had just been loaded: a crash ends the child only. Parent and child read requests into memory
 * that they share, so each goes on where the other one stopped.
 */
export class ProgramServer {
  readonly #target: AllocatorTarget;
  readonly #system: SystemCalls;
  /** None where the system cannot be told to refuse memory. */
  readonly #refusals: SystemRefusals | undefined;
  readonly #words: Uint32Array;
  readonly #requests: Uint8Array;
  readonly #view: DataView;

  constructor(target: AllocatorTarget, system: SystemCalls) {
    this.#target = target;
    this.#system = system;
    const shared = system.mapShared(WORDS_COUNT * 4 + BATCH_BYTES);
    this.#words = new Uint32Array(shared, 0, WORDS_COUNT);
    this.#requests = new Uint8Array(shared, WORDS_COUNT * 4);
    this.#view = new DataView(shared, WORDS_COUNT * 4);
    this.#refusals = refusalsOf(system, this.#words);
  }

  /** Serves program after program, until nobody asks any more. */
  serve(): void {
    const words = this.#words;
    this.#sayHello();
    for (let request = this.#next(); request !== undefined; request = this.#next()) {
      // What is behind a death is of a program that is over.
      if (request.kind !== REQUEST.reset) {
        this.#pass();
        continue;
      }
      words[WORD.at] = REQUEST.reset;
      words[WORD.refused] = 0;
      words[WORD.isRefusing] = 0;
      const end = this.#haveServed();
      if (words[WORD.over] === OVER.noMore) return;
      if (words[WORD.over] === OVER.nextProgram) continue;
      words[WORD.next] = words[WORD.end]!;
      this.#tellDeath(end);
    }
  }

  /** Has a program served by a child. @returns How the child ended. */
  #haveServed(): ChildEnd {
    const words = this.#words;
    for (let forks = 1; ; forks += 1) {
      words[WORD.over] = OVER.stillborn;
      const child = this.#system.fork();
      if (child === 0) this.#serveProgramAndExit();
      const end = this.#system.waitFor(child);
      if (words[WORD.over] !== OVER.stillborn || forks === FORKS_MAX) return end;
    }
  }

  /** The next request, which stays until `#pass`; none, when there will be none. */
  #next(): Request | undefined {
    const words = this.#words;
    if (words[WORD.next] === words[WORD.end]) {
      const length = readSync(HOST_FD.requests, this.#requests, 0, BATCH_BYTES, null);
      if (length === 0) return undefined;
      words[WORD.next] = 0;
      words[WORD.end] = length;
    }
    return readRequest(this.#view, words[WORD.next]!);
  }

  #pass(): void {
    this.#words[WORD.next]! += REQUEST_BYTES;
  }

  #serveProgramAndExit(): never {
    try {
      this.#words[WORD.over] = OVER.unexpected;
      this.#words[WORD.over] = this.#serveProgram();
      this.#system.exitNow(0);
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
      this.#system.exitNow(1);
    }
  }

  /** From a reset to the next. */
  #serveProgram(): number {
    const limitMs = Number(this.#next()!.a);
    this.#pass();
    for (let request = this.#next(); request !== undefined; request = this.#next()) {
      if (request.kind === REQUEST.reset) return OVER.nextProgram;
      this.#words[WORD.at] = request.kind;
      this.#system.alarmAfter(limitMs);
      const value = this.#performWithMemory(request);
      this.#system.alarmAfter(0);
      if (value !== undefined) this.#returned(value);
      this.#pass();
    }
    return OVER.noMore;
  }

  /** Has a request performed, with the memory that it is granted if it asks for some. */
  #performWithMemory(request: Request): Size | undefined {
    const refusals = this.#refusals;
    if (refusals === undefined || !ASKING.has(request.kind)) return this.#perform(request);
    return refusals.during(() => this.#perform(request));
  }

  /** @returns What is answered: an address, a size, an offset, the bytes of a word; nothing for what rides along. */
  #perform({ kind, a, b, c, word }: Request): Size | undefined {
    const target = this.#target;
    const [first, second, third] = [sizeOf(a), sizeOf(b), sizeOf(c)];
    const address = Number(a);
    switch (kind) {
      case REQUEST.status:
        return 0;
      case REQUEST.refuse:
        this.#refusals!.refuse(address, Number(second));
        return undefined;
      case REQUEST.malloc:
        return target.malloc(first) ?? 0;
      case REQUEST.calloc:
        return target.calloc!(first, second) ?? 0;
      case REQUEST.realloc:
        return target.realloc!(address === 0 ? null : address, second) ?? 0;
      case REQUEST.aligned:
        return target.aligned!(address, second) ?? 0;
      case REQUEST.free:
        return target.free(address === 0 ? null : address) === false ? 0 : 1;
      case REQUEST.usableSize:
        return target.usableSize!(address);
      default:
        return this.#performOnPayload(kind, { address, size: Number(b), third, word });
    }
  }

  #performOnPayload(
    kind: number,
    { address, size, third, word }: { address: number; size: number; third: Size; word: number },
  ): Size | undefined {
    const memory = this.#target.memory!;
    switch (kind) {
      case REQUEST.fill:
        fillPayload(memory, address, size, word);
        return undefined;
      case REQUEST.damage:
        return payloadDamage(memory, address, size, Number(third), word);
      case REQUEST.firstNonZero:
        return firstNonZero(memory, address, size);
      case REQUEST.load:
        return size === 1 ? memory.loadByte(address) : bitsOf(memory.loadDouble(address));
      case REQUEST.store:
        if (size === 1) memory.storeByte(address, Number(third));
        else memory.storeDouble(address, word);
        return undefined;
      default:
        throw new Error(`request ${kind} is unknown`);
    }
  }

  #returned(value: Size): void {
    const { bounds } = this.#target;
    answer({
      kind: ANSWER.returned,
      detail: this.#refusals?.refusedCount ?? 0,
      value,
      ...bounds,
    });
  }

  #sayHello(): void {
    const target = this.#target;
    const offers = (Object.keys(OFFER) as (keyof typeof OFFER)[])
      .filter((name) => target[name] !== undefined)
      .reduce(
        (bits, name) => bits | OFFER[name],
        this.#refusals === undefined ? 0 : OFFER.refusals,
      );
    answer({
      kind: ANSWER.hello,
      detail: PROTOCOL_VERSION,
      value: offers,
      start: 8,
      end: target.promises.sizeMax ?? SIZE_MAX,
    });
  }

  #tellDeath(end: ChildEnd): void {
    const detail = 'signal' in end ? end.signal : 256 + end.exitCode;
    const footprint = this.#refusals?.refusedCount ?? 0;
    answer({ kind: ANSWER.died, detail, value: this.#words[WORD.at]!, start: 1, footprint });
  }
}

/** Refusals that are counted in words which parent and child share. */
function refusalsOf(system: SystemCalls, words: Uint32Array): SystemRefusals | undefined {
  if (process.platform !== 'linux') return undefined;
  return new SystemRefusals(system, {
    get refused() {
      return words[WORD.refused]!;
    },
    set refused(count) {
      words[WORD.refused] = count;
    },
    get isRefusing() {
      return words[WORD.isRefusing]!;
    },
    set isRefusing(is) {
      words[WORD.isRefusing] = is;
    },
  });
}

function answer(given: Answer): void {
  writeSync(HOST_FD.answers, encodeAnswer(given));
}

const scratch = new DataView(new ArrayBuffer(8));

/** The bytes of a double as a whole number. */
function bitsOf(value: number): bigint {
  scratch.setFloat64(0, value, true);
  return scratch.getBigUint64(0, true);
}
