/* frontend/big_pages.h -- large arrays on large pages of the host, where it has them. */
#ifndef TERRAPIN_FRONTEND_BIG_PAGES_H
#define TERRAPIN_FRONTEND_BIG_PAGES_H

#include "devices/host.h"

/* For struct host; NULL: this host offers nothing better than the C library. */
const struct big_memory *big_pages(void);

#endif
