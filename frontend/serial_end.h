/* frontend/serial_end.h -- the host's end of a serial line: a file, a socket, a
 * pseudo-terminal, or this process's stdin and stdout. Nothing here waits.
 */
#ifndef TERRAPIN_FRONTEND_SERIAL_END_H
#define TERRAPIN_FRONTEND_SERIAL_END_H

#include "frontend/serial_option.h"
#include "mem/error.h"

struct serial_end {
    enum serial_kind kind;
    int in, out;  /* -1: nobody */
    int listener; /* of a socket, or -1 */
    char socket[SERIAL_SOCKET];
    bool failed; /* it takes no more output */
};

/* n: number of the port, for messages. */
int serial_end_open(struct serial_end *e, const struct serial_option *o, unsigned n,
                    struct error *err);
void serial_end_close(struct serial_end *e);
/* A client of a socket, if one has come and there is none. */
void serial_end_accept(struct serial_end *e);
/* How many bytes have come, at most n. -1: there will be no more. */
int serial_end_read(struct serial_end *e, uint8_t *bytes, size_t n);
/* How many bytes are gone: all of them when nobody listens. */
size_t serial_end_write(struct serial_end *e, const uint8_t *bytes, size_t n);

#endif
