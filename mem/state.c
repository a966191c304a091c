/* mem/state.c -- the walkers of field tables: hash, save, load, diff, coverage, visit.
 *
 * The saved form of a struct, all numbers little-endian:
 *
 *   struct  = name, version:16, records:16, record...
 *   record  = name, kind:8, element size:8, count:32, element...
 *   name    = length:8, characters
 *   element = the number in `element size` bytes | for FK_STRUCT a struct (size 0)
 *             | for FK_EVENT when:64, seq:64 (size 16)
 *
 * so that a reader needs no knowledge of the writer's layout, and a stream can be refused with
 * the name of what is wrong in it. Recursion follows the tables, never the stream: a hostile
 * stream cannot make it deeper.
 */
#include "mem/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT_BYTES = 16, NAME_MAX_LEN = 255, FIELDS_MAX = 256 };

/* ---- one number of the struct -------------------------------------------------------------
 */

/* v in f->size bytes, as a 64-bit number: sign-extended if f is signed. */
static uint64_t widened(const struct field *f, uint64_t v)
{
    static const uint64_t signs[5] = {[1] = 0x80, [2] = 0x8000, [4] = 0x80000000};
    uint64_t sign = f->kind == FK_INT && f->size <= 4 ? signs[f->size] : 0;
    return (v ^ sign) - sign;
}

static uint64_t scalar_get(const struct field *f, const uint8_t *at)
{
    if (f->size == 1) {
        return f->kind == FK_BOOL ? *at != 0 : widened(f, *at);
    }
    if (f->size == 2) {
        uint16_t v;
        memcpy(&v, at, sizeof v);
        return widened(f, v);
    }
    if (f->size == 4) {
        uint32_t v;
        memcpy(&v, at, sizeof v);
        return widened(f, v);
    }
    uint64_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

static void scalar_set(const struct field *f, uint8_t *at, uint64_t value)
{
    if (f->size == 1) {
        if (f->kind == FK_BOOL) {
            bool b = value != 0;
            memcpy(at, &b, sizeof b);
        } else {
            *at = (uint8_t)value;
        }
    } else if (f->size == 2) {
        uint16_t v = (uint16_t)value;
        memcpy(at, &v, sizeof v);
    } else if (f->size == 4) {
        uint32_t v = (uint32_t)value;
        memcpy(at, &v, sizeof v);
    } else {
        memcpy(at, &value, sizeof value);
    }
}

static struct event_state event_get(const uint8_t *at)
{
    struct event_state ev;
    memcpy(&ev, at, sizeof ev);
    return ev;
}

static bool in_range(const struct field *f, uint64_t value)
{
    if (f->kind == FK_BOOL && value > 1) {
        return false;
    }
    if (!f->ranged) {
        return true;
    }
    if (f->kind == FK_INT) {
        return (int64_t)value >= (int64_t)f->min && (int64_t)value <= (int64_t)f->max;
    }
    return value >= f->min && value <= f->max;
}

/* ---- paths: "ch[1].count" ------------------------------------------------------------------
 */

struct path {
    char text[160];
    size_t len;
};

/* Appends ".name" or ".name[n]"; returns the old length, for path_cut. Too long a path is cut.
 */
static size_t path_add(struct path *p, const struct field *f, uint32_t n)
{
    size_t old = p->len;
    size_t room = sizeof p->text - old;
    const char *dot = old ? "." : "";
    int got = f->count > 1 ? snprintf(p->text + old, room, "%s%s[%" PRIu32 "]", dot, f->name, n)
                           : snprintf(p->text + old, room, "%s%s", dot, f->name);
    if (got > 0) {
        p->len += (size_t)got < room ? (size_t)got : room - 1;
    }
    return old;
}

static void path_cut(struct path *p, size_t len)
{
    p->len = len;
    p->text[len] = '\0';
}

/* ---- hash ----------------------------------------------------------------------------------
 */

/* Two rounds of multiply and fold: each input bit reaches every output bit. The constants are
 * odd numbers without pattern: bits of the golden ratio and of two square roots (the first only
 * keeps a run of zeros from staying zero). */
uint64_t hash_u64(uint64_t h, uint64_t value)
{
    h = (h ^ value ^ 0xA54FF53A5F1D36F1u) * 0x9E3779B97F4A7C15u;
    h ^= h >> 32;
    h *= 0xBB67AE8584CAA73Bu;
    return h ^ h >> 29;
}

uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t lane[4] = {h, hash_u64(h, 1), hash_u64(h, 2), hash_u64(h, 3)};
    size_t left = n;
    /* Four independent chains, because a multiplier is busy with one for several cycles. */
    for (; left >= 32; left -= 32, p += 32) {
        lane[0] = hash_u64(lane[0], load_le64(p));
        lane[1] = hash_u64(lane[1], load_le64(p + 8));
        lane[2] = hash_u64(lane[2], load_le64(p + 16));
        lane[3] = hash_u64(lane[3], load_le64(p + 24));
    }
    h = hash_u64(lane[0], n);
    for (unsigned i = 1; i < 4; i++) {
        h = hash_u64(h, lane[i]);
    }
    for (; left >= 8; left -= 8, p += 8) {
        h = hash_u64(h, load_le64(p));
    }
    uint64_t tail = 0;
    for (size_t i = 0; i < left; i++) {
        tail |= (uint64_t)p[i] << 8 * i;
    }
    return left ? hash_u64(h, tail) : h;
}

uint64_t state_hash(const struct schema *sc, const void *obj, uint64_t seed)
{
    uint64_t h = seed;
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        const uint8_t *at = (const uint8_t *)obj + f->offset;
        if (f->kind == FK_UINT && f->size == 1 && f->count > 1) {
            h = hash_bytes(h, at, f->count);
            continue;
        }
        for (uint32_t n = 0; n < f->count; n++, at += f->size) {
            if (f->kind == FK_STRUCT) {
                h = state_hash(f->sub, at, h);
            } else if (f->kind == FK_EVENT) {
                struct event_state ev = event_get(at);
                h = hash_u64(hash_u64(h, ev.when), ev.seq);
            } else if (f->kind != FK_DERIVED) {
                h = hash_u64(h, scalar_get(f, at));
            }
        }
    }
    return h;
}

/* ---- byte sink and source ------------------------------------------------------------------
 */

void writer_put(struct writer *w, const void *bytes, size_t n)
{
    if (w->failed || n == 0) {
        return;
    }
    if (n > w->cap - w->len) {
        size_t cap = w->cap ? w->cap : 1024;
        while (cap - w->len < n && cap <= SIZE_MAX / 2) {
            cap *= 2;
        }
        uint8_t *grown = cap - w->len < n ? NULL : realloc(w->bytes, cap);
        if (!grown) {
            w->failed = true;
            return;
        }
        w->bytes = grown;
        w->cap = cap;
    }
    memcpy(w->bytes + w->len, bytes, n);
    w->len += n;
}

void writer_free(struct writer *w)
{
    free(w->bytes);
    *w = (struct writer){0};
}

bool reader_get(struct reader *r, void *out, size_t n)
{
    if (n > r->len - r->pos) {
        return false;
    }
    if (n) {
        memcpy(out, r->bytes + r->pos, n);
        r->pos += n;
    }
    return true;
}

static void put_number(struct writer *w, uint64_t value, unsigned size)
{
    uint8_t b[8];
    store_le64(b, value);
    writer_put(w, b, size);
}

/* size is at most 8 */
static bool get_number(struct reader *r, uint64_t *value, unsigned size)
{
    uint8_t b[8] = {0};
    bool ok = reader_get(r, b, size);
    *value = load_le64(b);
    return ok;
}

static void put_name(struct writer *w, const char *name)
{
    size_t n = strlen(name);
    put_number(w, n, 1);
    writer_put(w, name, n);
}

/* out has NAME_MAX_LEN + 1 bytes. What is not printable ASCII becomes '?': names go into error
 * lines, and those to a terminal. */
static bool get_name(struct reader *r, char *out)
{
    uint64_t n;
    if (!get_number(r, &n, 1) || !reader_get(r, out, (size_t)n)) {
        return false;
    }
    out[n] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (out[i] <= ' ' || out[i] > '~') {
            out[i] = '?';
        }
    }
    return true;
}

/* ---- save ----------------------------------------------------------------------------------
 */

static unsigned saved_size(const struct field *f)
{
    return f->kind == FK_STRUCT ? 0 : f->kind == FK_EVENT ? EVENT_BYTES : f->size;
}

static void save_field(const struct field *f, const uint8_t *at, struct writer *w)
{
    put_name(w, f->name);
    put_number(w, f->kind, 1);
    put_number(w, saved_size(f), 1);
    put_number(w, f->count, 4);
    for (uint32_t n = 0; n < f->count; n++, at += f->size) {
        if (f->kind == FK_STRUCT) {
            state_save(f->sub, at, w);
        } else if (f->kind == FK_EVENT) {
            struct event_state ev = event_get(at);
            put_number(w, ev.when, 8);
            put_number(w, ev.seq, 8);
        } else {
            put_number(w, scalar_get(f, at), f->size);
        }
    }
}

void state_save(const struct schema *sc, const void *obj, struct writer *w)
{
    unsigned records = 0;
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        records += f->kind != FK_DERIVED;
    }
    put_name(w, sc->name);
    put_number(w, sc->version, 2);
    put_number(w, records, 2);
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        if (f->kind != FK_DERIVED) {
            save_field(f, (const uint8_t *)obj + f->offset, w);
        }
    }
}

/* ---- load ----------------------------------------------------------------------------------
 */

struct loader {
    struct reader *r;
    struct error *err;
    struct path path;
};

static int refuse(struct loader *ld, const char *what)
{
    return error_set(ld->err, "state: %s: %s", ld->path.text, what);
}

static int load_struct(struct loader *ld, const struct schema *sc, uint8_t *obj);

/* Element n. Its path is put together for an error alone: buffers have many elements. */
static int load_scalar(struct loader *ld, const struct field *f, uint32_t n, uint8_t *at)
{
    uint64_t value;
    if (!get_number(ld->r, &value, f->size)) {
        path_add(&ld->path, f, n);
        return refuse(ld, "the file is cut short");
    }
    value = widened(f, value);
    if (!in_range(f, value)) {
        path_add(&ld->path, f, n);
        return error_set(ld->err, "state: %s: value %" PRIx64 "h is out of range",
                         ld->path.text, value);
    }
    scalar_set(f, at, value);
    return 0;
}

static int load_event(struct loader *ld, uint8_t *at)
{
    struct event_state ev;
    if (!get_number(ld->r, &ev.when, 8) || !get_number(ld->r, &ev.seq, 8)) {
        return refuse(ld, "the file is cut short");
    }
    memcpy(at, &ev, sizeof ev);
    return 0;
}

static int load_values(struct loader *ld, const struct field *f, uint8_t *at)
{
    bool scalar = f->kind != FK_STRUCT && f->kind != FK_EVENT;
    for (uint32_t n = 0; n < f->count; n++, at += f->size) {
        if (scalar) {
            if (load_scalar(ld, f, n, at) < 0) {
                return -1;
            }
            continue;
        }
        size_t outer = path_add(&ld->path, f, n);
        int rc = f->kind == FK_STRUCT ? load_struct(ld, f->sub, at) : load_event(ld, at);
        if (rc < 0) {
            return rc;
        }
        path_cut(&ld->path, outer);
    }
    return 0;
}

static const struct field *find_field(const struct schema *sc, const char *name)
{
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        if (f->kind != FK_DERIVED && strcmp(f->name, name) == 0) {
            return f;
        }
    }
    return NULL;
}

/* Reads one record; returns its field's place in the table, or -1. */
static int load_record(struct loader *ld, const struct schema *sc, uint64_t version,
                       uint8_t *obj)
{
    char name[NAME_MAX_LEN + 1];
    uint64_t kind, size, count;
    if (!get_name(ld->r, name) || !get_number(ld->r, &kind, 1) ||
        !get_number(ld->r, &size, 1) || !get_number(ld->r, &count, 4)) {
        return refuse(ld, "the file is cut short");
    }
    const struct field *f = find_field(sc, name);
    if (!f || f->since > version) {
        return error_set(ld->err, "state: %s: unknown field %.64s", ld->path.text, name);
    }
    if (kind != f->kind || size != saved_size(f) || count != f->count) {
        return error_set(ld->err, "state: %s: field %s has another type or length",
                         ld->path.text, f->name);
    }
    if (load_values(ld, f, obj + f->offset) < 0) {
        return -1;
    }
    return (int)(f - sc->fields);
}

static int load_records(struct loader *ld, const struct schema *sc, uint64_t version,
                        uint64_t records, uint8_t *obj)
{
    bool seen[FIELDS_MAX] = {false};
    for (uint64_t n = 0; n < records; n++) {
        int i = load_record(ld, sc, version, obj);
        if (i < 0) {
            return -1;
        }
        if (i >= FIELDS_MAX || seen[i]) {
            return error_set(ld->err, "state: %s: field %s comes twice", ld->path.text,
                             sc->fields[i].name);
        }
        seen[i] = true;
    }
    for (unsigned i = 0; i < FIELDS_MAX && sc->fields[i].kind != FK_END; i++) {
        const struct field *f = &sc->fields[i];
        if (f->kind != FK_DERIVED && f->since <= version && !seen[i]) {
            return error_set(ld->err, "state: %s: field %s is missing", ld->path.text, f->name);
        }
    }
    return 0;
}

static int load_struct(struct loader *ld, const struct schema *sc, uint8_t *obj)
{
    char name[NAME_MAX_LEN + 1];
    uint64_t version, records;
    if (!get_name(ld->r, name) || !get_number(ld->r, &version, 2) ||
        !get_number(ld->r, &records, 2)) {
        return refuse(ld, "the file is cut short");
    }
    if (strcmp(name, sc->name) != 0) {
        return error_set(ld->err, "state: %s: found %.64s instead of %s", ld->path.text, name,
                         sc->name);
    }
    if (version < sc->oldest || version > sc->version) {
        return error_set(ld->err, "state: %s: version %u of %s is unknown (%u to %u load)",
                         ld->path.text, (unsigned)version, sc->name, sc->oldest, sc->version);
    }
    if (load_records(ld, sc, version, records, obj) < 0) {
        return -1;
    }
    if (sc->loaded && !sc->loaded(obj)) {
        return refuse(ld, "its values contradict each other");
    }
    return 0;
}

int state_load(const struct schema *sc, void *obj, struct reader *r, struct error *err)
{
    struct loader ld = {.r = r, .err = err};
    int n = snprintf(ld.path.text, sizeof ld.path.text, "%s", sc->name);
    ld.path.len = n > 0 && (size_t)n < sizeof ld.path.text ? (size_t)n : 0;
    return load_struct(&ld, sc, obj);
}

/* ---- packed ---------------------------------------------------------------------------------
 */

/* Bytes of one element, 0: not state. An event's pending part comes first in it. */
static size_t packed_element(const struct field *f)
{
    return f->kind == FK_DERIVED  ? 0
           : f->kind == FK_STRUCT ? state_copy_size(f->sub)
           : f->kind == FK_EVENT  ? sizeof(struct event_state)
                                  : f->size;
}

size_t state_copy_size(const struct schema *sc)
{
    size_t size = 0;
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        size += packed_element(f) * f->count;
    }
    return size;
}

uint8_t *state_copy_out(const struct schema *sc, const void *obj, uint8_t *out)
{
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        const uint8_t *at = (const uint8_t *)obj + f->offset;
        size_t n = f->kind == FK_STRUCT ? 0 : packed_element(f) * f->count;
        for (uint32_t i = 0; f->kind == FK_STRUCT && i < f->count; i++, at += f->size) {
            out = state_copy_out(f->sub, at, out);
        }
        memcpy(out, at, n);
        out += n;
    }
    return out;
}

const uint8_t *state_copy_in(const struct schema *sc, void *obj, const uint8_t *in)
{
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        uint8_t *at = (uint8_t *)obj + f->offset;
        size_t n = f->kind == FK_STRUCT ? 0 : packed_element(f) * f->count;
        for (uint32_t i = 0; in && f->kind == FK_STRUCT && i < f->count; i++, at += f->size) {
            in = state_copy_in(f->sub, at, in);
        }
        if (!in) {
            return NULL;
        }
        memcpy(at, in, n);
        in += n;
    }
    return sc->loaded && !sc->loaded(obj) ? NULL : in;
}

/* ---- diff and visit ------------------------------------------------------------------------
 */

struct differ {
    struct path path;
    char *text;
    size_t n;
};

static bool differs(struct differ *df, const char *sub, uint64_t a, uint64_t b)
{
    if (a == b) {
        return false;
    }
    snprintf(df->text, df->n, "%s%s: %" PRIx64 ", %" PRIx64, df->path.text, sub, a, b);
    return true;
}

static bool diff_struct(struct differ *df, const struct schema *sc, const uint8_t *a,
                        const uint8_t *b);

static bool diff_value(struct differ *df, const struct field *f, const uint8_t *a,
                       const uint8_t *b)
{
    if (f->kind == FK_STRUCT) {
        return diff_struct(df, f->sub, a, b);
    }
    if (f->kind == FK_EVENT) {
        struct event_state x = event_get(a), y = event_get(b);
        return differs(df, ".when", x.when, y.when) || differs(df, ".seq", x.seq, y.seq);
    }
    return differs(df, "", scalar_get(f, a), scalar_get(f, b));
}

static bool diff_struct(struct differ *df, const struct schema *sc, const uint8_t *a,
                        const uint8_t *b)
{
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        for (uint32_t n = 0; f->kind != FK_DERIVED && n < f->count; n++) {
            size_t at = (size_t)f->offset + (size_t)n * f->size;
            size_t outer = path_add(&df->path, f, n);
            if (diff_value(df, f, a + at, b + at)) {
                return true;
            }
            path_cut(&df->path, outer);
        }
    }
    return false;
}

bool state_diff(const struct schema *sc, const void *a, const void *b, char *text, size_t n)
{
    struct differ df = {.text = text, .n = n};
    return diff_struct(&df, sc, a, b);
}

static void visit_event(struct path *p, const struct field *f, struct event_state ev,
                        state_visit_fn *visit, void *ctx)
{
    static const struct field when = {.name = "when", .size = 8, .count = 1};
    static const struct field seq = {.name = "seq", .size = 8, .count = 1};
    size_t outer = path_add(p, &when, 0);
    visit(ctx, p->text, f, ev.when);
    path_cut(p, outer);
    path_add(p, &seq, 0);
    visit(ctx, p->text, f, ev.seq);
    path_cut(p, outer);
}

static void visit_struct(struct path *p, const struct schema *sc, const uint8_t *obj,
                         state_visit_fn *visit, void *ctx)
{
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        for (uint32_t n = 0; f->kind != FK_DERIVED && n < f->count; n++) {
            const uint8_t *at = obj + f->offset + (size_t)n * f->size;
            size_t outer = path_add(p, f, n);
            if (f->kind == FK_STRUCT) {
                visit_struct(p, f->sub, at, visit, ctx);
            } else if (f->kind == FK_EVENT) {
                visit_event(p, f, event_get(at), visit, ctx);
            } else {
                visit(ctx, p->text, f, scalar_get(f, at));
            }
            path_cut(p, outer);
        }
    }
}

void state_visit(const struct schema *sc, const void *obj, state_visit_fn *visit, void *ctx)
{
    struct path p = {{0}, 0};
    visit_struct(&p, sc, obj, visit, ctx);
}

/* ---- flip ----------------------------------------------------------------------------------
 */

/* 1: done; 0: the bit lies further on, *bit bits behind obj; -1: cannot be. */
static int flip_struct(struct path *p, const struct schema *sc, uint8_t *obj, uint64_t *bit)
{
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        bool passed = f->kind == FK_DERIVED || f->kind == FK_EVENT;
        for (uint32_t n = 0; !passed && n < f->count; n++) {
            uint8_t *at = obj + f->offset + (size_t)n * f->size;
            size_t outer = path_add(p, f, n);
            unsigned bits = f->kind == FK_BOOL ? 1 : f->size * 8;
            if (f->kind == FK_STRUCT) {
                int rc = flip_struct(p, f->sub, at, bit);
                if (rc != 0) {
                    return rc;
                }
            } else if (*bit < bits) {
                uint64_t was = scalar_get(f, at);
                scalar_set(f, at, was ^ UINT64_C(1) << *bit);
                if (!in_range(f, scalar_get(f, at)) || (sc->loaded && !sc->loaded(obj))) {
                    scalar_set(f, at, was);
                    return -1;
                }
                return 1;
            } else {
                *bit -= bits;
            }
            path_cut(p, outer);
        }
    }
    return 0;
}

bool state_flip(const struct schema *sc, void *obj, uint64_t bit, char *text, size_t n)
{
    struct path p = {{0}, 0};
    bool done = flip_struct(&p, sc, obj, &bit) > 0;
    (void)snprintf(text, n, "%s", done ? p.text : "");
    return done;
}

/* ---- coverage ------------------------------------------------------------------------------
 */

/* The alignment that a member at this offset can have: of a scalar its size, of anything else
 * the best that its place allows. 64-bit numbers are aligned to 4 on some hosts; a gap in front
 * of one is then below 4, which passes too. */
static uint32_t member_align(const struct field *f)
{
    if (f->kind == FK_UINT || f->kind == FK_INT || f->kind == FK_BOOL) {
        return f->size;
    }
    uint32_t align = 8;
    while (align > 1 && (f->offset % align || f->size % align)) {
        align /= 2;
    }
    return align;
}

static const char *field_fault(const struct schema *sc, const struct field *f)
{
    bool scalar = f->kind == FK_UINT || f->kind == FK_INT || f->kind == FK_BOOL;
    if (strlen(f->name) > NAME_MAX_LEN) {
        return "name too long";
    }
    if (f->count == 0 || f->size == 0) {
        return "has no elements";
    }
    if (scalar && (f->size > 8 || (f->size & (f->size - 1)))) {
        return "is no scalar";
    }
    if (f->kind == FK_BOOL && f->size != 1) {
        return "is a bool wider than a byte";
    }
    if (f->kind == FK_STRUCT && (!f->sub || f->sub->size != f->size)) {
        return "and its schema differ in size";
    }
    if (f->kind == FK_EVENT && f->size < sizeof(struct event_state)) {
        return "is no event";
    }
    if (f->since == 0 || f->since > sc->version) {
        return "is of a version that does not exist";
    }
    if (f->ranged &&
        (f->kind == FK_INT ? (int64_t)f->min > (int64_t)f->max : f->min > f->max)) {
        return "has an empty range";
    }
    for (const struct field *g = sc->fields; g < f; g++) {
        if (strcmp(f->name, g->name) == 0) {
            return "is in the table twice";
        }
    }
    return NULL;
}

/* The field with the lowest (offset, place in the table) after *prev, or NULL. */
static const struct field *next_by_offset(const struct schema *sc, const struct field *prev)
{
    const struct field *best = NULL;
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        bool after =
            !prev || f->offset > prev->offset || (f->offset == prev->offset && f > prev);
        if (after && (!best || f->offset < best->offset)) {
            best = f;
        }
    }
    return best;
}

static int cover_bytes(const struct schema *sc, struct error *err)
{
    uint64_t end = 0; /* of the bytes covered so far */
    uint32_t align = 1;
    const char *last = "the start";
    for (const struct field *f = next_by_offset(sc, NULL); f; f = next_by_offset(sc, f)) {
        uint32_t own = member_align(f);
        if (f->offset < end) {
            return error_set(err, "%s: %s and %s overlap", sc->name, last, f->name);
        }
        if (f->offset - end >= own) {
            return error_set(err, "%s: bytes %u to %u, between %s and %s, are in no field",
                             sc->name, (unsigned)end, f->offset - 1, last, f->name);
        }
        end = f->offset + (uint64_t)f->size * f->count;
        align = own > align ? own : align;
        last = f->name;
    }
    if (end > sc->size) {
        return error_set(err, "%s: %s runs past the end", sc->name, last);
    }
    if (sc->size - end >= align) {
        return error_set(err, "%s: bytes %u to %u, after %s, are in no field", sc->name,
                         (unsigned)end, sc->size - 1, last);
    }
    return 0;
}

int state_coverage(const struct schema *sc, struct error *err)
{
    if (sc->version == 0 || sc->oldest == 0 || sc->oldest > sc->version) {
        return error_set(err, "%s: versions %u to %u make no sense", sc->name, sc->oldest,
                         sc->version);
    }
    for (const struct field *f = sc->fields; f->kind != FK_END; f++) {
        const char *fault = field_fault(sc, f);
        if (fault) {
            return error_set(err, "%s: %s %s", sc->name, f->name, fault);
        }
        if (f - sc->fields >= FIELDS_MAX) {
            return error_set(err, "%s: more than %d fields", sc->name, FIELDS_MAX);
        }
        if (f->kind == FK_STRUCT && state_coverage(f->sub, err) < 0) {
            return -1;
        }
    }
    return cover_bytes(sc, err);
}
