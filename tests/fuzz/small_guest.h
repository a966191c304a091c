/* tests/fuzz/small_guest.h -- a machine of 1 MB that uses every port, and its states in memory.
 *
 * Its firmware is a few bytes that read and write all ports in turn, with interrupts on, so
 * that every chip is in some state. A floppy, a disk and a CD are in memory, and shared by all
 * of its machines.
 */
#ifndef TERRAPIN_TESTS_FUZZ_SMALL_GUEST_H
#define TERRAPIN_TESTS_FUZZ_SMALL_GUEST_H

#include "devices/machine.h"
#include "devices/machine_file.h"
#include "mem/state.h"

struct file {
    struct writer w;
    struct state_sink sink;
    struct state_source source;
};
void file_init(struct file *f);

/* Ends the program when it is not so. */
void check(bool ok, const char *what);

/* A host that hears of nothing, for thousands of machines: what is sparse is not the C
 * library's, of whose memory a sanitizer writes an eighth whenever a machine comes or goes. */
const struct host *small_host(void);

struct machine *small_guest(const struct host *host);
void small_guest_save(struct machine *m, struct file *f);
/* NULL: refused, and err tells why. r: opened. */
struct machine *small_guest_load(struct state_reader *r, struct error *err);
/* The same for another host; a machine without the guest's drives gets none. */
struct machine *small_guest_load_for(struct state_reader *r, const struct host *host,
                                     struct error *err);
/* A state that others lie on, opened; bottom is for their reader's base. */
struct base {
    struct state_reader reader;
    struct machine_saved saved;
    struct state_bottom bottom;
};
/* false: f, which stays, is no good state. To be closed in any case. */
bool base_open(struct base *b, const struct file *f);
void base_close(struct base *b);
/* An incremental state of that one, which the file calls `name`. */
void small_guest_save_on(struct machine *m, struct base *b, const char *name, struct file *f);
/* A while, with keys, mouse and a serial line, looked at from all sides. Its hash. */
uint64_t small_guest_run(struct machine *m, uint64_t ticks);

bool section_is_packed(const char *name);
/* Makes all checksums of a state's file right, as far as it can be followed. */
void state_seal(uint8_t *bytes, size_t n);

#endif
