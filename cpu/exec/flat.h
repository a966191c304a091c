/* cpu/exec/flat.h -- addresses and accesses of the fast forms (cpu/forms.h): MODE_FLAT holds,
 * so an effective address is a linear one and no segment has a limit. */
#ifndef TERRAPIN_CPU_EXEC_FLAT_H
#define TERRAPIN_CPU_EXEC_FLAT_H

#include "cpu/lmem.h"

/* The plain handlers that the forms go back to. */
#define MEM(name)     extern exec_fn exec_##name;
#define PUSHES(name)  extern exec_fn exec_##name;
#define STACK(name)   extern exec_fn exec_##name;
#define ADDRESS(name) extern exec_fn exec_##name;
#define PAIR(name, conds)
#include "cpu/forms.def"
#undef MEM
#undef PUSHES
#undef STACK
#undef ADDRESS
#undef PAIR

#define FLAT_EA_b (cpu->r[i->base] + i->disp)
#define FLAT_EA_s (cpu->seg[i->seg].base + cpu->r[i->base] + i->disp)
#define FLAT_EA_x (cpu->r[i->base] + (cpu->r[i->index] << i->scale) + i->disp)

/* Does no byte lie beyond offset FFFFFFFFh? With a base of 0 it would be across a page's end.
 */
#define FLAT_FITS_b(size) true
#define FLAT_FITS_x(size) true
#define FLAT_FITS_s(size) flat_fits(cpu->r[i->base] + i->disp, size)
static inline bool flat_fits(eaddr ea, unsigned size)
{
    return LIKELY(ea + (size - 1) >= ea);
}

/* The same for the operand of a form. */
#define FLAT_RD(FORM, size, p) (FLAT_FITS_##FORM(size) && flat_rd(cpu, FLAT_EA_##FORM, size, p))
#define FLAT_WR(FORM, size, p) (FLAT_FITS_##FORM(size) && flat_wr(cpu, FLAT_EA_##FORM, size, p))

/* By operand size in bits. */
#define FLAT_LOAD_8   lmem_load8
#define FLAT_LOAD_16  load_le16
#define FLAT_LOAD_32  load_le32
#define FLAT_STORE_8  lmem_store8
#define FLAT_STORE_16 store_le16
#define FLAT_STORE_32 store_le32

#endif
