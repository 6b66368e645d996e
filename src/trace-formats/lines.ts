/**
 * Cuts text that comes in chunks into lines, without their ends: LF or CR LF. A last line without an end counts, an
 * end at the very end of the text opens no further line.
 *
 * Memory: one chunk and the longest line.
 */
export function* splitLines(chunks: Iterable<string>): Generator<string, undefined, undefined> {
  let rest = '';
  for (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      yield withoutReturn(rest + chunk.slice(start, end));
      rest = '';
      start = end + 1;
    }
    rest += chunk.slice(start);
  }
  if (rest !== '') yield withoutReturn(rest);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
