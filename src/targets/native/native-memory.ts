import { GIB } from '../../base/units.ts';
import type { Memory } from '../../check/target.ts';

/** The bytes [address, address + size) of this process, as they are. */
export type ViewMemory = (address: bigint, size: number) => ArrayBuffer;

/** A word may begin at the end of a window. */
const WINDOW_BYTES = GIB + 8;

/**
 * The memory of this process, through windows of 1 GiB that are kept. A window costs nothing, and nobody reads where
 * nothing is mapped: who does, is killed by the system like any other.
 */
export class NativeMemory implements Memory {
  readonly #view: ViewMemory;
  readonly #windows = new Map<number, DataView>();
  #window: DataView | undefined;
  #index = -1;
  #start = 0;

  constructor(view: ViewMemory) {
    this.#view = view;
  }

  loadDouble(address: number): number {
    const window = this.#windowAt(address);
    return window.getFloat64(address - this.#start, true);
  }

  storeDouble(address: number, value: number): void {
    const window = this.#windowAt(address);
    window.setFloat64(address - this.#start, value, true);
  }

  loadByte(address: number): number {
    const window = this.#windowAt(address);
    return window.getUint8(address - this.#start);
  }

  storeByte(address: number, byte: number): void {
    const window = this.#windowAt(address);
    window.setUint8(address - this.#start, byte);
  }

  #windowAt(address: number): DataView {
    const index = Math.floor(address / GIB);
    if (index === this.#index) return this.#window!;
    let window = this.#windows.get(index);
    // The first window lacks address 0, for a view of null has no bytes.
    const start = Math.max(1, index * GIB);
    if (window === undefined) {
      window = new DataView(this.#view(BigInt(start), WINDOW_BYTES));
      this.#windows.set(index, window);
    }
    this.#window = window;
    this.#index = index;
    this.#start = start;
    return window;
  }
}
