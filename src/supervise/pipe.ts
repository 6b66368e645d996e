import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../base/usage-error.ts';

/** Both ends of a pipe, as descriptors that wait. */
interface Pipe {
  readonly readFd: number;
  readonly writeFd: number;
}

/** What a host talks over. Nothing of it has a name any more. */
export interface Pipes {
  readonly requests: Pipe;
  readonly answers: Pipe;
  /** Where a host writes what it says to people: a file, which can be read as soon as the host is dead. */
  readonly errorsFd: number;
}

/** Opens what one host talks over. Node makes pipes that never wait, so these are FIFOs, unlinked once they are open. */
export function openPipes(): Pipes {
  const folder = mkdtempSync(join(tmpdir(), 'heapcheck-'));
  try {
    const [requests, answers] = [join(folder, 'requests'), join(folder, 'answers')];
    const { error, status } = spawnSync('mkfifo', ['-m', '600', requests, answers]);
    if (error !== undefined || status !== 0)
      throw new UsageError(
        "a target in a process of its own needs the command 'mkfifo', which every Unix has; run heapcheck on Linux or macOS.",
      );
    const errorsFd = openSync(join(folder, 'errors'), 'ax+', 0o600);
    return { requests: openBothEnds(requests), answers: openBothEnds(answers), errorsFd };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An end of a FIFO opens only when somebody has the other: whoever opens both needs a third at first. */
function openBothEnds(path: string): Pipe {
  const bothFd = openSync(path, constants.O_RDWR);
  const readFd = openSync(path, constants.O_RDONLY);
  const writeFd = openSync(path, constants.O_WRONLY);
  closeSync(bothFd);
  return { readFd, writeFd };
}
