/* tests/insn/native_gen_family.c -- registers and memory that make an instruction interesting.
 */
#include <string.h>

#include "tests/insn/native_gen.h"

/* ---- selectors */

static uint16_t any_selector(struct native_gen *g)
{
    /* Of the GDT: null, kernel code and data, user data, TSS, LDT, an empty one, one behind the
     * limit. Not the 64-bit code segment, nor the one whose limit tells the CPU's number. */
    static const uint16_t gdt[] = {0,    1,    2,    3,    0x08, 0x18, 0x2B, 0x28,  0x23,
                                   0x40, 0x43, 0x50, 0x60, 0x63, 0x80, 0x83, 0xFFF8};
    uint32_t r = gen_random(g);
    return r & 3 ? (uint16_t)((r >> 8) % (SEG_SLOTS + 2) << 3 | 4 | (r & 0x30 ? 3 : r >> 4 & 3))
                 : gdt[(r >> 8) % ARRAY_LEN(gdt)];
}

uint16_t gen_selector(struct native_gen *g)
{
    return any_selector(g);
}

/* Never the flat 32-bit code segment, in which the engine's kernel would show. */
uint16_t gen_code_selector(struct native_gen *g)
{
    static const uint8_t code[] = {SEG_CODE32,  SEG_CODE16,        SEG_CODE32_SMALL,
                                   SEG_NO_CODE, SEG_NO_CONFORMING, SEG_CODE16_SMALL};
    uint32_t r = gen_random(g);
    uint16_t sel = r & 1 ? ldt_selector(code[(r >> 8) % ARRAY_LEN(code)]) : any_selector(g);
    return (sel & ~3) == 0x20 ? 0x2B : sel;
}

/* ---- registers */

static void string_registers(struct native_gen *g)
{
    struct native_case *c = g->c;
    unsigned source = g->override != SEG_COUNT ? g->override : SEG_DS;
    uint32_t count = gen_one_in(g, 6) ? gen_random(g) % 80 : gen_random(g) % 7;
    c->r[ESI] = gen_place(g, c->sel[source]);
    c->r[EDI] = gen_place(g, c->sel[SEG_ES]);
    if (gen_one_in(g, 8)) { /* overlapping */
        c->r[EDI] = c->r[ESI] + gen_random(g) % 17 - 8;
    }
    c->r[ECX] = count;
    if (!g->addr32) {
        c->r[ESI] ^= gen_random(g) << 16;
        c->r[EDI] ^= gen_random(g) << 16;
        c->r[ECX] |= gen_random(g) << 16;
    }
    c->eflags ^= gen_random(g) & FL_DF;
    if (gen_one_in(g, 4)) {
        c->r[EAX] = 0x04040404; /* to be found by SCAS, see string_memory() */
    }
}

/* Runs of equal bytes, so that REPE goes on. */
static void string_memory(struct native_gen *g)
{
    uint8_t bytes[64];
    unsigned first = gen_random(g) % sizeof bytes;
    memset(bytes, 4, sizeof bytes);
    bytes[first] = (uint8_t)gen_random(g);
    uint32_t mask = g->addr32 ? UINT32_MAX : 0xFFFF;
    unsigned source = g->override != SEG_COUNT ? g->override : SEG_DS;
    uint32_t si = native_ldt[g->c->sel[source] >> 3].base - ARENA + (g->c->r[ESI] & mask);
    uint32_t di = native_ldt[g->c->sel[SEG_ES] >> 3].base - ARENA + (g->c->r[EDI] & mask);
    if (gen_one_in(g, 2)) {
        case_add_memory(g->c, si - 32, bytes, sizeof bytes);
        case_add_memory(g->c, di - 32, bytes, sizeof bytes);
    }
}

/* Divisions whose quotient fits, or nearly. */
static void muldiv_registers(struct native_gen *g)
{
    uint32_t *r = g->c->r;
    switch (gen_random(g) & 3) {
    case 0: r[EDX] = gen_random(g) & 3; break;
    case 1: r[EDX] = (uint32_t) - (int32_t)(gen_random(g) & 3); break;
    case 2:
        r[EDX] = (uint32_t)((int32_t)r[EAX] >> 31);
        r[EAX] = (uint32_t)(int8_t)r[EAX];
        break;
    default: break;
    }
}

static void stack_registers(struct native_gen *g)
{
    struct native_case *c = g->c;
    if (g->row->code == 0xC8 || g->row->code == 0xC9) { /* ENTER, LEAVE */
        c->r[EBP] = gen_place(g, c->sel[SEG_SS]);
        if (!g->stack32) {
            c->r[EBP] |= gen_random(g) << 16;
        }
    }
}

static void control_registers(struct native_gen *g)
{
    for (unsigned k = 0; k < 8; k++) {
        if (k != ESP && gen_one_in(g, 2)) {
            g->c->r[k] = gen_code_place(g);
        }
    }
    if (gen_one_in(g, 2)) {
        g->c->r[ECX] = gen_random(g) % 3; /* LOOP, JCXZ */
    }
}

static void segment_registers(struct native_gen *g)
{
    for (unsigned k = 0; k < 8; k++) {
        if (k != ESP && gen_one_in(g, 2)) {
            g->c->r[k] = gen_selector(g) | (gen_one_in(g, 4) ? gen_random(g) << 16 : 0);
        }
    }
}

bool gen_family_registers(struct native_gen *g, enum native_family family)
{
    struct native_case *c = g->c;
    switch (family) {
    case FAMILY_STRING: string_registers(g); break;
    case FAMILY_MULDIV: muldiv_registers(g); break;
    case FAMILY_STACK: stack_registers(g); break;
    case FAMILY_CONTROL: control_registers(g); break;
    case FAMILY_SEGMENT: segment_registers(g); break;
    case FAMILY_BIT:
        for (unsigned k = 0; k < 8; k++) { /* bit offsets that stay near */
            if (k != ESP && gen_one_in(g, 2)) {
                c->r[k] = gen_random(g) % 4096 - 2048;
            }
        }
        return g->row->operands == OPN_EvGv;
    case FAMILY_X87:
    case FAMILY_MMX:
    case FAMILY_SSE:
    case FAMILY_SSE2:
        gen_fx_state(g);
        if (g->row->operands == OPN_RMDI) {
            c->r[EDI] = gen_place(g, c->sel[g->override != SEG_COUNT ? g->override : SEG_DS]);
            if (!g->addr32 && (c->r[EDI] & 0xFFFF) > 0xFFF0) {
                c->r[EDI] &= ~0xFu; /* whether bytes or the whole wrap is not documented */
            }
        }
        break;
    default: return g->row->code == 0xD7; /* XLAT */
    }
    return false;
}

/* ---- memory */

/* A far pointer, or a near one. */
static void pointer_operand(struct native_gen *g, uint32_t off)
{
    uint8_t bytes[6];
    unsigned size = g->op32 ? 4 : 2;
    bool far_jump = g->row->code == 0xFF;
    store_le32(bytes, gen_code_place(g));
    store_le16(bytes + size, far_jump ? gen_code_selector(g) : gen_selector(g));
    case_add_memory(g->c, off, bytes, size + 2);
}

static void bound_operand(struct native_gen *g, uint32_t off)
{
    uint8_t bytes[8];
    uint32_t r = g->c->r[gen_random(g) & 7];
    store_le32(bytes, gen_one_in(g, 2) ? r - gen_random(g) % 3 : gen_value(g));
    store_le32(bytes + (g->op32 ? 4 : 2),
               gen_one_in(g, 2) ? r + 1 - gen_random(g) % 3 : gen_value(g));
    case_add_memory(g->c, off, bytes, sizeof bytes);
}

bool gen_family_operand(struct native_gen *g, uint32_t off)
{
    const struct insn_row *row = g->row;
    if (row->x87 || row->simd) {
        gen_fx_operand(g, off);
        return true;
    }
    switch (row_family(row)) {
    case FAMILY_CONTROL:
        if (row->code == 0x62) {
            bound_operand(g, off);
        } else {
            pointer_operand(g, off);
        }
        return true;
    case FAMILY_SEGMENT: {
        bool far_pointer = row->operands == OPN_GvM || row->code == 0xFF;
        if (far_pointer) {
            pointer_operand(g, off);
        } else {
            uint8_t bytes[4];
            store_le32(bytes, gen_selector(g) | gen_random(g) << 16);
            case_add_memory(g->c, off, bytes, 4);
        }
        return true;
    }
    default: return false;
    }
}

/* What RET, IRET, POPF and POP Sreg find: EIP CS EFLAGS ESP SS, each of the operand's size. */
static void stack_contents(struct native_gen *g)
{
    struct native_case *c = g->c;
    uint8_t bytes[20];
    unsigned size = g->op32 ? 4 : 2, code = g->row->code;
    bool first_is_selector = g->row->operands == OPN_Sreg;
    uint32_t flags = gen_random(g);
    uint32_t v[5] = {first_is_selector ? gen_selector(g)
                     : code == 0x9D    ? flags
                                       : gen_code_place(g),
                     gen_code_selector(g), flags, gen_value(g), gen_selector(g)};
    for (unsigned k = 0; k < 5; k++) {
        store_le32(bytes + (k * size < 17 ? k * size : 16), v[k]);
    }
    uint32_t esp = g->stack32 ? c->r[ESP] : c->r[ESP] & 0xFFFF;
    case_add_memory(c, native_ldt[c->sel[SEG_SS] >> 3].base - ARENA + esp, bytes, 5 * size);
}

static bool loads_ss(const struct insn_row *row, const struct native_case *c)
{
    struct insn u;
    struct insn_cold cold;
    case_row(c, &u, &cold);
    return row->code == 0x17 || (row->code == 0x8E && u.a == SEG_SS);
}

/* Could it lead to itself? Without a trap it would go round and round. */
static bool may_repeat(const struct native_gen *g)
{
    const struct native_case *c = g->c;
    struct insn u;
    struct insn_cold cold;
    case_row(c, &u, &cold);
    switch (g->row->operands) {
    case OPN_Jb:
    case OPN_Jz:
    case OPN_Ap:
        return ((u.imm + (g->row->operands == OPN_Ap ? 0 - c->eip : 0)) & 0xFFFF) < c->len;
    default: return g->row->props & ENDS; /* who knows */
    }
}

void gen_family_end(struct native_gen *g, enum native_family family)
{
    struct native_case *c = g->c;
    unsigned code = g->row->code;
    if (family == FAMILY_STRING) {
        string_memory(g);
    }
    if (family == FAMILY_STACK || family == FAMILY_CONTROL || family == FAMILY_SEGMENT) {
        stack_contents(g);
    }
    if ((family == FAMILY_CONTROL || family == FAMILY_SEGMENT) && may_repeat(g)) {
        c->eflags |= FL_TF;
    }
    if (code == 0xCD && c->code[c->len - 1] == 0x80) {
        c->code[c->len - 1] = 0x81; /* the host's system call */
    }
    if (code == 0xCF) {
        c->eflags &= ~(uint32_t)FL_NT; /* a 64-bit kernel has no tasks to return to */
    }
    if (family == FAMILY_SEGMENT && loads_ss(g->row, c)) {
        c->eflags &= ~(uint32_t)FL_TF; /* the trap would come in the INT3's handler */
    }
}
