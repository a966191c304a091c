/* machine_saved.c -- what a machine in a file was built from: its configuration, ROMs, and the
 * files of its firmware. machine_state.c has the rest.
 */
#include "devices/machine_priv.h"

#include <stdlib.h>
#include <string.h>

#include "devices/boot.h"
#include "devices/machine_saved.h"

enum { ROM_MOST = 0x40000, FIRMWARE_MORE = 4 << 20 };

/* ---- structs as sections -------------------------------------------------------------------
 */

int state_save_struct(struct state_writer *w, const char *name, const struct schema *sc,
                      const void *obj)
{
    struct writer bytes = {0};
    state_save(sc, obj, &bytes);
    int rc = bytes.failed ? -1 : state_packed(w, name, bytes.bytes, bytes.len);
    writer_free(&bytes);
    return rc;
}

int state_load_struct(struct state_reader *r, const struct schema *sc, void *obj,
                      struct error *err)
{
    size_t n;
    if (state_unpack(r, &n, err) < 0) {
        return -1;
    }
    struct reader bytes = {r->chunk, n, 0};
    if (state_load(sc, obj, &bytes, err) < 0) {
        return -1;
    }
    return bytes.pos == bytes.len ? 0 : error_set(err, "%s: has more than it should", r->name);
}

/* "firmware NAME" behind the kind: NAME, or NULL */
const char *state_after(const char *name, const char *word)
{
    size_t n = strlen(word);
    return name && strncmp(name, word, n) == 0 && name[n] == ' ' ? name + n + 1 : NULL;
}

/* ---- the configuration ---------------------------------------------------------------------
 */

/* board: which chips a board has, and what they are capable of. A version of the program that
 * adds a chip that guests can see counts it up, and builds the older board for older states. */
enum { BOARD_FIRST = 1, BOARD_NOW = 1 };

struct saved_config {
    uint64_t ram_bytes;
    uint64_t start_time;
    uint32_t board;
    uint32_t mips;            /* at the time of saving */
    uint8_t cpu[MACHINE_CPU]; /* as given to -cpu */
    uint8_t boot_order[8];
    uint16_t debug_exit_port;
    uint16_t debug_exit_size;
    uint8_t drive[DRIVE_COUNT]; /* enum drive_kind of the drives */
    bool serial[MACHINE_SERIALS];
    bool parallel;
    bool boot_menu;
};

/* A text that ends within its array, of printable characters. */
static bool is_text(const uint8_t *s, size_t room)
{
    size_t n = 0;
    while (n < room && s[n]) {
        if (s[n] < ' ' || s[n] > '~') {
            return false;
        }
        n++;
    }
    return n < room;
}

static bool saved_config_loaded(void *obj)
{
    const struct saved_config *c = obj;
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        bool floppy = c->drive[i] == DRIVE_FLOPPY;
        if (c->drive[i] != DRIVE_NONE && floppy != (i <= DRIVE_FDB)) {
            return false;
        }
    }
    return is_text(c->cpu, sizeof c->cpu) && is_text(c->boot_order, sizeof c->boot_order);
}

static const struct field saved_config_fields[] = {
    FIELD(struct saved_config, ram_bytes),
    FIELD(struct saved_config, start_time),
    FIELD_R(struct saved_config, board, BOARD_FIRST, BOARD_NOW),
    FIELD_R(struct saved_config, mips, 1, MIPS_MAX),
    FIELD_A(struct saved_config, cpu),
    FIELD_A(struct saved_config, boot_order),
    FIELD(struct saved_config, debug_exit_port),
    FIELD_R(struct saved_config, debug_exit_size, 0, 4),
    FIELD_AR(struct saved_config, drive, DRIVE_NONE, DRIVE_CDROM),
    FIELD_A(struct saved_config, serial),
    FIELD(struct saved_config, parallel),
    FIELD(struct saved_config, boot_menu),
    FIELDS_END,
};
static const struct schema saved_config_schema = {
    "config", sizeof(struct saved_config), 1, 1, saved_config_fields, saved_config_loaded};

int machine_save_config(const struct machine *m, struct state_writer *w)
{
    const struct board *b = &m->board;
    struct saved_config c = {
        .ram_bytes = b->config.ram_bytes,
        .start_time = b->config.start_time,
        .board = BOARD_NOW,
        .mips = machine_mips(m),
        .debug_exit_port = b->config.debug_exit_port,
        .debug_exit_size = b->config.debug_exit_size,
        .parallel = b->config.parallel,
        .boot_menu = b->config.boot_menu,
    };
    memcpy(c.cpu, m->cpu_model, sizeof c.cpu);
    memcpy(c.boot_order, b->config.boot_order, sizeof c.boot_order);
    memcpy(c.serial, b->config.serial, sizeof c.serial);
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        c.drive[i] = b->drive[i].kind;
    }
    return state_save_struct(w, "config", &saved_config_schema, &c);
}

/* ---- the configuration in a file ----------------------------------------------------------
 */

static int take_config(struct machine_saved *s, struct state_reader *r, struct error *err)
{
    struct saved_config c;
    memset(&c, 0, sizeof c);
    if (state_load_struct(r, &saved_config_schema, &c, err) < 0) {
        return -1;
    }
    memcpy(s->cpu, c.cpu, sizeof s->cpu);
    memcpy(s->boot_order, c.boot_order, sizeof s->boot_order);
    s->config.ram_bytes = c.ram_bytes;
    s->config.start_time = c.start_time;
    s->config.mips = c.mips;
    s->config.debug_exit_port = c.debug_exit_port;
    s->config.debug_exit_size = c.debug_exit_size;
    s->config.boot_menu = c.boot_menu;
    memcpy(s->config.serial, c.serial, sizeof c.serial);
    s->config.parallel = c.parallel;
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        s->drive[i] = (enum drive_kind)c.drive[i];
        s->config.drive_present[i] = c.drive[i] != DRIVE_NONE;
    }
    return 0;
}

static const struct machine_file *saved_file(const struct machine_saved *s, const char *name)
{
    for (unsigned i = 0; i < s->files; i++) {
        if (strcmp(s->file[i].name, name) == 0) {
            return &s->file[i];
        }
    }
    return NULL;
}

const uint8_t *machine_saved_bytes(const struct machine_saved *s, const char *name,
                                   uint64_t size)
{
    const char *file = state_after(name, "firmware");
    const struct machine_file *f = file ? saved_file(s, file) : NULL;
    const struct machine_rom *rom = strcmp(name, "bios") == 0      ? &s->bios
                                    : strcmp(name, "vgabios") == 0 ? &s->vgabios
                                                                   : NULL;
    if (f && f->size == size) {
        return f->bytes;
    }
    return rom && rom->size == size ? rom->bytes : NULL;
}

/* What a blob begins with: zeros, or what the base has. */
static uint8_t *new_bytes(const struct state_reader *r, uint64_t size)
{
    const char *name = state_named(r, "blob");
    const uint8_t *under =
        name && r->base ? machine_saved_bytes(r->base->saved, name, size) : NULL;
    uint8_t *bytes = calloc(1, size ? (size_t)size : 1);
    if (bytes && under && size) {
        memcpy(bytes, under, (size_t)size);
    }
    return bytes;
}

/* raw: where it can be mapped, or NULL. */
static int new_firmware(struct machine_saved *s, const char *name, uint64_t size,
                        const struct state_reader *r, const struct state_source *raw,
                        uint64_t at, struct error *err)
{
    uint64_t all = size;
    if (s->files == MACHINE_FILES || strlen(name) >= sizeof s->file[0].name) {
        return error_set(err, "firmware %s: one too many, or too long a name", name);
    }
    for (unsigned i = 0; i < s->files; i++) {
        all += s->file[i].size;
        if (strcmp(s->file[i].name, name) == 0) {
            return error_set(err, "firmware %s: comes twice", name);
        }
    }
    if (all > s->config.ram_bytes + FIRMWARE_MORE) {
        return error_set(err, "firmware %s: has no room in the memory", name);
    }
    struct machine_file *f = &s->file[s->files];
    bool can = raw && raw->map && size > 0;
    f->bytes = can ? raw->map(raw->ctx, at, size) : NULL;
    f->source = f->bytes ? raw : NULL;
    f->at = at;
    if (!f->bytes) {
        f->bytes = new_bytes(r, size);
    }
    if (!f->bytes) {
        return error_set(err, "firmware %s: out of memory", name);
    }
    strcpy(f->name, name); /* fits: see above */
    f->size = (uint32_t)size;
    s->files++;
    return 0;
}

/* The ROM of this name, or NULL. */
static struct machine_rom *rom_named(struct machine_saved *s, const char *name)
{
    return !name                          ? NULL
           : strcmp(name, "bios") == 0    ? &s->bios
           : strcmp(name, "vgabios") == 0 ? &s->vgabios
                                          : NULL;
}

static int new_rom(struct machine_rom *rom, const char *name, uint64_t size,
                   const struct state_reader *r, struct error *err)
{
    if (rom->bytes) {
        return error_set(err, "%s: comes twice", name);
    }
    rom->bytes = new_bytes(r, size);
    rom->size = (uint32_t)size;
    return rom->bytes ? 0 : error_set(err, "%s: out of memory", name);
}

/* Of a large file, as it is. */
static int take_raw_firmware(struct machine_saved *s, const char *name, struct state_reader *r,
                             struct error *err)
{
    struct state_raw raw;
    if (state_raw_head(r, &raw, err) < 0 ||
        new_firmware(s, name, raw.size, r, r->source, raw.at, err) < 0) {
        return -1;
    }
    const struct machine_file *f = &s->file[s->files - 1];
    return f->source ? 0 : state_raw_read(r, &raw, f->bytes, err);
}

/* Sections of firmware; others are not for here. */
static int take_firmware(struct machine_saved *s, struct state_reader *r, struct error *err)
{
    const char *as_is = state_after(state_named(r, "raw"), "firmware");
    if (as_is) {
        return take_raw_firmware(s, as_is, r, err);
    }
    const char *blob = state_named(r, "blob"), *pages = state_named(r, "pages");
    const char *file = state_after(blob ? blob : pages, "firmware");
    struct machine_rom *rom = rom_named(s, blob ? blob : pages);
    uint64_t size;
    if (!file && !rom) {
        return 0;
    }
    if (blob) {
        if (state_blob_size(r, rom ? ROM_MOST : UINT32_MAX, &size, err) < 0) {
            return -1;
        }
        return rom ? new_rom(rom, blob, size, r, err)
                   : new_firmware(s, file, size, r, NULL, 0, err);
    }
    /* The reader gives pages behind their blob alone. */
    const struct machine_file *f = file ? saved_file(s, file) : NULL;
    uint8_t *bytes = rom ? rom->bytes : f ? f->bytes : NULL;
    return bytes ? state_pages_into(r, bytes, NULL, 0, NULL, err)
                 : error_set(err, "%s: belongs to nothing", r->name);
}

/* The front end's own: may be anywhere. */
static bool is_hosts(const struct state_reader *r)
{
    const char *name = state_named(r, "blob");
    name = name ? name : state_named(r, "pages");
    if (!name && (state_named(r, "image") || strcmp(r->name, "base") == 0)) {
        return true; /* of use for memory alone; the reader has looked at its place */
    }
    return strncmp(name ? name : r->name, "host ", 5) == 0;
}

/* With what it lies on, or none. */
static int check_base(struct state_reader *r, struct error *err)
{
    state_rewind(r);
    int rc = state_next(r, err);
    bool incremental = rc > 0 && strcmp(r->name, "base") == 0;
    if (incremental && !r->base) {
        return error_set(err, "base: an incremental state, which cannot be used here");
    }
    if (incremental && r->base->saved->disks_only) {
        return error_set(err, "base: has only disks, and nothing to lie on");
    }
    if (!incremental) {
        r->base = NULL;
    }
    return rc < 0 ? -1 : 0;
}

int machine_saved_read(struct machine_saved *s, struct state_reader *r, struct error *err)
{
    bool seen = false;
    int rc;
    memset(s, 0, sizeof *s);
    if (check_base(r, err) < 0) {
        return -1;
    }
    state_rewind(r);
    while ((rc = state_next(r, err)) > 0) {
        bool config = strcmp(r->name, "config") == 0;
        if (is_hosts(r)) {
            continue;
        }
        if (config ? seen : !seen) {
            return error_set(err, "config: %s", seen ? "comes twice" : "does not come first");
        }
        if ((config ? take_config(s, r, err) : take_firmware(s, r, err)) < 0) {
            return -1;
        }
        s->disks_only |= strcmp(r->name, "disks only") == 0;
        seen |= config;
    }
    if (rc == 0 && !s->bios.bytes) {
        rc = error_set(err, "bios is missing");
    }
    s->config.cpu = s->cpu;
    s->config.boot_order = s->boot_order;
    s->config.bios = s->bios.bytes;
    s->config.bios_size = s->bios.size;
    s->config.vgabios = s->vgabios.bytes;
    s->config.vgabios_size = s->vgabios.size;
    s->config.file = s->file;
    s->config.files = s->files;
    s->config.from_state = true;
    return rc;
}

int machine_saved_same_kernel(const struct machine_saved *s, const struct machine_config *cfg,
                              struct error *err)
{
    struct board *b = calloc(1, sizeof *b);
    if (!b) {
        return error_set(err, "out of memory");
    }
    b->config.ram_bytes = s->config.ram_bytes;
    int rc = boot_add_files(b, cfg, err) < 0 ? -1 : 1;
    for (unsigned i = 0; rc > 0 && i < b->firmware_files; i++) {
        const struct firmware_file *f = &b->firmware[i];
        const struct machine_file *old = saved_file(s, f->name);
        rc = old && old->size == f->size && memcmp(old->bytes, f->bytes, f->size) == 0;
    }
    board_free(b);
    free(b);
    return rc;
}

void machine_saved_free(struct machine_saved *s)
{
    for (unsigned i = 0; i < s->files; i++) {
        const struct machine_file *f = &s->file[i];
        if (f->source) {
            f->source->unmap(f->bytes, f->size);
        } else {
            free(f->bytes);
        }
    }
    free(s->bios.bytes);
    free(s->vgabios.bytes);
    s->files = 0;
    s->bios = s->vgabios = (struct machine_rom){NULL, 0};
}
