/* vmm/flow.c -- see the header. */
#include "vmm/flow.h"

/* What follows each opcode, eight to a group:
 *   . nothing   M ModRM   b imm8   w imm16   z imm16/32   B, Z ModRM and immediate
 *   g, G ModRM, and an immediate for TEST   o absolute address   f far pointer   e ENTER
 *   j, J relative target of 8, 16/32 bits   c ModRM that is always a register
 *   p prefix    2 the second table   x there is none such */
// clang-format off
static const char one_byte[] = "MMMMbz.." "MMMMbz.2" "MMMMbz.." "MMMMbz.." /* 00 */
                               "MMMMbzp." "MMMMbzp." "MMMMbzp." "MMMMbzp."
                               "........" "........" "........" "........" /* 40 */
                               "..MMpppp" "zZbB...." "jjjjjjjj" "jjjjjjjj"
                               "BZBBMMMM" "MMMMMMMM" "........" "..f....." /* 80 */
                               "oooo...." "bz......" "bbbbbbbb" "zzzzzzzz"
                               "BBw.MMBZ" "e.w..b.." "MMMMbb.." "MMMMMMMM" /* C0 */
                               "jjjjbbbb" "JJfj...." "p.pp..gG" "......MM";
static const char two_byte[] = "MMMMx..." "..x.xM.B" "MMMMMMMM" "MMMMMMMM" /* 00 */
                               "ccccxxxx" "MMMMMMMM" "........" "xxxxxxxx"
                               "MMMMMMMM" "MMMMMMMM" "MMMMMMMM" "MMMMMMMM" /* 40 */
                               "MMMMMMMM" "MMMMMMMM" "BBBBMMM." "xxxxMMMM"
                               "JJJJJJJJ" "JJJJJJJJ" "MMMMMMMM" "MMMMMMMM" /* 80 */
                               "...MBMxx" "...MBMMM" "MMMMMMMM" "xMBMMMMM"
                               "MMBMBBBM" "........" "MMMMMMMM" "MMMMMMMM" /* C0 */
                               "MMMMMMMM" "MMMMMMMM" "MMMMMMMM" "MMMMMMMx";
// clang-format on
_Static_assert(sizeof one_byte == 257 && sizeof two_byte == 257, "256 opcodes each");

enum { ESP = 4, EBP = 5, NO_REG = 8 };

struct reader {
    const uint8_t *b;
    unsigned n, at;
    bool short_of; /* bytes */
    bool size32, addr32;
    uint16_t code; /* 0x1NN for 0F NN */
    bool has_modrm;
    uint8_t mod, reg, rm, base; /* base: NO_REG where there is none, or an index besides */
    int32_t disp;
};

static uint32_t take(struct reader *r, unsigned size)
{
    uint32_t v = 0;
    for (unsigned k = 0; k < size; k++) {
        if (r->at >= r->n) {
            r->short_of = true;
            return 0;
        }
        v |= (uint32_t)r->b[r->at++] << 8 * k;
    }
    return v;
}

static int32_t extended(uint32_t v, unsigned size)
{
    return size == 1 ? (int8_t)v : size == 2 ? (int16_t)v : (int32_t)v;
}

static void modrm(struct reader *r, bool always_register)
{
    uint32_t v = take(r, 1);
    r->has_modrm = true;
    r->mod = always_register ? 3 : (uint8_t)(v >> 6);
    r->reg = v >> 3 & 7;
    r->rm = r->base = v & 7;
    if (r->mod == 3) {
        return;
    }
    if (!r->addr32) {
        unsigned size = r->mod == 1 ? 1 : r->mod == 2 || r->rm == 6 ? 2 : 0;
        take(r, size);
        r->base = NO_REG;
        return;
    }
    if (r->rm == ESP) {
        uint32_t sib = take(r, 1);
        r->base = (sib >> 3 & 7) == ESP ? sib & 7 : NO_REG;
        if ((sib & 7) == EBP && r->mod == 0) {
            r->base = NO_REG;
            take(r, 4);
        }
    } else if (r->rm == EBP && r->mod == 0) {
        r->base = NO_REG;
        take(r, 4);
    }
    unsigned size = r->mod == 1 ? 1 : r->mod == 2 ? 4 : 0;
    r->disp = extended(take(r, size), size ? size : 4);
}

/* Is this register what the instruction's ModRM operand is? */
static bool is_reg(const struct reader *r, unsigned reg)
{
    return r->has_modrm && r->mod == 3 && r->rm == reg;
}

/* ---- the stack pointer */

static void by(struct flow *f, int32_t bytes)
{
    f->stack = STACK_BY;
    f->bytes = bytes;
}

static void lost(struct flow *f)
{
    f->stack = STACK_LOST;
}

static void frame(struct flow *f, int32_t bytes)
{
    f->stack = STACK_FRAME;
    f->bytes = bytes;
}

/* Instructions with ModRM that name ESP, or store beside it. */
static void stack_modrm(const struct reader *r, int32_t imm, struct flow *f)
{
    unsigned c = r->code;
    bool to_esp = is_reg(r, ESP), from_to_esp = r->reg == ESP;
    bool arithmetic = c < 0x38 && (c & 7) < 4;
    if ((c == 0x81 || c == 0x83) && to_esp) {
        if (r->reg == 0 || r->reg == 5) { /* ADD, SUB */
            by(f, r->reg == 0 ? -imm : imm);
        } else if (r->reg != 7) {
            lost(f);
        }
    } else if (c == 0x8D && from_to_esp) { /* LEA */
        if (r->base == ESP) {
            by(f, -r->disp);
        } else if (r->base == EBP) {
            frame(f, r->disp);
        } else {
            lost(f);
        }
    } else if ((c == 0x89 && to_esp) || (c == 0x8B && from_to_esp)) { /* MOV */
        bool from_ebp = c == 0x89 ? r->reg == EBP : is_reg(r, EBP);
        if (from_ebp) {
            frame(f, 0);
        } else {
            lost(f);
        }
    } else if (((c & 1) && arithmetic && (c & 2 ? from_to_esp : to_esp)) ||
               (c == 0xC7 && to_esp) || (c == 0x87 && (to_esp || from_to_esp)) ||
               (c == 0x1B2 && from_to_esp)) {
        lost(f);
    } else if (r->mod != 3 && r->base == ESP &&
               (c == 0x89 || c == 0xC7 || c == 0x87 || (arithmetic && !(c & 2)) || c == 0x81 ||
                c == 0x83)) {
        f->stack = STACK_STORED;
        f->bytes = r->disp;
    }
}

static void stack_effect(const struct reader *r, int32_t imm, struct flow *f)
{
    unsigned c = r->code;
    int32_t size = r->size32 ? 4 : 2;
    bool push_seg =
        c == 0x06 || c == 0x0E || c == 0x16 || c == 0x1E || c == 0x1A0 || c == 0x1A8;
    bool pop_seg = c == 0x07 || c == 0x17 || c == 0x1F || c == 0x1A1 || c == 0x1A9;
    if ((c >= 0x50 && c < 0x58) || c == 0x68 || c == 0x6A || c == 0x9C || push_seg ||
        (c == 0xFF && r->reg == 6)) {
        by(f, size);
    } else if (c == 0x5C || c == 0xBC || c == 0x94 || c == 0xC8) {
        lost(f); /* POP ESP, MOV ESP, XCHG, ENTER */
    } else if ((c >= 0x58 && c < 0x60) || c == 0x9D || pop_seg || c == 0x8F) {
        by(f, -size);
    } else if (c == 0x60 || c == 0x61) {
        by(f, c == 0x60 ? 8 * size : -8 * size);
    } else if (c == 0xC9) {
        frame(f, 4); /* LEAVE */
    } else if (r->has_modrm) {
        stack_modrm(r, imm, f);
    }
}

/* ---- sensitive? */

/* PUSH, and MOV from, DS ES FS GS are not among them: the shadow tables change rings in CS and
 * SS alone. IN, OUT, CLI, STI, INT n and all that is privileged traps by itself. */
static bool is_sensitive(const struct reader *r)
{
    switch (r->code) {
    case 0x100: return r->reg < 2 || r->reg == 4 || r->reg == 5; /* SLDT STR VERR VERW */
    case 0x101: return r->reg < 2 || r->reg == 4;                /* SGDT SIDT SMSW */
    case 0x102:
    case 0x103: return true; /* LAR LSL */
    case 0x9C:
    case 0x9D: return true; /* PUSHF POPF */
    case 0x0E:
    case 0x16: return true; /* PUSH CS, SS */
    case 0x07:
    case 0x17:
    case 0x1F:
    case 0x1A1:
    case 0x1A9: return true; /* POP */
    case 0x8C: return r->reg == 1 || r->reg == 2;
    case 0x8E: return true;
    case 0xC4:
    case 0xC5:
    case 0x1B2:
    case 0x1B4:
    case 0x1B5: return true; /* LES LDS LSS LFS LGS */
    case 0x9A:
    case 0xEA:
    case 0xCA:
    case 0xCB:
    case 0xCF: return true; /* far CALL JMP RET, IRET */
    case 0xFF: return r->reg == 3 || r->reg == 5;
    default: return false;
    }
}

/* ---- where to? */

static enum flow_kind kind_of(const struct reader *r)
{
    unsigned c = r->code;
    if ((c >= 0x70 && c < 0x80) || (c >= 0x180 && c < 0x190) || (c >= 0xE0 && c < 0xE4)) {
        return FLOW_BRANCH;
    }
    switch (c) {
    case 0xE8: return FLOW_CALL;
    case 0xE9:
    case 0xEB: return FLOW_JUMP;
    case 0xC2:
    case 0xC3: return FLOW_RET;
    case 0xCA:
    case 0xCB:
    case 0xCF:
    case 0xEA:
    case 0x10B: return FLOW_STOP; /* UD2 is the last */
    case 0xFF:
        return r->reg == 2   ? FLOW_CALL_INDIRECT
               : r->reg == 4 ? FLOW_JUMP_INDIRECT
               : r->reg == 5 ? FLOW_STOP
                             : FLOW_NEXT;
    default: return FLOW_NEXT;
    }
}

/* false: that was the opcode. */
static bool prefix(struct reader *r, uint8_t byte, bool code32)
{
    if (one_byte[byte] != 'p') {
        return false;
    }
    if (byte == 0x66) {
        r->size32 = !code32;
    } else if (byte == 0x67) {
        r->addr32 = !code32;
    }
    return true;
}

/* The immediate, extended. */
static int32_t rest(struct reader *r, char form)
{
    unsigned z = r->size32 ? 4 : 2;
    switch (form) {
    case 'b':
    case 'B':
    case 'j': return extended(take(r, 1), 1);
    case 'w': return extended(take(r, 2), 2);
    case 'z':
    case 'Z':
    case 'J': return extended(take(r, z), z);
    case 'g': return r->reg < 2 ? extended(take(r, 1), 1) : 0;
    case 'G': return r->reg < 2 ? extended(take(r, z), z) : 0;
    case 'o': take(r, r->addr32 ? 4 : 2); return 0;
    case 'f':
        take(r, z);
        take(r, 2);
        return 0;
    case 'e': take(r, 3); return 0;
    default: return 0;
    }
}

bool flow_decode(const uint8_t *bytes, unsigned n, bool code32, struct flow *f)
{
    struct reader r = {.b = bytes,
                       .n = n < FLOW_LONGEST ? n : FLOW_LONGEST,
                       .size32 = code32,
                       .addr32 = code32,
                       .base = NO_REG};
    uint8_t byte = (uint8_t)take(&r, 1);
    while (!r.short_of && prefix(&r, byte, code32)) {
        byte = (uint8_t)take(&r, 1);
    }
    char form = one_byte[byte];
    r.code = byte;
    if (form == '2') {
        byte = (uint8_t)take(&r, 1);
        r.code = 0x100 | byte;
        form = two_byte[byte];
    }
    if (form == 'M' || form == 'B' || form == 'Z' || form == 'g' || form == 'G' ||
        form == 'c') {
        modrm(&r, form == 'c');
    }
    int32_t imm = rest(&r, form);
    *f = (struct flow){.len = (uint8_t)r.at,
                       .sensitive = is_sensitive(&r),
                       .kind = (uint8_t)kind_of(&r),
                       .target = (uint32_t)imm};
    stack_effect(&r, imm, f);
    return !r.short_of && form != 'x';
}
