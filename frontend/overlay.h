/* frontend/overlay.h -- where writes under -snapshot go: an unlinked temporary file.
 *
 * It has the image's layout, chunk by chunk of 4 KiB; a bitmap tells which chunks are in it.
 * The host's file system keeps the rest of it as a hole, so that it costs what was written.
 */
#ifndef TERRAPIN_FRONTEND_OVERLAY_H
#define TERRAPIN_FRONTEND_OVERLAY_H

#include "mem/error.h"

struct overlay;

/* Over the file `base`, of `size` bytes, which is only read. */
struct overlay *overlay_new(int base, uint64_t size, struct error *err);
void overlay_free(struct overlay *ov); /* NULL is fine */
/* -1: errno tells */
int overlay_read(struct overlay *ov, uint64_t at, void *out, size_t n);
int overlay_write(struct overlay *ov, uint64_t at, const void *in, size_t n);
/* Is there anything of [at, at + n) in it? */
bool overlay_has(const struct overlay *ov, uint64_t at, size_t n);

/* pread and pwrite to the last byte; -1 with errno, EIO where the file ends early. */
int read_at(int fd, uint64_t at, void *out, size_t n);
int write_at(int fd, uint64_t at, const void *in, size_t n);

#endif
