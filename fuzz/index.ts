/** heapcheck's fuzzer as a library. */
export { Engine, programOf, type EngineOptions, type RawFinding } from './engine.ts';
export * from './explore/index.ts';
export { blockPrograms, offeredKinds } from './block-programs.ts';
export type { DrawProgram } from './draw-program.ts';
export { Corpus } from './corpus.ts';
export { mergePrograms } from './merge.ts';
export { drawProgramFor } from './generator.ts';
export { ENGINE_PARTS, type EnginePart } from './parts.ts';
export { pagePrograms } from './page-programs.ts';
export { sharedBlockPrograms } from './shared-block-programs.ts';
export { threadPrograms } from './thread-programs.ts';
