/** What single invariants say of states that a kernel hardly comes to, made by hand. */
import { describe, expect, test } from 'vitest';
import { PRESETS } from '../machine/geometry.ts';
import { BASE, House } from './house.test-helper.ts';
import { KERNEL_INVARIANTS } from './invariants.ts';
import { PAGE } from './kernel-world.test-helper.ts';

/** What an invariant says of a state of which only these parts are there. */
function says(name: string, state: object): string | undefined {
  return KERNEL_INVARIANTS.find((invariant) => invariant.name === name)!.check(Object(state));
}

/** The number of the last page, plus one. */
const END = PRESETS['x86-64'].addressLimit / PAGE;

describe('areas, in pages,', () => {
  test.each<[what: string, isRight: boolean, areas: readonly (readonly [number, number])[]]>([
    ['may be none', true, []],
    [
      'may touch, from the second page to the last',
      true,
      [
        [1, 2],
        [2, 3],
        [5, END],
      ],
    ],
    ['do not begin with the first page', false, [[0, 1]]],
    ['are not empty', false, [[1, 1]]],
    ['do not begin inside a page', false, [[1.5, 3]]],
    ['do not end inside a page', false, [[1, 2.5]]],
    [
      'do not overlap',
      false,
      [
        [1, 3],
        [2, 4],
      ],
    ],
    ['do not end behind the last page', false, [[END - 1, END + 1]]],
  ])('%s', (_, isRight, areas) => {
    const all = areas.map(([start, end]) => ({ start: start * PAGE, end: end * PAGE }));
    const state = {
      kernel: { mmu: { geometry: PRESETS['x86-64'] } },
      spaces: [{ space: { areas: { all: () => all } } }],
    };
    expect(says('areas-stay-apart', state) === undefined).toBe(isRight);
  });
});

test.each([
  ['map-takes-what-is-free', 'place'],
  ['map-replaces-nothing', 'occupied'],
  ['refusal-has-a-reason', 'answer'],
  ['refused-access-changes-nothing', 'access'],
])('%s says what a model noted, of whichever address space', (name, kind) => {
  const spaces = [
    { model: undefined },
    { model: { problems: {} } },
    { model: { problems: { [kind]: 'it' } } },
  ];
  expect(says(name, { spaces })).toBe('it');
  expect(says(name, { spaces: spaces.slice(0, 2) })).toBeUndefined();
});

test.each([
  [[0, 7], undefined],
  [[3, 3], 3],
  [[-1], -1],
  [[8], 8],
  [[0, 5], 5],
])('frames %j came back, of eight of which 5 is in use', (returned, wrong) => {
  const frames = {
    returned,
    totalCount: 8,
    typeOf: (frame: number) => (frame === 5 ? 'data' : 'free'),
  };
  expect(says('freed-frame-was-owned', { kernel: { frames } })).toBe(
    wrong === undefined ? undefined : `frame ${wrong} came back, but is not free once`,
  );
});

test('of two pages that are not what calls made them, the lower one is named', () => {
  const house = new House();
  house.space.munmap(BASE, 1);
  house.space.mmap({ address: BASE - 16 * PAGE, size: 1 });
  expect(house.problems()['calls-change-their-own-pages']).toMatch(
    /^the page at 0x3fff_0000 is read-write, the calls so far made it not mapped$/,
  );
});

test('a page without a frame, to which zeros were stored, is as it should be', () => {
  const house = new House();
  house.model.log.store(BASE + 2 * PAGE + 7, 0);
  expect(house.problems()).toEqual({});
});
