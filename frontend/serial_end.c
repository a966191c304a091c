/* frontend/serial_end.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/report.h"
#include "frontend/serial_end.h"
#include "frontend/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PIECE = 512 }; /* what a pipe takes at once when it takes anything (_POSIX_PIPE_BUF) */

static void set_flags(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0) {
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* ---- unix:PATH */

static int open_socket(struct serial_end *e, const char *path, struct error *err)
{
    e->listener = unix_listen("-serial", path, err);
    if (e->listener < 0) {
        return -1;
    }
    memcpy(e->socket, path, strlen(path) + 1);
    return 0;
}

static void hang_up(struct serial_end *e)
{
    close(e->in);
    e->in = e->out = -1;
}

void serial_end_accept(struct serial_end *e)
{
    if (e->listener >= 0 && e->in < 0) {
        e->in = e->out = unix_accept(e->listener);
    }
}

/* ---- pty */

/* As a serial line: no echo, no translation. Opening and closing the other side once makes its
 * absence visible as a hang-up. */
static void tame_terminal(const char *name)
{
    int fd = open(name, O_RDWR | O_NOCTTY);
    struct termios mode;
    if (fd < 0) {
        return;
    }
    if (tcgetattr(fd, &mode) == 0) {
        mode.c_iflag = 0;
        mode.c_oflag = 0;
        mode.c_lflag = 0;
        mode.c_cflag |= CS8;
        tcsetattr(fd, TCSANOW, &mode);
    }
    close(fd);
}

static int open_pty(struct serial_end *e, unsigned n, struct error *err)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    const char *name = NULL;
    if (fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0) {
        name = ptsname(fd);
    }
    if (!name) {
        error_set(err, "-serial pty: %s; the host has no pseudo-terminal", strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    set_flags(fd);
    tame_terminal(name);
    report("-serial pty: COM%u is %s", n + 1, name);
    e->in = e->out = fd;
    return 0;
}

/* ---- all */

static int open_file(struct serial_end *e, const char *path, struct error *err)
{
    e->out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0666);
    if (e->out < 0) {
        return error_set(err, "-serial file:%s: %s; give a file that can be written",
                         short_path(path), strerror(errno));
    }
    fcntl(e->out, F_SETFD, FD_CLOEXEC);
    return 0;
}

int serial_end_open(struct serial_end *e, const struct serial_option *o, unsigned n,
                    struct error *err)
{
    *e = (struct serial_end){.kind = o->kind, .in = -1, .out = -1, .listener = -1};
    int rc = 0;
    switch (o->kind) {
    case SERIAL_NONE:
    case SERIAL_NULL: break;
    case SERIAL_STDIO:
    case SERIAL_MON_STDIO:
        e->in = STDIN_FILENO;
        e->out = STDOUT_FILENO;
        break;
    case SERIAL_FILE: rc = open_file(e, o->file, err); break;
    case SERIAL_UNIX: rc = open_socket(e, o->socket, err); break;
    case SERIAL_PTY: rc = open_pty(e, n, err); break;
    }
    if (rc < 0) {
        serial_end_close(e);
    }
    return rc;
}

void serial_end_close(struct serial_end *e)
{
    if (e->kind != SERIAL_STDIO && e->kind != SERIAL_MON_STDIO) {
        if (e->in >= 0) {
            close(e->in);
        }
        if (e->out >= 0 && e->out != e->in) {
            close(e->out);
        }
    }
    if (e->listener >= 0) {
        unix_unlisten(e->listener, e->socket);
    }
    *e = (struct serial_end){.kind = SERIAL_NONE, .in = -1, .out = -1, .listener = -1};
}

/* What poll() says about fd now. */
static short state(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    return poll(&p, 1, 0) > 0 ? p.revents : 0;
}

int serial_end_read(struct serial_end *e, uint8_t *bytes, size_t n)
{
    if (e->in < 0 || n == 0) {
        return 0;
    }
    short now = state(e->in, POLLIN);
    if (now == 0 || (e->kind == SERIAL_PTY && !(now & POLLIN))) {
        return 0;
    }
    ssize_t got = read(e->in, bytes, n);
    if (got > 0) {
        return (int)got;
    }
    if (got < 0 && (errno == EINTR || errno == EAGAIN || e->kind == SERIAL_PTY)) {
        return 0;
    }
    if (e->kind == SERIAL_UNIX) {
        hang_up(e);
        return 0; /* the next client may have more */
    }
    e->in = -1;
    return -1;
}

/* Up to PIECE bytes: 0 when that would have to wait, -1 when it failed. */
static ssize_t write_piece(struct serial_end *e, const uint8_t *bytes, size_t n)
{
    short now = state(e->out, POLLOUT);
    if (e->kind == SERIAL_PTY && now & POLLHUP) {
        return (ssize_t)n; /* nobody has it open */
    }
    if (!(now & (POLLOUT | POLLERR | POLLHUP | POLLNVAL))) {
        return 0;
    }
    ssize_t put = write(e->out, bytes, n < PIECE ? n : PIECE);
    return put < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : put;
}

size_t serial_end_write(struct serial_end *e, const uint8_t *bytes, size_t n)
{
    size_t done = 0;
    while (done < n && e->out >= 0 && !e->failed) {
        ssize_t put = write_piece(e, bytes + done, n - done);
        if (put == 0) {
            return done;
        }
        if (put > 0) {
            done += (size_t)put;
        } else if (e->kind == SERIAL_UNIX) {
            hang_up(e);
        } else if (e->kind == SERIAL_PTY) {
            break;
        } else {
            e->failed = true;
        }
    }
    return n;
}
