import type { ProgramFamily } from '../src/program/program.ts';
import { GIB, KIB, MIB } from '../src/base/units.ts';
import { parseSeed } from '../src/base/prng.ts';
import { UsageError } from '../src/base/usage-error.ts';
import { type HeapOptions, PRESETS as HEAP_PRESETS } from '../src/heap/options.ts';
import { PRESETS, type PresetName } from '../src/machine/geometry.ts';
import type { TlbOptions } from '../src/machine/tlb.ts';
import type { KernelTicks } from '../src/kernel/core.ts';
import { POLICY_NAMES } from '../src/kernel/scheduler.ts';
import type { BareMachineOptions } from '../src/targets/metered-pages.ts';
import type { MeteredRunOptions } from '../src/targets/metered-run.ts';
import type { MeteredThreadsOptions } from '../src/targets/metered-threads.ts';
import { heapOptionsOn, type PagedArenaOptions } from '../src/targets/paged-arena.ts';

/** A configuration as it was given, and what it means for each kind of program. */
export interface CostSettings {
  /** The text, or `default`: the title of its column. */
  readonly title: string;
  readonly run: MeteredRunOptions;
  readonly pages: BareMachineOptions;
  readonly threads: MeteredThreadsOptions;
  readonly given: readonly GivenSetting[];
}

/** A setting that was given, and the kinds of programs that it says something of. */
interface GivenSetting {
  readonly name: string;
  readonly kinds: readonly ProgramFamily[];
}

/** What one setting changes. */
interface Change {
  /** Bytes of the machine's memory. */
  readonly memory?: number;
  readonly heapPreset?: keyof typeof HEAP_PRESETS;
  readonly heap?: Partial<HeapOptions>;
  readonly machine?: PagedArenaOptions;
  readonly tlb?: Partial<TlbOptions>;
  readonly core?: Pick<MeteredThreadsOptions, 'policy' | 'quantum'>;
  readonly ticks?: Partial<KernelTicks>;
}

/** One setting: what to pass, and what a text means; nothing, when it is none of that. */
interface Setting {
  readonly takes: string;
  readonly read: (text: string) => Change | undefined;
}

const TICKS_MAX = 1e9;
const TLB_POLICIES = ['lru', 'fifo', 'random'] as const satisfies readonly TlbOptions['policy'][];

const SETTINGS: Readonly<Record<string, Setting>> = {
  preset: oneOf(['x86-64', 'x86-32', 'toy'], (preset) => ({ machine: { preset } })),
  sets: countUpTo(4 * KIB, 1, (sets) => ({ tlb: { sets } })),
  ways: countUpTo(256, 0, (ways) => ({ tlb: { ways } })),
  policy: oneOf([...TLB_POLICIES, ...POLICY_NAMES], (policy) =>
    policy === 'lru' || policy === 'fifo' || policy === 'random'
      ? { tlb: { policy } }
      : { core: { policy } },
  ),
  ids: oneOf(['on', 'off'], (ids) => ({ tlb: { ids } })),
  placement: oneOf(['up', 'down', 'gaps', 'random'], (placement) => ({ machine: { placement } })),
  frames: oneOf(['on-touch', 'on-map'], (frames) => ({ machine: { frames } })),
  memory: countUpTo(2 * GIB, 64 * KIB, (memory) => ({ memory })),
  heap: oneOf(['default', 'lecture-note'], (heapPreset) => ({ heapPreset })),
  threshold: countUpTo(Number.MAX_SAFE_INTEGER, 1, (bigThreshold) => ({ heap: { bigThreshold } })),
  growth: oneOf(['map', 'brk'], (growth) => ({ heap: { growth } })),
  quantum: countUpTo(TICKS_MAX, 1, (quantum) => ({ core: { quantum } })),
  switch: countUpTo(TICKS_MAX, 0, (ticks) => ({ ticks: { switch: ticks } })),
  call: countUpTo(TICKS_MAX, 0, (call) => ({ ticks: { call } })),
  interrupt: countUpTo(TICKS_MAX, 0, (interrupt) => ({ ticks: { interrupt } })),
  seed: { takes: 'up to 8 hexadecimal digits', read: readSeed },
};

/** What can be set. */
export const SETTING_NAMES: readonly string[] = Object.keys(SETTINGS);
/** The settings without any. */
const DEFAULT = 'default';

/** Room for what a real program asks, as far as a preset has addresses. */
interface Room {
  /** Bytes of the machine's memory. */
  readonly memory: number;
  readonly mapSize?: number;
  readonly brkSize?: number;
}

const ROOMS: Readonly<Record<PresetName, Room>> = {
  'x86-64': { memory: 512 * MIB, mapSize: 32 * KIB * GIB, brkSize: 64 * GIB },
  'x86-32': { memory: 512 * MIB, mapSize: 2 * GIB, brkSize: GIB },
  toy: { memory: 32 * KIB },
};
/** As many as a machine can have. */
const FRAMES_MAX = 2 ** 20;

/** One column for each `--with`, or one of defaults. */
export function costSettings(texts: readonly string[] | undefined): readonly CostSettings[] {
  return (texts ?? [DEFAULT]).map(parseSettings);
}

/**
 * Reads settings as `--with` takes them: `sets=4,policy=fifo`, or `default`.
 *
 * @throws {UsageError} There is no such setting, its value is none that it takes, or it is given twice.
 */
function parseSettings(text: string): CostSettings {
  if (text === DEFAULT) return settingsOf(DEFAULT, []);
  const given: [name: string, change: Change][] = [];
  for (const part of text.split(',')) {
    const [name, change] = parseSetting(part);
    if (given.some(([other, before]) => other === name && changesSame(before, change)))
      throw new UsageError(`--with: ${name} is set twice in '${text}'; set it once.`);
    given.push([name, change]);
  }
  return settingsOf(text, given);
}

/** Whether two values of one setting are of the same thing: the policy of the TLB is not that of the scheduler. */
function changesSame(a: Change, b: Change): boolean {
  return (a.core === undefined) === (b.core === undefined);
}

function settingsOf(title: string, given: readonly (readonly [string, Change])[]): CostSettings {
  const run = runOf(given.map(([, change]) => change));
  const { framesCount, frames, placement, preset, seed, tlb } = run.machine;
  const pages = omitMissing({ framesCount, frames, placement, preset, seed, tlb });
  const core = given.map(([, change]) => change.core);
  const ticks = given.map(([, change]) => change.ticks);
  return {
    title,
    run,
    pages,
    threads: Object.assign(
      { heap: run.heap, machine: pages, ticks: Object.assign({}, ...ticks) },
      ...core,
    ),
    given: given.map(([name, change]) => ({ name, kinds: kindsOf(change) })),
  };
}

/** The entries that have a value. */
function omitMissing<Options extends object>(
  options: Options,
): {
  readonly [Name in keyof Options]?: Exclude<Options[Name], undefined>;
} {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as never;
}

function kindsOf({ core, heap, heapPreset, ticks }: Change): readonly ProgramFamily[] {
  if (core !== undefined || ticks !== undefined) return ['threads'];
  if (heap?.growth !== undefined) return ['blocks'];
  if (heap !== undefined || heapPreset !== undefined) return ['blocks', 'threads'];
  return ['blocks', 'pages', 'threads'];
}

/** @throws {UsageError} A setting is of what programs of this kind do not run on. */
export function checkKind(
  settings: readonly CostSettings[],
  kind: ProgramFamily,
  path: string,
): void {
  const stray = settings.flatMap(({ given }) => given).find(({ kinds }) => !kinds.includes(kind));
  if (stray !== undefined)
    throw new UsageError(
      `--with: ${stray.name} says nothing of a program of ${kind}, which ${path} is; leave it out.`,
    );
}

function parseSetting(part: string): readonly [name: string, change: Change] {
  const [name = '', ...rest] = part.split('=');
  const value = rest.join('=');
  const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
  if (setting === undefined)
    throw new UsageError(
      `--with: there is no setting '${name}'; pass NAME=VALUE, with a name of ${SETTING_NAMES.join(', ')}, or default alone.`,
    );
  const change = setting.read(value);
  if (change === undefined)
    throw new UsageError(`--with: ${name} is '${value}'; pass ${name}= with ${setting.takes}.`);
  return [name, change];
}

/** What settings come to, in whatever order they were given. */
function runOf(changes: readonly Change[]): Required<Pick<MeteredRunOptions, 'heap' | 'machine'>> {
  const { heapPreset, memory }: Change = Object.assign({}, ...changes);
  const machine: PagedArenaOptions = Object.assign({}, ...changes.map((change) => change.machine));
  const tlb: Partial<TlbOptions> = Object.assign({}, ...changes.map((change) => change.tlb));
  const preset = machine.preset ?? 'x86-64';
  const heap: HeapOptions = Object.assign(
    { ...HEAP_PRESETS[heapPreset ?? 'default'], ...heapOptionsOn(preset) },
    ...changes.map((change) => change.heap),
  );
  const { memory: usualMemory, ...room } = ROOMS[preset];
  const framesCount = framesIn(memory ?? usualMemory, preset);
  return { heap, machine: { ...room, framesCount, ...machine, tlb } };
}

function framesIn(memory: number, preset: PresetName): number {
  return Math.min(Math.floor(memory / PRESETS[preset].pageSize), FRAMES_MAX);
}

function oneOf<const Name extends string>(
  names: readonly Name[],
  changeTo: (name: Name) => Change,
): Setting {
  const takes = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
  const read = (text: string): Change | undefined => {
    const name = names.find((each) => each === text);
    return name === undefined ? undefined : changeTo(name);
  };
  return { takes, read };
}

function countUpTo(most: number, least: number, changeTo: (count: number) => Change): Setting {
  const read = (text: string): Change | undefined => {
    const count = Number(text);
    return /^\d+$/.test(text) && count >= least && count <= most ? changeTo(count) : undefined;
  };
  return { takes: `a whole number from ${least} to ${most}`, read };
}

/** The seed of whatever is random: the TLB's policy, the placement. */
function readSeed(text: string): Change | undefined {
  if (!/^(0x)?[\da-f_]*[\da-f]$/i.test(text)) return undefined;
  const seed = parseSeed(text);
  return { machine: { seed }, tlb: { seed } };
}
