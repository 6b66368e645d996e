/* The memory that mm.c has: a heap of MAX_HEAP bytes, of which mem_sbrk hands out more and more. */
#include "memlib.h"
#include "config.h"

#include <stdlib.h>

static char *heap;
static size_t used;

void mem_init(void) {
    heap = malloc(MAX_HEAP);
    if (heap == NULL) exit(1);
    used = 0;
}

void mem_reset_brk(void) { used = 0; }

/* Returns the first of so many new bytes, or (void *)-1 when there are no more. */
void *mem_sbrk(int increment) {
    if (increment < 0 || (size_t)increment > MAX_HEAP - used) return (void *)-1;
    used += (size_t)increment;
    return heap + used - increment;
}

void *mem_heap_lo(void) { return heap; }
void *mem_heap_hi(void) { return heap + used - 1; }
size_t mem_heapsize(void) { return used; }
