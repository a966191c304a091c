/* devices/ata_disk.c -- commands of ATA disks: addresses, data in blocks or by DMA, power, and
 * the rest. Codes and outcomes follow ATA/ATAPI-6; what older drivers use (READ WITH RETRY,
 * RECALIBRATE, SEEK, INITIALIZE DEVICE PARAMETERS) follows ATA-1 to ATA-3.
 *
 * A sector address is CHS in the current translation, LBA28, or LBA48 (EXT commands). A command
 * that runs past the end moves what there is and ends with IDNF; one that the host's file fails
 * ends with UNC (reading) or ABRT (writing). The registers then hold the address of the sector
 * in question and the count of those left.
 *
 * NOT IMPLEMENTED (ABRT, and IDENTIFY DEVICE does not claim them): READ/WRITE LONG, READ/WRITE
 * BUFFER, SMART, security, SET MAX, DOWNLOAD MICROCODE, queued and FUA commands, the standby
 * timer.
 */
#include "devices/ata_priv.h"

enum { SEEK_US = 40, COMMAND_US = 20, FLUSH_US = 200 };

enum ata_command {
    CMD_NOP = 0x00,
    CMD_RECALIBRATE = 0x10, /* to 1Fh */
    CMD_READ = 0x20,
    CMD_READ_NO_RETRY = 0x21,
    CMD_READ_EXT = 0x24,
    CMD_READ_DMA_EXT = 0x25,
    CMD_READ_NATIVE_MAX_EXT = 0x27,
    CMD_READ_MULTIPLE_EXT = 0x29,
    CMD_WRITE = 0x30,
    CMD_WRITE_NO_RETRY = 0x31,
    CMD_WRITE_EXT = 0x34,
    CMD_WRITE_DMA_EXT = 0x35,
    CMD_WRITE_MULTIPLE_EXT = 0x39,
    CMD_WRITE_VERIFY = 0x3C,
    CMD_VERIFY = 0x40,
    CMD_VERIFY_NO_RETRY = 0x41,
    CMD_VERIFY_EXT = 0x42,
    CMD_SEEK = 0x70, /* to 7Fh */
    CMD_INITIALIZE_PARAMETERS = 0x91,
    CMD_READ_MULTIPLE = 0xC4,
    CMD_WRITE_MULTIPLE = 0xC5,
    CMD_SET_MULTIPLE = 0xC6,
    CMD_READ_DMA = 0xC8,
    CMD_READ_DMA_NO_RETRY = 0xC9,
    CMD_WRITE_DMA = 0xCA,
    CMD_WRITE_DMA_NO_RETRY = 0xCB,
    CMD_STANDBY_IMMEDIATE = 0xE0,
    CMD_IDLE_IMMEDIATE = 0xE1,
    CMD_STANDBY = 0xE2,
    CMD_IDLE = 0xE3,
    CMD_CHECK_POWER = 0xE5,
    CMD_SLEEP = 0xE6,
    CMD_FLUSH = 0xE7,
    CMD_FLUSH_EXT = 0xEA,
    CMD_IDENTIFY = 0xEC,
    CMD_SET_FEATURES = 0xEF,
    CMD_READ_NATIVE_MAX = 0xF8,
    /* The power commands' first codes. */
    CMD_OLD_POWER = 0x94,
    CMD_OLD_POWER_LAST = 0x99,
};
#define LBA28_MAX 0x0FFFFFFFu

/* What a data command does. */
enum {
    MOVES_READ = 1,
    MOVES_WRITE = 2,
    MOVES_VERIFY = 4,
    MOVES_EXT = 8,
    MOVES_MULTIPLE = 16,
    MOVES_DMA = 32
};

static unsigned moves(uint8_t command)
{
    switch (command) {
    case CMD_READ:
    case CMD_READ_NO_RETRY: return MOVES_READ;
    case CMD_READ_EXT: return MOVES_READ | MOVES_EXT;
    case CMD_READ_MULTIPLE: return MOVES_READ | MOVES_MULTIPLE;
    case CMD_READ_MULTIPLE_EXT: return MOVES_READ | MOVES_MULTIPLE | MOVES_EXT;
    case CMD_READ_DMA:
    case CMD_READ_DMA_NO_RETRY: return MOVES_READ | MOVES_DMA;
    case CMD_READ_DMA_EXT: return MOVES_READ | MOVES_DMA | MOVES_EXT;
    case CMD_WRITE:
    case CMD_WRITE_VERIFY:
    case CMD_WRITE_NO_RETRY: return MOVES_WRITE;
    case CMD_WRITE_EXT: return MOVES_WRITE | MOVES_EXT;
    case CMD_WRITE_MULTIPLE: return MOVES_WRITE | MOVES_MULTIPLE;
    case CMD_WRITE_MULTIPLE_EXT: return MOVES_WRITE | MOVES_MULTIPLE | MOVES_EXT;
    case CMD_WRITE_DMA:
    case CMD_WRITE_DMA_NO_RETRY: return MOVES_WRITE | MOVES_DMA;
    case CMD_WRITE_DMA_EXT: return MOVES_WRITE | MOVES_DMA | MOVES_EXT;
    case CMD_VERIFY:
    case CMD_VERIFY_NO_RETRY: return MOVES_VERIFY;
    case CMD_VERIFY_EXT: return MOVES_VERIFY | MOVES_EXT;
    default: return 0;
    }
}

/* --- addresses --------------------------------------------------------------------------- */

/* false: no such sector in the current translation. */
static bool get_address(const struct ata_device *d, bool ext, uint64_t *lba)
{
    uint32_t low = d->low[0] | (uint32_t)d->mid[0] << 8 | (uint32_t)d->high[0] << 16;
    uint32_t old = d->low[1] | (uint32_t)d->mid[1] << 8 | (uint32_t)d->high[1] << 16;
    unsigned head = d->select & SELECT_HEAD;
    if (ext) {
        *lba = low | (uint64_t)old << 24;
        return true;
    }
    if (d->select & SELECT_LBA) {
        *lba = low | head << 24;
        return true;
    }
    uint32_t cylinder = low >> 8;
    *lba = ((uint64_t)cylinder * d->heads + head) * d->track + d->low[0] - 1u;
    return d->low[0] != 0 && d->low[0] <= d->track && head < d->heads;
}

static void put_chs(struct ata_device *d, uint64_t lba)
{
    uint64_t track = lba / d->track, cylinder = track / d->heads;
    d->low[0] = (uint8_t)(lba % d->track + 1);
    d->mid[0] = (uint8_t)cylinder;
    d->high[0] = (uint8_t)(cylinder >> 8);
    d->select = (uint8_t)((d->select & ~SELECT_HEAD) | (int)(track % d->heads));
}

/* The registers report a sector in the form in which the command named its own. */
static void put_address(struct ata_device *d, bool ext, uint64_t lba)
{
    if (!ext && !(d->select & SELECT_LBA)) {
        put_chs(d, lba);
        return;
    }
    d->low[0] = (uint8_t)lba;
    d->mid[0] = (uint8_t)(lba >> 8);
    d->high[0] = (uint8_t)(lba >> 16);
    if (ext) {
        d->low[1] = (uint8_t)(lba >> 24);
        d->mid[1] = (uint8_t)(lba >> 32);
        d->high[1] = (uint8_t)(lba >> 40);
    } else {
        d->select = (uint8_t)((d->select & ~SELECT_HEAD) | (int)(lba >> 24 & SELECT_HEAD));
    }
}

static void put_count(struct ata_device *d, bool ext)
{
    d->count[0] = (uint8_t)d->left;
    if (ext) {
        d->count[1] = (uint8_t)(d->left >> 8);
    }
}

static uint32_t get_count(const struct ata_device *d, bool ext)
{
    if (ext) {
        uint32_t n = d->count[0] | (uint32_t)d->count[1] << 8;
        return n ? n : 65536;
    }
    return d->count[0] ? d->count[0] : 256;
}

/* d->lba is the sector at fault. */
static void fail(struct ata_channel *ch, struct ata_device *d, uint8_t error)
{
    bool ext = moves(d->command) & MOVES_EXT;
    put_address(d, ext, d->lba);
    put_count(d, ext);
    d->error = error;
    ata_idle(ch, d, STATUS_DRDY | STATUS_DSC | STATUS_ERR, true);
}

/* n sectors have been moved. The registers show the last one. */
static void advance(struct ata_device *d, uint32_t n)
{
    bool ext = moves(d->command) & MOVES_EXT;
    d->lba += n;
    d->left -= n < d->left ? n : d->left;
    put_address(d, ext, d->lba - 1);
    put_count(d, ext);
}

/* --- data -------------------------------------------------------------------------------- */

/* Sectors of the next n that are on the disk. */
static uint32_t on_disk(const struct drive *drive, const struct ata_device *d, uint32_t n)
{
    uint64_t rest = d->lba < drive->sectors ? drive->sectors - d->lba : 0;
    return n < rest ? n : (uint32_t)rest;
}

/* Reads n sectors into the buffer; fails with the registers at the first bad one. */
static bool load(struct ata_channel *ch, struct ata_device *d, uint32_t n)
{
    struct drive *drive = ata_drive_of(ch, d);
    if (drive_read(drive, d->lba, ch->buffer, n) == 0) {
        return true;
    }
    while (n-- && drive_read(drive, d->lba, ch->buffer, 1) == 0) {
        advance(d, 1);
    }
    fail(ch, d, ERROR_UNC);
    return false;
}

static bool store(struct ata_channel *ch, struct ata_device *d, uint32_t n)
{
    struct drive *drive = ata_drive_of(ch, d);
    const uint8_t *at = ch->buffer;
    if (drive_write(drive, d->lba, at, n) == 0) {
        return true;
    }
    while (n-- && drive_write(drive, d->lba, at, 1) == 0) {
        advance(d, 1);
        at += ATA_SECTOR;
    }
    fail(ch, d, ERROR_ABRT);
    return false;
}

/* Sectors of the next DRQ block. */
static uint32_t block(const struct ata_device *d)
{
    uint32_t n = moves(d->command) & MOVES_MULTIPLE && d->multiple ? d->multiple : 1;
    return n < d->left ? n : d->left;
}

void ata_disk_fetch(struct ata_channel *ch, struct ata_device *d)
{
    uint32_t n = block(d);
    uint32_t there = on_disk(ata_drive_of(ch, d), d, n);
    if (there && !load(ch, d, there)) {
        return;
    }
    if (there < n) {
        d->lba += there;
        fail(ch, d, ERROR_IDNF);
        return;
    }
    advance(d, n);
    ch->next = 0;
    ch->end = n * ATA_SECTOR;
    d->error = 0;
    ata_drq(ch, d, PHASE_TO_HOST, ch->end, true);
}

static void await_block(struct ata_channel *ch, struct ata_device *d, bool interrupt)
{
    ch->next = 0;
    ch->end = block(d) * ATA_SECTOR;
    ata_drq(ch, d, PHASE_FROM_HOST, ch->end, interrupt);
}

/* The buffer's sectors go to the medium. */
bool ata_disk_drain(struct ata_channel *ch, struct ata_device *d)
{
    uint32_t n = ch->end / ATA_SECTOR;
    uint32_t there = on_disk(ata_drive_of(ch, d), d, n);
    if (there && !store(ch, d, there)) {
        return false;
    }
    if (there < n) {
        d->lba += there;
        d->left -= there < d->left ? there : d->left;
        fail(ch, d, ERROR_IDNF);
        return false;
    }
    advance(d, n);
    ch->next = ch->stop = ch->end = 0;
    return true;
}

void ata_disk_store(struct ata_channel *ch, struct ata_device *d)
{
    if (!ata_disk_drain(ch, d)) {
        return;
    }
    if (d->left) {
        await_block(ch, d, true);
    } else {
        ata_disk_end(ch, d);
    }
}

bool ata_disk_fill(struct ata_channel *ch, struct ata_device *d)
{
    uint32_t n = d->left < ATA_BUFFER / ATA_SECTOR ? d->left : ATA_BUFFER / ATA_SECTOR;
    n = on_disk(ata_drive_of(ch, d), d, n);
    if (n == 0) {
        fail(ch, d, ERROR_IDNF);
        return false;
    }
    if (!load(ch, d, n)) {
        return false;
    }
    advance(d, n);
    ch->next = 0;
    ch->stop = ch->end = n * ATA_SECTOR;
    return true;
}

void ata_disk_end(struct ata_channel *ch, struct ata_device *d)
{
    bool written = moves(d->command) & MOVES_WRITE;
    if (written && !d->write_cache && drive_flush(ata_drive_of(ch, d)) != 0) {
        ata_abort(ch, d);
        return;
    }
    ata_done(ch, d);
}

static void begin_data(struct ata_channel *ch, struct ata_device *d, unsigned what)
{
    const struct drive *drive = ata_drive_of(ch, d);
    bool ext = what & MOVES_EXT;
    if ((what & MOVES_MULTIPLE && d->multiple == 0) ||
        (what & MOVES_WRITE && drive->read_only)) {
        ata_abort(ch, d);
        return;
    }
    d->left = get_count(d, ext);
    if (!get_address(d, ext, &d->lba)) {
        d->error = ERROR_IDNF;
        ata_idle(ch, d, STATUS_DRDY | STATUS_DSC | STATUS_ERR, true);
        return;
    }
    if (d->lba >= drive->sectors) {
        fail(ch, d, ERROR_IDNF);
        return;
    }
    if (what & MOVES_DMA) {
        ata_dma_begin(ch, d, what & MOVES_READ ? PHASE_DMA_IN : PHASE_DMA_OUT);
    } else if (what & MOVES_READ) {
        ata_disk_fetch(ch, d);
    } else {
        await_block(ch, d, false);
    }
}

static void verify(struct ata_channel *ch, struct ata_device *d, bool ext)
{
    const struct drive *drive = ata_drive_of(ch, d);
    d->left = get_count(d, ext);
    bool ok = get_address(d, ext, &d->lba);
    uint32_t there = ok ? on_disk(drive, d, d->left) : 0;
    uint32_t wanted = d->left;
    if (there) {
        advance(d, there);
    }
    if (there == wanted) {
        ata_done(ch, d);
    } else if (ok) {
        fail(ch, d, ERROR_IDNF);
    } else {
        d->error = ERROR_IDNF;
        ata_idle(ch, d, STATUS_DRDY | STATUS_DSC | STATUS_ERR, true);
    }
}

/* --- without data ------------------------------------------------------------------------ */

static void seek(struct ata_channel *ch, struct ata_device *d)
{
    uint64_t lba;
    if (get_address(d, false, &lba) && lba < ata_drive_of(ch, d)->sectors) {
        ata_done(ch, d);
    } else {
        d->error = ERROR_IDNF;
        ata_idle(ch, d, STATUS_DRDY | STATUS_DSC | STATUS_ERR, true);
    }
}

static void initialize_parameters(struct ata_channel *ch, struct ata_device *d)
{
    if (d->count[0] == 0) {
        ata_abort(ch, d);
        return;
    }
    d->track = d->count[0];
    d->heads = (uint8_t)((d->select & SELECT_HEAD) + 1);
    ata_done(ch, d);
}

static void set_multiple(struct ata_channel *ch, struct ata_device *d)
{
    uint8_t n = d->count[0];
    if (n > MULTIPLE_MAX || (n & (n - 1u))) {
        ata_abort(ch, d);
        return;
    }
    d->multiple = n;
    ata_done(ch, d);
}

static void read_native_max(struct ata_channel *ch, struct ata_device *d, bool ext)
{
    uint64_t last = ata_drive_of(ch, d)->sectors - 1;
    if (!(d->select & SELECT_LBA)) {
        ata_abort(ch, d);
        return;
    }
    put_address(d, ext, ext || last < LBA28_MAX ? last : LBA28_MAX);
    ata_done(ch, d);
}

static void flush(struct ata_channel *ch, struct ata_device *d)
{
    if (drive_flush(ata_drive_of(ch, d)) == 0) {
        ata_done(ch, d);
    } else {
        ata_abort(ch, d);
    }
}

static void identify(struct ata_channel *ch, struct ata_device *d)
{
    ata_identify_disk(d, ata_drive_of(ch, d), (unsigned)(d - ch->device), ch->buffer);
    d->left = 0;
    ch->next = 0;
    ch->end = ATA_SECTOR;
    d->error = 0;
    ata_drq(ch, d, PHASE_TO_HOST, ATA_SECTOR, true);
}

static void set_features(struct ata_channel *ch, struct ata_device *d)
{
    bool flush_first = d->write_cache;
    if (!ata_set_features(d, false)) {
        ata_abort(ch, d);
    } else if (flush_first && !d->write_cache) {
        flush(ch, d);
    } else {
        ata_done(ch, d);
    }
}

static bool power_command(struct ata_channel *ch, struct ata_device *d)
{
    switch (d->command) {
    case CMD_STANDBY_IMMEDIATE:
    case CMD_STANDBY: d->power = POWER_STANDBY; break;
    case CMD_IDLE_IMMEDIATE:
    case CMD_IDLE: d->power = POWER_IDLE; break;
    case CMD_SLEEP: d->power = POWER_SLEEP; break;
    case CMD_CHECK_POWER: d->count[0] = d->power == POWER_STANDBY ? 0x00 : 0xFF; break;
    default: return false;
    }
    if (d->power >= POWER_STANDBY && d->command != CMD_CHECK_POWER) {
        flush(ch, d); /* the heads are parked: the cache has been written */
    } else {
        ata_done(ch, d);
    }
    return true;
}

uint64_t ata_disk_command_us(const struct ata_device *d)
{
    unsigned what = moves(d->command);
    if (what & MOVES_VERIFY) {
        return SEEK_US + ata_data_us((uint64_t)get_count(d, what & MOVES_EXT) * ATA_SECTOR);
    }
    if (what) {
        return SEEK_US;
    }
    return d->command == CMD_FLUSH || d->command == CMD_FLUSH_EXT ? FLUSH_US : COMMAND_US;
}

static void other_command(struct ata_channel *ch, struct ata_device *d)
{
    switch (d->command) {
    case CMD_INITIALIZE_PARAMETERS: initialize_parameters(ch, d); break;
    case CMD_SET_MULTIPLE: set_multiple(ch, d); break;
    case CMD_FLUSH:
    case CMD_FLUSH_EXT: flush(ch, d); break;
    case CMD_IDENTIFY: identify(ch, d); break;
    case CMD_SET_FEATURES: set_features(ch, d); break;
    case CMD_READ_NATIVE_MAX: read_native_max(ch, d, false); break;
    case CMD_READ_NATIVE_MAX_EXT: read_native_max(ch, d, true); break;
    default: ata_abort(ch, d); break;
    }
}

void ata_disk_command(struct ata_channel *ch, struct ata_device *d)
{
    unsigned what = moves(d->command);
    if (d->command >= CMD_OLD_POWER && d->command <= CMD_OLD_POWER_LAST) {
        static const uint8_t power[] = {CMD_STANDBY_IMMEDIATE, CMD_IDLE_IMMEDIATE,
                                        CMD_STANDBY,           CMD_IDLE,
                                        CMD_CHECK_POWER,       CMD_SLEEP};
        d->command = power[d->command - CMD_OLD_POWER];
    }
    if (what & MOVES_VERIFY) {
        d->power = POWER_ACTIVE;
        verify(ch, d, what & MOVES_EXT);
    } else if (what) {
        d->power = POWER_ACTIVE;
        begin_data(ch, d, what);
    } else if ((d->command & 0xF0) == CMD_RECALIBRATE) {
        ata_done(ch, d);
    } else if ((d->command & 0xF0) == CMD_SEEK) {
        seek(ch, d);
    } else if (!power_command(ch, d)) {
        other_command(ch, d);
    }
}
