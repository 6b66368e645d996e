/** How many programs and ops a runner has seen, and what became of them. */
export interface RunCounts {
  programs: number;
  ops: number;
  skipped: number;
  notAsked: number;
  refused: number;
}
