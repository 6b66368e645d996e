import type { AlphabetOptions, Explorer } from '../fuzz/index.ts';
import { formatColumns, formatCount, formatMany } from './format.ts';

/** How many programs there are of each length. */
export function layerLines({ programsPerLength }: Explorer): readonly string[] {
  const rows = programsPerLength
    .slice(1)
    .map((count, index) => [`  ${index + 1}`, formatCount(count)]);
  return rows.length === 0 ? [] : ['', ...formatColumns([['  ops', 'programs'], ...rows], [0, 1])];
}

/** What a search has shown, as sentences that can be trusted: what is covered, and what is not. */
export function coverageSentence(explorer: Explorer, { kinds, sizes }: AlphabetOptions): string {
  const { depth, depthDone, end, isMerging, statesCount } = explorer;
  const over = `${kinds.join(', ')} over sizes ${sizes.join(', ')}`;
  if (end === 'closed')
    return `no finding in any program of any length: ${over} come to no other state.${odds(explorer)}`;
  const covered = `no finding in all ${formatMany(explorer.programsCount, 'program')} of up to ${formatMany(depthDone, 'op')}: ${over}.`;
  if (end === 'found')
    return `${covered}\nThe first that finds something has ${formatMany(depth, 'op')}: over these, none is shorter, but for what the frees that close a run may find.`;
  const open =
    end === 'bound reached'
      ? ''
      : ` Of those of ${formatMany(depth, 'op')}, ${Math.floor(explorer.layerPart * 100)} % of the states were gone on from, and what the longest leave live was not freed.`;
  const room =
    end === 'out of room'
      ? ` There is no room for more than ${formatMany(statesCount, 'state')}.`
      : '';
  return `${covered}${open}${room}${isMerging ? odds(explorer) : ''}`;
}

/** How likely it is that two different states were taken for one: n states, digests of 64 bits. */
function odds({ isMerging, statesCount }: Explorer): string {
  if (!isMerging) return '';
  const oneIn = Math.floor(2 ** 65 / statesCount ** 2);
  return `\nStates are compared by 64 bits; that two of these differ and share them has a chance of 1 in ${formatCount(oneIn)}.`;
}
