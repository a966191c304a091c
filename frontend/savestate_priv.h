/* frontend/savestate_priv.h -- a state that has been read: for loading it, and for looking at
 * it.
 */
#ifndef TERRAPIN_FRONTEND_SAVESTATE_PRIV_H
#define TERRAPIN_FRONTEND_SAVESTATE_PRIV_H

#include "devices/machine_file.h"
#include "frontend/savestate.h"
#include "frontend/state_disks.h"

struct savestate {
    const char *verb, *path; /* for messages: "loadvm ", or "" */
    int fd;
    struct state_source source;
    struct state_reader reader;
    struct machine_saved saved;
    struct saved_disks disks;
    struct drives drives;
    const struct drives *former;
    bool drives_open;
    uint8_t mouse_buttons;
    char about[100]; /* which program saved it; "": not known */
};

/* Reads the file; no disk is opened. NULL and err. */
struct savestate *savestate_look(const char *path, struct error *err);
/* Its machine, with disks that cannot be read: for looking at, not for running. NULL and err.
 */
struct machine *savestate_machine(struct savestate *st, struct error *err);

#endif
