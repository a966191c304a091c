/* machine_file_write.c -- the container of save states, written; see the header.
 *
 * Pages are deflated as they come, into one stream a section, so that nothing is copied. At the
 * fastest level: others take far longer for hardly anything (docs/adr/0017).
 */
#include "devices/machine_file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { RUNS = 1024, RUN = 16, RUNS_HEAD = 4 };
enum { PACKED = STATE_SECTION - RUNS_HEAD - RUNS * RUN };

/* deflateBound() of a full section: stored blocks, each of at most 64 KiB with 5 bytes before
 */
_Static_assert(PACKED >= STATE_PAGES * STATE_PAGE * 33 / 32 + 64,
               "what does not deflate grows");

/* A page that memory may refer to. */
struct known {
    uint64_t digest;
    const uint8_t *bytes; /* NULL: a free slot */
    uint32_t blob, page;
};

struct state_pack {
    char name[STATE_NAME + 1]; /* of the blob */
    uint64_t size;
    uint32_t runs, pages;             /* in this section; pages: deflated ones */
    uint32_t page, count, what, from; /* the last run, not yet among them */
    uint8_t head[RUNS_HEAD + RUNS * RUN];
    uint8_t packed[PACKED];
    z_stream z;
    bool z_ready;
    bool stored;         /* what goes into the stream now does not deflate */
    struct known *known; /* open addressing; a power of two */
    uint32_t knowns, known_room;
};

static int fail(struct state_writer *w)
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
        return fail(w);
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
    *w = (struct state_writer){.sink = sink, .pack = calloc(1, sizeof *w->pack)};
    w->failed = !w->pack;
    if (w->pack) {
        w->pack->z_ready = deflateInit(&w->pack->z, Z_BEST_SPEED) == Z_OK;
        w->failed = !w->pack->z_ready;
    }
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
        return fail(w);
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

/* "KIND NAME" with its payload in two pieces. */
static int section(struct state_writer *w, const char *kind, const char *name, const void *a,
                   size_t na, const void *b, size_t nb)
{
    if (na + nb > STATE_SECTION || put_head(w, kind, name, (uint32_t)(na + nb)) < 0) {
        return fail(w);
    }
    w->crc = crc_add(crc_add(w->crc, a, na), b, nb);
    put(w, a, na);
    put(w, b, nb);
    return put_crc(w);
}

/* ---- pages ---------------------------------------------------------------------------------
 */

static void end_run(struct state_pack *p)
{
    uint8_t *to = p->head + RUNS_HEAD + (size_t)p->runs * RUN;
    if (p->count) {
        store_le32(to, p->page);
        store_le32(to + 4, p->count);
        store_le32(to + 8, p->what);
        store_le32(to + 12, p->from);
        p->runs++;
        p->count = 0;
    }
}

/* Noise, such as what was compressed before, does not deflate again, and to try costs more time
 * than everything else. All byte values are about as frequent in it: then the sum of the
 * squares of their frequencies is near its least, for a page 65536; code and text have many
 * times that. */
static bool is_noise(const uint8_t *bytes)
{
    enum { LIMIT = 76000 }; /* random bytes: 69600, more or less 400 */
    uint16_t count[4][256] = {{0}};
    uint32_t sum = 0;
    for (size_t i = 0; i < STATE_PAGE; i += 4) {
        count[0][bytes[i]]++;
        count[1][bytes[i + 1]]++;
        count[2][bytes[i + 2]]++;
        count[3][bytes[i + 3]]++;
    }
    for (unsigned v = 0; v < 256; v++) {
        uint32_t n = (uint32_t)count[0][v] + count[1][v] + count[2][v] + count[3][v];
        sum += n * n;
    }
    return sum < LIMIT;
}

/* What comes next is to be stored, or deflated. */
static int set_stored(struct state_pack *p, bool stored)
{
    if (p->stored == stored) {
        return 0;
    }
    p->stored = stored;
    int level = stored ? Z_NO_COMPRESSION : Z_BEST_SPEED;
    return deflateParams(&p->z, level, Z_DEFAULT_STRATEGY) == Z_OK ? 0 : -1;
}

/* What has come so far of the blob becomes a section. */
static int flush_pages(struct state_writer *w)
{
    struct state_pack *p = w->pack;
    if (w->failed) {
        return -1;
    }
    end_run(p);
    if (!p->runs) {
        return 0;
    }
    size_t packed = 0;
    if (p->pages) {
        int rc = deflate(&p->z, Z_FINISH);
        packed = PACKED - p->z.avail_out;
        if (rc != Z_STREAM_END || deflateReset(&p->z) != Z_OK) {
            return fail(w);
        }
    }
    store_le32(p->head, p->runs);
    size_t head = RUNS_HEAD + (size_t)p->runs * RUN;
    p->runs = p->pages = 0;
    return section(w, "pages", p->name, p->head, head, p->packed, packed);
}

/* One more page of this kind: part of the last run, or a run of its own. */
static int add_page(struct state_writer *w, uint64_t page, uint32_t what, uint32_t from)
{
    struct state_pack *p = w->pack;
    if (w->failed || page >= UINT32_MAX || page * STATE_PAGE >= p->size) {
        return fail(w);
    }
    bool next = p->count && page == (uint64_t)p->page + p->count && what == p->what &&
                (what < STATE_SAME || from == p->from + p->count);
    if (!next) {
        end_run(p);
        if (p->runs == RUNS && flush_pages(w) < 0) {
            return -1;
        }
        p->page = (uint32_t)page;
        p->what = what;
        p->from = from;
    }
    p->count++;
    return 0;
}

int state_blob(struct state_writer *w, const char *name, uint64_t size)
{
    uint8_t b[8];
    if (w->failed || flush_pages(w) < 0 || strlen(name) > STATE_NAME) {
        return fail(w);
    }
    store_le64(b, size);
    strcpy(w->pack->name, name);
    w->pack->size = size;
    w->blobs++;
    return section(w, "blob", name, b, sizeof b, NULL, 0);
}

int state_page(struct state_writer *w, uint64_t page, const void *bytes, size_t n)
{
    struct state_pack *p = w->pack;
    if (w->failed || n == 0 || n > STATE_PAGE) {
        return fail(w);
    }
    if (p->pages == STATE_PAGES && flush_pages(w) < 0) {
        return -1;
    }
    if (add_page(w, page, STATE_DATA, 0) < 0) {
        return -1;
    }
    if (p->pages++ == 0) {
        p->z.next_out = p->packed;
        p->z.avail_out = PACKED;
    }
    if (set_stored(p, n == STATE_PAGE && is_noise(bytes)) < 0) {
        return fail(w);
    }
    union { /* zlib of old does not promise const; it does not write there */
        const void *in;
        Bytef *out;
    } cast = {.in = bytes};
    p->z.next_in = cast.out;
    p->z.avail_in = (uInt)n;
    int rc = deflate(&p->z, Z_NO_FLUSH);
    return rc == Z_OK && p->z.avail_in == 0 ? 0 : fail(w);
}

/* The slot of a known page with these bytes, or the free one where it would be. */
static struct known *find_known(const struct state_pack *p, uint64_t digest,
                                const uint8_t *bytes)
{
    uint32_t mask = p->known_room - 1, at = (uint32_t)digest & mask;
    while (p->known[at].bytes && (p->known[at].digest != digest ||
                                  memcmp(p->known[at].bytes, bytes, STATE_PAGE) != 0)) {
        at = (at + 1) & mask;
    }
    return &p->known[at];
}

/* At most half of the slots are taken. */
static bool make_room(struct state_pack *p, uint64_t pages)
{
    uint32_t room = p->known_room ? p->known_room : 1024;
    while (room < 2 * (p->knowns + pages)) {
        room *= 2;
    }
    if (room == p->known_room) {
        return true;
    }
    struct known *old = p->known;
    uint32_t former = p->known_room;
    p->known = calloc(room, sizeof *p->known);
    if (!p->known) {
        p->known = old;
        return false;
    }
    p->known_room = room;
    for (uint32_t i = 0; i < former; i++) {
        if (old[i].bytes) {
            *find_known(p, old[i].digest, old[i].bytes) = old[i];
        }
    }
    free(old);
    return true;
}

int state_memory_page(struct state_writer *w, uint64_t page, const uint8_t *bytes)
{
    struct state_pack *p = w->pack;
    if (w->failed) {
        return -1;
    }
    if (state_all_zero(bytes, STATE_PAGE)) {
        return w->incremental ? add_page(w, page, STATE_ZEROS, 0) : 0;
    }
    if (make_room(p, 1)) {
        uint64_t digest = state_digest(0, bytes, STATE_PAGE);
        struct known *k = find_known(p, digest, bytes);
        if (k->bytes) {
            return add_page(w, page, STATE_SAME + k->blob, k->page);
        }
        *k = (struct known){digest, bytes, w->blobs - 1, (uint32_t)page};
        p->knowns++;
    }
    return state_page(w, page, bytes, STATE_PAGE);
}

int state_bytes(struct state_writer *w, const char *name, const uint8_t *bytes, uint64_t size)
{
    int rc = state_blob(w, name, size);
    for (uint64_t at = 0; at < size && rc == 0; at += STATE_PAGE) {
        size_t n = size - at < STATE_PAGE ? (size_t)(size - at) : STATE_PAGE;
        if (!state_all_zero(bytes + at, n)) {
            rc = state_page(w, at / STATE_PAGE, bytes + at, n);
        }
    }
    return rc;
}

int state_known(struct state_writer *w, const uint8_t *bytes, uint64_t size)
{
    struct state_pack *p = w->pack;
    uint64_t pages = size / STATE_PAGE; /* a short last one has no equal in memory */
    if (w->failed || pages > UINT32_MAX / 8 || !make_room(p, pages)) {
        return fail(w);
    }
    for (uint32_t page = 0; page < pages; page++, bytes += STATE_PAGE) {
        uint64_t digest = state_digest(0, bytes, STATE_PAGE);
        struct known *k = find_known(p, digest, bytes);
        if (!k->bytes && !state_all_zero(bytes, STATE_PAGE)) {
            *k = (struct known){digest, bytes, w->blobs - 1, page};
            p->knowns++;
        }
    }
    return 0;
}

/* ---- memory as it is -----------------------------------------------------------------------
 */

static int skip(struct state_writer *w, uint64_t n)
{
    static const uint8_t zeros[STATE_PAGE];
    if (w->sink->skip && !w->failed) {
        w->at += n;
        return w->sink->skip(w->sink->ctx, n) == 0 ? 0 : fail(w);
    }
    for (; n > 0 && !w->failed; n -= n < STATE_PAGE ? n : STATE_PAGE) {
        put(w, zeros, n < STATE_PAGE ? (size_t)n : STATE_PAGE);
    }
    return w->failed ? -1 : 0;
}

/* Pages that are zeros are skipped, stretches of others put at once. */
static int put_sparse(struct state_writer *w, const uint8_t *bytes, uint64_t size)
{
    for (uint64_t at = 0, end; at < size && !w->failed; at = end) {
        bool zero = state_all_zero(bytes + at, STATE_PAGE);
        for (end = at + STATE_PAGE;
             end < size && state_all_zero(bytes + end, STATE_PAGE) == zero; end += STATE_PAGE) {
        }
        (void)(zero ? skip(w, end - at) : put(w, bytes + at, (size_t)(end - at)));
    }
    return w->failed ? -1 : 0;
}

int state_raw(struct state_writer *w, const char *name, const uint8_t *bytes, uint64_t size,
              uint64_t sum)
{
    uint8_t head[STATE_RAW_HEAD];
    if (w->failed || flush_pages(w) < 0 || size % STATE_PAGE ||
        size > UINT32_MAX - STATE_RAW_AT - STATE_RAW_HEAD) {
        return fail(w);
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
    put_sparse(w, bytes, size);
    return put_crc(w);
}

/* ---- the interface's rest ------------------------------------------------------------------
 */

int state_section(struct state_writer *w, const char *name, const void *payload, size_t n)
{
    return w->failed || flush_pages(w) < 0 ? -1 : section(w, name, "", payload, n, NULL, 0);
}

int state_packed(struct state_writer *w, const char *name, const void *payload, size_t n)
{
    uint8_t size[4];
    uLongf packed = PACKED;
    if (w->failed || flush_pages(w) < 0 || n > STATE_PACKED ||
        compress2(w->pack->packed, &packed, payload, (uLong)n, Z_BEST_SPEED) != Z_OK) {
        return fail(w);
    }
    store_le32(size, (uint32_t)n);
    return section(w, name, "", size, sizeof size, w->pack->packed, (size_t)packed);
}

int state_end(struct state_writer *w)
{
    uint8_t end[16];
    if (!w->failed && flush_pages(w) == 0) {
        store_le32(end, w->sections);
        store_le32(end + 4, w->whole);
        store_le64(end + 8, w->id);
        section(w, "end", "", end, sizeof end, NULL, 0);
    }
    if (w->pack) {
        if (w->pack->z_ready) {
            deflateEnd(&w->pack->z);
        }
        free(w->pack->known);
    }
    free(w->pack);
    w->pack = NULL;
    return w->failed ? -1 : 0;
}
