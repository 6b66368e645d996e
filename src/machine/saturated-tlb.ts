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
  readonly #entries = new Map<string, SaturatedEntry>();

  constructor(layout: TableLayout) {
    this.#layout = layout;
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
    const at = `${access} at ${formatAddress(address)}`;
    for (const known of this.#known(address, space)) {
      if (known.root !== root || !isSameMapping(known, now)) {
        this.problems.stale ??= `${at} after ${formatMapping(known)} had become ${formatMapping(now)}`;
      }
    }
    const physicalExpect = now && now.frame * this.#layout.geometry.pageSize + (address % now.size);
    if (physical !== physicalExpect) {
      this.problems.translation ??= `${at} went to ${formatAddress(physical)}, a walk finds ${formatMapping(now)}`;
    }
    if (now === undefined) return;
    const bits = access === 'store' ? ACCESSED | DIRTY : ACCESSED;
    if ((this.#walk.entry & bits) !== bits)
      this.problems.bits ??= `${at} left its leaf without the bits that it sets`;
    this.#keep(use, now);
  }

  flushedAll(): void {
    this.#entries.clear();
  }

  flushedPage(address: number, space: number): void {
    for (const size of this.#layout.spans) this.#entries.delete(keyOf(address, size, space));
  }

  flushedSpace(space: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.space === space) this.#entries.delete(key);
    }
  }

  #keep({ access, address, root, space }: TlbUse, mapping: Mapping): void {
    const key = keyOf(address, mapping.size, space);
    const isStored = access === 'store' || this.#entries.get(key)?.isStored === true;
    const start = address - (address % mapping.size);
    this.#entries.set(key, { ...mapping, space, root, address: start, isStored });
  }

  /** The entries for an address: one, and more only when something is wrong. */
  #known(address: number, space: number): readonly SaturatedEntry[] {
    return this.#layout.spans
      .map((size) => this.#entries.get(keyOf(address, size, space)))
      .filter((entry) => entry !== undefined);
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

function keyOf(address: number, size: number, space: number): string {
  return `${space} ${size} ${Math.floor(address / size)}`;
}
