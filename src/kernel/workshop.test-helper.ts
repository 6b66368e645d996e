/** A core on which threads wait for one of each thing: what the tests of the invariants of threads share. */
import {
  ask,
  COMPUTE,
  compute,
  CoreWorld,
  type CoreWorldOptions,
  HONEST,
  perform,
} from './core-world.test-helper.ts';
import type { Device } from './device.ts';
import type { MessageQueue } from './message-queue.ts';
import type { Semaphore } from './semaphore.ts';
import type { Thread } from './thread.ts';
import type { Call, UserCode } from './user-code.ts';

/** A core in the midst of its work: one thread runs, one is ready, and the others wait, each for another thing. */
export class Workshop {
  readonly world: CoreWorld;
  readonly gate: Semaphore;
  readonly mesa: Semaphore;
  readonly mail: MessageQueue;
  readonly outbox: MessageQueue;
  readonly disk: Device;
  readonly running: Thread;
  readonly ready: Thread;
  readonly waiting: Readonly<
    Record<'gate' | 'mesa' | 'mail' | 'outbox' | 'disk' | 'sleep' | 'join', Thread>
  >;
  readonly ended: Thread;

  constructor(options: CoreWorldOptions = {}, modules = HONEST) {
    this.world = new CoreWorld({ quantum: 100, ...options }, modules);
    const { world } = this;
    this.gate = world.semaphore(0);
    this.mesa = world.semaphore(0, 'mesa');
    this.mail = world.queue(2);
    this.outbox = world.queue(2);
    for (const message of [1, 2]) this.outbox.send(message);
    this.disk = world.device();
    // Which thread that is will be known when this one runs.
    const running = (): Thread => this.running;
    function* joins(): UserCode {
      yield ask({ name: 'join', thread: running() });
      yield COMPUTE;
    }
    const waits = (call: Call): Thread => world.process(() => perform(ask(call), COMPUTE));
    this.ended = world.process(() => compute(1));
    this.waiting = {
      gate: waits({ name: 'down', semaphore: this.gate }),
      mesa: waits({ name: 'down', semaphore: this.mesa }),
      mail: waits({ name: 'receive', queue: this.mail }),
      outbox: waits({ name: 'send', queue: this.outbox, message: 3 }),
      disk: waits({ name: 'io', device: this.disk, ticks: 100 }),
      sleep: waits({ name: 'sleep', ticks: 100 }),
      join: world.process(joins),
    };
    this.running = world.process(function* stops() {
      yield COMPUTE;
      world.core.stop();
      yield COMPUTE;
    });
    this.ready = world.sibling(this.running, () => compute(1));
    world.core.run();
  }
}
