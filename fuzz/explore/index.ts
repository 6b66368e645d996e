export {
  Explorer,
  type ExplorerEnd,
  type ExplorerOptions,
  type ExplorerProgress,
} from './explorer.ts';
export { EXPLORED_KINDS, type AlphabetOptions, type ExploredKind } from './alphabet.ts';
