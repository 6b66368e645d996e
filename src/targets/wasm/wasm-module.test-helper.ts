import { encodeNumber } from './sections.ts';

/** A module as tests put it together: one memory, some globals, and functions of `i32` only. */
export interface WasmModuleParts {
  /** Pages of a memory of its own, and how far it says that it grows. */
  readonly pages?: number;
  readonly pagesMax?: number;
  /** Imports, in their binary form. */
  readonly imports?: readonly (readonly number[])[];
  /** How many of the imports are functions. */
  readonly importedFunctions?: number;
  /** Globals in their binary form; default a mutable `i32` of 1024. */
  readonly globals?: readonly (readonly number[])[];
  readonly functions?: readonly WasmFunction[];
  /** By what name the memory is exported; not at all, when empty. */
  readonly memoryName?: string;
  /** The function that is called when an instance is made, by its index. */
  readonly start?: number;
}

interface WasmFunction {
  readonly name: string;
  readonly paramsCount: number;
  readonly hasResult: boolean;
  readonly localsCount?: number;
  readonly code: readonly number[];
}

const I32 = 0x7f;
const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
export const OP = {
  unreachable: 0x00,
  loop: [0x03, 0x40],
  if: [0x04, 0x40],
  end: 0x0b,
  branch: 0x0c,
  return: 0x0f,
  call: 0x10,
  drop: 0x1a,
  get: 0x20,
  set: 0x21,
  tee: 0x22,
  getGlobal: 0x23,
  setGlobal: 0x24,
  memorySize: [0x3f, 0],
  memoryGrow: [0x40, 0],
  eq: 0x46,
  above: 0x4b,
  add: 0x6a,
  and: 0x71,
  shiftLeft: 0x74,
} as const;
const COUNTER = [I32, 1, 0x41, 0x80, 0x08, OP.end];

/** An `i32` as it stands in code. */
export function constant(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest < -64 || rest > 63) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  return [0x41, ...bytes, rest & 0x7f];
}

export function text(name: string): number[] {
  return [...encodeNumber(name.length), ...new TextEncoder().encode(name)];
}

/** The module in its binary form. */
export function wasmModule({
  functions = [],
  globals = [COUNTER],
  importedFunctions = 0,
  imports = [],
  memoryName = 'memory',
  pages = 1,
  pagesMax,
  start,
}: WasmModuleParts): Uint8Array<ArrayBuffer> {
  const limits = pagesMax === undefined ? [0, pages] : [1, pages, ...encodeNumber(pagesMax)];
  const exported = functions.map(({ name }, index) => [
    ...text(name),
    0,
    importedFunctions + index,
  ]);
  if (memoryName !== '') exported.push([...text(memoryName), 2, 0]);
  const types = functions.map(({ hasResult, paramsCount }) => [
    0x60,
    paramsCount,
    ...Array.from({ length: paramsCount }, () => I32),
    ...(hasResult ? [1, I32] : [0]),
  ]);
  const bodies = functions.map(({ code, localsCount = 0 }) => {
    const body = [...(localsCount === 0 ? [0] : [1, localsCount, I32]), ...code, OP.end];
    return [...encodeNumber(body.length), ...body];
  });
  return Uint8Array.from([
    ...PREAMBLE,
    ...section(1, types),
    ...section(2, imports),
    ...section(
      3,
      functions.map((_, index) => [index]),
    ),
    ...(pages === 0 ? [] : section(5, [limits])),
    ...section(6, globals),
    ...section(7, exported),
    ...(start === undefined ? [] : [8, 1, start]),
    ...section(10, bodies),
  ]);
}

function section(id: number, entries: readonly (readonly number[])[]): readonly number[] {
  if (entries.length === 0) return [];
  const contents = [...encodeNumber(entries.length), ...entries.flat()];
  return [id, ...encodeNumber(contents.length), ...contents];
}

/** What a bump allocator does at one size. */
const AT_ONE_SIZE = {
  nothing: [],
  traps: [OP.unreachable],
  hangs: [...OP.loop, OP.branch, 0, OP.end],
} as const;

/** `malloc` and `free` of `i64`. */
export function wideModule(): Uint8Array<ArrayBuffer> {
  const bytes = wasmModule({
    functions: [
      { name: 'malloc', paramsCount: 1, hasResult: true, code: [0x42, 8] },
      { name: 'free', paramsCount: 1, hasResult: false, code: [] },
    ],
  });
  // The types are the only part that has this byte before the memory's section; there it is `i64`, one less.
  const [from, to] = [bytes.indexOf(0x60), bytes.indexOf(0x60) + 8];
  return bytes.map((byte, at) => (at >= from && at < to && byte === I32 ? I32 - 1 : byte));
}

/**
 * A bump allocator: up to 64 KiB a block, each on a multiple of 8; its memory grows by two pages. Its counter is a global that
 * it does not export.
 */
export function bumpModule({
  looksAtGrowth = true,
  names = ['malloc', 'free'],
  roundsUp = true,
  trapsAt = 13,
  when13 = 'nothing',
  ...parts
}: WasmModuleParts & {
  readonly names?: readonly [malloc: string, free: string];
  /** Without it, a block is handed out although the memory could not grow. */
  readonly looksAtGrowth?: boolean;
  /** Without it, blocks overlap whose size is no multiple of 8. */
  readonly roundsUp?: boolean;
  readonly when13?: keyof typeof AT_ONE_SIZE;
  /** The one size; 13 where nothing is said. */
  readonly trapsAt?: number;
} = {}): Uint8Array<ArrayBuffer> {
  const returnNull = [...constant(0), OP.return];
  const [size, address, next] = [0, 1, 2];
  const code = [
    AT_ONE_SIZE[when13].length === 0
      ? []
      : [OP.get, 0, ...constant(trapsAt), OP.eq, ...OP.if, ...AT_ONE_SIZE[when13], OP.end],
    [OP.get, size, ...constant(65_536), OP.above, ...OP.if, ...returnNull, OP.end],
    [OP.getGlobal, 0, OP.tee, address],
    [OP.get, size, ...constant(roundsUp ? 15 : 0), OP.add, ...constant(-8), OP.and, OP.add],
    [OP.tee, next, ...OP.memorySize, ...constant(16), OP.shiftLeft, OP.above, ...OP.if],
    [...constant(2), ...OP.memoryGrow, ...constant(looksAtGrowth ? -1 : -2), OP.eq],
    [...OP.if, ...returnNull, OP.end, OP.end],
    [OP.get, next, OP.setGlobal, 0, OP.get, address],
  ].flat();
  return wasmModule({
    functions: [
      { name: names[0], paramsCount: 1, hasResult: true, localsCount: 2, code },
      { name: names[1], paramsCount: 1, hasResult: false, code: [] },
    ],
    ...parts,
  });
}

/** Blocks of a collector, one after the other; `pins` says whether a block is handed on by its pin. */
export function collectedModule(pins: readonly number[] = [OP.get, 0]): Uint8Array<ArrayBuffer> {
  const room = [OP.get, 0, ...constant(15), OP.add, ...constant(-16), OP.and];
  const make = [OP.getGlobal, 0, OP.getGlobal, 0, ...room, OP.add, OP.setGlobal, 0];
  return wasmModule({
    functions: [
      { name: '__new', paramsCount: 2, hasResult: true, code: make },
      { name: '__pin', paramsCount: 1, hasResult: true, code: pins },
      { name: '__unpin', paramsCount: 1, hasResult: false, code: [] },
      { name: '__collect', paramsCount: 0, hasResult: false, code: [] },
    ],
  });
}
