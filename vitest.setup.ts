import { execFileSync } from 'node:child_process';

/** Builds `dist` once before the tests: mutants are patches of the built files, and the command is run from there. */
export function setup(): void {
  const tsc = ['node_modules/typescript/bin/tsc', '--project', 'tsconfig.build.json'];
  execFileSync(process.execPath, tsc, { cwd: import.meta.dirname, stdio: 'inherit' });
}
