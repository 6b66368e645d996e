import type { Finding } from '../check/finding.ts';
import { isMeantFor, type Target } from '../check/target.ts';
import type { Program } from '../program/program.ts';
import type { Note } from '../program/text.ts';

/** Programs that are kept from one session to the next: a port, so that an engine needs to know no files. */
export interface ProgramStore {
  /**
   * @param target A target's name.
   * @returns What broke it, by name of the file.
   * @throws {UsageError} A stored program is not readable as one; file and line are named.
   */
  findingsOf(target: string): readonly StoredProgram[];
  /** @returns Programs to start from, for targets of both families; they throw as `findingsOf` does. */
  seeds(): readonly StoredProgram[];
  /**
   * Keeps a program that breaks a law; one that is kept already stays as it is.
   *
   * @returns The file that holds it.
   * @throws {UsageError} The store cannot be written.
   */
  keep(kept: KeptFinding): string;
}

/** The seeds that a target can be sent: those for the other family would only be counted as not asked. */
export function seedsFor(store: ProgramStore, target: Target): readonly StoredProgram[] {
  return store.seeds().filter(({ program }) => isMeantFor(program, target));
}

/** A program as a store holds it. */
export interface StoredProgram {
  readonly file: string;
  readonly program: Program;
  readonly notes: readonly Note[];
  /** The law or invariant that it broke when it was kept, if its notes say so. */
  readonly law: string | undefined;
}

/** A finding on its way into a store. */
export interface KeptFinding {
  readonly finding: Finding;
  readonly program: Program;
  readonly found: Found;
}

/** Where a finding comes from. */
export interface Found {
  /** Of the campaign, 32 bits; none where no program was drawn. */
  readonly seed?: number | undefined;
  /** Ops of the program before it was shrunk. */
  readonly opsCount: number;
  /** Runs that shrinking took. */
  readonly runsCount: number;
}
