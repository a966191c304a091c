/* test_machine_state.c -- a machine in a save state: what must be the same, and what is
 * refused.
 *
 * The guest is a few bytes of firmware with a timer interrupt. Files are forged section by
 * section, with good checksums: those of the container are tests/unit/test_machine_file.c's.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/board_fixture.h"
#include "tests/support/state_memory.h"

enum { BIOS_SIZE = 0x10000, SECOND = 100000000, SAVED_AT = 12345678 };

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

static uint8_t bios[BIOS_SIZE], kernel_rom[512];
static struct host host;
static struct error err;
static uint8_t floppy_bytes[1440 << 10];
static struct ram_disk floppy = {.bytes = floppy_bytes, .size = sizeof floppy_bytes};

static struct machine_config config(void)
{
    static const uint8_t vector[] = {0xEA, 0x00, 0x00, 0x00, 0xF0}; /* jmp F000:0000 */
    memset(bios, 0xF4, sizeof bios);
    memcpy(bios, timer, sizeof timer);
    memcpy(bios + 0xFFF0, vector, sizeof vector);
    memset(kernel_rom, 0x5A, sizeof kernel_rom);
    return (struct machine_config){.ram_bytes = 2 << 20,
                                   .bios = bios,
                                   .bios_size = sizeof bios,
                                   .vgabios = kernel_rom,
                                   .vgabios_size = sizeof kernel_rom,
                                   .cpu = "pentium",
                                   .mips = 50,
                                   .start_time = 1000000000,
                                   .serial = {true, false, true, false},
                                   .debug_exit_port = 0xF4,
                                   .debug_exit_size = 4,
                                   .drive = {ram_disk_media(&floppy, DRIVE_FLOPPY, false)},
                                   .drive_present = {[4] = true},
                                   .boot_order = "ad",
                                   .boot_menu = true};
}

static struct machine *started(uint64_t tick)
{
    struct machine_config cfg = config();
    struct machine *m = machine_new(&cfg, &host, &err);
    ck_assert_msg(m != NULL, "%s", err.text);
    machine_run(m, tick);
    return m;
}

/* The machine at SAVED_AT; the same file for all tests. */
static struct memory_file *saved(void)
{
    static struct memory_file f;
    if (!f.w.len) {
        struct machine *m = started(SAVED_AT);
        memory_file_init(&f);
        memory_save(m, &f);
        machine_free(m);
    }
    return &f;
}

static void save_once(void)
{
    saved();
}

static struct machine *loaded(struct memory_file *f)
{
    struct machine_config cfg = {.drive = {ram_disk_media(&floppy, DRIVE_FLOPPY, false)}};
    err.text[0] = '\0';
    return memory_load(f, &cfg, &host, &err);
}

START_TEST(run_after_load_is_run)
{
    struct memory_file f, again;
    struct machine *m = started(SAVED_AT);
    memory_file_init(&f);
    uint64_t before = machine_hash(m);
    memory_save(m, &f);
    ck_assert_uint_eq(machine_hash(m), before);
    struct machine *copy = loaded(&f);
    ck_assert_msg(copy != NULL, "%s", err.text);
    ck_assert_uint_eq(machine_now(copy), SAVED_AT);
    ck_assert_uint_eq(machine_mips(copy), 50);
    ck_assert_uint_eq(machine_hash(copy), before);
    /* A state of the copy is the same file: nothing was lost, nothing added. */
    memory_file_init(&again);
    memory_save(copy, &again);
    ck_assert_uint_eq(again.w.len, f.w.len);
    ck_assert_mem_eq(again.w.bytes, f.w.bytes, f.w.len);
    machine_run(m, SECOND);
    machine_run(copy, SECOND);
    ck_assert_uint_eq(machine_hash(copy), machine_hash(m));
    uint8_t count[2];
    ck_assert(machine_mem_get(copy, 0x500, count, 2));
    ck_assert_uint_gt(load_le16(count), 30); /* the timer went on: 18.2 a second, 2 s */
    machine_free(m);
    machine_free(copy);
    memory_file_free(&f);
    memory_file_free(&again);
}
END_TEST

START_TEST(the_configuration_comes_back)
{
    struct state_reader r;
    struct machine_saved s;
    ck_assert_int_eq(state_open(&r, &saved()->source, &err), 0);
    ck_assert_msg(machine_saved_read(&s, &r, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(s.config.ram_bytes, 2 << 20);
    ck_assert_uint_eq(s.config.start_time, 1000000000);
    ck_assert_str_eq(s.config.cpu, "pentium");
    ck_assert_str_eq(s.config.boot_order, "ad");
    ck_assert(s.config.boot_menu && s.config.serial[0] && !s.config.serial[1]);
    ck_assert_uint_eq(s.config.debug_exit_port, 0xF4);
    ck_assert_uint_eq(s.bios.size, BIOS_SIZE);
    ck_assert_mem_eq(s.bios.bytes, bios, BIOS_SIZE);
    ck_assert_int_eq(s.drive[0], DRIVE_FLOPPY);
    ck_assert_int_eq(s.drive[1], DRIVE_NONE);
    ck_assert_int_eq(s.drive[4], DRIVE_CDROM); /* empty */
    bool vga = false;
    for (unsigned i = 0; i < s.files; i++) {
        vga = vga || (strcmp(s.file[i].name, "vgaroms/vgabios.bin") == 0 &&
                      memcmp(s.file[i].bytes, kernel_rom, sizeof kernel_rom) == 0);
    }
    ck_assert(vga || s.vgabios.bytes);
    machine_saved_free(&s);
    state_close(&r);
}
END_TEST

/* ---- forged files */

struct edit {
    const char *section;
    bool drop;
    const char *field; /* of a scalar in the section … */
    uint64_t value;    /* … that becomes this */
    unsigned size;
    bool done;
};

/* After a field's name come kind, size and count: 1, 1 and 4 bytes. */
static void set_field(struct edit *e, uint8_t *payload, size_t n)
{
    size_t len = strlen(e->field);
    for (size_t i = 0; i + len + 7 + e->size <= n; i++) {
        if (payload[i] == len && memcmp(payload + i + 1, e->field, len) == 0) {
            uint8_t bytes[8];
            store_le64(bytes, e->value);
            ck_assert_uint_eq(payload[i + 1 + len + 1], e->size);
            memcpy(payload + i + 1 + len + 6, bytes, e->size);
            e->done = true;
            return;
        }
    }
}

static bool apply(void *ctx, const char *name, uint8_t *payload, size_t *n, size_t room)
{
    struct edit *e = ctx;
    (void)room;
    if (strcmp(name, e->section) != 0) {
        return true;
    }
    if (e->field) {
        set_field(e, payload, *n);
    } else {
        e->done = true;
    }
    return !e->drop;
}

static void refused(struct edit e, const char *why)
{
    struct memory_file forged;
    memory_edit(saved(), &forged, apply, &e);
    ck_assert_msg(e.done, "%s has no %s", e.section, e.field);
    struct machine *m = loaded(&forged);
    ck_assert_msg(m == NULL, "%s %s is accepted", e.section, e.field ? e.field : "");
    ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
    ck_assert_ptr_null(strchr(err.text, '\n'));
    memory_file_free(&forged);
}

START_TEST(what_is_missing_is_named)
{
    static const char *const sections[] = {"config",       "machine",   "clock",
                                           "cpu",          "drive hdd", "chip pc 0",
                                           "chip i8259 0", "chip vga 0"};
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        refused((struct edit){.section = sections[i], .drop = true}, sections[i]);
    }
    refused((struct edit){.section = "blob bios", .drop = true}, "bios");
    refused((struct edit){.section = "blob ram ram", .drop = true}, "ram");
    refused((struct edit){.section = "blob ram vram", .drop = true}, "vram");
}
END_TEST

START_TEST(values_are_checked)
{
    static const struct {
        const char *section, *field;
        uint64_t value;
        unsigned size;
        const char *why;
    } bad[] = {
        {"config", "ram_bytes", 0, 8, "-m"},
        {"config", "ram_bytes", UINT64_MAX, 8, "-m"},
        {"config", "ram_bytes", 0x201000, 8, "-m"},
        {"config", "ram_bytes", 4 << 20, 8, "blob ram ram"},
        {"config", "debug_exit_size", 5, 2, "debug_exit_size"},
        {"config", "boot_menu", 2, 1, "boot_menu"},
        {"config", "board", 0, 4, "board"},
        {"config", "board", 2, 4, "board"},
        {"config", "mips", 10001, 4, "mips"},
        {"machine", "power_what", 9, 1, "power_what"},
        {"clock", "mips", 0, 4, "mips"},
        {"clock", "mips", 10001, 4, "mips"},
        {"clock", "now", SECOND, 8, "in the past"},
        {"drive fda", "sectors", 1, 8, "drive fda"},
        {"drive fda", "kind", DRIVE_CDROM, 1, "drive fda"},
        {"drive fda", "index", 1, 1, "drive fda"},
        {"drive fda", "read_only", 1, 1, "drive fda"},
        {"drive hda", "kind", DRIVE_DISK, 1, "drive hda"},
        {"cpu", "cpl", 4, 1, "cpl"},
        {"cpu", "cpl", 3, 1, "contradict"}, /* in real mode */
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        refused((struct edit){.section = bad[i].section,
                              .field = bad[i].field,
                              .value = bad[i].value,
                              .size = bad[i].size},
                bad[i].why);
    }
}
END_TEST

/* Each section twice, and one that nobody knows. */
static bool first_chip_again(void *ctx, const char *name, uint8_t *payload, size_t *n,
                             size_t room)
{
    const char *wanted = ctx;
    (void)payload, (void)n, (void)room;
    return strcmp(name, wanted) == 0;
}

START_TEST(doubles_and_strangers)
{
    static const char *const twice[] = {"config", "cpu", "chip pc 0", "blob bios",
                                        "blob ram ram"};
    struct memory_file *f = saved();
    for (size_t i = 0; i <= ARRAY_LEN(twice); i++) {
        struct memory_file one, both;
        struct state_reader r;
        struct state_writer w;
        static char name[STATE_NAME + 1];
        bool strange = i == ARRAY_LEN(twice);
        memcpy(name, strange ? "cpu" : twice[i], strlen(strange ? "cpu" : twice[i]) + 1);
        memory_edit(f, &one, first_chip_again, name);
        /* f, and then the sections of one */
        memory_file_init(&both);
        ck_assert_int_eq(state_open(&r, &f->source, &err), 0);
        state_begin(&w, &both.sink);
        while (state_next(&r, &err) > 0) {
            state_payload(&r, &err);
            state_section(&w, r.name, r.payload, r.length);
        }
        state_close(&r);
        ck_assert_int_eq(state_open(&r, &one.source, &err), 0);
        while (state_next(&r, &err) > 0) {
            state_payload(&r, &err);
            state_section(&w, strange ? "flux capacitor" : r.name, r.payload, r.length);
        }
        state_close(&r);
        ck_assert_int_eq(state_end(&w), 0);
        ck_assert_ptr_null(loaded(&both));
        ck_assert_msg(strstr(err.text, strange ? "flux capacitor" : "twice") != NULL, "%s",
                      err.text);
        memory_file_free(&one);
        memory_file_free(&both);
    }
}
END_TEST

/* Random bytes in random sections, checksums right: refused with a reason, or a machine that
 * runs. Nothing else may happen; a sanitizer's build has the last word. */
struct noise {
    uint64_t seed;
    unsigned one_in;
};

static bool make_noise(void *ctx, const char *name, uint8_t *payload, size_t *n, size_t room)
{
    struct noise *z = ctx;
    (void)name, (void)room;
    if (*n && test_random(&z->seed) % z->one_in == 0) {
        size_t at = test_random(&z->seed) % *n;
        payload[at] ^= (uint8_t)(1u << test_random(&z->seed) % 8);
        if (test_random(&z->seed) % 4 == 0) {
            payload[at] = (uint8_t)test_random(&z->seed);
        }
        if (test_random(&z->seed) % 16 == 0) {
            *n = test_random(&z->seed) % *n;
        }
    }
    return test_random(&z->seed) % 1000 != 0;
}

START_TEST(noise)
{
    unsigned good = 0;
    for (unsigned i = 0; i < 300; i++) {
        struct noise z = {.seed = i, .one_in = 2 + i % 40};
        struct memory_file forged;
        memory_edit(saved(), &forged, make_noise, &z);
        struct machine *m = loaded(&forged);
        ck_assert(m || err.text[0]);
        if (m) {
            good++;
            uint64_t to = machine_now(m);
            machine_run(m, to < UINT64_MAX - 200000 ? to + 200000 : to);
            machine_free(m);
        }
        memory_file_free(&forged);
    }
    ck_assert_uint_gt(good, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("machine_state");
    TCase *tc = tcase_create("machine_state");
    tcase_add_unchecked_fixture(tc, save_once, NULL);
    tcase_add_test(tc, run_after_load_is_run);
    tcase_add_test(tc, the_configuration_comes_back);
    tcase_add_test(tc, what_is_missing_is_named);
    tcase_add_test(tc, values_are_checked);
    tcase_add_test(tc, doubles_and_strangers);
    tcase_add_test(tc, noise);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
