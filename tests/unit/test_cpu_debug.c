/* tests/unit/test_cpu_debug.c -- single-step traps, breakpoints and their order among other
 * events (SDM 3B 17.2, 17.3; SDM 3A 6.9). */
#include <check.h>
#include <stdlib.h>

#include "tests/support/cpu_box.h"

#define SET_TF 0x68, 0x02, 0x01, 0x9D /* PUSH 0102h; POPF */

START_TEST(trace)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, SET_TF, 0x40, 0xF3, 0x90, 0x41);
        ck_assert_uint_eq((cpu_run(b.cpu, 2), box_reg(&b, "eip")),
                          CODE_AT + 4); /* not POPF itself */
        ck_assert_uint_eq(box_tick(&b), 5);
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 1);
        ck_assert_uint_eq(box_pushed_ip(&b), 5);
        ck_assert_uint_eq(box_reg(&b, "dr6"), 0xFFFF4FF0);
        ck_assert_uint_eq(box_reg(&b, "eflags") & 0x100, 0);
        ck_assert_uint_eq(box_peek16(&b, box_reg(&b, "esp") + 4),
                          0x102); /* INC AX: 1, no flags */
        box_tick(&b);             /* IRET restores TF; then one more instruction */
        ck_assert_uint_eq(box_tick(&b), 7);
        box_tick(&b);
        ck_assert_uint_eq(box_pushed_ip(&b), 7);
    }
}
END_TEST

START_TEST(trace_and_int)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, SET_TF, 0xCD, 0x33, 0x40);
        cpu_run(b.cpu, 3);
        ck_assert_uint_eq(box_handler(&b), 0x33); /* INT n clears TF: its handler runs free */
        ck_assert_uint_eq(box_tick(&b), 6);       /* IRET has set TF again … */
        ck_assert_uint_eq(box_tick(&b), 7);
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 1); /* … which is for the instruction after */
        ck_assert_uint_eq(box_pushed_ip(&b), 7);
    }
}
END_TEST

START_TEST(trace_and_fault)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, SET_TF, 0x0F, 0x0B);
        cpu_run(b.cpu, 3);
        ck_assert_uint_eq(box_handler(&b), 6); /* the instruction did not complete */
        ck_assert_uint_eq(box_reg(&b, "dr6"), 0xFFFF0FF0);
    }
}
END_TEST

START_TEST(trace_and_ss)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, SET_TF, 0x8E, 0xD0, 0x40, 0x41);
        cpu_run(b.cpu, 4);
        ck_assert_uint_eq(box_reg(&b, "eip"), CODE_AT + 7); /* no trap behind MOV SS */
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 1);
        ck_assert_uint_eq(box_pushed_ip(&b), 7);
    }
}
END_TEST

START_TEST(trace_rep_and_hlt)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xB9, 2, 0, SET_TF, 0xF3, 0xAC, 0xF4); /* REP LODSB; HLT */
        cpu_run(b.cpu, 5);
        ck_assert_uint_eq(box_handler(&b), 1);
        ck_assert_uint_eq(box_pushed_ip(&b), 7); /* after one iteration */
        cpu_run(b.cpu, b.tick + 3);
        ck_assert_uint_eq(box_pushed_ip(&b), 9); /* after the last */
        cpu_run(b.cpu, b.tick + 3);
        ck_assert_uint_eq(box_handler(&b), 1); /* the trap wakes the processor */
        ck_assert_uint_eq(box_pushed_ip(&b), 10);
    }
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
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 1);
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 2);
        ck_assert_uint_eq(b.acks, 0);
        box_tick(&b); /* IRET to the debug handler, IF clear; IRET from there */
        box_tick(&b);
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 0x40);
    }
}
END_TEST

START_TEST(code_breakpoint)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x40, 0x41, 0x42, 0x43);
        box_set(&b, "dr0", CODE_AT + 1);
        box_set(&b, "dr3", CODE_AT + 1);
        box_set(&b, "dr7", 0x401); /* L0; DR3 is off */
        cpu_run(b.cpu, 2);
        ck_assert_uint_eq(box_handler(&b), 1);
        ck_assert_uint_eq(box_pushed_ip(&b), 1);
        ck_assert_uint_eq(box_reg(&b, "ecx"), 0);
        ck_assert_uint_eq(box_reg(&b, "dr6"), 0xFFFF0FF1);
        box_set(&b, "eip", CODE_AT + 1);
        box_set(&b, "eflags", 0x10002); /* RF: over it */
        ck_assert_uint_eq(box_tick(&b), 2);
        ck_assert_uint_eq(box_reg(&b, "eflags") & 0x10000, 0);
    }
}
END_TEST

START_TEST(port_breakpoint)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xE4, 0x42, 0xE5, 0x41, 0x90); /* IN AL,42h; IN AX,41h */
        box_set(&b, "dr1", 0x42);
        box_set(&b, "dr7", 0x200408);       /* G1, R/W1 = 2, one byte */
        ck_assert_uint_eq(box_tick(&b), 2); /* without CR4.DE it is nothing */
        box_set(&b, "cr4", 8);
        ck_assert_uint_eq(box_tick(&b), 4); /* 41h and 42h */
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 1);
        ck_assert_uint_eq(box_pushed_ip(&b), 4);
        ck_assert_uint_eq(box_reg(&b, "dr6"), 0xFFFF0FF2);
    }
}
END_TEST

/* SDM 3B 17.2.4: R/W 1 stores, 3 stores and loads; traps come after the access. */
START_TEST(data_breakpoints)
{
    static const struct {
        uint32_t dr7;
        int traps_after; /* instruction, or -1 */
    } want[] = {
        {0x00010401, 1},  /* one byte, stores: the second instruction */
        {0x00030401, 0},  /* and loads: the first */
        {0x000D0401, 1},  /* four bytes, stores */
        {0x00010400, -1}, /* off */
        {0x00130401, 0},  /* the load is of two bytes, and covers it */
    };
    struct box b;
    for (unsigned n = 0; n < ARRAY_LEN(want); n++) {
        FOR_BOTH(b)
        {
            /* MOV AX,[8000h]; MOV [8001h],AL; INC BYTE [8001h]; NOP; PUSH, POP elsewhere */
            LOAD(&b, 0xA1, 0x00, 0x80, 0xA2, 0x01, 0x80, 0xFE, 0x06, 0x01, 0x80, 0x90, 0x50,
                 0x58);
            box_set(&b, "dr0", 0x8001);
            box_set(&b, "dr7", want[n].dr7);
            if (want[n].traps_after < 0) {
                cpu_run(b.cpu, 6);
                ck_assert_uint_eq(box_reg(&b, "eip"), CODE_AT + 13);
                continue;
            }
            cpu_run(b.cpu, (uint64_t)want[n].traps_after + 2);
            ck_assert_uint_eq(box_handler(&b), 1);
            ck_assert_uint_eq(box_pushed_ip(&b), 3u * (unsigned)(want[n].traps_after + 1));
            ck_assert_uint_eq(box_reg(&b, "dr6"), 0xFFFF0FF1);
        }
    }
}
END_TEST

/* A string element, a pushed word. */
START_TEST(data_breakpoints_elsewhere)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xB9, 4, 0, 0xF3, 0xAA, 0x50); /* MOV CX,4; REP STOSB; PUSH AX */
        box_set(&b, "edi", 0x8000);
        box_set(&b, "dr1", 0x8002);
        box_set(&b, "dr2", STACK - 2);
        box_set(&b, "dr7", 0x00100408); /* G1: stores */
        cpu_run(b.cpu, 5);
        ck_assert_uint_eq(box_handler(&b), 1);
        ck_assert_uint_eq(box_reg(&b, "ecx"), 1); /* between two iterations */
        ck_assert_uint_eq(box_reg(&b, "dr6"), 0xFFFF0FF2);
        box_set(&b, "dr7", 0x05000420); /* G2: stores, two bytes */
        cpu_run(b.cpu, b.tick + 2);     /* IRET, the last iteration */
        ck_assert_uint_eq(box_reg(&b, "ecx"), 0);
        cpu_run(b.cpu, b.tick + 2); /* PUSH, #DB */
        ck_assert_uint_eq(box_handler(&b), 1);
        ck_assert_uint_eq(box_pushed_ip(&b), 6);
        ck_assert_uint_eq(box_reg(&b, "dr6"), 0xFFFF0FF6); /* DR6 is sticky */
    }
}
END_TEST

START_TEST(general_detect)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x0F, 0x21, 0xF0); /* MOV EAX, DR6 */
        box_set(&b, "dr7", 0x2400);
        box_tick(&b);
        ck_assert_uint_eq(box_handler(&b), 1);
        ck_assert_uint_eq(box_pushed_ip(&b), 0);
        ck_assert_uint_eq(box_reg(&b, "dr6"), 0xFFFF2FF0);
        ck_assert_uint_eq(box_reg(&b, "dr7"), 0x400); /* the handler may look */
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cpu_debug");
    TCase *tc = tcase_create("debug");
    tcase_add_test(tc, trace);
    tcase_add_test(tc, trace_and_int);
    tcase_add_test(tc, trace_and_fault);
    tcase_add_test(tc, trace_and_ss);
    tcase_add_test(tc, trace_rep_and_hlt);
    tcase_add_test(tc, priorities);
    tcase_add_test(tc, code_breakpoint);
    tcase_add_test(tc, port_breakpoint);
    tcase_add_test(tc, data_breakpoints);
    tcase_add_test(tc, data_breakpoints_elsewhere);
    tcase_add_test(tc, general_detect);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
