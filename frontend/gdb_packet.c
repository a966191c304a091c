/* frontend/gdb_packet.c -- GDB's remote protocol: what each packet asks, and the answer.
 *
 * The dispatch is a table of how packets begin. What is not in it gets the empty answer, which
 * means "not known here"; what cannot be done gets an error:
 *   E14    there is no such memory
 *   E22    the packet is malformed, or asks for what cannot be
 *   E28    there are too many points
 */
#include "frontend/gdb_priv.h"

#include "frontend/monitor.h"
#include "frontend/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- replies */

void reply_put(struct reply *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(r->text + r->n, sizeof r->text - r->n, format, args);
    va_end(args);
    r->n += n > 0 && (size_t)n < sizeof r->text - r->n ? (size_t)n : 0;
}

void reply_hex(struct reply *r, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t k = 0; k < n && r->n + 2 <= sizeof r->text; k++) {
        r->text[r->n++] = digits[bytes[k] >> 4];
        r->text[r->n++] = digits[bytes[k] & 15];
    }
}

static void send(struct gdb *g, const char *text)
{
    gdb_link_send(&g->link, text, strlen(text));
}

static const char no_memory[] = "E14", malformed[] = "E22", too_many[] = "E28", done[] = "OK";

/* ---- parsing */

bool take_hex(const char **p, uint64_t *v)
{
    const char *s = *p;
    *v = 0;
    for (; hex_digit(*s) >= 0; s++) {
        if (*v >> 60) {
            return false;
        }
        *v = *v << 4 | (unsigned)hex_digit(*s);
    }
    bool any = s > *p;
    *p = s;
    return any;
}

static bool take_char(const char **p, char c)
{
    bool there = **p == c;
    *p += there;
    return there;
}

/* "ADDRESS,LENGTH" */
static bool take_range(const char **p, uint64_t *at, uint64_t *len)
{
    return take_hex(p, at) && take_char(p, ',') && take_hex(p, len);
}

/* 2 * n hex digits, to the end of the packet. */
static bool take_bytes(const char *p, uint8_t *out, size_t n)
{
    for (size_t k = 0; k < n; k++, p += 2) {
        int high = hex_digit(p[0]), low = high < 0 ? -1 : hex_digit(p[1]);
        if (low < 0) {
            return false;
        }
        out[k] = (uint8_t)(high << 4 | low);
    }
    return *p == '\0';
}

/* ---- why it stopped */

/* A watchpoint's address is one that the client set. */
void gdb_tell_found(struct gdb *g, struct session *s, enum machine_found found, uint32_t la)
{
    uint64_t base = 0;
    struct reply r = {0};
    machine_reg_get(s->machine, "cs.base", &base);
    reply_put(&r, "T%02xthread:1;", s->off ? 3 : found == MACHINE_FOUND_NOTHING ? 2 : 5);
    switch (found) {
    case MACHINE_FOUND_CODE:
        /* GDB looks at $eip for the breakpoint that is meant; where it would find none, in a
         * segment of real mode, it would take the stop for an old one and go on. */
        if (g->names_stops && base == 0) {
            bool hard = false;
            for (unsigned n = 0; n < g->points; n++) {
                hard |= g->point[n].kind == GDB_HARD && g->point[n].la == la;
            }
            reply_put(&r, hard ? "hwbreak:;" : "swbreak:;");
        }
        break;
    case MACHINE_FOUND_WRITE: reply_put(&r, "watch:%" PRIx32 ";", la); break;
    case MACHINE_FOUND_READ: reply_put(&r, "rwatch:%" PRIx32 ";", la); break;
    case MACHINE_FOUND_ACCESS: reply_put(&r, "awatch:%" PRIx32 ";", la); break;
    case MACHINE_FOUND_NOTHING:
    case MACHINE_FOUND_STEP:
    case MACHINE_FOUND_IN: /* the monitor's alone */
    case MACHINE_FOUND_OUT:
    case MACHINE_FOUND_VECTOR:
    case MACHINE_FOUND_REGISTER: break;
    }
    gdb_link_send(&g->link, r.text, r.n);
}

void gdb_tell_stop(struct gdb *g, struct session *s)
{
    uint32_t la = 0;
    enum machine_found found =
        s->at_point ? machine_found(s->machine, &la) : MACHINE_FOUND_NOTHING;
    gdb_tell_found(g, s, found, la);
}

static void on_why(struct gdb *g, struct session *s, const char *p)
{
    (void)s, (void)p;
    send(g, "T05thread:1;");
}

/* ---- running */

/* step NULL: until something stops it. */
static void resume(struct gdb *g, struct session *s, const struct machine_step *step)
{
    if (s->off) {
        send(g, malformed); /* powered off: `monitor system_reset` first */
        return;
    }
    machine_step(s->machine, step);
    s->stopped = s->at_point = false;
    g->waiting = true;
}

static void resume_one(struct gdb *g, struct session *s)
{
    resume(g, s, &(struct machine_step){.over = !g->step_into});
}

/* c, s with an optional address; C and S with a signal before it, which means nothing here. */
static void run_at(struct gdb *g, struct session *s, const char *p, bool signal, bool step)
{
    uint64_t v;
    bool good = !signal || take_hex(&p, &v);
    if (signal && *p != '\0') {
        good = good && take_char(&p, ';');
    }
    if (good && *p != '\0') {
        good = take_hex(&p, &v) && *p == '\0' && machine_reg_set(s->machine, "eip", v);
    }
    if (!good) {
        send(g, malformed);
    } else if (step) {
        resume_one(g, s);
    } else {
        resume(g, s, NULL);
    }
}

static void on_continue(struct gdb *g, struct session *s, const char *p)
{
    run_at(g, s, p, false, false);
}

static void on_continue_signal(struct gdb *g, struct session *s, const char *p)
{
    run_at(g, s, p, true, false);
}

static void on_step(struct gdb *g, struct session *s, const char *p)
{
    run_at(g, s, p, false, true);
}

static void on_step_signal(struct gdb *g, struct session *s, const char *p)
{
    run_at(g, s, p, true, true);
}

/* 1 is the thread; 0 and -1 are any and all. With or without a process "p1." before it. */
static bool is_thread(const char *p)
{
    if (*p == 'p') {
        p += strcspn(p, ".");
        p += *p == '.';
    }
    return strcmp(p, "1") == 0 || strcmp(p, "01") == 0 || strcmp(p, "0") == 0 ||
           strcmp(p, "-1") == 0;
}

struct action {
    char what;
    uint64_t from, to; /* of r */
    char thread[16];   /* "": all */
};

/* ";ACTION[:THREAD]" */
static bool take_action(const char **p, struct action *a)
{
    uint64_t signal;
    *a = (struct action){.what = '\0'};
    if (!take_char(p, ';') || !strchr("cCsSrt", **p) || **p == '\0') {
        return false;
    }
    a->what = *(*p)++;
    if ((a->what == 'C' || a->what == 'S') && !take_hex(p, &signal)) {
        return false;
    }
    if (a->what == 'r' && !take_range(p, &a->from, &a->to)) {
        return false;
    }
    if (take_char(p, ':')) {
        size_t n = strcspn(*p, ";");
        if (n == 0 || n >= sizeof a->thread) {
            return false;
        }
        memcpy(a->thread, *p, n);
        *p += n;
    }
    return **p == '\0' || **p == ';';
}

static void act(struct gdb *g, struct session *s, const struct action *a)
{
    uint64_t base = 0;
    switch (a->what) {
    case 'c':
    case 'C': resume(g, s, NULL); break;
    case 's':
    case 'S': resume_one(g, s); break;
    case 'r': /* the range is in $eip's terms, too */
        machine_reg_get(s->machine, "cs.base", &base);
        resume(g, s,
               &(struct machine_step){.over = !g->step_into,
                                      .from = (uint32_t)(a->from + base),
                                      .len = (uint32_t)(a->to - a->from)});
        break;
    default: gdb_tell_stop(g, s); break; /* t: it is stopped */
    }
}

/* The first action that is for the one thread there is. */
static void on_vcont(struct gdb *g, struct session *s, const char *p)
{
    struct action a, chosen = {.what = '\0'};
    while (*p != '\0') {
        if (!take_action(&p, &a)) {
            send(g, malformed);
            return;
        }
        if (chosen.what == '\0' && (a.thread[0] == '\0' || is_thread(a.thread))) {
            chosen = a;
        }
    }
    if (chosen.what == '\0') {
        send(g, malformed);
    } else {
        act(g, s, &chosen);
    }
}

static void on_vcont_query(struct gdb *g, struct session *s, const char *p)
{
    (void)s, (void)p;
    send(g, "vCont;c;C;s;S;t;r");
}

/* ---- registers */

static void on_read_all(struct gdb *g, struct session *s, const char *p)
{
    struct reply r = {0};
    (void)p;
    for (unsigned n = 0; n < gdb_registers_in_g(); n++) {
        uint8_t bytes[GDB_REG_LONGEST];
        gdb_register_get(s->machine, n, bytes);
        reply_hex(&r, bytes, gdb_register_size(n));
    }
    gdb_link_send(&g->link, r.text, r.n);
}

/* All of them are there, and then none may be refused: what goes, goes. */
static void on_write_all(struct gdb *g, struct session *s, const char *p)
{
    uint8_t bytes[1024];
    size_t size = 0, at = 0;
    bool good = true;
    for (unsigned n = 0; n < gdb_registers_in_g(); n++) {
        size += gdb_register_size(n);
    }
    if (size > sizeof bytes || !take_bytes(p, bytes, size)) {
        send(g, malformed);
        return;
    }
    for (unsigned n = 0; n < gdb_registers_in_g(); at += gdb_register_size(n++)) {
        good = gdb_register_set(s->machine, n, bytes + at) && good;
    }
    send(g, good ? done : malformed);
}

static void on_read_one(struct gdb *g, struct session *s, const char *p)
{
    uint8_t bytes[GDB_REG_LONGEST];
    struct reply r = {0};
    uint64_t n;
    unsigned size =
        take_hex(&p, &n) && *p == '\0' && n < UINT16_MAX ? gdb_register_size((unsigned)n) : 0;
    if (size == 0) {
        send(g, malformed);
        return;
    }
    gdb_register_get(s->machine, (unsigned)n, bytes);
    reply_hex(&r, bytes, size);
    gdb_link_send(&g->link, r.text, r.n);
}

static void on_write_one(struct gdb *g, struct session *s, const char *p)
{
    uint8_t bytes[GDB_REG_LONGEST];
    uint64_t n;
    unsigned size = take_hex(&p, &n) && take_char(&p, '=') && n < UINT16_MAX
                        ? gdb_register_size((unsigned)n)
                        : 0;
    bool good = size != 0 && take_bytes(p, bytes, size) &&
                gdb_register_set(s->machine, (unsigned)n, bytes);
    send(g, good ? done : malformed);
}

/* ---- memory */

/* What lies at `at`, to the page's end at most; false: nothing. */
static bool to_physical(const struct gdb *g, const struct session *s, uint64_t at, uint64_t *pa,
                        uint32_t *run)
{
    enum { PAGE = 4096 };
    *pa = at;
    *run = PAGE - (uint32_t)(at % PAGE);
    return at <= UINT32_MAX && (g->physical || machine_translate(s->machine, (uint32_t)at, pa));
}

/* As much as there is; the protocol has it that less than was asked for is an answer. */
static void on_read_memory(struct gdb *g, struct session *s, const char *p)
{
    struct reply r = {0};
    uint64_t at, len, pa;
    if (!take_range(&p, &at, &len) || *p != '\0') {
        send(g, malformed);
        return;
    }
    for (uint32_t run;
         len > 0 && r.n + 2 <= sizeof r.text && to_physical(g, s, at, &pa, &run);) {
        uint8_t bytes[256];
        uint32_t room = (uint32_t)(sizeof r.text - r.n) / 2;
        run = run < len ? run : (uint32_t)len;
        run = run < room ? run : room;
        run = run < sizeof bytes ? run : sizeof bytes;
        if (!machine_mem_get(s->machine, pa, bytes, run)) {
            break;
        }
        reply_hex(&r, bytes, run);
        at += run;
        len -= run;
    }
    if (r.n == 0 && len > 0) {
        send(g, no_memory);
    } else {
        gdb_link_send(&g->link, r.text, r.n);
    }
}

/* All of it can be stored to, or nothing is. */
static bool write_memory(const struct gdb *g, struct session *s, uint64_t at,
                         const uint8_t *bytes, uint64_t len)
{
    for (int pass = 0; pass < 2; pass++) {
        uint64_t pa;
        uint32_t run;
        for (uint64_t k = 0; k < len; k += run) {
            uint8_t old[4096];
            if (!to_physical(g, s, at + k, &pa, &run)) {
                return false;
            }
            run = run < len - k ? run : (uint32_t)(len - k);
            /* Only RAM takes what it already has. */
            if (!(pass ? machine_mem_set(s->machine, pa, bytes + k, run)
                       : machine_mem_get(s->machine, pa, old, run) &&
                             machine_mem_set(s->machine, pa, old, run))) {
                return false;
            }
        }
    }
    return true;
}

static void on_write_memory(struct gdb *g, struct session *s, const char *p)
{
    uint8_t bytes[GDB_PACKET / 2];
    uint64_t at, len;
    bool good = take_range(&p, &at, &len) && take_char(&p, ':') && len <= sizeof bytes &&
                take_bytes(p, bytes, (size_t)len);
    send(g, !good ? malformed : write_memory(g, s, at, bytes, len) ? done : no_memory);
}

static void on_write_binary(struct gdb *g, struct session *s, const char *p)
{
    uint64_t at, len;
    const char *colon = memchr(p, ':', g->link.len - 1);
    if (colon != NULL) {
        gdb_link_unescape(&g->link, (size_t)(colon + 1 - g->link.in));
    }
    bool good = colon != NULL && take_range(&p, &at, &len) && p == colon &&
                len == g->link.len - (size_t)(colon + 1 - g->link.in);
    send(g, !good                                                     ? malformed
            : write_memory(g, s, at, (const uint8_t *)colon + 1, len) ? done
                                                                      : no_memory);
}

/* ---- points */

static enum machine_point machine_kind(unsigned kind)
{
    static const enum machine_point kinds[] = {[GDB_SOFT] = MACHINE_CODE,
                                               [GDB_HARD] = MACHINE_CODE,
                                               [GDB_WRITE] = MACHINE_WRITE,
                                               [GDB_READ] = MACHINE_READ,
                                               [GDB_ACCESS] = MACHINE_ACCESS};
    return kinds[kind];
}

static bool same_point(const struct gdb_point *a, const struct gdb_point *b)
{
    bool code = machine_kind(a->kind) == MACHINE_CODE;
    return a->kind == b->kind && a->la == b->la && (code || a->len == b->len);
}

static unsigned find_point(const struct gdb *g, const struct gdb_point *p)
{
    unsigned n = 0;
    while (n < g->points && !same_point(&g->point[n], p)) {
        n++;
    }
    return n;
}

/* "KIND,ADDRESS,LENGTH" */
static bool take_point(const char *p, struct gdb_point *out)
{
    uint64_t kind, at, len;
    if (!take_hex(&p, &kind) || !take_char(&p, ',') || !take_range(&p, &at, &len) || *p ||
        kind > GDB_ACCESS || at > UINT32_MAX || len > MACHINE_POINT_LONGEST ||
        (len == 0 && kind > GDB_HARD)) {
        return false;
    }
    *out = (struct gdb_point){(uint8_t)kind, (uint32_t)at, (uint32_t)len};
    return true;
}

static bool install(struct session *s, const struct gdb_point *p)
{
    return machine_point_add(s->machine, machine_kind(p->kind), p->la, p->len);
}

static void on_insert(struct gdb *g, struct session *s, const char *p)
{
    struct gdb_point point;
    if (!take_point(p, &point)) {
        send(g, malformed);
    } else if (find_point(g, &point) < g->points) {
        send(g, done);
    } else if (g->points == GDB_POINTS || !install(s, &point)) {
        send(g, too_many);
    } else {
        g->point[g->points++] = point;
        send(g, done);
    }
}

/* A soft and a hard breakpoint at one address are one to the machine. */
static void remove_point(struct gdb *g, struct session *s, unsigned n)
{
    struct gdb_point gone = g->point[n], other = gone;
    g->point[n] = g->point[--g->points];
    other.kind = gone.kind == GDB_SOFT ? GDB_HARD : GDB_SOFT;
    if (machine_kind(gone.kind) != MACHINE_CODE || find_point(g, &other) == g->points) {
        machine_point_remove(s->machine, machine_kind(gone.kind), gone.la, gone.len);
    }
}

static void on_remove(struct gdb *g, struct session *s, const char *p)
{
    struct gdb_point point;
    if (!take_point(p, &point)) {
        send(g, malformed);
        return;
    }
    unsigned n = find_point(g, &point);
    if (n < g->points) {
        remove_point(g, s, n);
    }
    send(g, done);
}

void gdb_points_install(struct gdb *g, struct session *s)
{
    for (unsigned n = 0; n < g->points; n++) {
        install(s, &g->point[n]);
    }
}

void gdb_points_clear(struct gdb *g, struct session *s)
{
    while (g->points > 0) {
        remove_point(g, s, 0);
    }
    machine_step(s->machine, NULL);
}

/* ---- coming and going */

static void on_detach(struct gdb *g, struct session *s, const char *p)
{
    (void)p;
    gdb_points_clear(g, s);
    send(g, done);
    s->stopped = s->off;
    s->at_point = false;
}

static void end(struct session *s)
{
    report("-gdb: the debugger ended the machine");
    session_end(s, EXIT_FINE);
}

static void on_kill(struct gdb *g, struct session *s, const char *p)
{
    (void)g, (void)p;
    end(s);
}

static void on_kill_process(struct gdb *g, struct session *s, const char *p)
{
    (void)p;
    send(g, done);
    end(s);
}

static void on_attach(struct gdb *g, struct session *s, const char *p)
{
    if (is_thread(p)) {
        on_why(g, s, p);
    } else {
        send(g, malformed);
    }
}

/* ---- the monitor's commands */

/* What they say goes as O packets, each short enough. */
static void console(void *ctx, const char *text)
{
    enum { CHUNK = 1000 };
    struct gdb *g = ctx;
    for (size_t left = strlen(text), n; left > 0; left -= n, text += n) {
        struct reply r = {0};
        n = left < CHUNK ? left : CHUNK;
        reply_put(&r, "O");
        reply_hex(&r, (const uint8_t *)text, n);
        gdb_link_send(&g->link, r.text, r.n);
    }
}

/* The debugger believes that the machine stands still until it lets it run. */
static void run_command(struct gdb *g, struct session *s, const char *line)
{
    if (s->commanding) {
        console(g, "a command of a monitor runs the machine; wait for its end\n");
        return;
    }
    bool off = s->off;
    report_redirect(console, g);
    monitor_line(s, line);
    if (!s->over && !s->stopped && !off) {
        report("the debugger holds the machine: use its continue");
    }
    report_redirect(NULL, NULL);
    s->stopped = true;
}

static void on_command(struct gdb *g, struct session *s, const char *p)
{
    enum { LONGEST = 4096 };
    uint8_t line[LONGEST];
    size_t n = strlen(p) / 2;
    if (n >= sizeof line || !take_bytes(p, line, n) || memchr(line, '\0', n)) {
        send(g, malformed);
        return;
    }
    line[n] = '\0';
    run_command(g, s, (const char *)line);
    send(g, done);
}

/* ---- questions */

static void on_supported(struct gdb *g, struct session *s, const char *p)
{
    struct reply r = {0};
    (void)s;
    g->names_stops = strstr(p, "swbreak+") != NULL && strstr(p, "hwbreak+") != NULL;
    reply_put(&r,
              "PacketSize=%x;qXfer:features:read+;vContSupported+;QStartNoAckMode+;"
              "swbreak+;hwbreak+;ReverseStep+;ReverseContinue+",
              GDB_PACKET);
    gdb_link_send(&g->link, r.text, r.n);
}

static void on_no_acks(struct gdb *g, struct session *s, const char *p)
{
    (void)s, (void)p;
    send(g, done);
    g->link.no_acks = true;
}

/* "OFFSET,LENGTH" of the description: m and a part, l and the last one. */
static void on_description(struct gdb *g, struct session *s, const char *p)
{
    struct reply r = {0};
    uint64_t at, len;
    bool good = take_range(&p, &at, &len) && *p == '\0';
    if (good && at == 0) { /* it is read from the beginning, to the end */
        free(g->xml);
        g->xml = gdb_target_xml(s->machine, &g->xml_len);
    }
    if (!good || g->xml == NULL || at > g->xml_len) {
        send(g, malformed);
        return;
    }
    uint64_t left = g->xml_len - at, most = sizeof r.text / 2;
    len = len < most ? len : most;
    reply_put(&r, "%c", len < left ? 'm' : 'l');
    reply_put(&r, "%.*s", (int)(len < left ? len : left), g->xml + at);
    gdb_link_send(&g->link, r.text, r.n);
}

static void on_thread(struct gdb *g, struct session *s, const char *p)
{
    (void)s;
    send(g, is_thread(*p == 'g' || *p == 'c' ? p + 1 : p) ? done : malformed);
}

static void on_thread_text(struct gdb *g, struct session *s, const char *p)
{
    static const char text[] = "CPU#0";
    struct reply r = {0};
    (void)s, (void)p;
    reply_hex(&r, (const uint8_t *)text, sizeof text - 1);
    gdb_link_send(&g->link, r.text, r.n);
}

/* QEMU's: what a step lets pass: 1 always; 2: interrupts do not show. Its 4 (timers stand
 * still) cannot be: time is what has run. */
static void on_set_step(struct gdb *g, struct session *s, const char *p)
{
    uint64_t v;
    (void)s;
    p += strncmp(p, "0x", 2) == 0 ? 2 : 0;
    bool good = take_hex(&p, &v) && *p == '\0' && (v == 1 || v == 3);
    if (good) {
        g->step_into = v == 1;
    }
    send(g, good ? done : malformed);
}

static void on_get_step(struct gdb *g, struct session *s, const char *p)
{
    (void)s, (void)p;
    send(g, g->step_into ? "0x1" : "0x3");
}

static void on_set_physical(struct gdb *g, struct session *s, const char *p)
{
    bool good = (*p == '0' || *p == '1') && p[1] == '\0';
    (void)s;
    if (good) {
        g->physical = *p == '1';
    }
    send(g, good ? done : malformed);
}

static void on_get_physical(struct gdb *g, struct session *s, const char *p)
{
    (void)s, (void)p;
    send(g, g->physical ? "1" : "0");
}

/* ---- dispatch */

typedef void packet_fn(struct gdb *g, struct session *s, const char *rest);

static const struct packet {
    const char *name;
    packet_fn *answer;
    const char *text; /* … or this is the answer */
    bool whole;       /* name is all of it, or ends before one of :;, */
} packets[] = {
    {"?", on_why, NULL, true},
    {"c", on_continue, NULL, false},
    {"C", on_continue_signal, NULL, false},
    {"s", on_step, NULL, false},
    {"S", on_step_signal, NULL, false},
    {"bs", gdb_back_step, NULL, true},
    {"bc", gdb_back_continue, NULL, true},
    {"vCont?", on_vcont_query, NULL, true},
    {"vCont", on_vcont, NULL, true},
    {"g", on_read_all, NULL, true},
    {"G", on_write_all, NULL, false},
    {"p", on_read_one, NULL, false},
    {"P", on_write_one, NULL, false},
    {"m", on_read_memory, NULL, false},
    {"M", on_write_memory, NULL, false},
    {"X", on_write_binary, NULL, false},
    {"Z", on_insert, NULL, false},
    {"z", on_remove, NULL, false},
    {"D", on_detach, NULL, true},
    {"k", on_kill, NULL, true},
    {"vKill;", on_kill_process, NULL, false},
    {"vAttach;", on_attach, NULL, false},
    {"H", on_thread, NULL, false},
    {"T", on_thread, NULL, false},
    {"qRcmd,", on_command, NULL, false},
    {"qSupported", on_supported, NULL, true},
    {"QStartNoAckMode", on_no_acks, NULL, true},
    {"qXfer:features:read:target.xml:", on_description, NULL, false},
    {"qXfer:features:read:", NULL, "E00", false}, /* no such part */
    {"qC", NULL, "QC1", true},
    {"qAttached", NULL, "1", true}, /* GDB's quit detaches, and kills nothing */
    {"qfThreadInfo", NULL, "m1", true},
    {"qsThreadInfo", NULL, "l", true},
    {"qThreadExtraInfo", on_thread_text, NULL, true},
    {"qqemu.sstepbits", NULL, "ENABLE=1,NOIRQ=2", true},
    {"qqemu.sstep", on_get_step, NULL, true},
    {"Qqemu.sstep=", on_set_step, NULL, false},
    {"qqemu.PhyMemMode", on_get_physical, NULL, true},
    {"Qqemu.PhyMemMode:", on_set_physical, NULL, false},
};

static bool begins(const struct gdb_link *l, const struct packet *p)
{
    size_t n = strlen(p->name);
    return l->len >= n && memcmp(l->in, p->name, n) == 0 &&
           (!p->whole || l->in[n] == '\0' || strchr(":;,", l->in[n]) != NULL);
}

void gdb_packet(struct gdb *g, struct session *s)
{
    for (size_t n = 0; n < ARRAY_LEN(packets); n++) {
        if (begins(&g->link, &packets[n])) {
            if (packets[n].answer == NULL) {
                send(g, packets[n].text);
            } else {
                packets[n].answer(g, s, g->link.in + strlen(packets[n].name));
            }
            return;
        }
    }
    send(g, "");
}
