/** How libFuzzer spells options of ours. */
const OPTIONS: Readonly<Record<string, string>> = {
  runs: '--runs',
  max_total_time: '--max-total-time',
  seed: '--seed',
};

/**
 * Turns libFuzzer's spelling of options, `-max_total_time=60`, into ours. Only `fuzz` reads it, and a seed in that
 * spelling is decimal, as there.
 */
export function fromLibFuzzer(argv: readonly string[]): string[] {
  if (argv[0] !== 'fuzz') return [...argv];
  return argv.flatMap((argument) => {
    const [, name, value] = /^-([a-z_]+)=(.*)$/.exec(argument) ?? [];
    const option = name === undefined ? undefined : OPTIONS[name];
    if (option === undefined) return [argument];
    return [option, name === 'seed' ? hexSeed(value!) : value!];
  });
}

function hexSeed(value: string): string {
  return /^\d+$/.test(value) ? BigInt.asUintN(32, BigInt(value)).toString(16) : value;
}
