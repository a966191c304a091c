/* frontend/gdb_server.c -- see gdb.h: the socket, and when the machine stands still. */
#include "frontend/posix.h"

#include "frontend/gdb_priv.h"
#include "frontend/report.h"
#include "frontend/tcp_socket.h"
#include "frontend/unix_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct gdb *gdb_serve(const struct gdb_option *at, struct error *err)
{
    struct gdb *g = calloc(1, sizeof *g);
    if (g == NULL) {
        error_set(err, "-gdb: out of memory");
        return NULL;
    }
    g->at = *at;
    g->client = -1;
    g->listener = at->kind == GDB_UNIX ? unix_listen("-gdb", at->path, err)
                                       : tcp_listen("-gdb", at->host, at->port, err);
    if (g->listener < 0) {
        free(g);
        return NULL;
    }
    return g;
}

void gdb_address(const struct gdb *g, char *text, size_t n)
{
    if (g->at.kind == GDB_UNIX) {
        snprintf(text, n, "%s", short_path(g->at.path));
    } else {
        snprintf(text, n, "%s:%u", g->at.host, (unsigned)g->at.port);
    }
}

/* ---- the client */

static void hang_up(struct gdb *g)
{
    if (g->client >= 0) {
        close(g->client);
    }
    g->client = -1;
    g->waiting = g->interrupted = g->hung_up = false;
    g->names_stops = g->step_into = g->physical = false;
    gdb_link_reset(&g->link);
}

static void flush(struct gdb *g)
{
    struct gdb_link *l = &g->link;
    while (l->out_len > 0) {
        ssize_t n = send(g->client, l->out, l->out_len, MSG_NOSIGNAL);
        if (n > 0) {
            gdb_link_sent(l, (size_t)n);
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else {
            g->hung_up |= errno != EAGAIN && errno != EWOULDBLOCK;
            return;
        }
    }
}

void gdb_unserve(struct gdb *g, int status)
{
    if (g == NULL) {
        return;
    }
    if (g->client >= 0) {
        char text[8];
        snprintf(text, sizeof text, "W%02x", (unsigned)status & 0xFF);
        if (g->waiting) {
            gdb_link_send(&g->link, text, strlen(text));
        }
        flush(g);
    }
    hang_up(g);
    if (g->at.kind == GDB_UNIX) {
        unix_unlisten(g->listener, g->at.path);
    } else {
        close(g->listener);
    }
    free(g->xml);
    free(g);
}

/* As QEMU does it: whoever comes finds the machine stopped. */
static void welcome(struct gdb *g, struct session *s)
{
    g->client = g->at.kind == GDB_UNIX ? unix_accept(g->listener) : tcp_accept(g->listener);
    if (g->client >= 0) {
        s->stopped = true;
        s->at_point = false;
    }
}

static void farewell(struct gdb *g, struct session *s)
{
    gdb_points_clear(g, s);
    hang_up(g);
}

/* ---- events */

/* A client that waits for the machine is told that it has stopped. */
static void stop_for_client(struct gdb *g, struct session *s)
{
    s->stopped = true;
    if (g->waiting) {
        g->waiting = false;
        gdb_tell_stop(g, s);
    }
}

static void take(struct gdb *g, struct session *s, uint8_t byte)
{
    switch (gdb_link_byte(&g->link, byte)) {
    case GDB_NOTHING: break;
    case GDB_GOT_STOP: stop_for_client(g, s); break;
    case GDB_GOT_TOO_LONG:
        stop_for_client(g, s);
        gdb_link_send(&g->link, "E22", 3);
        break;
    case GDB_GOT_PACKET:
        stop_for_client(g, s); /* what runs cannot be looked at */
        gdb_packet(g, s);
        break;
    }
}

static void receive(struct gdb *g, struct session *s)
{
    enum { AT_ONCE = 64 }; /* then the machine has its turn, whatever comes */
    for (int turn = 0; turn < AT_ONCE && !s->over && !g->hung_up && !g->link.lost; turn++) {
        uint8_t bytes[1024];
        ssize_t n = recv(g->client, bytes, sizeof bytes, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        }
        g->hung_up = n <= 0;
        for (ssize_t k = 0; k < n && !s->over && !g->link.lost; k++) {
            take(g, s, bytes[k]);
        }
    }
}

void gdb_poll(struct gdb *g, struct session *s)
{
    if (g == NULL || g->busy || s->over) {
        return;
    }
    g->busy = true;
    if (g->loads != s->loads) { /* a loaded state is a new machine */
        g->loads = s->loads;
        gdb_points_install(g, s);
    }
    if (g->client < 0) {
        welcome(g, s);
    }
    if (g->client >= 0) {
        if (g->waiting && s->stopped) {
            stop_for_client(g, s);
        }
        receive(g, s);
        flush(g);
        if (g->hung_up || g->link.lost) {
            farewell(g, s);
        }
    }
    g->busy = false;
}

void gdb_wait(struct gdb *g, uint64_t ns)
{
    const uint64_t ms = 1000000;
    if (g == NULL) {
        wall_sleep(ns);
        return;
    }
    struct pollfd fd = {.fd = g->client >= 0 ? g->client : g->listener, .events = POLLIN};
    poll(&fd, 1, (int)((ns + ms - 1) / ms)); /* a signal cuts it short: that is wanted */
}

bool gdb_attached(const struct gdb *g)
{
    return g != NULL && g->client >= 0;
}

bool gdb_may_travel(const struct gdb *g)
{
    return !gdb_attached(g) || g->busy || g->waiting;
}

/* 03h among what the client has sent meanwhile: with what came before it, which were answers to
 * packets, it is taken; anything else waits for its turn. */
bool gdb_interrupted(struct gdb *g)
{
    uint8_t bytes[256];
    if (g == NULL || g->client < 0 || !g->busy) {
        return false;
    }
    ssize_t n = recv(g->client, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    const uint8_t *stop = n > 0 ? memchr(bytes, 3, (size_t)n) : NULL;
    if (n == 0) {
        return true; /* it has gone */
    }
    return stop != NULL && recv(g->client, bytes, (size_t)(stop - bytes) + 1, MSG_DONTWAIT) > 0;
}

bool gdb_may_continue(const struct gdb *g)
{
    return g != NULL && !g->busy;
}
