/* mem/big.h -- large arrays that live as long as the machine: RAM, decoded code, page maps.
 *
 * Two kinds, which want different things of the host. What is full (RAM, decoded code) goes on
 * pages that are larger than usual, if it has such: it then looks fewer addresses up (a fifth
 * of the time of code that is all over memory). What is sparse (page maps: a place for each of
 * 2^20 pages, few of them in use) costs memory only where it is touched, and can be emptied at
 * once. An array that fills by and by may be both, one after the other. Only the front end
 * knows the host, and offers what it has; without an offer the C library's memory does.
 */
#ifndef TERRAPIN_MEM_BIG_H
#define TERRAPIN_MEM_BIG_H

#include <stdbool.h>
#include <stdint.h>

typedef void big_release_fn(uint8_t *bytes, uint64_t size);
struct big_memory {
    uint8_t *(*get)(uint64_t size);                           /* zeroed; NULL: there is none */
    void (*expect)(uint8_t *bytes, uint64_t size, bool full); /* or NULL */
    void (*empty)(uint8_t *bytes, uint64_t size); /* zeros again, the memory given back */
    big_release_fn *release;
};

/* size > 0 bytes of zeros from big, or from calloc() if big is NULL; NULL: there is none. */
void *big_new(const struct big_memory *big, uint64_t size);
/* bytes from there: little of them, or most, will be in use from now on. They stay what they
 * are. */
void big_expect(const struct big_memory *big, void *bytes, uint64_t size, bool full);
/* bytes from there become zeros again, and cost nothing until they are touched. They may have
 * moved: where they are now. */
void *big_empty(const struct big_memory *big, void *bytes, uint64_t size);
/* bytes: from there, or NULL. */
void big_free(const struct big_memory *big, void *bytes, uint64_t size);

#endif
