/* machine_boot.c -- the firmware files of a kernel that is booted directly.
 *
 *   Linux      boot/plan      little-endian numbers of 32 bits: address of the setup code, its
 *                             stack pointer, addresses of command line and kernel, lowest
 *                             address of the initrd, first address that it may not use
 *              boot/setup     boot sector and setup code, header filled in
 *              boot/kernel    the protected-mode part
 *              boot/cmdline   NUL-terminated
 *              boot/initrd    if there is one
 *   multiboot  boot/plan      numbers: entry point, addresses of the information structure and
 *                             of the memory map, count of parts; and for each part its address,
 *                             its size, and how many zeros follow it
 *              boot/kernel    what the parts hold: kernel, modules, information structure
 *   both       genroms/NAME   the option ROM that loads them, first in the boot order
 */
#include "devices/boot.h"

#include <stdlib.h>
#include <string.h>

#include "devices/device.h"
#include "devices/machine.h"
#include "devices/roms.h"

static int add_file(struct board *b, const char *name, const void *bytes, size_t size,
                    struct error *err)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) {
        return error_set(err, "-kernel: out of memory");
    }
    memcpy(copy, bytes, size);
    if (board_add_firmware(b, name, copy, (uint32_t)size) != 0) {
        return error_set(err, "-kernel: too many firmware files");
    }
    return 0;
}

static int add_linux(struct board *b, const struct machine_config *cfg, struct error *err)
{
    const uint32_t top = 0xFFFFF000;
    const char *cmdline = cfg->append ? cfg->append : "";
    const struct boot_module none = {NULL, 0, NULL};
    const struct boot_module *initrd = cfg->modules ? &cfg->module[0] : &none;
    struct linux_boot plan;
    if (linux_plan(cfg->kernel, cfg->kernel_size, cmdline, initrd->size, cfg->ram_bytes, &plan,
                   err) != 0) {
        return -1;
    }
    uint8_t numbers[24];
    store_le32(numbers, plan.setup_addr);
    store_le32(numbers + 4, plan.stack_end - plan.setup_addr - 16);
    store_le32(numbers + 8, plan.cmdline_addr);
    store_le32(numbers + 12, plan.kernel_addr);
    store_le32(numbers + 16, plan.initrd_min);
    store_le32(numbers + 20, plan.initrd_end < top ? (uint32_t)plan.initrd_end : top);
    if (add_file(b, "boot/plan", numbers, sizeof numbers, err) != 0 ||
        add_file(b, "boot/setup", cfg->kernel, plan.setup_size, err) != 0) {
        return -1;
    }
    linux_patch_setup(b->firmware[b->firmware_files - 1].bytes, &plan, cmdline, initrd->size);
    if (add_file(b, "boot/kernel", cfg->kernel + plan.setup_size,
                 cfg->kernel_size - plan.setup_size, err) != 0 ||
        add_file(b, "boot/cmdline", cmdline, strlen(cmdline) + 1, err) != 0 ||
        (initrd->size && add_file(b, "boot/initrd", initrd->bytes, initrd->size, err) != 0)) {
        return -1;
    }
    return add_file(b, BOOT_ROM_LINUX, rom_linuxboot.bytes, rom_linuxboot.size, err);
}

enum { PLAN_HEAD = 16, PLAN_PART = 12 };

static int add_multiboot_plan(struct board *b, const struct multiboot_boot *plan,
                              struct error *err)
{
    uint8_t numbers[PLAN_HEAD + MULTIBOOT_PARTS * PLAN_PART];
    store_le32(numbers, plan->entry);
    store_le32(numbers + 4, plan->info_addr);
    store_le32(numbers + 8, plan->map_addr);
    store_le32(numbers + 12, plan->parts);
    uint8_t *to = numbers + PLAN_HEAD;
    for (unsigned i = 0; i < plan->parts; i++, to += PLAN_PART) {
        store_le32(to, plan->part[i].addr);
        store_le32(to + 4, plan->part[i].size);
        store_le32(to + 8, plan->part[i].zeros);
    }
    return add_file(b, "boot/plan", numbers, (size_t)(to - numbers), err);
}

static int add_multiboot(struct board *b, const struct machine_config *cfg, struct error *err)
{
    struct multiboot_boot plan;
    if (multiboot_plan(cfg, &plan, err) != 0) {
        return -1;
    }
    uint64_t size = plan.info_size;
    for (unsigned i = 0; i < plan.parts; i++) {
        size += plan.part[i].size;
    }
    uint8_t *all = size <= UINT32_MAX ? malloc((size_t)size) : NULL;
    if (!all) {
        return error_set(err, "-kernel: out of memory");
    }
    size_t at = 0;
    for (unsigned i = 0; i < plan.parts; i++) {
        memcpy(all + at, plan.part[i].bytes, plan.part[i].size);
        at += plan.part[i].size;
    }
    multiboot_info(cfg, &plan, all + at);
    plan.part[plan.parts++] = (struct multiboot_part){plan.info_addr, plan.info_size, 0, NULL};
    if (board_add_firmware(b, "boot/kernel", all, (uint32_t)size) != 0) {
        return error_set(err, "-kernel: too many firmware files");
    }
    if (add_multiboot_plan(b, &plan, err) != 0) {
        return -1;
    }
    return add_file(b, BOOT_ROM_MULTIBOOT, rom_multiboot.bytes, rom_multiboot.size, err);
}

enum machine_kernel machine_kernel_kind(const uint8_t *kernel, uint32_t size)
{
    return linux_is_kernel(kernel, size)       ? KERNEL_LINUX
           : multiboot_is_kernel(kernel, size) ? KERNEL_MULTIBOOT
                                               : KERNEL_UNKNOWN;
}

int boot_add_files(struct board *b, const struct machine_config *cfg, struct error *err)
{
    if (!cfg->kernel) {
        return 0;
    }
    switch (machine_kernel_kind(cfg->kernel, cfg->kernel_size)) {
    case KERNEL_LINUX: return add_linux(b, cfg, err);
    case KERNEL_MULTIBOOT: return add_multiboot(b, cfg, err);
    case KERNEL_UNKNOWN: break;
    }
    return error_set(err, "-kernel: is neither a Linux nor a multiboot kernel");
}
