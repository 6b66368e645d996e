import type { Op } from '../program/op.ts';
import type { Program } from '../program/program.ts';
import { parseProgram, printOp, PROGRAM_HEADER } from '../program/text.ts';

/** In front of the text: how long it is, and how many programs were begun, each as 32 bits, little end first. */
const HEAD_BYTES = 8;
const PROGRAMS_AT = 4;
/** No op is longer, with the end of its line. */
const OP_BYTES = 128;

/** Bytes of a record that has room for programs of so many ops. */
export function flightBytes(opsMax: number): number {
  return HEAD_BYTES + OP_BYTES * opsMax;
}

/**
 * Writes down each op of a program before it is sent, into memory that outlives this process: whoever reads it then knows
 * what the process died of. Ops beyond its room are not written.
 */
export class FlightRecorder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /** @param memory Shared with whoever reads it, of `flightBytes`. */
  constructor(memory: ArrayBuffer) {
    this.#bytes = new Uint8Array(memory);
    this.#view = new DataView(memory);
  }

  /** @param step Its place in the program; 0 begins another one. */
  note(op: Op, step: number): void {
    const line = `${printOp(op)}\n`;
    if (step === 0)
      this.#view.setUint32(PROGRAMS_AT, 1 + this.#view.getUint32(PROGRAMS_AT, true), true);
    const start = HEAD_BYTES + (step === 0 ? 0 : this.#view.getUint32(0, true));
    if (start + line.length > this.#bytes.length) return;
    // An op is written in ASCII.
    for (let at = 0; at < line.length; at += 1) this.#bytes[start + at] = line.charCodeAt(at);
    this.#view.setUint32(0, start - HEAD_BYTES + line.length, true);
  }
}

/** What a record tells. */
export interface Flight {
  /** The program that was under way; empty if none was begun. */
  readonly program: Program;
  /** How many were begun. */
  readonly programsCount: number;
}

export function readFlight(record: Uint8Array): Flight {
  const { buffer, byteOffset, length } = record;
  const view = new DataView(buffer, byteOffset, length);
  const end = HEAD_BYTES + view.getUint32(0, true);
  const text = new TextDecoder().decode(record.subarray(HEAD_BYTES, end));
  const { program } = parseProgram(`${PROGRAM_HEADER}\n${text}`, 'flight record');
  return { program, programsCount: view.getUint32(PROGRAMS_AT, true) };
}
