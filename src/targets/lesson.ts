/** One line of a lesson's table, by column. */
export type LessonCase = Readonly<Record<string, string | number>>;

/** A claim of the lecture note about cost, and what the machine counts for it. */
export interface Lesson {
  /** The claim's row in the requirements, or its rows. */
  readonly row: string;
  /** The claim as one sentence, in numbers. */
  readonly says: string;
  /** All with the same columns. Where one is called `expected`, it is what the claim says of the column before it. */
  readonly cases: readonly LessonCase[];
}
