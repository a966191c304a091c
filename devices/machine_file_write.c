/* machine_file_write.c -- the container of save states, written; see the header. */
#include "devices/machine_file_priv.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int state_fail(struct state_writer *w)
{
    w->failed = true;
    return -1;
}

static uint32_t crc_add(uint32_t crc, const void *bytes, size_t n)
{
    return n ? (uint32_t)crc32(crc, bytes, (uInt)n) : crc; /* zlib takes NULL for a reset */
}

static int put(struct state_writer *w, const void *bytes, size_t n)
{
    if (w->failed || (n && w->sink->put(w->sink->ctx, bytes, n) != 0)) {
        return state_fail(w);
    }
    w->at += n;
    return 0;
}

/* What counts for the whole file. */
static void count(struct state_writer *w, const void *bytes, size_t n)
{
    w->whole = crc_add(w->whole, bytes, n);
    w->id = state_digest(w->id, bytes, n);
}

void state_header(uint8_t header[STATE_HEADER])
{
    static const uint8_t magic[16] = "TERRAPIN STATE\n"; /* and a NUL */
    memcpy(header, magic, sizeof magic);
    store_le32(header + sizeof magic, STATE_VERSION);
}

int state_begin(struct state_writer *w, const struct state_sink *sink)
{
    uint8_t header[STATE_HEADER];
    *w = (struct state_writer){
        .sink = sink, .packs = packs_new(sink->crew), .known = known_new()};
    w->failed = !w->packs || !w->known;
    state_header(header);
    count(w, header, sizeof header);
    return put(w, header, sizeof header);
}

/* ---- sections ------------------------------------------------------------------------------
 */

static int put_head(struct state_writer *w, const char *kind, const char *name, uint32_t length)
{
    uint8_t head[1 + STATE_NAME + 4];
    size_t nk = strlen(kind), nn = strlen(name), n = nk + nn + (nn != 0);
    if (w->failed || n > STATE_NAME) {
        return state_fail(w);
    }
    head[0] = (uint8_t)n;
    memcpy(head + 1, kind, nk);
    if (nn) {
        head[1 + nk] = ' ';
        memcpy(head + 2 + nk, name, nn);
    }
    store_le32(head + 1 + n, length);
    count(w, head, 1 + n + 4);
    w->crc = crc_add(0, head, 1 + n + 4);
    w->sections++;
    return put(w, head, 1 + n + 4);
}

static int put_crc(struct state_writer *w)
{
    uint8_t crc[4];
    store_le32(crc, w->crc);
    count(w, crc, sizeof crc);
    return put(w, crc, sizeof crc);
}

int state_put(struct state_writer *w, const char *kind, const char *name, const void *a,
              size_t na, const void *b, size_t nb)
{
    if (na + nb > STATE_SECTION || put_head(w, kind, name, (uint32_t)(na + nb)) < 0) {
        return state_fail(w);
    }
    w->crc = crc_add(crc_add(w->crc, a, na), b, nb);
    put(w, a, na);
    put(w, b, nb);
    return put_crc(w);
}

int state_section(struct state_writer *w, const char *name, const void *payload, size_t n)
{
    return w->failed || packs_flush(w) < 0 ? -1 : state_put(w, name, "", payload, n, NULL, 0);
}

int state_packed(struct state_writer *w, const char *name, const void *payload, size_t n)
{
    uint8_t size[4];
    uLongf packed = compressBound((uLong)n);
    uint8_t *bytes = malloc((size_t)packed);
    int rc = -1;
    if (bytes && n <= STATE_PACKED && !w->failed && packs_flush(w) == 0 &&
        compress2(bytes, &packed, payload, (uLong)n, Z_BEST_SPEED) == Z_OK) {
        store_le32(size, (uint32_t)n);
        rc = state_put(w, name, "", size, sizeof size, bytes, (size_t)packed);
    }
    free(bytes);
    return rc < 0 ? state_fail(w) : 0;
}

int state_over(struct state_writer *w, uint64_t id, uint64_t size, const char *path)
{
    uint8_t head[16];
    size_t n = strlen(path);
    store_le64(head, id);
    store_le64(head + 8, size);
    return w->failed || w->sections || n == 0 || n > STATE_PATH
               ? state_fail(w)
               : state_put(w, "base", "", head, sizeof head, path, n);
}

/* ---- pages ---------------------------------------------------------------------------------
 */

int state_image(struct state_writer *w, const char *drive, const struct state_image *im)
{
    uint8_t b[16];
    if (w->failed || packs_flush(w) < 0 || !known_image(w->known, w->blobs, im)) {
        return state_fail(w);
    }
    store_le64(b, im->size);
    store_le64(b + 8, im->digest);
    w->blobs++;
    return state_put(w, "image", drive, b, sizeof b, NULL, 0);
}

int state_blob(struct state_writer *w, const char *name, uint64_t size)
{
    uint8_t b[8];
    if (w->failed || packs_flush(w) < 0 || strlen(name) > STATE_NAME) {
        return state_fail(w);
    }
    store_le64(b, size);
    const uint8_t *under = w->under ? w->under->bytes(w->under->ctx, name, size) : NULL;
    packs_start(w->packs, name, size, under);
    w->blobs++;
    return state_put(w, "blob", name, b, sizeof b, NULL, 0);
}

int state_page(struct state_writer *w, uint64_t page, const void *bytes, size_t n)
{
    const struct pack_page add = {page, STATE_DATA, 0, bytes, n, false};
    return w->failed || n == 0 || n > STATE_PAGE ? state_fail(w) : packs_add(w, &add);
}

/* A page that the base may have. 1: it does, or both are zeros; 0: it has to be written. */
static int left_out(struct state_writer *w, uint64_t page, const uint8_t *bytes, size_t n)
{
    const uint8_t *under = packs_under(w->packs, page);
    if (under && memcmp(under, bytes, n) == 0) {
        return 1;
    }
    if (!state_all_zero(bytes, n)) {
        return 0;
    }
    const struct pack_page zeros = {page, STATE_ZEROS, 0, NULL, 0, true};
    return under && packs_add(w, &zeros) < 0 ? -1 : 1;
}

int state_memory_page(struct state_writer *w, uint64_t page, const uint8_t *bytes)
{
    struct known_place place;
    int out = w->failed ? -1 : left_out(w, page, bytes, STATE_PAGE);
    if (out != 0) {
        return out < 0 ? state_fail(w) : 0;
    }
    struct pack_page add = {page, STATE_DATA, 0, bytes, STATE_PAGE, true};
    known_memory(w->known, w->blobs - 1, bytes - page * STATE_PAGE);
    if (known_find(w->known, page, state_is_noise(bytes), &place)) {
        add.what = STATE_SAME + place.blob;
        add.from = place.at;
    }
    return packs_add(w, &add);
}

int state_bytes(struct state_writer *w, const char *name, const uint8_t *bytes, uint64_t size)
{
    int rc = state_blob(w, name, size);
    for (uint64_t at = 0; at < size && rc == 0; at += STATE_PAGE) {
        size_t n = size - at < STATE_PAGE ? (size_t)(size - at) : STATE_PAGE;
        int out = left_out(w, at / STATE_PAGE, bytes + at, n);
        rc = out ? (out < 0 ? -1 : 0) : state_page(w, at / STATE_PAGE, bytes + at, n);
    }
    return rc;
}

int state_known(struct state_writer *w, const uint8_t *bytes, uint64_t size)
{
    return w->failed || !known_bytes(w->known, w->blobs - 1, bytes, size) ? state_fail(w) : 0;
}

/* ---- memory as it is -----------------------------------------------------------------------
 */

static int skip(struct state_writer *w, uint64_t n)
{
    static const uint8_t zeros[STATE_PAGE];
    if (w->sink->skip && !w->failed) {
        w->at += n;
        return w->sink->skip(w->sink->ctx, n) == 0 ? 0 : state_fail(w);
    }
    for (; n > 0 && !w->failed; n -= n < STATE_PAGE ? n : STATE_PAGE) {
        put(w, zeros, n < STATE_PAGE ? (size_t)n : STATE_PAGE);
    }
    return w->failed ? -1 : 0;
}

/* Pages that are zeros are skipped, stretches of others put at once. */
static bool is_hole(const uint8_t *bytes, uint64_t at, const uint64_t *used)
{
    return used ? used[at / STATE_PAGE] == 0 : state_all_zero(bytes + at, STATE_PAGE);
}

static int put_sparse(struct state_writer *w, const uint8_t *bytes, uint64_t size,
                      const uint64_t *used)
{
    for (uint64_t at = 0, end; at < size && !w->failed; at = end) {
        uint64_t whole = size & ~(uint64_t)(STATE_PAGE - 1); /* a short last page is no hole */
        bool zero = at < whole && is_hole(bytes, at, used);
        for (end = at < whole ? at + STATE_PAGE : size;
             end < whole && is_hole(bytes, end, used) == zero; end += STATE_PAGE) {
        }
        (void)(zero ? skip(w, end - at) : put(w, bytes + at, (size_t)(end - at)));
    }
    return w->failed ? -1 : 0;
}

int state_raw(struct state_writer *w, const char *name, const uint8_t *bytes, uint64_t size,
              uint64_t sum, const uint64_t *used)
{
    uint8_t head[STATE_RAW_HEAD];
    if (w->failed || packs_flush(w) < 0 || size > UINT32_MAX - STATE_RAW_AT - STATE_RAW_HEAD) {
        return state_fail(w);
    }
    uint64_t start = w->at + 1 + strlen("raw ") + strlen(name) + 4 + STATE_RAW_HEAD;
    uint32_t padding = (uint32_t)(STATE_RAW_AT - start % STATE_RAW_AT) % STATE_RAW_AT;
    store_le64(head, size);
    store_le64(head + 8, sum);
    store_le32(head + 16, padding);
    put_head(w, "raw", name, (uint32_t)(STATE_RAW_HEAD + padding + size));
    w->crc = crc_add(w->crc, head, sizeof head);
    put(w, head, sizeof head);
    skip(w, padding);
    put_sparse(w, bytes, size, used);
    return put_crc(w);
}

/* ---- the interface's rest ------------------------------------------------------------------
 */

int state_end(struct state_writer *w)
{
    uint8_t end[16];
    if (!w->failed && packs_flush(w) == 0) {
        store_le32(end, w->sections);
        store_le32(end + 4, w->whole);
        store_le64(end + 8, w->id);
        state_put(w, "end", "", end, sizeof end, NULL, 0);
    }
    packs_free(w->packs);
    known_free(w->known);
    w->packs = NULL;
    w->known = NULL;
    return w->failed ? -1 : 0;
}
