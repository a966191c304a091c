/* machine_file.c -- the container of save states, read; see the header. */
#include "devices/machine_file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "mem/state.h"

enum { MAGIC = 16, CRC = 4, END = 16, RUN = 16, RUNS_HEAD = 4, BASE = 16, IMAGE = 16 };

uint64_t state_digest(uint64_t digest, const void *bytes, size_t n)
{
    return hash_bytes(digest, bytes, n);
}

bool state_all_zero(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static uint32_t crc_add(uint32_t crc, const void *bytes, size_t n)
{
    return n ? (uint32_t)crc32(crc, bytes, (uInt)n) : crc; /* zlib takes NULL for a reset */
}

static int get(struct state_reader *r, uint64_t at, void *out, size_t n, struct error *err)
{
    if (at > r->source->size || n > r->source->size - at) {
        return error_set(err, "the file is cut short");
    }
    if (n && r->source->get(r->source->ctx, at, out, n) != 0) {
        return error_set(err, "cannot be read");
    }
    return 0;
}

/* ---- sections ------------------------------------------------------------------------------
 */

void state_rewind(struct state_reader *r)
{
    r->at = STATE_HEADER;
    r->blob[0] = '\0';
    r->blobs = 0;
}

static bool is_raw(const struct state_reader *r)
{
    return strncmp(r->name, "raw ", 4) == 0;
}

/* Name and length; at: of the head. Heads are short, and longer reads cost nothing. */
static int read_head(struct state_reader *r, uint64_t at, struct error *err)
{
    uint8_t head[1 + STATE_NAME + 4];
    uint64_t left = at < r->source->size ? r->source->size - at : 0;
    size_t n = left < sizeof head ? (size_t)left : sizeof head;
    if (get(r, at, head, n ? n : 1, err) < 0) {
        return -1;
    }
    size_t length = head[0];
    if (length == 0 || length > STATE_NAME) {
        return error_set(err, "is damaged: a section has no proper name");
    }
    if (1 + length + 4 > n) {
        return error_set(err, "the file is cut short");
    }
    memcpy(r->name, head + 1, length);
    r->name[length] = '\0';
    for (size_t i = 0; i < length; i++) {
        if (r->name[i] < ' ' || r->name[i] > '~') {
            return error_set(err, "is damaged: a section has no proper name");
        }
    }
    r->length = load_le32(head + 1 + length);
    r->payload_at = at + 1 + length + 4;
    r->head_crc = crc_add(0, head, 1 + length + 4);
    if (r->length > STATE_SECTION && !is_raw(r)) {
        return error_set(err, "is damaged: section %s is too long", r->name);
    }
    if (r->source->size - r->payload_at < (uint64_t)r->length + CRC) {
        return error_set(err, "the file is cut short");
    }
    r->at = r->payload_at + r->length + CRC;
    return 0;
}

int state_payload(struct state_reader *r, struct error *err)
{
    uint8_t crc[CRC];
    if (is_raw(r)) {
        return error_set(err, "section %s is not for reading", r->name);
    }
    if (get(r, r->payload_at, r->payload, r->length, err) < 0 ||
        get(r, r->payload_at + r->length, crc, CRC, err) < 0) {
        return -1;
    }
    if (load_le32(crc) != crc_add(r->head_crc, r->payload, r->length)) {
        return error_set(err, "is damaged: section %s has a wrong checksum", r->name);
    }
    return 0;
}

/* What begins at `at` of the payload: exactly one stream of n bytes, into the chunk. */
static bool inflate_rest(struct state_reader *r, size_t at, size_t n)
{
    uLong packed = (uLong)(r->length - at), taken = packed;
    uLongf got = (uLongf)n;
    return uncompress2(r->chunk, &got, r->payload + at, &taken) == Z_OK && got == n &&
           taken == packed;
}

int state_unpack(struct state_reader *r, size_t *n, struct error *err)
{
    if (state_payload(r, err) < 0) {
        return -1;
    }
    *n = r->length >= 4 ? load_le32(r->payload) : 0;
    return *n > 0 && *n <= STATE_PACKED && inflate_rest(r, 4, *n)
               ? 0
               : error_set(err, "%s: has the wrong length", r->name);
}

int state_raw_head(struct state_reader *r, struct state_raw *raw, struct error *err)
{
    uint8_t head[STATE_RAW_HEAD], crc[CRC];
    if (r->length < STATE_RAW_HEAD) {
        return error_set(err, "is damaged: section %s is too short", r->name);
    }
    if (get(r, r->payload_at, head, sizeof head, err) < 0 ||
        get(r, r->payload_at + r->length, crc, CRC, err) < 0) {
        return -1;
    }
    if (load_le32(crc) != crc_add(r->head_crc, head, sizeof head)) {
        return error_set(err, "is damaged: section %s has a wrong checksum", r->name);
    }
    uint64_t padding = load_le32(head + 16);
    *raw = (struct state_raw){load_le64(head), load_le64(head + 8),
                              r->payload_at + STATE_RAW_HEAD + padding};
    if (padding >= STATE_RAW_AT || raw->at % STATE_RAW_AT || raw->size > UINT32_MAX ||
        STATE_RAW_HEAD + padding + raw->size != r->length) {
        return error_set(err, "%s: impossible size or place", r->name);
    }
    return 0;
}

int state_raw_read(struct state_reader *r, const struct state_raw *raw, uint8_t *bytes,
                   struct error *err)
{
    enum { STEP = 1 << 20 };
    for (uint64_t at = 0; at < raw->size; at += STEP) {
        size_t n = raw->size - at < STEP ? (size_t)(raw->size - at) : STEP;
        if (get(r, raw->at + at, bytes + at, n, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* A blob is announced once, and its pages follow at once. */
static int follow_blob(struct state_reader *r, struct error *err)
{
    const char *blob = state_named(r, "blob"), *pages = state_named(r, "pages");
    if (pages && strcmp(pages, r->blob) != 0) {
        return error_set(err, "%s: belongs to nothing", r->name);
    }
    r->is_blob = false;
    if (pages) {
        return 0;
    }
    r->blob[0] = '\0';
    r->is_blob = blob || state_named(r, "image");
    r->blobs += r->is_blob;
    if (blob && *blob) {
        if (r->length != 8 || state_payload(r, err) < 0) {
            return r->length != 8 ? error_set(err, "%s: makes no sense", r->name) : -1;
        }
        strcpy(r->blob, blob);
        r->blob_size = load_le64(r->payload);
        r->next_page = 0;
    }
    return 0;
}

int state_next(struct state_reader *r, struct error *err)
{
    bool first = r->at == STATE_HEADER;
    if (read_head(r, r->at, err) < 0 || follow_blob(r, err) < 0) {
        return -1;
    }
    if (!first && strcmp(r->name, "base") == 0) {
        return error_set(err, "base: does not come first");
    }
    return strcmp(r->name, "end") != 0;
}

const char *state_named(const struct state_reader *r, const char *kind)
{
    size_t n = strlen(kind);
    return strncmp(r->name, kind, n) == 0 && r->name[n] == ' ' ? r->name + n + 1 : NULL;
}

int state_blob_size(struct state_reader *r, uint64_t most, uint64_t *size, struct error *err)
{
    if (r->blob_size > most) {
        return error_set(err, "%s: impossible size", r->name);
    }
    *size = r->blob_size;
    return 0;
}

int state_image_head(struct state_reader *r, uint64_t *size, uint64_t *digest,
                     struct error *err)
{
    if (r->length != IMAGE || state_payload(r, err) < 0) {
        return r->length != IMAGE ? error_set(err, "%s: makes no sense", r->name) : -1;
    }
    *size = load_le64(r->payload);
    *digest = load_le64(r->payload + 8);
    return 0;
}

int state_base_of(struct state_reader *r, struct state_base *base, struct error *err)
{
    state_rewind(r);
    int rc = state_next(r, err);
    if (rc <= 0 || strcmp(r->name, "base") != 0) {
        return rc < 0 ? -1 : 0;
    }
    if (state_payload(r, err) < 0) {
        return -1;
    }
    uint32_t n = r->length - BASE;
    if (r->length <= BASE || n > STATE_PATH || memchr(r->payload + BASE, 0, n)) {
        return error_set(err, "base: makes no sense");
    }
    base->id = load_le64(r->payload);
    base->size = load_le64(r->payload + 8);
    memcpy(base->path, r->payload + BASE, n);
    base->path[n] = '\0';
    return 1;
}

/* ---- opening -------------------------------------------------------------------------------
 */

static int check_header(struct state_reader *r, struct error *err)
{
    uint8_t header[STATE_HEADER], want[STATE_HEADER];
    state_header(want);
    if (r->source->size < STATE_HEADER) {
        return error_set(err, "is not a save state of this program");
    }
    if (r->source->size > STATE_MOST) {
        return error_set(err, "is larger than any save state");
    }
    if (get(r, 0, header, sizeof header, err) < 0) {
        return -1;
    }
    if (memcmp(header, want, MAGIC) != 0) {
        return error_set(err, "is not a save state of this program");
    }
    if (load_le32(header + MAGIC) != STATE_VERSION) {
        return error_set(err, "has version %u of the format; this program reads version %d",
                         (unsigned)load_le32(header + MAGIC), STATE_VERSION);
    }
    r->whole = crc_add(0, header, sizeof header);
    r->id = state_digest(0, header, sizeof header);
    return 0;
}

static void count(struct state_reader *r, const void *bytes, size_t n)
{
    r->whole = crc_add(r->whole, bytes, n);
    r->id = state_digest(r->id, bytes, n);
}

/* Of the section that was read: its head and its checksum are part of the file's. */
static int count_section(struct state_reader *r, struct error *err)
{
    uint8_t head[1 + STATE_NAME + 4], crc[CRC];
    size_t n = strlen(r->name);
    head[0] = (uint8_t)n;
    memcpy(head + 1, r->name, n);
    store_le32(head + 1 + n, r->length);
    if (get(r, r->payload_at + r->length, crc, CRC, err) < 0) {
        return -1;
    }
    count(r, head, 1 + n + 4);
    count(r, crc, CRC);
    r->sections++;
    return 0;
}

static int check_section(struct state_reader *r, struct error *err)
{
    struct state_raw raw;
    return (is_raw(r) ? state_raw_head(r, &raw, err) : state_payload(r, err)) < 0
               ? -1
               : count_section(r, err);
}

static int check_end(struct state_reader *r, struct error *err)
{
    if (state_payload(r, err) < 0) {
        return -1;
    }
    if (r->length != END || load_le32(r->payload) != r->sections ||
        load_le32(r->payload + 4) != r->whole || load_le64(r->payload + 8) != r->id) {
        return error_set(err, "is damaged: it is not put together as it was saved");
    }
    if (r->at != r->source->size) {
        return error_set(err, "is damaged: something follows its end");
    }
    return 0;
}

int state_open(struct state_reader *r, const struct state_source *source, struct error *err)
{
    int rc;
    *r = (struct state_reader){.source = source};
    r->payload = malloc(STATE_SECTION);
    r->chunk = malloc(STATE_PACKED);
    if (!r->payload || !r->chunk) {
        return error_set(err, "out of memory");
    }
    if (check_header(r, err) < 0) {
        return -1;
    }
    state_rewind(r);
    while ((rc = state_next(r, err)) > 0) {
        if (check_section(r, err) < 0) {
            return -1;
        }
    }
    if (rc == 0) {
        rc = check_end(r, err);
    }
    state_rewind(r);
    return rc;
}

void state_close(struct state_reader *r)
{
    free(r->payload);
    free(r->chunk);
    r->payload = r->chunk = NULL;
}

/* ---- pages ---------------------------------------------------------------------------------
 */

struct numbers {
    uint64_t page, count;
    uint32_t what, from;
};

static struct numbers run_numbers(const struct state_reader *r, uint32_t i)
{
    const uint8_t *p = r->payload + RUNS_HEAD + (size_t)i * RUN;
    return (struct numbers){load_le32(p), load_le32(p + 4), load_le32(p + 8),
                            load_le32(p + 12)};
}

/* Bytes that pages [page, page + count) of the blob have: the last page may be short. */
static uint64_t run_bytes(const struct state_reader *r, const struct numbers *n)
{
    uint64_t at = n->page * STATE_PAGE, left = r->blob_size - at;
    return n->count * STATE_PAGE < left ? n->count * STATE_PAGE : left;
}

/* All runs: in ascending order, inside of the blob, with data for a section at most. */
static int check_runs(struct state_reader *r, size_t *data, struct error *err)
{
    uint64_t next = r->next_page, pages = (r->blob_size + STATE_PAGE - 1) / STATE_PAGE;
    *data = 0;
    for (uint32_t i = 0; i < r->runs; i++) {
        struct numbers n = run_numbers(r, i);
        if (n.count == 0 || n.page < next || n.page + n.count > pages) {
            return error_set(err, "%s: pages out of order, or outside", r->name);
        }
        if (n.what < STATE_SAME && n.from) {
            return error_set(err, "%s: makes no sense", r->name);
        }
        if (n.what == STATE_DATA) {
            if (n.count > STATE_PAGES - (*data + STATE_PAGE - 1) / STATE_PAGE) {
                return error_set(err, "%s: has too many pages", r->name);
            }
            *data += (size_t)run_bytes(r, &n);
        }
        next = n.page + n.count;
    }
    r->next_page = next;
    return 0;
}

int state_pages(struct state_reader *r, struct error *err)
{
    size_t data;
    if (state_payload(r, err) < 0) {
        return -1;
    }
    state_run_again(r);
    r->runs = r->length >= RUNS_HEAD ? load_le32(r->payload) : UINT32_MAX;
    if (r->length < RUNS_HEAD || r->runs > (r->length - RUNS_HEAD) / RUN || r->runs == 0) {
        r->runs = 0;
        return error_set(err, "%s: makes no sense", r->name);
    }
    if (check_runs(r, &data, err) < 0) {
        r->runs = 0;
        return -1;
    }
    uint32_t head = RUNS_HEAD + r->runs * RUN;
    if (data == 0 ? r->length != head : !inflate_rest(r, head, data)) {
        r->runs = 0;
        return error_set(err, "%s: its pages have the wrong length", r->name);
    }
    return 0;
}

void state_run_again(struct state_reader *r)
{
    r->run = 0;
    r->used = 0;
}

bool state_run(struct state_reader *r, struct state_run *run)
{
    if (r->run == r->runs) {
        return false;
    }
    struct numbers n = run_numbers(r, r->run++);
    *run = (struct state_run){n.page * STATE_PAGE, run_bytes(r, &n), n.what, n.from, NULL};
    if (n.what == STATE_DATA) {
        run->bytes = r->chunk + r->used;
        r->used += (size_t)run->n;
    }
    return true;
}

/* Bytes of an image; where it is missing, and may be, zeros. */
static int image_into(const struct state_image *im, const struct state_run *run, uint8_t *to,
                      uint64_t *missed)
{
    if (im->get && run->from <= im->size && run->n <= im->size - run->from) {
        return im->get(im->ctx, run->from, to, (size_t)run->n);
    }
    if (!im->get && missed) {
        memset(to, 0, (size_t)run->n);
        *missed += run->n / STATE_PAGE;
        return 0;
    }
    return -1;
}

/* Bytes that are there already; of the blob itself, those before the run. */
static int same_into(const struct state_run *run, uint8_t *bytes, const struct state_known *k,
                     uint64_t *missed)
{
    uint64_t end = k->bytes == bytes && run->at < k->size ? run->at : k->size;
    if (k->is_image) {
        return image_into(&k->image, run, bytes + run->at, missed);
    }
    if (!k->bytes || run->from > end || run->n > end - run->from || run->n % STATE_PAGE) {
        return -1;
    }
    memcpy(bytes + run->at, k->bytes + run->from, (size_t)run->n);
    return 0;
}

int state_pages_into(struct state_reader *r, uint8_t *bytes, const struct state_known *known,
                     unsigned knowns, uint64_t *missed, struct error *err)
{
    struct state_run run;
    if (state_pages(r, err) < 0) {
        return -1;
    }
    while (state_run(r, &run)) {
        uint32_t k = run.what - STATE_SAME;
        if (run.what == STATE_ZEROS) {
            memset(bytes + run.at, 0, (size_t)run.n);
        } else if (run.what == STATE_DATA) {
            memcpy(bytes + run.at, run.bytes, (size_t)run.n);
        } else if (k < knowns && k < r->blobs && known[k].is_image && !known[k].image.get &&
                   !missed) {
            return error_set(err, "%s: pages of a disk image that is missing or has changed",
                             r->name);
        } else if (k >= knowns || k >= r->blobs ||
                   same_into(&run, bytes, &known[k], missed) < 0) {
            return error_set(err, "%s: pages like others that are not there", r->name);
        }
    }
    return 0;
}
