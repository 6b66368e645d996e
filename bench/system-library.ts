import { existsSync } from 'node:fs';

/** Where Debian keeps a library; undefined where it is not. */
export function systemLibrary(file: string): string | undefined {
  return ['x86_64', 'aarch64']
    .map((machine) => `/usr/lib/${machine}-linux-gnu/${file}`)
    .find((path) => existsSync(path));
}
