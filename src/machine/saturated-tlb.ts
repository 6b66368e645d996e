import { formatAddress } from '../base/units.ts';
import { ACCESSED, DIRTY, frameOf, type Mapping } from './page-table-entry.ts';
import { PageWalk } from './page-walk.ts';
import type { TableLayout } from './table-layout.ts';
import type { TlbUse, TlbWatcher } from './tlb.ts';

/** A translation that was used, as the tables granted it then. */
export interface SaturatedEntry extends Mapping {
  readonly space: number;
  readonly root: number;
  /** The first address that it translates. */
  readonly address: number;
  /** Whether a store has used it. */
  readonly isStored: boolean;
}

/** The first thing of each kind that went wrong. */
export interface SaturatedProblems {
  /** A translation was used that the tables had changed since: an invalidation is missing. */
  stale?: string;
  /** The MMU translated otherwise than a walk does. */
  translation?: string;
  /** A use left no accessed or no dirty bit. */
  bits?: string;
}

/**
 * A TLB that forgets nothing: it keeps every translation ever used, and only an invalidation empties it. What is stale
 * in it lacks an invalidation, whatever the size and the luck of the real TLB: that one may have lost the entry, this
 * one has not.
 *
 * It watches an MMU, and walks the tables itself at each use.
 *
 * Source: Syeda and Klein, "Reasoning about Translation Lookaside Buffers", LPAR 2017: the saturated TLB, and
 * `incon_set`, the addresses whose entries in it disagree with the tables.
 */
export class SaturatedTlb implements TlbWatcher {
  readonly problems: SaturatedProblems = {};
  readonly #layout: TableLayout;
  readonly #walk: PageWalk;
  readonly #pagesLimit: number;
  readonly #entries = new Map<number, SaturatedEntry>();

  constructor(layout: TableLayout) {
    this.#layout = layout;
    this.#pagesLimit = layout.geometry.addressLimit / layout.geometry.pageSize;
    this.#walk = new PageWalk(layout);
  }

  entries(): Iterable<SaturatedEntry> {
    return this.#entries.values();
  }

  /** What the tables under a root map at an address now. */
  mappingAt(root: number, address: number): Mapping | undefined {
    if (this.#walk.walk(root, address) !== undefined) return undefined;
    const { entry, level, rights } = this.#walk;
    return { frame: frameOf(entry), size: this.#layout.spans[level]!, rights };
  }

  used(use: TlbUse): void {
    const { access, address, physical, root, space } = use;
    const now = this.mappingAt(root, address);
    // One entry is known for an address, and more only when something is wrong.
    for (let level = this.#layout.lastLevel; level >= 0; level -= 1) {
      const known = this.#entries.get(this.#keyOf(address, level, space));
      if (known !== undefined && (known.root !== root || !isSameMapping(known, now)))
        this.problems.stale ??= `${formatUse(use)} after ${formatMapping(known)} had become ${formatMapping(now)}`;
    }
    const physicalExpect = now && now.frame * this.#layout.geometry.pageSize + (address % now.size);
    if (physical !== physicalExpect) {
      this.problems.translation ??= `${formatUse(use)} went to ${formatAddress(physical)}, a walk finds ${formatMapping(now)}`;
    }
    if (now === undefined) return;
    const bits = access === 'store' ? ACCESSED | DIRTY : ACCESSED;
    if ((this.#walk.entry & bits) !== bits)
      this.problems.bits ??= `${formatUse(use)} left its leaf without the bits that it sets`;
    this.#keep(use, now);
  }

  flushedAll(): void {
    this.#entries.clear();
  }

  flushedPage(address: number, space: number): void {
    for (let level = this.#layout.lastLevel; level >= 0; level -= 1)
      this.#entries.delete(this.#keyOf(address, level, space));
  }

  flushedSpace(space: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.space === space) this.#entries.delete(key);
    }
  }

  /** Keeps what the last walk found. */
  #keep({ access, address, root, space }: TlbUse, mapping: Mapping): void {
    const key = this.#keyOf(address, this.#walk.level, space);
    const known = this.#entries.get(key);
    const isStored = access === 'store' || known?.isStored === true;
    if (known?.isStored === isStored && known.root === root && isSameMapping(known, mapping))
      return;
    const start = address - (address % mapping.size);
    this.#entries.set(key, { ...mapping, space, root, address: start, isStored });
  }

  /** Id, level and page number in one, as in the TLB. */
  #keyOf(address: number, level: number, space: number): number {
    const { spans } = this.#layout;
    return (space * spans.length + level) * this.#pagesLimit + Math.floor(address / spans[level]!);
  }
}

export function isSameMapping(a: Mapping | undefined, b: Mapping | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.frame === b.frame && a.size === b.size && a.rights === b.rights;
}

/** A mapping as reports show it: `frame 7 (4096 bytes, rights 6)`. */
export function formatMapping(mapping: Mapping | undefined): string {
  return mapping === undefined
    ? 'nothing'
    : `frame ${mapping.frame} (${mapping.size} bytes, rights ${mapping.rights})`;
}

function formatUse({ access, address }: TlbUse): string {
  return `${access} at ${formatAddress(address)}`;
}
