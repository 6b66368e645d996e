/**
 * What laws and invariants have in common, as named data.
 *
 * - `name` kebab-case, present tense, readable as a sentence; the first word of a report
 * - `says` the rule in one sentence
 * - `rows` ids of the catalogue that it covers: `H4 B4 R36`
 * - `source` where the field states or checks it
 */
export interface Rule {
  readonly name: string;
  readonly says: string;
  readonly rows: string;
  readonly source: string;
}

/** A rule with how to tell whether it is kept. */
export interface CheckedRule<State> extends Rule {
  /** @returns What is wrong, with numbers, or undefined. */
  readonly check: (state: State) => string | undefined;
}

/** Rules about a part of something, as rules about the whole. */
export function rulesOnPart<Part, Whole, Own extends CheckedRule<Part>>(
  rules: readonly Own[],
  partOf: (whole: Whole) => Part,
): readonly (Omit<Own, 'check'> & CheckedRule<Whole>)[] {
  return rules.map((rule) => ({ ...rule, check: (whole) => rule.check(partOf(whole)) }));
}
