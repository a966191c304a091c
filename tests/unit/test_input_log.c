/* test_input_log.c -- recordings: what is written is read; cut short anywhere, and with any bit
 * turned over.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/input_log.h"
#include "tests/support/state_memory.h"

enum { STATE = LOG_PIECE + 1000, MOST_BLOCKS = 40 };

static struct error err;
static uint8_t state[STATE];

static const struct input inputs[] = {
    {.kind = INPUT_KEY, .code = KEY_PAUSE, .down = true, .tick = 1000},
    {.kind = INPUT_MOUSE, .dx = -5, .dy = 32767, .dz = -1, .buttons = 5, .tick = 1000},
    {.kind = INPUT_SERIAL, .port = 3, .code = SERIAL_BREAK, .tick = 1001},
    {.kind = INPUT_MEDIA,
     .port = 1,
     .media = {.kind = DRIVE_FLOPPY, .sector_size = 512, .read_only = true},
     .tick = 5000},
    {.kind = INPUT_MEDIA, .port = 1, .tick = 5001},
    {.kind = INPUT_RESET, .tick = 5001},
    {.kind = INPUT_POWERDOWN, .tick = UINT32_MAX},
    {.kind = INPUT_MIPS, .code = 10000, .tick = UINT32_MAX},
    {.kind = INPUT_REGISTER,
     .name = "st0.m",
     .value = UINT64_C(0x8123456789ABCDEF),
     .tick = UINT64_C(1) << 40},
    {.kind = INPUT_MEMORY,
     .value = 0xB8000,
     .bytes = (const uint8_t *)"bytes",
     .len = 5,
     .tick = (UINT64_C(1) << 40) + 1},
};
static const struct log_medium medium = {true, 512, 1474560, UINT64_C(0xFEDCBA9876543210),
                                         "/some where/disk.img"};
static const struct machine_part parts[] = {{"clock", 1}, {"chip i8259 0", 2}};

/* A block for each input. */
static void write_log(struct memory_file *f)
{
    const struct log_start start = {
        .stop_on_reset = true, .no_assist = true, .date = 77, .flip = "1,cpu,2"};
    memory_file_init(f);
    struct log_writer *w = log_create(&f->sink, "program: a test\n");
    ck_assert_ptr_nonnull(w);
    for (size_t i = 0; i < sizeof state; i++) {
        state[i] = (uint8_t)(i * 31 + i / 256);
    }
    const struct state_sink *sink = log_state_sink(w);
    ck_assert_int_eq(sink->put(sink->ctx, state, 10), 0);
    ck_assert_int_eq(sink->put(sink->ctx, state + 10, sizeof state - 10), 0);
    ck_assert_int_eq(log_start(w, &start, 900, 3), 0);
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        struct input in = inputs[i];
        in.seq = 3 + i;
        ck_assert_int_eq(log_input(w, &in, &medium), 0);
        ck_assert_int_eq(log_flush(w, in.tick), 0);
        uint64_t size = log_size(w);
        ck_assert_int_eq(log_flush(w, in.tick), 0); /* nothing new */
        ck_assert_uint_eq(log_size(w), size);
    }
    uint64_t end = inputs[ARRAY_LEN(inputs) - 1].tick;
    ck_assert_int_eq(log_hash(w, end, 42, parts, ARRAY_LEN(parts)), 0);
    ck_assert_int_eq(log_end(w, end + 9, 43, 5), 0);
    ck_assert_uint_eq(log_size(w), f->w.len);
    log_free(w);
}

static void same_input(const struct log_record *rec, const struct input *in)
{
    ck_assert_uint_eq(rec->kind, LOG_INPUT + in->kind);
    ck_assert_uint_eq(rec->tick, in->tick);
    ck_assert_int_eq(rec->in.kind, in->kind);
    ck_assert_uint_eq(rec->in.code, in->code);
    ck_assert(rec->in.down == in->down && rec->in.buttons == in->buttons);
    ck_assert(rec->in.dx == in->dx && rec->in.dy == in->dy && rec->in.dz == in->dz);
    ck_assert_uint_eq(rec->in.port, in->port);
    ck_assert_uint_eq(rec->in.value, in->value);
    ck_assert_int_eq(rec->in.media.kind, in->media.kind);
    if (in->media.kind != DRIVE_NONE) {
        ck_assert_str_eq(rec->medium.path, medium.path);
        ck_assert_uint_eq(rec->medium.bytes, medium.bytes);
        ck_assert_uint_eq(rec->medium.digest, medium.digest);
        ck_assert(rec->medium.read_only && rec->medium.sector_size == 512);
    }
    if (in->name) {
        ck_assert_str_eq(rec->in.name, in->name);
    }
    ck_assert_uint_eq(rec->in.len, in->len);
    ck_assert(!in->len || memcmp(rec->in.bytes, in->bytes, in->len) == 0);
}

START_TEST(written_and_read)
{
    static struct log_reader r;
    static uint8_t again[STATE];
    struct memory_file f;
    struct log_record rec;
    write_log(&f);
    ck_assert_msg(log_open(&r, &f.source, &err) == 0, "%s", err.text);
    ck_assert_str_eq(r.about, "program: a test\n");
    ck_assert(r.start.stop_on_reset && !r.start.stop_on_triple_fault && r.start.no_assist &&
              !r.start.single_step && r.start.date == 77);
    ck_assert_str_eq(r.start.flip, "1,cpu,2");
    ck_assert(r.ended && r.status == 5 && r.hashes == 1 && r.first_tick == 900);
    ck_assert_uint_eq(r.good, f.w.len);
    struct state_source s = log_state(&r);
    ck_assert_uint_eq(s.size, sizeof state);
    ck_assert_int_eq(s.get(s.ctx, LOG_PIECE - 5, again + LOG_PIECE - 5, 10), 0);
    ck_assert_mem_eq(again + LOG_PIECE - 5, state + LOG_PIECE - 5, 10);
    ck_assert_int_eq(s.get(s.ctx, 0, again, sizeof again), 0);
    ck_assert_mem_eq(again, state, sizeof state);
    for (int turn = 0; turn < 2; turn++) {
        unsigned n = 0;
        int rc;
        while ((rc = log_next(&r, &rec, &err)) > 0) {
            if (rec.kind < LOG_START) {
                ck_assert_uint_eq(rec.in.seq, 3 + n);
                same_input(&rec, &inputs[n++]);
            } else if (rec.kind == LOG_HASH) {
                ck_assert(rec.hash == 42 && rec.parts == 2 && rec.part[1] == 2);
                ck_assert_str_eq(r.name[1], "chip i8259 0");
            } else if (rec.kind == LOG_END) {
                ck_assert(rec.hash == 43 && rec.status == 5);
            }
        }
        ck_assert_int_eq(rc, 0);
        ck_assert_uint_eq(n, ARRAY_LEN(inputs));
        log_rewind(&r);
    }
    log_close(&r);
    memory_file_free(&f);
}
END_TEST

/* Where blocks begin, and the end. */
static unsigned find_blocks(const struct memory_file *f, size_t at[MOST_BLOCKS])
{
    unsigned n = 0;
    size_t p = LOG_MAGIC + 4;
    while (p < f->w.len && n < MOST_BLOCKS - 1) {
        at[n++] = p;
        p += 24 + load_le32(f->w.bytes + p + 12);
    }
    at[n] = f->w.len;
    return n;
}

START_TEST(cut_anywhere)
{
    static struct log_reader r;
    struct memory_file f;
    size_t at[MOST_BLOCKS];
    write_log(&f);
    unsigned blocks = find_blocks(&f, at);
    ck_assert_uint_eq(blocks, 1 + 2 + ARRAY_LEN(inputs) + 1);
    size_t whole = f.w.len;
    for (size_t n = 0; n < whole; n += n < at[3] - 100 && n > 500 ? 4999 : 1) {
        f.source.size = n;
        int rc = log_open(&r, &f.source, &err);
        if (n < at[4]) { /* the first block of records */
            ck_assert_int_eq(rc, -1);
        } else {
            unsigned k = 4;
            while (at[k + 1] <= n) {
                k++;
            }
            ck_assert_msg(rc == 0, "%zu: %s", n, err.text);
            ck_assert_uint_eq(r.good, at[k]);
            ck_assert(!r.ended);
        }
        log_close(&r);
    }
    memory_file_free(&f);
}
END_TEST

/* A bad byte is seen; in the last block's payload it may as well be one that was cut. */
START_TEST(damaged_anywhere)
{
    static struct log_reader r;
    struct memory_file f;
    size_t at[MOST_BLOCKS];
    write_log(&f);
    unsigned blocks = find_blocks(&f, at);
    for (size_t n = 0; n < f.w.len; n += n < at[3] - 100 && n > 500 ? 4999 : 1) {
        f.w.bytes[n] ^= 0x10;
        err.text[0] = '\0';
        int rc = log_open(&r, &f.source, &err);
        if (rc == 0) {
            ck_assert_msg(n >= at[blocks - 1], "byte %zu", n);
            ck_assert(!r.ended);
        } else {
            ck_assert(err.text[0] != '\0');
        }
        log_close(&r);
        f.w.bytes[n] ^= 0x10;
    }
    uint8_t zeros[100] = {0};
    writer_put(&f.w, zeros, sizeof zeros);
    f.source.size = f.w.len;
    ck_assert_int_eq(log_open(&r, &f.source, &err), 0);
    ck_assert(r.ended);
    log_close(&r);
    memory_file_free(&f);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("input_log");
    TCase *t = tcase_create("core");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, written_and_read);
    tcase_add_test(t, cut_anywhere);
    tcase_add_test(t, damaged_anywhere);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
