#define ALIGNMENT 8
#define MAX_HEAP (20 * (1 << 20))
#define UTIL_WEIGHT .60
#define AVG_LIBC_THRUPUT 600E3
