import { Command, Option } from 'commander';
import { parseSeed } from '../src/base/prng.ts';
import { EXPLORED_KINDS } from '../fuzz/index.ts';
import { check, type CheckCommandOptions } from './commands/check.ts';
import { cost, type CostCommandOptions } from './commands/cost.ts';
import { coverage, type CoverageCommandOptions } from './commands/coverage.ts';
import { explore, type ExploreCommandOptions } from './commands/explore.ts';
import { exportTrace, type ExportCommandOptions, parseTraceWriter } from './commands/export.ts';
import { fuzz, type FuzzCommandOptions } from './commands/fuzz.ts';
import { importTrace, type ImportCommandOptions } from './commands/import.ts';
import { lab, type LabCommandOptions } from './commands/lab.ts';
import { list, LIST_NAMES, parseListName } from './commands/list.ts';
import { merge, type MergeCommandOptions } from './commands/merge.ts';
import { minimizeFile, type MinimizeCommandOptions } from './commands/minimize.ts';
import { replay, type ReplayCommandOptions } from './commands/replay.ts';
import { threads, type ThreadsCommandOptions } from './commands/threads.ts';
import { TRACE_WRITERS } from '../src/trace-formats/index.ts';
import { SETTING_NAMES } from './cost-settings.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { explain } from './explain.ts';
import type { Io } from './io.ts';
import { fromLibFuzzer } from './libfuzzer-spelling.ts';
import { PROOF_LANGUAGES } from '../src/emit/emit.ts';
import { parseProofLanguage } from './write-proof.ts';
import {
  parseAlignment,
  parseCount,
  parseDuration,
  parseKinds,
  parseShare,
  parseSizes,
  parseTimeLimit,
} from './parse-option.ts';
import { packageVersion } from './package-version.ts';
import { addTargetOptions, parseSymbols } from './target-options.ts';

/** Runs the command as if it were called with these arguments. */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const result = { code: EXIT.clean as ExitCode };
  try {
    const program = buildProgram(io, result);
    await program.parseAsync(fromLibFuzzer(argv), { from: 'user' });
    return result.code;
  } catch (error) {
    return explain(error, { io, argv });
  }
}

/** Where a subcommand leaves its exit code. */
interface Result {
  code: ExitCode;
}

function buildProgram(io: Io, result: Result): Command {
  const program = new Command('heapcheck')
    .description(
      'Finds the bug in a memory allocator, shrinks it to the fewest operations, and shows it.',
    )
    .version(packageVersion(), '--version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // What is wrong is said once, by explain.
      outputError: () => undefined,
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing found, 1 a finding, 2 the call was wrong, 3 heapcheck failed.',
    );
  addCheck(program, io, result);
  addFuzz(program, io, result);
  addExplore(program, io, result);
  addMerge(program, io, result);
  addReplay(program, io, result);
  addMinimize(program, io, result);
  addImport(program, io, result);
  addExport(program, io, result);
  addCost(program, io, result);
  addLab(program, io, result);
  addThreads(program, io, result);
  addList(program, io, result);
  addCoverage(program, io, result);
  return program;
}

const TARGET_HELP =
  "a module's path, or one of ours: reference, machine, kernel, mutants/NAME, … ('heapcheck list targets')";

function addCheck(program: Command, io: Io, result: Result): void {
  const command = program
    .command('check')
    .description(
      'runs the stored programs, then the property suites; without a target also shows that they can fail',
    )
    .argument('[target]', TARGET_HELP);
  addCampaignOptions(
    addFindingsOptions(command),
    'programs of each property (default: 1000)',
  ).action(async (target: string | undefined, options: CheckCommandOptions) => {
    result.code = await check(io, target, options);
  });
}

function addFuzz(program: Command, io: Io, result: Result): void {
  const command = program
    .command('fuzz')
    .description(
      'runs random programs until one finds something; for 10 s, if nothing else is said',
    )
    .argument('[target]', TARGET_HELP)
    .argument(
      '[folders...]',
      'folders of programs to go on from; what shows something new is kept in the first',
    );
  addCampaignOptions(addFindingsOptions(command), 'programs to run')
    .option('-j, --jobs <count>', 'search on so many cores at once', parseCount('--jobs'))
    .option('--coverage', 'also go by which code of a JavaScript target runs; much slower')
    .action(async (target: string | undefined, folders: string[], options: FuzzCommandOptions) => {
      result.code = await fuzz(io, target, folders, options);
    });
}

function addExplore(program: Command, io: Io, result: Result): void {
  const command = program
    .command('explore')
    .description(
      'runs every program of up to so many ops over a few sizes; equal states are gone on from once',
    )
    .argument('[target]', TARGET_HELP)
    .option(
      '--max-ops <count>',
      'ops of a program at the most (default: 7, or what the time allows)',
      parseCount('--max-ops'),
    )
    .option(
      '--max-total-time <time>',
      'stop after 60s, 2m, or seconds',
      parseDuration('--max-total-time'),
    )
    .addOption(
      new Option('--sizes <list>', 'bytes that are asked for')
        .argParser(parseSizes)
        .default([8, 24, 40, 100], '8,24,40,100'),
    )
    .addOption(
      new Option('--kinds <list>', `ops to try, of ${EXPLORED_KINDS.join(', ')}`)
        .argParser(parseKinds)
        .default(['malloc', 'free'], 'malloc,free'),
    )
    .option('--alignment <bytes>', 'what aligned asks for', parseAlignment, 32)
    .option('--resume <file>', 'goes on where the file says, and writes to it how far it came')
    .option('--corpus <folder>', 'where findings are kept', 'corpus');
  addCommonOptions(addTargetOptions(addTimeLimit(command))).action(
    async (target: string | undefined, options: ExploreCommandOptions) => {
      result.code = await explore(io, target, options);
    },
  );
}

function addMerge(program: Command, io: Io, result: Result): void {
  const command = program
    .command('merge')
    .description('adds to a folder of programs those of others that show something new')
    .argument('<target>', TARGET_HELP)
    .argument('<into>', 'the folder that is added to; it need not exist')
    .argument('<from...>', 'folders that are read');
  addCommonOptions(addTargetOptions(command)).action(
    async (spec: string, into: string, from: string[], options: MergeCommandOptions) => {
      result.code = await merge(io, { spec, into, from }, options);
    },
  );
}

function addReplay(program: Command, io: Io, result: Result): void {
  const command = program
    .command('replay')
    .description('runs programs and traces from files, and shows what happens step by step')
    .argument('<files...>', 'programs (.ops) or traces in any format that heapcheck knows')
    .option('--target <target>', `${TARGET_HELP} (default: the one that the file names)`)
    .option('--step', 'wait for a key after each step')
    .addOption(
      new Option(
        '--emit <language>',
        `also writes a program that shows the finding without heapcheck, of ${PROOF_LANGUAGES.join(', ')}`,
      ).argParser(parseProofLanguage),
    );
  addCommonOptions(addTargetOptions(addTimeLimit(command))).action(
    async (files: string[], options: ReplayCommandOptions) => {
      result.code = await replay(io, files, options);
    },
  );
}

function addMinimize(program: Command, io: Io, result: Result): void {
  const command = program
    .command('minimize')
    .description('shrinks the program of a file, and writes what is left beside it')
    .argument('<file>', 'a program, or a trace')
    .option('--target <target>', `${TARGET_HELP} (default: the one that the file names)`)
    .option('-o, --output <file>', 'where to write (default: beside the file, as .min.ops)');
  addCommonOptions(addTargetOptions(addTimeLimit(command))).action(
    async (file: string, options: MinimizeCommandOptions) => {
      result.code = await minimizeFile(io, file, options);
    },
  );
}

function addImport(program: Command, io: Io, result: Result): void {
  const command = program
    .command('import')
    .description('checks the trace of a real program, and writes it as a program file')
    .argument('<file>', 'a trace in any format that heapcheck knows')
    .option('-o, --output <file>', 'where to write (default: here, as .ops)');
  addCommonOptions(command).action((file: string, options: ImportCommandOptions) => {
    result.code = importTrace(io, file, options);
  });
}

function addExport(program: Command, io: Io, result: Result): void {
  const command = program
    .command('export')
    .description('writes a program, or a trace of another format, as a trace for other tools')
    .argument('<file>', 'a program, or a trace')
    .requiredOption(
      '--format <name>',
      `one of ${TRACE_WRITERS.map(({ name }) => name).join(', ')}`,
      parseTraceWriter,
    )
    .option('-o, --output <file>', 'where to write (default: here, ending with the format)');
  addCommonOptions(command).action((file: string, options: ExportCommandOptions) => {
    result.code = exportTrace(io, file, options);
  });
}

function addCost(program: Command, io: Io, result: Result): void {
  const command = program
    .command('cost')
    .description(
      "counts what a program makes a simulated machine do, its heap and its kernel included; without a file, for the lecture note's claims of cost",
    )
    .argument('[file]', 'a program, or a trace')
    .option(
      '--with <settings>',
      `a column of counts, once or more often: default, or ${SETTING_NAMES.map((name) => `${name}=`).join(', ')} with commas between`,
      collect,
    )
    .option('--touch', 'let a program of blocks write each byte that it is granted once')
    .option(
      '--compare',
      'a program of threads in three columns: all as processes, with address-space ids too, all as threads',
    );
  addCommonOptions(command).action(
    async (file: string | undefined, options: CostCommandOptions) => {
      result.code = await cost(io, file, options);
    },
  );
}

/** Keeps all values of an option that may be repeated. */
function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function addCoverage(program: Command, io: Io, result: Result): void {
  const command = program
    .command('coverage')
    .description(
      'shows which lines of a module the property suites reach, and how often each law was asked',
    )
    .argument('<module>', 'a .js or .mjs module')
    .option('--out <folder>', 'where the report is written', 'coverage');
  addCampaignOptions(command, 'programs of each property (default: 1000)').action(
    async (module: string, options: CoverageCommandOptions) => {
      result.code = await coverage(io, module, options);
    },
  );
}

function addLab(program: Command, io: Io, result: Result): void {
  const command = program
    .command('lab')
    .description(
      'builds malloc-lab handouts (mm.c, memlib.c), asks them the laws, and scores them as the course does',
    )
    .argument('<folders...>', 'a handout each; nothing is written into them')
    .option('--mm <file>', "the allocator's file in each folder (default: mm.c)")
    .option('--memlib <file>', 'the file with mem_sbrk (default: memlib.c)')
    .option('--cflags <flags>', "the compiler's flags (default: -O2 -g, and the Makefile's -m32)")
    .option('--sanitize <list>', 'builds with -fsanitize=LIST; address, say')
    .option('--csv <file>', 'also writes the table to a file')
    .option('--util-weight <share>', "the utilization's share of the points", parseShare)
    .option(
      '--libc-throughput <count>',
      'operations a second that count in full',
      parseCount('--libc-throughput'),
    )
    .option('--trace-limit <ms>', 'what a trace may take', parseCount('--trace-limit'), 10_000)
    .option('--seed <hex>', 'repeats a campaign (default: drawn, and printed first)', parseSeed)
    .option('--runs <count>', 'random programs for each handout', parseCount('--runs'))
    .option(
      '--max-total-time <time>',
      'random programs for so long, for each handout (default: 10s)',
      parseDuration('--max-total-time'),
    )
    .option('--corpus <folder>', 'where findings are kept', 'corpus');
  addCommonOptions(addTimeLimit(command)).action(
    async (folders: string[], options: LabCommandOptions) => {
      result.code = await lab(io, folders, options);
    },
  );
}

function addThreads(program: Command, io: Io, result: Result): void {
  const command = program
    .command('threads')
    .description(
      'runs several threads at once on one library of C, which hand blocks to each other',
    )
    .argument('<target>', 'a library (.so), or an allocator as a file of C')
    .argument(
      '[programs...]',
      'programs to run, and how often each breaks a law; none are drawn then',
    )
    .option(
      '--threads <count>',
      'threads of the programs that are drawn',
      parseCount('--threads'),
      4,
    )
    .option('--repeat <count>', 'runs by which a rate is measured', parseCount('--repeat'), 1000)
    .option(
      '--symbols <list>',
      'names that it gives its calls: malloc=my_alloc,free=my_free',
      parseSymbols,
    )
    .option('--cflags <flags>', "the compiler's flags (default: -O2 -g)")
    .option('--sanitize <list>', 'builds a file of C with -fsanitize=LIST; thread, say')
    .option('--seed <hex>', 'repeats the programs (default: drawn, and printed first)', parseSeed)
    .option('--runs <count>', 'programs to draw', parseCount('--runs'))
    .option(
      '--max-total-time <time>',
      'stop after 60s, 2m, or seconds (default: 10s)',
      parseDuration('--max-total-time'),
    )
    .option('--max-ops <count>', 'ops of a program at the most', parseCount('--max-ops'), 200)
    .option('--corpus <folder>', 'where findings are kept', 'corpus');
  addCommonOptions(addTimeLimit(command)).action(
    async (spec: string, files: string[], options: ThreadsCommandOptions) => {
      result.code = await threads(io, { spec, files }, options);
    },
  );
}

function addList(program: Command, io: Io, result: Result): void {
  program
    .command('list')
    .description('names what there is')
    .argument('<what>', `one of ${LIST_NAMES.join(', ')}`, parseListName)
    .option('--json', 'one JSON document on stdout')
    .action((what: ReturnType<typeof parseListName>, options: { json?: boolean }) => {
      result.code = list(io, what, options);
    });
}

function addCampaignOptions(command: Command, runsHelp: string): Command {
  return addCommonOptions(
    addTargetOptions(addTimeLimit(command))
      .option('--seed <hex>', 'repeats a campaign (default: drawn, and printed first)', parseSeed)
      .option('--runs <count>', runsHelp, parseCount('--runs'))
      .option(
        '--max-total-time <time>',
        'stop after 60s, 2m, or seconds',
        parseDuration('--max-total-time'),
      )
      .option('--max-ops <count>', 'ops of a program at the most', parseCount('--max-ops'))
      .option('--corpus <folder>', 'where findings are kept', 'corpus'),
  );
}

function addFindingsOptions(command: Command): Command {
  return command
    .option('--keep-going', 'do not stop at the first finding')
    .option('--baseline <file>', 'findings that are known, and fail no run')
    .option('--update-baseline', 'write what this run finds into the baseline');
}

function addTimeLimit(command: Command): Command {
  return command.option('--time-limit <ms>', 'what a program may take', parseTimeLimit, 2000);
}

function addCommonOptions(command: Command): Command {
  return command
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .option('--quiet', 'findings and errors only');
}
