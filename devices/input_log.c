/* input_log.c -- writing recordings, and what their records look like; input_log_read.c reads
 * them. */
#include "devices/input_log.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "devices/input_log_priv.h"

const uint8_t log_magic[LOG_MAGIC] = {'T', 'E', 'R', 'R', 'A',  'P',  'I',  'N',
                                      ' ', 'L', 'O', 'G', '\r', '\n', 0x1A, '\n'};

struct log_writer {
    const struct state_sink *sink;
    struct state_sink state; /* into pieces of this */
    uint8_t *raw;            /* room for the block's head, and LOG_RECORDS */
    size_t len;              /* of records, or of the state's piece */
    uint8_t *packed;
    uint32_t number;
    uint64_t size;
    uint64_t base_tick, base_seq; /* of the block */
    uint64_t tick, told;          /* of the last record; the last tick in a block */
    uint64_t seq;                 /* of the next input */
    bool failed, started, named;
};

/* ---- blocks */

static int put(struct log_writer *w, const void *bytes, size_t n)
{
    if (w->failed || w->sink->put(w->sink->ctx, bytes, n) != 0) {
        w->failed = true;
        return -1;
    }
    w->size += n;
    return 0;
}

/* payload: behind LOG_HEAD bytes of room. One call of the sink, so that it is there or not. */
static int put_block(struct log_writer *w, uint8_t kind, uint8_t flags, uint8_t *room,
                     uint32_t raw, uint32_t stored)
{
    memset(room, 0, LOG_HEAD);
    room[0] = kind;
    room[1] = flags;
    store_le32(room + 4, w->number++);
    store_le32(room + 8, raw);
    store_le32(room + 12, stored);
    store_le32(room + 16, (uint32_t)crc32(0, room, 16));
    store_le32(room + 20, (uint32_t)crc32(0, room + LOG_HEAD, stored));
    return put(w, room, LOG_HEAD + stored);
}

static int put_records(struct log_writer *w)
{
    uLongf stored = compressBound(LOG_RECORDS);
    store_le64(w->raw, w->base_tick);
    store_le64(w->raw + 8, w->base_seq);
    if (w->failed ||
        compress2(w->packed + LOG_HEAD, &stored, w->raw, (uLong)w->len, Z_BEST_SPEED) != Z_OK) {
        w->failed = true;
        return -1;
    }
    int rc = put_block(w, LOG_BLOCK_RECORDS, LOG_DEFLATED, w->packed, (uint32_t)w->len,
                       (uint32_t)stored);
    w->len = LOG_BASE;
    w->base_tick = w->told = w->tick;
    w->base_seq = w->seq;
    return rc;
}

/* ---- the state */

static int put_piece(struct log_writer *w)
{
    uint32_t n = (uint32_t)w->len;
    w->len = 0;
    memcpy(w->packed + LOG_HEAD, w->raw, n);
    return put_block(w, LOG_BLOCK_STATE, 0, w->packed, n, n);
}

static int put_state(void *ctx, const void *bytes, size_t n)
{
    struct log_writer *w = ctx;
    const uint8_t *from = bytes;
    while (n > 0 && !w->failed) {
        size_t room = LOG_PIECE - w->len, now = n < room ? n : room;
        memcpy(w->raw + w->len, from, now);
        w->len += now;
        from += now;
        n -= now;
        if (w->len == LOG_PIECE) {
            put_piece(w);
        }
    }
    return w->failed ? -1 : 0;
}

const struct state_sink *log_state_sink(struct log_writer *w)
{
    return &w->state;
}

/* ---- records */

static size_t put_number(uint8_t *out, uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7) {
        out[n++] = (uint8_t)(v | 0x80);
    }
    out[n++] = (uint8_t)v;
    return n;
}

/* kind:8, ticks since the last record, bytes of the body, body */
static int record(struct log_writer *w, unsigned kind, uint64_t tick, const void *a, size_t na,
                  const void *b, size_t nb)
{
    enum { PREFIX = 1 + 10 + 10 };
    if (w->failed || !w->started || tick < w->tick || na + nb > LOG_RECORDS / 2) {
        w->failed = true;
        return -1;
    }
    if (w->len + PREFIX + na + nb > LOG_RECORDS && put_records(w) < 0) {
        return -1;
    }
    uint8_t *out = w->raw + w->len;
    size_t n = 1;
    out[0] = (uint8_t)kind;
    n += put_number(out + n, tick - w->tick);
    n += put_number(out + n, na + nb);
    if (na) {
        memcpy(out + n, a, na);
    }
    if (nb) {
        memcpy(out + n + na, b, nb);
    }
    w->len += n + na + nb;
    w->tick = tick;
    return 0;
}

int log_start(struct log_writer *w, const struct log_start *start, uint64_t tick, uint64_t seq)
{
    uint8_t body[LOG_START_BODY];
    if (w->len > 0) {
        put_piece(w);
    }
    w->started = true;
    w->len = LOG_BASE;
    w->base_tick = w->tick = w->told = tick;
    w->base_seq = w->seq = seq;
    body[0] = (uint8_t)(start->stop_on_reset | start->stop_on_triple_fault << 1);
    body[1] = (uint8_t)(start->single_step | start->no_assist << 1 | start->shadow_flush << 2);
    store_le64(body + 2, start->date);
    return record(w, LOG_START, tick, body, sizeof body, start->flip, strlen(start->flip));
}

static size_t put_medium(uint8_t *body, const struct input *in, const struct log_medium *medium)
{
    body[1] = (uint8_t)in->media.kind;
    body[2] = medium->read_only;
    store_le32(body + 3, medium->sector_size);
    store_le64(body + 7, medium->bytes);
    store_le64(body + 15, medium->digest);
    return LOG_MEDIUM_BODY;
}

int log_input(struct log_writer *w, const struct input *in, const struct log_medium *medium)
{
    uint8_t body[LOG_MEDIUM_BODY];
    const void *rest = NULL;
    size_t n = 0, more = 0;
    switch (in->kind) {
    case INPUT_KEY:
        store_le16(body, in->code);
        body[2] = in->down;
        n = 3;
        break;
    case INPUT_MOUSE:
        store_le16(body, (uint16_t)in->dx);
        store_le16(body + 2, (uint16_t)in->dy);
        store_le16(body + 4, (uint16_t)in->dz);
        body[6] = in->buttons;
        n = 7;
        break;
    case INPUT_SERIAL:
        body[0] = in->port;
        store_le16(body + 1, in->code);
        n = 3;
        break;
    case INPUT_MEDIA:
        body[0] = in->port;
        n = 1;
        if (in->media.kind != DRIVE_NONE) {
            n = put_medium(body, in, medium);
            rest = medium->path;
            more = strlen(medium->path);
        }
        break;
    case INPUT_MIPS:
        store_le16(body, in->code);
        n = 2;
        break;
    case INPUT_REGISTER:
        store_le64(body, in->value);
        n = 8;
        rest = in->name;
        more = strlen(in->name);
        break;
    case INPUT_MEMORY:
        store_le64(body, in->value);
        n = 8;
        rest = in->bytes;
        more = in->len;
        break;
    case INPUT_RESET:
    case INPUT_POWERDOWN: break;
    case INPUT_KINDS: return -1;
    }
    if (in->seq != w->seq || (in->kind == INPUT_MEMORY && more > LOG_BYTES)) {
        w->failed = true;
    }
    w->seq++;
    return record(w, LOG_INPUT + (unsigned)in->kind, in->tick, body, n, rest, more);
}

static int put_names(struct log_writer *w, const struct machine_part *part, unsigned parts)
{
    char names[MACHINE_PARTS * MACHINE_PART_NAME];
    size_t n = 0;
    w->named = true;
    for (unsigned i = 0; i < parts; i++) {
        size_t len = strlen(part[i].name);
        memcpy(names + n, part[i].name, len);
        n += len;
        names[n++] = '\n';
    }
    return record(w, LOG_PARTS, w->tick, names, n, NULL, 0);
}

int log_hash(struct log_writer *w, uint64_t tick, uint64_t hash,
             const struct machine_part *part, unsigned parts)
{
    uint8_t body[8 + 8 * MACHINE_PARTS];
    if (!w->named && put_names(w, part, parts) < 0) {
        return -1;
    }
    store_le64(body, hash);
    for (unsigned i = 0; i < parts; i++) {
        store_le64(body + 8 + (size_t)8 * i, part[i].hash);
    }
    return record(w, LOG_HASH, tick, body, 8 + (size_t)8 * parts, NULL, 0);
}

int log_flush(struct log_writer *w, uint64_t tick)
{
    if (w->failed || !w->started) {
        return -1;
    }
    if (tick == w->told && w->len == LOG_BASE) {
        return 0;
    }
    return record(w, LOG_NOW, tick, NULL, 0, NULL, 0) < 0 ? -1 : put_records(w);
}

int log_end(struct log_writer *w, uint64_t tick, uint64_t hash, uint8_t status)
{
    uint8_t body[9];
    store_le64(body, hash);
    body[8] = status;
    return record(w, LOG_END, tick, body, sizeof body, NULL, 0) < 0 ? -1 : put_records(w);
}

/* ---- coming and going */

static int put_header(struct log_writer *w, const char *about)
{
    uint8_t head[LOG_MAGIC + 4];
    size_t n = strlen(about);
    memcpy(head, log_magic, LOG_MAGIC);
    store_le32(head + LOG_MAGIC, LOG_VERSION);
    if (n >= LOG_ABOUT || put(w, head, sizeof head) < 0) {
        return -1;
    }
    memcpy(w->packed + LOG_HEAD, about, n);
    return put_block(w, LOG_BLOCK_ABOUT, 0, w->packed, (uint32_t)n, (uint32_t)n);
}

struct log_writer *log_create(const struct state_sink *sink, const char *about)
{
    struct log_writer *w = calloc(1, sizeof *w);
    if (!w) {
        return NULL;
    }
    w->sink = sink;
    w->state = (struct state_sink){.ctx = w, .put = put_state};
    w->raw = malloc(LOG_RECORDS);
    w->packed = malloc(LOG_HEAD + compressBound(LOG_RECORDS));
    if (!w->raw || !w->packed || put_header(w, about) < 0) {
        log_free(w);
        return NULL;
    }
    return w;
}

uint64_t log_size(const struct log_writer *w)
{
    return w->size;
}

void log_free(struct log_writer *w)
{
    if (w) {
        free(w->raw);
        free(w->packed);
        free(w);
    }
}
