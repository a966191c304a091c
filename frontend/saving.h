/* frontend/saving.h -- a save state is written while the guest runs on.
 *
 * A process of its own writes it: fork() gives it all memory as it was at that moment, copied
 * by the host only where the guest then stores. Disks are no memory: they are written first,
 * and a guest that writes to one before that waits for it. Where fork() fails the guest waits
 * for all.
 */
#ifndef TERRAPIN_FRONTEND_SAVING_H
#define TERRAPIN_FRONTEND_SAVING_H

#include "mem/error.h"

#include <stdbool.h>

struct session;
struct saving;

struct save_request {
    const char *path;
    const char *base; /* incremental, of this state; or NULL */
    bool disks_only, raw;
    unsigned threads; /* that deflate */
};

/* The machine's state is taken; it may run on. NULL and err: nothing has been touched. */
struct saving *saving_begin(struct session *s, const struct save_request *rq,
                            struct error *err);
/* Is it finished? wait: not before it is. */
bool saving_done(struct saving *sv, bool wait);
int saving_process(const struct saving *sv); /* its number; 0: none */
/* After that, in any case: 0, or -1 and err: the file is what it was before. Frees. */
int saving_end(struct saving *sv, struct error *err);

#endif
