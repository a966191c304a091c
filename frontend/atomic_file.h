/* frontend/atomic_file.h -- files are replaced whole or not at all: temporary, fsync, rename.
 */
#ifndef TERRAPIN_FRONTEND_ATOMIC_FILE_H
#define TERRAPIN_FRONTEND_ATOMIC_FILE_H

#include "mem/error.h"

/* path gets exactly these bytes, or stays as it is and err tells. */
int atomic_write(const char *path, const void *bytes, size_t n, struct error *err);

#endif
