/* cpu/forms.c -- see forms.h. */
#include "cpu/forms.h"

#include <stdlib.h>

#include "cpu/engine.h"

enum { MAP_SLOTS = 2048, CONDITIONS = 16 };

/* What a handler may be replaced by; NULL: nothing. */
struct forms {
    exec_fn *plain;
    exec_fn *b, *x, *s;        /* … where MODE_FLAT, FS or GS is set, or any_mode … */
    exec_fn *flat;             /* … with MODE_FLAT, too */
    exec_fn *pair[CONDITIONS]; /* … with the Jcc behind it, by its opcode's low digit */
    bool any_mode;
    bool pushes;           /* s needs MODE_FLAT, too: SS */
    uint8_t first, second; /* 1 + its place in `then`; 0: it has none */
    uint8_t thrice;        /* … in `then_then` */
};

struct form_map { /* open addressing by the handler's address */
    struct forms slot[MAP_SLOTS];
    uint64_t fast, fused; /* counts */
};

// clang-format off
#define COND(name, code, CC) extern exec_fn exec_##name##_J##CC;
#define MEM(name)         extern exec_fn exec_##name, exec_##name##_b, exec_##name##_x, exec_##name##_s;
#define PUSHES(name)      MEM(name)
#define STACK(name)       extern exec_fn exec_##name, exec_##name##_flat;
#define ADDRESS(name)     extern exec_fn exec_##name, exec_##name##_b, exec_##name##_x;
#define PAIR(name, conds) extern exec_fn exec_##name; FOR_##conds(COND, name)
#include "cpu/forms.def"
#undef COND
#undef MEM
#undef PUSHES
#undef STACK
#undef ADDRESS
#undef PAIR

#define COND(name, code, CC) [code] = exec_##name##_J##CC,
#define MEM(name)         {.plain = exec_##name, .b = exec_##name##_b, .x = exec_##name##_x, .s = exec_##name##_s},
#define PUSHES(name)      {.plain = exec_##name, .b = exec_##name##_b, .x = exec_##name##_x, .s = exec_##name##_s, .pushes = true},
#define STACK(name)       {.plain = exec_##name, .flat = exec_##name##_flat},
#define ADDRESS(name)     {.plain = exec_##name, .b = exec_##name##_b, .x = exec_##name##_x, .any_mode = true},
#define PAIR(name, conds) {.plain = exec_##name, .pair = {FOR_##conds(COND, name)}},
static const struct forms list[] = {
#include "cpu/forms.def"
};
#undef COND
#undef MEM
#undef PUSHES
#undef STACK
#undef ADDRESS
#undef PAIR
// clang-format on

/* The handler's slot, or the free one that it would have. */
static const struct forms *slot_of(const struct form_map *map, exec_fn *fn)
{
    size_t at = ((uintptr_t)fn >> 4) * 0x9E3779B1u >> 7;
    while (map->slot[at % MAP_SLOTS].plain && map->slot[at % MAP_SLOTS].plain != fn) {
        at++;
    }
    return &map->slot[at % MAP_SLOTS];
}

/* … which it takes. */
static struct forms *take_slot(struct form_map *map, exec_fn *fn)
{
    struct forms *f = &map->slot[slot_of(map, fn) - map->slot];
    f->plain = fn;
    return f;
}

/* ---- two and three instructions in one handler: A, and B behind it (cpu/exec/then.c) */

#ifndef TERRAPIN_NO_THEN
// clang-format off
#define FIRST(A)         FIRST_##A,
#define SECOND(A, B)     SECOND_##B,
enum { FOR_FIRST(FIRST) FIRSTS };
enum { FOR_SECOND(SECOND,) FOR_GOING(SECOND,) SECONDS };
#undef FIRST
#undef SECOND

#define DECLARE(A, B)    extern exec_fn exec_##A##_then_##B;
#define DECLARE_ALL(A)   extern exec_fn exec_##A; FOR_SECOND(DECLARE, A) FOR_GOING(DECLARE, A)
#define DECLARE_B(A, B)  extern exec_fn exec_##B;
FOR_FIRST(DECLARE_ALL)
FOR_GOING(DECLARE_B,)
#undef DECLARE
#undef DECLARE_B

#define ENTRY(A, B)      [SECOND_##B] = exec_##A##_then_##B,
#define ROW(A)           [FIRST_##A] = {FOR_SECOND(ENTRY, A) FOR_GOING(ENTRY, A)},
static exec_fn *const then[FIRSTS][SECONDS] = {FOR_FIRST(ROW)};

#define THRICE(A)        THRICE_##A,
enum { FOR_THRICE(THRICE) THRICES };
#undef THRICE
#define DECLARE(A, B, C) extern exec_fn exec_##A##_then_##B##_then_##C;
#define DECLARE_B(A, B)  FOR_THRICE_C(DECLARE, A, B)
#define DECLARE_A(A)     FOR_THRICE_B(DECLARE_B, A)
FOR_THRICE(DECLARE_A)
#define ENTRY_C(A, B, C) [THRICE_##C] = exec_##A##_then_##B##_then_##C,
#define ROW_B(A, B)      [THRICE_##B] = {FOR_THRICE_C(ENTRY_C, A, B)},
#define ROW_A(A)         [THRICE_##A] = {FOR_THRICE_B(ROW_B, A)},
static exec_fn *const then_then[THRICES][THRICES][THRICES] = {FOR_THRICE(ROW_A)};
#define THRICE(A)        exec_##A,
static exec_fn *const thrice[THRICES] = {FOR_THRICE(THRICE)};

#define FIRST(A)         exec_##A,
#define SECOND(A, B)     exec_##B,
static exec_fn *const first[FIRSTS] = {FOR_FIRST(FIRST)};
static exec_fn *const second[SECONDS] = {FOR_SECOND(SECOND,) FOR_GOING(SECOND,)};
// clang-format on

static void enter_joined(struct form_map *map)
{
    for (uint8_t k = 0; k < FIRSTS; k++) {
        take_slot(map, first[k])->first = k + 1;
    }
    for (uint8_t k = 0; k < SECONDS; k++) {
        take_slot(map, second[k])->second = k + 1;
    }
    for (uint8_t k = 0; k < THRICES; k++) {
        take_slot(map, thrice[k])->thrice = k + 1;
    }
}

/* Two and three in one, from the left. */
static void join(const struct form_map *map, struct insn *u, unsigned n)
{
    for (unsigned k = 0; k + 1 < n; k++) {
        const struct forms *a = slot_of(map, u[k].fn), *b = slot_of(map, u[k + 1].fn);
        const struct forms *c = slot_of(map, u[k + 2].fn); /* at most the block's end */
        if (a->thrice && b->thrice && c->thrice) {
            u[k].fn = then_then[a->thrice - 1][b->thrice - 1][c->thrice - 1];
            k += 2;
        } else if (a->first && b->second) {
            u[k].fn = then[a->first - 1][b->second - 1];
            k++;
        }
    }
}
#else
static void enter_joined(struct form_map *map)
{
    (void)map;
}

static void join(const struct form_map *map, struct insn *u, unsigned n)
{
    (void)map;
    (void)u;
    (void)n;
}
#endif

/* ---- choosing */

struct form_map *form_map_new(void)
{
    struct form_map *map = calloc(1, sizeof *map);
    if (map == NULL) {
        return NULL;
    }
    for (size_t k = 0; k < ARRAY_LEN(list); k++) {
        *take_slot(map, list[k].plain) = list[k];
    }
    enter_joined(map);
    return map;
}

/* The mode bit that makes the operand's segment transparent. */
static uint32_t bit_of_segment(unsigned seg)
{
    static const uint32_t bit[SEG_COUNT] = {[SEG_ES] = MODE_FLAT,
                                            [SEG_SS] = MODE_FLAT,
                                            [SEG_DS] = MODE_FLAT,
                                            [SEG_FS] = MODE_FS,
                                            [SEG_GS] = MODE_GS};
    return bit[seg];
}

static exec_fn *address_form(const struct forms *f, uint32_t mode, const struct insn *u,
                             const struct insn_cold *cold)
{
    bool indexed = u->index != REG_ZERO;
    if (f->b == NULL || u->wrap != 0) {
        return NULL;
    }
    if (!f->any_mode && (!(cold->flags & CF_MEM) || !(mode & bit_of_segment(u->seg)))) {
        return NULL;
    }
    if (!f->any_mode && u->seg >= SEG_FS) {
        return indexed || (f->pushes && !(mode & MODE_FLAT)) ? NULL : f->s;
    }
    return indexed ? f->x : f->b;
}

/* A conditional jump with 32-bit operand size: its condition, else -1. */
static int condition_of(const struct insn_cold *cold)
{
    unsigned code = insn_rows[cold->id].code;
    bool jump = (code & ~0xFu) == 0x70 || (code & ~0xFu) == 0x180;
    return jump && (cold->flags & CF_OP32) ? (int)(code & 0xF) : -1;
}

void forms_choose(struct form_map *map, uint32_t mode, struct insn *u,
                  const struct insn_cold *cold, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        const struct forms *f = slot_of(map, u[k].fn);
        exec_fn *fn = address_form(f, mode, &u[k], &cold[k]);
        if (fn == NULL && (mode & MODE_FLAT)) {
            fn = f->flat;
        }
        if (fn != NULL) {
            u[k].fn = fn;
            f = slot_of(map, fn);
            map->fast++;
        }
        int condition = k + 1 < n ? condition_of(&cold[k + 1]) : -1;
        if (condition >= 0 && f->pair[condition]) {
            u[k].fn = f->pair[condition];
            map->fused++;
        }
    }
    join(map, u, n);
}

void forms_counts(const struct form_map *map, uint64_t *fast_forms, uint64_t *fused_pairs)
{
    *fast_forms = map->fast;
    *fused_pairs = map->fused;
}
