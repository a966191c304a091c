/* input_log_read.c -- reading recordings, which may come from anybody.
 *
 * The first pass, log_open(), looks at every byte: checksums, sizes, each number of each record
 * against what it can be. What it lets pass is played back by the second.
 */
#include "devices/input_log_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "devices/clock.h"

/* ---- blocks */

struct block {
    uint8_t kind, flags;
    uint32_t number, raw, stored, crc;
};

enum found { BLOCK, CUT, END, BAD }; /* CUT: the file ends in the middle of it */

static int get(const struct log_reader *r, uint64_t at, void *out, size_t n, struct error *err)
{
    return r->source->get(r->source->ctx, at, out, n) == 0
               ? 0
               : error_set(err, "cannot be read at byte %" PRIu64, at);
}

static int bad(const struct log_reader *r, const char *what, struct error *err)
{
    return error_set(err, "block %" PRIu32 " at byte %" PRIu64 ": %s; the file is damaged",
                     r->number, r->at, what);
}

/* After a crash of the host a file may end in zeros that nobody wrote. */
static bool only_zeros(const struct log_reader *r)
{
    uint8_t bytes[512];
    struct error ignored;
    for (uint64_t at = r->at; at < r->source->size; at += sizeof bytes) {
        uint64_t left = r->source->size - at;
        size_t n = left < sizeof bytes ? (size_t)left : sizeof bytes;
        if (get(r, at, bytes, n, &ignored) < 0 || !state_all_zero(bytes, n)) {
            return false;
        }
    }
    return true;
}

/* The head at r->at. */
static enum found head(const struct log_reader *r, struct block *b, struct error *err)
{
    uint8_t h[LOG_HEAD];
    if (r->at == r->source->size) {
        return END;
    }
    if (r->source->size - r->at < LOG_HEAD) {
        return CUT;
    }
    if (get(r, r->at, h, sizeof h, err) < 0) {
        return BAD;
    }
    if (load_le32(h + 16) != (uint32_t)crc32(0, h, 16)) {
        return only_zeros(r) ? CUT : (bad(r, "its head's checksum is wrong", err), BAD);
    }
    *b = (struct block){
        h[0], h[1], load_le32(h + 4), load_le32(h + 8), load_le32(h + 12), load_le32(h + 20)};
    if (b->number != r->number || h[2] || h[3] || b->flags > LOG_DEFLATED) {
        return bad(r, "its head makes no sense", err), BAD;
    }
    return BLOCK;
}

static bool size_possible(const struct block *b)
{
    switch (b->kind) {
    case LOG_BLOCK_ABOUT: return !b->flags && b->raw == b->stored && b->raw < LOG_ABOUT;
    case LOG_BLOCK_STATE:
        return !b->flags && b->raw == b->stored && b->raw && b->raw <= LOG_PIECE;
    case LOG_BLOCK_RECORDS:
        return b->flags == LOG_DEFLATED && b->raw > LOG_BASE && b->raw <= LOG_RECORDS &&
               b->stored <= compressBound(LOG_RECORDS);
    default: return false;
    }
}

/* The next block's payload: into r->stored, of records also into r->raw. The caller moves on.
 */
static enum found block(struct log_reader *r, struct block *b, struct error *err)
{
    enum found f = head(r, b, err);
    if (f != BLOCK) {
        return f;
    }
    if (!size_possible(b)) {
        return bad(r, "its kind or size makes no sense", err), BAD;
    }
    uint64_t left = r->source->size - r->at - LOG_HEAD;
    if (left < b->stored) {
        return CUT;
    }
    if (get(r, r->at + LOG_HEAD, r->stored, b->stored, err) < 0) {
        return BAD;
    }
    if (b->crc != (uint32_t)crc32(0, r->stored, b->stored)) {
        return left == b->stored ? CUT : (bad(r, "its checksum is wrong", err), BAD);
    }
    uLongf raw = LOG_RECORDS;
    if (b->flags && (uncompress(r->raw, &raw, r->stored, b->stored) != Z_OK || raw != b->raw)) {
        return bad(r, "does not inflate to its size", err), BAD;
    }
    return BLOCK;
}

static void pass(struct log_reader *r, const struct block *b)
{
    r->at += LOG_HEAD + b->stored;
    r->number++;
}

/* ---- records */

static bool get_number(struct log_reader *r, uint64_t *v)
{
    *v = 0;
    for (unsigned shift = 0; shift < 64 && r->pos < r->raw_len; shift += 7) {
        uint8_t byte = r->raw[r->pos++];
        if (shift == 63 && byte > 1) {
            return false;
        }
        *v |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            return true;
        }
    }
    return false;
}

/* n printable characters, into room for them and a NUL. */
static bool get_text(char *out, size_t room, const uint8_t *from, size_t n)
{
    if (n >= room) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (from[i] < ' ' || from[i] == 0x7F) {
            return false;
        }
    }
    memcpy(out, from, n);
    out[n] = '\0';
    return true;
}

static bool get_medium(struct log_reader *r, struct log_record *rec, const uint8_t *b, size_t n)
{
    if (n == 1) {
        return b[0] < MACHINE_DRIVES; /* ejected */
    }
    if (n <= LOG_MEDIUM_BODY || b[0] >= MACHINE_DRIVES || b[1] == DRIVE_NONE ||
        b[1] > DRIVE_CDROM || b[2] > 1) {
        return false;
    }
    bool cd = b[1] == DRIVE_CDROM;
    rec->in.media.kind = (enum drive_kind)b[1];
    rec->in.media.read_only = rec->medium.read_only = b[2] != 0;
    rec->in.media.sector_size = rec->medium.sector_size = load_le32(b + 3);
    rec->medium.bytes = load_le64(b + 7);
    rec->medium.digest = load_le64(b + 15);
    rec->medium.path = r->path;
    return rec->medium.sector_size == (cd ? 2048u : 512u) && rec->medium.bytes > 0 &&
           rec->medium.bytes % rec->medium.sector_size == 0 && (!cd || rec->medium.read_only) &&
           get_text(r->path, sizeof r->path, b + LOG_MEDIUM_BODY, n - LOG_MEDIUM_BODY);
}

/* The body of an input: in can be let in as it is. */
static bool get_input(struct log_reader *r, struct log_record *rec, const uint8_t *b, size_t n)
{
    struct input *in = &rec->in;
    in->kind = (enum input_kind)(rec->kind - LOG_INPUT);
    in->tick = rec->tick;
    in->seq = r->seq++;
    switch (in->kind) {
    case INPUT_KEY:
        in->code = n == 3 ? load_le16(b) : 0;
        in->down = n == 3 && b[2];
        return n == 3 && b[2] <= 1;
    case INPUT_MOUSE:
        if (n != 7) {
            return false;
        }
        in->dx = (int16_t)load_le16(b);
        in->dy = (int16_t)load_le16(b + 2);
        in->dz = (int16_t)load_le16(b + 4);
        in->buttons = b[6];
        return in->buttons <= (MOUSE_LEFT | MOUSE_RIGHT | MOUSE_MIDDLE);
    case INPUT_SERIAL:
        in->port = n == 3 ? b[0] : 0;
        in->code = n == 3 ? load_le16(b + 1) : 0;
        return n == 3 && in->port < MACHINE_SERIALS && in->code <= SERIAL_BREAK;
    case INPUT_MEDIA: in->port = n ? b[0] : 0; return n && get_medium(r, rec, b, n);
    case INPUT_MIPS:
        in->code = n == 2 ? load_le16(b) : 0;
        return n == 2 && in->code >= 1 && in->code <= MIPS_MAX;
    case INPUT_REGISTER:
        in->name = r->text;
        in->value = n > 8 ? load_le64(b) : 0;
        return n > 8 && get_text(r->text, sizeof r->text, b + 8, n - 8);
    case INPUT_MEMORY:
        in->value = n > 8 ? load_le64(b) : 0;
        in->bytes = b + 8;
        in->len = n > 8 ? (uint32_t)(n - 8) : 0;
        return n > 8 && n - 8 <= LOG_BYTES;
    case INPUT_RESET:
    case INPUT_POWERDOWN: return n == 0;
    case INPUT_KINDS: break;
    }
    return false;
}

static bool get_start(struct log_reader *r, struct log_start *s, const uint8_t *b, size_t n)
{
    if (r->past_start || n < LOG_START_BODY || b[0] > 3 || b[1] > 7) {
        return false;
    }
    r->past_start = true;
    s->stop_on_reset = b[0] & 1;
    s->stop_on_triple_fault = (b[0] & 2) != 0;
    s->single_step = b[1] & 1;
    s->no_assist = (b[1] & 2) != 0;
    s->shadow_flush = (b[1] & 4) != 0;
    s->date = load_le64(b + 2);
    return get_text(s->flip, sizeof s->flip, b + LOG_START_BODY, n - LOG_START_BODY);
}

static bool get_names(struct log_reader *r, const uint8_t *b, size_t n)
{
    r->parts = 0;
    for (size_t at = 0; at < n;) {
        const uint8_t *end = memchr(b + at, '\n', n - at);
        if (!end || r->parts == MACHINE_PARTS ||
            !get_text(r->name[r->parts], MACHINE_PART_NAME, b + at, (size_t)(end - b) - at)) {
            return false;
        }
        r->parts++;
        at = (size_t)(end - b) + 1;
    }
    return r->parts > 0;
}

static bool get_hash(const struct log_reader *r, struct log_record *rec, const uint8_t *b,
                     size_t n)
{
    if (r->parts == 0 || n != 8 + (size_t)8 * r->parts) {
        return false;
    }
    rec->hash = load_le64(b);
    rec->parts = r->parts;
    for (unsigned i = 0; i < r->parts; i++) {
        rec->part[i] = load_le64(b + 8 + (size_t)8 * i);
    }
    return true;
}

static bool get_body(struct log_reader *r, struct log_record *rec, const uint8_t *b, size_t n)
{
    if (r->past_end || (rec->kind != LOG_START && !r->past_start)) {
        return false;
    }
    switch (rec->kind) {
    case LOG_START: return get_start(r, &rec->start, b, n);
    case LOG_PARTS: return get_names(r, b, n);
    case LOG_HASH: return get_hash(r, rec, b, n);
    case LOG_NOW: return n == 0;
    case LOG_END:
        rec->hash = n == 9 ? load_le64(b) : 0;
        rec->status = n == 9 ? b[8] : 0;
        r->past_end = true;
        return n == 9;
    default:
        return rec->kind >= LOG_INPUT && rec->kind < LOG_INPUT + INPUT_KINDS &&
               get_input(r, rec, b, n);
    }
}

/* The record at r->pos, of which there is a byte. */
static int record(struct log_reader *r, struct log_record *rec, struct error *err)
{
    uint64_t ticks, n;
    *rec = (struct log_record){.kind = r->raw[r->pos++]};
    if (!get_number(r, &ticks) || !get_number(r, &n) || n > r->raw_len - r->pos ||
        ticks > UINT64_MAX - 1 - r->tick) {
        return bad(r, "a record is cut short", err);
    }
    r->tick += ticks;
    rec->tick = r->tick;
    const uint8_t *body = r->raw + r->pos;
    r->pos += (size_t)n;
    return get_body(r, rec, body, (size_t)n) ? 1 : bad(r, "a record makes no sense", err);
}

/* A block of records has been read: where it begins. The first one says it, the others agree.
 */
static int begin(struct log_reader *r, const struct block *b, struct error *err)
{
    uint64_t tick = load_le64(r->raw), seq = load_le64(r->raw + 8);
    if (r->past_start ? tick != r->tick || seq != r->seq : tick == UINT64_MAX) {
        return bad(r, "does not follow upon the one before", err);
    }
    r->tick = tick;
    r->seq = seq;
    r->raw_len = b->raw;
    r->pos = LOG_BASE;
    return 0;
}

void log_rewind(struct log_reader *r)
{
    r->at = r->records_at;
    r->number = (uint32_t)(1 + (r->state_size + LOG_PIECE - 1) / LOG_PIECE);
    r->raw_len = r->pos = 0;
    r->past_start = r->past_end = false;
    r->parts = 0;
}

int log_next(struct log_reader *r, struct log_record *rec, struct error *err)
{
    if (r->pos == r->raw_len) {
        struct block b;
        if (r->at >= r->good) {
            return 0;
        }
        if (block(r, &b, err) != BLOCK) {
            return bad(r, "has changed since it was checked", err);
        }
        if (begin(r, &b, err) < 0) {
            return -1;
        }
        pass(r, &b);
    }
    return record(r, rec, err);
}

/* ---- the first pass */

static int open_header(struct log_reader *r, struct error *err)
{
    uint8_t h[LOG_MAGIC + 4];
    if (r->source->size < sizeof h || get(r, 0, h, sizeof h, err) < 0 ||
        memcmp(h, log_magic, LOG_MAGIC) != 0) {
        return error_set(err, "is no recording");
    }
    if (load_le32(h + LOG_MAGIC) != LOG_VERSION) {
        return error_set(err, "is a recording of version %" PRIu32 "; this program plays %d",
                         load_le32(h + LOG_MAGIC), LOG_VERSION);
    }
    r->at = sizeof h;
    return 0;
}

static int too_short(struct error *err)
{
    return error_set(err, "is cut short before the machine's start is complete");
}

static int open_about(struct log_reader *r, struct error *err)
{
    struct block b;
    enum found f = block(r, &b, err);
    if (f != BLOCK) {
        return f == BAD ? -1 : too_short(err);
    }
    if (b.kind != LOG_BLOCK_ABOUT) {
        return bad(r, "should be the one about the recording", err);
    }
    for (uint32_t i = 0; i < b.raw; i++) {
        if ((r->stored[i] < ' ' && r->stored[i] != '\n') || r->stored[i] == 0x7F) {
            return bad(r, "its text makes no sense", err);
        }
    }
    memcpy(r->about, r->stored, b.raw);
    r->about[b.raw] = '\0';
    pass(r, &b);
    r->state_at = r->at;
    return 0;
}

/* 1: another piece has been passed; 0: this is no more of the state. */
static int open_piece(struct log_reader *r, bool *last, struct error *err)
{
    struct block b;
    enum found f = block(r, &b, err);
    if (f != BLOCK) {
        return f == BAD ? -1 : too_short(err);
    }
    if (b.kind != LOG_BLOCK_STATE) {
        return r->state_size > 0 ? 0 : bad(r, "should be of the state", err);
    }
    if (*last) {
        return bad(r, "a piece of the state is too short", err);
    }
    *last = b.raw != LOG_PIECE;
    r->state_size += b.raw;
    pass(r, &b);
    return 1;
}

static void count(struct log_reader *r, const struct log_record *rec)
{
    r->last_tick = rec->tick;
    if (rec->kind == LOG_START) {
        r->start = rec->start;
        r->first_tick = rec->tick;
    } else if (rec->kind == LOG_HASH) {
        r->hashes++;
    } else if (rec->kind == LOG_END) {
        r->ended = true;
        r->status = rec->status;
    } else if (rec->kind < LOG_START) {
        r->inputs[rec->in.kind]++;
    }
}

static int open_records(struct log_reader *r, struct error *err)
{
    struct log_record rec;
    struct block b;
    enum found f;
    while ((f = block(r, &b, err)) == BLOCK) {
        if (b.kind != LOG_BLOCK_RECORDS) {
            return bad(r, "should be of records", err);
        }
        if (begin(r, &b, err) < 0) {
            return -1;
        }
        while (r->pos < r->raw_len) {
            if (record(r, &rec, err) < 0) {
                return -1;
            }
            count(r, &rec);
        }
        pass(r, &b);
    }
    r->good = r->at;
    if (f == BAD) {
        return -1;
    }
    return r->past_start ? 0 : too_short(err);
}

int log_open(struct log_reader *r, const struct state_source *source, struct error *err)
{
    bool last = false;
    int rc;
    memset(r, 0, sizeof *r);
    r->source = source;
    r->raw = malloc(LOG_RECORDS);
    r->stored = malloc(compressBound(LOG_RECORDS));
    if (!r->raw || !r->stored) {
        return error_set(err, "out of memory");
    }
    if (open_header(r, err) < 0 || open_about(r, err) < 0) {
        return -1;
    }
    while ((rc = open_piece(r, &last, err)) > 0) {
    }
    r->records_at = r->at;
    if (rc < 0 || open_records(r, err) < 0) {
        return -1;
    }
    log_rewind(r);
    return 0;
}

static int get_state(void *ctx, uint64_t at, void *out, size_t n)
{
    const struct log_reader *r = ctx;
    uint8_t *to = out;
    while (n > 0) {
        uint64_t piece = at / LOG_PIECE, in = at % LOG_PIECE;
        size_t now = n < LOG_PIECE - in ? n : (size_t)(LOG_PIECE - in);
        uint64_t from = r->state_at + piece * (LOG_HEAD + LOG_PIECE) + LOG_HEAD + in;
        if (r->source->get(r->source->ctx, from, to, now) != 0) {
            return -1;
        }
        at += now;
        to += now;
        n -= now;
    }
    return 0;
}

struct state_source log_state(struct log_reader *r)
{
    return (struct state_source){.ctx = r, .size = r->state_size, .get = get_state};
}

void log_close(struct log_reader *r)
{
    free(r->raw);
    free(r->stored);
    r->raw = r->stored = NULL;
}
