/* cpu/exec/stack.c -- PUSH POP PUSHA POPA ENTER LEAVE (SDM 1 6.2). ESP is committed last. */
#include "cpu/engine.h"
#include "cpu/lmem.h"

static uint32_t top16(struct cpu *cpu, const struct insn *i)
{
    return lmem_r16(cpu, i, SEG_SS, cpu->r[ESP] & stack_mask(cpu));
}

static uint32_t top32(struct cpu *cpu, const struct insn *i)
{
    return lmem_r32(cpu, i, SEG_SS, cpu->r[ESP] & stack_mask(cpu));
}

#define SIMPLE(NAME, STATEMENT)                                                                \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        STATEMENT;                                                                             \
        NEXT();                                                                                \
    }

// clang-format off
SIMPLE(PUSH_Zv_16, push16(cpu, i, cpu->r[i->a]))
SIMPLE(PUSH_Zv_32, push32(cpu, i, cpu->r[i->a]))
SIMPLE(PUSH_Iz_16, push16(cpu, i, i->imm))
SIMPLE(PUSH_Iz_32, push32(cpu, i, i->imm))
SIMPLE(PUSH_Ev_r16, push16(cpu, i, cpu->r[i->b]))
SIMPLE(PUSH_Ev_m16, push16(cpu, i, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i))))
SIMPLE(PUSH_Ev_r32, push32(cpu, i, cpu->r[i->b]))
SIMPLE(PUSH_Ev_m32, push32(cpu, i, lmem_r32(cpu, i, i->seg, insn_ea(cpu, i))))
// clang-format on

/* POP (E)SP: the value read wins over the increment. */
static void pop_reg16(struct cpu *cpu, const struct insn *i, unsigned reg)
{
    uint32_t v = top16(cpu, i);
    stack_set(cpu, cpu->r[ESP] + 2);
    reg16_set(cpu, reg, v);
}

static void pop_reg32(struct cpu *cpu, const struct insn *i, unsigned reg)
{
    uint32_t v = top32(cpu, i);
    stack_set(cpu, cpu->r[ESP] + 4);
    cpu->r[reg] = v;
}

// clang-format off
SIMPLE(POP_Zv_16, pop_reg16(cpu, i, i->a))
SIMPLE(POP_Zv_32, pop_reg32(cpu, i, i->a))
SIMPLE(POP_Ev_r16, pop_reg16(cpu, i, i->b))
SIMPLE(POP_Ev_r32, pop_reg32(cpu, i, i->b))
// clang-format on

/* ESP after a change of sp in the stack's width. */
static uint32_t esp_with(const struct cpu *cpu, uint32_t sp)
{
    uint32_t mask = stack_mask(cpu);
    return (cpu->r[ESP] & ~mask) | (sp & mask);
}

/* An address based on ESP is computed after the increment (SDM 2B POP). */
static eaddr pop_ea(const struct cpu *cpu, const struct insn *i, unsigned size)
{
    uint32_t sp = cpu->r[ESP];
    eaddr ea = insn_ea(cpu, i);
    return i->base == ESP ? ea + (esp_with(cpu, sp + size) - sp) : ea;
}

EXEC(POP_Ev_m16)
{
    uint32_t v = top16(cpu, i);
    lmem_w16(cpu, i, i->seg, pop_ea(cpu, i, 2), v);
    stack_set(cpu, cpu->r[ESP] + 2);
    NEXT();
}

EXEC(POP_Ev_m32)
{
    uint32_t v = top32(cpu, i);
    lmem_w32(cpu, i, i->seg, pop_ea(cpu, i, 4), v);
    stack_set(cpu, cpu->r[ESP] + 4);
    NEXT();
}

/* All eight slots are probed before the first is written. */
static void probe_slots(struct cpu *cpu, const struct insn *i, unsigned size, unsigned slots)
{
    for (unsigned k = 1; k <= slots; k++) {
        lmem_probe(cpu, i, SEG_SS, (cpu->r[ESP] - k * size) & stack_mask(cpu), size,
                   ACCESS_WRITE);
    }
}

EXEC(PUSHA_16)
{
    uint32_t sp = cpu->r[ESP];
    probe_slots(cpu, i, 2, 8);
    for (unsigned reg = EAX; reg <= EDI; reg++) {
        push16(cpu, i, reg == ESP ? sp : cpu->r[reg]);
    }
    NEXT();
}

EXEC(PUSHA_32)
{
    uint32_t sp = cpu->r[ESP];
    probe_slots(cpu, i, 4, 8);
    for (unsigned reg = EAX; reg <= EDI; reg++) {
        push32(cpu, i, reg == ESP ? sp : cpu->r[reg]);
    }
    NEXT();
}

EXEC(POPA_16) /* the slot of SP is skipped */
{
    uint16_t v[8];
    uint32_t sp = cpu->r[ESP], mask = stack_mask(cpu);
    for (unsigned k = 0; k < 8; k++) {
        v[EDI - k] = (uint16_t)lmem_r16(cpu, i, SEG_SS, (sp + k * 2) & mask);
    }
    for (unsigned reg = EAX; reg <= EDI; reg++) {
        if (reg != ESP) {
            reg16_set(cpu, reg, v[reg]);
        }
    }
    stack_set(cpu, sp + 16);
    NEXT();
}

EXEC(POPA_32)
{
    uint32_t v[8], sp = cpu->r[ESP], mask = stack_mask(cpu);
    for (unsigned k = 0; k < 8; k++) {
        v[EDI - k] = lmem_r32(cpu, i, SEG_SS, (sp + k * 4) & mask);
    }
    for (unsigned reg = EAX; reg <= EDI; reg++) {
        if (reg != ESP) {
            cpu->r[reg] = v[reg];
        }
    }
    stack_set(cpu, sp + 32);
    NEXT();
}

/* ENTER size, level (SDM 2A ENTER): the display of outer frames is copied from the old frame.
 * The width of frame pointer arithmetic is the stack's, of the pushes the operand's; so is that
 * of the new EBP, on silicon: all of ESP even on a 16-bit stack. */
static uint32_t enter_frame(struct cpu *cpu, const struct insn *i, unsigned size)
{
    unsigned level = i->disp & 31;
    uint32_t mask = stack_mask(cpu), bp = cpu->r[EBP], sp = cpu->r[ESP] - size;
    uint32_t frame = esp_with(cpu, sp);
    /* A fault must leave everything alone: first touch all that will be written, the new top
     * too. */
    probe_slots(cpu, i, size, level ? level + 1 : 1);
    lmem_probe(cpu, i, SEG_SS, (sp - (level ? level * size : 0) - i->imm) & mask, size,
               ACCESS_WRITE);
    if (size == 2) {
        lmem_w16(cpu, i, SEG_SS, sp & mask, cpu->r[EBP]);
    } else {
        lmem_w32(cpu, i, SEG_SS, sp & mask, cpu->r[EBP]);
    }
    for (unsigned k = 1; k < level; k++) {
        bp -= size;
        sp -= size;
        if (size == 2) {
            lmem_w16(cpu, i, SEG_SS, sp & mask, lmem_r16(cpu, i, SEG_SS, bp & mask));
        } else {
            lmem_w32(cpu, i, SEG_SS, sp & mask, lmem_r32(cpu, i, SEG_SS, bp & mask));
        }
    }
    if (level > 0) {
        sp -= size;
        if (size == 2) {
            lmem_w16(cpu, i, SEG_SS, sp & mask, frame);
        } else {
            lmem_w32(cpu, i, SEG_SS, sp & mask, frame);
        }
    }
    stack_set(cpu, sp - i->imm);
    return frame;
}

EXEC(ENTER_16)
{
    reg16_set(cpu, EBP, enter_frame(cpu, i, 2));
    NEXT();
}

EXEC(ENTER_32)
{
    cpu->r[EBP] = enter_frame(cpu, i, 4);
    NEXT();
}

EXEC(LEAVE_16)
{
    uint32_t bp = cpu->r[EBP], v = lmem_r16(cpu, i, SEG_SS, bp & stack_mask(cpu));
    stack_set(cpu, bp + 2);
    reg16_set(cpu, EBP, v);
    NEXT();
}

EXEC(LEAVE_32)
{
    uint32_t bp = cpu->r[EBP], v = lmem_r32(cpu, i, SEG_SS, bp & stack_mask(cpu));
    stack_set(cpu, bp + 4);
    cpu->r[EBP] = v;
    NEXT();
}
