/* frontend/tcp_socket.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/tcp_socket.h"
#include "frontend/unix_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_at(const struct addrinfo *a)
{
    int on = 1, fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, 1) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    socket_set_flags(fd);
    return fd;
}

/* The first of its addresses that can be had. */
int tcp_listen(const char *option, const char *host, uint16_t port, struct error *err)
{
    struct addrinfo hints = {.ai_family = *host ? AF_UNSPEC : AF_INET,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE};
    struct addrinfo *list = NULL;
    char service[8];
    int fd = -1;
    snprintf(service, sizeof service, "%u", (unsigned)port);
    int rc = getaddrinfo(*host ? host : NULL, service, &hints, &list);
    if (rc != 0) {
        return error_set(err, "%s tcp:%s:%s: %s; give a host that is this one", option, host,
                         service, gai_strerror(rc));
    }
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = listen_at(a);
    }
    if (fd < 0) {
        error_set(err, "%s tcp:%s:%s: %s; give another port", option, host, service,
                  strerror(errno));
    }
    freeaddrinfo(list);
    return fd;
}

int tcp_accept(int listener)
{
    int on = 1, fd = unix_accept(listener);
    if (fd >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* packets are short */
    }
    return fd;
}
