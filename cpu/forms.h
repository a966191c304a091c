/* cpu/forms.h -- faster forms of what the decoder chose: same meaning, fewer questions.
 *
 * decode() picks a handler that serves every segment, address size and place in a block. Once
 * a block is whole, forms_choose() replaces handlers by narrower ones, listed in forms.def.
 *
 * NAME_b and NAME_x are flat: a 32-bit address, base + displacement, for x with an index, while
 * MODE_FLAT says that ES, SS and DS are all of linear memory. NAME_s is NAME_b in FS or GS,
 * while MODE_FS or MODE_GS says that it has no limit. NAME_flat, under MODE_FLAT, is for
 * pushes, pops, calls and returns. NAME_JZ and its like are fused: the instruction and the Jcc
 * behind it. A_then_B is two instructions (A_then_B_then_C three) in one handler.
 *
 * NAME_nf leaves the flags as they are, for where the block writes them again before anything
 * could see them (still.def).
 *
 * A fast form knows the common case alone: it has found the host address before it changes
 * anything, else it goes on as the plain handler (INSTEAD), which takes the slow path, faults,
 * and leaves the block between the two instructions of a pair where it must. The records stay
 * as decoded, one an instruction, so that place, tick and length of each are where they were;
 * single steps use the plain handlers only, and tests/property holds one against the other.
 */
#ifndef TERRAPIN_CPU_FORMS_H
#define TERRAPIN_CPU_FORMS_H

#include "cpu/insn.h"

struct form_map; /* plain handler -> its forms */

/* NULL: out of memory. The caller frees it with free(). */
struct form_map *form_map_new(void);

/* Chooses for u[0..n), decoded under mode; u[n] is the block's end. */
void forms_choose(struct form_map *map, uint32_t mode, struct insn *u,
                  const struct insn_cold *cold, unsigned n);
/* What was chosen since the map is there. */
void forms_counts(const struct form_map *map, uint64_t *fast_forms, uint64_t *fused_pairs,
                  uint64_t *dead_flags);

#endif
