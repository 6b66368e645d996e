import type { Program } from '../program/program.ts';

/**
 * Tries a smaller program: true when it still shows the bug. From then on it is the program at hand.
 */
export type Attempt = (candidate: Program) => boolean;

/**
 * One way to make a program smaller. It offers candidates, each simpler than the program at hand by the pass's own
 * measure, so that repeating it comes to an end.
 *
 * @param shows Tells whether another program shows the bug, which is not taken.
 * @returns The last candidate that was taken, or the program as it was.
 */
export type Pass = (program: Program, attempt: Attempt, shows: Attempt) => Program;
