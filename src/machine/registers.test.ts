import { expect, test } from 'vitest';
import { GENERAL_COUNT, Registers, REGISTERS_COUNT } from './registers.ts';

test('a core has 13 registers for anything, then sp, pc and flags, all zero at first', () => {
  const registers = new Registers();
  expect([REGISTERS_COUNT, GENERAL_COUNT, ...new Set(registers.values)]).toEqual([16, 13, 0]);
  registers.sp = 2 ** 47;
  registers.pc = 2;
  registers.flags = 3;
  expect(registers.values.slice(GENERAL_COUNT)).toEqual(Float64Array.of(2 ** 47, 2, 3));
  expect([registers.sp, registers.pc, registers.flags]).toEqual([2 ** 47, 2, 3]);
});
