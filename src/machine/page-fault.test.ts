import { expect, test } from 'vitest';
import { PageFault } from './page-fault.ts';

test.each([
  ['not-mapped', 'load', 'load from 0x0040_2ffc: page 0x402 is not mapped'],
  ['read-only', 'store', 'store to 0x0040_2ffc: page 0x402 is mapped read-only'],
  ['kernel-only', 'load', 'load from 0x0040_2ffc: page 0x402 is mapped for the kernel only'],
] as const)('a page fault for %s says what the hardware would report', (cause, access, message) => {
  const fault = new PageFault({ address: 0x40_2ffc, access, cause, pageSize: 4096 });
  expect(fault).toMatchObject({ name: 'PageFault', message, address: 0x40_2ffc, access, cause });
});
