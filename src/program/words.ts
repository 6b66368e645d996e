import { SIZE_MAX, type Size, sizeOf } from '../base/units.ts';
import { type Place, usageErrorAt } from '../base/usage-error.ts';
import { type Slot, type SlotLetter, SLOTS_LIMIT } from './op.ts';

/**
 * Reads a slot: a letter that says what it holds, and a number.
 *
 * @throws {UsageError} The word is no slot of that letter, or one that is too large.
 */
export function parseSlot(letter: SlotLetter, word: string, place: Place): Slot {
  if (word[0] !== letter || !/^.\d+$/.test(word)) {
    throw usageErrorAt(
      place,
      `'${excerpt(word)}' stands where a slot belongs`,
      `write ${letter}0, ${letter}1, ${letter}2 and so on`,
    );
  }
  const slot = Number(word.slice(1));
  if (slot >= SLOTS_LIMIT) {
    throw usageErrorAt(
      place,
      `slot ${excerpt(word)} is too large`,
      `slots go up to ${letter}${SLOTS_LIMIT - 1}`,
    );
  }
  return slot;
}

/**
 * Reads a size in decimal digits, exactly.
 *
 * @throws {UsageError} The word is no whole number, or one above SIZE_MAX.
 */
export function parseSize(word: string, place: Place): Size {
  if (!/^\d+$/.test(word)) {
    throw usageErrorAt(
      place,
      `'${excerpt(word)}' stands where a number belongs`,
      'write a whole number in decimal digits',
    );
  }
  if (word.length < 16) return Number(word);
  const size = sizeOf(BigInt(word));
  if (size <= SIZE_MAX) return size;
  throw usageErrorAt(
    place,
    `${excerpt(word)} is too large`,
    `numbers go up to 2^64-1 = ${SIZE_MAX}`,
  );
}

/**
 * Reads a whole number in decimal digits that a JavaScript number holds exactly.
 *
 * @throws {UsageError} The word is no whole number, or one above 2^53-1.
 */
export function parseNumber(word: string, place: Place): number {
  const number = parseSize(word, place);
  if (typeof number === 'number') return number;
  throw usageErrorAt(
    place,
    `${excerpt(word)} is too large`,
    `numbers go up to ${Number.MAX_SAFE_INTEGER} here`,
  );
}

/**
 * As `parseNumber`, and with `-` in front below 0.
 *
 * @throws {UsageError} The word is no whole number, or one that is too large.
 */
export function parseSigned(word: string, place: Place): number {
  if (!/^-?\d+$/.test(word)) {
    throw usageErrorAt(
      place,
      `'${excerpt(word)}' stands where a number belongs`,
      'write a whole number in decimal digits, with - in front to go down',
    );
  }
  return word.startsWith('-') ? 0 - parseNumber(word.slice(1), place) : parseNumber(word, place);
}

/** Reads one of a few words. @throws {UsageError} It is none of them. */
export function parseChoice<Choice extends string | number>(
  choices: readonly Choice[],
  word: string,
  place: Place,
): Choice {
  const choice = choices.find((each) => String(each) === word);
  if (choice !== undefined) return choice;
  throw usageErrorAt(
    place,
    `'${excerpt(word)}' is none of ${choices.join(', ')}`,
    'write one of them',
  );
}

/** A piece of input short enough to stand in a message. */
export function excerpt(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
