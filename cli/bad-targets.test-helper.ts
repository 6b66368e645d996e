import type { Row } from './bad-calls.test-helper.ts';

/** What is said of a target beside where it is. */
export const TARGET_OPTIONS: readonly Row[] = [
  [
    'check reference --symbols malloc=m',
    "--symbols: reference is heapcheck's own, of which all is known; leave it out.",
  ],
  [
    'replay fine.ops --target pool.c',
    "target: pool.c is a file of C; build a library of it (cc -shared -fPIC), or call 'heapcheck threads pool.c'.",
  ],
  [
    'fuzz fine.js --memory-max 65536',
    '--memory-max: fine.js is a module of JavaScript, whose calls are named as they are; leave it out.',
  ],
  [
    'replay fine.ops --target fine.js --promise alignment=24',
    "--promise: alignment cannot be '24'; pass a power of two.",
  ],
  [
    'explore fine.js --symbols malloc',
    "--symbols: 'malloc' is no NAME=VALUE; pass such with commas between: --symbols malloc=my_alloc,free=my_free.",
  ],
  [
    'check trap.wasm',
    'trap.wasm: the module cannot be started, RuntimeError: unreachable; mend it, or pass a .js module that instantiates it.',
  ],
  [
    'explore needs.wasm',
    "needs.wasm: the module imports function 'host.log', which nobody gives it; pass a .js module that instantiates it.",
  ],
  [
    'check bump.wasm --symbols malloc=take',
    "bump.wasm: the module exports no function 'take' (it exports malloc, free); say what its malloc is called.",
  ],
  [
    'fuzz module.wasm',
    'module.wasm: this is no WebAssembly module, BufferSource argument is empty; build it again.',
  ],
];
