/** Programs of threads on a kernel: what the tests of its target share. */
import { Runner } from '../check/runner.ts';
import type { MachineTarget, MakeTarget } from '../check/target.ts';
import type { Program } from '../program/program.ts';
import { parseProgram, printOp } from '../program/text.ts';
import { kernelTarget } from './kernel.ts';

/** A program of ops with `;` between them. */
export function ops(text: string): Program {
  return parseProgram(`heapcheck program 1\n${text.replaceAll(';', '\n')}`, 'text.ops').program;
}

/** What became of each op, in the order in which they ended: `t1: load a0 0 8 → done 5`. */
export function outcomes(
  program: Program,
  makeTarget: () => MachineTarget = kernelTarget(),
): readonly string[] {
  const ended: string[] = [];
  makeTarget().perform(program, {
    began: () => undefined,
    ended: (op, _step, { kind, ...rest }) => {
      const { address: _, ...told } = { address: 0, ...rest };
      ended.push([`${printOp(op)} → ${kind}`, ...Object.values(told)].join(' '));
      return 'go on';
    },
  });
  return ended;
}

/** The rule that a program breaks and what shows it, with everything looked at after every op; or nothing. */
export function broken(program: Program, makeTarget: MakeTarget = kernelTarget()): string {
  const finding = new Runner(makeTarget, { checkEvery: 1 }).run(program);
  return finding === undefined ? 'nothing' : `${finding.law}: ${finding.observed}`;
}
