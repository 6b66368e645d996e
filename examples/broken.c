/*
 * Three small allocators with a bug each. Build and try:
 *
 *   cc -shared -fPIC -o libbroken.so examples/broken.c
 *   npx heapcheck fuzz libbroken.so --symbols malloc=overlap_malloc,free=keep
 */
#include <stddef.h>

#define POOL_BYTES ((size_t)1 << 20)

static _Alignas(16) char pool[POOL_BYTES];
static size_t next = 0;

static void *cut(size_t size, size_t rounded)
{
    if (size > POOL_BYTES / 4 || next + rounded + size > POOL_BYTES)
        return NULL;
    void *block = pool + next;
    next += rounded;
    return block;
}

/* Rounds 32 and above down to a multiple of 16, so that the next block lies on the end of this one. */
void *overlap_malloc(size_t size)
{
    return cut(size, size < 32 ? 32 : size & ~(size_t)15);
}

/* Writes through a pointer that was never set, for one class of sizes. */
void *segfault_malloc(size_t size)
{
    if (size >= 96 && size < 128)
        *(volatile int *)16 = 1;
    return cut(size, (size + 31) & ~(size_t)15);
}

/* Searches for a class that is not there, for sizes above 4,000. */
void *endless_malloc(size_t size)
{
    volatile size_t class_size = 16;
    while (class_size != 0 && class_size < size)
        class_size = size > 4000 ? 16 : class_size * 2;
    return cut(size, (size + 31) & ~(size_t)15);
}

void keep(void *block)
{
    (void)block;
}
