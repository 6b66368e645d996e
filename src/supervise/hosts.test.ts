import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { UsageError } from '../base/usage-error.ts';
import { HostDied } from '../check/host-died.ts';
import { EXIT_USAGE, Hosts } from './hosts.ts';
import type { HostCommand, Link } from './link.ts';
import { REQUEST } from './protocol.ts';
import { SCRIPTED_HOST, scriptedHost } from './scripted-host.test-helper.ts';

/** As it was built: a script loads no TypeScript. */
const HOSTS = new URL('../../dist/src/supervise/hosts.js', import.meta.url).href;

const hosts = new Hosts({ host: SCRIPTED_HOST, sparesCount: 1 });
afterAll(() => hosts.close());

function fresh(limitMs = 1000): Link {
  const link = hosts.take({});
  link.reset(limitMs);
  return link;
}

/** How a call ends that is not answered. */
function deathOf(link: Link, size: number): HostDied {
  try {
    link.call(REQUEST.malloc, size);
  } catch (error) {
    if (error instanceof HostDied) return error;
    throw error;
  }
  throw new Error('the host lives');
}

describe('a link', () => {
  test('knows what its host offers', () => {
    expect(hosts.hello).toEqual({
      offers: 1 + 16 + 32 + 64 + 128,
      pointerBytes: 4,
      sizeMax: 2 ** 32 - 1,
    });
  });

  test('hands on answers, with bounds and footprint', () => {
    const link = fresh();
    expect(link.call(REQUEST.malloc, 20)).toBe(4096);
    expect(link.call(REQUEST.malloc, 8)).toBe(4120);
    expect(link.bounds).toEqual({ start: 4096, end: 4128 });
    expect(link.footprint).toBe(32);
    link.reset(1000);
    expect(link.call(REQUEST.malloc, 5000)).toBe(0);
    expect(link.footprint).toBe(0);
  });

  test('takes more unanswered requests than a batch holds, in their order', () => {
    const link = fresh();
    for (let index = 0; index < 1000; index += 1)
      link.send(REQUEST.store, 4096 + (index % 8), 1, index % 256);
    link.send(REQUEST.store, 4104, 8, 0, -2.5);
    expect(link.call(REQUEST.load, 4096, 1)).toBe(992 % 256);
    expect(link.call(REQUEST.load, 4103, 1)).toBe(999 % 256);
    link.call(REQUEST.load, 4104, 8);
    expect(link.word).toBe(-2.5);
  });
});

describe('the death of a host', () => {
  test.each([
    [666, 'died of SIGSEGV', 'SIGSEGV'],
    [667, 'ended the process with exit code 3: out of luck', 'exit 3'],
    [
      668,
      'died of SIGABRT: AddressSanitizer: heap-use-after-free in mm_malloc',
      'heap-use-after-free in mm_malloc',
    ],
  ])('in malloc(%d) is told as "%s"', (size, message, site) => {
    const died = deathOf(fresh(), size);
    expect(died.message).toBe(message);
    expect(died.site).toBe(site);
    expect(died.isHang).toBe(false);
  });

  test('by its own alarm is a hang, after the time that it was given', () => {
    const died = deathOf(fresh(30), 777);
    expect(died.death).toEqual({ signal: 'SIGALRM', limitMs: 30 });
    expect(died.isHang).toBe(true);
  });

  test('is no end of calls: the next program has another host', () => {
    deathOf(fresh(), 666);
    expect(fresh().call(REQUEST.malloc, 8)).toBe(4096);
  });
});

test('a host that was left in the middle of a call is not used again', () => {
  const link = fresh();
  expect(hosts.take({})).toBe(link);
  expect(() => link.call(REQUEST.malloc, 666)).toThrow(HostDied);
  expect(hosts.take({})).not.toBe(link);
});

test.each([
  [
    `console.error('chatter\\nlib.so: has no symbol malloc.'); process.exit(${EXIT_USAGE});`,
    /^lib\.so: has no symbol malloc\.$/,
  ],
  [`process.exit(7);`, /the host ended the process with exit code 7, before any call/],
  [`process.kill(process.pid, 'SIGBUS');`, /the host died of SIGBUS, before any call/],
])('a host that does not come up is the caller to mend: %s', (script, sentence) => {
  expect(() => new Hosts({ host: scriptedHost(script) })).toThrow(UsageError);
  expect(() => new Hosts({ host: scriptedHost(script) })).toThrow(sentence);
});

test('a script that made hosts and closed none ends by itself, and so do they', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hosts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const pidFile = join(folder, 'pid');
  const host: HostCommand = {
    command: '/bin/sh',
    args: [
      '-c',
      `echo $$ > ${pidFile}; exec "$@"`,
      'sh',
      SCRIPTED_HOST.command,
      ...SCRIPTED_HOST.args,
    ],
  };
  const script = `
    const { Hosts } = await import(${JSON.stringify(HOSTS)});
    const link = new Hosts({ host: ${JSON.stringify(host)} }).take({});
    link.reset(1000);
    link.call(${REQUEST.malloc}, 8);
  `;
  const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script]);
  expect(status).toBe(0);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
