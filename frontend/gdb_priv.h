/* frontend/gdb_priv.h -- the debugger's server from inside; for gdb*.c. */
#ifndef TERRAPIN_FRONTEND_GDB_PRIV_H
#define TERRAPIN_FRONTEND_GDB_PRIV_H

#include "devices/machine.h"
#include "frontend/gdb.h"
#include "frontend/gdb_link.h"
#include "frontend/session.h"

/* Kinds of points, as in Z0 … Z4. */
enum gdb_kind_of_point { GDB_SOFT, GDB_HARD, GDB_WRITE, GDB_READ, GDB_ACCESS };
enum { GDB_POINTS = 288 };
struct gdb_point {
    uint8_t kind;
    uint32_t la, len;
};

struct gdb {
    struct gdb_option at;
    int listener, client; /* client: -1: nobody */
    bool hung_up;         /* the client has said its last word */
    struct gdb_link link;
    bool waiting;     /* it has let the machine run, and will be told of the stop */
    bool interrupted; /* … and has asked for it */
    bool busy;        /* in gdb_poll */
    bool names_stops; /* it understands swbreak and hwbreak */
    bool step_into;   /* Qqemu.sstep: steps may end in an interrupt's handler */
    bool physical;    /* Qqemu.PhyMemMode: memory by physical address */
    struct gdb_point point[GDB_POINTS]; /* the client's; the machine has them, too … */
    unsigned points;
    unsigned loads; /* … if this is s->loads */
    char *xml;      /* the target's description, or NULL */
    size_t xml_len;
};

/* A reply in the making: what does not fit is cut off. */
struct reply {
    size_t n;
    char text[GDB_PACKET];
};
void reply_put(struct reply *r, const char *format, ...) PRINTF_LIKE(2, 3);
void reply_hex(struct reply *r, const uint8_t *bytes, size_t n);

/* gdb_packet.c: answers the packet in g->link. */
void gdb_packet(struct gdb *g, struct session *s);
void gdb_tell_stop(struct gdb *g, struct session *s);
void gdb_tell_found(struct gdb *g, struct session *s, enum machine_found found, uint32_t la);
void gdb_points_install(struct gdb *g, struct session *s); /* into a machine without */
void gdb_points_clear(struct gdb *g, struct session *s);
/* "12ab": from *p on; false: no digit, or more than 64 bits. */
bool take_hex(const char **p, uint64_t *v);

/* gdb_reverse.c: bs and bc */
void gdb_back_step(struct gdb *g, struct session *s, const char *p);
void gdb_back_continue(struct gdb *g, struct session *s, const char *p);

/* gdb_target.c: registers by number. */
enum { GDB_REG_LONGEST = 16 };
unsigned gdb_register_size(unsigned n); /* 0: no such register */
void gdb_register_get(const struct machine *m, unsigned n, uint8_t *out);
/* false: it cannot have this value. */
bool gdb_register_set(struct machine *m, unsigned n, const uint8_t *in);
unsigned gdb_registers_in_g(void); /* the first so many are what g and G carry */
char *gdb_target_xml(const struct machine *m, size_t *len); /* malloc'ed; NULL: no memory */

#endif
