/* frontend/kernel.h -- the files of -kernel and -initrd. */
#ifndef TERRAPIN_FRONTEND_KERNEL_H
#define TERRAPIN_FRONTEND_KERNEL_H

#include "devices/machine.h"
#include "frontend/options.h"

struct kernel {
    uint8_t *bytes; /* NULL: no -kernel */
    uint32_t size;
    const char *append;
    struct boot_module module[1];
    uint8_t *module_bytes[1];
    unsigned modules;
};

/* -1 and err: kernel_free() what is there. */
int kernel_load(struct kernel *k, const struct options *o, struct error *err);
void kernel_configure(const struct kernel *k, struct machine_config *m);
void kernel_free(struct kernel *k);

#endif
