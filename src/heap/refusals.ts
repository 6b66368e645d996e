/** Which of the requests for memory that reach a system are refused, as a test wants it. */
export class Refusals {
  /** How many were refused since `refuse` was called last. */
  refusedCount = 0;
  #askedCount = 0;
  #first = 0;
  #count = 0;

  /** Counts requests anew from 0, and refuses `count` of them from the one numbered `first` on. */
  refuse(first: number, count: number): void {
    this.refusedCount = 0;
    this.#askedCount = 0;
    this.#first = first;
    this.#count = count;
  }

  /** @returns Whether the request that is made now is refused. */
  isNext(): boolean {
    const past = this.#askedCount - this.#first;
    this.#askedCount += 1;
    if (past < 0 || past >= this.#count) return false;
    this.refusedCount += 1;
    return true;
  }
}
