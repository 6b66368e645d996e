import {
  type AllocatorTarget,
  isMachine,
  type MachineTarget,
  type MakeTarget,
} from '../../src/check/target.ts';

/**
 * Counts the ops that a strategy has executed, at the target itself, so that no strategy counts its own: calls of an
 * allocator, the frees that close a program included, or the ops that a machine has ended.
 *
 * Past its limit a target throws, which every strategy takes for a finding and so comes to an end; `isSpent` says that it
 * was none.
 */
export class OpMeter {
  readonly #opsMax: number;
  #opsCount = 0;
  #isStopped = false;

  constructor(opsMax: number) {
    this.#opsMax = opsMax;
  }

  /** Ops so far. */
  get opsCount(): number {
    return this.#opsCount;
  }

  get isSpent(): boolean {
    return this.#opsCount > this.#opsMax;
  }

  /** Counts no more: from here on ops are as many as one likes. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Makes the same targets, whose ops are counted. */
  metered(makeTarget: MakeTarget): MakeTarget {
    return () => {
      const target = makeTarget();
      return isMachine(target) ? this.#machine(target) : this.#allocator(target);
    };
  }

  #machine(target: MachineTarget): MachineTarget {
    return derive(target, {
      perform: (program, observer) =>
        target.perform(program, {
          began: (op, step) => observer.began(op, step),
          ended: (op, step, outcome) => {
            this.#count();
            return observer.ended(op, step, outcome);
          },
        }),
    });
  }

  #allocator(target: AllocatorTarget): AllocatorTarget {
    return derive(target, {
      malloc: (size) => {
        this.#count();
        return target.malloc(size);
      },
      free: (address) => {
        this.#count();
        return target.free(address);
      },
      ...(target.calloc && {
        calloc: (count, size) => {
          this.#count();
          return target.calloc!(count, size);
        },
      }),
      ...(target.realloc && {
        realloc: (address, size) => {
          this.#count();
          return target.realloc!(address, size);
        },
      }),
      ...(target.aligned && {
        aligned: (alignment, size) => {
          this.#count();
          return target.aligned!(alignment, size);
        },
      }),
    });
  }

  #count(): void {
    if (this.#isStopped) return;
    this.#opsCount += 1;
    if (this.isSpent) throw new Error(`more than ${this.#opsMax} ops`);
  }
}

/** A target that is another one but for some of its methods; what is read of it is read of the other one. */
export function derive<T extends object>(target: T, changes: Partial<T>): T {
  return Object.assign(Object.create(target) as T, changes);
}
