import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Those of `examples/malloc-lab`, as they stand. */
const EXAMPLES = 'examples/malloc-lab';

/** A handout, and what `heapcheck lab` must say of it. */
export interface ExpectedHandout {
  readonly folder: string;
  /** The law that it breaks, or one that is broken with it: what is found first decides. */
  readonly verdicts: readonly string[];
  /** Ops of the shortest program that shows it; one more is near enough. */
  readonly opsCount?: number;
  /** A line of the correct mm.c, and what is there instead; an example as it stands where there is none. */
  readonly spoiled?: readonly [find: string, replace: string];
}

export const HANDOUTS: readonly ExpectedHandout[] = [
  { folder: 'correct', verdicts: ['clean'] },
  { folder: 'overlap', verdicts: ['blocks-stay-apart', 'realloc-keeps-prefix'], opsCount: 3 },
  { folder: 'narrow', verdicts: ['calls-return'], opsCount: 4 },
  {
    folder: 'uncompilable',
    verdicts: ['not built'],
    spoiled: ['int mm_init(void) { return 0; }', 'int mm_init(void) { return 0 }'],
  },
  {
    folder: 'hanging',
    verdicts: ['answers-in-time'],
    opsCount: 1,
    spoiled: [
      '    block->size = need;\n    return',
      '    for (;;) block->size = need;\n    return',
    ],
  },
  {
    folder: 'crashing',
    verdicts: ['calls-return'],
    opsCount: 1,
    spoiled: ['if (payload == NULL) return mm_malloc(size);', ''],
  },
];

/** The handout whose files have other names than the course's. */
export const RENAMED = 'renamed';
export const RENAMED_OPTIONS = ['--mm', 'allocator.c', '--memlib', 'system.c'];

/** Writes the handouts into a folder, each into its own. */
export function writeHandouts(root: string): void {
  for (const { folder, spoiled } of HANDOUTS) {
    cpSync(join(EXAMPLES, spoiled === undefined ? folder : 'correct'), join(root, folder), {
      recursive: true,
    });
    if (spoiled !== undefined) spoil(join(root, folder, 'mm.c'), ...spoiled);
  }
  cpSync(join(EXAMPLES, 'correct'), join(root, RENAMED), { recursive: true });
  renameSync(join(root, RENAMED, 'mm.c'), join(root, RENAMED, 'allocator.c'));
  renameSync(join(root, RENAMED, 'memlib.c'), join(root, RENAMED, 'system.c'));
}

function spoil(file: string, find: string, replace: string): void {
  const parts = readFileSync(file, 'utf8').split(find);
  if (parts.length !== 2) throw new Error(`${file} has '${find}' ${parts.length - 1} times`);
  writeFileSync(file, parts.join(replace));
}
