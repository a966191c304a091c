/* tests/unit/test_page_tree.c -- trees of pages: sharing, zeros, depth, counting. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "mem/page_tree.h"

enum { PAGES = 20000 }; /* more than 64 * 64: three levels */

static struct phys *ph;
static struct ram *ram;
static struct page_pool pool;

static void setup(void)
{
    struct error err;
    ph = phys_new((uint64_t)PAGES << PAGE_SHIFT, NULL, &err);
    ck_assert_msg(ph != NULL, "%s", err.text);
    ram = phys_main_ram(ph);
    pool = (struct page_pool){0, 0};
}

static void teardown(void)
{
    ck_assert_uint_eq(pool.bytes, 0); /* each test drops what it took */
    phys_free(ph);
}

static void put(uint64_t page, uint8_t value)
{
    ram->bytes[(page << PAGE_SHIFT) + 5] = value;
    ram_touch(ram, (page << PAGE_SHIFT) + 5, 1);
}

static uint8_t get(uint64_t page)
{
    return ram->bytes[(page << PAGE_SHIFT) + 5];
}

static struct page_tree *take(struct page_tree *last)
{
    struct page_tree *t = NULL;
    ck_assert_int_eq(page_tree_take(&pool, ram, last, &t), 0);
    page_tree_clean(ph, ram);
    return t;
}

START_TEST(zeros_cost_nothing)
{
    struct page_tree *t = take(NULL);
    ck_assert_ptr_null(t);
    put(7, 0);
    ck_assert_ptr_null(t = take(t));
    put(7, 1);
    t = take(t);
    ck_assert_uint_ge(pool.bytes, PAGE_SIZE);
    ck_assert_uint_le(pool.bytes, 2 * PAGE_SIZE);
    put(7, 0);
    struct page_tree *zero = take(t);
    ck_assert_ptr_null(page_tree_page(zero, 7));
    ck_assert_uint_eq(page_tree_page(t, 7)[5], 1);
    page_tree_drop(&pool, t);
    page_tree_drop(&pool, zero);
}
END_TEST

START_TEST(equal_trees_are_one)
{
    put(0, 1);
    put(PAGES - 1, 2);
    struct page_tree *a = take(NULL);
    put(PAGES - 1, 3);
    put(PAGES - 1, 2); /* as it was */
    struct page_tree *b = take(a);
    ck_assert_ptr_eq(a, b);
    uint64_t bytes = pool.bytes;
    put(9000, 4);
    struct page_tree *c = take(b);
    ck_assert_uint_lt(pool.bytes - bytes, 2 * PAGE_SIZE + 600);
    ck_assert_ptr_eq(page_tree_page(c, 0), page_tree_page(a, 0));
    page_tree_drop(&pool, a);
    page_tree_drop(&pool, b);
    ck_assert_uint_eq(page_tree_page(c, PAGES - 1)[5], 2);
    page_tree_drop(&pool, c);
}
END_TEST

/* Every page anywhere, there and back, with stores in between that nothing was taken of. */
START_TEST(back_and_forth)
{
    static const uint16_t at[] = {0, 1, 63, 64, 4095, 4096, 8191, 12345, PAGES - 1};
    struct page_tree *t[ARRAY_LEN(at) + 1] = {NULL};
    for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
        put(at[i], (uint8_t)(i + 1));
        t[i + 1] = take(t[i]);
    }
    unsigned last = ARRAY_LEN(at);
    for (unsigned n = 0; n < 300; n++) {
        unsigned to = n * 7 % (ARRAY_LEN(at) + 1);
        put(at[n % ARRAY_LEN(at)], 0xEE);
        put(1000 + n, 0xDD);
        page_tree_restore(ph, ram, t[last], t[to]);
        for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
            ck_assert_uint_eq(get(at[i]), i < to ? i + 1 : 0);
        }
        ck_assert_uint_eq(get(1000 + n), 0);
        last = to;
    }
    for (unsigned i = 0; i <= ARRAY_LEN(at); i++) {
        page_tree_drop(&pool, t[i]);
    }
}
END_TEST

/* Going back is a store for the other consumers of dirty bits. */
START_TEST(hash_sees_it)
{
    put(300, 1);
    struct page_tree *t = take(NULL);
    uint64_t then = ram_hash(ph, ram);
    put(300, 2);
    put(301, 2);
    ck_assert(ram_hash(ph, ram) != then);
    page_tree_restore(ph, ram, t, t);
    ck_assert(ram_hash(ph, ram) == then);
    page_tree_drop(&pool, t);
}
END_TEST

START_TEST(no_memory)
{
    put(1, 1);
    struct page_tree *a = take(NULL), *b = a;
    uint64_t bytes = pool.bytes;
    for (unsigned page = 0; page < PAGES; page += 500) {
        put(page, 9);
    }
    unsigned failed = 0;
    for (pool.most = 1;; pool.most += 700) {
        if (page_tree_take(&pool, ram, a, &b) == 0) {
            break;
        }
        failed++;
        ck_assert_ptr_null(b);
        ck_assert_uint_eq(pool.bytes, bytes);
        ck_assert_uint_eq(ram->dirty[500] & DIRTY_SNAPSHOT, DIRTY_SNAPSHOT);
    }
    ck_assert_uint_gt(failed, 100);
    ck_assert_uint_eq(page_tree_page(b, 19500)[5], 9);
    page_tree_drop(&pool, a);
    page_tree_drop(&pool, b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("page_tree");
    TCase *tc = tcase_create("page_tree");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, zeros_cost_nothing);
    tcase_add_test(tc, equal_trees_are_one);
    tcase_add_test(tc, back_and_forth);
    tcase_add_test(tc, hash_sees_it);
    tcase_add_test(tc, no_memory);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
