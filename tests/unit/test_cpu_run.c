/* tests/unit/test_cpu_run.c -- cpu/sys/cpu.c: the run loop at instruction boundaries. What one
 * tick is, where interrupts, NMI and debug traps are taken and in which order (SDM 3A 6.7
 * to 6.9), and that blocks and single steps agree on every boundary.
 *
 * Everything here runs in real mode at 0:7C00 with the stack at 0:7000. Each vector's handler
 * is an IRET at 0:1000 + 16 * vector; taken events are seen by the words that they push.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"

enum { RAM = 1 << 20, CODE_AT = 0x7C00, STACK = 0x7000, HANDLER = 0x1000 };
enum { PORT_ATTENTION = 0x10, PORT_RAISE = 0x11, PORT_A20 = 0x12, PORT_NMI = 0x13 };

struct box {
    struct cpu *cpu;
    struct phys *ph;
    struct notes notes;
    uint64_t tick, port_tick, hash;
    unsigned acks;
    bool keep_intr; /* INTA does not lower the line */
};

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

static void poke(struct box *b, paddr pa, const void *bytes, unsigned len)
{
    ck_assert_uint_eq(phys_dma_write(b->ph, pa, bytes, len), len);
}

static uint16_t peek16(struct box *b, paddr pa)
{
    uint8_t v[2];
    ck_assert(phys_peek(b->ph, pa, v, 2));
    return load_le16(v);
}

static uint32_t reg(const struct box *b, const char *name)
{
    uint64_t v = 0;
    ck_assert(cpu_reg_get(b->cpu, name, &v));
    return (uint32_t)v;
}

static void set(struct box *b, const char *name, uint32_t v)
{
    ck_assert_msg(cpu_reg_set(b->cpu, name, v), "%s", name);
}

static void box_new(struct box *b, bool single_step)
{
    struct error err;
    memset(b, 0, sizeof *b);
    b->ph = phys_new(RAM, &err);
    ck_assert_ptr_ne(b->ph, NULL);
    phys_map_ram(b->ph, 0, RAM, phys_main_ram(b->ph), 0);
    struct cpu_bus bus = {b, box_in, box_out, box_ack, &b->tick};
    struct cpu_config cfg = {.single_step = single_step};
    b->cpu = cpu_new(&cfg, &bus, b->ph, &b->notes, &err);
    ck_assert_msg(b->cpu != NULL, "%s", err.text);
    for (unsigned v = 0; v < 256; v++) {
        uint8_t entry[4], iret = 0xCF;
        store_le32(entry, HANDLER + 16 * v);
        poke(b, 4 * v, entry, 4);
        poke(b, HANDLER + 16 * v, &iret, 1);
    }
    set(b, "cs", 0);
    set(b, "eip", CODE_AT);
    set(b, "esp", STACK);
}

static void box_free(struct box *b)
{
    cpu_free(b->cpu);
    phys_free(b->ph);
}

#define LOAD(b, ...)                                                                           \
    poke(b, CODE_AT, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* One tick; EIP after it, less CODE_AT. */
static uint32_t tick(struct box *b)
{
    cpu_run(b->cpu, b->tick + 1);
    return reg(b, "eip") - CODE_AT;
}

static unsigned handler(struct box *b) /* vector whose handler comes next, or 999 */
{
    uint32_t off = reg(b, "eip") - HANDLER;
    return off < 0x1000 && off % 16 == 0 ? off / 16 : 999;
}

static uint32_t pushed_ip(struct box *b)
{
    return peek16(b, reg(b, "esp")) - CODE_AT;
}

#define FOR_BOTH(b)                                                                            \
    for (int mode_ = 0; box_new(&(b), mode_), mode_ < 2; box_free(&(b)), mode_++)
/* … then box_free() the box that the last test of the condition made. */

/* ---- time */

START_TEST(until_is_exact)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x40, 0x41, 0x42, 0x43, 0xEB, 0xFA); /* INC AX..BX; JMP back */
        for (uint64_t n = 1; n < 40; n++) {
            uint64_t until = b.tick + n;
            ck_assert_int_eq(cpu_run(b.cpu, until), CPU_UNTIL);
            ck_assert_uint_eq(b.tick, until);
            ck_assert_int_eq(cpu_run(b.cpu, until), CPU_UNTIL);
            ck_assert_uint_eq(b.tick, until);
            ck_assert_uint_eq(reg(&b, "eip"), CODE_AT + until % 5);
        }
    }
    box_free(&b);
}
END_TEST

/* SDM says nothing of ticks; docs/time.md does. */
START_TEST(one_tick_each)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xCD, 0x33, 0x0F, 0x0B); /* INT 33h; UD2 */
        tick(&b);
        ck_assert_uint_eq(handler(&b), 0x33);
        ck_assert_uint_eq(pushed_ip(&b), 2);
        ck_assert_uint_eq(tick(&b), 2); /* IRET */
        tick(&b);                       /* UD2 and its #UD */
        ck_assert_uint_eq(handler(&b), 6);
        ck_assert_uint_eq(pushed_ip(&b), 2);
    }
    box_free(&b);
}
END_TEST

START_TEST(rep_iterations)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xB9, 5, 0, 0xF3, 0x6C, 0xF3, 0x6E, 0x40); /* MOV CX,5; REP INSB; REP OUTSB */
        set(&b, "edi", 0x500);
        set(&b, "edx", 0x77);
        ck_assert_uint_eq(tick(&b), 3);
        for (unsigned left = 4; left > 0; left--) {
            ck_assert_uint_eq(tick(&b), 3);
            ck_assert_uint_eq(reg(&b, "ecx"), left);
            ck_assert_uint_eq(b.port_tick, b.tick - 1);
        }
        ck_assert_uint_eq(tick(&b), 5);
        ck_assert_uint_eq(reg(&b, "edi"), 0x505);
        ck_assert_uint_eq(tick(&b), 7); /* CX is 0: one tick */
        ck_assert_uint_eq(b.tick, 7);
    }
    box_free(&b);
}
END_TEST

/* ---- HLT, INTR */

START_TEST(halt_and_wake)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xFA, 0xF4, 0xFB, 0xF4, 0x40); /* CLI; HLT; STI; HLT; INC AX */
        ck_assert_int_eq(cpu_run(b.cpu, 100), CPU_HALTED);
        ck_assert_uint_eq(b.tick, 2);
        b.tick = 50; /* the board skips to its next event */
        cpu_set_intr(b.cpu, true);
        ck_assert_int_eq(cpu_run(b.cpu, 100), CPU_HALTED); /* IF is clear */
        ck_assert_uint_eq(b.tick, 50);
        cpu_nmi(b.cpu);
        ck_assert_int_eq(cpu_run(b.cpu, 51), CPU_UNTIL);
        ck_assert_uint_eq(handler(&b), 2);
        ck_assert_uint_eq(pushed_ip(&b), 2);
        tick(&b);                       /* IRET */
        ck_assert_uint_eq(tick(&b), 3); /* STI */
        ck_assert_uint_eq(tick(&b), 4); /* HLT, in its shadow */
        tick(&b);
        ck_assert_uint_eq(handler(&b), 0x40);
        ck_assert_uint_eq(pushed_ip(&b), 4);
        ck_assert_uint_eq(b.acks, 1);
    }
    box_free(&b);
}
END_TEST

START_TEST(sti_shadow)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xFB, 0x40, 0x41); /* STI; INC AX; INC CX */
        cpu_set_intr(b.cpu, true);
        ck_assert_int_eq(cpu_run(b.cpu, 3), CPU_UNTIL);
        ck_assert_uint_eq(handler(&b), 0x40);
        ck_assert_uint_eq(pushed_ip(&b), 2);
        ck_assert_uint_eq(reg(&b, "eflags") & 0x200, 0);
    }
    box_free(&b);
}
END_TEST

START_TEST(sti_again_casts_none)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xFB, 0x40, 0xFB, 0x41); /* STI; INC AX; STI; INC CX */
        cpu_run(b.cpu, 3);
        cpu_set_intr(b.cpu, true);
        tick(&b);
        ck_assert_uint_eq(handler(&b), 0x40);
        ck_assert_uint_eq(pushed_ip(&b), 3);
    }
    box_free(&b);
}
END_TEST

START_TEST(popf_opens_at_once)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x68, 2, 2, 0x9D, 0x40); /* PUSH 0202h; POPF; INC AX */
        cpu_set_intr(b.cpu, true);
        cpu_run(b.cpu, 3);
        ck_assert_uint_eq(handler(&b), 0x40);
        ck_assert_uint_eq(pushed_ip(&b), 4);
    }
    box_free(&b);
}
END_TEST

START_TEST(ss_shadow)
{
    struct box b;
    FOR_BOTH(b)
    {
        /* STI; NOP; MOV SS,AX; MOV SS,AX; INC BX */
        LOAD(&b, 0xFB, 0x90, 0x8E, 0xD0, 0x8E, 0xD0, 0x43);
        cpu_run(b.cpu, 3); /* behind the first MOV SS */
        cpu_set_intr(b.cpu, true);
        cpu_nmi(b.cpu);
        ck_assert_uint_eq(tick(&b), 6); /* held off; the second casts no shadow of its own */
        tick(&b);
        ck_assert_uint_eq(handler(&b), 2); /* NMI first … */
        ck_assert_uint_eq(pushed_ip(&b), 6);
        cpu_run(b.cpu, b.tick + 2); /* … its IRET, then INTR */
        ck_assert_uint_eq(handler(&b), 0x40);
    }
    box_free(&b);
}
END_TEST

/* An OUT that raises the line is followed by the interrupt, not by another instruction. */
START_TEST(port_raises_intr)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xFB, 0x90, 0xE6, PORT_RAISE, 0x40, 0x40);
        cpu_run(b.cpu, 4);
        ck_assert_uint_eq(handler(&b), 0x40);
        ck_assert_uint_eq(pushed_ip(&b), 4);
        ck_assert_uint_eq(reg(&b, "eax"), 0);
    }
    box_free(&b);
}
END_TEST

START_TEST(rep_is_interrupted)
{
    struct box b;
    FOR_BOTH(b)
    {
        /* STI; NOP; MOV CX,9; MOV DX,11h; REP OUTSB: the first iteration raises INTR */
        LOAD(&b, 0xFB, 0x90, 0xB9, 9, 0, 0xBA, PORT_RAISE, 0, 0xF3, 0x6E);
        cpu_run(b.cpu, 6);
        ck_assert_uint_eq(handler(&b), 0x40);
        ck_assert_uint_eq(pushed_ip(&b), 8); /* to be continued */
        ck_assert_uint_eq(reg(&b, "ecx"), 8);
    }
    box_free(&b);
}
END_TEST

START_TEST(attention_returns_at_once)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x40, 0xE6, PORT_ATTENTION, 0x41, 0x42);
        ck_assert_int_eq(cpu_run(b.cpu, 100), CPU_ATTENTION);
        ck_assert_uint_eq(b.tick, 2);
        ck_assert_uint_eq(reg(&b, "eip"), CODE_AT + 3);
        cpu_attention(b.cpu); /* between runs it means nothing */
        ck_assert_int_eq(cpu_run(b.cpu, 4), CPU_UNTIL);
        ck_assert_uint_eq(b.tick, 4);
    }
    box_free(&b);
}
END_TEST

/* ---- NMI */

START_TEST(nmi_is_blocked_until_iret)
{
    struct box b;
    FOR_BOTH(b)
    {
        const uint8_t two_nops[] = {0x90, 0x90, 0xCF};
        poke(&b, HANDLER + 16 * 2, two_nops, sizeof two_nops);
        LOAD(&b, 0x40, 0x40, 0x40);
        cpu_nmi(b.cpu);
        tick(&b);
        ck_assert_uint_eq(handler(&b), 2);
        cpu_nmi(b.cpu); /* latched */
        cpu_run(b.cpu, b.tick + 3);
        ck_assert_uint_eq(reg(&b, "eip"), CODE_AT); /* after IRET */
        tick(&b);
        ck_assert_uint_eq(handler(&b), 2);
        cpu_run(b.cpu, b.tick + 4);
        ck_assert_uint_eq(reg(&b, "eip"), CODE_AT + 1); /* there were two, and no third */
    }
    box_free(&b);
}
END_TEST

/* ---- debug (SDM 3B 17.3) */

#define SET_TF 0x68, 0x02, 0x01, 0x9D /* PUSH 0102h; POPF */

START_TEST(trace)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, SET_TF, 0x40, 0xF3, 0x90, 0x41);
        ck_assert_uint_eq((cpu_run(b.cpu, 2), reg(&b, "eip")),
                          CODE_AT + 4); /* not POPF itself */
        ck_assert_uint_eq(tick(&b), 5);
        tick(&b);
        ck_assert_uint_eq(handler(&b), 1);
        ck_assert_uint_eq(pushed_ip(&b), 5);
        ck_assert_uint_eq(reg(&b, "dr6"), 0xFFFF4FF0);
        ck_assert_uint_eq(reg(&b, "eflags") & 0x100, 0);
        ck_assert_uint_eq(peek16(&b, reg(&b, "esp") + 4), 0x102); /* INC AX: 1, no flags */
        tick(&b); /* IRET restores TF; then one more instruction */
        ck_assert_uint_eq(tick(&b), 7);
        tick(&b);
        ck_assert_uint_eq(pushed_ip(&b), 7);
    }
    box_free(&b);
}
END_TEST

START_TEST(trace_and_int)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, SET_TF, 0xCD, 0x33, 0x40);
        cpu_run(b.cpu, 3);
        ck_assert_uint_eq(handler(&b), 0x33); /* INT n clears TF: its handler runs free */
        ck_assert_uint_eq(tick(&b), 6);       /* IRET has set TF again … */
        ck_assert_uint_eq(tick(&b), 7);
        tick(&b);
        ck_assert_uint_eq(handler(&b), 1); /* … which is for the instruction after */
        ck_assert_uint_eq(pushed_ip(&b), 7);
    }
    box_free(&b);
}
END_TEST

START_TEST(trace_and_fault)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, SET_TF, 0x0F, 0x0B);
        cpu_run(b.cpu, 3);
        ck_assert_uint_eq(handler(&b), 6); /* the instruction did not complete */
        ck_assert_uint_eq(reg(&b, "dr6"), 0xFFFF0FF0);
    }
    box_free(&b);
}
END_TEST

START_TEST(trace_and_ss)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, SET_TF, 0x8E, 0xD0, 0x40, 0x41);
        cpu_run(b.cpu, 4);
        ck_assert_uint_eq(reg(&b, "eip"), CODE_AT + 7); /* no trap behind MOV SS */
        tick(&b);
        ck_assert_uint_eq(handler(&b), 1);
        ck_assert_uint_eq(pushed_ip(&b), 7);
    }
    box_free(&b);
}
END_TEST

START_TEST(trace_rep_and_hlt)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xB9, 2, 0, SET_TF, 0xF3, 0xAC, 0xF4); /* REP LODSB; HLT */
        cpu_run(b.cpu, 5);
        ck_assert_uint_eq(handler(&b), 1);
        ck_assert_uint_eq(pushed_ip(&b), 7); /* after one iteration */
        cpu_run(b.cpu, b.tick + 3);
        ck_assert_uint_eq(pushed_ip(&b), 9); /* after the last */
        cpu_run(b.cpu, b.tick + 3);
        ck_assert_uint_eq(handler(&b), 1); /* the trap wakes the processor */
        ck_assert_uint_eq(pushed_ip(&b), 10);
    }
    box_free(&b);
}
END_TEST

START_TEST(priorities)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x68, 0x02, 0x03, 0x9D, 0x40); /* TF and IF */
        cpu_run(b.cpu, 3);
        cpu_set_intr(b.cpu, true);
        cpu_nmi(b.cpu);
        tick(&b);
        ck_assert_uint_eq(handler(&b), 1);
        tick(&b);
        ck_assert_uint_eq(handler(&b), 2);
        ck_assert_uint_eq(b.acks, 0);
        tick(&b); /* IRET to the debug handler, IF clear; IRET from there */
        tick(&b);
        tick(&b);
        ck_assert_uint_eq(handler(&b), 0x40);
    }
    box_free(&b);
}
END_TEST

START_TEST(code_breakpoint)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x40, 0x41, 0x42, 0x43);
        set(&b, "dr0", CODE_AT + 1);
        set(&b, "dr3", CODE_AT + 1);
        set(&b, "dr7", 0x401); /* L0; DR3 is off */
        cpu_run(b.cpu, 2);
        ck_assert_uint_eq(handler(&b), 1);
        ck_assert_uint_eq(pushed_ip(&b), 1);
        ck_assert_uint_eq(reg(&b, "ecx"), 0);
        ck_assert_uint_eq(reg(&b, "dr6"), 0xFFFF0FF1);
        set(&b, "eip", CODE_AT + 1);
        set(&b, "eflags", 0x10002); /* RF: over it */
        ck_assert_uint_eq(tick(&b), 2);
        ck_assert_uint_eq(reg(&b, "eflags") & 0x10000, 0);
    }
    box_free(&b);
}
END_TEST

START_TEST(port_breakpoint)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xE4, 0x42, 0xE5, 0x41, 0x90); /* IN AL,42h; IN AX,41h */
        set(&b, "dr1", 0x42);
        set(&b, "dr7", 0x200408);       /* G1, R/W1 = 2, one byte */
        ck_assert_uint_eq(tick(&b), 2); /* without CR4.DE it is nothing */
        set(&b, "cr4", 8);
        ck_assert_uint_eq(tick(&b), 4); /* 41h and 42h */
        tick(&b);
        ck_assert_uint_eq(handler(&b), 1);
        ck_assert_uint_eq(pushed_ip(&b), 4);
        ck_assert_uint_eq(reg(&b, "dr6"), 0xFFFF0FF2);
    }
    box_free(&b);
}
END_TEST

START_TEST(general_detect)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x0F, 0x21, 0xF0); /* MOV EAX, DR6 */
        set(&b, "dr7", 0x2400);
        tick(&b);
        ck_assert_uint_eq(handler(&b), 1);
        ck_assert_uint_eq(pushed_ip(&b), 0);
        ck_assert_uint_eq(reg(&b, "dr6"), 0xFFFF2FF0);
        ck_assert_uint_eq(reg(&b, "dr7"), 0x400); /* the handler may look */
    }
    box_free(&b);
}
END_TEST

/* ---- shutdown, reset, A20 */

START_TEST(shutdown_and_reset)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x0F, 0x0B);
        set(&b, "idtr.limit", 0);
        ck_assert_int_eq(cpu_run(b.cpu, 100), CPU_SHUTDOWN);
        ck_assert_uint_eq(b.tick, 1);
        ck_assert_uint_eq(reg(&b, "eip"), CODE_AT);
        ck_assert_int_eq(cpu_run(b.cpu, 100), CPU_SHUTDOWN);
        cpu_reset(b.cpu, false);
        ck_assert_uint_eq(cpu_pc(b.cpu), 0xFFFFFFF0u);
        ck_assert_uint_eq(reg(&b, "idtr.limit"), 0xFFFF);
        ck_assert_int_eq(cpu_run(b.cpu, 3), CPU_UNTIL); /* open bus: FFh FFh is #UD */
    }
    box_free(&b);
}
END_TEST

START_TEST(a20)
{
    struct box b;
    struct error err;
    FOR_BOTH(b)
    {
        /* MOV AX,FFFFh; MOV DS,AX; MOV AL,0; OUT A20; MOV BL,[0510h]; MOV AL,1; OUT A20;
         * MOV BH,[0510h]: linear 100500h is 500h while the gate is closed */
        LOAD(&b, 0xB8, 0xFF, 0xFF, 0x8E, 0xD8, 0xB0, 0, 0xE6, PORT_A20, 0x8A, 0x1E, 0x10, 0x05,
             0xB0, 1, 0xE6, PORT_A20, 0x8A, 0x3E, 0x10, 0x05);
        uint8_t low = 0x12, high = 0x34;
        struct ram *more = phys_ram_new(b.ph, "more", PAGE_SIZE, &err);
        phys_map_ram(b.ph, RAM, PAGE_SIZE, more, 0);
        poke(&b, 0x500, &low, 1);
        poke(&b, RAM + 0x500, &high, 1);
        cpu_run(b.cpu, 8);
        ck_assert_uint_eq(reg(&b, "ebx"), 0x3412);
    }
    box_free(&b);
}
END_TEST

/* ---- self-modifying code; blocks and steps agree */

START_TEST(code_changes_under_way)
{
    struct box b;
    FOR_BOTH(b)
    {
        /* MOV BYTE [7C05h], 43h; INC AX becomes INC BX; again, by way of a loop */
        LOAD(&b, 0xC6, 0x06, 0x05, 0x7C, 0x43, 0x40, 0xEB, 0xFD);
        cpu_run(b.cpu, 2);
        ck_assert_uint_eq(reg(&b, "ebx"), 1);
        ck_assert_uint_eq(reg(&b, "eax"), 0);
        uint8_t inc_cx = 0x41;
        cpu_run(b.cpu, 10);
        ck_assert_uint_eq(reg(&b, "ebx"), 5);
        poke(&b, CODE_AT + 5, &inc_cx, 1);
        cpu_run(b.cpu, 20);
        ck_assert_uint_eq(reg(&b, "ecx"), 5);
    }
    box_free(&b);
}
END_TEST

static uint64_t box_hash(struct box *b)
{
    uint64_t h = state_hash(&cpu_schema, cpu_state(b->cpu), b->hash);
    return hash_u64(hash_u64(h, ram_hash(b->ph, phys_main_ram(b->ph))), b->tick);
}

static uint32_t lcg(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Pieces of code in any order: everything that touches boundaries. */
static const struct {
    uint8_t len, bytes[8];
} pieces[] = {
    {1, {0x40}},
    {1, {0x41}},
    {2, {0x01, 0xC3}},
    {1, {0xFB}},
    {1, {0xFA}},
    {2, {0x8E, 0xD5}},
    {2, {0x1E, 0x1F}},
    {1, {0xF4}},
    {4, {SET_TF}},
    {4, {0x68, 0x02, 0x02, 0x9D}},
    {4, {0x68, 0x02, 0x03, 0x9D}},
    {2, {0xCD, 0x33}},
    {1, {0xCC}},
    {2, {0x0F, 0x0B}},
    {5, {0xB9, 7, 0, 0xF3, 0xAA}},
    {5, {0xB9, 9, 0, 0xF3, 0x6C}},
    {5, {0xB9, 3, 0, 0xF3, 0x6E}},
    {5, {0xB9, 9, 0, 0xF3, 0xA5}},
    {2, {0xE6, PORT_RAISE}},
    {2, {0xE6, PORT_NMI}},
    {2, {0xE6, PORT_ATTENTION}},
    {2, {0xE4, 0x99}},
    {2, {0x0F, 0x31}},
    {3, {0x0F, 0x20, 0xC0}},
    {5, {0x2E, 0xFE, 0x06, 0x40, 0x7C}}, /* INC BYTE CS:[7C40h]: into the code */
    {4, {0xB0, 0, 0xE6, PORT_A20}},
    {4, {0xB0, 1, 0xE6, PORT_A20}},
    {2, {0x9C, 0x9D}},
};

static void load_pieces(struct box *b, uint32_t seed)
{
    uint8_t code[256];
    unsigned at = 0;
    while (at < 240) {
        unsigned n = lcg(&seed) % ARRAY_LEN(pieces);
        memcpy(code + at, pieces[n].bytes, pieces[n].len);
        at += pieces[n].len;
    }
    code[at++] = 0xE9; /* JMP to the start */
    store_le16(code + at, (uint16_t)(0u - at - 2));
    poke(b, CODE_AT, code, at + 2);
    set(b, "edi", 0x9000);
    set(b, "esi", 0x9100);
    set(b, "edx", 0x55);
}

/* Runs both engines through the same events in slices of different lengths. */
START_TEST(blocks_are_steps)
{
    struct box blocks, steps;
    uint32_t seed = (uint32_t)_i * 7919 + 1;
    box_new(&blocks, false);
    box_new(&steps, true);
    load_pieces(&blocks, seed);
    load_pieces(&steps, seed);
    for (unsigned slice = 0; slice < 60; slice++) {
        uint64_t until = blocks.tick + 1 + lcg(&seed) % 50;
        unsigned what = lcg(&seed) % 8;
        for (int n = 0; n < 2; n++) {
            struct box *b = n ? &steps : &blocks;
            enum cpu_stop why;
            if (what < 2) {
                cpu_set_intr(b->cpu, what);
            } else if (what == 2) {
                cpu_nmi(b->cpu);
            }
            do {
                why = cpu_run(b->cpu, until);
                if (why == CPU_HALTED) {
                    b->tick = until; /* time passes */
                }
            } while (b->tick < until && why != CPU_SHUTDOWN);
        }
        ck_assert_uint_eq(blocks.tick, steps.tick);
        ck_assert_msg(box_hash(&blocks) == box_hash(&steps), "seed %d, slice %u, tick %llu", _i,
                      slice, (unsigned long long)blocks.tick);
    }
    box_free(&blocks);
    box_free(&steps);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cpu_run");
    TCase *tc = tcase_create("boundary");
    tcase_add_test(tc, until_is_exact);
    tcase_add_test(tc, one_tick_each);
    tcase_add_test(tc, rep_iterations);
    tcase_add_test(tc, halt_and_wake);
    tcase_add_test(tc, sti_shadow);
    tcase_add_test(tc, sti_again_casts_none);
    tcase_add_test(tc, popf_opens_at_once);
    tcase_add_test(tc, ss_shadow);
    tcase_add_test(tc, port_raises_intr);
    tcase_add_test(tc, rep_is_interrupted);
    tcase_add_test(tc, attention_returns_at_once);
    tcase_add_test(tc, nmi_is_blocked_until_iret);
    suite_add_tcase(s, tc);
    tc = tcase_create("debug");
    tcase_add_test(tc, trace);
    tcase_add_test(tc, trace_and_int);
    tcase_add_test(tc, trace_and_fault);
    tcase_add_test(tc, trace_and_ss);
    tcase_add_test(tc, trace_rep_and_hlt);
    tcase_add_test(tc, priorities);
    tcase_add_test(tc, code_breakpoint);
    tcase_add_test(tc, port_breakpoint);
    tcase_add_test(tc, general_detect);
    suite_add_tcase(s, tc);
    tc = tcase_create("whole");
    tcase_add_test(tc, shutdown_and_reset);
    tcase_add_test(tc, a20);
    tcase_add_test(tc, code_changes_under_way);
    tcase_add_loop_test(tc, blocks_are_steps, 0, 100);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
