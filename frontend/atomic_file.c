/* frontend/atomic_file.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/atomic_file.h"
#include "frontend/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, bytes, n);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return -1;
        }
        bytes += put;
        n -= (size_t)put;
    }
    return 0;
}

/* A device or a pipe cannot be replaced: it is written to. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int write_special(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (!f) {
        return -1;
    }
    bool ok = fwrite(bytes, 1, n, f) == n;
    return fclose(f) == 0 && ok ? 0 : -1;
}

static int replace(const char *path, char *temp, const void *bytes, size_t n)
{
    int fd = mkstemp(temp);
    if (fd < 0) {
        return -1;
    }
    mode_t mask = umask(0); /* only a look: mkstemp's 0600 becomes what open would give */
    umask(mask);
    bool ok = fchmod(fd, 0666 & ~mask) == 0 && write_all(fd, bytes, n) == 0 && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (ok && rename(temp, path) == 0) {
        return 0;
    }
    int why = errno;
    unlink(temp);
    errno = why;
    return -1;
}

int atomic_write(const char *path, const void *bytes, size_t n, struct error *err)
{
    size_t room = strlen(path) + sizeof ".XXXXXX";
    char *temp = malloc(room);
    int rc = -1;
    errno = ENOMEM;
    if (is_special(path)) {
        rc = write_special(path, bytes, n);
    } else if (temp) {
        snprintf(temp, room, "%s.XXXXXX", path);
        rc = replace(path, temp, bytes, n);
    }
    if (rc < 0) {
        error_set(err, "%s: cannot write: %s", short_path(path), strerror(errno));
    }
    free(temp);
    return rc;
}
