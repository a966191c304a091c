/* mem/big.c -- see big.h. */
#include "mem/big.h"

#include <stdlib.h>
#include <string.h>

void *big_new(const struct big_memory *big, uint64_t size)
{
    if (size > SIZE_MAX) {
        return NULL;
    }
    /* calloc: the host gives zero pages lazily, so big guests cost what they touch. */
    return big ? big->get(size) : calloc(1, (size_t)size);
}

void big_expect(const struct big_memory *big, void *bytes, uint64_t size, bool full)
{
    if (big && big->expect) {
        big->expect(bytes, size, full);
    }
}

void *big_empty(const struct big_memory *big, void *bytes, uint64_t size)
{
    if (big) {
        big->empty(bytes, size);
        return bytes;
    }
    void *other =
        calloc(1, (size_t)size); /* beside the old: malloc() may keep what it has got back */
    if (other) {
        free(bytes);
        return other;
    }
    memset(bytes, 0, (size_t)size);
    return bytes;
}

void big_free(const struct big_memory *big, void *bytes, uint64_t size)
{
    if (big && bytes) {
        big->release(bytes, size);
    } else {
        free(bytes);
    }
}
