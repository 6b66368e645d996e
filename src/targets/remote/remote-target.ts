import type { Range } from '../../base/range.ts';
import type { Size } from '../../base/units.ts';
import type {
  AllocatorTarget,
  MakeAllocatorTarget,
  Memory,
  PayloadAccess,
  Promises,
} from '../../check/target.ts';
import type { Hosts } from '../../supervise/hosts.ts';
import type { Link } from '../../supervise/link.ts';
import { OFFER, REQUEST } from '../../supervise/protocol.ts';
import { timeLimitNow } from '../../supervise/watchdog.ts';
import { assert } from '../../base/kit-bug.ts';

export interface RemoteOptions {
  readonly name: string;
  readonly hosts: Hosts;
  readonly promises: Promises;
  /** What one call may take, in milliseconds; less where a program has less. Default 1000. */
  readonly callLimitMs?: number;
}

/** Makes targets that are served by a host: each call goes to another process, whose end is a `HostDied`. */
export function remoteTarget(options: RemoteOptions): MakeAllocatorTarget {
  const { sizeMax } = options.hosts.hello;
  const promises: Promises = { sizeMax, ...options.promises };
  return () => new RemoteTarget({ ...options, promises });
}

/**
 * An allocator in another process. Its heap begins with the first call of a program, so a target that is not in use
 * costs nothing; how it begins afresh is the host's affair.
 */
class RemoteTarget implements AllocatorTarget {
  readonly name: string;
  readonly promises: Promises;
  readonly memory: Memory | undefined;
  readonly calloc?: (count: Size, size: Size) => number | null;
  readonly realloc?: (address: number | null, size: Size) => number | null;
  readonly aligned?: (alignment: number, size: Size) => number | null;
  readonly usableSize?: (address: number) => number;
  readonly footprint?: () => number;
  readonly #hosts: Hosts;
  readonly #callLimitMs: number;
  readonly #hasBounds: boolean;
  /** The host of the program at hand, from its first call on. */
  #link: Link | undefined;

  constructor({ callLimitMs = 1000, hosts, name, promises }: RemoteOptions) {
    this.name = name;
    this.promises = promises;
    this.#hosts = hosts;
    this.#callLimitMs = callLimitMs;
    const { offers } = hosts.hello;
    this.#hasBounds = (offers & OFFER.bounds) !== 0;
    this.memory = (offers & OFFER.memory) === 0 ? undefined : new RemoteMemory(() => this.#open());
    if ((offers & OFFER.calloc) !== 0)
      this.calloc = (count, size) => this.#request(REQUEST.calloc, count, size);
    if ((offers & OFFER.realloc) !== 0)
      this.realloc = (address, size) => this.#request(REQUEST.realloc, address ?? 0, size);
    if ((offers & OFFER.aligned) !== 0)
      this.aligned = (alignment, size) => this.#request(REQUEST.aligned, alignment, size);
    if ((offers & OFFER.usableSize) !== 0)
      this.usableSize = (address) => this.#open().call(REQUEST.usableSize, address);
    if ((offers & OFFER.footprint) !== 0) this.footprint = () => this.#openWithHeap().footprint;
  }

  get bounds(): Range | undefined {
    return this.#hasBounds ? this.#openWithHeap().bounds : undefined;
  }

  malloc(size: Size): number | null {
    return this.#request(REQUEST.malloc, size);
  }

  free(address: number | null): boolean {
    return this.#open().call(REQUEST.free, address ?? 0) !== 0;
  }

  reset(): void {
    this.#link = undefined;
  }

  #request(kind: number, a: Size, b: Size = 0): number | null {
    const address = this.#open().call(kind, a, b);
    return address === 0 ? null : address;
  }

  /** The host, whose last answer was of this heap. */
  #openWithHeap(): Link {
    if (this.#link !== undefined) return this.#open();
    const link = this.#open();
    link.call(REQUEST.status);
    return link;
  }

  #open(): Link {
    if (this.#link !== undefined) {
      assert(this.#hosts.isHeldBy(this), 'no other program began before this one was over');
      return this.#link;
    }
    this.#link = this.#hosts.take(this);
    this.#link.reset(Math.min(this.#callLimitMs, timeLimitNow()));
    return this.#link;
  }
}

/** The payloads of a host's heap. What is stored rides along with the next call. */
class RemoteMemory implements Memory {
  readonly payloads: PayloadAccess = {
    fill: (address, size, key) => this.#link().send(REQUEST.fill, address, size, 0, key),
    damage: (address, size, keptSize, key) =>
      this.#link().call(REQUEST.damage, address, size, keptSize, key),
    firstNonZero: (address, size) => this.#link().call(REQUEST.firstNonZero, address, size),
  };
  readonly #link: () => Link;

  constructor(link: () => Link) {
    this.#link = link;
  }

  loadDouble(address: number): number {
    const link = this.#link();
    link.call(REQUEST.load, address, 8);
    return link.word;
  }

  storeDouble(address: number, value: number): void {
    this.#link().send(REQUEST.store, address, 8, 0, value);
  }

  loadByte(address: number): number {
    return this.#link().call(REQUEST.load, address, 1);
  }

  storeByte(address: number, byte: number): void {
    this.#link().send(REQUEST.store, address, 1, byte);
  }
}
