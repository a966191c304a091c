/* vmm/emulate.c -- from a trapped instruction to the function that emulates it: one table,
 * whose rows are the sensitive instructions; and what those functions share.
 *
 * The real processor refused the instruction because of the ring the guest is in, or because
 * of something that is wrong on the guest's own terms. Both come here: the emulation does what
 * the virtual processor would do, and that may be to raise an exception.
 */
#include "vmm/emulate.h"
#include "vmm/rewrite.h"

// clang-format off
const struct op emulate_table[] = {
    /* privileged */
    {"LLDT",   0x100,  2, FORM_MODRM, emulate_lldt},      {"LTR",    0x100,  3, FORM_MODRM, emulate_ltr},
    {"LGDT",   0x101,  2, FORM_MODRM, emulate_lgdt},      {"LIDT",   0x101,  3, FORM_MODRM, emulate_lidt},
    {"LMSW",   0x101,  6, FORM_MODRM, emulate_lmsw},      {"INVLPG", 0x101,  7, FORM_MODRM, emulate_nothing},
    {"CLTS",   0x106, -1, FORM_NONE,  emulate_clts},      {"INVD",   0x108, -1, FORM_NONE,  emulate_nothing},
    {"WBINVD", 0x109, -1, FORM_NONE,  emulate_nothing},   {"HLT",    0x0F4, -1, FORM_NONE,  emulate_hlt},
    {"MOV r,CR", 0x120, -1, FORM_REGS, emulate_mov_from_cr}, {"MOV CR,r", 0x122, -1, FORM_REGS, emulate_mov_to_cr},
    {"MOV r,DR", 0x121, -1, FORM_REGS, emulate_mov_from_dr}, {"MOV DR,r", 0x123, -1, FORM_REGS, emulate_mov_to_dr},
    {"RDMSR",  0x132, -1, FORM_NONE,  emulate_msr},       {"WRMSR",  0x130, -1, FORM_NONE,  emulate_msr},
    /* gated by CR4 */
    {"RDTSC",  0x131, -1, FORM_NONE,  emulate_rdtsc},     {"RDPMC",  0x133, -1, FORM_NONE,  emulate_msr},
    /* gated by IOPL */
    {"CLI",    0x0FA, -1, FORM_NONE,  emulate_cli},       {"STI",    0x0FB, -1, FORM_NONE,  emulate_sti},
    {"IN",     0x0E4, -1, FORM_IB,    emulate_in},        {"IN",     0x0E5, -1, FORM_IB,    emulate_in},
    {"IN",     0x0EC, -1, FORM_NONE,  emulate_in},        {"IN",     0x0ED, -1, FORM_NONE,  emulate_in},
    {"OUT",    0x0E6, -1, FORM_IB,    emulate_out},       {"OUT",    0x0E7, -1, FORM_IB,    emulate_out},
    {"OUT",    0x0EE, -1, FORM_NONE,  emulate_out},       {"OUT",    0x0EF, -1, FORM_NONE,  emulate_out},
    {"INS",    0x06C, -1, FORM_NONE,  emulate_ins},       {"INS",    0x06D, -1, FORM_NONE,  emulate_ins},
    {"OUTS",   0x06E, -1, FORM_NONE,  emulate_outs},      {"OUTS",   0x06F, -1, FORM_NONE,  emulate_outs},
    /* the 17 (18 mnemonics): here only where they trap */
    {"SGDT",   0x101,  0, FORM_MODRM, emulate_sgdt},      {"SIDT",   0x101,  1, FORM_MODRM, emulate_sidt},
    {"SLDT",   0x100,  0, FORM_MODRM, emulate_sldt},      {"STR",    0x100,  1, FORM_MODRM, emulate_str},
    {"SMSW",   0x101,  4, FORM_MODRM, emulate_smsw},
    {"PUSHF",  0x09C, -1, FORM_NONE,  emulate_pushf},     {"POPF",   0x09D, -1, FORM_NONE,  emulate_popf},
    {"LAR",    0x102, -1, FORM_MODRM, emulate_lar},       {"LSL",    0x103, -1, FORM_MODRM, emulate_lsl},
    {"VERR",   0x100,  4, FORM_MODRM, emulate_verr},      {"VERW",   0x100,  5, FORM_MODRM, emulate_verw},
    {"PUSH seg", 0x006, -1, FORM_NONE, emulate_push_seg}, {"POP seg", 0x007, -1, FORM_NONE, emulate_pop_seg},
    {"PUSH seg", 0x00E, -1, FORM_NONE, emulate_push_seg},
    {"PUSH seg", 0x016, -1, FORM_NONE, emulate_push_seg}, {"POP seg", 0x017, -1, FORM_NONE, emulate_pop_seg},
    {"PUSH seg", 0x01E, -1, FORM_NONE, emulate_push_seg}, {"POP seg", 0x01F, -1, FORM_NONE, emulate_pop_seg},
    {"PUSH seg", 0x1A0, -1, FORM_NONE, emulate_push_seg}, {"POP seg", 0x1A1, -1, FORM_NONE, emulate_pop_seg},
    {"PUSH seg", 0x1A8, -1, FORM_NONE, emulate_push_seg}, {"POP seg", 0x1A9, -1, FORM_NONE, emulate_pop_seg},
    {"MOV r,seg", 0x08C, -1, FORM_MODRM, emulate_mov_from_seg}, {"MOV seg,r", 0x08E, -1, FORM_MODRM, emulate_mov_to_seg},
    {"LES",    0x0C4, -1, FORM_MODRM, emulate_lxs},       {"LDS",    0x0C5, -1, FORM_MODRM, emulate_lxs},
    {"LSS",    0x1B2, -1, FORM_MODRM, emulate_lxs},       {"LFS",    0x1B4, -1, FORM_MODRM, emulate_lxs},
    {"LGS",    0x1B5, -1, FORM_MODRM, emulate_lxs},
    {"CALL far", 0x09A, -1, FORM_FAR, emulate_call_far},  {"JMP far", 0x0EA, -1, FORM_FAR, emulate_jmp_far},
    {"CALL far", 0x0FF, 3, FORM_MODRM, emulate_call_mem}, {"JMP far", 0x0FF, 5, FORM_MODRM, emulate_jmp_mem},
    {"RET far", 0x0CB, -1, FORM_NONE, emulate_retf},      {"RET far", 0x0CA, -1, FORM_IW,   emulate_retf},
    {"INT n",  0x0CD, -1, FORM_IB,    emulate_int},       {"IRET",   0x0CF, -1, FORM_NONE,  emulate_iret},
    /* on purpose, but the monitor's IDT lets nobody in */
    {"INT3",   0x0CC, -1, FORM_NONE,  emulate_int3},      {"INTO",   0x0CE, -1, FORM_NONE,  emulate_into},
    /* innocuous: these come here where rewrite.c has replaced them, and only there */
    {"CALL near", 0x0E8, -1, FORM_REL, emulate_call_direct}, {"CALL near", 0x0FF, 2, FORM_MODRM, emulate_call_indirect},
    {"JMP near", 0x0FF, 4, FORM_MODRM, emulate_jmp_indirect},
    {"RET near", 0x0C3, -1, FORM_NONE, emulate_ret_near}, {"RET near", 0x0C2, -1, FORM_IW, emulate_ret_near},
    {"MOV store", 0x088, -1, FORM_MODRM, emulate_store},  {"MOV store", 0x089, -1, FORM_MODRM, emulate_store},
    {"MOV store", 0x0C6, 0, FORM_MODRM_IB, emulate_store}, {"MOV store", 0x0C7, 0, FORM_MODRM_IZ, emulate_store},
    {NULL, 0, 0, 0, NULL},
};
// clang-format on
_Static_assert(ARRAY_LEN(emulate_table) <= NAMES, "counts.emulated is too small");

const char *emulate_name(unsigned n)
{
    return n < ARRAY_LEN(emulate_table) ? emulate_table[n].name : NULL;
}

static bool is_innocuous(const struct vinsn *in)
{
    emulate_fn *f = in->op->emulate;
    return f == emulate_call_direct || f == emulate_call_indirect ||
           f == emulate_jmp_indirect || f == emulate_ret_near || f == emulate_store;
}

enum emu emulate(struct vmm *vmm)
{
    struct vinsn in;
    if (!decode_insn(vmm, emulate_table, &in)) {
        return EMU_FAULT;
    }
    if (in.op == NULL || (is_innocuous(&in) && !rewrite_here(vmm))) {
        return EMU_UNKNOWN;
    }
    charge(vmm->meter, COST_DECODE);
    vmm->count.emulated[in.op - emulate_table]++;
    vmm->v.shadow = false;
    uint32_t rf = vmm->frame.eflags & HW_RF;
    vmm->frame.eflags &= ~(uint32_t)HW_RF; /* good for one instruction; IRET may set it anew */
    enum emu result = in.op->emulate(vmm, &in);
    if (result == EMU_DONE) {
        vmm->frame.eip += in.len;
    } else if (result == EMU_FAULT) {
        vmm->frame.eflags |= rf;
    }
    return result;
}

/* A stack pointer or a string instruction's index may be what points there, too. */
bool reaches_for_vmm(struct vmm *vmm)
{
    struct vinsn in;
    struct vdesc d;
    struct vfault keep = vmm->fault;
    bool ok = decode_insn(vmm, emulate_table, &in);
    vmm->fault = keep;
    if (!ok) {
        return false;
    }
    uint32_t ea = in.mem ? in.ea : vmm->frame.gpr[HW_ESP] - 4;
    unsigned seg = in.mem ? in.seg : HW_SS;
    bool string = (in.code >= 0xA4 && in.code <= 0xA7) || (in.code >= 0xAA && in.code <= 0xAF);
    if (string) {
        ea = vmm->frame.gpr[in.code < 0xA8 ? HW_ESI : HW_EDI];
        seg = HW_DS;
    }
    return desc_fetch(vmm, vmm->frame.seg[seg], &d) && desc_base(&d) + ea >= VMM_LINEAR - 15;
}

bool turn_segment(struct vmm *vmm)
{
    struct vinsn in;
    struct vfault keep = vmm->fault;
    bool ok = decode_insn(vmm, emulate_table, &in) && in.mem && desc_turn(vmm, in.seg, in.ea);
    vmm->fault = keep;
    return ok;
}

/* ---- shared by the emulators */

enum emu fault(struct vmm *vmm, uint8_t vector, uint32_t code)
{
    bool has_code = vector == 8 || (vector >= 10 && vector <= 14);
    vmm->fault = (struct vfault){.vector = vector, .has_code = has_code, .code = code};
    return EMU_FAULT;
}

static unsigned rights(const struct vmm *vmm)
{
    return vmm->v.cpl == 3 ? WALK_USER : 0;
}

bool seg_read(struct vmm *vmm, unsigned seg, uint32_t ea, unsigned size, uint32_t *v)
{
    uint8_t bytes[4] = {0};
    laddr la;
    if (!seg_linear(vmm, seg, ea, size, false, &la) ||
        !gl_read(vmm, la, bytes, size, rights(vmm))) {
        return false;
    }
    *v = load_le(bytes, size);
    return true;
}

bool seg_write(struct vmm *vmm, unsigned seg, uint32_t ea, unsigned size, uint32_t v)
{
    uint8_t bytes[4];
    laddr la;
    store_le(bytes, v, size);
    return seg_linear(vmm, seg, ea, size, true, &la) &&
           gl_write(vmm, la, bytes, size, rights(vmm));
}

bool vrm_read(struct vmm *vmm, const struct vinsn *in, unsigned size, uint32_t *v)
{
    if (in->mem) {
        return seg_read(vmm, in->seg, in->ea, size, v);
    }
    *v = size == 4 ? vmm->frame.gpr[in->rm] : vmm->frame.gpr[in->rm] & 0xFFFF;
    return true;
}

bool vrm_write16(struct vmm *vmm, const struct vinsn *in, uint32_t v)
{
    if (in->mem) {
        return seg_write(vmm, in->seg, in->ea, 2, v);
    }
    reg_write(vmm, in->rm, in->size, v);
    return true;
}

void reg_write(struct vmm *vmm, unsigned reg, unsigned size, uint32_t v)
{
    uint32_t *r = &vmm->frame.gpr[reg];
    *r = size == 4 ? v : (*r & 0xFFFF0000u) | (v & 0xFFFF);
}

bool vstack_peek(struct vmm *vmm, unsigned n, unsigned size, uint32_t *v)
{
    uint32_t ea = (vmm->frame.gpr[HW_ESP] + n * size) & stack_mask(vmm);
    return seg_read(vmm, HW_SS, ea, size, v);
}

static void stack_set(struct vmm *vmm, uint32_t esp)
{
    uint32_t mask = stack_mask(vmm);
    vmm->frame.gpr[HW_ESP] = (vmm->frame.gpr[HW_ESP] & ~mask) | (esp & mask);
}

void vstack_drop(struct vmm *vmm, uint32_t bytes)
{
    stack_set(vmm, vmm->frame.gpr[HW_ESP] + bytes);
}

bool vstack_push(struct vmm *vmm, unsigned size, const uint32_t *v, unsigned n)
{
    uint32_t esp = vmm->frame.gpr[HW_ESP], mask = stack_mask(vmm);
    for (unsigned k = 0; k < n; k++) {
        if (!seg_write(vmm, HW_SS, (esp - (k + 1) * size) & mask, size, v[k])) {
            return false;
        }
    }
    stack_set(vmm, esp - n * size);
    return true;
}
