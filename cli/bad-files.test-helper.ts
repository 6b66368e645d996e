import type { Row } from './bad-calls.test-helper.ts';

const OPS =
  'b0 = malloc 24, b0 = calloc 3 8, b0 = aligned 64 100, b0 = realloc b0 40, b0 = realloc null 24, free b0, free null, double-free b0, free-inside b0 8, free-foreign 16, write-freed b0 8';

const HEADERS =
  'write heap size, ids, ops and weight (classic), weight (0 to 3), ids, ops and peak bytes (modern), or ids and ops';

export const PROGRAMS: readonly Row[] = [
  [
    'replay missing.ops',
    'missing.ops: there is no such file; pass the path of a program or a trace.',
  ],
  ['replay folder', 'folder: this is a folder; pass the files in it, such as folder/*.ops.'],
  [
    'replay empty.ops',
    "empty.ops: the file is empty; a program's first line is 'heapcheck program 1'.",
  ],
  [
    'replay blank.ops',
    "blank.ops: the file is empty; a program's first line is 'heapcheck program 1'.",
  ],
  [
    'replay no-header.ops',
    "no-header.ops:1: the first line is 'b0 = malloc 24'; a program's first line is 'heapcheck program 1'.",
  ],
  [
    'replay version-2.ops',
    'version-2.ops:1: the program is of version 2, and this heapcheck reads version 1; update heapcheck, or write the program as version 1.',
  ],
  [
    'replay version-x.ops',
    "version-x.ops:1: the first line is 'heapcheck program one'; a program's first line is 'heapcheck program 1'.",
  ],
  ['replay no-op.ops', `no-op.ops:2: 'b0 = alloc 24' is no op; the ops are: ${OPS}.`],
  ['replay no-size.ops', `no-size.ops:2: 'b0 = malloc' is no op; the ops are: ${OPS}.`],
  ['replay two-sizes.ops', `two-sizes.ops:2: 'b0 = malloc 1 2' is no op; the ops are: ${OPS}.`],
  [
    'replay negative.ops',
    "negative.ops:2: '-1' stands where a number belongs; write a whole number in decimal digits.",
  ],
  [
    'replay fraction.ops',
    "fraction.ops:2: '1.5' stands where a number belongs; write a whole number in decimal digits.",
  ],
  [
    'replay hex.ops',
    "hex.ops:2: '0x10' stands where a number belongs; write a whole number in decimal digits.",
  ],
  [
    'replay too-large.ops',
    'too-large.ops:2: 18446744073709551616 is too large; numbers go up to 2^64-1 = 18446744073709551615.',
  ],
  [
    'replay no-slot.ops',
    "no-slot.ops:2: 'p' stands where a slot belongs; write b0, b1, b2 and so on.",
  ],
  [
    'replay slot-too-large.ops',
    'slot-too-large.ops:2: slot b16777216 is too large; slots go up to b1048575.',
  ],
  [
    'replay null-target.ops',
    "null-target.ops:2: 'null' stands where a slot belongs; write b0, b1, b2 and so on.",
  ],
  [
    'replay alignment-3.ops',
    'alignment-3.ops:2: 3 is no alignment; write a power of two from 1 to 1073741824.',
  ],
  [
    'replay alignment-large.ops',
    'alignment-large.ops:2: 2147483648 is no alignment; write a power of two from 1 to 1073741824.',
  ],
  ['replay free-two.ops', `free-two.ops:4: 'free b0 b1' is no op; the ops are: ${OPS}.`],
  [
    'replay free-number.ops',
    "free-number.ops:2: '0' stands where a slot belongs; write b0, b1, b2 and so on.",
  ],
  [
    'replay offset-0.ops',
    'offset-0.ops:2: 0 does not lie inside a block; write an offset in bytes from 1 to 9007199254740991.',
  ],
  [
    'replay realloc-source.ops',
    "realloc-source.ops:2: '24' stands where a slot belongs; write b0, b1, b2 and so on.",
  ],
  [
    'replay found-elsewhere.ops',
    "found-elsewhere.ops: the program was found on 'students/ada', which is no module below this folder; pass --target with its path.",
  ],
  [
    'minimize fine.ops',
    'fine.ops: the program finds nothing on reference, so there is nothing to shrink; pass the --target that it breaks.',
  ],
  [
    'minimize missing.ops',
    'missing.ops: there is no such file; pass the path of a program or a trace.',
  ],
  [
    'import fine.ops',
    "fine.ops: the file is a program already; 'heapcheck replay' runs it as it is.",
  ],
  [
    'replay fine.ops --emit rust',
    "--emit: heapcheck writes no programs in 'rust'; pass one of c, js.",
  ],
  [
    'export fine.ops --format csv',
    "--format: heapcheck does not write 'csv'; pass one of rep, mtrace, malloc_debug.",
  ],
  [
    'export threads.ops --format rep',
    'threads.ops: the program is one of threads, and traces hold what an allocator is asked; pass a program of blocks.',
  ],
  ['import folder', 'folder: this is a folder; pass the files in it, such as folder/*.ops.'],
];

export const TRACES: readonly Row[] = [
  [
    'replay prose.txt',
    "prose.txt: the file is neither a program (its first line would be 'heapcheck program 1') nor a trace that heapcheck knows; 'heapcheck list formats' shows what it reads.",
  ],
  [
    'replay binary.bin',
    "binary.bin: the file is neither a program (its first line would be 'heapcheck program 1') nor a trace that heapcheck knows; 'heapcheck list formats' shows what it reads.",
  ],
  ['replay three-numbers.rep', `three-numbers.rep:4: the header holds 3 numbers; ${HEADERS}.`],
  [
    'replay no-weight.rep',
    `no-weight.rep:5: the header '100 1 2 100' has a weight of 0 to 3 neither first nor last; ${HEADERS}.`,
  ],
  [
    'replay too-many.rep',
    'too-many.rep:4: this is op 2, and the header counts 1; correct the header, or leave the op out.',
  ],
  [
    'replay too-few.rep',
    'too-few.rep:4: the trace ends after 2 ops, and the header counts 3; correct the header, or add the ops that were cut off.',
  ],
  [
    'replay ids-too-many.rep',
    'ids-too-many.rep:4: the highest id is 0, and the header counts 2 ids; number the blocks from 0 without a gap at the end, or correct the header.',
  ],
  [
    'replay never-allocated.rep',
    "never-allocated.rep:3: id 0 was never allocated; write 'a 0 BYTES' in front.",
  ],
  [
    'replay freed-twice.rep',
    "freed-twice.rep:5: id 0 was freed before; write 'a 0 BYTES' in front.",
  ],
  [
    'replay allocated-twice.rep',
    'allocated-twice.rep:4: id 0 still holds the block of line 3; free it first, or use another id.',
  ],
  [
    'replay no-such-op.rep',
    "no-such-op.rep:3: 'x' stands where an op begins; write one op a line: 'a ID BYTES', 'r ID BYTES' or 'f ID'.",
  ],
  [
    'replay id-not-counted.rep',
    'id-not-counted.rep:3: id 1 is out of range; the header counts 1 ids, numbered from 0.',
  ],
  [
    'replay peak.rep',
    "peak.rep:6: the live bytes peak at 8, and the header says 9; correct the header's last number.",
  ],
  ['replay size-missing.rep', "size-missing.rep:3: the op 'a' is cut off; write 'a ID BYTES'."],
  [
    'replay size-word.rep',
    "size-word.rep:3: 'big' stands where a number belongs; write a whole number in decimal digits.",
  ],
  [
    'replay freed-twice.trace',
    'freed-twice.trace:3: block 0 was freed before; free each block once.',
  ],
  [
    'replay never-allocated.trace',
    'never-allocated.trace:2: block 1 is freed, but 1 Alloc lines stand above; name a block by the number of its Alloc line, counted from 0.',
  ],
  ['import no-op.trace', "no-op.trace:2: 'Realloc(0),' is no op; write Alloc(24), or Free(0),."],
  ['import unclosed.trace', "unclosed.trace:1: 'Alloc(8' is no op; write Alloc(24), or Free(0),."],
  [
    'import no-address.log',
    'no-address.log:1: the log ends without a call of the allocator; record it again with valgrind --trace-malloc=yes.',
  ],
  [
    'import size-too-large.log',
    'size-too-large.log:1: 99999999999999999999 is too large; numbers go up to 2^64-1 = 18446744073709551615.',
  ],
  [
    'import prose.txt',
    "prose.txt: the file is neither a program (its first line would be 'heapcheck program 1') nor a trace that heapcheck knows; 'heapcheck list formats' shows what it reads.",
  ],
];

export const FOLDERS: readonly Row[] = [
  [
    'coverage fine.js --runs 1 --out notes.txt',
    '--out: the report cannot be written to FOLDER/notes.txt (EEXIST); pass another folder.',
  ],
  [
    'import fine.rep -o no-folder/x.ops',
    'no-folder/x.ops: the program cannot be written (ENOENT); pass another file with -o.',
  ],
  [
    'import fine.rep -o notes.txt',
    'notes.txt: there is such a file already; pass another with -o, or remove it.',
  ],
  [
    'check reference --corpus notes.txt',
    '--corpus: notes.txt is a file; pass a folder, which need not exist yet.',
  ],
  [
    'check reference --corpus broken-corpus',
    `FOLDER/broken-corpus/findings/calloc-zeroes.reference.0123abcd.ops:2: 'b0 = calloc 3' is no op; the ops are: ${OPS}.`,
  ],
  [
    'check reference --corpus broken-seeds',
    `FOLDER/broken-seeds/seeds/a.ops:3: 'free b0 b1' is no op; the ops are: ${OPS}.`,
  ],
  [
    'fuzz mutants/coalesce-skips-left --corpus notes.txt',
    '--corpus: notes.txt is a file; pass a folder, which need not exist yet.',
  ],
];
