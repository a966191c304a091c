/* test_machine_file.c -- the container of save states: what goes in comes out, and nothing that
 * was damaged, cut, prolonged or forged does.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/board_fixture.h"
#include "tests/support/state_memory.h"

enum { BLOB = 3 * STATE_CHUNK + 1000 };

static struct error err;

static void make(struct memory_file *f, const uint8_t *blob)
{
    struct state_writer w;
    memory_file_init(f);
    ck_assert_int_eq(state_begin(&w, &f->sink), 0);
    ck_assert_int_eq(state_section(&w, "first", "abc", 3), 0);
    ck_assert_int_eq(state_section(&w, "nothing", NULL, 0), 0);
    if (blob) {
        ck_assert_int_eq(state_bytes(&w, "big one", blob, BLOB), 0);
    }
    ck_assert_int_eq(state_end(&w), 0);
}

static int open_file(struct memory_file *f)
{
    struct state_reader r;
    err.text[0] = '\0';
    int rc = state_open(&r, &f->source, &err);
    state_close(&r);
    ck_assert_msg(rc == 0 || err.text[0], "no reason given");
    return rc;
}

START_TEST(round_trip)
{
    static uint8_t blob[BLOB], back[BLOB];
    uint64_t seed = 1, size, at;
    struct memory_file f;
    struct state_reader r;
    size_t n;
    for (size_t i = 0; i < STATE_CHUNK; i++) { /* does not deflate */
        blob[i] = (uint8_t)test_random(&seed);
    }
    blob[BLOB - 1] = 7; /* chunks 1 and 2 are zero */
    make(&f, blob);
    ck_assert_int_eq(state_open(&r, &f.source, &err), 0);
    ck_assert_int_eq(state_next(&r, &err), 1);
    ck_assert_str_eq(r.name, "first");
    ck_assert_uint_eq(r.length, 3);
    ck_assert_mem_eq(r.payload, "abc", 3);
    ck_assert_int_eq(state_next(&r, &err), 1);
    ck_assert_uint_eq(r.length, 0);
    ck_assert_int_eq(state_next(&r, &err), 1);
    ck_assert_str_eq(state_named(&r, "blob"), "big one");
    ck_assert_ptr_null(state_named(&r, "chunk"));
    ck_assert_int_eq(state_blob_size(&r, BLOB - 1, &size, &err), -1);
    ck_assert_int_eq(state_blob_size(&r, BLOB, &size, &err), 0);
    ck_assert_uint_eq(size, BLOB);
    unsigned chunks = 0;
    while (state_next(&r, &err) > 0) {
        ck_assert_str_eq(state_named(&r, "chunk"), "big one");
        ck_assert_int_eq(state_chunk_bytes(&r, size, &at, &n, &err), 0);
        memcpy(back + at, r.chunk, n);
        chunks++;
    }
    ck_assert_uint_eq(chunks, 2);
    ck_assert_mem_eq(back, blob, BLOB);
    state_close(&r);
    memory_file_free(&f);
}
END_TEST

START_TEST(every_damaged_byte_is_noticed)
{
    struct memory_file f;
    make(&f, NULL);
    ck_assert_int_eq(open_file(&f), 0);
    for (size_t i = 0; i < f.w.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            f.w.bytes[i] ^= (uint8_t)(1u << bit);
            ck_assert_msg(open_file(&f) < 0, "byte %zu, bit %u", i, bit);
            f.w.bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    memory_file_free(&f);
}
END_TEST

START_TEST(every_cut_is_noticed)
{
    struct memory_file f;
    make(&f, NULL);
    for (size_t n = 0; n < f.w.len; n++) {
        f.source.size = n;
        ck_assert_msg(open_file(&f) < 0, "cut at %zu", n);
    }
    writer_put(&f.w, "x", 1);
    f.source.size = f.w.len;
    ck_assert_int_eq(open_file(&f), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "follows its end"));
    memory_file_free(&f);
}
END_TEST

/* Two sections that change places have good checksums of their own. */
START_TEST(order_is_checked)
{
    struct memory_file f;
    make(&f, NULL);
    enum { HEADER = 20, FIRST = 1 + 5 + 4 + 3 + 4, NOTHING = 1 + 7 + 4 + 0 + 4 };
    uint8_t swapped[FIRST + NOTHING];
    memcpy(swapped, f.w.bytes + HEADER + FIRST, NOTHING);
    memcpy(swapped + NOTHING, f.w.bytes + HEADER, FIRST);
    memcpy(f.w.bytes + HEADER, swapped, sizeof swapped);
    ck_assert_int_eq(open_file(&f), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "checksum"));
    memory_file_free(&f);
}
END_TEST

START_TEST(other_files)
{
    struct memory_file f;
    memory_file_init(&f);
    ck_assert_int_eq(open_file(&f), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "not a save state"));
    make(&f, NULL);
    f.w.bytes[16] = STATE_VERSION + 1;
    ck_assert_int_eq(open_file(&f), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "version 2"));
    memory_file_free(&f);
}
END_TEST

/* Checksums are right here, and the content is not. */
static int chunk_of(uint64_t number, const void *packed, size_t n, uint64_t size)
{
    uint8_t payload[64];
    struct memory_file f;
    struct state_writer w;
    struct state_reader r;
    uint64_t at;
    size_t got;
    store_le64(payload, number);
    memcpy(payload + 8, packed, n);
    memory_file_init(&f);
    state_begin(&w, &f.sink);
    state_section(&w, "chunk x", payload, n + 8);
    ck_assert_int_eq(state_end(&w), 0);
    ck_assert_int_eq(state_open(&r, &f.source, &err), 0);
    ck_assert_int_eq(state_next(&r, &err), 1);
    int rc = state_chunk_bytes(&r, size, &at, &got, &err);
    state_close(&r);
    memory_file_free(&f);
    return rc;
}

START_TEST(forged_chunks)
{
    /* RFC 1950, 1951: one stored block of the four bytes abcd, and its Adler-32 */
    static const uint8_t abcd[] = {0x78, 0x01, 0x01, 4,    0,    0xFB, 0xFF, 'a',
                                   'b',  'c',  'd',  0x03, 0xD8, 0x01, 0x8B};
    ck_assert_int_eq(chunk_of(0, abcd, sizeof abcd, 4), 0);
    ck_assert_int_eq(chunk_of(0, abcd, sizeof abcd, 5), -1); /* too little */
    ck_assert_int_eq(chunk_of(0, abcd, sizeof abcd, 3), -1); /* too much */
    ck_assert_int_eq(chunk_of(1, abcd, sizeof abcd, 4), -1); /* outside */
    ck_assert_int_eq(chunk_of(1, abcd, sizeof abcd, STATE_CHUNK + 4), 0);
    ck_assert_int_eq(chunk_of(UINT64_MAX / STATE_CHUNK + 2, abcd, sizeof abcd, 4), -1);
    ck_assert_int_eq(chunk_of(UINT64_MAX, abcd, sizeof abcd, UINT64_MAX), -1);
    ck_assert_int_eq(chunk_of(0, abcd, sizeof abcd - 5, 4), -1);
    ck_assert_int_eq(chunk_of(0, abcd, 0, 4), -1);
}
END_TEST

START_TEST(a_full_disk)
{
    struct memory_file f;
    struct state_writer w;
    memory_file_init(&f);
    ck_assert_int_eq(state_begin(&w, &f.sink), 0);
    f.w.failed = true; /* as if memory, or the disk, were full */
    ck_assert_int_eq(state_section(&w, "x", "y", 1), -1);
    f.w.failed = false;
    ck_assert_int_eq(state_section(&w, "x", "y", 1), -1); /* once failed, failed */
    ck_assert_int_eq(state_end(&w), -1);
    memory_file_free(&f);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("machine_file");
    TCase *tc = tcase_create("machine_file");
    tcase_add_test(tc, round_trip);
    tcase_add_test(tc, every_damaged_byte_is_noticed);
    tcase_add_test(tc, every_cut_is_noticed);
    tcase_add_test(tc, order_is_checked);
    tcase_add_test(tc, other_files);
    tcase_add_test(tc, forged_chunks);
    tcase_add_test(tc, a_full_disk);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
