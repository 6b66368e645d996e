/** What a machine calls itself in an ELF header, and an instruction of it that is none: it ends a process by SIGILL. */
const MACHINES: Readonly<Record<string, readonly [id: number, trap: readonly number[]]>> = {
  x64: [62, [0x0f, 0x0b]],
  arm64: [183, [0, 0, 0, 0]],
};
const S390 = 22;

const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const SEGMENT = { load: 1, dynamic: 2 };
const READ_WRITE_RUN = 7;
const PAGE_BYTES = 0x1000;
/** Tags of the dynamic section. */
const TAG = { end: 0, strings: 5, symbols: 6, stringsSize: 10, symbolSize: 11, init: 12 };
const SYMBOL_BYTES = 24;

/**
 * A shared library of Linux for this machine, with no symbols, whose code runs when it is loaded, and crashes.
 *
 *     0     ELF header          64 bytes
 *     64    segments            2 of 56: all of the file is loaded; where the dynamic section is
 *     176   dynamic section     6 of 16
 *     272   a symbol of zeros   24, and an empty string with it
 *     296   code
 *
 * Source: System V Application Binary Interface, "Object Files" and "Program Loading and Dynamic Linking".
 */
export function crashingLibrary(): Uint8Array {
  const [machine, trap] = MACHINES[process.arch]!;
  const dynamicAt = HEADER_BYTES + 2 * SEGMENT_BYTES;
  const symbolsAt = dynamicAt + 6 * 16;
  const codeAt = symbolsAt + SYMBOL_BYTES;
  const bytes = Buffer.alloc(codeAt + 8);
  writeHeader(bytes, machine);
  writeSegment(bytes, 0, SEGMENT.load, { start: 0, end: bytes.length });
  writeSegment(bytes, 1, SEGMENT.dynamic, { start: dynamicAt, end: symbolsAt });
  const entries = [
    [TAG.strings, symbolsAt],
    [TAG.symbols, symbolsAt],
    [TAG.stringsSize, 1],
    [TAG.symbolSize, SYMBOL_BYTES],
    [TAG.init, codeAt],
    [TAG.end, 0],
  ];
  writeWords(bytes, dynamicAt, entries.flat());
  bytes.set(trap, codeAt);
  return bytes;
}

/** The first bytes of a library for a machine that runs no Node of ours. */
export function otherMachinesLibrary(): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES);
  writeHeader(bytes, S390);
  return bytes;
}

/** Of a shared object of 64 bits, little end first, with two segments behind its header. */
function writeHeader(bytes: Buffer, machine: number): void {
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.set([3, 0, machine, 0, 1], 16);
  bytes.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  bytes.writeUInt16LE(HEADER_BYTES, 52);
  bytes.writeUInt16LE(SEGMENT_BYTES, 54);
  bytes.writeUInt16LE(2, 56);
}

function writeSegment(
  bytes: Buffer,
  index: number,
  kind: number,
  { end, start }: { readonly start: number; readonly end: number },
): void {
  const at = HEADER_BYTES + index * SEGMENT_BYTES;
  bytes.writeUInt32LE(kind, at);
  bytes.writeUInt32LE(READ_WRITE_RUN, at + 4);
  writeWords(bytes, at + 8, [start, start, start, end - start, end - start, PAGE_BYTES]);
}

function writeWords(bytes: Buffer, start: number, words: readonly number[]): void {
  for (const [index, word] of words.entries())
    bytes.writeBigUInt64LE(BigInt(word), start + index * 8);
}
