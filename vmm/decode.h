/* vmm/decode.h -- what is the instruction that trapped? As much of the encoding as the
 * sensitive instructions need (SDM 2A 2.1).
 */
#ifndef TERRAPIN_VMM_DECODE_H
#define TERRAPIN_VMM_DECODE_H

#include "vmm/vmm.h"

struct vinsn;
typedef enum emu emulate_fn(struct vmm *vmm, const struct vinsn *in);

/* What follows the opcode. */
enum form {
    FORM_NONE,
    FORM_MODRM,
    FORM_MODRM_IB, /* … and an immediate */
    FORM_MODRM_IZ,
    FORM_REGS, /* ModRM that names registers, whatever its first two bits say */
    FORM_IB,
    FORM_IW,
    FORM_REL, /* relative target of the operand size */
    FORM_FAR
};

struct op { /* a row of the emulator's table, emulate.c */
    const char *name;
    uint16_t code; /* 0xNN, 0x1NN for 0F NN */
    int8_t digit;  /* ModRM.reg, or -1 */
    uint8_t form;
    emulate_fn *emulate;
};

struct vinsn {
    const struct op *op; /* NULL: none of ours */
    uint16_t code;
    uint8_t len;
    uint8_t size; /* of operands: 2 or 4 */
    bool addr32, rep;
    bool mem; /* ModRM.rm is memory, at seg:ea */
    uint8_t reg, rm, seg;
    uint32_t ea;
    uint32_t imm; /* of far pointers the offset … */
    uint16_t sel; /* … and the selector */
};

/* Reads the instruction at CS:EIP. false: vmm->fault (its bytes are not there). An unknown one
 * has no op; its ModRM operand is decoded if it has one. */
bool decode_insn(struct vmm *vmm, const struct op *table, struct vinsn *in);

#endif
