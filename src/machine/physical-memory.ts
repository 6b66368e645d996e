import { assert } from '../base/kit-bug.ts';

/** Frame numbers fit the 20 bits that a page table entry has for them. */
const FRAMES_MAX = 2 ** 20;
/** Physical addresses stay below 2^31, so that integer operations are exact on them. */
const SIZE_MAX = 2 ** 31;
/** Bytes of the widest store. */
const STORE_MAX = 8;

/** How much memory a machine has. */
export interface MemoryOptions {
  /** Bytes of a frame: the page size of the geometry. */
  readonly frameSize: number;
  /** At most 2^20, and at most 2 GiB in all. */
  readonly framesCount: number;
}

/**
 * The machine's memory: frames one after the other in one `ArrayBuffer`, zero at first.
 *
 *     byte   0          frameSize      2 · frameSize
 *            ┌──────────┬──────────────┬───────────
 *            │ frame 0  │ frame 1      │ …
 *            └──────────┴──────────────┴───────────
 *
 * Values are little-endian, as the host's are, at any address. Nothing is counted here and nothing is refused but by the buffer's end:
 * addresses are physical, and whoever has one has translated it.
 */
export class PhysicalMemory {
  readonly frameSize: number;
  readonly framesCount: number;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #view: DataView;
  /** The highest address at which a store began. */
  #storedLast = -STORE_MAX;

  constructor({ frameSize, framesCount }: MemoryOptions) {
    assert(framesCount > 0 && framesCount <= FRAMES_MAX, 'a machine has 1 to 2^20 frames');
    assert(frameSize * framesCount <= SIZE_MAX, 'a machine has at most 2 GiB');
    this.frameSize = frameSize;
    this.framesCount = framesCount;
    const buffer = new ArrayBuffer(frameSize * framesCount);
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#view = new DataView(buffer);
  }

  /** Every byte from this address on is zero, since none was ever stored to. */
  get storedEnd(): number {
    return this.#storedLast + STORE_MAX;
  }

  load8(address: number): number {
    return this.#view.getUint8(address);
  }

  load16(address: number): number {
    return this.#view.getUint16(address, true);
  }

  load32(address: number): number {
    if ((address & 3) === 0) return this.#words[address >>> 2]!;
    return this.#view.getUint32(address, true);
  }

  /** @returns The value in 8 bytes; exact below 2^53. */
  load64(address: number): number {
    const high = this.load32(address + 4);
    const low = this.load32(address);
    return high === 0 ? low : high * 2 ** 32 + low;
  }

  loadDouble(address: number): number {
    return this.#view.getFloat64(address, true);
  }

  store8(address: number, value: number): void {
    if (address > this.#storedLast) this.#storedLast = address | 0;
    this.#view.setUint8(address, value);
  }

  store16(address: number, value: number): void {
    if (address > this.#storedLast) this.#storedLast = address | 0;
    this.#view.setUint16(address, value, true);
  }

  store32(address: number, value: number): void {
    if (address > this.#storedLast) this.#storedLast = address | 0;
    if ((address & 3) === 0) this.#words[address >>> 2] = value;
    else this.#view.setUint32(address, value, true);
  }

  /** @param value 0 ≤ value < 2^53. */
  store64(address: number, value: number): void {
    this.store32(address, value);
    this.store32(address + 4, value < 2 ** 32 ? 0 : Math.floor(value / 2 ** 32));
  }

  storeDouble(address: number, value: number): void {
    if (address > this.#storedLast) this.#storedLast = address | 0;
    this.#view.setFloat64(address, value, true);
  }

  /**
   * Searches for bytes that are not zero, 4 at a time; both addresses are multiples of 4.
   *
   * @returns The first such 4 from `start` on, or `end`.
   */
  nextNonZero(start: number, end: number): number {
    const words = this.#words;
    const last = end >>> 2;
    let index = start >>> 2;
    while (index < last && words[index] === 0) index += 1;
    return index * 4;
  }

  /**
   * Compares with other bytes, 4 at a time; the address, where they lie in their buffer and their length are multiples of
   * 4.
   *
   * @returns The place of the first byte that is not as expected, or the length.
   */
  nextDifference(address: number, expected: Uint8Array): number {
    const [bytes, words] = [this.#bytes, this.#words];
    const { buffer, byteOffset, length } = expected;
    const wordsExpected = new Uint32Array(buffer, byteOffset, length / 4);
    const first = address >>> 2;
    let index = 0;
    while (index < wordsExpected.length && words[first + index] === wordsExpected[index])
      index += 1;
    let offset = index * 4;
    while (offset < length && bytes[address + offset] === expected[offset]) offset += 1;
    return offset;
  }

  /** Copies `size` bytes; the ranges may overlap. */
  copy(target: number, source: number, size: number): void {
    this.#storedLast = Math.max(this.#storedLast, target + size - 1) | 0;
    this.#bytes.copyWithin(target, source, source + size);
  }

  zero(address: number, size: number): void {
    this.#bytes.fill(0, address, address + size);
  }

  zeroFrame(frame: number): void {
    this.zero(frame * this.frameSize, this.frameSize);
  }
}
