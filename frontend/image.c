/* frontend/image.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/image.h"

#include "devices/machine_file.h"
#include "frontend/overlay.h"
#include "frontend/report.h"
#include "frontend/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    char *path;
    unsigned owners;
    int fd;
    dev_t device;
    ino_t inode;
    uint64_t size;
    enum drive_kind kind;
    bool read_only, forced_read_only;
    bool can_write;   /* says the file's mode */
    bool boot_sector; /* 55 AA at the end of the first sector */
    bool dirty;       /* written to since the last flush */
    bool lost;        /* a flush failed: the host may have dropped what it had taken */
    bool error_told;  /* one line a file is enough */
    bool digested;    /* digest is that of the file */
    uint64_t digest;
    struct overlay *overlay;
    struct undo *undo;         /* NULL: no mark was ever set */
    struct undo_mark *first;   /* of when it was put in; or NULL */
    struct timespec laid_down; /* when it was last changed, of one at rest */
    void (*hold)(void *ctx);   /* to be called before it changes; NULL: nobody */
    void *hold_ctx;
};

/* KiB of the formats that the floppy controller knows: 5.25" with 8 and 9 sectors a track on
 * one and two sides, and 1.2M; 3.5" DD, HD and ED, and DD and HD with more cylinders or sectors
 * squeezed on (1680K is Microsoft's DMF). */
static const uint16_t floppy_kib[] = {160,  180,  320,  360,  640,  720,  800,  820,  1200,
                                      1440, 1476, 1494, 1600, 1680, 1722, 1743, 1760, 2880};

bool image_floppy_size(uint64_t bytes)
{
    for (size_t i = 0; i < ARRAY_LEN(floppy_kib); i++) {
        if (bytes == (uint64_t)floppy_kib[i] * 1024) {
            return true;
        }
    }
    return false;
}

/* --- what the drive calls ------------------------------------------------------------------
 */

static int trouble(struct image *im, const char *verb)
{
    if (!im->error_told) {
        im->error_told = true;
        report("%s: cannot %s: %s; the guest sees a drive error", short_path(im->path), verb,
               strerror(errno));
    }
    return -1;
}

static unsigned sector_size(const struct image *im)
{
    return im->kind == DRIVE_CDROM ? 2048 : 512;
}

static int image_read(void *ctx, uint64_t lba, void *out, uint32_t n)
{
    struct image *im = ctx;
    uint64_t at = lba * sector_size(im);
    size_t len = (size_t)n * sector_size(im);
    int rc =
        im->overlay ? overlay_read(im->overlay, at, out, len) : read_at(im->fd, at, out, len);
    return rc < 0 ? trouble(im, "read") : 0;
}

static int image_write(void *ctx, uint64_t lba, const void *in, uint32_t n)
{
    struct image *im = ctx;
    uint64_t at = lba * sector_size(im);
    size_t len = (size_t)n * sector_size(im);
    if (im->hold) {
        im->hold(im->hold_ctx);
    }
    if (im->undo && at <= im->size && len <= im->size - at) {
        undo_before_write(im->undo, at, len);
    }
    if (im->overlay) {
        return overlay_write(im->overlay, at, in, len) < 0 ? trouble(im, "write") : 0;
    }
    if (im->read_only || at > im->size || len > im->size - at) {
        return -1; /* never extends a file */
    }
    im->dirty = true;
    im->digested = false;
    return write_at(im->fd, at, in, len) < 0 ? trouble(im, "write") : 0;
}

static int image_flush(void *ctx)
{
    struct image *im = ctx;
    if (im->dirty && fdatasync(im->fd) < 0) {
        im->lost = true; /* the next fdatasync() would say that all is well */
        return trouble(im, "write");
    }
    im->dirty = false;
    return im->lost ? -1 : 0;
}

static const struct drive_ops image_ops = {image_read, image_write, image_flush};

/* --- for save states ------------------------------------------------------------------------
 */

int image_digest(struct image *im, uint64_t *digest)
{
    enum { BLOCK = 1 << 20 };
    uint8_t *block = im->digested ? NULL : malloc(BLOCK);
    uint64_t sum = 0;
    for (uint64_t at = 0; block && at < im->size; at += BLOCK) {
        size_t n = im->size - at < BLOCK ? (size_t)(im->size - at) : BLOCK;
        if (read_at(im->fd, at, block, n) < 0) {
            free(block);
            return trouble(im, "read");
        }
        sum = state_digest(sum, block, n);
    }
    if (!block && !im->digested) {
        return trouble(im, "read");
    }
    if (block) {
        im->digest = sum;
        im->digested = true;
    }
    free(block);
    *digest = im->digest;
    return 0;
}

int image_get(struct image *im, uint64_t at, void *out, size_t n)
{
    int rc = im->overlay ? overlay_read(im->overlay, at, out, n) : read_at(im->fd, at, out, n);
    return rc < 0 ? trouble(im, "read") : 0;
}

static int get_constant(void *ctx, uint64_t at, void *out, size_t n)
{
    const struct image *im = ctx;
    return read_at(im->fd, at, out, n);
}

void image_constant(struct image *im, struct state_image *out)
{
    uint64_t digest = 0;
    *out = (struct state_image){0};
    if ((im->read_only || im->overlay) && image_digest(im, &digest) == 0) {
        *out = (struct state_image){im, get_constant, im->size, digest};
    }
}

void image_hold(struct image *im, void (*fn)(void *ctx), void *ctx)
{
    im->hold = fn;
    im->hold_ctx = ctx;
}

bool image_overlaid(const struct image *im, uint64_t at, size_t n)
{
    return im->overlay && overlay_has(im->overlay, at, n);
}

int image_put_over(struct image *im, uint64_t at, const void *in, size_t n)
{
    return im->overlay && overlay_write(im->overlay, at, in, n) == 0 ? 0 : trouble(im, "write");
}

/* --- marks -----------------------------------------------------------------------------------
 */

static int undo_read(void *ctx, uint64_t at, void *out, size_t n)
{
    const struct image *im = ctx;
    return im->overlay ? overlay_read(im->overlay, at, out, n) : read_at(im->fd, at, out, n);
}

static int undo_write(void *ctx, uint64_t at, const void *in, size_t n)
{
    struct image *im = ctx;
    if (im->hold) {
        im->hold(im->hold_ctx);
    }
    if (im->overlay) {
        return overlay_write(im->overlay, at, in, n);
    }
    im->dirty = true;
    im->digested = false;
    return write_at(im->fd, at, in, n);
}

bool image_mark(struct image *im, struct undo_mark **mark)
{
    *mark = NULL;
    if (im->read_only) {
        return true;
    }
    if (!im->undo) {
        im->undo = undo_new(&(struct undo_disk){im, im->size, undo_read, undo_write});
    }
    *mark = im->undo ? undo_mark(im->undo) : NULL;
    return *mark != NULL;
}

void image_unmark(struct image *im, struct undo_mark *mark)
{
    if (mark) {
        undo_unmark(im->undo, mark);
    }
}

int image_go_back(struct image *im, struct undo_mark *mark)
{
    return mark ? undo_go(im->undo, mark) : 0;
}

bool image_keep_first(struct image *im)
{
    image_drop_first(im);
    return image_mark(im, &im->first);
}

void image_drop_first(struct image *im)
{
    image_unmark(im, im->first);
    im->first = NULL;
}

int image_go_first(struct image *im)
{
    return image_go_back(im, im->first);
}

uint64_t image_marks_bytes(const struct image *im)
{
    return im->undo ? undo_bytes(im->undo) : 0;
}

bool image_marks_lost(const struct image *im)
{
    return im->undo && undo_lost(im->undo);
}

/* --- opening -------------------------------------------------------------------------------
 */

static int open_file(struct image *im, const struct image_request *rq, struct error *err)
{
    const char *name = short_path(rq->path);
    struct stat st;
    if (stat(rq->path, &st) < 0) {
        return error_set(err, "%s: %s; check the name", name, strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) {
        return error_set(err, "%s: is a directory; give a disk image", name);
    }
    if (!S_ISREG(st.st_mode)) {
        return error_set(err, "%s: not a regular file; give a disk image", name);
    }
    /* The mode counts for root as well: who takes a file's w bits away means it. */
    bool can_read = (st.st_mode & 0444) != 0;
    im->fd = can_read ? open(rq->path, O_RDONLY | O_CLOEXEC) : -1;
    if (im->fd < 0) {
        return error_set(err, "%s: %s; make it readable", name,
                         strerror(can_read ? errno : EACCES));
    }
    if (fstat(im->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        return error_set(err, "%s: changed while it was opened; try again", name);
    }
    im->device = st.st_dev;
    im->inode = st.st_ino;
    im->size = (uint64_t)st.st_size;
    im->read_only = true;
    im->can_write = (st.st_mode & 0222) != 0;
    return 0;
}

/* Opens it anew, now that it is known to be a disk that may be written. */
static int open_for_writing(struct image *im, struct error *err)
{
    struct stat st;
    int fd = im->can_write ? open(im->path, O_RDWR | O_CLOEXEC) : -1;
    im->forced_read_only = fd < 0;
    if (fd < 0) {
        return 0;
    }
    if (fstat(fd, &st) < 0 || st.st_dev != im->device || st.st_ino != im->inode ||
        (uint64_t)st.st_size != im->size) {
        close(fd);
        return error_set(err, "%s: changed while it was opened; try again",
                         short_path(im->path));
    }
    close(im->fd);
    im->fd = fd;
    im->read_only = false;
    return 0;
}

static int try_lock(const struct image *im)
{
    return flock(im->fd, (im->read_only || im->overlay ? LOCK_SH : LOCK_EX) | LOCK_NB);
}

/* Several may read; one writes, alone. File systems without locks let everybody in. A disk that
 * goes back into the drive it is in must not find its own lock in the way. */
static int lock_file(struct image *im, struct image *former, struct error *err)
{
    bool again = former && former->device == im->device && former->inode == im->inode;
    if (again) {
        flock(former->fd, LOCK_UN);
    }
    if (try_lock(im) == 0 || errno != EWOULDBLOCK) {
        return 0;
    }
    if (again) {
        try_lock(former);
    }
    return error_set(err, "%s: in use by another program; end that one, or copy the image",
                     short_path(im->path));
}

/* Formats that are not raw, by their first bytes. NULL: none of them. */
static const char *foreign_format(const uint8_t *head)
{
    static const struct {
        const char *magic, *name;
        uint8_t len, offset;
    } formats[] = {
        {"QFI\xFB", "qcow2 images: not implemented yet", 4, 0},
        {"KDMV", "VMDK images: not implemented yet; convert it to raw", 4, 0},
        {"\x7F\x10\xDA\xBE", "VDI images: not implemented yet; convert it to raw", 4, 0x40},
        {"conectix", "VHD images: not implemented yet; convert it to raw", 8, 0},
        {"vhdxfile", "VHDX images: not implemented yet; convert it to raw", 8, 0},
        {"\x1F\x8B\x08", "is compressed; unpack it with gunzip", 3, 0},
        {"\xFD"
         "7zXZ",
         "is compressed; unpack it with unxz", 5, 0},
        {"BZh", "is compressed; unpack it with bunzip2", 3, 0},
        {"\x28\xB5\x2F\xFD", "is compressed; unpack it with unzstd", 4, 0},
        {"PK\x03\x04", "is a zip archive; unpack it", 4, 0},
        {"7z\xBC\xAF\x27\x1C", "is a 7-Zip archive; unpack it", 6, 0},
        {"Rar!", "is a RAR archive; unpack it", 4, 0},
        {"\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0",
         "a CD image with 2352 bytes a sector: not implemented yet; convert it to ISO", 12, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (memcmp(head + formats[i].offset, formats[i].magic, formats[i].len) == 0) {
            return formats[i].name;
        }
    }
    return NULL;
}

/* No disk has such a size. It may be something else that people boot. */
static int impossible_size(const struct image *im, struct error *err)
{
    static const uint8_t elf[] = {0x7F, 'E', 'L', 'F'}, linux[] = {'H', 'd', 'r', 'S'};
    uint8_t head[0x206] = {0};
    const char *name = short_path(im->path);
    bool read = im->size >= sizeof head && read_at(im->fd, 0, head, sizeof head) == 0;
    if (read && memcmp(head + 0x202, linux, sizeof linux) == 0) {
        return error_set(err, "%s: is a Linux kernel and no disk; boot it with -kernel", name);
    }
    if (read && memcmp(head, elf, sizeof elf) == 0) {
        return error_set(err, "%s: is a program and no disk; a kernel boots with -kernel",
                         name);
    }
    return error_set(err,
                     "%s: impossible size of %" PRIu64 " bytes, not a multiple of the "
                     "sector's %u; is the image complete?",
                     name, im->size, sector_size(im));
}

static bool is_iso9660(const struct image *im)
{
    char id[5]; /* volume descriptor at sector 16, after its type byte (ECMA-119 8.1) */
    return im->size >= 34816 && read_at(im->fd, 32769, id, sizeof id) == 0 &&
           memcmp(id, "CD001", sizeof id) == 0;
}

static int tell_kind(struct image *im, const struct image_request *rq, struct error *err)
{
    const char *name = short_path(im->path);
    uint8_t head[512] = {0};
    size_t len = im->size < sizeof head ? (size_t)im->size : sizeof head;
    if (im->size == 0) {
        return error_set(err, "%s: is empty; give a disk image", name);
    }
    if (read_at(im->fd, 0, head, len) < 0) {
        return error_set(err, "%s: %s; check the disk it is on", name, strerror(errno));
    }
    const char *foreign = rq->raw ? NULL : foreign_format(head);
    if (foreign) {
        return error_set(err, "%s: %s", name, foreign);
    }
    im->boot_sector = len == sizeof head && head[510] == 0x55 && head[511] == 0xAA;
    if (rq->kind != DRIVE_NONE) {
        im->kind = rq->kind;
    } else if (is_iso9660(im)) {
        im->kind = DRIVE_CDROM;
    } else if (image_floppy_size(im->size)) {
        im->kind = DRIVE_FLOPPY;
    } else {
        im->kind = DRIVE_DISK;
    }
    return im->size % sector_size(im) == 0 ? 0 : impossible_size(im, err);
}

void image_lock_again(struct image *im)
{
    if (im) {
        (void)try_lock(im);
    }
}

/* Of an image that will not be used after all. */
static struct image *give_up(struct image *im, struct image *former)
{
    image_close(im);
    image_lock_again(former); /* lock_file() may have let go of it */
    return NULL;
}

struct image *image_open(const struct image_request *rq, struct error *err)
{
    struct image *im = calloc(1, sizeof *im);
    if (!im) {
        error_set(err, "%s: out of memory", short_path(rq->path));
        return NULL;
    }
    im->owners = 1;
    im->fd = -1;
    im->path = strdup(rq->path);
    if (!im->path || open_file(im, rq, err) < 0 || tell_kind(im, rq, err) < 0) {
        return give_up(im, NULL);
    }
    bool writable = !rq->read_only && im->kind != DRIVE_CDROM;
    if ((writable && !rq->snapshot && open_for_writing(im, err) < 0) ||
        lock_file(im, rq->replaces, err) < 0) {
        return give_up(im, rq->replaces);
    }
    if (writable && rq->snapshot) {
        im->overlay = overlay_new(im->fd, im->size, err);
        if (!im->overlay) {
            return give_up(im, rq->replaces);
        }
        im->read_only = false;
    }
    return im;
}

struct image *image_share(struct image *im)
{
    im->owners++;
    return im;
}

void image_close(struct image *im)
{
    if (!im || --im->owners > 0) {
        return;
    }
    undo_free(im->undo);
    overlay_free(im->overlay);
    if (im->fd >= 0) {
        image_flush(im);
        close(im->fd);
    }
    free(im->path);
    free(im);
}

enum drive_kind image_kind(const struct image *im)
{
    return im->kind;
}

bool image_read_only(const struct image *im)
{
    return im->read_only;
}

bool image_forced_read_only(const struct image *im)
{
    return im->forced_read_only;
}

bool image_boot_sector(const struct image *im)
{
    return im->boot_sector;
}

bool image_snapshot(const struct image *im)
{
    return im->overlay != NULL;
}

const char *image_path(const struct image *im)
{
    return im->path;
}

bool image_is(const struct image *im, const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_dev == im->device && st.st_ino == im->inode;
}

uint64_t image_bytes(const struct image *im)
{
    return im->size;
}

struct media image_media(struct image *im)
{
    return (struct media){
        .kind = im->kind,
        .ops = &image_ops,
        .ctx = im,
        .sectors = im->size / sector_size(im),
        .sector_size = sector_size(im),
        .read_only = im->read_only,
    };
}

/* --- at rest -------------------------------------------------------------------------------
 */

void image_rest(struct image *im)
{
    struct stat st;
    image_flush(im);
    im->laid_down = fstat(im->fd, &st) == 0 ? st.st_mtim : (struct timespec){0, 0};
    flock(im->fd, LOCK_UN);
}

int image_wake(struct image *im, struct error *err)
{
    if (try_lock(im) < 0 && errno == EWOULDBLOCK) {
        return error_set(err, "%s: another program has it by now", short_path(im->path));
    }
    return 0;
}

bool image_rests(const struct image *im, const char *path)
{
    struct stat st;
    return !im->overlay && !im->read_only && image_is(im, path) && fstat(im->fd, &st) == 0 &&
           st.st_mtim.tv_sec == im->laid_down.tv_sec &&
           st.st_mtim.tv_nsec == im->laid_down.tv_nsec;
}

/* --- commit --------------------------------------------------------------------------------
 */

/* The same file, for writing; -1: err. */
static int open_to_commit(const struct image *im, struct error *err)
{
    struct stat st;
    const char *name = short_path(im->path);
    int fd = im->can_write ? open(im->path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) {
        return error_set(err, "commit: %s: cannot be written; make it writable", name);
    }
    if (fstat(fd, &st) < 0 || st.st_dev != im->device || st.st_ino != im->inode ||
        (uint64_t)st.st_size != im->size) {
        close(fd);
        return error_set(err, "commit: %s: is another file now", name);
    }
    if (flock(im->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(fd);
        return error_set(err, "commit: %s: another program has it open", name);
    }
    return fd;
}

static int copy_overlay(const struct image *im, int fd, uint64_t *bytes)
{
    enum { STEP = 4096 };
    uint8_t block[STEP];
    *bytes = 0;
    for (uint64_t at = 0; at < im->size; at += STEP) {
        size_t n = im->size - at < STEP ? (size_t)(im->size - at) : STEP;
        if (!overlay_has(im->overlay, at, n)) {
            continue;
        }
        if (overlay_read(im->overlay, at, block, n) < 0 || write_at(fd, at, block, n) < 0) {
            return -1;
        }
        *bytes += n;
    }
    return fdatasync(fd);
}

int image_commit(struct image *im, uint64_t *bytes, struct error *err)
{
    if (!im->overlay) {
        return error_set(err, "commit: %s: is no snapshot; what the guest writes is there",
                         short_path(im->path));
    }
    int fd = open_to_commit(im, err);
    if (fd < 0) {
        return -1;
    }
    int rc = copy_overlay(im, fd, bytes);
    if (rc < 0) {
        error_set(err, "commit: %s: %s; it is not complete, try again", short_path(im->path),
                  strerror(errno));
    }
    im->digested = false;
    close(fd);
    flock(im->fd, LOCK_SH | LOCK_NB);
    return rc;
}
