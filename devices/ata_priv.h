/* devices/ata_priv.h -- shared by ata.c (registers, reset, selection, data port), ata_disk.c
 * (disk commands), ata_identify.c (what devices say of themselves), atapi.c (packets) and
 * atapi_cmd.c (CD-ROM commands). Nobody else includes it.
 */
#ifndef TERRAPIN_DEVICES_ATA_PRIV_H
#define TERRAPIN_DEVICES_ATA_PRIV_H

#include "devices/ata.h"

enum ata_status {
    STATUS_BSY = 0x80,
    STATUS_DRDY = 0x40,
    STATUS_DF = 0x20,
    STATUS_DSC = 0x10,
    STATUS_DRQ = 0x08,
    STATUS_ERR = 0x01, /* ATAPI: CHK */
};
enum ata_error {
    ERROR_UNC = 0x40,
    ERROR_IDNF = 0x10,
    ERROR_ABRT = 0x04,
    ERROR_DIAGNOSTIC_PASSED = 0x01,
};
enum ata_select { SELECT_DEV = 0x10, SELECT_LBA = 0x40, SELECT_HEAD = 0x0F };
enum ata_control { CONTROL_NIEN = 0x02, CONTROL_SRST = 0x04, CONTROL_HOB = 0x80 };
enum ata_power { POWER_ACTIVE, POWER_IDLE, POWER_STANDBY, POWER_SLEEP };

/* What the channel is doing. In all but IDLE the selected device has BSY or DRQ set, and the
 * registers refuse to be written: whom a phase belongs to is whom DEV selects. */
enum ata_phase {
    PHASE_IDLE,
    PHASE_RESET,     /* BSY: both devices, until they post their signatures */
    PHASE_COMMAND,   /* BSY: the command register has been written */
    PHASE_FETCH,     /* BSY: PIO: the next block comes from the medium */
    PHASE_STORE,     /* BSY: PIO: the block goes to the medium */
    PHASE_TO_HOST,   /* DRQ: PIO */
    PHASE_FROM_HOST, /* DRQ: PIO */
    PHASE_DMA_IN,    /* BSY: DMARQ, when the work event is due or idle */
    PHASE_DMA_OUT,
    PHASE_PACKET,     /* DRQ: the packet is awaited */
    PHASE_PACKET_RUN, /* BSY: the packet is executed */
    PHASE_WINDOW,     /* BSY: the next DRQ block of data that is in the buffer */
    PHASE_LAST = PHASE_WINDOW,
};

enum ata_multiple { MULTIPLE_MAX = 16 };
/* A disk of this size and beyond has 16383 cylinders, 16 heads, 63 sectors (ATA-4 8.12.8). */
enum { CHS_HEADS = 16, CHS_TRACK = 63, CHS_CYLINDERS_MAX = 16383 };

/* Interrupt reason, in the sector count register of packet devices. */
enum atapi_reason { REASON_CD = 0x01, REASON_IO = 0x02 };
enum atapi_attention { ATTENTION_RESET = 1, ATTENTION_MEDIUM = 2 };
/* Media events as GET EVENT STATUS NOTIFICATION codes them (MMC-2 table 78). */
enum atapi_media_event { MEDIA_NONE, MEDIA_EJECT_REQUEST, MEDIA_NEW, MEDIA_REMOVAL };

/* --- ata.c --- */
unsigned ata_selected(const struct ata_channel *ch);
struct drive *ata_drive(const struct ata_channel *ch, unsigned n); /* NULL: absent */
static inline struct drive *ata_drive_of(const struct ata_channel *ch,
                                         const struct ata_device *d)
{
    return ata_drive(ch, (unsigned)(d - ch->device));
}
/* BSY, and work after us microseconds. */
void ata_busy(struct ata_channel *ch, struct ata_device *d, enum ata_phase phase, uint64_t us);
uint64_t ata_data_us(uint64_t bytes); /* how long the medium takes for them */
/* A DRQ block: buffer[next, stop). */
void ata_drq(struct ata_channel *ch, struct ata_device *d, enum ata_phase phase, uint32_t stop,
             bool interrupt);
void ata_done(struct ata_channel *ch, struct ata_device *d); /* without error; INTRQ */
void ata_idle(struct ata_channel *ch, struct ata_device *d, uint8_t status, bool interrupt);
void ata_abort(struct ata_channel *ch, struct ata_device *d); /* ABRT */
void ata_signature(struct ata_channel *ch, unsigned n);
void ata_dma_begin(struct ata_channel *ch, struct ata_device *d, enum ata_phase phase);
void ata_settings_default(struct ata_device *d); /* what 66h keeps */

/* --- ata_disk.c --- */
void ata_disk_command(struct ata_channel *ch, struct ata_device *d);
void ata_disk_fetch(struct ata_channel *ch, struct ata_device *d);
void ata_disk_store(struct ata_channel *ch, struct ata_device *d);
/* DMA: fills the buffer, or takes it. false: the command has ended with an error. */
bool ata_disk_fill(struct ata_channel *ch, struct ata_device *d);
bool ata_disk_drain(struct ata_channel *ch, struct ata_device *d);
uint64_t ata_disk_command_us(const struct ata_device *d);
void ata_disk_end(struct ata_channel *ch, struct ata_device *d); /* all has been moved */

/* --- ata_identify.c --- */
struct ata_chs {
    uint32_t cylinders;
    uint8_t heads, track;
};
struct ata_chs ata_default_chs(uint64_t sectors);
/* The current translation, for a disk of that size. */
struct ata_chs ata_current_chs(const struct ata_device *d, uint64_t sectors);
void ata_identify_disk(const struct ata_device *d, const struct drive *drive, unsigned n,
                       uint8_t *out);
void ata_identify_packet(const struct ata_device *d, const struct drive *drive, unsigned n,
                         uint8_t *out);
bool ata_set_features(struct ata_device *d, bool packet); /* false: ABRT */

/* --- atapi.c --- */
void atapi_command(struct ata_channel *ch, struct ata_device *d);
void atapi_packet_run(struct ata_channel *ch, struct ata_device *d);
void atapi_fetch(struct ata_channel *ch, struct ata_device *d);
void atapi_block_taken(struct ata_channel *ch, struct ata_device *d);
void atapi_window(struct ata_channel *ch, struct ata_device *d);
bool atapi_fill(struct ata_channel *ch, struct ata_device *d);
void atapi_end(struct ata_channel *ch, struct ata_device *d); /* status phase, no error */
void atapi_fail(struct ata_channel *ch, struct ata_device *d, uint8_t sense, uint8_t asc,
                uint8_t ascq);
/* Data in the buffer, at most `allocated` bytes of it, then `sectors` from the medium. */
void atapi_answer(struct ata_channel *ch, struct ata_device *d, uint32_t len,
                  uint32_t allocated);
void atapi_read(struct ata_channel *ch, struct ata_device *d, uint64_t lba, uint32_t sectors);
void atapi_notice_change(struct ata_channel *ch, struct ata_device *d);
void atapi_reset(struct ata_channel *ch, struct ata_device *d, bool power);
bool atapi_medium(const struct ata_channel *ch, const struct ata_device *d);

/* --- atapi_cmd.c --- */
void atapi_execute(struct ata_channel *ch, struct ata_device *d);

#endif
