/* frontend/monitor_socket.c -- -monitor unix:PATH. Lines of commands come in, text and a prompt
 * go out; an error is a line. One client at a time, the others wait. Nobody is waited for.
 */
#include "frontend/posix.h"

#include "frontend/monitor.h"
#include "frontend/report.h"
#include "frontend/session.h"
#include "frontend/unix_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONGEST_LINE = 4096, MOST_WAITING = 4 << 20 };

struct monitor_socket {
    int listener, client; /* -1: nobody */
    char *path;
    char line[LONGEST_LINE];
    size_t len;
    bool too_long;
    char *out; /* not yet sent */
    size_t out_len, out_room;
    bool ended; /* the client says no more; it may still listen */
};

struct monitor_socket *monitor_serve(const char *path, struct error *err)
{
    struct monitor_socket *ms = calloc(1, sizeof *ms);
    char *copy = ms ? strdup(path) : NULL;
    if (!copy) {
        error_set(err, "-monitor unix:%s: out of memory", short_path(path));
        free(ms);
        return NULL;
    }
    *ms = (struct monitor_socket){.client = -1, .path = copy};
    ms->listener = unix_listen("-monitor", path, err);
    if (ms->listener < 0) {
        free(copy);
        free(ms);
        return NULL;
    }
    return ms;
}

/* --- out -----------------------------------------------------------------------------------
 */

static void hang_up(struct monitor_socket *ms)
{
    if (ms->client >= 0) {
        close(ms->client);
    }
    free(ms->out);
    ms->out = NULL;
    ms->out_len = ms->out_room = ms->len = 0;
    ms->too_long = ms->ended = false;
    ms->client = -1;
}

static void flush(struct monitor_socket *ms)
{
    size_t done = 0;
    while (done < ms->out_len) {
        ssize_t n = send(ms->client, ms->out + done, ms->out_len - done, MSG_NOSIGNAL);
        if (n > 0) {
            done += (size_t)n;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        } else {
            hang_up(ms);
            return;
        }
    }
    if (done > 0) {
        memmove(ms->out, ms->out + done, ms->out_len - done);
        ms->out_len -= done;
    }
}

/* Room for n bytes more, doubled when it is too small: an answer comes line by line. */
static bool make_room(struct monitor_socket *ms, size_t n)
{
    if (n > MOST_WAITING - ms->out_len) {
        return false;
    }
    size_t room = ms->out_room ? ms->out_room : LONGEST_LINE;
    while (room < ms->out_len + n) {
        room *= 2;
    }
    if (room > ms->out_room) {
        char *more = realloc(ms->out, room);
        if (!more) {
            return false;
        }
        ms->out = more;
        ms->out_room = room;
    }
    return true;
}

/* A client that asks and never reads loses what it asked for. */
static void answer(void *ctx, const char *text)
{
    struct monitor_socket *ms = ctx;
    size_t n = strlen(text);
    if (ms->client < 0) {
        return;
    }
    if (make_room(ms, n)) {
        memcpy(ms->out + ms->out_len, text, n);
        ms->out_len += n;
    }
    flush(ms);
}

void monitor_unserve(struct monitor_socket *ms)
{
    if (ms) {
        flush(ms);
        hang_up(ms);
        unix_unlisten(ms->listener, ms->path);
        free(ms->path);
        free(ms);
    }
}

/* --- in ------------------------------------------------------------------------------------
 */

static void run(struct monitor_socket *ms, struct session *s)
{
    char line[LONGEST_LINE];
    memcpy(line, ms->line, ms->len);
    line[ms->len] = '\0';
    bool too_long = ms->too_long;
    ms->len = 0;
    ms->too_long = false;
    report_redirect(answer, ms);
    if (too_long) {
        report("the line is too long");
    } else {
        monitor_line(s, line);
    }
    report_redirect(NULL, NULL);
    if (!s->over) {
        answer(ms, "(terrapin) ");
    }
}

static void take_byte(struct monitor_socket *ms, struct session *s, char c)
{
    if (c == '\n') {
        run(ms, s);
    } else if (c == '\r' || c == '\0') {
        return;
    } else if (ms->len < LONGEST_LINE - 1) {
        ms->line[ms->len++] = c;
    } else {
        ms->too_long = true;
    }
}

static void receive(struct monitor_socket *ms, struct session *s)
{
    char bytes[256];
    while (ms->client >= 0 && !s->over && !ms->ended) {
        ssize_t n = recv(ms->client, bytes, sizeof bytes, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        }
        if (n < 0) {
            hang_up(ms);
            return;
        }
        if (n == 0) {
            ms->ended = true;
            if (ms->len > 0) {
                take_byte(ms, s, '\n'); /* a last line without newline */
            }
        }
        for (ssize_t i = 0; i < n && ms->client >= 0 && !s->over; i++) {
            take_byte(ms, s, bytes[i]);
        }
    }
}

void monitor_serve_poll(struct monitor_socket *ms, struct session *s)
{
    if (!ms || s->commanding) {
        return;
    }
    if (ms->client < 0) {
        ms->client = unix_accept(ms->listener);
        if (ms->client >= 0) {
            answer(ms, "terrapin's monitor; help lists the commands\n(terrapin) ");
        }
    }
    receive(ms, s);
    if (ms->client >= 0) {
        flush(ms);
    }
    if (ms->client >= 0 && ms->ended && ms->out_len == 0) {
        hang_up(ms);
    }
}
