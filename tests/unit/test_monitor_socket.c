/* test_monitor_socket.c -- -monitor unix:PATH: clients one after the other, answers as lines.
 */
#include "frontend/posix.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "frontend/monitor.h"
#include "frontend/session.h"

static char dir[64], bios[96], path[96];
static struct options o;
static struct session session;
static struct error err;

static void setup(void)
{
    static uint8_t rom[64 << 10];
    snprintf(dir, sizeof dir, "/tmp/terrapin-monitor-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(bios, sizeof bios, "%s/bios", dir);
    snprintf(path, sizeof path, "%s/s", dir);
    memset(rom, 0xF4, sizeof rom); /* HLT */
    FILE *f = fopen(bios, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(rom, 1, sizeof rom, f), sizeof rom);
    ck_assert_int_eq(fclose(f), 0);
    static char option[128]; /* options point into them */
    snprintf(option, sizeof option, "unix:%s,server,nowait", path);
    static char words[][16] = {"terrapin", "-vgabios", "none", "-m",    "1",
                               "-display", "none",     "-S",   "-bios", "-monitor"};
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], words[5],
                    words[6], words[7], words[8], bios,     words[9], option};
    const char *topic;
    ck_assert_msg(options_parse(&o, ARRAY_LEN(argv), argv, &topic, &err) == OPTIONS_RUN, "%s",
                  err.text);
    ck_assert_msg(session_start(&session, &o, &err) == 0, "%s", err.text);
}

static void teardown(void)
{
    session_end(&session, EXIT_FINE);
    session_finish(&session);
    options_free(&o);
    ck_assert_int_ne(access(path, F_OK), 0);
    unlink(bios);
    rmdir(dir);
}

static int client(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static void send_text(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What has come within some polls; "" at the end. closed: has the server hung up? */
static const char *answer(int fd, bool *closed)
{
    static char text[1 << 18];
    size_t n = 0;
    *closed = false;
    for (int i = 0; i < 20; i++) {
        monitor_serve_poll(session.socket, &session);
        ssize_t got;
        while ((got = recv(fd, text + n, sizeof text - 1 - n, MSG_DONTWAIT)) > 0) {
            n += (size_t)got;
        }
        *closed |= got == 0;
    }
    text[n] = '\0';
    return text;
}

#define PROMPT "(terrapin) "

START_TEST(talks)
{
    bool closed;
    int fd = client();
    ck_assert_str_eq(answer(fd, &closed),
                     "terrapin's monitor; help lists the commands\n" PROMPT);
    send_text(fd, "print one");
    ck_assert_str_eq(answer(fd, &closed), "");
    send_text(fd, " two\r\nnonsense\n\nprint \"x\\x1by\"\n");
    ck_assert_str_eq(answer(fd, &closed),
                     "one two\n" PROMPT
                     "nonsense: unknown command; help lists them\n" PROMPT PROMPT
                     "x?y\n" PROMPT);
    send_text(fd, "info time\n");
    ck_assert_ptr_nonnull(strstr(answer(fd, &closed), "tick 0\n"));
    ck_assert(session.stopped && !closed);
    send_text(fd, "cont\n");
    answer(fd, &closed);
    ck_assert(!session.stopped);
    send_text(fd, "quit 7\n");
    ck_assert_str_eq(answer(fd, &closed), "");
    ck_assert(session.over && session.status == 7);
    close(fd);
}
END_TEST

START_TEST(one_after_the_other)
{
    bool closed;
    int first = client(), second = client();
    ck_assert_str_ne(answer(first, &closed), "");
    send_text(second, "print second");
    ck_assert_str_eq(answer(second, &closed), "");
    send_text(first, "print first");
    shutdown(first, SHUT_WR); /* a last line without newline; the answer still comes */
    ck_assert_str_eq(answer(first, &closed), "first\n" PROMPT);
    ck_assert(closed);
    shutdown(second, SHUT_WR);
    ck_assert_ptr_nonnull(strstr(answer(second, &closed), PROMPT "second\n" PROMPT));
    ck_assert(closed);
    close(first);
    close(second);
    int third = client();
    ck_assert_str_ne(answer(third, &closed), "");
    close(third);
}
END_TEST

/* Lines without end, answers that nobody takes, a client that is gone: the server lives. */
START_TEST(hostile)
{
    bool closed;
    int fd = client();
    answer(fd, &closed);
    char much[10001];
    memset(much, 'a', sizeof much - 1);
    much[sizeof much - 1] = '\0';
    send_text(fd, much);
    answer(fd, &closed);
    send_text(fd, "\n");
    ck_assert_str_eq(answer(fd, &closed), "the line is too long\n" PROMPT);
    for (int i = 0; i < 300; i++) {
        send_text(fd, "xp/4096xb 0\n");
        monitor_serve_poll(session.socket, &session);
    }
    close(fd);
    for (int i = 0; i < 10; i++) {
        monitor_serve_poll(session.socket, &session);
    }
    fd = client();
    ck_assert_str_ne(answer(fd, &closed), "");
    session.commanding = true; /* another monitor's command runs the machine */
    send_text(fd, "print x\n");
    ck_assert_str_eq(answer(fd, &closed), "");
    session.commanding = false;
    ck_assert_str_eq(answer(fd, &closed), "x\n" PROMPT);
    close(fd);
}
END_TEST

START_TEST(path_is_taken)
{
    ck_assert_ptr_null(monitor_serve(path, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "another program serves it"));
    ck_assert_ptr_null(monitor_serve(bios, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "is no socket"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("monitor_socket");
    TCase *tc = tcase_create("monitor_socket");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, talks);
    tcase_add_test(tc, one_after_the_other);
    tcase_add_test(tc, hostile);
    tcase_add_test(tc, path_is_taken);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
