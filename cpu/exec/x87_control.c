/* cpu/exec/x87_control.c -- the x87's control instructions, and the images of its state in
 * memory (SDM 1 8.1.3 to 8.1.10, 5.2.6).
 *
 * None of them changes the last-instruction pointers but those that load or clear them.
 */
#include <string.h>

#include "cpu/x87.h"

enum { CONTROL_AT_INIT = 0x37F };

/* ---- control and status words */

EXEC(FLDCW)
{
    x87_set_control(cpu, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)));
    x87_summarize(cpu, i);
    NEXT();
}

EXEC(FNSTCW)
{
    lmem_w16(cpu, i, i->seg, insn_ea(cpu, i), cpu->x87.control);
    NEXT();
}

EXEC(FNSTSW_m16)
{
    lmem_w16(cpu, i, i->seg, insn_ea(cpu, i), x87_status_word(&cpu->x87));
    NEXT();
}

EXEC(FNSTSW_AX)
{
    reg16_set(cpu, EAX, x87_status_word(&cpu->x87));
    NEXT();
}

EXEC(FNCLEX)
{
    cpu->x87.status &= X87_CODES | X87_ES; /* ES: what x87_summarize() compares with */
    x87_summarize(cpu, i);
    NEXT();
}

static void init(struct cpu *cpu, const struct insn *i)
{
    struct x87 *f = &cpu->x87;
    f->control = CONTROL_AT_INIT;
    f->status &= X87_ES;
    f->top = f->full = 0;
    f->ip = f->dp = 0;
    f->cs = f->ds = f->opcode = 0;
    x87_summarize(cpu, i);
}

EXEC(FNINIT)
{
    init(cpu, i);
    NEXT();
}

/* FENI and FDISI of the 8087, FSETPM of the 287: a 387 accepts them. */
EXEC(FNSETPM)
{
    (void)cpu;
    NEXT();
}

/* Nothing is pending where this row is decoded. */
EXEC(FWAIT)
{
    (void)cpu;
    NEXT();
}

/* ---- the environment: seven words, in 16 or 32 bits, of protected or real mode (SDM 1 figures
 * 8-9 to 8-12) */

enum { ENV16 = 14, ENV32 = 28, SAVE_REGISTERS = 80 };

/* 0 valid, 1 zero, 2 special, 3 empty */
static unsigned tag_of(const struct x87 *f, unsigned r)
{
    if (!(f->full >> r & 1)) {
        return 3;
    }
    switch (fx_classify(f->reg[r])) {
    case FX_ZERO: return 1;
    case FX_NORMAL: return 0;
    default: return 2;
    }
}

unsigned x87_tag_word(const struct x87 *f)
{
    unsigned tags = 0;
    for (unsigned r = 0; r < 8; r++) {
        tags |= tag_of(f, r) << 2 * r;
    }
    return tags;
}

void x87_set_tags(struct x87 *f, unsigned tags)
{
    f->full = 0;
    for (unsigned r = 0; r < 8; r++) {
        f->full |= (uint8_t)((tags >> 2 * r & 3) != 3 ? 1u << r : 0u);
    }
}

/* Words 3 to 6: where the last instruction and its operand were. */
static void pointers(const struct cpu *cpu, uint32_t out[4], bool wide)
{
    const struct x87 *f = &cpu->x87;
    if (cpu->mode & MODE_PROT) {
        out[0] = f->ip;
        out[1] = f->cs | (wide ? (uint32_t)f->opcode << 16 : 0);
        out[2] = f->dp;
        out[3] = f->ds | (wide ? 0xFFFF0000u : 0);
        return;
    }
    uint32_t ip = f->ip + ((uint32_t)f->cs << 4), dp = f->dp + ((uint32_t)f->ds << 4);
    uint32_t fill = wide ? 0xFFFF0000u : 0;
    out[0] = (ip & 0xFFFF) | fill;
    out[1] = (ip >> 16 << 12 & (wide ? 0x0FFFF000u : 0xF000u)) | f->opcode;
    out[2] = (dp & 0xFFFF) | fill;
    out[3] = dp >> 16 << 12 & (wide ? 0x0FFFF000u : 0xF000u);
}

static unsigned put_environment(const struct cpu *cpu, uint8_t *out, bool wide)
{
    const struct x87 *f = &cpu->x87;
    uint32_t fill = wide ? 0xFFFF0000u : 0;
    uint32_t word[7] = {f->control | fill, x87_status_word(f) | fill, x87_tag_word(f) | fill};
    unsigned size = wide ? 4 : 2;
    pointers(cpu, word + 3, wide);
    for (unsigned n = 0; n < 7; n++) {
        store_le(out + n * size, word[n], size);
    }
    return 7 * size;
}

static void take_pointers(struct cpu *cpu, const uint32_t in[4], bool wide)
{
    struct x87 *f = &cpu->x87;
    if (cpu->mode & MODE_PROT) {
        f->ip = in[0];
        f->cs = (uint16_t)in[1];
        f->dp = in[2];
        f->ds = (uint16_t)in[3];
        f->opcode = wide ? in[1] >> 16 & 0x7FF : 0;
        return;
    }
    uint32_t high = wide ? 0x0FFFF000 : 0xF000;
    f->ip = (in[0] & 0xFFFF) | (in[1] & high) << 4;
    f->dp = (in[2] & 0xFFFF) | (in[3] & high) << 4;
    f->cs = f->ds = 0;
    f->opcode = in[1] & 0x7FF;
}

static void take_environment(struct cpu *cpu, const uint8_t *in, bool wide)
{
    struct x87 *f = &cpu->x87;
    uint32_t word[7];
    unsigned size = wide ? 4 : 2;
    for (unsigned n = 0; n < 7; n++) {
        word[n] = load_le(in + n * size, size);
    }
    x87_set_control(cpu, word[0]);
    x87_set_status(f, word[1]);
    x87_set_tags(f, word[2]);
    take_pointers(cpu, word + 3, wide);
}

/* The image's elements are words of the environment, and registers in two parts; each has its
 * own address: 16-bit ones wrap at 64 KiB, while an element that begins below is whole. How
 * many bytes come before the wrap? */
static unsigned before_wrap(const struct insn *i, eaddr ea, unsigned len, unsigned size)
{
    unsigned at = 0;
    while (at < len && (i->wrap == 0 || ea + at <= UINT16_MAX)) {
        at = i->wrap == 0 ? len
                          : at + (at < 7 * size               ? size
                                  : (at - 7 * size) % 10 == 0 ? 8
                                                              : 2);
    }
    return at;
}

static void read_image(struct cpu *cpu, const struct insn *i, uint8_t *image, unsigned len,
                       unsigned size)
{
    eaddr ea = insn_ea(cpu, i);
    unsigned first = before_wrap(i, ea, len, size);
    lmem_read_bytes(cpu, i, ea, image, first, size);
    if (first < len) {
        lmem_read_bytes(cpu, i, (ea + first) & UINT16_MAX, image + first, len - first, size);
    }
}

static void write_image(struct cpu *cpu, const struct insn *i, const uint8_t *image,
                        unsigned len, unsigned size)
{
    eaddr ea = insn_ea(cpu, i);
    unsigned first = before_wrap(i, ea, len, size);
    eaddr second_ea = (ea + first) & UINT16_MAX;
    if (first < len) { /* all or nothing */
        lmem_probe(cpu, i, i->seg, second_ea, len - first, ACCESS_WRITE);
    }
    lmem_write_bytes(cpu, i, ea, image, first, size);
    if (first < len) {
        lmem_write_bytes(cpu, i, second_ea, image + first, len - first, size);
    }
}

static void load_environment(struct cpu *cpu, const struct insn *i, bool wide)
{
    uint8_t image[ENV32];
    unsigned size = wide ? 4 : 2;
    read_image(cpu, i, image, 7 * size, size);
    take_environment(cpu, image, wide);
    x87_summarize(cpu, i);
}

/* Then all exceptions are masked. */
static void store_environment(struct cpu *cpu, const struct insn *i, bool wide)
{
    uint8_t image[ENV32];
    unsigned n = put_environment(cpu, image, wide);
    write_image(cpu, i, image, n, wide ? 4 : 2);
    cpu->x87.control |= X87_EXCEPTIONS;
    x87_summarize(cpu, i);
}

EXEC(FLDENV_m16)
{
    load_environment(cpu, i, false);
    NEXT();
}

EXEC(FLDENV_m32)
{
    load_environment(cpu, i, true);
    NEXT();
}

EXEC(FNSTENV_m16)
{
    store_environment(cpu, i, false);
    NEXT();
}

EXEC(FNSTENV_m32)
{
    store_environment(cpu, i, true);
    NEXT();
}

/* ---- all of it: the environment, then ST(0) to ST(7) */

static void save(struct cpu *cpu, const struct insn *i, bool wide)
{
    struct x87 *f = &cpu->x87;
    uint8_t image[ENV32 + SAVE_REGISTERS];
    unsigned at = put_environment(cpu, image, wide);
    for (unsigned n = 0; n < 8; n++, at += 10) {
        store_le64(image + at, x87_st(f, n)->m);
        store_le16(image + at + 8, x87_st(f, n)->se);
    }
    write_image(cpu, i, image, at, wide ? 4 : 2);
    init(cpu, i);
}

static void restore(struct cpu *cpu, const struct insn *i, bool wide)
{
    struct x87 *f = &cpu->x87;
    uint8_t image[ENV32 + SAVE_REGISTERS];
    unsigned size = wide ? 4 : 2, at = 7 * size;
    read_image(cpu, i, image, at + SAVE_REGISTERS, size);
    take_environment(cpu, image, wide);
    for (unsigned n = 0; n < 8; n++, at += 10) {
        *x87_st(f, n) = (struct fx80){load_le64(image + at), load_le16(image + at + 8)};
    }
    x87_summarize(cpu, i);
}

EXEC(FNSAVE_m16)
{
    save(cpu, i, false);
    NEXT();
}

EXEC(FNSAVE_m32)
{
    save(cpu, i, true);
    NEXT();
}

EXEC(FRSTOR_m16)
{
    restore(cpu, i, false);
    NEXT();
}

EXEC(FRSTOR_m32)
{
    restore(cpu, i, true);
    NEXT();
}
