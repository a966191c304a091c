/* devices/machine_saved.h -- what machine_state.c and machine_saved.c share: structs as
 * sections, and the configuration.
 */
#ifndef TERRAPIN_DEVICES_MACHINE_SAVED_H
#define TERRAPIN_DEVICES_MACHINE_SAVED_H

#include "devices/machine_file.h"
#include "mem/state.h"

struct machine;

int state_save_struct(struct state_writer *w, const char *name, const struct schema *sc,
                      const void *obj);
/* Of the present section. */
int state_load_struct(struct state_reader *r, const struct schema *sc, void *obj,
                      struct error *err);
/* "WORD NAME": NAME, else NULL; name may be NULL. */
const char *state_after(const char *name, const char *word);
int machine_save_config(const struct machine *m, struct state_writer *w);

#endif
