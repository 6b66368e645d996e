import { expect, test } from 'vitest';
import { Registers } from '../machine/registers.ts';
import { looseThreads } from './core-world.test-helper.ts';
import { execute } from './execute.ts';

test('computing changes the register that the program counter names, and leaves flags from 0 to 7', () => {
  const registers = new Registers();
  for (const [pc, register] of [
    [7, 7],
    [13, 0],
    [27, 1],
  ] as const) {
    registers.values[register] = 2 ** 31 + 1;
    registers.pc = pc;
    expect(execute({ kind: 'compute' }, looseThreads(1)[0]!, registers)).toBeUndefined();
    // 31 times 2^31 is 2^31, as far as 32 bits go.
    expect(registers.values[register]).toBe(2 ** 31 + 31 + pc);
    expect(registers.flags).toBe(pc % 8);
  }
});
