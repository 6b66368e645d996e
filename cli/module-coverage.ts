import { readFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../src/base/usage-error.ts';

/** What V8 counts of one script: how often each stretch of its code ran. */
export type ScriptCoverage = Profiler.ScriptCoverage;

/** Counts how often each stretch of the modules ran that are loaded from now on. */
export class CoverageRecorder {
  readonly #session = new Session();

  start(): void {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** @returns What ran since it was taken last, of the scripts that were loaded from files. */
  take(): readonly ScriptCoverage[] {
    let scripts: readonly ScriptCoverage[] = [];
    // An in-process session answers before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      scripts = taken.result;
    });
    return scripts.filter(({ url }) => url.startsWith('file://'));
  }

  /** As `take`, for the last time. */
  stop(): readonly ScriptCoverage[] {
    const scripts = this.take();
    this.#session.disconnect();
    return scripts;
  }
}

/**
 * The scripts that belong to a user's module: those in its folder and below, without packages that it uses and without
 * heapcheck itself.
 */
export function scriptsOfModule(
  scripts: readonly ScriptCoverage[],
  file: string,
): readonly ScriptCoverage[] {
  const own = join(import.meta.dirname, '..', sep);
  const folder = join(dirname(file), sep);
  return scripts.filter(({ url }) => {
    const path = fileURLToPath(url);
    const isPackage = path.includes(`${sep}node_modules${sep}`);
    return path === file || (path.startsWith(folder) && !isPackage && !path.startsWith(own));
  });
}

/** The packages that make a report, loaded only where one is asked for. */
export type Reporters = Awaited<ReturnType<typeof importReporters>>;

async function importReporters() {
  const [acorn, converter, coverage, report, reports] = await Promise.all([
    import('acorn'),
    import('ast-v8-to-istanbul'),
    import('istanbul-lib-coverage'),
    import('istanbul-lib-report'),
    import('istanbul-reports'),
  ]);
  return {
    parse: acorn.parse,
    convert: converter.default,
    createCoverageMap: coverage.default.createCoverageMap,
    createContext: report.default.createContext,
    createReport: reports.default.create,
  };
}

/** @throws {UsageError} They are optional, and not installed. */
export async function loadReporters(): Promise<Reporters> {
  try {
    return await importReporters();
  } catch {
    throw new UsageError(
      "coverage: the packages that make its report are not installed; run 'npm install --save-dev acorn ast-v8-to-istanbul istanbul-lib-coverage istanbul-lib-report istanbul-reports'.",
    );
  }
}

/**
 * Writes a report on scripts to a folder, as HTML and as text.
 *
 * @returns The text.
 */
export async function writeReport(
  reporters: Reporters,
  scripts: readonly ScriptCoverage[],
  options: { readonly folder: string; readonly width: number },
): Promise<string> {
  const map = reporters.createCoverageMap();
  for (const script of scripts) {
    const code = readFileSync(fileURLToPath(script.url), 'utf8');
    map.merge(
      await reporters.convert({ code, ast: parseScript(reporters, code), coverage: script }),
    );
  }
  const context = reporters.createContext({
    dir: options.folder,
    coverageMap: map,
    defaultSummarizer: 'nested',
  });
  try {
    reporters.createReport('html').execute(context);
    reporters
      .createReport('text', { file: 'coverage.txt', maxCols: options.width })
      .execute(context);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `--out: the report cannot be written to ${options.folder} (${code}); pass another folder.`,
    );
  }
  return readFileSync(join(options.folder, 'coverage.txt'), 'utf8').trimEnd();
}

/** A module's tree; a script of the older kind is read as one. */
function parseScript({ parse }: Reporters, code: string): ReturnType<Reporters['parse']> {
  try {
    return parse(code, { ecmaVersion: 'latest', sourceType: 'module' });
  } catch {
    return parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'script',
      allowReturnOutsideFunction: true,
    });
  }
}
