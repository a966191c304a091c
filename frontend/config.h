/* frontend/config.h -- from options to a machine's configuration, with its files opened. */
#ifndef TERRAPIN_FRONTEND_CONFIG_H
#define TERRAPIN_FRONTEND_CONFIG_H

#include "devices/machine.h"
#include "frontend/drives.h"
#include "frontend/kernel.h"
#include "frontend/options.h"

struct config {
    struct machine_config machine; /* points into the rest */
    struct drives drives;
    struct kernel kernel;
    uint8_t *bios, *vgabios;
    char boot_order[8];
    enum display_kind display; /* decided */
};

/* -1 and err: nothing stays open. */
int config_build(struct config *c, const struct options *o, struct error *err);
void config_free(struct config *c);

#endif
