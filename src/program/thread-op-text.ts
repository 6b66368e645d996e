import { unreachable } from '../base/kit-bug.ts';
import { type Place, usageErrorAt } from '../base/usage-error.ts';
import { POLICIES, SEMAPHORE_PASSINGS, STACK_SIZE, type ThreadOp } from './op.ts';
import { parseChoice, parseNumber, parseSlot } from './words.ts';

/** Every form of an op of threads, as a mend shows it. */
export const THREAD_OP_FORMS = [
  't1 = spawn thread',
  't1 = spawn process 512',
  'join t1',
  'exit',
  'yield',
  'compute 10',
  'sleep 10',
  'io 10',
  'push 64',
  'pop 64',
  's0 = semaphore 1',
  's0 = semaphore 1 mesa',
  'down s0',
  'up s0',
  'q0 = queue 2',
  'send q0',
  'receive q0',
  'quantum 5',
  'policy mlfq',
  't1: yield',
] as const;

/** One op as its line shows it, without the thread that does it. */
export function printThreadOp(op: ThreadOp): string {
  switch (op.kind) {
    case 'spawn': {
      const stack = op.stackSize === STACK_SIZE ? '' : ` ${op.stackSize}`;
      return `t${op.child} = spawn ${op.as}${stack}`;
    }
    case 'join':
      return `join t${op.child}`;
    case 'exit':
    case 'yield':
      return op.kind;
    case 'compute':
    case 'sleep':
    case 'io':
    case 'quantum':
      return `${op.kind} ${op.ticks}`;
    case 'push':
    case 'pop':
      return `${op.kind} ${op.bytes}`;
    case 'semaphore': {
      const passing = op.passing === 'hand-off' ? '' : ` ${op.passing}`;
      return `s${op.semaphore} = semaphore ${op.value}${passing}`;
    }
    case 'down':
    case 'up':
      return `${op.kind} s${op.semaphore}`;
    case 'queue':
      return `q${op.queue} = queue ${op.capacity}`;
    case 'send':
    case 'receive':
      return `${op.kind} q${op.queue}`;
    case 'policy':
      return `policy ${op.policy}`;
    default:
      return unreachable(op);
  }
}

/**
 * Reads one op from its words.
 *
 * @returns Undefined: no op of threads has this form.
 * @throws {UsageError} One of its words cannot stand where it does.
 */
export function parseThreadOp(words: readonly string[], place: Place): ThreadOp | undefined {
  if (words[1] === '=') return parseMaking(words, place);
  const [name, word] = words;
  if (words.length === 1) return name === 'exit' || name === 'yield' ? { kind: name } : undefined;
  if (words.length !== 2) return undefined;
  switch (name) {
    case 'join':
      return { kind: name, child: parseSlot('t', word!, place) };
    case 'compute':
    case 'sleep':
    case 'io':
      return { kind: name, ticks: parseNumber(word!, place) };
    case 'quantum':
      return { kind: name, ticks: parseFromOne(word!, place) };
    case 'push':
    case 'pop':
      return { kind: name, bytes: parseBytes(word!, place) };
    case 'down':
    case 'up':
      return { kind: name, semaphore: parseSlot('s', word!, place) };
    case 'send':
    case 'receive':
      return { kind: name, queue: parseSlot('q', word!, place) };
    case 'policy':
      return { kind: name, policy: parseChoice(POLICIES, word!, place) };
    default:
      return undefined;
  }
}

/** Reads `t1 = …`, `s0 = …` or `q0 = …`; undefined when no op has this name and this many words. */
function parseMaking(words: readonly string[], place: Place): ThreadOp | undefined {
  const [slot, , name, first, second] = words;
  const isLong = words.length === 5;
  if (words.length !== 4 && !isLong) return undefined;
  if (name === 'spawn') {
    return {
      kind: name,
      child: parseSlot('t', slot!, place),
      as: parseChoice(['thread', 'process'] as const, first!, place),
      stackSize: isLong ? parseNumber(second!, place) : STACK_SIZE,
    };
  }
  if (name === 'semaphore') {
    return {
      kind: name,
      semaphore: parseSlot('s', slot!, place),
      value: parseNumber(first!, place),
      passing: isLong ? parseChoice(SEMAPHORE_PASSINGS, second!, place) : 'hand-off',
    };
  }
  if (name !== 'queue' || isLong) return undefined;
  return {
    kind: name,
    queue: parseSlot('q', slot!, place),
    capacity: parseFromOne(first!, place),
  };
}

function parseFromOne(word: string, place: Place): number {
  const number = parseNumber(word, place);
  if (number > 0) return number;
  throw usageErrorAt(place, `'${word}' is too small`, 'write a whole number from 1 on');
}

/** What the stack pointer moves by: words of 8 bytes. */
function parseBytes(word: string, place: Place): number {
  const bytes = parseNumber(word, place);
  if (bytes % 8 === 0 && bytes > 0) return bytes;
  throw usageErrorAt(place, `'${word}' is no move of a stack`, 'write a multiple of 8 from 8 on');
}
