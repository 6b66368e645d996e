import { fileURLToPath } from 'node:url';
import { basename } from 'node:path';
import type { MakeAllocatorTarget } from '../../check/target.ts';
import { Hosts } from '../../supervise/hosts.ts';
import type { HostCommand } from '../../supervise/link.ts';
import { remoteTarget } from '../remote/remote-target.ts';
import { type NativeSpec, promisesOf } from './native-library.ts';
import { knownLibrary } from './presets.ts';
import { printNativeSpec } from './spec-text.ts';

const HOST = fileURLToPath(new URL('node-host.js', import.meta.url));

/** What the environment of a process must say that loads a library late. */
export function nativeEnv({ library }: NativeSpec): Readonly<Record<string, string>> {
  return knownLibrary(basename(library))?.env ?? {};
}

/**
 * The host of a library. After a fork there is one thread, so V8 must not count on others; and a child lives for one
 * program, in which compiling costs more than it saves.
 */
function nativeHost(spec: NativeSpec): HostCommand {
  const args = ['--single-threaded', '--jitless', '--expose-gc', HOST, printNativeSpec(spec)];
  return { command: process.execPath, args, name: spec.library, env: nativeEnv(spec) };
}

/**
 * A library as a target that is served by a host: it is loaded there, and never here.
 *
 * @throws {UsageError} The library cannot be loaded, or does not have the functions.
 */
export function servedNative(spec: NativeSpec, name: string): MakeAllocatorTarget {
  const hosts = new Hosts({ host: nativeHost(spec) });
  return remoteTarget({ name, hosts, promises: promisesOf(spec) });
}
