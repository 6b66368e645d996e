/**
 * A worker in a process of its own, for a library that is called in it and may take it along. Each op is written to a file
 * before it is sent; an alarm ends a call that does not end; and when its parent is gone, so is it.
 */
import type { RunCounts } from '../src/check/run-counts.ts';
import { FlightRecorder } from '../src/supervise/flight-recorder.ts';
import { promisesOf, type NativeSpec } from '../src/targets/native/native-library.ts';
import { nativeTarget } from '../src/targets/native/native-target.ts';
import { systemCalls } from '../src/targets/native/system-calls.ts';
import { search, type WorkerTask } from './campaign-worker.ts';
import { FuzzCampaign } from './fuzz-campaign.ts';
import { inTurn } from './interrupt.ts';
import { tuneV8 } from './tune-v8.ts';

/** A task with how long the record may become, which is open as the descriptor behind the three usual ones and the parent's. */
export interface ProcessTask extends WorkerTask {
  readonly recordBytes: number;
}

/** So many requests tell whether a heap has room. */
const REQUESTS_MIN = 2000;
/** Requests that no heap can grant are refused all along, and never so many. */
const REFUSED_MIN = 0.8;

/** Whether a heap that no reset makes fresh again is full of what was lost: nearly all that is asked of it is refused. */
class Wear {
  isOut = false;
  #granted = 0;
  #refused = 0;

  note({ granted, refused }: Readonly<RunCounts>): void {
    const [more, fewer] = [granted - this.#granted, refused - this.#refused];
    if (more + fewer < REQUESTS_MIN) return;
    this.isOut = fewer > REFUSED_MIN * (more + fewer);
    this.#granted = granted;
    this.#refused = refused;
  }
}

const RECORD_FD = 4;
/** What a batch may take beyond the limit of a program, which the watchdog would have stopped if it could. */
const ALARM_GRACE_MS = 200;

tuneV8();
let isStopped = false;
process.on('disconnect', () => process.exit());
// Ctrl-C is the parent's.
process.on('SIGINT', () => undefined);
process.once('message', (task: ProcessTask) => {
  process.once('message', () => {
    isStopped = true;
  });
  void work(task);
});

async function work({ options, recordBytes, target }: ProcessTask): Promise<void> {
  const system = await systemCalls();
  system.forbidCores();
  const recorder = new FlightRecorder(system.mapFile(RECORD_FD, recordBytes));
  const makeTarget = await nativeTarget(goingOn(target.native!), target.name);
  const hasReset = makeTarget().reset !== undefined;
  const wear = new Wear();
  const beforeOp = recorder.note.bind(recorder);
  const campaign = new FuzzCampaign(
    makeTarget,
    { ...options, beforeOp },
    {
      now: () => performance.now(),
      run: (batch) =>
        inTurn(() => {
          system.alarmAfter(options.timeLimitMs + ALARM_GRACE_MS);
          try {
            return batch();
          } finally {
            system.alarmAfter(0);
            wear.note(campaign.counts);
          }
        }),
    },
  );
  await search(campaign, {
    get isWornOut() {
      return !hasReset && wear.isOut;
    },
    get isStopped() {
      return isStopped;
    },
    post: (message) =>
      process.send!(message, () => {
        if (message.kind === 'over') process.disconnect();
      }),
  });
}

/** The library without its promises to stop: whoever kept one would take this process along. */
function goingOn(spec: NativeSpec): NativeSpec {
  const promised = Object.entries(promisesOf(spec));
  return {
    ...spec,
    promises: Object.fromEntries(promised.filter(([, what]) => what !== 'aborted')),
  };
}
