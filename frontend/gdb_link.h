/* frontend/gdb_link.h -- packets of GDB's remote protocol: bytes in, packets out, and back.
 *
 *   $DATA#SS       SS: sum of DATA's bytes; in DATA, } makes the next byte another by 20h
 *   + -            the last packet was well, was not, until QStartNoAckMode
 *   03h            between packets: stop
 *
 * Whatever comes in, no more than GDB_PACKET bytes of it are kept. Knows no socket and no
 * machine.
 */
#ifndef TERRAPIN_FRONTEND_GDB_LINK_H
#define TERRAPIN_FRONTEND_GDB_LINK_H

#include "mem/types.h"

enum { GDB_PACKET = 0x4000 }; /* bytes of DATA at most, both ways */
enum { GDB_QUEUE = 4 << 20 }; /* that the client has not yet taken */

enum gdb_event {
    GDB_NOTHING,
    GDB_GOT_PACKET,   /* in[0 … len), and a NUL behind */
    GDB_GOT_TOO_LONG, /* a packet, of which not all is there */
    GDB_GOT_STOP,
};

struct gdb_link {
    uint8_t state;    /* enum link_state */
    bool no_acks;     /* QStartNoAckMode */
    bool too_long;    /* more came than in[] holds */
    uint8_t sum;      /* of DATA so far */
    uint8_t sent_sum; /* as the client says */
    bool garbled;     /* … in digits that are none */
    size_t len;
    char in[GDB_PACKET + 1];
    char *out; /* not yet sent */
    size_t out_len;
    size_t last; /* of the last packet, length: … */
    char again[2 * GDB_PACKET + 8];
    bool lost; /* no memory, or the client takes nothing: hang up */
};

/* Answers a packet with + or -, and - with the last packet again. */
enum gdb_event gdb_link_byte(struct gdb_link *l, uint8_t byte);
/* Undoes } in in[]: for packets that hold binary data from in + at on. */
void gdb_link_unescape(struct gdb_link *l, size_t at);
/* Queues a packet of n bytes, GDB_PACKET at most. */
void gdb_link_send(struct gdb_link *l, const char *data, size_t n);
void gdb_link_sent(struct gdb_link *l, size_t n); /* so many bytes of out have gone */
void gdb_link_reset(struct gdb_link *l);          /* a new client */

int hex_digit(char c); /* -1: none */

#endif
