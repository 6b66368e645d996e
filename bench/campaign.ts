import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { tuneV8 } from '../cli/tune-v8.ts';
import { formatSeed, parseSeed } from '../src/base/prng.ts';
import { campaignOnKernel } from './campaign-kernel.ts';
import { campaignOnMutants } from './campaign-mutants.ts';
import { campaignOnReference } from './campaign-reference.ts';

/** `npm run campaign`: what takes longer than a test may. `--share 10` runs a tenth of it. */
tuneV8();
const { values } = parseArgs({
  options: {
    share: { type: 'string', default: '1' },
    seed: { type: 'string', default: '0x5f1e_22d0' },
  },
});
const seed = parseSeed(values.seed);
const share = Number(values.share);
console.log(
  `seed ${formatSeed(seed)}, node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`,
);
const troublesCount =
  campaignOnReference(seed, share) +
  campaignOnKernel(seed, share) +
  (await campaignOnMutants(share));
process.exitCode = troublesCount === 0 ? 0 : 1;
