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
        ck_assert_int_eq(state_pages_into(&r, back, NULL, 0, NULL, &err), 0);
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

static bool itself; /* the blob that is known is x */

/* A section of so many runs (says its head) behind a blob x of SMALL bytes, or of another. */
static int pages_of(const char *blob, uint32_t says, const struct run *run, unsigned runs,
                    const void *packed, size_t n)
{
    static uint8_t bytes[SMALL + 64];
    uint8_t payload[256];
    struct memory_file f;
    struct state_writer w;
    struct state_reader r;
    struct state_known known[2] = {{.size = STATE_PAGE}, {.size = STATE_PAGE}};
    store_le32(payload, says);
    for (unsigned i = 0; i < runs; i++) {
        uint8_t *to = payload + 4 + 16 * (size_t)i;
        store_le32(to, run[i].page);
        store_le32(to + 4, run[i].count);
        store_le32(to + 8, run[i].what);
        store_le32(to + 12, run[i].from);
    }
    if (n) {
        memcpy(payload + 4 + 16 * (size_t)runs, packed, n);
    }
    memory_file_init(&f);
    state_begin(&w, &f.sink);
    state_blob(&w, blob, SMALL);
    state_section(&w, "pages x", payload, 4 + 16 * (size_t)runs + n);
    ck_assert_int_eq(state_end(&w), 0);
    memset(bytes, 0xEE, sizeof bytes);
    uint8_t *source = malloc(STATE_PAGE); /* found by sanitizers when it is passed */
    ck_assert_ptr_nonnull(source);
    memset(source, 0x5A, STATE_PAGE);
    known[0].bytes = itself ? bytes : source;
    known[0].size = itself ? SMALL : STATE_PAGE;
    known[1].bytes = source; /* of a blob that has not come yet */
    int rc = state_open(&r, &f.source, &err);
    rc = rc == 0 && state_next(&r, &err) == 1 && state_next(&r, &err) == 1
             ? state_pages_into(&r, bytes, known, 2, NULL, &err)
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
    ck_assert_int_eq(one_run((struct run){1, 1, STATE_SAME, 1}, 0), -1); /* a byte too late */
    ck_assert_int_eq(one_run((struct run){2, 1, STATE_SAME, 0}, 0), -1); /* a short page */
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

/* A base: what it has of the blob ram. */
static const uint8_t *base_bytes(void *ctx, const char *name, uint64_t size)
{
    (void)size;
    return strcmp(name, "ram") == 0 ? ctx : NULL;
}

static void memory_put(const struct memory *m, struct memory_file *f, uint8_t *base)
{
    const struct state_under under = {base, base_bytes};
    struct state_writer w;
    memory_file_init(f);
    state_begin(&w, &f->sink);
    w.under = base ? &under : NULL;
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
    struct state_known known[2] = {{.bytes = m->rom, .size = sizeof m->rom},
                                   {.bytes = m->ram, .size = sizeof m->ram}};
    struct state_reader r;
    struct state_run run;
    ck_assert_int_eq(state_open(&r, &f->source, &err), 0);
    while (state_next(&r, &err) > 0) {
        if (state_named(&r, "pages")) {
            uint8_t *to = strcmp(r.blob, "rom") == 0 ? m->rom : m->ram;
            ck_assert_msg(state_pages_into(&r, to, known, 2, NULL, &err) == 0, "%s", err.text);
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
    static uint8_t base[sizeof m.ram];
    memory_fill(&m);
    memset(base, 0xAA, sizeof base);
    for (unsigned incremental = 0; incremental < 2; incremental++) {
        unsigned count[3] = {0};
        struct memory_file f;
        memory_put(&m, &f, incremental ? base : NULL);
        memset(&back, 0, sizeof back);
        if (incremental) {
            memcpy(back.ram, base, sizeof base);
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

START_TEST(what_the_base_has)
{
    static struct memory m, back;
    static uint8_t base[sizeof m.ram];
    unsigned count[3] = {0};
    struct memory_file f;
    memory_fill(&m);
    memcpy(base, m.ram, sizeof base);
    base[3 * STATE_PAGE] = 1; /* zeros now */
    base[10 * STATE_PAGE + 100] =
        2; /* a page of its own, and one like it that is in the base */
    memory_put(&m, &f, base);
    memcpy(back.ram, base, sizeof base);
    memory_get(&f, &back, count);
    ck_assert_mem_eq(back.ram, m.ram, sizeof m.ram);
    ck_assert_uint_eq(count[STATE_ZEROS], 1);
    ck_assert_uint_eq(count[STATE_DATA], 1);
    ck_assert_uint_eq(count[STATE_SAME], 0);
    memory_file_free(&f);
}
END_TEST

/* Noise that lies at other places in memory, in a ROM, and in an image. */
static int image_get(void *ctx, uint64_t at, void *out, size_t n)
{
    memcpy(out, (const uint8_t *)ctx + at, n);
    return 0;
}

static void moved_put(const struct memory *m, uint8_t *image, size_t size,
                      struct memory_file *f)
{
    const struct state_image im = {image, image_get, size, 77};
    struct state_writer w;
    memory_file_init(f);
    state_begin(&w, &f->sink);
    ck_assert_int_eq(state_image(&w, "hda", &im), 0);
    state_bytes(&w, "rom", m->rom, sizeof m->rom);
    state_known(&w, m->rom, sizeof m->rom);
    state_blob(&w, "ram", sizeof m->ram);
    for (uint32_t page = 0; page < sizeof m->ram / STATE_PAGE; page++) {
        state_memory_page(&w, page, m->ram + (size_t)page * STATE_PAGE);
    }
    ck_assert_int_eq(state_end(&w), 0);
}

/* image NULL: it is missing. The number of its pages that were zeros instead, or -1. */
static int moved_get(struct memory_file *f, struct memory *m, uint8_t *image, size_t size,
                     bool may_miss)
{
    struct state_known known[3] = {{.size = size, .is_image = true},
                                   {.bytes = m->rom, .size = sizeof m->rom},
                                   {.bytes = m->ram, .size = sizeof m->ram}};
    struct state_reader r;
    uint64_t missed = 0;
    int rc = 0;
    if (image) {
        known[0].image = (struct state_image){image, image_get, size, 77};
    }
    memset(m, 0, sizeof *m);
    ck_assert_int_eq(state_open(&r, &f->source, &err), 0);
    while (rc == 0 && state_next(&r, &err) > 0) {
        if (state_named(&r, "pages")) {
            uint8_t *to = strcmp(r.blob, "rom") == 0 ? m->rom : m->ram;
            rc = state_pages_into(&r, to, known, 3, may_miss ? &missed : NULL, &err);
        }
    }
    state_close(&r);
    return rc < 0 ? -1 : (int)missed;
}

START_TEST(noise_that_was_moved)
{
    enum { IMAGE = 20 * STATE_PAGE };
    static struct memory m, back;
    static uint8_t image[IMAGE];
    struct memory_file f;
    uint64_t seed = 5;
    memory_fill(&m);
    for (size_t i = 0; i < sizeof image; i++) {
        image[i] = (uint8_t)test_random(&seed);
    }
    memset(m.ram, 0, sizeof m.ram);
    memcpy(m.ram + 2 * STATE_PAGE - 100, m.rom, 2 * STATE_PAGE + 200); /* 2 pages */
    memcpy(m.ram + 8 * STATE_PAGE, image + 333, 5 * STATE_PAGE);       /* 5 */
    memcpy(m.ram + 20 * STATE_PAGE - 4000, m.ram + 8 * STATE_PAGE, 4 * STATE_PAGE); /* 3 */
    memcpy(m.ram + 30 * STATE_PAGE, image + IMAGE - STATE_PAGE, STATE_PAGE);        /* 1 */
    for (size_t i = 35 * STATE_PAGE; i < 37 * STATE_PAGE; i++) {
        m.ram[i] = (uint8_t)test_random(&seed); /* 2 of its own, once more close behind */
    }
    memcpy(m.ram + 37 * STATE_PAGE + 64, m.ram + 35 * STATE_PAGE, 2 * STATE_PAGE); /* 1 */
    moved_put(&m, image, sizeof image, &f);
    /* The ROM, 2 pages of its own, and 8 in which other bytes are, too. */
    ck_assert_uint_lt(f.w.len, (3 + 2 + 8) * STATE_PAGE + 1000);
    ck_assert_int_eq(moved_get(&f, &back, image, sizeof image, false), 0);
    ck_assert_mem_eq(back.ram, m.ram, sizeof m.ram);
    ck_assert_int_eq(moved_get(&f, &back, NULL, sizeof image, false), -1);
    ck_assert_str_eq(err.text,
                     "pages ram: pages of a disk image that is missing or has changed");
    ck_assert_int_gt(moved_get(&f, &back, NULL, sizeof image, true), 5);
    ck_assert_int_eq(moved_get(&f, &back, image, IMAGE / 2, true), -1); /* what is in it? */
    memory_file_free(&f);
}
END_TEST

START_TEST(memory_before_the_run_alone)
{
    static const struct run run[] = {{0, 1, STATE_ZEROS, 0}, {1, 1, STATE_SAME, 0}},
                            self[] = {{1, 1, STATE_SAME, 1}},
                            later[] = {{0, 1, STATE_SAME, 4096}};
    const struct {
        const struct run *run;
        unsigned n;
        int want;
    } all[] = {{run, 2, 0}, {self, 1, -1}, {later, 1, -1}};
    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        itself = true;
        ck_assert_int_eq(pages_of("x", all[i].n, all[i].run, all[i].n, NULL, 0), all[i].want);
        itself = false;
    }
}
END_TEST

/* Somebody else deflates, later: the file is the same. */
struct late {
    void (*work[16])(void *job);
    void *job[16];
    unsigned n;
};

static void late_give(void *ctx, void (*work)(void *job), void *job)
{
    struct late *l = ctx;
    ck_assert_uint_lt(l->n, 16);
    l->work[l->n] = work;
    l->job[l->n++] = job;
}

/* The youngest first: as bad an order as there is. */
static void late_await(void *ctx, void *job)
{
    struct late *l = ctx;
    (void)job;
    while (l->n > 0) {
        l->n--;
        l->work[l->n](l->job[l->n]);
    }
}

static void text_put(struct memory_file *f, const uint8_t *bytes, size_t size)
{
    struct state_writer w;
    state_begin(&w, &f->sink);
    state_bytes(&w, "first", bytes, size / 2);
    state_section(&w, "between", "x", 1);
    state_blob(&w, "ram", size);
    for (uint64_t page = 0; page < size / STATE_PAGE; page++) {
        state_memory_page(&w, page, bytes + page * STATE_PAGE);
    }
    ck_assert_int_eq(state_end(&w), 0);
}

START_TEST(a_crew)
{
    enum { SIZE = 1000 * STATE_PAGE };
    uint8_t *bytes = malloc(SIZE);
    struct late late = {.n = 0};
    const struct state_crew crew = {&late, late_give, late_await};
    struct memory_file alone, helped;
    uint64_t seed = 8;
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < SIZE; i++) { /* stretches of noise, and of less */
        uint8_t r = (uint8_t)test_random(&seed);
        bytes[i] = i / STATE_PAGE % 7 == 3 ? r : r & 7;
    }
    memory_file_init(&alone);
    memory_file_init(&helped);
    helped.sink.crew = &crew;
    text_put(&alone, bytes, SIZE);
    text_put(&helped, bytes, SIZE);
    ck_assert_uint_eq(late.n, 0);
    ck_assert_uint_eq(alone.w.len, helped.w.len);
    ck_assert_mem_eq(alone.w.bytes, helped.w.bytes, alone.w.len);
    memory_file_free(&alone);
    memory_file_free(&helped);
    free(bytes);
}
END_TEST

START_TEST(forged_bases)
{
    static const struct {
        const char *payload;
        size_t n;
        int want;
    } forged[] = {{"12345678abcdefghpath", 20, 1},
                  {"12345678abcdefgh", 16, -1}, /* no path */
                  {"1234", 4, -1},
                  {"12345678abcdefghpa\0h", 20, -1}};
    static uint8_t longest[16 + STATE_PATH + 1];
    static struct state_base base;
    memset(longest, 'x', sizeof longest);
    for (unsigned i = 0; i < ARRAY_LEN(forged) + 2; i++) {
        bool more = i >= ARRAY_LEN(forged);
        const void *payload = more ? longest : (const void *)forged[i].payload;
        size_t n = more ? sizeof longest - (i - ARRAY_LEN(forged)) : forged[i].n;
        int want = !more ? forged[i].want : i == ARRAY_LEN(forged) ? -1 : 1;
        struct memory_file f;
        struct state_writer w;
        struct state_reader r;
        memory_file_init(&f);
        state_begin(&w, &f.sink);
        state_section(&w, "base", payload, n);
        ck_assert_int_eq(state_end(&w), 0);
        ck_assert_int_eq(state_open(&r, &f.source, &err), 0);
        ck_assert_int_eq(state_base_of(&r, &base, &err), want);
        state_close(&r);
        memory_file_free(&f);
    }
    struct memory_file f;
    struct state_writer w;
    memory_file_init(&f);
    state_begin(&w, &f.sink);
    state_section(&w, "x", "y", 1);
    state_section(&w, "base", forged[0].payload, forged[0].n); /* too late */
    ck_assert_int_eq(state_end(&w), 0);
    ck_assert_int_eq(open_file(&f), -1);
    memory_file_free(&f);
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
    state_raw(&w, "ram", m.ram, sizeof m.ram, 42, NULL);
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
    tcase_add_test(tc, what_the_base_has);
    tcase_add_test(tc, noise_that_was_moved);
    tcase_add_test(tc, memory_before_the_run_alone);
    tcase_add_test(tc, a_crew);
    tcase_add_test(tc, forged_bases);
    tcase_add_test(tc, raw_memory);
    tcase_add_test(tc, a_full_disk);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
