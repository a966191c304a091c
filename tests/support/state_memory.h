/* tests/support/state_memory.h -- save states in memory, whole and taken apart. */
#ifndef TERRAPIN_TESTS_SUPPORT_STATE_MEMORY_H
#define TERRAPIN_TESTS_SUPPORT_STATE_MEMORY_H

#include "devices/machine.h"
#include "devices/machine_file.h"
#include "mem/state.h"

struct memory_file {
    struct writer w; /* its bytes */
    struct state_sink sink;
    struct state_source source;
};
void memory_file_init(struct memory_file *f); /* empty; for a sink that is written once */
void memory_file_free(struct memory_file *f);

/* f: initialised. Everything but disks. */
void memory_save(struct machine *m, struct memory_file *f);
/* With media (and the like) from cfg; NULL and err. The machine's saved part of cfg comes out
 * of the file. */
struct machine *memory_load(struct memory_file *f, const struct machine_config *cfg,
                            const struct host *host, struct error *err);

/* Copies from into to, section by section; edit may change *n bytes of payload (there is room
 * for `room` of them) or return false to leave the section out. Checksums are made anew. */
typedef bool memory_edit_fn(void *ctx, const char *name, uint8_t *payload, size_t *n,
                            size_t room);
void memory_edit(struct memory_file *from, struct memory_file *to, memory_edit_fn *edit,
                 void *ctx);

#endif
