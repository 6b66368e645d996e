import { relative } from 'node:path';

/** What a module in a folder imports a file by: `./my-allocator.js`. */
export function specifierFrom(folder: string, file: string): string {
  const path = relative(folder, file).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}
