/** What the command's end says to a shell: nothing found, a finding, a wrong call, or a failure of heapcheck itself. */
export const EXIT = { clean: 0, finding: 1, usage: 2, failure: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
