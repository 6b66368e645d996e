import fc from 'fast-check';
import { Prng } from '../src/base/prng.ts';
import { askedCounters, askInvariants, Judge } from '../src/check/judge.ts';
import { Runner } from '../src/check/runner.ts';
import type { AllocatorTarget } from '../src/check/target.ts';
import type { Op, Slot } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { compare, timed, type Candidate } from './ratio.ts';

const PROGRAMS = 2000;
const OPS = 64;
const SLOTS = 16;
const makeTarget = referenceTarget();

/**
 * F2: checked ops a second of the runner, against the same laws asked by fast-check's own way of testing state
 * machines, `fc.commands` and `fc.modelRun`, on the same target.
 */
export function compareRunners(): void {
  compare('F2 checked ops, programs of up to 64 (reach 6)', runnerCandidate(), commandsCandidate());
}

function runnerCandidate(): Candidate {
  const prng = new Prng(1);
  const programs = Array.from({ length: PROGRAMS }, () => drawProgram(prng));
  const runner = new Runner(makeTarget);
  return {
    name: 'the runner',
    run: () => {
      const before = runner.counts.ops - runner.counts.skipped;
      const ms = timed(() => programs.forEach((program) => expectNoFinding(runner.run(program))));
      return { ops: runner.counts.ops - runner.counts.skipped - before, ms };
    },
  };
}

/** A program in which every op does something: an empty slot is filled, a live one is freed. */
function drawProgram(prng: Prng): Program {
  const isLive = Array.from({ length: SLOTS }, () => false);
  return Array.from({ length: OPS }, (): Op => {
    const slot = prng.below(SLOTS);
    isLive[slot] = !isLive[slot];
    return isLive[slot]
      ? { kind: 'malloc', slot, size: prng.between(0, 1024) }
      : { kind: 'free', slot };
  });
}

/** What a command sees: the judge as the model, the target as the real thing. */
interface Side {
  readonly judge: Judge;
  readonly target: AllocatorTarget;
}

let commandsRun = 0;

class MallocCommand implements fc.Command<Side, Side> {
  readonly op: Op & { kind: 'malloc' };

  constructor(slot: Slot, size: number) {
    this.op = { kind: 'malloc', slot, size };
  }

  check({ judge }: Side): boolean {
    return !judge.shadow.isLive(this.op.slot);
  }

  run({ judge, target }: Side): void {
    commandsRun += 1;
    const { op } = this;
    const address = target.malloc(op.size)!;
    expectNoFinding(judge.answered(op, address) ?? judge.granted(op, op.slot, op.size, address, 1));
    judge.shadow.fill(op.slot);
  }

  toString(): string {
    return `malloc ${this.op.size}`;
  }
}

class FreeCommand implements fc.Command<Side, Side> {
  readonly slot: Slot;

  constructor(slot: Slot) {
    this.slot = slot;
  }

  check({ judge }: Side): boolean {
    return judge.shadow.isLive(this.slot);
  }

  run({ judge, target }: Side): void {
    commandsRun += 1;
    expectNoFinding(judge.intact(this.slot));
    const answer = target.free(judge.shadow.addressOf(this.slot));
    judge.shadow.release(this.slot);
    expectNoFinding(judge.freed(this.slot, answer));
  }

  toString(): string {
    return `free b${this.slot}`;
  }
}

function commandsCandidate(): Candidate {
  const slot = fc.nat(SLOTS - 1);
  const commands = fc.commands<Side, Side>(
    [
      fc.tuple(slot, fc.nat(1024)).map(([at, size]) => new MallocCommand(at, size)),
      slot.map((at) => new FreeCommand(at)),
    ],
    { maxCommands: OPS, size: 'max' },
  );
  const target = makeTarget();
  const judge = new Judge(target, askedCounters());
  const property = fc.property(commands, (drawn) => {
    judge.shadow.clear();
    target.reset!();
    fc.modelRun(() => ({ model: { judge, target }, real: { judge, target } }), drawn);
    expectNoFinding(judge.inspect() ?? askInvariants(target, () => undefined));
  });
  return {
    name: 'fc.commands and fc.modelRun',
    run: () => {
      const before = commandsRun;
      const ms = timed(() => fc.assert(property, { numRuns: PROGRAMS, seed: 1 }));
      return { ops: commandsRun - before, ms };
    },
  };
}

function expectNoFinding(broken: unknown): void {
  if (broken !== undefined) throw new Error(`a benchmark found a bug: ${JSON.stringify(broken)}`);
}
