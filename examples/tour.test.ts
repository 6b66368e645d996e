/** The tour of the kernel: what it prints, and what a replay of its program says. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

const TOUR = `tick  who  which ops end
   0  t0  quantum 5  s0 = semaphore 1  q0 = queue 1  t1 = spawn process  t2 = spawn process  t3 = spawn process  t4 = spawn process
   8  t1  down s0  a0 = map 16384  touch a0 0 16384
  18  t2
  21  t3  a1 = map 16384  touch a1 0 16384
  30  t4
  33  t1  touch a0 0 16384  up s0  send q0
  40  t3  touch a1 0 16384  send q0
  46  t2  down s0  compute 2  up s0
  52  t0  receive q0 from t1  receive q0 from t3  receive q0 from t2
  57  t2  send q0
  74  t4  io 40  send q0
  77  t0  receive q0 from t4

all ended at 77 { user: 18, kernel: 23, switching: 22, idle: 14 }
processes: 12 roots set, 150 reads for translation
with ids: 12 roots set, 102 reads for translation
threads of one process: 1 roots set, 101 reads for translation
`;

function node(...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
}

test('the tour of the kernel prints who ran when, what was sent and what the switches cost', () => {
  expect(node('examples/tour.js')).toBe(TOUR);
});

test('the tour of the kernel is replayed, comes to each of its ops and breaks nothing', () => {
  const replayed = node('dist/cli/main.js', 'replay', 'examples/tour.ops');
  const steps = replayed.match(/^ *\d+ {2}\S.*$/gm)!;
  expect(steps.filter((line) => !/ {3}(done|0x)/.test(line))).toEqual([]);
  const numbers = steps.map((line) => Number.parseInt(line, 10)).toSorted((a, b) => a - b);
  expect(numbers).toEqual([...numbers.keys()]);
  expect(replayed).toMatch(/^examples\/tour\.ops on kernel: 27 ops\n/);
  expect(replayed.endsWith('\nkernel keeps every law on this program\n')).toBe(true);
});

test('the tour of the kernel has five processes, a semaphore, a queue, a device, and less than 60 lines', () => {
  const [script, ops] = ['tour.js', 'tour.ops'].map((file) =>
    readFileSync(join(ROOT, 'examples', file), 'utf8'),
  );
  const counts = [/ = spawn process/g, / = semaphore /g, / = queue /g, /: io /g].map(
    (pattern) => ops!.match(pattern)?.length,
  );
  expect(counts).toEqual([4, 1, 1, 1]);
  expect(`${script}${ops}`.trimEnd().split('\n').length).toBeLessThan(60);
});
