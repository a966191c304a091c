/* vmm/decode.c -- see the header. */
#include "vmm/decode.h"

#include <string.h>

enum { LONGEST = 15 };

struct bytes { /* those of the instruction, as far as they are there */
    uint8_t b[LONGEST];
    unsigned n, at;
};

/* Fetches up to the end of the page, and beyond it only if that is there, too. */
static bool fetch(struct vmm *vmm, struct bytes *s)
{
    laddr la;
    struct vdesc d;
    unsigned how = vmm->v.cpl == 3 ? WALK_USER : 0;
    if (!vseg_desc(vmm, HW_CS, &d)) {
        vmm->fault = (struct vfault){.vector = 13, .has_code = true};
        return false;
    }
    la = desc_base(&d) + vmm->frame.eip;
    unsigned room = PAGE_SIZE - (la & PAGE_MASK);
    s->n = room < LONGEST ? room : LONGEST;
    s->at = 0;
    if (!gl_read(vmm, la, s->b, s->n, how)) {
        return false;
    }
    if (s->n < LONGEST && gl_read(vmm, la + s->n, s->b + s->n, LONGEST - s->n, how)) {
        s->n = LONGEST;
    }
    return true;
}

static uint32_t take(struct bytes *s, unsigned size)
{
    uint32_t v = 0;
    for (unsigned k = 0; k < size; k++) {
        v |= s->at < s->n ? (uint32_t)s->b[s->at++] << 8 * k : 0;
    }
    return v;
}

static uint32_t extended(uint32_t v, unsigned size)
{
    return size == 1 ? (uint32_t)(int8_t)v : v;
}

/* ---- ModRM: where is the operand? */

static void modrm32(const struct hw_frame *f, struct bytes *s, struct vinsn *in, unsigned mod)
{
    unsigned base = in->rm, scale = 0, index = HW_ESP;
    if (base == HW_ESP) {
        uint32_t sib = take(s, 1);
        scale = sib >> 6;
        index = sib >> 3 & 7;
        base = sib & 7;
    }
    bool absolute = mod == 0 && base == HW_EBP;
    in->ea = absolute ? 0 : f->gpr[base];
    in->ea += index == HW_ESP ? 0 : f->gpr[index] << scale;
    in->ea += mod == 1 ? extended(take(s, 1), 1) : mod == 2 || absolute ? take(s, 4) : 0;
    if (in->seg == HW_SEGS) {
        in->seg = !absolute && (base == HW_ESP || base == HW_EBP) ? HW_SS : HW_DS;
    }
}

static void modrm16(const struct hw_frame *f, struct bytes *s, struct vinsn *in, unsigned mod)
{
    static const uint8_t base[8] = {HW_EBX, HW_EBX, HW_EBP, HW_EBP,
                                    HW_ESI, HW_EDI, HW_EBP, HW_EBX};
    bool absolute = mod == 0 && in->rm == 6;
    bool stack = in->rm == 2 || in->rm == 3 || (in->rm == 6 && mod != 0);
    in->ea = absolute ? 0 : f->gpr[base[in->rm]];
    in->ea += in->rm < 4 ? f->gpr[in->rm & 1 ? HW_EDI : HW_ESI] : 0;
    in->ea += mod == 1 ? extended(take(s, 1), 1) : mod == 2 || absolute ? take(s, 2) : 0;
    in->ea &= 0xFFFF;
    if (in->seg == HW_SEGS) {
        in->seg = stack ? HW_SS : HW_DS;
    }
}

static void modrm(const struct hw_frame *f, struct bytes *s, struct vinsn *in)
{
    bool registers = in->op != NULL && in->op->form == FORM_REGS;
    uint32_t v = take(s, 1);
    unsigned mod = v >> 6;
    in->reg = v >> 3 & 7;
    in->rm = v & 7;
    in->mem = mod != 3 && !registers;
    if (in->mem && in->addr32) {
        modrm32(f, s, in, mod);
    } else if (in->mem) {
        modrm16(f, s, in, mod);
    }
}

/* ---- which row? */

static const struct op *find(const struct op *table, uint16_t code, unsigned digit)
{
    for (; table->name != NULL; table++) {
        if (table->code == code && (table->digit < 0 || (unsigned)table->digit == digit)) {
            return table;
        }
    }
    return NULL;
}

/* The innocuous instructions that have a ModRM byte (SDM 2, appendix A). */
static bool has_modrm(uint16_t code)
{
    uint8_t c = (uint8_t)code;
    if (code >= 0x100) {
        return c < 4 || (c >= 0x0D && c < 0x30) || (c >= 0x40 && c < 0x80) ||
               (c >= 0x90 && c < 0xA0) || (c >= 0xA3 && c < 0xC8 && (c & 0xF8) != 0xA8) ||
               c == 0xAB || c >= 0xAD;
    }
    return (c < 0x40 && (c & 7) < 4) || c == 0x62 || c == 0x63 || c == 0x69 || c == 0x6B ||
           (c >= 0x80 && c < 0x90) || (c & 0xFE) == 0xC0 || (c >= 0xC4 && c < 0xC8) ||
           (c >= 0xD0 && c < 0xD4) || (c >= 0xD8 && c < 0xE0) || (c & 0xF6) == 0xF6;
}

/* false: that was the opcode. */
static bool prefix(struct vinsn *in, uint8_t byte, bool code32)
{
    static const struct {
        uint8_t byte, seg;
    } segments[] = {{0x26, HW_ES}, {0x2E, HW_CS}, {0x36, HW_SS},
                    {0x3E, HW_DS}, {0x64, HW_FS}, {0x65, HW_GS}};
    for (unsigned n = 0; n < ARRAY_LEN(segments); n++) {
        if (byte == segments[n].byte) {
            in->seg = segments[n].seg;
            return true;
        }
    }
    switch (byte) {
    case 0x66: in->size = code32 ? 2 : 4; return true;
    case 0x67: in->addr32 = !code32; return true;
    case 0xF2:
    case 0xF3: in->rep = true; return true;
    case 0xF0: return true;
    default: return false;
    }
}

static void operands(struct bytes *s, struct vinsn *in)
{
    switch (in->op->form) {
    case FORM_MODRM_IB:
    case FORM_IB: in->imm = take(s, 1); break;
    case FORM_MODRM_IZ: in->imm = take(s, in->size); break;
    case FORM_REL:
        in->imm = take(s, in->size);
        in->imm = in->size == 2 ? (uint32_t)(int16_t)in->imm : in->imm;
        break;
    case FORM_IW: in->imm = take(s, 2); break;
    case FORM_FAR:
        in->imm = take(s, in->size);
        in->sel = (uint16_t)take(s, 2);
        break;
    default: break;
    }
}

bool decode_insn(struct vmm *vmm, const struct op *table, struct vinsn *in)
{
    struct bytes s;
    struct vdesc cs = {0, 0, 0};
    if (!fetch(vmm, &s)) {
        return false;
    }
    vseg_desc(vmm, HW_CS, &cs);
    bool code32 = cs.hi & DESC_D;
    *in = (struct vinsn){.size = code32 ? 4 : 2, .addr32 = code32, .seg = HW_SEGS};
    uint8_t byte = (uint8_t)take(&s, 1);
    while (s.at < s.n && prefix(in, byte, code32)) {
        byte = (uint8_t)take(&s, 1);
    }
    in->code = byte == 0x0F ? (uint16_t)(0x100 | take(&s, 1)) : byte;
    unsigned digit = s.at < s.n ? s.b[s.at] >> 3 & 7 : 0;
    in->op = find(table, in->code, digit);
    bool wants = in->op != NULL && in->op->form >= FORM_MODRM && in->op->form <= FORM_REGS;
    if (wants || (in->op == NULL && has_modrm(in->code))) {
        modrm(&vmm->frame, &s, in);
    }
    if (in->op != NULL) {
        operands(&s, in);
    } else if ((in->code & ~3u) == 0xA0) { /* MOV of the accumulator and an absolute address */
        in->mem = true;
        in->ea = take(&s, in->addr32 ? 4 : 2);
        in->seg = in->seg == HW_SEGS ? HW_DS : in->seg;
    }
    in->len = (uint8_t)s.at;
    return true;
}
