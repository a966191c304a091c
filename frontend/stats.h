/* frontend/stats.h -- what -stats prints at the end. */
#ifndef TERRAPIN_FRONTEND_STATS_H
#define TERRAPIN_FRONTEND_STATS_H

struct session;
/* On stderr: speed, info engine and info traps; its sites by name, with -symbols. */
void stats_print(const struct session *s);

#endif
