/*
 * A small allocator that keeps every law, and with BROKEN set to a number breaks one: bumps through an array, keeps the
 * size in front of each block, and takes back the newest block only.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef BROKEN
#define BROKEN 0
#endif
#define CAPACITY ((size_t)1 << 16)

static char heap[CAPACITY] __attribute__((aligned(4096)));
static size_t top;
static size_t taken;

static size_t *headOf(void *block) {
    return (size_t *)((char *)block - 16);
}

/* What stands below the allocator. */
void toy_begin(void) {
    taken = 4096;
}

/* 0, if what stands below has begun. */
int toy_init(void) {
    top = 0;
    return taken == 0;
}

static void *take(size_t alignment, size_t size) {
    size_t need = size == 0 ? 16 : (size + 15) / 16 * 16;
    size_t at = (top + 16 + alignment - 1) / alignment * alignment;
    if (BROKEN == 1) at += 8;
    if (BROKEN == 2 && top != 0) at -= 32;
    if (BROKEN == 3 && size == 0) return NULL;
    if (BROKEN == 4) size = need = (uint32_t)need;
    if (BROKEN == 5) {
        while (size == 40) top += 0 * size;
    }
    if (BROKEN == 6 && size == 40) abort();
    if (BROKEN == 19 && size == 40) exit(0);
    if (size > CAPACITY || at + need > CAPACITY + (BROKEN == 7 ? CAPACITY : 0)) {
        if (BROKEN == 8) taken += 4096;
        return NULL;
    }
    top = at + need;
    *headOf(heap + at) = need;
    return heap + at;
}

void *toy_malloc(size_t size) {
    return take(16, size);
}

void *toy_aligned(size_t alignment, size_t size) {
    return take(BROKEN == 9 ? 16 : alignment, size);
}

size_t toy_usable(void *block) {
    if (BROKEN == 10) return *headOf(block) - 16;
    if (BROKEN == 11) return *headOf(block) + (top > 100 ? 16 : 0);
    if (BROKEN == 12) return *headOf(block) + 64;
    return *headOf(block);
}

void toy_free(void *block) {
    if (block == NULL) {
        if (BROKEN == 13) taken += 1;
        return;
    }
    if (BROKEN == 14) ((char *)block)[*headOf(block) + 16] = 1;
    if (BROKEN == 15) *(volatile int *)1 = 0;
    if ((char *)block + *headOf(block) == heap + top && BROKEN != 16) top = (size_t)((char *)block - heap) - 16;
}

void *toy_calloc(size_t count, size_t size) {
    void *block = size != 0 && count > (size_t)-1 / size ? NULL : toy_malloc(count * size);
    if (block != NULL) memset(block, 0, BROKEN == 17 ? size : count * size);
    return block;
}

void *toy_realloc(void *block, size_t size) {
    void *moved = toy_malloc(size);
    if (block == NULL || moved == NULL) return moved;
    size_t kept = *headOf(block) < size ? *headOf(block) : size;
    memcpy(moved, block, BROKEN == 18 && kept > 16 ? 16 : kept);
    return moved;
}

void *toy_first(void) {
    return heap;
}

void *toy_last(void) {
    return heap + CAPACITY - 1;
}

size_t toy_taken(void) {
    return taken;
}
