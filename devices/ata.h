/* devices/ata.h -- one ATA channel with its two devices, as a host adapter sees it; see ata.c.
 */
#ifndef TERRAPIN_DEVICES_ATA_H
#define TERRAPIN_DEVICES_ATA_H

#include "devices/device.h"

enum {
    ATA_DEVICES = 2,
    ATA_SECTOR = 512,
    ATAPI_SECTOR = 2048,
    ATAPI_PACKET = 12,
    ATA_BUFFER = 65536,
};

/* What moves the data of DMA commands: the bus master of the host adapter. */
struct ata_dma {
    void *ctx;
    unsigned n;
    /* Would it move data in this direction now? */
    bool (*ready)(void *ctx, unsigned n, bool to_memory);
    /* Bytes moved; fewer than len: it has stopped, and ready() is false. */
    uint32_t (*to_memory)(void *ctx, unsigned n, const uint8_t *bytes, uint32_t len);
    uint32_t (*from_memory)(void *ctx, unsigned n, uint8_t *bytes, uint32_t len);
};

struct ata_device {
    uint64_t lba;  /* next sector of the command in execution … */
    uint32_t left; /* … and how many */
    uint32_t seen; /* media changes noticed (struct drive) */
    /* The registers that the host writes: [0] last written, [1] before that (LBA48). */
    uint8_t feature[2], count[2], low[2], mid[2], high[2];
    uint8_t select; /* device register */
    uint8_t status, error, command;
    uint8_t heads, track; /* current translation */
    uint8_t multiple;     /* sectors a block of READ MULTIPLE; 0: it is disabled */
    uint8_t pio_mode;     /* 0 … 4 */
    uint8_t dma_mode;     /* 20h | multiword mode, 40h | Ultra DMA mode, or 0 */
    uint8_t power;        /* enum ata_power */
    bool interrupt;       /* the device asks for INTRQ */
    bool write_cache, look_ahead;
    bool keep;     /* SET FEATURES 66h: settings survive SRST */
    bool diagnose; /* in execution: EXECUTE DEVICE DIAGNOSTIC, not a reset */
    /* ATAPI */
    uint8_t packet[ATAPI_PACKET];
    uint8_t sense, asc, ascq; /* of the last command that failed */
    uint8_t attention;        /* unit attentions not yet reported: enum atapi_attention */
    uint8_t media_event;      /* not yet reported by GET EVENT STATUS NOTIFICATION */
    bool locked, tray_open;
    uint16_t limit; /* bytes a DRQ block, from the byte count registers */
};

struct ata_channel {
    struct event work; /* what BSY waits for */
    struct ata_device device[ATA_DEVICES];
    uint32_t next, stop, end; /* of the buffer: moved so far, end of DRQ block, end of data */
    uint8_t phase;            /* enum ata_phase */
    uint8_t control;          /* device control register: HOB, SRST, nIEN */
    bool intrq;               /* level of the line */
    uint8_t buffer[ATA_BUFFER];
    struct board *board; /* DERIVED: wiring, from here on */
    struct wire irq;     /* DERIVED */
    struct ata_dma dma;  /* DERIVED */
    unsigned first;      /* DERIVED: DRIVE_HDA or DRIVE_HDC */
};
extern const struct schema ata_channel_schema;

/* first: the drive slot of device 0. irq: INTRQ. */
void ata_init(struct ata_channel *ch, struct board *b, const char *name, unsigned first,
              struct wire irq, struct ata_dma dma);
void ata_reset(struct ata_channel *ch, enum reset how);

/* Command block, reg 0..7 (1F0h …), and control block (3F6h). An access of any size to the data
 * register; wider ones to the others are split by the caller. */
enum ata_register {
    ATA_DATA,
    ATA_ERROR, /* written: features */
    ATA_COUNT,
    ATA_LOW,
    ATA_MID,
    ATA_HIGH,
    ATA_DEVICE,
    ATA_STATUS, /* written: command */
};
uint32_t ata_data_in(struct ata_channel *ch, unsigned size);
void ata_data_out(struct ata_channel *ch, uint32_t val, unsigned size);
uint8_t ata_in(struct ata_channel *ch, unsigned reg);
void ata_out(struct ata_channel *ch, unsigned reg, uint8_t val);
uint8_t ata_alternate_status(const struct ata_channel *ch);
void ata_control(struct ata_channel *ch, uint8_t val);
/* The bus master may have become ready. */
void ata_dma_kick(struct ata_channel *ch);

void ata_info(const struct ata_channel *ch, struct text *out);

/* What an undriven bus reads: pulled up, but for DD7, which ATA pulls down. */
enum { ATA_FLOATING = 0x7F };

#endif
