import type { Range } from '../base/range.ts';
import { type PresetName, PRESETS } from '../machine/geometry.ts';

/** Where in each process's address space things lie. */
interface KernelLayout {
  readonly space: { readonly breakRange: Range; readonly mapRange: Range };
  readonly heapRange: Range;
}

/** Of all addresses: two eighths for the heap, one for stacks, one for the break, the rest for maps. */
export function layoutOf(preset: PresetName): KernelLayout {
  const { addressLimit, pageSize } = PRESETS[preset];
  const eighth = addressLimit / 8;
  return {
    space: {
      breakRange: { start: 3 * eighth, end: 4 * eighth },
      mapRange: { start: 4 * eighth, end: 8 * eighth },
    },
    heapRange: { start: pageSize, end: 2 * eighth },
  };
}
