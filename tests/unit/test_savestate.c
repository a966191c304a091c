/* test_savestate.c -- savevm, loadvm and -loadvm with the host's files: options against the
 * state, disks that changed since, disks that moved, and files that must stay as they are.
 */
#include "frontend/posix.h"

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "frontend/image.h"
#include "frontend/report.h"
#include "frontend/savestate.h"

enum { DISK = 5 * (256 << 10) + 512 * 3, FLOPPY = 1474560 };

static char dir[64], bios[96], other_bios[96], state[96], disk[96], moved[96], floppy[96],
    cd[96];
static struct options o;
static struct session session;
static struct error err;

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

/* n bytes: a pattern, between zeros. */
static void make_disk(const char *path, size_t n)
{
    uint8_t *bytes = calloc(1, n);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = n / 3; i < n / 2; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 512);
    }
    write_file(path, bytes, n);
    free(bytes);
}

static uint32_t sum_of(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint32_t sum = 1;
    int c;
    ck_assert_ptr_nonnull(f);
    while ((c = getc(f)) != EOF) {
        sum = sum * 31 + (uint32_t)c;
    }
    fclose(f);
    return sum;
}

static void make_bios(void)
{
    static uint8_t rom[64 << 10];
    static const uint8_t code[] = {0x40, 0xEB, 0xFD};  /* l: inc ax; jmp l */
    static const uint8_t reset[] = {0xE9, 0x0D, 0x00}; /* jmp 0 */
    memset(rom, 0x90, sizeof rom);
    memcpy(rom, code, sizeof code);
    memcpy(rom + 0xFFF0, reset, sizeof reset);
    write_file(bios, rom, sizeof rom);
    rom[100] = 1;
    write_file(other_bios, rom, sizeof rom);
}

static int start(const char *options)
{
    static char line[1024];
    char *argv[32];
    int argc = 0;
    const char *topic;
    snprintf(line, sizeof line, "terrapin -display none %s", options);
    for (char *w = strtok(line, " "); w; w = strtok(NULL, " ")) {
        argv[argc++] = w;
    }
    options_free(&o);
    err.text[0] = '\0';
    ck_assert_msg(options_parse(&o, argc, argv, &topic, &err) == OPTIONS_RUN, "%s", err.text);
    int rc = session_start(&session, &o, &err);
    session.scripted = true; /* no time passes while a state is written */
    return rc;
}

/* A fresh machine with these options, at tick 1000. */
static void start_fresh(const char *options)
{
    char line[512];
    snprintf(line, sizeof line, "-bios %s -vgabios none -m 1 -cpu 486 %s", bios, options);
    ck_assert_msg(start(line) == 0, "%s", err.text);
    machine_run(session.machine, 1000);
}

static int start_state(const char *options)
{
    char line[512];
    snprintf(line, sizeof line, "-loadvm %s %s", state, options);
    return start(line);
}

static void finish(void)
{
    session_end(&session, 0);
    ck_assert_int_eq(session_finish(&session), 0);
}

static void save(void)
{
    ck_assert_msg(savestate_save(&session, &(struct save_request){.path = state}, &err) == 0,
                  "%s", err.text);
}

/* What a guest does to drive n. */
static void guest_write(unsigned n, uint64_t lba, uint8_t value)
{
    struct media m = image_media(session.config.drives.image[n]);
    uint8_t sector[512];
    memset(sector, value, sizeof sector);
    ck_assert_int_eq(m.ops->write(m.ctx, lba, sector, 1), 0);
}

static uint8_t guest_read(unsigned n, uint64_t lba)
{
    struct media m = image_media(session.config.drives.image[n]);
    uint8_t sector[2048];
    ck_assert_int_eq(m.ops->read(m.ctx, lba, sector, 1), 0);
    return sector[5];
}

/* ---- reports */

static char told[512];
static unsigned lines;

static void keep_line(void *ctx, const char *line)
{
    (void)ctx;
    lines++;
    snprintf(told, sizeof told, "%s", line);
}

static void listen(void)
{
    lines = 0;
    told[0] = '\0';
}

/* ---- tests */

START_TEST(options_against_a_state)
{
    static const struct {
        const char *option, *why;
    } bad[] = {
        {"-m 2", "-m: "},
        {"-cpu pentium", "-cpu pentium"},
        {"-mips 99", "-mips 99"},
        {"-boot c", "-boot c"},
        {"-boot menu=on", "-boot menu=on"},
        {"-rtc base=utc", "-rtc"},
        {"-rtc base=1999-01-01", "-rtc"},
        {"-device isa-debug-exit", "isa-debug-exit"},
        {"-hda", "-hda"},
        {"-fdb", "-fdb"},
    };
    start_fresh("-mips 50");
    save();
    uint64_t hash = machine_hash(session.machine);
    finish();
    make_disk(disk, DISK);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char line[160];
        bool drive = strchr(bad[i].option, ' ') == NULL;
        snprintf(line, sizeof line, "%s %s", bad[i].option, drive ? disk : "");
        ck_assert_msg(start_state(line) < 0, "%s is accepted", line);
        ck_assert_msg(strstr(err.text, bad[i].why) != NULL, "%s: %s", line, err.text);
    }
    char line[300];
    snprintf(line, sizeof line, "-bios %s", other_bios);
    ck_assert_int_eq(start_state(line), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "-bios"));
    snprintf(line, sizeof line,
             "-bios %s -vgabios none -m 1M -cpu 486 -mips 50 -rtc base=fixed -no-reboot -speed "
             "max -until 5000",
             bios);
    ck_assert_msg(start_state(line) == 0, "%s", err.text);
    ck_assert_uint_eq(machine_now(session.machine), 1000);
    ck_assert_uint_eq(machine_hash(session.machine), hash);
    finish();
}
END_TEST

START_TEST(an_unchanged_disk_is_used_as_before)
{
    char line[160];
    make_disk(disk, DISK);
    snprintf(line, sizeof line, "-hda %s", disk);
    start_fresh(line);
    guest_write(2, 3, 0x11);
    save();
    finish();
    listen();
    ck_assert_msg(start_state("") == 0, "%s", err.text);
    ck_assert_uint_eq(lines, 0);
    ck_assert_uint_eq(guest_read(2, 3), 0x11);
    ck_assert(!image_snapshot(session.config.drives.image[2]));
    uint32_t before = sum_of(disk);
    guest_write(2, 4, 0x22); /* into the file */
    finish();
    ck_assert_uint_ne(sum_of(disk), before);
}
END_TEST

/* The guest went on writing after the state was saved. */
START_TEST(a_changed_disk_is_covered_and_never_written)
{
    char line[160];
    make_disk(disk, DISK);
    snprintf(line, sizeof line, "-hda %s", disk);
    start_fresh(line);
    guest_write(2, 3, 0x11);
    uint8_t middle = guest_read(2, DISK / 512 * 4 / 10);
    ck_assert_uint_eq(guest_read(2, 1), 0);
    save();
    guest_write(2, 3, 0x33);
    guest_write(2, 1, 0x44);                   /* was zero */
    guest_write(2, DISK / 512 * 4 / 10, 0x55); /* was not */
    guest_write(2, DISK / 512 - 1, 0x66);      /* the odd tail */
    finish();
    uint32_t before = sum_of(disk);
    listen();
    ck_assert_msg(start_state("") == 0, "%s", err.text);
    ck_assert_uint_eq(lines, 1);
    ck_assert_ptr_nonnull(strstr(told, "disk.img"));
    ck_assert_uint_eq(guest_read(2, 3), 0x11);
    ck_assert_uint_eq(guest_read(2, 1), 0);
    ck_assert_uint_eq(guest_read(2, DISK / 512 * 4 / 10), middle);
    ck_assert_uint_eq(guest_read(2, DISK / 512 - 1), 0);
    guest_write(2, 9, 0x77);
    ck_assert_uint_eq(guest_read(2, 9), 0x77);
    /* A state of that brings it back as well. */
    save();
    finish();
    ck_assert_uint_eq(sum_of(disk), before);
    ck_assert_msg(start_state("") == 0, "%s", err.text);
    ck_assert_uint_eq(guest_read(2, 9), 0x77);
    ck_assert_uint_eq(guest_read(2, 3), 0x11);
    finish();
    ck_assert_uint_eq(sum_of(disk), before);
}
END_TEST

START_TEST(snapshots_come_back)
{
    char line[160];
    make_disk(disk, DISK);
    uint32_t before = sum_of(disk);
    snprintf(line, sizeof line, "-snapshot -hda %s", disk);
    start_fresh(line);
    guest_write(2, 3, 0x11);
    guest_write(2, DISK / 512 - 1, 0x22);
    save();
    guest_write(2, 3, 0x33);
    finish();
    listen();
    ck_assert_msg(start_state("") == 0, "%s", err.text);
    ck_assert_uint_eq(lines, 0);
    ck_assert_uint_eq(guest_read(2, 3), 0x11);
    ck_assert_uint_eq(guest_read(2, DISK / 512 - 1), 0x22);
    guest_write(2, 4, 0x44);
    finish();
    ck_assert_uint_eq(sum_of(disk), before);
    /* Over another content it would mean something else. */
    FILE *f = fopen(disk, "r+b");
    putc('x', f);
    fclose(f);
    ck_assert_int_eq(start_state(""), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "disk.img: its content is not what it was"));
}
END_TEST

START_TEST(missing_and_moved_images)
{
    char line[300];
    make_disk(disk, DISK);
    make_disk(cd, 100 * 2048);
    snprintf(line, sizeof line, "-hda %s -cdrom %s", disk, cd);
    start_fresh(line);
    guest_write(2, 3, 0x11);
    save();
    finish();
    ck_assert_int_eq(rename(disk, moved), 0);
    ck_assert_int_eq(start_state(""), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "disk.img"));
    snprintf(line, sizeof line, "-hda %s", moved);
    ck_assert_msg(start_state(line) == 0, "%s", err.text);
    ck_assert_str_eq(image_path(session.config.drives.image[2]), moved);
    ck_assert_uint_eq(guest_read(2, 3), 0x11);
    ck_assert_int_eq(image_kind(session.config.drives.image[4]), DRIVE_CDROM);
    finish();
    /* another size; another place; another kind of use */
    ck_assert_int_eq(truncate(moved, DISK - 512), 0);
    ck_assert_int_eq(start_state(line), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "bytes"));
    make_disk(disk, DISK);
    snprintf(line, sizeof line, "-hdb %s", disk);
    ck_assert_int_eq(start_state(line), -1);
    snprintf(line, sizeof line, "-drive file=%s,index=0,readonly=on", disk);
    ck_assert_int_eq(start_state(line), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "readonly"));
    /* a CD must be the same */
    FILE *f = fopen(cd, "r+b");
    putc('x', f);
    fclose(f);
    ck_assert_int_eq(start_state(""), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "cd.iso: its content"));
}
END_TEST

static int load_now(void)
{
    struct savestate *st = savestate_open(&session, state, &err);
    int rc = st ? savestate_take(st, &session, &err) : -1;
    savestate_close(st);
    return rc;
}

START_TEST(loadvm_in_a_running_session)
{
    char line[160];
    make_disk(disk, DISK);
    snprintf(line, sizeof line, "-hda %s", disk);
    start_fresh(line);
    save();
    uint64_t hash = machine_hash(session.machine);
    machine_run(session.machine, 5000);
    guest_write(2, 3, 0x11);
    listen();
    ck_assert_msg(load_now() == 0, "%s", err.text);
    ck_assert_uint_eq(lines, 1); /* the disk has changed */
    ck_assert_uint_eq(machine_now(session.machine), 1000);
    ck_assert_uint_eq(machine_hash(session.machine), hash);
    ck_assert_uint_eq(guest_read(2, 3), 0);
    /* A refused one leaves all as it is: machine, disk, its lock. */
    machine_run(session.machine, 2000);
    guest_write(2, 3, 0x22);
    hash = machine_hash(session.machine);
    FILE *f = fopen(state, "r+b");
    fseek(f, 3000, SEEK_SET);
    putc('x', f);
    fclose(f);
    ck_assert_int_eq(load_now(), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "checksum"));
    ck_assert_uint_eq(machine_now(session.machine), 2000);
    ck_assert_uint_eq(machine_hash(session.machine), hash);
    ck_assert_uint_eq(guest_read(2, 3), 0x22);
    finish();
}
END_TEST

START_TEST(a_failed_load_gives_locks_back)
{
    char line[300];
    make_disk(disk, DISK);
    make_disk(cd, 100 * 2048);
    snprintf(line, sizeof line, "-hda %s -cdrom %s", disk, cd);
    start_fresh(line);
    save();
    unlink(cd);
    ck_assert_int_eq(load_now(), -1);
    struct image_request rq = {.path = disk};
    ck_assert_ptr_null(image_open(&rq, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "in use"));
    guest_write(2, 3, 0x22);
    finish();
}
END_TEST

START_TEST(where_a_state_may_go)
{
    char line[160];
    make_disk(floppy, FLOPPY);
    snprintf(line, sizeof line, "-fda %s", floppy);
    start_fresh(line);
    uint32_t before = sum_of(floppy);
    ck_assert_int_eq(savestate_save(&session, &(struct save_request){.path = floppy}, &err),
                     -1);
    ck_assert_ptr_nonnull(strstr(err.text, "disk in a drive"));
    ck_assert_int_eq(
        savestate_save(&session, &(struct save_request){.path = "/nonexistent/state"}, &err),
        -1);
    ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/state"));
    ck_assert_uint_eq(sum_of(floppy), before);
    save();
    uint32_t good = sum_of(state);
    save(); /* over the old one */
    ck_assert_uint_eq(sum_of(state), good);
    ck_assert_int_eq(
        savestate_save(&session, &(struct save_request){.path = "/dev/full"}, &err), -1);
    finish();
    snprintf(line, sizeof line, "-loadvm %s", floppy);
    ck_assert_int_eq(start(line), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "not a save state"));
    ck_assert_int_eq(start("-loadvm /nonexistent/state"), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
}
END_TEST

/* The guest runs on, and writes to its disk, while the state is written: it is the one of
 * before. */
START_TEST(a_running_guest_is_saved_as_it_was)
{
    enum { LARGE = 24 << 20 }; /* takes longer to read than the guest to write */
    static const char *const ways[] = {"", "-snapshot "};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        char line[160];
        make_disk(disk, LARGE);
        snprintf(line, sizeof line, "%s-hda %s", ways[i], disk);
        start_fresh(line);
        guest_write(2, LARGE / 512 - 2, 0x11);
        uint64_t hash = machine_hash(session.machine), now = machine_now(session.machine);
        struct saving *sv = saving_begin(&session, &(struct save_request){.path = state}, &err);
        ck_assert_ptr_nonnull(sv);
        machine_run(session.machine, now + 50000);
        guest_write(2, LARGE / 512 - 2, 0x22);
        ck_assert_int_eq(saving_end(sv, &err), 0);
        guest_write(2, LARGE / 512 - 2, 0x33); /* nobody holds it any more */
        ck_assert_uint_eq(guest_read(2, LARGE / 512 - 2), 0x33);
        finish();
        listen();
        ck_assert_msg(start_state("") == 0, "%s", err.text);
        ck_assert_uint_eq(machine_now(session.machine), now);
        ck_assert_uint_eq(machine_hash(session.machine), hash);
        ck_assert_uint_eq(guest_read(2, LARGE / 512 - 2), 0x11);
        finish();
    }
}
END_TEST

/* At a monitor the command returns when the file is there, and time has passed or not. */
START_TEST(time_passes_at_a_monitor_alone)
{
    start_fresh("");
    uint64_t now = machine_now(session.machine);
    save();
    ck_assert_uint_eq(machine_now(session.machine), now);
    session.scripted = false;
    session.stopped = true;
    save();
    ck_assert_uint_eq(machine_now(session.machine), now);
    session.stopped = false;
    while (machine_now(session.machine) == now) { /* a quick process may be faster */
        save();
    }
    finish();
}
END_TEST

static unsigned files_here(void)
{
    unsigned n = 0;
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    while (readdir(d)) {
        n++;
    }
    closedir(d);
    return n;
}

/* Whatever happens to the process that writes, the older state stays, and nothing else. */
START_TEST(a_kill_leaves_the_older_state)
{
    start_fresh("-m 8");
    save();
    uint32_t good = sum_of(state);
    unsigned files = files_here();
    machine_run(session.machine, 2000);
    for (unsigned us = 0; us < 3000; us += 200) {
        struct saving *sv = saving_begin(&session, &(struct save_request){.path = state}, &err);
        struct timespec t = {0, us * 1000L};
        ck_assert_ptr_nonnull(sv);
        nanosleep(&t, NULL);
        kill(saving_process(sv), SIGKILL);
        int rc = saving_end(sv, &err);
        if (rc == 0) { /* too late */
            good = sum_of(state);
        } else {
            ck_assert_ptr_nonnull(strstr(err.text, "was killed"));
            ck_assert_uint_eq(sum_of(state), good);
        }
        ck_assert_uint_eq(files_here(), files);
    }
    finish();
}
END_TEST

START_TEST(a_full_disk_leaves_the_older_state)
{
    struct rlimit before, small;
    start_fresh("-m 8");
    save();
    uint32_t good = sum_of(state);
    unsigned files = files_here();
    machine_run(session.machine, 2000);
    getrlimit(RLIMIT_FSIZE, &before);
    for (rlim_t most = 0; most < 9000; most += 1500) { /* the state has some more */
        small = (struct rlimit){most, before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
        int rc = savestate_save(&session, &(struct save_request){.path = state}, &err);
        setrlimit(RLIMIT_FSIZE, &before);
        ck_assert_int_eq(rc, -1);
        ck_assert_ptr_nonnull(strstr(err.text, "cannot write"));
        ck_assert_uint_eq(sum_of(state), good);
        ck_assert_uint_eq(files_here(), files);
    }
    finish();
}
END_TEST

/* Disks alone: the machine is switched on anew and finds them as a power cut leaves them. */
START_TEST(disks_only)
{
    char line[400];
    make_disk(disk, DISK);
    snprintf(line, sizeof line, "-snapshot -mips 3 -hda %s", disk);
    start_fresh(line);
    guest_write(2, 3, 0x11);
    struct save_request rq = {.path = state, .disks_only = true};
    ck_assert_msg(savestate_save(&session, &rq, &err) == 0, "%s", err.text);
    guest_write(2, 3, 0x22);
    finish();
    snprintf(line, sizeof line,
             "-bios %s -vgabios none -m 1 -cpu 486 -mips 3 -snapshot -hda %s", bios, disk);
    ck_assert_msg(start(line) == 0, "%s", err.text);
    uint64_t power_on = machine_hash(session.machine);
    finish();
    ck_assert_msg(start_state("") == 0, "%s", err.text);
    ck_assert_uint_eq(machine_now(session.machine), 0);
    ck_assert_uint_eq(machine_hash(session.machine), power_on);
    ck_assert_uint_eq(guest_read(2, 3), 0x11);
    finish();
    ck_assert_int_eq(start_state("-mips 4"), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "-mips"));
}
END_TEST

static void name(char *to, const char *file)
{
    snprintf(to, 96, "%s/%s", dir, file);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%.40s/state-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        return 1;
    }
    char *const paths[] = {bios, other_bios, state, disk, moved, floppy, cd};
    static const char *const files[] = {"bios.bin",  "other.bin",  "state", "disk.img",
                                        "moved.img", "floppy.img", "cd.iso"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        name(paths[i], files[i]);
    }
    report_hold(keep_line, NULL);
    Suite *s = suite_create("savestate");
    TCase *tc = tcase_create("savestate");
    tcase_add_unchecked_fixture(tc, make_bios, NULL);
    tcase_add_test(tc, options_against_a_state);
    tcase_add_test(tc, an_unchanged_disk_is_used_as_before);
    tcase_add_test(tc, a_changed_disk_is_covered_and_never_written);
    tcase_add_test(tc, snapshots_come_back);
    tcase_add_test(tc, missing_and_moved_images);
    tcase_add_test(tc, loadvm_in_a_running_session);
    tcase_add_test(tc, a_failed_load_gives_locks_back);
    tcase_add_test(tc, where_a_state_may_go);
    tcase_add_test(tc, a_running_guest_is_saved_as_it_was);
    tcase_add_test(tc, time_passes_at_a_monitor_alone);
    tcase_add_test(tc, a_kill_leaves_the_older_state);
    tcase_add_test(tc, a_full_disk_leaves_the_older_state);
    tcase_add_test(tc, disks_only);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        unlink(paths[i]);
    }
    rmdir(dir);
    return failed != 0;
}
