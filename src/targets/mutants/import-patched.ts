import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assert } from '../../base/kit-bug.ts';

/** One line of the reference, changed. */
export interface Patch {
  /** The module, from `src`, without its ending: `heap/heap`. */
  readonly module: string;
  /** Text that stands exactly once in the built module. */
  readonly find: string;
  readonly replace: string;
}

/**
 * Imports a module of this package as it would be with some lines changed. The modules on the way from it to the
 * patched ones are made anew, with the change, as `data:` URLs; all others are the ones that everybody uses. So the
 * reference carries no hook, and a mutant is the reference but for its line.
 *
 * @param entry The module to import, from `src`, without its ending.
 * @returns What it exports; its types are those of the unpatched module.
 * @throws {KitBug} A patch's text does not stand exactly once where it says.
 */
export async function importPatched(entry: string, patches: readonly Patch[]): Promise<unknown> {
  return import(new PatchedGraph(patches).urlOf(sourceUrl(entry)));
}

const root = builtSource();

/** The folder of the built `src`: this file's own, or beside it in `dist` when this runs as TypeScript. */
function builtSource(): string {
  const own = new URL('../../', import.meta.url).href;
  return existsSync(new URL('index.js', own)) ? own : new URL('../dist/src/', own).href;
}

function sourceUrl(module: string): string {
  return new URL(`${module}.js`, root).href;
}

class PatchedGraph {
  readonly #patches: readonly Patch[];
  /** For each module that was visited, the URL to import in its place. */
  readonly #urls = new Map<string, string>();

  constructor(patches: readonly Patch[]) {
    this.#patches = patches;
  }

  urlOf(module: string): string {
    const known = this.#urls.get(module);
    if (known !== undefined) return known;
    const text = readFileSync(fileURLToPath(module), 'utf8');
    const patched = this.#patched(module, text);
    const linked = patched.replaceAll(/(?<=^import .*from ')\.[^']+(?=')/gm, (specifier) =>
      this.urlOf(new URL(specifier, module).href),
    );
    const isAsItWas = patched === text && !linked.includes("from 'data:");
    const url = isAsItWas ? module : dataUrl(linked, module);
    this.#urls.set(module, url);
    return url;
  }

  #patched(module: string, text: string): string {
    let patched = text;
    for (const { find, replace } of this.#patches.filter(
      (patch) => sourceUrl(patch.module) === module,
    )) {
      const parts = patched.split(find);
      assert(
        parts.length === 2,
        `the text '${find}' stands once in ${module}, not ${parts.length - 1} times`,
      );
      patched = parts.join(replace);
    }
    return patched;
  }
}

/** A module as a URL. The last line is the name that stack traces show for it. */
function dataUrl(text: string, module: string): string {
  const named = `${text}\n//# sourceURL=${module}?patched\n`;
  return `data:text/javascript;base64,${Buffer.from(named).toString('base64')}`;
}
