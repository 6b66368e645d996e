import { extname } from 'node:path';
import { UsageError } from '../src/base/usage-error.ts';
import type { MakeTarget } from '../src/check/target.ts';
import { type HeapOptions, PRESETS } from '../src/heap/options.ts';
import { PRESETS as GEOMETRIES, type PresetName } from '../src/machine/geometry.ts';
import { kernelName, kernelTarget, type KernelTargetOptions } from '../src/targets/kernel.ts';
import { machineTarget } from '../src/targets/machine.ts';
import { findMutant, loadMutant } from '../src/targets/mutants/index.ts';
import { referenceTarget } from '../src/targets/reference.ts';
import { SMALL_ALLOCATORS, type SmallAllocatorName } from '../src/targets/small-allocators.ts';
import type { LoadedTarget, LoadOptions } from './loaded-target.ts';

/** The machines by name. */
const MACHINES = namesByPreset('machine');
export const MACHINE_NAMES: readonly string[] = [...MACHINES.keys()];
/** The reference on the pages of each machine, by name. */
const PAGED = namesByPreset('reference/paged');
export const PAGED_NAMES: readonly string[] = [...PAGED.keys()];
/** The kernels by name: each preset, without address-space ids and with them. */
const KERNELS: ReadonlyMap<string, KernelTargetOptions> = new Map(
  (Object.keys(GEOMETRIES) as PresetName[]).flatMap((preset) =>
    (['off', 'on'] as const).map((ids) => {
      const options = { preset, tlb: { ids } };
      return [kernelName(options), options] as const;
    }),
  ),
);
export const KERNEL_NAMES: readonly string[] = [...KERNELS.keys()];

/** A module in a folder of that name is told by its ending. */
export function isBuiltIn(spec: string): boolean {
  return (
    spec === 'reference' ||
    spec === 'machine' ||
    spec === 'kernel' ||
    isSmallAllocator(spec) ||
    (/^(reference|machine|kernel|mutants)\//.test(spec) && extname(spec) === '')
  );
}

/**
 * Loads a target of ours by its name.
 *
 * @throws {UsageError} There is none of that name.
 */
export async function loadBuiltIn(spec: string, options: LoadOptions): Promise<LoadedTarget> {
  if (spec.startsWith('mutants/')) {
    return builtIn(spec, await loadMutant(findMutant(spec)));
  }
  if (isSmallAllocator(spec)) return builtIn(spec, SMALL_ALLOCATORS[spec]());
  const kernel = KERNELS.get(spec);
  if (kernel !== undefined) return builtIn(spec, kernelTarget(kernel));
  if (/^kernel\b/.test(spec))
    throw new UsageError(
      `target: there is no kernel '${spec.slice('kernel/'.length)}'; pass ${KERNEL_NAMES.join(', ')}.`,
    );
  if (/^machine\b/.test(spec))
    return builtIn(spec, machineTarget({ preset: machinePresetOf(spec) }));
  const paged = PAGED.get(spec);
  if (paged !== undefined) return builtIn(spec, referenceTarget({ machine: { preset: paged } }));
  const makeTarget = referenceTarget({
    name: spec,
    heap: presetOf(spec),
    ...(options.arena && { arena: options.arena }),
  });
  return builtIn(spec, makeTarget);
}

function builtIn(spec: string, makeTarget: MakeTarget): LoadedTarget {
  return { name: spec, spec, options: {}, makeTarget };
}

function isSmallAllocator(spec: string): spec is SmallAllocatorName {
  return Object.hasOwn(SMALL_ALLOCATORS, spec);
}

/** Each preset by the name that a target has on it: x86-64 needs no mention. */
function namesByPreset(name: string): ReadonlyMap<string, PresetName> {
  const presets = Object.keys(GEOMETRIES) as PresetName[];
  return new Map(
    presets.map((preset) => [preset === 'x86-64' ? name : `${name}/${preset}`, preset]),
  );
}

function machinePresetOf(spec: string): PresetName {
  const found = MACHINES.get(spec);
  if (found !== undefined) return found;
  throw new UsageError(
    `target: there is no machine '${spec.slice('machine/'.length)}'; pass ${MACHINE_NAMES.join(', ')}.`,
  );
}

function presetOf(spec: string): HeapOptions {
  const preset = spec === 'reference' ? 'default' : spec.slice('reference/'.length);
  const presets: Readonly<Record<string, HeapOptions>> = PRESETS;
  if (Object.hasOwn(presets, preset)) return presets[preset]!;
  throw new UsageError(
    `target: the reference has no preset '${preset}'; pass reference, or one of ${[
      ...Object.keys(PRESETS).map((name) => `reference/${name}`),
      ...PAGED_NAMES,
    ].join(', ')}.`,
  );
}
