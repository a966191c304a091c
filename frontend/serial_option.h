/* frontend/serial_option.h -- what -serial says about one port. */
#ifndef TERRAPIN_FRONTEND_SERIAL_OPTION_H
#define TERRAPIN_FRONTEND_SERIAL_OPTION_H

#include "mem/types.h"

enum { SERIAL_PORTS = 4, SERIAL_SOCKET = 108 };

enum serial_kind {
    SERIAL_NONE, /* no such port */
    SERIAL_NULL, /* nobody at the other end */
    SERIAL_STDIO,
    SERIAL_MON_STDIO, /* shared with the monitor */
    SERIAL_FILE,
    SERIAL_UNIX,
    SERIAL_PTY,
};

struct serial_option {
    enum serial_kind kind;
    const char *file;           /* of SERIAL_FILE */
    char socket[SERIAL_SOCKET]; /* of SERIAL_UNIX: its path */
};

/* "stdio", "mon:stdio", "file:F", "unix:PATH[,server][,wait=off]", "pty", "null", "none". */
bool serial_option_parse(const char *value, struct serial_option *out);
/* Is s a list ",server,nowait" of what QEMU wants to hear of a socket? */
bool known_suffixes(const char *s);
/* Does it use this process's stdin and stdout? */
static inline bool serial_on_stdio(const struct serial_option *o)
{
    return o->kind == SERIAL_STDIO || o->kind == SERIAL_MON_STDIO;
}

#endif
