/* tests/unit/test_mc146818.c -- the clock's counting, its interrupts, and the CMOS contents. */
#include "devices/mc146818.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 100000000 /* ticks */, IRQ = 8 };
enum { A = 0x0A, B = 0x0B, C = 0x0C, D = 0x0D };

struct bench {
    struct fixture fx;
    struct device *rtc;
    struct ram_disk disk[DRIVE_COUNT];
    bool nmi_masked;
};

static const struct slot slot = {&mc146818_class, 0x70, IRQ, -1};

static void nmi_mask(void *ctx, unsigned n, bool level)
{
    (void)n;
    ((struct bench *)ctx)->nmi_masked = level;
}

/* A board without the chip, to be configured first. */
static struct bench *bench_empty(void)
{
    struct bench *t = calloc(1, sizeof *t);
    ck_assert_ptr_nonnull(t);
    fixture_init(&t->fx);
    t->fx.board.config.start_time = 1767225600; /* Thursday, 2026-01-01 00:00:00 */
    return t;
}

static void bench_attach(struct bench *t)
{
    t->rtc = fixture_attach(&t->fx, &slot);
    mc146818_connect_nmi_mask(t->rtc, (struct wire){nmi_mask, t, 0});
}

static struct bench *bench_new(void)
{
    struct bench *t = bench_empty();
    bench_attach(t);
    return t;
}

static void bench_free(struct bench *t)
{
    fixture_free(&t->fx);
    free(t);
}

static uint8_t get(struct bench *t, uint8_t reg)
{
    fixture_out(&t->fx, 0x70, reg);
    return fixture_in(&t->fx, 0x71);
}

static void set(struct bench *t, uint8_t reg, uint8_t v)
{
    fixture_out(&t->fx, 0x70, reg);
    fixture_out(&t->fx, 0x71, v);
}

static void wait_ticks(struct bench *t, uint64_t ticks)
{
    fixture_run_to(&t->fx, t->fx.board.clock.now + ticks);
}

/* Jumps without firing events: nothing may be pending in between. */
static void leap(struct bench *t, uint64_t seconds)
{
    t->fx.board.clock.now += seconds * SECOND;
    ck_assert_uint_gt(clock_next(&t->fx.board.clock), t->fx.board.clock.now);
}

static void to_cycle(struct bench *t, uint64_t cycle)
{
    fixture_run_to(&t->fx, clock_tick_of(&t->fx.board.clock, cycle, 32768));
}

/* "century year month date weekday hours minutes seconds" as the registers have them */
static void expect_time(struct bench *t, const char *want)
{
    char have[40];
    snprintf(have, sizeof have, "%02x%02x-%02x-%02x %x %02x:%02x:%02x", get(t, 0x32), get(t, 9),
             get(t, 8), get(t, 7), get(t, 6), get(t, 4), get(t, 2), get(t, 0));
    ck_assert_str_eq(have, want);
}

static void set_time(struct bench *t, const uint8_t r[8])
{
    static const uint8_t reg[8] = {0x32, 9, 8, 7, 6, 4, 2, 0};
    for (unsigned i = 0; i < 8; i++) {
        set(t, reg[i], r[i]);
    }
}

START_TEST(starts_at_the_configured_time)
{
    static const struct {
        uint64_t time;
        const char *text;
    } cases[] = {
        {0, "1970-01-01 5 00:00:00"},          {951782399, "2000-02-28 2 23:59:59"},
        {951868799, "2000-02-29 3 23:59:59"},  {946684799, "1999-12-31 6 23:59:59"},
        {1767225600, "2026-01-01 5 00:00:00"}, {1769860800, "2026-01-31 7 12:00:00"},
        {4102444799, "2099-12-31 5 23:59:59"},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench *t = bench_empty();
        t->fx.board.config.start_time = cases[i].time;
        bench_attach(t);
        expect_time(t, cases[i].text);
        bench_free(t);
    }
    struct bench *t = bench_empty();
    t->fx.board.config.start_time = UINT64_MAX; /* absurd, but harmless */
    bench_attach(t);
    (void)get(t, 0);
    bench_free(t);
}
END_TEST

START_TEST(counts_seconds_to_years)
{
    struct bench *t = bench_new();
    wait_ticks(t, SECOND - 1);
    expect_time(t, "2026-01-01 5 00:00:00");
    wait_ticks(t, 1);
    expect_time(t, "2026-01-01 5 00:00:01");
    leap(t, 3600 * 24 + 59);
    expect_time(t, "2026-01-02 6 00:01:00");
    leap(t, UINT64_C(86400) * (365 + 365 + 59) - 86400 - 60);
    expect_time(t, "2028-02-29 3 00:00:00");
    leap(t, 86400);
    expect_time(t, "2028-03-01 4 00:00:00");
    bench_free(t);
}
END_TEST

START_TEST(twelve_hours_and_binary)
{
    struct bench *t = bench_new();
    static const uint8_t bcd[8] = {0x19, 0x99, 0x12, 0x31, 6, 0x11, 0x59, 0x59};
    static const uint8_t bin[8] = {20, 23, 12, 31, 1, 23, 59, 59};
    set(t, B, 0x80); /* SET, 12 hours, BCD */
    set_time(t, bcd);
    set(t, B, 0x00);
    wait_ticks(t, SECOND);
    expect_time(t, "1999-12-31 6 92:00:00"); /* 12 pm: noon */
    leap(t, 12 * 3600);
    expect_time(t, "2000-01-01 7 12:00:00"); /* 12 am, and the century has moved */
    leap(t, 3600);
    expect_time(t, "2000-01-01 7 01:00:00");
    set(t, B, 0x86);
    set_time(t, bin);
    set(t, B, 0x06);
    wait_ticks(t, SECOND);
    expect_time(t, "1418-01-01 2 00:00:00"); /* decimal 20, 24 */
    bench_free(t);
}
END_TEST

START_TEST(set_bit_freezes)
{
    struct bench *t = bench_new();
    set(t, B, 0x92);
    ck_assert_uint_eq(get(t, B), 0x82); /* SET clears UIE */
    wait_ticks(t, SECOND * 5);
    expect_time(t, "2026-01-01 5 00:00:00");
    ck_assert_uint_eq(get(t, C), 0x40); /* taps go on, updates do not */
    set(t, B, 0x02);
    to_cycle(t, 32768 * 6 - 1);
    ck_assert_uint_eq(get(t, 0), 0x00);
    to_cycle(t, 32768 * 6); /* the chain was not stopped */
    ck_assert_uint_eq(get(t, 0), 0x01);
    bench_free(t);
}
END_TEST

START_TEST(divider_reset)
{
    struct bench *t = bench_new();
    wait_ticks(t, SECOND / 10);
    set(t, A, 0x70);
    wait_ticks(t, SECOND * 3);
    ck_assert_uint_eq(get(t, A), 0x70);
    expect_time(t, "2026-01-01 5 00:00:00");
    to_cycle(t, 200000);
    set(t, A, 0x26);
    to_cycle(t, 200000 + 16383);
    ck_assert_uint_eq(get(t, 0), 0x00);
    to_cycle(t, 200000 + 16384); /* 500 ms */
    ck_assert_uint_eq(get(t, 0), 0x01);
    to_cycle(t, 200000 + 16384 + 32768);
    ck_assert_uint_eq(get(t, 0), 0x02);
    ck_assert_uint_eq(t->fx.board.notes.count[NOTE_mc146818_divider], 0);
    set(t, A, 0x06);
    ck_assert_uint_eq(t->fx.board.notes.count[NOTE_mc146818_divider], 1);
    bench_free(t);
}
END_TEST

START_TEST(update_in_progress)
{
    struct bench *t = bench_new();
    to_cycle(t, 32768 - 9);
    ck_assert_uint_eq(get(t, A), 0x26);
    to_cycle(t, 32768 - 8); /* 244 us */
    ck_assert_uint_eq(get(t, A), 0xA6);
    to_cycle(t, 32768 - 1);
    ck_assert_uint_eq(get(t, A), 0xA6);
    to_cycle(t, 32768);
    ck_assert_uint_eq(get(t, A), 0x26);
    to_cycle(t, 2 * 32768 - 1);
    set(t, B, 0x82);
    ck_assert_uint_eq(get(t, A), 0x26); /* not while SET */
    set(t, A, 0xFF);
    ck_assert_uint_eq(get(t, A), 0x7F); /* read only */
    bench_free(t);
}
END_TEST

START_TEST(update_ended_interrupt)
{
    struct bench *t = bench_new();
    ck_assert_uint_eq(clock_next(&t->fx.board.clock), EVENT_IDLE);
    set(t, B, 0x12);
    (void)get(t, C);
    to_cycle(t, 32767);
    ck_assert(!t->fx.irq[IRQ]);
    to_cycle(t, 32768);
    ck_assert(t->fx.irq[IRQ]);
    wait_ticks(t, SECOND * 3);
    ck_assert_uint_eq(t->fx.irq_edges[IRQ], 1);
    ck_assert_uint_eq(get(t, C) & 0x90, 0x90);
    ck_assert(!t->fx.irq[IRQ]);
    ck_assert_uint_eq(get(t, C), 0x00);
    wait_ticks(t, SECOND);
    ck_assert(t->fx.irq[IRQ]);
    set(t, B, 0x02); /* disabling lowers the line, the flag stays */
    ck_assert(!t->fx.irq[IRQ]);
    set(t, B, 0x12); /* and enabling with the flag up raises it at once */
    ck_assert(t->fx.irq[IRQ]);
    bench_free(t);
}
END_TEST

START_TEST(periodic_interrupt)
{
    static const uint16_t period[16] = {0,   128, 256, 4,    8,    16,   32,   64,
                                        128, 256, 512, 1024, 2048, 4096, 8192, 16384};
    for (unsigned rs = 1; rs < 16; rs++) {
        struct bench *t = bench_new();
        set(t, A, (uint8_t)(0x20 | rs));
        set(t, B, 0x42);
        unsigned n = 0;
        for (uint64_t cycle = period[rs]; n < 20; cycle += period[rs]) {
            to_cycle(t, cycle - 1);
            ck_assert_uint_eq(t->fx.irq_edges[IRQ], n);
            to_cycle(t, cycle);
            ck_assert_uint_eq(t->fx.irq_edges[IRQ], ++n);
            ck_assert_uint_eq(get(t, C) & 0xC0, 0xC0);
        }
        set(t, A, 0x20);
        (void)get(t, C);
        wait_ticks(t, SECOND);
        ck_assert_uint_eq(t->fx.irq_edges[IRQ], n);
        bench_free(t);
    }
}
END_TEST

START_TEST(alarm_interrupt)
{
    struct bench *t = bench_new();
    set(t, 5, 0x01);
    set(t, 3, 0x02);
    set(t, 1, 0x03);
    set(t, B, 0x22);
    (void)get(t, C);
    fixture_run_to(&t->fx, (uint64_t)3723 * SECOND - 1);
    ck_assert(!t->fx.irq[IRQ]);
    fixture_run_to(&t->fx, (uint64_t)3723 * SECOND);
    ck_assert(t->fx.irq[IRQ]);
    expect_time(t, "2026-01-01 5 01:02:03");
    ck_assert_uint_eq(get(t, C) & 0xB0, 0xB0);
    fixture_run_to(&t->fx, (uint64_t)(3723 + 86400) * SECOND); /* daily */
    ck_assert_uint_eq(t->fx.irq_edges[IRQ], 2);
    (void)get(t, C);
    set(t, 5, 0xC0); /* every hour … */
    set(t, 3, 0xFF); /* … every minute, at :03 */
    wait_ticks(t, (uint64_t)60 * SECOND);
    ck_assert_uint_eq(get(t, C) & 0xB0, 0xB0);
    set(t, 1, 0xC5);
    wait_ticks(t, SECOND);
    ck_assert_uint_eq(get(t, C) & 0xB0, 0xB0);
    set(t, 1, 0x7A); /* no such second */
    ck_assert_uint_eq(clock_next(&t->fx.board.clock), EVENT_IDLE);
    leap(t, 100000);
    ck_assert_uint_eq(get(t, C) & 0xB0, 0x10);
    bench_free(t);
}
END_TEST

START_TEST(alarm_flag_without_interrupt)
{
    struct bench *t = bench_new();
    set(t, 5, 0x12);
    set(t, 3, 0x00);
    set(t, 1, 0x00);
    leap(t, 43199);
    ck_assert_uint_eq(get(t, C) & 0x30, 0x10);
    leap(t, 1);
    ck_assert_uint_eq(get(t, C) & 0x30, 0x30);
    leap(t, 86399);
    ck_assert_uint_eq(get(t, C) & 0x30, 0x10);
    leap(t, 200000);
    ck_assert_uint_eq(get(t, C) & 0x30, 0x30);
    ck_assert_uint_eq(t->fx.irq_edges[IRQ], 0);
    bench_free(t);
}
END_TEST

/* An alarm that no second or minute meets: never, and that is known without a search through
 * the day at every access. */
START_TEST(impossible_alarm)
{
    static const uint8_t reg[] = {1, 3}, never[] = {0x60, 0x0A, 0xBF};
    struct bench *t = bench_new();
    clock_t began = clock();
    for (unsigned i = 0; i < 6; i++) {
        set(t, 5, 0xC0);
        set(t, 3, 0xC0);
        set(t, 1, 0xC0);
        set(t, reg[i % 2], never[i / 2]);
        set(t, B, 0x22);
        for (unsigned n = 0; n < 20000; n++) {
            (void)get(t, C);
        }
        leap(t, 90000);
        ck_assert_uint_eq(get(t, C) & 0x20, 0);
    }
    ck_assert(!t->fx.irq[IRQ]);
    ck_assert_msg((clock() - began) / CLOCKS_PER_SEC < 20, "a search at every access");
    bench_free(t);
}
END_TEST

START_TEST(ports_and_ram)
{
    struct bench *t = bench_new();
    set(t, 0x8F, 0x5A); /* bit 7: NMI mask */
    ck_assert(t->nmi_masked);
    ck_assert_uint_eq(get(t, 0x0F), 0x5A);
    ck_assert(!t->nmi_masked);
    ck_assert_uint_eq(fixture_in(&t->fx, 0x70), 0xFF);
    ck_assert_uint_eq(get(t, D), 0x80);
    set(t, D, 0x00);
    set(t, C, 0xFF);
    ck_assert_uint_eq(get(t, D), 0x80);
    ck_assert_uint_eq(get(t, C), 0x00);
    set(t, 0x7F, 0xA5);
    ck_assert_uint_eq(get(t, 0x7F), 0xA5);
    bench_free(t);
}
END_TEST

static unsigned get16(struct bench *t, uint8_t reg)
{
    unsigned low = get(t, reg);
    return low | (unsigned)get(t, (uint8_t)(reg + 1)) << 8;
}

static void check_sum(struct bench *t)
{
    unsigned sum = 0;
    for (uint8_t i = 0x10; i < 0x2E; i++) {
        sum += get(t, i);
    }
    ck_assert_uint_eq(get(t, 0x2E), sum >> 8);
    ck_assert_uint_eq(get(t, 0x2F), sum & 0xFF);
}

START_TEST(memory_sizes)
{
    static const struct {
        uint64_t bytes;
        unsigned ext, above16;
    } cases[] = {
        {(uint64_t)1 << 20, 0, 0},          {(uint64_t)16 << 20, 15360, 0},
        {(uint64_t)64 << 20, 64512, 768},   {(uint64_t)65 << 20, 65535, 784},
        {(uint64_t)128 << 20, 65535, 1792}, {(uint64_t)3 << 30, 65535, 48896},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench *t = bench_empty();
        t->fx.board.config.ram_bytes = cases[i].bytes;
        bench_attach(t);
        ck_assert_uint_eq(get16(t, 0x15), 640);
        ck_assert_uint_eq(get16(t, 0x17), cases[i].ext);
        ck_assert_uint_eq(get16(t, 0x30), cases[i].ext);
        ck_assert_uint_eq(get16(t, 0x34), cases[i].above16);
        ck_assert_uint_eq(get(t, 0x5B) | get(t, 0x5C) | get(t, 0x5D) | get(t, 0x5F), 0);
        check_sum(t);
        bench_free(t);
    }
}
END_TEST

static void present(struct bench *t, unsigned n, enum drive_kind kind, uint64_t sectors)
{
    t->fx.board.drive[n].kind = (uint8_t)kind;
    t->fx.board.drive[n].sectors = sectors;
}

START_TEST(floppy_types)
{
    static const struct {
        uint64_t sectors;
        uint8_t type;
    } cases[] = {{0, 4},    {320, 2},  {360, 2},  {640, 2},  {720, 2}, {1440, 4},
                 {2400, 2}, {2880, 4}, {3360, 4}, {3444, 4}, {5760, 5}};
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench *t = bench_empty();
        present(t, DRIVE_FDA, DRIVE_FLOPPY, cases[i].sectors);
        bench_attach(t);
        ck_assert_uint_eq(get(t, 0x10), cases[i].type << 4);
        ck_assert_uint_eq(get(t, 0x14), 0x05);
        bench_free(t);
    }
    struct bench *t = bench_empty();
    present(t, DRIVE_FDA, DRIVE_FLOPPY, 2880);
    present(t, DRIVE_FDB, DRIVE_FLOPPY, 5760);
    bench_attach(t);
    ck_assert_uint_eq(get(t, 0x10), 0x45);
    ck_assert_uint_eq(get(t, 0x14), 0x45);
    bench_free(t);
    t = bench_new();
    ck_assert_uint_eq(get(t, 0x10), 0x00);
    ck_assert_uint_eq(get(t, 0x14), 0x04);
    bench_free(t);
    t = bench_empty();
    t->fx.board.config.fpu = true;
    bench_attach(t);
    ck_assert_uint_eq(get(t, 0x14), 0x06);
    bench_free(t);
}
END_TEST

START_TEST(disks)
{
    struct bench *t = bench_empty();
    present(t, DRIVE_HDA, DRIVE_DISK, 20 * 1024 * 1024 / 512);
    present(t, DRIVE_HDB, DRIVE_DISK, (uint64_t)20 << 30 >> 9);
    present(t, DRIVE_HDC, DRIVE_CDROM, 300000);
    present(t, DRIVE_HDD, DRIVE_DISK, (uint64_t)2 << 30 >> 9);
    bench_attach(t);
    ck_assert_uint_eq(get(t, 0x12), 0xFF);
    ck_assert_uint_eq(get(t, 0x19), 47);
    ck_assert_uint_eq(get(t, 0x1A), 47);
    ck_assert_uint_eq(get16(t, 0x1B), 40);
    ck_assert_uint_eq(get(t, 0x1D), 16);
    ck_assert_uint_eq(get16(t, 0x1E), 0xFFFF);
    ck_assert_uint_eq(get(t, 0x20), 0xC8);
    ck_assert_uint_eq(get16(t, 0x21), 40);
    ck_assert_uint_eq(get(t, 0x23), 63);
    ck_assert_uint_eq(get16(t, 0x24), 16383);
    ck_assert_uint_eq(get(t, 0x2C), 63);
    ck_assert_uint_eq(get(t, 0x39), 0x44); /* hdb and hdd: LBA */
    check_sum(t);
    bench_free(t);
}
END_TEST

START_TEST(boot_order)
{
    static const struct {
        const char *letters;
        uint8_t r3d, r38;
    } cases[] = {{"", 0, 0},          {"a", 0x01, 0},       {"c", 0x02, 0},     {"ca", 0x12, 0},
                 {"dac", 0x13, 0x20}, {"xcdn", 0x32, 0x40}, {"acd", 0x21, 0x30}};
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench *t = bench_empty();
        memcpy(t->fx.board.config.boot_order, cases[i].letters, strlen(cases[i].letters));
        bench_attach(t);
        ck_assert_uint_eq(get(t, 0x3D), cases[i].r3d);
        ck_assert_uint_eq(get(t, 0x38), cases[i].r38);
        bench_free(t);
    }
}
END_TEST

START_TEST(set_keeps_the_checksum)
{
    struct bench *t = bench_new();
    mc146818_set(t->rtc, 0x14, 0x47);
    mc146818_set(t->rtc, 0x2D, 0xFF);
    ck_assert_uint_eq(get(t, 0x14), 0x47);
    check_sum(t);
    bench_free(t);
}
END_TEST

START_TEST(reset)
{
    struct bench *t = bench_new();
    set(t, 0x0F, 0x05);
    set(t, 0x40, 0x99);
    set(t, B, 0x7B);
    wait_ticks(t, SECOND * 2 + SECOND / 2);
    ck_assert(t->fx.irq[IRQ]);
    mc146818_class.reset(t->rtc, RESET_HARD);
    ck_assert(!t->fx.irq[IRQ]);
    ck_assert_uint_eq(get(t, B), 0x03);
    ck_assert_uint_eq(get(t, C), 0x00);
    ck_assert_uint_eq(get(t, 0x0F), 0x05);
    ck_assert_uint_eq(get(t, 0x40), 0x99);
    ck_assert_uint_eq(get(t, 0), 0x02); /* time went on, and goes on */
    wait_ticks(t, SECOND / 2);
    ck_assert_uint_eq(get(t, 0), 0x03);
    ck_assert_uint_eq(clock_next(&t->fx.board.clock), EVENT_IDLE);
    mc146818_class.reset(t->rtc, RESET_POWER);
    ck_assert_uint_eq(get(t, 0x0F), 0x00);
    ck_assert_uint_eq(get(t, 0x40), 0x00);
    expect_time(t, "2026-01-01 5 00:00:00");
    bench_free(t);
}
END_TEST

START_TEST(mips_change_keeps_time)
{
    struct bench *t = bench_new();
    set(t, B, 0x12);
    wait_ticks(t, SECOND / 2);
    clock_set_mips(&t->fx.board.clock, 10);
    mc146818_class.retime(t->rtc);
    wait_ticks(t, SECOND / 20 - 1);
    ck_assert(!t->fx.irq[IRQ]);
    wait_ticks(t, 1);
    ck_assert(t->fx.irq[IRQ]);
    bench_free(t);
}
END_TEST

START_TEST(coverage)
{
    struct error err = {{0}};
    ck_assert_msg(state_coverage(mc146818_class.state, &err) == 0, "%s", err.text);
}
END_TEST

static void traffic(struct bench *t, uint64_t *seed)
{
    uint32_t r = test_random(seed);
    uint8_t reg = r >> 4 & 3 ? (r >> 8 & 15) : (r >> 8 & 0xFF);
    switch (r & 7) {
    case 0: wait_ticks(t, r >> 8); break;
    case 1: wait_ticks(t, r >> 20); break;
    case 2: mc146818_set(t->rtc, reg, (uint8_t)(r >> 16)); break;
    case 3: (void)get(t, C); break;
    case 4:
    case 5: (void)get(t, reg); break;
    default: set(t, reg, (uint8_t)(r >> 16)); break;
    }
    ck_assert(!t->fx.irq[IRQ] || get(t, B) & 0x70);
}

START_TEST(random_traffic)
{
    struct bench *a = bench_new(), *b = bench_new();
    uint64_t seed = 146818, seed_b;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 200; i++) {
            traffic(a, &seed);
        }
        b->fx.board.clock.now = a->fx.board.clock.now;
        b->fx.board.clock.seq = a->fx.board.clock.seq;
        memcpy(b->fx.irq, a->fx.irq, sizeof b->fx.irq);
        fixture_clone(a->rtc, b->rtc);
        seed_b = seed;
        for (unsigned i = 0; i < 100; i++) {
            traffic(a, &seed);
            traffic(b, &seed_b);
        }
        ck_assert_uint_eq(state_hash(mc146818_class.state, a->rtc, 0),
                          state_hash(mc146818_class.state, b->rtc, 0));
    }
    bench_free(a);
    bench_free(b);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("mc146818");
    TCase *tc = tcase_create("mc146818");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, starts_at_the_configured_time);
    tcase_add_test(tc, counts_seconds_to_years);
    tcase_add_test(tc, twelve_hours_and_binary);
    tcase_add_test(tc, set_bit_freezes);
    tcase_add_test(tc, divider_reset);
    tcase_add_test(tc, update_in_progress);
    tcase_add_test(tc, update_ended_interrupt);
    tcase_add_test(tc, periodic_interrupt);
    tcase_add_test(tc, alarm_interrupt);
    tcase_add_test(tc, alarm_flag_without_interrupt);
    tcase_add_test(tc, impossible_alarm);
    tcase_add_test(tc, ports_and_ram);
    tcase_add_test(tc, memory_sizes);
    tcase_add_test(tc, floppy_types);
    tcase_add_test(tc, disks);
    tcase_add_test(tc, boot_order);
    tcase_add_test(tc, set_keeps_the_checksum);
    tcase_add_test(tc, reset);
    tcase_add_test(tc, mips_change_keeps_time);
    tcase_add_test(tc, coverage);
    tcase_add_test(tc, random_traffic);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    SRunner *sr = srunner_create(suite());
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
