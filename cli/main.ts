#!/usr/bin/env node
import { fold } from '../src/base/prng.ts';
import { run } from './run.ts';
import { tuneV8 } from './tune-v8.ts';

// Whoever reads along, `head` say, may have seen enough.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });

tuneV8();
process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  cwd: process.cwd(),
  now: () => performance.now(),
  drawSeed: () => fold(`${Date.now()} ${process.pid}`),
});
