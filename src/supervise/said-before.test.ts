import { expect, test } from 'vitest';
import { saidBefore } from './said-before.ts';

// Of AddressSanitizer as gcc 12 brings it, shortened in the middle.
const ASAN = `chatter
=================================================================
==4711==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000011 at pc 0x55 bp 0x7f sp 0x7e
READ of size 1 at 0x602000000011 thread T0
    #0 0x5581 in mm_free /tmp/mm.c:12
SUMMARY: AddressSanitizer: heap-buffer-overflow /tmp/mm.c:12 in mm_free
==4711==ABORTING
`;

// Of ThreadSanitizer as gcc 12 brings it, shortened in the middle.
const TSAN = `==================
WARNING: ThreadSanitizer: data race (pid=4711)
  Read of size 8 at 0x7ff55476e088 by thread T1:
    #0 give_back pool.c:43 (libpool.so+0x12b6)
SUMMARY: ThreadSanitizer: data race pool.c:43 in give_back
==================
`;

test.each([
  [
    TSAN,
    'signal',
    { said: 'ThreadSanitizer: data race in give_back', site: 'data race in give_back' },
  ],
  [
    ASAN,
    'exit',
    {
      said: 'AddressSanitizer: heap-buffer-overflow on address 0x602000000011 at pc 0x55 bp 0x7f sp 0x7e',
      site: 'heap-buffer-overflow in mm_free',
    },
  ],
  [
    '==1==ERROR: AddressSanitizer: SEGV on unknown address\nSUMMARY: AddressSanitizer: SEGV (host+0x12)\n',
    'exit',
    { said: 'AddressSanitizer: SEGV on unknown address', site: 'SEGV' },
  ],
  [
    '==1== ERROR: AddressSanitizer: out of memory\n',
    'signal',
    { said: 'AddressSanitizer: out of memory' },
  ],
  [
    "calling\nhost: mm.c:12: mm_free: Assertion `p' failed.\n",
    'signal',
    { said: "host: mm.c:12: mm_free: Assertion `p' failed." },
  ],
  ['one\ntwo\n\n', 'exit', { said: 'two' }],
  ['one\ntwo\n\n', 'signal', {}],
  ['', 'exit', {}],
] as const)('of %j before its %s', (text, end, expected) => {
  expect(saidBefore(text, end)).toEqual(expected);
});
