/* test_drive.c -- drive slots: ranges, digests, media changes, host errors. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/board_fixture.h"

enum { SECTORS = 8 };
static struct fixture fx;
static struct ram_disk disk;
static uint8_t bytes[SECTORS * 512], buf[SECTORS * 512];
static struct drive *d;

static void setup(void)
{
    fixture_init(&fx);
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 512);
    }
    disk = (struct ram_disk){bytes, sizeof bytes, false};
    struct media m = ram_disk_media(&disk, DRIVE_FLOPPY, false);
    d = &fx.board.drive[DRIVE_FDB];
    d->kind = DRIVE_FLOPPY;
    drive_insert(d, &m);
}

static void teardown(void)
{
    fixture_free(&fx);
}

START_TEST(test_read_write)
{
    ck_assert_int_eq(drive_read(d, 2, buf, 3), 0);
    ck_assert_mem_eq(buf, bytes + 2 * 512, 3 * 512);
    memset(buf, 0x5A, 512);
    ck_assert_int_eq(drive_write(d, 7, buf, 1), 0);
    ck_assert_uint_eq(bytes[7 * 512], 0x5A);
    ck_assert_int_eq(drive_flush(d), 0);
}
END_TEST

START_TEST(test_range)
{
    uint64_t before = d->digest;
    ck_assert_int_eq(drive_read(d, 7, buf, 2), -1);
    ck_assert_int_eq(drive_read(d, SECTORS, buf, 1), -1);
    ck_assert_int_eq(drive_read(d, UINT64_MAX, buf, 1), -1);
    ck_assert_int_eq(drive_read(d, UINT64_MAX, buf, 2), -1);
    ck_assert_int_eq(drive_read(d, 0, buf, UINT32_MAX), -1);
    ck_assert_int_eq(drive_write(d, 8, buf, 1), -1);
    ck_assert_int_eq(drive_read(&fx.board.drive[DRIVE_FDA], 0, buf, 1), -1); /* empty */
    ck_assert_uint_eq(d->digest, before);
    ck_assert_str_eq(fx.notes, ""); /* the guest's errors are nobody's business */
}
END_TEST

START_TEST(test_digest)
{
    uint64_t start = d->digest;
    ck_assert_int_eq(drive_read(d, 1, buf, 2), 0);
    uint64_t both = d->digest;
    ck_assert_uint_ne(both, start);
    d->digest = start;
    ck_assert_int_eq(drive_read(d, 1, buf, 1), 0);
    ck_assert_int_eq(drive_read(d, 2, buf, 1), 0);
    ck_assert_uint_eq(d->digest, both); /* by sector, whatever the transfers were */
    d->digest = start;
    ck_assert_int_eq(drive_read(d, 2, buf, 1), 0);
    ck_assert_int_eq(drive_read(d, 1, buf, 1), 0);
    ck_assert_uint_ne(d->digest, both);
    d->digest = start;
    bytes[600] ^= 1;
    ck_assert_int_eq(drive_read(d, 1, buf, 2), 0);
    ck_assert_uint_ne(d->digest, both);
}
END_TEST

START_TEST(test_read_only)
{
    struct media m = ram_disk_media(&disk, DRIVE_FLOPPY, true);
    drive_insert(d, &m);
    ck_assert(d->read_only);
    ck_assert_int_eq(drive_write(d, 0, buf, 1), -1);
    ck_assert_int_eq(drive_read(d, 0, buf, 1), 0);
}
END_TEST

START_TEST(test_change)
{
    uint32_t changes = d->changes;
    drive_insert(d, NULL);
    ck_assert_uint_eq(d->changes, changes + 1);
    ck_assert_uint_eq(d->sectors, 0);
    ck_assert_int_eq(drive_read(d, 0, buf, 1), -1);
    ck_assert_int_eq(drive_flush(d), -1);
    struct media m = ram_disk_media(&disk, DRIVE_FLOPPY, false);
    drive_insert(d, &m);
    ck_assert_uint_eq(d->changes, changes + 2);
    ck_assert_uint_eq(d->sectors, SECTORS);
    ck_assert_uint_eq(d->kind, DRIVE_FLOPPY);
}
END_TEST

START_TEST(test_host_error_told_once)
{
    uint64_t before = d->digest;
    disk.fail = true;
    ck_assert_int_eq(drive_read(d, 3, buf, 1), -1);
    ck_assert_int_eq(drive_write(d, 3, buf, 1), -1);
    ck_assert_int_eq(drive_flush(d), -1);
    ck_assert_uint_eq(d->digest, before);
    ck_assert_ptr_nonnull(strstr(fx.notes, "fdb"));
    ck_assert_ptr_nonnull(strstr(fx.notes, "sector 3"));
    ck_assert_ptr_eq(strchr(fx.notes, '\n'), fx.notes + strlen(fx.notes) - 1); /* one line */
}
END_TEST

START_TEST(test_schema)
{
    struct error err;
    ck_assert_msg(state_coverage(&drive_schema, &err) == 0, "%s", err.text);
    uint64_t h = state_hash(&drive_schema, d, 0);
    ck_assert_int_eq(drive_read(d, 0, buf, 1), 0);
    ck_assert_uint_ne(state_hash(&drive_schema, d, 0), h);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("drive");
    TCase *t = tcase_create("drive");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_read_write);
    tcase_add_test(t, test_range);
    tcase_add_test(t, test_digest);
    tcase_add_test(t, test_read_only);
    tcase_add_test(t, test_change);
    tcase_add_test(t, test_host_error_told_once);
    tcase_add_test(t, test_schema);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
