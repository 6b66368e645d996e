/** heapcheck's fuzzer as a library. */
export { Engine, programOf, type EngineOptions, type RawFinding } from './engine.ts';
export { offeredKinds } from './generator.ts';
