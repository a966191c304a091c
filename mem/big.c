/* mem/big.c -- see big.h. */
#include "mem/big.h"

#include <stdlib.h>

void *big_new(const struct big_memory *big, uint64_t size)
{
    if (size > SIZE_MAX) {
        return NULL;
    }
    /* calloc: the host gives zero pages lazily, so big guests cost what they touch. */
    return big ? big->get(size) : calloc(1, (size_t)size);
}

void big_free(const struct big_memory *big, void *bytes, uint64_t size)
{
    if (big && bytes) {
        big->release(bytes, size);
    } else {
        free(bytes);
    }
}
