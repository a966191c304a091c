/* mem/big.h -- large arrays that live as long as the machine: RAM, decoded code.
 *
 * The host may have pages for them that are larger than usual; it then looks fewer addresses up
 * (a fifth of the time of code that is all over memory). Only the front end knows the host, and
 * offers what it has; without an offer the C library's memory does.
 */
#ifndef TERRAPIN_MEM_BIG_H
#define TERRAPIN_MEM_BIG_H

#include <stdint.h>

typedef void big_release_fn(uint8_t *bytes, uint64_t size);
struct big_memory {
    uint8_t *(*get)(uint64_t size); /* zeroed; NULL: there is none */
    big_release_fn *release;
};

/* size > 0 bytes of zeros from big, or from calloc() if big is NULL; NULL: there is none. */
void *big_new(const struct big_memory *big, uint64_t size);
/* bytes: from there, or NULL. */
void big_free(const struct big_memory *big, void *bytes, uint64_t size);

#endif
