import { Prng } from '../../src/base/prng.ts';
import { Runner } from '../../src/check/runner.ts';
import { decodeProgram } from '../../src/program/bytes.ts';
import { withinTime } from '../../src/supervise/watchdog.ts';
import { HANG_MS, type Strategy } from './strategy.ts';

const BYTES_MAX = 256;
const PROGRAMS_A_BATCH = 10;

/** What a byte fuzzer drives, as in `examples/fuzz-bytes.js`, but driven by random bytes: no coverage guides them. */
export const BYTES: Strategy = {
  name: 'bytes',
  says: `random bytes, up to ${BYTES_MAX}, through the entry for byte fuzzers, not guided by coverage (Jazzer.js 4.0 is not measured: its prebuilt binary needs glibc 2.38, and Debian 12 has 2.36)`,
  families: 'allocators',
  isSeeded: true,
  begin: (makeTarget, seed) => {
    const prng = new Prng(seed);
    const runner = new Runner(makeTarget);
    const findsOne = (): boolean => {
      for (let count = 0; count < PROGRAMS_A_BATCH; count += 1) {
        if (runner.run(decodeProgram(drawBytes(prng))) !== undefined) return true;
      }
      return false;
    };
    return { next: () => (withinTime(HANG_MS, findsOne) ? {} : 'nothing') };
  },
};

function drawBytes(prng: Prng): Uint8Array {
  return Uint8Array.from({ length: prng.between(1, BYTES_MAX) }, () => prng.below(256));
}
