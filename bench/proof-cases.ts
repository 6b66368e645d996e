import { resolve } from 'node:path';
import type { Promises } from '../src/check/target.ts';

/** A small allocator in C that keeps every law, and breaks the one whose number it is built with. */
export const TOY = resolve('bench/proofs/toy.c');

export const TOY_PROMISES: Promises = {
  alignment: 16,
  zeroSize: 'block',
  slack: 15,
  recovers: 65_000,
};

/** A number of the toy's, the law that it breaks, and a program that shows it, or that does in its closing frees. */
export interface ProofCase {
  readonly broken: number;
  readonly law: string;
  readonly program: string;
  readonly shows?: 'at the end' | 'by a crash' | 'by a refusal' | 'by its answer';
  /** Whether it is asked what it thinks that a block holds. */
  readonly isUsableTold?: true;
}

export const PROOF_CASES: readonly ProofCase[] = [
  { broken: 1, law: 'malloc-aligns', program: 'b0 = malloc 8' },
  { broken: 2, law: 'blocks-stay-apart', program: 'b0 = malloc 24; b1 = malloc 8' },
  { broken: 2, law: 'contents-survive', program: 'b0 = malloc 200; b1 = malloc 8; free b0' },
  { broken: 3, law: 'zero-size-keeps-promise', program: 'b0 = malloc 0', shows: 'by its answer' },
  { broken: 4, law: 'impossible-request-is-refused', program: 'b0 = malloc 4294967312' },
  { broken: 5, law: 'answers-in-time', program: 'b0 = malloc 40', shows: 'by a crash' },
  { broken: 6, law: 'calls-return', program: 'b0 = malloc 40', shows: 'by a crash' },
  { broken: 19, law: 'calls-return', program: 'b0 = malloc 40', shows: 'by a crash' },
  { broken: 7, law: 'blocks-stay-inside', program: 'b0 = malloc 65536' },
  {
    broken: 8,
    law: 'failed-request-changes-nothing',
    program: 'b0 = malloc 65536',
    shows: 'by a refusal',
  },
  { broken: 9, law: 'malloc-aligns', program: 'b0 = aligned 256 8' },
  { broken: 10, law: 'usable-size-covers-request', program: 'b0 = malloc 8', isUsableTold: true },
  {
    broken: 11,
    law: 'usable-size-stays',
    program: 'b0 = malloc 8; b1 = malloc 80',
    isUsableTold: true,
  },
  { broken: 12, law: 'slack-is-bounded', program: 'b0 = malloc 8', isUsableTold: true },
  { broken: 13, law: 'free-null-does-nothing', program: 'free null' },
  { broken: 14, law: 'contents-survive', program: 'b0 = malloc 8; b1 = malloc 8; free b0' },
  {
    broken: 14,
    law: 'contents-survive',
    program: 'b0 = malloc 8; b1 = malloc 8',
    shows: 'at the end',
  },
  { broken: 15, law: 'calls-return', program: 'b0 = malloc 8; free b0', shows: 'by a crash' },
  { broken: 15, law: 'calls-return', program: 'b0 = malloc 8', shows: 'at the end' },
  { broken: 16, law: 'freed-space-returns', program: 'b0 = malloc 65000', shows: 'at the end' },
  {
    broken: 17,
    law: 'calloc-zeroes',
    program: 'b0 = malloc 64; free b0; b0 = calloc 4 16',
  },
  { broken: 18, law: 'realloc-keeps-prefix', program: 'b0 = malloc 200; b1 = realloc b0 180' },
  {
    broken: 18,
    law: 'realloc-keeps-prefix',
    program: 'b0 = malloc 200; b0 = realloc b0 300',
    isUsableTold: true,
  },
];
