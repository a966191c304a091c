/* frontend/options_drive.c -- the options that name drives and their images. */
#include "frontend/posix.h"

#include "frontend/options_priv.h"

#include "frontend/parse.h"
#include "frontend/report.h"

#include <stdlib.h>
#include <string.h>

/* A new drive; file may be NULL. The list owns a copy of file. */
static struct drive_option *add_drive(struct options *o, const char *option, const char *file,
                                      struct error *err)
{
    if (o->drives == OPTION_DRIVES) {
        error_set(err, "%s: too many drives; leave one out", option);
        return NULL;
    }
    struct drive_option *d = &o->drive[o->drives];
    *d = (struct drive_option){.option = option, .index = NEXT_FREE};
    if (file) {
        d->file = strdup(file);
        if (!d->file) {
            error_set(err, "%s: out of memory", option);
            return NULL;
        }
    }
    o->drives++;
    return d;
}

/* The options that stand for a drive of fixed place. */
static const struct letter {
    const char *name, *option;
    enum drive_interface iface;
    int index;
    enum drive_media media;
} letters[] = {
    {"fda", "-fda", IF_FLOPPY, 0, MEDIA_DISK},   {"fdb", "-fdb", IF_FLOPPY, 1, MEDIA_DISK},
    {"hda", "-hda", IF_IDE, 0, MEDIA_DISK},      {"hdb", "-hdb", IF_IDE, 1, MEDIA_DISK},
    {"hdc", "-hdc", IF_IDE, 2, MEDIA_DISK},      {"hdd", "-hdd", IF_IDE, 3, MEDIA_DISK},
    {"cdrom", "-cdrom", IF_IDE, 2, MEDIA_CDROM},
};

int set_drive_letter(struct options *o, const struct option *row, const char *value,
                     struct error *err)
{
    const struct letter *l = letters;
    while (strcmp(l->name, row->name) != 0) {
        l++; /* options.def gives this function no other name */
    }
    struct drive_option *d = add_drive(o, l->option, value, err);
    if (!d) {
        return -1;
    }
    d->iface = l->iface;
    d->index = l->index;
    d->media = l->media;
    return 0;
}

/* One key=value of -drive. */
static int drive_key(struct drive_option *d, const char *key, const char *value,
                     struct error *err)
{
    uint64_t n;
    if (!value) {
        return error_set(err, "-drive %s: no value; use file=F,if=ide, and so on",
                         short_path(key));
    }
    if (strcmp(key, "file") == 0) {
        if (!*value) {
            return error_set(err, "-drive file=: an image needs a name");
        }
        free(d->file);
        d->file = strdup(value);
        return d->file ? 0 : error_set(err, "-drive: out of memory");
    }
    if (strcmp(key, "if") == 0 && (strcmp(value, "floppy") == 0 || strcmp(value, "ide") == 0)) {
        d->iface = *value == 'f' ? IF_FLOPPY : IF_IDE;
        return 0;
    }
    if (strcmp(key, "index") == 0 && parse_u64(value, 255, &n)) {
        d->index = (int)n;
        return 0;
    }
    if (strcmp(key, "media") == 0 &&
        (strcmp(value, "disk") == 0 || strcmp(value, "cdrom") == 0)) {
        d->media = *value == 'd' ? MEDIA_DISK : MEDIA_CDROM;
        return 0;
    }
    if (strcmp(key, "format") == 0 && strcmp(value, "qcow2") == 0) {
        return error_set(err, "-drive format=qcow2: not implemented yet");
    }
    if (strcmp(key, "format") == 0 && strcmp(value, "raw") == 0) {
        d->raw = true;
        return 0;
    }
    if (strcmp(key, "readonly") == 0 && parse_on_off(value, &d->read_only)) {
        return 0;
    }
    if (strcmp(key, "snapshot") == 0 && parse_on_off(value, &d->snapshot)) {
        return 0;
    }
    return error_set(err, "-drive %s=%s: unknown; see terrapin --help drive", key,
                     short_path(value));
}

static int check_drive(const struct drive_option *d, struct error *err)
{
    bool floppy = d->iface == IF_FLOPPY;
    if (d->index > (floppy ? 1 : 3)) {
        return error_set(err, "-drive index=%d: no such %s drive; use 0 to %d", d->index,
                         floppy ? "floppy" : "IDE", floppy ? 1 : 3);
    }
    if (floppy && d->media == MEDIA_CDROM) {
        return error_set(err, "-drive media=cdrom: not on if=floppy; use if=ide");
    }
    if (!floppy && d->media == MEDIA_DISK && !d->file) {
        return error_set(err, "-drive: a hard disk needs an image; add file=F");
    }
    return 0;
}

int set_drive(struct options *o, const struct option *row, const char *value, struct error *err)
{
    (void)row;
    struct drive_option *d = add_drive(o, "-drive", NULL, err);
    char *copy = d ? strdup(value) : NULL;
    if (!copy) {
        return d ? error_set(err, "-drive: out of memory") : -1;
    }
    d->iface = IF_IDE;
    int rc = 0;
    char *rest = copy;
    for (char *item; rc == 0 && (item = list_next(&rest)) != NULL;) {
        char *v = split_value(item);
        rc = drive_key(d, item, v, err);
    }
    free(copy);
    return rc == 0 ? check_drive(d, err) : -1;
}
