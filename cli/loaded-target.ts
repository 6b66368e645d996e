import type { MakeTarget } from '../src/check/target.ts';
import type { ProofTarget } from '../src/emit/emit.ts';
import type { FlatArenaOptions } from '../src/heap/flat-arena.ts';
import type { NativeSpec } from '../src/targets/native/native-library.ts';
import type { TargetOptions } from './target-options.ts';

/** A target as the command was given it. */
export interface LoadedTarget {
  /** The first words of its reports, and the middle of its findings' file names. */
  readonly name: string;
  readonly makeTarget: MakeTarget;
  /** What `--target` needs to load it again. */
  readonly spec: string;
  /** What stood beside it, and is needed as well. */
  readonly options: TargetOptions;
  /** The module's file, for a target of the user's own. */
  readonly file?: string;
  /** How its library is loaded, if it is one: only by processes that may die. */
  readonly native?: NativeSpec;
  /** How a program of its own gets at it, written beside a file of this folder; none for what is heapcheck's own. */
  readonly proofFrom?: (folder: string) => ProofTarget;
}

export interface LoadOptions extends TargetOptions {
  /** Folder from which paths are read. */
  readonly cwd: string;
  /** Memory of the reference, where more is needed than its own default. */
  readonly arena?: FlatArenaOptions;
}
