import { sizeOf } from '../../base/units.ts';
import type { NativeSpec } from './native-library.ts';

/** A spec as text, for the process that loads the library. */
export function printNativeSpec(spec: NativeSpec): string {
  return JSON.stringify(spec, (_, value: unknown) =>
    typeof value === 'bigint' ? { bigint: value.toString() } : value,
  );
}

export function parseNativeSpec(text: string): NativeSpec {
  return JSON.parse(text, (_, value: unknown) =>
    isBigint(value) ? sizeOf(BigInt(value.bigint)) : value,
  ) as NativeSpec;
}

function isBigint(value: unknown): value is { readonly bigint: string } {
  return typeof value === 'object' && value !== null && 'bigint' in value;
}
