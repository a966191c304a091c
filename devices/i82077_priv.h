/* devices/i82077_priv.h -- shared by i82077.c (registers, reset, seeks), i82077_cmd.c
 * (commands) and i82077_data.c (sectors). Nobody else includes it.
 */
#ifndef TERRAPIN_DEVICES_I82077_PRIV_H
#define TERRAPIN_DEVICES_I82077_PRIV_H

#include "devices/i82077.h"

enum { FDC_UNITS = 4, FDC_DRIVES = 2, FDC_SECTOR = 512, FDC_FIFO = 16 };

enum fdc_dor { DOR_SELECT = 0x03, DOR_NOT_RESET = 0x04, DOR_DMA_GATE = 0x08, DOR_MOTOR = 0x10 };

enum fdc_config {
    CONFIG_THRESHOLD = 0x0F,
    CONFIG_NO_POLL = 0x10,
    CONFIG_NO_FIFO = 0x20,
    CONFIG_IMPLIED_SEEK = 0x40
};

enum fdc_st0 {
    ST0_ABNORMAL = 0x40,
    ST0_INVALID = 0x80,
    ST0_POLLED = 0xC0,
    ST0_SEEK_END = 0x20,
    ST0_EQUIPMENT_CHECK = 0x10,
    ST0_HEAD = 0x04
};
enum fdc_st1 {
    ST1_END_OF_CYLINDER = 0x80,
    ST1_DATA_ERROR = 0x20,
    ST1_OVERRUN = 0x10,
    ST1_NO_DATA = 0x04,
    ST1_NOT_WRITABLE = 0x02,
    ST1_NO_ADDRESS_MARK = 0x01
};
enum fdc_st2 {
    ST2_CONTROL_MARK = 0x40,
    ST2_DATA_ERROR = 0x20,
    ST2_WRONG_CYLINDER = 0x10,
    ST2_SCAN_EQUAL = 0x08,
    ST2_SCAN_NOT = 0x04
};
enum fdc_st3 {
    ST3_WRITE_PROTECT = 0x40,
    ST3_READY = 0x20,
    ST3_TRACK_0 = 0x10,
    ST3_TWO_SIDES = 0x08
};

enum fdc_phase { PHASE_COMMAND, PHASE_EXECUTE, PHASE_RESULT };

/* What the pending event of a data command will bring. */
enum fdc_stage {
    STAGE_NONE,
    STAGE_SEEK,      /* implied seek; the step event goes on */
    STAGE_SEARCH,    /* head is loaded: look for the sector */
    STAGE_FAIL,      /* two revolutions without it */
    STAGE_DATA,      /* the sector has passed under the head */
    STAGE_TO_HOST,   /* non-DMA: the host takes bytes */
    STAGE_FROM_HOST, /* non-DMA: the host gives bytes */
};

enum fdc_seek { SEEK_NONE, SEEK_TO, SEEK_RECALIBRATE, SEEK_RELATIVE, SEEK_IMPLIED };

/* Data commands, without the bits MT, MFM, SK. */
enum fdc_operation {
    OP_READ_TRACK = 0x02,
    OP_WRITE = 0x05,
    OP_READ = 0x06,
    OP_WRITE_DELETED = 0x09,
    OP_READ_ID = 0x0A,
    OP_READ_DELETED = 0x0C,
    OP_FORMAT = 0x0D,
    OP_SCAN_EQUAL = 0x11,
    OP_VERIFY = 0x16,
    OP_SCAN_LOW = 0x19,
    OP_SCAN_HIGH = 0x1D,
    OP_MASK = 0x1F,
};

enum fdc_interrupt { INT_RESULT = 1, INT_SENSE = 2, INT_BYTE = 4 };

/* One of the four units the chip can address: what it remembers of it, and, for the two that
 * the board has cables for, the drive's mechanics. */
struct i82077_unit {
    struct event step; /* next step pulse, or the end of the seek */
    uint32_t seen;     /* media changes this drive has noticed (struct drive) */
    uint8_t cylinder;  /* where the head is */
    uint8_t pcn;       /* where the controller believes it to be */
    uint8_t steps;     /* pulses left */
    uint8_t seek;      /* enum fdc_seek */
    uint8_t st0;       /* for SENSE INTERRUPT STATUS, if ended */
    bool inward;       /* step direction */
    bool ended;        /* seek complete, not yet sensed */
    bool changed;      /* DSKCHG: since the last step with a medium */
};

/* Command and result bytes. The chip has sixteen; indexes are masked at use. */
struct i82077_fifo {
    uint8_t bytes[FDC_FIFO];
    uint8_t count, next;
};

struct i82077 {
    struct device dev;
    struct event exec;       /* next stage of a data command */
    struct event reset_done; /* polling after a reset has found the drives */
    struct i82077_unit unit[FDC_UNITS];
    uint64_t loaded_until; /* tick at which the head is lifted */
    uint32_t medium;       /* drive's media changes when the data command began */
    struct i82077_fifo fifo;
    uint8_t data[FDC_SECTOR]; /* the sector that is passing */
    uint16_t data_next;       /* non-DMA: next byte of data[] … */
    uint16_t data_length;     /* … of so many */
    uint16_t left;            /* READ TRACK, VERIFY with EC, FORMAT: sectors to go */
    uint8_t ps2;              /* strap: PS/2 mode */
    uint8_t dor, tdr, dsr;    /* dsr: precompensation bits; rate is in `rate` */
    uint8_t rate;             /* enum floppy_rate */
    uint8_t phase, stage;
    uint8_t interrupt;          /* enum fdc_interrupt: why INT is high */
    uint8_t polled;             /* after a reset: units whose status is still to be sensed */
    uint8_t specify1, specify2; /* SRT HUT, HLT ND */
    uint8_t config, pretrack;   /* CONFIGURE */
    uint8_t perpendicular;      /* PERPENDICULAR MODE: D3-D0 GAP WGATE */
    bool locked;
    uint8_t opcode;     /* command byte in execution, with MT, MFM, SK */
    uint8_t select;     /* unit of the command */
    uint8_t head;       /* side under the head */
    uint8_t c, h, r, n; /* sector wanted, later the result */
    uint8_t eot, dtl;   /* last sector; data length, or scan step, or count */
    uint8_t filler;     /* FORMAT */
    uint8_t st0, st1, st2;
    uint8_t toggles; /* status register B: write, read, write-enable edges */
};
extern const struct schema i82077_schema;

static inline uint8_t fdc_operation(const struct i82077 *f)
{
    return f->opcode & OP_MASK;
}

/* --- i82077.c --- */
struct drive *fdc_drive(const struct i82077 *f, unsigned unit); /* NULL: nothing connected */
bool fdc_spinning(const struct i82077 *f, unsigned unit);       /* medium, and motor on */
bool fdc_at_track_0(const struct i82077 *f, unsigned unit);
uint64_t fdc_ticks(const struct i82077 *f, uint64_t us);
uint32_t fdc_by_rate(const struct i82077 *f, uint32_t us_at_500k); /* timers follow the rate */
uint32_t fdc_revolution_us(const struct i82077 *f, const struct floppy_format *fmt);
void fdc_interrupt(struct i82077 *f, uint8_t set, uint8_t clear);
void fdc_seek(struct i82077 *f, unsigned unit, enum fdc_seek kind, unsigned steps, bool inward);
void fdc_rearm_sense(struct i82077 *f); /* a seek that ended meanwhile asks for attention */

/* --- i82077_cmd.c --- */
uint8_t fdc_data_read(struct i82077 *f); /* the FIFO register */
void fdc_data_write(struct i82077 *f, uint8_t byte);
void fdc_results(struct i82077 *f, const uint8_t *bytes, unsigned n);

/* --- i82077_data.c --- */
void fdc_exec_fire(void *ctx, uint64_t when);
void fdc_load_head(struct i82077 *f); /* begins a data command … */
void fdc_seek_done(struct i82077 *f); /* … or goes on after its implied seek */
uint8_t fdc_host_takes(struct i82077 *f);
void fdc_host_gives(struct i82077 *f, uint8_t byte);

#endif
