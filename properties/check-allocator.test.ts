import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** A user's test file, with an allocator that refuses to free, or one that never reuses memory. */
const USERS_TEST = `
import { checkAllocator } from '${join(ROOT, 'properties/check-allocator.ts').replaceAll('\\', '/')}';

function makeTarget(isBroken) {
  return () => {
    let next = 0;
    const malloc = (size) => {
      next += 1 + Number(size);
      return next - 1 - Number(size);
    };
    return { name: 'users', promises: { sizeMax: 2 ** 20 }, malloc, free: () => !isBroken };
  };
}

checkAllocator('sound', makeTarget(false), { runs: 20 });
checkAllocator('broken', makeTarget(true), { runs: 20, seed: 0x5f1e22d0 });
`;

let folder: string;
/** What the first run prints, before anything is stored. */
let first: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'users-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'users.test.js'), USERS_TEST);
  // A config of the folder's own, so that none further up is taken.
  writeFileSync(join(folder, 'vitest.config.mjs'), 'export default {};\n');
  first = runVitest();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the user's tests in their folder. @returns What vitest prints. */
function runVitest(): string {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--root', folder, '--reporter', 'verbose', '--no-color'];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return stdout + stderr;
}

describe("in a user's vitest", () => {
  test('a finding fails its test with the report, is stored, and runs first the next time', () => {
    expect(first).toContain('sound > blocks-stay-apart holds for blocks that come and go');
    expect(first).toContain('× users.test.js > broken > free-accepts-its-blocks holds for');
    expect(first).toContain('free-accepts-its-blocks broken by users at step 1 of 2');
    expect(first).toMatch(
      /replay +npx heapcheck replay corpus.findings.free-accepts-its-blocks\.users\./,
    );
    expect(first).toMatch(/seed +0x5f1e_22d0 \(shrunk from \d+ ops in \d+ runs\)/);
    expect(first).not.toContain('check-allocator.ts:');
    expect(readdirSync(join(folder, 'corpus/findings'))).toHaveLength(1);

    const second = runVitest();
    expect(second).toContain('× users.test.js > broken > breaks no law in what is stored');
  });

  test('a stored program that no longer parses fails, by file and line', () => {
    const findings = join(folder, 'corpus/findings');
    const [file] = readdirSync(findings);
    writeFileSync(join(findings, file!), 'heapcheck program 1\nb0 = mallok 24\n');
    const output = runVitest();
    expect(output).toContain('× users.test.js > broken > breaks no law in what is stored');
    expect(output).toContain(`${file}:2: 'b0 = mallok 24' is no op`);
  });

  test('what an allocator does not offer is shown as not asked', () => {
    expect(first).toMatch(/↓ users\.test\.js > sound > is not asked for malloc-aligns, .*in-time/);
    expect(first).toContain('double-free-keeps-promise (needs promise doubleFree)');
  });
});
