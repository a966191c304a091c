/* frontend/kernel.h -- the files of -kernel and -initrd. */
#ifndef TERRAPIN_FRONTEND_KERNEL_H
#define TERRAPIN_FRONTEND_KERNEL_H

#include "devices/machine.h"
#include "frontend/options.h"

struct kernel {
    uint8_t *bytes; /* NULL: no -kernel */
    uint32_t size;
    const char *append;
    const char *name;
    struct boot_module module[BOOT_MODULES];
    uint8_t *module_bytes[BOOT_MODULES];
    unsigned modules;
    char *module_list; /* the argument of -initrd, cut into pieces */
};

/* -1 and err: kernel_free() what is there. */
int kernel_load(struct kernel *k, const struct options *o, struct error *err);
void kernel_configure(const struct kernel *k, struct machine_config *m);
void kernel_free(struct kernel *k);

#endif
