/*
 * A host for threads: runs one plan many times, in processes of its own, and writes down what happened. Each process does
 * some runs one after the other, between which every block is freed; the first one begins on a fresh heap.
 *
 *     host LIBRARY RUNS RUN_MS TOTAL_MS malloc=NAME free=NAME ...
 *
 * Descriptor 0 has the plan: how many threads and steps there are, then a line a step, `thread kind a b source`. Descriptor
 * 3 gets the log: what the library offers, then of each process how it ended, how many runs it began, and of each of these a
 * record a step. thread-host.ts reads it.
 *
 * A step that takes the block of another one waits until that one is done: the block is handed over. Nothing else orders
 * the threads.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#ifdef __linux__
#include <link.h>
#endif
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../remote/payload.h"

enum { LOG_FD = 3, EXIT_USAGE = 2, RUNS_OF_A_PROCESS = 50, SPINS = 512, LOAD_SECONDS = 10 };
/* So many processes may hang, each for the whole limit, or die, which sanitizers explain at length; then there are no more. */
enum { HANGS_MAX = 3, DEATHS_MAX = 20 };
enum { MALLOC, CALLOC, REALLOC, ALIGNED, FREE, KINDS };
enum { NOT_BEGUN, BEGUN, DONE };

static const char *const NAMES[KINDS] = {"malloc", "calloc", "realloc", "aligned", "free"};
static void *functions[KINDS];

/* A step, and the one whose block it takes: -1 for none. */
typedef struct { int thread, kind, source; uint64_t a, b; } Step;

/* What became of a step. The block that it was granted lives for sure between two stamps, which count up over all threads. */
typedef struct {
    uint64_t state, address, born, died;
    uint64_t damage;  /* the first byte of the block that somebody else had changed when it ended */
    uint64_t wrong;   /* of a calloc the first byte that was not zero, of a realloc the first that was lost */
} Record;

static int threads_count, steps_count, runs_before;
static Step *steps;
static Record *records;  /* of the run at hand */
static _Atomic uint32_t *done;
static _Atomic uint64_t clock_stamps;
static _Atomic int run_begun, threads_ended;

#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER 1
#endif
#endif

#ifdef THREAD_SANITIZER
/* Stamps that order the threads would hide their races. */
#define STAMP_ORDER memory_order_relaxed
const char *__tsan_default_options(void) { return "halt_on_error=1:abort_on_error=1:report_signal_unsafe=0"; }
#else
#define STAMP_ORDER memory_order_seq_cst
#endif

static uint64_t stamp(void) { return atomic_fetch_add_explicit(&clock_stamps, 1, STAMP_ORDER) + 1; }

static size_t size_of(const Step *step) {
    return (size_t)(step->kind == CALLOC ? step->a * step->b : step->kind == MALLOC ? step->a : step->b);
}

/* ---- one thread ---- */

static void wait_for_step(int index) {
    while (!atomic_load_explicit(&done[index], memory_order_acquire)) sched_yield();
}

/* The block that a step takes, when it is there; from here on it may be gone. */
static void *take(int source) {
    if (source < 0) return NULL;
    wait_for_step(source);
    Record *record = &records[source];
    uint8_t *block = (uint8_t *)(uintptr_t)record->address;
    if (block == NULL) return NULL;
    size_t size = size_of(&steps[source]);
    record->damage = damage(block, size, size, (uint64_t)source + 1);
    record->died = stamp();
    return block;
}

static void *ask(const Step *step, void *block) {
    size_t a = (size_t)step->a, b = (size_t)step->b;
    switch (step->kind) {
    case MALLOC: return ((void *(*)(size_t))functions[MALLOC])(a);
    case CALLOC: return ((void *(*)(size_t, size_t))functions[CALLOC])(a, b);
    case REALLOC: return ((void *(*)(void *, size_t))functions[REALLOC])(block, b);
    case ALIGNED: return ((void *(*)(size_t, size_t))functions[ALIGNED])(a, b);
    default: ((void (*)(void *))functions[FREE])(block); return NULL;
    }
}

static void look_at_contents(const Step *step, Record *record, uint8_t *block) {
    size_t size = size_of(step);
    if (step->kind == CALLOC) record->wrong = first_non_zero(block, size);
    if (step->kind != REALLOC || step->source < 0) return;
    size_t before = size_of(&steps[step->source]);
    record->wrong = damage(block, before, size < before ? size : before, (uint64_t)step->source + 1);
}

/* Every other run holds each step back for a while of its own, so that steps meet in other ways than by their length. */
static void hold_back(int index) {
    uint64_t spins = pattern((uint64_t)runs_before + (uint64_t)atomic_load(&run_begun), (size_t)index * 8) % SPINS;
    if (atomic_load(&run_begun) % 2 == 0) return;
    for (volatile uint64_t spin = 0; spin < spins; spin += 1) {}
}

static void perform(int index) {
    const Step *step = &steps[index];
    Record *record = &records[index];
    hold_back(index);
    void *taken = take(step->source);
    /* Of a block that was refused there is nothing to free or to move. */
    if (step->source < 0 || taken != NULL) {
        record->state = BEGUN;
        uint8_t *block = ask(step, taken);
        if (block != NULL) {
            record->born = stamp();
            record->address = (uintptr_t)block;
            look_at_contents(step, record, block);
            fill(block, size_of(step), (uint64_t)index + 1);
        }
    }
    record->state = DONE;
    atomic_store_explicit(&done[index], 1, memory_order_release);
}

/* Until the process ends. */
static void *run_thread(void *argument) {
    int thread = (int)(intptr_t)argument;
    for (int run = 1;; run += 1) {
        while (atomic_load(&run_begun) < run) sched_yield();
        for (int index = 0; index < steps_count; index += 1)
            if (steps[index].thread == thread) perform(index);
        atomic_fetch_add(&threads_ended, 1);
    }
    return NULL;
}

/* ---- one process ---- */

/*
 * A run may take so much of the processors' time: other work may keep them busy for long. Somebody spins at any time, so
 * the time of a run that hangs goes by.
 */
static void alarm_after(uint64_t ms) {
    struct itimerval timer = {{0, 0}, {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)}};
    setitimer(ITIMER_PROF, &timer, NULL);
}

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    _exit(1);
}

/* How a process ended, by a signal or with an exit code, and the runs that it began. */
typedef struct { uint32_t signal, exit_code, runs_count, zero; } Process;

/* What parent and child both know; behind it lie the records of all runs. */
static Process *process;

static Record *records_of(uint32_t run) { return (Record *)(process + 1) + (size_t)run * (size_t)steps_count; }

/* One run of all threads, and what they leave behind: every block is looked at, then freed. */
static void run_once(uint32_t run) {
    records = records_of(run);
    for (int index = 0; index < steps_count; index += 1) {
        records[index] = (Record){NOT_BEGUN, 0, 0, 0, UINT64_MAX, UINT64_MAX};
        atomic_store_explicit(&done[index], 0, memory_order_relaxed);
    }
    process->runs_count = run + 1;
    atomic_store(&threads_ended, 0);
    atomic_store(&run_begun, (int)run + 1);
    while (atomic_load(&threads_ended) < threads_count) sched_yield();
    for (int index = 0; index < steps_count; index += 1)
        if (records[index].died == 0 && records[index].address != 0) ((void (*)(void *))functions[FREE])(take(index));
}

static void run_all(uint32_t runs, uint64_t limit_ms) {
    for (int thread = 0; thread < threads_count; thread += 1) {
        pthread_t started;
        if (pthread_create(&started, NULL, run_thread, (void *)(intptr_t)thread) != 0) fail("no thread can be started");
    }
    for (uint32_t run = 0; run < runs; run += 1) {
        alarm_after(limit_ms);
        run_once(run);
    }
    _exit(0);
}

/* Nobody is left behind when heapcheck is killed. Where the system cannot, each ends by its own limits. */
static void end_with_parent(void) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

static void run_in_child(uint32_t runs, uint64_t limit_ms) {
    int status = 0;
    *process = (Process){0, 0, 0, 0};
    pid_t child = fork();
    if (child < 0) fail("no process can be started");
    if (child == 0) {
        end_with_parent();
        run_all(runs, limit_ms);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFSIGNALED(status)) process->signal = (uint32_t)(WTERMSIG(status) == SIGPROF ? SIGALRM : WTERMSIG(status));
    else process->exit_code = (uint32_t)WEXITSTATUS(status);
}

/* ---- all processes ---- */

static void put(const void *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(LOG_FD, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) _exit(1);
        bytes = (const char *)bytes + written;
        length -= (size_t)written;
    }
}

static double ms_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void *shared_memory(size_t bytes) {
    void *memory = mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("there is no memory for the log");
    return memory;
}

static void read_plan(void) {
    if (scanf("%d %d", &threads_count, &steps_count) != 2) fail("the plan has no beginning");
    steps = shared_memory((size_t)steps_count * sizeof(Step));
    process = shared_memory(sizeof(Process) + RUNS_OF_A_PROCESS * (size_t)steps_count * sizeof(Record));
    done = calloc((size_t)steps_count + 1, sizeof *done);
    for (int index = 0; index < steps_count; index += 1) {
        Step *step = &steps[index];
        unsigned long long a, b;
        if (scanf("%d %d %llu %llu %d", &step->thread, &step->kind, &a, &b, &step->source) != 5) fail("the plan ends early");
        step->a = a;
        step->b = b;
    }
}

static void *base_of(void *library) {
    struct link_map *map;
    return dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 ? (void *)map->l_addr : NULL;
}

/* A function counts only where it lies in the library: names are looked up in all that the library depends on. */
static void *function_named(void *library, const char *name) {
    Dl_info info;
    void *function = dlsym(library, name);
    if (function == NULL || dladdr(function, &info) == 0) return NULL;
    return info.dli_fbase == base_of(library) ? function : NULL;
}

static void load(const char *path, char **symbols) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(EXIT_USAGE);
    }
    for (; *symbols != NULL; symbols += 1)
        for (int kind = 0; kind < KINDS; kind += 1) {
            size_t length = strlen(NAMES[kind]);
            if (strncmp(*symbols, NAMES[kind], length) == 0 && (*symbols)[length] == '=')
                functions[kind] = function_named(library, *symbols + length + 1);
        }
}

int main(int argc, char **argv) {
    struct rlimit no_core = {0, 0};
    uint32_t offers = 0;
    if (argc < 6) fail("host LIBRARY RUNS RUN_MS TOTAL_MS malloc=NAME free=NAME ...");
    setrlimit(RLIMIT_CORE, &no_core);
    end_with_parent();
    alarm(LOAD_SECONDS);
    load(argv[1], argv + 5);
    alarm(0);
    for (int kind = 0; kind < KINDS; kind += 1)
        if (functions[kind] != NULL) offers |= 1u << kind;
    put(&offers, sizeof offers);
    if (functions[MALLOC] == NULL || functions[FREE] == NULL) return 0;
    read_plan();
    int runs_left = atoi(argv[2]), hangs = 0, deaths = 0;
    uint64_t limit_ms = strtoull(argv[3], NULL, 10);
    double end_ms = ms_now() + atof(argv[4]);
    do {
        run_in_child(runs_left < RUNS_OF_A_PROCESS ? (uint32_t)runs_left : RUNS_OF_A_PROCESS, limit_ms);
        put(process, sizeof(Process) + process->runs_count * (size_t)steps_count * sizeof(Record));
        runs_left -= process->runs_count > 0 ? (int)process->runs_count : 1;
        runs_before += RUNS_OF_A_PROCESS;
        hangs += process->signal == SIGALRM;
        deaths += process->signal != 0 || process->exit_code != 0;
    } while (runs_left > 0 && hangs < HANGS_MAX && deaths < DEATHS_MAX && ms_now() < end_ms);
    return 0;
}
