/* frontend/taken.h -- files that have a use already, so that no output goes over them.
 *
 * By device and inode: another name, or a link, is the same file. What is no regular file (a
 * terminal, /dev/null) may have any number of uses.
 */
#ifndef TERRAPIN_FRONTEND_TAKEN_H
#define TERRAPIN_FRONTEND_TAKEN_H

#include "mem/error.h"

#include <stdbool.h>

struct session;

/* -1 and err, which begins with `who` and the path: it is a disk in a drive, is written to or
 * played by this session, or is what one of its options reads. */
int taken_check(const struct session *s, const char *who, const char *path, struct error *err);
/* The same, but the state of -loadvm may be replaced: by a later state. */
int taken_check_state(const struct session *s, const char *who, const char *path,
                      struct error *err);

/* Is this file open as fd? */
bool taken_is(int fd, const char *path);

#endif
