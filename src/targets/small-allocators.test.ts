import { describe, expect, test } from 'vitest';
import { Engine } from '../../fuzz/engine.ts';
import { SMALL_ALLOCATORS } from './small-allocators.ts';

describe.each(Object.entries(SMALL_ALLOCATORS))('the target %s', (name, make) => {
  test('breaks nothing in 200 programs', () => {
    const engine = new Engine(make(), { seed: 0x5f1e_22d0 });
    expect(engine.run(200)).toBeUndefined();
    expect(engine.runner.target.name).toBe(name);
  });

  test('asks each of its invariants', () => {
    const engine = new Engine(make(), { seed: 1 });
    engine.run(1);
    const rules = engine.runner.target.invariants!.rules.map((rule) => rule.name);
    for (const rule of rules) expect(engine.runner.asked.get(rule)).toBeGreaterThan(0);
  });
});
