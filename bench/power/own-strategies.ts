import * as fc from 'fast-check';
import { ENGINE_PARTS, type EnginePart, Engine } from '../../fuzz/index.ts';
import { RUNS } from '../../properties/check.ts';
import { BrokenLaw, type LawProperty, propertiesOf } from '../../properties/suites.ts';
import { fold } from '../../src/base/prng.ts';
import type { MakeTarget } from '../../src/check/target.ts';
import { withinTime } from '../../src/supervise/watchdog.ts';
import { shrinkProgram } from './shrink.ts';
import { HANG_MS, type Search, type Strategy } from './strategy.ts';

/** So few that no batch takes as long as a hang. */
const PROGRAMS_A_BATCH = 10;

/** The fuzzer's engine as it is. */
export const FUZZ: Strategy = fuzzWithout();

/** The fuzzer's engine without each of its parts: what each is worth. */
export const ABLATIONS: readonly Strategy[] = ENGINE_PARTS.map((part) => fuzzWithout(part));

function fuzzWithout(part?: EnginePart): Strategy {
  return {
    name: part === undefined ? 'fuzz' : `fuzz without ${part}`,
    says:
      part === undefined ? "our fuzzer's engine as it is" : `the same, its part '${part}' left out`,
    families: 'allocators and machines',
    isSeeded: true,
    begin: (makeTarget, seed) => {
      const engine = new Engine(makeTarget, {
        seed,
        ...(part === undefined ? {} : { without: new Set([part]) }),
      });
      return {
        next: () => {
          const raw = withinTime(HANG_MS, () => engine.run(PROGRAMS_A_BATCH));
          if (raw === undefined) return 'nothing';
          if (part !== undefined) return {};
          return { shrink: () => shrinkProgram(makeTarget, raw.program, raw.finding) };
        },
      };
    },
  };
}

/** The property suites one after the other, as `heapcheck check` runs them; then all of them again with the next seed. */
export const PROPERTIES: Strategy = {
  name: 'properties',
  says: `our property suites as they are run, ${RUNS} programs a law, again and again`,
  families: 'allocators and machines',
  isSeeded: true,
  begin: (makeTarget, seed) => new Suites(makeTarget, seed),
};

class Suites implements Search {
  readonly #makeTarget: MakeTarget;
  readonly #properties: readonly LawProperty[];
  readonly #seed: number;
  #doneCount = 0;

  constructor(makeTarget: MakeTarget, seed: number) {
    this.#makeTarget = makeTarget;
    this.#seed = seed;
    this.#properties = propertiesOf(makeTarget);
  }

  /** Checks the next property. */
  next(): ReturnType<Search['next']> {
    const round = Math.floor(this.#doneCount / this.#properties.length);
    const { law, property } = this.#properties[this.#doneCount % this.#properties.length]!;
    this.#doneCount += 1;
    const seed = round === 0 ? this.#seed : fold(`${this.#seed} ${round}`);
    const details = fc.check(guarded(property), {
      seed: (seed ^ fold(law)) | 0,
      numRuns: RUNS,
      endOnFailure: true,
    });
    if (!details.failed) return 'nothing';
    const { counterexample, errorInstance } = details;
    if (!(errorInstance instanceof BrokenLaw)) throw errorInstance;
    const { finding } = errorInstance;
    return { shrink: () => shrinkProgram(this.#makeTarget, counterexample![0], finding) };
  }
}

/** The same property, each run of which is stopped when it hangs. */
export function guarded<T>(property: fc.IProperty<T>): fc.IProperty<T> {
  return {
    isAsync: () => false,
    generate: (random, runId) => property.generate(random, runId),
    shrink: (value) => property.shrink(value),
    runBeforeEach: () => property.runBeforeEach(),
    runAfterEach: () => property.runAfterEach(),
    run: (value) => withinTime(HANG_MS, () => property.run(value)),
  };
}
