/* machine_file_known.c -- pages of memory that a save state has already, or a disk image has.
 *
 * Most of them are at a page's place there, too: a table by the digest of their content tells.
 * What does not deflate is worth more: compressed kernels and RAM disks, which a boot loader
 * puts anywhere and a kernel moves. Of such pages each stretch of WINDOW bytes is looked up
 * among those that known pages begin with, by a hash that rolls along; what was found is
 * compared in full. Equal machines find equal places, whoever saves them.
 */
#include "devices/machine_file_priv.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW = 64, SOURCES = 128, SIEVE = 1 << 21 /* bits */, FIRST_ROOM = 1024 };
static const uint32_t BASE = 0x01000193;

/* A page whose content is known. */
struct whole {
    uint64_t digest;
    const uint8_t *bytes; /* NULL: a free slot */
    struct known_place place;
};
/* Where a stretch of WINDOW bytes is. */
struct start {
    uint32_t hash;
    bool taken;
    struct known_place place;
};
/* What a place is in: bytes, or an image. */
struct known_source {
    const uint8_t *bytes;
    uint64_t size;
    struct state_image image;
    bool is_image;
};

struct known_pages {
    struct whole *whole; /* open addressing, at most half full; a power of two */
    uint32_t wholes, whole_room;
    struct start *start;
    uint32_t starts, start_room;
    uint8_t sieve[SIEVE / 8]; /* by hash: can there be a start? */
    struct known_source source[SOURCES];
    uint32_t memory; /* the blob that comes page by page, or came last */
    bool last_moved; /* the page before was found; there: */
    uint64_t last_page;
    struct known_place last;
    uint32_t roll_out; /* BASE to the power of WINDOW */
};

struct known_pages *known_new(void)
{
    struct known_pages *k = calloc(1, sizeof *k);
    if (k) {
        k->memory = UINT32_MAX; /* none yet */
        k->roll_out = 1;
        for (unsigned i = 0; i < WINDOW; i++) {
            k->roll_out *= BASE;
        }
        k->whole_room = k->start_room = FIRST_ROOM;
        k->whole = calloc(FIRST_ROOM, sizeof *k->whole);
        k->start = calloc(FIRST_ROOM, sizeof *k->start);
        if (!k->whole || !k->start) {
            known_free(k);
            return NULL;
        }
    }
    return k;
}

void known_free(struct known_pages *k)
{
    if (k) {
        free(k->whole);
        free(k->start);
        free(k);
    }
}

/* ---- whole pages ---------------------------------------------------------------------------
 */

/* The slot of a page with these bytes, or the free one where it would be. */
static struct whole *find_whole(const struct known_pages *k, uint64_t digest,
                                const uint8_t *bytes)
{
    uint32_t mask = k->whole_room - 1, at = (uint32_t)digest & mask;
    while (k->whole[at].bytes && (k->whole[at].digest != digest ||
                                  memcmp(k->whole[at].bytes, bytes, STATE_PAGE) != 0)) {
        at = (at + 1) & mask;
    }
    return &k->whole[at];
}

static bool whole_room(struct known_pages *k)
{
    if (2 * (k->wholes + 1) <= k->whole_room) {
        return true;
    }
    struct whole *old = k->whole;
    uint32_t former = k->whole_room;
    struct whole *more = calloc((size_t)former * 2, sizeof *more);
    if (!more) {
        return false;
    }
    k->whole = more;
    k->whole_room = former * 2;
    for (uint32_t i = 0; i < former; i++) {
        if (old[i].bytes) {
            *find_whole(k, old[i].digest, old[i].bytes) = old[i];
        }
    }
    free(old);
    return true;
}

/* ---- where pages start ---------------------------------------------------------------------
 */

static uint32_t hash_window(const uint8_t *bytes)
{
    uint32_t h = 0;
    for (unsigned i = 0; i < WINDOW; i++) {
        h = h * BASE + bytes[i];
    }
    return h;
}

/* The low bits of such a sum come from few bytes. */
static uint32_t spread(uint32_t h)
{
    h ^= h >> 15;
    return h * 0x85EBCA6Bu ^ h >> 13;
}

static struct start *find_start(const struct known_pages *k, uint32_t hash)
{
    uint32_t mask = k->start_room - 1, at = spread(hash) & mask;
    while (k->start[at].taken && k->start[at].hash != hash) {
        at = (at + 1) & mask;
    }
    return &k->start[at];
}

static bool start_room(struct known_pages *k)
{
    if (2 * (k->starts + 1) <= k->start_room) {
        return true;
    }
    struct start *old = k->start;
    uint32_t former = k->start_room;
    struct start *more = calloc((size_t)former * 2, sizeof *more);
    if (!more) {
        return false;
    }
    k->start = more;
    k->start_room = former * 2;
    for (uint32_t i = 0; i < former; i++) {
        if (old[i].taken) {
            *find_start(k, old[i].hash) = old[i];
        }
    }
    free(old);
    return true;
}

/* The first one of a hash stays. */
static bool add_start(struct known_pages *k, const uint8_t *window, struct known_place place)
{
    if (!start_room(k)) {
        return false;
    }
    uint32_t hash = hash_window(window), bit = spread(hash) % SIEVE;
    struct start *s = find_start(k, hash);
    if (!s->taken) {
        *s = (struct start){hash, true, place};
        k->starts++;
        k->sieve[bit / 8] |= (uint8_t)(1 << bit % 8);
    }
    return true;
}

/* Two a page: one of them lies as a whole in the page that is compared, wherever it is. */
static bool add_starts(struct known_pages *k, const uint8_t *page, uint32_t blob, uint64_t at)
{
    return add_start(k, page, (struct known_place){blob, at}) &&
           add_start(k, page + WINDOW, (struct known_place){blob, at + WINDOW});
}

/* ---- sources -------------------------------------------------------------------------------
 */

bool known_image(struct known_pages *k, uint32_t blob, const struct state_image *im)
{
    uint8_t page[2 * WINDOW];
    uint64_t most = im->size < STATE_IMAGE_MOST ? im->size : STATE_IMAGE_MOST;
    if (blob >= SOURCES) {
        return true;
    }
    k->source[blob] = (struct known_source){NULL, most, *im, true};
    for (uint64_t at = 0; most - at >= STATE_PAGE; at += STATE_PAGE) {
        if (im->get(im->ctx, at, page, sizeof page) == 0 &&
            !state_all_zero(page, sizeof page) && !add_starts(k, page, blob, at)) {
            return false;
        }
    }
    return true;
}

bool known_bytes(struct known_pages *k, uint32_t blob, const uint8_t *bytes, uint64_t size)
{
    if (blob >= SOURCES) {
        return true;
    }
    k->source[blob] = (struct known_source){bytes, size, {0}, false};
    for (uint64_t at = 0; size - at >= STATE_PAGE; at += STATE_PAGE) {
        const uint8_t *page = bytes + at; /* a short last one has no equal in memory */
        uint64_t digest = state_digest(0, page, STATE_PAGE);
        struct whole *w = whole_room(k) ? find_whole(k, digest, page) : NULL;
        if (!w || (state_is_noise(page) && !add_starts(k, page, blob, at))) {
            return false;
        }
        if (!w->bytes && !state_all_zero(page, STATE_PAGE)) {
            *w = (struct whole){digest, page, {blob, at}};
            k->wholes++;
        }
    }
    return true;
}

void known_memory(struct known_pages *k, uint32_t blob, const uint8_t *bytes)
{
    if (k->memory == blob) {
        return;
    }
    k->memory = blob;
    k->last_moved = false;
    if (blob < SOURCES) {
        k->source[blob] = (struct known_source){bytes, UINT32_MAX, {0}, false};
    }
}

/* ---- a page --------------------------------------------------------------------------------
 */

/* Is the page the same as what is there? Memory counts as far as it has come. */
static bool same(const struct known_pages *k, struct known_place place, const uint8_t *page,
                 uint64_t number)
{
    uint8_t there[STATE_PAGE];
    const struct known_source *s = &k->source[place.blob];
    uint64_t size = place.blob == k->memory ? number * STATE_PAGE : s->size;
    if (place.at > size || size - place.at < STATE_PAGE) {
        return false;
    }
    if (s->is_image) {
        return s->image.get(s->image.ctx, place.at, there, STATE_PAGE) == 0 &&
               memcmp(there, page, STATE_PAGE) == 0;
    }
    return s->bytes && memcmp(s->bytes + place.at, page, STATE_PAGE) == 0;
}

/* The page from its byte `i` on begins like a known one. */
static bool try_start(const struct known_pages *k, uint32_t hash, const uint8_t *page,
                      uint64_t number, unsigned i, struct known_place *place)
{
    uint32_t bit = spread(hash) % SIEVE;
    if (!(k->sieve[bit / 8] & 1 << bit % 8)) {
        return false;
    }
    const struct start *s = find_start(k, hash);
    if (!s->taken || s->place.at < i) {
        return false;
    }
    *place = (struct known_place){s->place.blob, s->place.at - i};
    return same(k, *place, page, number);
}

static bool find_moved(const struct known_pages *k, const uint8_t *page, uint64_t number,
                       struct known_place *place)
{
    if (k->last_moved && number == k->last_page + 1) {
        *place = (struct known_place){k->last.blob, k->last.at + STATE_PAGE};
        if (same(k, *place, page, number)) {
            return true;
        }
    }
    uint32_t hash = hash_window(page);
    for (unsigned i = 0; i + WINDOW < STATE_PAGE; i++) {
        if (try_start(k, hash, page, number, i, place)) {
            return true;
        }
        hash = hash * BASE + page[i + WINDOW] - k->roll_out * page[i];
    }
    return try_start(k, hash, page, number, STATE_PAGE - WINDOW, place);
}

bool known_find(struct known_pages *k, uint64_t page, bool noise, struct known_place *place)
{
    if (k->memory >= SOURCES) {
        return false;
    }
    const uint8_t *bytes = k->source[k->memory].bytes + page * STATE_PAGE;
    uint64_t digest = state_digest(0, bytes, STATE_PAGE);
    struct whole *w = whole_room(k) ? find_whole(k, digest, bytes) : NULL;
    if (w && w->bytes) {
        *place = w->place;
        return true;
    }
    bool moved = noise && find_moved(k, bytes, page, place);
    k->last_moved = moved;
    if (moved) {
        k->last = *place;
        k->last_page = page;
        return true;
    }
    if (w) {
        *w = (struct whole){digest, bytes, {k->memory, page * STATE_PAGE}};
        k->wholes++;
    }
    if (noise) { /* without room it will not be found, that is all */
        (void)add_starts(k, bytes, k->memory, page * STATE_PAGE);
    }
    return false;
}
