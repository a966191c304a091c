/* devices/i82077_cmd.c -- 82077AA: command and result bytes, and the commands without data.
 *
 *   06 READ DATA                  05 WRITE DATA         02 READ TRACK      16 VERIFY
 *   0C READ DELETED DATA          09 WRITE DELETED DATA 0A READ ID         0D FORMAT TRACK
 *   11 SCAN EQUAL                 19 SCAN LOW OR EQUAL  1D SCAN HIGH OR EQUAL
 *   03 SPECIFY     04 SENSE DRIVE STATUS    07 RECALIBRATE    08 SENSE INTERRUPT STATUS
 *   0E DUMPREG     0F SEEK, 8F/CF RELATIVE  10 VERSION (90h)  12 PERPENDICULAR MODE
 *   13 CONFIGURE   14/94 LOCK               anything else: ST0 = 80h
 * Bits 7-5 of a data command: MT (both sides), MFM, SK (skip deleted data).
 *
 * A command is complete when its table row's number of bytes has come. Data commands then go on
 * in i82077_data.c and end with an interrupt and seven result bytes.
 */
#include "devices/i82077_priv.h"

enum { VERIFY_COUNTS = 0x80 };

/* --- phases ------------------------------------------------------------------------------ */

static void to_command_phase(struct i82077 *f)
{
    f->phase = PHASE_COMMAND;
    f->fifo.count = f->fifo.next = 0;
}

void fdc_results(struct i82077 *f, const uint8_t *bytes, unsigned n)
{
    f->fifo.count = f->fifo.next = 0;
    for (unsigned i = 0; i < n && i < FDC_FIFO; i++) {
        f->fifo.bytes[f->fifo.count++ % FDC_FIFO] = bytes[i];
    }
    f->phase = PHASE_RESULT;
}

static void result_byte(struct i82077 *f, uint8_t byte)
{
    fdc_results(f, &byte, 1);
}

/* A guest that does not ask for the statuses that follow a reset goes on all the same: the
 * next seek or data command drops them, and the interrupt with them. */
static void drop_polled(struct i82077 *f)
{
    f->polled = 0;
    for (unsigned n = 0; n < FDC_UNITS; n++) {
        if (f->unit[n].ended) {
            return;
        }
    }
    fdc_interrupt(f, 0, INT_SENSE);
}

/* --- data commands ----------------------------------------------------------------------- */

static void start(struct i82077 *f)
{
    const uint8_t *b = f->fifo.bytes;
    drop_polled(f);
    f->opcode = b[0];
    f->select = b[1] & 3;
    f->head = b[1] >> 2 & 1;
    f->st0 = f->st1 = f->st2 = 0;
    f->left = 0;
    f->medium = fdc_drive(f, f->select) ? fdc_drive(f, f->select)->changes : 0;
    f->phase = PHASE_EXECUTE;
}

static void command_data(struct i82077 *f)
{
    const uint8_t *b = f->fifo.bytes;
    start(f);
    f->c = b[2];
    f->h = b[3];
    f->r = b[4];
    f->n = b[5];
    f->eot = b[6];
    f->dtl = b[8];
    if (fdc_operation(f) == OP_READ_TRACK) {
        f->left = f->eot ? f->eot : 256;
    } else if (fdc_operation(f) == OP_VERIFY && (b[1] & VERIFY_COUNTS)) {
        f->left = f->dtl;
    }
    uint8_t pcn = f->unit[f->select].pcn;
    if ((f->config & CONFIG_IMPLIED_SEEK) && f->c != pcn) {
        bool inward = f->c > pcn;
        f->stage = STAGE_SEEK;
        fdc_seek(f, f->select, SEEK_IMPLIED, inward ? f->c - pcn : pcn - f->c, inward);
        return;
    }
    fdc_load_head(f);
}

static void command_read_id(struct i82077 *f)
{
    start(f);
    fdc_load_head(f);
}

static void command_format(struct i82077 *f)
{
    const uint8_t *b = f->fifo.bytes;
    start(f);
    f->n = b[2];
    f->eot = b[3]; /* DUMPREG shows it */
    f->left = b[3];
    f->filler = b[5];
    fdc_load_head(f);
}

/* --- control commands -------------------------------------------------------------------- */

static void command_specify(struct i82077 *f)
{
    f->specify1 = f->fifo.bytes[1];
    f->specify2 = f->fifo.bytes[2];
    to_command_phase(f);
}

static void command_sense_drive(struct i82077 *f)
{
    unsigned unit = f->fifo.bytes[1] & 3;
    const struct drive *d = fdc_drive(f, unit);
    f->head = f->fifo.bytes[1] >> 2 & 1;
    result_byte(f, (uint8_t)(ST3_READY | ST3_TWO_SIDES | unit | (f->head ? ST0_HEAD : 0) |
                             (d && d->read_only ? ST3_WRITE_PROTECT : 0) |
                             (fdc_at_track_0(f, unit) ? ST3_TRACK_0 : 0)));
}

/* Seeks that have ended, or, after a reset, one status for each unit; lowest unit first. */
static void command_sense_interrupt(struct i82077 *f)
{
    for (unsigned n = 0; n < FDC_UNITS; n++) {
        struct i82077_unit *u = &f->unit[n];
        bool polled = f->polled >> n & 1;
        if (u->ended || polled) {
            uint8_t bytes[] = {u->ended ? u->st0 : (uint8_t)(ST0_POLLED | n), u->pcn};
            if (!u->ended) {
                f->polled &= (uint8_t) ~(1u << n);
            }
            u->ended = false;
            fdc_interrupt(f, 0, INT_SENSE);
            fdc_results(f, bytes, sizeof bytes);
            return;
        }
    }
    result_byte(f, ST0_INVALID);
}

/* Seeks have no result phase: the chip takes commands while the heads move. */
static void start_seek(struct i82077 *f)
{
    drop_polled(f);
    to_command_phase(f);
}

static void command_recalibrate(struct i82077 *f)
{
    unsigned unit = f->fifo.bytes[1] & 3;
    start_seek(f);
    fdc_seek(f, unit, SEEK_RECALIBRATE, 0, false);
}

static void command_seek(struct i82077 *f)
{
    unsigned unit = f->fifo.bytes[1] & 3;
    uint8_t to = f->fifo.bytes[2];
    uint8_t pcn = f->unit[unit].pcn;
    f->head = f->fifo.bytes[1] >> 2 & 1;
    start_seek(f);
    fdc_seek(f, unit, SEEK_TO, to > pcn ? to - pcn : pcn - to, to > pcn);
}

static void command_relative_seek(struct i82077 *f)
{
    unsigned unit = f->fifo.bytes[1] & 3;
    bool inward = f->fifo.bytes[0] & 0x40;
    uint8_t steps = f->fifo.bytes[2];
    f->head = f->fifo.bytes[1] >> 2 & 1;
    start_seek(f);
    fdc_seek(f, unit, SEEK_RELATIVE, steps, inward);
}

static void command_dumpreg(struct i82077 *f)
{
    uint8_t bytes[] = {
        f->unit[0].pcn, f->unit[1].pcn,
        f->unit[2].pcn, f->unit[3].pcn,
        f->specify1,    f->specify2,
        f->eot,         (uint8_t)((f->locked ? 0x80 : 0) | (f->perpendicular & 0x3F)),
        f->config,      f->pretrack};
    fdc_results(f, bytes, sizeof bytes);
}

static void command_version(struct i82077 *f)
{
    result_byte(f, 0x90);
}

/* D3-D0 change only together with OW. */
static void command_perpendicular(struct i82077 *f)
{
    uint8_t val = f->fifo.bytes[1];
    uint8_t mask = val & 0x80 ? 0x3F : 0x03;
    f->perpendicular = (uint8_t)((f->perpendicular & ~mask) | (val & mask));
    to_command_phase(f);
}

static void command_configure(struct i82077 *f)
{
    f->config = f->fifo.bytes[2] & 0x7F;
    f->pretrack = f->fifo.bytes[3];
    to_command_phase(f);
}

static void command_lock(struct i82077 *f)
{
    f->locked = f->fifo.bytes[0] & 0x80;
    result_byte(f, f->locked ? 0x10 : 0x00);
}

/* --- command phase ----------------------------------------------------------------------- */

// clang-format off
static const struct command {
    uint8_t mask, code; /* of the first byte */
    uint8_t length;     /* bytes with it, at most FDC_FIFO */
    void (*run)(struct i82077 *f);
} commands[] = {
    { 0x1F, OP_READ,          9, command_data },
    { 0x3F, OP_WRITE,         9, command_data },
    { 0x1F, OP_READ_DELETED,  9, command_data },
    { 0x3F, OP_WRITE_DELETED, 9, command_data },
    { 0xBF, OP_READ_TRACK,    9, command_data },
    { 0x1F, OP_VERIFY,        9, command_data },
    { 0x1F, OP_SCAN_EQUAL,    9, command_data },
    { 0x1F, OP_SCAN_LOW,      9, command_data },
    { 0x1F, OP_SCAN_HIGH,     9, command_data },
    { 0xBF, OP_READ_ID,       2, command_read_id },
    { 0xBF, OP_FORMAT,        6, command_format },
    { 0xFF, 0x03,             3, command_specify },
    { 0xFF, 0x04,             2, command_sense_drive },
    { 0xFF, 0x07,             2, command_recalibrate },
    { 0xFF, 0x08,             1, command_sense_interrupt },
    { 0xFF, 0x0E,             1, command_dumpreg },
    { 0xFF, 0x0F,             3, command_seek },
    { 0xBF, 0x8F,             3, command_relative_seek },
    { 0xFF, 0x10,             1, command_version },
    { 0xFF, 0x12,             2, command_perpendicular },
    { 0xFF, 0x13,             4, command_configure },
    { 0x7F, 0x14,             1, command_lock },
};
// clang-format on

static const struct command *command_of(uint8_t byte)
{
    for (unsigned i = 0; i < ARRAY_LEN(commands); i++) {
        if ((byte & commands[i].mask) == commands[i].code) {
            return &commands[i];
        }
    }
    return NULL;
}

static void command_byte(struct i82077 *f, uint8_t byte)
{
    f->fifo.bytes[f->fifo.count++ % FDC_FIFO] = byte;
    const struct command *c = command_of(f->fifo.bytes[0]);
    if (!c) {
        result_byte(f, ST0_INVALID);
        return;
    }
    if (f->fifo.count < c->length) {
        return;
    }
    c->run(f);
}

/* --- the FIFO ---------------------------------------------------------------------------- */

static uint8_t read_result(struct i82077 *f)
{
    uint8_t byte = f->fifo.bytes[f->fifo.next++ % FDC_FIFO];
    fdc_interrupt(f, 0, INT_RESULT);
    if (f->fifo.next >= f->fifo.count) {
        to_command_phase(f);
        fdc_rearm_sense(f);
    }
    return byte;
}

uint8_t fdc_data_read(struct i82077 *f)
{
    switch (f->phase) {
    case PHASE_RESULT: return read_result(f);
    case PHASE_EXECUTE: return fdc_host_takes(f);
    default: return 0xFF;
    }
}

void fdc_data_write(struct i82077 *f, uint8_t byte)
{
    if (f->phase == PHASE_COMMAND) {
        command_byte(f, byte);
    } else if (f->phase == PHASE_EXECUTE) {
        fdc_host_gives(f, byte);
    }
}
