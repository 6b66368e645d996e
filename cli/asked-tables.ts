import { LAW, LAWS } from '../src/check/law.ts';
import { isMachine, type Target } from '../src/check/target.ts';
import { lawsNotAllowed } from '../properties/suites.ts';
import { formatColumns, formatCount } from './format.ts';
import type { Output } from './output.ts';

/** What a campaign asked, how often, and what its target went through meanwhile. */
export interface Asked {
  readonly asked: ReadonlyMap<string, number>;
  readonly events: ReadonlyMap<string, number>;
  /** A target of the kind that was asked: why a law was not, its offers and promises tell. */
  readonly target: Target;
  /** Laws that this kind of campaign never asks, with the reason. */
  readonly leftOut?: ReadonlyMap<string, string>;
}

/** Space between two tables that stand side by side. */
const GAP = 4;

/** Prints how often each law and invariant was asked, how often interesting cases came up, and what was not asked. */
export function sayAsked(output: Output, asked: Asked): void {
  const laws = LAWS.map(({ name }) => name);
  const others = [...asked.asked.keys()].filter((name) => !laws.includes(name));
  const events = [...asked.events].map(([name, count]): Counted => [formatEvent(name), count]);
  const left = table('law', countedIn(asked, laws));
  const right = [...table('invariant', countedIn(asked, others)), ...table('event', events)];
  output.say();
  for (const line of sideBySide(left, right, output.width)) output.say(line);
  const reasons = notAskedReasons(asked);
  if (reasons.length === 0) return;
  output.say('\nnot asked, so neither broken nor passed');
  for (const line of formatColumns(reasons)) output.say(`  ${line}`);
}

/** The same for machines. */
export function askedDocument(asked: Asked): object {
  return {
    asked: asked.asked,
    notAsked: Object.fromEntries(notAskedReasons(asked)),
    events: asked.events,
  };
}

type Counted = readonly [name: string, count: number];

function countedIn({ asked }: Asked, names: readonly string[]): readonly Counted[] {
  return names.flatMap((name): Counted[] => {
    const count = asked.get(name) ?? 0;
    return count === 0 ? [] : [[name, count]];
  });
}

function table(title: string, rows: readonly Counted[]): readonly string[] {
  if (rows.length === 0) return [];
  const cells = rows.map(([name, count]) => [name, formatCount(count)]);
  return [...formatColumns([[title, 'times'], ...cells], [1]), ''];
}

/** Two blocks of lines beside each other where the width allows, else one below the other. */
function sideBySide(
  left: readonly string[],
  right: readonly string[],
  width: number,
): readonly string[] {
  const leftWidth = Math.max(...left.map((line) => line.length)) + GAP;
  const rightWidth = Math.max(0, ...right.map((line) => line.length));
  if (leftWidth + rightWidth > width) return trimEnd([...left, ...right]);
  const count = Math.max(left.length, right.length);
  const lines = Array.from({ length: count }, (_, index) =>
    `${(left[index] ?? '').padEnd(leftWidth)}${right[index] ?? ''}`.trimEnd(),
  );
  return trimEnd(lines);
}

function trimEnd(lines: readonly string[]): readonly string[] {
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
}

function notAskedReasons({ asked, target, leftOut }: Asked): readonly [string, string][] {
  // Laws are what allocators owe; a machine keeps invariants.
  if (isMachine(target)) return [];
  const notAllowed = new Set(lawsNotAllowed(target).map(({ name }) => name));
  return LAWS.filter(({ name }) => (asked.get(name) ?? 0) === 0).map(({ name, needs }) => {
    const leftOutReason = leftOut?.get(name);
    if (leftOutReason !== undefined) return [name, leftOutReason];
    const isAllowed = !notAllowed.has(name) || name === LAW.answersInTime.name;
    return [name, isAllowed ? 'no program of this run came to it' : `needs ${needs}`];
  });
}

/** The name of an event in words: `mergesLeft` is `merges left`. */
function formatEvent(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
