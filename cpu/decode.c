/* cpu/decode.c -- see decode.h. SDM 2A chapter 2 (formats), 2D appendix A (opcode map). */
#include "cpu/decode.h"

#include <string.h>

#include "cpu/engine.h"

/* ---- the table, three times over: declarations, rows, handlers */

// clang-format off
#define DECLARE_Z(b)  extern exec_fn exec_##b;
#define DECLARE_ZV(b) extern exec_fn exec_##b##_16, exec_##b##_32;
#define DECLARE_EB(b) extern exec_fn exec_##b##_r, exec_##b##_m;
#define DECLARE_EV(b) extern exec_fn exec_##b##_r16, exec_##b##_m16, exec_##b##_r32, exec_##b##_m32;
#define DECLARE_MV(b) extern exec_fn exec_##b##_m16, exec_##b##_m32;
#define DECLARE_SB(b) extern exec_fn exec_##b, exec_##b##_rep;
#define DECLARE_SV(b) extern exec_fn exec_##b##_16, exec_##b##_rep16, exec_##b##_32, exec_##b##_rep32;
#define DECLARE_USER(b, shape) DECLARE_##shape(b)
#define DECLARE_PRIV(b, shape)
#define DECLARE_IOPL(b, shape)
#define DECLARE_HOLE(b, shape)
#define DECLARE_GATE(b, shape)
#define INSN(id, code, body, shape, opn, cls, feat, rd, wr, un, props)        DECLARE_##cls(body, shape)
#define INSG(id, code, digit, body, shape, opn, cls, feat, rd, wr, un, props) DECLARE_##cls(body, shape)
#define INSR(id, code, digit, body, shape, opn, cls, feat, rd, wr, un, props)        DECLARE_##cls(body, shape)
#define INSX(id, code, digit, rm, body, shape, opn, cls, feat, rd, wr, un, props) DECLARE_##cls(body, shape)
#define INSV(id, code, digit, prefix, needs, body, shape, opn, feat, rd, wr, un, props) DECLARE_##shape(body)
#include "cpu/insn.def"
#undef INSN
#undef INSG
#undef INSR
#undef INSX
#undef INSV

#define ROW(id, code, digit, shape, opn, cls, feat, rd, wr, un, props, real) \
    [I_##id] = {#id, code, digit, SHAPE_##shape, OPN_##opn, CLASS_##cls, FEAT_##feat, rd, wr, un, props, real, false, 0, false, 0, 0},
#define INSN(id, code, body, shape, opn, cls, feat, rd, wr, un, props) \
    ROW(id, code, -1, shape, opn, cls, feat, rd, wr, un, props, false)
#define INSG(id, code, digit, body, shape, opn, cls, feat, rd, wr, un, props) \
    ROW(id, code, digit, shape, opn, cls, feat, rd, wr, un, props, false)
#define INSR(id, code, digit, body, shape, opn, cls, feat, rd, wr, un, props) \
    ROW(id, code, digit, shape, opn, cls, feat, rd, wr, un, props, true)
#define INSX(id, code, digit, rm, body, shape, opn, cls, feat, rd, wr, un, props) \
    [I_##id] = {#id, code, digit, SHAPE_##shape, OPN_##opn, CLASS_##cls, FEAT_##feat, rd, wr, un, props, false, true, rm, false, 0, 0},
#define INSV(id, code, digit, prefix, needs, body, shape, opn, feat, rd, wr, un, props) \
    [I_##id] = {#id, code, digit, SHAPE_##shape, OPN_##opn, CLASS_USER, FEAT_##feat, rd, wr, un, props, \
                false, false, 0, true, PREFIX_##prefix, NEEDS_##needs},
const struct insn_row insn_rows[I_COUNT] = {
    [I_NONE] = {"UNDEFINED", 0, -1, SHAPE_Z, OPN_none, CLASS_GATE, FEAT_BASE, 0, 0, 0, FAULT | ENDS, false, false, 0, false, 0, 0},
#include "cpu/insn.def"
};
#undef INSN
#undef INSG
#undef INSR
#undef INSX
#undef INSV

#define FNS_Z(b)  {exec_##b}
#define FNS_ZV(b) {exec_##b##_16, exec_##b##_32}
#define FNS_EB(b) {exec_##b##_r, exec_##b##_m}
#define FNS_EV(b) {exec_##b##_r16, exec_##b##_m16, exec_##b##_r32, exec_##b##_m32}
#define FNS_MV(b) {exec_##b##_m16, exec_##b##_m32}
#define FNS_SB(b) {exec_##b, exec_##b##_rep}
#define FNS_SV(b) {exec_##b##_16, exec_##b##_rep16, exec_##b##_32, exec_##b##_rep32}
#define EXEC_USER(b, shape) FNS_##shape(b)
#define EXEC_PRIV(b, shape) {exec_trap}
#define EXEC_IOPL(b, shape) {exec_trap}
#define EXEC_HOLE(b, shape) {exec_trap}
#define EXEC_GATE(b, shape) {exec_trap}
#define INSN(id, code, body, shape, opn, cls, feat, rd, wr, un, props)        [I_##id] = EXEC_##cls(body, shape),
#define INSG(id, code, digit, body, shape, opn, cls, feat, rd, wr, un, props) [I_##id] = EXEC_##cls(body, shape),
#define INSR(id, code, digit, body, shape, opn, cls, feat, rd, wr, un, props)        [I_##id] = EXEC_##cls(body, shape),
#define INSX(id, code, digit, rm, body, shape, opn, cls, feat, rd, wr, un, props) [I_##id] = EXEC_##cls(body, shape),
#define INSV(id, code, digit, prefix, needs, body, shape, opn, feat, rd, wr, un, props) [I_##id] = FNS_##shape(body),
static exec_fn *const exec_table[I_COUNT][4] = {
    [I_NONE] = {exec_undefined},
#include "cpu/insn.def"
};
#undef INSN
#undef INSG
#undef INSR
#undef INSX
#undef INSV
// clang-format on

/* ---- opcode map */

static bool has_modrm(unsigned operands)
{
    switch (operands) {
    case OPN_none:
    case OPN_ALIb:
    case OPN_AXIz:
    case OPN_Zv:
    case OPN_ZvIv:
    case OPN_ZbIb:
    case OPN_ZvAX:
    case OPN_Ib:
    case OPN_IbAL:
    case OPN_Iz:
    case OPN_Ibs:
    case OPN_Iw:
    case OPN_IwIb:
    case OPN_Jb:
    case OPN_Jz:
    case OPN_Ap:
    case OPN_ALOb:
    case OPN_AXOv:
    case OPN_XY:
    case OPN_Sreg: return false;
    default: return true;
    }
}

static bool eight_codes(unsigned operands) /* the register is in the opcode */
{
    return operands == OPN_Zv || operands == OPN_ZvIv || operands == OPN_ZbIb ||
           operands == OPN_ZvAX;
}

static void map_row(struct decode_map *map, unsigned id, unsigned side)
{
    const struct insn_row *row = &insn_rows[id];
    unsigned codes = eight_codes(row->operands) ? 8 : 1;
    for (unsigned code = row->code; code < row->code + codes; code++) {
        map->modrm[code] = has_modrm(row->operands);
        for (unsigned digit = 0; digit < 8; digit++) {
            if (row->digit < 0 || (unsigned)row->digit == digit) {
                map->row[side][code][digit] = (uint16_t)id;
            }
        }
    }
}

static void map_x87_row(struct decode_map *map, unsigned id)
{
    const struct insn_row *row = &insn_rows[id];
    if (row->digit < 0) {
        map->wait = (uint16_t)id;
        return;
    }
    uint16_t *forms = map->x87[row->code & 7][row->digit];
    for (int rm = 0; rm <= RM_MEM; rm++) {
        if (row->rm == rm || (row->rm == RM_ANY && rm != RM_MEM)) {
            forms[rm] = (uint16_t)id;
        }
    }
}

/* The table of code's forms, made when its first row comes. */
static void map_simd_row(struct decode_map *map, unsigned id)
{
    const struct insn_row *row = &insn_rows[id];
    uint8_t *n = &map->simd[row->code & 0xFF];
    if (*n == 0) {
        *n = (uint8_t)++map->simd_codes;
    }
    for (unsigned digit = 0; digit < 8; digit++) {
        for (unsigned mem = 0; mem < 2; mem++) {
            bool form = !(row->props & (mem ? REG : MEM));
            if (form && (row->digit < 0 || (unsigned)row->digit == digit)) {
                map->simd_row[*n][digit][mem][row->prefix] = (uint16_t)id;
            }
        }
    }
}

void decode_map_init(struct decode_map *map, uint32_t features)
{
    memset(map, 0, sizeof *map);
    for (unsigned pass = 0; pass < 2; pass++) { /* rows for real mode replace the common ones */
        for (unsigned id = 1; id < I_COUNT; id++) {
            const struct insn_row *row = &insn_rows[id];
            if (row->real != (pass == 1) || (row->feature & ~features)) {
                continue;
            }
            if (row->x87) {
                map_x87_row(map, id);
                continue;
            }
            if (row->simd) {
                map_simd_row(map, id);
                continue;
            }
            if (!row->real) {
                map_row(map, id, 0);
            }
            if (!(row->props & PROT)) {
                map_row(map, id, 1);
            }
        }
    }
    for (unsigned id = 1; id < I_COUNT;
         id++) { /* a code that exists in no mode: still ModRM? */
        if (!insn_rows[id].x87) {
            map->modrm[insn_rows[id].code] = has_modrm(insn_rows[id].operands);
        }
    }
}

/* ---- one instruction */

struct fetch {
    const uint8_t *bytes;
    unsigned avail, pos;
    bool short_; /* ran out */
};

static uint32_t take(struct fetch *f, unsigned n)
{
    uint32_t v = 0;
    if (f->pos + n > f->avail) {
        f->short_ = true;
        f->pos = f->avail;
        return 0;
    }
    for (unsigned k = 0; k < n; k++) {
        v |= (uint32_t)f->bytes[f->pos + k] << 8 * k;
    }
    f->pos += n;
    return v;
}

static uint32_t take_sx8(struct fetch *f)
{
    return (uint32_t)(int32_t)(int8_t)take(f, 1);
}

struct prefixes {
    bool op32, addr32;
    int seg;       /* -1: none */
    uint8_t flags; /* CF_REP, CF_REPNE, CF_LOCK */
};

/* Reads prefixes; returns the first opcode byte. */
static unsigned take_prefixes(struct fetch *f, uint32_t mode, struct prefixes *p)
{
    bool code32 = mode & MODE_CODE32;
    *p = (struct prefixes){code32, code32, -1, 0};
    for (;;) {
        unsigned byte = take(f, 1);
        switch (byte) {
        case 0x26:
        case 0x2E:
        case 0x36:
        case 0x3E: p->seg = (int)(byte >> 3 & 3); break;
        case 0x64:
        case 0x65: p->seg = (int)(byte & 7); break;
        case 0x66: p->op32 = !code32; break;
        case 0x67: p->addr32 = !code32; break;
        case 0xF0: p->flags |= CF_LOCK; break;
        case 0xF2: /* the last of F2 and F3 counts */
            p->flags = (uint8_t)((p->flags & ~CF_REP) | CF_REPNE);
            break;
        case 0xF3: p->flags = (uint8_t)((p->flags & ~CF_REPNE) | CF_REP); break;
        default: return byte;
        }
        if (f->short_ || f->pos > INSN_MAX_BYTES) {
            return 0;
        }
    }
}

/* 16-bit addressing: [BX+SI] [BX+DI] [BP+SI] [BP+DI] [SI] [DI] [BP] [BX], SDM 2A table 2-1. */
static unsigned ea16(struct fetch *f, unsigned mod, unsigned rm, struct insn *u)
{
    static const uint8_t base[8] = {EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX};
    static const uint8_t index[8] = {ESI,      EDI,      ESI,      EDI,
                                     REG_ZERO, REG_ZERO, REG_ZERO, REG_ZERO};
    u->wrap = 16;
    u->scale = 0;
    u->index = index[rm];
    if (mod == 0 && rm == 6) {
        u->base = REG_ZERO;
        u->disp = take(f, 2);
        return SEG_DS;
    }
    u->base = base[rm];
    u->disp = mod == 1 ? take_sx8(f) : mod == 2 ? take(f, 2) : 0;
    return u->base == EBP ? SEG_SS : SEG_DS;
}

/* 32-bit addressing with SIB, SDM 2A tables 2-2 and 2-3. */
static unsigned ea32(struct fetch *f, unsigned mod, unsigned rm, struct insn *u)
{
    bool no_base = mod == 0 && rm == 5;
    u->wrap = 0;
    u->scale = 0;
    u->index = REG_ZERO;
    u->base = (uint8_t)rm;
    if (rm == 4) {
        unsigned sib = take(f, 1), index = sib >> 3 & 7;
        u->base = (uint8_t)(sib & 7);
        u->scale = (uint8_t)(sib >> 6);
        u->index = index == 4 ? REG_ZERO : (uint8_t)index;
        no_base = mod == 0 && u->base == 5;
    }
    if (no_base) {
        u->base = REG_ZERO;
        u->disp = take(f, 4);
        return SEG_DS;
    }
    u->disp = mod == 1 ? take_sx8(f) : mod == 2 ? take(f, 4) : 0;
    return u->base == ESP || u->base == EBP ? SEG_SS : SEG_DS;
}

static void no_memory(struct insn *u)
{
    u->base = u->index = REG_ZERO;
    u->scale = u->wrap = 0;
    u->disp = 0;
}

/* Operands a and b from ModRM's register numbers, by kind. */
static void set_registers(struct insn *u, unsigned operands, unsigned reg, unsigned rm)
{
    bool byte_a = operands == OPN_EbGb || operands == OPN_GbEb;
    bool byte_b = byte_a || operands == OPN_Eb || operands == OPN_EbIb || operands == OPN_GvEb;
    u->a = byte_a ? reg8_pos(reg) : (uint8_t)reg;
    u->b = byte_b ? reg8_pos(rm) : (uint8_t)rm;
}

/* The register in the opcode's low bits, and fixed operands. */
static void set_fixed_registers(struct insn *u, unsigned operands, unsigned code)
{
    unsigned low = code & 7;
    switch (operands) {
    case OPN_ALIb: u->b = reg8_pos(0); break;
    case OPN_ALOb: u->a = reg8_pos(0); break;
    case OPN_ZvAX:
        u->b = EAX;
        u->a = (uint8_t)low;
        break;
    case OPN_Zv:
    case OPN_ZvIv: u->a = (uint8_t)low; break;
    case OPN_ZbIb: u->a = reg8_pos(low); break;
    case OPN_Sreg: /* 06h 0Eh 16h 1Eh 0FA0h 0FA8h, and POP's */
        u->a = (uint8_t)(code >> 3 & 7);
        break;
    case OPN_RMDI: u->base = EDI; break;
    default: break;
    }
}

/* What follows ModRM: immediates, displacements of branches, absolute offsets. */
static void take_immediates(struct fetch *f, const struct prefixes *p, unsigned operands,
                            struct insn *u)
{
    unsigned z = p->op32 ? 4 : 2;
    switch (operands) {
    case OPN_ALIb:
    case OPN_EbIb:
    case OPN_EvIbu:
    case OPN_EvGvIb:
    case OPN_Ib:
    case OPN_IbAL:
    case OPN_ZbIb:
    case OPN_RMIb: u->imm = take(f, 1); break;
    case OPN_AXIz:
    case OPN_EvIz:
    case OPN_GvEvIz:
    case OPN_Iz:
    case OPN_ZvIv: u->imm = take(f, z); break;
    case OPN_EvIb:
    case OPN_GvEvIb:
    case OPN_Ibs: u->imm = take_sx8(f) & (p->op32 ? UINT32_MAX : 0xFFFF); break;
    case OPN_Iw: u->imm = take(f, 2); break;
    case OPN_IwIb:
        u->imm = take(f, 2);
        u->disp = take(f, 1);
        break;
    case OPN_Jb: u->imm = take_sx8(f); break;
    case OPN_Jz: u->imm = p->op32 ? take(f, 4) : (uint32_t)(int32_t)(int16_t)take(f, 2); break;
    case OPN_Ap:
        u->imm = take(f, z);
        u->disp = take(f, 2);
        break;
    case OPN_ALOb:
    case OPN_AXOv: u->disp = take(f, p->addr32 ? 4 : 2); break;
    default: break;
    }
}

/* Is the combination of prefixes, mode and ModRM one that the row does not define? */
static bool undefined_form(const struct insn_row *row, const struct prefixes *p, bool mem,
                           const struct insn *u)
{
    if ((p->flags & CF_LOCK) && !((row->props & LOCK) && mem)) {
        return true;
    }
    if (row->operands == OPN_SwEw && u->a == SEG_CS) {
        return true;
    }
    if ((row->operands == OPN_SwEw || row->operands == OPN_EvSw) && u->a >= SEG_COUNT) {
        return true;
    }
    bool control = row->operands == OPN_RdCd || row->operands == OPN_CdRd;
    if (control && (u->a == 1 || u->a > 4)) {
        return true; /* no such register: before anyone asks for the privilege level */
    }
    return mem ? (row->props & REG) != 0 : (row->props & MEM) != 0;
}

static unsigned variant(const struct insn_row *row, bool op32, bool mem, bool rep)
{
    if (row->cls != CLASS_USER) {
        return 0;
    }
    switch (row->shape) {
    case SHAPE_ZV:
    case SHAPE_MV: return op32;
    case SHAPE_EB: return mem;
    case SHAPE_EV: return op32 * 2u + mem;
    case SHAPE_SB: return rep;
    case SHAPE_SV: return op32 * 2u + rep;
    default: return 0;
    }
}

static bool is_relative(unsigned operands)
{
    return operands == OPN_Jb || operands == OPN_Jz;
}

/* ModRM and what belongs to it. Returns whether the operand is memory. */
static bool take_modrm(struct fetch *f, const struct prefixes *p, unsigned operands,
                       struct insn *u, unsigned modrm)
{
    unsigned mod = modrm >> 6, reg = modrm >> 3 & 7, rm = modrm & 7, seg;
    bool always_register = operands >= OPN_RdCd && operands <= OPN_DdRd;
    set_registers(u, operands, reg, rm);
    if (mod == 3 || always_register) {
        return false;
    }
    seg = p->addr32 ? ea32(f, mod, rm, u) : ea16(f, mod, rm, u);
    u->seg = (uint8_t)(p->seg >= 0 ? (unsigned)p->seg : seg);
    return true;
}

static unsigned simd_prefix(const struct prefixes *p, uint32_t mode)
{
    bool size = p->op32 == !(mode & MODE_CODE32);
    return p->flags & CF_REP     ? PREFIX_F3
           : p->flags & CF_REPNE ? PREFIX_F2
           : size                ? PREFIX_66
                                 : PREFIX_NP;
}

/* Is an INSV row's instruction one that the mode bits let execute? */
static bool simd_executes(const struct insn_row *row, uint32_t mode)
{
    static const struct {
        uint8_t mask, value;
    } needs[] = {
        [NEEDS_NONE] = {0, 0},
        [NEEDS_MMX] = {MODE_FPU | MODE_FPU_ERROR, MODE_FPU},
        [NEEDS_SSE] = {MODE_SSE, MODE_SSE},
        [NEEDS_BOTH] = {MODE_FPU | MODE_FPU_ERROR | MODE_SSE, MODE_FPU | MODE_SSE},
        [NEEDS_FXSR] = {MODE_FPU, MODE_FPU},
    };
    return (mode & needs[row->needs].mask) == needs[row->needs].value;
}

/* The row of a code. While the x87 can execute, its instructions have rows of their own; with
 * an exception pending, only those that do not wait have. */
static unsigned row_of(const struct decode_map *map, uint32_t mode, unsigned code,
                       unsigned modrm, const struct prefixes *p)
{
    unsigned reg = modrm >> 3 & 7, id = map->row[mode & MODE_PROT ? 0 : 1][code][reg], x87;
    if (code >= 0x100 && map->simd[code & 0xFF]) {
        unsigned simd =
            map->simd_row[map->simd[code & 0xFF]][reg][modrm < 0xC0][simd_prefix(p, mode)];
        return simd ? simd : id;
    }
    if (!(mode & MODE_FPU)) {
        return id;
    }
    if ((code & ~7u) == 0xD8) {
        x87 = map->x87[code & 7][reg][modrm >= 0xC0 ? modrm & 7 : RM_MEM];
    } else if (code == 0x9B) {
        x87 = map->wait;
    } else {
        return id;
    }
    return !(mode & MODE_FPU_ERROR) || (insn_rows[x87].props & NOWAIT) ? x87 : id;
}

enum decode_result decode(const struct decode_map *map, uint32_t mode, const uint8_t *bytes,
                          unsigned avail, unsigned off, struct insn *u, struct insn_cold *cold)
{
    struct fetch f = {bytes, avail, 0, false};
    struct prefixes p;
    unsigned code = take_prefixes(&f, mode, &p), modrm = 0;
    bool mem = false;
    *u = (struct insn){.seg = SEG_DS, .base = REG_ZERO, .index = REG_ZERO};
    no_memory(u);
    if (code == 0x0F) {
        code = 0x100 | take(&f, 1);
    }
    if (map->modrm[code]) {
        modrm = take(&f, 1);
    }
    unsigned id = row_of(map, mode, code, modrm, &p);
    const struct insn_row *row = &insn_rows[id];
    if (map->modrm[code] && id != I_NONE) {
        mem = take_modrm(&f, &p, row->operands, u, modrm);
    }
    if (row->operands == OPN_ALOb || row->operands == OPN_AXOv) {
        mem = true;
    }
    if (!map->modrm[code] || row->operands == OPN_RMDI) {
        u->seg = (uint8_t)(p.seg >= 0 ? p.seg : SEG_DS);
        u->wrap = p.addr32 ? 0 : 16;
    }
    set_fixed_registers(u, row->operands, code);
    take_immediates(&f, &p, row->operands, u);
    if (f.pos > INSN_MAX_BYTES || (f.short_ && avail >= INSN_MAX_BYTES)) {
        return DECODE_LONG;
    }
    if (f.short_) {
        return DECODE_SHORT;
    }
    if (undefined_form(row, &p, mem, u)) {
        id = I_NONE;
        row = &insn_rows[id];
    }
    *cold = (struct insn_cold){.id = (uint16_t)id,
                               .len = (uint8_t)f.pos,
                               .off = (uint8_t)off,
                               .flags = (uint8_t)(p.flags | (mem ? CF_MEM : 0) |
                                                  (p.op32 ? CF_OP32 : 0) |
                                                  (p.addr32 ? CF_ADDR32 : 0))};
    u->next = (uint8_t)(off + f.pos);
    if (is_relative(row->operands)) {
        u->imm += u->next;
        u->far = 0;
    } else if (row->x87) {
        u->imm = off | ((code & 7) << 8 | modrm) << 16;
    }
    u->fn = exec_table[id][variant(row, p.op32, mem, p.flags & (CF_REP | CF_REPNE))];
    if (row->simd && !simd_executes(row, mode)) {
        u->fn = exec_trap;
    }
    return DECODE_OK;
}
