/* cpu/forms.c -- see forms.h. */
#include "cpu/forms.h"

#include <stdlib.h>

#include "cpu/engine.h"

enum { MAP_SLOTS = 512, CONDITIONS = 16 };

/* What a handler may be replaced by; NULL: nothing. */
struct forms {
    exec_fn *plain;
    exec_fn *b, *x, *s;        /* … where MODE_FLAT, FS or GS is set, or any_mode … */
    exec_fn *flat;             /* … with MODE_FLAT, too */
    exec_fn *pair[CONDITIONS]; /* … with the Jcc behind it, by its opcode's low digit */
    bool any_mode;
    bool pushes; /* s needs MODE_FLAT, too: SS */
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

struct form_map *form_map_new(void)
{
    struct form_map *map = calloc(1, sizeof *map);
    for (size_t k = 0; map && k < ARRAY_LEN(list); k++) {
        map->slot[slot_of(map, list[k].plain) - map->slot] = list[k];
    }
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
}

void forms_counts(const struct form_map *map, uint64_t *fast_forms, uint64_t *fused_pairs)
{
    *fast_forms = map->fast;
    *fused_pairs = map->fused;
}
