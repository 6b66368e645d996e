/**
 * An allocator behind a byte fuzzer: any bytes are a program. For libFuzzer's users, with Jazzer.js say:
 *
 *     npx jazzer examples/fuzz-bytes --sync
 */
import { decodeProgram, objectTarget, Runner } from 'heapcheck';
import makeAllocator from './first-fit-with-a-bug.js';

const runner = new Runner(objectTarget('first-fit-with-a-bug', makeAllocator));

export function fuzz(data) {
  const finding = runner.run(decodeProgram(data));
  if (finding === undefined) return;
  throw new Error(`${finding.law}: ${finding.observed}, expected ${finding.expected}`);
}
