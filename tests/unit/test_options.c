/* test_options.c -- the command line: values, refusals, both dashes, the help screen. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/options_priv.h"
#include "frontend/parse.h"

static struct options o;
static struct error err;
static const char *topic;

/* Parses a line of words; no quoting. */
static enum options_result parse(const char *line)
{
    static char words[512];
    static char *argv[32];
    int argc = 1;
    argv[0] = words; /* the program's name, which nobody looks at */
    memcpy(words, line, strlen(line) + 1);
    for (char *w = strtok(words, " "); w; w = strtok(NULL, " ")) {
        argv[argc++] = w;
    }
    options_free(&o);
    err.text[0] = '\0';
    return options_parse(&o, argc, argv, &topic, &err);
}

static void refused(const char *line, const char *text)
{
    ck_assert_msg(parse(line) == OPTIONS_ERROR, "%s is accepted", line);
    ck_assert_msg(strstr(err.text, text) != NULL, "%s: %s", line, err.text);
    ck_assert_msg(strchr(err.text, '\n') == NULL, "%s: more than a line", line);
}

START_TEST(defaults)
{
    ck_assert_int_eq(parse(""), OPTIONS_RUN);
    ck_assert_uint_eq(o.ram_bytes, UINT64_C(128) << 20);
    ck_assert(o.speed < 0);
    ck_assert_uint_eq(o.until, UINT64_MAX);
    ck_assert_int_eq(o.display, DISPLAY_DEFAULT);
    ck_assert_uint_eq(o.debug_exit_port, 0);
    ck_assert_ptr_null(o.image);
}
END_TEST

START_TEST(one_dash_or_two)
{
    ck_assert_int_eq(parse("--m 64 -snapshot --hash x.img"), OPTIONS_RUN);
    ck_assert_uint_eq(o.ram_bytes, UINT64_C(64) << 20);
    ck_assert(o.snapshot && o.hash);
    ck_assert_str_eq(o.image, "x.img");
    ck_assert_int_eq(parse("-- -odd.img"), OPTIONS_RUN);
    ck_assert_str_eq(o.image, "-odd.img");
}
END_TEST

START_TEST(memory_sizes)
{
    static const struct {
        const char *line;
        uint64_t mib;
    } good[] = {
        {"-m 1", 1}, {"-m 64M", 64}, {"-m 1G", 1024}, {"-m 3G", 3072}, {"-m size=2048K", 2}};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        ck_assert_int_eq(parse(good[i].line), OPTIONS_RUN);
        ck_assert_uint_eq(o.ram_bytes, good[i].mib << 20);
    }
    refused("-m 4G", "1M to 3G");
    refused("-m 0", "1M to 3G");
    refused("-m 64Q", "bad value");
    refused("-m 1025K", "64K");
    refused("-m 99999999999999999999", "bad value");
    refused("-m", "needs a value");
}
END_TEST

START_TEST(dates)
{
    ck_assert_int_eq(parse("-rtc base=1970-01-02"), OPTIONS_RUN);
    ck_assert_uint_eq(o.rtc_date, 86400);
    ck_assert_int_eq(parse("-rtc base=2000-02-29T23:59:58"), OPTIONS_RUN);
    ck_assert_uint_eq(o.rtc_date, 951868798);
    ck_assert_int_eq(parse("-rtc base=fixed"), OPTIONS_RUN);
    ck_assert_uint_eq(o.rtc_date, 1767225600);
    ck_assert_int_eq(parse("-rtc base=utc"), OPTIONS_RUN);
    ck_assert_int_eq(o.rtc, RTC_UTC);
    refused("-rtc base=2001-02-29", "-rtc");
    refused("-rtc base=2001-13-01", "-rtc");
    refused("-rtc base=2001-12-01T24:00:00", "-rtc");
    refused("-rtc localtime", "-rtc");
}
END_TEST

START_TEST(drives)
{
    ck_assert_int_eq(
        parse("-drive file=a,,b.img,if=floppy,index=1,readonly=on,snapshot=on,format=raw"),
        OPTIONS_RUN);
    ck_assert_uint_eq(o.drives, 1);
    ck_assert_str_eq(o.drive[0].file, "a,b.img");
    ck_assert_int_eq(o.drive[0].index, 1);
    ck_assert(o.drive[0].read_only && o.drive[0].snapshot && o.drive[0].raw);
    ck_assert_int_eq(parse("-fdb b.img -drive if=floppy"), OPTIONS_RUN);
    ck_assert_int_eq(o.drive[0].index, 1);
    ck_assert_int_eq(o.drive[1].index, NEXT_FREE);
    ck_assert_ptr_null(o.drive[1].file);
    refused("-drive file=x,if=floppy,index=2", "index=2");
    refused("-drive file=x,if=floppy,colour=red", "colour=red");
    refused("-drive file=x,if=floppy,readonly=maybe", "readonly=maybe");
    refused("-drive file=x,if=floppy,format=qcow2", "format=qcow2: not implemented yet");
    ck_assert_int_eq(parse("-cdrom c.iso -hdb h.img -drive file=x"), OPTIONS_RUN);
    ck_assert(o.drive[0].iface == IF_IDE && o.drive[0].media == MEDIA_CDROM);
    ck_assert_int_eq(o.drive[0].index, 2);
    ck_assert(o.drive[1].iface == IF_IDE && o.drive[1].media == MEDIA_DISK);
    ck_assert_int_eq(o.drive[1].index, 1);
    ck_assert(o.drive[2].iface == IF_IDE && o.drive[2].media == MEDIA_DISK);
    ck_assert_int_eq(o.drive[2].index, NEXT_FREE);
    ck_assert_int_eq(parse("-drive if=ide,media=cdrom,index=3"), OPTIONS_RUN);
    ck_assert_ptr_null(o.drive[0].file);
    refused("-drive file=x,index=4", "index=4");
    refused("-drive if=ide", "needs an image");
    refused("-drive file=x,if=floppy,media=cdrom", "media=cdrom");
    refused("-drive file=x,if=scsi", "if=scsi");
    refused("a.img b.img", "second image");
}
END_TEST

START_TEST(tests_and_time)
{
    ck_assert_int_eq(parse("-device isa-debug-exit"), OPTIONS_RUN);
    ck_assert_uint_eq(o.debug_exit_port, 0xF4);
    ck_assert_uint_eq(o.debug_exit_size, 4);
    ck_assert_int_eq(parse("-device isa-debug-exit,iobase=0x501,iosize=2"), OPTIONS_RUN);
    ck_assert_uint_eq(o.debug_exit_port, 0x501);
    ck_assert_uint_eq(o.debug_exit_size, 2);
    refused("-device isa-debug-exit,iosize=3", "iosize");
    refused("-device isa-debug-exit,iobase=70000", "iobase");
    refused("-device vga", "unknown device");
    ck_assert_int_eq(parse("-speed 0.5 -mips 50 -until 0x100 -timeout 1.5"), OPTIONS_RUN);
    ck_assert(o.speed > 0.49 && o.speed < 0.51);
    ck_assert_uint_eq(o.mips, 50);
    ck_assert_uint_eq(o.until, 256);
    ck_assert_uint_eq(o.timeout_us, 1500000);
    ck_assert_int_eq(parse("-speed max"), OPTIONS_RUN);
    ck_assert(o.speed == 0);
    refused("-speed 0.05", "-speed");
    refused("-speed 101", "-speed");
    refused("-speed nan", "-speed");
    refused("-mips 10001", "-mips");
    refused("-speed max -mips auto", "-mips auto");
}
END_TEST

START_TEST(serial_ports)
{
    ck_assert_int_eq(parse(""), OPTIONS_RUN);
    ck_assert_uint_eq(o.serials, 1); /* COM1 is there anyway … */
    ck_assert_int_eq(o.serial[0].kind, SERIAL_NULL);
    ck_assert_int_eq(parse("-serial none"), OPTIONS_RUN); /* … unless refused */
    ck_assert_int_eq(o.serial[0].kind, SERIAL_NONE);
    ck_assert_int_eq(parse("-serial file:a -serial none -serial pty -serial unix:s,server"),
                     OPTIONS_RUN);
    ck_assert_uint_eq(o.serials, 4);
    ck_assert_str_eq(o.serial[0].file, "a");
    ck_assert_int_eq(o.serial[1].kind, SERIAL_NONE);
    ck_assert_int_eq(o.serial[2].kind, SERIAL_PTY);
    ck_assert_str_eq(o.serial[3].socket, "s");
    ck_assert_int_eq(parse("-nographic"), OPTIONS_RUN);
    ck_assert_int_eq(o.serial[0].kind, SERIAL_MON_STDIO);
    ck_assert_int_eq(o.display, DISPLAY_NONE);
    ck_assert_int_eq(parse("-nographic -monitor none"), OPTIONS_RUN);
    ck_assert_int_eq(o.serial[0].kind, SERIAL_STDIO);
    ck_assert_int_eq(parse("-nographic -serial null -monitor stdio"), OPTIONS_RUN);
    ck_assert_int_eq(parse("-S -serial mon:stdio"), OPTIONS_RUN);
    ck_assert_int_eq(parse("-parallel file:p"), OPTIONS_RUN);
    ck_assert(o.parallel);
    ck_assert_str_eq(o.parallel_file, "p");
    ck_assert_int_eq(parse("-parallel null"), OPTIONS_RUN);
    ck_assert(o.parallel && !o.parallel_file);
    ck_assert_int_eq(parse("-parallel none"), OPTIONS_RUN);
    ck_assert(!o.parallel);
    refused("-parallel lpt1", "-parallel lpt1: bad value");
    refused("-serial com1", "-serial com1: bad value");
    refused("-serial null -serial null -serial null -serial null -serial null",
            "there are four");
    refused("-serial stdio -serial mon:stdio", "another serial port");
    refused("-nographic -monitor stdio", "-monitor stdio");
    refused("-serial stdio -debugcon stdio", "-debugcon stdio");
    refused("-serial stdio -display term", "-serial stdio");
}
END_TEST

START_TEST(not_built_yet)
{
    static const char *const later[] = {"nic user"};
    for (size_t i = 0; i < ARRAY_LEN(later); i++) {
        char line[64] = "-", name[64] = "-";
        strcat(line, later[i]);
        strcat(name, later[i]);
        name[strcspn(name, " ")] = '\0';
        strcat(name, ": not implemented yet");
        refused(line, name);
    }
    refused("-display gtk", "-display gtk");
    ck_assert_int_eq(parse("-serial none -serial null -parallel none -nic none -audio none"),
                     OPTIONS_RUN);
}
END_TEST

START_TEST(history)
{
    ck_assert_int_eq(parse("-display none"), OPTIONS_RUN);
    ck_assert(o.history_bytes == 0 && !o.no_history);
    ck_assert_int_eq(parse("-history 64"), OPTIONS_RUN);
    ck_assert_uint_eq(o.history_bytes, 64 << 20);
    ck_assert_int_eq(parse("-history 1G -no-history"), OPTIONS_RUN);
    ck_assert(o.no_history);
    ck_assert_int_eq(parse("-no-history -history 1G"), OPTIONS_RUN);
    ck_assert(!o.no_history && o.history_bytes == UINT64_C(1) << 30);
    refused("-history 0", "-history 0: bad value");
}
END_TEST

START_TEST(debugger)
{
    ck_assert_int_eq(parse("-m 64"), OPTIONS_RUN);
    ck_assert_int_eq(o.gdb.kind, GDB_NONE);
    ck_assert_int_eq(parse("-s -S"), OPTIONS_RUN);
    ck_assert(o.stopped && o.gdb.kind == GDB_TCP && o.gdb.port == 1234);
    ck_assert_str_eq(o.gdb.host, "127.0.0.1");
    ck_assert_int_eq(parse("-gdb tcp::65535,server,nowait"), OPTIONS_RUN);
    ck_assert(o.gdb.kind == GDB_TCP && o.gdb.port == 65535 && o.gdb.host[0] == '\0');
    ck_assert_int_eq(parse("-gdb tcp:[::1]:7"), OPTIONS_RUN);
    ck_assert_str_eq(o.gdb.host, "::1");
    ck_assert_int_eq(parse("-gdb unix:/tmp/s,server=on,wait=off"), OPTIONS_RUN);
    ck_assert(o.gdb.kind == GDB_UNIX);
    ck_assert_str_eq(o.gdb.path, "/tmp/s");
    ck_assert_int_eq(parse("-s -gdb none"), OPTIONS_RUN);
    ck_assert_int_eq(o.gdb.kind, GDB_NONE);
    ck_assert_int_eq(parse("-S -s -script x"), OPTIONS_RUN);
    static const char *const bad[] = {"tcp:",       "tcp:1234",  "tcp::",   "tcp::0",
                                      "tcp::65536", "tcp:::",    "tcp:a:b", "tcp::1,fast",
                                      "unix:",      "udp::1234", "stdio",   "tcp::12345678"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char line[64] = "-gdb ";
        strcat(line, bad[i]);
        refused(line, "bad value; use -gdb tcp:HOST:PORT");
    }
    char line[200] = "-gdb tcp:";
    memset(line + strlen(line), 'a', 100);
    strcat(line, ":1");
    refused(line, "bad value");
}
END_TEST

START_TEST(direct_boot)
{
    ck_assert_int_eq(parse("-kernel vmlinuz -initrd initrd.gz --append quiet"), OPTIONS_RUN);
    ck_assert_str_eq(o.kernel, "vmlinuz");
    ck_assert_str_eq(o.initrd, "initrd.gz");
    ck_assert_str_eq(o.append, "quiet");
    refused("-append quiet", "-append");
    refused("-initrd x x.img", "-initrd");
}
END_TEST

START_TEST(accepted_without_effect)
{
    ck_assert_int_eq(parse("-machine pc -machine pc-i440fx-7.2,accel=tcg -accel tcg -smp 1 "
                           "-net none -vga std -no-acpi -no-hpet"),
                     OPTIONS_RUN);
    ck_assert_int_eq(parse("-smp 4"), OPTIONS_RUN);
    ck_assert_uint_eq(o.cpus, 4);
    refused("-machine q35", "-machine q35");
    refused("-accel kvm", "-accel kvm");
    refused("-smp 0", "-smp 0");
}
END_TEST

START_TEST(questions)
{
    ck_assert_int_eq(parse("--help"), OPTIONS_HELP);
    ck_assert_int_eq(parse("-help m"), OPTIONS_HELP_ONE);
    ck_assert_str_eq(topic, "m");
    ck_assert_int_eq(parse("--version"), OPTIONS_VERSION);
    ck_assert_int_eq(parse("-cpu help"), OPTIONS_CPU_HELP);
    ck_assert_int_eq(parse("-device help"), OPTIONS_DEVICE_HELP);
    refused("-frobnicate", "-frobnicate: unknown option");
}
END_TEST

START_TEST(conflicts)
{
    refused("-S -script f", "-S");
    ck_assert_int_eq(parse("-S -monitor stdio"), OPTIONS_RUN);
    refused("-display term -monitor stdio", "-monitor stdio");
    refused("-curses -debugcon stdio", "-debugcon stdio");
    refused("-boot e", "boot order");
    ck_assert_int_eq(parse("-boot order=ca,menu=on"), OPTIONS_RUN);
    ck_assert_str_eq(o.boot_order, "ca");
    ck_assert(o.boot_menu);
}
END_TEST

START_TEST(help_fits_one_screen)
{
    char *text = options_help();
    unsigned lines = 0;
    ck_assert_ptr_nonnull(text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        ck_assert_msg(strlen(line) <= 80, "wider than 80: %s", line);
        lines++;
    }
    ck_assert_uint_le(lines, 24);
    free(text);
    char one[1024];
    ck_assert(options_help_one("--rtc", one, sizeof one));
    for (size_t i = 0; option_row(i); i++) {
        ck_assert(options_help_one(option_row(i)->name, one, sizeof one));
        for (char *line = strtok(one, "\n"); line; line = strtok(NULL, "\n")) {
            ck_assert_msg(strlen(line) <= 80, "wider than 80: %s", line);
        }
    }
    ck_assert(!options_help_one("nonsense", one, sizeof one));
}
END_TEST

START_TEST(misspelt)
{
    ck_assert_str_eq(option_meant("dispaly"), "display"); /* two exchanged */
    ck_assert_str_eq(option_meant("kernal"), "kernel");
    ck_assert_str_eq(option_meant("snap"), "snapshot"); /* cut short */
    ck_assert_str_eq(option_meant("nographics"), "nographic");
    ck_assert_ptr_null(option_meant("frobnicate"));
    ck_assert_ptr_null(option_meant(""));
    ck_assert_ptr_null(option_meant("x"));
    ck_assert_ptr_null(
        option_meant("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}
END_TEST

START_TEST(numbers)
{
    uint64_t u;
    int64_t i;
    ck_assert(parse_u64("18446744073709551615", UINT64_MAX, &u) && u == UINT64_MAX);
    ck_assert(!parse_u64("18446744073709551616", UINT64_MAX, &u));
    ck_assert(parse_u64("0xffffffffffffffff", UINT64_MAX, &u) && u == UINT64_MAX);
    ck_assert(!parse_u64("0x", 9, &u) && !parse_u64("", 9, &u) && !parse_u64("5 ", 9, &u));
    ck_assert(parse_u64("9", 9, &u) && !parse_u64("10", 9, &u));
    ck_assert(parse_i64("-32", 100, &i) && i == -32);
    ck_assert(!parse_i64("--3", 100, &i) && !parse_i64("-101", 100, &i));
    ck_assert(parse_micros("0.000001", &u) && u == 1);
    ck_assert(parse_micros(".5", &u) && u == 500000);
    ck_assert(parse_micros("2.0000000", &u) && u == 2000000);
    ck_assert(!parse_micros("0.0000001", &u) && !parse_micros("1.", &u));
    ck_assert(!parse_micros("-1", &u) && !parse_micros("1e3", &u) && !parse_micros("", &u));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("options");
    TCase *tc = tcase_create("options");
    tcase_add_test(tc, defaults);
    tcase_add_test(tc, one_dash_or_two);
    tcase_add_test(tc, memory_sizes);
    tcase_add_test(tc, dates);
    tcase_add_test(tc, drives);
    tcase_add_test(tc, tests_and_time);
    tcase_add_test(tc, serial_ports);
    tcase_add_test(tc, not_built_yet);
    tcase_add_test(tc, history);
    tcase_add_test(tc, debugger);
    tcase_add_test(tc, direct_boot);
    tcase_add_test(tc, accepted_without_effect);
    tcase_add_test(tc, questions);
    tcase_add_test(tc, conflicts);
    tcase_add_test(tc, help_fits_one_screen);
    tcase_add_test(tc, misspelt);
    tcase_add_test(tc, numbers);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    options_free(&o);
    return failed != 0;
}
