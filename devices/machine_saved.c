/* machine_saved.c -- what a save state says of the machine in it, to compare and to free; and
 * raw sections looked at byte by byte, which loading maps unseen. */
#include <stdlib.h>
#include <string.h>

#include "devices/boot.h"
#include "devices/device.h"
#include "devices/machine.h"
#include "devices/machine_file.h"
#include "mem/state.h"

/* As the state hash has it: of the pages that are not zeros (mem/phys.c, ram_hash()). */
static int memory_sum(struct state_reader *r, const struct state_raw *raw, const char *name,
                      uint64_t *sum, struct error *err)
{
    uint64_t seed = hash_bytes(0, name, strlen(name));
    *sum = 0;
    for (uint64_t page = 0; page < raw->size / STATE_PAGE; page++) {
        if (r->source->get(r->source->ctx, raw->at + page * STATE_PAGE, r->chunk, STATE_PAGE) !=
            0) {
            return error_set(err, "cannot be read");
        }
        if (!state_all_zero(r->chunk, STATE_PAGE)) {
            uint64_t h = hash_bytes(hash_u64(seed, page), r->chunk, STATE_PAGE);
            *sum += h + (h == 0);
        }
    }
    return 0;
}

static int file_sum(struct state_reader *r, const struct state_raw *raw, uint64_t *sum,
                    struct error *err)
{
    uint8_t *bytes = malloc((size_t)raw->size + 1);
    int rc = bytes ? r->source->get(r->source->ctx, raw->at, bytes, (size_t)raw->size) : 0;
    *sum = bytes && rc == 0 ? state_digest(0, bytes, (size_t)raw->size) : 0;
    free(bytes);
    return !bytes   ? error_set(err, "out of memory")
           : rc < 0 ? error_set(err, "cannot be read")
                    : 0;
}

int machine_saved_check_raw(struct state_reader *r, struct error *err)
{
    int rc;
    state_rewind(r);
    while ((rc = state_next(r, err)) > 0) {
        const char *name = state_named(r, "raw");
        struct state_raw raw;
        uint64_t sum;
        if (!name) {
            continue;
        }
        if (state_raw_head(r, &raw, err) < 0) {
            return -1;
        }
        bool memory = strncmp(name, "ram ", 4) == 0;
        if ((memory ? memory_sum(r, &raw, name + 4, &sum, err) : file_sum(r, &raw, &sum, err)) <
            0) {
            return -1;
        }
        if (sum != raw.sum) {
            return error_set(err, "is damaged: section %s has a wrong sum", r->name);
        }
    }
    return rc;
}

const struct machine_file *machine_saved_file(const struct machine_saved *s, const char *name)
{
    for (unsigned i = 0; i < s->files; i++) {
        if (strcmp(s->file[i].name, name) == 0) {
            return &s->file[i];
        }
    }
    return NULL;
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
        const struct machine_file *old = machine_saved_file(s, f->name);
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
