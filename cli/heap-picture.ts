import { formatAddress } from '../src/base/units.ts';
import type { WalkedBlock } from '../src/check/target.ts';

/** What the pictures mean, for the first line above them. */
export const PICTURE_LEGEND =
  '# used  . free  B big: a block is one character wider for each doubling of its size';

/** The size, in bytes, of blocks that are one character wide. */
const CELL_BYTES = 16;
const CELLS_MAX = 16;
const MARKS = { used: '#', free: '.', big: 'B' } as const;

/**
 * A heap in text, one row a stretch of blocks without a gap, from its first address to its last:
 *
 *     0x0001_0000 |##|###|............|
 *
 * @param width Characters of a row; a longer one loses its middle.
 */
export function drawHeap(blocks: readonly WalkedBlock[], width: number): readonly string[] {
  return stretchesOf(blocks).map((stretch) => {
    const cells = stretch.map(({ start, end, state }) => MARKS[state].repeat(cellsOf(end - start)));
    const start = `${formatAddress(stretch[0]!.start)} `;
    return start + fit(`|${cells.join('|')}|`, Math.max(20, width - start.length));
  });
}

/** Blocks that lie end to end, together. */
function stretchesOf(blocks: readonly WalkedBlock[]): readonly (readonly WalkedBlock[])[] {
  const stretches: WalkedBlock[][] = [];
  for (const block of blocks) {
    const stretch = stretches.at(-1);
    const last = stretch?.at(-1);
    if (stretch !== undefined && last?.end === block.start && isBig(last) === isBig(block)) {
      stretch.push(block);
    } else {
      stretches.push([block]);
    }
  }
  return stretches;
}

function isBig({ state }: WalkedBlock): boolean {
  return state === 'big';
}

function cellsOf(extent: number): number {
  const doublings = Math.floor(Math.log2(Math.max(1, extent / CELL_BYTES)));
  return Math.min(CELLS_MAX, 1 + doublings);
}

function fit(row: string, width: number): string {
  if (row.length <= width) return row;
  const half = Math.floor((width - 3) / 2);
  return `${row.slice(0, half)} … ${row.slice(-half)}`;
}
