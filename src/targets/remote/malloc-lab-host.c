/*
 * A host for a malloc-lab handout: linked with mm.c and memlib.c as they are, it serves their allocator to heapcheck,
 * or measures it over a trace. The protocol, and what each field means, is in supervise/protocol.ts.
 *
 *     host                 serves: requests on descriptor 3, answers on 4
 *     host score FILE MS   utilization and time of a .rep trace on mm.c, as a line on descriptor 3
 *
 * Each program runs in a child of its own, on a heap that nobody used before: a crash ends the child only. Parent and
 * child read requests into memory that they share, so each goes on where the other one stopped.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "payload.h"

/* The course's interfaces. Some years' mem_init takes an argument, which others do not look at. */
extern int mm_init(void);
extern void *mm_malloc(size_t size);
extern void mm_free(void *block);
extern void *mm_realloc(void *block, size_t size);
extern void *mm_calloc(size_t count, size_t size) __attribute__((weak));
extern void mem_init();
extern void *mem_heap_lo(void);
extern void *mem_heap_hi(void);

enum { REQUESTS_FD = 3, ANSWERS_FD = 4, SCORE_FD = 3, VERSION = 1 };
enum { RESET = 1, STATUS, MALLOC, FREE, CALLOC, REALLOC, ALIGNED, USABLE_SIZE, FILL, DAMAGE, FIRST_NON_ZERO, LOAD, STORE, REFUSE };
enum { HELLO = 1, DIED, RETURNED };
enum { OFFER_CALLOC = 1, OFFER_REALLOC = 2, OFFER_MEMORY = 16, OFFER_BOUNDS = 32, OFFER_FOOTPRINT = 64, OFFER_REFUSALS = 128 };

typedef struct { uint32_t kind, zero; uint64_t a, b, c, word; } Request;
typedef struct { uint32_t kind, detail; uint64_t value, start, end, footprint; } Answer;

#define BATCH (4096 / sizeof(Request))

/* What parent and child both know: the requests that were read, how far the child is, and what it has answered. */
typedef struct {
    Request requests[BATCH];
    Answer answers[BATCH];
    volatile size_t next, count, answered;
    volatile uint64_t limit_ms;                               /* what a batch of calls may take */
    volatile uint32_t at;                                     /* the kind of the request at work */
    volatile uint32_t refused;                                /* requests for memory that were refused since REFUSE */
    volatile enum { UNEXPECTED, NEXT_PROGRAM, NO_MORE } end;  /* why the child ended */
} Shared;

static Shared *shared;

/* SIGALRM ends this process, if what comes takes longer; 0 calls it off. */
static void alarm_after(uint64_t ms) {
    struct itimerval timer = {{0, 0}, {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Writes what was answered, in one piece. */
static void flush_answers(void) {
    size_t bytes = shared->answered * sizeof(Answer);
    shared->answered = 0;
    if (bytes == 0) return;
    ssize_t written;
    do written = write(ANSWERS_FD, shared->answers, bytes);
    while (written < 0 && errno == EINTR);
    if (written != (ssize_t)bytes) _exit(1);
}

static void answer(Answer given) {
    if (shared->answered == BATCH) flush_answers();
    shared->answers[shared->answered] = given;
    shared->answered += 1;
}

/*
 * The next request; NULL when there will be none. Who writes puts whole requests into the pipe, so whole ones come. Only
 * here is waited, so answers are written and the alarm is off meanwhile.
 */
static Request *next_request(void) {
    if (shared->next == shared->count) {
        ssize_t length;
        flush_answers();
        alarm_after(0);
        do length = read(REQUESTS_FD, shared->requests, sizeof shared->requests);
        while (length < 0 && errno == EINTR);
        if (length <= 0) return NULL;
        shared->next = 0;
        shared->count = (size_t)length / sizeof(Request);
        alarm_after(shared->limit_ms);
    }
    return &shared->requests[shared->next];
}

/* ---- one program ---- */

static uint64_t load(const uint8_t *from, size_t bytes) {
    uint64_t word = 0;
    memcpy(&word, from, bytes);
    return word;
}

static void *at(uint64_t address) { return (void *)(uintptr_t)address; }

static void answer_value(uint64_t value) {
    Answer returned = {RETURNED, shared->refused, value, 0, 0, 0};
    returned.start = (uintptr_t)mem_heap_lo();
    returned.end = (uintptr_t)mem_heap_hi() + 1;
    returned.footprint = returned.end - returned.start;
    answer(returned);
}

#ifdef WRAPS_SBRK
/* The handout's mem_sbrk, behind ours: the linker gives mm.c ours. An argument that is an int there is one here as well. */
extern void *__real_mem_sbrk(intptr_t increment);

static uint64_t sbrks_before_refused, sbrks_refused;

void *__wrap_mem_sbrk(intptr_t increment) {
    if ((int)increment > 0 && sbrks_refused > 0) {
        if (sbrks_before_refused == 0) {
            sbrks_refused -= 1;
            shared->refused += 1;
            return (void *)-1;
        }
        sbrks_before_refused -= 1;
    }
    return __real_mem_sbrk(increment);
}

static void refuse(uint64_t before, uint64_t count) {
    sbrks_before_refused = before;
    sbrks_refused = count;
    shared->refused = 0;
}
#endif

static void perform(const Request *request) {
    uint8_t *payload = at(request->a);
    size_t a = (size_t)request->a, b = (size_t)request->b;
    switch (request->kind) {
    case STATUS: answer_value(0); break;
    case MALLOC: answer_value((uintptr_t)mm_malloc(a)); break;
    case CALLOC: answer_value((uintptr_t)mm_calloc(a, b)); break;
    case REALLOC: answer_value((uintptr_t)mm_realloc(at(request->a), b)); break;
    case FREE:
        /* What the course asks of mm_free is about blocks; null is none. */
        if (request->a != 0) mm_free(at(request->a));
        answer_value(1);
        break;
    case FILL: fill(payload, b, request->word); break;
    case DAMAGE: answer_value(damage(payload, b, (size_t)request->c, request->word)); break;
    case FIRST_NON_ZERO: answer_value(first_non_zero(payload, b)); break;
    case LOAD: answer_value(load(payload, b)); break;
    case STORE: memcpy(payload, b == 1 ? &request->c : &request->word, b); break;
#ifdef WRAPS_SBRK
    case REFUSE: refuse(request->a, request->b); break;
#endif
    default: fprintf(stderr, "request %u is unknown\n", (unsigned)request->kind); _exit(1);
    }
}

static void begin_heap(void) {
    mem_init(0);
    if (mm_init() >= 0) return;
    fprintf(stderr, "mm_init returned -1\n");
    _exit(1);
}

/* Serves one program, from its reset to the next. */
static void serve_program(void) {
    alarm_after(shared->limit_ms);
    begin_heap();
    shared->next += 1;
    for (;;) {
        const Request *request = next_request();
        if (request == NULL || request->kind == RESET) {
            shared->end = request == NULL ? NO_MORE : NEXT_PROGRAM;
            _exit(0);
        }
        shared->at = request->kind;
        perform(request);
        shared->next += 1;
    }
}

/* ---- all programs ---- */

static void tell_death(int status) {
    Answer died = {DIED, 0, shared->at, 1, 0, shared->refused};
    died.detail = WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : 256u + (uint32_t)WEXITSTATUS(status);
    answer(died);
    flush_answers();
}

static int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return status;
}

static pid_t fork_child(void) {
    pid_t child = fork();
    if (child >= 0) return child;
    perror("fork");
    exit(1);
}

static int serve(void) {
    Answer hello = {HELLO, VERSION, OFFER_REALLOC | OFFER_MEMORY | OFFER_BOUNDS | OFFER_FOOTPRINT, sizeof(void *), SIZE_MAX, 0};
    if (mm_calloc) hello.value |= OFFER_CALLOC;
#ifdef WRAPS_SBRK
    hello.value |= OFFER_REFUSALS;
#endif
    answer(hello);
    for (;;) {
        Request *request = next_request();
        if (request == NULL) return 0;
        /* What is behind a death is of a program that is over. */
        if (request->kind != RESET) {
            shared->next += 1;
            continue;
        }
        alarm_after(0);
        shared->at = RESET;
        shared->limit_ms = request->a;
        shared->refused = 0;
        shared->end = UNEXPECTED;
        pid_t child = fork_child();
        if (child == 0) serve_program();
        int status = wait_for(child);
        if (shared->end == NO_MORE) return 0;
        if (shared->end == NEXT_PROGRAM) continue;
        shared->next = shared->count;
        tell_death(status);
    }
}

/* ---- scores ---- */

typedef struct { char kind; unsigned id; size_t size; } TraceOp;
typedef struct { TraceOp *ops; size_t count, ids; } Trace;

static Trace read_trace(const char *path) {
    Trace trace = {NULL, 0, 0};
    FILE *file = fopen(path, "r");
    unsigned long ids = 0, count = 0;
    if (file == NULL || fscanf(file, "%*d %lu %lu %*d", &ids, &count) != 2) exit(2);
    trace.ids = ids;
    trace.ops = calloc(count + 1, sizeof(TraceOp));
    while (trace.count < count) {
        TraceOp *op = &trace.ops[trace.count];
        unsigned long size = 0;
        if (fscanf(file, " %c %u", &op->kind, &op->id) != 2 || op->id >= ids) break;
        if (op->kind != 'f' && fscanf(file, "%lu", &size) != 1) break;
        op->size = size;
        trace.count += 1;
    }
    fclose(file);
    return trace;
}

/* What a child found out: the most bytes that were live at once, the size of the heap at the end, the time. */
typedef struct { double peak_bytes, heap_bytes, seconds; } Score;

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static Score run_trace(const Trace *trace, void **blocks, size_t *sizes) {
    Score score = {0, 0, 0};
    double live = 0;
    begin_heap();
    double started = seconds_now();
    for (size_t index = 0; index < trace->count; index += 1) {
        const TraceOp *op = &trace->ops[index];
        void **block = &blocks[op->id];
        *block = op->kind == 'f'   ? (mm_free(*block), NULL)
                 : op->kind == 'r' ? mm_realloc(*block, op->size)
                                   : mm_malloc(op->size);
        if (op->kind != 'f' && *block == NULL && op->size > 0) {
            fprintf(stderr, "a request of %lu bytes was refused\n", (unsigned long)op->size);
            _exit(1);
        }
        live += (double)op->size - (double)sizes[op->id];
        sizes[op->id] = op->size;
        if (live > score.peak_bytes) score.peak_bytes = live;
    }
    score.seconds = seconds_now() - started;
    score.heap_bytes = (double)((char *)mem_heap_hi() + 1 - (char *)mem_heap_lo());
    return score;
}

/* The best time of several runs, as short ones are a matter of luck; few, where they are long. */
static int score(const char *path, uint64_t limit_ms) {
    Trace trace = read_trace(path);
    Score *best = mmap(NULL, 2 * sizeof(Score), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double spent = 0;
    for (int run = 0; run < 10 && spent < 0.1; run += 1) {
        pid_t child = fork_child();
        if (child == 0) {
            alarm_after(limit_ms);
            best[1] = run_trace(&trace, calloc(trace.ids + 1, sizeof(void *)), calloc(trace.ids + 1, sizeof(size_t)));
            _exit(0);
        }
        int status = wait_for(child);
        if (WIFSIGNALED(status)) raise(WTERMSIG(status));
        if (status != 0) return 1;
        if (run == 0 || best[1].seconds < best[0].seconds) best[0] = best[1];
        spent += best[1].seconds;
    }
    dprintf(SCORE_FD, "%lu %.0f %.0f %.9f\n", (unsigned long)trace.count, best->peak_bytes, best->heap_bytes, best->seconds);
    return 0;
}

int main(int argc, char **argv) {
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (argc == 4) return score(argv[2], strtoull(argv[3], NULL, 10));
    shared = mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? 1 : serve();
}
