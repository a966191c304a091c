/* frontend/tcp_socket.h -- a TCP port that is served: tcp:HOST:PORT. */
#ifndef TERRAPIN_FRONTEND_TCP_SOCKET_H
#define TERRAPIN_FRONTEND_TCP_SOCKET_H

#include "mem/error.h"

/* A listening socket that does not block. host "": every address of this host. -1 and err
 * (which names option): it cannot be. */
int tcp_listen(const char *option, const char *host, uint16_t port, struct error *err);
/* The next client, not blocking; -1: none. */
int tcp_accept(int listener);

#endif
