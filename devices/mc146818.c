/* devices/mc146818.c -- Motorola MC146818 real-time clock with 128 bytes of CMOS RAM.
 *
 *   70h  w    bits 6..0: register number; bit 7: NMI mask      r  nothing drives the bus
 *   71h  r/w  the register
 *
 *   00h seconds  01h seconds alarm  02h minutes  03h minutes alarm  04h hours  05h hours alarm
 *   06h day of week (1: Sunday)  07h date  08h month  09h year
 *   0Ah A   UIP DV2 DV1 DV0 RS3 RS2 RS1 RS0
 *   0Bh B   SET PIE AIE UIE SQWE DM 24/12 DSE
 *   0Ch C   IRQF PF AF UF 0 0 0 0      cleared by reading
 *   0Dh D   VRT 0...                   battery is good
 *   0Eh..7Fh RAM. Of these the board gives meaning to: 0Fh shutdown code, 10h floppy types,
 *       12h, 19h..2Ch disk types, 14h equipment, 15h..18h, 30h, 31h memory in KB, 2Eh, 2Fh
 *       checksum of 10h..2Dh, 32h century, 34h, 35h memory above 16 MB in 64 KB, 38h, 3Dh boot
 *       order, 39h disk translation, 5Bh..5Dh memory above 4 GB, 5Fh further processors.
 *
 * Time registers hold BCD or binary (DM) and 12 or 24 hours as B says at the moment of
 * counting; changing B converts nothing. An alarm byte of C0h..FFh matches anything.
 *
 * Time: the chip counts a 32.768 kHz crystal; here those are the cycles of virtual time, and
 * registers are brought up to date when somebody looks. An event is pending only while an
 * enabled interrupt can still happen: a halted machine with an idle clock stays idle.
 *   - next_update is the crystal cycle of the next update; the periodic taps are the phases of
 * the same divider chain. DV=11x holds the chain; 500 ms after its release is the first update.
 *   - UIP is up for the 244 us (8 cycles) before an update; the update itself is instantaneous.
 *
 * Lines: IRQ to the slot's interrupt line (level: IRQF), NMI mask out. Clock: 32.768 kHz.
 * Reset: the RESET pin clears PIE, AIE, UIE, SQWE and register C; the battery keeps the rest.
 *
 * NOT IMPLEMENTED: daylight saving (DSE is stored), the SQW pin, other crystals (any DV but 010
 * stops the clock; all but 11x are counted), the 1948 us that an update takes, counting of
 * values that are no time (an out-of-range register is taken for its nearest limit at the next
 * carry into or out of it). The century counts on with the year, as later clones do. Disk
 * geometry is 16 heads of 63 sectors, without a look at the partition table.
 *
 * References: Motorola MC146818 data sheet; IBM PC/AT technical reference 1-56 (CMOS map).
 */
#include "devices/mc146818.h"

enum { HZ = 32768, UIP_CYCLES = 8 };
#define NEVER     UINT64_MAX
#define CYCLE_MAX ((uint64_t)1 << 50)

enum {
    SECONDS,
    SECONDS_ALARM,
    MINUTES,
    MINUTES_ALARM,
    HOURS,
    HOURS_ALARM,
    DAY_OF_WEEK,
    DATE,
    MONTH,
    YEAR,
    REG_A,
    REG_B,
    REG_C,
    REG_D,
    CMOS_FLOPPIES = 0x10,
    CMOS_DISKS = 0x12,
    CMOS_EQUIPMENT = 0x14,
    CMOS_BASE_KB = 0x15,
    CMOS_EXT_KB = 0x17,
    CMOS_DISK_TYPE = 0x19,
    CMOS_DISK_GEOMETRY = 0x1B,
    CMOS_SUM = 0x2E,
    CMOS_EXT_KB2 = 0x30,
    CENTURY = 0x32,
    CMOS_EXT_64KB = 0x34,
    CMOS_BOOT_FLAG1 = 0x38,
    CMOS_TRANSLATION = 0x39,
    CMOS_BOOT_FLAG2 = 0x3D,
    CMOS_SIZE = 0x80,
};
enum { A_UIP = 0x80, A_DV = 0x70, A_DV_32KHZ = 0x20, A_DV_HOLD = 0x60, A_RS = 0x0F };
enum {
    B_SET = 0x80,
    B_PIE = 0x40,
    B_AIE = 0x20,
    B_UIE = 0x10,
    B_SQWE = 0x08,
    B_DM = 0x04,
    B_24 = 0x02
};
enum { C_IRQF = 0x80, C_PF = 0x40, C_AF = 0x20, C_UF = 0x10, C_FLAGS = 0x70 };
enum { D_VRT = 0x80, HOURS_PM = 0x80, ALARM_ANY = 0xC0 };

struct mc146818 {
    struct device dev;
    struct wire nmi_mask;
    struct event irq_event;
    uint64_t seen;        /* crystal cycle up to which registers and flags are true */
    uint64_t next_update; /* > seen while the chain runs */
    uint8_t ram[CMOS_SIZE];
    uint8_t index;
    bool irq; /* level of the IRQ line */
};

static const struct field mc146818_fields[] = {
    DERIVED(struct mc146818, dev),
    DERIVED(struct mc146818, nmi_mask),
    FIELD_EVENT(struct mc146818, irq_event),
    FIELD_R(struct mc146818, seen, 0, CYCLE_MAX),
    FIELD_R(struct mc146818, next_update, 0, CYCLE_MAX),
    FIELD_A(struct mc146818, ram),
    FIELD_R(struct mc146818, index, 0, CMOS_SIZE - 1),
    FIELD(struct mc146818, irq),
    FIELDS_END,
};

static bool mc146818_loaded(void *obj)
{
    const struct mc146818 *d = obj;
    return d->next_update > d->seen || (d->ram[REG_A] & A_DV) != A_DV_32KHZ;
}

static const struct schema mc146818_schema = {"mc146818",      sizeof(struct mc146818), 1, 1,
                                              mc146818_fields, mc146818_loaded};

/* ---- calendar arithmetic: O(1) for any span ---- */

static uint8_t encode(const struct mc146818 *d, unsigned v)
{
    return (uint8_t)(d->ram[REG_B] & B_DM ? v : v / 10 << 4 | v % 10);
}

static uint8_t encode_hours(const struct mc146818 *d, unsigned h)
{
    if (d->ram[REG_B] & B_24) {
        return encode(d, h);
    }
    return (uint8_t)(encode(d, h % 12 ? h % 12 : 12) | (h >= 12 ? HOURS_PM : 0));
}

static unsigned decode(const struct mc146818 *d, uint8_t raw, unsigned lo, unsigned hi)
{
    unsigned v = d->ram[REG_B] & B_DM ? raw : (raw >> 4) * 10u + (raw & 15u);
    return v < lo ? lo : v > hi ? hi : v;
}

static unsigned decode_hours(const struct mc146818 *d)
{
    uint8_t raw = d->ram[HOURS];
    if (d->ram[REG_B] & B_24) {
        return decode(d, raw, 0, 23);
    }
    return decode(d, raw & 0x7F, 1, 12) % 12 + (raw & HOURS_PM ? 12 : 0);
}

static unsigned month_days(unsigned month, unsigned year)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] +
           (month == 2 && year % 4 == 0 ? 1u : 0u); /* the chip's leap years */
}

/* Days carried out of the hours: day of week, date, month, year and century. */
static void add_days(struct mc146818 *d, uint64_t days)
{
    enum { CENTURY_DAYS = 36525, FOUR_YEARS = 1461 };
    uint8_t *r = d->ram;
    unsigned month = decode(d, r[MONTH], 1, 12), year = decode(d, r[YEAR], 0, 99);
    uint64_t day = decode(d, r[DATE], 1, 31) - 1 + days;
    for (unsigned m = 1; m < month; m++) {
        day += month_days(m, year);
    }
    day += year * 365u + (year + 3) / 4; /* now since 1 January 00 */
    unsigned centuries = (unsigned)(day / CENTURY_DAYS % 100);
    unsigned left = (unsigned)(day % CENTURY_DAYS);
    year = left / FOUR_YEARS * 4;
    left %= FOUR_YEARS;
    for (; left >= (year % 4 ? 365u : 366u); year++) {
        left -= year % 4 ? 365 : 366;
    }
    for (month = 1; left >= month_days(month, year); month++) {
        left -= month_days(month, year);
    }
    r[DATE] = encode(d, left + 1);
    r[MONTH] = encode(d, month);
    r[YEAR] = encode(d, year);
    if (centuries) {
        r[CENTURY] = encode(d, (decode(d, r[CENTURY], 0, 99) + centuries) % 100);
    }
    r[DAY_OF_WEEK] =
        encode(d, (unsigned)((decode(d, r[DAY_OF_WEEK], 1, 7) - 1 + days) % 7 + 1));
}

static void add_seconds(struct mc146818 *d, uint64_t n)
{
    uint8_t *r = d->ram;
    n += decode(d, r[SECONDS], 0, 59);
    r[SECONDS] = encode(d, (unsigned)(n % 60));
    n /= 60;
    if (n) {
        n += decode(d, r[MINUTES], 0, 59);
        r[MINUTES] = encode(d, (unsigned)(n % 60));
        n /= 60;
    }
    if (n) {
        n += decode_hours(d);
        r[HOURS] = encode_hours(d, (unsigned)(n % 24));
        n /= 24;
    }
    if (n) {
        add_days(d, n);
    }
}

static bool alarm_matches(uint8_t alarm, uint8_t time)
{
    return alarm >= ALARM_ANY || alarm == time;
}

/* Does the alarm byte stand for any of 0..59? BCD has its gaps, and 60 is no second. */
static bool alarm_possible(const struct mc146818 *d, uint8_t alarm)
{
    for (unsigned v = 0; v < 60; v++) {
        if (alarm_matches(alarm, encode(d, v))) {
            return true;
        }
    }
    return false;
}

/* Updates until the alarm, 1..86400; 0: it never comes. Whole hours and minutes are skipped. */
static uint32_t alarm_delay(const struct mc146818 *d)
{
    enum { DAY = 86400 };
    const uint8_t *r = d->ram;
    uint32_t now = decode_hours(d) * 3600 + decode(d, r[MINUTES], 0, 59) * 60 +
                   decode(d, r[SECONDS], 0, 59);
    if (!alarm_possible(d, r[SECONDS_ALARM]) || !alarm_possible(d, r[MINUTES_ALARM])) {
        return 0; /* found at once, not in a day's steps: a guest may ask millions of times */
    }
    for (uint32_t t = now + 1; t <= now + DAY;) {
        uint32_t s = t % DAY;
        if (!alarm_matches(r[HOURS_ALARM], encode_hours(d, s / 3600))) {
            t += 3600 - s % 3600;
        } else if (!alarm_matches(r[MINUTES_ALARM], encode(d, s / 60 % 60))) {
            t += 60 - s % 60;
        } else if (!alarm_matches(r[SECONDS_ALARM], encode(d, s % 60))) {
            t++;
        } else {
            return t - now;
        }
    }
    return 0;
}

/* ---- the divider chain ---- */

static uint64_t cycle_now(const struct mc146818 *d)
{
    return clock_cycles(&d->dev.board->clock, HZ);
}

static bool chain_runs(const struct mc146818 *d)
{
    return (d->ram[REG_A] & A_DV) == A_DV_32KHZ;
}

static bool updates(const struct mc146818 *d)
{
    return chain_runs(d) && !(d->ram[REG_B] & B_SET);
}

/* Crystal cycles between periodic interrupts; 0: none. Rates 1 and 2 repeat 8 and 9. */
static uint32_t period(const struct mc146818 *d)
{
    unsigned rs = d->ram[REG_A] & A_RS;
    return !rs ? 0 : rs < 3 ? 64u << rs : 1u << (rs - 1);
}

/* The first tap after `seen`, NEVER: none. All taps are next_update less whole periods. */
static uint64_t next_tap(const struct mc146818 *d)
{
    uint32_t p = period(d);
    if (!p || !chain_runs(d)) {
        return NEVER;
    }
    return d->next_update - (d->next_update - d->seen - 1) / p * p;
}

static void drive_irq(struct mc146818 *d)
{
    uint8_t *r = d->ram;
    bool level =
        r[REG_C] & r[REG_B] & C_FLAGS; /* PIE, AIE, UIE are in the places of PF, AF, UF */
    r[REG_C] = (uint8_t)((r[REG_C] & C_FLAGS) | (level ? C_IRQF : 0));
    if (level != d->irq) {
        d->irq = level;
        wire_set(&d->dev.irq, level);
    }
}

/* Makes registers and flags true for this moment. */
static void sync(struct mc146818 *d)
{
    uint64_t c = cycle_now(d);
    if (c <= d->seen) {
        return;
    }
    if (next_tap(d) <= c) {
        d->ram[REG_C] |= C_PF;
    }
    if (chain_runs(d) && c >= d->next_update) {
        uint64_t n = 1 + (c - d->next_update) / HZ;
        d->next_update += n * HZ;
        if (updates(d)) {
            uint32_t alarm = alarm_delay(d);
            d->ram[REG_C] |= C_UF | (alarm && alarm <= n ? C_AF : 0);
            add_seconds(d, n);
        }
    }
    d->seen = c;
    drive_irq(d);
}

/* The event for the next interrupt. While IRQ is up, nothing more can happen to it. */
static void schedule(struct mc146818 *d)
{
    struct clock *ck = &d->dev.board->clock;
    const uint8_t b = d->ram[REG_B];
    uint64_t next = b & B_PIE ? next_tap(d) : NEVER;
    uint32_t alarm = updates(d) && (b & B_AIE) ? alarm_delay(d) : 0;
    if (alarm && d->next_update + (alarm - 1) * (uint64_t)HZ < next) {
        next = d->next_update + (alarm - 1) * (uint64_t)HZ;
    }
    if (updates(d) && (b & B_UIE) && d->next_update < next) {
        next = d->next_update;
    }
    if (d->irq || next == NEVER) {
        clock_cancel(ck, &d->irq_event);
    } else {
        clock_at(ck, &d->irq_event, clock_tick_of(ck, next, HZ));
    }
}

static void irq_due(void *ctx, uint64_t when)
{
    struct mc146818 *d = ctx;
    (void)when; /* the chain is exact, the tick is its cycle rounded up */
    sync(d);
    schedule(d);
}

/* ---- registers ---- */

static void write_a(struct mc146818 *d, uint8_t v)
{
    bool ran = chain_runs(d);
    d->ram[REG_A] = v & 0x7F;
    if (chain_runs(d) && !ran) {
        d->next_update = d->seen + HZ / 2;
    } else if (!chain_runs(d) && (v & A_DV_HOLD) != A_DV_HOLD) {
        note(&d->dev.board->notes, NOTE_mc146818_divider);
    }
}

static void write_register(struct mc146818 *d, uint8_t reg, uint8_t v)
{
    if (reg > REG_D && reg != CENTURY) {
        d->ram[reg] = v;
        return;
    }
    sync(d);
    d->seen = cycle_now(d);
    switch (reg) {
    case SECONDS: d->ram[reg] = v & 0x7F; break;
    case REG_A: write_a(d, v); break;
    case REG_B: d->ram[reg] = v & B_SET ? v & (uint8_t)~B_UIE : v; break;
    case REG_C:
    case REG_D: return;
    default: d->ram[reg] = v; break;
    }
    drive_irq(d);
    schedule(d);
}

static uint8_t read_register(struct mc146818 *d, uint8_t reg)
{
    uint8_t v;
    if (reg > REG_D && reg != CENTURY) {
        return d->ram[reg];
    }
    sync(d);
    v = d->ram[reg];
    if (reg == REG_A && updates(d) && d->next_update - d->seen <= UIP_CYCLES) {
        v |= A_UIP;
    }
    if (reg == REG_C) {
        d->ram[REG_C] = 0;
        drive_irq(d);
        schedule(d);
    }
    return v;
}

static uint32_t mc146818_read(void *dev, uint32_t off, unsigned size)
{
    struct mc146818 *d = dev;
    (void)size;
    return off ? read_register(d, d->index & 0x7F) : 0xFF;
}

static void mc146818_write(void *dev, uint32_t off, uint32_t val, unsigned size)
{
    struct mc146818 *d = dev;
    (void)size;
    if (off) {
        write_register(d, d->index & 0x7F, (uint8_t)val);
    } else {
        d->index = val & 0x7F;
        wire_set(&d->nmi_mask, val & 0x80);
    }
}

static const struct ports mc146818_ports[] = {
    {0, 2, {mc146818_read, mc146818_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

/* ---- what the firmware finds at power-on ---- */

static void set16(uint8_t *p, uint64_t v)
{
    store_le16(p, (uint16_t)(v > 0xFFFF ? 0xFFFF : v));
}

static void fill_checksum(uint8_t *r)
{
    unsigned sum = 0;
    for (unsigned i = CMOS_FLOPPIES; i < CMOS_SUM; i++) {
        sum += r[i];
    }
    r[CMOS_SUM] = (uint8_t)(sum >> 8); /* high byte first, alone in this map */
    r[CMOS_SUM + 1] = (uint8_t)sum;
}

static void fill_memory(uint8_t *r, uint64_t ram_bytes)
{
    uint64_t mb16 = (uint64_t)16 << 20, mb1 = (uint64_t)1 << 20;
    uint64_t ext = ram_bytes > mb1 ? (ram_bytes - mb1) >> 10 : 0;
    set16(r + CMOS_BASE_KB, 640);
    set16(r + CMOS_EXT_KB, ext);
    set16(r + CMOS_EXT_KB2, ext);
    set16(r + CMOS_EXT_64KB, ram_bytes > mb16 ? (ram_bytes - mb16) >> 16 : 0);
}

/* BIOS floppy types: 0 none, 2 5.25" 1.2 MB, 4 3.5" 1.44 MB, 5 3.5" 2.88 MB. The drive is taken
 * to be the commonest one that fits the medium it was built with. */
static uint8_t floppy_type(const struct drive *f)
{
    if (f->kind != DRIVE_FLOPPY) {
        return 0;
    }
    switch (f->sectors) {
    case 320: /* 160 KB */
    case 360: /* 180 KB */
    case 640: /* 320 KB */
    case 720: /* 360 KB */
    case 2400: /* 1.2 MB */ return 2;
    default:
        return f->sectors > 3840
                   ? 5
                   : 4; /* 3840: 1.92 MB, the most that HD media are made to hold */
    }
}

static void fill_equipment(uint8_t *r, const struct drive *drive, bool fpu)
{
    enum { MOUSE = 0x04, FPU = 0x02, FLOPPY = 0x01 };
    uint8_t a = floppy_type(&drive[DRIVE_FDA]), b = floppy_type(&drive[DRIVE_FDB]);
    r[CMOS_FLOPPIES] = (uint8_t)(a << 4 | b);
    r[CMOS_EQUIPMENT] =
        MOUSE | (fpu ? FPU : 0); /* display type 00: it has its own BIOS, as EGA and VGA do */
    if (a || b) {
        r[CMOS_EQUIPMENT] |= (uint8_t)(FLOPPY | (a && b ? 1 << 6 : 0));
    }
}

/* Type 47, "user type": cylinders, heads, control byte, landing zone, sectors. The first two
 * disks have a table; all four have two bits of translation: 0 none, 1 LBA. */
static void fill_disks(uint8_t *r, const struct drive *drive)
{
    enum { HEADS = 16, TRACK = 63, CYLINDERS_MAX = 16383, CHS_CYLINDERS = 1024, TABLE = 9 };
    for (unsigned i = 0; i < 4; i++) {
        const struct drive *hd = &drive[DRIVE_HDA + i];
        if (hd->kind != DRIVE_DISK || hd->sectors == 0) {
            continue;
        }
        uint64_t cylinders = hd->sectors / (HEADS * TRACK);
        cylinders = cylinders < 2 ? 2 : cylinders > CYLINDERS_MAX ? CYLINDERS_MAX : cylinders;
        if (cylinders > CHS_CYLINDERS) {
            r[CMOS_TRANSLATION] |= (uint8_t)(1u << (2 * i));
        }
        if (i < 2) {
            uint8_t *t = r + CMOS_DISK_GEOMETRY + TABLE * i;
            r[CMOS_DISKS] |= i ? 0x0F : 0xF0; /* "see 19h, 1Ah" */
            r[CMOS_DISK_TYPE + i] = 47;
            set16(t, cylinders);
            t[2] = HEADS;
            set16(t + 3, 0xFFFF); /* write precompensation: none */
            t[5] = 0xC8;          /* no retries; more than eight heads */
            set16(t + 6, cylinders);
            t[8] = TRACK;
        }
    }
}

/* SeaBIOS takes the first device from 3Dh's low nibble, the second from its high nibble, the
 * third from 38h's high nibble; 38h bit 0 would let it start a floppy without the 55AAh
 * signature. */
static void fill_boot_order(uint8_t *r, const char *letters, size_t size)
{
    unsigned order = 0;
    for (unsigned i = 0, n = 0; i < size && letters[i] && n < 3; i++) {
        unsigned code = letters[i] == 'a' || letters[i] == 'b' ? 1
                        : letters[i] == 'c'                    ? 2
                        : letters[i] == 'd'                    ? 3
                        : letters[i] == 'n'                    ? 4
                                                               : 0;
        order |= code << (4 * n);
        n += code != 0;
    }
    r[CMOS_BOOT_FLAG2] = (uint8_t)order;
    r[CMOS_BOOT_FLAG1] = (uint8_t)(order >> 8 << 4);
}

/* Seconds since 1970, by the chip's own counting from Thursday, 1 January 1970. Its leap years
 * are the calendar's until February 2100. */
static void fill_time(struct mc146818 *d, uint64_t t)
{
    d->ram[DAY_OF_WEEK] = encode(d, 5);
    d->ram[DATE] = encode(d, 1);
    d->ram[MONTH] = encode(d, 1);
    d->ram[YEAR] = encode(d, 70);
    d->ram[CENTURY] = encode(d, 19);
    add_seconds(d, t);
}

static void fill(struct mc146818 *d)
{
    const struct board *b = d->dev.board;
    uint8_t *r = d->ram;
    for (unsigned i = 0; i < CMOS_SIZE; i++) {
        r[i] = 0;
    }
    r[REG_A] = A_DV_32KHZ | 6; /* 1024 Hz, as the PC/AT's BIOS sets it */
    r[REG_B] = B_24;
    r[REG_D] = D_VRT;
    fill_time(d, b->config.start_time);
    fill_memory(r, b->config.ram_bytes);
    fill_equipment(r, b->drive, b->config.fpu);
    fill_disks(r, b->drive);
    fill_boot_order(r, b->config.boot_order, sizeof b->config.boot_order);
    fill_checksum(r);
}

void mc146818_set(struct device *dev, uint8_t reg, uint8_t val)
{
    struct mc146818 *d = (struct mc146818 *)dev;
    write_register(d, reg & 0x7F, val);
    fill_checksum(d->ram);
}

void mc146818_connect_nmi_mask(struct device *dev, struct wire wire)
{
    ((struct mc146818 *)dev)->nmi_mask = wire;
}

/* ---- life ---- */

static int mc146818_init(struct device *dev, struct error *err)
{
    struct mc146818 *d = (struct mc146818 *)dev;
    (void)err;
    event_init(&dev->board->clock, &d->irq_event, "mc146818 irq", irq_due, d);
    return 0;
}

static void mc146818_reset(struct device *dev, enum reset how)
{
    struct mc146818 *d = (struct mc146818 *)dev;
    if (how == RESET_POWER) {
        d->seen = cycle_now(d);
        d->next_update = d->seen + HZ;
        fill(d);
    } else {
        sync(d);
    }
    d->index = 0;
    d->ram[REG_B] &= (uint8_t) ~(B_PIE | B_AIE | B_UIE | B_SQWE);
    d->ram[REG_C] = 0;
    d->irq = false;
    wire_set(&d->dev.irq, false);
    wire_set(&d->nmi_mask, false);
    schedule(d);
}

static void mc146818_retime(struct device *dev)
{
    schedule((struct mc146818 *)dev);
}

/* The time of this moment, though the chip's registers are those of the last access. */
static void show_time(const struct mc146818 *d, struct text *out)
{
    struct mc146818 now = *d;
    uint64_t c = cycle_now(d);
    if (chain_runs(d) && c >= d->next_update && updates(d)) {
        add_seconds(&now, 1 + (c - d->next_update) / HZ);
    }
    const uint8_t *r = now.ram;
    text_add(out, "mc146818 %02u%02u-%02u-%02u %02u:%02u:%02u, day %u of the week%s\n",
             decode(&now, r[CENTURY], 0, 99), decode(&now, r[YEAR], 0, 99),
             decode(&now, r[MONTH], 1, 12), decode(&now, r[DATE], 1, 31), decode_hours(&now),
             decode(&now, r[MINUTES], 0, 59), decode(&now, r[SECONDS], 0, 59),
             decode(&now, r[DAY_OF_WEEK], 1, 7),
             updates(d) && chain_runs(d) ? "" : ", stopped");
}

static void mc146818_info(struct device *dev, struct text *out)
{
    const struct mc146818 *d = (const struct mc146818 *)dev;
    const uint8_t *r = d->ram;
    show_time(d, out);
    text_add(out, "  alarm %02x:%02x:%02x (c0 and up: any)%s, index %02x\n", r[HOURS_ALARM],
             r[MINUTES_ALARM], r[SECONDS_ALARM], r[REG_B] & B_AIE ? "" : ", off", d->index);
    text_add(out, "  A %02x, B %02x (%s, %u hours%s%s%s), C %02x, D %02x, IRQ %s\n", r[REG_A],
             r[REG_B], r[REG_B] & B_DM ? "binary" : "BCD", r[REG_B] & B_24 ? 24u : 12u,
             r[REG_B] & B_PIE ? ", periodic" : "", r[REG_B] & B_AIE ? ", alarm" : "",
             r[REG_B] & B_UIE ? ", update" : "", r[REG_C], r[REG_D], d->irq ? "up" : "down");
    for (unsigned row = REG_D + 1; row < CMOS_SIZE; row = (row | 15) + 1) {
        text_add(out, "  %02x", row);
        for (unsigned i = row; i <= (row | 15); i++) {
            text_add(out, " %02x", r[i]);
        }
        text_add(out, "\n");
    }
}

const struct device_class mc146818_class = {
    .name = "mc146818",
    .size = sizeof(struct mc146818),
    .state = &mc146818_schema,
    .ports = mc146818_ports,
    .init = mc146818_init,
    .reset = mc146818_reset,
    .retime = mc146818_retime,
    .info = mc146818_info,
};
