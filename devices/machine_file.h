/* devices/machine_file.h -- the container of save states (docs/state-format.md).
 *
 *   file    = magic (16 bytes), version:32, section..., and the section "end"
 *   section = name (length:8, characters), length:32, payload, crc:32
 *
 * All numbers are little-endian. Each section has a checksum of its own; "end" has one over all
 * heads and checksums, which is the whole file's.
 *
 * A blob is a long run of bytes, page by page: a section "blob NAME" with its size, then
 * sections "pages NAME" with runs of pages: deflated, zeros, or the same as pages of a blob
 * that came before. What pages that are left out stand for is the owner's business: zeros, or
 * what is there already. "raw NAME" is memory as it is, at a place in the file where it can be
 * mapped.
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
    STATE_HEADER = 20,         /* bytes of magic and version */
    STATE_NAME = 96,           /* longest name of a section, without the NUL */
    STATE_SECTION = 320 << 10, /* longest payload, but of raw sections */
    STATE_PAGE = 4096,
    STATE_PAGES = 64, /* most pages deflated in one section */
    STATE_PACKED = STATE_PAGES * STATE_PAGE,
    STATE_RAW_AT = 65536, /* raw bytes begin at a multiple: no host's pages are larger */
    STATE_RAW_HEAD = 20,
    STATE_PATH = 4095,           /* longest path of a base, without the NUL */
    STATE_CHAIN = 16,            /* states on top of each other, the whole one included */
    STATE_IMAGE_MOST = 64 << 20, /* so much of a disk image is looked at for pages */
};
#define STATE_MOST (UINT64_C(1) << 40) /* bytes of a file */

/* Where a state goes: -1, and the owner of the sink knows why. skip, or NULL: n bytes of zeros,
 * which may become a hole. */
struct state_sink {
    void *ctx;
    int (*put)(void *ctx, const void *bytes, size_t n);
    int (*skip)(void *ctx, uint64_t n);
    const struct state_crew *crew; /* or NULL */
};
/* Who deflates while the caller goes on; the file does not depend on it. */
struct state_crew {
    void *ctx;
    void (*give)(void *ctx, void (*work)(void *job), void *job); /* work(job), soon */
    void (*await)(void *ctx, void *job);                         /* not before it is done */
};
/* Where it comes from: size bytes that can be read anywhere, more than once. */
struct state_source {
    void *ctx;
    uint64_t size;
    int (*get)(void *ctx, uint64_t at, void *out, size_t n);
    /* Or NULL. n bytes from `at` (a multiple of STATE_RAW_AT) on as memory that can be stored
     * to, which the file does not notice; NULL: cannot be had. */
    uint8_t *(*map)(void *ctx, uint64_t at, uint64_t n);
    void (*unmap)(uint8_t *bytes, uint64_t n);
};

/* The file of a disk image, which stays as it is: 0, or -1. at + n: inside. */
struct state_image {
    void *ctx; /* NULL: there is none */
    int (*get)(void *ctx, uint64_t at, void *out, size_t n);
    uint64_t size, digest;
};
/* What an incremental state leaves out: the base's bytes of a blob of this name and size, or
 * NULL. They stay until state_end(). */
struct state_under {
    void *ctx;
    const uint8_t *(*bytes)(void *ctx, const char *name, uint64_t size);
};

/* ---- writing. After the first failure every call does nothing and returns -1. */
struct state_packs; /* pages on their way into sections */
struct known_pages; /* what pages of memory may refer to */
struct state_writer {
    const struct state_sink *sink;
    uint64_t at;                   /* bytes so far */
    uint32_t crc, whole, sections; /* of this section, of the file; how many there are */
    uint64_t id;
    uint32_t blobs; /* and images */
    /* To be set after state_begin(): memory goes into raw sections; or, of an incremental
     * state, pages that the base has are left out. */
    bool raw;
    const struct state_under *under;
    struct state_packs *packs;
    struct known_pages *known;
    bool failed;
};
int state_begin(struct state_writer *w, const struct state_sink *sink);
int state_section(struct state_writer *w, const char *name, const void *payload, size_t n);
/* The same, deflated: for structs, whose buffers are mostly empty. n: at most STATE_PACKED. */
int state_packed(struct state_writer *w, const char *name, const void *payload, size_t n);
/* To come first: this is an incremental state of that one. */
int state_over(struct state_writer *w, uint64_t id, uint64_t size, const char *path);
/* An image that pages of memory may refer to, of the drive of this name; it stays as it is, and
 * can be read, until state_end(). */
int state_image(struct state_writer *w, const char *drive, const struct state_image *im);
/* Announces a blob; its pages follow, in ascending order, before any other section. */
int state_blob(struct state_writer *w, const char *name, uint64_t size);
/* A page as it is; n: STATE_PAGE, or what is left for the last one. */
int state_page(struct state_writer *w, uint64_t page, const void *bytes, size_t n);
/* A page of memory: zeros need no bytes, nor does what state_known() knows or what was the same
 * in a page before, of this or another blob of memory; of what does not deflate, nor do bytes
 * of those, or of an image, at any place. bytes stay as they are until state_end().
 */
int state_memory_page(struct state_writer *w, uint64_t page, const uint8_t *bytes);
/* A whole blob that is in memory; zero pages are left out. */
int state_bytes(struct state_writer *w, const char *name, const uint8_t *bytes, uint64_t size);
/* The blob announced last, whose bytes stay in place until state_end(): pages of memory that
 * equal one of its pages refer to it. */
int state_known(struct state_writer *w, const uint8_t *bytes, uint64_t size);
/* Memory to be mapped; sum: of its state hash. used: by page, 0 where there are zeros, which
 * are not looked at then, for the host may have no memory for them; NULL: nobody knows. */
int state_raw(struct state_writer *w, const char *name, const uint8_t *bytes, uint64_t size,
              uint64_t sum, const uint64_t *used);
int state_end(struct state_writer *w); /* and frees; to be called in any case */

/* ---- reading */
struct state_reader;
struct machine_saved;
/* The state that an incremental one lies on. */
struct state_bottom {
    struct state_reader *reader;
    const struct machine_saved *saved;
};
struct state_reader {
    const struct state_source *source;
    uint64_t at; /* of the section behind the present one */
    char name[STATE_NAME + 1];
    uint64_t payload_at;
    uint32_t length;
    uint32_t head_crc;         /* of the head */
    uint8_t *payload;          /* of the present section, once state_payload() has read it */
    uint8_t *chunk;            /* room for inflated pages */
    char blob[STATE_NAME + 1]; /* the blob that pages would belong to, or "" */
    uint64_t blob_size, next_page;
    uint32_t blobs; /* blobs and images so far, the present one included */
    bool is_blob;   /* the present section has a number among them: blobs - 1 */
    const struct state_bottom *base; /* to be set by the owner of an incremental state */
    uint32_t runs, run;
    size_t used;              /* bytes of chunk that went to runs so far */
    uint32_t sections, whole; /* checked, once opened: how many sections; the file's checksum */
    uint64_t id;              /* which state it is */
};
/* Reads all of it and checks the checksums. -1 and err: it is no save state, of another
 * version, damaged, or cut short. To be closed in any case. */
int state_open(struct state_reader *r, const struct state_source *source, struct error *err);
void state_rewind(struct state_reader *r);
/* The next section: 1, 0 at "end", -1 with err. */
int state_next(struct state_reader *r, struct error *err);
/* Reads its payload (length bytes) and checks its checksum. Not of a raw section. */
int state_payload(struct state_reader *r, struct error *err);
/* The payload of a packed section, inflated: r->chunk, *n bytes. */
int state_unpack(struct state_reader *r, size_t *n, struct error *err);
void state_close(struct state_reader *r);
/* What an incremental state lies on. 1, 0: it is a whole one, -1 with err. */
struct state_base {
    uint64_t id, size; /* of the file */
    char path[STATE_PATH + 1];
};
int state_base_of(struct state_reader *r, struct state_base *base, struct error *err);
/* Of a section "image NAME": size and digest of the image. */
int state_image_head(struct state_reader *r, uint64_t *size, uint64_t *digest,
                     struct error *err);

/* What the present section is: "KIND NAME" with this kind? Then its NAME, else NULL. */
const char *state_named(const struct state_reader *r, const char *kind);
/* Of a section "blob NAME": the size, at most `most`. */
int state_blob_size(struct state_reader *r, uint64_t most, uint64_t *size, struct error *err);

/* Of a section "pages NAME": the runs of pages in it. */
enum { STATE_DATA, STATE_ZEROS, STATE_SAME };
struct state_run {
    uint64_t at, n; /* bytes of the blob */
    uint32_t what; /* STATE_DATA, STATE_ZEROS, or STATE_SAME + number of the blob or image … */
    uint64_t from; /* … at which byte */
    const uint8_t *bytes;
};
int state_pages(struct state_reader *r, struct error *err);
bool state_run(struct state_reader *r, struct state_run *run); /* false: no more */
void state_run_again(struct state_reader *r);                  /* from the first one */
/* Pages into a blob that is in memory: blob_size bytes. known: of blobs and images by number,
 * or NULL: none can be meant. missed, or NULL: an image may be missing; its pages are zeros,
 * and counted. */
struct state_known {
    const uint8_t *bytes; /* NULL: an image, or unknown */
    uint64_t size;
    struct state_image image;
    bool is_image;
};
int state_pages_into(struct state_reader *r, uint8_t *bytes, const struct state_known *known,
                     unsigned knowns, uint64_t *missed, struct error *err);

/* Of a section "raw NAME": where the bytes are in the file. */
struct state_raw {
    uint64_t size, sum, at;
};
int state_raw_head(struct state_reader *r, struct state_raw *raw, struct error *err);
int state_raw_read(struct state_reader *r, const struct state_raw *raw, uint8_t *bytes,
                   struct error *err);

/* The bytes that every state begins with. */
void state_header(uint8_t header[STATE_HEADER]);
/* 64 bits that tell equal contents from different ones (not from forged ones). */
uint64_t state_digest(uint64_t digest, const void *bytes, size_t n);
bool state_all_zero(const void *bytes, size_t n);

#endif
