/** A call, and the one sentence that it must get; FOLDER stands for the folder of the fixtures. */
export type Row = readonly [call: string, sentence: string];

const TARGETS =
  "pass the path of a module, 'reference', 'machine', or another name that 'heapcheck list targets' shows";

/** What can be set with `cost --with`. */
const SETTINGS =
  'pass NAME=VALUE, with a name of preset, sets, ways, policy, ids, placement, frames, memory, heap, threshold, growth, quantum, switch, call, interrupt, seed, or default alone';

export const CALLS: readonly Row[] = [
  ['chekc', "heapcheck: unknown command 'chekc'; did you mean check?"],
  ['check --sed 1', "heapcheck: unknown option '--sed'; did you mean --seed?"],
  [
    'check --seed',
    "heapcheck: option '--seed <hex>' argument missing; 'heapcheck check --help' shows what there is.",
  ],
  [
    'check --seed xyz',
    "seed: 'xyz' is not hexadecimal; pass up to 8 hexadecimal digits, such as 0x5f1e_22d0, or a git hash.",
  ],
  [
    'check --runs 0',
    "--runs: '0' is no count; pass a whole number from 1 up, such as --runs 1000.",
  ],
  [
    'check --runs many',
    "--runs: 'many' is no count; pass a whole number from 1 up, such as --runs 1000.",
  ],
  [
    'fuzz --runs 1.5',
    "--runs: '1.5' is no count; pass a whole number from 1 up, such as --runs 1000.",
  ],
  ['fuzz -j 0', "--jobs: '0' is no count; pass a whole number from 1 up, such as --jobs 1000."],
  [
    'fuzz fine.js --coverage -j 2',
    '--coverage: code is counted in one thread only; leave out --coverage, or --jobs 2.',
  ],
  [
    'fuzz --update-baseline',
    '--update-baseline: there is no file to write; pass --baseline FILE too.',
  ],
  [
    'check --baseline gone.json',
    '--baseline: gone.json cannot be read (ENOENT); pass a file that --update-baseline wrote, or add --update-baseline to begin one.',
  ],
  [
    'fuzz --max-total-time soon',
    "--max-total-time: 'soon' is no stretch of time; pass seconds, or a number with a unit: 60s, 2m, 500ms.",
  ],
  [
    'fuzz --max-total-time 0',
    "--max-total-time: '0' is no stretch of time; pass seconds, or a number with a unit: 60s, 2m, 500ms.",
  ],
  [
    'check --max-ops -1',
    "--max-ops: '-1' is no count; pass a whole number from 1 up, such as --max-ops 1000.",
  ],
  [
    'check --time-limit 0',
    "--time-limit: '0' is no count; pass a whole number from 1 up, such as --time-limit 1000.",
  ],
  [
    'check --time-limit 99999999999',
    '--time-limit: 99999999999 ms is too long; pass at most 2147483647 milliseconds.',
  ],
  [
    'check reference size-classes.js',
    "heapcheck: too many arguments for 'check': expected 1 argument but got 2; 'heapcheck check --help' shows what there is.",
  ],
  [
    'replay',
    "heapcheck: missing required argument 'files'; 'heapcheck replay --help' shows what there is.",
  ],
  [
    'minimize',
    "heapcheck: missing required argument 'file'; 'heapcheck minimize --help' shows what there is.",
  ],
  [
    'import',
    "heapcheck: missing required argument 'file'; 'heapcheck import --help' shows what there is.",
  ],
  [
    'coverage',
    "heapcheck: missing required argument 'module'; 'heapcheck coverage --help' shows what there is.",
  ],
  [
    'list',
    "heapcheck: missing required argument 'what'; 'heapcheck list --help' shows what there is.",
  ],
  [
    'list lawz',
    "list: there is no list of 'lawz'; pass one of targets, mutants, laws, invariants, formats.",
  ],
  [
    'fuzz -runs=no',
    "--runs: 'no' is no count; pass a whole number from 1 up, such as --runs 1000.",
  ],
  [
    'fuzz -max_total_time=-5',
    "--max-total-time: '-5' is no stretch of time; pass seconds, or a number with a unit: 60s, 2m, 500ms.",
  ],
  [
    'fuzz -seed=five',
    "seed: 'five' is not hexadecimal; pass up to 8 hexadecimal digits, such as 0x5f1e_22d0, or a git hash.",
  ],
  [
    'fuzz -max_len=4096',
    "heapcheck: unknown option '-max_len=4096'; 'heapcheck fuzz --help' shows what there is.",
  ],
  [
    'replay fine.ops --step',
    '--step: there is no terminal to press a key on; leave --step out to see all steps at once.',
  ],
  [
    'replay fine.ops --targets reference',
    "heapcheck: unknown option '--targets'; did you mean --target?",
  ],
  [
    'import fine.rep --seed 1',
    "heapcheck: unknown option '--seed'; 'heapcheck import --help' shows what there is.",
  ],
  [
    'cost fine.ops fine.ops',
    "heapcheck: too many arguments for 'cost': expected 1 argument but got 2; 'heapcheck cost --help' shows what there is.",
  ],
  [
    'cost fine.ops --with',
    "heapcheck: option '--with <settings>' argument missing; 'heapcheck cost --help' shows what there is.",
  ],
  [
    'cost --with sets=4',
    '--with: there is no file to run; pass a program or a trace, or leave --with out.',
  ],
  [
    'cost --touch',
    '--touch: there is no file to run; pass a program or a trace, or leave --touch out.',
  ],
  ['cost fine.ops --with set=4', `--with: there is no setting 'set'; ${SETTINGS}.`],
  ['cost fine.ops --with default --with sets=4,', `--with: there is no setting ''; ${SETTINGS}.`],
  ['cost fine.ops --with default,sets=4', `--with: there is no setting 'default'; ${SETTINGS}.`],
  ['cost fine.ops --with constructor=1', `--with: there is no setting 'constructor'; ${SETTINGS}.`],
  [
    'cost fine.ops --with sets',
    "--with: sets is ''; pass sets= with a whole number from 1 to 4096.",
  ],
  [
    'cost fine.ops --with sets=0',
    "--with: sets is '0'; pass sets= with a whole number from 1 to 4096.",
  ],
  [
    'cost fine.ops --with sets=4,ways=1e3',
    "--with: ways is '1e3'; pass ways= with a whole number from 0 to 256.",
  ],
  [
    'cost fine.ops --with sets=4,sets=8',
    "--with: sets is set twice in 'sets=4,sets=8'; set it once.",
  ],
  [
    'cost fine.ops --with policy=mru',
    "--with: policy is 'mru'; pass policy= with lru, fifo, random, rr, fcfs or mlfq.",
  ],
  [
    'cost fine.ops --with threshold=-1',
    "--with: threshold is '-1'; pass threshold= with a whole number from 1 to 9007199254740991.",
  ],
  [
    'cost fine.ops --with memory=4096',
    "--with: memory is '4096'; pass memory= with a whole number from 65536 to 2147483648.",
  ],
  ['cost fine.ops --with growth=mmap', "--with: growth is 'mmap'; pass growth= with map or brk."],
  [
    'cost fine.ops --with policy=random,seed=five',
    "--with: seed is 'five'; pass seed= with up to 8 hexadecimal digits.",
  ],
  [
    'cost threads.ops --with quantum=0',
    "--with: quantum is '0'; pass quantum= with a whole number from 1 to 1000000000.",
  ],
  [
    'cost threads.ops --with policy=lru,policy=rr,policy=mlfq',
    "--with: policy is set twice in 'policy=lru,policy=rr,policy=mlfq'; set it once.",
  ],
  [
    'cost fine.ops --with switch=5',
    '--with: switch says nothing of a program of blocks, which fine.ops is; leave it out.',
  ],
  [
    'cost pages.ops --with default --with sets=4,policy=rr',
    '--with: policy says nothing of a program of pages, which pages.ops is; leave it out.',
  ],
  [
    'cost pages.ops --with heap=default',
    '--with: heap says nothing of a program of pages, which pages.ops is; leave it out.',
  ],
  [
    'cost threads.ops --with growth=brk',
    '--with: growth says nothing of a program of threads, which threads.ops is; leave it out.',
  ],
  [
    'cost pages.ops --touch',
    '--touch: pages.ops is a program of pages, which says itself what it writes; leave --touch out.',
  ],
  [
    'cost threads.ops --compare --touch',
    '--touch: threads.ops is a program of threads, which says itself what it writes; leave --touch out.',
  ],
  [
    'cost --compare',
    '--compare: there is no file to run; pass a program or a trace, or leave --compare out.',
  ],
  [
    'cost fine.ops --compare',
    '--compare: fine.ops is a program of blocks, which spawns nothing; pass a program of threads, or leave --compare out.',
  ],
  [
    'cost threads.ops --compare --with default --with sets=4',
    '--compare: it makes three columns of its own; pass --with only once.',
  ],
  [
    'cost threads.ops --compare --with sets=4,ids=on',
    '--compare: ids is what its columns differ in; leave ids out of --with.',
  ],
  [
    'explore --sizes 8,big',
    "--sizes: 'big' is no size; pass bytes with commas between, such as --sizes 8,24,40,100.",
  ],
  [
    'explore --sizes 8,,24',
    "--sizes: '' is no size; pass bytes with commas between, such as --sizes 8,24,40,100.",
  ],
  [
    'explore --sizes 9007199254740992',
    "--sizes: '9007199254740992' is no size; pass bytes with commas between, such as --sizes 8,24,40,100.",
  ],
  [
    'explore --kinds malloc,fre',
    "--kinds: 'fre' is no kind of op; pass some of malloc, free, realloc, calloc, aligned, double-free, free-inside, free-foreign, write-freed with commas between.",
  ],
  [
    'explore --kinds free,realloc',
    '--kinds: nothing asks for a block with free,realloc alone; pass malloc, calloc or aligned as well.',
  ],
  [
    'explore fine.js --kinds malloc,calloc',
    '--kinds: fine does not offer calloc; pass some of malloc, free.',
  ],
  [
    'explore --alignment 24',
    "--alignment: '24' is no alignment; pass a power of two, such as --alignment 32.",
  ],
  [
    'explore --max-ops 0',
    "--max-ops: '0' is no count; pass a whole number from 1 up, such as --max-ops 1000.",
  ],
  [
    'explore machine',
    'explore: machine performs programs of pages, and this search is over blocks; pass an allocator, such as reference.',
  ],
  [
    'explore kernel',
    'explore: kernel performs programs of threads, and this search is over blocks; pass an allocator, such as reference.',
  ],
  [
    'explore --resume notes.txt',
    '--resume: FOLDER/notes.txt is no state of a search; pass another file, which need not exist yet.',
  ],
  [
    'explore --resume folder',
    '--resume: FOLDER/folder cannot be read (EISDIR); pass another file.',
  ],
  [
    'explore --seed 1',
    "heapcheck: unknown option '--seed'; 'heapcheck explore --help' shows what there is.",
  ],
];

export const MODULES: readonly Row[] = [
  ['check refrence', `target: there is no 'refrence'; ${TARGETS}.`],
  [
    'check reference/bins',
    "target: the reference has no preset 'bins'; pass reference, or one of reference/default, reference/lecture-note, reference/paged, reference/paged/x86-32, reference/paged/toy.",
  ],
  [
    'check reference/paged/sv39',
    "target: the reference has no preset 'paged/sv39'; pass reference, or one of reference/default, reference/lecture-note, reference/paged, reference/paged/x86-32, reference/paged/toy.",
  ],
  [
    'fuzz machine/sv39',
    "target: there is no machine 'sv39'; pass machine, machine/x86-32, machine/toy.",
  ],
  [
    'fuzz machine/x86-64',
    "target: there is no machine 'x86-64'; pass machine, machine/x86-32, machine/toy.",
  ],
  [
    'check mutants/none',
    "target: there is no 'mutants/none'; 'heapcheck list mutants' names those that there are.",
  ],
  ['check missing.js', `target: there is no 'missing.js'; ${TARGETS}.`],
  ['check folder', 'target: folder is a folder without mm.c; pass a .js or .mjs file.'],
  [
    'fuzz notes.txt',
    'target: notes.txt is no module; pass a .js, .mjs or .wasm file, or a library.',
  ],
  [
    'check throws.js',
    'throws.js: the module throws when it is loaded, RangeError: no room (line 2); mend it, then try again.',
  ],
  [
    'check throws-text.js',
    "throws-text.js: the module throws when it is loaded, 'no room'; mend it, then try again.",
  ],
  [
    'check imports-missing.js',
    "imports-missing.js: the module throws when it is loaded, Error: Cannot find module 'FOLDER/missing-part.js' imported from FOLDER/imports-missing.js (/modules/esm/resolve:283); mend it, then try again.",
  ],
  [
    'check nothing.js',
    'nothing.js: the module exports nothing; export default () => allocator, where allocator has malloc(size) and free(address).',
  ],
  [
    'check others.js',
    'others.js: the module exports free, malloc, but neither default nor makeAllocator; export default () => allocator, where allocator has malloc(size) and free(address).',
  ],
  [
    'check object.js',
    'object.js: expected a function that returns a fresh allocator, but got an object with malloc, free; pass () => allocator instead, so that every run starts on an empty heap.',
  ],
  [
    'check number.js',
    'number.js: expected a function that returns a fresh allocator, but got a number; pass () => allocator instead, so that every run starts on an empty heap.',
  ],
  ['check class.js', 'class.js: the module exports a class; export default () => new Bump().'],
  [
    'check promise.js',
    'promise.js: the function returns a promise; await at the top level of the module, and return the allocator itself.',
  ],
  [
    'check returns-nothing.js',
    'returns-nothing.js: the allocator has no malloc (it is undefined); give it malloc(size) and free(address).',
  ],
  [
    'check no-malloc.js',
    'no-malloc.js: the allocator has no malloc (it is an object with free); give it malloc(size) and free(address).',
  ],
  [
    'check no-free.js',
    'no-free.js: the allocator has no free (it is an object with malloc); give it malloc(size) and free(address).',
  ],
  [
    'check make-throws.js',
    'make-throws.js: making an allocator throws Error: out of luck; every program needs a fresh one.',
  ],
  [
    'check make-throws-later.js',
    'make-throws-later.js: making an allocator throws Error: only five; every program needs a fresh one.',
  ],
  [
    'coverage reference',
    "coverage: reference is heapcheck's own code, loaded before the counting starts; pass a module of yours ('npm run coverage' in heapcheck's repository measures its own).",
  ],
  [
    'coverage mutants/coalesce-skips-left',
    "coverage: mutants/coalesce-skips-left is heapcheck's own code, loaded before the counting starts; pass a module of yours ('npm run coverage' in heapcheck's repository measures its own).",
  ],
  ['coverage typed.ts', 'coverage: typed.ts is TypeScript; compile it, and pass the .js.'],
  [
    'replay found-on-no-mutant.ops',
    "target: there is no 'mutants/gone'; 'heapcheck list mutants' names those that there are.",
  ],
  ['replay fine.ops --target missing.js', `target: there is no 'missing.js'; ${TARGETS}.`],
  [
    'check reset-throws.js',
    'reset-throws.js: reset throws Error: stuck; mend it, or leave it out, and every program gets a fresh allocator.',
  ],
  [
    'check throws-inside.js',
    'throws-inside.js: the module throws when it is loaded, RangeError: no room (FOLDER/throws.js:2); mend it, then try again.',
  ],
  [
    'minimize fine.ops --target throws.js',
    'throws.js: the module throws when it is loaded, RangeError: no room (line 2); mend it, then try again.',
  ],
  [
    'check syntax.js',
    "syntax.js: the module throws when it is loaded, SyntaxError: Unexpected token '{' (line 2); mend it, then try again.",
  ],
  [
    'fuzz kernel/nope',
    "target: there is no kernel 'nope'; pass kernel, kernel/ids, kernel/x86-32, kernel/x86-32/ids, kernel/toy, kernel/toy/ids.",
  ],
  [
    'replay fine.ops --target machine',
    'fine.ops: machine performs no program of blocks; pass a --target that does, or leave it out.',
  ],
  [
    'replay fine.ops --target fine.ops',
    'target: fine.ops is no module; pass a .js, .mjs or .wasm file, or a library.',
  ],
  ['coverage missing.js', `target: there is no 'missing.js'; ${TARGETS}.`],
];
