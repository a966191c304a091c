/* frontend/history.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/history.h"

#include "frontend/audio.h"
#include "frontend/gdb.h"
#include "frontend/image.h"
#include "frontend/moment.h"
#include "frontend/record.h"
#include "frontend/report.h"
#include "frontend/serial.h"
#include "frontend/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOMENTS = 256,
    FEW = 32,          /* fewer are not thinned out for want of memory */
    EVERY_US = 250000, /* virtual */
    SHARE = 40,        /* one part in so many of the host's time, at most */
    KEYS = 256,
    INPUTS = 1024,
};

struct entry {
    struct moment *moment;
    uint64_t tick, seq;     /* seq: of the next input */
    uint8_t keys[KEYS / 8]; /* that are down */
    uint8_t buttons;
};

struct history {
    uint64_t size;
    struct entry entry[MOMENTS]; /* oldest first */
    unsigned n;
    struct input *input; /* since the oldest, oldest first; name and bytes are ours */
    size_t inputs, room;
    uint64_t input_bytes;
    uint8_t keys[KEYS / 8], buttons; /* now */
    uint64_t taken_ns, cost_ns;      /* when the last one was taken, and how long that took */
    struct drives *drives;
    bool off; /* for good */
};

/* ---- inputs */

static size_t input_size(const struct input *in)
{
    return sizeof *in + (in->name ? strlen(in->name) + 1 : 0) + (in->bytes ? in->len : 0);
}

/* The first `n`, or all from `from` on. */
static void drop_inputs(struct history *h, size_t from, size_t n)
{
    if (n == 0) {
        return; /* there may be no array yet */
    }
    for (size_t i = from; i < from + n; i++) {
        union {
            const void *in;
            void *out;
        } name = {.in = h->input[i].name}, bytes = {.in = h->input[i].bytes};
        h->input_bytes -= input_size(&h->input[i]);
        free(name.out);
        free(bytes.out);
    }
    h->inputs -= n;
    memmove(h->input + from, h->input + from + n, (h->inputs - from) * sizeof *h->input);
}

static bool copy_input(struct input *to, const struct input *in)
{
    *to = *in;
    to->name = in->name ? strdup(in->name) : NULL;
    uint8_t *bytes = in->bytes ? malloc(in->len ? in->len : 1) : NULL;
    if (bytes) {
        memcpy(bytes, in->bytes, in->len);
    }
    to->bytes = bytes;
    return (!in->name || to->name) && (!in->bytes || bytes);
}

static void follow_keys(uint8_t keys[KEYS / 8], uint8_t *buttons, const struct input *in)
{
    unsigned key = (in->code & 0x7F) | (in->code > 0xFF ? 0x80 : 0);
    uint8_t bit = (uint8_t)(1u << key % 8);
    if (in->kind == INPUT_KEY) {
        keys[key / 8] = (uint8_t)(in->down ? keys[key / 8] | bit : keys[key / 8] & ~bit);
    } else if (in->kind == INPUT_MOUSE) {
        *buttons = in->buttons;
    }
}

/* What is about to be put in can be gone back to as it is now. A disk that was in a drive
 * before has been there in moments. false: without memory, or with too many open files. */
static bool keep_media(const struct history *h, const struct input *in)
{
    enum { SHELF = 32 };
    bool known = false;
    for (unsigned i = 0; i < h->drives->shelved; i++) {
        known |= h->drives->shelf[i] == in->media.ctx;
    }
    bool fresh = in->media.kind != DRIVE_NONE && !known;
    return h->drives->shelved < SHELF && (!fresh || image_keep_first(in->media.ctx));
}

/* in: on its way. Its medium may come from the shelf, and will be in a drive. */
static void forget_before(struct history *h, const struct input *in)
{
    if (in->kind == INPUT_MEDIA && in->media.kind != DRIVE_NONE) {
        drives_unshelve(h->drives, in->media.ctx);
    }
    history_forget(h);
}

void history_input(struct history *h, const struct input *in)
{
    if (!h) {
        return;
    }
    follow_keys(h->keys, &h->buttons, in);
    if (h->n == 0) {
        return; /* the next moment has it */
    }
    if (in->kind == INPUT_MEDIA && !keep_media(h, in)) {
        forget_before(h, in);
        return;
    }
    if (h->inputs == h->room) {
        size_t room = h->room ? h->room * 2 : INPUTS;
        struct input *more = realloc(h->input, room * sizeof *more);
        if (!more) {
            forget_before(h, in);
            return;
        }
        h->input = more;
        h->room = room;
    }
    bool copied = copy_input(&h->input[h->inputs++], in);
    h->input_bytes += input_size(&h->input[h->inputs - 1]);
    if (!copied) {
        forget_before(h, in);
    }
}

/* ---- moments */

static void drop_entry(struct history *h, unsigned i)
{
    if (i > 0 && i + 1 < h->n) {
        moment_bridge(h->entry[i + 1].moment, h->entry[i].moment);
    }
    moment_free(h->entry[i].moment);
    h->n--;
    memmove(&h->entry[i], &h->entry[i + 1], (h->n - i) * sizeof h->entry[0]);
    if (i == 0 && h->n > 0) {
        moment_is_first(h->entry[0].moment);
    }
    if (i == 0 && h->inputs > 0) {
        uint64_t first = h->n ? h->entry[0].seq : UINT64_MAX;
        size_t old = 0;
        while (old < h->inputs && h->input[old].seq < first) {
            old++;
        }
        drop_inputs(h, 0, old);
    }
}

void history_forget(struct history *h)
{
    while (h && h->n > 0) {
        drop_entry(h, h->n - 1);
    }
    if (h) {
        drives_clear_shelf(h->drives);
    }
}

struct history *history_new(uint64_t size, struct drives *d, struct error *err)
{
    struct history *h = calloc(1, sizeof *h);
    if (!h) {
        error_set(err, "-history: out of memory");
        return NULL;
    }
    h->size = size;
    h->drives = d;
    d->keep = true;
    return h;
}

void history_free(struct history *h)
{
    if (h) {
        history_forget(h);
        free(h->input);
        free(h);
    }
}

/* The one, neither first nor last, whose place leaves the smallest gap for its age. */
static unsigned dispensable(const struct history *h)
{
    uint64_t now = h->entry[h->n - 1].tick;
    unsigned best = 1;
    double least = 2;
    for (unsigned i = 1; i + 1 < h->n; i++) {
        double gap = (double)(h->entry[i + 1].tick - h->entry[i - 1].tick);
        double share = gap / (double)(now - h->entry[i - 1].tick + 1);
        if (share < least) {
            least = share;
            best = i;
        }
    }
    return best;
}

static void turn_off(struct history *h, struct session *s, const char *why)
{
    history_forget(h);
    h->off = true;
    h->drives->keep = false;
    if (s->opt->history_bytes) {
        report("-history: %s; there is none", why);
    }
}

static void make_room(struct history *h, struct session *s)
{
    const struct drives *d = &s->config.drives;
    while (moment_bytes(s->machine, d) + h->input_bytes > h->size) {
        if (h->n <= 1) {
            turn_off(h, s, "this machine's memory does not fit into its size");
            return;
        }
        drop_entry(h, h->n > FEW ? dispensable(h) : 0);
    }
}

static void take(struct history *h, struct session *s)
{
    struct error err;
    if (h->n == MOMENTS) {
        drop_entry(h, dispensable(h));
    }
    uint64_t before = wall_ns();
    struct moment *mo = moment_take(s->machine, &s->config.drives, &err);
    if (!mo) {
        turn_off(h, s, "out of memory");
        return;
    }
    struct entry *e = &h->entry[h->n++];
    *e = (struct entry){.moment = mo,
                        .tick = machine_now(s->machine),
                        .seq = machine_inputs(s->machine),
                        .buttons = h->buttons};
    memcpy(e->keys, h->keys, sizeof e->keys);
    h->taken_ns = wall_ns();
    h->cost_ns = h->taken_ns - before;
    make_room(h, s);
}

void history_poll(struct history *h, struct session *s)
{
    if (!h || h->off || (s->stopped && h->n > 0)) {
        return;
    }
    if (moments_lost(&s->config.drives)) {
        history_forget(h);
    }
    uint64_t every = (uint64_t)machine_mips(s->machine) * EVERY_US;
    bool due = h->n == 0 || machine_now(s->machine) - h->entry[h->n - 1].tick >= every;
    if (due && (h->n == 0 || wall_ns() - h->taken_ns >= h->cost_ns * SHARE)) {
        take(h, s);
    }
}

bool history_first(const struct history *h, uint64_t *tick)
{
    if (!h || h->n == 0) {
        return false;
    }
    *tick = h->entry[0].tick;
    return true;
}

/* ---- going back */

/* As it came then. */
static void play_input(struct history *h, struct machine *m, const struct input *in)
{
    machine_replay(m, in);
    if (in->kind == INPUT_MEDIA) {
        drives_insert(h->drives, in->port, in->media.kind != DRIVE_NONE ? in->media.ctx : NULL);
    }
}

/* That is down where the machine stands, of which `before` is the latest moment. */
static void keys_now(const struct history *h, const struct session *s,
                     const struct entry *before, uint8_t keys[KEYS / 8], uint8_t *buttons)
{
    uint64_t seq = machine_inputs(s->machine);
    memcpy(keys, before->keys, KEYS / 8);
    *buttons = before->buttons;
    for (size_t k = 0; k < h->inputs; k++) {
        if (h->input[k].seq >= before->seq && h->input[k].seq < seq) {
            follow_keys(keys, buttons, &h->input[k]);
        }
    }
}

/* The world around the machine, after a leap. */
static void settle(struct history *h, struct session *s)
{
    s->mouse_buttons = h->buttons;
    s->off = s->asleep = s->at_point = false;
    s->stopped |= gdb_attached(s->gdb); /* which has to hear of it */
    if (!s->replay) {
        session_drop_bookmarks(s, machine_now(s->machine));
    }
    audio_start(s->audio, machine_now(s->machine), machine_mips(s->machine));
    pace_start(&s->pace, s->pace.speed, machine_mips(s->machine), machine_now(s->machine));
    for (unsigned key = 0; key < KEYS; key++) {
        if (h->keys[key / 8] >> key % 8 & 1) {
            session_key(s, (uint16_t)(key & 0x80 ? 0xE000 | (key & 0x7F) : key), false);
        }
    }
}

/* What came after the machine's present place, which entry i was before, never was. */
static void forget_after(struct history *h, struct session *s, unsigned i)
{
    uint64_t seq = machine_inputs(s->machine);
    size_t k = h->inputs;
    while (h->n > i + 1) {
        drop_entry(h, h->n - 1);
    }
    keys_now(h, s, &h->entry[i], h->keys, &h->buttons);
    while (k > 0 && h->input[k - 1].seq >= seq) {
        k--;
    }
    drop_inputs(h, k, h->inputs - k);
    settle(h, s);
}

/* From entry i; back where it was if somebody interrupts that. */
static int go(struct history *h, struct session *s, unsigned i, uint64_t tick,
              struct error *err)
{
    struct error why;
    struct moment *now = moment_take(s->machine, &s->config.drives, err);
    int rc = now ? history_visit(h, s, i, err) : -1;
    if (rc == 0 && !history_run(h, s, tick, NULL, NULL)) {
        rc = error_set(err, "interrupted");
        if (moment_go(s->machine, now, &why) < 0) {
            *err = why;
            session_end(s, EXIT_TROUBLE);
        }
    }
    moment_free(now);
    if (rc == 0) {
        forget_after(h, s, i);
    }
    return rc;
}

int history_rewind(struct history *h, struct session *s, uint64_t tick, struct error *err)
{
    unsigned i = h ? h->n : 0;
    while (i > 0 && h->entry[i - 1].tick > tick) {
        i--;
    }
    if (i == 0) {
        return error_set(err, "rewind: the history does not reach back to tick %" PRIu64, tick);
    }
    return go(h, s, i - 1, tick, err);
}

int history_step_back(struct history *h, struct session *s, struct error *err)
{
    unsigned i = h ? h->n : 0;
    while (i > 0 && h->entry[i - 1].tick >= machine_now(s->machine)) {
        i--;
    }
    if (i == 0) {
        return 0;
    }
    if (history_visit(h, s, i - 1, err) < 0) {
        return -1;
    }
    forget_after(h, s, i - 1);
    return 1;
}

/* ---- searches */

unsigned history_moments(const struct history *h)
{
    return h ? h->n : 0;
}

uint64_t history_tick(const struct history *h, unsigned i)
{
    return h->entry[i].tick;
}

void history_mark(struct history *h, struct session *s)
{
    struct error ignored;
    uint64_t now = machine_now(s->machine);
    unsigned i = h->n;
    while (i > 0 && h->entry[i - 1].tick > now) {
        i--;
    }
    if (i == 0 || h->n == MOMENTS || h->entry[i - 1].tick == now) {
        return;
    }
    struct moment *mo = moment_take(s->machine, &s->config.drives, &ignored);
    if (!mo) {
        return;
    }
    struct entry e = {.moment = mo, .tick = now, .seq = machine_inputs(s->machine)};
    keys_now(h, s, &h->entry[i - 1], e.keys, &e.buttons);
    memmove(&h->entry[i + 1], &h->entry[i], (h->n - i) * sizeof h->entry[0]);
    h->entry[i] = e;
    h->n++;
    if (i + 1 < h->n) {
        moment_split(h->entry[i + 1].moment, mo);
    }
}

int history_visit(struct history *h, struct session *s, unsigned i, struct error *err)
{
    return moment_go(s->machine, h->entry[i].moment, err);
}

const struct moment *history_moment(const struct history *h, unsigned i)
{
    return h->entry[i].moment;
}

/* To a tick, but for stopped(). false: somebody interrupts, or that is enough. */
static bool run_watched(struct session *s, uint64_t tick, history_stop_fn *stopped, void *ctx)
{
    enum { LOOK = 5000000 };
    struct machine *m = s->machine;
    for (uint64_t now = machine_now(m), look = now + LOOK; now < tick; now = machine_now(m)) {
        if (now >= look) {
            look = now + LOOK;
            s->interrupted |= session_interrupted(s);
        }
        if (s->interrupted || (machine_run(m, look < tick ? look : tick) == MACHINE_POINT &&
                               stopped && stopped(ctx, m))) {
            return false;
        }
    }
    return true;
}

bool history_run(struct history *h, struct session *s, uint64_t tick, history_stop_fn *stopped,
                 void *ctx)
{
    struct machine *m = s->machine;
    size_t k = 0;
    bool on = true;
    while (k < h->inputs && h->input[k].seq < machine_inputs(m)) {
        k++;
    }
    s->muted = true;
    s->interrupted = false;
    for (; on && k < h->inputs && h->input[k].tick < tick; k++) {
        on = run_watched(s, h->input[k].tick, stopped, ctx);
        if (on) {
            play_input(h, m, &h->input[k]);
        }
    }
    on = on && run_watched(s, tick, stopped, ctx);
    s->muted = false;
    return on || !s->interrupted;
}

/* ---- kept after the fact */

int history_save(struct history *h, struct session *s, const char *path, struct error *err)
{
    struct error why;
    uint8_t buttons = s->mouse_buttons;
    if (!h || h->n == 0) {
        return error_set(err, "save-history: there is no history; start with -history 256M");
    }
    struct moment *now = moment_take(s->machine, &s->config.drives, err);
    if (!now || moment_go(s->machine, h->entry[0].moment, err) < 0) {
        moment_free(now);
        return -1;
    }
    s->mouse_buttons = h->entry[0].buttons;
    struct record *rec = record_open(s, path, err);
    for (size_t i = 0; rec && i < h->inputs; i++) {
        record_input(rec, &h->input[i]);
    }
    s->mouse_buttons = buttons;
    if (moment_go(s->machine, now, &why) < 0) { /* nothing that one could go on with */
        report("%s", why.text);
        session_end(s, EXIT_TROUBLE);
    }
    moment_free(now);
    if (!rec) {
        return -1;
    }
    return record_close(rec, s) < 0 ? error_set(err, "save-history: %s: is not complete", path)
                                    : 0;
}

/* ---- looking */

char *history_info(const struct history *h, const struct session *s)
{
    enum { ROOM = 300 };
    char *text = h && h->n > 0 ? malloc(ROOM) : NULL;
    if (text) {
        uint64_t first = h->entry[0].tick, now = machine_now(s->machine);
        uint64_t bytes = moment_bytes(s->machine, &s->config.drives) + h->input_bytes;
        snprintf(text, ROOM,
                 "reaches back %.2f s, to tick %" PRIu64 "\n"
                 "moments: %u, inputs: %zu\n"
                 "memory: %" PRIu64 "K of %" PRIu64 "K\n",
                 (double)(now - first) / (machine_mips(s->machine) * 1e6), first, h->n,
                 h->inputs, bytes >> 10, h->size >> 10);
    }
    return text;
}
