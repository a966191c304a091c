/* frontend/undo.c -- see the header.
 *
 * Every mark has a list of chunks in which it differs from the mark `next` to it on the way to
 * the live content; the last one on that way, the tip, differs from the live content itself.
 */
#include "frontend/undo.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 4096, FEW = 16 };

struct chunk {
    struct chunk *chain;
    uint64_t number;
    uint8_t *bytes; /* NULL: zeros */
};

/* Chunks by number. Without memory for more heads the chains grow longer. */
struct chunks {
    struct chunk **head; /* `heads` of them, a power of two, or NULL: none yet */
    size_t heads, n;
};

struct undo_mark {
    struct undo_mark *all;  /* every mark of the disk */
    struct undo_mark *next; /* NULL: this is the tip */
    struct chunks before;
    unsigned owners; /* 0: others lead over it */
};

struct undo {
    struct undo_disk disk;
    struct undo_mark *marks, *tip;
    uint64_t bytes;
    bool lost;
};

/* ---- chunks */

static size_t slot(const struct chunks *c, uint64_t number)
{
    return (size_t)(number * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (c->heads - 1);
}

static struct chunk *find(const struct chunks *c, uint64_t number)
{
    struct chunk *k = c->heads ? c->head[slot(c, number)] : NULL;
    while (k && k->number != number) {
        k = k->chain;
    }
    return k;
}

static void enter(struct chunks *c, struct chunk *k)
{
    struct chunk **head = &c->head[slot(c, k->number)];
    k->chain = *head;
    *head = k;
    c->n++;
}

static void grow(struct undo *u, struct chunks *c)
{
    struct chunks more = {.heads = c->heads ? c->heads * 4 : FEW};
    more.head = calloc(more.heads, sizeof *more.head);
    if (!more.head) {
        return;
    }
    for (size_t i = 0; i < c->heads; i++) {
        for (struct chunk *k = c->head[i], *chain; k; k = chain) {
            chain = k->chain;
            enter(&more, k);
        }
    }
    u->bytes += (more.heads - c->heads) * sizeof *more.head;
    free(c->head);
    *c = more;
}

static void chunk_free(struct undo *u, struct chunk *k)
{
    u->bytes -= sizeof *k + (k->bytes ? CHUNK : 0);
    free(k->bytes);
    free(k);
}

static void chunks_free(struct undo *u, struct chunks *c)
{
    for (size_t i = 0; i < c->heads; i++) {
        for (struct chunk *k = c->head[i], *chain; k; k = chain) {
            chain = k->chain;
            chunk_free(u, k);
        }
    }
    u->bytes -= c->heads * sizeof *c->head;
    free(c->head);
    *c = (struct chunks){NULL, 0, 0};
}

/* Moves what `to` does not have yet; the rest of `from` is freed. */
static void merge(struct undo *u, struct chunks *from, struct chunks *to)
{
    if (to->n == 0) { /* the larger table, too */
        struct chunks swap = *to;
        *to = *from;
        *from = swap;
    }
    for (size_t i = 0; i < from->heads; i++) {
        for (struct chunk *k = from->head[i], *chain; k; k = chain) {
            chain = k->chain;
            if (find(to, k->number)) {
                chunk_free(u, k);
                continue;
            }
            if (to->n >= to->heads * 2) {
                grow(u, to);
            }
            enter(to, k);
        }
        from->head[i] = NULL;
    }
    chunks_free(u, from);
}

/* ---- the live content */

static size_t chunk_len(const struct undo *u, uint64_t number)
{
    uint64_t at = number * CHUNK;
    return u->disk.size - at < CHUNK ? (size_t)(u->disk.size - at) : CHUNK;
}

static bool is_zero(const uint8_t *bytes)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, CHUNK - 1) == 0;
}

/* The live chunk, padded with zeros. */
static int read_live(const struct undo *u, uint64_t number, uint8_t bytes[CHUNK])
{
    memset(bytes, 0, CHUNK);
    return u->disk.read(u->disk.ctx, number * CHUNK, bytes, chunk_len(u, number));
}

/* k takes over what bytes says. -1: out of memory. */
static int hold(struct undo *u, struct chunk *k, const uint8_t bytes[CHUNK])
{
    bool zero = is_zero(bytes);
    if (!zero && !k->bytes) {
        k->bytes = malloc(CHUNK);
        if (!k->bytes) {
            return -1;
        }
        u->bytes += CHUNK;
    }
    if (!zero) {
        memcpy(k->bytes, bytes, CHUNK);
    } else if (k->bytes) {
        free(k->bytes);
        k->bytes = NULL;
        u->bytes -= CHUNK;
    }
    return 0;
}

/* What is live goes into k, what k has becomes live. */
static int swap_chunk(struct undo *u, struct chunk *k)
{
    static const uint8_t zeros[CHUNK];
    uint8_t live[CHUNK], mine[CHUNK];
    memcpy(mine, k->bytes ? k->bytes : zeros, CHUNK);
    if (read_live(u, k->number, live) < 0 || hold(u, k, live) < 0) {
        return -1;
    }
    if (u->disk.write(u->disk.ctx, k->number * CHUNK, mine, chunk_len(u, k->number)) < 0) {
        (void)u->disk.write(u->disk.ctx, k->number * CHUNK, live, chunk_len(u, k->number));
        u->lost |= hold(u, k, mine) < 0;
        return -1;
    }
    return 0;
}

/* All of them, or none (but for a host that neither takes nor gives back). */
static int swap_all(struct undo *u, struct chunks *c)
{
    for (size_t i = 0; i < c->heads; i++) {
        for (struct chunk *k = c->head[i]; k; k = k->chain) {
            if (swap_chunk(u, k) == 0) {
                continue;
            }
            for (size_t j = 0; j <= i; j++) {
                for (struct chunk *b = c->head[j]; b && b != k; b = b->chain) {
                    u->lost |= swap_chunk(u, b) < 0;
                }
            }
            return -1;
        }
    }
    return 0;
}

/* ---- marks */

struct undo *undo_new(const struct undo_disk *disk)
{
    struct undo *u = calloc(1, sizeof *u);
    if (u) {
        u->disk = *disk;
    }
    return u;
}

void undo_free(struct undo *u)
{
    for (struct undo_mark *m = u ? u->marks : NULL, *all; m; m = all) {
        all = m->all;
        chunks_free(u, &m->before);
        free(m);
    }
    free(u);
}

struct undo_mark *undo_mark(struct undo *u)
{
    u->lost &= u->marks != NULL;
    if (u->lost) {
        return NULL;
    }
    if (u->tip && u->tip->before.n == 0) {
        u->tip->owners++;
        return u->tip;
    }
    struct undo_mark *m = calloc(1, sizeof *m);
    if (!m) {
        return NULL;
    }
    m->owners = 1;
    m->all = u->marks;
    u->marks = m;
    u->bytes += sizeof *m;
    if (u->tip) {
        u->tip->next = m;
    }
    u->tip = m;
    return m;
}

static void forget(struct undo *u, struct undo_mark *m)
{
    struct undo_mark **link = &u->marks;
    while (*link != m) {
        link = &(*link)->all;
    }
    *link = m->all;
    chunks_free(u, &m->before);
    u->bytes -= sizeof *m;
    free(m);
}

/* The one mark whose way leads over m first; *n: how many there are. */
static struct undo_mark *leads_over(const struct undo *u, const struct undo_mark *m,
                                    unsigned *n)
{
    struct undo_mark *found = NULL;
    *n = 0;
    for (struct undo_mark *k = u->marks; k; k = k->all) {
        if (k->next == m) {
            found = k;
            ++*n;
        }
    }
    return found;
}

void undo_unmark(struct undo *u, struct undo_mark *m)
{
    m->owners -= m->owners > 0;
    while (m && m->owners == 0) {
        struct undo_mark *next = m->next;
        unsigned n;
        struct undo_mark *over = leads_over(u, m, &n);
        if (n > 1) {
            return; /* several need what it has */
        }
        if (over) {
            merge(u, &m->before, &over->before);
            over->next = next;
        }
        if (u->tip == m) {
            u->tip = over;
        }
        forget(u, m);
        m = next;
    }
}

void undo_before_write(struct undo *u, uint64_t at, size_t n)
{
    struct chunks *c = u->tip ? &u->tip->before : NULL;
    for (uint64_t number = at / CHUNK; c && !u->lost && number * CHUNK < at + n; number++) {
        uint8_t bytes[CHUNK];
        if (find(c, number)) {
            continue;
        }
        if (c->n >= c->heads * 2) {
            grow(u, c);
        }
        struct chunk *k = c->heads ? calloc(1, sizeof *k) : NULL;
        if (!k) {
            u->lost = true;
            return;
        }
        k->number = number;
        u->bytes += sizeof *k;
        if (read_live(u, number, bytes) < 0 || hold(u, k, bytes) < 0) {
            u->lost = true;
            chunk_free(u, k);
            return;
        }
        enter(c, k);
    }
}

/* One step: the content becomes that of `to`, the tip or whose next is the tip. */
static int step(struct undo *u, struct undo_mark *to)
{
    struct undo_mark *tip = u->tip;
    if (swap_all(u, &to->before) < 0) {
        return -1;
    }
    if (to == tip) {
        chunks_free(u, &to->before);
        return 0;
    }
    tip->before = to->before; /* which was empty */
    tip->next = to;
    to->before = (struct chunks){NULL, 0, 0};
    to->next = NULL;
    u->tip = to;
    return 0;
}

int undo_go(struct undo *u, struct undo_mark *mark)
{
    if (u->lost || step(u, u->tip) < 0) {
        return -1;
    }
    while (u->tip != mark) {
        struct undo_mark *to = mark;
        while (to->next != u->tip) {
            to = to->next;
        }
        if (step(u, to) < 0) {
            return -1;
        }
    }
    return 0;
}

bool undo_lost(const struct undo *u)
{
    return u->lost;
}

uint64_t undo_bytes(const struct undo *u)
{
    return u->bytes;
}
