import type { StateSink } from '../../check/target.ts';
import type { WasmGlobal, WasmMemory } from './web-assembly.ts';

/** Memory is compared and kept in pieces of this many bytes. */
const PIECE_BYTES = 1024;
const PIECE_WORDS = PIECE_BYTES / 4;
const PAGE_BYTES = 65_536;
/** Memory that has never been written to. */
const ZEROS = Buffer.alloc(PIECE_BYTES);

/** A module's state at one moment: its globals, and those pieces of memory that differ from how it started. */
export interface WasmState {
  readonly bytesCount: number;
  readonly globals: readonly (bigint | number)[];
  readonly pieces: ReadonlyMap<number, Uint8Array>;
}

/** How an instance started, and how it differs from that. */
export class WasmImage {
  /** The memory as it was at the start. */
  readonly base: Buffer;
  readonly start: WasmState;
  readonly #memory: WasmMemory;
  readonly #globals: readonly WasmGlobal[];
  #buffer: ArrayBuffer | undefined;
  #bytes = Buffer.alloc(0);
  #words = new Int32Array(0);

  /** @param base The memory at the start of another instance of the module, which was the same. */
  constructor(memory: WasmMemory, globals: readonly WasmGlobal[], base: Buffer | undefined) {
    this.#memory = memory;
    this.#globals = globals;
    this.#refresh();
    this.base = base ?? Buffer.from(this.#bytes);
    this.start = this.capture();
  }

  capture(): WasmState {
    this.#refresh();
    const pieces = new Map<number, Uint8Array>();
    this.#eachChanged((start) =>
      pieces.set(start, Uint8Array.prototype.slice.call(this.#bytes, start, start + PIECE_BYTES)),
    );
    const globals = this.#globals.map(({ value }) => value);
    return { bytesCount: this.#bytes.length, globals, pieces };
  }

  /** @param state One in which the memory is no smaller than it is now. */
  restore({ bytesCount, globals, pieces }: WasmState): void {
    const more = (bytesCount - this.#memory.buffer.byteLength) / PAGE_BYTES;
    if (more > 0) this.#memory.grow(more);
    this.#refresh();
    this.#eachChanged((start) => {
      if (!pieces.has(start)) this.#bytes.set(this.#baseAt(start), start);
    });
    for (const [start, bytes] of pieces) this.#bytes.set(bytes, start);
    for (const [index, value] of globals.entries()) this.#globals[index]!.value = value;
  }

  describe(sink: StateSink): void {
    this.#refresh();
    sink.number(this.#bytes.length);
    for (const { value } of this.#globals) tellNumber(sink, value);
    this.#eachChanged((start) => sink.words(this.#words, start / 4, start / 4 + PIECE_WORDS));
  }

  /** Whoever grows a memory leaves its old buffer without bytes. */
  #refresh(): void {
    const { buffer } = this.#memory;
    if (this.#buffer === buffer) return;
    this.#buffer = buffer;
    this.#bytes = Buffer.from(buffer);
    this.#words = new Int32Array(buffer);
  }

  #eachChanged(visit: (start: number) => void): void {
    const bytes = this.#bytes;
    const { base } = this;
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      const end = start + PIECE_BYTES;
      const difference =
        start < base.length
          ? bytes.compare(base, start, end, start, end)
          : bytes.compare(ZEROS, 0, PIECE_BYTES, start, end);
      if (difference !== 0) visit(start);
    }
  }

  #baseAt(start: number): Buffer {
    return start < this.base.length ? this.base.subarray(start, start + PIECE_BYTES) : ZEROS;
  }
}

/** An `i64` has more bits than a number. */
function tellNumber(sink: StateSink, value: bigint | number): void {
  if (typeof value === 'number') return sink.number(value);
  sink.number(Number(BigInt.asUintN(32, value)));
  sink.number(Number(value >> 32n));
}
