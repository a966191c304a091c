/* tests/support/board_fixture.c -- see the header. */
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void irq_set(void *ctx, unsigned n, bool level)
{
    struct fixture *fx = ctx;
    n &= 15; /* whoever drives it */
    if (level && !fx->irq[n]) {
        fx->irq_edges[n]++;
    }
    fx->irq[n] = level;
}

static void power(void *ctx, enum power_event what, uint32_t code)
{
    struct fixture *fx = ctx;
    fx->power_events++;
    fx->power_what = what;
    fx->power_code = code;
}

static void debug_byte(void *ctx, uint8_t byte)
{
    struct fixture *fx = ctx;
    if (fx->debug_len < sizeof fx->debug) {
        fx->debug[fx->debug_len++] = byte;
    }
}

static void note_line(void *ctx, const char *line)
{
    struct fixture *fx = ctx;
    size_t used = strlen(fx->notes);
    size_t n = strlen(line);
    if (used + n + 2 < sizeof fx->notes) {
        memcpy(fx->notes + used, line, n);
        memcpy(fx->notes + used + n, "\n", 2);
    }
}

void fixture_init(struct fixture *fx)
{
    memset(fx, 0, sizeof *fx);
    struct error err;
    struct phys *ph = phys_new(1 << 20, NULL, &err);
    ck_assert_msg(ph != NULL, "%s", err.text);
    phys_map_ram(ph, 0, 1 << 20, phys_main_ram(ph), 0);
    fx->host.ctx = fx;
    fx->host.debug = debug_byte;
    fx->host.note = note_line;
    board_init(&fx->board, ph, &fx->host, 100);
    fx->board.config.ram_bytes = 1 << 20;
    for (unsigned n = 0; n < 16; n++) {
        fx->board.irq_line[n] = (struct wire){irq_set, fx, n};
    }
    fx->board.power = power;
    fx->board.power_ctx = fx;
}

struct device *fixture_attach(struct fixture *fx, const struct slot *slot)
{
    struct error err;
    struct device *d = device_attach(&fx->board, slot, &err);
    ck_assert_msg(d != NULL, "%s", err.text);
    if (d->cls->reset) {
        d->cls->reset(d, RESET_POWER);
    }
    return d;
}

void fixture_run_to(struct fixture *fx, uint64_t tick)
{
    struct clock *ck = &fx->board.clock;
    while (ck->now < tick) {
        uint64_t next = clock_next(ck);
        ck->now = next < tick ? (next > ck->now ? next : ck->now) : tick;
        clock_fire(ck);
    }
}

void fixture_out(struct fixture *fx, uint16_t port, uint8_t val)
{
    bus_out(&fx->board.bus, port, val, 1);
    clock_fire(&fx->board.clock);
}

uint8_t fixture_in(struct fixture *fx, uint16_t port)
{
    uint8_t v = (uint8_t)bus_in(&fx->board.bus, port, 1);
    clock_fire(&fx->board.clock);
    return v;
}

void fixture_free(struct fixture *fx)
{
    struct phys *ph = fx->board.phys;
    board_free(&fx->board);
    phys_free(ph);
}

static int disk_read(void *ctx, uint64_t lba, void *out, uint32_t n)
{
    struct ram_disk *rd = ctx;
    if (rd->fail || (lba + n) * 512 > rd->size) {
        return -1;
    }
    memcpy(out, rd->bytes + lba * 512, (size_t)n * 512);
    return 0;
}

static int disk_write(void *ctx, uint64_t lba, const void *in, uint32_t n)
{
    struct ram_disk *rd = ctx;
    if (rd->fail || (lba + n) * 512 > rd->size) {
        return -1;
    }
    memcpy(rd->bytes + lba * 512, in, (size_t)n * 512);
    return 0;
}

static int disk_flush(void *ctx)
{
    struct ram_disk *rd = ctx;
    return rd->fail ? -1 : 0;
}

struct media ram_disk_media(struct ram_disk *rd, enum drive_kind kind, bool read_only)
{
    static const struct drive_ops ops = {disk_read, disk_write, disk_flush};
    return (struct media){kind, &ops, rd, rd->size / 512, 512, read_only};
}

void fixture_clone(struct device *a, struct device *b)
{
    struct writer w = {0};
    struct error err = {{0}};
    ck_assert_ptr_eq(a->cls, b->cls);
    state_save(a->cls->state, a, &w);
    struct reader r = {w.bytes, w.len, 0};
    ck_assert_msg(state_load(b->cls->state, b, &r, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(state_hash(a->cls->state, a, 0), state_hash(b->cls->state, b, 0));
    clock_rebuild(&b->board->clock);
    writer_free(&w);
}

uint32_t test_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) ^ (uint32_t)*seed;
}
