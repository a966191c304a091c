/* devices/host.h -- what a machine asks of the world outside: plain callbacks, never of use to
 * the guest as a clock or as randomness. The front end fills it in; any pointer may be NULL.
 */
#ifndef TERRAPIN_DEVICES_HOST_H
#define TERRAPIN_DEVICES_HOST_H

#include "mem/big.h"
#include "mem/types.h"

struct host {
    void *ctx;
    void (*debug)(void *ctx, uint8_t byte);              /* port E9h */
    void (*firmware)(void *ctx, uint8_t byte);           /* port 402h: SeaBIOS's log */
    void (*serial)(void *ctx, unsigned n, uint8_t byte); /* transmitted by serial n */
    void (*parallel)(void *ctx, uint8_t byte);
    void (*speaker)(void *ctx, uint64_t tick, bool out); /* each edge of the PC speaker */
    void (*note)(void *ctx, const char *line);           /* UNIMP, GUEST_BUG, drive errors */
    const struct big_memory *big, *sparse; /* mem/big.h; valid as long as the machine */
};

/* A disk image as the front end opened it. lba and n in 512-byte sectors (2048 for CD), inside
 * [0, sectors). 0, or -1 on a host error (which the drive then reports to its guest). */
struct drive_ops {
    int (*read)(void *ctx, uint64_t lba, void *out, uint32_t n);
    int (*write)(void *ctx, uint64_t lba, const void *in, uint32_t n);
    int (*flush)(void *ctx);
};

enum drive_kind { DRIVE_NONE, DRIVE_FLOPPY, DRIVE_DISK, DRIVE_CDROM };

struct media {            /* what is in a drive; copied by value */
    enum drive_kind kind; /* DRIVE_NONE: empty */
    const struct drive_ops *ops;
    void *ctx;
    uint64_t sectors;
    uint32_t sector_size; /* 512 or 2048 */
    bool read_only;
};

#endif
