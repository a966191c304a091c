/* drive.c -- sectors in and out of a drive slot, and the digest of all that passed. */
#include "devices/drive.h"

#include <inttypes.h>
#include <stdio.h>

static const struct field drive_fields[] = {
    FIELD(struct drive, digest),        FIELD(struct drive, sectors),
    FIELD(struct drive, changes),       FIELD_R(struct drive, kind, DRIVE_NONE, DRIVE_CDROM),
    FIELD(struct drive, read_only),     FIELD_R(struct drive, index, 0, DRIVE_COUNT - 1),
    DERIVED(struct drive, errors_told), DERIVED(struct drive, media),
    DERIVED(struct drive, host),        FIELDS_END,
};
const struct schema drive_schema = {"drive", sizeof(struct drive), 1, 1, drive_fields, NULL};

const char *drive_name(unsigned index)
{
    static const char *const names[DRIVE_COUNT] = {"fda", "fdb", "hda", "hdb", "hdc", "hdd"};
    return index < DRIVE_COUNT ? names[index] : "?";
}

void drive_init(struct drive *d, unsigned index, const struct host *host)
{
    *d = (struct drive){.index = (uint8_t)index, .host = host};
}

/* The host let us down: the guest sees a drive error, the user one line for each drive. */
static int host_error(struct drive *d, const char *verb, uint64_t lba)
{
    if (!d->errors_told && d->host && d->host->note) {
        char line[120];
        (void)snprintf(line, sizeof line,
                       "drive %s: the host could not %s sector %" PRIu64
                       "; the guest sees a drive error",
                       drive_name(d->index), verb, lba);
        d->host->note(d->host->ctx, line);
    }
    d->errors_told = true;
    return -1;
}

static bool inside(const struct drive *d, uint64_t lba, uint32_t n)
{
    return d->media.ops && n <= d->sectors && lba <= d->sectors - n;
}

static void digest(struct drive *d, uint64_t lba, const uint8_t *data, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        d->digest = hash_u64(d->digest, lba + i);
        d->digest = hash_bytes(d->digest, data, d->media.sector_size);
        data += d->media.sector_size;
    }
}

int drive_read(struct drive *d, uint64_t lba, void *out, uint32_t n)
{
    if (!inside(d, lba, n) || !d->media.ops->read) {
        return -1;
    }
    if (d->media.ops->read(d->media.ctx, lba, out, n) != 0) {
        return host_error(d, "read", lba);
    }
    digest(d, lba, out, n);
    return 0;
}

int drive_write(struct drive *d, uint64_t lba, const void *in, uint32_t n)
{
    if (!inside(d, lba, n) || d->read_only || !d->media.ops->write) {
        return -1;
    }
    if (d->media.ops->write(d->media.ctx, lba, in, n) != 0) {
        return host_error(d, "write", lba);
    }
    digest(d, lba, in, n);
    return 0;
}

int drive_flush(struct drive *d)
{
    if (!d->media.ops) {
        return -1;
    }
    if (d->media.ops->flush && d->media.ops->flush(d->media.ctx) != 0) {
        return host_error(d, "flush", 0);
    }
    return 0;
}

void drive_insert(struct drive *d, const struct media *media)
{
    d->media = media ? *media : (struct media){0};
    d->sectors = d->media.ops ? d->media.sectors : 0;
    d->read_only = d->media.read_only;
    d->errors_told = false;
    d->changes++;
}
