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
