/* machine_file.c -- the container of save states; see the header. */
#include "devices/machine_file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "mem/state.h"

enum { MAGIC = 16, HEADER = MAGIC + 4, CRC = 4, CHUNK_HEAD = 8 };

static const uint8_t magic[MAGIC] = "TERRAPIN STATE\n"; /* and a NUL */

_Static_assert(STATE_SECTION >= STATE_CHUNK + STATE_CHUNK / 256 + 64 + CHUNK_HEAD,
               "a chunk that does not deflate grows a little");

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

/* ---- writing ------------------------------------------------------------------------------
 */

static int put(struct state_writer *w, const void *bytes, size_t n)
{
    if (w->failed || (n && w->sink->put(w->sink->ctx, bytes, n) != 0)) {
        w->failed = true;
        return -1;
    }
    w->crc = crc_add(w->crc, bytes, n);
    return 0;
}

static int put_le32(struct state_writer *w, uint32_t value)
{
    uint8_t b[4];
    store_le32(b, value);
    return put(w, b, sizeof b);
}

int state_begin(struct state_writer *w, const struct state_sink *sink)
{
    *w = (struct state_writer){.sink = sink, .packed = malloc(STATE_SECTION)};
    w->failed = !w->packed;
    put(w, magic, sizeof magic);
    return put_le32(w, STATE_VERSION);
}

/* "KIND NAME" with its payload in two pieces. */
static int section(struct state_writer *w, const char *kind, const char *name, const void *a,
                   size_t na, const void *b, size_t nb)
{
    char full[STATE_NAME + 1];
    size_t nk = strlen(kind), nn = strlen(name), n = nk + nn + (nn != 0);
    if (n > STATE_NAME || na + nb > STATE_SECTION) {
        w->failed = true;
        return -1;
    }
    memcpy(full, kind, nk);
    if (nn) {
        full[nk] = ' ';
        memcpy(full + nk + 1, name, nn);
    }
    uint8_t length = (uint8_t)n;
    put(w, &length, 1);
    put(w, full, n);
    put_le32(w, (uint32_t)(na + nb));
    put(w, a, na);
    put(w, b, nb);
    uint32_t crc = w->crc; /* not part of itself: it would make all sums the same */
    put_le32(w, crc);
    w->crc = crc;
    return w->failed ? -1 : 0;
}

int state_section(struct state_writer *w, const char *name, const void *payload, size_t n)
{
    return section(w, name, "", payload, n, NULL, 0);
}

int state_blob(struct state_writer *w, const char *name, uint64_t size)
{
    uint8_t b[8];
    store_le64(b, size);
    return section(w, "blob", name, b, sizeof b, NULL, 0);
}

int state_chunk(struct state_writer *w, const char *name, uint64_t number, const void *bytes,
                size_t n)
{
    uint8_t head[CHUNK_HEAD];
    uLongf packed = STATE_SECTION - CHUNK_HEAD;
    if (w->failed || n > STATE_CHUNK ||
        compress2(w->packed, &packed, bytes, (uLong)n, Z_BEST_SPEED) != Z_OK) {
        w->failed = true;
        return -1;
    }
    store_le64(head, number);
    return section(w, "chunk", name, head, sizeof head, w->packed, (size_t)packed);
}

int state_bytes(struct state_writer *w, const char *name, const uint8_t *bytes, uint64_t size)
{
    int rc = state_blob(w, name, size);
    for (uint64_t at = 0; at < size && rc == 0; at += STATE_CHUNK) {
        size_t n = size - at < STATE_CHUNK ? (size_t)(size - at) : STATE_CHUNK;
        if (!state_all_zero(bytes + at, n)) {
            rc = state_chunk(w, name, at / STATE_CHUNK, bytes + at, n);
        }
    }
    return rc;
}

int state_end(struct state_writer *w)
{
    state_section(w, "end", NULL, 0);
    free(w->packed);
    w->packed = NULL;
    return w->failed ? -1 : 0;
}

/* ---- reading ------------------------------------------------------------------------------
 */

static int get(struct state_reader *r, void *out, size_t n, struct error *err)
{
    if (n > r->source->size - r->at) {
        return error_set(err, "the file is cut short");
    }
    if (n && r->source->get(r->source->ctx, r->at, out, n) != 0) {
        return error_set(err, "cannot be read");
    }
    r->at += n;
    return 0;
}

static int get_crc(struct state_reader *r, void *out, size_t n, struct error *err)
{
    if (get(r, out, n, err) < 0) {
        return -1;
    }
    r->crc = crc_add(r->crc, out, n);
    return 0;
}

static uint32_t header_crc(void)
{
    uint8_t header[HEADER];
    memcpy(header, magic, MAGIC);
    store_le32(header + MAGIC, STATE_VERSION);
    return crc_add(0, header, sizeof header);
}

void state_rewind(struct state_reader *r)
{
    r->at = HEADER;
    r->crc = header_crc();
}

static int check_header(struct state_reader *r, struct error *err)
{
    uint8_t header[HEADER];
    r->at = 0;
    if (r->source->size < HEADER) {
        return error_set(err, "is not a save state of this program");
    }
    if (get(r, header, sizeof header, err) < 0) {
        return -1;
    }
    if (memcmp(header, magic, MAGIC) != 0) {
        return error_set(err, "is not a save state of this program");
    }
    if (load_le32(header + MAGIC) != STATE_VERSION) {
        return error_set(err, "has version %u of the format; this program reads version %d",
                         (unsigned)load_le32(header + MAGIC), STATE_VERSION);
    }
    return 0;
}

static int read_section(struct state_reader *r, struct error *err)
{
    uint8_t n, number[4];
    if (get_crc(r, &n, 1, err) < 0) {
        return -1;
    }
    if (n == 0 || n > STATE_NAME) {
        return error_set(err, "is damaged: a section has no proper name");
    }
    if (get_crc(r, r->name, n, err) < 0 || get_crc(r, number, sizeof number, err) < 0) {
        return -1;
    }
    r->name[n] = '\0';
    r->length = load_le32(number);
    for (unsigned i = 0; i < n; i++) {
        if (r->name[i] < ' ' || r->name[i] > '~') {
            return error_set(err, "is damaged: a section has no proper name");
        }
    }
    if (r->length > STATE_SECTION) {
        return error_set(err, "is damaged: section %s is too long", r->name);
    }
    if (get_crc(r, r->payload, r->length, err) < 0) {
        return -1;
    }
    if (get(r, number, sizeof number, err) < 0) {
        return -1;
    }
    if (load_le32(number) != r->crc) {
        return error_set(err, "is damaged: section %s has a wrong checksum", r->name);
    }
    return 0;
}

int state_next(struct state_reader *r, struct error *err)
{
    if (read_section(r, err) < 0) {
        return -1;
    }
    return strcmp(r->name, "end") != 0;
}

int state_open(struct state_reader *r, const struct state_source *source, struct error *err)
{
    *r = (struct state_reader){.source = source};
    r->payload = malloc(STATE_SECTION);
    r->chunk = malloc(STATE_CHUNK);
    if (!r->payload || !r->chunk) {
        return error_set(err, "out of memory");
    }
    if (check_header(r, err) < 0) {
        return -1;
    }
    state_rewind(r);
    int rc;
    while ((rc = state_next(r, err)) > 0) {
    }
    if (rc == 0 && r->at != source->size) {
        return error_set(err, "is damaged: something follows its end");
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

const char *state_named(const struct state_reader *r, const char *kind)
{
    size_t n = strlen(kind);
    return strncmp(r->name, kind, n) == 0 && r->name[n] == ' ' ? r->name + n + 1 : NULL;
}

int state_blob_size(const struct state_reader *r, uint64_t most, uint64_t *size,
                    struct error *err)
{
    if (r->length != 8 || load_le64(r->payload) > most) {
        return error_set(err, "%s: impossible size", r->name);
    }
    *size = load_le64(r->payload);
    return 0;
}

int state_chunk_bytes(struct state_reader *r, uint64_t size, uint64_t *at, size_t *n,
                      struct error *err)
{
    uint64_t number = r->length >= CHUNK_HEAD ? load_le64(r->payload) : UINT64_MAX;
    if (number > UINT64_MAX / STATE_CHUNK - 1 || number * STATE_CHUNK >= size) {
        return error_set(err, "%s: a piece lies outside", r->name);
    }
    *at = number * STATE_CHUNK;
    *n = size - *at < STATE_CHUNK ? (size_t)(size - *at) : STATE_CHUNK;
    uLongf got = (uLongf)*n;
    if (uncompress(r->chunk, &got, r->payload + CHUNK_HEAD, r->length - CHUNK_HEAD) != Z_OK ||
        got != *n) {
        return error_set(err, "%s: a piece has the wrong length", r->name);
    }
    return 0;
}
