import { UsageError } from '../base/usage-error.ts';
import { HostDied } from '../check/host-died.ts';
import { type Hello, type HostCommand, Link } from './link.ts';

/** The exit code of a host that cannot serve what it was given: its last line on stderr is the sentence that says why. */
export const EXIT_USAGE = 2;

export interface HostsOptions {
  readonly host: HostCommand;
  /** Hosts that are started before they are needed: a host that starts slowly costs nothing then. Default 0. */
  readonly sparesCount?: number;
}

/**
 * The hosts of one target: one serves, the next ones may be starting. Whoever begins a program takes the one that serves,
 * and whoever had it before has lost it: programs run one at a time, so one process is enough for all targets of one kind.
 */
export class Hosts {
  readonly hello: Hello;
  readonly #options: HostsOptions;
  readonly #spares: Link[] = [];
  #link: Link | undefined;
  #holder: object | undefined;

  /** @throws {UsageError} The host does not come up; what it says of itself is the reason. */
  constructor(options: HostsOptions) {
    this.#options = options;
    this.hello = this.#ready().hello;
  }

  /** Gives a program's target the host that serves, or a new one where that is no longer of use. */
  take(holder: object): Link {
    this.#holder = holder;
    return this.#ready();
  }

  isHeldBy(holder: object): boolean {
    return this.#holder === holder;
  }

  close(): void {
    for (const link of [this.#link, ...this.#spares.splice(0)]) link?.close();
    this.#link = undefined;
  }

  #ready(): Link {
    this.#link?.settle();
    if (this.#link?.isReady === true) return this.#link;
    this.#link?.close();
    const { host, sparesCount = 0 } = this.#options;
    const link = this.#spares.shift() ?? new Link(host);
    this.#link = link;
    while (this.#spares.length < sparesCount) this.#spares.push(new Link(host));
    try {
      // Reading it waits until the host is up.
      return link.hello && link;
    } catch (error) {
      if (!(error instanceof HostDied)) throw error;
      this.close();
      throw neverUp(host, error);
    }
  }
}

/** A host that knows what is wrong exits as heapcheck does, with a sentence. */
function neverUp({ command, name = command }: HostCommand, died: HostDied): UsageError {
  const { exitCode, said } = died.death;
  if (exitCode === EXIT_USAGE && said !== undefined) return new UsageError(said);
  return new UsageError(
    `${name}: the host ${died.message}, before any call; see what it does when it is loaded.`,
  );
}
