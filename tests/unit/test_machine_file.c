/* test_machine_file.c -- the container of save states: what goes in comes out, and nothing that
 * was damaged, cut, prolonged or forged does.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/board_fixture.h"
#include "tests/support/state_memory.h"

enum { SECTION = STATE_PAGES * STATE_PAGE, BLOB = 3 * SECTION + 1000 };

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
    uint64_t seed = 1, size;
    struct memory_file f;
    struct state_reader r;
    for (size_t i = 0; i < 2 * SECTION; i++) { /* does not deflate: one section is stored */
        blob[i] = (uint8_t)test_random(&seed);
    }
    blob[BLOB - 1] = 7; /* what is between is zero */
    make(&f, blob);
    ck_assert_int_eq(state_open(&r, &f.source, &err), 0);
    ck_assert_int_eq(state_next(&r, &err), 1);
    ck_assert_str_eq(r.name, "first");
    ck_assert_uint_eq(r.length, 3);
    ck_assert_int_eq(state_payload(&r, &err), 0);
    ck_assert_mem_eq(r.payload, "abc", 3);
    ck_assert_int_eq(state_next(&r, &err), 1);
    ck_assert_uint_eq(r.length, 0);
    ck_assert_int_eq(state_next(&r, &err), 1);
    ck_assert_str_eq(state_named(&r, "blob"), "big one");
    ck_assert_ptr_null(state_named(&r, "pages"));
    ck_assert_int_eq(state_blob_size(&r, BLOB - 1, &size, &err), -1);
    ck_assert_int_eq(state_blob_size(&r, BLOB, &size, &err), 0);
    ck_assert_uint_eq(size, BLOB);
    unsigned sections = 0;
    while (state_next(&r, &err) > 0) {
        ck_assert_str_eq(state_named(&r, "pages"), "big one");
        ck_assert_int_eq(state_pages_into(&r, back, NULL, 0, &err), 0);
        sections++;
    }
    ck_assert_uint_eq(sections, 3);
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
    ck_assert_ptr_nonnull(strstr(err.text, "not put together"));
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
    f.source.size = STATE_MOST + 1; /* refused before it is read */
    ck_assert_int_eq(open_file(&f), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "larger than any"));
    memory_file_free(&f);
}
END_TEST

/* ---- checksums are right here, and the content is not */

struct run {
    uint32_t page, count, what, from;
};
enum { SMALL = 2 * STATE_PAGE + 4 }; /* the third page has 4 bytes */
/* RFC 1950, 1951: one stored block of the four bytes abcd, and its Adler-32 */
static const uint8_t abcd[] = {0x78, 0x01, 0x01, 4,    0,    0xFB, 0xFF, 'a',
                               'b',  'c',  'd',  0x03, 0xD8, 0x01, 0x8B};

/* A section of so many runs (says its head) behind a blob x of SMALL bytes, or of another. */
static int pages_of(const char *blob, uint32_t says, const struct run *run, unsigned runs,
                    const void *packed, size_t n)
{
    static uint8_t bytes[SMALL + 64];
    uint8_t payload[256];
    struct memory_file f;
    struct state_writer w;
    struct state_reader r;
    struct state_known known[2] = {{payload, STATE_PAGE}, {payload, STATE_PAGE}};
    store_le32(payload, says);
    for (unsigned i = 0; i < runs; i++) {
        uint8_t *to = payload + 4 + 16 * (size_t)i;
        store_le32(to, run[i].page);
        store_le32(to + 4, run[i].count);
        store_le32(to + 8, run[i].what);
        store_le32(to + 12, run[i].from);
    }
    memcpy(payload + 4 + 16 * (size_t)runs, packed, n);
    memory_file_init(&f);
    state_begin(&w, &f.sink);
    state_blob(&w, blob, SMALL);
    state_section(&w, "pages x", payload, 4 + 16 * (size_t)runs + n);
    ck_assert_int_eq(state_end(&w), 0);
    memset(bytes, 0xEE, sizeof bytes);
    uint8_t *source = malloc(STATE_PAGE); /* found by sanitizers when it is passed */
    ck_assert_ptr_nonnull(source);
    memset(source, 0x5A, STATE_PAGE);
    known[0].bytes = source;
    known[1].bytes = source; /* of a blob that has not come yet */
    int rc = state_open(&r, &f.source, &err);
    rc = rc == 0 && state_next(&r, &err) == 1 && state_next(&r, &err) == 1
             ? state_pages_into(&r, bytes, known, 2, &err)
             : -1;
    ck_assert_uint_eq(bytes[SMALL], 0xEE);
    state_close(&r);
    free(source);
    memory_file_free(&f);
    return rc;
}

/* One run of the last, short page with abcd in it, changed a little. */
static int one_run(struct run run, size_t n)
{
    return pages_of("x", 1, &run, 1, abcd, n);
}

START_TEST(forged_pages)
{
    enum { ALL = sizeof abcd };
    ck_assert_int_eq(one_run((struct run){2, 1, STATE_DATA, 0}, ALL), 0);
    ck_assert_int_eq(one_run((struct run){1, 1, STATE_DATA, 0}, ALL), -1); /* too little */
    ck_assert_int_eq(one_run((struct run){2, 2, STATE_DATA, 0}, ALL), -1); /* outside */
    ck_assert_int_eq(one_run((struct run){3, 1, STATE_DATA, 0}, ALL), -1);
    ck_assert_int_eq(one_run((struct run){UINT32_MAX, UINT32_MAX, STATE_DATA, 0}, ALL), -1);
    ck_assert_int_eq(one_run((struct run){2, 0, STATE_DATA, 0}, ALL), -1);
    ck_assert_int_eq(one_run((struct run){2, 1, STATE_DATA, 1}, ALL), -1); /* from nowhere */
    ck_assert_int_eq(one_run((struct run){2, 1, STATE_DATA, 0}, ALL - 5), -1);
    ck_assert_int_eq(one_run((struct run){2, 1, STATE_DATA, 0}, 0), -1);
    ck_assert_int_eq(one_run((struct run){0, 3, STATE_ZEROS, 0}, 0), 0);
    ck_assert_int_eq(one_run((struct run){0, 3, STATE_ZEROS, 0}, ALL), -1); /* and more */
    ck_assert_int_eq(one_run((struct run){0, 4, STATE_ZEROS, 0}, 0), -1);
    ck_assert_int_eq(one_run((struct run){1, 1, STATE_SAME, 0}, 0), 0);
    ck_assert_int_eq(one_run((struct run){1, 2, STATE_SAME, 0}, 0), -1); /* more than it has */
    ck_assert_int_eq(one_run((struct run){1, 1, STATE_SAME, 1}, 0), -1);
    ck_assert_int_eq(one_run((struct run){1, 1, STATE_SAME, UINT32_MAX}, 0), -1);
    ck_assert_int_eq(one_run((struct run){1, 1, STATE_SAME + 1, 0}, 0), -1);
    ck_assert_int_eq(one_run((struct run){1, 1, UINT32_MAX, 0}, 0), -1);
}
END_TEST

START_TEST(forged_lists_of_runs)
{
    static const struct run good[] = {{0, 1, STATE_ZEROS, 0}, {2, 1, STATE_DATA, 0}},
                            back[] = {{1, 1, STATE_ZEROS, 0}, {0, 1, STATE_ZEROS, 0}},
                            twice[] = {{1, 2, STATE_ZEROS, 0}, {2, 1, STATE_ZEROS, 0}};
    ck_assert_int_eq(pages_of("x", 2, good, 2, abcd, sizeof abcd), 0);
    ck_assert_int_eq(pages_of("y", 2, good, 2, abcd, sizeof abcd), -1); /* no such blob */
    static const uint8_t more[] = {0x78, 0x01, 0x01, 4,    0,    0xFB, 0xFF, 'a',
                                   'b',  'c',  'd',  0x03, 0xD8, 0x01, 0x8B, 0};
    ck_assert_int_eq(pages_of("x", 2, good, 2, more, sizeof more), -1); /* a byte behind it */
    ck_assert_int_eq(pages_of("x", 0, good, 0, abcd, 0), -1);
    ck_assert_int_eq(pages_of("x", 3, good, 2, abcd, sizeof abcd), -1);
    ck_assert_int_eq(pages_of("x", UINT32_MAX, good, 2, abcd, sizeof abcd), -1);
    ck_assert_int_eq(pages_of("x", 2, back, 2, abcd, 0), -1);
    ck_assert_int_eq(pages_of("x", 2, twice, 2, abcd, 0), -1);
}
END_TEST

/* ---- memory */

struct memory {
    uint8_t rom[3 * STATE_PAGE], ram[40 * STATE_PAGE];
};

static void memory_fill(struct memory *m)
{
    uint64_t seed = 3;
    memset(m, 0, sizeof *m);
    for (size_t i = 0; i < sizeof m->rom; i++) {
        m->rom[i] = (uint8_t)test_random(&seed);
    }
    memcpy(m->ram + 5 * STATE_PAGE, m->rom, sizeof m->rom);                /* a run of it */
    memcpy(m->ram + 20 * STATE_PAGE, m->rom + 2 * STATE_PAGE, STATE_PAGE); /* one more */
    m->ram[10 * STATE_PAGE + 9] = m->ram[30 * STATE_PAGE + 9] = 1;         /* twins */
    m->ram[sizeof m->ram - 1] = 2;
}

static void memory_put(const struct memory *m, struct memory_file *f, bool incremental)
{
    struct state_writer w;
    memory_file_init(f);
    state_begin(&w, &f->sink);
    w.incremental = incremental;
    state_bytes(&w, "rom", m->rom, sizeof m->rom);
    state_known(&w, m->rom, sizeof m->rom);
    state_blob(&w, "ram", sizeof m->ram);
    for (uint32_t page = 0; page < sizeof m->ram / STATE_PAGE; page++) {
        state_memory_page(&w, page, m->ram + (size_t)page * STATE_PAGE);
    }
    ck_assert_int_eq(state_end(&w), 0);
}

/* Back into another memory; returns how many pages came as what. */
static void memory_get(struct memory_file *f, struct memory *m, unsigned count[3])
{
    struct state_known known[2] = {{m->rom, sizeof m->rom}, {m->ram, sizeof m->ram}};
    struct state_reader r;
    struct state_run run;
    ck_assert_int_eq(state_open(&r, &f->source, &err), 0);
    while (state_next(&r, &err) > 0) {
        if (state_named(&r, "pages")) {
            uint8_t *to = strcmp(r.blob, "rom") == 0 ? m->rom : m->ram;
            ck_assert_msg(state_pages_into(&r, to, known, 2, &err) == 0, "%s", err.text);
            state_run_again(&r);
            while (to == m->ram && state_run(&r, &run)) {
                count[run.what < STATE_SAME ? run.what : STATE_SAME] +=
                    (unsigned)(run.n / STATE_PAGE);
            }
        }
    }
    state_close(&r);
}

START_TEST(memory_is_small)
{
    static struct memory m, back;
    memory_fill(&m);
    for (unsigned incremental = 0; incremental < 2; incremental++) {
        unsigned count[3] = {0};
        struct memory_file f;
        memory_put(&m, &f, incremental);
        memset(&back, 0, sizeof back);
        if (incremental) {
            memset(back.ram, 0xAA, sizeof back.ram); /* what the base had */
        }
        memory_get(&f, &back, count);
        ck_assert_mem_eq(back.rom, m.rom, sizeof m.rom);
        ck_assert_mem_eq(back.ram, m.ram, sizeof m.ram);
        ck_assert_uint_eq(count[STATE_DATA], 2);
        ck_assert_uint_eq(count[STATE_SAME], 5);
        ck_assert_uint_eq(count[STATE_ZEROS], incremental ? 33 : 0);
        ck_assert_uint_lt(f.w.len, sizeof m.rom + 1000);
        memory_file_free(&f);
    }
}
END_TEST

START_TEST(raw_memory)
{
    static struct memory m;
    struct memory_file f;
    struct state_writer w;
    struct state_reader r;
    struct state_raw raw;
    memory_fill(&m);
    memory_file_init(&f);
    state_begin(&w, &f.sink);
    state_section(&w, "first", "abc", 3);
    state_raw(&w, "ram", m.ram, sizeof m.ram, 42);
    state_section(&w, "last", "xyz", 3);
    ck_assert_int_eq(state_end(&w), 0);
    ck_assert_int_eq(state_open(&r, &f.source, &err), 0);
    ck_assert_int_eq(state_next(&r, &err), 1);
    ck_assert_int_eq(state_next(&r, &err), 1);
    ck_assert_str_eq(state_named(&r, "raw"), "ram");
    ck_assert_int_eq(state_payload(&r, &err), -1);
    ck_assert_int_eq(state_raw_head(&r, &raw, &err), 0);
    ck_assert_uint_eq(raw.size, sizeof m.ram);
    ck_assert_uint_eq(raw.sum, 42);
    ck_assert_uint_eq(raw.at % STATE_RAW_AT, 0);
    ck_assert_mem_eq(f.w.bytes + raw.at, m.ram, sizeof m.ram);
    ck_assert_int_eq(state_next(&r, &err), 1);
    ck_assert_str_eq(r.name, "last");
    state_close(&r);
    f.w.bytes[raw.at - 1 - raw.at % 2]++; /* padding does not count … */
    f.w.bytes[raw.at + 5]++;              /* nor do the bytes: they are checked elsewhere */
    ck_assert_int_eq(open_file(&f), 0);
    for (size_t i = 40; i < 80; i++) { /* the head does */
        f.w.bytes[i] ^= 1;
        bool in_padding = i >= STATE_HEADER + 16 + 12 + STATE_RAW_HEAD;
        ck_assert_msg(in_padding || open_file(&f) < 0, "byte %zu", i);
        f.w.bytes[i] ^= 1;
    }
    memory_file_free(&f);
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
    tcase_add_test(tc, forged_pages);
    tcase_add_test(tc, forged_lists_of_runs);
    tcase_add_test(tc, memory_is_small);
    tcase_add_test(tc, raw_memory);
    tcase_add_test(tc, a_full_disk);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
