import {
  type Base,
  isPageOp,
  isThreadOp,
  needsKernel,
  type Op,
  type Slot,
  type SlotLetter,
} from './op.ts';

/** A list of ops. */
export type Program = readonly Op[];

/** What a program is about: blocks of an allocator, pages of a machine, or what threads do on a kernel. */
export type ProgramFamily = 'blocks' | 'pages' | 'threads';

/** Only a kernel performs what threads do, and ops on blocks and on pages in one program. */
export function familyOf(program: Program): ProgramFamily {
  if (program.some(needsKernel)) return 'threads';
  if (!program.some(isPageOp)) return 'blocks';
  return program.every(isPageOp) ? 'pages' : 'threads';
}

/** A slot as programs write it: `b0`. */
export type SlotName = `${SlotLetter}${number}`;

/** The slots that an op names, its source last but for the thread that does it; that is named unless it is the first. */
export function slotsOf(op: Op): readonly SlotName[] {
  const names: SlotName[] = [];
  renameSlots(op, (name) => {
    names.push(name);
    return name;
  });
  return names;
}

/** The op with its slots renamed, each to one that holds the same kind of thing. */
export function renameSlots(op: Op, rename: (name: SlotName) => SlotName): Op {
  const renamed = renameOwnSlots(op, rename);
  if (op.thread === undefined) return renamed;
  const thread = numberOf(rename(`t${op.thread}`));
  if (thread !== 0) return { ...renamed, thread };
  const { thread: _, ...first } = renamed;
  return first;
}

function renameOwnSlots(op: Op, rename: (name: SlotName) => SlotName): Op {
  const renameSlot = (letter: SlotLetter, slot: Slot): Slot => numberOf(rename(`${letter}${slot}`));
  if (isPageOp(op)) {
    const area = 'area' in op ? { area: renameSlot('a', op.area) } : {};
    const base = 'base' in op ? { base: renameBase(op.base, rename) } : {};
    return { ...op, ...area, ...base };
  }
  if (isThreadOp(op)) {
    if ('child' in op) return { ...op, child: renameSlot('t', op.child) };
    if ('semaphore' in op) return { ...op, semaphore: renameSlot('s', op.semaphore) };
    return 'queue' in op ? { ...op, queue: renameSlot('q', op.queue) } : op;
  }
  if (op.kind === 'realloc') {
    const slot = renameSlot('b', op.slot);
    return { ...op, slot, source: op.source === null ? null : renameSlot('b', op.source) };
  }
  return op.slot === null ? op : { ...op, slot: renameSlot('b', op.slot) };
}

function renameBase(base: Base, rename: (name: SlotName) => SlotName): Base {
  if (base === 'brk') return base;
  if (typeof base === 'number') return numberOf(rename(`a${base}`));
  return `b${numberOf(rename(base))}`;
}

function numberOf(name: SlotName): Slot {
  return Number(name.slice(1));
}
