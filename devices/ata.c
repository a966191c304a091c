/* devices/ata.c -- an ATA channel: task files, device selection, reset, data port. Commands of
 * disks are in ata_disk.c, of CD-ROM drives in atapi.c and atapi_cmd.c, identities in
 * ata_identify.c.
 *
 *   command block (1F0h, 170h)                     control block (3F6h, 376h)
 *   +0 RW  data, 16 bits                           R  alternate status: leaves INTRQ alone
 *   +1 R   error     W  features                   W  7 HOB, 2 SRST, 1 nIEN
 *   +2 RW  sector count (ATAPI: interrupt reason)
 *   +3 RW  LBA 7:0 or sector
 *   +4 RW  LBA 15:8 or cylinder low (ATAPI: byte count)
 *   +5 RW  LBA 23:16 or cylinder high
 *   +6 RW  6 LBA, 4 DEV, 3-0 LBA 27:24 or head
 *   +7 R   status: 7 BSY, 6 DRDY, 5 DF, 4 DSC, 3 DRQ, 0 ERR; takes INTRQ back
 *   +7 W   command
 *
 * The registers are two bytes deep for LBA48: HOB lets the host read the older byte; a write to
 * the command block clears HOB.
 *
 * Both devices hear every write; the one that DEV names answers. A device 0 that is alone
 * answers for device 1 too, with a status of 0; a device 1 that is alone does not answer for
 * device 0. Where nobody answers the bus floats: pull-ups, and the pull-down of DD7 by which
 * hosts see BSY = 0 (ATA-4 4.1). While a command is in execution the registers do not take
 * writes, but for DEVICE RESET and the control block; the standards leave that open.
 *
 * Lines: INTRQ, of the selected device, unless nIEN; DMARQ is `phase`. Time: a command takes
 * tens of microseconds, then data come or go at 64 bytes a microsecond, and a DRQ block waits
 * for the host as long as it likes. Everything happens in one event a channel.
 *
 * A byte-wide access to the data register strobes the device all the same: it moves a word, of
 * which the host sees the low byte. A doubleword is two words.
 *
 * NOT IMPLEMENTED: overlap and queuing, 8-bit transfers (CompactFlash), the drive address
 * register (3F7h bits 6:0; obsolete since ATA-2).
 * References: T13/1153D (ATA/ATAPI-4), T13/1321D (ATA/ATAPI-5), T13/1410D (ATA/ATAPI-6).
 */
#include "devices/ata_priv.h"

#include <string.h>

enum { RESET_US = 1500, COMMAND_US = 20, BYTES_A_US = 64 };
enum { COMMAND_DEVICE_RESET = 0x08, COMMAND_DIAGNOSTIC = 0x90 };

static bool ata_device_loaded(void *obj)
{
    const struct ata_device *d = obj;
    return d->heads != 0 && d->track != 0;
}

static const struct field device_fields[] = {
    FIELD(struct ata_device, lba),
    FIELD_R(struct ata_device, left, 0, 0xFFFFFF),
    FIELD(struct ata_device, seen),
    FIELD_A(struct ata_device, feature),
    FIELD_A(struct ata_device, count),
    FIELD_A(struct ata_device, low),
    FIELD_A(struct ata_device, mid),
    FIELD_A(struct ata_device, high),
    FIELD(struct ata_device, select),
    FIELD(struct ata_device, status),
    FIELD(struct ata_device, error),
    FIELD(struct ata_device, command),
    FIELD_R(struct ata_device, heads, 1, 16),
    FIELD(struct ata_device, track),
    FIELD_R(struct ata_device, multiple, 0, MULTIPLE_MAX),
    FIELD_R(struct ata_device, pio_mode, 0, 4),
    FIELD(struct ata_device, dma_mode),
    FIELD_R(struct ata_device, power, 0, POWER_SLEEP),
    FIELD(struct ata_device, interrupt),
    FIELD(struct ata_device, write_cache),
    FIELD(struct ata_device, look_ahead),
    FIELD(struct ata_device, keep),
    FIELD(struct ata_device, diagnose),
    FIELD_A(struct ata_device, packet),
    FIELD_R(struct ata_device, sense, 0, 15),
    FIELD(struct ata_device, asc),
    FIELD(struct ata_device, ascq),
    FIELD_R(struct ata_device, attention, 0, ATTENTION_RESET | ATTENTION_MEDIUM),
    FIELD_R(struct ata_device, media_event, 0, MEDIA_REMOVAL),
    FIELD(struct ata_device, locked),
    FIELD(struct ata_device, tray_open),
    FIELD(struct ata_device, limit),
    FIELDS_END,
};
static const struct schema device_schema = {"ata_device",  sizeof(struct ata_device), 1, 1,
                                            device_fields, ata_device_loaded};

static bool ata_channel_loaded(void *obj)
{
    const struct ata_channel *ch = obj;
    return ch->next <= ch->stop && ch->stop <= ch->end;
}

static const struct field channel_fields[] = {
    FIELD_EVENT(struct ata_channel, work),
    FIELD_S(struct ata_channel, device, &device_schema, struct ata_device),
    FIELD_R(struct ata_channel, next, 0, ATA_BUFFER),
    FIELD_R(struct ata_channel, stop, 0, ATA_BUFFER),
    FIELD_R(struct ata_channel, end, 0, ATA_BUFFER),
    FIELD_R(struct ata_channel, phase, 0, PHASE_LAST),
    FIELD(struct ata_channel, control),
    FIELD(struct ata_channel, intrq),
    FIELD_A(struct ata_channel, buffer),
    DERIVED(struct ata_channel, board),
    DERIVED(struct ata_channel, irq),
    DERIVED(struct ata_channel, dma),
    DERIVED(struct ata_channel, first),
    FIELDS_END,
};
const struct schema ata_channel_schema = {"ata_channel",  sizeof(struct ata_channel), 1, 1,
                                          channel_fields, ata_channel_loaded};

/* --- devices, lines, time ---------------------------------------------------------------- */

struct drive *ata_drive(const struct ata_channel *ch, unsigned n)
{
    struct drive *d = &ch->board->drive[ch->first + (n & 1)];
    return d->kind == DRIVE_DISK || d->kind == DRIVE_CDROM ? d : NULL;
}

static bool is_packet(const struct ata_channel *ch, unsigned n)
{
    const struct drive *d = ata_drive(ch, n);
    return d && d->kind == DRIVE_CDROM;
}

/* All copies of the device register are equal. */
unsigned ata_selected(const struct ata_channel *ch)
{
    return ch->device[0].select & SELECT_DEV ? 1 : 0;
}

/* Whose registers are read; -1: nobody's. */
static int answering(const struct ata_channel *ch)
{
    unsigned n = ata_selected(ch);
    if (ata_drive(ch, n)) {
        return (int)n;
    }
    return n == 1 && ata_drive(ch, 0) ? 0 : -1;
}

static void drive_intrq(struct ata_channel *ch)
{
    unsigned n = ata_selected(ch);
    ch->intrq = ata_drive(ch, n) && ch->device[n].interrupt && !(ch->control & CONTROL_NIEN);
    wire_set(&ch->irq, ch->intrq);
}

static void interrupt(struct ata_channel *ch, struct ata_device *d, bool level)
{
    d->interrupt = level;
    drive_intrq(ch);
}

static void work_in(struct ata_channel *ch, uint64_t us)
{
    struct clock *ck = &ch->board->clock;
    clock_at(ck, &ch->work, clock_now(ck) + clock_us(ck, us));
}

uint64_t ata_data_us(uint64_t bytes)
{
    return bytes / BYTES_A_US + 1;
}

/* --- phases ------------------------------------------------------------------------------ */

void ata_busy(struct ata_channel *ch, struct ata_device *d, enum ata_phase phase, uint64_t us)
{
    ch->phase = (uint8_t)phase;
    d->status = (uint8_t)((d->status & STATUS_DRDY) | STATUS_BSY);
    work_in(ch, us);
}

void ata_drq(struct ata_channel *ch, struct ata_device *d, enum ata_phase phase, uint32_t stop,
             bool intrq)
{
    ch->phase = (uint8_t)phase;
    ch->stop = stop;
    d->status = STATUS_DRDY | STATUS_DSC | STATUS_DRQ;
    interrupt(ch, d, intrq);
}

void ata_idle(struct ata_channel *ch, struct ata_device *d, uint8_t status, bool intrq)
{
    ch->phase = PHASE_IDLE;
    ch->next = ch->stop = ch->end = 0;
    d->status = status;
    interrupt(ch, d, intrq);
}

void ata_done(struct ata_channel *ch, struct ata_device *d)
{
    d->error = 0;
    ata_idle(ch, d, STATUS_DRDY | STATUS_DSC, true);
}

void ata_abort(struct ata_channel *ch, struct ata_device *d)
{
    d->error = ERROR_ABRT;
    ata_idle(ch, d, STATUS_DRDY | STATUS_DSC | STATUS_ERR, true);
}

static bool dma_ready(const struct ata_channel *ch)
{
    return ch->dma.ready && ch->dma.ready(ch->dma.ctx, ch->dma.n, ch->phase == PHASE_DMA_IN);
}

/* The next piece takes its time on the way between medium and memory. */
static void dma_schedule(struct ata_channel *ch, const struct ata_device *d)
{
    uint64_t sector = is_packet(ch, (unsigned)(d - ch->device)) ? ATAPI_SECTOR : ATA_SECTOR;
    uint64_t bytes = d->left * sector;
    if (ch->next < ch->end) {
        bytes = ch->end - ch->next;
    }
    work_in(ch, ata_data_us(bytes < ATA_BUFFER ? bytes : ATA_BUFFER));
}

void ata_dma_kick(struct ata_channel *ch)
{
    bool waiting = ch->phase == PHASE_DMA_IN || ch->phase == PHASE_DMA_OUT;
    if (waiting && ch->work.at.when == EVENT_IDLE && dma_ready(ch)) {
        dma_schedule(ch, &ch->device[ata_selected(ch)]);
    }
}

void ata_dma_begin(struct ata_channel *ch, struct ata_device *d, enum ata_phase phase)
{
    ch->phase = (uint8_t)phase;
    d->status = STATUS_BSY | STATUS_DRDY;
    ata_dma_kick(ch);
}

static void dma_in(struct ata_channel *ch, struct ata_device *d, bool packet)
{
    if (ch->next == ch->end && !(packet ? atapi_fill(ch, d) : ata_disk_fill(ch, d))) {
        return;
    }
    ch->next +=
        ch->dma.to_memory(ch->dma.ctx, ch->dma.n, ch->buffer + ch->next, ch->end - ch->next);
    if (ch->next < ch->end) {
        return; /* until the bus master is started again */
    }
    if (d->left) {
        dma_schedule(ch, d);
    } else if (packet) {
        atapi_end(ch, d);
    } else {
        ata_disk_end(ch, d);
    }
}

static void dma_out(struct ata_channel *ch, struct ata_device *d)
{
    if (ch->next == ch->end) {
        uint64_t bytes = (uint64_t)d->left * ATA_SECTOR;
        ch->next = 0;
        ch->stop = ch->end = bytes < ATA_BUFFER ? (uint32_t)bytes : ATA_BUFFER;
    }
    ch->next +=
        ch->dma.from_memory(ch->dma.ctx, ch->dma.n, ch->buffer + ch->next, ch->end - ch->next);
    if (ch->next < ch->end || !ata_disk_drain(ch, d)) {
        return;
    }
    if (d->left) {
        dma_schedule(ch, d);
    } else {
        ata_disk_end(ch, d);
    }
}

/* --- reset ------------------------------------------------------------------------------- */

/* ATA-4 9.1 and table 10. */
void ata_signature(struct ata_channel *ch, unsigned n)
{
    struct ata_device *d = &ch->device[n & 1];
    bool packet = is_packet(ch, n);
    d->count[0] = d->low[0] = 1;
    d->mid[0] = packet ? 0x14 : 0;
    d->high[0] = packet ? 0xEB : 0;
    d->count[1] = d->low[1] = d->mid[1] = d->high[1] = 0;
}

void ata_settings_default(struct ata_device *d)
{
    d->heads = CHS_HEADS;
    d->track = CHS_TRACK;
    d->multiple = MULTIPLE_MAX;
    d->write_cache = d->look_ahead = true;
}

static void device_power_on(struct ata_device *d)
{
    ata_settings_default(d);
    d->keep = false;
    d->pio_mode = 0;
    d->dma_mode = 0;
    d->feature[0] = d->feature[1] = 0;
}

static void begin_reset(struct ata_channel *ch)
{
    clock_cancel(&ch->board->clock, &ch->work);
    ch->phase = PHASE_RESET;
    ch->next = ch->stop = ch->end = 0;
    for (unsigned n = 0; n < ATA_DEVICES; n++) {
        struct ata_device *d = &ch->device[n];
        d->select = 0;
        d->status = STATUS_BSY;
        d->left = 0;
        d->interrupt = false;
        d->diagnose = false;
    }
    drive_intrq(ch);
}

/* The devices have run their diagnostics: device 0 reports both. */
static void reset_end(struct ata_channel *ch)
{
    ch->phase = PHASE_IDLE;
    for (unsigned n = 0; n < ATA_DEVICES; n++) {
        struct ata_device *d = &ch->device[n];
        ata_signature(ch, n);
        d->error = ERROR_DIAGNOSTIC_PASSED;
        d->status = is_packet(ch, n) ? 0 : STATUS_DRDY | STATUS_DSC;
        d->power = POWER_ACTIVE;
    }
    interrupt(ch, &ch->device[0], ch->device[0].diagnose);
    ch->device[0].diagnose = false;
}

static void soft_reset(struct ata_channel *ch)
{
    begin_reset(ch);
    for (unsigned n = 0; n < ATA_DEVICES; n++) {
        struct ata_device *d = &ch->device[n];
        if (!d->keep) {
            ata_settings_default(d);
        }
        if (is_packet(ch, n)) {
            atapi_reset(ch, d, false);
        }
    }
}

void ata_reset(struct ata_channel *ch, enum reset how)
{
    begin_reset(ch);
    memset(ch->buffer, 0, sizeof ch->buffer);
    ch->control = 0;
    for (unsigned n = 0; n < ATA_DEVICES; n++) {
        struct ata_device *d = &ch->device[n];
        device_power_on(d);
        atapi_reset(ch, d, how == RESET_POWER);
    }
    work_in(ch, RESET_US);
}

/* --- the event --------------------------------------------------------------------------- */

static void disk_work(struct ata_channel *ch, struct ata_device *d)
{
    switch (ch->phase) {
    case PHASE_COMMAND: ata_disk_command(ch, d); break;
    case PHASE_FETCH: ata_disk_fetch(ch, d); break;
    case PHASE_STORE: ata_disk_store(ch, d); break;
    case PHASE_DMA_IN: dma_in(ch, d, false); break;
    case PHASE_DMA_OUT: dma_out(ch, d); break;
    default: break;
    }
}

static void packet_work(struct ata_channel *ch, struct ata_device *d)
{
    switch (ch->phase) {
    case PHASE_COMMAND: atapi_command(ch, d); break;
    case PHASE_PACKET_RUN: atapi_packet_run(ch, d); break;
    case PHASE_FETCH: atapi_fetch(ch, d); break;
    case PHASE_WINDOW: atapi_window(ch, d); break;
    case PHASE_DMA_IN: dma_in(ch, d, true); break;
    default: break;
    }
}

static void work_fire(void *ctx, uint64_t when)
{
    struct ata_channel *ch = ctx;
    unsigned n = ata_selected(ch);
    (void)when;
    if (ch->phase == PHASE_RESET) {
        reset_end(ch);
        return;
    }
    if ((ch->phase == PHASE_DMA_IN || ch->phase == PHASE_DMA_OUT) && !dma_ready(ch)) {
        return; /* stopped meanwhile; ata_dma_kick() */
    }
    if (is_packet(ch, n)) {
        packet_work(ch, &ch->device[n]);
    } else if (ata_drive(ch, n)) {
        disk_work(ch, &ch->device[n]);
    }
}

/* --- data port --------------------------------------------------------------------------- */

/* The host has had the whole DRQ block. */
static void block_taken(struct ata_channel *ch, struct ata_device *d)
{
    if (is_packet(ch, ata_selected(ch))) {
        atapi_block_taken(ch, d);
    } else if (d->left) {
        ata_busy(ch, d, PHASE_FETCH, ata_data_us(ATA_SECTOR));
    } else {
        d->error = 0;
        ata_idle(ch, d, STATUS_DRDY | STATUS_DSC, d->interrupt);
    }
}

static void block_given(struct ata_channel *ch, struct ata_device *d)
{
    if (ch->phase == PHASE_PACKET) {
        memcpy(d->packet, ch->buffer, sizeof d->packet);
        ata_busy(ch, d, PHASE_PACKET_RUN, COMMAND_US);
    } else {
        ata_busy(ch, d, PHASE_STORE, ata_data_us(ch->stop));
    }
}

static uint16_t word_in(struct ata_channel *ch)
{
    if (ch->phase != PHASE_TO_HOST || answering(ch) != (int)ata_selected(ch)) {
        return 0xFF00 | ATA_FLOATING;
    }
    uint8_t low = ch->buffer[ch->next % ATA_BUFFER];
    uint8_t high = ch->next + 1 < ch->stop ? ch->buffer[(ch->next + 1) % ATA_BUFFER] : 0;
    ch->next += 2;
    if (ch->next >= ch->stop) {
        ch->next = ch->stop; /* the last byte of an odd number came with a pad byte */
        block_taken(ch, &ch->device[ata_selected(ch)]);
    }
    return (uint16_t)(low | high << 8);
}

static void word_out(struct ata_channel *ch, uint16_t val)
{
    if (ch->phase != PHASE_FROM_HOST && ch->phase != PHASE_PACKET) {
        return;
    }
    ch->buffer[ch->next % ATA_BUFFER] = (uint8_t)val;
    ch->buffer[(ch->next + 1) % ATA_BUFFER] = (uint8_t)(val >> 8);
    ch->next += 2;
    if (ch->next >= ch->stop) {
        ch->next = ch->stop;
        block_given(ch, &ch->device[ata_selected(ch)]);
    }
}

uint32_t ata_data_in(struct ata_channel *ch, unsigned size)
{
    uint32_t v = word_in(ch);
    if (size == 4) {
        v |= (uint32_t)word_in(ch) << 16;
    }
    return size == 1 ? v & 0xFF : v;
}

void ata_data_out(struct ata_channel *ch, uint32_t val, unsigned size)
{
    word_out(ch, (uint16_t)(size == 1 ? val | 0xFF00 : val));
    if (size == 4) {
        word_out(ch, (uint16_t)(val >> 16));
    }
}

/* --- registers --------------------------------------------------------------------------- */

static uint8_t status_of(const struct ata_channel *ch, int n)
{
    if (n < 0) {
        return ATA_FLOATING;
    }
    return (unsigned)n == ata_selected(ch) ? ch->device[n].status : 0;
}

uint8_t ata_alternate_status(const struct ata_channel *ch)
{
    return status_of(ch, answering(ch));
}

uint8_t ata_in(struct ata_channel *ch, unsigned reg)
{
    int n = answering(ch);
    if (n < 0) {
        return ATA_FLOATING;
    }
    struct ata_device *d = &ch->device[n];
    unsigned old = ch->control & CONTROL_HOB ? 1 : 0;
    switch (reg) {
    case ATA_ERROR: return d->error;
    case ATA_COUNT: return d->count[old];
    case ATA_LOW: return d->low[old];
    case ATA_MID: return d->mid[old];
    case ATA_HIGH: return d->high[old];
    case ATA_DEVICE: return d->select;
    case ATA_STATUS: {
        uint8_t status = status_of(ch, n);
        if ((unsigned)n == ata_selected(ch)) {
            interrupt(ch, d, false);
        }
        return status;
    }
    default: return 0xFF;
    }
}

static void diagnose(struct ata_channel *ch)
{
    begin_reset(ch);
    ch->device[0].diagnose = true;
    work_in(ch, RESET_US);
}

/* DEVICE RESET: the one command that a busy packet device takes. No interrupt. */
static void device_reset(struct ata_channel *ch, unsigned n)
{
    struct ata_device *d = &ch->device[n];
    clock_cancel(&ch->board->clock, &ch->work);
    atapi_reset(ch, d, false);
    ata_signature(ch, n);
    d->select &= SELECT_DEV;
    d->error = ERROR_DIAGNOSTIC_PASSED;
    d->power = POWER_ACTIVE;
    d->left = 0;
    ata_idle(ch, d, 0, false);
}

static void write_command(struct ata_channel *ch, uint8_t val)
{
    unsigned n = ata_selected(ch);
    struct ata_device *d = &ch->device[n];
    if (ch->phase == PHASE_RESET) {
        return;
    }
    if (val == COMMAND_DEVICE_RESET && is_packet(ch, n)) {
        device_reset(ch, n);
        return;
    }
    if (ch->phase != PHASE_IDLE) {
        note(&ch->board->notes, NOTE_ata_busy);
        return;
    }
    if (val == COMMAND_DIAGNOSTIC && answering(ch) >= 0) {
        diagnose(ch);
        return;
    }
    if (!ata_drive(ch, n) || d->power == POWER_SLEEP) {
        return;
    }
    d->command = val;
    interrupt(ch, d, false);
    ch->next = ch->stop = ch->end = 0;
    ata_busy(ch, d, PHASE_COMMAND, is_packet(ch, n) ? COMMAND_US : ata_disk_command_us(d));
}

static void put(uint8_t pair[2], uint8_t val)
{
    pair[1] = pair[0];
    pair[0] = val;
}

void ata_out(struct ata_channel *ch, unsigned reg, uint8_t val)
{
    ch->control &= (uint8_t)~CONTROL_HOB;
    if (reg == ATA_STATUS) {
        write_command(ch, val);
        return;
    }
    if (ch->phase != PHASE_IDLE) {
        return;
    }
    for (unsigned n = 0; n < ATA_DEVICES; n++) {
        struct ata_device *d = &ch->device[n];
        switch (reg) {
        case ATA_ERROR: put(d->feature, val); break;
        case ATA_COUNT: put(d->count, val); break;
        case ATA_LOW: put(d->low, val); break;
        case ATA_MID: put(d->mid, val); break;
        case ATA_HIGH: put(d->high, val); break;
        case ATA_DEVICE: d->select = val; break;
        default: break;
        }
    }
    if (reg == ATA_DEVICE) {
        drive_intrq(ch);
    }
}

void ata_control(struct ata_channel *ch, uint8_t val)
{
    bool was = ch->control & CONTROL_SRST;
    ch->control = val & (CONTROL_HOB | CONTROL_SRST | CONTROL_NIEN);
    if (val & CONTROL_SRST) {
        if (!was) {
            soft_reset(ch);
        }
    } else if (was) {
        work_in(ch, RESET_US);
    }
    drive_intrq(ch);
}

void ata_init(struct ata_channel *ch, struct board *b, const char *name, unsigned first,
              struct wire irq, struct ata_dma dma)
{
    ch->board = b;
    ch->first = first;
    ch->irq = irq;
    ch->dma = dma;
    for (unsigned n = 0; n < ATA_DEVICES; n++) {
        device_power_on(&ch->device[n]);
    }
    event_init(&b->clock, &ch->work, name, work_fire, ch);
}

void ata_info(const struct ata_channel *ch, struct text *out)
{
    for (unsigned n = 0; n < ATA_DEVICES; n++) {
        const struct ata_device *d = &ch->device[n];
        const struct drive *drive = ata_drive(ch, n);
        if (!drive) {
            continue;
        }
        text_add(out,
                 "%s%s: %s status %02x error %02x command %02x count %02x lba %02x %02x %02x "
                 "device %02x multiple %u dma %02x%s\n",
                 drive_name(drive->index), n == ata_selected(ch) ? "*" : "",
                 is_packet(ch, n) ? "CD-ROM" : "disk", d->status, d->error, d->command,
                 d->count[0], d->high[0], d->mid[0], d->low[0], d->select, d->multiple,
                 d->dma_mode, d->interrupt ? " INTRQ" : "");
    }
    text_add(out, "phase %u, byte %u of %u, control %02x\n", ch->phase, (unsigned)ch->next,
             (unsigned)ch->end, ch->control);
}
