/* test_image.c -- disk images: what is refused and why, locks, snapshots, and that a file never
 * changes its size. Files live in a directory of their own, which is removed at the end.
 */
#include "frontend/posix.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontend/drives.h"
#include "frontend/image.h"
#include "frontend/overlay.h"
#include "frontend/report.h"

static char dir[64];
static struct error err;

static const char *in_dir(const char *name)
{
    static char path[4][128];
    static unsigned turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    return p;
}

/* A file of this size, byte i of each sector being its number + i. */
static const char *make(const char *name, size_t size)
{
    const char *path = in_dir(name);
    unlink(path);
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    for (size_t i = 0; i < size; i++) {
        putc((int)((i / 512 + i) & 0xFF), f);
    }
    ck_assert_int_eq(fclose(f), 0);
    return path;
}

static void poke(const char *path, long at, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "r+b");
    ck_assert_ptr_nonnull(f);
    fseek(f, at, SEEK_SET);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static off_t size_of(const char *path)
{
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    return st.st_size;
}

static struct image *open_plain(const char *path)
{
    struct image_request rq = {.path = path};
    err.text[0] = '\0';
    return image_open(&rq, &err);
}

static void refused(const char *path, const char *why)
{
    ck_assert_ptr_null(open_plain(path));
    ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, strrchr(path, '/') + 1) != NULL, "no name: %s", err.text);
}

START_TEST(kinds_by_content_and_size)
{
    static const unsigned kib[] = {160, 180, 320, 360, 720, 1200, 1440, 1680, 1722, 2880};
    for (size_t i = 0; i < ARRAY_LEN(kib); i++) {
        struct image *im = open_plain(make("f.img", kib[i] * 1024));
        ck_assert_msg(im != NULL, "%s", err.text);
        ck_assert_int_eq(image_kind(im), DRIVE_FLOPPY);
        struct media m = image_media(im);
        ck_assert_uint_eq(m.sectors, kib[i] * 2);
        ck_assert_uint_eq(m.sector_size, 512);
        image_close(im);
    }
    struct image *im = open_plain(make("hd.img", 1440 * 1024 + 512));
    ck_assert_int_eq(image_kind(im), DRIVE_DISK);
    image_close(im);
    const char *cd = make("cd.iso", 100 * 2048);
    poke(cd, 32769, "CD001", 5);
    im = open_plain(cd);
    ck_assert_int_eq(image_kind(im), DRIVE_CDROM);
    ck_assert_uint_eq(image_media(im).sectors, 100);
    image_close(im);
}
END_TEST

START_TEST(refusals)
{
    refused(in_dir("nosuch"), "No such file");
    refused(dir, "directory");
    refused(make("empty", 0), "empty");
    refused(make("odd", 1000), "impossible size");
    const char *q = make("q.qcow2", 200 * 1024);
    poke(q, 0, "QFI\xFB", 4);
    refused(q, "not implemented yet");
    const char *z = make("z.img.gz", 512);
    poke(z, 0, "\x1F\x8B\x08", 3);
    refused(z, "gunzip");
    const char *fifo = in_dir("fifo");
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    refused(fifo, "not a regular file");
    unlink(fifo);
    const char *secret = make("secret", 1474560);
    ck_assert_int_eq(chmod(secret, 0), 0);
    refused(secret, "readable");
    struct image_request raw = {.path = q, .raw = true};
    struct image *im = image_open(&raw, &err); /* format=raw believes its user */
    ck_assert_ptr_nonnull(im);
    image_close(im);
}
END_TEST

START_TEST(reads_and_writes)
{
    const char *path = make("rw.img", 1474560);
    struct image *im = open_plain(path);
    struct media m = image_media(im);
    uint8_t two[1024], back[1024];
    ck_assert_int_eq(m.ops->read(m.ctx, 2878, two, 2), 0);
    for (unsigned i = 0; i < sizeof two; i++) {
        ck_assert_uint_eq(two[i], (2878 + i / 512 + 2878 * 512 + i) & 0xFF);
    }
    memset(two, 0x5A, sizeof two);
    ck_assert_int_eq(m.ops->write(m.ctx, 100, two, 2), 0);
    ck_assert_int_eq(m.ops->flush(m.ctx), 0);
    ck_assert_int_eq(m.ops->read(m.ctx, 100, back, 2), 0);
    ck_assert_mem_eq(back, two, sizeof two);
    ck_assert_int_eq(m.ops->write(m.ctx, 2879, two, 2), -1); /* past the end */
    ck_assert_int_eq(m.ops->write(m.ctx, UINT64_MAX / 512, two, 2), -1);
    image_close(im);
    ck_assert_int_eq(size_of(path), 1474560);
}
END_TEST

START_TEST(read_only_files)
{
    const char *path = make("ro.img", 1474560);
    ck_assert_int_eq(chmod(path, 0444), 0);
    struct image *im = open_plain(path);
    ck_assert_ptr_nonnull(im);
    ck_assert(image_forced_read_only(im) && image_media(im).read_only);
    uint8_t sector[512] = {0};
    struct media m = image_media(im);
    ck_assert_int_eq(m.ops->write(m.ctx, 0, sector, 1), -1);
    image_close(im);
    struct image_request rq = {.path = path, .read_only = true};
    im = image_open(&rq, &err);
    ck_assert(!image_forced_read_only(im) && image_read_only(im));
    image_close(im);
}
END_TEST

START_TEST(locks)
{
    const char *path = make("lock.img", 1474560);
    struct image *writer = open_plain(path);
    refused(path, "in use");
    struct image_request snap = {.path = path, .snapshot = true};
    ck_assert_ptr_null(image_open(&snap, &err));
    image_close(writer);
    struct image *one = image_open(&snap, &err), *two = image_open(&snap, &err);
    ck_assert(one && two); /* readers agree with each other */
    refused(path, "in use");
    image_close(one);
    image_close(two);
    writer = open_plain(path);
    ck_assert_ptr_nonnull(writer);
    struct image_request again = {.path = path, .replaces = writer};
    struct image *same = image_open(&again, &err); /* the disk goes back into its drive */
    ck_assert_msg(same != NULL, "%s", err.text);
    image_close(writer);
    refused(path, "in use");
    image_close(same);
}
END_TEST

/* A change of disks that fails leaves the disk in the drive as it was: locked. */
START_TEST(a_failed_change_keeps_the_lock)
{
    const char *path = make("lock.img", 1474560);
    struct image *writer = open_plain(path);
    ck_assert_ptr_nonnull(writer);
    struct image_request again = {.path = path, .snapshot = true, .replaces = writer};
    char *tmp = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
    setenv("TMPDIR", "/nonexistent", 1);
    ck_assert_ptr_null(image_open(&again, &err)); /* no room for the overlay */
    if (tmp) {
        setenv("TMPDIR", tmp, 1);
    } else {
        unsetenv("TMPDIR");
    }
    free(tmp);
    refused(path, "in use");
    image_close(writer);

    path = make("lock.img", 1474560);
    char name[128];
    snprintf(name, sizeof name, "%s", path);
    struct drives d;
    struct options o = {.drives = 1};
    o.drive[0] =
        (struct drive_option){.option = "-drive", .file = name, .index = 0, .raw = true};
    ck_assert_msg(drives_open(&d, &o, &err) == 0, "%s", err.text);
    ck_assert_int_eq(truncate(path, 1474560 - 512), 0); /* no floppy any more */
    ck_assert_ptr_null(drives_open_for(&d, 0, path, false, &err));
    refused(path, "in use");
    ck_assert(drives_have(&d, path));
    drives_close(&d);
    ck_assert(!drives_have(&d, path));
}
END_TEST

START_TEST(snapshots)
{
    const char *path = make("snap.img", 360 * 1024);
    struct image_request rq = {.path = path, .snapshot = true};
    struct image *im = image_open(&rq, &err);
    ck_assert_ptr_nonnull(im);
    struct media m = image_media(im);
    static uint8_t model[360 * 1024], part[9 * 512];
    ck_assert_int_eq(m.ops->read(m.ctx, 0, model, 720), 0);
    uint32_t lcg = 1;
    for (unsigned round = 0; round < 300; round++) {
        lcg = lcg * 1664525 + 1013904223;
        unsigned n = 1 + (lcg >> 8) % 9, lba = (lcg >> 16) % (720 - n + 1);
        memset(part, (int)(lcg >> 24), sizeof part);
        ck_assert_int_eq(m.ops->write(m.ctx, lba, part, n), 0);
        memcpy(model + lba * 512, part, n * 512);
    }
    static uint8_t now[360 * 1024];
    ck_assert_int_eq(m.ops->read(m.ctx, 0, now, 720), 0);
    ck_assert_mem_eq(now, model, sizeof model);
    image_close(im);
    im = open_plain(path); /* nothing of it in the file */
    m = image_media(im);
    ck_assert_int_eq(m.ops->read(m.ctx, 0, now, 720), 0);
    for (unsigned i = 0; i < sizeof now; i++) {
        ck_assert_uint_eq(now[i], (i / 512 + i) & 0xFF);
    }
    image_close(im);
}
END_TEST

START_TEST(overlay_of_an_odd_tail)
{
    const char *path = make("tail.img", 4096 + 512); /* the last chunk is not whole */
    FILE *f = fopen(path, "rb");
    struct overlay *ov = overlay_new(fileno(f), 4096 + 512, &err);
    uint8_t bytes[1024];
    memset(bytes, 0xEE, sizeof bytes);
    ck_assert_int_eq(overlay_write(ov, 4096 - 256, bytes, 300), 0);
    ck_assert_int_eq(overlay_read(ov, 4096 - 512, bytes, 1024), 0);
    ck_assert_uint_eq(bytes[255], (7 + 3839) & 0xFF);
    ck_assert_uint_eq(bytes[256], 0xEE);
    ck_assert_uint_eq(bytes[555], 0xEE);
    ck_assert_uint_eq(bytes[556], (8 + 4140) & 0xFF);
    ck_assert_int_eq(overlay_read(ov, 4096 + 512, bytes, 1), -1);
    overlay_free(ov);
    fclose(f);
}
END_TEST

static unsigned lines;
static char last_line[256];

static void count_line(void *ctx, const char *line)
{
    (void)ctx;
    lines++;
    snprintf(last_line, sizeof last_line, "%s", line);
}

/* A host that runs out of room: a limit on file sizes stands in for a full disk. */
START_TEST(a_full_host_disk_is_a_drive_error)
{
    const char *path = make("full.img", 1474560);
    struct image *im = open_plain(path);
    struct media m = image_media(im);
    struct rlimit old, small = {.rlim_cur = 4096};
    uint8_t sector[512] = {0};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    report_hold(count_line, NULL);
    ck_assert_int_eq(m.ops->write(m.ctx, 0, sector, 1), 0);
    int rc = m.ops->write(m.ctx, 100, sector, 1);
    int rc2 = m.ops->write(m.ctx, 101, sector, 1);
    unsigned told = lines;
    setrlimit(RLIMIT_FSIZE, &old);
    ck_assert_int_eq(rc, -1);
    ck_assert_int_eq(rc2, -1);
    ck_assert_uint_eq(told, 1); /* once a file */
    ck_assert_ptr_nonnull(strstr(last_line, "full.img"));
    ck_assert_ptr_nonnull(strstr(last_line, strerror(EFBIG)));
    ck_assert_int_eq(m.ops->write(m.ctx, 100, sector, 1), 0); /* there is room again */
    image_close(im);
    ck_assert_int_eq(size_of(path), 1474560);
}
END_TEST

START_TEST(drives_have_one_image_each)
{
    const char *a = make("a.img", 1474560);
    struct options o = {.image = a};
    struct drives d;
    ck_assert_int_eq(drives_open(&d, &o, &err), 0);
    ck_assert(d.present[0] && !d.present[1] && d.first == 'a');
    ck_assert_ptr_null(drives_open_for(&d, 1, a, false, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "already in drive floppy0"));
    ck_assert_int_eq(drives_find(&d, "floppy0", &err), 0);
    ck_assert_int_eq(drives_find(&d, "floppy1", &err), -1);
    ck_assert_int_eq(drives_find(&d, "cdrom", &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "-cdrom"));
    drives_close(&d);
    o = (struct options){.image = a, .drives = 1};
    o.drive[0] = (struct drive_option){.option = "-fda", .index = 0};
    ck_assert_int_eq(drives_open(&d, &o, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "floppy0"));
}
END_TEST

/* IMAGE goes where QEMU's option for its kind would put it, and boots first. */
START_TEST(the_bare_image_finds_its_drive)
{
    const char *hd = make("hd.img", 2 << 20), *cd = make("cd.iso", 100 * 2048);
    struct drives d;
    struct options o = {.image = hd};
    poke(cd, 32769, "CD001", 5);
    ck_assert_msg(drives_open(&d, &o, &err) == 0, "%s", err.text);
    ck_assert(d.present[2] && d.kind[2] == DRIVE_DISK && d.first == 'c');
    ck_assert(d.present[0] && d.kind[0] == DRIVE_FLOPPY); /* empty, but there */
    drives_close(&d);
    o.image = cd;
    ck_assert_msg(drives_open(&d, &o, &err) == 0, "%s", err.text);
    ck_assert(d.present[4] && d.kind[4] == DRIVE_CDROM && d.first == 'd');
    ck_assert_int_eq(drives_find(&d, "cdrom", &err), 4);
    ck_assert_int_eq(drives_find(&d, "hdc", &err), 4);
    ck_assert(image_read_only(d.image[4]));
    drives_close(&d);
    /* A boot sector alone is a small hard disk; without its mark it is nothing. */
    const char *boot = make("boot.bin", 512);
    o.image = boot;
    ck_assert_int_eq(drives_open(&d, &o, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "impossible size"));
    poke(boot, 510, "\x55\xAA", 2);
    ck_assert_msg(drives_open(&d, &o, &err) == 0, "%s", err.text);
    ck_assert_int_eq(d.first, 'c');
    drives_close(&d);
}
END_TEST

static struct drive_option ide(const char *name, int index, enum drive_media media)
{
    static char file[4][128];
    static unsigned turn;
    char *copy = file[turn++ % 4];
    snprintf(copy, sizeof file[0], "%s", name);
    return (struct drive_option){
        .option = "-drive", .file = copy, .index = index, .iface = IF_IDE, .media = media};
}

START_TEST(ide_drives)
{
    const char *iso = make("cd.iso", 100 * 2048), *hd = make("hd.img", 63 * 512);
    struct options o = {.drives = 3};
    struct drives d;
    poke(iso, 32769, "CD001", 5);
    o.drive[0] = ide(iso, NEXT_FREE, MEDIA_CDROM); /* after the numbered one */
    o.drive[1] = ide(hd, 0, MEDIA_DISK);
    o.drive[2] = (struct drive_option){
        .option = "-drive", .index = 3, .iface = IF_IDE, .media = MEDIA_CDROM};
    ck_assert_msg(drives_open(&d, &o, &err) == 0, "%s", err.text);
    ck_assert(d.kind[2] == DRIVE_DISK && d.kind[3] == DRIVE_CDROM && d.kind[5] == DRIVE_CDROM);
    ck_assert(d.present[5] && !d.image[5] && !d.present[4]);
    struct media m = image_media(d.image[2]);
    ck_assert_uint_eq(m.sectors, 63);
    ck_assert_uint_eq(m.sector_size, 512);
    m = image_media(d.image[3]);
    ck_assert_uint_eq(m.sectors, 100);
    ck_assert_uint_eq(m.sector_size, 2048);
    ck_assert(m.read_only);
    char *text = drives_info(&d);
    ck_assert_ptr_nonnull(strstr(text, "hda: "));
    ck_assert_ptr_nonnull(strstr(text, "cdrom: "));
    ck_assert_ptr_nonnull(strstr(text, "hdd: empty"));
    free(text);
    ck_assert_int_eq(drives_find(&d, "hda", &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "cannot be changed"));
    /* Two readers may have the CD; the disk is ours. */
    struct image *other = open_plain(iso);
    ck_assert_ptr_nonnull(other);
    image_close(other);
    refused(hd, "in use");
    drives_close(&d);
    o.drive[0] = ide(iso, 0, MEDIA_CDROM);
    ck_assert_int_eq(drives_open(&d, &o, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "has its image already"));
    /* As a disk, an ISO is so many sectors of 512 bytes. */
    o = (struct options){.drives = 1};
    o.drive[0] = ide(iso, 1, MEDIA_DISK);
    ck_assert_msg(drives_open(&d, &o, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(image_media(d.image[3]).sectors, 400);
    drives_close(&d);
    truncate(iso, 100 * 2048 - 512);
    o.drive[0] = ide(iso, 1, MEDIA_CDROM);
    ck_assert_int_eq(drives_open(&d, &o, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "multiple of the sector's 2048"));
}
END_TEST

/* Whoever kills the emulator after the guest's write finds it in the file. */
START_TEST(writes_reach_the_file_at_once)
{
    const char *path = make("hd.img", 63 * 512);
    struct image_request rq = {.path = path, .kind = DRIVE_DISK};
    struct image *im = image_open(&rq, &err);
    struct media m = image_media(im);
    uint8_t sector[512], back[512];
    memset(sector, 0xA5, sizeof sector);
    ck_assert_int_eq(m.ops->write(m.ctx, 62, sector, 1), 0);
    FILE *f = fopen(path, "rb");
    ck_assert_int_eq(fseek(f, 62 * 512, SEEK_SET), 0);
    ck_assert_uint_eq(fread(back, 1, sizeof back, f), sizeof back);
    ck_assert_mem_eq(back, sector, sizeof back);
    fclose(f);
    ck_assert_int_eq(m.ops->flush(m.ctx), 0);
    image_close(im);
}
END_TEST

static void remove_all(void)
{
    static const char *const names[] = {
        "f.img",    "hd.img",   "cd.iso", "empty",    "odd",      "q.qcow2",
        "z.img.gz", "secret",   "rw.img", "ro.img",   "lock.img", "snap.img",
        "tail.img", "full.img", "a.img",  "boot.bin", "fifo"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        unlink(in_dir(names[i]));
    }
    rmdir(dir);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%.40s/image-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        return 1;
    }
    Suite *s = suite_create("image");
    TCase *tc = tcase_create("image");
    tcase_add_test(tc, kinds_by_content_and_size);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, reads_and_writes);
    tcase_add_test(tc, read_only_files);
    tcase_add_test(tc, locks);
    tcase_add_test(tc, a_failed_change_keeps_the_lock);
    tcase_add_test(tc, snapshots);
    tcase_add_test(tc, overlay_of_an_odd_tail);
    tcase_add_test(tc, a_full_host_disk_is_a_drive_error);
    tcase_add_test(tc, drives_have_one_image_each);
    tcase_add_test(tc, the_bare_image_finds_its_drive);
    tcase_add_test(tc, ide_drives);
    tcase_add_test(tc, writes_reach_the_file_at_once);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    remove_all();
    return failed != 0;
}
