/*
 * A pool of equal blocks that threads share, and the same with a lock forgotten in one place. Try:
 *
 *   npx heapcheck threads examples/threads.c --symbols malloc=pool_malloc,free=pool_free
 *   npx heapcheck threads examples/threads.c --symbols malloc=pool_malloc,free=forgetful_free
 */
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#define BLOCK_BYTES 256
#define BLOCKS_COUNT 4096

typedef union block {
    union block *next;
    _Alignas(16) char payload[BLOCK_BYTES];
} block;

static block pool[BLOCKS_COUNT];
static size_t cut_count;
static block *freed;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void *pool_malloc(size_t size)
{
    block *found = NULL;
    if (size > BLOCK_BYTES)
        return NULL;
    pthread_mutex_lock(&lock);
    if (freed != NULL) {
        found = freed;
        freed = found->next;
    } else if (cut_count < BLOCKS_COUNT) {
        found = &pool[cut_count++];
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* What is freed is wiped, so that nobody finds there what was. */
static void give_back(block *returned)
{
    if (returned == NULL)
        return;
    returned->next = freed;
    memset(returned->payload + sizeof returned->next, 0, BLOCK_BYTES - sizeof returned->next);
    freed = returned;
}

void pool_free(void *payload)
{
    pthread_mutex_lock(&lock);
    give_back(payload);
    pthread_mutex_unlock(&lock);
}

/*
 * The lock is forgotten: while give_back wipes the block, another thread may take
 * the one that was first, which is then behind this one as if nobody had it.
 */
void forgetful_free(void *payload)
{
    give_back(payload);
}
