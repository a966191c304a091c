/* cpu/exec/bcd.c -- decimal adjustments (SDM 2A AAA AAD AAM AAS DAA DAS). Undefined flags
 * follow the result. */
#include "cpu/alu.h"
#include "cpu/engine.h"

static uint8_t *al(struct cpu *cpu)
{
    return reg8(cpu, reg8_pos(0));
}

static uint8_t *ah(struct cpu *cpu)
{
    return reg8(cpu, reg8_pos(4));
}

/* SF ZF PF from r, the rest as given. */
static void bcd_flags(struct cpu *cpu, uint8_t r, bool c, bool a)
{
    cpu->flags.res = sext8(r);
    cpu->flags.carry = flags_carry(c, false, a);
}

EXEC(DAA)
{
    uint8_t old = *al(cpu), r = old;
    bool c = flag_c(&cpu->flags), a = flag_a(&cpu->flags) || (old & 15) > 9;
    if (a) {
        r = (uint8_t)(r + 6);
    }
    c = c || old > 0x99;
    if (c) {
        r = (uint8_t)(r + 0x60);
    }
    *al(cpu) = r;
    bcd_flags(cpu, r, c, a);
    NEXT();
}

EXEC(DAS)
{
    uint8_t old = *al(cpu), r = old;
    bool c = flag_c(&cpu->flags), a = flag_a(&cpu->flags) || (old & 15) > 9;
    bool carry = c || old > 0x99;
    if (a) {
        carry = carry || old < 6; /* the borrow of the low digit's correction */
        r = (uint8_t)(r - 6);
    }
    if (c || old > 0x99) {
        r = (uint8_t)(r - 0x60);
    }
    *al(cpu) = r;
    bcd_flags(cpu, r, carry, a);
    NEXT();
}

EXEC(AAA)
{
    bool a = flag_a(&cpu->flags) || (*al(cpu) & 15) > 9;
    if (a) {
        reg16_set(cpu, EAX, reg16(cpu, EAX) + 0x106u);
    }
    *al(cpu) &= 15;
    bcd_flags(cpu, *al(cpu), a, a);
    NEXT();
}

EXEC(AAS)
{
    bool a = flag_a(&cpu->flags) || (*al(cpu) & 15) > 9;
    if (a) {
        reg16_set(cpu, EAX, reg16(cpu, EAX) - 0x106u);
    }
    *al(cpu) &= 15;
    bcd_flags(cpu, *al(cpu), a, a);
    NEXT();
}

EXEC(AAM)
{
    uint8_t base = (uint8_t)i->imm, v = *al(cpu);
    if (base == 0) {
        trap_raise(cpu, i, EXC_DE, 0);
    }
    *ah(cpu) = v / base;
    *al(cpu) = v % base;
    bcd_flags(cpu, *al(cpu), false, false);
    NEXT();
}

EXEC(AAD)
{
    *al(cpu) = (uint8_t)(*al(cpu) + *ah(cpu) * i->imm);
    *ah(cpu) = 0;
    bcd_flags(cpu, *al(cpu), false, false);
    NEXT();
}
