import { existsSync, readFileSync } from 'node:fs';

/** The version in package.json, above this file or above the folder that it was built to. */
export function packageVersion(): string {
  const beside = new URL('../package.json', import.meta.url);
  const file = existsSync(beside) ? beside : new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
