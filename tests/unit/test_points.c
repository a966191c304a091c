/* test_points.c -- a debugger's breakpoints, watchpoints and steps: where they stop the
 * processor, with decoded blocks and one instruction at a time. That the guest cannot tell, and
 * random code: tests/property/test_engines.c. */
#include <check.h>
#include <stdlib.h>

#include "tests/support/cpu_box.h"

#define COUNTING                                                                               \
    0x40, 0x41, 0x42, 0x43, 0xEB, 0xFA /* INC AX..BX; JMP back: five ticks a turn */

static void expect_stop(struct box *b, enum cpu_found_kind kind, laddr la, uint64_t tick)
{
    ck_assert_int_eq(cpu_run(b->cpu, 100000), CPU_POINT);
    struct cpu_found found = cpu_found(b->cpu);
    ck_assert_int_eq(found.kind, kind);
    ck_assert_uint_eq(found.la, la);
    ck_assert_uint_eq(b->tick, tick);
}

static void add(struct box *b, enum cpu_point kind, laddr la, uint32_t len)
{
    ck_assert(cpu_point_add(b->cpu, kind, la, len));
}

static void step(struct box *b, bool over, laddr from, uint32_t len)
{
    cpu_step(b->cpu, &(struct cpu_step){.on = true, .over = over, .from = from, .len = len});
}

/* ---- breakpoints */

START_TEST(before_the_instruction)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, COUNTING);
        cpu_run(b.cpu, 51); /* blocks are there, and linked */
        add(&b, POINT_CODE, CODE_AT + 2, 0);
        expect_stop(&b, FOUND_CODE, CODE_AT + 2, 52);
        ck_assert_uint_eq(box_reg(&b, "eip"), CODE_AT + 2);
        expect_stop(&b, FOUND_CODE, CODE_AT + 2, 57);
        add(&b, POINT_CODE, CODE_AT, 0); /* where the loop comes back to */
        expect_stop(&b, FOUND_CODE, CODE_AT, 60);
        expect_stop(&b, FOUND_CODE, CODE_AT + 2, 62);
        ck_assert(cpu_point_remove(b.cpu, POINT_CODE, CODE_AT + 2, 0));
        expect_stop(&b, FOUND_CODE, CODE_AT, 65);
        ck_assert(cpu_point_remove(b.cpu, POINT_CODE, CODE_AT, 0));
        ck_assert(!cpu_point_remove(b.cpu, POINT_CODE, CODE_AT, 0));
        ck_assert_int_eq(cpu_run(b.cpu, 1000), CPU_UNTIL);
        ck_assert_uint_eq(b.tick, 1000);
        ck_assert_uint_eq(box_reg(&b, "eax"), 200);
    }
}
END_TEST

/* The slice ends first: nothing is found, nothing is lost. */
START_TEST(at_the_end_of_the_slice)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, COUNTING);
        add(&b, POINT_CODE, CODE_AT + 3, 0);
        ck_assert_int_eq(cpu_run(b.cpu, 3), CPU_UNTIL);
        ck_assert_int_eq(cpu_found(b.cpu).kind, FOUND_NOTHING);
        expect_stop(&b, FOUND_CODE, CODE_AT + 3, 3);
        box_set(&b, "eip", CODE_AT + 3); /* set anew, it is a new place */
        expect_stop(&b, FOUND_CODE, CODE_AT + 3, 3);
        expect_stop(&b, FOUND_CODE, CODE_AT + 3, 8);
    }
}
END_TEST

START_TEST(inside_an_instruction_is_nowhere)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xB8, 0x40, 0x40, 0xEB, 0xFB); /* MOV AX,4040h; JMP back */
        add(&b, POINT_CODE, CODE_AT + 1, 0);
        ck_assert_int_eq(cpu_run(b.cpu, 500), CPU_UNTIL);
    }
}
END_TEST

/* The first iteration of REP begins the instruction, and the only one. */
START_TEST(rep_strikes_once)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xB9, 9, 0, 0xF3, 0xAA, 0x40, 0xEB, 0xF8); /* MOV CX,9; REP STOSB; INC; JMP */
        box_set(&b, "edi", 0x500);
        add(&b, POINT_CODE, CODE_AT + 3, 0);
        expect_stop(&b, FOUND_CODE, CODE_AT + 3, 1);
        ck_assert_int_eq(cpu_run(b.cpu, 4), CPU_UNTIL);
        ck_assert_uint_eq(box_reg(&b, "ecx"), 6);
        ck_assert_int_eq(cpu_run(b.cpu, 5), CPU_UNTIL);
        expect_stop(&b, FOUND_CODE, CODE_AT + 3, 13);
        ck_assert_uint_eq(box_reg(&b, "ecx"), 9);
    }
}
END_TEST

/* An interrupt that is due comes before the instruction; the breakpoint waits for its return.
 */
START_TEST(after_what_is_due)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xFB, COUNTING); /* STI */
        ck_assert_int_eq(cpu_run(b.cpu, 2), CPU_UNTIL);
        add(&b, POINT_CODE, CODE_AT + 2, 0);
        add(&b, POINT_CODE, HANDLER + 16 * 0x40, 0);
        cpu_set_intr(b.cpu, true);
        expect_stop(&b, FOUND_CODE, HANDLER + 16 * 0x40, 3);
        expect_stop(&b, FOUND_CODE, CODE_AT + 2, 4);
    }
}
END_TEST

/* ---- steps */

START_TEST(steps)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, COUNTING);
        add(&b, POINT_CODE, CODE_AT, 0); /* passed by the step that starts there */
        step(&b, true, 0, 0);
        expect_stop(&b, FOUND_STEP, CODE_AT + 1, 1);
        step(&b, true, CODE_AT,
             5); /* up to where the range is left, or there is a breakpoint */
        expect_stop(&b, FOUND_CODE, CODE_AT, 5);
        step(&b, true, CODE_AT, 3);
        expect_stop(&b, FOUND_STEP, CODE_AT + 3, 8);
        step(&b, true, 0, 0);
        cpu_step(b.cpu, &(struct cpu_step){.on = false});
        expect_stop(&b, FOUND_CODE, CODE_AT, 10);
    }
}
END_TEST

START_TEST(steps_over_interrupts)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xFB, COUNTING);
        cpu_run(b.cpu, 2);
        cpu_set_intr(b.cpu, true);
        step(&b, true, 0, 0);
        expect_stop(&b, FOUND_STEP, CODE_AT + 3, 5); /* delivered, IRET, the instruction */
        cpu_set_intr(b.cpu, true);
        step(&b, false, 0, 0);
        expect_stop(&b, FOUND_STEP, HANDLER + 16 * 0x40, 6);
        step(&b, true, 0, 0);
        expect_stop(&b, FOUND_STEP, CODE_AT + 3, 7);
        cpu_set_intr(b.cpu, true); /* a breakpoint in the handler ends the step */
        add(&b, POINT_CODE, HANDLER + 16 * 0x40, 0);
        step(&b, true, 0, 0);
        expect_stop(&b, FOUND_CODE, HANDLER + 16 * 0x40, 8);
        ck_assert_int_eq(cpu_run(b.cpu, 100), CPU_UNTIL);
    }
}
END_TEST

/* HLT takes a step; the next one is over when what woke the processor is, and one more. */
START_TEST(step_from_sleep)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xFB, 0xF4, COUNTING);
        cpu_run(b.cpu, 1);
        step(&b, true, 0, 0);
        expect_stop(&b, FOUND_STEP, CODE_AT + 2, 2);
        step(&b, true, 0, 0);
        ck_assert_int_eq(cpu_run(b.cpu, 50), CPU_HALTED);
        cpu_set_intr(b.cpu, true);
        expect_stop(&b, FOUND_STEP, CODE_AT + 3, 5);
    }
}
END_TEST

/* Nothing returns to where a reset found the processor. */
START_TEST(step_meets_reset)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xFB, COUNTING);
        cpu_run(b.cpu, 2);
        cpu_set_intr(b.cpu, true);
        step(&b, true, 0, 0);
        ck_assert_int_eq(cpu_run(b.cpu, 3), CPU_UNTIL);
        cpu_init(b.cpu);
        expect_stop(&b, FOUND_STEP, 0xFFFFFFF0, 3);
    }
}
END_TEST

/* ---- watchpoints */

enum { SPOT = 0x502 };

static void watch(enum cpu_point kind, unsigned ticks_to_read, unsigned ticks_to_write)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xA1, 0x00, 0x05,   /* MOV AX,[500h]: beside it */
             0xA0, 0x02, 0x05,       /* MOV AL,[502h] */
             0xA3, 0x04, 0x05,       /* MOV [504h],AX: beside it */
             0xA3, 0x01, 0x05,       /* MOV [501h],AX: its second byte is there */
             0xFE, 0x06, 0x02, 0x05, /* INC BYTE [502h]: both */
             0xEB, 0xEE);            /* JMP back: six ticks a turn */
        cpu_run(b.cpu, 60);          /* all is mapped */
        add(&b, kind, SPOT, 1);
        for (uint64_t turn = 60; turn < 72; turn += 6) {
            bool reads = kind != POINT_WRITE, writes = kind != POINT_READ;
            enum cpu_found_kind found = kind == POINT_WRITE  ? FOUND_WRITE
                                        : kind == POINT_READ ? FOUND_READ
                                                             : FOUND_ACCESS;
            if (reads) {
                expect_stop(&b, found, SPOT, turn + ticks_to_read);
                ck_assert_uint_eq(box_reg(&b, "eip"), CODE_AT + 6);
            }
            if (writes) {
                expect_stop(&b, found, SPOT, turn + ticks_to_write);
                ck_assert_uint_eq(box_reg(&b, "eip"), CODE_AT + 12);
            }
            expect_stop(&b, found, SPOT, turn + 5);
        }
        ck_assert(!cpu_point_remove(b.cpu, kind, SPOT, 2));
        ck_assert(cpu_point_remove(b.cpu, kind, SPOT, 1));
        ck_assert_int_eq(cpu_run(b.cpu, 600), CPU_UNTIL);
    }
}

START_TEST(watchpoints)
{
    static const enum cpu_point kinds[] = {POINT_WRITE, POINT_READ, POINT_ACCESS};
    watch(kinds[_i], 2, 4);
}
END_TEST

/* Beside code that is written to. */
START_TEST(watch_among_code)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x40,                     /* INC AX, and every other turn INC BX */
             0x80, 0x36, 0x00, 0x7C, 0x03, /* XOR BYTE [7C00h],3: the other one */
             0xA3, 0xF0, 0x7C,             /* MOV [7CF0h],AX: beside it */
             0xA2, 0xF2, 0x7C,             /* MOV [7CF2h],AL */
             0xEB, 0xF2);                  /* JMP back: five ticks a turn */
        cpu_run(b.cpu, 20);
        add(&b, POINT_WRITE, 0x7CF2, 1);
        for (unsigned turn = 5; turn <= 8; turn++) {
            expect_stop(&b, FOUND_WRITE, 0x7CF2, 5 * turn - 1);
            ck_assert_uint_eq(box_reg(&b, "eax"), (turn + 1) / 2);
            ck_assert_uint_eq(box_reg(&b, "ebx"), turn / 2);
            ck_assert_uint_eq(box_peek16(&b, 0x7CF0), (turn + 1) / 2);
        }
    }
}
END_TEST

/* What the processor itself stores, for an interrupt, counts. */
START_TEST(pushed_by_an_interrupt)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xFB, COUNTING);
        cpu_run(b.cpu, 2);
        add(&b, POINT_WRITE, STACK - 4, 2); /* where CS goes */
        cpu_set_intr(b.cpu, true);
        expect_stop(&b, FOUND_WRITE, STACK - 4, 3);
        ck_assert_uint_eq(box_handler(&b), 0x40);
    }
}
END_TEST

/* ---- ports, interrupts, registers */

START_TEST(ports_and_vectors)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0x40, 0xE4, 0x60, 0xE6, 0x80, 0xE4, 0x61, 0xCD, 0x21);
        add(&b, POINT_IN, 0x60, 1);
        add(&b, POINT_OUT, 0x7F, 3);
        add(&b, POINT_VECTOR, 0x21, 1);
        expect_stop(&b, FOUND_IN, 0x60, 2);
        expect_stop(&b, FOUND_OUT, 0x80, 3);
        expect_stop(&b, FOUND_VECTOR, 0x21, 5);
        ck_assert(cpu_point_remove(b.cpu, POINT_VECTOR, 0x21, 1));
        ck_assert(!cpu_point_remove(b.cpu, POINT_VECTOR, 0x21, 1));
    }
}
END_TEST

START_TEST(a_register)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, COUNTING);
        cpu_point_register(b.cpu, "edx");
        expect_stop(&b, FOUND_REGISTER, CODE_AT + 3, 3);
        expect_stop(&b, FOUND_REGISTER, CODE_AT + 3, 8);
        cpu_point_register(b.cpu, NULL);
        ck_assert_int_eq(cpu_run(b.cpu, 100), CPU_UNTIL);
    }
}
END_TEST

/* A string instruction stops after the iteration that came there. */
START_TEST(watch_in_a_string)
{
    struct box b;
    FOR_BOTH(b)
    {
        LOAD(&b, 0xB9, 200, 0, 0xF3, 0xAB, 0xEB, 0xFE); /* MOV CX,200; REP STOSW; JMP $ */
        box_set(&b, "edi", 0x500);
        add(&b, POINT_ACCESS, 0x541, 1);
        expect_stop(&b, FOUND_ACCESS, 0x541, 1 + 33);
        ck_assert_uint_eq(box_reg(&b, "ecx"), 200 - 33);
        ck_assert_int_eq(cpu_run(b.cpu, 500), CPU_UNTIL);
        ck_assert_uint_eq(box_reg(&b, "ecx"), 0);
    }
}
END_TEST

/* ---- limits */

START_TEST(so_many)
{
    struct box b;
    box_new(&b, false);
    LOAD(&b, COUNTING);
    unsigned n = 0;
    while (cpu_point_add(b.cpu, POINT_CODE, 0x10000 + n, 0)) {
        n++;
    }
    ck_assert_uint_eq(n, 256);
    add(&b, POINT_CODE, 0x10000, 0); /* is there */
    for (n = 0; cpu_point_add(b.cpu, POINT_READ, 0x10000, n + 1);) {
        n++;
    }
    ck_assert_uint_eq(n, 32);
    ck_assert_int_eq(cpu_run(b.cpu, 100), CPU_UNTIL);
    for (unsigned k = 0; k < 256; k++) {
        ck_assert(cpu_point_remove(b.cpu, POINT_CODE, 0x10000 + k, 0));
    }
    for (unsigned k = 0; k < 32; k++) {
        ck_assert(cpu_point_remove(b.cpu, POINT_READ, 0x10000, k + 1));
    }
    ck_assert(!cpu_point_add(b.cpu, POINT_WRITE, 0x500, 0));
    ck_assert(!cpu_point_add(b.cpu, POINT_WRITE, 0x500, POINT_LONGEST + 1));
    add(&b, POINT_WRITE, 0xFFFFFFFF, POINT_LONGEST); /* past the end, and on at 0 */
    LOAD(&b, 0xA3, 0x00, 0x05, 0xEB, 0xFE);
    box_set(&b, "eip", CODE_AT);
    expect_stop(&b, FOUND_WRITE, 0x500, 101);
    box_free(&b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("points");
    TCase *tc = tcase_create("points");
    tcase_add_test(tc, before_the_instruction);
    tcase_add_test(tc, at_the_end_of_the_slice);
    tcase_add_test(tc, inside_an_instruction_is_nowhere);
    tcase_add_test(tc, rep_strikes_once);
    tcase_add_test(tc, after_what_is_due);
    tcase_add_test(tc, steps);
    tcase_add_test(tc, steps_over_interrupts);
    tcase_add_test(tc, step_from_sleep);
    tcase_add_test(tc, step_meets_reset);
    tcase_add_loop_test(tc, watchpoints, 0, 3);
    tcase_add_test(tc, watch_among_code);
    tcase_add_test(tc, pushed_by_an_interrupt);
    tcase_add_test(tc, ports_and_vectors);
    tcase_add_test(tc, a_register);
    tcase_add_test(tc, watch_in_a_string);
    tcase_add_test(tc, so_many);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
