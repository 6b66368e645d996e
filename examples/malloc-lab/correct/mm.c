/*
 * First fit over all blocks. In front of each block stands its size, header included, a multiple of 8, with bit 0 set
 * while it is used. Free neighbours behind a block become one with it when a search, or a realloc, comes past.
 */
#include "memlib.h"

#include <string.h>

typedef struct { size_t size, unused; } Header; /* 16 bytes on 64 bits, so that payloads are aligned */

static char *end(void) { return (char *)mem_heap_hi() + 1; }
static size_t size_of(Header *block) { return block->size & ~(size_t)1; }
static Header *after(Header *block) { return (Header *)((char *)block + size_of(block)); }
static int is_free(Header *block) { return (char *)block < end() && (block->size & 1) == 0; }

static void join_free_behind(Header *block) {
    while (is_free(after(block))) block->size += after(block)->size;
}

/* Marks the front of a block as used, and what is left behind it as free, if a block fits there. */
static void *take(Header *block, size_t need) {
    size_t size = size_of(block);
    if (size >= need + 2 * sizeof(Header)) {
        block->size = need;
        after(block)->size = size - need;
    }
    block->size |= 1;
    return block + 1;
}

int mm_init(void) { return 0; }

void *mm_malloc(size_t size) {
    size_t need = (size + 2 * sizeof(Header) - 1) / sizeof(Header) * sizeof(Header);
    for (Header *block = mem_heap_lo(); (char *)block < end(); block = after(block)) {
        if (!is_free(block)) continue;
        join_free_behind(block);
        if (block->size >= need) return take(block, need);
    }
    Header *block = mem_sbrk((int)need);
    if (block == (void *)-1) return NULL;
    block->size = need;
    return take(block, need);
}

void mm_free(void *payload) { ((Header *)payload - 1)->size &= ~(size_t)1; }

void *mm_realloc(void *payload, size_t size) {
    if (payload == NULL) return mm_malloc(size);
    size_t need = (size + 2 * sizeof(Header) - 1) / sizeof(Header) * sizeof(Header);
    Header *block = (Header *)payload - 1;
    join_free_behind(block);
    if (size_of(block) >= need) return take(block, need);
    void *moved = mm_malloc(size);
    if (moved == NULL) return NULL;
    memcpy(moved, payload, size_of(block) - sizeof(Header));
    mm_free(payload);
    return moved;
}
