/* devices/input_log.h -- recordings: the machine's start, everything that came through its
 * door, and its hash now and then. docs/log-format.md tells every byte.
 *
 *   file  = magic (16 bytes), version:32, block...
 *   block = kind:8, flags:8, zero:16, number:32, raw size:32, stored size:32,
 *           crc of these 16 bytes:32, crc of the payload:32, payload
 *
 * The first block is a text about the recording, the next ones are a whole save state
 * (machine_file.h) in pieces, all others hold records, deflated. A file that ends in the middle
 * of a block is good up to there: whoever wrote it was killed. Anything else that is not as it
 * should be is refused, before a record is seen.
 *
 * Reader and writer are of the core: no files, no clock. Numbers are little-endian.
 */
#ifndef TERRAPIN_DEVICES_INPUT_LOG_H
#define TERRAPIN_DEVICES_INPUT_LOG_H

#include "devices/machine.h"
#include "devices/machine_file.h"

enum {
    LOG_VERSION = 1,
    LOG_MAGIC = 16,
    LOG_PIECE = 256 << 10, /* of the state, in every block of it but the last */
    LOG_RECORDS = 1 << 20, /* raw bytes of a block of records, at most */
    LOG_ABOUT = 16 << 10,  /* bytes of the text */
    LOG_PATH = 4096,       /* with the NUL */
    LOG_BYTES = 64 << 10,  /* a debugger's store */
    LOG_TEXT = 200,        /* log_start.flip, with the NUL */
};

/* Inputs are 1 + enum input_kind. */
enum log_kind {
    LOG_INPUT = 1,
    LOG_START = 32, /* the first record: how the machine ran */
    LOG_PARTS,      /* names of the parts that hashes are of */
    LOG_HASH,       /* what machine_hash() and machine_parts() said at this tick */
    LOG_NOW,        /* it got as far as this tick */
    LOG_END,        /* and ended here, in good order */
};

struct log_start {
    bool stop_on_reset, stop_on_triple_fault;  /* as in machine_config: these are seen */
    bool single_step, no_assist, shadow_flush; /* these should not be */
    uint64_t date;                             /* the host's, seconds since 1970 */
    char flip[LOG_TEXT];                       /* a test's doing ("TICK,PART,BIT"), or "" */
};
struct log_medium { /* of INPUT_MEDIA, beside in.port and in.media.kind */
    bool read_only;
    uint32_t sector_size;
    uint64_t bytes, digest;
    const char *path; /* of the reader; until the next record */
};
struct log_record {
    unsigned kind; /* enum log_kind */
    uint64_t tick;
    struct input in; /* with tick and seq; its media have no ops */
    struct log_medium medium;
    struct log_start start;
    uint64_t hash; /* LOG_HASH and LOG_END */
    unsigned parts;
    uint64_t part[MACHINE_PARTS];
    uint8_t status; /* LOG_END: the exit code */
};

/* ---- writing. After the first failure every call does nothing and returns -1. */
struct log_writer;
/* NULL: no memory, or the sink failed. about: at most LOG_ABOUT - 1 characters. sink's owner
 * knows why it failed. Each block is one call of it. */
struct log_writer *log_create(const struct state_sink *sink, const char *about);
/* Where the save state goes, as a whole, before the first record. */
const struct state_sink *log_state_sink(struct log_writer *w);
/* The state is complete. tick, seq: of the machine, and of the next input. */
int log_start(struct log_writer *w, const struct log_start *start, uint64_t tick, uint64_t seq);
/* medium: of INPUT_MEDIA that is no ejection. */
int log_input(struct log_writer *w, const struct input *in, const struct log_medium *medium);
int log_hash(struct log_writer *w, uint64_t tick, uint64_t hash,
             const struct machine_part *part, unsigned parts);
/* Makes a block of what there is, with the present tick; nothing new: no block. */
int log_flush(struct log_writer *w, uint64_t tick);
int log_end(struct log_writer *w, uint64_t tick, uint64_t hash, uint8_t status);
uint64_t log_size(const struct log_writer *w); /* bytes so far */
void log_free(struct log_writer *w);           /* NULL is fine */

/* ---- reading */
struct log_reader {
    const struct state_source *source;
    /* What the file holds. */
    char about[LOG_ABOUT];
    struct log_start start;
    uint64_t first_tick, last_tick;
    uint64_t state_at, state_size; /* of its first block; of the state itself */
    uint64_t records_at;           /* the first block of records */
    uint64_t good;                 /* bytes: what follows was cut off */
    uint64_t inputs[INPUT_KINDS], hashes;
    bool ended;                                  /* has its end record */
    uint8_t status;                              /* of it */
    char name[MACHINE_PARTS][MACHINE_PART_NAME]; /* of parts */
    unsigned parts;
    /* Where it is. */
    uint64_t at;
    uint32_t number;
    uint8_t *raw, *stored;
    size_t raw_len, pos;
    uint64_t tick, seq;
    bool past_start, past_end;
    char path[LOG_PATH];
    char text[MACHINE_PART_NAME];
};
/* Reads and checks all of it. -1 and err; to be closed in any case. */
int log_open(struct log_reader *r, const struct state_source *source, struct error *err);
/* The save state in it. r: open, and to stay where it is. */
struct state_source log_state(struct log_reader *r);
void log_rewind(struct log_reader *r);
/* The next record: 1, 0 at the end, -1 with err (the source failed). rec points into r. */
int log_next(struct log_reader *r, struct log_record *rec, struct error *err);
void log_close(struct log_reader *r);

#endif
