/*
 * What hosts in C write into payloads, and what has become of it: 8 bytes after 8 of a pattern that a key tells from all
 * others. supervise and check do the same in TypeScript.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Longer payloads are filled at both ends only, each by half of it. */
#define FILLED_MAX ((size_t)4096)

/* The 8 bytes at `offset`, a multiple of 8. */
static uint64_t pattern(uint64_t key, size_t offset) {
    uint64_t word = key + (offset / 8 + 1) * UINT64_C(0x9E3779B97F4A7C15);
    word = (word ^ word >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return word ^ word >> 32;
}

/* Where the next filled word is, at `offset` or behind what lies between the two ends. */
static size_t filled_from(size_t offset, size_t size) {
    if (size <= FILLED_MAX || offset < FILLED_MAX / 2) return offset;
    size_t last = (size - FILLED_MAX / 2) & ~(size_t)7;
    return offset < last ? last : offset;
}

static size_t at_most_8(size_t bytes) { return bytes < 8 ? bytes : 8; }

static void fill(uint8_t *payload, size_t size, uint64_t key) {
    for (size_t at = 0; at < size; at = filled_from(at + 8, size)) {
        uint64_t word = pattern(key, at);
        memcpy(payload + at, &word, at_most_8(size - at));
    }
}

static uint64_t damage(const uint8_t *payload, size_t size, size_t kept, uint64_t key) {
    for (size_t at = 0; at < kept; at = filled_from(at + 8, size)) {
        uint64_t word = pattern(key, at);
        size_t bytes = at_most_8(kept - at);
        if (memcmp(payload + at, &word, bytes) == 0) continue;
        while (memcmp(payload + at, &word, 1) == 0) at += 1, word >>= 8;
        return at;
    }
    return UINT64_MAX;
}

static uint64_t first_non_zero(const uint8_t *payload, size_t size) {
    for (size_t at = 0; at < size; at += 1)
        if (payload[at] != 0) return at;
    return UINT64_MAX;
}
