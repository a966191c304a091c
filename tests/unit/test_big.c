/* tests/unit/test_big.c -- large arrays: what the host is told of them, and that advice changes
 * nothing in them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/block.h"
#include "frontend/big_pages.h"
#include "tests/support/cpu_fixture.h"

enum { CODE = 0x1000 };

/* ---- decoded code */

static unsigned told_little, told_full;

static uint8_t *get(uint64_t size)
{
    return calloc(1, (size_t)size);
}

static void expect(uint8_t *bytes, uint64_t size, bool full)
{
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_le(size, BLOCK_BUDGET);
    told_little += !full;
    told_full += full;
}

static void release(uint8_t *bytes, uint64_t size)
{
    (void)size;
    free(bytes);
}

/* So many NOPs, twice round. */
static void run_nops(struct cpu_fixture *fx, uint32_t n)
{
    static uint8_t code[0xF000];
    memset(code, 0x90, n);
    const uint8_t back[] = {0xE9, (uint8_t)(-n - 3), (uint8_t)((-n - 3) >> 8)};
    memcpy(code + n, back, sizeof back);
    cpu_fixture_load(fx, CODE, code, n + sizeof back);
    cpu_fixture_set(fx, "cs", 0);
    cpu_fixture_set(fx, "eip", CODE);
    cpu_run(fx->cpu, fx->tick + 2 * ((uint64_t)n + 1));
    ck_assert_uint_eq(cpu_fixture_get(fx, "eip"), CODE);
}

/* Wherever blocks begin and end: the first one is longer each time. */
START_TEST(a_full_cache_is_told_once)
{
    static const struct big_memory counting = {
        .get = get, .expect = expect, .release = release};
    const struct cpu_config cfg = {.big = &counting};
    for (uint32_t lead = 1; lead <= BLOCK_MAX_INSNS; lead++) {
        struct cpu_fixture fx;
        told_little = told_full = 0;
        cpu_fixture_init(&fx, &cfg);
        run_nops(&fx, lead);
        run_nops(&fx, BLOCK_INSNS_FEW / 2);
        ck_assert_uint_eq(told_little, 1);
        ck_assert_uint_eq(told_full, 0);
        run_nops(&fx, BLOCK_INSNS_FEW);
        run_nops(&fx, BLOCK_INSNS_FEW);
        ck_assert_uint_eq(told_little, 1);
        ck_assert_uint_eq(told_full, 1);
        cpu_fixture_free(&fx);
    }
}
END_TEST

/* ---- the hosts' memory */

static void keeps_its_bytes(const struct big_memory *big)
{
    enum { SIZE = 5 << 20 };
    uint8_t *bytes = big_new(big, SIZE);
    ck_assert_ptr_nonnull(bytes);
    for (uint32_t at = 0; at < SIZE; at += 4096) {
        ck_assert_uint_eq(bytes[at], 0);
    }
    for (unsigned round = 0; round < 3; round++) {
        for (uint32_t at = round << 12; at < SIZE; at += 3 << 12) {
            store_le32(bytes + at, at + 1);
        }
        big_expect(big, bytes, SIZE, round != 1);
        for (uint32_t at = 0; at < SIZE; at += 4096) {
            ck_assert_uint_eq(load_le32(bytes + at), at / 4096 % 3 <= round ? at + 1 : 0);
        }
    }
    bytes = big_empty(big, bytes, SIZE);
    for (uint32_t at = 0; at < SIZE; at += 4096) {
        ck_assert_uint_eq(load_le32(bytes + at), 0);
    }
    big_free(big, bytes, SIZE);
}

START_TEST(advice_changes_nothing)
{
    keeps_its_bytes(NULL);
    keeps_its_bytes(big_pages());
    keeps_its_bytes(sparse_pages());
}
END_TEST

int main(void)
{
    Suite *s = suite_create("big");
    TCase *tc = tcase_create("big");
    tcase_add_test(tc, a_full_cache_is_told_once);
    tcase_add_test(tc, advice_changes_nothing);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
