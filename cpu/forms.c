/* cpu/forms.c -- see forms.h. */
#include "cpu/forms.h"

#include <stdlib.h>

#include "cpu/block.h"
#include "cpu/engine.h"

enum { MAP_SLOTS = 2048, CONDITIONS = 16 };

/* What a handler may be replaced by; NULL: nothing. */
struct forms {
    exec_fn *plain;
    exec_fn *b, *x, *s;        /* … where MODE_FLAT, FS or GS is set, or any_mode … */
    exec_fn *flat;             /* … with MODE_FLAT, too */
    exec_fn *pair[CONDITIONS]; /* … with the Jcc behind it, by its opcode's low digit */
    exec_fn *dead;             /* … where nobody reads its flags */
    bool still;                /* (still.def) */
    bool any_mode;
    bool pushes;           /* s needs MODE_FLAT, too: SS */
    uint8_t first, second; /* 1 + its place in `then`; 0: it has none */
    uint8_t thrice;        /* … in `then_then` */
};

struct form_map { /* open addressing by the handler's address */
    struct forms slot[MAP_SLOTS];
    uint64_t fast, fused, dead; /* counts */
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

#define STILL(name)       extern exec_fn exec_##name;
#define DEAD(name)        extern exec_fn exec_##name, exec_##name##_nf;
#include "cpu/still.def"
static const struct {
    exec_fn *plain, *dead;
} still[] = {
#define STILL(name)       {exec_##name, NULL},
#define DEAD(name)        {exec_##name, exec_##name##_nf},
#include "cpu/still.def"
};
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

/* One handler for instruction f[0] and those behind it, `many` of them in all; or NULL. */
static exec_fn *joined(const struct forms *const *f, unsigned many)
{
    if (many == 2) {
        return f[0]->first && f[1]->second ? then[f[0]->first - 1][f[1]->second - 1] : NULL;
    }
    return f[0]->thrice && f[1]->thrice && f[2]->thrice
               ? then_then[f[0]->thrice - 1][f[1]->thrice - 1][f[2]->thrice - 1]
               : NULL;
}

/* One, two and three in one, so that from each instruction the block goes on by as few handlers
 * as can be: chosen from the end, u[n], where what follows is known. */
static void join(const struct form_map *map, struct insn *u, unsigned n)
{
    static const struct forms none;
    const struct forms *f[BLOCK_MAX_INSNS + 2];
    uint8_t handlers[BLOCK_MAX_INSNS + 3] = {0}; /* from there to the end */
    f[n + 1] = &none;
    f[n] = slot_of(map, u[n].fn);
    handlers[n] = 1;
    for (unsigned k = n; k-- > 0;) {
        f[k] = slot_of(map, u[k].fn);
        handlers[k] = (uint8_t)(handlers[k + 1] + 1);
        for (unsigned many = 2; many <= 3; many++) {
            exec_fn *fn = joined(&f[k], many);
            if (fn && handlers[k + many] + 1 < handlers[k]) {
                handlers[k] = (uint8_t)(handlers[k + many] + 1);
                u[k].fn = fn;
            }
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

/* ---- flags that nobody reads */

/* Shifts and rotations (not through carry) by a constant: not by 0, they read no flag; else
 * they write none. */
static bool is_shift(const struct insn_row *row)
{
    bool shift = row->code == 0xC1 || row->code == 0xD1;
    return shift && row->digit != 2 && row->digit != 3;
}

/* Flags are dead where the block writes them again, and nothing in between can be seen from
 * outside: a fault would show them. */
static void drop_dead_flags(struct form_map *map, struct insn *u, const struct insn_cold *cold,
                            unsigned n)
{
    unsigned live = OSZAPC;
    for (unsigned k = n; k-- > 0;) {
        const struct forms *f = slot_of(map, u[k].fn);
        const struct insn_row *row = &insn_rows[cold[k].id];
        unsigned reads = row->reads, writes = row->writes;
        if (!f->still) {
            live = OSZAPC;
            continue;
        }
        if (is_shift(row)) {
            reads = 0;
            writes = row->code == 0xC1 && (u[k].imm & 31) == 0 ? 0 : writes;
        }
        if (f->dead && !(writes & live)) {
            u[k].fn = f->dead;
            map->dead++;
        }
        live = (live & ~writes) | (reads & OSZAPC);
    }
}

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
    for (size_t k = 0; k < ARRAY_LEN(still); k++) {
        struct forms *f = take_slot(map, still[k].plain);
        f->still = true;
        f->dead = still[k].dead;
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
    drop_dead_flags(map, u, cold, n);
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

void forms_counts(const struct form_map *map, uint64_t *fast_forms, uint64_t *fused_pairs,
                  uint64_t *dead_flags)
{
    *dead_flags = map->dead;
    *fast_forms = map->fast;
    *fused_pairs = map->fused;
}
