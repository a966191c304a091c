/* devices/machine_file_priv.h -- parts of the writer of save states (machine_file.h): pages on
 * their way into sections (machine_file_pack.c), and pages that need not be written because
 * they are somewhere already (machine_file_known.c).
 */
#ifndef TERRAPIN_DEVICES_MACHINE_FILE_PRIV_H
#define TERRAPIN_DEVICES_MACHINE_FILE_PRIV_H

#include "devices/machine_file.h"

enum { STATE_RUN = 16, STATE_RUNS_HEAD = 4 };

/* ---- machine_file_write.c */
int state_fail(struct state_writer *w);
/* Section "KIND NAME", or KIND alone, with its payload in two pieces. */
int state_put(struct state_writer *w, const char *kind, const char *name, const void *a,
              size_t na, const void *b, size_t nb);

/* ---- machine_file_pack.c */
struct state_packs *packs_new(const struct state_crew *crew);
void packs_free(struct state_packs *p); /* NULL is fine */
/* Pages of this blob follow. */
void packs_start(struct state_packs *p, const char *name, uint64_t size, const uint8_t *under);
/* One more page: n bytes. what is STATE_DATA: here they are; stays: until state_end(), else
 * they are copied. Otherwise as in struct state_run. */
struct pack_page {
    uint64_t page;
    uint32_t what;
    uint64_t from;
    const uint8_t *bytes;
    size_t n;
    bool stays;
};
int packs_add(struct state_writer *w, const struct pack_page *page);
/* Everything so far becomes sections. */
int packs_flush(struct state_writer *w);
/* What the base has of that page; NULL: nothing. */
const uint8_t *packs_under(const struct state_packs *p, uint64_t page);
bool state_is_noise(const uint8_t *page);

/* ---- machine_file_known.c */
struct known_place {
    uint32_t blob;
    uint64_t at; /* in it: a byte */
};
struct known_pages *known_new(void);
void known_free(struct known_pages *k); /* NULL is fine */
/* An image of the number `blob`. false: out of memory. */
bool known_image(struct known_pages *k, uint32_t blob, const struct state_image *im);
/* size bytes of blob `blob`, which stay; pages that are known already are passed over. */
bool known_bytes(struct known_pages *k, uint32_t blob, const uint8_t *bytes, uint64_t size);
/* Memory that comes page by page: its first byte, which stays. */
void known_memory(struct known_pages *k, uint32_t blob, const uint8_t *bytes);
/* Is this page of the memory known? If not, it is from now on. noise: it may be anywhere. */
bool known_find(struct known_pages *k, uint64_t page, bool noise, struct known_place *place);

#endif
