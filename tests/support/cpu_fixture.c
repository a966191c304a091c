/* tests/support/cpu_fixture.c -- see the header. */
#include "tests/support/cpu_fixture.h"

#include "frontend/big_pages.h"

#include <check.h>
#include <string.h>

static void log_access(struct cpu_fixture *fx, uint64_t what, uint64_t value)
{
    fx->port_hash = hash_u64(hash_u64(hash_u64(fx->port_hash, what), value), fx->tick);
}

static uint32_t port_in(void *ctx, uint16_t port, unsigned size)
{
    struct cpu_fixture *fx = ctx;
    uint32_t v = (uint32_t)hash_u64(port, fx->tick);
    v = port == 0xE9 ? 0xE9 : size == 1 ? v & 0xFF : size == 2 ? v & 0xFFFF : v;
    log_access(fx, port | size << 16, v);
    return v;
}

static void port_out(void *ctx, uint16_t port, uint32_t val, unsigned size)
{
    struct cpu_fixture *fx = ctx;
    log_access(fx, port | size << 16 | 1 << 24, val);
    if (port == 0xE9 && fx->debug_len < sizeof fx->debug) {
        fx->debug[fx->debug_len++] = (uint8_t)val;
    }
}

static uint8_t int_ack(void *ctx)
{
    struct cpu_fixture *fx = ctx;
    log_access(fx, 1 << 25, fx->vector);
    if (fx->drop_intr) {
        cpu_set_intr(fx->cpu, false);
    }
    return fx->vector;
}

static void ferr(void *ctx, bool level)
{
    struct cpu_fixture *fx = ctx;
    log_access(fx, 1 << 26, level);
    fx->ferr = level;
}

static void perf_overflow(void *ctx)
{
    struct cpu_fixture *fx = ctx;
    log_access(fx, 1 << 27, 0);
    fx->overflows++;
    fx->overflow_at = fx->tick;
}

void cpu_fixture_init(struct cpu_fixture *fx, const struct cpu_config *cfg)
{
    struct error err;
    memset(fx, 0, sizeof *fx);
    fx->vector = 0x20;
    fx->drop_intr = true;
    fx->ph = phys_new(CPU_FIXTURE_RAM, NULL, &err);
    ck_assert_msg(fx->ph != NULL, "%s", err.text);
    phys_map_ram(fx->ph, 0, CPU_FIXTURE_RAM, phys_main_ram(fx->ph), 0);
    fx->bus = (struct cpu_bus){.ctx = fx,
                               .in = port_in,
                               .out = port_out,
                               .int_ack = int_ack,
                               .tick = &fx->tick,
                               .ferr = ferr,
                               .perf_overflow = perf_overflow};
    struct cpu_config whole = *cfg;
    whole.sparse = sparse_pages();
    fx->cpu = cpu_new(&whole, &fx->bus, fx->ph, &fx->notes, &err);
    ck_assert_msg(fx->cpu != NULL, "%s", err.text);
    cpu_set_a20(fx->cpu, true);
}

void cpu_fixture_load(struct cpu_fixture *fx, paddr pa, const void *bytes, uint32_t len)
{
    ck_assert_uint_eq(phys_dma_write(fx->ph, pa, bytes, len), len);
}

void cpu_fixture_set(struct cpu_fixture *fx, const char *reg, uint64_t value)
{
    ck_assert_msg(cpu_reg_set(fx->cpu, reg, value), "cannot set %s", reg);
}

uint64_t cpu_fixture_get(const struct cpu_fixture *fx, const char *reg)
{
    uint64_t value = 0;
    ck_assert_msg(cpu_reg_get(fx->cpu, reg, &value), "no register %s", reg);
    return value;
}

uint64_t cpu_fixture_hash(struct cpu_fixture *fx)
{
    uint64_t h = state_hash(&cpu_schema, cpu_state(fx->cpu), 0);
    h = hash_u64(h, ram_hash(fx->ph, phys_main_ram(fx->ph)));
    return hash_u64(hash_u64(h, fx->tick), fx->port_hash);
}

void cpu_fixture_free(struct cpu_fixture *fx)
{
    cpu_free(fx->cpu);
    phys_free(fx->ph);
}
