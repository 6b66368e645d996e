import type { TraceSummary } from '../src/trace-formats/index.ts';
import { formatCount, formatMany } from './format.ts';
import type { Output } from './output.ts';

/** Prints what a trace says of the program that was recorded. */
export function sayTraceSummary(output: Output, summary: TraceSummary): void {
  const { blocksCount, leftBytes, leftCount, linesPassedOverCount, peakBytes } = summary;
  output.say(`  ${formatMany(blocksCount, 'block')}, at most ${formatCount(peakBytes)} bytes live`);
  if (leftCount > 0) {
    const bytes = formatMany(leftBytes, 'byte');
    output.say(
      `  ${formatMany(leftCount, 'block')} never freed by the recorded program (${bytes})`,
    );
  }
  if (linesPassedOverCount > 0) {
    output.say(`  ${formatMany(linesPassedOverCount, 'line')} without an op passed over`);
  }
}
