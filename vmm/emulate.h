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

#define EMULATOR(name) extern emulate_fn emulate_##name;
EMULATOR(cli)
EMULATOR(sti)
EMULATOR(pushf) EMULATOR(popf) EMULATOR(iret) EMULATOR(int) EMULATOR(int3) EMULATOR(into)
    EMULATOR(in) EMULATOR(out) EMULATOR(ins) EMULATOR(outs) EMULATOR(hlt) EMULATOR(clts)
        EMULATOR(lmsw) EMULATOR(smsw) EMULATOR(nothing) EMULATOR(mov_from_cr)
            EMULATOR(mov_to_cr) EMULATOR(mov_from_dr) EMULATOR(mov_to_dr) EMULATOR(msr)
                EMULATOR(lgdt) EMULATOR(lidt) EMULATOR(sgdt) EMULATOR(sidt) EMULATOR(lldt)
                    EMULATOR(ltr) EMULATOR(sldt) EMULATOR(str) EMULATOR(lar) EMULATOR(lsl)
                        EMULATOR(verr) EMULATOR(verw) EMULATOR(push_seg) EMULATOR(pop_seg)
                            EMULATOR(mov_from_seg) EMULATOR(mov_to_seg) EMULATOR(lxs)
                                EMULATOR(call_far) EMULATOR(jmp_far) EMULATOR(call_mem)
                                    EMULATOR(jmp_mem) EMULATOR(retf)
#undef EMULATOR

#endif
