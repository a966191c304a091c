/* test_record.c -- a recording, played back, is the run that was recorded: machines with random
 * code, random input at random ticks, stopped wherever it pleases the recorder's front end;
 * played back without any of that, and stopped elsewhere.
 *
 * RECORD_ROUNDS=1000 in the environment plays more of them; RECORD_SEED=n begins with another.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/input_log.h"
#include "tests/support/board_fixture.h"
#include "tests/support/state_memory.h"

enum { BIOS = 0x10000, DISK = 1440 << 10, INPUTS = 60 };

static struct host host;
static struct error err;
static uint8_t rom[BIOS], disks[2][DISK];
static struct ram_disk ram_disks[2] = {{disks[0], DISK, false}, {disks[1], DISK, false}};
static const char *const disk_names[2] = {"disk 0", "disk 1"};

/* ---- guests: all begin at F000:0000 */

/* Every port, read and written, with interrupts on; vectors lead to code that ends them. */
static const uint8_t sweep[] = {
    0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0, /* xor ax,ax; ds = es = ss = ax */
    0xBC, 0x00, 0x7C,                               /* mov sp,7C00h */
    0xC7, 0x06, 0x00, 0x06, 0x50, 0xE4,             /* 600h: push ax; in al, */
    0xC7, 0x06, 0x02, 0x06, 0x60, 0x00,             /*       60h; add */
    0xC7, 0x06, 0x04, 0x06, 0x06, 0x00,             /*       [700h],al */
    0xC7, 0x06, 0x05, 0x06, 0x00, 0x07,             /* */
    0xC7, 0x06, 0x07, 0x06, 0xB0, 0x20,             /*       mov al,20h */
    0xC7, 0x06, 0x09, 0x06, 0xE6, 0x20,             /*       out 20h,al */
    0xC7, 0x06, 0x0B, 0x06, 0xE6, 0xA0,             /*       out A0h,al */
    0xC7, 0x06, 0x0D, 0x06, 0x58, 0xCF,             /*       pop ax; iret */
    0x31, 0xFF, 0xB9, 0x00, 0x01,                   /* xor di,di; mov cx,256 */
    0xB8, 0x00, 0x06, 0xAB, 0x31, 0xC0, 0xAB,       /* every vector 0000:0600 */
    0xE2, 0xF7,                                     /* */
    0xFB,                                           /* sti */
    0x31, 0xD2,                                     /* again: xor dx,dx */
    0xEC, 0xEE,                                     /* l: in al,dx; out dx,al */
    0x42, 0x75, 0xFB,                               /* inc dx; jnz l */
    0xEB, 0xF7,                                     /* jmp again */
};
/* The same vectors, keyboard, mouse and serial interrupts let through; then it sleeps. */
static const uint8_t sleeper[] = {
    0xB0, 0x11, 0xE6, 0x20, 0xE6, 0xA0,             /* ICW1 */
    0xB0, 0x08, 0xE6, 0x21, 0xB0, 0x70, 0xE6, 0xA1, /* ICW2 */
    0xB0, 0x04, 0xE6, 0x21, 0xB0, 0x02, 0xE6, 0xA1, /* ICW3 */
    0xB0, 0x01, 0xE6, 0x21, 0xE6, 0xA1,             /* ICW4 */
    0xB0, 0xE9, 0xE6, 0x21, 0xB0, 0xEF, 0xE6, 0xA1, /* 1, 2, 4 and 12 */
    0xB0, 0x60, 0xE6, 0x64, 0xB0, 0x47, 0xE6, 0x60, /* 8042: both interrupts, translation */
    0xBA, 0xF9, 0x03, 0xB0, 0x01, 0xEE,             /* 8250: received data */
    0xBA, 0xFC, 0x03, 0xB0, 0x0B, 0xEE,             /* OUT2 */
    0xFB, 0xF4, 0x40, 0xEB, 0xFC,                   /* sti; l: hlt; inc ax; jmp l */
};

static void make_rom(unsigned guest, uint64_t *seed)
{
    static const uint8_t reset[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
    memset(rom, 0xCC, sizeof rom);
    if (guest == 0) {
        for (size_t i = 0; i < 4096; i++) {
            rom[i] = (uint8_t)test_random(seed);
        }
    } else {
        size_t vectors = sizeof sweep - 11; /* up to sti */
        memcpy(rom, sweep, sizeof sweep);
        if (guest == 2) {
            memcpy(rom + vectors, sleeper, sizeof sleeper);
        }
    }
    memcpy(rom + 0xFFF0, reset, sizeof reset);
}

static struct machine_config config(uint64_t *seed)
{
    struct machine_config cfg = {.ram_bytes = 1 << 20,
                                 .bios = rom,
                                 .bios_size = BIOS,
                                 .mips = 1 + test_random(seed) % 50,
                                 .serial = {true},
                                 .debug_exit_port = 0xF4,
                                 .debug_exit_size = 4,
                                 .single_step = test_random(seed) % 4 == 0,
                                 .stop_on_reset = test_random(seed) % 4 == 0,
                                 .stop_on_triple_fault = test_random(seed) % 4 == 0};
    cfg.drive[0] = ram_disk_media(&ram_disks[0], DRIVE_FLOPPY, true);
    return cfg;
}

/* ---- recording */

struct recording {
    struct memory_file file;
    struct log_writer *w;
    uint64_t last; /* hash */
};

static void on_input(void *ctx, const struct input *in)
{
    struct recording *rec = ctx;
    struct log_medium medium = {.read_only = true, .sector_size = 512, .bytes = DISK};
    if (in->kind == INPUT_MEDIA && in->media.kind != DRIVE_NONE) {
        medium.path = disk_names[in->media.ctx == &ram_disks[1]];
    }
    ck_assert_int_eq(log_input(rec->w, in, &medium), 0);
}

static void random_input(struct machine *m, uint64_t *seed)
{
    static const char *const registers[] = {"eax", "eip", "eflags", "esp", "ds", "st0.m"};
    uint8_t bytes[40];
    struct input in = {.kind = (enum input_kind)(test_random(seed) % INPUT_KINDS)};
    uint32_t v = test_random(seed);
    switch (in.kind) {
    case INPUT_KEY:
        in.code = (uint16_t)(1 + v % 0x58);
        in.down = v & 0x100;
        break;
    case INPUT_MOUSE:
        in.dx = (int16_t)v;
        in.dy = (int16_t)(v >> 8);
        in.buttons = v & 7;
        break;
    case INPUT_SERIAL: in.code = (uint16_t)(v % (SERIAL_BREAK + 1)); break;
    case INPUT_MEDIA:
        if (v & 1) {
            in.media = ram_disk_media(&ram_disks[v >> 1 & 1], DRIVE_FLOPPY, true);
        }
        break;
    case INPUT_MIPS: in.code = (uint16_t)(1 + v % 300); break;
    case INPUT_REGISTER:
        machine_reg_set(m, registers[v % ARRAY_LEN(registers)], test_random(seed));
        return;
    case INPUT_MEMORY:
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (uint8_t)test_random(seed);
        }
        machine_mem_set(m, v % (1 << 20), bytes, 1 + v % sizeof bytes);
        return;
    case INPUT_RESET:
    case INPUT_POWERDOWN:
        if (v % 4) {
            return;
        }
        break;
    case INPUT_KINDS: break;
    }
    machine_input(m, &in);
}

/* Some ticks, by one of the ways in which front ends and debuggers stop. */
static void run_somehow(struct machine *m, uint64_t *seed)
{
    static const struct machine_step step;
    uint64_t until = machine_now(m) + test_random(seed) % 20000;
    unsigned how = test_random(seed) % 6;
    uint64_t eip = 0, base = 0;
    machine_reg_get(m, "eip", &eip);
    machine_reg_get(m, "cs.base", &base);
    uint32_t la = (uint32_t)(eip + base) + test_random(seed) % 8;
    if (how == 0) {
        machine_break(m);
    } else if (how == 1) {
        machine_step(m, &step);
    } else if (how == 2) {
        machine_point_add(m, MACHINE_CODE, la, 1);
    } else if (how == 3) {
        until = UINT64_MAX;
        machine_break(m);
    }
    machine_run(m, until);
    if (how == 1) {
        machine_step(m, NULL);
    } else if (how == 2) {
        machine_point_remove(m, MACHINE_CODE, la, 1);
    }
}

static void put_hash(struct recording *rec, struct machine *m)
{
    static struct machine_part part[MACHINE_PARTS];
    unsigned n = machine_parts(m, part);
    rec->last = machine_hash(m);
    ck_assert_int_eq(log_hash(rec->w, machine_now(m), rec->last, part, n), 0);
}

static void record(struct recording *rec, uint64_t *seed)
{
    struct machine_config cfg = config(seed);
    struct machine *m = machine_new(&cfg, &host, &err);
    struct log_start start = {.stop_on_reset = cfg.stop_on_reset,
                              .stop_on_triple_fault = cfg.stop_on_triple_fault,
                              .date = test_random(seed)};
    struct state_writer w;
    ck_assert_msg(m != NULL, "%s", err.text);
    if (test_random(seed) % 2) { /* not from power-on */
        machine_run(m, test_random(seed) % 50000);
        machine_input(m, &(struct input){.kind = INPUT_KEY, .code = 0x1E, .down = true});
    }
    memory_file_init(&rec->file);
    rec->w = log_create(&rec->file.sink, "a test\n");
    state_begin(&w, log_state_sink(rec->w));
    ck_assert(machine_save(m, &w) == 0 && state_end(&w) == 0);
    ck_assert_int_eq(log_start(rec->w, &start, machine_now(m), machine_inputs(m)), 0);
    machine_set_recorder(m, on_input, rec);
    for (unsigned i = 0; i < INPUTS; i++) {
        run_somehow(m, seed);
        for (unsigned n = test_random(seed) % 3; n > 0; n--) {
            random_input(m, seed);
        }
        if (test_random(seed) % 4 == 0) {
            put_hash(rec, m);
        }
        if (test_random(seed) % 8 == 0) {
            ck_assert_int_eq(log_flush(rec->w, machine_now(m)), 0);
        }
    }
    put_hash(rec, m);
    ck_assert_int_eq(log_end(rec->w, machine_now(m), rec->last, 7), 0);
    log_free(rec->w);
    machine_free(m);
}

/* ---- playing back */

static void replay_record(struct machine *m, struct log_record *r, const struct log_reader *log)
{
    static struct machine_part part[MACHINE_PARTS];
    ck_assert_uint_eq(machine_now(m), r->tick);
    if (r->kind == LOG_HASH) {
        unsigned n = machine_parts(m, part);
        ck_assert_uint_eq(n, r->parts);
        for (unsigned i = 0; i < n; i++) {
            ck_assert_str_eq(part[i].name, log->name[i]);
            ck_assert_msg(part[i].hash == r->part[i], "%s differs", part[i].name);
        }
    }
    if (r->kind == LOG_HASH || r->kind == LOG_END) {
        ck_assert_uint_eq(machine_hash(m), r->hash);
    }
    if (r->kind >= LOG_START) {
        return;
    }
    if (r->in.kind == INPUT_MEDIA && r->in.media.kind != DRIVE_NONE) {
        struct ram_disk *rd = &ram_disks[strcmp(r->medium.path, disk_names[1]) == 0];
        r->in.media = ram_disk_media(rd, r->in.media.kind, r->medium.read_only);
    }
    machine_replay(m, &r->in);
}

static void replay(struct recording *rec, uint64_t *seed)
{
    static struct log_reader log;
    struct log_record r;
    struct memory_file state;
    int rc;
    ck_assert_msg(log_open(&log, &rec->file.source, &err) == 0, "%s", err.text);
    ck_assert(log.ended && log.status == 7);
    memory_file_init(&state);
    state.source = log_state(&log);
    struct machine_config cfg = config(seed); /* another engine, perhaps */
    cfg.stop_on_reset = log.start.stop_on_reset;
    cfg.stop_on_triple_fault = log.start.stop_on_triple_fault;
    struct machine *m = memory_load(&state, &cfg, &host, &err);
    ck_assert_msg(m != NULL, "%s", err.text);
    machine_shut(m, true);
    while ((rc = log_next(&log, &r, &err)) > 0) {
        while (machine_now(m) < r.tick) {
            uint64_t left = r.tick - machine_now(m);
            machine_run(m, machine_now(m) + 1 + test_random(seed) % left);
        }
        replay_record(m, &r, &log);
    }
    ck_assert_int_eq(rc, 0);
    ck_assert_uint_eq(log.past_end, true);
    machine_free(m);
    log_close(&log);
}

static unsigned number(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

START_TEST(test_record_is_replay)
{
    unsigned rounds = number("RECORD_ROUNDS", 45), first = number("RECORD_SEED", 1);
    for (size_t i = 0; i < sizeof disks; i++) {
        disks[0][i % sizeof disks[0]] = (uint8_t)(i * 7);
        disks[1][i % sizeof disks[1]] = (uint8_t)(i * 11 + 5);
    }
    for (unsigned n = first; n < first + rounds; n++) {
        struct recording rec = {.w = NULL};
        uint64_t seed = n;
        printf("round %u\n", n);
        fflush(stdout);
        make_rom(n % 3, &seed);
        record(&rec, &seed);
        replay(&rec, &seed);
        memory_file_free(&rec.file);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("record");
    TCase *tc = tcase_create("property");
    tcase_set_timeout(tc, 0);
    tcase_add_test(tc, test_record_is_replay);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
