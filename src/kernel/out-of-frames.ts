import { formatAddress } from '../base/units.ts';
import type { Access } from '../machine/page-fault.ts';

/**
 * The program touched a page that it may touch, and the machine has no frame left for it: where a real kernel would end
 * the program. What the program had stays as it was.
 */
export class OutOfFrames extends Error {
  override readonly name = 'OutOfFrames';

  constructor(address: number, access: Access) {
    const verb = access === 'load' ? 'load from' : 'store to';
    super(`${verb} ${formatAddress(address)}: no frame is left for its page`);
  }
}
