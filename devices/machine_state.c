/* machine_state.c -- a machine into a save state, and a new machine out of one.
 *
 *   config               what the machine was built from, without files
 *   disks only           empty, or not there: what follows the ROMs is left out
 *   blob bios, blob vgabios     the firmware ROM, and the one on the video card
 *   blob firmware NAME   every file that the firmware can ask for, as it was given at power-on
 *   machine, clock, cpu  field tables
 *   drive fda …, chip CLASS N   field tables; N counts the chips of a class
 *   blob ram NAME        main memory and VRAM; zero pages are left out, and those that equal
 *                        bytes of the blobs above, or of disk images, refer to them
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

#include "devices/machine_file.h"
#include "devices/machine_saved.h"
#include "devices/pci.h"

enum { NAME = STATE_NAME + 1 };

_Static_assert((int)MACHINE_FILES == (int)FIRMWARE_FILES &&
                   (int)MACHINE_DRIVES == (int)DRIVE_COUNT,
               "the public face and the board agree");

/* ---- what has no field table elsewhere ---------------------------------------------------
 */

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

/* Bytes that memory may have copies of. */
static int save_known(struct state_writer *w, const char *name, const uint8_t *bytes,
                      uint64_t size)
{
    return state_bytes(w, name, bytes, size) < 0 ? -1 : state_known(w, bytes, size);
}

static int save_build(const struct machine *m, struct state_writer *w, bool disks_only)
{
    const struct board *b = &m->board;
    int rc = machine_save_config(m, w);
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
                 ? state_raw(w, name, f->bytes, f->size, state_digest(0, f->bytes, f->size),
                             NULL)
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
        uint64_t sum = ram_hash(ph, r); /* page_hash is that of now */
        return state_raw(w, name, r->bytes, r->size, sum, r->page_hash);
    }
    int rc = state_blob(w, name, r->size);
    for (uint64_t page = 0; page < r->size >> PAGE_SHIFT && rc == 0; page++) {
        /* Never written: zeros, and better not looked at, for the host has no memory for it. */
        if (w->under || r->dirty[page] & DIRTY_HASH || r->page_hash[page]) {
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
        rc = state_save_struct(w, it.name, it.schema, it.obj);
    }
    for (struct ram *r = phys_rams(m->phys); r && rc == 0; r = r->next) {
        rc = save_ram(w, m->phys, r);
    }
    return rc;
}

/* ---- loading ------------------------------------------------------------------------------
 */

enum {
    ITEMS = 3 + DRIVE_COUNT + BOARD_DEVICES,
    RAMS = 8,
    KNOWN = 2 + MACHINE_FILES + RAMS + 2 * DRIVE_COUNT
};

struct load {
    struct machine *m;
    struct state_reader *r;
    struct error *err;
    struct saved_machine sm;
    bool item[ITEMS], ram[RAMS];
    const struct machine_config *cfg; /* of the machine to be */
    uint8_t kind[DRIVE_COUNT];        /* of the drives, as configured */
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
        return state_load_struct(ld->r, it.schema, it.obj, ld->err) < 0 ? -1 : 1;
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
    if (state_pages_into(ld->r, ram->bytes, ld->known, KNOWN, ld->cfg->missed, ld->err) < 0) {
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
    if (state_raw_read(ld->r, &raw, ram->bytes, ld->err) < 0) {
        return -1;
    }
    ram_touch(ram, 0, ram->size);
    return 1;
}

/* The same three answers, for memory. */
static int load_ram(struct load *ld)
{
    const char *blob = state_after(state_named(ld->r, "blob"), "ram");
    const char *pages = state_after(state_named(ld->r, "pages"), "ram");
    const char *raw = state_after(state_named(ld->r, "raw"), "ram");
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
    if (!ld->r->base) {
        ram_clear(ld->m->phys, ram);
    }
    return 1;
}

/* The image of a section "image NAME", if it is the one that is there now. */
static int known_image_of(struct load *ld, const char *drive, struct state_known *k)
{
    uint64_t size, digest;
    if (state_image_head(ld->r, &size, &digest, ld->err) < 0) {
        return -1;
    }
    *k = (struct state_known){.size = size, .is_image = true};
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        const struct state_image *im = &ld->cfg->image[i];
        if (strcmp(drive, drive_name(i)) == 0 && im->get && im->size == size &&
            im->digest == digest) {
            k->image = *im;
        }
    }
    return 0;
}

/* What memory may refer to, by its number. cfg: with the ROMs of this file. */
static int find_known(struct load *ld, const struct machine_config *cfg)
{
    unsigned n;
    int rc;
    memset(ld->known, 0, sizeof ld->known);
    state_rewind(ld->r);
    while ((rc = state_next(ld->r, ld->err)) > 0) {
        const char *name = state_named(ld->r, "blob"), *file = state_after(name, "firmware");
        const char *image = state_named(ld->r, "image");
        if (!ld->r->is_blob || ld->r->blobs > KNOWN) {
            continue;
        }
        struct state_known *k = &ld->known[ld->r->blobs - 1];
        const struct ram *ram = find_ram(ld, state_after(name, "ram"), &n);
        if (image && known_image_of(ld, image, k) < 0) {
            return -1;
        }
        if (image) {
            continue;
        }
        if (strcmp(name, "bios") == 0) {
            *k = (struct state_known){.bytes = cfg->bios, .size = cfg->bios_size};
        } else if (strcmp(name, "vgabios") == 0) {
            *k = (struct state_known){.bytes = cfg->vgabios, .size = cfg->vgabios_size};
        } else if (ram) {
            *k = (struct state_known){.bytes = ram->bytes, .size = ram->size};
        }
        for (unsigned i = 0; file && i < cfg->files; i++) {
            if (strcmp(cfg->file[i].name, file) == 0) {
                *k = (struct state_known){.bytes = cfg->file[i].bytes,
                                          .size = cfg->file[i].size};
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
    return state_named(r, "image") || strcmp(name, "base") == 0 ||
           strcmp(name, "config") == 0 || strcmp(name, "bios") == 0 ||
           strcmp(name, "vgabios") == 0 || state_after(name, "firmware") ||
           state_after(name, "host");
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

static int load_memory(struct load *ld)
{
    int rc;
    state_rewind(ld->r);
    while ((rc = state_next(ld->r, ld->err)) > 0) {
        if (load_ram(ld) < 0) {
            return -1;
        }
    }
    return rc;
}

/* What lies under an incremental state: its memory, the lowest first. */
static int load_bases(struct load *ld)
{
    struct state_reader *top = ld->r;
    const struct state_bottom *chain[STATE_CHAIN];
    unsigned n = 0;
    for (const struct state_bottom *b = top->base; b; b = b->reader->base) {
        if (n == STATE_CHAIN) {
            return error_set(ld->err, "base: more than %d states on top of each other",
                             STATE_CHAIN);
        }
        chain[n++] = b;
    }
    while (n-- > 0) {
        ld->r = chain[n]->reader;
        memset(ld->ram, 0, sizeof ld->ram);
        if (find_known(ld, &chain[n]->saved->config) < 0 || load_memory(ld) < 0) {
            struct error why = *ld->err;
            return error_set(ld->err, "base: %.200s", why.text);
        }
    }
    memset(ld->ram, 0, sizeof ld->ram);
    ld->r = top;
    return 0;
}

static int load_all(struct load *ld, const struct machine_config *cfg)
{
    struct machine *m = ld->m;
    if (load_bases(ld) < 0) {
        return -1;
    }
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
        *ld = (struct load){.m = m, .r = r, .err = err, .cfg = cfg};
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
