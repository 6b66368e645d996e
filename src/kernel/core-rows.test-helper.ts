/** How a row of the note on threads is tested: it holds, and planted lines break it. */
import { describe, expect, test } from 'vitest';
import type { Patch } from '../targets/mutants/import-patched.ts';
import { type CoreModules, HONEST, planted } from './core-world.test-helper.ts';

export interface CoreRow {
  readonly row: string;
  readonly says: string;
  readonly check: (modules: CoreModules) => void;
  /** Changed lines; with each of these changes `check` fails. */
  readonly plants: readonly (readonly Patch[])[];
}

/** What a check throws when its claim does not hold, and a crash does not. */
const FAILED_CHECK = expect.objectContaining({ name: 'AssertionError' });

export function testRows(rows: readonly CoreRow[]): void {
  describe.each(rows.map((row) => [`${row.row} ${row.says}`, row] as const))(
    '%s',
    (_, { check, plants }) => {
      test('holds', () => {
        expect(check(HONEST)).toBeUndefined();
      });

      test.each(plants.map((patches) => [patches[0]!.find, patches] as const))(
        'planted at %s, a change breaks it',
        async (__, patches) => {
          const modules = await planted(patches);
          expect(() => check(modules)).toThrow(FAILED_CHECK);
        },
      );
    },
  );
}
