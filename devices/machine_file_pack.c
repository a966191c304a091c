/* machine_file_pack.c -- pages on their way into sections of a save state.
 *
 * A pack is one section: runs of pages, and the bytes of those that need some. It is deflated
 * as a whole once it is full, by the caller or by a crew while the caller fills the next ones,
 * and written in its turn: the file is the same whoever deflates. At zlib's fastest level:
 * others take far longer for hardly anything (docs/adr/0017).
 */
#include "devices/machine_file_priv.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { RUNS = 1024, PACKS = 8 };
enum { PACKED = STATE_SECTION - STATE_RUNS_HEAD - RUNS * STATE_RUN };

/* deflateBound() of a full section: stored blocks, each of at most 64 KiB with 5 bytes before
 */
_Static_assert(PACKED >= STATE_PAGES * STATE_PAGE * 33 / 32 + 64,
               "what does not deflate grows");

struct pack {
    char name[STATE_NAME + 1]; /* of the blob */
    uint32_t runs, pages;      /* pages: with bytes */
    const uint8_t *page[STATE_PAGES];
    uint16_t n[STATE_PAGES];
    uint8_t head[STATE_RUNS_HEAD + RUNS * STATE_RUN];
    uint8_t *copies; /* of pages that do not stay; NULL: none yet */
    size_t packed_n; /* 0: it failed */
    z_stream z;
    bool z_ready;
    uint8_t packed[PACKED];
};

struct state_packs {
    const struct state_crew *crew;
    uint32_t packs;            /* how many there may be */
    uint32_t first, given;     /* those that are deflated now, oldest first */
    struct pack *pack[PACKS];  /* pack[(first + given) % packs] is being filled */
    char name[STATE_NAME + 1]; /* of the blob */
    uint64_t size;             /* its bytes */
    const uint8_t *under;
    uint64_t page, count, from; /* the last run, not yet in the pack */
    uint32_t what;
};

static struct pack *filling(struct state_packs *p)
{
    struct pack **at = &p->pack[(p->first + p->given) % p->packs];
    if (!*at) {
        *at = calloc(1, sizeof **at);
    }
    return *at;
}

struct state_packs *packs_new(const struct state_crew *crew)
{
    struct state_packs *p = calloc(1, sizeof *p);
    if (p) {
        p->crew = crew;
        p->packs = crew ? PACKS : 1;
    }
    return p;
}

void packs_free(struct state_packs *p)
{
    for (; p && p->given > 0; p->given--) {
        p->crew->await(p->crew->ctx, p->pack[p->first]);
        p->first = (p->first + 1) % p->packs;
    }
    for (unsigned i = 0; p && i < PACKS; i++) {
        if (p->pack[i]) {
            if (p->pack[i]->z_ready) {
                deflateEnd(&p->pack[i]->z);
            }
            free(p->pack[i]->copies);
            free(p->pack[i]);
        }
    }
    free(p);
}

void packs_start(struct state_packs *p, const char *name, uint64_t size, const uint8_t *under)
{
    strcpy(p->name, name); /* its length has been looked at */
    p->size = size;
    p->under = under;
    p->count = 0;
}

const uint8_t *packs_under(const struct state_packs *p, uint64_t page)
{
    return p->under ? p->under + page * STATE_PAGE : NULL;
}

/* ---- deflating -----------------------------------------------------------------------------
 */

/* All byte values are about as frequent in noise: then the sum of the squares of their
 * frequencies is near its least; code and text have many times that. */
static uint32_t squares(const uint8_t *bytes, size_t n)
{
    uint16_t count[4][256] = {{0}};
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i += 4) {
        count[0][bytes[i]]++;
        count[1][bytes[i + 1]]++;
        count[2][bytes[i + 2]]++;
        count[3][bytes[i + 3]]++;
    }
    for (unsigned v = 0; v < 256; v++) {
        uint32_t c = (uint32_t)count[0][v] + count[1][v] + count[2][v] + count[3][v];
        sum += c * c;
    }
    return sum;
}

/* Noise, such as what was compressed before, does not deflate again, and to try costs more time
 * than everything else. */
bool state_is_noise(const uint8_t *page)
{
    enum { FEW = 512, FEW_LIMIT = 2200, LIMIT = 76000 }; /* random bytes: 1534, 69600 */
    return squares(page, FEW) < FEW_LIMIT && squares(page, STATE_PAGE) < LIMIT;
}

/* What comes next is to be stored, or deflated. */
static bool set_stored(struct pack *k, bool *now, bool stored)
{
    if (*now == stored) {
        return true;
    }
    *now = stored;
    int level = stored ? Z_NO_COMPRESSION : Z_BEST_SPEED;
    return deflateParams(&k->z, level, Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool deflate_pages(struct pack *k)
{
    bool stored = false;
    if (!k->z_ready) {
        k->z_ready = deflateInit(&k->z, Z_BEST_SPEED) == Z_OK;
    } else if (deflateReset(&k->z) != Z_OK ||
               deflateParams(&k->z, Z_BEST_SPEED, Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    k->z.next_out = k->packed;
    k->z.avail_out = PACKED;
    for (uint32_t i = 0; k->z_ready && i < k->pages; i++) {
        union { /* zlib of old does not promise const; it does not write there */
            const void *in;
            Bytef *out;
        } cast = {.in = k->page[i]};
        if (!set_stored(k, &stored, k->n[i] == STATE_PAGE && state_is_noise(k->page[i]))) {
            return false;
        }
        k->z.next_in = cast.out;
        k->z.avail_in = k->n[i];
        if (deflate(&k->z, Z_NO_FLUSH) != Z_OK || k->z.avail_in) {
            return false;
        }
    }
    return k->z_ready && deflate(&k->z, Z_FINISH) == Z_STREAM_END;
}

static void deflate_pack(void *job)
{
    struct pack *k = job;
    k->packed_n = deflate_pages(k) ? PACKED - k->z.avail_out : 0;
}

/* ---- sections ------------------------------------------------------------------------------
 */

static int put_pack(struct state_writer *w, struct pack *k)
{
    size_t head = STATE_RUNS_HEAD + (size_t)k->runs * STATE_RUN;
    bool failed = k->pages && k->packed_n == 0;
    size_t packed = k->pages ? k->packed_n : 0;
    store_le32(k->head, k->runs);
    k->runs = k->pages = 0;
    return failed ? state_fail(w)
                  : state_put(w, "pages", k->name, k->head, head, k->packed, packed);
}

static int put_oldest(struct state_writer *w)
{
    struct state_packs *p = w->packs;
    struct pack *k = p->pack[p->first];
    p->crew->await(p->crew->ctx, k);
    p->first = (p->first + 1) % p->packs;
    p->given--;
    return put_pack(w, k);
}

static void end_run(struct state_packs *p, struct pack *k)
{
    uint8_t *to = k->head + STATE_RUNS_HEAD + (size_t)k->runs * STATE_RUN;
    if (p->count) {
        store_le32(to, (uint32_t)p->page);
        store_le32(to + 4, (uint32_t)p->count);
        store_le32(to + 8, p->what);
        store_le32(to + 12, (uint32_t)p->from);
        k->runs++;
        p->count = 0;
    }
}

/* The pack that is being filled is full enough. */
static int send_pack(struct state_writer *w)
{
    struct state_packs *p = w->packs;
    struct pack *k = filling(p);
    if (w->failed || !k) {
        return state_fail(w);
    }
    end_run(p, k);
    if (!k->runs) {
        return 0;
    }
    strcpy(k->name, p->name);
    if (!p->crew) {
        if (k->pages) {
            deflate_pack(k);
        }
        return put_pack(w, k);
    }
    p->crew->give(p->crew->ctx, deflate_pack, k);
    p->given++;
    return p->given == p->packs ? put_oldest(w) : 0;
}

int packs_flush(struct state_writer *w)
{
    if (w->failed || send_pack(w) < 0) {
        return -1;
    }
    while (w->packs->given > 0) {
        if (put_oldest(w) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- pages ---------------------------------------------------------------------------------
 */

/* Bytes of a blob that comes just now are referred to only before the run. */
static bool goes_on(const struct state_writer *w, const struct pack_page *page)
{
    const struct state_packs *p = w->packs;
    if (!p->count || page->page != p->page + p->count || page->what != p->what) {
        return false;
    }
    if (page->what < STATE_SAME) {
        return true;
    }
    return page->from == p->from + p->count * STATE_PAGE &&
           (page->what != STATE_SAME + w->blobs - 1 ||
            page->from + STATE_PAGE <= p->page * STATE_PAGE);
}

static int add_bytes(struct state_writer *w, struct pack *k, const struct pack_page *page)
{
    const uint8_t *bytes = page->bytes;
    if (!page->stays) {
        if (!k->copies) {
            k->copies = malloc((size_t)STATE_PAGES * STATE_PAGE);
        }
        if (!k->copies) {
            return state_fail(w);
        }
        uint8_t *to = k->copies + (size_t)k->pages * STATE_PAGE;
        memcpy(to, bytes, page->n);
        bytes = to;
    }
    k->page[k->pages] = bytes;
    k->n[k->pages++] = (uint16_t)page->n;
    return 0;
}

int packs_add(struct state_writer *w, const struct pack_page *page)
{
    struct state_packs *p = w->packs;
    if (w->failed || page->page >= UINT32_MAX || page->page * STATE_PAGE >= p->size) {
        return state_fail(w);
    }
    struct pack *k = filling(p);
    if (k && k->pages == STATE_PAGES && page->what == STATE_DATA) {
        k = send_pack(w) < 0 ? NULL : filling(p);
    }
    if (k && !goes_on(w, page)) {
        end_run(p, k);
        if (k->runs == RUNS) {
            k = send_pack(w) < 0 ? NULL : filling(p);
        }
        p->page = page->page;
        p->what = page->what;
        p->from = page->from;
    }
    if (!k) {
        return state_fail(w);
    }
    p->count++;
    return page->what == STATE_DATA ? add_bytes(w, k, page) : 0;
}
