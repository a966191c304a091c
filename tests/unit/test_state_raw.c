/* tests/unit/test_state_raw.c -- memory as it is in a save state: read or mapped, the same
 * machine; a head that lies is refused. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/snapshot.h"
#include "tests/support/guests.h"
#include "tests/support/state_memory.h"

enum { RAM = 1 << 20, TICKS = 20000, PIECES = 4 };

static struct machine_config cfg;
static struct host host;
static struct error err;
static struct memory_file file;
static struct machine *m;
static uint64_t now, later;
static unsigned maps; /* that are still there */

/* What mmap() gives: a copy that nobody else sees. */
static uint8_t *map(void *ctx, uint64_t at, uint64_t n)
{
    const struct memory_file *f = ctx;
    ck_assert_uint_eq(at % STATE_RAW_AT, 0);
    ck_assert(at + n <= f->w.len);
    uint8_t *bytes = malloc((size_t)n);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, f->w.bytes + at, (size_t)n);
    maps++;
    return bytes;
}

static void unmap(uint8_t *bytes, uint64_t n)
{
    (void)n;
    free(bytes);
    maps--;
}

static void setup(void)
{
    struct state_writer w;
    cfg = (struct machine_config){.ram_bytes = RAM};
    test_guest_random(&cfg, 12);
    m = machine_new(&cfg, &host, &err);
    ck_assert_msg(m != NULL, "%s", err.text);
    machine_run(m, TICKS);
    memory_file_init(&file);
    ck_assert_int_eq(state_begin(&w, &file.sink), 0);
    w.raw = true;
    ck_assert_int_eq(machine_save(m, &w), 0);
    ck_assert_int_eq(state_end(&w), 0);
    now = machine_hash(m);
    machine_run(m, 2 * TICKS);
    later = machine_hash(m);
    maps = 0;
}

static void teardown(void)
{
    machine_free(m);
    memory_file_free(&file);
}

START_TEST(read_or_mapped)
{
    if (_i) {
        file.source.map = map;
        file.source.unmap = unmap;
    }
    struct machine *copy = memory_load(&file, &cfg, &host, &err);
    ck_assert_msg(copy != NULL, "%s", err.text);
    ck_assert_uint_eq(maps, _i ? 2 : 0); /* RAM and VRAM */
    ck_assert(machine_hash(copy) == now);
    struct snapshot *s = machine_snapshot(copy, &err);
    ck_assert_ptr_nonnull(s);
    machine_run(copy, 2 * TICKS);
    ck_assert(machine_hash(copy) == later);
    ck_assert_int_eq(machine_restore(copy, s, &err), 0);
    ck_assert(machine_hash(copy) == now);
    snapshot_free(s);
    machine_free(copy);
    ck_assert_uint_eq(maps, 0);
}
END_TEST

/* Pages of zeros, which are most, may become holes: the sink is told. */
static uint64_t skipped;
static int skip(void *ctx, uint64_t n)
{
    static const uint8_t zeros[4096];
    struct memory_file *f = ctx;
    skipped += n;
    for (; n > 0; n -= n < sizeof zeros ? n : sizeof zeros) {
        ck_assert_int_eq(f->sink.put(ctx, zeros, n < sizeof zeros ? (size_t)n : sizeof zeros),
                         0);
    }
    return 0;
}

START_TEST(holes)
{
    struct memory_file other;
    struct state_writer w;
    memory_file_init(&other);
    other.sink.skip = skip;
    skipped = 0;
    machine_free(m);
    m = memory_load(&file, &cfg, &host, &err);
    ck_assert_ptr_nonnull(m);
    ck_assert_int_eq(state_begin(&w, &other.sink), 0);
    w.raw = true;
    ck_assert_int_eq(machine_save(m, &w), 0);
    ck_assert_int_eq(state_end(&w), 0);
    ck_assert_uint_eq(other.w.len, file.w.len);
    ck_assert_mem_eq(other.w.bytes, file.w.bytes, file.w.len);
    ck_assert_uint_gt(skipped, 12 << 20);
    memory_file_free(&other);
}
END_TEST

/* Each bit around the raw section's head, and the file cut anywhere near. */
static size_t find_raw(void)
{
    static const uint8_t name[] = "raw ram ram";
    for (size_t at = 0; at + sizeof name < file.w.len; at++) {
        if (memcmp(file.w.bytes + at, name, sizeof name - 1) == 0) {
            return at - 1;
        }
    }
    ck_abort_msg("no raw section");
    return 0;
}

START_TEST(a_head_that_lies)
{
    enum { HEAD = 1 + 11 + 4 + STATE_RAW_HEAD };
    size_t at = find_raw(), len = file.w.len;
    for (unsigned bit = 0; bit < HEAD * 8; bit++) {
        file.w.bytes[at + bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct machine *copy = memory_load(&file, &cfg, &host, &err);
        ck_assert_msg(copy == NULL, "bit %u", bit);
        ck_assert_ptr_null(strchr(err.text, '\n'));
        file.w.bytes[at + bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 1; n < PIECES; n++) {
        file.source.size = at + (len - at) * n / PIECES;
        ck_assert_ptr_null(memory_load(&file, &cfg, &host, &err));
    }
    file.source.size = len;
}
END_TEST

int main(void)
{
    Suite *s = suite_create("state_raw");
    TCase *tc = tcase_create("state_raw");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, read_or_mapped, 0, 2);
    tcase_add_test(tc, holes);
    tcase_add_test(tc, a_head_that_lies);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
