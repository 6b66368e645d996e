import { assert } from '../src/base/kit-bug.ts';
import type { Prng } from '../src/base/prng.ts';
import type { Program } from '../src/program/program.ts';
import type { Feature, Shown } from './novelty.ts';

/** A kept program, and for how many features it is kept. */
interface Kept {
  readonly program: Program;
  featuresCount: number;
}

/** A program takes a feature over if it has this part of the ops at the most: else they would only come and go. */
const SHORTER = 0.75;
/** So many programs that showed something new last are picked more often: they are the farthest that the search has come. */
const NEWEST_COUNT = 24;
const OTHER_ONE_IN = 4;

/** The programs that a campaign keeps: for each feature that was seen a short one that shows it. */
export class Corpus {
  readonly #owners: (Kept | undefined)[] = [];
  #featuresCount = 0;
  /** Those that are only shorter than others first, then by the time at which they showed something new. */
  #kept: Kept[] = [];

  get programs(): readonly Program[] {
    return this.#kept.map(({ program }) => program);
  }

  get size(): number {
    return this.#kept.length;
  }

  get featuresCount(): number {
    return this.#featuresCount;
  }

  /**
   * Keeps a program as far as the last of its features that nobody showed so far, or only a much longer program. A
   * program that is left without a feature is forgotten.
   *
   * @param shown What its run showed.
   * @returns Whether it showed something new.
   */
  offer(program: Program, shown: Shown): boolean {
    const won: Feature[] = [];
    let opsCount = 0;
    let isNew = false;
    for (const feature of shown.features) {
      const owner = this.#owners[feature];
      const ops = shown.opsOf(feature);
      if (owner !== undefined && ops > owner.program.length * SHORTER) continue;
      if (owner === undefined) isNew = true;
      won.push(feature);
      opsCount = Math.max(opsCount, ops);
    }
    if (won.length === 0) return false;
    const kept = { program: program.slice(0, opsCount), featuresCount: won.length };
    if (isNew) this.#kept.push(kept);
    else this.#kept.unshift(kept);
    this.#giveFeatures(won, kept);
    return isNew;
  }

  /** Keeps a program whatever it shows. */
  add(program: Program): void {
    this.#kept.push({ program, featuresCount: 1 });
  }

  /** A kept program, mostly one of those that showed something new last. */
  pick(prng: Prng): Program {
    assert(this.size > 0, 'pick needs a program');
    const first = prng.oneIn(OTHER_ONE_IN) ? 0 : Math.max(0, this.size - NEWEST_COUNT);
    return this.#kept[prng.between(first, this.size - 1)]!.program;
  }

  #giveFeatures(features: readonly Feature[], kept: Kept): void {
    let isOneBare = false;
    for (const feature of features) {
      const owner = this.#owners[feature];
      this.#owners[feature] = kept;
      if (owner === undefined) this.#featuresCount += 1;
      if (owner === undefined) continue;
      owner.featuresCount -= 1;
      if (owner.featuresCount === 0) isOneBare = true;
    }
    if (isOneBare) this.#kept = this.#kept.filter(({ featuresCount }) => featuresCount > 0);
  }
}
