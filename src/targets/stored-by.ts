/** What the op at a step stores: not zero, and hardly another op's. Below 2^53, which a number holds. */
export function storedBy(step: number, size: number): number {
  const bytes = Array.from(
    { length: Math.min(size, 6) },
    (_, index) => ((step + index * 7) % 255) + 1,
  );
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
}
