/* tests/fuzz/fuzz_state.c -- hostile save states: fields of every chip changed at random, with
 * good checksums. A file is refused, or gives a machine that runs; nothing may crash, hang or
 * abort the host process. Run it under ASan and UBSan.
 *
 *   fuzz_state [SECONDS [SEED [FILE...]]]     (default 20 s, seed 1); prints runs, and the last
 *                                      seed. FILE: an input of a corpus, which is run first
 *   fuzz_state -collect DIR N          of N random inputs keeps those with a new outcome
 *
 * Built with -fsanitize=fuzzer (TERRAPIN_FUZZ) the same body is driven by libFuzzer: each 8
 * bytes of input are one change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/fuzz/small_guest.h"

enum { SECTIONS = 200, CHANGE = 8, TICKS = 300000, BASES = 3 };

/* ---- the states that are changed */

struct section {
    char name[STATE_NAME + 1];
    uint8_t *payload;
    size_t n;
    uint32_t *value; /* where the bytes of the fields' values are … */
    size_t values;   /* … of so many; else anywhere */
};
static struct section base[BASES][SECTIONS];
static unsigned sections[BASES];

/* Notes the values of the struct at `at` (mem/state.c tells the form); returns its end. */
static size_t find_values(struct section *s, size_t at)
{
    at += 1 + s->payload[at] + 2;
    unsigned records = load_le16(s->payload + at);
    at += 2;
    while (records-- > 0) {
        at += 1 + s->payload[at];
        uint8_t kind = s->payload[at], size = s->payload[at + 1];
        uint32_t count = load_le32(s->payload + at + 2);
        at += 6;
        for (; count > 0; count--) {
            if (kind == FK_STRUCT) {
                at = find_values(s, at);
            }
            for (unsigned k = 0; kind != FK_STRUCT && k < size; k++) {
                s->value[s->values++] = (uint32_t)at++;
            }
        }
    }
    return at;
}

static void take_apart(struct file *f, unsigned b)
{
    struct state_reader r;
    struct error err;
    check(state_open(&r, &f->source, &err) == 0, "a good state is refused");
    while (state_next(&r, &err) > 0 && sections[b] < SECTIONS) {
        struct section *s = &base[b][sections[b]++];
        memcpy(s->name, r.name, sizeof s->name);
        bool packed = section_is_packed(s->name);
        s->n = r.length;
        int rc = packed ? state_unpack(&r, &s->n, &err) : state_payload(&r, &err);
        check(rc == 0, "a good section is refused");
        s->payload = malloc(s->n + 1);
        s->value = malloc((s->n + 1) * sizeof *s->value);
        check(s->payload && s->value, "out of memory");
        memcpy(s->payload, packed ? r.chunk : r.payload, s->n);
        if (packed) {
            check(find_values(s, 0) == s->n, "a section of another form");
        }
    }
    state_close(&r);
}

static void make_bases(void)
{
    static const uint64_t ticks[BASES] = {100, 150000, 800000};
    struct machine *m = small_guest(small_host());
    for (unsigned b = 0; b < BASES; b++) {
        struct file f;
        machine_run(m, ticks[b]);
        small_guest_save(m, &f);
        take_apart(&f, b);
        writer_free(&f.w);
    }
    machine_free(m);
}

/* ---- one run */

/* c: section:16, place:32, how:8, value:8 */
static void change(struct section *s, const uint8_t *c)
{
    uint32_t place = load_le32(c + 2);
    bool anywhere = s->values == 0 || (c[6] & 0xF0) == 0;
    if (s->n == 0 || (s->values == 0 && (c[6] & 0xE0))) {
        return; /* content of memory and ROMs: seldom */
    }
    uint8_t *at = &s->payload[anywhere ? place % s->n : s->value[place % s->values]];
    switch (c[6] & 3) {
    case 0: *at ^= (uint8_t)(1u << (c[7] & 7)); break;
    case 1: *at = c[7]; break;
    case 2: *at = c[7] & 1 ? 0xFF : 0; break;
    default: *at = (uint8_t)(*at + (c[7] & 1 ? 1 : -1)); break;
    }
}

static struct error err; /* why the last one was refused; "": it was not */

static bool load_and_run(struct file *f)
{
    struct state_reader r;
    err.text[0] = '\0';
    /* The container is good, but that a blob may be announced as something it is not. */
    struct machine *m =
        state_open(&r, &f->source, &err) == 0 ? small_guest_load(&r, &err) : NULL;
    bool good = m != NULL;
    if (m) {
        small_guest_run(m, TICKS);
        machine_free(m);
    }
    state_close(&r);
    return good;
}

static bool fuzz_one(const uint8_t *bytes, size_t n)
{
    struct file f;
    struct state_writer w;
    unsigned b = n ? bytes[0] % BASES : 0;
    static uint8_t payload[STATE_SECTION];
    file_init(&f);
    state_begin(&w, &f.sink);
    for (unsigned i = 0; i < sections[b]; i++) {
        struct section s = base[b][i];
        memcpy(payload, s.payload, s.n);
        s.payload = payload;
        for (size_t at = 1; at + CHANGE <= n; at += CHANGE) {
            if (load_le16(bytes + at) % sections[b] == i) {
                change(&s, bytes + at);
            }
        }
        if (section_is_packed(s.name)) {
            state_packed(&w, s.name, s.payload, s.n);
        } else {
            state_section(&w, s.name, s.payload, s.n);
        }
    }
    check(state_end(&w) == 0, "out of memory");
    bool good = load_and_run(&f);
    writer_free(&f.w);
    return good;
}

#ifdef TERRAPIN_LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!sections[0]) {
        make_bases();
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

enum { INPUT = 1 + 12 * CHANGE };

/* The input of a seed; its length. */
static size_t make_input(uint64_t number, uint8_t data[INPUT])
{
    uint64_t seed = number * 0x9E3779B97F4A7C15u;
    for (size_t k = 0; k < INPUT; k++) {
        data[k] = (uint8_t)next(&seed);
    }
    unsigned changes = 1 + next(&seed) % 12;
    return 1 + CHANGE * (1 + next(&seed) % changes);
}

static bool run_file(const char *path)
{
    uint8_t data[4096];
    FILE *f = fopen(path, "rb");
    check(f != NULL, path);
    size_t n = fread(data, 1, sizeof data, f);
    fclose(f);
    return fuzz_one(data, n);
}

/* What happened, without the numbers in it. */
static uint64_t outcome(void)
{
    for (char *p = err.text; *p; p++) {
        *p = strchr("0123456789abcdef", *p) ? '#' : *p;
    }
    return hash_bytes(0, err.text, strlen(err.text));
}

static int collect(const char *dir, uint64_t n)
{
    static uint64_t seen[4096];
    unsigned kept = 0;
    for (uint64_t i = 1; i <= n; i++) {
        uint8_t data[INPUT];
        char path[1024];
        size_t size = make_input(i, data);
        fuzz_one(data, size);
        uint64_t what = outcome();
        unsigned k = 0;
        while (k < kept && seen[k] != what) {
            k++;
        }
        if (k < kept || kept == ARRAY_LEN(seen)) {
            continue;
        }
        seen[kept++] = what;
        snprintf(path, sizeof path, "%s/%016llx", dir, (unsigned long long)what);
        FILE *f = fopen(path, "wb");
        check(f && fwrite(data, 1, size, f) == size && fclose(f) == 0, path);
    }
    printf("%u different outcomes\n", kept);
    return 0;
}

int main(int argc, char **argv)
{
    make_bases();
    if (argc == 4 && strcmp(argv[1], "-collect") == 0) {
        return collect(argv[2], strtoull(argv[3], NULL, 0));
    }
    double seconds = argc > 1 ? atof(argv[1]) : 20;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, runs = 0, good = 0;
    for (int i = 3; i < argc; i++) {
        run_file(argv[i]);
    }
    time_t end = time(NULL) + (time_t)seconds;
    do {
        uint8_t data[INPUT];
        fprintf(stderr, "\rseed %llu ", (unsigned long long)(first + runs));
        size_t n = make_input(first + runs, data);
        good += fuzz_one(data, n);
        runs++;
    } while (time(NULL) < end);
    printf("\n%d files; %llu runs, %llu of them loaded, seeds %llu to %llu\n",
           argc > 3 ? argc - 3 : 0, (unsigned long long)runs, (unsigned long long)good,
           (unsigned long long)first, (unsigned long long)(first + runs - 1));
    return good ? 0 : 1;
}
#endif
