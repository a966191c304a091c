/* mem/state.h -- one field table per stateful struct.
 *
 * Purpose: a struct of guest-visible state is described once, by a table of its members.
 * Saving, loading (by name, ranges checked), hashing, comparing and the coverage test all read
 * that table, so none of them can forget a member.
 *
 *   static const struct field pit_fields[] = {
 *       FIELD(struct pit, latch),                     scalar, full range of its type
 *       FIELD_R(struct pit, mode, 0, 5),              scalar or array, range checked on load
 *       FIELD_A(struct pit, bytes),                   array of scalars
 *       FIELD_S(struct pit, ch, &channel_schema),     struct or array of structs
 *       FIELD_EVENT(struct pit, edge),                struct event (devices/clock.h): when +
 * seq DERIVED(struct pit, cache),                   recomputed by loaded(); not state
 *       FIELDS_END
 *   };
 *   const struct schema pit_schema = { "i8254", sizeof(struct pit), 1, 1, pit_fields, NULL };
 *
 * Rules: fixed-width members only, no pointers except in DERIVED members; save the chip, not
 * the implementation; loaded() touches its own struct only and says false to refuse.
 */
#ifndef TERRAPIN_MEM_STATE_H
#define TERRAPIN_MEM_STATE_H

#include "mem/error.h"
#include "mem/types.h"

enum field_kind { FK_END, FK_UINT, FK_INT, FK_BOOL, FK_STRUCT, FK_EVENT, FK_DERIVED };

struct schema;

struct field {
    const char *name;
    uint32_t offset;          /* of the member in its struct */
    uint32_t size;            /* bytes of one element */
    uint32_t count;           /* elements: 1 for a scalar */
    uint8_t kind;             /* enum field_kind */
    uint8_t since;            /* first schema version that has it */
    bool ranged;              /* min and max apply */
    uint64_t min, max;        /* inclusive; FK_INT values are compared as int64_t */
    const struct schema *sub; /* FK_STRUCT */
};

struct schema {
    const char *name;
    uint32_t size;              /* sizeof the struct */
    uint16_t version, oldest;   /* written; oldest that still loads */
    const struct field *fields; /* ends with FIELDS_END */
    bool (*loaded)(void *obj);  /* NULL or: recompute derived members; false = refuse */
};

/* The pending part of a struct event, as state_* sees it. devices/clock.h asserts the layout.
 */
struct event_state {
    uint64_t when; /* tick, or EVENT_IDLE */
    uint64_t seq;  /* order among events of the same tick */
};
#define EVENT_IDLE UINT64_MAX

// clang-format off
#define FK_OF(x)                                                                                 \
    _Generic((x), bool: FK_BOOL, uint8_t: FK_UINT, uint16_t: FK_UINT, uint32_t: FK_UINT,         \
             uint64_t: FK_UINT, int8_t: FK_INT, int16_t: FK_INT, int32_t: FK_INT, int64_t: FK_INT)
#define MEMBER_(T, m) (((T *)0)->m)
#define FIELD_(T, m, elem, knd, snc, rng, lo, hi, schema_)                                       \
    { .name = #m, .offset = (uint32_t)offsetof(T, m), .size = (uint32_t)sizeof(elem),            \
      .count = (uint32_t)(sizeof(MEMBER_(T, m)) / sizeof(elem)), .kind = (knd), .since = (snc),  \
      .ranged = (rng), .min = (uint64_t)(lo), .max = (uint64_t)(hi), .sub = (schema_) }

#define FIELD(T, m)           FIELD_(T, m, MEMBER_(T, m), FK_OF(MEMBER_(T, m)), 1, false, 0, 0, NULL)
#define FIELD_V(v, T, m)      FIELD_(T, m, MEMBER_(T, m), FK_OF(MEMBER_(T, m)), v, false, 0, 0, NULL)
#define FIELD_R(T, m, lo, hi) FIELD_(T, m, MEMBER_(T, m), FK_OF(MEMBER_(T, m)), 1, true, lo, hi, NULL)
#define FIELD_A(T, m)         FIELD_(T, m, MEMBER_(T, m)[0], FK_OF(MEMBER_(T, m)[0]), 1, false, 0, 0, NULL)
#define FIELD_AR(T, m, lo, hi) FIELD_(T, m, MEMBER_(T, m)[0], FK_OF(MEMBER_(T, m)[0]), 1, true, lo, hi, NULL)
/* m: a struct, or an array of structs whose size is that of *sch */
#define FIELD_S(T, m, sch, E) FIELD_(T, m, E, FK_STRUCT, 1, false, 0, 0, sch)
#define FIELD_EVENT(T, m)     { .name = #m, .offset = (uint32_t)offsetof(T, m),                  \
                                .size = (uint32_t)sizeof(MEMBER_(T, m)), .count = 1,             \
                                .kind = FK_EVENT, .since = 1 }
#define DERIVED(T, m)         { .name = #m, .offset = (uint32_t)offsetof(T, m),                  \
                                .size = (uint32_t)sizeof(MEMBER_(T, m)), .count = 1,             \
                                .kind = FK_DERIVED, .since = 1 }
#define FIELDS_END            { .name = NULL, .kind = FK_END }
// clang-format on

/* 64-bit hash of every non-derived field, in schema order, independent of host and layout. */
uint64_t state_hash(const struct schema *sc, const void *obj, uint64_t seed);

/* The hash's mixer, for those who hash bytes beside fields (pages, sectors). */
uint64_t hash_u64(uint64_t h, uint64_t value);
uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n);

/* Growable byte sink, and a bounded source. Save states and tests use them; nothing else does.
 */
struct writer {
    uint8_t *bytes;
    size_t len, cap;
    bool failed; /* out of memory: everything later is ignored */
};
struct reader {
    const uint8_t *bytes;
    size_t len, pos;
};
void writer_put(struct writer *w, const void *bytes, size_t n);
void writer_free(struct writer *w);
bool reader_get(struct reader *r, void *out, size_t n); /* false at the end: nothing is read */

/* Write obj as (name, values) records; read it back by name. A value out of range, an unknown
 * version, a missing or surplus field: -1 with the field's name in err. obj is then
 * half-written: load into a fresh object and swap. */
void state_save(const struct schema *sc, const void *obj, struct writer *w);
int state_load(const struct schema *sc, void *obj, struct reader *r, struct error *err);

/* The same without names, as the host has it in memory, for this process alone: nothing is
 * checked on the way back but by loaded(). Both return the place behind; unpack NULL if
 * refused.
 */
size_t state_copy_size(const struct schema *sc);
uint8_t *state_copy_out(const struct schema *sc, const void *obj, uint8_t *out);
const uint8_t *state_copy_in(const struct schema *sc, void *obj, const uint8_t *in);

/* Name of the first field that differs ("ch[0].count: 4a9e, 4a9f") into text; false if none. */
bool state_diff(const struct schema *sc, const void *a, const void *b, char *text, size_t n);

/* For tests: turns over one bit of a field, counted from 0 in schema order through all scalar
 * fields (of a bool: one). Its path goes to text. false: there is no such bit, or the field
 * cannot have that value; nothing has changed. loaded() has been called. */
bool state_flip(const struct schema *sc, void *obj, uint64_t bit, char *text, size_t n);

/* Checks that every byte of the struct is named exactly once or is alignment padding. Returns
 * -1 with the place in err. (Padding: a gap smaller than 8 bytes before an aligned member or at
 * the end; structs avoid it by ordering members.) */
int state_coverage(const struct schema *sc, struct error *err);

/* Calls f for each scalar field, nested ones with a path; for `info`, docs and fuzz
 * dictionaries. */
typedef void state_visit_fn(void *ctx, const char *path, const struct field *f, uint64_t value);
void state_visit(const struct schema *sc, const void *obj, state_visit_fn *visit, void *ctx);

#endif
