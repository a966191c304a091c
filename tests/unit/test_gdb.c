/* test_gdb.c -- -gdb: packets of a made-up client over a Unix socket, well and badly formed.
 *
 * The machine's firmware counts: F000:0000 INC AX; MOV [500h],AX; JMP back.
 */
#include "frontend/posix.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "frontend/gdb.h"
#include "frontend/gdb_link.h"
#include "frontend/session.h"
#include "tests/support/board_fixture.h"

static char dir[64], bios[96], path[96];
static struct options o;
static struct session session;
static struct error err;
static int fd;

static void write_bios(void)
{
    static const uint8_t counting[] = {0x40, 0xA3, 0x00, 0x05, 0xEB, 0xFA};
    static const uint8_t reset[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
    static uint8_t rom[64 << 10];
    memset(rom, 0xF4, sizeof rom);
    memcpy(rom, counting, sizeof counting);
    memcpy(rom + 0xFFF0, reset, sizeof reset);
    FILE *f = fopen(bios, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(rom, 1, sizeof rom, f), sizeof rom);
    ck_assert_int_eq(fclose(f), 0);
}

static int client(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_ge(s, 0);
    ck_assert_int_eq(connect(s, (const struct sockaddr *)&name, sizeof name), 0);
    return s;
}

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/terrapin-gdb-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(bios, sizeof bios, "%s/bios", dir);
    snprintf(path, sizeof path, "%s/s", dir);
    write_bios();
    static char option[128]; /* options point into them */
    snprintf(option, sizeof option, "unix:%s", path);
    static char words[][16] = {"terrapin", "-vgabios", "none",  "-m",   "1",
                               "-display", "none",     "-bios", "-gdb", "-S"};
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], words[5],
                    words[6], words[7], bios,     words[8], option,   words[9]};
    const char *topic;
    ck_assert_msg(options_parse(&o, ARRAY_LEN(argv), argv, &topic, &err) == OPTIONS_RUN, "%s",
                  err.text);
    ck_assert_msg(session_start(&session, &o, &err) == 0, "%s", err.text);
    fd = client();
}

static void teardown(void)
{
    close(fd);
    session_end(&session, EXIT_FINE);
    session_finish(&session);
    options_free(&o);
    ck_assert_int_ne(access(path, F_OK), 0);
    unlink(bios);
    rmdir(dir);
}

/* ---- the client */

static void send_bytes(const char *bytes, size_t n)
{
    ck_assert_int_eq(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

static void send_packet(const char *data, size_t n)
{
    char tail[4];
    uint8_t sum = 0;
    for (size_t k = 0; k < n; k++) {
        sum = (uint8_t)(sum + (uint8_t)data[k]);
    }
    snprintf(tail, sizeof tail, "#%02x", sum);
    send_bytes("$", 1);
    send_bytes(data, n);
    send_bytes(tail, 3);
}

/* All that has come within some polls, as it came. */
static const char *heard(void)
{
    static char text[1 << 18];
    size_t n = 0;
    for (int i = 0; i < 20; i++) {
        gdb_poll(session.gdb, &session);
        ssize_t got;
        while ((got = recv(fd, text + n, sizeof text - 1 - n, MSG_DONTWAIT)) > 0) {
            n += (size_t)got;
        }
    }
    text[n] = '\0';
    return text;
}

/* The data of the packet that answers; what is not one comes as it is. */
static const char *ask(const char *data)
{
    static char answer[1 << 18];
    send_packet(data, strlen(data));
    const char *text = heard(), *hash = strrchr(text, '#');
    if (text[0] != '+' || text[1] != '$' || hash == NULL) {
        return text;
    }
    memcpy(answer, text + 2, (size_t)(hash - text) - 2);
    answer[hash - text - 2] = '\0';
    return answer;
}

#define ASK(question, answer) ck_assert_str_eq(ask(question), answer)

/* Lets the machine run until it stops: what is said then. */
static const char *run(const char *data)
{
    ASK(data, "+");
    ck_assert(!session.stopped);
    while (!session.stopped && !session.over) {
        session_run(&session, machine_now(session.machine) + 1000);
    }
    return heard();
}

/* ---- what a debugger does */

START_TEST(introduces_itself)
{
    ck_assert(session.stopped);
    ck_assert_ptr_nonnull(strstr(ask("qSupported:swbreak+;hwbreak+"), "PacketSize=4000;"));
    ASK("?", "T05thread:1;");
    ASK("vMustReplyEmpty", "");
    ASK("bs", "T05thread:1;replaylog:begin;"); /* nothing has run yet */
    ASK("bc", "T05thread:1;replaylog:begin;");
    ASK("!", "");
    ASK("", "");
    ASK("qC", "QC1");
    ASK("qCRC:0,10", "");
    ASK("qAttached", "1");
    ASK("qfThreadInfo", "m1");
    ASK("qsThreadInfo", "l");
    ASK("qThreadExtraInfo,1", "4350552330");
    ASK("Hg0", "OK");
    ASK("Hc-1", "OK");
    ASK("Hgp1.1", "OK");
    ASK("Hg2", "E22");
    ASK("T1", "OK");
    ASK("T7", "E22");
    ASK("vCont?", "vCont;c;C;s;S;t;r");
    ASK("vAttach;1", "T05thread:1;");
    ASK("qqemu.sstepbits", "ENABLE=1,NOIRQ=2");
    ASK("qqemu.sstep", "0x3");
    ASK("Qqemu.sstep=0x7", "E22");
    ASK("Qqemu.sstep=0x1", "OK");
    ASK("qqemu.sstep", "0x1");
    send_packet("QStartNoAckMode", 15);
    ck_assert_str_eq(heard(), "+$OK#9a");
    send_packet("qC", 2);
    ck_assert_str_eq(heard(), "$QC1#c5");
}
END_TEST

START_TEST(describes_the_target)
{
    char xml[20000] = "", question[80];
    size_t n = 0;
    for (;;) {
        snprintf(question, sizeof question, "qXfer:features:read:target.xml:%zx,400", n);
        const char *part = ask(question);
        ck_assert(part[0] == 'm' || part[0] == 'l');
        ck_assert_uint_lt(n + strlen(part), sizeof xml);
        strcpy(xml + n, part + 1);
        n += strlen(part) - 1;
        if (part[0] == 'l') {
            break;
        }
    }
    ck_assert_ptr_nonnull(strstr(xml, "<architecture>i8086</architecture>"));
    ck_assert_ptr_nonnull(strstr(xml, "<reg name=\"mxcsr\" bitsize=\"32\" type=\"mxcsr\" "
                                      "regnum=\"40\""));
    ck_assert_str_eq(xml + n - strlen("</target>\n"), "</target>\n");
    snprintf(question, sizeof question, "qXfer:features:read:target.xml:%zx,10", n);
    ASK(question, "l");
    snprintf(question, sizeof question, "qXfer:features:read:target.xml:%zx,10", n + 1);
    ASK(question, "E22");
    ASK("qXfer:features:read:target.xml:0", "E22");
    ASK("qXfer:features:read:other.xml:0,10", "E00");
    ASK("qXfer:memory-map:read::0,10", "");
}
END_TEST

START_TEST(registers)
{
    static char all[2000];
    strcpy(all, ask("g"));
    ck_assert_uint_eq(strlen(all), 2 * 308);
    ck_assert_int_eq(strncmp(all + 8 * 8,
                             "f0ff0000"
                             "02000000"
                             "00f00000",
                             24),
                     0);
    ASK("p8", "f0ff0000");
    ASK("p29", "0000ffff"); /* CS's base */
    ASK("P0=78563412", "OK");
    ASK("p0", "78563412");
    ASK("P10=0000000000000080ff3f", "OK"); /* ST(0) = 1 */
    ASK("p10", "0000000000000080ff3f");
    ASK("P20=000102030405060708090a0b0c0d0e0f", "OK");
    ASK("p20", "000102030405060708090a0b0c0d0e0f");
    all[0] = '4';
    all[1] = '1';
    char line[2001] = "G";
    strcat(line, all);
    ASK(line, "OK");
    ASK("p0", "41000000");
    ASK("p10", "00000000000000000000");
    line[strlen(line) - 1] = '\0';
    ASK(line, "E22");
    ASK("p43", "00040000");
    ASK("p44", "E22");
    ASK("p", "E22");
    ASK("p8 ", "E22");
    ASK("p11111111111111111", "E22");
    ASK("P0=123", "E22");
    ASK("P0=1234567890", "E22");
    ASK("P0", "E22");
    ASK("P0=1234567g", "E22");
    ASK("P2f=00000080", "E22"); /* CR0.PG without PE cannot be */
}
END_TEST

START_TEST(memory)
{
    ASK("M500,4:01020304", "OK");
    ASK("m500,4", "01020304");
    ASK("m4fe,8", "0000010203040000");
    send_packet("X600,5:a}\x03}]z\x03", 14);
    ck_assert_str_eq(heard(), "+$OK#9a");
    ASK("m600,5", "61237d7a03");
    ASK("X0,0:", "OK");
    ASK("X600,2:a", "E22");
    ASK("X600,1", "E22");
    ASK("X", "E22");
    ASK("M500,2:01", "E22");
    ASK("M500,1:0102", "E22");
    ASK("M500,ffffffffffffffff:01", "E22");
    ASK("M500,1:0x", "E22");
    ASK("m500", "E22");
    ASK("m,4", "E22");
    ASK("m500,4,4", "E22");
    ASK("m10000000000000000,4", "E22");
    ASK("m100000000,4", "E14");
    ASK("mfff00000,4", "E14"); /* nothing is there */
    ASK("mf0000,4", "40a30005");
    ASK("Mf0000,1:90", "E14");       /* ROM */
    ASK("M9fffe,4:01020304", "E14"); /* half of it is the video card's: none is stored */
    ASK("m9fffe,2", "0000");
    ASK("m500,0", "");
    ck_assert_uint_eq(strlen(ask("m0,ffffffff")), GDB_PACKET); /* as much as there is room */
}
END_TEST

/* The count is in segment F000h: GDB would not know the breakpoint by $eip, so it is not named.
 */
START_TEST(runs_and_stops)
{
    ask("qSupported:swbreak+;hwbreak+");
    ASK("Z0,f0004,1", "OK");
    ASK("Z0,f0004,1", "OK");
    ck_assert_str_eq(run("c"), "$T05thread:1;#d7");
    ASK("p8", "04000000");
    ck_assert_str_eq(run("vCont;c:1"), "$T05thread:1;#d7");
    ASK("m500,2", "0200");
    ASK("Z1,f0004,1", "OK");
    ASK("z0,f0004,1", "OK"); /* the hard one stays */
    ck_assert_str_eq(run("C05"), "$T05thread:1;#d7");
    ASK("m500,2", "0300");
    ck_assert_str_eq(run("s"), "$T05thread:1;#d7");
    ASK("p8", "00000000");
    ASK("z1,f0004,1", "OK");
    ck_assert_str_eq(run("vCont;r4,6:1"), "$T05thread:1;#d7");
    ASK("p8", "01000000");
    ck_assert_str_eq(run("vCont;r0,4"), "$T05thread:1;#d7");
    ASK("p8", "04000000");
    ck_assert_str_eq(run("s0"), "$T05thread:1;#d7"); /* at an address */
    ASK("p8", "01000000");
    ASK("Z2,501,1", "OK");
    ck_assert_str_eq(run("vCont;c"), "$T05thread:1;watch:501;#f9");
    ASK("p8", "04000000");
    ASK("z2,501,1", "OK");
    ASK("Z4,500,2", "OK");
    ck_assert_str_eq(run("c"), "$T05thread:1;awatch:500;#59");
    ASK("Z3,500,2", "OK");
    ck_assert_str_eq(run("c"), "$T05thread:1;awatch:500;#59");
    ASK("vCont;t:1", "T05thread:1;awatch:500;"); /* where it stopped */
    ASK("vCont", "E22");
    ASK("vCont;x", "E22");
    ASK("vCont;c:2", "E22");
    ASK("vCont;r1", "E22");
    ASK("vCont;c:", "E22");
    ASK("cx", "E22");
    ASK("C", "E22");
    ASK("C5;x", "E22");
}
END_TEST

START_TEST(points)
{
    char line[40];
    ASK("Z0,500,1", "OK");
    ASK("z0,700,1", "OK"); /* is not there, then */
    ASK("Z5,500,1", "E22");
    ASK("Z2,500,0", "E22");
    ASK("Z2,500,100001", "E22");
    ASK("Z0,100000000,1", "E22");
    ASK("Z0,500", "E22");
    ASK("Z0,500,1;X1,22", "E22");
    ASK("z,500,1", "E22");
    for (unsigned n = 1; n < 256; n++) {
        snprintf(line, sizeof line, "Z0,%x,1", 0x1000 + n);
        ASK(line, "OK");
    }
    ASK("Z0,2000,1", "E28");
    ASK("Z2,2000,1", "OK");
    ASK("D", "OK");
    ck_assert(!session.stopped);
    ck_assert(!machine_point_remove(session.machine, MACHINE_CODE, 0x500, 1));
    ck_assert(!machine_point_remove(session.machine, MACHINE_WRITE, 0x2000, 1));
}
END_TEST

START_TEST(stops_what_runs)
{
    ASK("c", "+");
    session_run(&session, 5000);
    ck_assert(!session.stopped);
    send_bytes("\x03", 1);
    ck_assert_str_eq(heard(), "$T02thread:1;#d4");
    ck_assert(session.stopped);
    send_bytes("\x03", 1);
    ck_assert_str_eq(heard(), ""); /* nobody waits for it */
    ASK("c", "+");
    send_packet("qC", 2); /* to be looked at it has to stop */
    ck_assert_str_eq(heard(), "+$T02thread:1;#d4$QC1#c5");
    ASK("c", "+");
    session.stopped = true; /* the monitor's stop */
    ck_assert_str_eq(heard(), "$T02thread:1;#d4");
    ASK("c", "+");
    session_end(&session, 7);
    gdb_unserve(session.gdb, session.status);
    session.gdb = NULL;
    char text[16] = "";
    ck_assert_int_eq(recv(fd, text, sizeof text - 1, 0), 7);
    ck_assert_str_eq(text, "$W07#be");
    ck_assert_int_eq(recv(fd, text, sizeof text, 0), 0);
}
END_TEST

START_TEST(kills)
{
    ASK("k", "+");
    ck_assert(session.over && session.status == 0);
}
END_TEST

START_TEST(monitor_commands)
{
    ASK("qRcmd,7072696e74206869", "O6869#2c$O0a#e0$OK");         /* print hi */
    ck_assert_ptr_nonnull(strstr(ask("qRcmd,636f6e74"), "$OK")); /* cont */
    ck_assert(session.stopped);
    ck_assert_ptr_nonnull(strstr(ask("qRcmd,72756e2031"), "$OK")); /* run 1 */
    ck_assert_uint_eq(machine_now(session.machine), 0);
    ASK("qRcmd,7", "E22");
    ASK("qRcmd,7g", "E22");
    ASK("qRcmd,7000", "E22");
    ASK("qRcmd,", "OK");
    ck_assert_ptr_nonnull(strstr(ask("qRcmd,717569742039"), "OK")); /* quit 9 */
    ck_assert(session.over && session.status == 9);
}
END_TEST

/* ---- clients come and go */

START_TEST(one_after_the_other)
{
    ASK("Z0,f0004,1", "OK");
    int first = fd, second = client();
    fd = second;
    send_packet("qC", 2);
    ck_assert_str_eq(heard(), "");
    close(first); /* without a word: what it set is gone, the machine stays */
    ck_assert_str_eq(heard(), "+$QC1#c5");
    ck_assert(session.stopped);
    ck_assert(!machine_point_remove(session.machine, MACHINE_CODE, 0xF0004, 1));
    ASK("c", "+");
    close(second);
    for (int k = 0; k < 3; k++) {
        gdb_poll(session.gdb, &session);
    }
    ck_assert(!session.stopped);
    fd = client();
    heard();
    ck_assert(session.stopped); /* who comes stops it */
    ASK("?", "T05thread:1;");
}
END_TEST

/* A loaded state is another machine: it gets the points. */
START_TEST(points_of_a_new_machine)
{
    ASK("Z0,f0004,1", "OK");
    ck_assert(machine_point_remove(session.machine, MACHINE_CODE, 0xF0004, 1));
    session.loads++;
    gdb_poll(session.gdb, &session);
    ck_assert(machine_point_remove(session.machine, MACHINE_CODE, 0xF0004, 1));
}
END_TEST

/* ---- what comes over a bad line, or from a bad client */

START_TEST(framing)
{
    send_bytes("$qC#b5", 6); /* the sum is b4 */
    ck_assert_str_eq(heard(), "-");
    send_bytes("$qC#b", 5);
    ck_assert_str_eq(heard(), "");
    send_bytes("4", 1);
    ck_assert_str_eq(heard(), "+$QC1#c5");
    send_bytes("-", 1);
    ck_assert_str_eq(heard(), "$QC1#c5");
    send_bytes("+xyz#00\x01\xff", 9);
    ck_assert_str_eq(heard(), "");
    send_bytes("$m50$qC#B4", 10); /* cut off, begun anew */
    ck_assert_str_eq(heard(), "+$QC1#c5");
    send_bytes("$qC#zz", 6);
    ck_assert_str_eq(heard(), "-");
    send_bytes("$qC#b4$qC#b4", 12);
    ck_assert_str_eq(heard(), "+$QC1#c5+$QC1#c5");
}
END_TEST

START_TEST(too_long)
{
    static char much[3 * GDB_PACKET];
    memset(much, 'm', sizeof much);
    send_packet(much, GDB_PACKET);
    ck_assert_str_eq(heard(), "+$E22#a9"); /* "mmm…": as bad as it is long */
    send_packet(much, GDB_PACKET + 1);
    ck_assert_str_eq(heard(), "+$E22#a9");
    send_packet(much, sizeof much);
    ck_assert_str_eq(heard(), "+$E22#a9");
    ASK("qC", "QC1");
}
END_TEST

/* It asks and asks, and reads nothing: it is dropped, the machine lives. */
START_TEST(never_reads)
{
    static const char question[] = "$m0,2000#8b";
    enum { ENOUGH = 1000 };
    unsigned polls = 0;
    while (polls < ENOUGH) {
        if (send(fd, question, sizeof question - 1, MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
            continue;
        }
        if (errno != EAGAIN) {
            break; /* it has hung up */
        }
        gdb_poll(session.gdb, &session);
        polls++;
    }
    ck_assert_uint_lt(polls, ENOUGH);
    close(fd);
    fd = client();
    ASK("qC", "QC1");
}
END_TEST

/* Packets of pieces that mean something. Nothing is asserted but that it goes on. */
START_TEST(random_packets)
{
    static const char *const pieces[] = {"m",
                                         "M",
                                         "X",
                                         "G",
                                         "g",
                                         "p",
                                         "P",
                                         "Z0",
                                         "Z2",
                                         "z4",
                                         "vCont",
                                         ";c",
                                         ";s",
                                         ":1",
                                         ",",
                                         ":",
                                         ";",
                                         "=",
                                         "0",
                                         "500",
                                         "f0004",
                                         "ffffffff",
                                         "1000000",
                                         "-1",
                                         "}",
                                         "}]",
                                         "*",
                                         "?",
                                         "H",
                                         "qXfer:features:read:target.xml:",
                                         "qRcmd,",
                                         "T",
                                         "s",
                                         "c",
                                         "r",
                                         "vAttach;",
                                         "Qqemu.sstep=",
                                         "qSupported",
                                         "C",
                                         "20",
                                         "abcdef012345",
                                         "D"};
    uint64_t seed = 0x6DB;
    for (unsigned k = 0; k < 4000; k++) {
        char line[400] = "";
        for (uint32_t n = test_random(&seed) % 8; n > 0; n--) {
            strcat(line, pieces[test_random(&seed) % ARRAY_LEN(pieces)]);
        }
        if (test_random(&seed) % 4 == 0 && line[0]) {
            line[test_random(&seed) % strlen(line)] = (char)(1 + test_random(&seed) % 255);
        }
        send_packet(line, strlen(line));
        gdb_poll(session.gdb, &session);
        char sink[4096];
        while (recv(fd, sink, sizeof sink, MSG_DONTWAIT) > 0) {
        }
        if (!session.stopped) {
            session_run(&session, machine_now(session.machine) + 50);
        }
        ck_assert(!session.over);
    }
    send_bytes("\x03", 1);
    heard();
    send_packet("qC", 2);
    ck_assert_ptr_nonnull(strstr(heard(), "$QC1#c5"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("gdb");
    TCase *tc = tcase_create("gdb");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, introduces_itself);
    tcase_add_test(tc, describes_the_target);
    tcase_add_test(tc, registers);
    tcase_add_test(tc, memory);
    tcase_add_test(tc, runs_and_stops);
    tcase_add_test(tc, points);
    tcase_add_test(tc, stops_what_runs);
    tcase_add_test(tc, kills);
    tcase_add_test(tc, monitor_commands);
    tcase_add_test(tc, one_after_the_other);
    tcase_add_test(tc, points_of_a_new_machine);
    tcase_add_test(tc, framing);
    tcase_add_test(tc, too_long);
    tcase_add_test(tc, never_reads);
    tcase_add_test(tc, random_packets);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
