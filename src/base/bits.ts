export function isPowerOfTwo(value: number): boolean {
  return value >= 1 && value < Infinity && 2 ** Math.round(Math.log2(value)) === value;
}

/**
 * The smallest multiple of `step` that is at least `value`.
 *
 * @param value 0 ≤ value ≤ 2^53 - step; above 2^30 no 32-bit operation touches it.
 * @param step A power of two, at most 2^30.
 */
/** The largest power of two that divides a whole number above 0. */
export function powerDividing(value: number): number {
  let power = 1;
  while (value % (power * 2) === 0) power *= 2;
  return power;
}

export function roundUp(value: number, step: number): number {
  return value <= 0x3fff_ffff ? (value + step - 1) & -step : Math.ceil(value / step) * step;
}

/** The largest multiple of `step` that is at most `value`; limits as `roundUp`. */
export function roundDown(value: number, step: number): number {
  return value <= 0x3fff_ffff ? value & -step : Math.floor(value / step) * step;
}
