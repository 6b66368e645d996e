/** A belief of heapcheck's own code turned out wrong. Never the allocator's fault, never the caller's. */
export class KitBug extends Error {
  override readonly name = 'KitBug';
}

/**
 * States a belief.
 *
 * @param belief What must be true, as a statement; it becomes the message.
 * @throws {KitBug} The condition is false.
 */
export function assert(condition: boolean, belief: string): asserts condition {
  if (!condition) throw new KitBug(belief);
}

/** Closes a `switch` over a union: the compiler proves that no case is left, this line proves it at run time. */
export function unreachable(value: never): never {
  throw new KitBug(`no case is left for ${String(value)}`);
}
