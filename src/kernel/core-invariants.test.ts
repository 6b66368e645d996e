import { describe, expect, test } from 'vitest';
import { DAMAGES } from './core-damages.test-helper.ts';
import { CORE_INVARIANTS } from './core-invariants.ts';
import { planted } from './core-world.test-helper.ts';
import { Workshop } from './workshop.test-helper.ts';

describe('the invariants of threads', () => {
  test('have names of their own, sentences, rows and sources', () => {
    const names = CORE_INVARIANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(CORE_INVARIANTS.length);
    for (const { name, rows, says, source } of CORE_INVARIANTS) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)+$/);
      expect(rows).toMatch(/^[SQR]\d+( [SQR]\d+)*$/);
      expect(says).toMatch(/\.$/);
      expect(source).toMatch(/\.$/);
    }
  });

  test('cover the rows on schedulers, semaphores and queues', () => {
    const rows = CORE_INVARIANTS.flatMap((invariant) => invariant.rows.split(' '));
    for (let row = 1; row <= 12; row += 1) expect(rows).toContain(`S${row}`);
    for (const row of [1, 2, 3, 4, 5, 6, 7, 10]) expect(rows).toContain(`Q${row}`);
  });

  test('hold in the midst of work, when somebody tries again, and at the end', () => {
    const { mesa, running, world } = new Workshop();
    expect(world.problems()).toEqual({});
    world.core.wake(mesa.up(running));
    expect(world.problems()).toEqual({});
    expect(world.core.run()).toBe('deadlock');
    expect(world.problems()).toEqual({});
    world.core.shutDown();
    expect(world.problems()).toEqual({});
  });

  test('hold while a thread has ended, and what it had is still there', () => {
    const { ended, world } = new Workshop();
    const found: unknown[] = [];
    world.onStep = (step, thread) => {
      if (step !== 'pick' || thread !== undefined) return;
      found.push(
        world.core.dying.map(({ thread: { id } }) => id),
        world.problems(),
      );
    };
    const dying = world.core.dying.length;
    expect([ended.state, dying, world.core.run()]).toEqual(['ended', 0, 'deadlock']);
    // The one that joined ends last of those who need not wait for time to go by, and then the one that waited for
    // the device, after the one that slept.
    expect(found).toEqual([[7], {}, [5], {}]);
  });

  test('are each broken by one of the damages', () => {
    const broken = new Set(DAMAGES.flatMap(([, , names]) => names));
    expect(CORE_INVARIANTS.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([]);
  });

  test.each(DAMAGES)('%s', (_, harm, names, says) => {
    const workshop = new Workshop();
    harm(workshop);
    const found = workshop.world.problems();
    expect(Object.keys(found)).toEqual(names);
    expect(Object.values(found).join('; ')).toContain(says);
  });

  test('Q1: a value below zero, where a down takes what is not there', async () => {
    const modules = await planted([
      {
        module: 'kernel/semaphore',
        find: 'if (this.#value === 0)',
        replace: 'if (this.#value < -3)',
      },
    ]);
    const { world } = new Workshop({}, modules);
    expect(world.problems()).toEqual({
      'semaphore-counts': 's0 is -1, after 0 ups and 1 downs from 0',
    });
  });
});
