/** How many registers there are: `r0` to `r12`, then `sp`, `pc` and `flags`. */
export const REGISTERS_COUNT = 16;
/** Registers that a program may use for anything. */
export const GENERAL_COUNT = 13;

const SP = 13;
const PC = 14;
const FLAGS = 15;

/** The register file of the core: whole numbers below 2^53, of 8 bytes each where they lie in memory. */
export class Registers {
  readonly values = new Float64Array(REGISTERS_COUNT);

  /** The stack pointer: the lowest address of the stack that is in use. */
  get sp(): number {
    return this.values[SP]!;
  }

  set sp(address: number) {
    this.values[SP] = address;
  }

  /** How far the program is: actions that it has begun. */
  get pc(): number {
    return this.values[PC]!;
  }

  set pc(count: number) {
    this.values[PC] = count;
  }

  get flags(): number {
    return this.values[FLAGS]!;
  }

  set flags(flags: number) {
    this.values[FLAGS] = flags;
  }
}
