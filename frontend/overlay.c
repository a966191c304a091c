/* frontend/overlay.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 4096 };

struct overlay {
    int base, temp;
    uint64_t size;
    uint8_t *present; /* a bit for each chunk */
};

int read_at(int fd, uint64_t at, void *out, size_t n)
{
    for (uint8_t *to = out; n > 0;) {
        ssize_t got = pread(fd, to, n, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            errno = got == 0 ? EIO : errno;
            return -1;
        }
        to += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return 0;
}

int write_at(int fd, uint64_t at, const void *in, size_t n)
{
    for (const uint8_t *from = in; n > 0;) {
        ssize_t put = pwrite(fd, from, n, (off_t)at);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            errno = put == 0 ? ENOSPC : errno;
            return -1;
        }
        from += put;
        at += (uint64_t)put;
        n -= (size_t)put;
    }
    return 0;
}

static int open_temp(struct error *err)
{
    const char *dir = getenv("TMPDIR");
    char name[512];
    int n = snprintf(name, sizeof name, "%s/terrapin-XXXXXX", dir && *dir ? dir : "/tmp");
    if (n < 0 || (size_t)n >= sizeof name) {
        return error_set(err, "-snapshot: TMPDIR is too long; unset it");
    }
    int fd = mkstemp(name);
    if (fd < 0) {
        return error_set(err, "-snapshot: no temporary file in %.100s: %s; set TMPDIR", name,
                         strerror(errno));
    }
    unlink(name);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

struct overlay *overlay_new(int base, uint64_t size, struct error *err)
{
    uint64_t chunks = (size + CHUNK - 1) / CHUNK;
    struct overlay *ov = calloc(1, sizeof *ov);
    uint8_t *present = calloc((size_t)(chunks / 8 + 1), 1);
    int temp = ov && present ? open_temp(err) : error_set(err, "-snapshot: out of memory");
    if (temp < 0) {
        free(ov);
        free(present);
        return NULL;
    }
    *ov = (struct overlay){.base = base, .temp = temp, .size = size, .present = present};
    return ov;
}

void overlay_free(struct overlay *ov)
{
    if (ov) {
        close(ov->temp);
        free(ov->present);
        free(ov);
    }
}

static bool is_present(const struct overlay *ov, uint64_t chunk)
{
    return ov->present[chunk / 8] >> (chunk % 8) & 1;
}

int overlay_read(struct overlay *ov, uint64_t at, void *out, size_t n)
{
    for (uint8_t *to = out; n > 0;) {
        size_t part = CHUNK - (size_t)(at % CHUNK);
        part = part < n ? part : n;
        if (read_at(is_present(ov, at / CHUNK) ? ov->temp : ov->base, at, to, part) < 0) {
            return -1;
        }
        to += part;
        at += part;
        n -= part;
    }
    return 0;
}

/* Brings the whole chunk into the temporary file, with `part` bytes of it replaced. */
static int write_chunk(struct overlay *ov, uint64_t at, const uint8_t *from, size_t part)
{
    uint64_t chunk = at / CHUNK, start = chunk * CHUNK;
    uint8_t bytes[CHUNK];
    size_t len = ov->size - start < CHUNK ? (size_t)(ov->size - start) : CHUNK;
    if (is_present(ov, chunk)) {
        return write_at(ov->temp, at, from, part);
    }
    if (read_at(ov->base, start, bytes, len) < 0) {
        return -1;
    }
    memcpy(bytes + (at - start), from, part);
    if (write_at(ov->temp, start, bytes, len) < 0) {
        return -1;
    }
    ov->present[chunk / 8] |= (uint8_t)(1u << chunk % 8);
    return 0;
}

int overlay_write(struct overlay *ov, uint64_t at, const void *in, size_t n)
{
    for (const uint8_t *from = in; n > 0;) {
        size_t part = CHUNK - (size_t)(at % CHUNK);
        part = part < n ? part : n;
        if (write_chunk(ov, at, from, part) < 0) {
            return -1;
        }
        from += part;
        at += part;
        n -= part;
    }
    return 0;
}

bool overlay_has(const struct overlay *ov, uint64_t at, size_t n)
{
    for (uint64_t chunk = at / CHUNK; chunk * CHUNK < at + n; chunk++) {
        if (is_present(ov, chunk)) {
            return true;
        }
    }
    return false;
}
