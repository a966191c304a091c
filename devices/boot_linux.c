/* boot_linux.c -- the Linux/x86 boot protocol, versions 2.00 and up, as seen by a boot loader.
 *
 *   file      boot sector and setup, (setup_sects + 1) * 512 bytes; then the protected-mode
 * part bzImage   (LOADED_HIGH) protected-mode part at 100000h, zImage at 10000h memory
 * from 2.02:   setup at 10000h, heap and stack to 20000h, command line there before that, and
 * for a zImage:  setup at 90000h, stack to the command line, which ends at 9A000h initrd above
 * the kernel and all that it unpacks to (pref_address + init_size, from 2.10), below
 * initrd_addr_max (from 2.03; 38000000h before) and mem=. Where exactly is the ROM's business,
 * for it knows the memory map. options   vga= and mem= in the command line are for the boot
 * loader
 *
 * NOT IMPLEMENTED: kernels older than 2.00 (1.3.73), which have no "HdrS"; the 32-bit and
 * 64-bit entry points; setup_data. References: Linux, Documentation/x86/boot.rst.
 */
#include "devices/boot.h"

#include <stdlib.h>
#include <string.h>

enum { /* offsets of header fields, and the version that brought them */
       SETUP_SECTS = 0x1F1,
       VID_MODE = 0x1FA,
       BOOT_FLAG = 0x1FE,
       HEADER = 0x202,
       VERSION = 0x206,
       TYPE_OF_LOADER = 0x210,
       LOADFLAGS = 0x211,
       RAMDISK_IMAGE = 0x218,
       RAMDISK_SIZE = 0x21C,
       HEAP_END_PTR = 0x224,    /* 2.01 */
       CMD_LINE_PTR = 0x228,    /* 2.02 */
       INITRD_ADDR_MAX = 0x22C, /* 2.03 */
       CMDLINE_SIZE = 0x238,    /* 2.06 */
       PREF_ADDRESS = 0x258,    /* 2.10 */
       INIT_SIZE = 0x260,       /* 2.10 */
       HEADER_END = 0x264,
       OLD_CMD_LINE_MAGIC = 0x20, /* before 2.02 */
       OLD_CMD_LINE_OFFSET = 0x22,
};
enum { LOADED_HIGH = 1 << 0, CAN_USE_HEAP = 1 << 7 };
enum { LOADER_UNREGISTERED = 0xFF, OLD_CMD_LINE_WORD = 0xA33F };
enum { LOW_SETUP = 0x10000, LOW_SETUP_MOST = 0xF000, LOW_CMDLINE = 0x20000 };
enum { OLD_SETUP = 0x90000, OLD_SETUP_MOST = 0x8000, OLD_END = 0x9A000 };
enum { HIGH_KERNEL = 0x100000, LOW_KERNEL = 0x10000 };
enum { OLD_CMDLINE_MOST = 255, LOW_CMDLINE_MOST = 0x10000 };

static bool is_high(const uint8_t *kernel)
{
    return kernel[LOADFLAGS] & LOADED_HIGH;
}

static unsigned version(const uint8_t *kernel)
{
    return load_le16(kernel + VERSION);
}

/* The value of an option NAME=… in the command line, the last one; or NULL. */
static const char *find_option(const char *cmdline, const char *name)
{
    const char *found = NULL;
    size_t n = strlen(name);
    for (const char *p = cmdline; (p = strstr(p, name)) != NULL; p += n) {
        if (p == cmdline || p[-1] == ' ') {
            found = p + n;
        }
    }
    return found;
}

/* vga=: a number, or normal, ext, ask. */
static uint16_t video_mode(const char *value)
{
    enum { NORMAL = 0xFFFF, EXTENDED = 0xFFFE, ASK = 0xFFFD };
    if (strncmp(value, "normal", 6) == 0) {
        return NORMAL;
    }
    if (strncmp(value, "ext", 3) == 0) {
        return EXTENDED;
    }
    if (strncmp(value, "ask", 3) == 0) {
        return ASK;
    }
    return (uint16_t)strtoul(value, NULL, 0);
}

/* mem=: bytes, with K, M or G. 0: not a size. */
static uint64_t memory_size(const char *value)
{
    char *end;
    uint64_t n = strtoull(value, &end, 0);
    unsigned shift = *end == 'K' || *end == 'k'   ? 10
                     : *end == 'M' || *end == 'm' ? 20
                     : *end == 'G' || *end == 'g' ? 30
                                                  : 0;
    return n > UINT64_MAX >> shift ? 0 : n << shift;
}

bool linux_is_kernel(const uint8_t *kernel, uint32_t size)
{
    return size >= HEADER_END && load_le16(kernel + BOOT_FLAG) == 0xAA55 &&
           memcmp(kernel + HEADER, "HdrS", 4) == 0;
}

static uint32_t cmdline_most(const uint8_t *kernel)
{
    uint32_t most = OLD_CMDLINE_MOST;
    if (version(kernel) >= 0x206) {
        most = load_le32(kernel + CMDLINE_SIZE);
    }
    return most < LOW_CMDLINE_MOST ? most : LOW_CMDLINE_MOST - 1;
}

static void place_initrd(const uint8_t *kernel, uint32_t rest, const char *cmdline,
                         struct linux_boot *plan)
{
    const char *mem = find_option(cmdline, "mem=");
    uint64_t limit = mem ? memory_size(mem) : 0;
    plan->initrd_min = HIGH_KERNEL;
    if (is_high(kernel)) {
        plan->initrd_min += rest;
    }
    if (version(kernel) >= 0x20A) {
        uint64_t unpacked = load_le64(kernel + PREF_ADDRESS) & UINT32_MAX;
        unpacked += load_le32(kernel + INIT_SIZE);
        if (unpacked > plan->initrd_min && unpacked <= UINT32_MAX) {
            plan->initrd_min = (uint32_t)unpacked;
        }
    }
    plan->initrd_end = 0x38000000;
    if (version(kernel) >= 0x203) {
        plan->initrd_end = (uint64_t)load_le32(kernel + INITRD_ADDR_MAX) + 1;
    }
    if (limit && limit < plan->initrd_end) {
        plan->initrd_end = limit;
    }
}

int linux_plan(const uint8_t *kernel, uint32_t size, const char *cmdline, uint32_t initrd_size,
               uint64_t ram_bytes, struct linux_boot *plan, struct error *err)
{
    if (version(kernel) < 0x200 || version(kernel) >= 0x300) {
        return error_set(err, "-kernel: boot protocol %x.%02x; only 2.00 and later is known",
                         version(kernel) >> 8, version(kernel) & 0xFF);
    }
    bool old = version(kernel) < 0x202 || !is_high(kernel);
    uint32_t sectors = kernel[SETUP_SECTS] ? kernel[SETUP_SECTS] : 4;
    *plan = (struct linux_boot){
        .setup_size = (sectors + 1) * 512,
        .setup_addr = old ? OLD_SETUP : LOW_SETUP,
        .kernel_addr = is_high(kernel) ? HIGH_KERNEL : LOW_KERNEL,
        .stack_end = LOW_CMDLINE,
        .cmdline_addr = LOW_CMDLINE,
    };
    size_t n = strlen(cmdline);
    if (n > cmdline_most(kernel) || (old && n > OLD_CMDLINE_MOST)) {
        return error_set(err, "-append: is too long; this kernel takes up to %u characters",
                         old ? OLD_CMDLINE_MOST : cmdline_most(kernel));
    }
    if (old) {
        plan->cmdline_addr = OLD_END - OLD_CMDLINE_MOST - 1;
        plan->stack_end = plan->cmdline_addr;
    }
    if (plan->setup_size > (old ? OLD_SETUP_MOST : LOW_SETUP_MOST) ||
        plan->setup_size >= size) {
        return error_set(err, "-kernel: is damaged: its setup code has %u bytes of %u",
                         plan->setup_size, size);
    }
    uint32_t rest = size - plan->setup_size;
    if (is_high(kernel) ? rest > ram_bytes - HIGH_KERNEL : rest > OLD_SETUP - LOW_KERNEL) {
        return error_set(err, "-kernel: is too large for this memory; use a larger -m");
    }
    place_initrd(kernel, rest, cmdline, plan);
    uint64_t end = plan->initrd_end < ram_bytes ? plan->initrd_end : ram_bytes;
    if (initrd_size && (plan->initrd_min > end || initrd_size > end - plan->initrd_min)) {
        return error_set(err, "-initrd: does not fit beside this kernel; use a larger -m");
    }
    return 0;
}

void linux_patch_setup(uint8_t *setup, const struct linux_boot *plan, const char *cmdline,
                       uint32_t initrd_size)
{
    const char *vga = find_option(cmdline, "vga=");
    if (vga) {
        store_le16(setup + VID_MODE, video_mode(vga));
    }
    setup[TYPE_OF_LOADER] = LOADER_UNREGISTERED;
    store_le32(setup + RAMDISK_IMAGE, 0);
    store_le32(setup + RAMDISK_SIZE, initrd_size);
    if (version(setup) >= 0x201) {
        setup[LOADFLAGS] |= CAN_USE_HEAP;
        store_le16(setup + HEAP_END_PTR,
                   (uint16_t)(plan->stack_end - plan->setup_addr - 0x200));
    }
    if (version(setup) >= 0x202) {
        store_le32(setup + CMD_LINE_PTR, plan->cmdline_addr);
    } else {
        store_le16(setup + OLD_CMD_LINE_MAGIC, OLD_CMD_LINE_WORD);
        store_le16(setup + OLD_CMD_LINE_OFFSET,
                   (uint16_t)(plan->cmdline_addr - plan->setup_addr));
    }
}
