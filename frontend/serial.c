/* frontend/serial.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/serial.h"

#include "frontend/console.h"
#include "frontend/pace.h"
#include "frontend/report.h"
#include "frontend/serial_end.h"
#include "frontend/session.h"
#include "frontend/taken.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TYPED = 4096, BEHIND = 1 << 20, KEPT = 4 << 20, TAIL = 2000, PIECE = 256 };
static const uint64_t patience_ns =
    2000000000; /* for a reader that takes nothing, at the end */

struct bytes {
    uint8_t *s;
    size_t len, cap;
};

struct port {
    struct serial_end end;
    struct console *console; /* of stdio, or NULL */
    struct bytes out;        /* not yet written */
    bool dropped;
    const char *name; /* "-serial file:F", for messages */
};

struct serial {
    struct port port[SERIAL_PORTS];
    struct bytes typed; /* for port 0, by a display */
    bool polling;
    bool newline;      /* the last byte to stdout was one, or there was none */
    struct bytes sent; /* by serial 0, the newest */
    size_t mark;       /* behind the text found last */
    size_t looked;     /* nothing before it is the text looked for */
};

/* ---- buffers */

static bool append(struct bytes *b, const uint8_t *bytes, size_t n)
{
    if (b->len + n > b->cap) {
        size_t cap = b->cap ? 2 * b->cap : 4096;
        uint8_t *s = realloc(b->s, cap);
        if (!s) {
            return false;
        }
        b->s = s;
        b->cap = cap;
    }
    memcpy(b->s + b->len, bytes, n);
    b->len += n;
    return true;
}

static void drop_first(struct bytes *b, size_t n)
{
    memmove(b->s, b->s + n, b->len - n);
    b->len -= n;
}

/* ---- open and close */

bool serial_writes(const struct serial *se, const char *path)
{
    for (unsigned n = 0; n < SERIAL_PORTS; n++) {
        const struct serial_end *e = &se->port[n].end;
        if (e->kind == SERIAL_FILE && taken_is(e->out, path)) {
            return true;
        }
    }
    return false;
}

static int check_file(const struct serial *se, const struct serial_option *o,
                      const struct session *s, struct error *err)
{
    if (o->kind != SERIAL_FILE) {
        return 0;
    }
    return serial_writes(se, o->file)
               ? error_set(err, "-serial file:%s: another serial port has it already",
                           short_path(o->file))
               : taken_check(s, "-serial", o->file, err);
}

static int open_port(struct port *p, const struct serial_option *o, unsigned n,
                     struct error *err)
{
    if (serial_end_open(&p->end, o, n, err) < 0) {
        return -1;
    }
    if (serial_on_stdio(o)) {
        p->console = console_open(o->kind == SERIAL_MON_STDIO);
        return p->console ? 0 : error_set(err, "-serial stdio: out of memory");
    }
    return 0;
}

static void free_serial(struct serial *se)
{
    for (unsigned n = 0; n < SERIAL_PORTS; n++) {
        console_close(se->port[n].console);
        serial_end_close(&se->port[n].end);
        free(se->port[n].out.s);
    }
    free(se->typed.s);
    free(se->sent.s);
    free(se);
}

struct serial *serial_open(const struct session *s, struct error *err)
{
    const struct options *o = s->opt;
    static const struct serial_option none = {.kind = SERIAL_NONE};
    struct serial *se = calloc(1, sizeof *se);
    if (!se) {
        error_set(err, "-serial: out of memory");
        return NULL;
    }
    struct error ignored;
    se->newline = true;
    for (unsigned n = 0; n < SERIAL_PORTS; n++) {
        serial_end_open(&se->port[n].end, &none, n, &ignored);
    }
    for (unsigned n = 0; n < o->serials; n++) {
        if (check_file(se, &o->serial[n], s, err) < 0 ||
            open_port(&se->port[n], &o->serial[n], n, err) < 0) {
            free_serial(se);
            return NULL;
        }
    }
    return se;
}

void serial_start(struct serial *se)
{
    for (unsigned n = 0; n < SERIAL_PORTS; n++) {
        if (se->port[n].console) {
            console_start(se->port[n].console);
        }
    }
}

/* ---- out */

static bool is_stdio(const struct port *p)
{
    return p->console != NULL;
}

static void flush(struct port *p)
{
    if (p->out.len == 0) {
        return;
    }
    if (is_stdio(p)) {
        say_flush();
    }
    size_t done = serial_end_write(&p->end, p->out.s, p->out.len);
    drop_first(&p->out, done);
}

static void drain(struct port *p)
{
    uint64_t since = wall_ns();
    while (p->out.len > 0) {
        size_t before = p->out.len;
        flush(p);
        if (p->out.len < before) {
            since = wall_ns();
        } else if (wall_ns() - since > patience_ns) {
            return;
        } else {
            wall_sleep(1000000);
        }
    }
}

int serial_close(struct serial *se, bool newline)
{
    int rc = 0;
    for (unsigned n = 0; se && n < SERIAL_PORTS; n++) {
        struct port *p = &se->port[n];
        drain(p);
        if (is_stdio(p) && !se->newline && (newline || isatty(STDOUT_FILENO))) {
            say("\n"); /* for what comes next: the shell's prompt */
            se->newline = true;
        }
        if (p->end.failed || (is_stdio(p) && p->out.len > 0)) {
            report("-serial %s: cannot write; the output is not complete",
                   is_stdio(p) ? "stdio" : "file");
            rc = -1;
        }
    }
    if (se) {
        free_serial(se);
    }
    return rc;
}

/* Serial 0's words, for wait-serial. */
static void remember(struct serial *se, uint8_t byte)
{
    if (se->sent.len >= KEPT) {
        size_t n = KEPT / 2;
        drop_first(&se->sent, n);
        se->mark = se->mark > n ? se->mark - n : 0;
        se->looked = se->looked > n ? se->looked - n : 0;
    }
    append(&se->sent, &byte, 1);
}

bool serial_sent(struct serial *se, unsigned n, uint8_t byte)
{
    uint8_t shown[CONSOLE_BYTES] = {byte};
    struct port *p = &se->port[n % SERIAL_PORTS];
    if (n == 0) {
        remember(se, byte);
    }
    size_t len = p->console ? console_show(p->console, byte, shown) : 1;
    if (p->end.out < 0 || len == 0) {
        return false;
    }
    if (is_stdio(p)) {
        se->newline = byte == '\n';
    } else if (p->out.len >= BEHIND && p->end.kind != SERIAL_FILE) {
        if (!p->dropped) {
            p->dropped = true;
            report("-serial: the reader of COM%u is too slow; some output is lost", n + 1);
        }
        return false;
    }
    append(&p->out, shown, len);
    return p->out.len >= BEHIND;
}

bool serial_behind(const struct serial *se)
{
    for (unsigned n = 0; n < SERIAL_PORTS; n++) {
        if (is_stdio(&se->port[n]) && se->port[n].out.len >= BEHIND) {
            return true;
        }
    }
    return false;
}

bool serial_failed(const struct serial *se)
{
    for (unsigned n = 0; n < SERIAL_PORTS; n++) {
        if (is_stdio(&se->port[n]) && se->port[n].end.failed) {
            return true;
        }
    }
    return false;
}

/* ---- in */

static void send(struct session *s, unsigned n, uint16_t code)
{
    struct input in = {.kind = INPUT_SERIAL, .port = (uint8_t)n, .code = code};
    machine_input(s->machine, &in);
}

void serial_type(struct serial *se, const char *text)
{
    size_t n = strlen(text);
    if (se->typed.len + n <= TYPED) {
        append(&se->typed, (const uint8_t *)text, n);
    }
}

static void feed_typed(struct bytes *typed, struct session *s)
{
    size_t n = 0;
    while (n < typed->len && machine_serial_room(s->machine, 0) > 0) {
        send(s, 0, typed->s[n++]);
    }
    if (n > 0) {
        drop_first(typed, n);
    }
}

static void feed_from_console(struct port *p, struct session *s, unsigned n)
{
    uint16_t code;
    while (machine_serial_room(s->machine, n) > 0 && console_next(p->console, &code)) {
        send(s, n, code);
    }
}

static void feed(struct port *p, struct session *s, unsigned n)
{
    uint8_t bytes[PIECE];
    unsigned room = machine_serial_room(s->machine, n);
    int got = 0;
    while (room > 0 &&
           (got = serial_end_read(&p->end, bytes, room < PIECE ? room : PIECE)) > 0) {
        for (int i = 0; i < got; i++) {
            send(s, n, bytes[i]);
        }
        room = machine_serial_room(s->machine, n);
    }
}

/* A script, or a command of the monitor, that runs the machine has the lines to itself. */
void serial_poll(struct serial *se, struct session *s)
{
    bool busy = se->polling || s->scripted;
    bool nested = se->polling;
    se->polling = true;
    for (unsigned n = 0; n < SERIAL_PORTS; n++) {
        struct port *p = &se->port[n];
        serial_end_accept(&p->end);
        flush(p);
        if (p->console) {
            console_poll(p->console, &p->end, s, busy);
        }
        if (s->over || busy || s->stopped) {
            continue;
        }
        if (n == 0) {
            feed_typed(&se->typed, s);
        }
        if (p->console) {
            feed_from_console(p, s, n);
        } else {
            feed(p, s, n);
        }
    }
    se->polling = nested;
}

/* ---- wait-serial */

bool serial_find(struct serial *se, const char *text, bool anew)
{
    size_t n = strlen(text), at = anew ? se->mark : se->looked;
    for (; at + n <= se->sent.len; at++) {
        if (n == 0 || memcmp(se->sent.s + at, text, n) == 0) {
            se->mark = se->looked = at + n;
            return true;
        }
    }
    se->looked = at;
    return false;
}

void serial_forget(struct serial *se)
{
    if (se) {
        se->sent.len = se->mark = se->looked = 0;
    }
}

const uint8_t *serial_text(const struct serial *se, size_t *n)
{
    *n = se->sent.len;
    return se->sent.s;
}

char *serial_tail(const struct serial *se)
{
    size_t n = se->sent.len < TAIL ? se->sent.len : TAIL, len = 0;
    const uint8_t *from = n ? se->sent.s + (se->sent.len - n) : NULL;
    char *text = malloc(n + 1);
    for (size_t i = 0; text && i < n; i++) {
        if (from[i] != '\r' && from[i] != '\0') {
            text[len++] = (char)from[i];
        }
    }
    if (text) {
        text[len] = '\0';
    }
    return text;
}
