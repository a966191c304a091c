/* devices/ata_identify.c -- what devices say of themselves: IDENTIFY DEVICE and IDENTIFY PACKET
 * DEVICE (ATA/ATAPI-6 8.15, 8.16; words 1 to 6, 20 to 22 and 54 to 58 as ATA-1 to ATA-3 have
 * them), and SET FEATURES.
 */
#include "devices/ata_priv.h"

#include <string.h>

enum { IDENTIFY_BYTES = 512, CACHE_SECTORS = 512 };
#define LBA28_SECTORS 0x0FFFFFFFu
/* Sectors that CHS addressing reaches: 16383 * 16 * 63. */
#define CHS_SECTORS 16514064u

enum ata_feature {
    FEATURE_WRITE_CACHE_ON = 0x02,
    FEATURE_TRANSFER_MODE = 0x03,
    FEATURE_LOOK_AHEAD_OFF = 0x55,
    FEATURE_KEEP = 0x66,
    FEATURE_WRITE_CACHE_OFF = 0x82,
    FEATURE_LOOK_AHEAD_ON = 0xAA,
    FEATURE_REVERT = 0xCC,
};

static void word(uint8_t *out, unsigned n, uint64_t v)
{
    store_le16(out + 2 * n, (uint16_t)v);
}

static void dword(uint8_t *out, unsigned n, uint64_t v)
{
    word(out, n, v & 0xFFFF);
    word(out, n + 1, v >> 16 & 0xFFFF);
}

/* ASCII strings have two characters a word, the first in its high byte, and end in blanks. */
static void string(uint8_t *out, unsigned first, unsigned words, const char *s)
{
    size_t len = strlen(s);
    for (unsigned i = 0; i < 2 * words; i++) {
        out[(2 * first + i) ^ 1] = (uint8_t)(i < len ? s[i] : ' ');
    }
}

struct ata_chs ata_default_chs(uint64_t sectors)
{
    uint64_t cylinders = sectors / (CHS_HEADS * CHS_TRACK);
    cylinders = cylinders < 2 ? 2 : cylinders;
    cylinders = cylinders > CHS_CYLINDERS_MAX ? CHS_CYLINDERS_MAX : cylinders;
    return (struct ata_chs){(uint32_t)cylinders, CHS_HEADS, CHS_TRACK};
}

/* ATA-4 6.2.1: as many whole cylinders as fit, at most 65535. */
struct ata_chs ata_current_chs(const struct ata_device *d, uint64_t sectors)
{
    if (d->heads == CHS_HEADS && d->track == CHS_TRACK) {
        return ata_default_chs(sectors);
    }
    uint32_t cylinder = (uint32_t)d->heads * d->track;
    uint64_t cylinders = (sectors < CHS_SECTORS ? sectors : CHS_SECTORS) / cylinder;
    return (struct ata_chs){cylinders > 65535 ? 65535 : (uint32_t)cylinders, d->heads,
                            d->track};
}

/* Serial numbers tell the four drives apart, and are the same in every run. */
static void names(uint8_t *out, const struct drive *drive, const char *model)
{
    char serial[] = "TP00000";
    serial[sizeof serial - 2] = (char)('1' + (drive->index - DRIVE_HDA) % 4);
    string(out, 10, 10, serial);
    string(out, 23, 4, "1.0");
    string(out, 27, 20, model);
}

/* Transfer modes: what can be set, and what is. */
static void modes(const struct ata_device *d, uint8_t *out)
{
    unsigned multiword = 0, ultra = 0;
    if (d->dma_mode & 0x20) {
        multiword = 0x100u << (d->dma_mode & 7);
    } else if (d->dma_mode & 0x40) {
        ultra = 0x100u << (d->dma_mode & 7);
    }
    word(out, 51, 0x0200); /* PIO mode 2, for those who look no further */
    word(out, 52, 0x0200);
    word(out, 63, 0x0007 | multiword);
    word(out, 64, 0x0003); /* PIO modes 3 and 4 */
    for (unsigned n = 65; n <= 68; n++) {
        word(out, n, 120); /* cycle times in ns */
    }
    word(out, 88, 0x003F | ultra);
}

/* Word 93, the outcome of the hardware reset: CBLID- high (an 80-conductor cable), device 0 and
 * 1 have passed, and know their number by the jumper. */
static uint16_t reset_result(unsigned n)
{
    return n == 0 ? 0x600B : 0x6B00;
}

static void checksum(uint8_t *out)
{
    uint8_t sum = 0;
    out[510] = 0xA5;
    for (unsigned i = 0; i < IDENTIFY_BYTES - 1; i++) {
        sum = (uint8_t)(sum + out[i]);
    }
    out[511] = (uint8_t)-sum;
}

static void geometry(const struct ata_device *d, const struct drive *drive, uint8_t *out)
{
    struct ata_chs fixed = ata_default_chs(drive->sectors);
    struct ata_chs now = ata_current_chs(d, drive->sectors);
    word(out, 1, fixed.cylinders);
    word(out, 3, fixed.heads);
    word(out, 4, (uint32_t)fixed.track * ATA_SECTOR); /* unformatted bytes a track, a sector */
    word(out, 5, ATA_SECTOR);
    word(out, 6, fixed.track);
    word(out, 54, now.cylinders);
    word(out, 55, now.heads);
    word(out, 56, now.track);
    dword(out, 57, (uint64_t)now.cylinders * now.heads * now.track);
    dword(out, 60, drive->sectors < LBA28_SECTORS ? drive->sectors : LBA28_SECTORS);
    dword(out, 100, drive->sectors & UINT32_MAX);
    dword(out, 102, drive->sectors >> 32);
}

void ata_identify_disk(const struct ata_device *d, const struct drive *drive, unsigned n,
                       uint8_t *out)
{
    memset(out, 0, IDENTIFY_BYTES);
    word(out, 0, 0x0040); /* not removable */
    geometry(d, drive, out);
    word(out, 20, 3); /* dual-ported cache with look-ahead */
    word(out, 21, CACHE_SECTORS);
    word(out, 22, 4); /* ECC bytes */
    names(out, drive, "TERRAPIN HARDDISK");
    word(out, 47, 0x8000 | MULTIPLE_MAX);
    word(out, 48, 0x0001); /* doubleword I/O: as old drivers ask */
    word(out, 49, 0x0F00); /* IORDY, may be disabled; LBA; DMA */
    word(out, 50, 0x4000);
    word(out, 53, 0x0007); /* words 54-58, 64-70, 88 are valid */
    word(out, 59, d->multiple ? 0x0100u | d->multiple : 0);
    modes(d, out);
    word(out, 80, 0x007E); /* ATA-1 to ATA/ATAPI-6 */
    word(out, 82, 0x0068); /* look-ahead, write cache, power management */
    word(out, 83, 0x7400); /* FLUSH CACHE EXT, FLUSH CACHE, 48-bit addresses */
    word(out, 84, 0x4000);
    word(out, 85, 0x0008u | (d->look_ahead ? 0x40u : 0) | (d->write_cache ? 0x20u : 0));
    word(out, 86, 0x3400);
    word(out, 87, 0x4000);
    word(out, 93, reset_result(n));
    checksum(out);
}

void ata_identify_packet(const struct ata_device *d, const struct drive *drive, unsigned n,
                         uint8_t *out)
{
    memset(out, 0, IDENTIFY_BYTES);
    word(out, 0, 0x85C0); /* ATAPI, CD-ROM, removable, DRQ within 50 us, packets of 12 bytes */
    names(out, drive, "TERRAPIN CD-ROM");
    word(out, 48, 0x0001);
    word(out, 49, 0x0F00);
    word(out, 50, 0x4000);
    word(out, 53, 0x0006);
    modes(d, out);
    word(out, 71, 30); /* us from PACKET to bus release, from SERVICE to BSY cleared */
    word(out, 72, 30);
    word(out, 80, 0x007E);
    word(out, 82, 0x4218); /* NOP, DEVICE RESET, packets, power management */
    word(out, 83, 0x4000);
    word(out, 84, 0x4000);
    word(out, 85, 0x4218);
    word(out, 87, 0x4000);
    word(out, 93, reset_result(n));
    checksum(out);
}

/* Subcommand 03h: the mode's kind and number in the sector count register. */
static bool set_transfer_mode(struct ata_device *d)
{
    uint8_t mode = d->count[0];
    unsigned n = mode & 7;
    switch (mode >> 3) {
    case 0: /* the default */ return n <= 1;
    case 1: d->pio_mode = (uint8_t)(n <= 4 ? n : d->pio_mode); return n <= 4;
    case 4:
    case 8:
        if (n > (mode >> 3 == 4 ? 2 : 5)) {
            return false;
        }
        d->dma_mode = mode;
        return true;
    default: return false;
    }
}

bool ata_set_features(struct ata_device *d, bool packet)
{
    switch (d->feature[0]) {
    case FEATURE_TRANSFER_MODE: return set_transfer_mode(d);
    case FEATURE_KEEP: d->keep = true; return true;
    case FEATURE_REVERT: d->keep = false; return true;
    default: break;
    }
    if (packet) {
        return false;
    }
    switch (d->feature[0]) {
    case FEATURE_WRITE_CACHE_ON: d->write_cache = true; return true;
    case FEATURE_WRITE_CACHE_OFF: d->write_cache = false; return true;
    case FEATURE_LOOK_AHEAD_ON: d->look_ahead = true; return true;
    case FEATURE_LOOK_AHEAD_OFF: d->look_ahead = false; return true;
    default: return false;
    }
}
