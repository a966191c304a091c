/* tests/unit/test_cpu_run.c -- cpu/sys/cpu.c: the run loop at instruction boundaries. What one
 * tick is, where interrupts and NMI are taken and in which order (SDM 3A 6.7 to 6.9), and that
 * blocks and single steps agree on every boundary. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cpu_box.h"

#define SET_TF 0x68, 0x02, 0x01, 0x9D /* PUSH 0102h; POPF */

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
            ck_assert_uint_eq(box_reg(&b, "eip"), CODE_AT + until % 5);
        }
    }
}
END_TEST

/* SDM says nothing of ticks; docs/time.md does. */
START_TEST(one_tick_each)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xCD, 0x33, 0x0F, 0x0B); /* INT 33h; UD2 */
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 0x33);
        ck_assert_uint_eq(box_pushed_ip(&b), 2);
        ck_assert_uint_eq(box_tick(&b), 2); /* IRET */
        box_tick(&b);                       /* UD2 and its #UD */
        ck_assert_uint_eq(box_handler(&b), 6);
        ck_assert_uint_eq(box_pushed_ip(&b), 2);
    }
}
END_TEST

START_TEST(rep_iterations)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xB9, 5, 0, 0xF3, 0x6C, 0xF3, 0x6E, 0x40); /* MOV CX,5; REP INSB; REP OUTSB */
        box_set(&b, "edi", 0x500);
        box_set(&b, "edx", 0x77);
        ck_assert_uint_eq(box_tick(&b), 3);
        for (unsigned left = 4; left > 0; left--) {
            ck_assert_uint_eq(box_tick(&b), 3);
            ck_assert_uint_eq(box_reg(&b, "ecx"), left);
            ck_assert_uint_eq(b.port_tick, b.tick - 1);
        }
        ck_assert_uint_eq(box_tick(&b), 5);
        ck_assert_uint_eq(box_reg(&b, "edi"), 0x505);
        ck_assert_uint_eq(box_tick(&b), 7); /* CX is 0: one tick */
        ck_assert_uint_eq(b.tick, 7);
    }
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
        ck_assert_uint_eq(box_handler(&b), 2);
        ck_assert_uint_eq(box_pushed_ip(&b), 2);
        box_tick(&b);                       /* IRET */
        ck_assert_uint_eq(box_tick(&b), 3); /* STI */
        ck_assert_uint_eq(box_tick(&b), 4); /* HLT, in its shadow */
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 0x40);
        ck_assert_uint_eq(box_pushed_ip(&b), 4);
        ck_assert_uint_eq(b.acks, 1);
    }
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
        ck_assert_uint_eq(box_handler(&b), 0x40);
        ck_assert_uint_eq(box_pushed_ip(&b), 2);
        ck_assert_uint_eq(box_reg(&b, "eflags") & 0x200, 0);
    }
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
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 0x40);
        ck_assert_uint_eq(box_pushed_ip(&b), 3);
    }
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
        ck_assert_uint_eq(box_handler(&b), 0x40);
        ck_assert_uint_eq(box_pushed_ip(&b), 4);
    }
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
        ck_assert_uint_eq(box_tick(&b),
                          6); /* held off; the second casts no shadow of its own */
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 2); /* NMI first … */
        ck_assert_uint_eq(box_pushed_ip(&b), 6);
        cpu_run(b.cpu, b.tick + 2); /* … its IRET, then INTR */
        ck_assert_uint_eq(box_handler(&b), 0x40);
    }
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
        ck_assert_uint_eq(box_handler(&b), 0x40);
        ck_assert_uint_eq(box_pushed_ip(&b), 4);
        ck_assert_uint_eq(box_reg(&b, "eax"), 0);
    }
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
        ck_assert_uint_eq(box_handler(&b), 0x40);
        ck_assert_uint_eq(box_pushed_ip(&b), 8); /* to be continued */
        ck_assert_uint_eq(box_reg(&b, "ecx"), 8);
    }
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
        ck_assert_uint_eq(box_reg(&b, "eip"), CODE_AT + 3);
        cpu_attention(b.cpu); /* between runs it means nothing */
        ck_assert_int_eq(cpu_run(b.cpu, 4), CPU_UNTIL);
        ck_assert_uint_eq(b.tick, 4);
    }
}
END_TEST

/* ---- NMI */

START_TEST(nmi_is_blocked_until_iret)
{
    struct box b;
    FOR_BOTH(b)
    {
        const uint8_t two_nops[] = {0x90, 0x90, 0xCF};
        box_poke(&b, HANDLER + 16 * 2, two_nops, sizeof two_nops);
        LOAD(&b, 0x40, 0x40, 0x40);
        cpu_nmi(b.cpu);
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 2);
        cpu_nmi(b.cpu); /* latched */
        cpu_run(b.cpu, b.tick + 3);
        ck_assert_uint_eq(box_reg(&b, "eip"), CODE_AT); /* after IRET */
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 2);
        cpu_run(b.cpu, b.tick + 4);
        ck_assert_uint_eq(box_reg(&b, "eip"), CODE_AT + 1); /* there were two, and no third */
    }
}
END_TEST

/* ---- shutdown, reset, A20 */

START_TEST(shutdown_and_reset)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x0F, 0x0B);
        box_set(&b, "idtr.limit", 0);
        ck_assert_int_eq(cpu_run(b.cpu, 100), CPU_SHUTDOWN);
        ck_assert_uint_eq(b.tick, 1);
        ck_assert_uint_eq(box_reg(&b, "eip"), CODE_AT);
        ck_assert_int_eq(cpu_run(b.cpu, 100), CPU_SHUTDOWN);
        cpu_reset(b.cpu, false);
        ck_assert_uint_eq(cpu_pc(b.cpu), 0xFFFFFFF0u);
        ck_assert_uint_eq(box_reg(&b, "idtr.limit"), 0xFFFF);
        ck_assert_int_eq(cpu_run(b.cpu, 3), CPU_UNTIL); /* open bus: FFh FFh is #UD */
    }
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
        box_poke(&b, 0x500, &low, 1);
        box_poke(&b, RAM + 0x500, &high, 1);
        cpu_run(b.cpu, 8);
        ck_assert_uint_eq(box_reg(&b, "ebx"), 0x3412);
    }
}
END_TEST

/* The chipset lets reads go to the ROM and writes to the RAM below it: what is modified is what
 * reads find. */
START_TEST(reads_and_writes_may_part)
{
    static uint8_t rom[PAGE_SIZE] = {0x40};
    struct box b;
    FOR_BOTH(b)
    {
        /* MOV BYTE [5000h], 1, three times; ADD BYTE [5000h], 2; XCHG [5000h], BL */
        LOAD(&b, 0xC6, 0x06, 0x00, 0x50, 1, 0xC6, 0x06, 0x00, 0x50, 1, 0xC6, 0x06, 0x00, 0x50,
             1, 0x80, 0x06, 0x00, 0x50, 2, 0x86, 0x1E, 0x00, 0x50);
        struct ram *ram = phys_main_ram(b.ph);
        phys_map_split(b.ph, 0x5000, PAGE_SIZE, rom, ram, 0x5000);
        cpu_run(b.cpu, 3);
        ck_assert_uint_eq(ram->bytes[0x5000], 1);
        cpu_run(b.cpu, 4);
        ck_assert_uint_eq(ram->bytes[0x5000], 0x42);
        cpu_run(b.cpu, 5);
        ck_assert_uint_eq(box_reg(&b, "ebx"), 0x40);
        ck_assert_uint_eq(ram->bytes[0x5000], 0);
    }
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
        ck_assert_uint_eq(box_reg(&b, "ebx"), 1);
        ck_assert_uint_eq(box_reg(&b, "eax"), 0);
        uint8_t inc_cx = 0x41;
        cpu_run(b.cpu, 10);
        ck_assert_uint_eq(box_reg(&b, "ebx"), 5);
        box_poke(&b, CODE_AT + 5, &inc_cx, 1);
        cpu_run(b.cpu, 20);
        ck_assert_uint_eq(box_reg(&b, "ecx"), 5);
    }
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
    box_poke(b, CODE_AT, code, at + 2);
    box_set(b, "edi", 0x9000);
    box_set(b, "esi", 0x9100);
    box_set(b, "edx", 0x55);
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
    tc = tcase_create("whole");
    tcase_add_test(tc, shutdown_and_reset);
    tcase_add_test(tc, a20);
    tcase_add_test(tc, reads_and_writes_may_part);
    tcase_add_test(tc, code_changes_under_way);
    tcase_add_loop_test(tc, blocks_are_steps, 0, 100);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
