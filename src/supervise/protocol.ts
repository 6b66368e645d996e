import type { Size } from '../base/units.ts';

/*
 * What heapcheck and a host say to each other, over two pipes: requests go to the host's file descriptor 3, answers come
 * from its descriptor 4. All numbers are little-endian.
 *
 *     request  byte 0      4      8        16       24       32        40
 *                   │ kind │  0   │ a      │ b      │ c      │ word    │      a, b, c: u64; word: f64
 *
 *     answer   byte 0      4      8        16       24       32        40
 *                   │ kind │detail│ value  │ start  │ end    │footprint│      all u64, value of a load: 8 bytes
 *
 * A host begins with `hello`: detail is the version, value the offers, start the bytes of a pointer, end the largest
 * size that it can be asked for. Then it answers each request, in order, but those of `UNANSWERED`, which ride along with the next.
 * An answer `returned` carries the bounds [start, end) of the heap and its footprint besides; its value is an address (0
 * for null), a size, an offset or -1; of `free`, 0 when it was refused. Its detail is how many requests for memory the host has
 * refused since `refuse`.
 *
 * `reset` comes first, and before each program: a is the milliseconds that a call may take from now on. A host that is
 * in a call for longer ends itself by SIGALRM. It ends too when there are no more requests to read.
 *
 * `died` comes from whoever watches the process that makes the calls: detail is the signal, or 256 and the exit code;
 * value the kind of the request that it was at, or 0; start 1 when the host goes on with the next `reset`; footprint how many
 * requests for memory were refused.
 */

export const PROTOCOL_VERSION = 1;
export const REQUEST_BYTES = 40;
export const ANSWER_BYTES = 40;
/** Descriptors of a host that requests are read from, and answers written to. */
export const HOST_FD = { requests: 3, answers: 4 } as const;

/** Kinds of requests, with what they carry. */
export const REQUEST = {
  /** a: the time limit in milliseconds. */
  reset: 1,
  /** Nothing is asked but the bounds and the footprint. */
  status: 2,
  /** a: size. */
  malloc: 3,
  /** a: address. */
  free: 4,
  /** a: count, b: size. */
  calloc: 5,
  /** a: address, b: size. */
  realloc: 6,
  /** a: alignment, b: size. */
  aligned: 7,
  /** a: address. */
  usableSize: 8,
  /** a: address, b: size, word: key. */
  fill: 9,
  /** a: address, b: size, c: how much of it was kept, word: key. */
  damage: 10,
  /** a: address, b: size. */
  firstNonZero: 11,
  /** a: address, b: bytes, 1 or 8. */
  load: 12,
  /** a: address, b: bytes, 1 or 8; word: the 8 bytes, or c: the one. */
  store: 13,
  /** a: requests of the allocator for memory that are granted from now on, b: how many behind them are refused. */
  refuse: 14,
} as const;

/** Requests that have no answer of their own. */
export const UNANSWERED: ReadonlySet<number> = new Set([
  REQUEST.reset,
  REQUEST.fill,
  REQUEST.store,
  REQUEST.refuse,
]);

/** Kinds of answers. */
export const ANSWER = { hello: 1, died: 2, returned: 3 } as const;

/** What a host offers beside `malloc` and `free`: bits of the value of its `hello`. */
export const OFFER = {
  calloc: 1,
  realloc: 2,
  aligned: 4,
  usableSize: 8,
  memory: 16,
  bounds: 32,
  footprint: 64,
  refusals: 128,
} as const;

/** A request as a host reads it. */
export interface Request {
  readonly kind: number;
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
  readonly word: number;
}

/** An answer, of which those fields are given that say something. */
export interface Answer {
  readonly kind: number;
  readonly detail?: number;
  readonly value?: Size;
  readonly start?: Size;
  readonly end?: Size;
  readonly footprint?: Size;
}

const WORD = 2 ** 32;

/** Writes a request at `offset`. */
export function putRequest(
  view: DataView,
  offset: number,
  kind: number,
  a: Size,
  b: Size,
  c: Size,
  word: number,
): void {
  view.setUint32(offset, kind, true);
  view.setUint32(offset + 4, 0, true);
  putWhole(view, offset + 8, a);
  putWhole(view, offset + 16, b);
  putWhole(view, offset + 24, c);
  view.setFloat64(offset + 32, word, true);
}

export function readRequest(view: DataView, offset: number): Request {
  return {
    kind: view.getUint32(offset, true),
    a: view.getBigUint64(offset + 8, true),
    b: view.getBigUint64(offset + 16, true),
    c: view.getBigUint64(offset + 24, true),
    word: view.getFloat64(offset + 32, true),
  };
}

/** An answer in its bytes. A value of -1 is all ones. */
export function encodeAnswer(answer: Answer): Uint8Array {
  const { detail = 0, end = 0, footprint = 0, kind, start = 0, value = 0 } = answer;
  const bytes = new Uint8Array(ANSWER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, kind, true);
  view.setUint32(4, detail, true);
  for (const [index, field] of [value, start, end, footprint].entries())
    putWhole(view, 8 + index * 8, field);
  return bytes;
}

/** A whole number of an answer; all ones are -1, and beyond 2^53 it is the nearest that there is. */
export function wholeAt(view: DataView, offset: number): number {
  const low = view.getUint32(offset, true);
  const high = view.getUint32(offset + 4, true);
  return low === WORD - 1 && high === WORD - 1 ? -1 : high * WORD + low;
}

/** Writes a whole number; one that was rounded up to 2^64 is all ones, as the pointer -1 of C was. */
function putWhole(view: DataView, offset: number, value: Size): void {
  const whole = value >= 2 ** 64 ? -1 : value;
  if (typeof whole === 'bigint' || whole < 0) {
    view.setBigUint64(offset, BigInt.asUintN(64, BigInt(whole)), true);
    return;
  }
  view.setUint32(offset, whole % WORD, true);
  view.setUint32(offset + 4, Math.floor(whole / WORD), true);
}
