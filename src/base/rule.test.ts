import { expect, test } from 'vitest';
import { rulesOnPart } from './rule.ts';

test('rules about a part look at that part of the whole, and keep all else that they say', () => {
  const rule = {
    name: 'part-is-even',
    says: 'The part is even.',
    rows: 'X1',
    source: 'Euclid.',
    needs: 'nothing',
    check: (part: number) => (part % 2 === 0 ? undefined : `${part} is odd`),
  };
  const [own] = rulesOnPart([rule], ({ part }: { readonly part: number }) => part);
  expect([own!.check({ part: 3 }), own!.check({ part: 4 })]).toEqual(['3 is odd', undefined]);
  expect({ ...own, check: rule.check }).toEqual(rule);
});
