/* devices/boot.h -- direct boot: from the bytes of a kernel to the firmware files that an
 * option ROM of ours loads it from.
 *
 * Here is what can be decided before power-on: is this a kernel, where does what go, what does
 * its header say. The ROM (roms/) does what needs the running machine: it asks the firmware for
 * the memory map, copies, and enters the kernel. Kernels are hostile input; every function here
 * is a pure function of its arguments.
 */
#ifndef TERRAPIN_DEVICES_BOOT_H
#define TERRAPIN_DEVICES_BOOT_H

#include "devices/machine.h"
#include "mem/error.h"

struct board;

/* ---- Linux (devices/boot_linux.c) */

/* Where the parts of a Linux kernel go. All sizes fit, all places are apart. */
struct linux_boot {
    uint32_t setup_size; /* real-mode part: boot sector and setup, at the start of the file */
    uint32_t setup_addr; /* a multiple of 16 */
    uint32_t stack_end;  /* the real-mode part's stack grows down from here, its heap up */
    uint32_t cmdline_addr;
    uint32_t kernel_addr; /* protected-mode part: the rest of the file */
    uint32_t initrd_min;  /* below that is the kernel's own */
    uint64_t initrd_end;  /* the kernel does not look for it at or above that */
};

/* The option ROM's firmware file. */
#define BOOT_ROM_LINUX "genroms/linuxboot.bin"

bool linux_is_kernel(const uint8_t *kernel, uint32_t size);
int linux_plan(const uint8_t *kernel, uint32_t size, const char *cmdline, uint32_t initrd_size,
               uint64_t ram_bytes, struct linux_boot *plan, struct error *err);
/* Fills in the header's fields that the boot loader writes, but the address of the initrd.
 * setup: plan->setup_size bytes. */
void linux_patch_setup(uint8_t *setup, const struct linux_boot *plan, const char *cmdline,
                       uint32_t initrd_size);

/* ---- multiboot 1 (devices/boot_multiboot.c) */

/* A stretch of memory: bytes of the kernel's file or of a module, then zeros. */
struct multiboot_part {
    uint32_t addr, size, zeros;
    const uint8_t *bytes;
};
enum { MULTIBOOT_PARTS = 128, MULTIBOOT_SECTIONS = 64 };
struct multiboot_boot {
    uint32_t entry;
    uint32_t info_addr; /* the information structure with what it points to but the map */
    uint32_t info_size;
    uint32_t map_addr; /* where the ROM puts the memory map */
    bool wants_video;
    /* The kernel file's section headers: the structure has a copy, with the addresses of those
     * that are loaded for their sake alone, such as symbols. sections = 0: none. */
    uint32_t sections, section_names;
    const uint8_t *section_table;
    uint32_t section_addr[MULTIBOOT_SECTIONS];
    uint32_t module_addr[BOOT_MODULES];
    unsigned parts;
    struct multiboot_part part[MULTIBOOT_PARTS];
};
#define BOOT_ROM_MULTIBOOT "genroms/multiboot.bin"

bool multiboot_is_kernel(const uint8_t *kernel, uint32_t size);
int multiboot_plan(const struct machine_config *cfg, struct multiboot_boot *plan,
                   struct error *err);
/* The information structure but for the memory map, plan->info_size bytes. */
void multiboot_info(const struct machine_config *cfg, const struct multiboot_boot *plan,
                    uint8_t *info);

/* ---- all together (devices/machine_boot.c) */

/* The files of cfg's kernel, and the ROM, onto the board. Without a kernel: nothing. */
int boot_add_files(struct board *b, const struct machine_config *cfg, struct error *err);

#endif
