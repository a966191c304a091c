/* cpu/sys/port.c -- IN OUT INS OUTS: the processor asks the board (SDM 1 chapter 18).
 *
 * A program may reach a port if CPL <= IOPL, or if the I/O permission bitmap in its TSS says so
 * (SDM 1 18.5); in virtual-8086 mode the bitmap alone decides. A device may answer an access by
 * raising the interrupt line or by bringing an event nearer: it then calls back (cpu_set_intr,
 * cpu_attention), and the engine is left after this instruction, or after this iteration of a
 * repeated one.
 */
#include "cpu/sys/sys.h"

static void check_port(struct cpu *cpu, uint16_t port, unsigned size)
{
    bool gated = vm86(cpu) || cpl(cpu) > iopl(cpu);
    if (gated && !tss_io_allowed(cpu, port, size)) {
        raise_gp(cpu, 0);
    }
}

/* A debug register's breakpoint on the port is a trap: after the access. A debugger's point
 * strikes there, too. */
static void check_break(struct cpu *cpu, uint16_t port, unsigned size, bool out)
{
    if (UNLIKELY(cpu->points.datas != 0)) {
        points_port(cpu, port, size, out);
    }
    if (UNLIKELY(cpu->sys->break_io != 0)) {
        debug_trap_after(cpu, NULL, debug_hits(cpu, cpu->sys->break_io, port, size));
    }
}

static uint32_t port_in(struct cpu *cpu, uint16_t port, unsigned size)
{
    *cpu->tick = cpu->now;
    uint32_t v = cpu->bus.in(cpu->bus.ctx, port, size);
    check_break(cpu, port, size, false);
    return v;
}

static void port_out(struct cpu *cpu, uint16_t port, uint32_t v, unsigned size)
{
    *cpu->tick = cpu->now;
    cpu->bus.out(cpu->bus.ctx, port, v, size);
    check_break(cpu, port, size, true);
}

/* ---- SDM 2A IN, 2B OUT */

static void accumulator_set(struct cpu *cpu, uint32_t v, unsigned size)
{
    if (size == 1) {
        *reg8(cpu, reg8_pos(0)) = (uint8_t)v;
    } else if (size == 2) {
        reg16_set(cpu, EAX, v);
    } else {
        cpu->r[EAX] = v;
    }
}

static enum verdict in(struct cpu *cpu, uint16_t port, unsigned size)
{
    check_port(cpu, port, size);
    accumulator_set(cpu, port_in(cpu, port, size), size);
    return RESUME;
}

static enum verdict out(struct cpu *cpu, uint16_t port, unsigned size)
{
    check_port(cpu, port, size);
    port_out(cpu, port, cpu->r[EAX] & (UINT32_MAX >> (32 - 8 * size)), size);
    return RESUME;
}

EMULATE(IN_ALIb)
{
    return in(cpu, (uint16_t)i->imm, 1);
}

EMULATE(IN_AXIb)
{
    return in(cpu, (uint16_t)i->imm, op_size(insn_cold(cpu, i)));
}

EMULATE(IN_ALDX)
{
    (void)i;
    return in(cpu, reg16(cpu, EDX), 1);
}

EMULATE(IN_AXDX)
{
    return in(cpu, reg16(cpu, EDX), op_size(insn_cold(cpu, i)));
}

EMULATE(OUT_IbAL)
{
    return out(cpu, (uint16_t)i->imm, 1);
}

EMULATE(OUT_IbAX)
{
    return out(cpu, (uint16_t)i->imm, op_size(insn_cold(cpu, i)));
}

EMULATE(OUT_DXAL)
{
    (void)i;
    return out(cpu, reg16(cpu, EDX), 1);
}

EMULATE(OUT_DXAX)
{
    return out(cpu, reg16(cpu, EDX), op_size(insn_cold(cpu, i)));
}

/* ---- SDM 2A INS, 2B OUTS: one element */

static uint32_t index_get(const struct cpu *cpu, unsigned reg, uint32_t mask)
{
    return cpu->r[reg] & mask;
}

static void index_set(struct cpu *cpu, unsigned reg, uint32_t mask, uint32_t v)
{
    cpu->r[reg] = (cpu->r[reg] & ~mask) | (v & mask);
}

static uint32_t step(const struct cpu *cpu, unsigned size)
{
    return cpu->df ? 0u - size : size;
}

/* The destination is checked first: a port read cannot be taken back. */
static void ins(struct cpu *cpu, const struct insn *i, unsigned size, uint32_t mask)
{
    uint16_t port = reg16(cpu, EDX);
    eaddr di = index_get(cpu, EDI, mask);
    check_port(cpu, port, size);
    lmem_probe_whole(cpu, i, SEG_ES, di, size, ACCESS_WRITE);
    uint32_t v = port_in(cpu, port, size);
    if (size == 1) {
        lmem_w8(cpu, i, SEG_ES, di, v);
    } else if (size == 2) {
        lmem_w16(cpu, i, SEG_ES, di, v);
    } else {
        lmem_w32(cpu, i, SEG_ES, di, v);
    }
    index_set(cpu, EDI, mask, di + step(cpu, size));
}

static void outs(struct cpu *cpu, const struct insn *i, unsigned size, uint32_t mask)
{
    uint16_t port = reg16(cpu, EDX);
    eaddr si = index_get(cpu, ESI, mask);
    check_port(cpu, port, size);
    uint32_t v = size == 1   ? lmem_r8(cpu, i, i->seg, si)
                 : size == 2 ? lmem_r16(cpu, i, i->seg, si)
                             : lmem_r32(cpu, i, i->seg, si);
    port_out(cpu, port, v, size);
    index_set(cpu, ESI, mask, si + step(cpu, size));
}

/* ---- REP: each iteration is a tick and a boundary */

typedef void element_fn(struct cpu *cpu, const struct insn *i, unsigned size, uint32_t mask);

/* The caller counts one tick for what it is told: the last iteration that was done here. */
static enum verdict repeat(struct cpu *cpu, const struct insn *i, unsigned size,
                           element_fn *one)
{
    unsigned flags = insn_cold(cpu, i)->flags;
    uint32_t mask = flags & CF_ADDR32 ? UINT32_MAX : 0xFFFF;
    if (!(flags & (CF_REP | CF_REPNE))) {
        one(cpu, i, size, mask);
        return RESUME;
    }
    uint32_t count = index_get(cpu, ECX, mask);
    while (count != 0) {
        one(cpu, i, size, mask);
        index_set(cpu, ECX, mask, --count);
        cpu->rep_open = count != 0;
        if (count != 0) {
            if (cpu->attention || cpu->now + 1 >= cpu->limit) {
                return JUMPED; /* eip is still that of this instruction: to be continued */
            }
            cpu->now++;
        }
    }
    return RESUME;
}

EMULATE(INSB)
{
    return repeat(cpu, i, 1, ins);
}

EMULATE(INSV)
{
    return repeat(cpu, i, op_size(insn_cold(cpu, i)), ins);
}

EMULATE(OUTSB)
{
    return repeat(cpu, i, 1, outs);
}

EMULATE(OUTSV)
{
    return repeat(cpu, i, op_size(insn_cold(cpu, i)), outs);
}
