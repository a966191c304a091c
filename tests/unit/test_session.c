/* test_session.c -- whole runs with a firmware of a few bytes: exact ticks, ends, exit codes.
 *
 * The firmware is 64 KiB that jumps from the reset vector to its first byte, where each test
 * puts its own code. No disk, no SeaBIOS.
 */
#include "frontend/posix.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/session.h"

static char dir[64], bios[96], script[96], out[96];

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

static void make_bios(const void *code, size_t n)
{
    static uint8_t rom[64 << 10];
    static const uint8_t reset[] = {0xE9, 0x0D, 0x00}; /* jmp 0 */
    memset(rom, 0x90, sizeof rom);
    memcpy(rom, code, n);
    memcpy(rom + 0xFFF0, reset, sizeof reset);
    write_file(bios, rom, sizeof rom);
}

static const uint8_t sleep_code[] = {0xFA, 0xF4, 0xEB, 0xFD}; /* cli; hlt; jmp hlt */

static struct options o;
static struct session session;
static struct error err;

/* A session with these options, not yet running; the script may be NULL. */
static int start(const char *options, const char *text)
{
    static char line[512];
    char *argv[32];
    int argc = 0;
    const char *topic;
    snprintf(line, sizeof line,
             "terrapin -bios %s -vgabios none -m 1 -mips 100 -display none %s%s %s", bios,
             text ? "-script " : "", text ? script : "", options);
    for (char *w = strtok(line, " "); w; w = strtok(NULL, " ")) {
        argv[argc++] = w;
    }
    if (text) {
        write_file(script, text, strlen(text));
    }
    ck_assert_msg(options_parse(&o, argc, argv, &topic, &err) == OPTIONS_RUN, "%s", err.text);
    return session_start(&session, &o, &err);
}

/* To its end; *tick: where that was. */
static int run(const char *options, const char *text, uint64_t *tick)
{
    ck_assert_msg(start(options, text) == 0, "%s", err.text);
    ck_assert_msg(session_main(&session, &err) == 0, "%s", err.text);
    *tick = machine_now(session.machine);
    int status = session_finish(&session);
    options_free(&o);
    return status;
}

START_TEST(virtual_time_is_exact)
{
    uint64_t tick;
    make_bios(sleep_code, sizeof sleep_code);
    ck_assert_int_eq(run("", "run 0.5\nquit", &tick), 0);
    ck_assert_uint_eq(tick, 50000000);
    ck_assert_int_eq(run("-mips 7", "run 0.000001\nrun 2\nquit 5", &tick), 5);
    ck_assert_uint_eq(tick, 14000007);
    ck_assert_int_eq(run("", "run-to 12345\nquit", &tick), 0);
    ck_assert_uint_eq(tick, 12345);
    ck_assert_int_eq(run("-until 999", "run 5", &tick), 0);
    ck_assert_uint_eq(tick, 999);
    ck_assert_int_eq(run("-until 0", NULL, &tick), 0);
    ck_assert_uint_eq(tick, 0);
    ck_assert_int_eq(run("-until 77 -speed 100", NULL, &tick), 0);
    ck_assert_uint_eq(tick, 77);
}
END_TEST

START_TEST(failures_end_a_script)
{
    uint64_t tick;
    make_bios(sleep_code, sizeof sleep_code);
    ck_assert_int_eq(run("", "run 1\nrun-to 5\nquit 9", &tick), 1);
    ck_assert_uint_eq(tick, 100000000);
    ck_assert_int_eq(run("", "eject floppy1\nquit 9", &tick), 1);
    ck_assert_int_eq(run("", "change floppy0 /nonexistent\nquit 9", &tick), 1);
    ck_assert_int_eq(run("", "sendkey nosuchkey\nquit 9", &tick), 1);
    ck_assert_int_eq(run("", "sendkey ctrl-\nquit 9", &tick), 1);
    ck_assert_int_eq(run("", "type \"\\xff\"\nquit 9", &tick), 1);
    ck_assert_uint_eq(tick, 0);
}
END_TEST

START_TEST(waits_time_out)
{
    uint64_t tick;
    make_bios(sleep_code, sizeof sleep_code);
    ck_assert_int_eq(run("", "wait-screen \"x\" 1.5\nquit", &tick), 3);
    ck_assert_uint_eq(tick, 150000000);
    ck_assert_int_eq(run("", "wait-screen \"x\"\nquit", &tick), 3);
    ck_assert_uint_eq(tick, UINT64_C(6000000000));
    ck_assert_int_eq(run("", "wait-screen \"\" 5\nquit", &tick), 0); /* looks at once */
    ck_assert_uint_eq(tick, 0);
}
END_TEST

START_TEST(keys_take_virtual_time)
{
    uint64_t tick;
    make_bios(sleep_code, sizeof sleep_code);
    /* Nobody takes the codes: the first key is pressed, then patience ends. */
    ck_assert_int_eq(run("", "type \"ab\"\nquit", &tick), 3);
    ck_assert_uint_eq(tick, UINT64_C(6002000000));
    /* in al, 64h; test al, 1; jz; in al, 60h; jmp: takes them as they come */
    static const uint8_t reader[] = {0xE4, 0x64, 0xA8, 0x01, 0x74,
                                     0xFA, 0xE4, 0x60, 0xEB, 0xF6};
    make_bios(reader, sizeof reader);
    ck_assert_int_eq(run("", "type \"ab\"\nquit", &tick), 0);
    ck_assert_uint_eq(tick, 4000000); /* two keys of 20 ms */
    ck_assert_int_eq(run("", "sendkey ctrl-alt-delete\nquit", &tick), 0);
    ck_assert_uint_eq(tick, 2000000);
}
END_TEST

START_TEST(the_guest_ends_it)
{
    uint64_t tick;
    /* mov dx, 0F4h; mov al, 10h; out dx, al */
    static const uint8_t debug_exit[] = {0xBA, 0xF4, 0x00, 0xB0, 0x10, 0xEE, 0xF4};
    make_bios(debug_exit, sizeof debug_exit);
    ck_assert_int_eq(run("-device isa-debug-exit", NULL, &tick), 0x21);
    ck_assert_int_eq(run("-until 500", NULL, &tick), 0); /* no such device */
    /* lidt [cs:limit 0]; int3 */
    static const uint8_t triple[] = {0x2E, 0x0F, 0x01, 0x1E, 0x07, 0x00, 0xCC,
                                     0,    0,    0,    0,    0,    0};
    make_bios(triple, sizeof triple);
    ck_assert_int_eq(run("-no-reboot", NULL, &tick), 2);
    /* mov al, 0FEh; out 64h, al: the keyboard controller pulses RESET# */
    static const uint8_t reboot[] = {0xB0, 0xFE, 0xE6, 0x64, 0xF4};
    make_bios(reboot, sizeof reboot);
    ck_assert_int_eq(run("-no-reboot", NULL, &tick), 0);
}
END_TEST

START_TEST(wall_clock_time_out)
{
    uint64_t tick;
    make_bios(sleep_code, sizeof sleep_code);
    ck_assert_int_eq(run("-timeout 0.05", NULL, &tick), 8); /* asleep for ever */
    static const uint8_t spin[] = {0xEB, 0xFE};
    make_bios(spin, sizeof spin);
    ck_assert_int_eq(run("-timeout 0.05", NULL, &tick), 8);
    ck_assert_int_eq(run("-timeout 0.05", "run 100000\nquit", &tick), 8);
}
END_TEST

/* Port E9h to a file, exactly what the guest wrote. */
START_TEST(debug_console)
{
    uint64_t tick;
    char options[128], got[8];
    /* mov al, 'h'; out 0E9h, al; mov al, 1Bh; out 0E9h, al; cli; hlt */
    static const uint8_t talk[] = {0xB0, 'h', 0xE6, 0xE9, 0xB0, 0x1B, 0xE6, 0xE9, 0xFA, 0xF4};
    make_bios(talk, sizeof talk);
    snprintf(options, sizeof options, "-until 1000 -debugcon file:%s", out);
    ck_assert_int_eq(run(options, NULL, &tick), 0);
    FILE *f = fopen(out, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fread(got, 1, sizeof got, f), 2);
    ck_assert_mem_eq(got, "h\x1B", 2);
    fclose(f);
}
END_TEST

/* What could not be written shows in the exit code. */
START_TEST(lost_output_is_trouble)
{
    static const uint8_t talk[] = {0xB0, 'h', 0xE6, 0xE9, 0xFA, 0xF4};
    uint64_t tick;
    if (access("/dev/full", W_OK) != 0) {
        return; /* not a Linux host */
    }
    make_bios(talk, sizeof talk);
    ck_assert_int_eq(run("-until 1000 -debugcon file:/dev/full", NULL, &tick), EXIT_TROUBLE);
}
END_TEST

/* -D, -debugcon and screendump do not empty or replace a disk that is in a drive. */
START_TEST(outputs_spare_the_disks)
{
    static const char *const option[] = {"-D ", "-debugcon file:"};
    static char disk[160 * 1024];
    char options[320], name[128], text[160], got[4] = "";
    uint64_t tick;
    make_bios(sleep_code, sizeof sleep_code);
    memcpy(disk, "disk", 4);
    snprintf(name, sizeof name, "%s.png", out);
    write_file(name, disk, sizeof disk);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(options, sizeof options, "-fda %s %s%s", name, option[i], name);
        ck_assert_int_eq(start(options, NULL), -1);
        ck_assert_msg(strstr(err.text, "is a disk") != NULL, "%s", err.text);
        options_free(&o);
    }
    snprintf(options, sizeof options, "-fda %s", name);
    snprintf(text, sizeof text, "screendump %s\nquit", name);
    ck_assert_int_eq(run(options, text, &tick), EXIT_TROUBLE);
    FILE *f = fopen(name, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fread(got, 1, sizeof got, f), sizeof got);
    ck_assert_mem_eq(got, "disk", 4);
    fseek(f, 0, SEEK_END);
    ck_assert_int_eq(ftell(f), (long)sizeof disk);
    fclose(f);
    unlink(name);
}
END_TEST

/* Looking does not touch: a run with commands that only look ends as one without them. */
START_TEST(looking_leaves_no_trace)
{
    static const uint8_t spin[] = {0x40, 0xE6, 0x70, 0xEB, 0xFB}; /* inc ax; out 70h, al; jmp */
    make_bios(spin, sizeof spin);
    static const char *const texts[] = {
        "run 0.01\nrun 0.01\nprint end\nquit",
        "run 0.013\ninfo registers\ninfo pit\nx/16xb 0xffff0\nxp/2s 0xf0000\nrun 0.007\nquit",
        "wait-screen \"\"\nrun 0.02\ninfo irq\nhash\nquit"};
    uint64_t hash[3];
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_msg(start("", texts[i]) == 0, "%s", err.text);
        ck_assert_int_eq(session_main(&session, &err), 0);
        ck_assert_uint_eq(machine_now(session.machine), 2000000);
        hash[i] = machine_hash(session.machine);
        ck_assert_int_eq(session_finish(&session), 0);
        options_free(&o);
    }
    ck_assert_uint_eq(hash[0], hash[1]);
    ck_assert_uint_eq(hash[0], hash[2]);
}
END_TEST

START_TEST(firmware_that_is_refused)
{
    write_file(bios, "short", 5);
    ck_assert_int_eq(start("", NULL), -1);
    ck_assert_msg(strstr(err.text, "-bios") != NULL, "%s", err.text);
    options_free(&o);
}
END_TEST

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%.40s/session-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        return 1;
    }
    snprintf(bios, sizeof bios, "%s/bios.bin", dir);
    snprintf(script, sizeof script, "%s/script", dir);
    snprintf(out, sizeof out, "%s/out", dir);
    Suite *s = suite_create("session");
    TCase *tc = tcase_create("session");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, virtual_time_is_exact);
    tcase_add_test(tc, failures_end_a_script);
    tcase_add_test(tc, waits_time_out);
    tcase_add_test(tc, keys_take_virtual_time);
    tcase_add_test(tc, the_guest_ends_it);
    tcase_add_test(tc, wall_clock_time_out);
    tcase_add_test(tc, debug_console);
    tcase_add_test(tc, lost_output_is_trouble);
    tcase_add_test(tc, outputs_spare_the_disks);
    tcase_add_test(tc, looking_leaves_no_trace);
    tcase_add_test(tc, firmware_that_is_refused);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    unlink(bios);
    unlink(script);
    unlink(out);
    rmdir(dir);
    return failed != 0;
}
