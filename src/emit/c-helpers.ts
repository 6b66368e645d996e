/** What the lines of a proof call in C, by name. What depends on the library is in its proof. */
export const C_HELPERS = {
  fail: `
static void fail(const char *says) {
    fputs(says, stderr);
    fputs("\\n", stderr);
    _Exit(1);
}`,
  isNull: `
static int isNull(const char *block) {
    return block == NULL;
}`,
  isAddress: `
static int isAddress(const char *block) {
    return (uintptr_t)block < (uintptr_t)1 << (sizeof(void *) == 8 ? 48 : 31);
}`,
  isAligned: `
static int isAligned(const char *block, uintptr_t alignment) {
    return (uintptr_t)block % alignment == 0;
}`,
  overlap: `
static int overlap(const char *a, size_t aSize, const char *b, size_t bSize) {
    uintptr_t aEnd = (uintptr_t)a + (aSize == 0 ? 1 : aSize), bEnd = (uintptr_t)b + (bSize == 0 ? 1 : bSize);
    return a != NULL && b != NULL && (uintptr_t)a < bEnd && (uintptr_t)b < aEnd;
}`,
  word: `
static double word(double key, size_t index) {
    return (key + (double)(index * 8)) * 0.09435970828083659 + 0.5698402909980532;
}`,
  byte: `
static unsigned char byte(double key, size_t at) {
    double value = word(key, at / 8);
    unsigned char bytes[8];
    memcpy(bytes, &value, 8);
    return bytes[at % 8];
}`,
  isFilled: `
/* Whether this word of 8 bytes is filled: all are, or of a large block two at each end and two in between. */
static int isFilled(size_t index, size_t count) {
    return count <= 16 || index < 2 || index >= count - 2 || index == count / 3 || index == count / 3 * 2;
}`,
  fill: `
static void fill(char *block, size_t size, double key) {
    size_t count = size / 8;
    if (block == NULL) return;
    for (size_t index = 0; index < count; index += 1) {
        double value = word(key, index);
        if (isFilled(index, count)) memcpy(block + index * 8, &value, 8);
    }
    for (size_t at = count * 8; at < size; at += 1) block[at] = (char)byte(key, at);
}`,
  flip: `
static void flip(char *block, size_t offset) {
    block[offset] = (char)~block[offset];
}`,
  isIntact: `
/* Whether the first so many bytes are as they were filled in when the block had its size. */
static int isIntact(const char *block, size_t size, size_t kept, double key) {
    size_t count = size / 8;
    if (block == NULL) return 1;
    for (size_t index = 0; index < kept / 8; index += 1) {
        double value = word(key, index);
        if (isFilled(index, count) && memcmp(block + index * 8, &value, 8) != 0) return 0;
    }
    if (count > 16 && kept < size) return 1;
    for (size_t at = kept / 8 * 8; at < kept; at += 1)
        if ((unsigned char)block[at] != byte(key, at)) return 0;
    return 1;
}`,
  isZero: `
static int isZero(const char *block, size_t size) {
    for (size_t at = 0; block != NULL && at < size; at += 1)
        if (block[at] != 0) return 0;
    return 1;
}`,
} as const;
