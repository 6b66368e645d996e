import type { HostCommand } from './link.ts';
import {
  ANSWER,
  ANSWER_BYTES,
  HOST_FD,
  OFFER,
  PROTOCOL_VERSION,
  REQUEST,
  REQUEST_BYTES,
} from './protocol.ts';

/**
 * A host in a few lines, which knows the protocol by its numbers only: cuts blocks off 4096 bytes that lie at 0x1000,
 * one after the other; each is a request for memory, which can be refused. What is special is asked for by size.
 */
const SCRIPT = `
import { readSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
const heap = new Uint8Array(4096);
let next = 0, limitMs = 0, granted = 0, refusals = 0, refused = 0;
const request = new DataView(new ArrayBuffer(${REQUEST_BYTES}));
function answer(kind, detail, value, start, end, footprint) {
  const view = new DataView(new ArrayBuffer(${ANSWER_BYTES}));
  view.setUint32(0, kind, true);
  view.setUint32(4, detail, true);
  [value, start, end, footprint].forEach((each, index) => view.setBigUint64(8 + index * 8, BigInt.asUintN(64, BigInt(each)), true));
  writeSync(${HOST_FD.answers}, new Uint8Array(view.buffer));
}
const returned = (value) => answer(${ANSWER.returned}, refused, value, 4096, 4096 + next, next);
const OFFERS = ${OFFER.calloc | OFFER.memory | OFFER.bounds | OFFER.footprint | OFFER.refusals};
answer(${ANSWER.hello}, ${PROTOCOL_VERSION}, OFFERS, 4, 4294967295, 0);
function hang() {
  new Worker('setTimeout(() => process.kill(process.pid, "SIGALRM"), ' + limitMs + ')', { eval: true });
  for (;;);
}
function malloc(size) {
  if (size === 666) process.kill(process.pid, 'SIGSEGV');
  if (size === 667) { console.error('out of luck'); process.exit(3); }
  if (size === 668) { console.error('==7==ERROR: AddressSanitizer: heap-use-after-free\\nSUMMARY: AddressSanitizer: heap-use-after-free mm.c:5 in mm_malloc'); process.abort(); }
  if (size === 777) hang();
  if (next + size > 4096) return 0;
  if (refusals > 0 && granted-- <= 0) { refusals -= 1; refused += 1; return 0; }
  const address = 4096 + next;
  next += Math.ceil(size / 8) * 8;
  return address;
}
const word = (key, index) => (key * 31 + index) % 251;
while (readSync(${HOST_FD.requests}, new Uint8Array(request.buffer)) === ${REQUEST_BYTES}) {
  const kind = request.getUint32(0, true);
  const [a, b, c] = [8, 16, 24].map((at) => Number(request.getBigUint64(at, true)));
  const key = request.getFloat64(32, true);
  switch (kind) {
    case ${REQUEST.reset}: heap.fill(0); next = 0; limitMs = a; refused = refusals = 0; break;
    case ${REQUEST.refuse}: granted = a; refusals = b; refused = 0; break;
    case ${REQUEST.status}: returned(0); break;
    case ${REQUEST.malloc}: returned(malloc(a)); break;
    case ${REQUEST.calloc}: returned(malloc(a * b)); break;
    case ${REQUEST.free}: returned(a === 4104 ? 0 : 1); break;
    case ${REQUEST.fill}: for (let i = 0; i < b; i += 1) heap[a - 4096 + i] = word(key, i); break;
    case ${REQUEST.damage}: {
      let at = 0;
      while (at < c && heap[a - 4096 + at] === Math.floor(word(key, at))) at += 1;
      returned(at === c ? -1 : at);
      break;
    }
    case ${REQUEST.firstNonZero}: returned(heap.subarray(a - 4096, a - 4096 + b).findIndex((byte) => byte !== 0)); break;
    case ${REQUEST.load}: {
      const view = new DataView(heap.buffer, a - 4096, b);
      returned(b === 1 ? view.getUint8(0) : view.getBigUint64(0, true));
      break;
    }
    case ${REQUEST.store}: {
      const view = new DataView(heap.buffer, a - 4096, b);
      if (b === 1) view.setUint8(0, c);
      else view.setFloat64(0, key, true);
    }
  }
}
`;

export const SCRIPTED_HOST: HostCommand = scriptedHost(SCRIPT);

/** A host that is a module of Node. */
export function scriptedHost(script: string): HostCommand {
  return { command: process.execPath, args: ['--input-type=module', '--eval', script] };
}
