/* tests/vmm/lab_run.h -- a guest of the laboratory, run, with what it printed. */
#ifndef TERRAPIN_TESTS_LAB_RUN_H
#define TERRAPIN_TESTS_LAB_RUN_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/big_pages.h"
#include "vmm/lab.h"

/* A laboratory is two processors, whose page maps sanitizers touch byte by byte: fewer of them.
 */
#if defined(__SANITIZE_ADDRESS__)
#define FEWER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FEWER 1
#endif
#endif
#ifndef FEWER
#define FEWER 0
#endif

#define PLAIN "pentiumpro"
#define POPEK "pentiumpro,+popek,+popek-iret"

struct lab_run {
    struct lab *lab;
    char text[16384]; /* of the serial port and the debug console */
    unsigned n;
};

static inline void lab_run_print(void *ctx, char c, bool serial)
{
    struct lab_run *r = ctx;
    (void)serial;
    if (r->n + 1 < sizeof r->text) {
        r->text[r->n++] = c;
        r->text[r->n] = '\0';
    }
}

static inline struct lab_config lab_run_config(struct lab_run *r, const char *guest,
                                               enum strategy strategy, unsigned ring,
                                               const char *cpu)
{
    const struct lab_guest *g = lab_guest(guest);
    ck_assert_msg(g != NULL, "no guest %s", guest);
    return (struct lab_config){.guest = guest,
                               .image = g->bytes,
                               .size = g->size,
                               .strategy = strategy,
                               .ring = ring,
                               .cpu = cpu,
                               .ram = 4 << 20,
                               .sparse = sparse_pages(),
                               .until = 100000000,
                               .cost = *cost_model("p4"),
                               .print = lab_run_print,
                               .ctx = r};
}

static inline void lab_run_start(struct lab_run *r, const struct lab_config *cfg)
{
    struct error err = {""};
    r->n = 0;
    r->text[0] = '\0';
    r->lab = lab_new(cfg, &err);
    ck_assert_msg(r->lab != NULL, "%s", err.text);
    lab_run(r->lab);
}

static inline void lab_run_guest(struct lab_run *r, const char *guest, enum strategy strategy,
                                 unsigned ring, const char *cpu)
{
    struct lab_config cfg = lab_run_config(r, guest, strategy, ring, cpu);
    lab_run_start(r, &cfg);
}

static inline int run_suite(const char *name, TCase *tc)
{
    Suite *s = suite_create(name);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
