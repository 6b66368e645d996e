import { openSync, readSync } from 'node:fs';
import { assert } from '../../base/kit-bug.ts';
import { loadKoffi } from './native-library.ts';

/** How a child ended: by a signal's number, or with a code. */
export type ChildEnd = { readonly signal: number } | { readonly exitCode: number };

/** What Node does not offer, and every Unix has. */
export interface SystemCalls {
  /**
   * Starts a second process that goes on from here, with this thread only. Where V8 took memory in this very moment, the
   * child lacks it, and dies of SIGSEGV at its first step.
   *
   * @returns 0 in the child.
   */
  fork(): number;
  /** Waits until a child has ended. */
  waitFor(child: number): ChildEnd;
  /** Ends this process at once: nobody is told, nothing is cleaned up. */
  exitNow(code: number): never;
  /** SIGALRM ends this process after so many milliseconds; 0 calls it off. */
  alarmAfter(ms: number): void;
  /** Memory that a child shares. */
  mapShared(size: number): ArrayBuffer;
  /** The first so many bytes of an open file, to be read by others when this process is gone. */
  mapFile(fd: number, size: number): ArrayBuffer;
  /** A crash leaves no file behind. */
  forbidCores(): void;
  /** Bytes of this process's data: what `limitData` limits. Linux only. */
  dataBytes(): number;
  /** Whether data may be added to this process. Begins a stretch of which `lackedMemory` tells. */
  limitData(how: 'to what there is' | 'as before'): void;
  /** Whether the last call of C was refused memory since `limitData`. */
  lackedMemory(): boolean;
  /** Gives back what V8 does not need, so that the next few steps take no memory from the system. */
  tidy(): void;
}

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const ITIMER_REAL = 0;
const RLIMIT_DATA = 2;
const RLIMIT_CORE = 4;
/** A limit of 0 is none where the hard limit is none, for Valgrind's sake. */
const DATA_MIN = 4096n;
/** Bytes of the numbers in `/proc/self/statm`, the sixth of which is the pages of data. */
const STATM_BYTES = 128;
const STATM_DATA = 5;
const PAGE_BYTES = 4096;
const ADDRESS_FAILED = 2n ** 64n - 1n;

/** All addresses that a program can have. */
const ADDRESSES = { start: 65_536, size: 2 ** 47 - 2 * 65_536 } as const;
const MADV_DOFORK = 11;

/** The calls of the system that this process runs on. */
export async function systemCalls(): Promise<SystemCalls> {
  const koffi = await loadKoffi();
  const system = koffi.load(null);
  const fork = system.func('int fork()');
  const waitpid = system.func('int waitpid(int child, void *status, int options)');
  const madvise = system.func('int madvise(uintptr_t address, size_t size, int advice)');
  const exit = system.func('void _exit(int code)');
  const setitimer = system.func('int setitimer(int which, void *value, void *before)');
  const setrlimit = system.func('int setrlimit(int resource, void *limits)');
  const getrlimit = system.func('int getrlimit(int resource, void *limits)');
  const mmap = system.func(
    'uintptr_t mmap(void *address, size_t size, int protection, int flags, int fd, int64_t offset)',
  );
  const MAP_ANONYMOUS = process.platform === 'darwin' ? 0x1000 : 0x20;
  const map = (size: number, flags: number, fd: number): ArrayBuffer => {
    const address = BigInt(mmap(null, size, PROT_READ_WRITE, flags, fd, 0) as number | bigint);
    assert(address !== ADDRESS_FAILED, 'the system has room for a page or two');
    return koffi.view(address, size);
  };
  // Interval and first alarm, each in seconds and microseconds.
  const timer = new BigInt64Array(4);
  const status = new Int32Array(1);
  const dataLimits = new BigUint64Array(2);
  getrlimit(RLIMIT_DATA, dataLimits);
  const [dataLimit] = dataLimits;
  let statm: number | undefined;
  const statmText = Buffer.alloc(STATM_BYTES);
  return {
    fork: () => {
      // On Linux V8 asks that its memory is not copied to children, which are to start other programs at once.
      if (process.platform === 'linux') madvise(ADDRESSES.start, ADDRESSES.size, MADV_DOFORK);
      const child = fork() as number;
      assert(child >= 0, 'the system has room for one more process');
      return child;
    },
    waitFor: (child) => {
      while (waitpid(child, status, 0) !== child)
        assert(koffi.errno() === koffi.os.errno['EINTR'], 'a child is waited for once');
      const word = status[0]!;
      const signal = word & 0x7f;
      return signal === 0 ? { exitCode: (word >> 8) & 0xff } : { signal };
    },
    exitNow: (code) => exit(code) as never,
    alarmAfter: (ms) => {
      timer[2] = BigInt(Math.floor(ms / 1000));
      timer[3] = BigInt(Math.round((ms % 1000) * 1000));
      setitimer(ITIMER_REAL, timer, null);
    },
    mapShared: (size) => map(size, MAP_SHARED | MAP_ANONYMOUS, -1),
    mapFile: (fd, size) => map(size, MAP_SHARED, fd),
    forbidCores: () => {
      setrlimit(RLIMIT_CORE, new BigUint64Array(2));
    },
    dataBytes: () => {
      // Who opened it is whom it tells of.
      statm ??= openSync('/proc/self/statm', 'r');
      const length = readSync(statm, statmText, 0, STATM_BYTES, 0);
      return PAGE_BYTES * Number(statmText.toString('latin1', 0, length).split(' ')[STATM_DATA]);
    },
    limitData: (how) => {
      dataLimits[0] = how === 'as before' ? dataLimit! : DATA_MIN;
      setrlimit(RLIMIT_DATA, dataLimits);
      koffi.errno(0);
    },
    lackedMemory: () => koffi.errno() === koffi.os.errno['ENOMEM'],
    tidy: () => globalThis.gc?.({ type: 'minor' }),
  };
}
