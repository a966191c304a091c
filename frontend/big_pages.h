/* frontend/big_pages.h -- large arrays on the host's pages (mem/big.h). */
#ifndef TERRAPIN_FRONTEND_BIG_PAGES_H
#define TERRAPIN_FRONTEND_BIG_PAGES_H

#include "devices/host.h"

/* For struct host: on large pages, and on the smallest, which come as they are touched. NULL:
 * this host offers nothing better than the C library. */
const struct big_memory *big_pages(void);
const struct big_memory *sparse_pages(void);

#endif
