/** Numbers in lists, which may hold lists: a state as plain data. */
export type Registers = readonly (number | Registers)[];

/**
 * What the small allocators have in common. Addresses and sizes are plain numbers; null is a refusal, which changes
 * nothing.
 */
export interface Allocator {
  malloc(size: number): number | null;
  /** @returns False when it refuses the address. Null is ignored. */
  free(address: number | null): boolean;
  /** As `malloc` of `count` times `size` bytes, all zero. */
  calloc(count: number, size: number): number | null;
  /** Gives a block another size and keeps its contents. On null the old block stays. */
  realloc(address: number | null, size: number): number | null;
  /** As `malloc`, at a multiple of `alignment`, a power of two. */
  aligned(alignment: number, size: number): number | null;
  /** @returns How many bytes of a live block the caller may use. */
  usableSize(address: number): number;
  /** Back to an empty heap, live blocks or not. */
  reset(): void;
  /** All that it keeps beside its arena. */
  capture(): Registers;
  /** Back to what was captured, the arena being as it was then. */
  restore(registers: Registers): void;
}
