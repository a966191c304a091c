/* devices/drive.h -- a drive slot: medium, digest of everything that passed, change flag.
 *
 * Controllers (82077AA, ATA) go through drive_read/drive_write only, so that the state hash
 * sees every sector read and written (DESIGN section 1, -hash). Floppies: drives 0 and 1;
 * IDE: 2..5.
 */
#ifndef TERRAPIN_DEVICES_DRIVE_H
#define TERRAPIN_DEVICES_DRIVE_H

#include "devices/host.h"
#include "mem/state.h"

enum { DRIVE_FDA, DRIVE_FDB, DRIVE_HDA, DRIVE_HDB, DRIVE_HDC, DRIVE_HDD, DRIVE_COUNT };

struct drive {
    uint64_t digest;  /* running, over (LBA, data) of every sector read and written */
    uint64_t sectors; /* of the medium; 0: empty. State, so that a load can compare */
    uint32_t changes; /* media changes so far: the controller compares with its own copy */
    uint8_t kind;     /* enum drive_kind of the *drive*, fixed by configuration */
    bool read_only;
    uint8_t index;           /* its place: DRIVE_FDA … */
    bool errors_told;        /* DERIVED: one line on stderr a medium */
    struct media media;      /* DERIVED: host side */
    const struct host *host; /* DERIVED: to tell of host errors */
};
extern const struct schema drive_schema;

void drive_init(struct drive *d, unsigned index, const struct host *host); /* empty, no drive */
const char *drive_name(unsigned index);                                    /* "fda" … */

/* n sectors at lba; 0, or -1: out of range, empty, read-only or a host error. A failed
 * operation leaves the digest alone. */
int drive_read(struct drive *d, uint64_t lba, void *out, uint32_t n);
int drive_write(struct drive *d, uint64_t lba, const void *in, uint32_t n);
int drive_flush(struct drive *d);
void drive_insert(struct drive *d, const struct media *media); /* NULL: eject. changes++ */

#endif
