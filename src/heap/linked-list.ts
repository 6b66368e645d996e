import { assert, unreachable } from '../base/kit-bug.ts';
import type { AddressIndex } from './address-index.ts';
import type { BlockLayout } from './block.ts';
import type { FreeList, HeapCounters } from './free-list.ts';
import type { HeapOptions } from './options.ts';

/** More steps than any list has blocks: a million blocks are far beyond what a list is for. */
const STEPS_MAX = 2 ** 22;

/**
 * One list of all free blocks, singly or doubly linked, newest first or by address, searched by any fit.
 *
 * With an index, which knows the same blocks, a search and the place of a new block take logarithmic time; what is
 * chosen, and how the list looks, is the same.
 */
export class LinkedList implements FreeList {
  readonly #layout: BlockLayout;
  readonly #counters: HeapCounters;
  readonly #fit: HeapOptions['fit'];
  readonly #isByAddress: boolean;
  readonly #isDouble: boolean;
  readonly #index: AddressIndex | undefined;
  #head = 0;
  /** Next fit: where the next search starts; 0 for the head. */
  #rover = 0;
  /** What is left of the steps of one search. */
  #stepsLeft = STEPS_MAX;

  constructor(
    layout: BlockLayout,
    counters: HeapCounters,
    options: HeapOptions,
    index?: AddressIndex,
  ) {
    this.#layout = layout;
    this.#counters = counters;
    this.#fit = options.fit;
    this.#isByAddress = options.list !== 'lifo';
    this.#isDouble = options.links === 'double';
    this.#index = index;
  }

  take(extent: number): number {
    this.#stepsLeft = STEPS_MAX;
    const block = this.#find(extent);
    if (block !== 0) this.remove(block);
    return block;
  }

  insert(block: number, extent: number): void {
    this.#stepsLeft = STEPS_MAX;
    const before = this.#isByAddress ? this.#lastBelow(block) : 0;
    const after = before === 0 ? this.#head : this.#layout.nextOf(before);
    this.#layout.setNext(block, after);
    this.#link(before, block);
    if (this.#isDouble) {
      this.#layout.setPrevious(block, before);
      if (after !== 0) this.#layout.setPrevious(after, block);
    }
    this.#index?.insert(block, extent);
  }

  insertRest(block: number, extent: number): void {
    this.insert(block, extent);
  }

  remove(block: number): void {
    this.#stepsLeft = STEPS_MAX;
    const before = this.#isDouble ? this.#layout.previousOf(block) : this.#before(block);
    const after = this.#layout.nextOf(block);
    this.#link(before, after);
    if (this.#isDouble && after !== 0) this.#layout.setPrevious(after, before);
    if (this.#rover === block) this.#rover = after;
    this.#index?.remove(block);
  }

  /** @returns The listed block that ends at this address, or 0: how neighbours are found where blocks carry no tags. */
  endingAt(address: number): number {
    this.#stepsLeft = STEPS_MAX;
    for (let block = this.#head; block !== 0; block = this.#step(block)) {
      if (block + this.#layout.extentOf(block) === address) return block;
    }
    return 0;
  }

  /** @returns This address if a listed block starts there, or 0. */
  startingAt(address: number): number {
    this.#stepsLeft = STEPS_MAX;
    let block = this.#head;
    while (block !== 0 && block !== address) block = this.#step(block);
    return block;
  }

  each(visit: (block: number) => boolean): void {
    let block = this.#head;
    while (block !== 0 && visit(block)) block = this.#layout.nextOf(block);
  }

  clear(): void {
    this.#head = 0;
    this.#rover = 0;
    this.#index?.clear();
  }

  /** The head, the rover, then what the index has. */
  registers(): readonly number[] {
    return [this.#head, this.#rover, ...(this.#index?.entries() ?? [])];
  }

  setRegisters([head, rover, ...entries]: readonly number[]): void {
    this.clear();
    this.#head = head!;
    this.#rover = rover!;
    for (let at = 0; at < entries.length; at += 2)
      this.#index!.insert(entries[at]!, entries[at + 1]!);
  }

  #find(extent: number): number {
    if (this.#index !== undefined) return this.#index.firstOf(extent);
    switch (this.#fit) {
      case 'first':
        return this.#firstFrom(this.#head, 0, extent);
      case 'next':
        return (
          this.#firstFrom(this.#rover, 0, extent) ||
          this.#firstFrom(this.#head, this.#rover, extent)
        );
      case 'best':
        return this.#extreme(extent, -1);
      case 'worst':
        return this.#extreme(extent, 1);
      default:
        return unreachable(this.#fit);
    }
  }

  /** One step along the list. A list that was damaged into a ring ends a search here. */
  #step(block: number): number {
    this.#counters.listSteps += 1;
    this.#stepsLeft -= 1;
    assert(this.#stepsLeft > 0, 'a search along the free list ends');
    return this.#layout.nextOf(block);
  }

  #link(before: number, block: number): void {
    if (before === 0) this.#head = block;
    else this.#layout.setNext(before, block);
  }

  /** The first block from `start` up to, not including, `end` that is large enough; next fit remembers it. */
  #firstFrom(start: number, end: number, extent: number): number {
    for (let block = start; block !== end && block !== 0; block = this.#step(block)) {
      if (this.#layout.extentOf(block) >= extent) {
        if (this.#fit === 'next') this.#rover = block;
        return block;
      }
    }
    return 0;
  }

  /** The block that is large enough and has the smallest (-1) or largest (1) extent; of equals, the first listed. */
  #extreme(extent: number, sign: -1 | 1): number {
    let chosen = 0;
    let extentChosen = 0;
    for (let block = this.#head; block !== 0; block = this.#step(block)) {
      const candidate = this.#layout.extentOf(block);
      if (candidate >= extent && (chosen === 0 || (candidate - extentChosen) * sign > 0)) {
        chosen = block;
        extentChosen = candidate;
      }
    }
    return chosen;
  }

  /** The last listed block below an address, or 0. */
  #lastBelow(address: number): number {
    if (this.#index !== undefined) return this.#index.lastBelow(address);
    let before = 0;
    for (let block = this.#head; block !== 0 && block < address; block = this.#step(block))
      before = block;
    return before;
  }

  /** The listed block whose successor is `block`, or 0 for the head. */
  #before(block: number): number {
    if (this.#index !== undefined) return this.#index.lastBelow(block);
    let before = 0;
    for (let at = this.#head; at !== block; at = this.#step(at)) before = at;
    return before;
  }
}
