import * as fc from 'fast-check';
import type { Finding } from '../src/check/finding.ts';
import { HISTORIES } from '../src/check/histories.ts';
import { LAW, LAWS, type Law } from '../src/check/law.ts';
import { Runner } from '../src/check/runner.ts';
import {
  type AllocatorTarget,
  isMachine,
  type MachineTarget,
  type MakeTarget,
  misusePromise,
  type Target,
} from '../src/check/target.ts';
import type { MisuseKind } from '../src/program/op.ts';
import type { Program } from '../src/program/program.ts';
import { printProgram } from '../src/program/text.ts';
import { fillAndFreePrograms, type OpWeights, programs } from './arbitraries.ts';
import { MACHINE_SUITES, pagePrograms } from './page-programs.ts';
import { sizesFor, type SizeWeights } from './sizes.ts';
import { THREAD_SUITES, threadPrograms } from './thread-programs.ts';

/** One model-based property: the model is the runner's shadow, driven in lockstep with the target. */
export interface LawProperty {
  /** A sentence, for the title of a test. */
  readonly name: string;
  /** The law to which the programs are weighted. All that can be asked are judged in every run. */
  readonly law: string;
  /** Throws `BrokenLaw` for a program that breaks one. */
  readonly property: fc.IProperty<[Program]>;
}

export interface PropertiesOptions {
  /** Ops of a program at the most. Default 150. */
  readonly opsMax?: number;
  /** What runs the programs, and counts; default a new one, which walks everything each 64 ops. */
  readonly runner?: Runner;
  /** One counter a law, for what a runner does not ask. */
  readonly asked?: Float64Array;
}

export const OPS_MAX = 150;

/** A finding as a property has to say it: thrown. */
export class BrokenLaw extends Error {
  override readonly name = 'BrokenLaw';
  readonly finding: Finding;

  constructor(finding: Finding, program: Program) {
    const { law, target, step, observed, expected } = finding;
    super(
      `${law} broken by ${target} at step ${step} of ${program.length}\n` +
        `observed   ${observed}\nexpected   ${expected}\n\n${printProgram(program)}`,
    );
    this.finding = finding;
  }
}

/**
 * The properties of a target as data, one for each law that its offers and promises allow: register them in any test
 * runner, with `fc.assert(property)`.
 */
export function propertiesOf(
  makeTarget: MakeTarget,
  options: PropertiesOptions = {},
): readonly LawProperty[] {
  const runner = options.runner ?? new Runner(makeTarget);
  const { target } = runner;
  const opsMax = options.opsMax ?? OPS_MAX;
  if (isMachine(target)) return machineProperties(runner, target, opsMax);
  const asked = options.asked === undefined ? {} : { asked: options.asked };
  return SUITES.filter(({ isAllowed }) => isAllowed(target)).map((suite) => {
    const history = HISTORIES.find(({ law }) => law === suite.law);
    const judge = history?.judge(makeTarget, { ...asked, isSearch: true }) ?? runner;
    return {
      name: `${suite.law.name} holds for ${suite.programs}`,
      law: suite.law.name,
      property: judged(programsFor(suite, target, opsMax), judge),
    };
  });
}

/** A machine's invariants are asked in every run; each suite's programs are weighted to some of them. */
function machineProperties(
  runner: Runner,
  { pageSize, performs }: MachineTarget,
  opsMax: number,
): readonly LawProperty[] {
  if (performs === 'thread-ops') {
    return THREAD_SUITES.map((suite) => ({
      name: `${suite.invariant} holds for ${suite.programs}`,
      law: suite.invariant,
      property: judged(threadPrograms({ ...suite, opsMax, pageSize }), runner),
    }));
  }
  return MACHINE_SUITES.map((suite) => ({
    name: `${suite.invariant} holds for ${suite.programs}`,
    law: suite.invariant,
    property: judged(pagePrograms({ ...suite, opsMax, pageSize }), runner),
  }));
}

/** Runs programs, and throws what is found. */
function judged(
  drawn: fc.Arbitrary<Program>,
  judge: { run(program: Program): Finding | undefined },
): fc.IProperty<[Program]> {
  return fc.property(drawn, (program) => {
    const finding = judge.run(program);
    if (finding !== undefined) throw new BrokenLaw(finding, program);
  });
}

/** The laws that no property asks of this target, since it does not offer or promise what they need. */
export function lawsNotAllowed(target: Target): readonly Law[] {
  if (isMachine(target)) return [];
  return LAWS.filter(
    (law) => !SUITES.some((suite) => suite.law === law && suite.isAllowed(target)),
  );
}

/** The programs that ask one law often. */
interface Suite {
  readonly law: Law;
  /** What the programs are, in words. */
  readonly programs: string;
  readonly isAllowed: (target: AllocatorTarget) => boolean;
  readonly weights: OpWeights;
  readonly sizes: SizeWeights;
  readonly slotsCount: number;
  /** Ops of a program at the most, where fewer are enough than of others. */
  readonly opsMax?: number;
  /** Half of the programs fill all slots and free them in some order. */
  readonly fillsAndFrees?: true;
  /** Each program leaves out some sorts of op: all laws are asked in all ways before each has its own. */
  readonly isSwarm?: true;
}

const SMALL: SizeWeights = { small: 6, nearPowers: 4, medium: 2, zero: 1 };
const ANY: SizeWeights = { ...SMALL, large: 1, thresholds: 2, huge: 1 };
const FEW_SLOTS = 10;
const MORE_SLOTS = 16;

/** One suite a law; what a target cannot be asked is left out of its programs. */
const SUITES: readonly Suite[] = [
  {
    law: LAW.callsReturn,
    programs: 'ops of every kind and sizes of every kind',
    isAllowed: () => true,
    weights: {
      malloc: 16,
      free: 16,
      realloc: 8,
      calloc: 4,
      aligned: 4,
      nulls: 1,
      doubleFree: 2,
      freeInside: 2,
      freeForeign: 2,
      writeFreed: 2,
    },
    sizes: { ...SMALL, sweep: 2, large: 1, thresholds: 2, huge: 1 },
    slotsCount: 64,
    isSwarm: true,
  },
  {
    law: LAW.mallocAligns,
    programs: 'requests at every alignment',
    isAllowed: (target) => (target.promises.alignment ?? 1) > 1 || target.aligned !== undefined,
    weights: { malloc: 4, free: 7, aligned: 8, realloc: 2 },
    sizes: SMALL,
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.reallocKeepsAlignment,
    programs: 'aligned blocks that are resized',
    isAllowed: (target) =>
      target.aligned !== undefined &&
      target.realloc !== undefined &&
      target.promises.reallocKeepsAlignment !== undefined,
    weights: { malloc: 3, free: 4, aligned: 8, realloc: 8 },
    sizes: SMALL,
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.blocksStayInside,
    programs: 'blocks that fill the memory',
    isAllowed: (target) => target.bounds !== undefined,
    weights: { malloc: 36, free: 10, calloc: 3, realloc: 1, aligned: 6 },
    sizes: { filling: 6, large: 2, small: 2 },
    slotsCount: 48,
  },
  {
    law: LAW.blocksStayApart,
    programs: 'blocks that come and go in every order',
    isAllowed: () => true,
    weights: { malloc: 8, free: 9, realloc: 4, aligned: 2 },
    sizes: SMALL,
    slotsCount: MORE_SLOTS,
    fillsAndFrees: true,
  },
  {
    law: LAW.usableSizeCoversRequest,
    programs: 'sizes around every threshold',
    isAllowed: (target) => target.usableSize !== undefined,
    weights: { malloc: 8, free: 7, calloc: 1, realloc: 4, aligned: 2 },
    sizes: { nearPowers: 6, thresholds: 4, small: 4, large: 1 },
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.usableSizeStays,
    programs: 'blocks whose neighbours come and go',
    isAllowed: (target) => target.usableSize !== undefined,
    weights: { malloc: 8, free: 8, realloc: 2 },
    sizes: { small: 8, nearPowers: 2, thresholds: 1 },
    slotsCount: MORE_SLOTS,
  },
  {
    law: LAW.usableSizeGrows,
    programs: 'blocks of many sizes side by side',
    isAllowed: (target) =>
      target.usableSize !== undefined && target.promises.usableGrows !== undefined,
    weights: { malloc: 9, free: 5, calloc: 2, realloc: 4 },
    sizes: { small: 8, nearPowers: 4, thresholds: 1 },
    slotsCount: MORE_SLOTS,
  },
  {
    law: LAW.slackIsBounded,
    programs: 'freed blocks that serve smaller requests',
    isAllowed: (target) => target.usableSize !== undefined && target.promises.slack !== undefined,
    weights: { malloc: 8, free: 8, realloc: 3, aligned: 1 },
    sizes: { small: 8, nearPowers: 3, medium: 2 },
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.zeroSizeKeepsPromise,
    programs: 'requests of 0 bytes among others',
    isAllowed: (target) =>
      target.promises.zeroSize === 'block' || target.promises.zeroSize === 'null',
    weights: { malloc: 6, free: 8, calloc: 3, realloc: 3, aligned: 2, nulls: 2 },
    sizes: { zero: 6, small: 4 },
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.reallocZeroKeepsPromise,
    programs: 'blocks that are resized to 0 bytes',
    isAllowed: (target) => target.realloc !== undefined && target.promises.reallocZero === 'frees',
    weights: { malloc: 8, free: 3, realloc: 9 },
    sizes: { zero: 5, small: 5 },
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.impossibleRequestIsRefused,
    programs: 'sizes that cannot be had and products that wrap',
    isAllowed: () => true,
    weights: { malloc: 5, free: 5, calloc: 8, realloc: 5, aligned: 4, nulls: 1 },
    sizes: { huge: 4, small: 4, medium: 1 },
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.contentsSurvive,
    programs: 'blocks that are written to next to each other',
    isAllowed: (target) => target.memory !== undefined,
    weights: { malloc: 8, free: 8, calloc: 2, realloc: 4, aligned: 2 },
    sizes: ANY,
    slotsCount: MORE_SLOTS,
  },
  {
    law: LAW.guardsStayUntouched,
    programs: 'blocks that fill the memory, and go again',
    isAllowed: ({ guards, memory }) => guards !== undefined && memory !== undefined,
    weights: { malloc: 12, free: 9, calloc: 2, realloc: 3, aligned: 3 },
    sizes: { ...ANY, filling: 4 },
    slotsCount: 32,
  },
  {
    law: LAW.reallocKeepsPrefix,
    programs: 'reallocs both ways, in place and elsewhere',
    isAllowed: (target) => target.memory !== undefined && target.realloc !== undefined,
    weights: { malloc: 5, free: 4, realloc: 10, calloc: 1, aligned: 1 },
    sizes: { small: 6, nearPowers: 4, medium: 2, large: 1, thresholds: 3 },
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.callocZeroes,
    programs: 'callocs over memory that was written to',
    isAllowed: (target) => target.memory !== undefined && target.calloc !== undefined,
    weights: { malloc: 4, free: 9, calloc: 8, realloc: 2 },
    sizes: { small: 6, nearPowers: 4, medium: 3, large: 1, thresholds: 2 },
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.freeNullDoesNothing,
    programs: 'frees of null among others',
    isAllowed: (target) => target.footprint !== undefined,
    weights: { malloc: 6, free: 6, nulls: 6, realloc: 2 },
    sizes: SMALL,
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.failedRequestChangesNothing,
    programs: 'requests in memory that is full',
    isAllowed: (target) => target.footprint !== undefined,
    weights: { malloc: 36, free: 9, calloc: 9, realloc: 1, aligned: 6 },
    sizes: { filling: 6, huge: 2, small: 3, large: 1 },
    slotsCount: 24,
  },
  {
    law: LAW.bigBlocksGoBack,
    programs: 'sizes around the threshold of big blocks',
    isAllowed: (target) =>
      target.footprint !== undefined && target.promises.returnsFrom !== undefined,
    weights: { malloc: 6, free: 8, calloc: 1, realloc: 4, aligned: 3 },
    sizes: { thresholds: 8, small: 2, large: 2 },
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.freedSpaceReturns,
    programs: 'heaps that are filled and freed in every order',
    isAllowed: (target) => target.promises.recovers !== undefined,
    weights: { malloc: 8, free: 7, realloc: 3, aligned: 2 },
    sizes: { small: 6, nearPowers: 2, medium: 4, thresholds: 1 },
    slotsCount: MORE_SLOTS,
    fillsAndFrees: true,
  },
  {
    law: LAW.freeAcceptsItsBlocks,
    programs: 'many blocks at once',
    isAllowed: () => true,
    weights: { malloc: 12, free: 6, calloc: 1, realloc: 2, aligned: 2 },
    sizes: SMALL,
    slotsCount: 96,
  },
  {
    law: LAW.doubleFreeKeepsPromise,
    programs: 'second frees, the memory used again or not',
    isAllowed: (target) => target.promises.doubleFree !== undefined,
    weights: { malloc: 6, free: 6, doubleFree: 6, realloc: 2 },
    sizes: SMALL,
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.freeInsideKeepsPromise,
    programs: 'frees of addresses inside blocks',
    isAllowed: (target) => target.promises.freeInside !== undefined,
    weights: { malloc: 7, free: 4, freeInside: 6, realloc: 2 },
    sizes: { small: 8, nearPowers: 3, medium: 2 },
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.freeForeignKeepsPromise,
    programs: 'frees of addresses outside of the heap',
    isAllowed: (target) => misusePromise(target, 'free-foreign') !== undefined,
    weights: { malloc: 7, free: 4, freeForeign: 6, realloc: 2 },
    sizes: SMALL,
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.writeFreedKeepsPromise,
    programs: 'writes into freed blocks, the memory used again or not',
    isAllowed: (target) => misusePromise(target, 'write-freed') !== undefined,
    weights: { malloc: 6, free: 6, writeFreed: 6, realloc: 2 },
    sizes: SMALL,
    slotsCount: FEW_SLOTS,
  },
  {
    law: LAW.churnIsBounded,
    programs: 'programs that are done over and over',
    isAllowed: isAllowedFor(LAW.churnIsBounded),
    weights: { malloc: 6, free: 6, calloc: 1, realloc: 4, aligned: 2 },
    sizes: { ...SMALL, thresholds: 1 },
    slotsCount: FEW_SLOTS,
    opsMax: 8,
  },
  {
    law: LAW.refusedMemoryIsSurvived,
    programs: 'programs that are refused memory at each request for it',
    isAllowed: isAllowedFor(LAW.refusedMemoryIsSurvived),
    weights: { malloc: 8, free: 4, calloc: 2, realloc: 6, aligned: 2 },
    sizes: { small: 2, medium: 6, large: 1, thresholds: 4 },
    slotsCount: FEW_SLOTS,
    opsMax: 24,
  },
  {
    law: LAW.largestFits,
    programs: 'heaps that are asked for all that is left',
    isAllowed: isAllowedFor(LAW.largestFits),
    weights: { malloc: 8, free: 4, calloc: 1, realloc: 2, aligned: 1 },
    sizes: { filling: 4, medium: 4, small: 4 },
    slotsCount: FEW_SLOTS,
    opsMax: 24,
  },
  {
    law: LAW.sameProgramSameAddresses,
    programs: 'programs that are run three times',
    isAllowed: isAllowedFor(LAW.sameProgramSameAddresses),
    weights: { malloc: 6, free: 8, calloc: 1, realloc: 4, aligned: 2 },
    sizes: ANY,
    slotsCount: MORE_SLOTS,
  },
];

/** Whether a target may be asked a law about whole histories. */
function isAllowedFor(wanted: Law): Suite['isAllowed'] {
  return HISTORIES.find(({ law }) => law === wanted)!.isAllowed;
}

function programsFor(suite: Suite, target: AllocatorTarget, opsMax: number): fc.Arbitrary<Program> {
  const shape = {
    weights: offeredWeights(suite.weights, target),
    sizes: sizesFor(target, suite.sizes),
    slotsCount: suite.slotsCount,
    opsMax: Math.min(opsMax, suite.opsMax ?? opsMax),
    ...(suite.isSwarm === undefined ? {} : { isSwarm: suite.isSwarm }),
  };
  const opByOp = programs(shape);
  return suite.fillsAndFrees === undefined ? opByOp : fc.oneof(opByOp, fillAndFreePrograms(shape));
}

/** The weights of the ops that a target can be sent. */
function offeredWeights(weights: OpWeights, target: AllocatorTarget): OpWeights {
  const { calloc, realloc, aligned, doubleFree, freeInside, freeForeign, writeFreed, ...rest } =
    weights;
  const isAnswered = (kind: MisuseKind): boolean => misusePromise(target, kind) !== undefined;
  return {
    ...rest,
    ...(target.calloc !== undefined && calloc !== undefined ? { calloc } : {}),
    ...(target.realloc !== undefined && realloc !== undefined ? { realloc } : {}),
    ...(target.aligned !== undefined && aligned !== undefined ? { aligned } : {}),
    ...(doubleFree !== undefined && isAnswered('double-free') ? { doubleFree } : {}),
    ...(freeInside !== undefined && isAnswered('free-inside') ? { freeInside } : {}),
    ...(freeForeign !== undefined && isAnswered('free-foreign') ? { freeForeign } : {}),
    ...(writeFreed !== undefined && isAnswered('write-freed') ? { writeFreed } : {}),
  };
}
