/* tests/unit/test_state.c -- field tables: save, load, hash, diff, coverage, hostile streams.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/clock.h"
#include "mem/state.h"

struct channel {
    uint16_t count;
    int8_t delta;
    bool gate;
};
static const struct field channel_fields[] = {
    FIELD(struct channel, count),
    FIELD_R(struct channel, delta, -3, 3),
    FIELD(struct channel, gate),
    FIELDS_END,
};
static const struct schema channel_schema = {"channel", sizeof(struct channel), 1,
                                             1,         channel_fields,         NULL};

struct chip {
    struct event edge;
    uint64_t wide;
    int64_t far;
    struct channel ch[2];
    uint32_t word[3];
    uint8_t bytes[5];
    uint8_t mode;
    uint8_t twice; /* derived: 2 * mode */
    uint8_t newer; /* since version 2 */
};

static bool chip_loaded(void *obj)
{
    struct chip *c = obj;
    c->twice = (uint8_t)(2 * c->mode);
    return c->wide != 0xBAD;
}

static const struct field chip_fields[] = {
    FIELD_EVENT(struct chip, edge),
    FIELD(struct chip, wide),
    FIELD_R(struct chip, far, INT64_MIN, 100),
    FIELD_S(struct chip, ch, &channel_schema, struct channel),
    FIELD_AR(struct chip, word, 1, 0xFFFFFFFE),
    FIELD_A(struct chip, bytes),
    FIELD_R(struct chip, mode, 0, 5),
    DERIVED(struct chip, twice),
    FIELD_V(2, struct chip, newer),
    FIELDS_END,
};
static const struct schema chip_schema = {"chip", sizeof(struct chip), 2,
                                          1,      chip_fields,         chip_loaded};

/* The table as it was before `newer`. */
static const struct field chip1_fields[] = {
    FIELD_EVENT(struct chip, edge), FIELD(struct chip, wide),
    FIELD(struct chip, far),        FIELD_S(struct chip, ch, &channel_schema, struct channel),
    FIELD_A(struct chip, word),     FIELD_A(struct chip, bytes),
    FIELD(struct chip, mode),       DERIVED(struct chip, twice),
    DERIVED(struct chip, newer),    FIELDS_END,
};
static const struct schema chip1_schema = {"chip", sizeof(struct chip), 1,
                                           1,      chip1_fields,        NULL};

static struct chip sample(void)
{
    struct chip c;
    memset(&c, 0, sizeof c);
    c.edge.at = (struct event_state){123456789012345u, 7};
    c.wide = 0x0123456789ABCDEFu;
    c.far = -5;
    c.ch[0] = (struct channel){0x4A9E, -3, true};
    c.ch[1] = (struct channel){0xFFFF, 3, false};
    c.word[0] = 1;
    c.word[1] = 0xFFFFFFFE;
    c.word[2] = 0x80000000;
    memcpy(c.bytes, "\x01\x02\xFF\x00\x05", 5);
    c.mode = 5;
    c.twice = 10;
    c.newer = 9;
    return c;
}

static struct writer saved(const struct schema *sc, const struct chip *c)
{
    struct writer w = {0};
    state_save(sc, c, &w);
    ck_assert(!w.failed);
    return w;
}

/* Where `bytes` are in w, from `from` on; the test fails if nowhere. */
static size_t find(const struct writer *w, size_t from, const char *bytes, size_t n)
{
    for (size_t i = from; i + n <= w->len; i++) {
        if (memcmp(w->bytes + i, bytes, n) == 0) {
            return i;
        }
    }
    ck_abort_msg("%s is not in the saved bytes", bytes);
    return 0;
}

static int load(const struct writer *w, struct chip *out, struct error *err)
{
    struct reader r = {w->bytes, w->len, 0};
    memset(out, 0, sizeof *out);
    err->text[0] = '\0';
    return state_load(&chip_schema, out, &r, err);
}

START_TEST(round_trip)
{
    struct chip a = sample(), b;
    struct error err;
    char text[200];
    struct writer w = saved(&chip_schema, &a);
    ck_assert_msg(load(&w, &b, &err) == 0, "%s", err.text);
    ck_assert(!state_diff(&chip_schema, &a, &b, text, sizeof text));
    ck_assert_uint_eq(state_hash(&chip_schema, &a, 1), state_hash(&chip_schema, &b, 1));
    ck_assert_int_eq(b.far, -5);
    ck_assert_int_eq(b.ch[0].delta, -3);
    ck_assert_uint_eq(b.edge.at.when, 123456789012345u);
    ck_assert_uint_eq(b.twice, 10); /* by loaded() */
    writer_free(&w);
}
END_TEST

START_TEST(stream_is_little_endian_and_named)
{
    struct chip a = sample();
    struct writer w = saved(&chip_schema, &a);
    ck_assert(memcmp(w.bytes, "\4chip\2\0\10\0", 9) == 0);
    size_t at = find(&w, 0, "\4wide", 5);
    ck_assert(memcmp(w.bytes + at + 5, "\1\10\1\0\0\0\xEF\xCD\xAB\x89\x67\x45\x23\x01", 14) ==
              0);
    writer_free(&w);
}
END_TEST

START_TEST(older_version_loads)
{
    struct chip a = sample(), b;
    struct error err;
    struct writer w = saved(&chip1_schema, &a);
    ck_assert_msg(load(&w, &b, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(b.wide, a.wide);
    ck_assert_uint_eq(b.newer, 0); /* left as the fresh object had it */
    writer_free(&w);
}
END_TEST

/* Changes n bytes at `skip` behind the header of the named record; says what load says. */
static const char *load_patched(const char *record, size_t skip, const char *bytes, size_t n)
{
    static struct error err;
    struct chip a = sample(), b;
    struct writer w = saved(&chip_schema, &a);
    size_t at = find(&w, 0, record, strlen(record)) + strlen(record);
    memcpy(w.bytes + at + skip, bytes, n);
    ck_assert_int_eq(load(&w, &b, &err), -1);
    writer_free(&w);
    return err.text;
}

START_TEST(refusals_name_the_field)
{
    enum { VALUE = 6 }; /* behind kind, size and count */
    const char *s = load_patched("\4mode", VALUE, "\6", 1);
    ck_assert_ptr_nonnull(strstr(s, "chip.mode: value 6h"));
    s = load_patched("\4word", VALUE + 4, "\xFF\xFF\xFF\xFF", 4);
    ck_assert_ptr_nonnull(strstr(s, "chip.word[1]: value"));
    s = load_patched("\4word", VALUE, "\0\0\0\0", 4);
    ck_assert_ptr_nonnull(strstr(s, "chip.word[0]: value"));
    s = load_patched("\5delta", VALUE, "\xFC", 1);
    ck_assert_ptr_nonnull(strstr(s, "chip.ch[0].delta: value"));
    s = load_patched("\3far", VALUE, "\x65\0\0\0\0\0\0\0", 8);
    ck_assert_ptr_nonnull(strstr(s, "chip.far: value"));
    s = load_patched("\4gate", VALUE, "\2", 1); /* a bool is 0 or 1 */
    ck_assert_ptr_nonnull(strstr(s, "chip.ch[0].gate: value"));
    s = load_patched("\5bytes", 2, "\6", 1); /* count */
    ck_assert_ptr_nonnull(strstr(s, "field bytes has another type or length"));
    s = load_patched("\4mode", 0, "\2", 1); /* kind */
    ck_assert_ptr_nonnull(strstr(s, "field mode has another type"));
    s = load_patched("\4mod", 0, "\x1B", 1); /* no escape sequence reaches a terminal */
    ck_assert_ptr_nonnull(strstr(s, "unknown field mod?"));
    s = load_patched("\4wide", VALUE, "\xAD\x0B\0\0\0\0\0\0", 8);
    ck_assert_ptr_nonnull(strstr(s, "contradict"));
    s = load_patched("\4chip", 0, "\3", 1);
    ck_assert_ptr_nonnull(strstr(s, "version 3 of chip"));
    s = load_patched("\4chip", 0, "\0", 1);
    ck_assert_ptr_nonnull(strstr(s, "version 0 of chip"));
    s = load_patched("\4chip", 0, "\1", 1); /* newer did not exist then */
    ck_assert_ptr_nonnull(strstr(s, "unknown field newer"));
    s = load_patched("\4chip", 2, "\7", 1);
    ck_assert_ptr_nonnull(strstr(s, "field newer is missing"));
    s = load_patched("\4wide", 14, "\4wide\1\10\1\0\0\0", 11);
    ck_assert_ptr_nonnull(strstr(s, "field wide comes twice"));
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    struct chip a = sample(), b;
    struct error err;
    struct writer w = saved(&chip_schema, &a);
    for (size_t n = 0; n < w.len; n++) {
        uint8_t *copy = malloc(n + 1); /* exact size: ASan sees an over-read */
        ck_assert_ptr_nonnull(copy);
        copy = realloc(copy, n ? n : 1);
        memcpy(copy, w.bytes, n);
        struct reader r = {copy, n, 0};
        ck_assert_int_eq(state_load(&chip_schema, &b, &r, &err), -1);
        free(copy);
    }
    writer_free(&w);
}
END_TEST

START_TEST(random_damage_is_harmless)
{
    struct chip a = sample(), b;
    struct error err;
    struct writer w = saved(&chip_schema, &a);
    uint32_t seed = 1;
    for (unsigned n = 0; n < 20000; n++) {
        seed = seed * 1664525 + 1013904223;
        size_t at = (seed >> 8) % w.len;
        uint8_t old = w.bytes[at];
        w.bytes[at] = (uint8_t)seed;
        if (load(&w, &b, &err) == 0) {
            ck_assert_uint_le(b.mode, 5);
            ck_assert_int_le(b.far, 100);
        } else {
            ck_assert_uint_gt(strlen(err.text), 0);
        }
        w.bytes[at] = old;
    }
    writer_free(&w);
}
END_TEST

START_TEST(diff_names_the_first_difference)
{
    struct chip a = sample(), b = a;
    char text[100];
    b.twice = 99; /* derived */
    ck_assert(!state_diff(&chip_schema, &a, &b, text, sizeof text));
    b.mode = 1;
    b.ch[0].count = 0x4A9F;
    ck_assert(state_diff(&chip_schema, &a, &b, text, sizeof text));
    ck_assert_str_eq(text, "ch[0].count: 4a9e, 4a9f");
    b.edge.at.seq = 8;
    ck_assert(state_diff(&chip_schema, &a, &b, text, sizeof text));
    ck_assert_str_eq(text, "edge.seq: 7, 8");
}
END_TEST

START_TEST(hash_sees_every_field_and_no_derived)
{
    struct chip a = sample();
    uint64_t h = state_hash(&chip_schema, &a, 0);
    ck_assert_uint_ne(h, state_hash(&chip_schema, &a, 1));
    uint8_t *raw = (uint8_t *)&a;
    for (const struct field *f = chip_fields; f->kind != FK_END; f++) {
        /* the last byte of an event is of its derived pointers */
        size_t at = f->offset + (f->kind == FK_EVENT ? 0 : (size_t)f->size * f->count - 1);
        raw[at] ^= 1;
        bool same = state_hash(&chip_schema, &a, 0) == h;
        ck_assert_msg(same == (f->kind == FK_DERIVED), "%s", f->name);
        raw[at] ^= 1;
    }
    a.edge.ctx = &a;
    ck_assert_uint_eq(h, state_hash(&chip_schema, &a, 0));
}
END_TEST

/* Golden values: the same on every host and in every later version. */
START_TEST(hash_is_the_same_on_every_host)
{
    struct chip a = sample();
    uint8_t text[45];
    for (unsigned i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i * 7 + 200);
    }
    ck_assert_uint_eq(hash_u64(0, 0), 0xA9466A8A5ECDB3B7u);
    ck_assert_uint_eq(hash_u64(1, 2), 0xA15299442170E460u);
    ck_assert_uint_eq(hash_bytes(0, text, sizeof text), 0x9789BD44AC43F0D7u);
    ck_assert_uint_eq(hash_bytes(0, text + 1, 3), 0x370894EA6EE72C67u);
    ck_assert_uint_eq(state_hash(&chip_schema, &a, 0), 0xF23AC3383DFF7BA4u);
}
END_TEST

static void count_visit(void *ctx, const char *path, const struct field *f, uint64_t value)
{
    unsigned *hits = ctx;
    ck_assert_ptr_nonnull(f->name);
    hits[0]++;
    hits[1] += strcmp(path, "edge.when") == 0 && value == 123456789012345u;
    hits[1] += strcmp(path, "ch[1].count") == 0 && value == 0xFFFF;
    hits[1] += strcmp(path, "far") == 0 && value == (uint64_t)-5;
    hits[1] += strcmp(path, "bytes[2]") == 0 && value == 0xFF;
}

START_TEST(visit_tells_each_scalar)
{
    struct chip a = sample();
    unsigned hits[2] = {0, 0};
    state_visit(&chip_schema, &a, count_visit, hits);
    ck_assert_uint_eq(hits[0], 2 + 1 + 1 + 2 * 3 + 3 + 5 + 1 + 1);
    ck_assert_uint_eq(hits[1], 4);
}
END_TEST

/* ---- coverage ---- */

static const char *coverage(const struct field *fields, size_t size)
{
    static struct error err;
    struct schema sc = {"chip", (uint32_t)size, 2, 1, fields, NULL};
    err.text[0] = '\0';
    int rc = state_coverage(&sc, &err);
    ck_assert_int_eq(rc, err.text[0] ? -1 : 0);
    return err.text;
}

START_TEST(coverage_of_a_good_table)
{
    ck_assert_str_eq(coverage(chip_fields, sizeof(struct chip)), "");
    ck_assert_str_eq(coverage(chip1_fields, sizeof(struct chip)), "");
    ck_assert_str_eq(coverage(channel_fields, sizeof(struct channel)), "");
}
END_TEST

START_TEST(coverage_misses_a_removed_line)
{
    enum { N = ARRAY_LEN(chip_fields) };
    for (size_t gone = 0; gone + 1 < N; gone++) {
        struct field fields[N];
        memcpy(fields, chip_fields, sizeof fields);
        memmove(&fields[gone], &fields[gone + 1], (N - gone - 1) * sizeof fields[0]);
        const char *s = coverage(fields, sizeof(struct chip));
        /* `newer`, before the padding at the end, could as well be padding */
        ck_assert_msg(s[0] || strcmp(chip_fields[gone].name, "newer") == 0, "%s",
                      chip_fields[gone].name);
    }
}
END_TEST

START_TEST(coverage_refuses_bad_tables)
{
    struct field f[ARRAY_LEN(chip_fields)];
#define FRESH() memcpy(f, chip_fields, sizeof f)
    FRESH();
    f[2].offset = f[1].offset;
    ck_assert_ptr_nonnull(strstr(coverage(f, sizeof(struct chip)), "overlap"));
    FRESH();
    f[2].name = f[1].name;
    ck_assert_ptr_nonnull(strstr(coverage(f, sizeof(struct chip)), "twice"));
    FRESH();
    f[8].since = 3;
    ck_assert_ptr_nonnull(strstr(coverage(f, sizeof(struct chip)), "version"));
    FRESH();
    f[2].min = 101; /* as int64_t, max is 100 */
    ck_assert_ptr_nonnull(strstr(coverage(f, sizeof(struct chip)), "range"));
    FRESH();
    f[3].size--;
    ck_assert_ptr_nonnull(strstr(coverage(f, sizeof(struct chip)), "size"));
    FRESH();
    ck_assert_ptr_nonnull(strstr(coverage(f, sizeof(struct chip) - 8), "past the end"));
    FRESH();
    ck_assert_ptr_nonnull(strstr(coverage(f, sizeof(struct chip) + 8), "in no field"));
#undef FRESH
}
END_TEST

struct gap {
    uint8_t a;
    uint8_t forgotten;
    uint8_t b;
    uint32_t c;
};
START_TEST(coverage_tells_gap_from_padding)
{
    const struct field hole[] = {FIELD(struct gap, a), FIELD(struct gap, b),
                                 FIELD(struct gap, c), FIELDS_END};
    const struct field whole[] = {FIELD(struct gap, a), FIELD(struct gap, forgotten),
                                  FIELD(struct gap, b), FIELD(struct gap, c), FIELDS_END};
    ck_assert_ptr_nonnull(strstr(coverage(hole, sizeof(struct gap)), "bytes 1 to 1"));
    ck_assert_str_eq(coverage(whole, sizeof(struct gap)), "");
}
END_TEST

START_TEST(writer_and_reader)
{
    struct writer w = {0};
    for (unsigned n = 0; n < 3000; n++) {
        uint8_t b = (uint8_t)n;
        writer_put(&w, &b, 1);
    }
    ck_assert_uint_eq(w.len, 3000);
    struct reader r = {w.bytes, w.len, 0};
    uint8_t buf[3000] = {0};
    ck_assert(!reader_get(&r, buf, 3001));
    ck_assert_uint_eq(r.pos, 0);
    ck_assert(reader_get(&r, buf, 2999));
    ck_assert(!reader_get(&r, buf, SIZE_MAX));
    ck_assert(reader_get(&r, buf, 1));
    ck_assert_uint_eq(buf[0], (uint8_t)2999);
    ck_assert(reader_get(&r, buf, 0));
    w.failed = true;
    writer_put(&w, buf, 1);
    ck_assert_uint_eq(w.len, 3000);
    writer_free(&w);
    ck_assert_ptr_null(w.bytes);
}
END_TEST

START_TEST(error_is_cut_not_overrun)
{
    struct error err;
    ck_assert_int_eq(error_set(NULL, "nobody listens"), -1);
    ck_assert_int_eq(error_set(&err, "%0300d", 1), -1);
    ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("state");
    TCase *tc = tcase_create("state");
    tcase_add_test(tc, round_trip);
    tcase_add_test(tc, stream_is_little_endian_and_named);
    tcase_add_test(tc, older_version_loads);
    tcase_add_test(tc, refusals_name_the_field);
    tcase_add_test(tc, every_truncation_is_refused);
    tcase_add_test(tc, random_damage_is_harmless);
    tcase_add_test(tc, diff_names_the_first_difference);
    tcase_add_test(tc, hash_sees_every_field_and_no_derived);
    tcase_add_test(tc, hash_is_the_same_on_every_host);
    tcase_add_test(tc, visit_tells_each_scalar);
    tcase_add_test(tc, coverage_of_a_good_table);
    tcase_add_test(tc, coverage_misses_a_removed_line);
    tcase_add_test(tc, coverage_refuses_bad_tables);
    tcase_add_test(tc, coverage_tells_gap_from_padding);
    tcase_add_test(tc, writer_and_reader);
    tcase_add_test(tc, error_is_cut_not_overrun);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
