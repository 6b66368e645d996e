/** `node examples/tour.js` runs tour.ops: who ran from which tick on, what was sent, and what the switches cost. */
import { readFileSync } from 'node:fs';
import { Core, Kernel, parseProgram, printOp, ThreadProgram } from 'heapcheck';

const text = readFileSync(new URL('tour.ops', import.meta.url), 'utf8');
function tour(as, ids) {
  const { program } = parseProgram(text.replaceAll('process', as), 'tour.ops');
  const kernel = new Kernel({ tlb: { ids } });
  let log = '';
  const stepped = (step, thread) => {
    if (step === 'load') log += `\n${String(core.clock).padStart(4)}  t${thread.id}`;
  };
  const ticks = { call: 1, interrupt: 1, switch: 2 };
  const core = new Core(kernel, { ticks, watcher: { stepped } });
  const ended = (op, _step, { value }) => {
    const from = value === undefined ? '' : ` from t${program[value].thread}`;
    log += `  ${printOp(op).replace(/^t\d: /, '')}${from}`;
  };
  const machine = { kernel, core, heap: {}, heapRange: { start: 4096, end: 8192 } };
  const { end } = new ThreadProgram(machine, program, { began() {}, ended }).run();
  const { dataReads, reads } = kernel.mmu.meter;
  const cost = `${core.rootsSet} roots set, ${reads - dataReads} reads for translation`;
  return { log: `${log}\n\n${end} at ${core.clock}`, accounts: core.accounts, cost };
}

const { accounts, cost, log } = tour('process', 'off');
console.log(`tick  who  which ops end${log}`, accounts);
console.log(`processes: ${cost}\nwith ids: ${tour('process', 'on').cost}`);
console.log(`threads of one process: ${tour('thread', 'off').cost}`);
