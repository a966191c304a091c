/* tests/fuzz/small_guest.c -- see the header. */
#include "tests/fuzz/small_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "frontend/big_pages.h"

enum { BIOS_SIZE = 0x10000 };

/* ---- files in memory */

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
    if (at > f->source.size || n > f->source.size - at) {
        return -1;
    }
    memcpy(out, f->w.bytes + at, n);
    return 0;
}

void file_init(struct file *f)
{
    *f = (struct file){.sink = {f, put, NULL}, .source = {.ctx = f, .get = get}};
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

void check(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

const struct host *small_host(void)
{
    static struct host host;
    host.sparse = sparse_pages();
    return &host;
}

struct machine *small_guest(const struct host *host)
{
    static const uint8_t reset[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
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
    struct machine *m = machine_new(&cfg, host, &err);
    check(m != NULL, "no machine");
    return m;
}

void small_guest_save(struct machine *m, struct file *f)
{
    struct state_writer w;
    file_init(f);
    state_begin(&w, &f->sink);
    check(machine_save(m, &w) == 0 && state_end(&w) == 0, "cannot save");
}

bool base_open(struct base *b, const struct file *f)
{
    struct error err;
    memset(b, 0, sizeof *b);
    bool good = state_open(&b->reader, &f->source, &err) == 0 &&
                machine_saved_read(&b->saved, &b->reader, &err) == 0;
    b->bottom = (struct state_bottom){&b->reader, &b->saved};
    return good;
}

void base_close(struct base *b)
{
    machine_saved_free(&b->saved);
    state_close(&b->reader);
}

/* What the base has, in a machine out of it. */
struct lower {
    struct machine *m;
    const struct base *base;
};

static const uint8_t *lower_bytes(void *ctx, const char *name, uint64_t size)
{
    const struct lower *l = ctx;
    struct machine_bytes ram;
    for (unsigned n = 0; machine_memory(l->m, n, &ram); n++) {
        if (strncmp(name, "ram ", 4) == 0 && strcmp(name + 4, ram.name) == 0) {
            return ram.size == size ? ram.bytes : NULL;
        }
    }
    return machine_saved_bytes(&l->base->saved, name, size);
}

void small_guest_save_on(struct machine *m, struct base *b, const char *name, struct file *f)
{
    struct error err = {""};
    struct lower l = {small_guest_load(&b->reader, &err), b};
    const struct state_under under = {&l, lower_bytes};
    struct state_writer w;
    check(l.m != NULL, err.text);
    file_init(f);
    state_begin(&w, &f->sink);
    w.under = &under;
    state_over(&w, b->reader.id, b->reader.source->size, name);
    check(machine_save(m, &w) == 0 && state_end(&w) == 0, "cannot save");
    machine_free(l.m);
}

/* Where the configuration has one. */
static void add_media_asked(struct machine_config *cfg, const enum drive_kind *drive)
{
    struct machine_config all = {0};
    add_media(&all);
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (drive[i] == all.drive[i].kind) {
            cfg->drive[i] = all.drive[i];
        }
    }
}

struct machine *small_guest_load_for(struct state_reader *r, const struct host *host,
                                     struct error *err)
{
    /* Not static: gcc 12 for 32-bit ARM then takes saved.drive for zeros (-fipa-cp). */
    struct machine_saved *saved = calloc(1, sizeof *saved);
    struct machine *m = NULL;
    check(saved != NULL, "out of memory");
    if (machine_saved_read(saved, r, err) == 0) {
        add_media_asked(&saved->config, saved->drive);
        m = machine_load(&saved->config, host, r, err);
    }
    check(m || err->text[0], "refused without a reason");
    machine_saved_free(saved);
    free(saved);
    return m;
}

struct machine *small_guest_load(struct state_reader *r, struct error *err)
{
    return small_guest_load_for(r, small_host(), err);
}

uint64_t small_guest_run(struct machine *m, uint64_t ticks)
{
    static struct screen screen;
    static uint32_t pixels[1024 * 1024];
    uint64_t start = machine_now(m);
    for (unsigned slice = 1; slice <= 8 && start < UINT64_MAX / 2; slice++) {
        enum machine_stop stop = machine_run(m, start + slice * (ticks / 8));
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
    return machine_hash(m);
}

bool section_is_packed(const char *name)
{
    static const char *const plain[] = {"blob ", "pages ", "raw ",
                                        "host ", "base",   "disks only"};
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        if (strncmp(name, plain[i], strlen(plain[i])) == 0) {
            return false;
        }
    }
    return true;
}

/* Heads: names, lengths, and what "end" says. The checksums are made for the file as it then
 * is, as far as it can be followed. */
void state_seal(uint8_t *b, size_t n)
{
    if (n < STATE_HEADER) {
        return;
    }
    uint32_t whole = (uint32_t)crc32(0, b, STATE_HEADER), sections = 0;
    uint64_t id = state_digest(0, b, STATE_HEADER);
    size_t at = STATE_HEADER;
    while (at < n && at + 1 + b[at] + 4 <= n) {
        size_t head = 1 + (size_t)b[at] + 4, length = load_le32(b + at + head - 4);
        if (length > n || at + head + length + 4 > n) {
            return;
        }
        if (b[at] == 3 && memcmp(b + at + 1, "end", 3) == 0 && length == 16) {
            store_le32(b + at + head, sections);
            store_le32(b + at + head + 4, whole);
            store_le64(b + at + head + 8, id);
        }
        uint8_t *crc = b + at + head + length;
        store_le32(crc,
                   (uint32_t)crc32(crc32(0, b + at, (uInt)head), b + at + head, (uInt)length));
        whole = (uint32_t)crc32(crc32(whole, b + at, (uInt)head), crc, 4);
        id = state_digest(state_digest(id, b + at, head), crc, 4);
        sections++;
        at += head + length + 4;
    }
}
