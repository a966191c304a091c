/* frontend/lab_prompt.h -- a laboratory that has stopped at a divergence, looked at by hand
 * (-vmm-stop-on-divergence -monitor stdio).
 *
 * Commands, with the monitor's words: info registers, x ADDR [BYTES], step [N], cont, quit,
 * help. NOT IMPLEMENTED: gdb; breakpoints.
 */
#ifndef TERRAPIN_FRONTEND_LAB_PROMPT_H
#define TERRAPIN_FRONTEND_LAB_PROMPT_H

#include "vmm/lab.h"

/* Reads commands from stdin until the run has ended, at quit, or at the end of the input. */
void lab_prompt(struct lab *lab);

#endif
