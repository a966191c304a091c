/* tests/fuzz/fuzz_log.c -- hostile recordings. The reader refuses them with a reason, or gives
 * records that a machine can be fed with; nothing may crash, hang or abort the host process.
 * Run it under ASan and UBSan.
 *
 *   fuzz_log [SECONDS [SEED [CORPUS...]]]      (default 10 s, seed 1)
 *
 * The first byte of an input chooses: 0 the bytes are a file; 1 the same with good checksums;
 * else they are the records of a block, deflated, with good checksums, behind a good start.
 * What is accepted is played into a machine. Built with -fsanitize=fuzzer (TERRAPIN_FUZZ) the
 * same body is driven by libFuzzer; tests/fuzz/corpus/fuzz_log is its corpus, and every file of
 * it is run here first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "devices/input_log.h"
#include "mem/state.h"
#include "tests/fuzz/small_guest.h"

enum { BIOS_SIZE = 0x10000, MOST = 1 << 16, HEAD = 24, TICKS = 200000, RECORDS = 300 };

static uint8_t rom[BIOS_SIZE];
static struct writer start; /* a recording up to its records */
static uint32_t blocks;     /* in it */

struct bytes {
    const uint8_t *at;
    size_t n;
};

static int put(void *ctx, const void *bytes, size_t n)
{
    struct writer *w = ctx;
    writer_put(w, bytes, n);
    return w->failed ? -1 : 0;
}

static int get(void *ctx, uint64_t at, void *out, size_t n)
{
    const struct bytes *b = ctx;
    if (at > b->n || n > b->n - at) {
        return -1;
    }
    memcpy(out, b->at + at, n);
    return 0;
}

/* ---- a good start */

static struct machine *new_machine(void)
{
    static const uint8_t code[] = {0xE4, 0x60, 0xE6, 0x80, 0x40, 0xEB, 0xF9};
    static const uint8_t reset[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
    struct error err;
    memset(rom, 0xF4, sizeof rom);
    memcpy(rom, code, sizeof code);
    memcpy(rom + 0xFFF0, reset, sizeof reset);
    struct machine_config cfg = {
        .ram_bytes = 1 << 20, .bios = rom, .bios_size = BIOS_SIZE, .serial = {true, true}};
    struct machine *m = machine_new(&cfg, small_host(), &err);
    check(m != NULL, "no machine");
    return m;
}

static void make_start(void)
{
    struct state_sink sink = {.ctx = &start, .put = put};
    struct log_writer *w = log_create(&sink, "a test\n");
    struct state_writer sw;
    struct log_start how = {.date = 1};
    struct machine *m = new_machine();
    check(w != NULL, "out of memory");
    state_begin(&sw, log_state_sink(w));
    check(machine_save(m, &sw) == 0 && state_end(&sw) == 0, "cannot save");
    log_start(w, &how, 0, 0);
    log_free(w);
    machine_free(m);
    for (size_t at = LOG_MAGIC + 4; at + HEAD <= start.len; blocks++) {
        at += HEAD + load_le32(start.bytes + at + 12);
    }
}

/* ---- one input */

static void block(struct writer *w, const uint8_t *raw, size_t n)
{
    uint8_t head[HEAD] = {'R', 1}, *packed = malloc(compressBound((uLong)n));
    uLongf len = compressBound((uLong)n);
    check(packed && compress2(packed, &len, raw, (uLong)n, 1) == Z_OK, "out of memory");
    store_le32(head + 4, blocks);
    store_le32(head + 8, (uint32_t)n);
    store_le32(head + 12, (uint32_t)len);
    store_le32(head + 16, (uint32_t)crc32(0, head, 16));
    store_le32(head + 20, (uint32_t)crc32(0, packed, (uInt)len));
    writer_put(w, head, sizeof head);
    writer_put(w, packed, len);
    free(packed);
}

/* A file whose checksums are right, as far as its blocks can be followed. */
static void make_right(uint8_t *file, size_t n)
{
    for (size_t at = LOG_MAGIC + 4; at + HEAD <= n;) {
        uint32_t stored = load_le32(file + at + 12);
        store_le32(file + at + 16, (uint32_t)crc32(0, file + at, 16));
        if (stored > n - at - HEAD) {
            return;
        }
        store_le32(file + at + 20, (uint32_t)crc32(0, file + at + HEAD, stored));
        at += HEAD + stored;
    }
}

static void play(struct log_reader *log)
{
    struct machine *m = new_machine();
    struct log_record rec;
    struct error err;
    int rc = 1;
    for (unsigned i = 0; i < RECORDS && (rc = log_next(log, &rec, &err)) > 0; i++) {
        if (machine_now(m) < TICKS && rec.tick > machine_now(m)) {
            machine_run(m, rec.tick < TICKS ? rec.tick : TICKS);
        }
        if (rec.kind < LOG_START) {
            machine_replay(m, &rec.in);
        }
    }
    check(rc >= 0, "what was checked is refused");
    machine_hash(m);
    machine_free(m);
}

static bool fuzz_one(const uint8_t *bytes, size_t n)
{
    static struct log_reader log;
    struct writer file = {0};
    struct error err = {""};
    bool good = false;
    if (n == 0) {
        return false;
    }
    if (bytes[0] <= 1) {
        writer_put(&file, bytes + 1, n - 1);
    } else {
        writer_put(&file, start.bytes, start.len);
        block(&file, bytes + 1, n - 1);
    }
    check(!file.failed, "out of memory");
    if (bytes[0] == 1 && file.len) {
        make_right(file.bytes, file.len);
    }
    struct bytes b = {file.bytes, file.len};
    struct state_source source = {&b, file.len, get};
    if (log_open(&log, &source, &err) == 0) {
        good = true;
        play(&log);
    } else {
        check(err.text[0] != 0, "refused without a reason");
    }
    log_close(&log);
    writer_free(&file);
    return good;
}

#ifdef TERRAPIN_LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!start.len) {
        make_start();
    }
    fuzz_one(data, size);
    return 0;
}
#else
static uint32_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* Bodies that are good, one byte of them perhaps not. */
static const struct body {
    uint8_t kind, n;
    char bytes[30];
} bodies[] = {
    {1, 3, "\x1E\0\1"},
    {1, 3, "\x1D\xE0\0"},
    {2, 7, "\1\0\xFF\xFF\0\0\1"},
    {3, 3, "\1\x41\0"},
    {3, 3, "\0\0\1"},
    {4, 1, "\1"},
    {4, 26, "\0\1\1\0\2\0\0\0\x80\x16\0\0\0\0\0\1\2\3\4\5\6\7\x8/a"},
    {5, 0, ""},
    {6, 0, ""},
    {7, 2, "\x64\0"},
    {8, 11, "\1\2\0\0\0\0\0\0eax"},
    {8, 11, "\0\1\0\0\0\0\0\0eip"},
    {9, 12, "\0\7\0\0\0\0\0\0\1\2\3\4"},
    {33, 4, "cpu\n"},
    {34, 16, "12345678abcdefgh"},
    {35, 0, ""},
};

static size_t random_body(uint8_t *out, const struct body *b, uint64_t *seed)
{
    size_t n = b->n;
    memcpy(out, b->bytes, n);
    if (n > 0 && next(seed) % 12 == 0) {
        out[next(seed) % n] = (uint8_t)next(seed);
    }
    return n + (next(seed) % 200 == 0);
}

/* Records that are nearly good. */
static size_t random_records(uint8_t *out, uint64_t *seed)
{
    size_t n = 1 + 16;
    memset(out, 0, n);
    out[0] = 2;
    memcpy(out + n, "\x20\0\x0A\0\0\0\0\0\0\0\0\0\0", 13); /* the start */
    n += 13;
    for (unsigned i = next(seed) % 30; i > 0; i--) {
        uint8_t body[64] = {0};
        const struct body *b = &bodies[next(seed) % (sizeof bodies / sizeof bodies[0])];
        size_t len = random_body(body, b, seed);
        out[n++] = next(seed) % 300 ? b->kind : (uint8_t)next(seed);
        out[n++] = (uint8_t)(next(seed) % 128);
        out[n++] = (uint8_t)(next(seed) % 300 ? len : next(seed) % 128);
        memcpy(out + n, body, len);
        n += len;
    }
    if (next(seed) % 2) {
        memcpy(out + n,
               "\x24\0\x09"
               "12345678\1",
               12); /* the end */
        n += 12;
    }
    if (next(seed) % 16 == 0) {
        out[1 + next(seed) % (n - 1)] = (uint8_t)next(seed);
    }
    return n;
}

/* The good file, with a few bytes changed and cut somewhere. */
static size_t random_file(uint8_t *out, uint64_t *seed)
{
    size_t n = start.len < MOST - 1 ? start.len : MOST - 1;
    out[0] = next(seed) % 8 != 0;
    memcpy(out + 1, start.bytes, n);
    for (unsigned i = next(seed) % 6; i > 0; i--) {
        size_t at = next(seed) % 3 ? next(seed) % 100 : next(seed) % n;
        out[1 + at] =
            (uint8_t)(next(seed) % 2 ? next(seed) : out[1 + at] ^ 1u << next(seed) % 8);
    }
    return 1 + (next(seed) % 2 ? n : next(seed) % n);
}

static void run_file(const char *path)
{
    static uint8_t data[MOST];
    FILE *f = fopen(path, "rb");
    check(f != NULL, path);
    size_t n = fread(data, 1, sizeof data, f);
    fclose(f);
    fuzz_one(data, n);
}

int main(int argc, char **argv)
{
    static uint8_t data[MOST];
    double seconds = argc > 1 ? atof(argv[1]) : 10;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, runs = 0, good = 0;
    time_t end = time(NULL) + (time_t)seconds;
    make_start();
    for (int i = 3; i < argc; i++) {
        run_file(argv[i]);
    }
    do {
        uint64_t seed = (first + runs) * 0x9E3779B97F4A7C15u;
        fprintf(stderr, "\rseed %llu ", (unsigned long long)(first + runs));
        size_t n = next(&seed) % 8 ? random_records(data, &seed) : random_file(data, &seed);
        good += fuzz_one(data, n);
        runs++;
    } while (time(NULL) < end);
    printf("\n%llu runs, %llu of them accepted, seeds %llu to %llu\n", (unsigned long long)runs,
           (unsigned long long)good, (unsigned long long)first,
           (unsigned long long)(first + runs - 1));
    return good ? 0 : 1;
}
#endif
