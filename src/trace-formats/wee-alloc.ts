import { type Place, usageErrorAt } from '../base/usage-error.ts';
import type { Op } from '../program/op.ts';
import { parseSize } from '../program/words.ts';
import { OrdinalBlocks } from './ordinal-blocks.ts';
import type { TraceFormat, TraceSummary } from './trace-format.ts';

/**
 * The traces of wee_alloc's test suite. One op a line:
 *
 *     Alloc(552),     the next block, of 552 bytes
 *     Free(0),        the block of Alloc line 0, counted from 0
 *
 * Blank lines are passed over, and the comma may be left out. Recording turned a realloc into `Free` and `Alloc`,
 * and dropped alignments.
 *
 * Source: wee_alloc, "trace-malloc-free/src/main.rs".
 */
export const WEE_ALLOC: TraceFormat = {
  name: 'wee_alloc',
  says: "Alloc(size) and Free(ordinal) lines, as in wee_alloc's test suite",
  matches: (head) => /^\s*(?:Alloc|Free)\s*\(/.test(head),
  read,
};

function* read(lines: Iterable<string>, file: string): Generator<Op, TraceSummary, undefined> {
  const place = { file, line: 0 };
  const blocks = new OrdinalBlocks(place);
  let opsCount = 0;
  let linesPassedOverCount = 0;
  for (const line of lines) {
    place.line += 1;
    if (line.trim() === '') {
      linesPassedOverCount += 1;
      continue;
    }
    opsCount += 1;
    const [, name, argument] = /^\s*(Alloc|Free)\((\d+)\),?\s*$/.exec(line) ?? noOp(line, place);
    yield name === 'Alloc'
      ? blocks.allocate(parseSize(argument!, place))
      : blocks.free(Number(argument), 'Alloc');
  }
  return blocks.summary({ opsCount, linesPassedOverCount });
}

function noOp(line: string, place: Place): never {
  throw usageErrorAt(
    place,
    `'${line.trim().slice(0, 60)}' is no op`,
    'write Alloc(24), or Free(0),',
  );
}
