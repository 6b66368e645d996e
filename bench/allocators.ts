import { createRequire } from 'node:module';
import { MIB } from '../src/base/units.ts';
import { Prng } from '../src/base/prng.ts';
import { FlatArena } from '../src/heap/flat-arena.ts';
import { Heap } from '../src/heap/heap.ts';
import { compare, timed, type Candidate } from './ratio.ts';

/** What is compared: a heap of ours or dlmalloc. */
export interface Allocator {
  malloc(size: number): number | null;
  free(address: number): void;
}

/** The stream of ops: which of the live blocks is replaced, and by what size, 1 to 1,023 bytes, even over the powers. */
export interface Stream {
  readonly slots: Int32Array;
  readonly sizes: Int32Array;
}

const PAIRS = 400_000;

/**
 * F1: the reference heap in its default options over a flat arena, against dlmalloc in WebAssembly called from
 * JavaScript. dlmalloc is the one that Emscripten links by default; sql.js exports it.
 */
export async function compareAllocators(): Promise<void> {
  const dlmalloc = await loadDlmalloc();
  for (const liveCount of [1000, 100_000]) {
    const stream = drawStream(liveCount);
    compare(
      `F1 malloc and free, ${liveCount} live blocks (reach 0.5)`,
      candidate(
        'reference, default, flat',
        new Heap(new FlatArena({ mapSize: 256 * MIB, brkSize: 0 })),
        stream,
        liveCount,
      ),
      candidate('dlmalloc in WebAssembly', dlmalloc, stream, liveCount),
    );
  }
}

/** The two exports of sql.js that are its dlmalloc; the package has no types. */
async function loadDlmalloc(): Promise<Allocator> {
  const load = createRequire(import.meta.url)('sql.js') as () => Promise<{
    readonly _malloc: (size: number) => number;
    readonly _free: (address: number) => void;
  }>;
  const { _malloc: malloc, _free: free } = await load();
  return { malloc, free };
}

export function drawStream(liveCount: number): Stream {
  const prng = new Prng(1);
  const slots = Int32Array.from({ length: PAIRS }, () => prng.below(liveCount));
  const sizes = Int32Array.from({ length: PAIRS }, () =>
    Math.floor(2 ** (prng.below(10_000) / 1000)),
  );
  return { slots, sizes };
}

/**
 * Each candidate gets a loop of its own, so that the calls in it have one target, and keeps its memory from round to
 * round, so that none pays for pages that it has not touched before.
 */
export function candidate(
  name: string,
  allocator: Allocator,
  stream: Stream,
  liveCount: number,
): Candidate {
  const loop = new Function(
    'allocator',
    'addresses',
    'stream',
    `return ${churn.toString()}(allocator, addresses, stream)`,
  );
  return {
    name,
    run: () => {
      const addresses = Array.from({ length: liveCount }, (_, index) =>
        allocator.malloc(stream.sizes[index]!)!,
      );
      const ms = timed(() => loop(allocator, addresses, stream));
      for (const address of addresses) allocator.free(address);
      return { ops: 2 * PAIRS, ms };
    },
  };
}

function churn(allocator: Allocator, addresses: number[], { slots, sizes }: Stream): void {
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index]!;
    allocator.free(addresses[slot]!);
    addresses[slot] = allocator.malloc(sizes[index]!)!;
  }
}
