import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { tuneV8 } from '../cli/tune-v8.ts';
import { parseCount } from '../cli/parse-option.ts';
import { runCi } from './power/ci.ts';
import { runPlans } from './power/plans.ts';
import { writeReport } from './power/report.ts';
import { STRATEGIES } from './power/strategies.ts';
import { pickByName, TASKS } from './power/tasks.ts';
import { parseShare } from './power/share.ts';
import { TrialFile } from './power/trial-file.ts';
import { tellUsageErrors } from './usage-errors.ts';

/**
 * `npm run bench:power`: how many ops strategies take to find planted bugs.
 *
 * Each trial is a line of `--trials FILE`; what is there already is not run again. `--seeds N`, `--max-ops N`,
 * `--tasks a,b` and `--strategies a,b` run a part, `--machines` the mutants of machine and kernel too, `--share i/n` one
 * part of n and no report, `--ci` ten tasks that our engine must not miss.
 */
tellUsageErrors();
tuneV8();
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '30' },
    'max-ops': { type: 'string', default: '1000000' },
    tasks: { type: 'string', default: '' },
    strategies: { type: 'string', default: '' },
    machines: { type: 'boolean', default: false },
    share: { type: 'string', default: '1/1' },
    trials: { type: 'string', default: 'coverage/power.jsonl' },
    out: { type: 'string', default: 'docs/power' },
    ci: { type: 'boolean', default: false },
  },
});
const machine = `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`;
console.log(`${machine}\n`);

if (values.ci) {
  process.exitCode = (await runCi()) === 0 ? 0 : 1;
} else {
  const named = pickByName('--tasks', TASKS, namesIn(values.tasks));
  const tasks =
    values.machines || values.tasks !== ''
      ? named
      : named.filter(({ family }) => family === 'allocator');
  const strategies = pickByName('--strategies', STRATEGIES, namesIn(values.strategies));
  const file = new TrialFile(values.trials);
  const share = parseShare(values.share);
  const opsMax = parseCount('--max-ops')(values['max-ops']);
  const seedsCount = parseCount('--seeds')(values.seeds);
  await runPlans({ file, opsMax, seedsCount, share, strategies, tasks });
  if (share.of === 1) writeReport(file.trials, { folder: values.out, machine, opsMax, tasks });
}

function namesIn(text: string): readonly string[] {
  return text.split(',').filter((name) => name !== '');
}
