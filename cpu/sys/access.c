/* cpu/sys/access.c -- who is asking: translation with the rights of the present privilege
 * level, or with those of the processor itself (SDM 3A 4.6.1: implicit supervisor-mode
 * accesses). */
#include "cpu/sys/sys.h"

paddr mmu_access(struct cpu *cpu, const struct insn *i, laddr la, enum access access)
{
    uintptr_t device = cpu->watched[la >> PAGE_SHIFT];
    if ((access == ACCESS_READ && (device & DEVICE_READ)) ||
        (access == ACCESS_WRITE && (device & DEVICE_WRITE))) {
        return (device & ~(uintptr_t)PAGE_MASK) | (la & PAGE_MASK);
    }
    return mmu_translate(cpu, i, la, access, cpl(cpu) == 3);
}

paddr mmu_sys_access(struct cpu *cpu, laddr la, enum access access)
{
    return mmu_translate(cpu, NULL, la, access, false);
}

void mmu_before(struct cpu *cpu, const struct insn *i, laddr la, unsigned size,
                enum access access)
{
    const struct cpu_sys *sys = cpu->sys;
    if ((la & (size - 1)) && cpl(cpu) == 3 && (sys->cr0 & CR0_AM) && (sys->eflags & FL_AC)) {
        trap_raise(cpu, i, EXC_AC, 0);
    }
    if (UNLIKELY(sys->break_read | sys->break_write)) {
        uint8_t armed = access == ACCESS_WRITE ? sys->break_write : sys->break_read;
        debug_trap_after(cpu, i, debug_hits(cpu, armed, la, size));
    }
    if (UNLIKELY(cpu->points.datas)) {
        points_access(cpu, i, la, size, access);
    }
}
