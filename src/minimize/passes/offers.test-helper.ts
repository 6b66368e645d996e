/** What a pass offers for a program, when none or some of it is taken. */
import type { Program } from '../../program/program.ts';
import { parseProgram, printOp, PROGRAM_HEADER } from '../../program/text.ts';
import type { Pass } from '../pass.ts';

/** A program of ops with `;` between them. */
export function ops(text: string): Program {
  return parseProgram(`${PROGRAM_HEADER}\n${text.replaceAll(';', '\n')}`, 'text.ops').program;
}

/** A program on one line. */
export function line(program: Program): string {
  return program.map((op) => printOp(op)).join('; ');
}

/** The candidates that a pass offers for a program of which no smaller one shows the bug, in order. */
export function offers(pass: Pass, text: string): readonly string[] {
  const offered: string[] = [];
  const refuse = (candidate: Program): boolean => {
    offered.push(line(candidate));
    return false;
  };
  pass(ops(text), refuse, refuse);
  return offered;
}

/** What a pass makes of a program when it takes each candidate that shows the bug. */
export function shrunk(pass: Pass, text: string, shows: (program: Program) => boolean): string {
  let current = ops(text);
  const attempt = (candidate: Program): boolean => {
    if (!shows(candidate)) return false;
    current = candidate;
    return true;
  };
  const result = pass(current, attempt, shows);
  if (line(result) !== line(current)) throw new Error('a pass returns what was taken last');
  return line(result);
}
