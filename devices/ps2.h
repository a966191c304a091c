/* devices/ps2.h -- what hangs on the 8042's two serial ports: keyboard and mouse.
 *
 * Each is a small computer of its own: it takes command bytes, answers with bytes, and reports
 * keys or movement. The 8042 (i8042.c) takes one byte at a time when its output buffer is free
 * and tells a device about bytes from the host; the devices tell the 8042 through `ready` that
 * they have something to send. They own their queues and timers and know nothing of ports or
 * IRQs.
 */
#ifndef TERRAPIN_DEVICES_PS2_H
#define TERRAPIN_DEVICES_PS2_H

#include "devices/clock.h"
#include "mem/state.h"

/* A bounded queue of bytes. Indexes are masked where they are used; what does not fit is
 * dropped and the caller is told. */
enum { PS2_FIFO_SIZE = 64 };
struct ps2_fifo {
    uint8_t bytes[PS2_FIFO_SIZE];
    uint8_t head, count;
};
extern const struct schema ps2_fifo_schema;

static inline void ps2_fifo_clear(struct ps2_fifo *q)
{
    q->head = q->count = 0;
}

static inline unsigned ps2_fifo_room(const struct ps2_fifo *q)
{
    return q->count < PS2_FIFO_SIZE ? PS2_FIFO_SIZE - (unsigned)q->count : 0;
}

static inline bool ps2_fifo_put(struct ps2_fifo *q, uint8_t byte)
{
    if (ps2_fifo_room(q) == 0) {
        return false;
    }
    q->bytes[(unsigned)(q->head + q->count) % PS2_FIFO_SIZE] = byte;
    q->count++;
    return true;
}

static inline bool ps2_fifo_get(struct ps2_fifo *q, uint8_t *byte)
{
    if (q->count == 0) {
        return false;
    }
    *byte = q->bytes[q->head % PS2_FIFO_SIZE];
    q->head = (uint8_t)((q->head + 1u) % PS2_FIFO_SIZE);
    q->count--;
    return true;
}

/* How a device reaches its controller; not state. */
struct ps2_link {
    struct clock *clock;
    void (*ready)(void *ctx); /* something was queued */
    void *ctx;
};

/* Bytes that both devices speak. */
enum ps2_byte {
    PS2_RESET = 0xFF,
    PS2_RESEND = 0xFE, /* from the host: say it again; from the device: not understood */
    PS2_ACK = 0xFA,
    PS2_BAT_OK = 0xAA, /* basic assurance test passed */
};
/* The self-test after a reset. Real devices take 300 to 500 ms; nothing depends on that length.
 */
enum { PS2_BAT_US = 100000 };

enum { KBD_SET3_CODES = 0x90, KBD_HELD_BYTES = 32 };
struct ps2kbd {
    struct ps2_link link;
    struct event typematic;           /* next repetition of repeat_key */
    struct event bat;                 /* end of the self-test */
    struct ps2_fifo reply;            /* answers overtake scan codes */
    struct ps2_fifo scan;             /* whole sequences only */
    uint8_t held[KBD_HELD_BYTES];     /* one bit a key that is down: set-1 code, +80h for E0 */
    uint8_t key_mode[KBD_SET3_CODES]; /* scan-code set 3: enum kbd_key_mode by code */
    uint16_t repeat_key;              /* key that repeats, 0: none */
    uint8_t set;                      /* scan-code set 1..3 */
    uint8_t leds;                     /* bit 0 Scroll, 1 Num, 2 Caps */
    uint8_t rate;                     /* typematic byte of command F3h */
    uint8_t command;                  /* command that waits for its argument, 0: none */
    uint8_t last;                     /* byte sent last, for FEh */
    bool scanning;                    /* keys are reported */
    bool overrun;                     /* the overrun code is the last in `scan` */
};
extern const struct schema ps2kbd_schema;

void ps2kbd_init(struct ps2kbd *k, const struct ps2_link *link);
void ps2kbd_power_on(struct ps2kbd *k);
void ps2kbd_command(struct ps2kbd *k, uint8_t byte);         /* from the host */
void ps2kbd_key(struct ps2kbd *k, uint16_t code, bool down); /* codes of devices/input.h */
bool ps2kbd_next(struct ps2kbd *k, uint8_t *byte);           /* to the host; false: nothing */
bool ps2kbd_pending(const struct ps2kbd *k);

struct ps2mouse {
    struct ps2_link link;
    struct event sample; /* end of the sample period after a packet */
    struct event bat;    /* end of the self-test */
    struct ps2_fifo out; /* answers and at most one packet */
    int32_t dx, dy, dz;  /* movement not yet reported: right, up, towards the user */
    uint8_t buttons;     /* bit 0 left, 1 right, 2 middle, 3 and 4 the side buttons */
    uint8_t reported;    /* buttons as the last packet had them */
    uint8_t id;          /* 0: three buttons, 3: wheel, 4: wheel and five buttons */
    uint8_t rate;        /* samples a second */
    uint8_t resolution;  /* 0..3: 1, 2, 4, 8 counts a millimetre */
    uint8_t command;     /* command that waits for its argument, 0: none */
    uint8_t history[2];  /* the two sample rates before the last: the knock */
    uint8_t last[4];     /* what was sent last, for FEh */
    uint8_t last_length;
    uint8_t errors; /* bad bytes in a row */
    bool enabled;   /* stream mode reports */
    bool remote;    /* reports on EBh only */
    bool wrap;      /* echoes */
    bool scaled;    /* 2:1 */
    bool lost;      /* movement beyond the counters was lost */
};
extern const struct schema ps2mouse_schema;

void ps2mouse_init(struct ps2mouse *m, const struct ps2_link *link);
void ps2mouse_power_on(struct ps2mouse *m);
void ps2mouse_command(struct ps2mouse *m, uint8_t byte);
/* dy positive: down; dz positive: away from the user. */
void ps2mouse_move(struct ps2mouse *m, int dx, int dy, int dz, unsigned buttons);
bool ps2mouse_next(struct ps2mouse *m, uint8_t *byte);
bool ps2mouse_pending(const struct ps2mouse *m);

#endif
