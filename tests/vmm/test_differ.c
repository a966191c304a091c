/* tests/vmm/test_differ.c -- random instructions, without a monitor and under one, where all of
 * the 17 trap: each round of the guest `differ` has to come out the same, to the last register
 * and the last byte of its tables. TERRAPIN_LAB_KERNELS=N in the environment runs N of them. */
#include "tests/vmm/lab_run.h"

/* A line: vector and error code, EIP, CR2, registers, memory; eight digits each. */
enum { LINE = 40, CR2_AT = 16 };

/* Who reached for the last 4 MiB has met the monitor; from there on it may differ. */
static bool met_the_monitor(const char *line)
{
    return strncmp(line + CR2_AT, "FFC00000", 8) >= 0;
}

static unsigned compare(const char *alone, const char *under, const char *typed, unsigned ring)
{
    unsigned rounds = 0;
    while (strlen(alone) > LINE && strlen(under) > LINE && !met_the_monitor(alone)) {
        ck_assert_msg(strncmp(alone, under, LINE + 1) == 0,
                      "seed %s, ring %u, round %u:\n%.40s alone\n%.40s under the monitor",
                      typed, ring, rounds, alone, under);
        alone += LINE + 1;
        under += LINE + 1;
        rounds++;
    }
    return rounds;
}

static unsigned run_seed(unsigned seed)
{
    struct lab_run alone, under;
    unsigned rounds = 0;
    char typed[5];
    snprintf(typed, sizeof typed, "%04u", seed % 10000);
    for (unsigned ring = 1; ring <= 3; ring += 2) {
        struct lab_config cfg =
            lab_run_config(&alone, "differ", STRATEGY_INTERPRET, ring, PLAIN);
        cfg.typed = typed;
        cfg.until = 6000000;
        lab_run_start(&alone, &cfg);
        lab_free(alone.lab);
        cfg.strategy = STRATEGY_TRAP;
        cfg.cpu = POPEK;
        cfg.ctx = &under;
        lab_run_start(&under, &cfg);
        lab_free(under.lab);
        rounds += compare(alone.text, under.text, typed, ring);
    }
    return rounds;
}

START_TEST(the_same_under_a_monitor)
{
    const char *more = getenv("TERRAPIN_LAB_KERNELS");
    unsigned seeds = more ? (unsigned)strtoul(more, NULL, 10) : FEWER ? 4 : 16, rounds = 0;
    for (unsigned seed = 0; seed < seeds; seed++) {
        rounds += run_seed(seed);
    }
    ck_assert_uint_gt(rounds, 10 * seeds); /* there was something to compare */
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("differ");
    tcase_set_timeout(tc, 0);
    tcase_add_test(tc, the_same_under_a_monitor);
    return run_suite("differ", tc);
}
