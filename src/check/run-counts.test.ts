import { expect, test } from 'vitest';
import type { Op } from '../program/op.ts';
import { Runner } from './runner.ts';
import type { AllocatorTarget, MachineTarget } from './target.ts';
import { ops, toyTarget } from './toy-target.test-helper.ts';

test('what becomes of ops is counted over all programs', () => {
  const runner = new Runner(toyTarget());
  runner.run(ops('b0 = malloc 8; b0 = malloc 8; b1 = malloc 99999'));
  runner.run(ops('free b0'));
  expect(runner.counts).toEqual({
    programs: 2,
    ops: 4,
    skipped: 2,
    notAsked: 0,
    refused: 1,
    granted: 1,
    grantedBig: 0,
    freed: 0,
  });
});

test('blocks are counted that ops got and gave back, big ones apart', () => {
  let next = 2 ** 20;
  const malloc = (): number => (next += 2 ** 20);
  const makeTarget = (): AllocatorTarget => ({
    name: 'offsets',
    promises: {},
    malloc,
    calloc: malloc,
    realloc: malloc,
    free: () => undefined,
  });
  const runner = new Runner(makeTarget);
  const { counts } = runner;
  runner.run(
    ops('b0 = malloc 131071; b1 = malloc 131072; b2 = calloc 2 65536; free b0; b1 = realloc b1 8'),
  );
  expect(counts).toMatchObject({ granted: 4, grantedBig: 2, freed: 1 });
  runner.run(ops('free null; b0 = malloc 8; free b0; free b0'));
  expect(counts).toMatchObject({ granted: 5, grantedBig: 2, freed: 2 });
});

test('areas and blocks that a machine hands out are counted, and what it frees', () => {
  const machine: MachineTarget = {
    name: 'toy',
    promises: {},
    performs: 'page-ops',
    pageSize: 4096,
    invariants: { rules: [], read: () => undefined },
    perform(_ops, observer) {
      const op: Op = { kind: 'map', area: 0, size: 1, protection: 'read-write' };
      observer.ended(op, 0, { kind: 'granted', address: 4096, size: 2 ** 17 - 1 });
      observer.ended(op, 1, { kind: 'granted', address: 2 ** 20, size: 2 ** 17 });
      observer.ended(op, 2, { kind: 'freed' });
    },
    end: () => undefined,
  };
  const runner = new Runner(() => machine);
  runner.run([]);
  expect(runner.counts).toMatchObject({ granted: 2, grantedBig: 1, freed: 1 });
});
