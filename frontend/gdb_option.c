/* frontend/gdb_option.c -- see the header. */
#include "frontend/gdb_option.h"

#include "frontend/parse.h"

#include <string.h>

/* HOST:PORT; HOST is a name, an address, or an address of IPv6 in brackets. */
static bool parse_tcp(const char *value, struct gdb_option *out)
{
    char port[8];
    uint64_t n;
    size_t len = strcspn(value, ",");
    const char *colon = value + len;
    while (colon > value && *colon != ':') {
        colon--;
    }
    size_t host = (size_t)(colon - value), digits = len - host - 1;
    if (*colon != ':' || host >= sizeof out->host || digits == 0 || digits >= sizeof port ||
        !known_suffixes(value + len)) {
        return false;
    }
    bool bracketed = host >= 2 && value[0] == '[' && colon[-1] == ']';
    memcpy(out->host, value + bracketed, host - 2 * (size_t)bracketed);
    memcpy(port, colon + 1, digits);
    port[digits] = '\0';
    out->kind = GDB_TCP;
    out->port = (uint16_t)(parse_u64(port, UINT16_MAX, &n) ? n : 0);
    return out->port != 0;
}

bool gdb_option_parse(const char *value, struct gdb_option *out)
{
    struct serial_option end;
    *out = (struct gdb_option){.kind = GDB_NONE};
    if (strcmp(value, "none") == 0) {
        return true;
    }
    if (strncmp(value, "tcp:", 4) == 0) {
        return parse_tcp(value + 4, out);
    }
    if (!serial_option_parse(value, &end) || end.kind != SERIAL_UNIX) {
        return false;
    }
    out->kind = GDB_UNIX;
    memcpy(out->path, end.socket, sizeof out->path);
    return true;
}
