/* tests/golden/golden.c -- save states of every version of the format load for ever, on every
 * host.
 *
 *   golden check LIST    each state of the list loads, runs to its end, and comes out right
 *   golden save ROM CPU PERCENT FILE [BASE]    makes a state: that far through the run of a
 * guest of tests/guest, or of the small guest (ROM: -); BASE: on that one, beside it
 *
 * A line of the list: file, last tick, checksum of what the guest then wrote to the debug port,
 * state hash at the end. Tick and checksum of a state never change. The hash does when a field
 * table gets a new field: then, and only then, the new one may be entered
 * (docs/state-format.md). Needs the core alone, so that a foreign host can run it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tests/fuzz/small_guest.h"

enum { ROM = 64 << 10, LINE = 200, SMALL_TICKS = 3000000 };
static const uint64_t FOR_EVER = 2000000000;

/* ---- a run */

struct out {
    uint32_t crc;
    uint64_t n;
};

static void on_debug(void *ctx, uint8_t byte)
{
    struct out *o = ctx;
    o->crc = (uint32_t)crc32(o->crc, &byte, 1);
    o->n++;
}

/* To `until`, or the guest's end: isa-debug-exit. The small guest, which comes by that port
 * again and again, runs to `until`. */
static void run(struct machine *m, bool small, uint64_t until)
{
    enum machine_stop stop;
    do {
        stop = machine_run(m, until);
    } while (stop != MACHINE_UNTIL && stop != MACHINE_POWEROFF &&
             (small || stop != MACHINE_DEBUG_EXIT));
}

static void print_line(char *to, size_t n, const char *name, struct machine *m, uint32_t crc)
{
    snprintf(to, n, "%s %" PRIu64 " %08" PRIx32 " %016" PRIx64, name, machine_now(m), crc,
             machine_hash(m));
}

/* ---- save */

static struct machine *new_machine(const char *rom, const char *cpu, const struct host *host)
{
    static uint8_t bytes[ROM];
    struct error err = {""};
    if (strcmp(rom, "-") == 0) {
        return small_guest(host);
    }
    FILE *f = fopen(rom, "rb");
    check(f && fread(bytes, 1, ROM, f) == ROM, "cannot read the ROM");
    fclose(f);
    struct machine_config cfg = {.ram_bytes = 8 << 20,
                                 .cpu = cpu,
                                 .bios = bytes,
                                 .bios_size = ROM,
                                 .serial = {true},
                                 .parallel = true,
                                 .debug_exit_port = 0xF4,
                                 .debug_exit_size = 4};
    struct machine *m = machine_new(&cfg, host, &err);
    check(m != NULL, err.text);
    return m;
}

static void read_state(const char *list, const char *name, struct file *f)
{
    char path[1024];
    uint8_t piece[4096];
    const char *slash = strrchr(list, '/');
    int dir = slash ? (int)(slash - list + 1) : 0;
    snprintf(path, sizeof path, "%.*s%s", dir, list, name);
    FILE *in = fopen(path, "rb");
    check(in != NULL, path);
    file_init(f);
    for (size_t n; (n = fread(piece, 1, sizeof piece, in)) > 0;) {
        writer_put(&f->w, piece, n);
    }
    f->source.size = f->w.len;
    fclose(in);
}

static const char *name_of(const char *path)
{
    return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

static int save(const char *rom, const char *cpu, unsigned percent, const char *path,
                const char *base)
{
    struct out o = {0};
    struct host host = {.ctx = &o, .debug = on_debug};
    struct file f;
    bool small = strcmp(rom, "-") == 0;
    char line[2 * LINE];
    struct machine *m = new_machine(rom, cpu, &host);
    run(m, small, small ? SMALL_TICKS : FOR_EVER);
    uint64_t end = machine_now(m);
    machine_free(m);
    m = new_machine(rom, cpu, &host);
    run(m, small, end / 100 * percent);
    if (base) {
        struct file under;
        struct base b;
        read_state(base, name_of(base), &under);
        check(base_open(&b, &under), "the base is no good state");
        small_guest_save_on(m, &b, name_of(base), &f);
        base_close(&b);
        writer_free(&under.w);
    } else {
        small_guest_save(m, &f);
    }
    o = (struct out){0}; /* what has never been saved, or loaded, runs on and says the result */
    run(m, small, end);
    print_line(line, sizeof line, name_of(path), m, o.crc);
    printf("%s\n", line);
    machine_free(m);
    FILE *out = fopen(path, "wb");
    check(out && fwrite(f.w.bytes, 1, f.w.len, out) == f.w.len && fclose(out) == 0,
          "cannot write");
    writer_free(&f.w);
    return 0;
}

/* ---- check */

static bool check_one(const char *list, const char *line)
{
    char name[LINE], now[2 * LINE], want[LINE];
    struct error err = {""};
    struct state_reader r;
    struct out o = {0};
    struct host host = {.ctx = &o, .debug = on_debug};
    struct file f, under;
    check(sscanf(line, "%199s", name) == 1, "a line without a file");
    read_state(list, name, &f);
    static struct state_base below;
    struct machine *m = NULL;
    struct base b;
    int on = state_open(&r, &f.source, &err) == 0 ? state_base_of(&r, &below, &err) : -1;
    if (on > 0) { /* on a whole one */
        read_state(list, below.path, &under);
        check(base_open(&b, &under) && b.reader.id == below.id && under.w.len == below.size,
              "another base");
        r.base = &b.bottom;
    }
    if (on >= 0) {
        m = small_guest_load_for(&r, &host, &err);
    }
    if (on > 0) {
        base_close(&b);
        writer_free(&under.w);
    }
    state_close(&r);
    writer_free(&f.w);
    if (!m) {
        printf("%s: %s\n", name, err.text);
        return false;
    }
    bool small = strstr(name, "small") != NULL;
    run(m, small, small ? SMALL_TICKS : FOR_EVER);
    print_line(now, sizeof now, name, m, o.crc);
    machine_free(m);
    snprintf(want, sizeof want, "%.*s", (int)strcspn(line, "\n"), line);
    bool good = strcmp(now, want) == 0;
    printf("%s%s%s\n", now, good ? "" : "    instead of    ", good ? "" : want);
    return good;
}

static int check_list(const char *list)
{
    char line[LINE];
    unsigned n = 0, bad = 0;
    FILE *f = fopen(list, "r");
    check(f != NULL, "cannot read the list");
    while (fgets(line, sizeof line, f)) {
        if (line[0] != '#' && line[0] != '\n') {
            n++;
            bad += !check_one(list, line);
        }
    }
    fclose(f);
    printf("%u states, %u went wrong\n", n, bad);
    return n == 0 || bad;
}

int main(int argc, char **argv)
{
    if ((argc == 6 || argc == 7) && strcmp(argv[1], "save") == 0) {
        return save(argv[2], argv[3], (unsigned)strtoul(argv[4], NULL, 0), argv[5],
                    argc == 7 ? argv[6] : NULL);
    }
    if (argc == 3 && strcmp(argv[1], "check") == 0) {
        return check_list(argv[2]);
    }
    fputs("use golden check LIST, or golden save ROM CPU PERCENT FILE [BASE]\n", stderr);
    return 2;
}
