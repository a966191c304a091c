/* test_machine.c -- the whole machine through its public face, with hand-assembled firmware.
 *
 * The firmware image is 64 KiB: the program at F000:0000 and a far jump to it at the reset
 * vector.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/machine_priv.h"
#include "tests/support/board_fixture.h"

enum { BIOS_SIZE = 0x10000, SECOND = 200000000 /* ticks, by default */ };

struct outside { /* what a machine told its host */
    char debug[64];
    unsigned debug_len;
    char notes[512];
};

static void on_debug(void *ctx, uint8_t byte)
{
    struct outside *o = ctx;
    if (o->debug_len < sizeof o->debug - 1) {
        o->debug[o->debug_len++] = (char)byte;
    }
}

static void on_note(void *ctx, const char *line)
{
    struct outside *o = ctx;
    strncat(o->notes, line, sizeof o->notes - strlen(o->notes) - 1);
}

static struct outside outside;
static uint8_t bios[BIOS_SIZE];

static struct machine_config config_for(const uint8_t *program, size_t n)
{
    static const uint8_t vector[] = {0xEA, 0x00, 0x00, 0x00, 0xF0}; /* jmp F000:0000 */
    memset(bios, 0xF4, sizeof bios);                                /* hlt */
    memcpy(bios, program, n);
    memcpy(bios + 0xFFF0, vector, sizeof vector);
    return (struct machine_config){
        .ram_bytes = 2 << 20, .bios = bios, .bios_size = sizeof bios, .debug_exit_port = 0xF4};
}

static struct machine *start(const struct machine_config *cfg)
{
    static struct host host;
    struct error err;
    memset(&outside, 0, sizeof outside);
    host = (struct host){.ctx = &outside, .debug = on_debug, .note = on_note};
    struct machine *m = machine_new(cfg, &host, &err);
    ck_assert_msg(m != NULL, "%s", err.text);
    return m;
}

static struct machine *start_program(const uint8_t *program, size_t n)
{
    struct machine_config cfg = config_for(program, n);
    return start(&cfg);
}

static uint64_t reg(const struct machine *m, const char *name)
{
    uint64_t v = 0;
    ck_assert_msg(machine_reg_get(m, name, &v), "%s", name);
    return v;
}

/* ---- programs */

static const uint8_t counting[] = {
    0x40,       /* l: inc ax */
    0xEB, 0xFD, /*    jmp l */
};

static const uint8_t dead[] = {0xFA, 0xF4}; /* cli; hlt */

static const uint8_t leaving[] = {
    0xB0, 0x42, /* mov al,42h */
    0xE6, 0xE9, /* out E9h,al */
    0xE6, 0xF4, /* out F4h,al */
    0xE6, 0xE9, /* out E9h,al */
    0xFA, 0xF4, /* cli; hlt */
};

/* IRQ 0 every 65536 cycles of the 8254; the handler counts at 0:500h. Else halted. */
static const uint8_t timer[] = {
    0x31, 0xC0,                         /* xor ax,ax */
    0x8E, 0xD8,                         /* mov ds,ax */
    0x8E, 0xD0,                         /* mov ss,ax */
    0xBC, 0x00, 0x70,                   /* mov sp,7000h */
    0xC7, 0x06, 0x20, 0x00, 0x37, 0x00, /* mov word [20h],isr */
    0xC7, 0x06, 0x22, 0x00, 0x00, 0xF0, /* mov word [22h],F000h */
    0xB0, 0x11, 0xE6, 0x20,             /* ICW1 */
    0xB0, 0x08, 0xE6, 0x21,             /* ICW2: vector 8 */
    0xB0, 0x04, 0xE6, 0x21,             /* ICW3 */
    0xB0, 0x01, 0xE6, 0x21,             /* ICW4 */
    0xB0, 0xFE, 0xE6, 0x21,             /* IRQ 0 only */
    0xB0, 0x34, 0xE6, 0x43,             /* counter 0, mode 2 */
    0xB0, 0x00, 0xE6, 0x40, 0xE6, 0x40, /* count 65536 */
    0xFB,                               /* sti */
    0xF4,                               /* l: hlt */
    0xEB, 0xFD,                         /*    jmp l */
    0xFF, 0x06, 0x00, 0x05,             /* isr: inc word [500h] */
    0xB0, 0x20, 0xE6, 0x20,             /* EOI */
    0xCF,                               /* iret */
};

/* Counts its starts at 0:600h; a hard reset through CF9h, until there have been three. */
static const uint8_t resetting[] = {
    0x31, 0xC0,                   /* xor ax,ax */
    0x8E, 0xD8,                   /* mov ds,ax */
    0xFE, 0x06, 0x00, 0x06,       /* inc byte [600h] */
    0x80, 0x3E, 0x00, 0x06, 0x03, /* cmp byte [600h],3 */
    0x74, 0x0A,                   /* je done */
    0xBA, 0xF9, 0x0C,             /* mov dx,CF9h */
    0xB0, 0x02, 0xEE,             /* out dx,2 */
    0xB0, 0x06, 0xEE,             /* out dx,6 */
    0xF4,                         /* hlt */
    0xA0, 0x00, 0x06,             /* done: mov al,[600h] */
    0xE6, 0xF4,                   /* out F4h,al */
    0xFA, 0xF4,                   /* cli; hlt */
};

/* The same once by INIT#, port 92h: says what the port holds afterwards. */
static const uint8_t init_pulse[] = {
    0x31, 0xC0,                   /* xor ax,ax */
    0x8E, 0xD8,                   /* mov ds,ax */
    0xFE, 0x06, 0x00, 0x06,       /* inc byte [600h] */
    0x80, 0x3E, 0x00, 0x06, 0x02, /* cmp byte [600h],2 */
    0x74, 0x09,                   /* je done */
    0xB0, 0x02, 0xE6, 0x92,       /* out 92h,2 */
    0xB0, 0x03, 0xE6, 0x92,       /* out 92h,3 */
    0xF4,                         /* hlt */
    0xE4, 0x92,                   /* done: in al,92h */
    0xE6, 0xF4,                   /* out F4h,al */
    0xFA, 0xF4,                   /* cli; hlt */
};

static const uint8_t triple_fault[] = {
    0x2E, 0x0F, 0x01, 0x1E, 0x10, 0x00,          /* lidt [cs:10h]: limit 0 */
    0xCC,                                        /* int3 */
    0xF4, 0,    0,    0,    0,    0,    0, 0, 0, /* … */
    0,    0,    0,    0,    0,    0,
};

/* ---- tests */

START_TEST(test_bad_configurations)
{
    struct host host = {0};
    struct error err;
    struct machine_config good = config_for(dead, sizeof dead), c;
    c = good, c.ram_bytes = 0;
    ck_assert_ptr_null(machine_new(&c, &host, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "-m"));
    c = good, c.ram_bytes = UINT64_C(4) << 30;
    ck_assert_ptr_null(machine_new(&c, &host, &err));
    c = good, c.bios_size = 1000;
    ck_assert_ptr_null(machine_new(&c, &host, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "-bios"));
    c = good, c.bios = NULL;
    ck_assert_ptr_null(machine_new(&c, &host, &err));
    c = good, c.boot_order = "x";
    ck_assert_ptr_null(machine_new(&c, &host, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "-boot"));
    c = good, c.boot_order = "aa";
    ck_assert_ptr_null(machine_new(&c, &host, &err));
    c = good, c.cpu = "z80";
    ck_assert_ptr_null(machine_new(&c, &host, &err));
    c = good, c.mips = 1000000;
    ck_assert_ptr_null(machine_new(&c, &host, &err));
    c = good, c.debug_exit_port = 0x60;
    ck_assert_ptr_null(machine_new(&c, &host, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "isa-debug-exit"));
}
END_TEST

START_TEST(test_exact_ticks)
{
    struct machine *m = start_program(counting, sizeof counting);
    ck_assert_uint_eq(reg(m, "cs"), 0xF000);
    ck_assert_uint_eq(reg(m, "eip"), 0xFFF0);
    ck_assert_int_eq(machine_run(m, 0), MACHINE_UNTIL);
    ck_assert_uint_eq(reg(m, "eip"), 0xFFF0);
    for (uint64_t t = 1; t < 300; t++) {
        ck_assert_int_eq(machine_run(m, t), MACHINE_UNTIL);
        ck_assert_uint_eq(machine_now(m), t);
        ck_assert_uint_eq(reg(m, "eax") & 0xFFFF, t / 2); /* jmp far, then inc, jmp, inc … */
        ck_assert_uint_eq(reg(m, "eip"), t % 2 ? 0 : 1);
    }
    ck_assert_int_eq(machine_run(m, 1000001), MACHINE_UNTIL);
    ck_assert_uint_eq(machine_now(m), 1000001);
    ck_assert_uint_eq(reg(m, "eax") & 0xFFFF, 500000 & 0xFFFF);
    machine_free(m);
}
END_TEST

START_TEST(test_debug_exit)
{
    struct machine *m = start_program(leaving, sizeof leaving);
    ck_assert_int_eq(machine_run(m, UINT64_MAX), MACHINE_DEBUG_EXIT);
    ck_assert_uint_eq(machine_exit_value(m), 0x42);
    ck_assert_uint_eq(machine_now(m), 4); /* at the end of the OUT */
    ck_assert_str_eq(outside.debug, "B");
    ck_assert_int_eq(machine_run(m, UINT64_MAX), MACHINE_IDLE); /* it can go on */
    ck_assert_str_eq(outside.debug, "BB");
    machine_free(m);
}
END_TEST

START_TEST(test_idle)
{
    struct machine *m = start_program(dead, sizeof dead);
    ck_assert_int_eq(machine_run(m, UINT64_MAX), MACHINE_IDLE);
    ck_assert_uint_lt(machine_now(m), 100);
    ck_assert_int_eq(machine_run(m, SECOND), MACHINE_UNTIL); /* time goes on if one asks */
    ck_assert_uint_eq(machine_now(m), SECOND);
    machine_free(m);
}
END_TEST

START_TEST(test_timer_wakes)
{
    uint8_t count[2];
    struct machine *m = start_program(timer, sizeof timer);
    ck_assert_int_eq(machine_run(m, SECOND), MACHINE_UNTIL);
    ck_assert(machine_mem_get(m, 0x500, count, 2));
    ck_assert_uint_eq(load_le16(count), 18); /* 18.2 Hz */
    ck_assert_int_eq(machine_run(m, 10 * (uint64_t)SECOND), MACHINE_UNTIL);
    ck_assert(machine_mem_get(m, 0x500, count, 2));
    ck_assert_uint_eq(load_le16(count), 182);
    machine_free(m);
}
END_TEST

/* However a run is cut into pieces, interrupted, or executed, it is the same run. */
START_TEST(test_cuts_leave_no_trace)
{
    struct machine_config cfg = config_for(timer, sizeof timer);
    struct machine *a = start(&cfg);
    cfg.single_step = _i & 1;
    cfg.no_assist = _i & 2;
    struct machine *b = start(&cfg);
    uint64_t seed = (uint64_t)_i + 1, end = SECOND / 4;
    ck_assert_int_eq(machine_run(a, end), MACHINE_UNTIL);
    while (machine_now(b) < end) {
        uint64_t r = test_random(&seed);
        uint64_t to = machine_now(b) + (r & 1 ? r % 40 : r % 1000000);
        if (r % 5 == 0) {
            machine_break(b);
        }
        enum machine_stop stop = machine_run(b, to < end ? to : end);
        ck_assert(stop == MACHINE_UNTIL || stop == MACHINE_BREAK);
    }
    ck_assert_uint_eq(machine_now(b), end);
    ck_assert_uint_eq(machine_hash(a), machine_hash(b));
    machine_free(a);
    machine_free(b);
}
END_TEST

/* Remapping costs the host much: a guest that does nothing else still lets it be stopped. */
static void stop_on_debug(void *ctx, uint8_t byte)
{
    (void)byte;
    machine_break(*(struct machine **)ctx);
}

START_TEST(test_break_amid_remapping)
{
    static const uint8_t program[] = {
        0xB0, 0x78, 0xE6, 0xE9,                         /* out E9h: asks to stop */
        0x66, 0xB8, 0x58, 0x00, 0x00, 0x80, 0xBA, 0xF8, /* CF8h: host bridge, 58h */
        0x0C, 0x66, 0xEF, 0xBA, 0xFD, 0x0C, 0x30, 0xC0, /* CFDh: PAM 59h */
        0x34, 0x20, 0xEE,                               /* l: stores to F0000h on, off */
        0xEB, 0xFB,                                     /*    jmp l */
    };
    static struct machine *m;
    struct host host = {.ctx = &m, .debug = stop_on_debug};
    struct machine_config cfg = config_for(program, sizeof program);
    struct error err;
    m = machine_new(&cfg, &host, &err);
    ck_assert_msg(m != NULL, "%s", err.text);
    ck_assert_int_eq(machine_run(m, SECOND), MACHINE_BREAK);
    ck_assert_uint_lt(machine_now(m), 100);
    machine_free(m);
}
END_TEST

START_TEST(test_reset_keeps_ram)
{
    struct machine *m = start_program(resetting, sizeof resetting);
    ck_assert_int_eq(machine_run(m, UINT64_MAX), MACHINE_DEBUG_EXIT);
    ck_assert_uint_eq(machine_exit_value(m), 3);
    machine_free(m);
}
END_TEST

START_TEST(test_init_keeps_chips)
{
    struct machine *m = start_program(init_pulse, sizeof init_pulse);
    ck_assert_int_eq(machine_run(m, UINT64_MAX), MACHINE_DEBUG_EXIT);
    ck_assert_uint_eq(machine_exit_value(m), 3);
    machine_free(m);
}
END_TEST

START_TEST(test_stop_on_reset)
{
    struct machine_config cfg = config_for(resetting, sizeof resetting);
    cfg.stop_on_reset = true;
    struct machine *m = start(&cfg);
    ck_assert_int_eq(machine_run(m, UINT64_MAX), MACHINE_RESET);
    machine_free(m);
}
END_TEST

START_TEST(test_triple_fault)
{
    struct machine_config cfg = config_for(triple_fault, sizeof triple_fault);
    cfg.stop_on_triple_fault = true;
    struct machine *m = start(&cfg);
    ck_assert_int_eq(machine_run(m, UINT64_MAX), MACHINE_TRIPLE_FAULT);
    machine_free(m);
    cfg.stop_on_triple_fault = false; /* over and over, but time passes */
    m = start(&cfg);
    ck_assert_int_eq(machine_run(m, 100000), MACHINE_UNTIL);
    ck_assert_uint_eq(machine_now(m), 100000);
    machine_free(m);
}
END_TEST

START_TEST(test_reset_input)
{
    struct machine *m = start_program(counting, sizeof counting);
    ck_assert_int_eq(machine_run(m, 1000), MACHINE_UNTIL);
    uint8_t mark = 0x77;
    ck_assert(machine_mem_set(m, 0x1234, &mark, 1));
    machine_input(m, &(struct input){.kind = INPUT_RESET});
    ck_assert_uint_eq(reg(m, "eip"), 0xFFF0);
    ck_assert_uint_eq(machine_now(m), 1000);
    mark = 0;
    ck_assert(machine_mem_get(m, 0x1234, &mark, 1));
    ck_assert_uint_eq(mark, 0x77);
    machine_free(m);
}
END_TEST

static struct input last_input;

static void record(void *ctx, const struct input *in)
{
    ++*(unsigned *)ctx;
    last_input = *in;
}

START_TEST(test_recorder)
{
    unsigned n = 0;
    struct machine *m = start_program(counting, sizeof counting);
    machine_set_recorder(m, record, &n);
    ck_assert_int_eq(machine_run(m, 123), MACHINE_UNTIL);
    machine_input(m, &(struct input){.kind = INPUT_KEY, .code = 0x1E, .down = true});
    machine_input(m, &(struct input){.kind = INPUT_KEY, .code = 0x1E, .down = false});
    ck_assert_uint_eq(n, 2);
    ck_assert_uint_eq(last_input.tick, 123);
    ck_assert_uint_eq(last_input.seq, 1);
    ck_assert_uint_eq(last_input.code, 0x1E);
    machine_input(m, &(struct input){.kind = INPUT_MIPS, .code = 50});
    ck_assert_uint_eq(machine_mips(m), 50);
    machine_input(m, &(struct input){.kind = INPUT_POWERDOWN});
    machine_input(m, &(struct input){.kind = INPUT_SERIAL, .code = 'x'});
    machine_input(m, &(struct input){.kind = INPUT_MEDIA, .port = 99});
    machine_input(m, &(struct input){.kind = INPUT_MOUSE, .dx = -3, .buttons = MOUSE_LEFT});
    ck_assert_uint_eq(n, 7);
    char *pm = machine_info(m, "piix4_pm");
    ck_assert_ptr_nonnull(strstr(pm, "PMSTS 0100"));
    free(pm);
    ck_assert_int_eq(machine_run(m, 2000), MACHINE_UNTIL);
    machine_free(m);
}
END_TEST

/* A debugger's hand comes in by the door, too; and through a shut door comes a replay alone. */
START_TEST(test_door)
{
    unsigned n = 0;
    uint8_t byte = 0x5A;
    struct machine *m = start_program(counting, sizeof counting);
    machine_set_recorder(m, record, &n);
    machine_run(m, 500);
    ck_assert(machine_reg_set(m, "ebx", 7));
    ck_assert_int_eq(last_input.kind, INPUT_REGISTER);
    ck_assert_str_eq(last_input.name, "ebx");
    ck_assert_uint_eq(last_input.value, 7);
    ck_assert(machine_mem_set(m, 0x1234, &byte, 1));
    ck_assert_int_eq(last_input.kind, INPUT_MEMORY);
    ck_assert_uint_eq(last_input.value, 0x1234);
    ck_assert(!machine_reg_set(m, "nosuch", 7));
    ck_assert_uint_eq(n, 3);
    machine_shut(m, true);
    ck_assert(machine_is_shut(m));
    uint64_t hash = machine_hash(m);
    byte = 0x11;
    ck_assert(!machine_reg_set(m, "ebx", 8));
    ck_assert(!machine_mem_set(m, 0x1234, &byte, 1));
    ck_assert(!machine_input(m, &(struct input){.kind = INPUT_KEY, .code = 0x1E}));
    ck_assert(!machine_input(m, &(struct input){.kind = INPUT_RESET}));
    ck_assert_uint_eq(machine_hash(m), hash);
    ck_assert_uint_eq(n, 3);
    ck_assert(
        machine_replay(m, &(struct input){.kind = INPUT_REGISTER, .name = "ebx", .value = 9}));
    ck_assert_uint_eq(reg(m, "ebx"), 9);
    ck_assert_uint_eq(n, 3);
    machine_free(m);
}
END_TEST

/* However the machine was stopped, what is due at the tick is done: input comes after it, as it
 * does in a replay, which runs straight to that tick. */
START_TEST(test_settled)
{
    static const uint8_t ticking[] = {
        0xB0, 0x34, 0xE6, 0x43, 0xB0, 0x05, 0xE6, 0x40, /* 8254: a period of 5 */
        0x30, 0xC0, 0xE6, 0x40, 0x40, 0xEB, 0xFD,       /* l: inc ax; jmp l */
    };
    static const struct machine_step step;
    struct machine *m = start_program(ticking, sizeof ticking);
    unsigned due = 0;
    machine_input(m, &(struct input){.kind = INPUT_MIPS, .code = 1});
    for (unsigned i = 0; i < 300; i++) {
        uint64_t next = clock_next(&m->board.clock);
        machine_step(m, &step);
        machine_run(m, UINT64_MAX - 1);
        due += next == machine_now(m);
        ck_assert_uint_gt(clock_next(&m->board.clock), machine_now(m));
    }
    ck_assert_uint_gt(due, 20);
    machine_free(m);
}
END_TEST

START_TEST(test_parts)
{
    static struct machine_part a[MACHINE_PARTS], b[MACHINE_PARTS];
    char text[200];
    struct machine *m = start_program(counting, sizeof counting);
    struct machine *k = start_program(counting, sizeof counting);
    machine_run(m, 777);
    machine_run(k, 777);
    unsigned n = machine_parts(m, a);
    ck_assert_uint_gt(n, 20);
    ck_assert_uint_eq(machine_parts(k, b), n);
    ck_assert_mem_eq(a, b, n * sizeof *a);
    ck_assert(!machine_diff(m, k, text, sizeof text));
    for (unsigned i = 0; i < n; i++) { /* what a part's hash, the whole hash and diff see */
        uint64_t bit = strncmp(a[i].name, "ram", 3) == 0 ? 8 * 0x7000 + 3 : 0, whole = 0;
        while (bit < 300000 && !machine_flip(k, a[i].name, bit, text, sizeof text)) {
            bit++; /* a field that has no other value */
        }
        ck_assert_msg(bit < 300000, "%s", a[i].name);
        char field[200], found[200];
        strcpy(field, text);
        machine_parts(k, b);
        whole = machine_hash(k);
        ck_assert(machine_hash(m) != whole);
        for (unsigned j = 0; j < n; j++) {
            ck_assert_msg((a[j].hash != b[j].hash) == (i == j), "%s, %s", a[i].name, b[j].name);
        }
        ck_assert(machine_diff(m, k, found, sizeof found));
        ck_assert_msg(strncmp(found, a[i].name, strlen(a[i].name)) == 0, "%s", found);
        ck_assert_msg(strstr(found, field) != NULL, "%s, %s", found, field);
        ck_assert(machine_flip(k, a[i].name, bit, text, sizeof text)); /* and back */
        ck_assert_uint_eq(machine_hash(k), machine_hash(m));
    }
    ck_assert(!machine_flip(k, "chip none 0", 0, text, sizeof text));
    machine_free(m);
    machine_free(k);
}
END_TEST

START_TEST(test_memory)
{
    struct machine *m = start_program(dead, sizeof dead);
    uint8_t in[4] = {1, 2, 3, 4}, out[4] = {0};
    ck_assert(machine_mem_set(m, 0x9FFE, in, 4)); /* across a page */
    ck_assert(machine_mem_get(m, 0x9FFE, out, 4));
    ck_assert_mem_eq(in, out, 4);
    ck_assert(machine_mem_get(m, 0xFFFF0, out, 1)); /* the ROM's alias … */
    ck_assert_uint_eq(out[0], 0xEA);
    ck_assert(machine_mem_get(m, 0xFFFFFFF0, out, 1)); /* … and the ROM */
    ck_assert_uint_eq(out[0], 0xEA);
    ck_assert(!machine_mem_set(m, 0xFFFFFFF0, in, 1));
    ck_assert(!machine_mem_set(m, 0xFFFF0, in, 1));
    uint64_t h = machine_hash(m);
    ck_assert(machine_mem_set(m, 0x1FFFFF, in, 1)); /* the last byte of RAM */
    ck_assert_uint_ne(machine_hash(m), h);
    ck_assert(!machine_mem_set(m, 0x200000, in, 1));
    uint64_t pa = 0;
    ck_assert(machine_translate(m, 0x12345, &pa));
    ck_assert_uint_eq(pa, 0x12345);
    machine_free(m);
}
END_TEST

START_TEST(test_info)
{
    static const char *const what[] = {"registers", "traps", "tlb",    "pic", "pit",  "cmos",
                                       "irq",       "mem",   "mtree",  "pci", "time", "stats",
                                       "roms",      "i8042", "drives", "vga", "dma",  "floppy"};
    static const char *const says[][2] = {
        {"pci", "8086:1237"},
        {"mtree", "fec00000-fec00fff ioapic"},
        {"mtree", "fee00000-fee00fff lapic"},
        {"engine", "blocks built"},
        {"dma", "i8237 DMA 2: enabled"},
        {"rtc", "mc146818 1970-01-01 00:00:00"},
        {"keyboard", "keyboard: set 2"},
        {"floppy", "waits for a command"},
    };
    struct machine *m = start_program(timer, sizeof timer);
    ck_assert_int_eq(machine_run(m, SECOND / 10), MACHINE_UNTIL);
    uint64_t h = machine_hash(m);
    for (unsigned i = 0; i < ARRAY_LEN(what); i++) {
        char *s = machine_info(m, what[i]);
        ck_assert_msg(s != NULL && *s, "info %s", what[i]);
        free(s);
    }
    ck_assert_ptr_null(machine_info(m, "nonsense"));
    ck_assert_uint_eq(machine_hash(m), h); /* looking changes nothing */
    for (unsigned i = 0; i < ARRAY_LEN(says); i++) {
        char *s = machine_info(m, says[i][0]);
        ck_assert_msg(s && strstr(s, says[i][1]), "info %s: %s", says[i][0], s);
        free(s);
    }
    char *s = machine_info(m, "irq"); /* a port that is not there has no line */
    const char *com = strstr(s, "ns16550a");
    ck_assert(com == NULL || strstr(com + 1, "ns16550a") == NULL);
    free(s);
    machine_free(m);
}
END_TEST

START_TEST(test_screen)
{
    static struct screen screen;
    struct machine *m = start_program(dead, sizeof dead);
    machine_screen(m, &screen);
    ck_assert_uint_le(screen.columns, 132);
    ck_assert_uint_le(screen.rows, 60);
    ck_assert_uint_eq(cp437_unicode('A'), 'A');
    ck_assert_uint_eq(cp437_unicode(0), ' ');
    ck_assert_uint_eq(cp437_unicode(0xFF), ' ');
    ck_assert_uint_eq(cp437_unicode(0xDB), 0x2588);
    ck_assert_uint_eq(cp437_unicode(0x01), 0x263A);
    ck_assert_uint_eq(cp437_unicode(0xC9), 0x2554);
    machine_free(m);
}
END_TEST

START_TEST(test_two_machines)
{
    struct machine *a = start_program(timer, sizeof timer);
    struct machine *b = start_program(timer, sizeof timer);
    for (uint64_t t = 0; t < SECOND / 10; t += 1000003) {
        ck_assert_int_eq(machine_run(a, t), MACHINE_UNTIL);
        ck_assert_int_eq(machine_run(b, t), MACHINE_UNTIL);
        ck_assert_uint_eq(machine_hash(a), machine_hash(b));
    }
    machine_free(a);
    machine_free(b);
}
END_TEST

/* Every byte of every stateful struct is named once, however deep. */
static void check_schema(const struct schema *sc)
{
    struct error err;
    ck_assert_msg(state_coverage(sc, &err) == 0, "%s: %s", sc->name, err.text);
    for (const struct field *f = sc->fields; f->name; f++) {
        if (f->sub) {
            check_schema(f->sub);
        }
    }
}

START_TEST(test_every_schema)
{
    unsigned n = 0;
    while (machine_schema(n)) {
        check_schema(machine_schema(n++));
    }
    ck_assert_uint_ge(n, 18);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("machine");
    TCase *t = tcase_create("machine");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_bad_configurations);
    tcase_add_test(t, test_exact_ticks);
    tcase_add_test(t, test_debug_exit);
    tcase_add_test(t, test_break_amid_remapping);
    tcase_add_test(t, test_idle);
    tcase_add_test(t, test_timer_wakes);
    tcase_add_loop_test(t, test_cuts_leave_no_trace, 0, 4);
    tcase_add_test(t, test_reset_keeps_ram);
    tcase_add_test(t, test_init_keeps_chips);
    tcase_add_test(t, test_stop_on_reset);
    tcase_add_test(t, test_triple_fault);
    tcase_add_test(t, test_reset_input);
    tcase_add_test(t, test_recorder);
    tcase_add_test(t, test_door);
    tcase_add_test(t, test_settled);
    tcase_add_test(t, test_parts);
    tcase_add_test(t, test_memory);
    tcase_add_test(t, test_info);
    tcase_add_test(t, test_screen);
    tcase_add_test(t, test_two_machines);
    tcase_add_test(t, test_every_schema);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
