/* cpu/exec/x87.c -- the x87's loads, stores and moves, and how its instructions end (SDM 1
 * 8.1.2 the register stack, 8.5 exceptions, 5.2.1 data transfer).
 */
#include "cpu/x87.h"

#include <string.h>

#include "cpu/flags.h"

/* ---- the end of an instruction */

void x87_summarize(struct cpu *cpu, const struct insn *i)
{
    struct x87 *f = &cpu->x87;
    bool before = f->status & X87_ES, now = x87_unmasked(cpu, f->status) != 0;
    f->status = (uint16_t)(f->status & ~(X87_ES | X87_BUSY));
    f->status |= now ? X87_ES | X87_BUSY : 0;
    if (before != now) {
        x87_error_changed(cpu, i);
    }
}

/* An invalid operation comes alone; an unmasked exception of the operands leaves nothing to say
 * about a result (SDM 1 4.9.2). */
static unsigned precedence(const struct cpu *cpu, unsigned raised)
{
    if (raised & FX_IE) {
        return raised & X87_SF ? raised & X87_STACK_FULL : FX_IE;
    }
    return x87_forbids(cpu, raised) ? raised & X87_BEFORE : raised;
}

void x87_done_codes(struct cpu *cpu, const struct insn *i, unsigned raised, unsigned affected,
                    unsigned codes)
{
    struct x87 *f = &cpu->x87;
    raised = precedence(cpu, raised);
    f->ip = cpu->eip + (i->imm & 0xFF);
    f->cs = cpu->sel[SEG_CS];
    f->opcode = (uint16_t)(i->imm >> 16);
    f->status = (uint16_t)((f->status & ~affected) | raised | codes);
    if (x87_unmasked(cpu, raised)) {
        x87_summarize(cpu, i);
    }
}

/* ---- loads */

/* A denormal is loaded though DE may be unmasked: processors do, the manual does not say. */
static void load(struct cpu *cpu, const struct insn *i, struct fx80 v, unsigned raised)
{
    if (!x87_empty(&cpu->x87, 7) && !(raised & X87_SF)) {
        v = fx_indefinite;
        raised = X87_STACK_FULL;
    }
    if (!(x87_unmasked(cpu, raised) & FX_IE)) {
        x87_push(&cpu->x87, v);
    }
    x87_done(cpu, i, raised);
}

static void load_mem(struct cpu *cpu, const struct insn *i, eaddr ea, struct fx80 v,
                     const struct fx_ctx *c)
{
    x87_data(cpu, i, ea);
    load(cpu, i, v, c->raised);
}

#define PLAIN_LOAD(NAME, FETCH)                                                                \
    static void plain_##NAME(struct cpu *cpu, const struct insn *i)                            \
    {                                                                                          \
        eaddr ea = insn_ea(cpu, i);                                                            \
        struct fx_ctx c = X87_CONTEXT(cpu);                                                    \
        struct fx80 v = (FETCH);                                                               \
        load_mem(cpu, i, ea, v, &c);                                                           \
    }
/* A function, as what has its address taken must be gone before the tail call. */
#define LOAD(NAME, FETCH)                                                                      \
    PLAIN_LOAD(NAME, FETCH)                                                                    \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        plain_##NAME(cpu, i);                                                                  \
        NEXT();                                                                                \
    }

/* Ten bytes are a quadword and a word, each with its own address: a 16-bit one wraps. */
static eaddr word_ea(const struct insn *i, eaddr ea)
{
    return (ea + 8) & (UINT32_MAX >> i->wrap);
}

static void read_ten(struct cpu *cpu, const struct insn *i, eaddr ea, uint8_t bytes[10])
{
    if (word_ea(i, ea) == ea + 8) {
        lmem_read_bytes(cpu, i, ea, bytes, 10, 8);
    } else {
        lmem_read_bytes(cpu, i, ea, bytes, 8, 8);
        store_le16(bytes + 8, (uint16_t)lmem_r16(cpu, i, i->seg, word_ea(i, ea)));
    }
}

static void probe_ten(struct cpu *cpu, const struct insn *i, eaddr ea)
{
    lmem_probe_whole(cpu, i, i->seg, ea, 8, ACCESS_WRITE);
    lmem_probe_whole(cpu, i, i->seg, word_ea(i, ea), 2, ACCESS_WRITE);
}

static void write_ten(struct cpu *cpu, const struct insn *i, eaddr ea, const uint8_t bytes[10])
{
    if (word_ea(i, ea) == ea + 8) {
        lmem_write_bytes(cpu, i, ea, bytes, 10, 8);
    } else {
        probe_ten(cpu, i, ea);
        lmem_write_bytes(cpu, i, ea, bytes, 8, 8);
        lmem_w16(cpu, i, i->seg, word_ea(i, ea), load_le16(bytes + 8));
    }
}

static struct fx80 load80(struct cpu *cpu, const struct insn *i, eaddr ea)
{
    uint8_t bytes[10];
    read_ten(cpu, i, ea, bytes);
    return (struct fx80){load_le64(bytes), load_le16(bytes + 8)};
}

static struct fx80 load_bcd(struct cpu *cpu, const struct insn *i, eaddr ea)
{
    uint8_t bytes[10];
    read_ten(cpu, i, ea, bytes);
    return fx_from_bcd(bytes);
}

LOAD(FLD_m80, load80(cpu, i, ea))
LOAD(FILD_i16, fx_from_i64((int16_t)lmem_r16(cpu, i, i->seg, ea)))
LOAD(FILD_i32, fx_from_i64((int32_t)lmem_r32(cpu, i, i->seg, ea)))
LOAD(FILD_i64, fx_from_i64((int64_t)lmem_r64(cpu, i, ea)))
LOAD(FBLD, load_bcd(cpu, i, ea))

/* The usual case of any load: a place is free, and nothing is raised. Copied piece by piece,
 * lest the processor stall (x87_get). */
static inline bool quick_load(struct cpu *cpu, const struct insn *i, struct fx80 v)
{
    struct x87 *f = &cpu->x87;
    unsigned r = (f->top - 1) & 7;
    if (UNLIKELY(f->full >> r & 1)) {
        return false;
    }
    f->reg[r].m = v.m;
    f->reg[r].se = v.se;
    f->top = (uint8_t)r;
    f->full |= (uint8_t)(1u << r);
    x87_done_quick(cpu, i, 0);
    return true;
}

#define LOAD_FROM_32 lmem_r32(cpu, i, i->seg, ea)
#define LOAD_FROM_64 lmem_r64(cpu, i, ea)
#define LOAD_FLOAT(N)                                                                          \
    PLAIN_LOAD(FLD_m##N, fx_from_f##N(&c, LOAD_FROM_##N))                                      \
    EXEC(FLD_m##N)                                                                             \
    {                                                                                          \
        {                                                                                      \
            eaddr ea = insn_ea(cpu, i);                                                        \
            const uint8_t *p = lmem_rd_ptr(cpu, i->seg, ea, N / 8);                            \
            struct fx80 v;                                                                     \
            if (p != NULL && fx_quick_from_f##N(load_le##N(p), &v) && quick_load(cpu, i, v)) { \
                x87_data(cpu, i, ea);                                                          \
            } else {                                                                           \
                plain_FLD_m##N(cpu, i);                                                        \
            }                                                                                  \
        }                                                                                      \
        NEXT();                                                                                \
    }
// clang-format off
LOAD_FLOAT(32)
LOAD_FLOAT(64)
// clang-format on

EXEC(FLD_STi)
{
    struct x87 *f = &cpu->x87;
    bool empty = x87_empty(f, i->b);
    if (empty || !quick_load(cpu, i, x87_get(f, i->b))) {
        load(cpu, i, empty ? fx_indefinite : x87_get(f, i->b), empty ? X87_STACK_EMPTY : 0);
    }
    NEXT();
}

EXEC(FLD_constant)
{
    {
        struct fx_ctx c = X87_CONTEXT(cpu);
        load(cpu, i, fx_constant(&c, i->b), 0);
    }
    NEXT();
}

/* ---- stores */

/* After the store, or where none was allowed: then an overflow or underflow leaves neither
 * precision nor rounding to speak of, for there is no result. The operand's address is checked
 * all the same, and a fault comes first. */
static void stored(struct cpu *cpu, const struct insn *i, eaddr ea, unsigned size,
                   unsigned raised, bool pop)
{
    if (x87_forbids_store(cpu, raised)) {
        if (size == 10) {
            probe_ten(cpu, i, ea);
        } else {
            lmem_probe_whole(cpu, i, i->seg, ea, size, ACCESS_WRITE);
        }
        raised &= ~(unsigned)(FX_PE | FX_C1);
    } else if (pop) {
        x87_pop(&cpu->x87);
    }
    x87_data(cpu, i, ea);
    x87_done(cpu, i, raised);
}

/* CONVERT: of x87_get(f, 0), in context c; EMPTY: what a masked stack underflow stores. */
#define PLAIN_STORE(NAME, TYPE, CONVERT, EMPTY, WRITE, POP)                                    \
    static void plain_##NAME(struct cpu *cpu, const struct insn *i)                            \
    {                                                                                          \
        eaddr ea = insn_ea(cpu, i);                                                            \
        struct x87 *f = &cpu->x87;                                                             \
        struct fx_ctx c = X87_CONTEXT(cpu);                                                    \
        bool empty = x87_empty(f, 0);                                                          \
        TYPE v = empty ? (TYPE)(EMPTY) : (TYPE)(CONVERT);                                      \
        unsigned raised = empty ? X87_STACK_EMPTY : c.raised;                                  \
        if (!x87_forbids_store(cpu, raised)) {                                                 \
            WRITE;                                                                             \
        }                                                                                      \
        stored(cpu, i, ea, sizeof v, raised, POP);                                             \
    }
#define STORE(NAME, TYPE, CONVERT, EMPTY, WRITE, POP)                                          \
    PLAIN_STORE(NAME, TYPE, CONVERT, EMPTY, WRITE, POP)                                        \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        plain_##NAME(cpu, i);                                                                  \
        NEXT();                                                                                \
    }

/* FISTTP (SSE3) rounds toward zero whatever the control word says. */
static struct fx_ctx *chop(struct fx_ctx *c)
{
    c->control |= FX_CHOP << 10;
    return c;
}

#define WRITE16 lmem_w16(cpu, i, i->seg, ea, v)
#define WRITE32 lmem_w32(cpu, i, i->seg, ea, v)
#define WRITE64 lmem_w64(cpu, i, ea, v)
#define I64_MIN UINT64_C(0x8000000000000000)

// clang-format off
STORE(FST_m32,   uint32_t, fx_to_f32(&c, x87_get(f, 0)), 0xFFC00000u, WRITE32, false)
STORE(FSTP_m32,  uint32_t, fx_to_f32(&c, x87_get(f, 0)), 0xFFC00000u, WRITE32, true)
STORE(FIST_i16,  uint16_t, fx_to_i16(&c, x87_get(f, 0)), 0x8000, WRITE16, false)
STORE(FISTP_i16, uint16_t, fx_to_i16(&c, x87_get(f, 0)), 0x8000, WRITE16, true)
STORE(FIST_i32,  uint32_t, fx_to_i32(&c, x87_get(f, 0)), 0x80000000u, WRITE32, false)
STORE(FISTP_i32, uint32_t, fx_to_i32(&c, x87_get(f, 0)), 0x80000000u, WRITE32, true)
STORE(FISTP_i64, uint64_t, fx_to_i64(&c, x87_get(f, 0)), I64_MIN, WRITE64, true)
STORE(FISTTP_i16, uint16_t, fx_to_i16(chop(&c), x87_get(f, 0)), 0x8000, WRITE16, true)
STORE(FISTTP_i32, uint32_t, fx_to_i32(chop(&c), x87_get(f, 0)), 0x80000000u, WRITE32, true)
STORE(FISTTP_i64, uint64_t, fx_to_i64(chop(&c), x87_get(f, 0)), I64_MIN, WRITE64, true)
// clang-format on

/* … to 64 bits, for which there is a shorter way in the common case. */
#define STORE_M64(NAME, POP)                                                                   \
    PLAIN_STORE(NAME, uint64_t, fx_to_f64(&c, x87_get(f, 0)), UINT64_C(0xFFF8000000000000),    \
                WRITE64, POP)                                                                  \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        {                                                                                      \
            struct x87 *f = &cpu->x87;                                                         \
            eaddr ea = insn_ea(cpu, i);                                                        \
            uint8_t *p = lmem_wr_ptr(cpu, i->seg, ea, 8);                                      \
            uint64_t v;                                                                        \
            unsigned raised = 0;                                                               \
            if (p != NULL && x87_quick(cpu) && x87_full(f, f->top & 7, f->top & 7) &&          \
                fx_quick_to_f64(x87_get(f, 0), &v, &raised)) {                                 \
                store_le64(p, v);                                                              \
                if (POP) {                                                                     \
                    x87_pop(f);                                                                \
                }                                                                              \
                x87_data(cpu, i, ea);                                                          \
                x87_done_quick(cpu, i, raised);                                                \
            } else {                                                                           \
                plain_##NAME(cpu, i);                                                          \
            }                                                                                  \
        }                                                                                      \
        NEXT();                                                                                \
    }
// clang-format off
STORE_M64(FST_m64, false)
STORE_M64(FSTP_m64, true)
// clang-format on

EXEC(FSTP_m80)
{
    eaddr ea = insn_ea(cpu, i);
    bool empty = x87_empty(&cpu->x87, 0);
    unsigned raised = empty ? X87_STACK_EMPTY : 0;
    if (!x87_forbids_store(cpu, raised)) {
        struct fx80 v = empty ? fx_indefinite : x87_get(&cpu->x87, 0);
        uint8_t bytes[10];
        store_le64(bytes, v.m);
        store_le16(bytes + 8, v.se);
        write_ten(cpu, i, ea, bytes);
    }
    stored(cpu, i, ea, 10, raised, true);
    NEXT();
}

static void store_bcd(struct cpu *cpu, const struct insn *i)
{
    static const uint8_t indefinite[10] = {0, 0, 0, 0, 0, 0, 0, 0xC0, 0xFF, 0xFF};
    eaddr ea = insn_ea(cpu, i);
    struct fx_ctx c = X87_CONTEXT(cpu);
    uint8_t bytes[10];
    memcpy(bytes, indefinite, sizeof bytes);
    if (x87_empty(&cpu->x87, 0)) {
        c.raised = X87_STACK_EMPTY;
    } else {
        fx_to_bcd(&c, x87_get(&cpu->x87, 0), bytes);
    }
    if (!x87_forbids_store(cpu, c.raised)) {
        write_ten(cpu, i, ea, bytes);
    }
    stored(cpu, i, ea, 10, c.raised, true);
}

EXEC(FBSTP)
{
    store_bcd(cpu, i);
    NEXT();
}

/* ---- moves between registers */

static void copy(struct cpu *cpu, const struct insn *i, bool pop)
{
    struct x87 *f = &cpu->x87;
    bool empty = x87_empty(f, 0);
    unsigned raised = empty ? X87_STACK_EMPTY : 0;
    if (!x87_forbids(cpu, raised)) {
        x87_set(f, i->b, empty ? fx_indefinite : x87_get(f, 0));
        if (pop) {
            x87_pop(f);
        }
    }
    x87_done(cpu, i, raised);
}

EXEC(FST_STi)
{
    copy(cpu, i, false);
    NEXT();
}

EXEC(FSTP_STi)
{
    copy(cpu, i, true);
    NEXT();
}

/* An undocumented code: an empty ST goes unnoticed, and nowhere. */
EXEC(FSTP_D9)
{
    struct x87 *f = &cpu->x87;
    if (!x87_empty(f, 0)) {
        x87_set(f, i->b, x87_get(f, 0));
    }
    x87_pop(f);
    x87_done(cpu, i, 0);
    NEXT();
}

static struct fx80 or_indefinite(struct x87 *f, unsigned n)
{
    return x87_empty(f, n) ? fx_indefinite : x87_get(f, n);
}

static void exchange(struct cpu *cpu, const struct insn *i)
{
    struct x87 *f = &cpu->x87;
    unsigned raised = x87_empty(f, 0) || x87_empty(f, i->b) ? X87_STACK_EMPTY : 0;
    if (!x87_forbids(cpu, raised)) {
        struct fx80 a = or_indefinite(f, 0), b = or_indefinite(f, i->b);
        x87_set(f, 0, b);
        x87_set(f, i->b, a);
    }
    x87_done(cpu, i, raised);
}

EXEC(FXCH)
{
    struct x87 *f = &cpu->x87;
    unsigned n = (f->top + i->b) & 7;
    struct fx80 *a = &f->reg[f->top & 7], *b = &f->reg[n];
    if (x87_full(f, f->top & 7, n)) {
        uint64_t m = a->m;
        uint16_t se = a->se;
        a->m = b->m;
        a->se = b->se;
        b->m = m;
        b->se = se;
        x87_done_quick(cpu, i, 0);
    } else {
        exchange(cpu, i);
    }
    NEXT();
}

static void move_if(struct cpu *cpu, const struct insn *i, bool condition)
{
    struct x87 *f = &cpu->x87;
    bool empty = x87_empty(f, 0) || x87_empty(f, i->b);
    unsigned raised = empty ? X87_STACK_EMPTY : 0;
    if ((empty || condition) && !x87_forbids(cpu, raised)) {
        x87_set(f, 0, empty ? fx_indefinite : x87_get(f, i->b));
    }
    x87_done_quiet(cpu, i, raised);
}

#define FCMOV(CC, COND)                                                                        \
    EXEC(FCMOV##CC)                                                                            \
    {                                                                                          \
        move_if(cpu, i, COND);                                                                 \
        NEXT();                                                                                \
    }
FCMOV(B, flag_c(&cpu->flags))
FCMOV(E, flag_z(&cpu->flags))
FCMOV(BE, flag_c(&cpu->flags) || flag_z(&cpu->flags))
FCMOV(U, flag_p(&cpu->flags))
FCMOV(NB, !flag_c(&cpu->flags))
FCMOV(NE, !flag_z(&cpu->flags))
FCMOV(NBE, !flag_c(&cpu->flags) && !flag_z(&cpu->flags))
FCMOV(NU, !flag_p(&cpu->flags))

/* ---- the stack itself */

EXEC(FFREE)
{
    struct x87 *f = &cpu->x87;
    f->full &= (uint8_t) ~(1u << ((f->top + i->b) & 7));
    x87_done(cpu, i, 0);
    NEXT();
}

EXEC(FFREEP)
{
    struct x87 *f = &cpu->x87;
    f->full &= (uint8_t) ~(1u << ((f->top + i->b) & 7));
    x87_pop(f);
    x87_done(cpu, i, 0);
    NEXT();
}

/* Pops without a look at tags: TOP alone moves. */
EXEC(FINCSTP)
{
    cpu->x87.top = (cpu->x87.top + 1) & 7;
    x87_done(cpu, i, 0);
    NEXT();
}

EXEC(FDECSTP)
{
    cpu->x87.top = (cpu->x87.top - 1) & 7;
    x87_done(cpu, i, 0);
    NEXT();
}

EXEC(FNOP)
{
    x87_done_quiet(cpu, i, 0);
    NEXT();
}
