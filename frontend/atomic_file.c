/* frontend/atomic_file.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/atomic_file.h"
#include "frontend/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int trouble(const char *path, struct error *err)
{
    return error_set(err, "%s: cannot write: %s", short_path(path), strerror(errno));
}

/* A device or a pipe cannot be replaced: it is written to. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* mkstemp's 0600 becomes what open would give. */
static FILE *open_temp(char *temp)
{
    int fd = mkstemp(temp);
    if (fd < 0) {
        return NULL;
    }
    mode_t mask = umask(0); /* only a look */
    umask(mask);
    FILE *f = fchmod(fd, 0666 & ~mask) == 0 ? fdopen(fd, "wb") : NULL;
    if (!f) {
        int why = errno;
        close(fd);
        unlink(temp);
        errno = why;
    }
    return f;
}

int atomic_open(struct atomic_file *af, const char *path, struct error *err)
{
    size_t room = strlen(path) + sizeof ".XXXXXX";
    *af = (struct atomic_file){.path = path};
    if (is_special(path)) {
        af->f = fopen(path, "wb");
        return af->f ? 0 : trouble(path, err);
    }
    errno = ENOMEM;
    af->temp = malloc(room);
    if (af->temp) {
        snprintf(af->temp, room, "%s.XXXXXX", path);
        af->f = open_temp(af->temp);
    }
    if (!af->f) {
        int rc = trouble(path, err);
        free(af->temp);
        return rc;
    }
    return 0;
}

int atomic_close(struct atomic_file *af, bool keep, struct error *err)
{
    bool ok = keep && !ferror(af->f) && fflush(af->f) == 0;
    if (ok && af->temp) {
        ok = fsync(fileno(af->f)) == 0;
    }
    int why = errno;
    if (fclose(af->f) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && af->temp && rename(af->temp, af->path) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok && af->temp) {
        unlink(af->temp);
    }
    free(af->temp);
    errno = why;
    return ok ? 0 : keep ? trouble(af->path, err) : -1;
}

int atomic_write(const char *path, const void *bytes, size_t n, struct error *err)
{
    struct atomic_file af;
    if (atomic_open(&af, path, err) < 0) {
        return -1;
    }
    bool ok = fwrite(bytes, 1, n, af.f) == n;
    int why = errno;
    int rc = ok ? 0 : trouble(path, err);
    errno = why;
    return atomic_close(&af, ok, err) < 0 ? -1 : rc;
}
