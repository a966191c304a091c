/* devices/i82077_data.c -- 82077AA: the way of a sector between medium and host.
 *
 * A data command goes through stages, each with one event: implied seek, head load, search,
 * sector. After each sector the address advances (data sheet, "result phase table") until TC,
 * the end of the cylinder or an error.
 *
 * In non-DMA mode the host moves the bytes of each sector through the FIFO at its own pace: the
 * disk waits for it. NOT IMPLEMENTED: overrun in non-DMA mode, the FIFO threshold.
 */
#include "devices/i82077_priv.h"

#include <string.h>

enum { OP_MT = 0x80, OP_MFM = 0x40, OP_SK = 0x20 };
enum { SIZE_512 = 2, FORMAT_ID_BYTES = 4, NON_DMA = 0x01 };
enum { HEAD_SETTLED_US = 20, BYTE_US = 16, TOGGLE_WRITE = 0x14, TOGGLE_READ = 0x08 };

static bool is_scan(const struct i82077 *f)
{
    uint8_t op = fdc_operation(f);
    return op == OP_SCAN_EQUAL || op == OP_SCAN_LOW || op == OP_SCAN_HIGH;
}

static bool writes_medium(const struct i82077 *f)
{
    uint8_t op = fdc_operation(f);
    return op == OP_WRITE || op == OP_WRITE_DELETED || op == OP_FORMAT;
}

static bool non_dma(const struct i82077 *f)
{
    return f->specify2 & NON_DMA;
}

static void exec_in(struct i82077 *f, enum fdc_stage stage, uint64_t us)
{
    struct clock *ck = &f->dev.board->clock;
    f->stage = (uint8_t)stage;
    clock_at(ck, &f->exec, clock_now(ck) + fdc_ticks(f, us));
}

/* The end of a data command, good or bad. */
static void finish(struct i82077 *f, uint8_t termination)
{
    uint32_t hut = f->specify1 & 0x0F ? f->specify1 & 0x0F : 16;
    struct clock *ck = &f->dev.board->clock;
    f->st0 =
        (uint8_t)((f->st0 & ST0_SEEK_END) | termination | (f->head ? ST0_HEAD : 0) | f->select);
    uint8_t bytes[] = {f->st0, f->st1, f->st2, f->c, f->h, f->r, f->n};
    f->stage = STAGE_NONE;
    f->data_next = f->data_length = 0;
    f->loaded_until = clock_now(ck) + fdc_ticks(f, fdc_by_rate(f, hut * 16000));
    fdc_results(f, bytes, sizeof bytes);
    fdc_interrupt(f, INT_RESULT, INT_BYTE);
}

static void fail(struct i82077 *f, uint8_t st1, uint8_t st2)
{
    f->st1 |= st1;
    f->st2 |= st2;
    finish(f, ST0_ABNORMAL);
}

/* --- DMA --------------------------------------------------------------------------------- */

static bool dma_enabled(const struct i82077 *f)
{
    return f->dev.slot->dma >= 0 && (f->ps2 || (f->dor & DOR_DMA_GATE));
}

/* Bytes moved; fewer than asked for and no tc: nobody served the request in time. */
static uint32_t dma_to_host(struct i82077 *f, uint32_t len, bool *tc)
{
    const struct dma_service *dma = &f->dev.board->dma;
    *tc = false;
    if (!dma_enabled(f) || !dma->to_memory) {
        return 0;
    }
    return dma->to_memory(dma->ctx, (unsigned)f->dev.slot->dma, f->data, len, tc);
}

static uint32_t dma_from_host(struct i82077 *f, uint32_t len, bool *tc)
{
    const struct dma_service *dma = &f->dev.board->dma;
    *tc = false;
    memset(f->data, 0, sizeof f->data); /* after TC the chip writes zeros */
    if (!dma_enabled(f) || !dma->from_memory) {
        return 0;
    }
    return dma->from_memory(dma->ctx, (unsigned)f->dev.slot->dma, f->data, len, tc);
}

/* --- the medium -------------------------------------------------------------------------- */

static const struct floppy_format *medium(const struct i82077 *f)
{
    const struct drive *d = fdc_drive(f, f->select);
    return d ? floppy_format_of(d->sectors) : NULL;
}

/* The cylinder under the head. A disk of 40 cylinders in a drive of 80 (that is, at 300 kbit/s)
 * is to be stepped twice. Linux knows that and SeaBIOS does not; both find what they look for.
 */
static unsigned cylinder(const struct i82077 *f, const struct floppy_format *fmt)
{
    unsigned at = f->unit[f->select % FDC_UNITS].cylinder;
    bool stepped_twice = fmt->cylinders == 40 && f->rate == RATE_300K && at == 2u * f->c;
    return stepped_twice ? at / 2 : at;
}

/* Are there address marks to be seen? Wrong rate, density or place: only noise. */
static bool readable(const struct i82077 *f, const struct floppy_format *fmt)
{
    if (!fmt || !(f->opcode & OP_MFM)) {
        return false;
    }
    bool fast_drive = fmt->inch5 && fmt->rate == RATE_250K && f->rate == RATE_300K;
    return (f->rate == fmt->rate || fast_drive) && f->head < fmt->heads &&
           cylinder(f, fmt) < fmt->cylinders;
}

static uint32_t sector_us(const struct i82077 *f)
{
    const struct floppy_format *fmt = medium(f);
    return fdc_revolution_us(f, fmt) / (fmt ? fmt->track : 9u);
}

/* r from 1 to fmt->track, on the track under the head. */
static uint64_t lba(const struct i82077 *f, const struct floppy_format *fmt, unsigned r)
{
    uint64_t track = (uint64_t)cylinder(f, fmt) * fmt->heads + f->head;
    return track * fmt->track + r - 1;
}

/* Compares the address wanted with those on the track. */
static bool found(struct i82077 *f, const struct floppy_format *fmt)
{
    if (!readable(f, fmt)) {
        f->st1 |= ST1_NO_ADDRESS_MARK;
        return false;
    }
    if (fdc_operation(f) == OP_READ_ID || fdc_operation(f) == OP_FORMAT ||
        fdc_operation(f) == OP_READ_TRACK) {
        return true;
    }
    if (f->c != cylinder(f, fmt)) {
        f->st1 |= ST1_NO_DATA;
        f->st2 |= ST2_WRONG_CYLINDER;
        return false;
    }
    if (f->h != f->head || f->n != SIZE_512 || f->r == 0 || f->r > fmt->track) {
        f->st1 |= ST1_NO_DATA;
        return false;
    }
    return true;
}

/* Another disk than the one the command began with must not get its data. Hands are slower than
 * the two revolutions without address marks that end a real command when the disk goes. */
static bool swapped(struct i82077 *f, const struct drive *d)
{
    if (!writes_medium(f) || d->changes == f->medium) {
        return false;
    }
    f->st1 |= ST1_NO_ADDRESS_MARK;
    return true;
}

static void from_host(struct i82077 *f)
{
    f->stage = STAGE_FROM_HOST;
    f->data_next = 0;
    f->data_length = fdc_operation(f) == OP_FORMAT ? FORMAT_ID_BYTES : FDC_SECTOR;
    fdc_interrupt(f, INT_BYTE, 0);
}

static void search(struct i82077 *f)
{
    const struct floppy_format *fmt = medium(f);
    const struct drive *d = fdc_drive(f, f->select);
    uint32_t revolution = fdc_revolution_us(f, fmt);
    if (!d || !fdc_spinning(f, f->select)) {
        exec_in(f, STAGE_SEARCH, revolution); /* no index pulse: look again later */
        return;
    }
    if (writes_medium(f) && d->read_only) {
        fail(f, ST1_NOT_WRITABLE, 0);
        return;
    }
    if (swapped(f, d) || !found(f, fmt)) {
        if (fdc_operation(f) == OP_FORMAT) {
            note(&f->dev.board->notes, NOTE_i82077_format);
        }
        exec_in(f, STAGE_FAIL, 2 * (uint64_t)revolution);
        return;
    }
    if (non_dma(f) && (writes_medium(f) || is_scan(f))) {
        from_host(f);
        return;
    }
    exec_in(f, STAGE_DATA, sector_us(f));
}

/* --- from sector to sector --------------------------------------------------------------- */

/* To the next sector address; false at the end of the cylinder. */
static bool advance(struct i82077 *f)
{
    bool by_two = is_scan(f) && f->dtl == 2;
    if (fdc_operation(f) == OP_READ_TRACK) {
        f->r++;
        return true;
    }
    if (f->r != f->eot && !(by_two && f->r + 1 == f->eot)) {
        f->r = (uint8_t)(f->r + (by_two ? 2 : 1));
        return true;
    }
    f->r = 1;
    if (!(f->opcode & OP_MT)) {
        f->c++;
        return false;
    }
    f->h ^= 1;
    if (f->head) {
        f->c++;
        return false;
    }
    f->head = 1;
    return true;
}

/* One sector is done. `tc`: the host has what it wanted. */
static void sector_done(struct i82077 *f, bool tc)
{
    uint8_t op = fdc_operation(f);
    bool counted = f->left > 0;
    if (op == OP_READ_DELETED && !(f->opcode & OP_SK)) {
        finish(f, 0); /* data without the deleted mark: one sector, address as it was */
        return;
    }
    bool more = advance(f);
    if (counted && --f->left == 0) {
        tc = tc || op == OP_VERIFY;
        more = false;
    }
    if (tc) {
        finish(f, 0);
    } else if (more) {
        search(f);
    } else if ((op == OP_VERIFY && !counted) || is_scan(f)) {
        finish(f, 0);
    } else {
        fail(f, ST1_END_OF_CYLINDER, 0);
    }
}

static void to_host(struct i82077 *f)
{
    bool tc;
    if (non_dma(f)) {
        f->stage = STAGE_TO_HOST;
        f->data_next = 0;
        f->data_length = FDC_SECTOR;
        fdc_interrupt(f, INT_BYTE, 0);
        return;
    }
    uint32_t moved = dma_to_host(f, FDC_SECTOR, &tc);
    if (moved < FDC_SECTOR && !tc) {
        fail(f, ST1_OVERRUN, 0);
        return;
    }
    sector_done(f, tc);
}

/* READ TRACK takes the sectors as they come after the index hole, and only notes that their
 * addresses are others. */
static unsigned track_sector(struct i82077 *f, const struct floppy_format *fmt)
{
    unsigned total = f->eot ? f->eot : 256;
    unsigned r = (total - f->left) % fmt->track + 1;
    if (f->c != cylinder(f, fmt) || f->h != f->head || f->r != r || f->n != SIZE_512) {
        f->st1 |= ST1_NO_DATA;
    }
    return r;
}

static void read_sector(struct i82077 *f, const struct floppy_format *fmt)
{
    uint8_t op = fdc_operation(f);
    unsigned r = op == OP_READ_TRACK ? track_sector(f, fmt) : f->r;
    if (op == OP_READ_DELETED) {
        f->st2 |= ST2_CONTROL_MARK;
        if (f->opcode & OP_SK) {
            sector_done(f, false);
            return;
        }
    }
    f->toggles ^= TOGGLE_READ;
    if (drive_read(fdc_drive(f, f->select), lba(f, fmt, r), f->data, 1) != 0) {
        fail(f, ST1_DATA_ERROR, ST2_DATA_ERROR);
        return;
    }
    if (op == OP_VERIFY) {
        sector_done(f, false);
    } else {
        to_host(f);
    }
}

/* The bytes of a sector (or of an address, in FORMAT) are there, or come by DMA now. */
static bool take_data(struct i82077 *f, uint32_t len, bool *tc)
{
    *tc = false;
    if (non_dma(f)) {
        return true;
    }
    if (dma_from_host(f, len, tc) < len && !*tc) {
        fail(f, ST1_OVERRUN, 0);
        return false;
    }
    return true;
}

static void write_sector(struct i82077 *f, const struct floppy_format *fmt)
{
    bool tc;
    if (!take_data(f, FDC_SECTOR, &tc)) {
        return;
    }
    if (fdc_operation(f) == OP_WRITE_DELETED) {
        note(&f->dev.board->notes, NOTE_i82077_deleted);
    }
    f->toggles ^= TOGGLE_WRITE;
    if (drive_write(fdc_drive(f, f->select), lba(f, fmt, f->r), f->data, 1) != 0) {
        fail(f, ST1_DATA_ERROR, ST2_DATA_ERROR);
        return;
    }
    sector_done(f, tc);
}

/* FFh on either side meets every condition. */
static bool scan_byte(uint8_t op, uint8_t disk, uint8_t host)
{
    if (disk == host || disk == 0xFF || host == 0xFF) {
        return true;
    }
    return op == OP_SCAN_LOW ? disk < host : op == OP_SCAN_HIGH && disk > host;
}

static void scan_sector(struct i82077 *f, const struct floppy_format *fmt)
{
    uint8_t disk[FDC_SECTOR];
    bool tc, meets = true, equal = true;
    if (!take_data(f, FDC_SECTOR, &tc)) {
        return;
    }
    f->toggles ^= TOGGLE_READ;
    if (drive_read(fdc_drive(f, f->select), lba(f, fmt, f->r), disk, 1) != 0) {
        fail(f, ST1_DATA_ERROR, ST2_DATA_ERROR);
        return;
    }
    for (unsigned i = 0; i < FDC_SECTOR; i++) {
        meets = meets && scan_byte(fdc_operation(f), disk[i], f->data[i]);
        equal = equal && scan_byte(OP_SCAN_EQUAL, disk[i], f->data[i]);
    }
    f->st2 &= (uint8_t) ~(ST2_SCAN_EQUAL | ST2_SCAN_NOT);
    f->st2 |= (uint8_t)(equal ? ST2_SCAN_EQUAL : meets ? 0 : ST2_SCAN_NOT);
    if (meets) {
        finish(f, 0);
    } else {
        sector_done(f, tc);
    }
}

/* The host gives each sector its address. What the image has a place for is filled; other
 * addresses would be legal on a disk and are lost here. */
static void format_sector(struct i82077 *f, const struct floppy_format *fmt)
{
    bool tc;
    if (!take_data(f, FORMAT_ID_BYTES, &tc)) {
        return;
    }
    f->c = f->data[0];
    f->h = f->data[1];
    f->r = f->data[2];
    f->n = f->data[3];
    if (f->c != cylinder(f, fmt) || f->h != f->head || f->n != SIZE_512 || f->r == 0 ||
        f->r > fmt->track) {
        note(&f->dev.board->notes, NOTE_i82077_format);
    } else {
        memset(f->data, f->filler, sizeof f->data);
        f->toggles ^= TOGGLE_WRITE;
        if (drive_write(fdc_drive(f, f->select), lba(f, fmt, f->r), f->data, 1) != 0) {
            fail(f, ST1_DATA_ERROR, ST2_DATA_ERROR);
            return;
        }
    }
    if (f->left <= 1) {
        finish(f, 0);
        return;
    }
    f->left--;
    search(f);
}

/* The address that is passing under the head at this moment. */
static void read_id(struct i82077 *f, const struct floppy_format *fmt)
{
    uint64_t us = clock_ns_now(&f->dev.board->clock) / 1000;
    f->c = (uint8_t)cylinder(f, fmt);
    f->h = f->head;
    f->r = (uint8_t)(us / sector_us(f) % fmt->track + 1);
    f->n = SIZE_512;
    finish(f, 0);
}

/* The medium may have been taken out or the motor stopped since the search. */
static void pass_sector(struct i82077 *f)
{
    const struct floppy_format *fmt = medium(f);
    if (!fdc_spinning(f, f->select) || swapped(f, fdc_drive(f, f->select)) ||
        !readable(f, fmt) ||
        (fdc_operation(f) != OP_READ_TRACK && fdc_operation(f) != OP_FORMAT &&
         f->r > fmt->track)) {
        search(f);
        return;
    }
    switch (fdc_operation(f)) {
    case OP_READ_ID: read_id(f, fmt); break;
    case OP_FORMAT: format_sector(f, fmt); break;
    case OP_WRITE:
    case OP_WRITE_DELETED: write_sector(f, fmt); break;
    case OP_SCAN_EQUAL:
    case OP_SCAN_LOW:
    case OP_SCAN_HIGH: scan_sector(f, fmt); break;
    default: read_sector(f, fmt); break;
    }
}

void fdc_exec_fire(void *ctx, uint64_t when)
{
    struct i82077 *f = ctx;
    (void)when;
    if (f->phase != PHASE_EXECUTE) {
        return;
    }
    switch (f->stage) {
    case STAGE_SEARCH: search(f); break;
    case STAGE_FAIL: finish(f, ST0_ABNORMAL); break;
    case STAGE_DATA: pass_sector(f); break;
    case STAGE_TO_HOST:
    case STAGE_FROM_HOST: fdc_interrupt(f, INT_BYTE, 0); break;
    default: break;
    }
}

/* --- beginnings --------------------------------------------------------------------------- */

void fdc_load_head(struct i82077 *f)
{
    uint32_t hlt = f->specify2 >> 1 ? f->specify2 >> 1 : 128;
    bool loaded = clock_now(&f->dev.board->clock) < f->loaded_until;
    exec_in(f, STAGE_SEARCH, loaded ? HEAD_SETTLED_US : fdc_by_rate(f, hlt * 2000));
}

void fdc_seek_done(struct i82077 *f)
{
    if (f->phase == PHASE_EXECUTE && f->stage == STAGE_SEEK) {
        f->st0 |= ST0_SEEK_END;
        fdc_load_head(f);
    }
}

/* --- non-DMA -------------------------------------------------------------------------------
 */

/* Non-DMA: INT falls with each byte and rises again when the next one is due. */
static bool host_byte_done(struct i82077 *f)
{
    fdc_interrupt(f, 0, INT_BYTE);
    f->data_next++;
    if (f->data_next < f->data_length) {
        exec_in(f, f->stage, fdc_by_rate(f, BYTE_US));
        return false;
    }
    clock_cancel(&f->dev.board->clock, &f->exec);
    return true;
}

uint8_t fdc_host_takes(struct i82077 *f)
{
    if (f->stage != STAGE_TO_HOST) {
        return 0xFF;
    }
    uint8_t byte = f->data[f->data_next % FDC_SECTOR];
    if (host_byte_done(f)) {
        sector_done(f, false);
    }
    return byte;
}

void fdc_host_gives(struct i82077 *f, uint8_t byte)
{
    if (f->stage != STAGE_FROM_HOST) {
        return;
    }
    f->data[f->data_next % FDC_SECTOR] = byte;
    if (host_byte_done(f)) {
        exec_in(f, STAGE_DATA, sector_us(f));
    }
}
