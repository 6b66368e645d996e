import { assert } from '../../base/kit-bug.ts';
import type { Size } from '../../base/units.ts';
import type {
  AllocatorTarget,
  MakeAllocatorTarget,
  Memory,
  MemoryRefusals,
  Payload,
  PayloadAccess,
  Promises,
} from '../../check/target.ts';
import type { Hosts } from '../../supervise/hosts.ts';
import { ASKED_MAX, type Link } from '../../supervise/link.ts';
import { OFFER, REQUEST } from '../../supervise/protocol.ts';
import { timeLimitNow } from '../../supervise/watchdog.ts';

/**
 * Of a program's time one call may take so much. The host must have ended a call before the program is stopped here:
 * what is stopped while it waits leaves a host that is out of step, and starting another takes longer than shrinking a hang allows.
 */
const CALL_PART = 0.6;

export interface RemoteOptions {
  readonly name: string;
  readonly hosts: Hosts;
  readonly promises: Promises;
  /** What one call may take, in milliseconds; less where a program has less. Default 1000. */
  readonly callLimitMs?: number;
}

/**
 * Makes allocators that are served by a host: each call goes to another process, whose end is a `HostDied`. A heap begins
 * with the first call of a program, so a target that is not in use costs nothing; how it begins afresh is the host's
 * affair.
 */
export function remoteTarget(options: RemoteOptions): MakeAllocatorTarget {
  const { callLimitMs = 1000, hosts, name } = options;
  const { offers, sizeMax } = hosts.hello;
  const promises: Promises = { sizeMax, ...options.promises };
  const has = (offer: number): boolean => (offers & offer) !== 0;
  return (): AllocatorTarget => {
    const heap = new RemoteHeap(hosts, callLimitMs);
    return {
      name,
      promises,
      memory: has(OFFER.memory) ? new RemoteMemory(heap) : undefined,
      get bounds() {
        return has(OFFER.bounds) ? heap.begun.bounds : undefined;
      },
      malloc: (size) => heap.request(REQUEST.malloc, size),
      free: (address) => heap.link.call(REQUEST.free, address ?? 0) !== 0,
      reset: () => heap.end(),
      ...(has(OFFER.calloc) && {
        calloc: (count, size) => heap.request(REQUEST.calloc, count, size),
      }),
      ...(has(OFFER.realloc) && {
        realloc: (address, size) => heap.request(REQUEST.realloc, address ?? 0, size),
      }),
      ...(has(OFFER.aligned) && {
        aligned: (alignment, size) => heap.request(REQUEST.aligned, alignment, size),
      }),
      ...(has(OFFER.usableSize) && {
        usableSize: (address) => heap.link.call(REQUEST.usableSize, address),
      }),
      ...(has(OFFER.refusals) && { refusals: new RemoteRefusals(heap) }),
      ...(has(OFFER.footprint) && { footprint: () => heap.begun.footprint }),
    };
  };
}

/** Payloads whose damage is asked for before anybody wants to know it, so that many answers are waited for once. */
class PayloadsAhead {
  #payloads: readonly Payload[] = [];
  /** How many of them were asked for, and how many of the answers were taken. */
  #askedCount = 0;
  #takenCount = 0;

  begin(payloads: readonly Payload[]): void {
    this.#payloads = payloads;
    this.#askedCount = 0;
    this.#takenCount = 0;
  }

  /**
   * @returns The damage of the payload that comes next; undefined for any other. From then on none comes next, nor once
   * another call has passed over the answers.
   */
  damage(link: Link, { address, key, size }: Payload, keptSize: number): number | undefined {
    const next = this.#payloads[this.#takenCount];
    const isNext =
      next?.address === address && next.size === size && next.key === key && keptSize === size;
    if (!isNext || link.pendingCount !== this.#askedCount - this.#takenCount) {
      this.begin([]);
      return undefined;
    }
    if (this.#takenCount === this.#askedCount) this.#askMore(link);
    this.#takenCount += 1;
    return link.next();
  }

  #askMore(link: Link): void {
    const end = Math.min(this.#askedCount + ASKED_MAX, this.#payloads.length);
    for (const { address, key, size } of this.#payloads.slice(this.#askedCount, end))
      link.ask(REQUEST.damage, address, size, size, key);
    this.#askedCount = end;
  }
}

/** The heap of one target: that of the program at hand, from its first call on. */
class RemoteHeap {
  readonly ahead = new PayloadsAhead();
  readonly #hosts: Hosts;
  readonly #callLimitMs: number;
  #link: Link | undefined;

  constructor(hosts: Hosts, callLimitMs: number) {
    this.#hosts = hosts;
    this.#callLimitMs = callLimitMs;
  }

  /** The way to the heap. */
  get link(): Link {
    if (this.#link !== undefined) {
      assert(this.#hosts.isHeldBy(this), 'no other program began before this one was over');
      return this.#link;
    }
    this.#link = this.#hosts.take(this);
    this.#link.reset(Math.min(this.#callLimitMs, Math.floor(CALL_PART * timeLimitNow())));
    return this.#link;
  }

  /** As `link`, the last answer of which is of this heap. */
  get begun(): Link {
    const hasBegun = this.#link !== undefined;
    const { link } = this;
    if (!hasBegun) link.call(REQUEST.status);
    return link;
  }

  /** Of a program that has not begun, nothing was refused. */
  get refusedCount(): number {
    return this.#link?.refusedCount ?? 0;
  }

  request(kind: number, a: Size, b: Size = 0): number | null {
    const address = this.link.call(kind, a, b);
    return address === 0 ? null : address;
  }

  /** The program is over; the next one has another heap. */
  end(): void {
    this.#link = undefined;
    this.ahead.begin([]);
  }
}

/** The memory that a host gives its allocator, and may refuse. Nothing is refused while the heap is made. */
class RemoteRefusals implements MemoryRefusals {
  readonly #heap: RemoteHeap;

  constructor(heap: RemoteHeap) {
    this.#heap = heap;
  }

  get refusedCount(): number {
    return this.#heap.refusedCount;
  }

  refuse(first: number, count: number): void {
    this.#heap.begun.refuse(first, count);
  }
}

/** The payloads of a host's heap. What is stored rides along with the next call. */
class RemoteMemory implements Memory {
  readonly payloads: PayloadAccess;
  readonly #heap: RemoteHeap;

  constructor(heap: RemoteHeap) {
    this.#heap = heap;
    this.payloads = {
      fill: (address, size, key) => heap.link.send(REQUEST.fill, address, size, 0, key),
      damage: (address, size, keptSize, key) =>
        heap.ahead.damage(heap.link, { address, size, key }, keptSize) ??
        heap.link.call(REQUEST.damage, address, size, keptSize, key),
      firstNonZero: (address, size) => heap.link.call(REQUEST.firstNonZero, address, size),
      lookAhead: (payloads) => heap.ahead.begin(payloads),
    };
  }

  loadDouble(address: number): number {
    const { link } = this.#heap;
    link.call(REQUEST.load, address, 8);
    return link.word;
  }

  storeDouble(address: number, value: number): void {
    this.#heap.link.send(REQUEST.store, address, 8, 0, value);
  }

  loadByte(address: number): number {
    return this.#heap.link.call(REQUEST.load, address, 1);
  }

  storeByte(address: number, byte: number): void {
    this.#heap.link.send(REQUEST.store, address, 1, byte);
  }
}
