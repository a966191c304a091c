/* tests/support/state_memory.c -- see the header. */
#include "tests/support/state_memory.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static int put(void *ctx, const void *bytes, size_t n)
{
    struct memory_file *f = ctx;
    writer_put(&f->w, bytes, n);
    f->source.size = f->w.len;
    return f->w.failed ? -1 : 0;
}

static int get(void *ctx, uint64_t at, void *out, size_t n)
{
    const struct memory_file *f = ctx;
    if (n > f->w.len || at > f->w.len - n) {
        return -1;
    }
    memcpy(out, f->w.bytes + at, n);
    return 0;
}

void memory_file_init(struct memory_file *f)
{
    *f = (struct memory_file){.sink = {.ctx = f, .put = put}, .source = {.ctx = f, .get = get}};
}

void memory_file_free(struct memory_file *f)
{
    writer_free(&f->w);
}

void memory_save(struct machine *m, struct memory_file *f)
{
    struct state_writer w;
    ck_assert_int_eq(state_begin(&w, &f->sink), 0);
    ck_assert_int_eq(machine_save(m, &w), 0);
    ck_assert_int_eq(state_end(&w), 0);
}

static struct machine *load(struct state_reader *r, struct machine_saved *saved,
                            const struct machine_config *cfg, const struct host *host,
                            struct error *err)
{
    if (machine_saved_read(saved, r, err) < 0) {
        return NULL;
    }
    memcpy(saved->config.drive, cfg->drive, sizeof cfg->drive);
    saved->config.single_step = cfg->single_step;
    saved->config.no_assist = cfg->no_assist;
    saved->config.shadow_flush = cfg->shadow_flush;
    saved->config.stop_on_reset = cfg->stop_on_reset;
    saved->config.stop_on_triple_fault = cfg->stop_on_triple_fault;
    return machine_load(&saved->config, host, r, err);
}

struct machine *memory_load(struct memory_file *f, const struct machine_config *cfg,
                            const struct host *host, struct error *err)
{
    struct state_reader r;
    struct machine_saved *saved = calloc(1, sizeof *saved);
    ck_assert_ptr_nonnull(saved);
    struct machine *m =
        state_open(&r, &f->source, err) == 0 ? load(&r, saved, cfg, host, err) : NULL;
    machine_saved_free(saved);
    free(saved);
    state_close(&r);
    return m;
}

/* Structs are packed; blobs and what belongs to the front end are not. */
static bool is_packed(const char *name)
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

void memory_edit(struct memory_file *from, struct memory_file *to, memory_edit_fn *edit,
                 void *ctx)
{
    struct state_reader r;
    struct state_writer w;
    struct error err = {""};
    memory_file_init(to);
    ck_assert_msg(state_open(&r, &from->source, &err) == 0, "%s", err.text);
    ck_assert_int_eq(state_begin(&w, &to->sink), 0);
    int rc;
    while ((rc = state_next(&r, &err)) > 0) {
        bool packed = is_packed(r.name);
        size_t n = r.length, room = packed ? STATE_PACKED : STATE_SECTION;
        int got = packed ? state_unpack(&r, &n, &err) : state_payload(&r, &err);
        uint8_t *payload = packed ? r.chunk : r.payload;
        ck_assert_msg(got == 0, "%s", err.text);
        if (edit(ctx, r.name, payload, &n, room)) {
            int put = packed ? state_packed(&w, r.name, payload, n)
                             : state_section(&w, r.name, payload, n);
            ck_assert_int_eq(put, 0);
        }
    }
    ck_assert_int_eq(rc, 0);
    ck_assert_int_eq(state_end(&w), 0);
    state_close(&r);
}
