/* devices/i82077.c -- 82077AA floppy disk controller: registers, reset, seeks, disk formats.
 * Commands are in i82077_cmd.c, data in i82077_data.c.
 *
 *   3F0h R   SRA  7 INT, 6 no 2nd drive, 5 STEP, 4 not TRK0, 3 HDSEL, 2 not INDEX,
 *                 1 not WP, 0 DIR
 *   3F1h R   SRB  5 drive 0 selected, 4 write, 3 read, 2 write-enable edges, 1-0 motors
 *                 (SRA and SRB in PS/2 mode only; in AT mode nothing drives the bus)
 *   3F2h RW  DOR  7-4 motors, 3 INT and DRQ enabled (AT), 2 not reset, 1-0 drive
 *   3F3h RW  TDR  1-0 tape drive
 *   3F4h R   MSR  7 RQM, 6 DIO, 5 non-DMA, 4 busy, 3-0 unit is seeking
 *   3F4h W   DSR  7 reset, 6 power down, 4-2 precompensation, 1-0 data rate
 *   3F5h RW  FIFO
 *   3F7h R   DIR  7 disk changed (PS/2: 6-3 ones, 2-1 rate, 0 not high density)
 *   3F7h W   CCR  1-0 data rate
 *
 * Lines: IRQ 6, DMA channel 2 with TC. A DOR reset (bit 2) and a DSR reset are followed by an
 * interrupt and four statuses for SENSE INTERRUPT STATUS ("polling").
 *
 * Time: step pulses come at the rate that SPECIFY set, one event each; a sector takes its share
 * of a revolution. The sector wanted is always the next to pass (rotational latency is left
 * out), but a sector that is not there costs the two revolutions that the chip waits. A drive
 * without a medium or with its motor off gives no index pulses: the command waits for ever, as
 * it does on the real thing, and the firmware's time-out resets the chip.
 *
 * The disk-change line of a drive is set by a media change and at power-on, and cleared by a
 * step pulse while a medium is in. The drives adapt to the medium: any disk fits into any
 * drive.
 *
 * NOT IMPLEMENTED: deleted data marks and sectors of other sizes on the medium (an image has no
 * place for them), FM, power down, precompensation, the tape drive, data errors within a sector
 * (only whole ones, when the host's file fails).
 * Reference: Intel 82077AA data sheet (1994).
 */
#include "devices/i82077_priv.h"

enum fdc_msr { MSR_RQM = 0x80, MSR_DIO = 0x40, MSR_NON_DMA = 0x20, MSR_BUSY = 0x10 };
enum { REG_SRA, REG_SRB, REG_DOR, REG_TDR, REG_MSR, REG_FIFO, REG_UNUSED, REG_DIR };
enum { DSR_RESET = 0x80, DSR_PRECOMPENSATION = 0x1C, DIR_CHANGED = 0x80 };
enum { CYLINDER_MAX = 84, RECALIBRATE_STEPS = 79, POLL_US = 200, NO_STEP_US = 50 };
enum { REVOLUTION_300 = 200000, REVOLUTION_360 = 166667, INDEX_US = 4000 };

// clang-format off
static const struct floppy_format formats[] = {
    {  320, 40, 1,  8, RATE_250K, true,  1, "160K" },
    {  360, 40, 1,  9, RATE_250K, true,  1, "180K" },
    {  640, 40, 2,  8, RATE_250K, true,  1, "320K" },
    {  720, 40, 2,  9, RATE_250K, true,  1, "360K" },
    { 1280, 80, 2,  8, RATE_250K, false, 3, "640K" },
    { 1440, 80, 2,  9, RATE_250K, false, 3, "720K" },
    { 1600, 80, 2, 10, RATE_250K, false, 3, "800K" },
    { 1640, 82, 2, 10, RATE_250K, false, 3, "820K" },
    { 2400, 80, 2, 15, RATE_500K, true,  2, "1.2M" },
    { 2880, 80, 2, 18, RATE_500K, false, 4, "1.44M" },
    { 2952, 82, 2, 18, RATE_500K, false, 4, "1.48M" },
    { 2988, 83, 2, 18, RATE_500K, false, 4, "1.49M" },
    { 3200, 80, 2, 20, RATE_500K, false, 4, "1.6M" },
    { 3360, 80, 2, 21, RATE_500K, false, 4, "1.68M" }, /* Microsoft's DMF */
    { 3444, 82, 2, 21, RATE_500K, false, 4, "1.72M" },
    { 3486, 83, 2, 21, RATE_500K, false, 4, "1.74M" },
    { 3520, 80, 2, 22, RATE_500K, false, 4, "1.76M" },
    { 5760, 80, 2, 36, RATE_1M,   false, 5, "2.88M" },
};
// clang-format on

const struct floppy_format *floppy_format_of(uint64_t sectors)
{
    for (unsigned i = 0; i < ARRAY_LEN(formats); i++) {
        if (formats[i].sectors == sectors) {
            return &formats[i];
        }
    }
    return NULL;
}

static const struct field unit_fields[] = {
    FIELD_EVENT(struct i82077_unit, step),
    FIELD(struct i82077_unit, seen),
    FIELD_R(struct i82077_unit, cylinder, 0, CYLINDER_MAX),
    FIELD(struct i82077_unit, pcn),
    FIELD(struct i82077_unit, steps),
    FIELD_R(struct i82077_unit, seek, 0, SEEK_IMPLIED),
    FIELD(struct i82077_unit, st0),
    FIELD(struct i82077_unit, inward),
    FIELD(struct i82077_unit, ended),
    FIELD(struct i82077_unit, changed),
    FIELDS_END,
};
static const struct schema unit_schema = {
    "i82077_unit", sizeof(struct i82077_unit), 1, 1, unit_fields, NULL};

static const struct field fifo_fields[] = {
    FIELD_A(struct i82077_fifo, bytes),
    FIELD_R(struct i82077_fifo, count, 0, FDC_FIFO),
    FIELD_R(struct i82077_fifo, next, 0, FDC_FIFO),
    FIELDS_END,
};
static const struct schema fifo_schema = {
    "i82077_fifo", sizeof(struct i82077_fifo), 1, 1, fifo_fields, NULL};

static const struct field i82077_fields[] = {
    DERIVED(struct i82077, dev),
    FIELD_EVENT(struct i82077, exec),
    FIELD_EVENT(struct i82077, reset_done),
    FIELD_S(struct i82077, unit, &unit_schema, struct i82077_unit),
    FIELD(struct i82077, loaded_until),
    FIELD(struct i82077, medium),
    FIELD_S(struct i82077, fifo, &fifo_schema, struct i82077_fifo),
    FIELD_A(struct i82077, data),
    FIELD_R(struct i82077, data_next, 0, FDC_SECTOR),
    FIELD_R(struct i82077, data_length, 0, FDC_SECTOR),
    FIELD(struct i82077, left),
    FIELD_R(struct i82077, ps2, 0, 1),
    FIELD(struct i82077, dor),
    FIELD(struct i82077, tdr),
    FIELD(struct i82077, dsr),
    FIELD_R(struct i82077, rate, 0, RATE_1M),
    FIELD_R(struct i82077, phase, 0, PHASE_RESULT),
    FIELD_R(struct i82077, stage, 0, STAGE_FROM_HOST),
    FIELD(struct i82077, interrupt),
    FIELD_R(struct i82077, polled, 0, 15),
    FIELD(struct i82077, specify1),
    FIELD(struct i82077, specify2),
    FIELD(struct i82077, config),
    FIELD(struct i82077, pretrack),
    FIELD(struct i82077, perpendicular),
    FIELD(struct i82077, locked),
    FIELD(struct i82077, opcode),
    FIELD_R(struct i82077, select, 0, FDC_UNITS - 1),
    FIELD_R(struct i82077, head, 0, 1),
    FIELD(struct i82077, c),
    FIELD(struct i82077, h),
    FIELD(struct i82077, r),
    FIELD(struct i82077, n),
    FIELD(struct i82077, eot),
    FIELD(struct i82077, dtl),
    FIELD(struct i82077, filler),
    FIELD(struct i82077, st0),
    FIELD(struct i82077, st1),
    FIELD(struct i82077, st2),
    FIELD(struct i82077, toggles),
    FIELDS_END,
};
const struct schema i82077_schema = {"i82077", sizeof(struct i82077), 1,
                                     1,        i82077_fields,         NULL};

/* --- drives, time, interrupt ------------------------------------------------------------- */

struct drive *fdc_drive(const struct i82077 *f, unsigned unit)
{
    if (unit >= FDC_DRIVES) {
        return NULL;
    }
    struct drive *d = &f->dev.board->drive[DRIVE_FDA + unit];
    return d->kind == DRIVE_FLOPPY ? d : NULL;
}

static bool motor_on(const struct i82077 *f, unsigned unit)
{
    return f->dor & DOR_MOTOR << unit;
}

bool fdc_spinning(const struct i82077 *f, unsigned unit)
{
    const struct drive *d = fdc_drive(f, unit);
    return d && d->sectors && motor_on(f, unit);
}

uint64_t fdc_ticks(const struct i82077 *f, uint64_t us)
{
    return clock_us(&f->dev.board->clock, us);
}

/* The chip's timers count bit cells: SPECIFY's values hold at 500 kbit/s. */
uint32_t fdc_by_rate(const struct i82077 *f, uint32_t us_at_500k)
{
    switch (f->rate) {
    case RATE_300K: return us_at_500k * 5 / 3;
    case RATE_250K: return us_at_500k * 2;
    case RATE_1M: return us_at_500k / 2;
    default: return us_at_500k;
    }
}

/* 5.25 inch drives for 1.2 MB turn faster, and read the 250 kbit/s of a 360 KB disk at 300. */
uint32_t fdc_revolution_us(const struct i82077 *f, const struct floppy_format *fmt)
{
    bool fast = fmt && fmt->inch5 && (f->rate == RATE_300K || f->rate == RATE_500K);
    return fast ? REVOLUTION_360 : REVOLUTION_300;
}

void fdc_interrupt(struct i82077 *f, uint8_t set, uint8_t clear)
{
    f->interrupt = (uint8_t)((f->interrupt & ~clear) | set);
    bool gate = f->ps2 || (f->dor & DOR_DMA_GATE);
    wire_set(&f->dev.irq, f->interrupt && gate);
}

/* Notices a media change that happened since anyone looked. */
static bool disk_changed(struct i82077 *f, unsigned n)
{
    struct i82077_unit *u = &f->unit[n % FDC_UNITS];
    const struct drive *d = fdc_drive(f, n);
    if (!d) {
        return false; /* nobody pulls the line */
    }
    if (u->seen != d->changes) {
        u->seen = d->changes;
        u->changed = true;
    }
    return u->changed || d->sectors == 0;
}

bool fdc_at_track_0(const struct i82077 *f, unsigned n)
{
    return fdc_drive(f, n) && f->unit[n % FDC_UNITS].cylinder == 0;
}

/* --- seeks ------------------------------------------------------------------------------- */

static uint64_t step_ticks(const struct i82077 *f)
{
    uint32_t srt = 16u - (f->specify1 >> 4);
    return fdc_ticks(f, fdc_by_rate(f, srt * 1000));
}

/* steps: pulses wanted; SEEK_RECALIBRATE stops at track 0. Ends with an event in any case. */
void fdc_seek(struct i82077 *f, unsigned unit, enum fdc_seek kind, unsigned steps, bool inward)
{
    struct i82077_unit *u = &f->unit[unit % FDC_UNITS];
    struct clock *ck = &f->dev.board->clock;
    if (kind == SEEK_RECALIBRATE) {
        steps = fdc_at_track_0(f, unit) ? 0 : RECALIBRATE_STEPS;
    }
    u->seek = (uint8_t)kind;
    u->steps = (uint8_t)steps;
    u->inward = inward;
    u->ended = false;
    clock_at(ck, &u->step, clock_now(ck) + (steps ? step_ticks(f) : fdc_ticks(f, NO_STEP_US)));
}

static void step_pulse(struct i82077 *f, unsigned n)
{
    struct i82077_unit *u = &f->unit[n];
    const struct drive *d = fdc_drive(f, n);
    if (d) {
        (void)disk_changed(f, n);
        if (u->inward) {
            u->cylinder =
                (uint8_t)(u->cylinder < CYLINDER_MAX ? u->cylinder + 1 : CYLINDER_MAX);
        } else {
            u->cylinder = (uint8_t)(u->cylinder ? u->cylinder - 1 : 0);
        }
        u->changed = u->changed && d->sectors == 0;
    }
    u->pcn = (uint8_t)(u->inward ? u->pcn + 1 : u->pcn - 1);
    u->steps--;
    if (u->seek == SEEK_RECALIBRATE && fdc_at_track_0(f, n)) {
        u->steps = 0;
    }
}

static void seek_end(struct i82077 *f, unsigned n)
{
    struct i82077_unit *u = &f->unit[n];
    enum fdc_seek kind = u->seek;
    u->seek = SEEK_NONE;
    if (kind == SEEK_IMPLIED) {
        fdc_seek_done(f);
        return;
    }
    u->st0 = (uint8_t)(ST0_SEEK_END | n);
    if (kind == SEEK_RECALIBRATE) {
        u->pcn = 0;
        if (!fdc_at_track_0(f, n)) {
            u->st0 |= ST0_ABNORMAL | ST0_EQUIPMENT_CHECK;
        }
    }
    u->ended = true;
    fdc_interrupt(f, INT_SENSE, 0);
}

static void step_fire(struct i82077 *f, unsigned n, uint64_t when)
{
    struct i82077_unit *u = &f->unit[n];
    if (u->seek == SEEK_NONE) {
        return;
    }
    if (u->steps) {
        step_pulse(f, n);
    }
    if (u->steps) {
        clock_at(&f->dev.board->clock, &u->step, when + step_ticks(f));
    } else {
        seek_end(f, n);
    }
}

static void step_0(void *ctx, uint64_t when)
{
    step_fire(ctx, 0, when);
}

static void step_1(void *ctx, uint64_t when)
{
    step_fire(ctx, 1, when);
}

static void step_2(void *ctx, uint64_t when)
{
    step_fire(ctx, 2, when);
}

static void step_3(void *ctx, uint64_t when)
{
    step_fire(ctx, 3, when);
}

void fdc_rearm_sense(struct i82077 *f)
{
    for (unsigned n = 0; n < FDC_UNITS; n++) {
        if (f->unit[n].ended) {
            fdc_interrupt(f, INT_SENSE, 0);
        }
    }
}

/* --- reset ------------------------------------------------------------------------------- */

static void reset_done_fire(void *ctx, uint64_t when)
{
    struct i82077 *f = ctx;
    (void)when;
    f->polled = 0x0F;
    fdc_interrupt(f, INT_SENSE, 0);
}

/* Software reset: what is going on stops where it is, heads included. LOCK keeps the FIFO's
 * settings; EIS and POLL always go back. */
static void software_reset(struct i82077 *f)
{
    struct clock *ck = &f->dev.board->clock;
    clock_cancel(ck, &f->exec);
    clock_cancel(ck, &f->reset_done);
    for (unsigned n = 0; n < FDC_UNITS; n++) {
        clock_cancel(ck, &f->unit[n].step);
        f->unit[n].seek = SEEK_NONE;
        f->unit[n].ended = false;
    }
    if (!f->locked) {
        f->config = CONFIG_NO_FIFO;
        f->pretrack = 0;
    }
    f->config &= (uint8_t) ~(CONFIG_IMPLIED_SEEK | CONFIG_NO_POLL);
    f->perpendicular &= 0x3C;
    f->fifo.count = f->fifo.next = 0;
    f->phase = PHASE_COMMAND;
    f->stage = STAGE_NONE;
    f->data_next = f->data_length = 0;
    f->polled = 0;
    fdc_interrupt(f, 0, 0xFF);
}

static void leave_reset(struct i82077 *f)
{
    struct clock *ck = &f->dev.board->clock;
    clock_at(ck, &f->reset_done, clock_now(ck) + fdc_ticks(f, POLL_US));
}

static void write_dor(struct i82077 *f, uint8_t val)
{
    uint8_t old = f->dor;
    f->dor = val;
    if (!(val & DOR_NOT_RESET)) {
        software_reset(f);
    } else if (!(old & DOR_NOT_RESET)) {
        leave_reset(f);
    }
    for (unsigned n = 0; n < FDC_DRIVES; n++) {
        struct drive *d = fdc_drive(f, n);
        if (d && (old & ~val & DOR_MOTOR << n)) {
            (void)drive_flush(d); /* the disk may be taken out now */
        }
    }
    fdc_interrupt(f, 0, 0); /* the gate may have opened or closed */
}

static void write_dsr(struct i82077 *f, uint8_t val)
{
    f->rate = val & 3;
    f->dsr = val & DSR_PRECOMPENSATION;
    if ((val & DSR_RESET) && (f->dor & DOR_NOT_RESET)) {
        software_reset(f);
        leave_reset(f);
    }
}

/* --- registers --------------------------------------------------------------------------- */

static bool index_pulse(const struct i82077 *f, unsigned unit)
{
    const struct drive *d = fdc_drive(f, unit);
    if (!fdc_spinning(f, unit)) {
        return false;
    }
    uint32_t us = fdc_revolution_us(f, floppy_format_of(d->sectors));
    return clock_ns_now(&f->dev.board->clock) / 1000 % us < INDEX_US;
}

static uint8_t read_sra(const struct i82077 *f)
{
    unsigned unit = f->dor & DOR_SELECT;
    const struct drive *d = fdc_drive(f, unit);
    const struct i82077_unit *u = &f->unit[unit];
    return (uint8_t)((f->interrupt ? 0x80 : 0) | (fdc_drive(f, 1) ? 0 : 0x40) |
                     (u->seek != SEEK_NONE ? 0x20 : 0) | (fdc_at_track_0(f, unit) ? 0 : 0x10) |
                     (f->head ? 0x08 : 0) | (index_pulse(f, unit) ? 0 : 0x04) |
                     (d && d->read_only ? 0 : 0x02) | (u->inward ? 0x01 : 0));
}

static uint8_t read_srb(const struct i82077 *f)
{
    return (uint8_t)(0xC0 | (f->dor & 1) << 5 | (f->toggles & 0x1C) | (f->dor >> 4 & 3));
}

static uint8_t read_msr(const struct i82077 *f)
{
    uint8_t msr = 0;
    if (!(f->dor & DOR_NOT_RESET)) {
        return 0;
    }
    for (unsigned n = 0; n < FDC_UNITS; n++) {
        msr |= (uint8_t)(f->unit[n].seek != SEEK_NONE ? 1u << n : 0);
    }
    switch (f->phase) {
    case PHASE_COMMAND: return (uint8_t)(msr | MSR_RQM | (f->fifo.count ? MSR_BUSY : 0));
    case PHASE_RESULT: return (uint8_t)(msr | MSR_RQM | MSR_DIO | MSR_BUSY);
    default: break;
    }
    msr |= MSR_BUSY | (f->specify2 & 1 ? MSR_NON_DMA : 0);
    if (f->stage == STAGE_TO_HOST) {
        msr |= MSR_RQM | MSR_DIO;
    } else if (f->stage == STAGE_FROM_HOST) {
        msr |= MSR_RQM;
    }
    return msr;
}

/* The drive drives the line while it is selected, which on a PC takes its motor bit too. */
static uint8_t read_dir(struct i82077 *f)
{
    unsigned unit = f->dor & DOR_SELECT;
    bool changed = disk_changed(f, unit) && motor_on(f, unit);
    uint8_t rest =
        f->ps2 ? (uint8_t)(0x78 | f->rate << 1 | (f->rate == RATE_250K || f->rate == RATE_300K))
               : 0x7F;
    return (uint8_t)((changed ? DIR_CHANGED : 0) | rest);
}

static uint32_t i82077_read(void *ctx, uint32_t off, unsigned size)
{
    struct i82077 *f = ctx;
    (void)size;
    switch (off) {
    case REG_SRA: return f->ps2 ? read_sra(f) : 0xFF;
    case REG_SRB: return f->ps2 ? read_srb(f) : 0xFF;
    case REG_DOR: return f->dor;
    case REG_TDR: return 0xFC | f->tdr;
    case REG_MSR: return read_msr(f);
    case REG_FIFO: return f->dor & DOR_NOT_RESET ? fdc_data_read(f) : 0xFF;
    case REG_DIR: return read_dir(f);
    default: return 0xFF;
    }
}

static void i82077_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct i82077 *f = ctx;
    (void)size;
    switch (off) {
    case REG_DOR: write_dor(f, (uint8_t)val); break;
    case REG_TDR: f->tdr = val & 3; break;
    case REG_MSR: write_dsr(f, (uint8_t)val); break;
    case REG_DIR: f->rate = val & 3; break;
    case REG_FIFO:
        if (f->dor & DOR_NOT_RESET) {
            fdc_data_write(f, (uint8_t)val);
        }
        break;
    default: break;
    }
}

static uint32_t dir_read(void *ctx, uint32_t off, unsigned size)
{
    return i82077_read(ctx, off + REG_DIR, size);
}

static void ccr_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    i82077_write(ctx, off + REG_DIR, val, size);
}

static const struct ports i82077_ports[] = {
    {0, 6, {i82077_read, i82077_write, 1}},
    {7, 1, {dir_read, ccr_write, 1}}, /* 3F6h belongs to the hard disk */
    {0, 0, {NULL, NULL, 0}},
};

void i82077_strap_ps2(struct device *dev, bool ps2)
{
    struct i82077 *f = (struct i82077 *)dev;
    f->ps2 = ps2;
}

static int i82077_init(struct device *dev, struct error *err)
{
    static void (*const step[FDC_UNITS])(void *, uint64_t) = {step_0, step_1, step_2, step_3};
    struct i82077 *f = (struct i82077 *)dev;
    struct clock *ck = &dev->board->clock;
    (void)err;
    event_init(ck, &f->exec, "i82077 exec", fdc_exec_fire, f);
    event_init(ck, &f->reset_done, "i82077 reset", reset_done_fire, f);
    for (unsigned n = 0; n < FDC_UNITS; n++) {
        event_init(ck, &f->unit[n].step, "i82077 step", step[n], f);
        f->unit[n].changed = true;
    }
    return 0;
}

/* The RESET pin. It does not reach the drives: heads stay where they are, disks unnoticed.
 * After power-on the SPECIFY values are undefined; firmware that does not set them finds those
 * of the AT's diskette parameter table. */
static void i82077_reset(struct device *dev, enum reset how)
{
    struct i82077 *f = (struct i82077 *)dev;
    f->locked = false;
    software_reset(f);
    f->dor = f->tdr = f->dsr = 0;
    f->rate = RATE_250K;
    f->perpendicular = 0;
    f->st0 = f->st1 = f->st2 = 0;
    f->loaded_until = 0;
    for (unsigned n = 0; n < FDC_UNITS; n++) {
        f->unit[n].pcn = 0;
    }
    if (how == RESET_POWER) {
        f->specify1 = 0xAF;
        f->specify2 = 0x02;
        for (unsigned n = 0; n < FDC_UNITS; n++) {
            f->unit[n].changed = true;
        }
    }
    fdc_interrupt(f, 0, 0);
}

static void i82077_info(struct device *dev, struct text *out)
{
    static const char *const phase[] = {"waits for a command", "executes", "has a result"};
    static const unsigned rate[] = {500, 300, 250, 1000};
    const struct i82077 *f = (const struct i82077 *)dev;
    text_add(out, "i82077 %s, %u kbit/s, DOR %02x (drive %u%s%s)%s\n", phase[f->phase % 3],
             rate[f->rate & 3], f->dor, f->dor & DOR_SELECT,
             f->dor & DOR_NOT_RESET ? "" : ", in reset", f->dor & DOR_DMA_GATE ? ", DMA" : "",
             f->interrupt ? ", INT up" : "");
    text_add(out,
             "  last command %02x: drive %u, C %u H %u R %u N %u, to sector %u; ST0 %02x ST1 "
             "%02x ST2 %02x\n",
             f->opcode, f->select, f->c, f->h, f->r, f->n, f->eot, f->st0, f->st1, f->st2);
    for (unsigned unit = 0; unit < FDC_DRIVES; unit++) {
        const struct drive *d = fdc_drive(f, unit);
        const struct floppy_format *fmt = d ? floppy_format_of(d->sectors) : NULL;
        if (d != NULL) {
            text_add(out, "  drive %u: %s, motor %s, at cylinder %u (believed %u)%s%s\n", unit,
                     d->sectors == 0 ? "empty"
                     : fmt           ? fmt->name
                                     : "unknown format",
                     motor_on(f, unit) ? "on" : "off", f->unit[unit].cylinder,
                     f->unit[unit].pcn, d->read_only ? ", write-protected" : "",
                     f->unit[unit].changed ? ", disk changed" : "");
        }
    }
}

const struct device_class i82077_class = {
    .name = "i82077",
    .size = sizeof(struct i82077),
    .state = &i82077_schema,
    .ports = i82077_ports,
    .init = i82077_init,
    .reset = i82077_reset,
    .info = i82077_info,
};
