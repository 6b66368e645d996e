import { isMachine, type Target } from '../src/check/target.ts';
import { blockPrograms, offeredKinds } from './block-programs.ts';
import type { DrawProgram } from './draw-program.ts';
import { pagePrograms } from './page-programs.ts';
import { type EnginePart, NOTHING } from './parts.ts';
import { threadPrograms } from './thread-programs.ts';

/** Draws programs of the kinds of op that a target can be sent. */
export function drawProgramFor(
  target: Target,
  without: ReadonlySet<EnginePart> = NOTHING,
): DrawProgram {
  if (!isMachine(target)) return blockPrograms(offeredKinds(target), without);
  const { pageSize, performs } = target;
  return performs === 'page-ops'
    ? pagePrograms(pageSize, without)
    : threadPrograms(pageSize, without);
}
