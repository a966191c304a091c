/* test_serial.c -- serial lines from the chip to the host: files, sockets, pseudo-terminals,
 * stdin and stdout, and the script commands that talk over them.
 *
 * The guest is a firmware of a few bytes that says "ok" and then echoes each byte plus one.
 */
#include "frontend/posix.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "frontend/serial.h"
#include "frontend/session.h"

static char dir[64], bios[96], script[96], file[96];

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

/* out 3FBh, 3; send o, k; each received byte, plus one, back */
static const uint8_t echo_code[] = {
    0xBA, 0xFB, 0x03, 0xB0, 0x03, 0xEE,             /* 8N1 */
    0xBA, 0xF8, 0x03, 0xB0, 'o',  0xEE,             /* o */
    0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x20, 0x74, 0xFB, /* until THRE */
    0xBA, 0xF8, 0x03, 0xB0, 'k',  0xEE,             /* k */
    0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, 0x74, 0xFB, /* until DR */
    0xBA, 0xF8, 0x03, 0xEC, 0xFE, 0xC0, 0xEE,       /* in; inc; out */
    0xEB, 0xEF,
};

static void make_bios(const void *code, size_t n)
{
    static uint8_t rom[64 << 10];
    static const uint8_t reset[] = {0xE9, 0x0D, 0x00}; /* jmp 0 */
    memset(rom, 0x90, sizeof rom);
    memcpy(rom, code, n);
    memcpy(rom + 0xFFF0, reset, sizeof reset);
    write_file(bios, rom, sizeof rom);
}

static struct options o;
static struct session session;
static struct error err;

static int start(const char *options, const char *text)
{
    static char line[512];
    char *argv[32];
    int argc = 0;
    const char *topic;
    snprintf(line, sizeof line, "terrapin -bios %s -vgabios none -m 1 -display none %s%s %s",
             bios, text ? "-script " : "", text ? script : "", options);
    for (char *w = strtok(line, " "); w; w = strtok(NULL, " ")) {
        argv[argc++] = w;
    }
    if (text) {
        write_file(script, text, strlen(text));
    }
    make_bios(echo_code, sizeof echo_code);
    ck_assert_msg(options_parse(&o, argc, argv, &topic, &err) == OPTIONS_RUN, "%s", err.text);
    return session_start(&session, &o, &err);
}

static int finish(void)
{
    int status = session_finish(&session);
    options_free(&o);
    return status;
}

static int run(const char *options, const char *text, uint64_t *tick)
{
    ck_assert_msg(start(options, text) == 0, "%s", err.text);
    ck_assert_msg(session_main(&session, &err) == 0, "%s", err.text);
    *tick = machine_now(session.machine);
    return finish();
}

static void check_file(const char *want)
{
    char got[256];
    FILE *f = fopen(file, "rb");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(got, 1, sizeof got - 1, f);
    got[n] = '\0';
    ck_assert_str_eq(got, want);
    fclose(f);
}

START_TEST(script_talks)
{
    uint64_t tick, again;
    char options[160];
    static const char text[] =
        "wait-serial \"ok\"\nsend-serial \"HAL\"\nwait-serial \"IBM\" 1\n"
        "run 0.1\nquit";
    snprintf(options, sizeof options, "-serial file:%s", file);
    ck_assert_int_eq(run(options, text, &tick), 0);
    check_file("okIBM");
    ck_assert_int_eq(run("", text, &again), 0); /* the end of the line makes no difference */
    ck_assert_uint_eq(tick, again);
}
END_TEST

/* A text that was found is forgotten with all before it, and no more. */
START_TEST(each_wait_begins_behind_the_last)
{
    uint64_t tick;
    ck_assert_int_eq(
        run("", "run 0.1\nwait-serial \"o\" 0.1\nwait-serial \"k\" 0.1\nquit", &tick), 0);
    ck_assert_int_eq(
        run("", "run 0.1\nwait-serial \"k\" 0.1\nwait-serial \"o\" 0.1\nquit", &tick), 3);
    ck_assert_uint_eq(tick, 20000000);
    ck_assert_int_eq(run("", "wait-serial \"ok\"\nwait-serial \"ok\" 0.5\nquit", &tick), 3);
}
END_TEST

/* 1024 bytes wait at the line; send-serial brings any length. */
START_TEST(long_text_arrives)
{
    static char text[5000];
    uint64_t tick;
    size_t n = (size_t)snprintf(text, sizeof text, "wait-serial \"ok\"\nsend-serial \"");
    for (unsigned i = 0; i < 3000; i++) {
        text[n++] = (char)('A' + i % 7);
    }
    snprintf(text + n, sizeof text - n, "z\"\nwait-serial \"{\" 5\nquit");
    char options[160], got[4000];
    snprintf(options, sizeof options, "-serial file:%s", file);
    ck_assert_int_eq(run(options, text, &tick), 0);
    FILE *f = fopen(file, "rb");
    ck_assert_uint_eq(fread(got, 1, sizeof got, f), 3003);
    fclose(f);
    for (unsigned i = 0; i < 3000; i++) {
        ck_assert_int_eq(got[2 + i], 'B' + (int)(i % 7));
    }
    ck_assert_uint_gt(tick, 3000 * 104000); /* at 9600 baud: 1.04 ms each */
}
END_TEST

START_TEST(no_port)
{
    uint64_t tick;
    ck_assert_int_eq(run("-serial none", "send-serial \"x\"\nquit", &tick), 1);
    ck_assert_int_eq(run("-serial none", "wait-serial \"x\"\nquit", &tick), 1);
}
END_TEST

START_TEST(files_are_checked)
{
    char options[256];
    snprintf(options, sizeof options, "-serial file:%s/no/such", dir);
    ck_assert_int_eq(start(options, NULL), -1);
    ck_assert_msg(strstr(err.text, "-serial file:") != NULL, "%s", err.text);
    options_free(&o);
    static char disk[160 * 1024] = "disk";
    write_file(file, disk, sizeof disk);
    snprintf(options, sizeof options, "-fda %s -serial file:%s", file, file);
    ck_assert_int_eq(start(options, NULL), -1);
    ck_assert_msg(strstr(err.text, "is a disk") != NULL, "%s", err.text);
    options_free(&o);
    check_file("disk");
}
END_TEST

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%.40s/serial-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        return 1;
    }
    snprintf(bios, sizeof bios, "%s/bios.bin", dir);
    snprintf(script, sizeof script, "%s/script", dir);
    snprintf(file, sizeof file, "%s/out", dir);
    Suite *s = suite_create("serial");
    TCase *tc = tcase_create("serial");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, script_talks);
    tcase_add_test(tc, each_wait_begins_behind_the_last);
    tcase_add_test(tc, long_text_arrives);
    tcase_add_test(tc, no_port);
    tcase_add_test(tc, files_are_checked);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    unlink(bios);
    unlink(script);
    unlink(file);
    rmdir(dir);
    return failed != 0;
}
