/* devices/machine_file.h -- the container of save states: named sections, one after the other.
 *
 *   file    = magic (16 bytes), version:32, section..., and the section "end"
 *   section = name (length:8, characters), length:32, payload, crc:32
 *
 * All numbers are little-endian. crc is CRC-32 over all bytes of the file up to its own place
 * other than earlier crcs: each section checks its order too, and "end" the whole file.
 *
 * A blob is a long run of bytes: a section "blob NAME" with its size, then sections "chunk
 * NAME" with a number and up to CHUNK bytes, deflated. What a chunk that is left out stands for
 * is the owner's business: zeros, or what is there already.
 *
 * Files come from anywhere: every length and number is checked before it is used, and the
 * checksums before anything else.
 */
#ifndef TERRAPIN_DEVICES_MACHINE_FILE_H
#define TERRAPIN_DEVICES_MACHINE_FILE_H

#include "mem/error.h"
#include "mem/types.h"

enum {
    STATE_VERSION = 1,
    STATE_NAME = 96,           /* longest name of a section, without the NUL */
    STATE_CHUNK = 256 << 10,   /* bytes of a blob in one section */
    STATE_SECTION = 320 << 10, /* longest payload; no less than a chunk that does not deflate */
};

/* Where a state goes: -1, and the owner of the sink knows why. */
struct state_sink {
    void *ctx;
    int (*put)(void *ctx, const void *bytes, size_t n);
};
/* Where it comes from: size bytes that can be read anywhere, more than once. */
struct state_source {
    void *ctx;
    uint64_t size;
    int (*get)(void *ctx, uint64_t at, void *out, size_t n);
};

/* ---- writing. After the first failure every call does nothing and returns -1. */
struct state_writer {
    const struct state_sink *sink;
    uint32_t crc;
    uint8_t *packed; /* room for a deflated chunk */
    bool failed;
};
int state_begin(struct state_writer *w, const struct state_sink *sink);
int state_section(struct state_writer *w, const char *name, const void *payload, size_t n);
int state_blob(struct state_writer *w, const char *name, uint64_t size);
int state_chunk(struct state_writer *w, const char *name, uint64_t number, const void *bytes,
                size_t n);
/* A whole blob that is in memory; zero chunks are left out. */
int state_bytes(struct state_writer *w, const char *name, const uint8_t *bytes, uint64_t size);
int state_end(struct state_writer *w); /* and frees; to be called in any case */

/* ---- reading */
struct state_reader {
    const struct state_source *source;
    uint64_t at;  /* of the section behind the present one */
    uint32_t crc; /* up to there */
    char name[STATE_NAME + 1];
    uint8_t *payload; /* of the present section */
    uint32_t length;
    uint8_t *chunk; /* room for an inflated one */
};
/* Reads all of it and checks the checksums. -1 and err: it is no save state, of another
 * version, damaged, or cut short. To be closed in any case. */
int state_open(struct state_reader *r, const struct state_source *source, struct error *err);
void state_rewind(struct state_reader *r);
/* The next section: 1, 0 at "end", -1 with err. */
int state_next(struct state_reader *r, struct error *err);
void state_close(struct state_reader *r);

/* What the present section is: "KIND NAME" with this kind? Then its NAME, else NULL. */
const char *state_named(const struct state_reader *r, const char *kind);
/* Of a section "blob NAME": the size, at most `most`. */
int state_blob_size(const struct state_reader *r, uint64_t most, uint64_t *size,
                    struct error *err);
/* Of a section "chunk NAME" of a blob of so many bytes: r->chunk and its place and length. */
int state_chunk_bytes(struct state_reader *r, uint64_t size, uint64_t *at, size_t *n,
                      struct error *err);

/* 64 bits that tell equal contents from different ones (not from forged ones). */
uint64_t state_digest(uint64_t digest, const void *bytes, size_t n);
bool state_all_zero(const void *bytes, size_t n);

#endif
