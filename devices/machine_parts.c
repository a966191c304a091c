/* machine_parts.c -- the machine as a row of parts: each one's hash, where two machines differ,
 * and a bit of one turned over for tests.
 *
 * The parts are what machine_hash() covers, in its order; two machines whose parts are equal
 * have equal hashes.
 */
#include "devices/machine_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A struct with a field table, or memory. */
struct part {
    const struct schema *schema;
    void *obj;
    struct ram *ram;
    char name[MACHINE_PART_NAME];
};

static void chip_part(const struct board *b, unsigned i, struct part *p)
{
    unsigned before = 0;
    for (unsigned k = 0; k < i; k++) {
        before += b->device[k]->cls == b->device[i]->cls;
    }
    *p = (struct part){.schema = b->device[i]->cls->state, .obj = b->device[i]};
    (void)snprintf(p->name, sizeof p->name, "chip %s %u", b->device[i]->cls->name, before);
}

/* The n-th part; false behind the last. */
static bool part_get(struct machine *m, unsigned n, struct part *p)
{
    struct board *b = &m->board;
    if (n == 0) {
        *p = (struct part){&clock_schema, &b->clock, NULL, "clock"};
        return true;
    }
    if (n == 1) {
        *p = (struct part){&cpu_schema, cpu_state(m->cpu), NULL, "cpu"};
        return true;
    }
    n -= 2;
    if (n < b->devices) {
        chip_part(b, n, p);
        return true;
    }
    n -= b->devices;
    if (n < DRIVE_COUNT) {
        *p = (struct part){.schema = &drive_schema, .obj = &b->drive[n]};
        (void)snprintf(p->name, sizeof p->name, "drive %s", drive_name(n));
        return true;
    }
    n -= DRIVE_COUNT;
    for (struct ram *r = phys_rams(m->phys); r; r = r->next) {
        if (n-- == 0) {
            *p = (struct part){.ram = r};
            (void)snprintf(p->name, sizeof p->name, "ram %s", r->name);
            return true;
        }
    }
    return false;
}

unsigned machine_parts(struct machine *m, struct machine_part part[MACHINE_PARTS])
{
    struct part p;
    unsigned n = 0;
    for (; n < MACHINE_PARTS && part_get(m, n, &p); n++) {
        memcpy(part[n].name, p.name, sizeof p.name);
        part[n].hash = p.ram ? ram_hash(m->phys, p.ram) : state_hash(p.schema, p.obj, 0);
    }
    return n;
}

/* ---- two machines */

static bool ram_diff(const struct ram *a, const struct ram *b, char *text, size_t n)
{
    for (uint64_t at = 0; at < a->size; at += PAGE_SIZE) {
        if (memcmp(a->bytes + at, b->bytes + at, PAGE_SIZE) == 0) {
            continue;
        }
        while (a->bytes[at] == b->bytes[at]) {
            at++;
        }
        (void)snprintf(text, n, "byte %" PRIx64 ": %02x, %02x", at, a->bytes[at], b->bytes[at]);
        return true;
    }
    return false;
}

bool machine_diff(struct machine *a, struct machine *b, char *text, size_t n)
{
    struct part p, q;
    for (unsigned i = 0; part_get(a, i, &p) && part_get(b, i, &q); i++) {
        char what[200];
        if (strcmp(p.name, q.name) != 0) {
            (void)snprintf(text, n, "%s: the other machine has %s", p.name, q.name);
            return true;
        }
        if (p.ram ? p.ram->size == q.ram->size && ram_diff(p.ram, q.ram, what, sizeof what)
                  : state_diff(p.schema, p.obj, q.obj, what, sizeof what)) {
            (void)snprintf(text, n, "%s: %s", p.name, what);
            return true;
        }
    }
    return false;
}

/* ---- one bit */

static bool flip_ram(struct machine *m, struct ram *r, uint64_t bit, char *text, size_t n)
{
    uint64_t at = bit / 8;
    if (at >= r->size) {
        return false;
    }
    uint8_t byte = r->bytes[at] ^ (uint8_t)(1u << bit % 8);
    /* By its address, so that decoded code hears of it; where it has none, as it is. */
    if (r != phys_main_ram(m->phys) || phys_dma_write(m->phys, at, &byte, 1) != 1) {
        r->bytes[at] = byte;
        ram_touch(r, at, 1);
    }
    (void)snprintf(text, n, "byte %" PRIx64, at);
    return true;
}

bool machine_flip(struct machine *m, const char *part, uint64_t bit, char *text, size_t n)
{
    struct part p;
    unsigned i = 0;
    while (part_get(m, i, &p) && strcmp(p.name, part) != 0) {
        i++;
    }
    if (!part_get(m, i, &p)) {
        return false;
    }
    if (p.ram) {
        return flip_ram(m, p.ram, bit, text, n);
    }
    bool done = state_flip(p.schema, p.obj, bit, text, n);
    return done && (p.schema != &cpu_schema || cpu_loaded(m->cpu));
}
