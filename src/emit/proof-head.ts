import type { Finding } from '../check/finding.ts';
import { LAWS } from '../check/law.ts';

/** The first lines of an emitted program, without comment marks: what it shows, and how it is run. */
export function proofHead(finding: Finding, commands: readonly string[]): readonly string[] {
  const law = LAWS.find(({ name }) => name === finding.law)!;
  return [
    `${finding.law} broken by ${finding.target}: ${law.says}`,
    '',
    ...commands.map((command) => `    ${command}`),
    '',
    'ends with a status other than 0 when the bug shows, and with 0 when it does not.',
    '',
    `observed   ${finding.observed}`,
    `expected   ${finding.expected}`,
  ];
}

/** Those of the helpers that the lines call, or that one of these calls, in the order in which they are given. */
export function helpersFor(
  lines: readonly string[],
  helpers: Readonly<Record<string, string>>,
): readonly string[] {
  const needed = new Set<string>();
  let text = lines.join('\n');
  for (let found = true; found;) {
    found = false;
    for (const [name, code] of Object.entries(helpers)) {
      if (needed.has(name) || !new RegExp(`\\b${name}\\(`).test(text)) continue;
      needed.add(name);
      text += code;
      found = true;
    }
  }
  return Object.entries(helpers)
    .filter(([name]) => needed.has(name))
    .map(([, code]) => code);
}
