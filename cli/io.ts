/** What the command reads from the world and writes to it: a test passes its own. */
export interface Io {
  readonly stdout: TextOut;
  readonly stderr: TextOut;
  readonly stdin: KeyIn;
  /** Folder from which paths are read. */
  readonly cwd: string;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** A seed for runs that are given none. */
  drawSeed(): number;
}

interface TextOut {
  readonly isTTY?: boolean;
  /** Width of the terminal, in characters. */
  readonly columns?: number;
  write(text: string): unknown;
}

/** Where `--step` waits for keys. */
type KeyIn = NodeJS.ReadableStream & {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
};
