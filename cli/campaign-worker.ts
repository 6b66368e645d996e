import type { RawFinding } from '../fuzz/engine.ts';
import type { Program } from '../src/program/program.ts';
import type { NativeSpec } from '../src/targets/native/native-library.ts';
import type { FuzzCampaign, FuzzOptions } from './fuzz-campaign.ts';
import type { LoadedTarget } from './loaded-target.ts';
import type { Tally } from './tally.ts';

/** What a worker is started with. */
export interface WorkerTask {
  /** The target, as it stands on the command line; a library with what loads it. */
  readonly target: Pick<LoadedTarget, 'name' | 'options' | 'spec'> & {
    readonly native?: NativeSpec | undefined;
  };
  /** Folder from which paths are read. */
  readonly cwd: string;
  readonly options: FuzzOptions;
}

export type ToWorker = 'stop';

export type FromWorker =
  | {
      readonly kind: 'batch';
      readonly programsCount: number;
      readonly opsCount: number;
      readonly raw: RawFinding | undefined;
    }
  /** The last message. */
  | {
      readonly kind: 'over';
      readonly tally: Pick<Tally, 'asked' | 'counts' | 'events'>;
      readonly kept: readonly Program[];
      /** Whether its heap has no room left to go on with, though programs are left. */
      readonly isWornOut: boolean;
    };

/** The way from a worker to whoever started it. */
export interface WorkerPort {
  readonly isStopped: boolean;
  /** Whether the worker's heap has no room left to go on with. */
  readonly isWornOut?: boolean;
  post(message: FromWorker): void;
}

/** Searches until it is told to stop, and tells what it finds. */
export async function search(campaign: FuzzCampaign, port: WorkerPort): Promise<void> {
  while (!port.isStopped && !campaign.isDone && port.isWornOut !== true) {
    const raw = await campaign.next();
    const { opsCount, programsCount } = campaign;
    port.post({ kind: 'batch', programsCount, opsCount, raw });
  }
  campaign.close();
  const { asked, counts, events } = campaign.tally;
  const { kept } = campaign;
  const isWornOut = port.isWornOut === true;
  port.post({ kind: 'over', tally: { asked, counts, events }, kept, isWornOut });
}
