/* devices/roms.h -- option ROMs of our own, assembled from roms/ and embedded at build time. */
#ifndef TERRAPIN_DEVICES_ROMS_H
#define TERRAPIN_DEVICES_ROMS_H

#include "mem/types.h"

struct embedded_rom {
    const uint8_t *bytes;
    uint32_t size; /* a multiple of 512; the bytes sum up to 0 */
};

extern const struct embedded_rom rom_linuxboot, rom_multiboot;

#endif
