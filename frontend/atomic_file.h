/* frontend/atomic_file.h -- files are replaced whole or not at all: temporary, fsync, rename.
 */
#ifndef TERRAPIN_FRONTEND_ATOMIC_FILE_H
#define TERRAPIN_FRONTEND_ATOMIC_FILE_H

#include "mem/error.h"

#include <stdio.h>

/* path gets exactly these bytes, or stays as it is and err tells. */
int atomic_write(const char *path, const void *bytes, size_t n, struct error *err);

/* The same, piece by piece: open, write to f with stdio, close. What is not a regular file
 * (a device, a pipe) is written to directly. */
struct atomic_file {
    FILE *f;
    const char *path;
    char *temp; /* NULL: no regular file */
};
int atomic_open(struct atomic_file *af, const char *path, struct error *err);
/* keep: puts the file in its place, if all writes succeeded. Else, and on failure, nothing has
 * happened, and err tells. */
int atomic_close(struct atomic_file *af, bool keep, struct error *err);

#endif
