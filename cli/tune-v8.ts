import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8's compiler inline four times as much byte code into one function as it does by default (920). The loops here
 * call many small functions an op; with more of them inlined the reference heap runs 1.4 times as fast, and checked
 * programs 1.2 times. A Node whose V8 does not know the flag runs as it would without.
 */
export function tuneV8(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000');
}
