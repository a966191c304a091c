/* frontend/unix_socket.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/report.h"
#include "frontend/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void socket_set_flags(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0) {
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* A socket that nobody serves any more is in the way; one that is served is somebody's. */
static int clear_path(const char *option, const char *path, const struct sockaddr_un *name,
                      struct error *err)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        return 0;
    }
    if (!S_ISSOCK(st.st_mode)) {
        return error_set(err, "%s unix:%s: exists and is no socket; give another name", option,
                         short_path(path));
    }
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool served = fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof *name) == 0;
    if (fd >= 0) {
        close(fd);
    }
    if (served) {
        return error_set(err, "%s unix:%s: another program serves it; give another name",
                         option, short_path(path));
    }
    unlink(path);
    return 0;
}

int unix_listen(const char *option, const char *path, struct error *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (*path == '\0') {
        return error_set(err, "%s unix:: the name is missing; use unix:PATH", option);
    }
    if (strlen(path) >= sizeof name.sun_path) {
        return error_set(err, "%s unix:%s: the name is too long; use up to %zu bytes", option,
                         short_path(path), sizeof name.sun_path - 1);
    }
    memcpy(name.sun_path, path, strlen(path) + 1);
    if (clear_path(option, path, &name, err) < 0) {
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&name, sizeof name) == 0;
    if (!bound || listen(fd, 1) != 0) {
        error_set(err, "%s unix:%s: %s; give another name", option, short_path(path),
                  strerror(errno));
        if (bound) {
            unlink(path);
        }
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    socket_set_flags(fd);
    return fd;
}

int unix_accept(int listener)
{
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0) {
        socket_set_flags(fd);
    }
    return fd;
}

void unix_unlisten(int listener, const char *path)
{
    close(listener);
    unlink(path);
}
