/* vmm/emulate.h -- what the files emu_*.c share: operands, stack, and refusals.
 *
 * An emulate_fn does what the instruction would have done on the virtual processor, or changes
 * nothing and returns EMU_FAULT with vmm->fault filled. EMU_DONE: on with the next instruction.
 */
#ifndef TERRAPIN_VMM_EMULATE_H
#define TERRAPIN_VMM_EMULATE_H

#include "vmm/decode.h"

enum emu fault(struct vmm *vmm, uint8_t vector, uint32_t code);
static inline enum emu gp(struct vmm *vmm, uint32_t code)
{
    return fault(vmm, 13, code);
}
/* Memory by segment and offset, with the rights of the virtual processor. */
bool seg_read(struct vmm *vmm, unsigned seg, uint32_t ea, unsigned size, uint32_t *v);
bool seg_write(struct vmm *vmm, unsigned seg, uint32_t ea, unsigned size, uint32_t v);
/* The ModRM operand. A register is written in the operand's size, memory in 16 bits. */
bool vrm_read(struct vmm *vmm, const struct vinsn *in, unsigned size, uint32_t *v);
bool vrm_write16(struct vmm *vmm, const struct vinsn *in, uint32_t v);
void reg_write(struct vmm *vmm, unsigned reg, unsigned size, uint32_t v);
/* Value n of `size` bytes from the top of the stack; then drop bytes. */
bool vstack_peek(struct vmm *vmm, unsigned n, unsigned size, uint32_t *v);
void vstack_drop(struct vmm *vmm, uint32_t bytes);
bool vstack_push(struct vmm *vmm, unsigned size, const uint32_t *v,
                 unsigned n); /* v[0] first */

/* emu_segment.c: loads with the virtual processor's checks; EMU_DONE or EMU_FAULT. */
enum emu segment_check(struct vmm *vmm, unsigned seg, uint16_t sel, struct vdesc *d);
enum emu segment_load(struct vmm *vmm, unsigned seg, uint16_t sel);
/* emu_transfer.c: would the virtual processor go there? A jump or call; a return. */
enum emu vtarget_check(struct vmm *vmm, uint16_t sel, uint32_t eip);
enum emu vreturn_check(struct vmm *vmm, uint16_t cs, uint32_t eip);
/* emulate.c: the table */
extern const struct op emulate_table[];
/* emu_system.c */
void fpu_update(struct vmm *vmm); /* CR0.TS, EM, MP, NE of the real processor */

extern emulate_fn emulate_cli, emulate_sti, emulate_pushf, emulate_popf, emulate_iret,
    emulate_int, emulate_int3, emulate_into, emulate_in, emulate_out, emulate_ins, emulate_outs,
    emulate_hlt, emulate_clts, emulate_lmsw, emulate_smsw, emulate_nothing, emulate_mov_from_cr,
    emulate_mov_to_cr, emulate_mov_from_dr, emulate_mov_to_dr, emulate_msr, emulate_rdtsc,
    emulate_lgdt, emulate_lidt, emulate_sgdt, emulate_sidt, emulate_lldt, emulate_ltr,
    emulate_sldt, emulate_str, emulate_lar, emulate_lsl, emulate_verr, emulate_verw,
    emulate_push_seg, emulate_pop_seg, emulate_mov_from_seg, emulate_mov_to_seg, emulate_lxs,
    emulate_call_far, emulate_call_direct, emulate_call_indirect, emulate_jmp_indirect,
    emulate_ret_near, emulate_store, emulate_jmp_far, emulate_call_mem, emulate_jmp_mem,
    emulate_retf;

#endif
