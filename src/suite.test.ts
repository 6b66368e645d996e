import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

test('a test that loops fails, and the one behind it still runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'suite-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const config = { test: { runner: join(ROOT, 'vitest.runner.ts'), testTimeout: 200 } };
  writeFileSync(join(folder, 'vitest.config.mjs'), `export default ${JSON.stringify(config)};\n`);
  writeFileSync(
    join(folder, 'a.test.js'),
    `import { test } from 'vitest';
    test('loops', () => { for (;;); });
    test('ends', () => undefined);`,
  );

  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [vitest, 'run', '--root', folder],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
      timeout: 20_000,
    },
  );
  expect(status).toBe(1);
  expect(stderr).toContain('TimedOut: not done within 200 ms');
  expect(stdout).toMatch(/Tests +1 failed \| 1 passed/);
});
