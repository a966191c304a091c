/* cpu/exec/real.c -- segment registers where they are innocuous: in real and virtual-8086 mode
 * a load is a multiplication by 16 and a store tells no secret (SDM 3A 20.1). In protected mode
 * the same codes are other rows of insn.def, emulated by cpu/sys/segment.c. */
#include "cpu/engine.h"
#include "cpu/lmem.h"

EXEC(PUSH_Sreg_real_16)
{
    push16(cpu, i, cpu->sel[i->a]);
    NEXT();
}

/* A 32-bit push of a segment register writes the lower half of its slot only (SDM 2B PUSH). */
EXEC(PUSH_Sreg_real_32)
{
    uint32_t sp = cpu->r[ESP] - 4;
    lmem_w16(cpu, i, SEG_SS, sp & stack_mask(cpu), cpu->sel[i->a]);
    stack_set(cpu, sp);
    NEXT();
}

static void pop_sreg(struct cpu *cpu, const struct insn *i, unsigned size)
{
    uint32_t sp = cpu->r[ESP], sel = lmem_r16(cpu, i, SEG_SS, sp & stack_mask(cpu));
    stack_set(cpu, sp + size);
    seg_load_real(cpu, i->a, sel);
}

EXEC(POP_Sreg_real_16)
{
    pop_sreg(cpu, i, 2);
    NEXT();
}

EXEC(POP_Sreg_real_32)
{
    pop_sreg(cpu, i, 4);
    NEXT();
}

EXEC(MOV_EvSw_real_r16)
{
    reg16_set(cpu, i->b, cpu->sel[i->a]);
    NEXT();
}

EXEC(MOV_EvSw_real_r32)
{
    cpu->r[i->b] = cpu->sel[i->a];
    NEXT();
}

EXEC(MOV_EvSw_real_m16)
{
    lmem_w16(cpu, i, i->seg, insn_ea(cpu, i), cpu->sel[i->a]);
    NEXT();
}

EXEC(MOV_EvSw_real_m32) /* memory always gets 16 bits */
{
    lmem_w16(cpu, i, i->seg, insn_ea(cpu, i), cpu->sel[i->a]);
    NEXT();
}

/* ES, DS, FS, GS; a load of SS holds off interrupts and stays with the monitor. */
EXEC(MOV_SwEw_real_r)
{
    seg_load_real(cpu, i->a, cpu->r[i->b]);
    NEXT();
}

EXEC(MOV_SwEw_real_m)
{
    seg_load_real(cpu, i->a, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)));
    NEXT();
}

/* Far pointers: offset first, selector behind it. */
#define LOAD_FAR(OP, SEG)                                                                      \
    EXEC(OP##_real_m16)                                                                        \
    {                                                                                          \
        eaddr ea = insn_ea(cpu, i);                                                            \
        uint32_t v = lmem_r16(cpu, i, i->seg, ea);                                             \
        uint32_t sel = lmem_r16(cpu, i, i->seg, (ea + 2) & (UINT32_MAX >> i->wrap));           \
        seg_load_real(cpu, SEG, sel);                                                          \
        reg16_set(cpu, i->a, v);                                                               \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_real_m32)                                                                        \
    {                                                                                          \
        eaddr ea = insn_ea(cpu, i);                                                            \
        uint32_t v = lmem_r32(cpu, i, i->seg, ea);                                             \
        uint32_t sel = lmem_r16(cpu, i, i->seg, (ea + 4) & (UINT32_MAX >> i->wrap));           \
        seg_load_real(cpu, SEG, sel);                                                          \
        cpu->r[i->a] = v;                                                                      \
        NEXT();                                                                                \
    }
LOAD_FAR(LES, SEG_ES)
LOAD_FAR(LDS, SEG_DS)
LOAD_FAR(LFS, SEG_FS)
LOAD_FAR(LGS, SEG_GS)
