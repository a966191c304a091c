/* tests/unit/test_undo.c -- a disk goes back to its marks: a random walk against copies, with
 * host errors and without. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/undo.h"
#include "tests/support/board_fixture.h"

enum { SIZE = 40 * 4096 - 1024, MARKS = 12 };

static uint8_t live[SIZE];
static unsigned fail_in; /* writes from now on; 0: never */

static int get(void *ctx, uint64_t at, void *out, size_t n)
{
    (void)ctx;
    ck_assert(at + n <= SIZE);
    memcpy(out, live + at, n);
    return 0;
}

static int put(void *ctx, uint64_t at, const void *in, size_t n)
{
    (void)ctx;
    ck_assert(at + n <= SIZE);
    if (fail_in && --fail_in == 0) {
        return -1;
    }
    memcpy(live + at, in, n);
    return 0;
}

static const struct undo_disk disk = {NULL, SIZE, get, put};
static struct undo *u;

struct marked {
    struct undo_mark *mark;
    uint8_t content[SIZE];
};
static struct marked marks[MARKS];

static void setup(void)
{
    memset(live, 0, sizeof live);
    memset(marks, 0, sizeof marks);
    fail_in = 0;
    u = undo_new(&disk);
    ck_assert_ptr_nonnull(u);
}

static void teardown(void)
{
    undo_free(u);
}

static void store(uint64_t at, const void *bytes, size_t n)
{
    undo_before_write(u, at, n);
    memcpy(live + at, bytes, n);
}

static void store_random(uint64_t *seed)
{
    uint8_t bytes[9000];
    size_t n = 512 + test_random(seed) % 16 * 512;
    uint64_t at = test_random(seed) % ((SIZE - n) / 512) * 512;
    memset(bytes, test_random(seed) % 3 ? (int)(test_random(seed) & 0xFF) : 0, n);
    store(at, bytes, n);
}

static void set(struct marked *k)
{
    k->mark = undo_mark(u);
    ck_assert_ptr_nonnull(k->mark);
    memcpy(k->content, live, SIZE);
}

static void unset(struct marked *k)
{
    undo_unmark(u, k->mark);
    k->mark = NULL;
}

static void walk(unsigned steps, uint64_t seed, bool failing)
{
    unsigned failures = 0;
    for (unsigned n = 0; n < steps; n++) {
        struct marked *k = &marks[test_random(&seed) % MARKS];
        switch (test_random(&seed) % 4) {
        case 0: store_random(&seed); break;
        case 1:
            if (k->mark) {
                unset(k);
            }
            set(k);
            break;
        case 2:
            if (k->mark) {
                unset(k);
            }
            break;
        default:
            if (!k->mark) {
                break;
            }
            if (failing) { /* only from a mark can everything be brought back */
                struct marked here;
                set(&here);
                fail_in = 1 + test_random(&seed) % 20;
                bool failed = undo_go(u, k->mark) < 0;
                failures += failed;
                fail_in = 0;
                ck_assert(!undo_lost(u));
                if (failed) {
                    ck_assert_int_eq(undo_go(u, here.mark), 0);
                    ck_assert_mem_eq(live, here.content, SIZE);
                }
                ck_assert_int_eq(undo_go(u, k->mark), 0);
                unset(&here);
            } else {
                ck_assert_int_eq(undo_go(u, k->mark), 0);
            }
            ck_assert_mem_eq(live, k->content, SIZE);
        }
    }
    ck_assert(!failing || failures > 20);
    for (unsigned i = 0; i < MARKS; i++) {
        if (marks[i].mark) {
            ck_assert_int_eq(undo_go(u, marks[i].mark), 0);
            ck_assert_mem_eq(live, marks[i].content, SIZE);
        }
    }
    for (unsigned i = 0; i < MARKS; i++) {
        if (marks[i].mark) {
            unset(&marks[i]);
        }
    }
    ck_assert_uint_eq(undo_bytes(u), 0);
    ck_assert(!undo_lost(u));
}

START_TEST(to_and_fro)
{
    walk(4000, 1 + (uint64_t)_i, false);
}
END_TEST

START_TEST(to_and_fro_on_a_failing_host)
{
    walk(4000, 101 + (uint64_t)_i, true);
}
END_TEST

/* What costs memory: the chunks that were overwritten, once a mark; zeros next to nothing. */
START_TEST(memory)
{
    uint8_t ones[8192];
    memset(ones, 1, sizeof ones);
    store(0, ones, sizeof ones);
    ck_assert_uint_eq(undo_bytes(u), 0); /* no mark, no cost */
    set(&marks[0]);
    store(16384, ones, 4096); /* zeros were there */
    ck_assert_uint_lt(undo_bytes(u), 1024);
    store(0, ones, 512);
    store(512, ones, 512);
    uint64_t one = undo_bytes(u);
    ck_assert_uint_gt(one, 4096);
    ck_assert_uint_lt(one, 4096 + 1024);
    set(&marks[1]);
    set(&marks[2]); /* of the same content */
    store(1024, ones, 512);
    unset(&marks[1]);
    unset(&marks[2]); /* what it had, the one before has already */
    ck_assert_uint_eq(undo_bytes(u), one);
    unset(&marks[0]);
    ck_assert_uint_eq(undo_bytes(u), 0);
}
END_TEST

/* A chunk that cannot be read before it is overwritten: nothing can be gone back to. */
static int get_nothing(void *ctx, uint64_t at, void *out, size_t n)
{
    (void)ctx;
    (void)at;
    (void)out;
    (void)n;
    return -1;
}

START_TEST(what_is_lost_is_said)
{
    struct undo *other = undo_new(&(struct undo_disk){NULL, SIZE, get_nothing, put});
    ck_assert_ptr_nonnull(other);
    struct undo_mark *mark = undo_mark(other);
    ck_assert(!undo_lost(other));
    undo_before_write(other, 0, 512);
    ck_assert(undo_lost(other));
    ck_assert_int_eq(undo_go(other, mark), -1);
    undo_unmark(other, mark);
    undo_free(other);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("undo");
    TCase *tc = tcase_create("undo");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, to_and_fro, 0, 4);
    tcase_add_loop_test(tc, to_and_fro_on_a_failing_host, 0, 4);
    tcase_add_test(tc, memory);
    tcase_add_test(tc, what_is_lost_is_said);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
