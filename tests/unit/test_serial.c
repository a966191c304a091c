/* test_serial.c -- serial lines from the chip to the host: files, sockets, pseudo-terminals,
 * stdin and stdout, and the script commands that talk over them.
 *
 * The guest is a firmware of a few bytes that says "ok" and then echoes each byte plus one.
 */
#include "frontend/posix.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "frontend/serial_end.h"
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
    snprintf(line, sizeof line,
             "terrapin -bios %s -vgabios none -m 1 -mips 100 -display none %s%s %s", bios,
             text ? "-script " : "", text ? script : "", options);
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
    ck_assert_uint_gt(tick, 3000 * 104000 / 32); /* at 9600 baud 1.04 ms each, in a hurry */
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

/* ---- the ends, one by one */

static int connect_to(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    memcpy(name.sun_path, path, strlen(path) + 1);
    if (connect(fd, (struct sockaddr *)&name, sizeof name) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static struct serial_option unix_option(void)
{
    struct serial_option option;
    char value[128];
    snprintf(value, sizeof value, "unix:%s/sock,server=on,wait=off", dir);
    ck_assert(serial_option_parse(value, &option));
    return option;
}

START_TEST(socket_serves_one_client_at_a_time)
{
    struct serial_option option = unix_option();
    struct serial_end end;
    uint8_t got[16];
    ck_assert_msg(serial_end_open(&end, &option, 0, &err) == 0, "%s", err.text);
    serial_end_accept(&end);
    ck_assert_uint_eq(serial_end_write(&end, (const uint8_t *)"lost", 4), 4); /* nobody there */
    int one = connect_to(option.socket), two = connect_to(option.socket);
    serial_end_accept(&end);
    serial_end_accept(&end);
    ck_assert_uint_eq(serial_end_write(&end, (const uint8_t *)"one", 3), 3);
    ck_assert_int_eq(read(one, got, sizeof got), 3);
    ck_assert_mem_eq(got, "one", 3);
    ck_assert_int_eq(serial_end_read(&end, got, sizeof got), 0);
    ck_assert_int_eq(write(one, "in", 2), 2);
    ck_assert_int_eq(serial_end_read(&end, got, sizeof got), 2);
    close(one);
    ck_assert_int_eq(serial_end_read(&end, got, sizeof got), 0); /* gone, not the end */
    serial_end_accept(&end);
    ck_assert_uint_eq(serial_end_write(&end, (const uint8_t *)"two", 3), 3);
    ck_assert_int_eq(read(two, got, sizeof got), 3);
    ck_assert_mem_eq(got, "two", 3);
    close(two);
    /* A writer to a closed socket sees a hang-up, too. */
    while (end.in >= 0) {
        (void)serial_end_write(&end, (const uint8_t *)"x", 1);
    }
    serial_end_close(&end);
    ck_assert_int_ne(access(option.socket, F_OK), 0);
}
END_TEST

START_TEST(socket_reader_that_does_not_read)
{
    struct serial_option option = unix_option();
    struct serial_end end;
    static uint8_t zeros[4 << 20];
    ck_assert_int_eq(serial_end_open(&end, &option, 0, &err), 0);
    int fd = connect_to(option.socket);
    serial_end_accept(&end);
    size_t n = serial_end_write(&end, zeros, sizeof zeros);
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_lt(n, sizeof zeros); /* and it returned */
    close(fd);
    serial_end_close(&end);
}
END_TEST

START_TEST(socket_names)
{
    struct serial_option option = unix_option();
    struct serial_end end, other;
    ck_assert_int_eq(serial_end_open(&end, &option, 0, &err), 0);
    ck_assert_int_eq(serial_end_open(&other, &option, 0, &err), -1); /* in use */
    ck_assert_msg(strstr(err.text, "another program") != NULL, "%s", err.text);
    close(end.listener); /* as after a crash: the name stays, nobody serves it */
    end.listener = -1;
    ck_assert_int_eq(serial_end_open(&other, &option, 0, &err), 0);
    end.socket[0] = '\0';
    serial_end_close(&end);
    serial_end_close(&other);
    write_file(option.socket, "text", 4);
    ck_assert_int_eq(serial_end_open(&end, &option, 0, &err), -1);
    ck_assert_msg(strstr(err.text, "is no socket") != NULL, "%s", err.text);
    ck_assert_int_eq(access(option.socket, F_OK), 0); /* spared */
    unlink(option.socket);
}
END_TEST

START_TEST(pseudo_terminal)
{
    struct serial_option option = {.kind = SERIAL_PTY};
    struct serial_end end;
    uint8_t got[16];
    ck_assert_msg(serial_end_open(&end, &option, 1, &err) == 0, "%s", err.text);
    for (unsigned i = 0; i < 10000; i++) { /* nobody has it open: gone */
        ck_assert_uint_eq(serial_end_write(&end, (const uint8_t *)"0123456789", 10), 10);
    }
    ck_assert_int_eq(serial_end_read(&end, got, sizeof got), 0);
    int fd = open(ptsname(end.in), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(fd, 0);
    ck_assert_uint_eq(serial_end_write(&end, (const uint8_t *)"a\n\r", 3), 3);
    ck_assert_int_eq(read(fd, got, sizeof got), 3); /* raw */
    ck_assert_mem_eq(got, "a\n\r", 3);
    ck_assert_int_eq(write(fd, "\x03z", 2), 2);
    ck_assert_int_eq(serial_end_read(&end, got, sizeof got), 2);
    ck_assert_mem_eq(got, "\x03z", 2);
    size_t n = 0;
    for (unsigned i = 0; i < 10000 && n == i * 10; i++) { /* open, but not read */
        n += serial_end_write(&end, (const uint8_t *)"0123456789", 10);
    }
    ck_assert_uint_lt(n, 100000);
    close(fd);
    serial_end_close(&end);
}
END_TEST

START_TEST(option_values)
{
    static const char *const bad[] = {"",
                                      "file:",
                                      "unix:",
                                      "stdio,x",
                                      "tcp::4444",
                                      "unix:x,server=off",
                                      "unix:x,,nowait",
                                      "com1",
                                      "unix:x,wait=on"};
    struct serial_option option;
    char value[200] = "unix:";
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_msg(!serial_option_parse(bad[i], &option), "%s", bad[i]);
    }
    memset(value + 5, 'x', SERIAL_SOCKET);
    ck_assert(!serial_option_parse(value, &option));
    ck_assert(serial_option_parse("unix:/a b,server,nowait", &option));
    ck_assert_str_eq(option.socket, "/a b");
    ck_assert(serial_option_parse("file:a,b", &option));
    ck_assert_str_eq(option.file, "a,b");
}
END_TEST

/* ---- this process's terminal */

/* Reads from the terminal until text has come. */
static void expect(int fd, const char *text)
{
    char got[8192];
    size_t n = 0;
    while (n < sizeof got - 1) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ck_assert_msg(poll(&p, 1, 20000) > 0, "%s did not come; got %.*s", text, (int)n, got);
        ssize_t more = read(fd, got + n, 1);
        ck_assert_msg(more == 1, "the end before %s; got %.*s", text, (int)n, got);
        n += (size_t)more;
        got[n] = '\0';
        if (strstr(got, text)) {
            return;
        }
    }
    ck_abort_msg("%s did not come", text);
}

static void say_to(int fd, const char *text)
{
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* A terminal, and a run on it in a child. */
struct desk {
    int keys;     /* the user's side */
    int terminal; /* the run's */
    struct termios before;
    pid_t child;
};

static void sit_down(struct desk *d, const char *options)
{
    char name[64];
    d->keys = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert(d->keys >= 0 && grantpt(d->keys) == 0 && unlockpt(d->keys) == 0);
    snprintf(name, sizeof name, "%s", ptsname(d->keys));
    d->terminal = open(name, O_RDWR | O_NOCTTY);
    ck_assert_int_eq(tcgetattr(d->terminal, &d->before), 0);
    fflush(NULL);
    d->child = fork();
    ck_assert_int_ge(d->child, 0);
    if (d->child == 0) {
        setsid();
        int fd = open(name, O_RDWR); /* the controlling terminal */
        dup2(fd, STDIN_FILENO);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        if (start(options, NULL) < 0 || session_main(&session, &err) < 0) {
            _exit(98);
        }
        int status = finish();
        fflush(stdout);
        _exit(status);
    }
}

/* How it ended; the terminal is as it was. */
static int stand_up(struct desk *d)
{
    struct termios after;
    int status;
    ck_assert_int_eq(waitpid(d->child, &status, 0), d->child);
    ck_assert_int_eq(tcgetattr(d->terminal, &after), 0);
    ck_assert_uint_eq(after.c_lflag, d->before.c_lflag);
    ck_assert_uint_eq(after.c_iflag, d->before.c_iflag);
    ck_assert_uint_eq(after.c_oflag, d->before.c_oflag);
    ck_assert_mem_eq(after.c_cc, d->before.c_cc, sizeof after.c_cc);
    close(d->terminal);
    close(d->keys);
    return status;
}

START_TEST(nographic)
{
    struct desk d;
    sit_down(&d, "-nographic");
    expect(d.keys, "ok");
    struct termios now;
    ck_assert_int_eq(tcgetattr(d.terminal, &now), 0);
    ck_assert_uint_eq(now.c_lflag & (ICANON | ECHO | ISIG), 0);
    say_to(d.keys, "HAL");
    expect(d.keys, "IBM");
    say_to(d.keys, "\x01\x01"
                   "G"); /* one Ctrl-A; 02h is not shown */
    expect(d.keys, "H");
    say_to(d.keys, "\x01h");
    expect(d.keys, "Ctrl-A x");
    say_to(d.keys, "\x01"
                   "c");
    expect(d.keys, "(terrapin) ");
    say_to(d.keys, "info seriax\x7Fl\r");
    expect(d.keys, "ns16550a COM1");
    expect(d.keys, "(terrapin) ");
    say_to(d.keys, "stop\r");
    expect(d.keys, "(terrapin) ");
    say_to(d.keys, "\x01"
                   "c123"); /* waits for cont */
    say_to(d.keys, "\x01"
                   "ccont\r");
    expect(d.keys, "234");
    say_to(d.keys, "\x01x");
    ck_assert_int_eq(stand_up(&d), 0);
}
END_TEST

#ifdef TERRAPIN_LOOP_DISPATCH /* what a build with sanitizers defines */
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

START_TEST(signals_give_the_terminal_back)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGSEGV, SIGABRT};
    for (unsigned i = 0; i < ARRAY_LEN(signals); i++) {
        struct desk d;
        sit_down(&d, i & 1 ? "-nographic" : "-serial stdio");
        expect(d.keys, "ok");
        kill(d.child, signals[i]);
        int status = stand_up(&d);
        bool crash = signals[i] == SIGSEGV || signals[i] == SIGABRT;
        if (SANITIZED && crash) { /* the sanitizer reports it, and exits */
            ck_assert_int_ne(status, 0);
        } else {
            ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
        }
    }
}
END_TEST

/* Without a monitor behind it, Ctrl-C ends the program and Ctrl-A is the guest's. */
START_TEST(plain_stdio)
{
    struct desk d;
    sit_down(&d, "-serial stdio");
    expect(d.keys, "ok");
    say_to(d.keys, "\x01x@");
    expect(d.keys, "yA");
    say_to(d.keys, "\x1AZl"); /* Ctrl-Z is the guest's, too: it comes back as ESC */
    expect(d.keys, "\x1B[m");
    say_to(d.keys, "\x1A\\0;xyz\x06"
                   "done"); /* as a window title: not shown */
    expect(d.keys, "epof");
    say_to(d.keys, "\x03");
    int status = stand_up(&d);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
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
    tc = tcase_create("ends");
    tcase_add_test(tc, socket_serves_one_client_at_a_time);
    tcase_add_test(tc, socket_reader_that_does_not_read);
    tcase_add_test(tc, socket_names);
    tcase_add_test(tc, pseudo_terminal);
    tcase_add_test(tc, option_values);
    suite_add_tcase(s, tc);
    tc = tcase_create("terminal");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, nographic);
    tcase_add_test(tc, signals_give_the_terminal_back);
    tcase_add_test(tc, plain_stdio);
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
