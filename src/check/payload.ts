import type { Memory } from './target.ts';

/** Payloads of up to this many words of 8 bytes are filled and verified in full, larger ones in samples. */
const FULL_WORDS = 16;
/** Sampled payloads: two words at each end, where allocators keep their own, and two in between. */
const SAMPLES_COUNT = 6;
/** A zeroed block is read in full up to this many words. */
const ZERO_FULL_WORDS = 512;

const scratchWord = new Float64Array(1);
const scratchBytes = new Uint8Array(scratchWord.buffer);

/** Keys this far apart give no word twice: it is no ratio of whole numbers to the 8 bytes of a word. */
export const KEY_STEP = 6.549_765_784_676_666;

/**
 * The double that stands at word `index` of the block with this key. It depends on both, so that a payload that was
 * moved by a word, or belongs to another block, is told apart; irrational steps leave few zero bytes in it. With a
 * block's address as its key, what stands at a place depends on the place alone.
 */
function patternWord(key: number, index: number): number {
  return (key + index * 8) * 0.094_359_708_280_836_59 + 0.569_840_290_998_053_2;
}

function patternByte(key: number, offset: number): number {
  scratchWord[0] = patternWord(key, Math.floor(offset / 8));
  return scratchBytes[offset % 8]!;
}

function sampleIndex(sample: number, wordsCount: number): number {
  if (sample < 2) return sample;
  if (sample >= 4) return wordsCount - SAMPLES_COUNT + sample;
  return Math.floor(wordsCount / 3) * (sample - 1);
}

/** Fills a payload of `size` bytes with the pattern of `key`. */
export function fillPayload(memory: Memory, address: number, size: number, key: number): void {
  if (memory.payloads !== undefined) return memory.payloads.fill(address, size, key);
  const wordsCount = Math.floor(size / 8);
  if (wordsCount <= FULL_WORDS) {
    for (let index = 0; index < wordsCount; index += 1) {
      memory.storeDouble(address + index * 8, patternWord(key, index));
    }
  } else {
    for (let sample = 0; sample < SAMPLES_COUNT; sample += 1) {
      const index = sampleIndex(sample, wordsCount);
      memory.storeDouble(address + index * 8, patternWord(key, index));
    }
  }
  for (let offset = wordsCount * 8; offset < size; offset += 1) {
    memory.storeByte(address + offset, patternByte(key, offset));
  }
}

/** @returns Offset of a byte (or of the 8-byte word that holds it) that differs from the pattern, or -1. */
export function payloadDamage(
  memory: Memory,
  address: number,
  size: number,
  keptSize: number,
  key: number,
): number {
  if (memory.payloads !== undefined) return memory.payloads.damage(address, size, keptSize, key);
  const wordsCount = Math.floor(size / 8);
  const keptWords = Math.floor(keptSize / 8);
  if (wordsCount <= FULL_WORDS) {
    for (let index = 0; index < keptWords; index += 1) {
      if (memory.loadDouble(address + index * 8) !== patternWord(key, index)) return index * 8;
    }
  } else {
    for (let sample = 0; sample < SAMPLES_COUNT; sample += 1) {
      const index = sampleIndex(sample, wordsCount);
      if (index < keptWords && memory.loadDouble(address + index * 8) !== patternWord(key, index))
        return index * 8;
    }
    if (keptSize < size) return -1;
  }
  for (let offset = keptWords * 8; offset < keptSize; offset += 1) {
    if (memory.loadByte(address + offset) !== patternByte(key, offset)) return offset;
  }
  return -1;
}

/** @returns Offset of a byte (or of the 8-byte word that holds it) that is not zero, or -1; long blocks in samples. */
export function firstNonZero(memory: Memory, address: number, size: number): number {
  if (memory.payloads !== undefined) return memory.payloads.firstNonZero(address, size);
  const wordsCount = Math.floor(size / 8);
  for (let index = 0; index < Math.min(wordsCount, ZERO_FULL_WORDS); index += 1) {
    if (!Object.is(memory.loadDouble(address + index * 8), 0)) return index * 8;
  }
  if (wordsCount > ZERO_FULL_WORDS) {
    for (let sample = 0; sample < SAMPLES_COUNT; sample += 1) {
      const offset = sampleIndex(sample, wordsCount) * 8;
      if (!Object.is(memory.loadDouble(address + offset), 0)) return offset;
    }
  }
  for (let offset = wordsCount * 8; offset < size; offset += 1) {
    if (memory.loadByte(address + offset) !== 0) return offset;
  }
  return -1;
}
