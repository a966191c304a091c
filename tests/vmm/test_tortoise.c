/* tests/vmm/test_tortoise.c -- a kernel that does what kernels do: right on the plain machine,
 * wrong under trap-and-emulate, right on the processor where the 17 trap; what it costs; and
 * guests that reach for the monitor. */
#include "tests/vmm/lab_run.h"

static const char expected[] = "Tortoise: turtles all the way down\n"
                               "self test: TS, DPL, CPL, IF as they should be\n"
                               "> tasks\n"
                               "counted, taken away: a8194ea0\n"
                               "counted, taken away: a8194ea0\n"
                               "counted, taken away: a8194ea0\n"
                               "> churn\n"
                               "pages churned: 00000080\n"
                               "> faults\n"
                               "kernel memory: 8000000e\n"
                               "cli: 8000000d\n"
                               "division: 80000000\n"
                               "store into code: 8000000e\n"
                               "port: 8000000d\n"
                               "> exit\n"
                               "bye\n";

static void tortoise(struct lab_run *r, enum strategy strategy, unsigned ring, const char *cpu)
{
    struct lab_config cfg = lab_run_config(r, "tortoise", strategy, ring, cpu);
    cfg.typed = lab_guest_typed("tortoise");
    lab_run_start(r, &cfg);
}

START_TEST(right_on_the_plain_machine)
{
    struct lab_run r;
    tortoise(&r, STRATEGY_INTERPRET, 1, PLAIN);
    ck_assert_str_eq(r.text, expected);
    ck_assert(lab_right(r.lab));
    lab_free(r.lab);
}
END_TEST

/* The first thing that it asks the processor is answered wrongly: the report says which. */
START_TEST(fails_under_trap)
{
    struct lab_run r;
    tortoise(&r, STRATEGY_TRAP, 1, PLAIN);
    ck_assert_int_eq(lab_exit_value(r.lab), 1);
    ck_assert_ptr_ne(strstr(r.text, "panic: "), NULL);
    ck_assert_uint_eq(lab_divergences(r.lab, "SMSW"), 1);
    lab_free(r.lab);
}
END_TEST

static const struct {
    unsigned ring;
    const char *cpu;
} virtualizable[] = {
    {1, "pentiumpro,+popek"}, {1, POPEK}, {3, "pentiumpro,+popek"}, {3, POPEK}};

START_TEST(right_where_the_17_trap)
{
    struct lab_run r;
    tortoise(&r, STRATEGY_TRAP, virtualizable[_i].ring, virtualizable[_i].cpu);
    ck_assert_str_eq(r.text, expected);
    ck_assert(lab_right(r.lab));
    ck_assert_uint_eq(lab_divergences(r.lab, NULL), 0);
    /* preemption, user faults and demand paging, page tables, system calls: all took place */
    ck_assert_uint_gt(lab_exits(r.lab, "interrupt"), 10);
    ck_assert_uint_ge(lab_exits(r.lab, "true page fault"), 16 * 8 + 2);
    ck_assert_uint_ge(lab_exits(r.lab, "exception reflected"), 3);
    ck_assert_uint_gt(lab_exits(r.lab, "traced store"), 2 * 16 * 8);
    ck_assert_uint_eq(lab_exits(r.lab, "step after it"), lab_exits(r.lab, "traced store"));
    ck_assert_uint_gt(lab_exits(r.lab, "hidden page fault"), 16 * 8);
    lab_free(r.lab);
}
END_TEST

/* ---- the two answers, on the processor as it is */

static void right_under(const char *guest, enum strategy strategy, unsigned ring,
                        struct lab_run *r)
{
    struct lab_config cfg = lab_run_config(r, guest, strategy, ring, PLAIN);
    cfg.typed = lab_guest_typed(guest);
    lab_run_start(r, &cfg);
    ck_assert_str_eq(r->text, expected);
    ck_assert(lab_right(r->lab));
    ck_assert_uint_eq(lab_divergences(r->lab, NULL), 0);
    ck_assert_uint_gt(lab_exits(r->lab, "interrupt"), 10);
    ck_assert_uint_ge(lab_exits(r->lab, "true page fault"), 16 * 8 + 2);
    ck_assert_uint_ge(lab_exits(r->lab, "exception reflected"), 3);
    ck_assert_uint_gt(lab_exits(r->lab, "hidden page fault"), 16 * 8);
}

START_TEST(right_under_rewrite_and_para)
{
    static const unsigned rings[] = {1, 3};
    struct lab_run w, p;
    right_under("tortoise", STRATEGY_REWRITE, rings[_i], &w);
    right_under("tortoise_para", STRATEGY_PARA, rings[_i], &p);
    ck_assert_uint_eq(lab_exits(w.lab, "hypercall"), 0);
    ck_assert_uint_gt(lab_exits(p.lab, "hypercall"), 16 * 8 * 3);
    /* no more is stepped over than must be, … */
    ck_assert_uint_lt(lab_exits(w.lab, "step after it"), 600);
    ck_assert_uint_eq(lab_exits(p.lab, "traced store"), 0);
    /* … and to ask is cheaper than to be caught */
    ck_assert_uint_gt(lab_exits(w.lab, NULL), lab_exits(p.lab, NULL) * 4);
    ck_assert_uint_gt(lab_cycles(w.lab), lab_cycles(p.lab));
    lab_free(w.lab);
    lab_free(p.lab);
}
END_TEST

/* For a short session: with dear exits rewriting is cheaper than a processor on which all
 * traps, with cheap ones dearer (docs/lab/crossover.txt). */
START_TEST(crossover)
{
    struct lab_run w, t;
    struct lab_config cfg = lab_run_config(&w, "tortoise", STRATEGY_REWRITE, 1, PLAIN);
    cfg.typed = "exit\n";
    lab_run_start(&w, &cfg);
    cfg.strategy = STRATEGY_TRAP;
    cfg.cpu = POPEK;
    cfg.ctx = &t;
    lab_run_start(&t, &cfg);
    ck_assert(lab_right(w.lab) && lab_right(t.lab));
    ck_assert_uint_gt(lab_cycles_at(w.lab, 569), lab_cycles_at(t.lab, 569));
    ck_assert_uint_lt(lab_cycles_at(w.lab, 4340), lab_cycles_at(t.lab, 4340));
    lab_free(w.lab);
    lab_free(t.lab);
}
END_TEST

/* ---- nanobenchmarks: the published shape */

enum {
    CALL_RET = 1,
    IN,
    CR_WRITE,
    SYSCALL,
    PAGE_FAULT,
    HIDDEN,
    DIVIDE,
    PTE,
    RDTSC,
    CLI_STI,
    POPF
};

START_TEST(nanobench)
{
    struct lab_run n, t;
    lab_run_guest(&n, "nanobench", STRATEGY_INTERPRET, 1, PLAIN);
    lab_run_guest(&t, "nanobench", STRATEGY_TRAP, 1, POPEK);
    ck_assert(lab_right(n.lab) && lab_right(t.lab));
    /* innocuous code runs at full speed … */
    ck_assert_uint_eq(lab_nano(t.lab, CALL_RET), lab_nano(n.lab, CALL_RET));
    ck_assert_uint_eq(lab_nano(t.lab, RDTSC), lab_nano(n.lab, RDTSC));
    /* … and everything that traps is dearer than without a monitor */
    static const unsigned dearer[] = {IN,     CR_WRITE, SYSCALL, PAGE_FAULT, HIDDEN,
                                      DIVIDE, PTE,      CLI_STI, POPF};
    for (unsigned k = 0; k < ARRAY_LEN(dearer); k++) {
        ck_assert_uint_gt(lab_nano(t.lab, dearer[k]), lab_nano(n.lab, dearer[k]));
    }
    /* a system call is two transitions, a true page fault is one more walk than a division */
    ck_assert_uint_gt(lab_nano(t.lab, SYSCALL), 2 * lab_nano(t.lab, CR_WRITE));
    ck_assert_uint_gt(lab_nano(t.lab, PAGE_FAULT), lab_nano(t.lab, DIVIDE));
    /* a store into a page table: from nothing to two exits, far above a hidden fault */
    ck_assert_uint_le(lab_nano(n.lab, PTE), 1);
    ck_assert_uint_gt(lab_nano(t.lab, PTE), 3 * lab_nano(t.lab, HIDDEN) / 2);
    ck_assert_uint_gt(lab_nano(t.lab, PTE), 9000); /* 12733 is the paper's */
    ck_assert_uint_lt(lab_nano(t.lab, PTE), 14000);
    /* these, to the cycle: they are the same on every host */
    ck_assert_uint_eq(lab_nano(n.lab, IN), 3209);
    ck_assert_uint_eq(lab_nano(n.lab, PAGE_FAULT), 1131);
    ck_assert_uint_eq(lab_nano(t.lab, IN), 5740);
    ck_assert_uint_eq(lab_nano(t.lab, CR_WRITE), 5540);
    lab_free(n.lab);
    lab_free(t.lab);
}
END_TEST

/* Cheaper exits, the same guest: every figure falls. */
START_TEST(cost_models)
{
    static const char *const names[] = {"p4", "core2", "westmere"};
    uint64_t last = UINT64_MAX;
    for (unsigned k = 0; k < ARRAY_LEN(names); k++) {
        struct lab_run r;
        struct lab_config cfg = lab_run_config(&r, "nanobench", STRATEGY_TRAP, 1, POPEK);
        cfg.cost = *cost_model(names[k]);
        lab_run_start(&r, &cfg);
        ck_assert_uint_lt(lab_nano(r.lab, PTE), last);
        last = lab_nano(r.lab, PTE);
        lab_free(r.lab);
    }
}
END_TEST

/* ---- the monitor's memory is out of reach, and the attempts are counted */

START_TEST(wild)
{
    static const unsigned rings[] = {1, 3};
    struct lab_run r;
    lab_run_guest(&r, "wild", STRATEGY_INTERPRET, 1, PLAIN);
    ck_assert(lab_right(r.lab));
    lab_free(r.lab);
    for (unsigned k = 0; k < 4; k++) {
        lab_run_guest(&r, "wild", STRATEGY_TRAP, rings[k & 1], k & 2 ? POPEK : PLAIN);
        ck_assert_msg(lab_right(r.lab), "%s", r.text);
        ck_assert_uint_eq(lab_exits(r.lab, "reach for the monitor"), 7);
        lab_free(r.lab);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("tortoise");
    tcase_add_test(tc, right_on_the_plain_machine);
    tcase_add_test(tc, fails_under_trap);
    tcase_add_loop_test(tc, right_where_the_17_trap, 0, ARRAY_LEN(virtualizable));
    tcase_add_loop_test(tc, right_under_rewrite_and_para, 0, FEWER ? 1 : 2);
    tcase_add_test(tc, crossover);
    tcase_add_test(tc, nanobench);
    tcase_add_test(tc, cost_models);
    tcase_add_test(tc, wild);
    return run_suite("tortoise", tc);
}
