import { expect, test } from 'vitest';
import { isPageOp, isThreadOp, needsKernel, type Op } from './op.ts';

test.each<readonly [Op, page: boolean, thread: boolean, kernel: boolean]>([
  [{ kind: 'malloc', slot: 0, size: 8 }, false, false, false],
  [{ kind: 'malloc', slot: 0, size: 8, thread: 1 }, false, false, true],
  [{ kind: 'brk', increment: 8 }, true, false, false],
  [{ kind: 'brk', increment: 8, thread: 2 }, true, false, true],
  [{ kind: 'yield' }, false, true, true],
  [{ kind: 'exit', thread: 1 }, false, true, true],
])('%j: on pages %s, of threads %s, only for a kernel %s', (op, page, thread, kernel) => {
  expect([isPageOp(op), isThreadOp(op), needsKernel(op)]).toEqual([page, thread, kernel]);
});
