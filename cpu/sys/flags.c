/* cpu/sys/flags.c -- CLI STI PUSHF POPF: the flags that are not the program's own (SDM
 * 1 3.4.3).
 *
 * IOPL, IF, VM and the like decide what a program may do, yet PUSHF shows them and POPF drops
 * silently what it may not change: two of the holes that keep classic x86 from being
 * virtualized by trap-and-emulate (class HOLE in insn.def). CLI and STI, by contrast, fault.
 *
 * With CR4.VME a virtual-8086 program whose IOPL is below 3 has an interrupt flag of its own,
 * EFLAGS.VIF, and CLI, STI, and the 16-bit PUSHF, POPF, IRET and INT n work on that; only when
 * it would open for an interrupt that waits (VIP) is the monitor called, by #GP(0). CR4.PVI
 * does the same for CLI and STI at level 3 of protected mode (SDM 3A 20.3, 20.4).
 */
#include "cpu/sys/sys.h"

/* In real mode CPL and so the answer is 0; in virtual-8086 mode CPL is 3, which leaves IOPL 3.
 */
static bool may_change_if(const struct cpu *cpu)
{
    return cpl(cpu) <= iopl(cpu);
}

bool vme_rules(const struct cpu *cpu)
{
    return vm86(cpu) && iopl(cpu) < 3 && (cpu->sys->cr4 & CR4_VME);
}

/* CLI and STI concern VIF. */
static bool has_virtual_if(const struct cpu *cpu)
{
    bool pvi = !vm86(cpu) && cpl(cpu) == 3 && iopl(cpu) < 3 && (cpu->sys->cr4 & CR4_PVI);
    return pvi || vme_rules(cpu);
}

uint32_t vme_flags(const struct cpu *cpu)
{
    uint32_t flags = eflags_get(cpu) & ~(uint32_t)FL_IF;
    return (flags & 0xFFFF) | FL_IOPL | (flags & FL_VIF ? FL_IF : 0u);
}

bool vme_flags_set(struct cpu *cpu, uint32_t image)
{
    bool waiting = cpu->sys->eflags & FL_VIP;
    if ((image & FL_TF) || (waiting && (image & FL_IF))) {
        return false;
    }
    eflags_set(cpu, image & FL_IF ? FL_VIF : 0, FL_VIF);
    eflags_set(cpu, image, FL_ARITH | FL_DF | FL_TF | FL_NT);
    return true;
}

/* SDM 2A CLI */
EMULATE(CLI)
{
    (void)i;
    if (may_change_if(cpu)) {
        eflags_set(cpu, 0, FL_IF);
    } else if (has_virtual_if(cpu)) {
        eflags_set(cpu, 0, FL_VIF);
    } else {
        raise_gp(cpu, 0);
    }
    return RESUME;
}

/* SDM 2B STI: if interrupts were off, they stay off for one more instruction, so that STI; HLT
 * and STI; RET lose none. */
EMULATE(STI)
{
    (void)i;
    if (may_change_if(cpu)) {
        if (!(cpu->sys->eflags & FL_IF)) {
            shadow_set(cpu, SHADOW_STI);
        }
        eflags_set(cpu, FL_IF, FL_IF);
    } else if (has_virtual_if(cpu) && !(cpu->sys->eflags & FL_VIP)) {
        eflags_set(cpu, FL_VIF, FL_VIF);
    } else {
        raise_gp(cpu, 0);
    }
    return RESUME;
}

/* In virtual-8086 mode both need IOPL 3 (SDM 3A 20.2.7: the instructions that IOPL gates
 * there), or VME and 16-bit operands. true: VME's rules hold. */
static bool check_v86(struct cpu *cpu, unsigned size)
{
    if (!vm86(cpu) || iopl(cpu) == 3) {
        return false;
    }
    if (size == 4 || !vme_rules(cpu)) {
        raise_gp(cpu, 0);
    }
    return true;
}

/* SDM 2B PUSHF: VM and RF read as 0 in the image. */
EMULATE(PUSHF)
{
    unsigned size = op_size(insn_cold(cpu, i));
    bool vme = check_v86(cpu, size);
    uint32_t image = vme ? vme_flags(cpu) : eflags_get(cpu) & ~(uint32_t)(FL_VM | FL_RF);
    if (size == 4) {
        push32(cpu, i, image);
    } else {
        push16(cpu, i, image);
    }
    return RESUME;
}

/* SDM 2B POPF, table 4-16: who may change what. Nothing of this faults. */
static uint32_t popf_mask(const struct cpu *cpu, unsigned size)
{
    uint32_t mask = FL_ARITH | FL_DF | FL_TF | FL_NT;
    if (may_change_if(cpu)) {
        mask |= FL_IF;
    }
    if (cpl(cpu) == 0) {
        mask |= FL_IOPL;
    }
    return size == 4 ? mask | FL_AC | FL_ID : mask;
}

EMULATE(POPF)
{
    unsigned size = op_size(insn_cold(cpu, i));
    uint32_t sp = cpu->r[ESP];
    bool vme = check_v86(cpu, size);
    uint32_t image = size == 4 ? lmem_r32(cpu, i, SEG_SS, sp & stack_mask(cpu))
                               : lmem_r16(cpu, i, SEG_SS, sp & stack_mask(cpu));
    if (!vme) {
        eflags_set(cpu, image, popf_mask(cpu, size));
    } else if (!vme_flags_set(cpu, image)) {
        raise_gp(cpu, 0);
    }
    stack_set(cpu, sp + size);
    return RESUME;
}
