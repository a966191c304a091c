/* cpu/exec/fxsave.c -- FXSAVE, FXRSTOR and MXCSR (SDM 1 10.2.3, 10.5).
 *
 * The image has 512 bytes at a multiple of 16. XMM registers and MXCSR are part of it if
 * CR4.OSFXSR is set, which is where instructions on them execute (SDM 3A 13.1.2 leaves the
 * other case to the processor). What the image reserves is zero but for its last 48 bytes,
 * which are software's.
 */
#include <string.h>

#include "cpu/simd.h"

enum { IMAGE = 512, WRITTEN = 464, REGISTERS = 32, XMM = 160, CHUNK = 16 };

static eaddr aligned_ea(struct cpu *cpu, const struct insn *i)
{
    eaddr ea = insn_ea(cpu, i);
    if ((cpu->seg[i->seg].base + ea) & (CHUNK - 1)) {
        trap_raise(cpu, i, EXC_GP, 0);
    }
    return ea;
}

static void put_image(const struct cpu *cpu, uint8_t *out)
{
    const struct x87 *f = &cpu->x87;
    store_le16(out, f->control);
    store_le16(out + 2, (uint16_t)x87_status_word(f));
    out[4] = f->full;
    store_le16(out + 6, f->opcode);
    store_le32(out + 8, f->ip);
    store_le16(out + 12, f->cs);
    store_le32(out + 16, f->dp);
    store_le16(out + 20, f->ds);
    for (unsigned n = 0; n < 8; n++) {
        const struct fx80 *st = &f->reg[(f->top + n) & 7];
        store_le64(out + REGISTERS + 16 * n, st->m);
        store_le16(out + REGISTERS + 16 * n + 8, st->se);
    }
    if (cpu->mode & MODE_SSE) {
        store_le32(out + 24, cpu->mxcsr);
        store_le32(out + 28, mxcsr_bits(cpu));
        for (unsigned n = 0; n < 8; n++) {
            store_le64(out + XMM + 16 * n, cpu->xmm[n].lo);
            store_le64(out + XMM + 16 * n + 8, cpu->xmm[n].hi);
        }
    }
}

/* 16-bit addresses of chunks wrap at 64 KiB, each on its own. */
static eaddr chunk_ea(const struct insn *i, eaddr ea, unsigned at)
{
    return (ea + at) & (UINT32_MAX >> i->wrap);
}

static bool is_straight(const struct insn *i, eaddr ea)
{
    return chunk_ea(i, ea, IMAGE - 1) == ea + IMAGE - 1;
}

static void probe(struct cpu *cpu, const struct insn *i, eaddr ea, enum access access)
{
    unsigned first = CHUNK;
    while (first < IMAGE && chunk_ea(i, ea, first) == ea + first) {
        first += CHUNK;
    }
    lmem_probe(cpu, i, i->seg, ea, first, access);
    if (first < IMAGE) {
        lmem_probe(cpu, i, i->seg, chunk_ea(i, ea, first), IMAGE - first, access);
    }
}

/* All bytes are known to be there before the first one moves; a chunk crosses no page. */
static void save(struct cpu *cpu, const struct insn *i)
{
    uint8_t image[IMAGE] = {0};
    eaddr ea = aligned_ea(cpu, i);
    unsigned size = cpu->mode & MODE_SSE ? WRITTEN : XMM;
    uint8_t *whole = is_straight(i, ea) ? lmem_wr_ptr(cpu, i->seg, ea, IMAGE) : NULL;
    if (LIKELY(whole != NULL)) {
        put_image(cpu, image);
        memcpy(whole, image, size);
        return;
    }
    probe(cpu, i, ea, ACCESS_WRITE);
    put_image(cpu, image);
    for (unsigned at = 0; at < size; at += CHUNK) {
        lmem_write_bytes(cpu, i, chunk_ea(i, ea, at), image + at, CHUNK, 8);
    }
}

EXEC(FXSAVE)
{
    save(cpu, i);
    NEXT();
}

static void take_image(struct cpu *cpu, const uint8_t *in)
{
    struct x87 *f = &cpu->x87;
    x87_set_control(cpu, load_le16(in));
    x87_set_status(f, load_le16(in + 2));
    f->full = in[4];
    f->opcode = load_le16(in + 6) & 0x7FF;
    f->ip = load_le32(in + 8);
    f->cs = load_le16(in + 12);
    f->dp = load_le32(in + 16);
    f->ds = load_le16(in + 20);
    for (unsigned n = 0; n < 8; n++) {
        *x87_st(f, n) = (struct fx80){load_le64(in + REGISTERS + 16 * n),
                                      load_le16(in + REGISTERS + 16 * n + 8)};
    }
    if (cpu->mode & MODE_SSE) {
        cpu->mxcsr = load_le32(in + 24);
        for (unsigned n = 0; n < 8; n++) {
            cpu->xmm[n].lo = load_le64(in + XMM + 16 * n);
            cpu->xmm[n].hi = load_le64(in + XMM + 16 * n + 8);
        }
    }
}

static void restore(struct cpu *cpu, const struct insn *i)
{
    uint8_t image[IMAGE];
    eaddr ea = aligned_ea(cpu, i);
    const uint8_t *whole = is_straight(i, ea) ? lmem_rd_ptr(cpu, i->seg, ea, IMAGE) : NULL;
    if (UNLIKELY(whole == NULL)) {
        probe(cpu, i, ea, ACCESS_READ);
        for (unsigned at = 0; at < IMAGE; at += CHUNK) {
            lmem_read_bytes(cpu, i, chunk_ea(i, ea, at), image + at, CHUNK, 8);
        }
        whole = image;
    }
    if ((cpu->mode & MODE_SSE) && (load_le32(whole + 24) & ~mxcsr_bits(cpu))) {
        trap_raise(cpu, i, EXC_GP, 0);
    }
    take_image(cpu, whole);
    x87_summarize(cpu, i);
}

EXEC(FXRSTOR)
{
    restore(cpu, i);
    NEXT();
}

EXEC(LDMXCSR)
{
    uint32_t v = lmem_r32(cpu, i, i->seg, insn_ea(cpu, i));
    if (v & ~mxcsr_bits(cpu)) {
        trap_raise(cpu, i, EXC_GP, 0);
    }
    cpu->mxcsr = v;
    NEXT();
}

EXEC(STMXCSR)
{
    lmem_w32(cpu, i, i->seg, insn_ea(cpu, i), cpu->mxcsr);
    NEXT();
}

/* ---- MOVNTI, CLFLUSH: no cache to go around, or to flush */

EXEC(MOVNTI)
{
    lmem_w32(cpu, i, i->seg, insn_ea(cpu, i), cpu->r[i->a]);
    NEXT();
}

/* The checks of a load of a byte, without the load. */
EXEC(CLFLUSH)
{
    eaddr ea = insn_ea(cpu, i);
    if (lmem_rd_ptr(cpu, i->seg, ea, 1) == NULL) {
        lmem_probe(cpu, i, i->seg, ea, 1, ACCESS_READ);
    }
    NEXT();
}
