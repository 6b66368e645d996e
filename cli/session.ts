import { formatSeed } from '../src/base/prng.ts';
import type { Io } from './io.ts';
import { Output, type OutputOptions } from './output.ts';
import { Progress } from './progress.ts';

/** What every subcommand works with: the world, what it says, and how far it is. */
export interface Session {
  readonly io: Io;
  readonly output: Output;
  readonly progress: Progress;
}

export function openSession(io: Io, options: OutputOptions): Session {
  const output = new Output(io, options);
  return { io, output, progress: new Progress(io, !output.isQuiet) };
}

/** The seed of a run, given or drawn, said before anything else. */
export function announceSeed({ io, output }: Session, given: number | undefined): number {
  const seed = given ?? io.drawSeed();
  output.say(`seed ${formatSeed(seed)}`);
  return seed;
}
