import { formatAddress } from '../base/units.ts';
import { type BlockOp, isPageOp, isThreadOp, type Op, type OpKind } from '../program/op.ts';
import { printOp } from '../program/text.ts';
import { unreachable } from '../base/kit-bug.ts';

/** Both sides of a disagreement, each with its number. */
export interface Broken {
  readonly observed: string;
  readonly expected: string;
}

/** One broken law or invariant. A value: the core never throws it. */
export interface Finding extends Broken {
  /** Name of the law or invariant. */
  readonly law: string;
  /** Name of the target that broke it. */
  readonly target: string;
  /** Index of the op after which it showed; the program's length when it showed at the end. */
  readonly step: number;
  /**
   * What that op was; `end` stands for the frees that close every run, `schedule` for all ops of threads, any of which
   * may be under way.
   */
  readonly op: OpKind | 'end' | 'schedule';
  /** Of a crash: what was thrown, and where in the target. */
  readonly crash?: string;
}

/** What tells one bug from another, as far as can be told from outside: the law, the kind of op, the site of a crash. */
export function bugOf({ law, op, crash }: Finding): string {
  return crash === undefined ? `${law} ${op}` : `${law} ${op} ${crash}`;
}

/** True when two findings are the same bug as far as can be told. */
export function sameBug(a: Finding, b: Finding): boolean {
  return bugOf(a) === bugOf(b);
}

/** A request's answer as reports show it. */
export function formatAnswer(address: number | null): string {
  return address === null ? 'null' : formatAddress(address);
}

/** An op as the call that it makes, for sentences: `realloc(b0, 40)`. */
export function formatCall(op: Op): string {
  return isPageOp(op) || isThreadOp(op) ? printOp(op) : formatBlockCall(op);
}

function formatBlockCall(op: BlockOp): string {
  switch (op.kind) {
    case 'malloc':
      return `malloc(${op.size})`;
    case 'calloc':
      return `calloc(${op.count}, ${op.size})`;
    case 'aligned':
      return `aligned(${op.alignment}, ${op.size})`;
    case 'realloc':
      return `realloc(${op.source === null ? 'null' : `b${op.source}`}, ${op.size})`;
    case 'free':
      return `free(${op.slot === null ? 'null' : `b${op.slot}`})`;
    case 'double-free':
      return `free(b${op.slot}) a second time`;
    case 'free-inside':
      return `free(b${op.slot} + ${op.offset})`;
    case 'free-foreign':
      return `free(${op.offset < 0 ? `start of the heap - ${-op.offset}` : `end of the heap + ${op.offset}`})`;
    case 'write-freed':
      return `a write to b${op.slot} + ${op.offset}, which was freed`;
    default:
      return unreachable(op);
  }
}
