/*
 * First fit over units of 16 bytes, with what each is used for beside the heap. It has a bug that none of the course's
 * traces shows, for none makes a block smaller: then two blocks may overlap.
 */
#include "config.h"
#include "memlib.h"

#include <string.h>

enum { UNIT = 16, FREE = 0, FIRST, MORE };

static char units[MAX_HEAP / UNIT + 1]; /* the last one is never used, so every block ends */

static size_t units_for(size_t size) { return size == 0 ? 1 : (size + UNIT - 1) / UNIT; }
static size_t index_of(void *payload) { return (size_t)((char *)payload - (char *)mem_heap_lo()) / UNIT; }

static size_t length_of(size_t first) {
    size_t length = 1;
    while (units[first + length] == MORE) length += 1;
    return length;
}

int mm_init(void) {
    memset(units, FREE, sizeof units);
    return 0;
}

void *mm_malloc(size_t size) {
    size_t need = units_for(size), end = mem_heapsize() / UNIT, free = 0, at = 0;
    for (; at < end && free < need; at += 1) free = units[at] == FREE ? free + 1 : 0;
    if (free < need && mem_sbrk((int)((need - free) * UNIT)) == (void *)-1) return NULL;
    size_t first = at - free;
    units[first] = FIRST;
    memset(units + first + 1, MORE, need - 1);
    return (char *)mem_heap_lo() + first * UNIT;
}

void mm_free(void *payload) {
    size_t first = index_of(payload);
    memset(units + first, FREE, length_of(first));
}

void *mm_realloc(void *payload, size_t size) {
    if (payload == NULL) return mm_malloc(size);
    size_t first = index_of(payload), length = length_of(first);
    if (units_for(size) < length) {
        /* The bug: where the last unit is used in part, it is given back. */
        size_t kept = size < UNIT ? 1 : size / UNIT;
        memset(units + first + kept, FREE, length - kept);
    }
    if (units_for(size) <= length) return payload;
    void *moved = mm_malloc(size);
    if (moved == NULL) return NULL;
    memcpy(moved, payload, length * UNIT);
    mm_free(payload);
    return moved;
}
