/*
 * As much of the binary format of WebAssembly as it takes to see a module's whole state from outside: which of its
 * globals can change, and how far its memory may grow.
 *
 * Source: WebAssembly Core Specification 2.0, chapter 5, "Binary Format".
 */

/** A part of a module: its id, and its contents without the header. */
interface Section {
  readonly id: number;
  readonly bytes: Uint8Array;
}

const PREAMBLE_BYTES = 8;
const IMPORT_SECTION = 2;
const MEMORY_SECTION = 5;
const GLOBAL_SECTION = 6;
const EXPORT_SECTION = 7;
const GLOBAL_EXPORT = 3;
const MUTABLE = 1;
/** Bytes of a number that stands in code as it is, by the code of its op. */
const FLOAT_BYTES: ReadonlyMap<number, number> = new Map([
  [0x43, 4],
  [0x44, 8],
]);
const END = 0x0b;

/** Limits of a memory, in pages of 64 KiB. */
export interface MemoryLimits {
  readonly minimum: number;
  readonly maximum: number | undefined;
  readonly isShared: boolean;
}

/** What a module says of its state. */
export interface ModuleState {
  /** The memory that it is given, if it is given one. */
  readonly importedMemory: MemoryLimits | undefined;
  /** Globals of its own that can change, by their index. */
  readonly mutableGlobals: readonly number[];
}

/**
 * Reads what a module keeps beside its memory.
 *
 * @param bytes A module that compiles: what is no module is not told apart here.
 */
export function readState(bytes: Uint8Array): ModuleState {
  const sections = sectionsOf(bytes);
  const { globalsCount, memory } = readImports(contentsOf(sections, IMPORT_SECTION));
  const globals = readGlobals(contentsOf(sections, GLOBAL_SECTION));
  return {
    importedMemory: memory,
    mutableGlobals: globals.flatMap((isMutable, index) =>
      isMutable ? [globalsCount + index] : [],
    ),
  };
}

/**
 * The same module, which also exports the globals that are named and whose own memory grows to so many pages at the most.
 * No code is touched.
 */
export function rewritten(
  bytes: Uint8Array,
  {
    globals,
    pagesMax,
  }: { readonly globals: ReadonlyMap<string, number>; readonly pagesMax: number },
): Uint8Array<ArrayBuffer> {
  const out: number[][] = [[...bytes.subarray(0, PREAMBLE_BYTES)]];
  let isExported = globals.size === 0;
  for (const section of sectionsOf(bytes)) {
    // Sections stand in the order of their ids, but for custom ones, whose id is 0.
    if (!isExported && section.id > EXPORT_SECTION) {
      out.push(encodeSection(EXPORT_SECTION, withExports(Uint8Array.of(0), globals)));
      isExported = true;
    }
    if (section.id === EXPORT_SECTION && !isExported) {
      out.push(encodeSection(EXPORT_SECTION, withExports(section.bytes, globals)));
      isExported = true;
    } else if (section.id === MEMORY_SECTION) {
      out.push(encodeSection(MEMORY_SECTION, withMaximum(section.bytes, pagesMax)));
    } else out.push(encodeSection(section.id, [...section.bytes]));
  }
  return Uint8Array.from(out.flat());
}

function contentsOf(sections: readonly Section[], id: number): Uint8Array {
  return sections.find((section) => section.id === id)?.bytes ?? Uint8Array.of(0);
}

function sectionsOf(bytes: Uint8Array): readonly Section[] {
  const reader = new Reader(bytes, PREAMBLE_BYTES);
  const sections: Section[] = [];
  while (!reader.isAtEnd) {
    const id = reader.byte();
    sections.push({ id, bytes: reader.bytes(reader.number()) });
  }
  return sections;
}

function readImports(bytes: Uint8Array): {
  readonly globalsCount: number;
  readonly memory: MemoryLimits | undefined;
} {
  const reader = new Reader(bytes);
  let memory: MemoryLimits | undefined;
  let globalsCount = 0;
  for (let left = reader.number(); left > 0; left -= 1) {
    reader.bytes(reader.number());
    reader.bytes(reader.number());
    switch (reader.byte()) {
      case 0:
        reader.number();
        break;
      case 1:
        reader.byte();
        reader.limits();
        break;
      case 2:
        memory = reader.limits();
        break;
      case GLOBAL_EXPORT:
        globalsCount += 1;
        reader.bytes(2);
        break;
      default:
        // A tag, of the proposal on exceptions: its attribute and its type.
        reader.byte();
        reader.number();
    }
  }
  return { globalsCount, memory };
}

/** Whether each global can change. */
function readGlobals(bytes: Uint8Array): readonly boolean[] {
  const reader = new Reader(bytes);
  return Array.from({ length: reader.number() }, () => {
    reader.byte();
    const isMutable = reader.byte() === MUTABLE;
    reader.constantExpression();
    return isMutable;
  });
}

function withExports(bytes: Uint8Array, globals: ReadonlyMap<string, number>): number[] {
  const reader = new Reader(bytes);
  const count = reader.number();
  const added = [...globals].flatMap(([name, index]) => {
    const text = new TextEncoder().encode(name);
    return [...encodeNumber(text.length), ...text, GLOBAL_EXPORT, ...encodeNumber(index)];
  });
  return [...encodeNumber(count + globals.size), ...reader.rest(), ...added];
}

/** The memories of a module, each of which may grow to so many pages, or less where it said so. */
function withMaximum(bytes: Uint8Array, pagesMax: number): number[] {
  const reader = new Reader(bytes);
  const count = reader.number();
  const memories = Array.from({ length: count }, () => {
    const { isShared, minimum, maximum = pagesMax } = reader.limits();
    const most = Math.max(minimum, Math.min(maximum, pagesMax));
    return [isShared ? 3 : 1, ...encodeNumber(minimum), ...encodeNumber(most)];
  });
  return [...encodeNumber(count), ...memories.flat()];
}

function encodeSection(id: number, contents: number[]): number[] {
  return [id, ...encodeNumber(contents.length), ...contents];
}

/** A number in LEB128: seven bits a byte, the lowest first. */
export function encodeNumber(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    this.#at += 1;
    return this.#bytes[this.#at - 1]!;
  }

  bytes(count: number): Uint8Array {
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  /** An unsigned number in LEB128. */
  number(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte % 0x80) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
  }

  limits(): MemoryLimits {
    const flags = this.byte();
    const minimum = this.number();
    const maximum = flags % 2 === 1 ? this.number() : undefined;
    return { minimum, maximum, isShared: flags >= 2 };
  }

  /** Passes over code that gives a global its first value. */
  constantExpression(): void {
    for (;;) {
      const op = this.byte();
      if (op === END) return;
      const floatBytes = FLOAT_BYTES.get(op);
      if (floatBytes !== undefined) this.bytes(floatBytes);
      // All others that are allowed here have one number, or none: sums and products of the extended expressions.
      else if (op < 0x6a || op > 0x7e) this.number();
    }
  }
}
