import { formatAddress } from '../base/units.ts';

export type Access = 'load' | 'store';

/** Why the hardware refuses an access, and how a report says it. */
const FAULT_CAUSES = {
  'not-mapped': 'is not mapped',
  'read-only': 'is mapped read-only',
  'kernel-only': 'is mapped for the kernel only',
  'reserved-bit': 'has a reserved bit set on the way through its page table',
  'non-canonical': 'lies outside the virtual addresses that there are',
} as const;

export type FaultCause = keyof typeof FAULT_CAUSES;

/** What a fault is about. */
export interface FaultDetails {
  /** The first byte that could not be accessed. */
  readonly address: number;
  readonly access: Access;
  readonly cause: FaultCause;
  readonly pageSize: number;
}

/** The simulated program is wrong: what the hardware would report, and nobody could mend. */
export class PageFault extends Error {
  override readonly name = 'PageFault';
  readonly address: number;
  readonly access: Access;
  override readonly cause: FaultCause;

  constructor({ address, access, cause, pageSize }: FaultDetails) {
    const page = Math.floor(address / pageSize).toString(16);
    const verb = access === 'load' ? 'load from' : 'store to';
    super(`${verb} ${formatAddress(address)}: page 0x${page} ${FAULT_CAUSES[cause]}`);
    this.address = address;
    this.access = access;
    this.cause = cause;
  }
}

/**
 * Whoever maps pages on demand. A port of the machine: the kernel provides it.
 */
export interface FaultHandler {
  /** @returns Whether the page is there now, so that the access may be tried again. */
  resolve(address: number, access: Access, cause: FaultCause): boolean;
}
