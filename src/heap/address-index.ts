import { assert } from '../base/kit-bug.ts';

const NODES_AT_START = 64;

/**
 * A search tree over the free blocks by address that knows the largest extent below each node, so that "the first
 * block that is large enough" takes logarithmic time. It lies beside the heap, not in it: its size is a side cost.
 *
 * A treap: a binary search tree by address and a heap by a priority, here a hash of the address, which keeps it
 * balanced whatever the order of insertions. Nodes are indices into parallel arrays; 0 is no node.
 *
 * Source: Aragon and Seidel, "Randomized search trees", Algorithmica 16 (1996).
 */
export class AddressIndex {
  #address = new Float64Array(NODES_AT_START);
  #extent = new Float64Array(NODES_AT_START);
  #extentMax = new Float64Array(NODES_AT_START);
  #priority = new Uint32Array(NODES_AT_START);
  #left = new Uint32Array(NODES_AT_START);
  #right = new Uint32Array(NODES_AT_START);
  #root = 0;
  #nodesCount = 0;
  #spare: number[] = [];

  insert(address: number, extent: number): void {
    const node = this.#newNode(address, extent);
    this.#root = this.#inserted(this.#root, node);
  }

  remove(address: number): void {
    this.#root = this.#removed(this.#root, address);
  }

  /** @returns The block of the lowest address that has at least this extent, or 0. */
  firstOf(extent: number): number {
    assert(extent > 0, 'a search asks for bytes');
    if (this.#extentMax[this.#root]! < extent) return 0;
    let node = this.#root;
    for (;;) {
      const left = this.#left[node]!;
      if (this.#extentMax[left]! >= extent) node = left;
      else if (this.#extent[node]! >= extent) return this.#address[node]!;
      else node = this.#right[node]!;
    }
  }

  /** @returns The block of the highest address below this one, or 0. */
  lastBelow(address: number): number {
    let found = 0;
    let node = this.#root;
    while (node !== 0) {
      if (this.#address[node]! < address) {
        found = this.#address[node]!;
        node = this.#right[node]!;
      } else {
        node = this.#left[node]!;
      }
    }
    return found;
  }

  /** Address and extent of every block, by rising address. What the tree looks like follows from them. */
  entries(): readonly number[] {
    const entries: number[] = [];
    const visit = (node: number): void => {
      if (node === 0) return;
      visit(this.#left[node]!);
      entries.push(this.#address[node]!, this.#extent[node]!);
      visit(this.#right[node]!);
    };
    visit(this.#root);
    return entries;
  }

  clear(): void {
    this.#root = 0;
    this.#nodesCount = 0;
    this.#spare = [];
  }

  #newNode(address: number, extent: number): number {
    let node = this.#spare.pop();
    if (node === undefined) {
      this.#nodesCount += 1;
      node = this.#nodesCount;
      if (node === this.#address.length) this.#grow();
    }
    this.#address[node] = address;
    this.#extent[node] = extent;
    this.#extentMax[node] = extent;
    this.#priority[node] = priorityOf(address);
    this.#left[node] = 0;
    this.#right[node] = 0;
    return node;
  }

  /** The tree under `at` with `node` in it. */
  #inserted(at: number, node: number): number {
    if (at === 0) return node;
    if (this.#priority[node]! > this.#priority[at]!) {
      this.#split(at, node);
      this.#refresh(node);
      return node;
    }
    if (this.#address[node]! < this.#address[at]!)
      this.#left[at] = this.#inserted(this.#left[at]!, node);
    else this.#right[at] = this.#inserted(this.#right[at]!, node);
    this.#refresh(at);
    return at;
  }

  /** Hangs the tree under `at` below `node`: what is lower to its left, what is higher to its right. */
  #split(at: number, node: number): void {
    if (at === 0) {
      this.#left[node] = 0;
      this.#right[node] = 0;
    } else if (this.#address[at]! < this.#address[node]!) {
      this.#split(this.#right[at]!, node);
      this.#right[at] = this.#left[node]!;
      this.#refresh(at);
      this.#left[node] = at;
    } else {
      this.#split(this.#left[at]!, node);
      this.#left[at] = this.#right[node]!;
      this.#refresh(at);
      this.#right[node] = at;
    }
  }

  #removed(at: number, address: number): number {
    assert(at !== 0, 'the index knows every listed block');
    if (address === this.#address[at]) {
      this.#spare.push(at);
      return this.#joined(this.#left[at]!, this.#right[at]!);
    }
    if (address < this.#address[at]!) this.#left[at] = this.#removed(this.#left[at]!, address);
    else this.#right[at] = this.#removed(this.#right[at]!, address);
    this.#refresh(at);
    return at;
  }

  /** One tree of two, every address of `a` being below every one of `b`. */
  #joined(a: number, b: number): number {
    if (a === 0) return b;
    if (b === 0) return a;
    if (this.#priority[a]! > this.#priority[b]!) {
      this.#right[a] = this.#joined(this.#right[a]!, b);
      this.#refresh(a);
      return a;
    }
    this.#left[b] = this.#joined(a, this.#left[b]!);
    this.#refresh(b);
    return b;
  }

  #refresh(node: number): void {
    const below = Math.max(
      this.#extentMax[this.#left[node]!]!,
      this.#extentMax[this.#right[node]!]!,
    );
    this.#extentMax[node] = Math.max(this.#extent[node]!, below);
  }

  #grow(): void {
    this.#address = doubled(this.#address, Float64Array);
    this.#extent = doubled(this.#extent, Float64Array);
    this.#extentMax = doubled(this.#extentMax, Float64Array);
    this.#priority = doubled(this.#priority, Uint32Array);
    this.#left = doubled(this.#left, Uint32Array);
    this.#right = doubled(this.#right, Uint32Array);
  }
}

function doubled<A extends Float64Array | Uint32Array>(old: A, Type: new (length: number) => A): A {
  const array = new Type(old.length * 2);
  array.set(old);
  return array;
}

/** The finalizer of MurmurHash3 over both halves of an address. Source: Austin Appleby, SMHasher. */
function priorityOf(address: number): number {
  let hash = Math.imul(address % 2 ** 32, 0x9e37_79b1) ^ Math.floor(address / 2 ** 32);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
