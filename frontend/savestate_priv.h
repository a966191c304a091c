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
    char *own_path;          /* the path, if nobody else owns it */
    int fd;
    /* Of an incremental state: what it lies on, which this owns; and what lies on this. */
    struct savestate *base;
    const struct savestate *upper;
    struct state_bottom bottom;
    struct state_source source;
    struct state_reader reader;
    struct machine_saved saved;
    struct saved_disks disks;
    struct drives drives, looked; /* looked: images that memory may refer to, for tools */
    uint64_t missed;              /* pages of those that are missing */
    const struct drives *former;
    bool drives_open;
    uint8_t mouse_buttons;
    char about[100]; /* which program saved it; "": not known */
};

/* Reads the file; no disk is opened. NULL and err. */
struct savestate *savestate_look(const char *path, struct error *err);
/* Its machine, with disks that cannot be read: for looking at, not for running. NULL and err.
 * Pages of images that are missing or have changed are zeros; st->missed counts them. */
struct machine *savestate_machine(struct savestate *st, struct error *err);
/* The same, complete; the images are those of d. */
struct machine *savestate_machine_on(struct savestate *st, const struct drives *d,
                                     struct error *err);
/* How many states there are in the chain, this one included. */
unsigned savestate_depth(const struct savestate *st);
/* 0, or -1 and err: the file of this name is one of them. */
int savestate_lies_on(const struct savestate *st, const char *path, struct error *err);

#endif
