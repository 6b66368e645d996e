import { existsSync, statSync } from 'node:fs';
import { basename, extname, isAbsolute, relative, resolve } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';
import { isHandout } from './lab-handout.ts';
import { loadLabTarget } from './lab-target.ts';
import { isLibrary, loadLibrary, loadWasm } from './load-binary.ts';
import { isBuiltIn, loadBuiltIn } from './load-built-in.ts';
import { loadModule, SCRIPT_ENDINGS } from './load-module.ts';
import type { LoadedTarget, LoadOptions } from './loaded-target.ts';
import { printTargetOptions, type TargetOptions, targetOptionsOf } from './target-options.ts';

const BUILT_IN = "'reference', 'machine', or another name that 'heapcheck list targets' shows";
const WASM_ENDING = '.wasm';

/**
 * Loads a target by what stands on the command line: the name of one of ours, or the path of a module.
 *
 * @throws {UsageError} There is no such target, or its module cannot serve as one.
 */
export async function loadTarget(spec: string, options: LoadOptions): Promise<LoadedTarget> {
  const own = targetOptionsOf(options);
  if (isBuiltIn(spec)) {
    refuseOptions(own, `${spec} is heapcheck's own, of which all is known`);
    return loadBuiltIn(spec, options);
  }
  if (isLabSpec(spec, options.cwd)) {
    refuseOptions(own, `${spec} is a handout, of which all is known`);
    return loadLabTarget(spec, options.cwd);
  }
  const file = resolve(options.cwd, spec);
  checkFile(spec, file);
  const name = moduleTargetName(file, options.cwd);
  if (extname(file) === WASM_ENDING) return loadWasm({ name, spec, file }, own);
  if (isLibrary(file)) return loadLibrary({ name, spec, file }, own);
  const { promise: _, ...others } = own;
  refuseOptions(others, `${spec} is a module of JavaScript, whose calls are named as they are`);
  return loadModule({ name, spec, file }, own);
}

/** @throws {UsageError} There is an option, and the target is of a kind that has no use for it. */
function refuseOptions(options: TargetOptions, reason: string): void {
  const option = /--[a-z-]+/.exec(printTargetOptions(options))?.[0];
  if (option !== undefined) throw new UsageError(`${option}: ${reason}; leave it out.`);
}

/** A folder with an mm.c in it, or one that is said how to build. */
function isLabSpec(spec: string, cwd: string): boolean {
  const [path = ''] = spec.split('?');
  const folder = resolve(cwd, path);
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder && (path !== spec || isHandout(folder));
}

function checkFile(spec: string, file: string): void {
  const ending = extname(file);
  if (!existsSync(file)) {
    const mend = `pass the path of a module, ${BUILT_IN}`;
    throw new UsageError(`target: there is no '${spec}'; ${mend}.`);
  }
  if (statSync(file).isDirectory()) {
    throw new UsageError(`target: ${spec} is a folder without mm.c; pass a .js or .mjs file.`);
  }
  if (ending === '.c')
    throw new UsageError(
      `target: ${spec} is a file of C; build a library of it (cc -shared -fPIC), or call 'heapcheck threads ${spec}'.`,
    );
  if (![...SCRIPT_ENDINGS, WASM_ENDING].includes(ending) && !isLibrary(file)) {
    throw new UsageError(
      `target: ${spec} is no module; pass a .js, .mjs or .wasm file, or a library.`,
    );
  }
}

/** The path from here, without the ending of a script, or the file's name alone where that is no path downwards. */
function moduleTargetName(file: string, cwd: string): string {
  const path = relative(cwd, file).replaceAll('\\', '/');
  const below = path.startsWith('..') || isAbsolute(path) ? basename(file) : path;
  const isScript = SCRIPT_ENDINGS.includes(extname(file));
  if (!isScript) return below;
  const name = below.slice(0, -extname(file).length);
  return isBuiltIn(name) ? below : name;
}

/** Files that a target's name may stand for, as `moduleTargetName` made it. */
export function filesOfName(name: string): readonly string[] {
  return [name, ...SCRIPT_ENDINGS.map((ending) => `${name}${ending}`)];
}
