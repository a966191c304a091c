/* tests/support/cpu_box.c -- see the header. */
#include "tests/support/cpu_box.h"

#include "frontend/big_pages.h"

#include <check.h>
#include <string.h>

static uint32_t box_in(void *ctx, uint16_t port, unsigned size)
{
    struct box *b = ctx;
    b->port_tick = b->tick;
    b->hash = hash_u64(hash_u64(b->hash, port), b->tick);
    return (uint32_t)b->hash & (UINT32_MAX >> (32 - 8 * size));
}

static void box_out(void *ctx, uint16_t port, uint32_t val, unsigned size)
{
    struct box *b = ctx;
    (void)size;
    b->port_tick = b->tick;
    b->hash = hash_u64(hash_u64(b->hash, port | (uint64_t)val << 16), b->tick);
    switch (port) {
    case PORT_ATTENTION: cpu_attention(b->cpu); break;
    case PORT_RAISE: cpu_set_intr(b->cpu, true); break;
    case PORT_A20: cpu_set_a20(b->cpu, val & 1); break;
    case PORT_NMI: cpu_nmi(b->cpu); break;
    default: break;
    }
}

static uint8_t box_ack(void *ctx)
{
    struct box *b = ctx;
    b->acks++;
    b->hash = hash_u64(b->hash, b->tick);
    if (!b->keep_intr) {
        cpu_set_intr(b->cpu, false);
    }
    return 0x40;
}

void box_poke(struct box *b, paddr pa, const void *bytes, unsigned len)
{
    ck_assert_uint_eq(phys_dma_write(b->ph, pa, bytes, len), len);
}

uint16_t box_peek16(struct box *b, paddr pa)
{
    uint8_t v[2];
    ck_assert(phys_peek(b->ph, pa, v, 2));
    return load_le16(v);
}

uint32_t box_reg(const struct box *b, const char *name)
{
    uint64_t v = 0;
    ck_assert(cpu_reg_get(b->cpu, name, &v));
    return (uint32_t)v;
}

void box_set(struct box *b, const char *name, uint32_t v)
{
    ck_assert_msg(cpu_reg_set(b->cpu, name, v), "%s", name);
}

void box_new(struct box *b, bool single_step)
{
    struct error err;
    memset(b, 0, sizeof *b);
    b->ph = phys_new(RAM, NULL, &err);
    ck_assert_ptr_ne(b->ph, NULL);
    phys_map_ram(b->ph, 0, RAM, phys_main_ram(b->ph), 0);
    struct cpu_bus bus = {
        .ctx = b, .in = box_in, .out = box_out, .int_ack = box_ack, .tick = &b->tick};
    struct cpu_config cfg = {.single_step = single_step, .sparse = sparse_pages()};
    b->cpu = cpu_new(&cfg, &bus, b->ph, &b->notes, &err);
    ck_assert_msg(b->cpu != NULL, "%s", err.text);
    for (unsigned v = 0; v < 256; v++) {
        uint8_t entry[4], iret = 0xCF;
        store_le32(entry, HANDLER + 16 * v);
        box_poke(b, 4 * v, entry, 4);
        box_poke(b, HANDLER + 16 * v, &iret, 1);
    }
    box_set(b, "cs", 0);
    box_set(b, "eip", CODE_AT);
    box_set(b, "esp", STACK);
}

void box_free(struct box *b)
{
    cpu_free(b->cpu);
    phys_free(b->ph);
}

uint32_t box_tick(struct box *b)
{
    cpu_run(b->cpu, b->tick + 1);
    return box_reg(b, "eip") - CODE_AT;
}

unsigned box_handler(struct box *b)
{
    uint32_t off = box_reg(b, "eip") - HANDLER;
    return off < 0x1000 && off % 16 == 0 ? off / 16 : 999;
}

uint32_t box_pushed_ip(struct box *b)
{
    return box_peek16(b, box_reg(b, "esp")) - CODE_AT;
}
