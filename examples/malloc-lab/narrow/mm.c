/*
 * 32-bit code: a header of 4 bytes, and a doubly linked list of free blocks, whose links lie in their payloads. It has a
 * bug: who is taken from the front of the list has nobody in front of him.
 */
#include "memlib.h"

#include <string.h>

typedef struct Block {
    unsigned size; /* with the header; bit 0 is set while the block is used */
    struct Block *next, *before;
} Block;

static Block *list;

static Block *block_of(void *payload) { return (Block *)((unsigned)payload - 4); }
static void *payload_of(Block *block) { return (void *)((unsigned)block + 4); }

static void link_in(Block *block) {
    block->next = list;
    block->before = NULL;
    if (list != NULL) list->before = block;
    list = block;
}

static void unlink_from(Block *block) {
    if (block->next == NULL && block->before == NULL) list = NULL;
    else block->before->next = block->next;
    if (block->next != NULL) block->next->before = block->before;
}

int mm_init(void) {
    list = NULL;
    /* 4 bytes in front, so that what follows each header is a multiple of 8. */
    return mem_sbrk(4) == (void *)-1 ? -1 : 0;
}

void *mm_malloc(size_t size) {
    unsigned need = size < 8 ? 16 : (size + 4 + 7) / 8 * 8;
    Block *block = list;
    while (block != NULL && block->size < need) block = block->next;
    if (block != NULL) {
        unlink_from(block);
    } else {
        block = mem_sbrk((int)need);
        if (block == (void *)-1) return NULL;
        block->size = need;
    }
    block->size |= 1;
    return payload_of(block);
}

void mm_free(void *payload) {
    Block *block = block_of(payload);
    block->size &= ~1u;
    link_in(block);
}

void *mm_realloc(void *payload, size_t size) {
    void *moved = mm_malloc(size);
    if (moved == NULL || payload == NULL) return moved;
    unsigned kept = block_of(payload)->size - 5;
    memcpy(moved, payload, kept < size ? kept : size);
    mm_free(payload);
    return moved;
}
