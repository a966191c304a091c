/* vmm/linux.h -- a kernel for the guest `linux`: where a boot loader would have put it. */
#ifndef TERRAPIN_VMM_LINUX_H
#define TERRAPIN_VMM_LINUX_H

#include "vmm/hw.h"
#include "vmm/lab.h"

/* bzImage or vmlinux, initial RAM disk and command line into the memory of a machine that has
 * not started. -1 and err: not such a kernel, or too little memory (ram bytes). */
int linux_load(struct hw *hw, const struct lab_kernel *k, uint32_t ram, struct error *err);

#endif
