/* vmm/linux.c -- see the header. The boot protocol is Documentation/arch/x86/boot.rst and
 * zero-page.rst of the kernel's tree, version 2.06 and later.
 */
#include "vmm/linux.h"

#include <string.h>

enum {
    PARAMETERS = 0x90000,
    COMMAND_LINE = 0x99000,
    KERNEL = 0x100000,
    HEADER = 0x1F1,
    SETUP_SECTORS = 0x1F1,
    MAGIC = 0x202,
    LOADER = 0x210,
    CODE32 = 0x214,
    RAMDISK = 0x218,
    COMMAND = 0x228,
    MAP_ENTRIES = 0x1E8,
    MAP = 0x2D0,
    LOW_END = 0x9F000,
    HEADER_END = 0x290
};

static unsigned map_entry(uint8_t *params, unsigned n, uint32_t from, uint32_t to)
{
    uint8_t *e = params + MAP + 20 * n;
    store_le32(e, from);
    store_le32(e + 8, to - from);
    store_le32(e + 16, 1); /* memory */
    return n + 1;
}

int linux_load(struct hw *hw, const struct lab_kernel *k, uint32_t ram, struct error *err)
{
    uint8_t params[PAGE_SIZE] = {0};
    if (k->size < 0x1000 || memcmp(k->bytes + MAGIC, "HdrS", 4) != 0) {
        return error_set(err, "-kernel: not a bzImage");
    }
    uint32_t setup = (k->bytes[SETUP_SECTORS] ? k->bytes[SETUP_SECTORS] + 1u : 5u) * 512;
    uint32_t initrd = (ram - k->initrd_size) & ~(uint32_t)PAGE_MASK;
    size_t line = strlen(k->append) + 1;
    if (setup >= k->size || line > 2048 || ram < (16 << 20) || k->size - setup > ram - KERNEL ||
        initrd < KERNEL + (k->size - setup)) {
        return error_set(err, "-kernel: it does not fit; use a larger -m");
    }
    memcpy(params + HEADER, k->bytes + HEADER, HEADER_END - HEADER);
    params[LOADER] = 0xFF;
    store_le32(params + CODE32, KERNEL);
    store_le32(params + RAMDISK, k->initrd_size ? initrd : 0);
    store_le32(params + RAMDISK + 4, k->initrd_size);
    store_le32(params + COMMAND, COMMAND_LINE);
    unsigned n = map_entry(params, 0, 0, LOW_END);
    params[MAP_ENTRIES] = (uint8_t)map_entry(params, n, KERNEL, ram);
    hw_write(hw, PARAMETERS, params, sizeof params);
    hw_write(hw, COMMAND_LINE, k->append, (uint32_t)line);
    hw_write(hw, KERNEL, k->bytes + setup, k->size - setup);
    if (k->initrd_size) {
        hw_write(hw, initrd, k->initrd, k->initrd_size);
    }
    return 0;
}
