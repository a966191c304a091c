/* devices/atapi.c -- packet devices: ATA commands of a CD-ROM drive, the packet protocol by PIO
 * and DMA, sense data, media changes, the tray. CD-ROM commands are in atapi_cmd.c.
 *
 * PACKET: the drive takes 12 bytes (interrupt reason C/D), then by PIO as many DRQ blocks as it
 * likes, each at most as long as the byte count registers said when the command was written
 * (reason I/O, the length of the block in the byte count registers, an interrupt each), and
 * ends with a status phase (reason I/O and C/D, an interrupt). By DMA (features bit 0) there is
 * only the last of the interrupts. A limit of zero aborts a command that has data to send
 * (ATA/ATAPI-5 8.23.5).
 *
 * A command that fails ends with CHK, its sense key in bits 7-4 of the error register; REQUEST
 * SENSE tells more. A medium that was changed makes the next command fail once with UNIT
 * ATTENTION, as does a reset.
 *
 * The tray opens on the guest's word (START STOP UNIT) and shuts on it, or when the user puts
 * in another disc. A disc that the user takes out leaves the tray shut.
 *
 * NOT IMPLEMENTED: overlap, release and service interrupts; DMADIR; data from host to drive
 * (MODE SELECT and the like).
 * References: ATA/ATAPI-5 (T13/1321D) 8.21, 9.10, 9.11; SFF-8020i; MMC-2.
 */
#include "devices/ata_priv.h"

#include <string.h>

enum { COMMAND_US = 20, WINDOW_US = 5, PIO_SECTORS_MAX = ATA_BUFFER / ATAPI_SECTOR - 1 };
enum { FEATURE_DMA = 0x01, BYTE_COUNT_MAX = 0xFFFE };
enum {
    CMD_NOP = 0x00,
    CMD_READ = 0x20,
    CMD_PACKET = 0xA0,
    CMD_IDENTIFY_PACKET = 0xA1,
    CMD_STANDBY_IMMEDIATE = 0xE0,
    CMD_IDLE_IMMEDIATE = 0xE1,
    CMD_CHECK_POWER = 0xE5,
    CMD_SLEEP = 0xE6,
    CMD_IDENTIFY = 0xEC,
    CMD_SET_FEATURES = 0xEF,
};
enum { SENSE_NONE = 0x0, SENSE_MEDIUM_ERROR = 0x3, SENSE_ILLEGAL = 0x5, SENSE_ABORTED = 0xB };
enum { ASC_UNREADABLE = 0x11 };

bool atapi_medium(const struct ata_channel *ch, const struct ata_device *d)
{
    return ata_drive_of(ch, d)->sectors != 0 && !d->tray_open;
}

/* Someone at the drive's door: a new disc shuts the tray. */
void atapi_notice_change(struct ata_channel *ch, struct ata_device *d)
{
    const struct drive *drive = ata_drive_of(ch, d);
    if (d->seen == drive->changes) {
        return;
    }
    d->seen = drive->changes;
    if (drive->sectors) {
        d->tray_open = false;
        d->attention |= ATTENTION_MEDIUM;
        d->media_event = MEDIA_NEW;
    } else {
        d->attention &= (uint8_t)~ATTENTION_MEDIUM;
        d->media_event = MEDIA_REMOVAL;
    }
}

void atapi_reset(struct ata_channel *ch, struct ata_device *d, bool power)
{
    d->sense = SENSE_NONE;
    d->asc = d->ascq = 0;
    d->locked = false;
    d->left = 0;
    d->attention |= ATTENTION_RESET;
    if (power) {
        const struct drive *drive = ata_drive_of(ch, d);
        d->seen = drive ? drive->changes : 0;
        d->attention = ATTENTION_RESET;
        d->media_event = MEDIA_NONE;
        d->tray_open = false;
    }
}

/* --- the end of a packet command --------------------------------------------------------- */

void atapi_end(struct ata_channel *ch, struct ata_device *d)
{
    d->count[0] = REASON_IO | REASON_CD;
    ata_done(ch, d);
}

void atapi_fail(struct ata_channel *ch, struct ata_device *d, uint8_t sense, uint8_t asc,
                uint8_t ascq)
{
    bool aborted = sense == SENSE_ILLEGAL || sense == SENSE_ABORTED;
    d->sense = sense;
    d->asc = asc;
    d->ascq = ascq;
    d->left = 0;
    d->count[0] = REASON_IO | REASON_CD;
    d->error = (uint8_t)(sense << 4 | (aborted ? ERROR_ABRT : 0));
    ata_idle(ch, d, STATUS_DRDY | STATUS_DSC | STATUS_ERR, true);
}

/* --- data to the host -------------------------------------------------------------------- */

/* The next DRQ block out of buffer[next, end). */
void atapi_window(struct ata_channel *ch, struct ata_device *d)
{
    uint32_t n = ch->end - ch->next;
    if (n > d->limit) {
        n = d->limit;
    }
    d->mid[0] = (uint8_t)n;
    d->high[0] = (uint8_t)(n >> 8);
    d->count[0] = REASON_IO;
    ata_drq(ch, d, PHASE_TO_HOST, ch->next + n, true);
}

void atapi_block_taken(struct ata_channel *ch, struct ata_device *d)
{
    if (ch->next < ch->end) {
        ata_busy(ch, d, PHASE_WINDOW, WINDOW_US);
    } else if (d->left) {
        ata_busy(ch, d, PHASE_FETCH, ata_data_us(ATAPI_SECTOR));
    } else if (d->command == CMD_PACKET) {
        atapi_end(ch, d);
    } else { /* IDENTIFY PACKET DEVICE ends as a disk's commands do: without an interrupt */
        ata_idle(ch, d, STATUS_DRDY | STATUS_DSC, d->interrupt);
    }
}

/* Up to `most` sectors into the buffer. */
static bool load(struct ata_channel *ch, struct ata_device *d, uint32_t most)
{
    struct drive *drive = ata_drive_of(ch, d);
    uint32_t n = d->left < most ? d->left : most;
    /* Nobody gets one half of a disc and the other half of another. */
    bool good = drive->media.sector_size == ATAPI_SECTOR && drive->changes == d->seen;
    if (good && drive_read(drive, d->lba, ch->buffer, n) != 0) {
        n = 1; /* sector by sector to the bad one */
        good = drive_read(drive, d->lba, ch->buffer, n) == 0;
    }
    if (!good) {
        atapi_fail(ch, d, SENSE_MEDIUM_ERROR, ASC_UNREADABLE, 0);
        return false;
    }
    d->lba += n;
    d->left -= n;
    ch->next = 0;
    ch->stop = ch->end = n * ATAPI_SECTOR;
    return true;
}

bool atapi_fill(struct ata_channel *ch, struct ata_device *d)
{
    return load(ch, d, ATA_BUFFER / ATAPI_SECTOR);
}

void atapi_fetch(struct ata_channel *ch, struct ata_device *d)
{
    uint32_t most = d->limit / ATAPI_SECTOR;
    most = most > PIO_SECTORS_MAX ? PIO_SECTORS_MAX : most;
    if (load(ch, d, most ? most : 1)) {
        atapi_window(ch, d);
    }
}

static bool limited(struct ata_channel *ch, struct ata_device *d)
{
    if (d->limit) {
        return true;
    }
    d->left = 0;
    ata_abort(ch, d);
    return false;
}

void atapi_answer(struct ata_channel *ch, struct ata_device *d, uint32_t len,
                  uint32_t allocated)
{
    len = len < allocated ? len : allocated;
    d->left = 0;
    ch->next = 0;
    ch->stop = ch->end = len;
    if (len == 0) {
        atapi_end(ch, d);
    } else if (d->feature[0] & FEATURE_DMA) {
        ata_dma_begin(ch, d, PHASE_DMA_IN);
    } else if (limited(ch, d)) {
        atapi_window(ch, d);
    }
}

void atapi_read(struct ata_channel *ch, struct ata_device *d, uint64_t lba, uint32_t sectors)
{
    d->lba = lba;
    d->left = sectors;
    ch->next = ch->stop = ch->end = 0;
    if (sectors == 0) {
        atapi_end(ch, d);
    } else if (d->feature[0] & FEATURE_DMA) {
        ata_dma_begin(ch, d, PHASE_DMA_IN);
    } else if (limited(ch, d)) {
        ata_busy(ch, d, PHASE_FETCH, ata_data_us(ATAPI_SECTOR));
    }
}

/* --- ATA commands ------------------------------------------------------------------------ */

/* The length of DRQ blocks: even, unless it is the last. */
static uint16_t byte_count_limit(const struct ata_device *d)
{
    uint32_t limit = d->mid[0] | (uint32_t)d->high[0] << 8;
    limit = limit > BYTE_COUNT_MAX ? BYTE_COUNT_MAX : limit;
    return (uint16_t)(limit == 1 ? 2 : limit & ~1u);
}

static void await_packet(struct ata_channel *ch, struct ata_device *d)
{
    d->limit = byte_count_limit(d);
    d->count[0] = REASON_CD;
    ch->next = 0;
    ch->end = ATAPI_PACKET;
    ata_drq(ch, d, PHASE_PACKET, ATAPI_PACKET, false);
    d->status = STATUS_DRDY | STATUS_DRQ;
}

void atapi_packet_run(struct ata_channel *ch, struct ata_device *d)
{
    ch->next = ch->stop = ch->end = 0;
    atapi_notice_change(ch, d);
    atapi_execute(ch, d);
}

static void identify(struct ata_channel *ch, struct ata_device *d)
{
    ata_identify_packet(d, ata_drive_of(ch, d), (unsigned)(d - ch->device), ch->buffer);
    d->left = 0;
    d->error = 0;
    ch->next = 0;
    ch->end = ATA_SECTOR;
    ata_drq(ch, d, PHASE_TO_HOST, ATA_SECTOR, true);
}

/* IDENTIFY DEVICE and READ SECTORS tell old drivers what they are talking to. */
static void not_a_disk(struct ata_channel *ch, struct ata_device *d)
{
    ata_signature(ch, (unsigned)(d - ch->device));
    ata_abort(ch, d);
}

void atapi_command(struct ata_channel *ch, struct ata_device *d)
{
    switch (d->command) {
    case CMD_PACKET: await_packet(ch, d); break;
    case CMD_IDENTIFY_PACKET: identify(ch, d); break;
    case CMD_IDENTIFY:
    case CMD_READ: not_a_disk(ch, d); break;
    case CMD_SET_FEATURES:
        if (ata_set_features(d, true)) {
            ata_done(ch, d);
        } else {
            ata_abort(ch, d);
        }
        break;
    case CMD_CHECK_POWER:
        d->count[0] = d->power == POWER_STANDBY ? 0x00 : 0xFF;
        ata_done(ch, d);
        break;
    case CMD_STANDBY_IMMEDIATE:
        d->power = POWER_STANDBY;
        ata_done(ch, d);
        break;
    case CMD_IDLE_IMMEDIATE:
        d->power = POWER_IDLE;
        ata_done(ch, d);
        break;
    case CMD_SLEEP:
        d->power = POWER_SLEEP;
        ata_done(ch, d);
        break;
    case CMD_NOP:
    default: ata_abort(ch, d); break;
    }
}
