import { describe, expect, test } from 'vitest';
import { importPatched, type Patch } from '../targets/mutants/import-patched.ts';
import * as heapModule from './heap.ts';
import type { HeapModule } from './heap-world.test-helper.ts';

/** A row of the requirements as a check, and a changed line with which that check fails. */
export interface Row {
  readonly row: string;
  readonly says: string;
  readonly check: (module: HeapModule) => void;
  readonly plant: Patch;
}

/** What a check throws when its claim does not hold, and a crash does not. */
const FAILED_CHECK = expect.objectContaining({ name: 'AssertionError' });

/** Registers two tests a row: it holds, and the planted line breaks it. */
export function testRows(rows: readonly Row[]): void {
  describe.each(rows.map((row) => [`${row.row} ${row.says}`, row] as const))(
    '%s',
    (_, { check, plant }) => {
      test('holds', () => {
        expect(check(heapModule)).toBeUndefined();
      });

      test('the planted line breaks it', async () => {
        const planted: HeapModule = Object(await importPatched('heap/heap', [plant]));
        expect(() => check(planted)).toThrow(FAILED_CHECK);
      });
    },
  );
}
