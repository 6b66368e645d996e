import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { parseCount } from '../cli/parse-option.ts';
import { tuneV8 } from '../cli/tune-v8.ts';
import { formatSeed, parseSeed } from '../src/base/prng.ts';
import { UsageError } from '../src/base/usage-error.ts';
import { campaignOnExplore } from './campaign-explore.ts';
import { campaignOnAllocators } from './campaign-allocators.ts';
import { campaignOnBroken } from './campaign-broken.ts';
import { campaignOnKernel } from './campaign-kernel.ts';
import { campaignOnMutants } from './campaign-mutants.ts';
import { campaignOnFamous } from './campaign-famous.ts';
import { campaignOnFrames } from './campaign-frames.ts';
import { campaignOnLab } from './campaign-lab.ts';
import { campaignOnMachines } from './campaign-machine.ts';
import { campaignOnPackages } from './campaign-packages.ts';
import { campaignOnProofs } from './campaign-proofs.ts';
import { campaignOnPages } from './campaign-paged.ts';
import { campaignOnReference } from './campaign-reference.ts';
import { campaignOnSwitches } from './campaign-switches.ts';
import { campaignOnThreads } from './campaign-threads.ts';
import { campaignOnTraces } from './campaign-traces.ts';
import { campaignOnNative } from './campaign-native.ts';
import { campaignOnWasm } from './campaign-wasm.ts';
import { campaignOnWasmProofs } from './campaign-wasm-proofs.ts';
import { tellUsageErrors } from './usage-errors.ts';

/**
 * `npm run campaign`: what takes longer than a test may.
 *
 * `--share 10` runs a tenth of it, `--only machine,traces` some parts, `--traces DIR` replays the traces of a folder.
 */
tellUsageErrors();
tuneV8();
const { values } = parseArgs({
  options: {
    share: { type: 'string', default: '1' },
    seed: { type: 'string', default: '0x5f1e_22d0' },
    only: { type: 'string' },
    traces: { type: 'string', default: 'corpus/seeds/traces' },
  },
});
const seed = parseSeed(values.seed);
const share = parseCount('--share')(values.share);
console.log(
  `seed ${formatSeed(seed)}, node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`,
);
const PARTS: Readonly<Record<string, () => number | Promise<number>>> = {
  reference: () => campaignOnReference(seed, share),
  allocators: () => campaignOnAllocators(seed, share),
  paged: () => campaignOnPages(seed, share),
  machine: () => campaignOnMachines(seed, share),
  frames: () => campaignOnFrames(seed, share),
  traces: () => campaignOnTraces(values.traces),
  kernel: () => campaignOnKernel(seed, share),
  switches: () => campaignOnSwitches(),
  mutants: () => campaignOnMutants(share),
  explore: () => campaignOnExplore(share),
  wasm: () => campaignOnWasm(seed, share),
  native: () => campaignOnNative(seed, share),
  threads: () => campaignOnThreads(seed, share),
  lab: () => campaignOnLab(seed, share, values.traces),
  broken: () => campaignOnBroken(seed, share),
  famous: () => campaignOnFamous(seed, share),
  proofs: () => campaignOnProofs() + campaignOnWasmProofs(),
  packages: () => campaignOnPackages(seed, share),
};
const names = values.only?.split(',') ?? Object.keys(PARTS);
const unknown = names.find((name) => PARTS[name] === undefined);
if (unknown !== undefined)
  throw new UsageError(
    `--only: there is no '${unknown}'; pass some of ${Object.keys(PARTS).join(', ')}.`,
  );
let troublesCount = 0;
for (const name of names) troublesCount += await PARTS[name]!();
process.exitCode = troublesCount === 0 ? 0 : 1;
