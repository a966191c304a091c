/* frontend/gdb_option.h -- what -gdb and -s say. */
#ifndef TERRAPIN_FRONTEND_GDB_OPTION_H
#define TERRAPIN_FRONTEND_GDB_OPTION_H

#include "frontend/serial_option.h"

enum { GDB_HOST = 64 };

enum gdb_kind { GDB_NONE, GDB_TCP, GDB_UNIX };

struct gdb_option {
    enum gdb_kind kind;
    char host[GDB_HOST]; /* "": every address of this host */
    uint16_t port;
    char path[SERIAL_SOCKET]; /* of GDB_UNIX */
};

/* "tcp:HOST:PORT", "tcp::PORT", "unix:PATH", with QEMU's ",server,nowait" if you like; "none".
 */
bool gdb_option_parse(const char *value, struct gdb_option *out);

#endif
