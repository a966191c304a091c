/* frontend/gdb_link.c -- see the header. */
#include "frontend/gdb_link.h"

#include <stdlib.h>
#include <string.h>

enum link_state { BETWEEN, IN_DATA, IN_SUM_1, IN_SUM_2 };

int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* ---- out */

static void queue(struct gdb_link *l, const char *bytes, size_t n)
{
    char *more = l->out_len + n <= GDB_QUEUE ? realloc(l->out, l->out_len + n) : NULL;
    if (more == NULL) {
        l->lost = true;
        return;
    }
    memcpy(more + l->out_len, bytes, n);
    l->out = more;
    l->out_len += n;
}

void gdb_link_send(struct gdb_link *l, const char *data, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char *p = l->again;
    uint8_t sum = 0;
    *p++ = '$';
    for (size_t k = 0; k < n && k < GDB_PACKET; k++) {
        char c = data[k];
        if (c == '#' || c == '$' || c == '}' || c == '*') {
            *p++ = '}';
            sum = (uint8_t)(sum + '}');
            c ^= 0x20;
        }
        *p++ = c;
        sum = (uint8_t)(sum + (uint8_t)c);
    }
    *p++ = '#';
    *p++ = digits[sum >> 4];
    *p++ = digits[sum & 15];
    l->last = (size_t)(p - l->again);
    queue(l, l->again, l->last);
}

void gdb_link_sent(struct gdb_link *l, size_t n)
{
    memmove(l->out, l->out + n, l->out_len - n);
    l->out_len -= n;
}

void gdb_link_reset(struct gdb_link *l)
{
    free(l->out);
    *l = (struct gdb_link){.state = BETWEEN};
}

/* ---- in */

void gdb_link_unescape(struct gdb_link *l, size_t at)
{
    size_t to = at;
    for (size_t from = at; from < l->len; from++) {
        bool escape = l->in[from] == '}' && from + 1 < l->len;
        l->in[to++] = escape ? l->in[++from] ^ 0x20 : l->in[from];
    }
    l->len = to;
    l->in[to] = '\0';
}

static enum gdb_event between(struct gdb_link *l, uint8_t byte)
{
    if (byte == '$') {
        l->state = IN_DATA;
        l->len = 0;
        l->sum = 0;
        l->too_long = l->garbled = false;
    } else if (byte == '-' && !l->no_acks && l->last > 0) {
        queue(l, l->again, l->last);
    }
    return byte == 3 ? GDB_GOT_STOP : GDB_NOTHING; /* +, and noise on the line, say nothing */
}

static void data(struct gdb_link *l, uint8_t byte)
{
    l->sum = (uint8_t)(l->sum + byte);
    if (l->len < GDB_PACKET) {
        l->in[l->len++] = (char)byte;
    } else {
        l->too_long = true;
    }
}

static enum gdb_event complete(struct gdb_link *l)
{
    bool good = !l->garbled && l->sent_sum == l->sum;
    l->state = BETWEEN;
    l->in[l->len] = '\0';
    if (!l->no_acks) {
        queue(l, good ? "+" : "-", 1);
    }
    return !good         ? GDB_NOTHING /* without acks it is lost: the client will ask again */
           : l->too_long ? GDB_GOT_TOO_LONG
                         : GDB_GOT_PACKET;
}

static void sum_digit(struct gdb_link *l, uint8_t byte)
{
    int digit = hex_digit((char)byte);
    l->garbled |= digit < 0;
    l->sent_sum = (uint8_t)(l->sent_sum << 4 | (digit & 15));
}

enum gdb_event gdb_link_byte(struct gdb_link *l, uint8_t byte)
{
    switch (l->state) {
    case BETWEEN: return between(l, byte);
    case IN_DATA:
        if (byte == '$') {
            l->state = BETWEEN; /* the one before was cut off */
            return between(l, byte);
        }
        if (byte == '#') {
            l->state = IN_SUM_1;
        } else {
            data(l, byte);
        }
        return GDB_NOTHING;
    case IN_SUM_1:
        sum_digit(l, byte);
        l->state = IN_SUM_2;
        return GDB_NOTHING;
    default: sum_digit(l, byte); return complete(l);
    }
}
