/* frontend/crew.h -- threads that deflate a save state's pages while it is written.
 *
 * They see nothing but the pages that they are given, and the file is the same without them.
 */
#ifndef TERRAPIN_FRONTEND_CREW_H
#define TERRAPIN_FRONTEND_CREW_H

#include "devices/machine_file.h"

enum { CREW_MOST = 8 };

struct crew;
/* n threads, 1 to CREW_MOST. NULL: they cannot be had, and the caller does all by itself. */
struct crew *crew_new(unsigned n);
void crew_free(struct crew *c); /* NULL is fine; all work has been awaited */
/* For a sink; NULL for NULL. */
const struct state_crew *crew_for_states(struct crew *c);

#endif
