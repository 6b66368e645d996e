/** What the lines call, by name. Payloads hold doubles that depend on the block and on the place in it. */
export const JS_HELPERS = {
  fail: `
function fail(says) {
  console.error(says);
  process.exit(1);
}`,
  isNull: `
function isNull(block) {
  return block === undefined || block === null || block === nullAddress;
}`,
  isAddress: `
function isAddress(block) {
  return isNull(block) || (Number.isSafeInteger(block) && block >= 0);
}`,
  isAligned: `
function isAligned(block, alignment) {
  return isNull(block) || block % alignment === 0;
}`,
  isInside: `
function isInside(block, size) {
  const { start, end } = heap();
  return isNull(block) || (block >= start && block + Math.max(1, size) <= end);
}`,
  foreign: `
/** An address so far behind the heap, or in front of it where that is below 0. */
function foreign(offset) {
  return (offset < 0 ? heap().start : heap().end) + offset;
}`,
  heap: `
function heap() {
  const { bounds, memory } = allocator;
  return bounds ?? { start: 0, end: memory.byteLength ?? memory.buffer.byteLength };
}`,
  overlap: `
function overlap(a, aSize, b, bSize) {
  return !isNull(a) && !isNull(b) && a < b + Math.max(1, bSize) && b < a + Math.max(1, aSize);
}`,
  usable: `
function usable(block) {
  return isNull(block) ? 0 : allocator.usableSize(block);
}`,
  footprint: `
function footprint() {
  return allocator.footprint();
}`,
  fill: `
function fill(block, size, key) {
  if (isNull(block)) return;
  for (const index of words(size)) view().setFloat64(block + index * 8, word(key, index), true);
  for (let at = size - (size % 8); at < size; at += 1) view().setUint8(block + at, byte(key, at));
}`,
  flip: `
function flip(block, offset) {
  view().setUint8(block + offset, view().getUint8(block + offset) ^ 0xff);
}`,
  isIntact: `
/** Whether the first so many bytes are as they were filled in when the block had its size. */
function isIntact(block, size, kept, key) {
  if (isNull(block)) return true;
  for (const index of words(size)) {
    const isKept = index * 8 + 8 <= kept;
    if (isKept && view().getFloat64(block + index * 8, true) !== word(key, index)) return false;
  }
  if (size >= 136 && kept < size) return true;
  for (let at = kept - (kept % 8); at < kept; at += 1)
    if (view().getUint8(block + at) !== byte(key, at)) return false;
  return true;
}`,
  isZero: `
function isZero(block, size) {
  for (let at = 0; at < size; at += 1) if (view().getUint8(block + at) !== 0) return false;
  return true;
}`,
  words: `
/** The words of 8 bytes that are filled: all, or of a large block two at each end and two in between. */
function words(size) {
  const count = Math.floor(size / 8);
  if (count <= 16) return Array.from({ length: count }, (_, index) => index);
  const third = Math.floor(count / 3);
  return [0, 1, third, third * 2, count - 2, count - 1];
}`,
  word: `
function word(key, index) {
  return (key + index * 8) * 0.09435970828083659 + 0.5698402909980532;
}`,
  byte: `
function byte(key, at) {
  return new Uint8Array(new Float64Array([word(key, Math.floor(at / 8))]).buffer)[at % 8];
}`,
  view: `
function view() {
  const { memory } = allocator;
  if (!('buffer' in memory)) return new DataView(memory);
  return new DataView(memory.buffer, memory.byteOffset ?? 0, memory.byteLength);
}`,
} as const;
