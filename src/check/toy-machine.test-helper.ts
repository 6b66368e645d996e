/** A correct toy machine that notes what it is asked, and of which a test breaks one thing. */
import { isPageOp, type Op } from '../program/op.ts';
import type { Outcome } from './outcome.ts';
import type { Invariant, MachineTarget } from './target.ts';

/** What a toy machine did: the ops that it performed as one word each, and `end`. */
export interface ToyMachineState {
  readonly done: string[];
  /** What its only invariant says; undefined while it is well. */
  complaint: string | undefined;
  /** How much of what its programs began has not ended. */
  mappedCount: number;
}

export interface ToyMachine {
  readonly make: () => MachineTarget;
  /** The state of each machine that was made, in order; a reset makes the last anew. */
  readonly states: ToyMachineState[];
}

/** How a toy performs one op; it may throw. */
export type Perform = (op: Op, state: ToyMachineState) => Outcome;

/** A machine on which each `map` is granted at 0x1000, everything else is done, and blocks are not asked for. */
export const toyPerform: Perform = (op, state) => {
  if (!isPageOp(op)) return { kind: 'not asked' };
  if (op.kind !== 'map') return { kind: 'done' };
  state.mappedCount += 1;
  return { kind: 'granted', address: 0x1000, size: op.size };
};

/** Makes toy machines, with what is replaced. */
export function toyMachine(
  perform: Perform = toyPerform,
  override: (state: ToyMachineState) => Partial<MachineTarget> = () => ({}),
): ToyMachine {
  const states: ToyMachineState[] = [];
  const make = (): MachineTarget => {
    const state: ToyMachineState = { done: [], complaint: undefined, mappedCount: 0 };
    states.push(state);
    return {
      name: 'toy-machine',
      promises: {},
      performs: 'page-ops',
      pageSize: 4096,
      invariants: { rules: RULES, read: () => state },
      perform(program, observer) {
        let step = 0;
        for (const op of program) {
          observer.began(op, step);
          const outcome = perform(op, state);
          state.done.push(op.kind);
          if (observer.ended(op, step, outcome) === 'stop') return;
          step += 1;
        }
      },
      end() {
        state.done.push('end');
        state.mappedCount = 0;
      },
      ...override(state),
    };
  };
  return { make, states };
}

const RULES: readonly Invariant<unknown>[] = [
  {
    name: 'toy-machine-is-well',
    says: 'The toy has no complaint.',
    rows: 'P1',
    source: 'This toy.',
    check: (state) => (state as ToyMachineState).complaint,
  },
  {
    name: 'toy-machine-keeps-nothing',
    says: 'What was mapped is gone at the end.',
    rows: 'A1',
    source: 'This toy.',
    check: (state) => {
      const { done, mappedCount } = state as ToyMachineState;
      return done.at(-1) === 'end' && mappedCount > 0 ? `${mappedCount} were not ended` : undefined;
    },
  },
];
