import { unreachable } from '../base/kit-bug.ts';
import { Fcfs } from './fcfs.ts';
import { Mlfq } from './mlfq.ts';
import { RoundRobin } from './round-robin.ts';
import type { PolicyName, Scheduler } from './scheduler.ts';

/** Makes the scheduler of a policy, with no thread in it. */
export function makeScheduler(policy: PolicyName): Scheduler {
  switch (policy) {
    case 'rr':
      return new RoundRobin();
    case 'fcfs':
      return new Fcfs();
    case 'mlfq':
      return new Mlfq();
    default:
      return unreachable(policy);
  }
}
