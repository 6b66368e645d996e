import { isMachine, type Target } from '../src/check/target.ts';
import { blockPrograms, offeredKinds } from './block-programs.ts';
import type { DrawProgram } from './draw-program.ts';
import { pagePrograms } from './page-programs.ts';

/** Draws programs of the kinds of op that a target can be sent. */
export function drawProgramFor(target: Target): DrawProgram {
  return isMachine(target) ? pagePrograms(target.pageSize) : blockPrograms(offeredKinds(target));
}
