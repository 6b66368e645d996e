import { fork } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Flight, flightBytes, readFlight } from '../src/supervise/flight-recorder.ts';
import { nativeEnv } from '../src/targets/native/served-native.ts';
import type { FromWorker, ToWorker, WorkerTask } from './campaign-worker.ts';
import type { ProcessTask } from './fuzz-process.ts';

/** A worker of a campaign, as its employer sees it. */
export interface HiredWorker {
  /** Asks it to end. */
  stop(): void;
  /** Ends it. */
  kill(): void;
}

/** How a worker ended; of one in a process, by which signal, and how far it was. */
export interface WorkerEnd {
  readonly signal?: string;
  readonly flight?: Flight;
}

/** Who hears of a worker. */
export interface Employer {
  told(message: FromWorker): void;
  failed(error: unknown): void;
  /** It has ended. */
  gone(end: WorkerEnd): void;
}

/** Ops of a program for which a record has room, where nothing is said of programs. */
const OPS_MAX = 4096;

/** A worker in a thread of its own. */
export function hireThread(task: WorkerTask, employer: Employer): HiredWorker {
  const worker = new Worker(new URL('fuzz-worker.js', import.meta.url), { workerData: task });
  worker.on('message', (message: FromWorker) => employer.told(message));
  worker.on('error', (error) => employer.failed(error));
  worker.on('exit', () => employer.gone({}));
  return {
    stop: () => worker.postMessage('stop' satisfies ToWorker),
    kill: () => void worker.terminate(),
  };
}

/** A worker in a process of its own, which keeps a record of the program that is under way. */
export function hireProcess(task: WorkerTask, employer: Employer): HiredWorker {
  const { known, opsMax = OPS_MAX } = task.options;
  const longest = known.reduce((most, { length }) => Math.max(most, length), opsMax);
  const recordBytes = flightBytes(longest);
  const recordFd = openRecord(recordBytes);
  const child = fork(fileURLToPath(new URL('fuzz-process.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc', recordFd],
    serialization: 'advanced',
    env: { ...process.env, ...nativeEnv(task.target.native!) },
  });
  child.on('message', (message: FromWorker) => employer.told(message));
  child.on('error', (error) => employer.failed(error));
  // When it has ended and all that it said was heard.
  child.on('close', (_, signal) => {
    const record = new Uint8Array(recordBytes);
    readSync(recordFd, record, 0, recordBytes, 0);
    closeSync(recordFd);
    employer.gone({ flight: readFlight(record), ...(signal !== null && { signal }) });
  });
  child.send({ ...task, recordBytes } satisfies ProcessTask);
  return {
    stop: () => void (child.connected && child.send('stop' satisfies ToWorker)),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** A file of zeros that nobody can open by a name. */
function openRecord(size: number): number {
  const folder = mkdtempSync(join(tmpdir(), 'heapcheck-record-'));
  const fd = openSync(join(folder, 'record'), 'w+');
  ftruncateSync(fd, size);
  rmSync(folder, { recursive: true });
  return fd;
}
