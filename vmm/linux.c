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
    VERSION = 0x206,
    LOADER = 0x210,
    LOAD_FLAGS = 0x211,
    CODE32 = 0x214,
    RAMDISK = 0x218,
    COMMAND = 0x228,
    MAP_ENTRIES = 0x1E8,
    MAP = 0x2D0,
    LOW_END = 0x9F000,
    HEADER_END = 0x290,
    LINE_MOST = 2048
};

static unsigned map_entry(uint8_t *params, unsigned n, uint32_t from, uint32_t to)
{
    uint8_t *e = params + MAP + 20 * n;
    store_le32(e, from);
    store_le32(e + 8, to - from);
    store_le32(e + 16, 1); /* memory */
    return n + 1;
}

static bool fits(const struct lab_kernel *k, uint32_t ram, uint64_t end)
{
    uint32_t initrd = (ram - k->initrd_size) & ~(uint32_t)PAGE_MASK;
    return k->initrd_size < ram && end <= initrd && strlen(k->append) < LINE_MOST;
}

/* vmlinux, as it comes out of a bzImage: an ELF file (System V ABI, chapter 5). Its header has
 * no boot parameters; these are the few that the kernel itself looks at. */
static int load_elf(struct hw *hw, const struct lab_kernel *k, uint32_t ram, uint8_t *params,
                    struct error *err)
{
    enum { ENTRY = 24, TABLE = 28, ROWS = 44, ROW = 32, LOAD = 1 };
    uint32_t table = load_le32(k->bytes + TABLE), rows = load_le16(k->bytes + ROWS);
    for (uint32_t n = 0; n < rows; n++) {
        uint64_t at = table + (uint64_t)ROW * n;
        if (at + ROW > k->size) {
            return error_set(err, "-kernel: its program headers are not in it");
        }
        const uint8_t *p = k->bytes + at;
        uint32_t from = load_le32(p + 4), to = load_le32(p + 12), size = load_le32(p + 16);
        if (load_le32(p) != LOAD) {
            continue;
        }
        if ((uint64_t)from + size > k->size || to < KERNEL || !fits(k, ram, to) ||
            !fits(k, ram, (uint64_t)to + load_le32(p + 20))) {
            return error_set(err, "-kernel: it does not fit; use a larger -m");
        }
        hw_write(hw, to, k->bytes + from, size);
    }
    store_le32(params + CODE32, load_le32(k->bytes + ENTRY));
    memcpy(params + MAGIC, "HdrS", 4);
    params[VERSION] = 0xF;
    params[VERSION + 1] = 2;
    params[LOAD_FLAGS] = 1;
    return 0;
}

static int load_bzimage(struct hw *hw, const struct lab_kernel *k, uint32_t ram,
                        uint8_t *params, struct error *err)
{
    uint32_t setup = (k->bytes[SETUP_SECTORS] ? k->bytes[SETUP_SECTORS] + 1u : 5u) * 512;
    if (setup >= k->size || !fits(k, ram, (uint64_t)KERNEL + (k->size - setup))) {
        return error_set(err, "-kernel: it does not fit; use a larger -m");
    }
    memcpy(params + HEADER, k->bytes + HEADER, HEADER_END - HEADER);
    hw_write(hw, KERNEL, k->bytes + setup, k->size - setup);
    store_le32(params + CODE32, KERNEL);
    return 0;
}

int linux_load(struct hw *hw, const struct lab_kernel *k, uint32_t ram, struct error *err)
{
    uint8_t params[PAGE_SIZE] = {0};
    bool big = k->size >= 0x1000, elf = big && memcmp(k->bytes,
                                                      "\x7F"
                                                      "ELF\1\1",
                                                      6) == 0;
    if (!elf && (!big || memcmp(k->bytes + MAGIC, "HdrS", 4) != 0)) {
        return error_set(err, "-kernel: neither a bzImage nor a 32-bit vmlinux");
    }
    if ((elf ? load_elf : load_bzimage)(hw, k, ram, params, err) < 0) {
        return -1;
    }
    uint32_t initrd = (ram - k->initrd_size) & ~(uint32_t)PAGE_MASK;
    params[LOADER] = 0xFF;
    store_le32(params + RAMDISK, k->initrd_size ? initrd : 0);
    store_le32(params + RAMDISK + 4, k->initrd_size);
    store_le32(params + COMMAND, COMMAND_LINE);
    unsigned n = map_entry(params, 0, 0, LOW_END);
    params[MAP_ENTRIES] = (uint8_t)map_entry(params, n, KERNEL, ram);
    hw_write(hw, PARAMETERS, params, sizeof params);
    hw_write(hw, COMMAND_LINE, k->append, (uint32_t)strlen(k->append) + 1);
    if (k->initrd_size) {
        hw_write(hw, initrd, k->initrd, k->initrd_size);
    }
    return 0;
}
