/**
 * An allocator that keeps every law, as the text of a module, and what makes it break each: a text that stands in it
 * once, what to put there, and a program that shows it.
 */

/** First fit over a list of gaps that grows by pages, with everything that an object may offer. */
export const CORRECT = `
const PAGE = 4096;
const LIMIT = 1 << 18;
const LARGE = 65536;

export default function makeAllocator() {
  // The last bytes are not its own.
  const memory = new Uint8Array(LIMIT + 64);
  const sizes = new Map();
  const alignments = new Map();
  let gaps = [];
  let end = 16;
  let largeBytes = 0;
  const round = (size) => Math.max(16, Math.ceil(size / 16) * 16);

  function take(size, alignment = 16) {
    if (!(size <= LIMIT)) return 0;
    const need = round(size);
    for (;;) {
      for (const gap of gaps) {
        const address = Math.ceil(gap.start / alignment) * alignment;
        if (address + need > gap.end) continue;
        const rest = [{ start: gap.start, end: address }, { start: address + need, end: gap.end }];
        gaps = [...gaps.filter((each) => each !== gap), ...rest.filter((each) => each.start < each.end)];
        gaps.sort((a, b) => a.start - b.start);
        sizes.set(address, need);
        alignments.set(address, alignment);
        return address;
      }
      const more = Math.ceil((need + alignment) / PAGE) * PAGE;
      if (end + more > LIMIT) return 0;
      give(end, end + more);
      end += more;
    }
  }

  function give(start, stop) {
    gaps.push({ start, end: stop });
    gaps.sort((a, b) => a.start - b.start);
    for (let at = 0; at + 1 < gaps.length; ) {
      if (gaps[at].end === gaps[at + 1].start) gaps.splice(at, 2, { start: gaps[at].start, end: gaps[at + 1].end });
      else at += 1;
    }
  }

  const allocator = {
    memory,
    bounds: { start: 0, end: LIMIT },
    guards: [{ start: LIMIT, end: LIMIT + 64 }],
    promises: {
      alignment: 16, zeroSize: 'block', slack: 15, usableGrows: true, doubleFree: 'refused', freeInside: 'refused',
      freeForeign: 'refused', writeFreed: 'ignored',
      recovers: 65000, returnsFrom: LARGE, reallocZero: 'frees', reallocKeepsAlignment: true,
    },
    malloc(size) {
      const address = take(size);
      if (address !== 0 && size >= LARGE) largeBytes += sizes.get(address);
      return address;
    },
    calloc(count, size) {
      const address = allocator.malloc(count * size);
      memory.fill(0, address, address + count * size);
      return address;
    },
    realloc(address, size) {
      if (address !== 0 && size === 0) {
        allocator.free(address);
        return 0;
      }
      const moved = address === 0 ? allocator.malloc(size) : take(size, alignments.get(address));
      if (address === 0 || moved === 0) return moved;
      if (size >= LARGE) largeBytes += sizes.get(moved);
      memory.copyWithin(moved, address, address + Math.min(size, sizes.get(address)));
      allocator.free(address);
      return moved;
    },
    aligned: (alignment, size) => take(size, Math.max(16, alignment)),
    free(address) {
      if (address === 0) return true;
      const size = sizes.get(address);
      if (size === undefined) return false;
      sizes.delete(address);
      give(address, address + size);
      if (size >= LARGE) largeBytes -= size;
      return true;
    },
    usableSize: (address) => sizes.get(address),
    footprint: () => PAGE + largeBytes,
  };
  return allocator;
}
`;

/** One way to break it. */
export interface Break {
  readonly law: string;
  readonly find: string;
  readonly replace: string;
  readonly program: string;
}

export const BREAKS: readonly Break[] = [
  {
    law: 'calls-return',
    find: 'const need = round(size);',
    replace: 'const need = round(size); if (size === 40) return NaN;',
    program: 'b0 = malloc 40',
  },
  {
    law: 'calls-return',
    find: 'if (size === undefined) return false;',
    replace: 'if (size === 32) throw new Error("stuck");',
    program: 'b0 = malloc 17; free b0',
  },
  {
    law: 'malloc-aligns',
    find: 'take(size, Math.max(16, alignment))',
    replace: 'take(size)',
    program: 'b0 = malloc 1; b1 = aligned 64 1',
  },
  {
    law: 'realloc-keeps-alignment',
    find: 'take(size, alignments.get(address))',
    replace: 'take(size)',
    program: 'b0 = aligned 64 1; b1 = realloc b0 17',
  },
  {
    law: 'realloc-zero-keeps-promise',
    find: 'if (address !== 0 && size === 0)',
    replace: 'if (address !== 0 && size === -1)',
    program: 'b0 = malloc 1; b0 = realloc b0 0',
  },
  {
    law: 'guards-stay-untouched',
    find: 'sizes.delete(address);',
    replace: 'sizes.delete(address); if (size > 4096) memory[LIMIT + 9] = 1;',
    program: 'b0 = malloc 5000; free b0',
  },
  {
    law: 'blocks-stay-inside',
    find: 'if (end + more > LIMIT) return 0;',
    replace: '',
    program: 'b0 = malloc 262144',
  },
  {
    law: 'blocks-stay-apart',
    find: 'sizes.set(address, need);',
    replace: 'sizes.set(address, need); if (size === 24) gaps[0].start -= 16;',
    program: 'b0 = malloc 24; b1 = malloc 1',
  },
  {
    law: 'usable-size-covers-request',
    find: 'usableSize: (address) => sizes.get(address)',
    replace: 'usableSize: (address) => Math.min(32, sizes.get(address))',
    program: 'b0 = malloc 33',
  },
  {
    law: 'usable-size-stays',
    find: 'usableSize: (address) => sizes.get(address)',
    replace: 'usableSize: (address) => sizes.get(address) - (sizes.size > 1 ? 1 : 0)',
    program: 'b0 = malloc 8; b1 = malloc 8',
  },
  {
    law: 'usable-size-grows',
    find: 'usableSize: (address) => sizes.get(address)',
    replace:
      'usableSize: (address) => sizes.get(address) - ([...sizes.keys()][0] === address ? 8 : 0)',
    program: 'b0 = malloc 20; b1 = malloc 18',
  },
  {
    law: 'slack-is-bounded',
    find: 'const need = round(size);',
    replace: 'const need = round(size) * (size > 100 ? 2 : 1);',
    program: 'b0 = malloc 101',
  },
  {
    law: 'zero-size-keeps-promise',
    find: 'const need = round(size);',
    replace: 'const need = round(size); if (size === 0) return 0;',
    program: 'b0 = malloc 0',
  },
  {
    law: 'impossible-request-is-refused',
    find: 'const address = take(size);',
    replace: 'const address = take(size % 2 ** 32);',
    program: 'b0 = malloc 4294967312',
  },
  {
    law: 'contents-survive',
    find: 'sizes.delete(address);',
    replace: 'sizes.delete(address); memory[address + size] = 0;',
    program: 'b0 = malloc 8; b1 = malloc 8; free b0',
  },
  {
    law: 'contents-survive',
    find: 'sizes.delete(address);',
    replace: 'sizes.delete(address); memory[address + size] = 0;',
    program: 'b0 = malloc 8; b1 = malloc 8',
  },
  {
    law: 'realloc-keeps-prefix',
    find: 'Math.min(size, sizes.get(address))',
    replace: 'Math.min(size, 16)',
    program: 'b0 = malloc 200; b1 = realloc b0 180',
  },
  {
    law: 'calloc-zeroes',
    find: 'address + count * size);',
    replace: 'address + size);',
    program: 'b0 = malloc 64; free b0; b0 = calloc 4 16',
  },
  {
    law: 'free-null-does-nothing',
    find: 'if (address === 0) return true;',
    replace: 'if (address === 0) largeBytes += 1;',
    program: 'free null',
  },
  {
    law: 'failed-request-changes-nothing',
    find: 'if (end + more > LIMIT) return 0;',
    replace: 'if (end + more > LIMIT) { largeBytes += more; return 0; }',
    program: 'b0 = malloc 8; b1 = malloc 262000',
  },
  {
    law: 'big-blocks-go-back',
    find: 'largeBytes -= size;',
    replace: 'largeBytes -= 16;',
    program: 'b0 = malloc 65536; free b0',
  },
  {
    law: 'big-blocks-go-back',
    find: 'largeBytes -= size;',
    replace: 'largeBytes -= 16;',
    program: 'b0 = malloc 65536',
  },
  {
    law: 'freed-space-returns',
    find: 'give(address, address + size);',
    replace: 'largeBytes += size;',
    program: Array.from({ length: 4 }, (_, slot) => `b${slot} = malloc 50000`).join('; '),
  },
  {
    law: 'free-accepts-its-blocks',
    find: 'if (size === undefined) return false;',
    replace: 'if (size === undefined || size === 48) return false;',
    program: 'b0 = malloc 33; free b0',
  },
  {
    law: 'free-accepts-its-blocks',
    find: 'if (size === undefined) return false;',
    replace: 'if (size === undefined || size === 48) return false;',
    program: 'b0 = malloc 33',
  },
  {
    law: 'double-free-keeps-promise',
    find: 'if (size === undefined) return false;',
    replace: 'if (size === undefined) return true;',
    program: 'b0 = malloc 8; free b0; double-free b0',
  },
  {
    law: 'free-inside-keeps-promise',
    find: 'if (size === undefined) return false;',
    replace: 'if (size === undefined) return true;',
    program: 'b0 = malloc 24; free-inside b0 8',
  },
  {
    law: 'double-free-keeps-promise',
    find: 'if (size === undefined) return false;',
    replace: 'if (size === undefined) { largeBytes += 8; return false; }',
    program: 'b0 = malloc 8; free b0; double-free b0',
  },
  {
    law: 'free-foreign-keeps-promise',
    find: 'if (size === undefined) return false;',
    replace: 'if (size === undefined) return true;',
    program: 'b0 = malloc 8; free-foreign 16; free-foreign -8; free-foreign 4096',
  },
  ...['address + 8', '16', 'LIMIT', '-16', 'was'].map((answer): Break => ({
    law: 'write-freed-keeps-promise',
    find: 'give(address, address + size);',
    replace: `give(address, address + size);
      const [byte, { malloc }, was] = [memory[address], allocator, address];
      allocator.malloc = (more) => memory[was] === byte ? malloc(more) : ${answer};`,
    program: 'b1 = malloc 8; b0 = malloc 8; free b0; write-freed b0 0',
  })),
  {
    law: 'answers-in-time',
    find: 'if (end + more > LIMIT) return 0;',
    replace: 'if (end + more > LIMIT) continue;',
    program: 'b0 = malloc 262000',
  },
];
