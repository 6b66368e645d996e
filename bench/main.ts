import { cpus } from 'node:os';
import { tuneV8 } from '../cli/tune-v8.ts';
import { compareAllocators } from './allocators.ts';
import { measureMachine } from './machine.ts';
import { measureNative } from './native.ts';
import { compareRunners } from './runners.ts';
import { tellUsageErrors } from './usage-errors.ts';

/** `npm run bench`: ratios, measured in one run. Absolute figures depend on the machine and on its neighbours. */
tellUsageErrors();
tuneV8();
console.log(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`);
await compareAllocators();
compareRunners();
await measureNative();
// Last: on pages the heap sees a second kind of arena, and V8 does not forget that.
measureMachine();
