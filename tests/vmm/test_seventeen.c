/* tests/vmm/test_seventeen.c -- the table that the laboratory exists for: each of the 17 (18
 * mnemonics) and IRET in a guest of its own; right on the plain machine; wrong under
 * trap-and-emulate in exactly the documented way, with the oracle naming it; right where it
 * traps. And the privileged instructions, which are right everywhere. */
#include "tests/vmm/lab_run.h"

static const struct {
    const char *guest, *row; /* row: what the oracle must name; NULL: it is right */
    bool right_in_ring3;     /* a return to level 1 is one inwards there, and traps */
} holes[] = {
    {"sgdt", "SGDT", false},  {"sidt", "SIDT", false},    {"sldt", "SLDT", false},
    {"smsw", "SMSW", false},  {"pushf", "PUSHF", false},  {"popf", "POPF", false},
    {"lar", "LAR", false},    {"lsl", "LSL", false},      {"verr", "VERR", false},
    {"verw", "VERW", false},  {"str", "STR", false},      {"push", "PUSH_CS", false},
    {"pop", "POP_DS", false}, {"mov", "MOV_EvSw", false}, {"call", "CALL_Ap", false},
    {"jmp", "JMP_Ap", false}, {"ret", "RETF", true},      {"int", NULL, true},
    {"iret", "IRET", false},
};

static void expect_right(const char *guest, enum strategy strategy, unsigned ring,
                         const char *cpu)
{
    struct lab_run r;
    lab_run_guest(&r, guest, strategy, ring, cpu);
    ck_assert_msg(lab_right(r.lab), "%s, ring %u, %s: %d %s", guest, ring, cpu,
                  lab_exit_value(r.lab), r.text);
    ck_assert_ptr_ne(strstr(r.text, "right\n"), NULL);
    ck_assert_uint_eq(lab_divergences(r.lab, NULL), 0);
    lab_free(r.lab);
}

START_TEST(right_without_a_monitor)
{
    expect_right(holes[_i].guest, STRATEGY_INTERPRET, 1, PLAIN);
}
END_TEST

START_TEST(wrong_where_it_does_not_trap)
{
    static const unsigned rings[] = {3, 1};
    for (unsigned n = FEWER; n < ARRAY_LEN(rings); n++) {
        struct lab_run r;
        bool right = holes[_i].row == NULL || (rings[n] == 3 && holes[_i].right_in_ring3);
        lab_run_guest(&r, holes[_i].guest, STRATEGY_TRAP, rings[n], PLAIN);
        ck_assert_msg(lab_exit_value(r.lab) == !right, "%s, ring %u: %d %s", holes[_i].guest,
                      rings[n], lab_exit_value(r.lab), r.text);
        ck_assert_ptr_ne(strstr(r.text, right ? "right\n" : "wrong\n"), NULL);
        ck_assert_uint_eq(lab_divergences(r.lab, NULL) != 0, !right);
        if (!right) {
            ck_assert_uint_eq(lab_divergences(r.lab, holes[_i].row), 1);
        }
        lab_free(r.lab);
    }
}
END_TEST

START_TEST(right_where_it_traps)
{
    expect_right(holes[_i].guest, STRATEGY_TRAP, 1, POPEK);
    if (!FEWER) {
        expect_right(holes[_i].guest, STRATEGY_TRAP, 3, POPEK);
    }
}
END_TEST

START_TEST(right_where_it_is_rewritten)
{
    expect_right(holes[_i].guest, STRATEGY_REWRITE, 1, PLAIN);
    if (!FEWER) {
        expect_right(holes[_i].guest, STRATEGY_REWRITE, 3, PLAIN);
    }
}
END_TEST

static const char *const privileged[] = {"control", "tables", "halt",   "ports", "debug",
                                         "cache",   "dirty",  "gdtend", "tsc",   "step"};

START_TEST(privileged_is_right_everywhere)
{
    expect_right(privileged[_i], STRATEGY_TRAP, 3, PLAIN);
    if (FEWER) {
        return;
    }
    expect_right(privileged[_i], STRATEGY_INTERPRET, 1, PLAIN);
    expect_right(privileged[_i], STRATEGY_TRAP, 1, PLAIN);
    expect_right(privileged[_i], STRATEGY_TRAP, 1, POPEK);
    expect_right(privileged[_i], STRATEGY_REWRITE, 1, PLAIN);
    expect_right(privileged[_i], STRATEGY_PARA, 1, PLAIN);
}
END_TEST

/* The run ends where the oracle says, and the report tells it. */
static void put(void *ctx, const char *piece)
{
    char *text = ctx;
    ck_assert_uint_lt(strlen(text) + strlen(piece), 8000);
    strcat(text, piece);
}

START_TEST(stop_on_divergence)
{
    struct lab_run r;
    static char text[8192];
    struct lab_config cfg = lab_run_config(&r, "popf", STRATEGY_TRAP, 1, PLAIN);
    text[0] = '\0';
    cfg.stop_on_divergence = true;
    lab_run_start(&r, &cfg);
    lab_report(r.lab, NULL, put, text);
    ck_assert_int_eq(lab_exit_value(r.lab), -1);
    ck_assert_uint_eq(lab_divergences(r.lab, NULL), 1);
    ck_assert_ptr_ne(strstr(text, "end: stopped at the first divergence"), NULL);
    ck_assert_ptr_ne(strstr(text, "[9d] in virtual ring 0: IF expected 00000000"), NULL);
    /* looked at, stepped, and run to its end */
    ck_assert(lab_stopped(r.lab));
    uint8_t byte = 0;
    ck_assert(lab_peek(r.lab, 0x866C, &byte));
    ck_assert_uint_eq(byte, 0x9D);
    text[0] = '\0';
    lab_registers(r.lab, put, text);
    ck_assert_ptr_ne(strstr(text, "eip 0000866d"), NULL);
    ck_assert_ptr_ne(strstr(text, "cs 0008 (real 0009)"), NULL);
    lab_go_on(r.lab, 1);
    ck_assert(lab_stopped(r.lab));
    text[0] = '\0';
    lab_report_json(r.lab, put, text);
    ck_assert_ptr_ne(strstr(text, "{\"row\": \"POPF\", \"count\": 1, \"cs\": 9"), NULL);
    lab_go_on(r.lab, 0);
    ck_assert(!lab_stopped(r.lab));
    ck_assert_int_eq(lab_exit_value(r.lab), 1);
    lab_free(r.lab);
}
END_TEST

/* What a monitor has not got: right without one, and under one a line that names the cause. */
static const struct {
    const char *guest, *line;
} lacking[] = {
    {"v86", "end: NOT IMPLEMENTED: IRET to virtual-8086 mode\n"},
    {"taskgate", "end: NOT IMPLEMENTED: vector 3: a task gate or 16-bit gate\n"},
    {"msr",
     "\nNOT IMPLEMENTED: model-specific registers: 1 times #GP, first RDMSR of 00000010 "},
};

START_TEST(what_is_not_there_is_said)
{
    static const enum strategy strategies[] = {STRATEGY_TRAP, STRATEGY_REWRITE, STRATEGY_PARA};
    static char text[8192];
    expect_right(lacking[_i].guest, STRATEGY_INTERPRET, 1, PLAIN);
    for (unsigned n = FEWER ? 2 : 0; n < ARRAY_LEN(strategies); n++) {
        struct lab_run r;
        lab_run_guest(&r, lacking[_i].guest, strategies[n], 1, PLAIN);
        text[0] = '\0';
        lab_report(r.lab, NULL, put, text);
        ck_assert_msg(strstr(text, lacking[_i].line) != NULL, "%s", text);
        ck_assert(!lab_right(r.lab));
        lab_free(r.lab);
    }
}
END_TEST

/* What --help says of a guest: the head of its source, without the comment's marks. */
START_TEST(guests_say_what_they_are)
{
    const struct lab_guest *g = lab_guests;
    for (; g->name != NULL; g++) {
        ck_assert_msg(g->what[0] != '\0' && strpbrk(g->what, "\\\n") == NULL &&
                          strstr(g->what, " -- ") == NULL,
                      "%s: %s", g->name, g->what);
    }
    ck_assert_ptr_ne(g, lab_guests);
}
END_TEST

START_TEST(deterministic)
{
    struct lab_run a, b;
    lab_run_guest(&a, "popf", STRATEGY_TRAP, 1, PLAIN);
    lab_run_guest(&b, "popf", STRATEGY_TRAP, 1, PLAIN);
    ck_assert_uint_eq(lab_ticks(a.lab), lab_ticks(b.lab));
    ck_assert_uint_eq(lab_cycles(a.lab), lab_cycles(b.lab));
    ck_assert_uint_eq(lab_memory_hash(a.lab), lab_memory_hash(b.lab));
    ck_assert_uint_ne(lab_memory_hash(a.lab), 0);
    lab_free(a.lab);
    lab_free(b.lab);
}
END_TEST

START_TEST(cost_files)
{
    struct cost_model m = *cost_model("core2");
    struct error err;
    ck_assert_ptr_eq(cost_model("p5"), NULL);
    ck_assert_int_eq(cost_parse(&m, "# dear\nexit=7\n\nentry=8 # and back\n", &err), 0);
    ck_assert_uint_eq(m.cycles[COST_EXIT], 7);
    ck_assert_uint_eq(m.cycles[COST_ENTRY], 8);
    ck_assert_uint_eq(m.cycles[COST_NATIVE_PF], 1093);
    static const char *const bad[] = {"exit=",   "exit", "exit=x",          "exit=1x",
                                      "exits=1", "=1",   "exit=1234567890", "exit=-1"};
    for (unsigned n = 0; n < ARRAY_LEN(bad); n++) {
        ck_assert_msg(cost_parse(&m, bad[n], &err) == -1, "%s", bad[n]);
        ck_assert_uint_eq(m.cycles[COST_EXIT], 7);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("seventeen");
    tcase_add_test(tc, guests_say_what_they_are);
    tcase_add_loop_test(tc, right_without_a_monitor, 0, ARRAY_LEN(holes));
    tcase_add_loop_test(tc, wrong_where_it_does_not_trap, 0, ARRAY_LEN(holes));
    tcase_add_loop_test(tc, right_where_it_traps, 0, ARRAY_LEN(holes));
    tcase_add_loop_test(tc, right_where_it_is_rewritten, 0, ARRAY_LEN(holes));
    tcase_add_loop_test(tc, privileged_is_right_everywhere, 0, ARRAY_LEN(privileged));
    tcase_add_test(tc, stop_on_divergence);
    tcase_add_loop_test(tc, what_is_not_there_is_said, 0, ARRAY_LEN(lacking));
    tcase_add_test(tc, deterministic);
    tcase_add_test(tc, cost_files);
    return run_suite("seventeen", tc);
}
