import { spawn } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Range } from '../base/range.ts';
import { assert } from '../base/kit-bug.ts';
import { SIZE_MAX, type Size } from '../base/units.ts';
import { type HostDeath, HostDied } from '../check/host-died.ts';
import { openPipes } from './pipe.ts';
import {
  ANSWER,
  ANSWER_BYTES,
  PROTOCOL_VERSION,
  putRequest,
  REQUEST,
  REQUEST_BYTES,
  UNANSWERED,
  wholeAt,
} from './protocol.ts';
import { saidBefore } from './said-before.ts';

/** A program that serves as a host: it talks over its descriptors 3 and 4. */
export interface HostCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** What to call it in messages: the library that it loads, say. Default: the command. */
  readonly name?: string;
  /** Added to the environment that heapcheck itself has. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder that it runs in. */
  readonly cwd?: string;
}

/** What a host says of itself. */
export interface Hello {
  /** Bits of `OFFER`. */
  readonly offers: number;
  readonly pointerBytes: number;
  /** The largest request that can be expressed. */
  readonly sizeMax: Size;
}

/**
 * Runs a host, waits for its end, and tells of it in the host's place: an answer `died`, in octal. So an end comes like
 * any other answer, to somebody who waits for answers and sees no events meanwhile. What the shell itself says of a
 * signal is for nobody.
 */
const WATCH = [
  '"$@" 2>&5 5>&-',
  'status=$?',
  'if [ $status -gt 128 ]; then low=$((status - 128)) high=0; else low=$status high=1; fi',
  `printf "\\\\002\\\\000\\\\000\\\\000\\\\$(printf %03o $low)\\\\$(printf %03o $high)${'\\\\000'.repeat(34)}" >&4`,
].join('\n');

/** Requests wait in a batch of at most what a pipe takes in one piece. */
const BATCH_BYTES = Math.floor(4096 / REQUEST_BYTES) * REQUEST_BYTES;
/** So many requests and their answers, of 40 bytes each, find room in the pipes of 64 KiB: neither side waits for the other. */
export const ASKED_MAX = 1024;
/** More is never looked at of what a host said before its end. */
const SAID_BYTES = 64 * 1024;

/** The way to one host: each call waits for its answer, without a turn of the event loop. */
export class Link {
  readonly #requestsFd: number;
  readonly #answersFd: number;
  readonly #errorsFd: number;
  readonly #batch = new Uint8Array(BATCH_BYTES);
  readonly #batchView = new DataView(this.#batch.buffer);
  #batchLength = 0;
  readonly #answer = new Uint8Array(ANSWER_BYTES);
  readonly #answerView = new DataView(this.#answer.buffer);
  #hello: Hello | undefined;
  #limitMs = 0;
  /** Answers that are still to come. */
  #pendingCount = 0;
  /** No call was left before its answers were looked at. */
  #isInStep = true;
  #isOpen = true;
  #refusedCount = 0;

  /** Starts a host. It is waited for when it is first needed. */
  constructor({ args, command, cwd, env }: HostCommand) {
    const { answers, errorsFd, requests } = openPipes();
    const child = spawn('/bin/sh', ['-c', WATCH, 'sh', command, ...args], {
      stdio: ['ignore', 'ignore', 'ignore', requests.readFd, answers.writeFd, errorsFd],
      env: { ...process.env, ...env },
      cwd,
      // In a session of its own, Ctrl-C does not reach it, and is no crash of the target.
      detached: true,
    });
    child.unref();
    // What did not start has closed its descriptors, which shows at the first call.
    child.on('error', () => undefined);
    closeSync(requests.readFd);
    closeSync(answers.writeFd);
    this.#requestsFd = requests.writeFd;
    this.#answersFd = answers.readFd;
    this.#errorsFd = errorsFd;
  }

  /**
   * What the host offers; the first time, this waits until it is up.
   *
   * @throws {HostDied} It never came up.
   */
  get hello(): Hello {
    if (this.#hello !== undefined) return this.#hello;
    this.#read();
    const view = this.#answerView;
    if (view.getUint32(0, true) === ANSWER.died) throw this.#died();
    assert(view.getUint32(4, true) === PROTOCOL_VERSION, 'a host speaks our version');
    const sizeMax = view.getBigUint64(24, true);
    this.#hello = {
      offers: wholeAt(view, 8),
      pointerBytes: wholeAt(view, 16),
      sizeMax: sizeMax <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sizeMax) : sizeMax,
    };
    return this.#hello;
  }

  /** Whether another program can be begun: the host is there, and no call was left in the middle. */
  get isReady(): boolean {
    return this.#isOpen && this.#isInStep;
  }

  /** How many answers are still to be taken. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** Where blocks may lie, as the last answer said. */
  get bounds(): Range {
    return { start: wholeAt(this.#answerView, 16), end: wholeAt(this.#answerView, 24) };
  }

  /** Bytes taken from the system, as the last answer said. */
  get footprint(): number {
    return wholeAt(this.#answerView, 32);
  }

  /** Requests for memory that the host refused since `refuse`, as its last answer said. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** The value of the last answer as the 8 bytes of a double. */
  get word(): number {
    return this.#answerView.getFloat64(8, true);
  }

  /** From here on the heap is fresh. What the host says to people before its end is of this program. */
  reset(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#refusedCount = 0;
    if (fstatSync(this.#errorsFd).size > 0) ftruncateSync(this.#errorsFd);
    this.send(REQUEST.reset, limitMs);
  }

  /** Sends a request that has no answer: it goes with the next one that has. */
  send(kind: number, a: Size, b: Size = 0, c: Size = 0, word = 0): void {
    if (this.#batchLength === BATCH_BYTES) this.#flush();
    putRequest(this.#batchView, this.#batchLength, kind, a, b, c, word);
    this.#batchLength += REQUEST_BYTES;
  }

  /** Has the host refuse some of the allocator's requests for memory, from the one numbered `first` on. */
  refuse(first: number, count: number): void {
    this.#refusedCount = 0;
    this.send(REQUEST.refuse, first, count === Infinity ? SIZE_MAX : count);
  }

  /**
   * Makes a call.
   *
   * @returns The value of the answer.
   * @throws {HostDied} The host ended before it answered.
   */
  call(kind: number, a: Size = 0, b: Size = 0, c: Size = 0, word = 0): number {
    while (this.#pendingCount > 0) this.next();
    this.ask(kind, a, b, c, word);
    return this.next();
  }

  /** Sends a request, the answer of which is taken by `next`. At most `ASKED_MAX` may wait for it. */
  ask(kind: number, a: Size, b: Size, c: Size, word: number): void {
    assert(!UNANSWERED.has(kind) && this.#pendingCount < ASKED_MAX, 'an answer has room to wait');
    this.send(kind, a, b, c, word);
    this.#pendingCount += 1;
  }

  /**
   * Takes the next answer.
   *
   * @returns Its value.
   * @throws {HostDied} The host ended before it answered.
   */
  next(): number {
    this.#isInStep = false;
    if (this.#batchLength > 0) this.#flush();
    this.#read();
    if (this.#answerView.getUint32(0, true) === ANSWER.died) throw this.#died();
    this.#pendingCount -= 1;
    this.#isInStep = true;
    this.#refusedCount = this.#answerView.getUint32(4, true);
    return wholeAt(this.#answerView, 8);
  }

  /** Passes over the answers that nobody took; what a host died of meanwhile, no program will know. */
  settle(): void {
    try {
      while (this.isReady && this.#pendingCount > 0) this.next();
    } catch (error) {
      if (!(error instanceof HostDied)) throw error;
    }
  }

  /** Ends the host: there will be no more requests. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const fd of [this.#requestsFd, this.#answersFd, this.#errorsFd]) closeSync(fd);
  }

  #flush(): void {
    const length = this.#batchLength;
    this.#batchLength = 0;
    try {
      writeSync(this.#requestsFd, this.#batch, 0, length);
    } catch (error) {
      // Nobody reads any more: what there is to read says why.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    }
  }

  /** Reads an answer; the end of the answers is a death of which nothing is known. */
  #read(): void {
    let length = 0;
    while (length < ANSWER_BYTES) {
      const count = readSync(this.#answersFd, this.#answer, length, ANSWER_BYTES - length, null);
      if (count === 0) {
        this.#answer.fill(0);
        this.#answerView.setUint32(0, ANSWER.died, true);
        return;
      }
      length += count;
    }
  }

  /** The host's end, by the answer that tells of it. A host that goes on is ready for the next program. */
  #died(): HostDied {
    const view = this.#answerView;
    const detail = view.getUint32(4, true);
    const kind = wholeAt(view, 8);
    this.#pendingCount = 0;
    this.#refusedCount = wholeAt(view, 32);
    const death: HostDeath = {
      ...(detail > 0 && detail < 256 && { signal: signalName(detail) }),
      ...(detail >= 256 && { exitCode: detail - 256 }),
      ...(DURING.has(kind) && { during: DURING.get(kind) }),
      ...saidBefore(this.#said(), detail < 256 ? 'signal' : 'exit'),
      limitMs: this.#limitMs,
    };
    if (wholeAt(view, 16) === 1) this.#isInStep = true;
    else this.close();
    return new HostDied(death);
  }

  #said(): string {
    const bytes = new Uint8Array(SAID_BYTES);
    return new TextDecoder().decode(
      bytes.subarray(0, readSync(this.#errorsFd, bytes, 0, SAID_BYTES, 0)),
    );
  }
}

/** Requests that ride along, so that the call that shows their end is another. */
const DURING: ReadonlyMap<number, string> = new Map([
  [REQUEST.reset, 'while the heap was made'],
  [REQUEST.fill, 'while a payload was written to'],
  [REQUEST.damage, 'while a payload was read'],
  [REQUEST.firstNonZero, 'while a payload was read'],
]);

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, each]) => each === number);
  return found?.[0] ?? `signal ${number}`;
}
