import { basename, isAbsolute, relative } from 'node:path';
import type { MakeAllocatorTarget } from '../src/check/target.ts';
import { Hosts } from '../src/supervise/hosts.ts';
import { SANITIZER_ENV } from '../src/targets/remote/malloc-lab.ts';
import { remoteTarget } from '../src/targets/remote/remote-target.ts';
import { buildHandout } from './lab-build.ts';
import { type Handout, openHandout } from './lab-handout.ts';
import type { LoadedTarget } from './loaded-target.ts';

/** A handout that was built, as a target. */
export interface LabTarget extends LoadedTarget {
  readonly makeTarget: MakeAllocatorTarget;
  readonly file: string;
  readonly handout: Handout;
  /** The program that serves it, and that measures it. */
  readonly program: string;
  close(): void;
}

/**
 * Builds a malloc-lab handout, and has it served.
 *
 * @throws {UsageError} There is none, or it cannot be built.
 */
export function loadLabTarget(spec: string, cwd: string): LabTarget {
  const handout = openHandout(spec, cwd);
  const program = buildHandout(handout, cwd);
  const hosts = new Hosts({ host: { command: program, args: [], env: SANITIZER_ENV } });
  const { alignment, heapMax } = handout.config;
  const name = labTargetName(handout.folder, cwd);
  const promises = { alignment, sizeMax: heapMax };
  return {
    name,
    spec: handout.spec,
    options: {},
    // A folder that is built in a way of its own is not found by its name alone.
    file: handout.spec.includes('?') ? handout.spec : handout.folder,
    makeTarget: remoteTarget({ name, hosts, promises }),
    handout,
    program,
    close: () => hosts.close(),
  };
}

/** The path from here, or the folder's name alone where that is no path downwards. */
function labTargetName(folder: string, cwd: string): string {
  const path = relative(cwd, folder).replaceAll('\\', '/');
  return path === '' || path.startsWith('..') || isAbsolute(path) ? basename(folder) : path;
}
