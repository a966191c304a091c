/* frontend/unix_socket.h -- a Unix socket that is served at a path: unix:PATH. */
#ifndef TERRAPIN_FRONTEND_UNIX_SOCKET_H
#define TERRAPIN_FRONTEND_UNIX_SOCKET_H

#include "mem/error.h"

/* A listening socket that does not block. It replaces a dead one; -1 and err (which names
 * option): it cannot be. */
int unix_listen(const char *option, const char *path, struct error *err);
/* The next client, not blocking; -1: none. */
int unix_accept(int listener);
void socket_set_flags(int fd); /* does not block, is not inherited */
void unix_unlisten(int listener, const char *path);

#endif
