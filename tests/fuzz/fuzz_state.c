/* tests/fuzz/fuzz_state.c -- hostile save states: fields of every chip changed at random, with
 * good checksums. A file is refused, or gives a machine that runs; nothing may crash, hang or
 * abort the host process. Run it under ASan and UBSan.
 *
 *   fuzz_state [SECONDS [SEED]]      (default 20 s, seed 1); prints runs, and the last seed
 *
 * The guest sweeps all ports, reading and writing, with interrupts on. Built with
 * -fsanitize=fuzzer (TERRAPIN_FUZZ) the same body is driven by libFuzzer: each 8 bytes of input
 * are one change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "devices/machine.h"
#include "devices/machine_file.h"
#include "mem/state.h"

enum { BIOS_SIZE = 0x10000, SECTIONS = 200, CHANGE = 8, TICKS = 300000, BASES = 3 };

/* ---- files in memory */

struct file {
    struct writer w;
    struct state_sink sink;
    struct state_source source;
};

static int put(void *ctx, const void *bytes, size_t n)
{
    struct file *f = ctx;
    writer_put(&f->w, bytes, n);
    f->source.size = f->w.len;
    return f->w.failed ? -1 : 0;
}

static int get(void *ctx, uint64_t at, void *out, size_t n)
{
    const struct file *f = ctx;
    memcpy(out, f->w.bytes + at, n);
    return 0;
}

static void file_init(struct file *f)
{
    *f = (struct file){.sink = {f, put, NULL}, .source = {f, 0, get}};
}

/* ---- the guest and its machine */

static uint8_t rom[BIOS_SIZE], disk[1440 << 10];

static const uint8_t sweep[] = {
    0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0,       /* xor ax,ax; ds = es = ss = ax */
    0xBC, 0x00, 0x7C,                                     /* mov sp,7C00h */
    0xC7, 0x06, 0x00, 0x06, 0x50, 0xB0,                   /* 600h: push ax; mov al, */
    0xC7, 0x06, 0x02, 0x06, 0x20, 0xE6,                   /*       20h; out */
    0xC7, 0x06, 0x04, 0x06, 0x20, 0xE6,                   /*       20h,al; out */
    0xC7, 0x06, 0x06, 0x06, 0xA0, 0x58,                   /*       A0h,al; pop ax */
    0xC6, 0x06, 0x08, 0x06, 0xCF,                         /*       iret */
    0x31, 0xFF, 0xB9, 0x00, 0x01,                         /* xor di,di; mov cx,256 */
    0xB8, 0x00, 0x06, 0xAB, 0x31, 0xC0, 0xAB, 0xE2, 0xF7, /* every vector 0000:0600 */
    0xFB,                                                 /* sti */
    0x31, 0xD2,                                           /* again: xor dx,dx */
    0xEC, 0xEE,                                           /* l: in al,dx; out dx,al */
    0x42, 0x75, 0xFB,                                     /* inc dx; jnz l */
    0xEB, 0xF7,                                           /* jmp again */
};

static int disk_read(void *ctx, uint64_t lba, void *out, uint32_t n)
{
    size_t size = ctx ? 2048 : 512;
    memcpy(out, disk + lba * size, n * size);
    return 0;
}

static int disk_write(void *ctx, uint64_t lba, const void *in, uint32_t n)
{
    (void)ctx;
    memcpy(disk + lba * 512, in, (size_t)n * 512);
    return lba % 7 ? 0 : -1; /* some sectors are bad */
}

static const struct drive_ops ops = {disk_read, disk_write, NULL};

static void add_media(struct machine_config *cfg)
{
    cfg->drive[0] = (struct media){DRIVE_FLOPPY, &ops, NULL, sizeof disk / 512, 512, false};
    cfg->drive[2] = (struct media){DRIVE_DISK, &ops, NULL, sizeof disk / 512, 512, false};
    cfg->drive[4] = (struct media){DRIVE_CDROM, &ops, disk, sizeof disk / 2048, 2048, true};
}

static void check(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

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
        s->n = r.length;
        s->payload = malloc(r.length + 1);
        s->value = malloc((r.length + 1) * sizeof *s->value);
        check(s->payload && s->value, "out of memory");
        check(state_payload(&r, &err) == 0, "a good section is refused");
        memcpy(s->payload, r.payload, r.length);
        if (!state_named(&r, "pages") && !state_named(&r, "blob")) {
            check(find_values(s, 0) == s->n, "a section of another form");
        }
    }
    state_close(&r);
}

static void make_bases(void)
{
    static const uint8_t reset[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
    static const struct host host = {0};
    static const uint64_t ticks[BASES] = {100, 150000, 800000};
    struct error err;
    memset(rom, 0xCC, sizeof rom);
    memcpy(rom, sweep, sizeof sweep);
    memcpy(rom + 0xFFF0, reset, sizeof reset);
    struct machine_config cfg = {.ram_bytes = 1 << 20,
                                 .bios = rom,
                                 .bios_size = BIOS_SIZE,
                                 .serial = {true, true},
                                 .debug_exit_port = 0xF4,
                                 .debug_exit_size = 4};
    add_media(&cfg);
    struct machine *m = machine_new(&cfg, &host, &err);
    check(m != NULL, "no machine");
    for (unsigned b = 0; b < BASES; b++) {
        struct file f;
        struct state_writer w;
        file_init(&f);
        machine_run(m, ticks[b]);
        state_begin(&w, &f.sink);
        check(machine_save(m, &w) == 0 && state_end(&w) == 0, "cannot save");
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

static void run(struct machine *m)
{
    static struct screen screen;
    static uint32_t pixels[1024 * 1024];
    uint64_t start = machine_now(m);
    if (start > UINT64_MAX / 2) {
        return; /* the end of time */
    }
    for (unsigned slice = 1; slice <= 8; slice++) {
        enum machine_stop stop = machine_run(m, start + (uint64_t)slice * (TICKS / 8));
        struct input in = {.kind = INPUT_KEY, .code = 0x1E, .down = slice & 1};
        if (slice == 3) {
            in = (struct input){.kind = INPUT_MOUSE, .dx = 100, .dy = -30, .buttons = 1};
        } else if (slice == 5) {
            in = (struct input){.kind = INPUT_SERIAL, .code = 0x41};
        }
        machine_input(m, &in);
        if (stop != MACHINE_UNTIL && stop != MACHINE_IDLE) {
            break;
        }
    }
    machine_screen(m, &screen);
    machine_screen_pixels(m, pixels, sizeof pixels / sizeof pixels[0]);
    machine_hash(m);
}

static bool load_and_run(struct file *f)
{
    static const struct host host = {0};
    static struct machine_saved saved;
    struct state_reader r;
    struct error err = {""};
    struct machine *m = NULL;
    check(state_open(&r, &f->source, &err) == 0, "a good container is refused");
    if (machine_saved_read(&saved, &r, &err) == 0) {
        add_media(&saved.config);
        m = machine_load(&saved.config, &host, &r, &err);
    }
    check(m || err.text[0], "refused without a reason");
    if (m) {
        run(m);
        machine_free(m);
    }
    machine_saved_free(&saved);
    state_close(&r);
    return m != NULL;
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
        state_section(&w, s.name, s.payload, s.n);
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

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 20;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, runs = 0, good = 0;
    time_t end = time(NULL) + (time_t)seconds;
    make_bases();
    do {
        uint8_t data[1 + 12 * CHANGE];
        uint64_t seed = (first + runs) * 0x9E3779B97F4A7C15u;
        fprintf(stderr, "\rseed %llu ", (unsigned long long)(first + runs));
        for (size_t k = 0; k < sizeof data; k++) {
            data[k] = (uint8_t)next(&seed);
        }
        unsigned changes = 1 + next(&seed) % 12;
        good += fuzz_one(data, 1 + CHANGE * (1 + next(&seed) % changes));
        runs++;
    } while (time(NULL) < end);
    printf("\n%llu runs, %llu of them loaded, seeds %llu to %llu\n", (unsigned long long)runs,
           (unsigned long long)good, (unsigned long long)first,
           (unsigned long long)(first + runs - 1));
    return good ? 0 : 1;
}
#endif
