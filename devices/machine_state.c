/* machine_state.c -- a machine into a save state, and a new machine out of one.
 *
 *   config               what the machine was built from, without files
 *   disks only           empty, or not there: what follows the ROMs is left out
 *   blob bios, blob vgabios     the firmware ROM, and the one on the video card
 *   blob firmware NAME   every file that the firmware can ask for, as it was given at power-on
 *   machine, clock, cpu  field tables
 *   drive fda …, chip CLASS N   field tables; N counts the chips of a class
 *   blob ram NAME        main memory and VRAM; zero pages are left out, and those that equal
 *                        pages of the blobs above refer to them
 *   …                    what the front end adds begins with "host"
 *
 * Loading builds a machine like any other, from the configuration in the file, and then writes
 * the fields into it; nobody sees it before everything has been checked. Whatever is derived
 * follows from the fields: memory map, event queue, page maps, decoded code.
 */
#include "devices/machine_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/boot.h"
#include "devices/machine_file.h"
#include "devices/pci.h"

enum { ROM_MOST = 0x40000, FIRMWARE_MORE = 4 << 20, NAME = STATE_NAME + 1 };

_Static_assert((int)MACHINE_FILES == (int)FIRMWARE_FILES &&
                   (int)MACHINE_DRIVES == (int)DRIVE_COUNT,
               "the public face and the board agree");

/* ---- what has no field table elsewhere ---------------------------------------------------
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

struct saved_machine {
    uint64_t input_seq;
    uint32_t power_code;
    uint32_t exit_value;
    uint8_t power_what;
    bool power_asked;
};

static const struct field saved_machine_fields[] = {
    FIELD(struct saved_machine, input_seq),
    FIELD(struct saved_machine, power_code),
    FIELD(struct saved_machine, exit_value),
    FIELD_R(struct saved_machine, power_what, POWER_RESET, POWER_DEBUG_EXIT),
    FIELD(struct saved_machine, power_asked),
    FIELDS_END,
};
static const struct schema saved_machine_schema = {
    "machine", sizeof(struct saved_machine), 1, 1, saved_machine_fields, NULL};

static struct saved_machine saved_machine_of(const struct machine *m)
{
    return (struct saved_machine){m->input_seq, m->power_code, m->exit_value,
                                  (uint8_t)m->power_what, m->power_asked};
}

/* ---- sections by name ---------------------------------------------------------------------
 */

static void chip_name(const struct board *b, unsigned i, char name[NAME])
{
    unsigned before = 0;
    for (unsigned k = 0; k < i; k++) {
        before += b->device[k]->cls == b->device[i]->cls;
    }
    (void)snprintf(name, NAME, "chip %s %u", b->device[i]->cls->name, before);
}

/* Every section that is a struct with a field table, in order. false past the last. */
struct item {
    const struct schema *schema;
    void *obj;
    char name[NAME];
};

static bool item_get(struct machine *m, struct saved_machine *sm, unsigned n, struct item *it)
{
    struct board *b = &m->board;
    enum { FIRST = 3 };
    if (n == 0) {
        *it = (struct item){&saved_machine_schema, sm, "machine"};
    } else if (n == 1) {
        *it = (struct item){&clock_schema, &b->clock, "clock"};
    } else if (n == 2) {
        *it = (struct item){&cpu_schema, cpu_state(m->cpu), "cpu"};
    } else if (n - FIRST < DRIVE_COUNT) {
        unsigned i = n - FIRST;
        *it = (struct item){&drive_schema, &b->drive[i], ""};
        (void)snprintf(it->name, NAME, "drive %s", drive_name(i));
    } else if (n - FIRST - DRIVE_COUNT < b->devices) {
        unsigned i = n - FIRST - DRIVE_COUNT;
        *it = (struct item){b->device[i]->cls->state, b->device[i], ""};
        chip_name(b, i, it->name);
    } else {
        return false;
    }
    return true;
}

/* ---- looked at ----------------------------------------------------------------------------
 */

struct visitor {
    machine_field_fn *fn;
    void *ctx;
    const char *section;
};

static void visit_field(void *ctx, const char *path, const struct field *f, uint64_t value)
{
    const struct visitor *v = ctx;
    (void)f;
    v->fn(v->ctx, v->section, path, value);
}

void machine_fields(struct machine *m, machine_field_fn *fn, void *ctx)
{
    struct saved_machine sm = saved_machine_of(m);
    struct item it;
    for (unsigned n = 0; item_get(m, &sm, n, &it); n++) {
        struct visitor v = {fn, ctx, it.name};
        state_visit(it.schema, it.obj, visit_field, &v);
    }
}

bool machine_memory(struct machine *m, unsigned n, struct machine_bytes *out)
{
    const struct ram *r = phys_rams(m->phys);
    while (r && n-- > 0) {
        r = r->next;
    }
    if (r) {
        *out = (struct machine_bytes){r->name, r->bytes, r->size};
    }
    return r != NULL;
}

/* ---- saving -------------------------------------------------------------------------------
 */

static int save_struct(struct state_writer *w, const char *name, const struct schema *sc,
                       const void *obj)
{
    struct writer bytes = {0};
    state_save(sc, obj, &bytes);
    int rc = bytes.failed ? -1 : state_packed(w, name, bytes.bytes, bytes.len);
    writer_free(&bytes);
    return rc;
}

static int save_config(const struct machine *m, struct state_writer *w)
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
    return save_struct(w, "config", &saved_config_schema, &c);
}

/* Bytes that memory may have copies of. */
static int save_known(struct state_writer *w, const char *name, const uint8_t *bytes,
                      uint64_t size)
{
    return state_bytes(w, name, bytes, size) < 0 ? -1 : state_known(w, bytes, size);
}

static int save_build(const struct machine *m, struct state_writer *w, bool disks_only)
{
    const struct board *b = &m->board;
    int rc = save_config(m, w);
    if (rc == 0 && disks_only) {
        rc = state_section(w, "disks only", NULL, 0);
    }
    if (rc == 0) {
        rc = save_known(w, "bios", b->bios, b->bios_size);
    }
    if (rc == 0 && b->vgabios) {
        rc = save_known(w, "vgabios", b->vgabios, b->vgabios_size);
    }
    for (unsigned i = 0; i < b->firmware_files && rc == 0; i++) {
        const struct firmware_file *f = &b->firmware[i];
        char name[NAME];
        (void)snprintf(name, sizeof name, "firmware %s", f->name);
        rc = w->raw && f->size >= STATE_RAW_AT
                 ? state_raw(w, name, f->bytes, f->size, state_digest(0, f->bytes, f->size))
                 : save_known(w, name, f->bytes, f->size);
    }
    return rc;
}

int machine_save_disks_only(struct machine *m, struct state_writer *w)
{
    return save_build(m, w, true);
}

static int save_ram(struct state_writer *w, struct phys *ph, struct ram *r)
{
    char name[NAME];
    (void)snprintf(name, sizeof name, "ram %s", r->name);
    if (w->raw) {
        return state_raw(w, name, r->bytes, r->size, ram_hash(ph, r));
    }
    int rc = state_blob(w, name, r->size);
    for (uint64_t page = 0; page < r->size >> PAGE_SHIFT && rc == 0; page++) {
        /* Never written: zeros, and better not looked at, for the host has no memory for it. */
        if (r->dirty[page] & DIRTY_HASH || r->page_hash[page]) {
            rc = state_memory_page(w, page, r->bytes + (page << PAGE_SHIFT));
        }
    }
    return rc;
}

int machine_save(struct machine *m, struct state_writer *w)
{
    struct saved_machine sm = saved_machine_of(m);
    struct item it;
    int rc = save_build(m, w, false);
    for (unsigned n = 0; rc == 0 && item_get(m, &sm, n, &it); n++) {
        rc = save_struct(w, it.name, it.schema, it.obj);
    }
    for (struct ram *r = phys_rams(m->phys); r && rc == 0; r = r->next) {
        rc = save_ram(w, m->phys, r);
    }
    return rc;
}

/* ---- the configuration in a file ----------------------------------------------------------
 */

static int load_struct(struct state_reader *r, const struct schema *sc, void *obj,
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

static int take_config(struct machine_saved *s, struct state_reader *r, struct error *err)
{
    struct saved_config c;
    memset(&c, 0, sizeof c);
    if (load_struct(r, &saved_config_schema, &c, err) < 0) {
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

/* raw: where it can be mapped, or NULL. */
static int new_firmware(struct machine_saved *s, const char *name, uint64_t size,
                        const struct state_source *raw, uint64_t at, struct error *err)
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
        f->bytes = calloc(1, size ? (size_t)size : 1);
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

static int new_rom(struct machine_rom *rom, const char *name, uint64_t size, struct error *err)
{
    if (rom->bytes) {
        return error_set(err, "%s: comes twice", name);
    }
    rom->bytes = calloc(1, size ? (size_t)size : 1);
    rom->size = (uint32_t)size;
    return rom->bytes ? 0 : error_set(err, "%s: out of memory", name);
}

/* "firmware NAME" behind the kind: NAME, or NULL */
static const char *after(const char *name, const char *word)
{
    size_t n = strlen(word);
    return name && strncmp(name, word, n) == 0 && name[n] == ' ' ? name + n + 1 : NULL;
}

/* Of a large file, as it is. */
static int take_raw_firmware(struct machine_saved *s, const char *name, struct state_reader *r,
                             struct error *err)
{
    struct state_raw raw;
    if (state_raw_head(r, &raw, err) < 0 ||
        new_firmware(s, name, raw.size, r->source, raw.at, err) < 0) {
        return -1;
    }
    const struct machine_file *f = &s->file[s->files - 1];
    return f->source ? 0 : state_raw_read(r, &raw, f->bytes, err);
}

/* Sections of firmware; others are not for here. */
static int take_firmware(struct machine_saved *s, struct state_reader *r, struct error *err)
{
    const char *as_is = after(state_named(r, "raw"), "firmware");
    if (as_is) {
        return take_raw_firmware(s, as_is, r, err);
    }
    const char *blob = state_named(r, "blob"), *pages = state_named(r, "pages");
    const char *file = after(blob ? blob : pages, "firmware");
    struct machine_rom *rom = rom_named(s, blob ? blob : pages);
    uint64_t size;
    if (!file && !rom) {
        return 0;
    }
    if (blob) {
        if (state_blob_size(r, rom ? ROM_MOST : UINT32_MAX, &size, err) < 0) {
            return -1;
        }
        return rom ? new_rom(rom, blob, size, err) : new_firmware(s, file, size, NULL, 0, err);
    }
    /* The reader gives pages behind their blob alone. */
    const struct machine_file *f = file ? machine_saved_file(s, file) : NULL;
    uint8_t *bytes = rom ? rom->bytes : f ? f->bytes : NULL;
    return bytes ? state_pages_into(r, bytes, NULL, 0, err)
                 : error_set(err, "%s: belongs to nothing", r->name);
}

/* The front end's own: may be anywhere. */
static bool is_hosts(const struct state_reader *r)
{
    const char *name = state_named(r, "blob");
    name = name ? name : state_named(r, "pages");
    return strncmp(name ? name : r->name, "host ", 5) == 0;
}

int machine_saved_read(struct machine_saved *s, struct state_reader *r, struct error *err)
{
    bool seen = false;
    int rc;
    memset(s, 0, sizeof *s);
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

/* ---- loading ------------------------------------------------------------------------------
 */

enum { ITEMS = 3 + DRIVE_COUNT + BOARD_DEVICES, RAMS = 8, KNOWN = 2 + MACHINE_FILES + RAMS };

struct load {
    struct machine *m;
    struct state_reader *r;
    struct error *err;
    struct saved_machine sm;
    bool item[ITEMS], ram[RAMS];
    uint8_t kind[DRIVE_COUNT]; /* of the drives, as configured */
    bool disks_only;
    struct state_known known[KNOWN];
};

/* A struct by its name. 1: done, 0: there is none of the name, -1: err. */
static int load_item(struct load *ld)
{
    struct item it;
    for (unsigned n = 0; n < ITEMS && item_get(ld->m, &ld->sm, n, &it); n++) {
        if (strcmp(it.name, ld->r->name) != 0) {
            continue;
        }
        if (ld->item[n]) {
            return error_set(ld->err, "%s: comes twice", it.name);
        }
        ld->item[n] = true;
        return load_struct(ld->r, it.schema, it.obj, ld->err) < 0 ? -1 : 1;
    }
    return 0;
}

static struct ram *find_ram(const struct load *ld, const char *name, unsigned *n)
{
    *n = 0;
    for (struct ram *r = phys_rams(ld->m->phys); r && name && *n < RAMS; r = r->next, ++*n) {
        if (strcmp(r->name, name) == 0) {
            return r;
        }
    }
    return NULL;
}

static int load_pages(struct load *ld, struct ram *ram)
{
    struct state_run run;
    if (state_pages_into(ld->r, ram->bytes, ld->known, KNOWN, ld->err) < 0) {
        return -1;
    }
    state_run_again(ld->r);
    while (state_run(ld->r, &run)) {
        ram_touch(ram, run.at, run.n);
    }
    return 1;
}

/* Memory as it is: mapped, where the host can, else read. */
static int load_raw(struct load *ld, struct ram *ram)
{
    const struct state_source *src = ld->r->source;
    struct state_raw raw;
    if (state_raw_head(ld->r, &raw, ld->err) < 0) {
        return -1;
    }
    if (raw.size != ram->size) {
        return error_set(ld->err, "%s: has another size", ld->r->name);
    }
    uint8_t *bytes = src->map ? src->map(src->ctx, raw.at, raw.size) : NULL;
    if (bytes) {
        ram_adopt(ld->m->phys, ram, bytes, src->unmap);
        return 1;
    }
    int rc = state_raw_read(ld->r, &raw, ram->bytes, ld->err);
    ram_touch(ram, 0, ram->size);
    return rc < 0 ? -1 : 1;
}

/* The same three answers, for memory. */
static int load_ram(struct load *ld)
{
    const char *blob = after(state_named(ld->r, "blob"), "ram");
    const char *pages = after(state_named(ld->r, "pages"), "ram");
    const char *raw = after(state_named(ld->r, "raw"), "ram");
    unsigned n;
    struct ram *ram = find_ram(ld, blob ? blob : pages ? pages : raw, &n);
    uint64_t size;
    if (!ram) {
        return 0;
    }
    if (pages) {
        return load_pages(ld, ram);
    }
    if (ld->ram[n] || (blob && (state_blob_size(ld->r, ram->size, &size, ld->err) < 0 ||
                                size != ram->size))) {
        return error_set(ld->err, "%s: comes twice, or has another size", ld->r->name);
    }
    ld->ram[n] = true;
    if (raw) {
        return load_raw(ld, ram);
    }
    ram_clear(ld->m->phys, ram);
    return 1;
}

/* The blobs that memory may refer to, by their number. */
static int find_known(struct load *ld, const struct machine_config *cfg)
{
    unsigned n;
    int rc;
    state_rewind(ld->r);
    while ((rc = state_next(ld->r, ld->err)) > 0) {
        const char *name = state_named(ld->r, "blob"), *file = after(name, "firmware");
        if (!name || ld->r->blobs > KNOWN) {
            continue;
        }
        struct state_known *k = &ld->known[ld->r->blobs - 1];
        const struct ram *ram = find_ram(ld, after(name, "ram"), &n);
        if (strcmp(name, "bios") == 0) {
            *k = (struct state_known){cfg->bios, cfg->bios_size};
        } else if (strcmp(name, "vgabios") == 0) {
            *k = (struct state_known){cfg->vgabios, cfg->vgabios_size};
        } else if (ram) {
            *k = (struct state_known){ram->bytes, ram->size};
        }
        for (unsigned i = 0; file && i < cfg->files; i++) {
            if (strcmp(cfg->file[i].name, file) == 0) {
                *k = (struct state_known){cfg->file[i].bytes, cfg->file[i].size};
            }
        }
    }
    return rc;
}

static bool is_elsewhere(const struct state_reader *r)
{
    const char *name = state_named(r, "blob");
    name = name ? name : state_named(r, "pages");
    name = name ? name : state_named(r, "raw");
    name = name ? name : r->name;
    return strcmp(name, "config") == 0 || strcmp(name, "bios") == 0 ||
           strcmp(name, "vgabios") == 0 || after(name, "firmware") || after(name, "host");
}

static int load_sections(struct load *ld)
{
    int rc;
    state_rewind(ld->r);
    while ((rc = state_next(ld->r, ld->err)) > 0) {
        if (is_elsewhere(ld->r)) {
            continue;
        }
        if (strcmp(ld->r->name, "disks only") == 0 && ld->r->length == 0) {
            ld->disks_only = true;
            continue;
        }
        int done = load_item(ld);
        done = done == 0 ? load_ram(ld) : done;
        if (done <= 0) {
            return done < 0
                       ? -1
                       : error_set(ld->err, "%s: this machine has no such part", ld->r->name);
        }
    }
    return rc;
}

/* All or, of a state that has nothing but disks, nothing. */
static int check_complete(struct load *ld)
{
    struct item it;
    unsigned n = 0;
    for (; ld->disks_only && n < ITEMS + RAMS; n++) {
        if (n < ITEMS ? ld->item[n] : ld->ram[n - ITEMS]) {
            return error_set(ld->err, "has only disks, and a machine");
        }
    }
    if (ld->disks_only) {
        return 0;
    }
    for (; n < ITEMS && item_get(ld->m, &ld->sm, n, &it); n++) {
        if (!ld->item[n]) {
            return error_set(ld->err, "%s is missing; another version of this program saved it",
                             it.name);
        }
    }
    n = 0;
    for (const struct ram *r = phys_rams(ld->m->phys); r && n < RAMS; r = r->next) {
        if (!ld->ram[n++]) {
            return error_set(ld->err, "ram %s is missing", r->name);
        }
    }
    return 0;
}

/* The fields of a drive against the medium that is in it. */
static int check_drives(struct load *ld, const struct machine_config *cfg)
{
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        const struct drive *d = &ld->m->board.drive[i];
        const struct media *media = &cfg->drive[i];
        if (d->index != i || d->kind != ld->kind[i] ||
            d->sectors != (media->ops ? media->sectors : 0) ||
            (media->ops && d->read_only != media->read_only)) {
            return error_set(ld->err, "drive %s: its medium is not the one it was",
                             drive_name(i));
        }
    }
    return 0;
}

/* An event that was due long ago would have to be made up for, perhaps for ever. */
static int check_events(struct load *ld)
{
    const struct clock *ck = &ld->m->board.clock;
    for (const struct event *ev = ck->events; ev; ev = ev->all) {
        if (ev->at.when < ck->now) {
            return error_set(ld->err, "event %s lies in the past", ev->name);
        }
    }
    return 0;
}

/* The fields are in: what follows from them. */
static int settle(struct machine *m, const struct saved_machine *sm, struct error *err)
{
    m->input_seq = sm->input_seq;
    m->power_asked = sm->power_asked;
    m->power_what = (enum power_event)sm->power_what;
    m->power_code = sm->power_code;
    m->exit_value = sm->exit_value;
    clock_rebuild(&m->board.clock);
    pci_map(&m->board);
    return cpu_loaded(m->cpu) ? 0 : error_set(err, "cpu: its values contradict each other");
}

static int load_all(struct load *ld, const struct machine_config *cfg)
{
    struct machine *m = ld->m;
    if (find_known(ld, cfg) < 0 || load_sections(ld) < 0 || check_complete(ld) < 0 ||
        check_drives(ld, cfg) < 0 || check_events(ld) < 0) {
        return -1;
    }
    return ld->disks_only ? 0 /* as it was built: at power-on */
                          : settle(m, &ld->sm, ld->err);
}

struct machine *machine_load(const struct machine_config *cfg, const struct host *host,
                             struct state_reader *r, struct error *err)
{
    struct machine *m = machine_new(cfg, host, err);
    struct load *ld = m ? calloc(1, sizeof *ld) : NULL;
    int rc = -1;
    if (ld) {
        *ld = (struct load){.m = m, .r = r, .err = err};
        for (unsigned i = 0; i < DRIVE_COUNT; i++) {
            ld->kind[i] = m->board.drive[i].kind;
        }
        rc = load_all(ld, cfg);
    } else if (m) {
        (void)error_set(err, "out of memory");
    }
    free(ld);
    if (rc < 0) {
        machine_free(m);
        return NULL;
    }
    return m;
}

/* ---- without a file (snapshot.c) ----------------------------------------------------------
 */

size_t machine_fields_size(struct machine *m)
{
    struct saved_machine sm = saved_machine_of(m);
    struct item it;
    size_t size = 0;
    for (unsigned n = 0; item_get(m, &sm, n, &it); n++) {
        size += state_copy_size(it.schema);
    }
    return size;
}

void machine_fields_pack(struct machine *m, uint8_t *out)
{
    struct saved_machine sm = saved_machine_of(m);
    struct item it;
    for (unsigned n = 0; item_get(m, &sm, n, &it); n++) {
        out = state_copy_out(it.schema, it.obj, out);
    }
}

int machine_fields_unpack(struct machine *m, const uint8_t *in, struct error *err)
{
    struct saved_machine sm = {0};
    struct item it;
    for (unsigned n = 0; item_get(m, &sm, n, &it); n++) {
        in = state_copy_in(it.schema, it.obj, in);
        if (!in) {
            return error_set(err, "%s: its values contradict each other", it.name);
        }
    }
    return settle(m, &sm, err);
}
