/* devices/atapi_cmd.c -- the commands of a CD-ROM drive with a data disc of one track.
 *
 *   00 TEST UNIT READY      25 READ CAPACITY     46 GET CONFIGURATION   A8 READ (12)
 *   03 REQUEST SENSE        28 READ (10)         4A GET EVENT STATUS    BB SET CD SPEED
 *   12 INQUIRY              2B SEEK (10)         51 READ DISC INFO      BD MECHANISM STATUS
 *   1A MODE SENSE (6)       42 READ SUBCHANNEL   5A MODE SENSE (10)     BE READ CD
 *   1B START STOP UNIT      43 READ TOC          4E STOP PLAY
 *   1E PREVENT/ALLOW        44 READ HEADER
 *
 * Everything else is ILLEGAL REQUEST, invalid command. Big discs (a DVD's worth) report the
 * DVD-ROM profile.
 *
 * NOT IMPLEMENTED: audio, READ CD with anything but user data, DVD structures, MODE SELECT,
 * multisession discs (an image has one track).
 * References: MMC-2 (T10/1228D), SFF-8020i, SPC-2 (INQUIRY, REQUEST SENSE, MODE SENSE).
 */
#include "devices/ata_priv.h"

#include <string.h>

enum { SENSE_NOT_READY = 0x2, SENSE_ILLEGAL = 0x5, SENSE_ATTENTION = 0x6 };
enum {
    ASC_INVALID_COMMAND = 0x20,
    ASC_OUT_OF_RANGE = 0x21,
    ASC_INVALID_FIELD = 0x24,
    ASC_MEDIUM_CHANGED = 0x28,
    ASC_RESET = 0x29,
    ASC_SAVING = 0x39,
    ASC_NO_MEDIUM = 0x3A,
    ASC_REMOVAL_PREVENTED = 0x53,
};
enum { TRACK_LEAD_OUT = 0xAA, CONTROL_DATA = 0x14, FRAMES = 75, SECONDS = 60, PREGAP = 150 };
enum { CD_SECTORS_MAX = 450000, PROFILE_CD_ROM = 0x08, PROFILE_DVD_ROM = 0x10 };
enum { SPEED_KB = 4224 /* 24x */, BUFFER_KB = 128 };

static void be16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void be32(uint8_t *p, uint64_t v)
{
    be16(p, (uint32_t)(v >> 16 & 0xFFFF));
    be16(p + 2, (uint32_t)(v & 0xFFFF));
}

static uint32_t get16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) << 16 | get16(p + 2);
}

static void invalid_field(struct ata_channel *ch, struct ata_device *d)
{
    atapi_fail(ch, d, SENSE_ILLEGAL, ASC_INVALID_FIELD, 0);
}

static uint64_t sectors(const struct ata_channel *ch, const struct ata_device *d)
{
    return ata_drive_of(ch, d)->sectors;
}

/* An address as LBA, or as 0, minute, second, frame. */
static void put_address(uint8_t *p, uint64_t lba, bool msf)
{
    if (!msf) {
        be32(p, lba);
        return;
    }
    uint64_t frames = lba + PREGAP;
    p[0] = 0;
    p[1] = (uint8_t)(frames / FRAMES / SECONDS);
    p[2] = (uint8_t)(frames / FRAMES % SECONDS);
    p[3] = (uint8_t)(frames % FRAMES);
}

/* --- about the drive --------------------------------------------------------------------- */

static void text(uint8_t *p, unsigned room, const char *s)
{
    size_t len = strlen(s);
    memset(p, ' ', room);
    memcpy(p, s, len < room ? len : room);
}

static void inquiry(struct ata_channel *ch, struct ata_device *d)
{
    enum { LENGTH = 36, EVPD = 0x03 };
    uint8_t *out = ch->buffer;
    if (d->packet[1] & EVPD || d->packet[2]) {
        invalid_field(ch, d);
        return;
    }
    memset(out, 0, LENGTH);
    out[0] = 0x05; /* CD-ROM */
    out[1] = 0x80; /* removable */
    out[3] = 0x21; /* ATAPI 2, response format 1 */
    out[4] = LENGTH - 5;
    text(out + 8, 8, "TERRAPIN");
    text(out + 16, 16, "CD-ROM");
    text(out + 32, 4, "1.0");
    atapi_answer(ch, d, LENGTH, d->packet[4]);
}

static void request_sense(struct ata_channel *ch, struct ata_device *d)
{
    enum { LENGTH = 18, CURRENT = 0x70 };
    uint8_t *out = ch->buffer;
    if (d->sense == 0 && d->attention) {
        bool reset = d->attention & ATTENTION_RESET;
        d->sense = SENSE_ATTENTION;
        d->asc = reset ? ASC_RESET : ASC_MEDIUM_CHANGED;
        d->ascq = 0;
        d->attention &= (uint8_t) ~(reset ? ATTENTION_RESET : ATTENTION_MEDIUM);
    }
    memset(out, 0, LENGTH);
    out[0] = CURRENT;
    out[2] = d->sense;
    out[7] = LENGTH - 8;
    out[12] = d->asc;
    out[13] = d->ascq;
    d->sense = d->asc = d->ascq = 0;
    atapi_answer(ch, d, LENGTH, d->packet[4]);
}

/* One mode page at out: current values, or which of them could be changed: none. */
static unsigned mode_page(const struct ata_device *d, unsigned page, bool changeable,
                          uint8_t *out)
{
    enum { ERROR_RECOVERY = 0x01, CD_PARAMETERS = 0x0D, CAPABILITIES = 0x2A };
    static const uint8_t length[] = {
        [ERROR_RECOVERY] = 6, [CD_PARAMETERS] = 6, [CAPABILITIES] = 20};
    unsigned len = length[page];
    memset(out, 0, len + 2u);
    out[0] = (uint8_t)page;
    out[1] = (uint8_t)len;
    if (changeable) {
        return len + 2u;
    }
    if (page == ERROR_RECOVERY) {
        out[3] = 5; /* retries */
    } else if (page == CD_PARAMETERS) {
        be16(out + 4, SECONDS);
        be16(out + 6, FRAMES);
    } else {
        out[4] = 0x70; /* multisession, mode 2 forms 1 and 2 */
        out[6] = (uint8_t)(0x29 | (d->locked ? 0x02 : 0)); /* tray, eject, lock */
        be16(out + 8, SPEED_KB);
        be16(out + 12, BUFFER_KB);
        be16(out + 14, SPEED_KB);
    }
    return len + 2u;
}

/* All the pages asked for; 0: there is no such page. */
static unsigned mode_pages(const struct ata_device *d, uint8_t *out)
{
    static const uint8_t pages[] = {0x01, 0x0D, 0x2A};
    enum { ALL = 0x3F };
    unsigned wanted = d->packet[2] & 0x3F;
    bool changeable = d->packet[2] >> 6 == 1;
    unsigned len = 0;
    for (unsigned i = 0; i < ARRAY_LEN(pages); i++) {
        if (wanted == pages[i] || wanted == ALL) {
            len += mode_page(d, pages[i], changeable, out + len);
        }
    }
    return len;
}

static uint8_t medium_type(const struct ata_channel *ch, const struct ata_device *d)
{
    enum { DATA_120MM = 0x01, NO_DISC = 0x70, DOOR_OPEN = 0x71 };
    if (d->tray_open) {
        return DOOR_OPEN;
    }
    return sectors(ch, d) ? DATA_120MM : NO_DISC;
}

static void mode_sense(struct ata_channel *ch, struct ata_device *d, bool ten)
{
    enum { SAVED = 3 };
    unsigned header = ten ? 8 : 4;
    uint8_t *out = ch->buffer;
    if (d->packet[2] >> 6 == SAVED) {
        atapi_fail(ch, d, SENSE_ILLEGAL, ASC_SAVING, 0);
        return;
    }
    memset(out, 0, header);
    unsigned len = mode_pages(d, out + header);
    if (len == 0) {
        invalid_field(ch, d);
        return;
    }
    len += header;
    if (ten) {
        be16(out, len - 2);
        out[2] = medium_type(ch, d);
    } else {
        out[0] = (uint8_t)(len - 1);
        out[1] = medium_type(ch, d);
    }
    atapi_answer(ch, d, len, ten ? get16(d->packet + 7) : d->packet[4]);
}

/* One feature descriptor; its bit is set when it is current. */
static unsigned feature(uint8_t *out, unsigned code, unsigned flags, const uint8_t *data,
                        unsigned n)
{
    be16(out, code);
    out[2] = (uint8_t)flags;
    out[3] = (uint8_t)n;
    memcpy(out + 4, data, n);
    return n + 4;
}

static unsigned profile(const struct ata_channel *ch, const struct ata_device *d)
{
    if (!atapi_medium(ch, d)) {
        return 0;
    }
    return sectors(ch, d) > CD_SECTORS_MAX ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
}

static void get_configuration(struct ata_channel *ch, struct ata_device *d)
{
    enum { PERSISTENT = 0x03, CURRENT = 0x01, HEADER = 8, ONE = 2, LIST_LAST = 0x1E };
    unsigned now = profile(ch, d), rt = d->packet[1] & 3, start = get16(d->packet + 2);
    const uint8_t list[] = {0, PROFILE_DVD_ROM, now == PROFILE_DVD_ROM, 0,
                            0, PROFILE_CD_ROM,  now == PROFILE_CD_ROM,  0};
    static const uint8_t core[] = {0, 0, 0, 2}; /* ATAPI */
    static const uint8_t morphing[] = {0, 0, 0, 0};
    static const uint8_t removable[] = {0x29, 0, 0, 0};         /* tray, eject, lock */
    static const uint8_t readable[] = {0, 0, 8, 0, 0, 1, 0, 0}; /* 2048 bytes a block */
    static const uint8_t cd_read[] = {0, 0, 0, 0};
    const struct {
        unsigned code, flags, n;
        const uint8_t *data;
    } all[] = {
        {0x0000, PERSISTENT, sizeof list, list},
        {0x0001, PERSISTENT, sizeof core, core},
        {0x0002, PERSISTENT, sizeof morphing, morphing},
        {0x0003, PERSISTENT, sizeof removable, removable},
        {0x0010, now ? CURRENT : 0, sizeof readable, readable},
        {LIST_LAST, now == PROFILE_CD_ROM ? CURRENT : 0, sizeof cd_read, cd_read},
    };
    uint8_t *out = ch->buffer;
    unsigned len = HEADER;
    if (rt > ONE) {
        invalid_field(ch, d);
        return;
    }
    memset(out, 0, HEADER);
    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        bool wanted = rt == ONE ? all[i].code == start : all[i].code >= start;
        if (wanted && (rt != CURRENT || all[i].flags & CURRENT)) {
            len += feature(out + len, all[i].code, all[i].flags, all[i].data, all[i].n);
        }
    }
    be32(out, len - 4);
    be16(out + 6, now);
    atapi_answer(ch, d, len, get16(d->packet + 7));
}

/* Polled only, media class only (MMC-2 9.1.2). */
static void get_event_status(struct ata_channel *ch, struct ata_device *d)
{
    enum { POLLED = 0x01, CLASS_MEDIA = 4, NO_EVENT = 0x80 };
    uint8_t *out = ch->buffer;
    unsigned len = 4;
    if (!(d->packet[1] & POLLED)) {
        invalid_field(ch, d);
        return;
    }
    memset(out, 0, 8);
    out[3] = 1 << CLASS_MEDIA;
    if (d->packet[4] & 1 << CLASS_MEDIA) {
        out[2] = CLASS_MEDIA;
        out[4] = d->media_event;
        out[5] = (uint8_t)((d->tray_open ? 0x01 : 0) | (atapi_medium(ch, d) ? 0x02 : 0));
        d->media_event = MEDIA_NONE;
        len = 8;
    } else {
        out[2] = NO_EVENT;
    }
    be16(out, len - 2);
    atapi_answer(ch, d, len, get16(d->packet + 7));
}

static void mechanism_status(struct ata_channel *ch, struct ata_device *d)
{
    enum { LENGTH = 8, DOOR_OPEN = 0x10 };
    memset(ch->buffer, 0, LENGTH);
    ch->buffer[1] = d->tray_open ? DOOR_OPEN : 0;
    ch->buffer[5] = 1; /* slots */
    atapi_answer(ch, d, LENGTH, get16(d->packet + 8));
}

static void start_stop(struct ata_channel *ch, struct ata_device *d)
{
    enum { START = 0x01, LOAD_EJECT = 0x02 };
    uint8_t what = d->packet[4] & (START | LOAD_EJECT);
    if (what == LOAD_EJECT && d->locked) {
        atapi_fail(ch, d, atapi_medium(ch, d) ? SENSE_ILLEGAL : SENSE_NOT_READY,
                   ASC_REMOVAL_PREVENTED, 2);
        return;
    }
    if (what == LOAD_EJECT && !d->tray_open) {
        d->tray_open = true;
        d->attention &= (uint8_t)~ATTENTION_MEDIUM;
        d->media_event = sectors(ch, d) ? MEDIA_REMOVAL : d->media_event;
    } else if (what == (LOAD_EJECT | START) && d->tray_open) {
        d->tray_open = false;
        if (sectors(ch, d)) {
            d->attention |= ATTENTION_MEDIUM;
            d->media_event = MEDIA_NEW;
        }
    }
    atapi_end(ch, d);
}

/* --- about the disc ---------------------------------------------------------------------- */

static void read_capacity(struct ata_channel *ch, struct ata_device *d)
{
    be32(ch->buffer, sectors(ch, d) - 1);
    be32(ch->buffer + 4, ATAPI_SECTOR);
    atapi_answer(ch, d, 8, 8);
}

static unsigned toc_entry(uint8_t *out, unsigned track, uint64_t lba, bool msf)
{
    out[0] = 0;
    out[1] = CONTROL_DATA;
    out[2] = (uint8_t)track;
    out[3] = 0;
    put_address(out + 4, lba, msf);
    return 8;
}

/* The full TOC of the lead-in: points A0 first track, A1 last track, A2 lead-out, 1. */
static unsigned full_toc(uint8_t *out, uint64_t end)
{
    static const uint8_t points[] = {0xA0, 0xA1, 0xA2, 1};
    unsigned len = 0;
    for (unsigned i = 0; i < ARRAY_LEN(points); i++, len += 11) {
        uint8_t *e = out + len;
        memset(e, 0, 11);
        e[0] = 1; /* session */
        e[1] = CONTROL_DATA;
        e[3] = points[i];
        if (i < 2) {
            e[8] = 1; /* track, as the minute */
        } else {
            uint8_t msf[4];
            put_address(msf, i == 2 ? end : 0, true);
            memcpy(e + 8, msf + 1, 3);
        }
    }
    return len;
}

static void read_toc(struct ata_channel *ch, struct ata_device *d)
{
    enum { FORMAT_TOC, FORMAT_SESSIONS, FORMAT_FULL };
    bool msf = d->packet[1] & 0x02;
    unsigned format = d->packet[2] & 0x0F ? d->packet[2] & 0x0Fu : d->packet[9] >> 6u;
    unsigned first = d->packet[6], len = 4;
    uint8_t *out = ch->buffer;
    uint64_t end = sectors(ch, d);
    out[2] = out[3] = 1; /* first and last: track or session */
    if (format == FORMAT_TOC && (first <= 1 || first == TRACK_LEAD_OUT)) {
        if (first <= 1) {
            len += toc_entry(out + len, 1, 0, msf);
        }
        len += toc_entry(out + len, TRACK_LEAD_OUT, end, msf);
    } else if (format == FORMAT_SESSIONS) {
        len += toc_entry(out + len, 1, 0, msf);
    } else if (format == FORMAT_FULL) {
        len += full_toc(out + len, end);
    } else {
        invalid_field(ch, d);
        return;
    }
    be16(out, len - 2);
    atapi_answer(ch, d, len, get16(d->packet + 7));
}

static void read_subchannel(struct ata_channel *ch, struct ata_device *d)
{
    enum { SUBQ = 0x40, POSITION = 1, MSF = 0x02, NO_STATUS = 0x15 };
    uint8_t *out = ch->buffer;
    unsigned len = 4;
    memset(out, 0, 16);
    out[1] = NO_STATUS;
    if (d->packet[2] & SUBQ) {
        if (d->packet[3] != POSITION) {
            invalid_field(ch, d);
            return;
        }
        out[4] = POSITION;
        out[5] = CONTROL_DATA;
        out[6] = out[7] = 1; /* track, index */
        put_address(out + 8, d->lba, d->packet[1] & MSF);
        put_address(out + 12, d->lba, false);
        len = 16;
    }
    be16(out + 2, len - 4);
    atapi_answer(ch, d, len, get16(d->packet + 7));
}

static void read_disc_info(struct ata_channel *ch, struct ata_device *d)
{
    enum { LENGTH = 34, COMPLETE = 0x0E, UNRESTRICTED = 0x20 };
    uint8_t *out = ch->buffer;
    memset(out, 0, LENGTH);
    be16(out, LENGTH - 2);
    out[2] = COMPLETE; /* disc and last session */
    out[3] = out[4] = out[5] = out[6] = 1;
    out[7] = UNRESTRICTED;
    memset(out + 16, 0xFF, 8); /* where the next session would be: nowhere */
    atapi_answer(ch, d, LENGTH, get16(d->packet + 7));
}

static void read_header(struct ata_channel *ch, struct ata_device *d)
{
    uint32_t lba = get32(d->packet + 2);
    if (lba >= sectors(ch, d)) {
        atapi_fail(ch, d, SENSE_ILLEGAL, ASC_OUT_OF_RANGE, 0);
        return;
    }
    memset(ch->buffer, 0, 8);
    ch->buffer[0] = 1; /* mode 1 */
    put_address(ch->buffer + 4, lba, d->packet[1] & 0x02);
    atapi_answer(ch, d, 8, get16(d->packet + 7));
}

/* --- sectors ----------------------------------------------------------------------------- */

static void read_sectors(struct ata_channel *ch, struct ata_device *d, uint32_t n)
{
    uint64_t lba = get32(d->packet + 2), end = sectors(ch, d);
    if (lba > end || n > end - lba || n > 0xFFFFFF) {
        atapi_fail(ch, d, SENSE_ILLEGAL, ASC_OUT_OF_RANGE, 0);
        return;
    }
    atapi_read(ch, d, lba, n);
}

static void seek(struct ata_channel *ch, struct ata_device *d)
{
    if (get32(d->packet + 2) >= sectors(ch, d)) {
        atapi_fail(ch, d, SENSE_ILLEGAL, ASC_OUT_OF_RANGE, 0);
        return;
    }
    d->lba = get32(d->packet + 2);
    atapi_end(ch, d);
}

/* Byte 9: which parts of a sector. User data is all that an image has. */
static void read_cd(struct ata_channel *ch, struct ata_device *d)
{
    enum { NOTHING = 0x00, USER_DATA = 0x10, PARTS = 0xF8, C2 = 0x06, SUBCHANNEL = 0x07 };
    uint32_t n = get32(d->packet + 5) & 0xFFFFFF; /* bytes 6 to 8 */
    if ((d->packet[9] & C2) || (d->packet[10] & SUBCHANNEL)) {
        invalid_field(ch, d);
    } else if ((d->packet[9] & PARTS) == NOTHING) {
        atapi_end(ch, d);
    } else if ((d->packet[9] & PARTS) == USER_DATA) {
        read_sectors(ch, d, n);
    } else {
        note(&ch->board->notes, NOTE_atapi_raw);
        invalid_field(ch, d);
    }
}

/* --- dispatch ---------------------------------------------------------------------------- */

enum { ALWAYS = 1 /* even with a unit attention pending */, MEDIUM = 2 /* needs a disc */ };

static void test_unit_ready(struct ata_channel *ch, struct ata_device *d)
{
    atapi_end(ch, d);
}

static void prevent_allow(struct ata_channel *ch, struct ata_device *d)
{
    d->locked = d->packet[4] & 1;
    atapi_end(ch, d);
}

static void read_10(struct ata_channel *ch, struct ata_device *d)
{
    read_sectors(ch, d, get16(d->packet + 7));
}

static void read_12(struct ata_channel *ch, struct ata_device *d)
{
    read_sectors(ch, d, get32(d->packet + 6));
}

static void mode_sense_6(struct ata_channel *ch, struct ata_device *d)
{
    mode_sense(ch, d, false);
}

static void mode_sense_10(struct ata_channel *ch, struct ata_device *d)
{
    mode_sense(ch, d, true);
}

// clang-format off
static const struct command {
    uint8_t code, flags;
    void (*run)(struct ata_channel *ch, struct ata_device *d);
} commands[] = {
    {0x00, MEDIUM, test_unit_ready},
    {0x03, ALWAYS, request_sense},
    {0x12, ALWAYS, inquiry},
    {0x1A, 0,      mode_sense_6},
    {0x1B, 0,      start_stop},
    {0x1E, 0,      prevent_allow},
    {0x25, MEDIUM, read_capacity},
    {0x28, MEDIUM, read_10},
    {0x2B, MEDIUM, seek},
    {0x42, MEDIUM, read_subchannel},
    {0x43, MEDIUM, read_toc},
    {0x44, MEDIUM, read_header},
    {0x46, ALWAYS, get_configuration},
    {0x4A, ALWAYS, get_event_status},
    {0x4E, MEDIUM, test_unit_ready}, /* STOP PLAY/SCAN: nothing plays */
    {0x51, MEDIUM, read_disc_info},
    {0x5A, 0,      mode_sense_10},
    {0xA8, MEDIUM, read_12},
    {0xBB, 0,      test_unit_ready}, /* SET CD SPEED: it has one */
    {0xBD, 0,      mechanism_status},
    {0xBE, MEDIUM, read_cd},
};
// clang-format on

static bool unit_attention(struct ata_channel *ch, struct ata_device *d)
{
    if (d->attention & ATTENTION_RESET) {
        d->attention &= (uint8_t)~ATTENTION_RESET;
        atapi_fail(ch, d, SENSE_ATTENTION, ASC_RESET, 0);
        return true;
    }
    if (d->attention & ATTENTION_MEDIUM) {
        d->attention &= (uint8_t)~ATTENTION_MEDIUM;
        atapi_fail(ch, d, SENSE_ATTENTION, ASC_MEDIUM_CHANGED, 0);
        return true;
    }
    return false;
}

void atapi_execute(struct ata_channel *ch, struct ata_device *d)
{
    const struct command *c = NULL;
    for (unsigned i = 0; i < ARRAY_LEN(commands) && !c; i++) {
        c = commands[i].code == d->packet[0] ? &commands[i] : NULL;
    }
    if (!(c && c->flags & ALWAYS) && unit_attention(ch, d)) {
        return;
    }
    if (!c) {
        atapi_fail(ch, d, SENSE_ILLEGAL, ASC_INVALID_COMMAND, 0);
        return;
    }
    if (c->code != 0x03) {
        d->sense = d->asc = d->ascq = 0;
    }
    if (c->flags & MEDIUM && !atapi_medium(ch, d)) {
        atapi_fail(ch, d, SENSE_NOT_READY, ASC_NO_MEDIUM, d->tray_open ? 2 : 1);
        return;
    }
    c->run(ch, d);
}
