/** heapcheck as a library: programs, the judge, targets, the minimizer, the store. Engines have entries of their own. */
export { formatSeed, parseSeed, Prng } from './base/prng.ts';
export { formatRange, type Range } from './base/range.ts';
export { formatAddress, type Size } from './base/units.ts';
export { UsageError } from './base/usage-error.ts';
export { KitBug } from './base/kit-bug.ts';

export type { Op, OpKind, Slot } from './program/op.ts';
export type { Program } from './program/program.ts';
export { parseProgram, printOp, printProgram } from './program/text.ts';
export { decodeProgram, encodeProgram } from './program/bytes.ts';

export { LAWS, type Law } from './check/law.ts';
export type { Finding } from './check/finding.ts';
export type { RunCounts } from './check/run-counts.ts';
export { Runner, type RunnerOptions, type RunProgram } from './check/runner.ts';
export { confirm, examine, type Confirmation, type Examination } from './check/examine.ts';
export { formatReport, type ReportOrigin } from './check/report.ts';
export type { Outcome } from './check/outcome.ts';
export type { Trace, TraceStep } from './check/trace.ts';
export type {
  AllocatorTarget,
  Invariant,
  InvariantSet,
  MachineTarget,
  MakeAllocatorTarget,
  MakeTarget,
  Memory,
  Promises,
  Snapshots,
  StateSink,
  Target,
  WalkedBlock,
} from './check/target.ts';

export { minimize, type Minimized, type MinimizeOptions } from './minimize/minimize.ts';
export { refine, type Refined } from './minimize/refine.ts';
export { guardedRun } from './supervise/guarded-run.ts';

export { referenceTarget, type ReferenceOptions } from './targets/reference.ts';
export { ThreadProgram } from './targets/thread-program.ts';
export type { PagedArenaOptions } from './targets/paged-arena.ts';
export { meteredRun, type MeteredRun, type MeteredRunOptions } from './targets/metered-run.ts';
export {
  type BareMachineOptions,
  meteredPages,
  type MeteredPages,
} from './targets/metered-pages.ts';
export {
  meteredThreads,
  type MeteredThreads,
  type MeteredThreadsOptions,
} from './targets/metered-threads.ts';
export type { Lesson, LessonCase } from './targets/lesson.ts';
export { lessons } from './targets/lessons.ts';
export { objectTarget, type AllocatorObject, type MakeAllocator } from './targets/object.ts';
export { wasmTarget, type WasmTargetOptions } from './targets/wasm/wasm-target.ts';
export { wasmAllocator, type WasmOptions } from './targets/wasm/wasm-allocator.ts';
export { findMutant, loadMutant, MUTANTS, type Mutant } from './targets/mutants/index.ts';
export { Core, type CoreOptions } from './kernel/core.ts';
export { Kernel, type KernelOptions } from './kernel/kernel.ts';
export type { Arena } from './heap/arena.ts';
export { FlatArena, type FlatArenaOptions } from './heap/flat-arena.ts';
export { Heap } from './heap/heap.ts';
export { DEFAULT_OPTIONS, LECTURE_NOTE, type HeapOptions } from './heap/options.ts';
export { HEAP_INVARIANTS } from './heap/invariants.ts';

export { detectTraceFormat, TRACE_FORMATS } from './trace-formats/index.ts';
export { corpusFolder } from './store/corpus-folder.ts';
export type { ProgramStore, StoredProgram } from './store/store.ts';
