/* boot_multiboot.c -- the Multiboot Specification, version 1, as seen by a boot loader.
 *
 *   header    1BADB002h, flags, checksum, on a multiple of 4 in the first 8 KiB of the file
 *   kernel    with flag 16 as the header's addresses say; else an ELF file of 32 bits, its
 *             segments at their physical addresses, its entry point translated likewise
 *   symbols   all sections of an ELF file that are not part of the program, behind the kernel
 *   modules   behind that, from 1 MiB, each on a page of its own
 *   info      in conventional memory where the kernel is not: the structure, its modules and
 *             strings. Memory sizes and map are filled in by the ROM.
 *   video     a wish for a mode (flag 2) is answered with the mode that there is: 80 by 25 text
 *
 * NOT IMPLEMENTED: ELF files of 64 bits; a.out symbols (info flag 4), drives, configuration
 * table, APM table, VBE (7, 8, 10, 11). References: Multiboot Specification 0.6.96; System V
 * ABI, ELF.
 */
#include "devices/boot.h"

#include <string.h>

enum { MAGIC = 0x1BADB002, SEARCHED = 8192 };
enum { /* of the header */
       FLAGS = 4,
       CHECKSUM = 8,
       HEADER_ADDR = 12,
       LOAD_ADDR = 16,
       LOAD_END_ADDR = 20,
       BSS_END_ADDR = 24,
       ENTRY_ADDR = 28,
       SHORT_HEADER = 12,
       LONG_HEADER = 32,
};
enum { WANTS_VIDEO = 1 << 2, KNOWN_DEMANDS = 0x7, DEMANDS = 0xFFFF, HAS_ADDRESSES = 1 << 16 };
enum { /* of the information structure */
       INFO_FLAGS = 0,
       INFO_BOOT_DEVICE = 12,
       INFO_CMDLINE = 16,
       INFO_MODS_COUNT = 20,
       INFO_MODS_ADDR = 24,
       INFO_SECTIONS = 28, /* count, size of each, address, index of the names */
       INFO_MMAP_ADDR = 48,
       INFO_LOADER_NAME = 64,
       INFO_FRAMEBUFFER = 88,
       INFO_END = 116,
       MODULE_ENTRY = 16,
};
enum { /* its flags */
       HAS_MEMORY = 1 << 0,
       HAS_BOOT_DEVICE = 1 << 1,
       HAS_CMDLINE = 1 << 2,
       HAS_MODULES = 1 << 3,
       HAS_SECTIONS = 1 << 5,
       HAS_MMAP = 1 << 6,
       HAS_LOADER_NAME = 1 << 9,
       HAS_FRAMEBUFFER = 1 << 12,
};
enum { KERNEL_PARTS = MULTIBOOT_PARTS - BOOT_MODULES - 1 }; /* the last is the information */
enum {
    LOWEST = 0x10000,
    LOW_END = 0xA0000,
    HIGH = 0x100000,
    INFO_ROOM = 0x10000,
    MAP_ROOM = 0x3000
};
enum { /* ELF */
       E_CLASS = 4,
       E_DATA = 5,
       E_TYPE = 16,
       E_MACHINE = 18,
       E_ENTRY = 24,
       E_PHOFF = 28,
       E_PHENTSIZE = 42,
       E_PHNUM = 44,
       ELF_HEADER = 52,
       P_OFFSET = 4,
       P_VADDR = 8,
       P_PADDR = 12,
       P_FILESZ = 16,
       P_MEMSZ = 20,
       PROGRAM_HEADER = 32,
       E_SHOFF = 32,
       E_SHENTSIZE = 46,
       E_SHNUM = 48,
       E_SHSTRNDX = 50,
       SH_TYPE = 4,
       SH_ADDR = 12,
       SH_OFFSET = 16,
       SH_SIZE = 20,
       SECTION_HEADER = 40,
};
static const char loader_name[] = "Terrapin";

/* Offset of the header, or -1. */
static int32_t find_header(const uint8_t *kernel, uint32_t size)
{
    for (uint32_t at = 0; at < SEARCHED && at + SHORT_HEADER <= size; at += 4) {
        const uint8_t *h = kernel + at;
        if (load_le32(h) == MAGIC &&
            load_le32(h) + load_le32(h + FLAGS) + load_le32(h + CHECKSUM) == 0) {
            return (int32_t)at;
        }
    }
    return -1;
}

bool multiboot_is_kernel(const uint8_t *kernel, uint32_t size)
{
    return find_header(kernel, size) >= 0;
}

static int damaged(struct error *err, const char *what)
{
    return error_set(err, "-kernel: is damaged: %s", what);
}

static int add_part(struct multiboot_boot *plan, uint64_t addr, const uint8_t *bytes,
                    uint32_t size, uint32_t zeros, uint64_t ram, struct error *err)
{
    if (plan->parts == KERNEL_PARTS) {
        return damaged(err, "too many segments");
    }
    if (addr < LOWEST) {
        return error_set(err, "-kernel: wants to be at %x, below 64 KiB, where the firmware is",
                         (unsigned)addr);
    }
    if (addr < HIGH && addr + size + zeros > LOW_END) {
        return error_set(err,
                         "-kernel: wants to be at %x to %x; from a0000 to fffff there is no "
                         "memory, but the screen and the firmware",
                         (unsigned)addr, (unsigned)(addr + size + zeros - 1));
    }
    if (addr + size + zeros > ram) {
        return error_set(err, "-kernel: does not fit into the memory; use a larger -m");
    }
    plan->part[plan->parts++] = (struct multiboot_part){(uint32_t)addr, size, zeros, bytes};
    return 0;
}

/* The kernel that tells its addresses in its header, whatever format it has. */
static int plan_addresses(const struct machine_config *cfg, uint32_t at,
                          struct multiboot_boot *plan, struct error *err)
{
    const uint8_t *h = cfg->kernel + at;
    if (cfg->kernel_size - at < LONG_HEADER) {
        return damaged(err, "its multiboot header is cut off");
    }
    uint32_t load = load_le32(h + LOAD_ADDR), before = load_le32(h + HEADER_ADDR) - load;
    if (load > load_le32(h + HEADER_ADDR) || before > at) {
        return damaged(err, "its multiboot header is not where it says");
    }
    uint32_t from = at - before;
    uint32_t size = cfg->kernel_size - from;
    uint32_t load_end = load_le32(h + LOAD_END_ADDR), bss_end = load_le32(h + BSS_END_ADDR);
    if (load_end) {
        if (load_end < load || load_end - load > size) {
            return damaged(err, "its multiboot header asks for more than the file has");
        }
        size = load_end - load;
    }
    uint64_t end = (uint64_t)load + size;
    uint32_t zeros = bss_end > end ? (uint32_t)(bss_end - end) : 0;
    plan->entry = load_le32(h + ENTRY_ADDR);
    return add_part(plan, load, cfg->kernel + from, size, zeros, cfg->ram_bytes, err);
}

static int plan_segment(const struct machine_config *cfg, const uint8_t *ph, bool *entered,
                        struct multiboot_boot *plan, struct error *err)
{
    const uint8_t *kernel = cfg->kernel;
    uint32_t offset = load_le32(ph + P_OFFSET), filesz = load_le32(ph + P_FILESZ);
    uint32_t memsz = load_le32(ph + P_MEMSZ), vaddr = load_le32(ph + P_VADDR);
    uint32_t entry = load_le32(kernel + E_ENTRY);
    if (memsz == 0) {
        return 0;
    }
    if (filesz > memsz || offset > cfg->kernel_size || filesz > cfg->kernel_size - offset) {
        return damaged(err, "a segment is not in the file");
    }
    if (!*entered && entry >= vaddr && entry - vaddr < memsz) {
        *entered = true;
        plan->entry = entry - vaddr + load_le32(ph + P_PADDR);
    }
    return add_part(plan, load_le32(ph + P_PADDR), kernel + offset, filesz, memsz - filesz,
                    cfg->ram_bytes, err);
}

static int plan_elf(const struct machine_config *cfg, struct multiboot_boot *plan,
                    struct error *err)
{
    enum { CLASS_32 = 1, LITTLE = 1, EXECUTABLE = 2, I386 = 3, PT_LOAD = 1 };
    const uint8_t *e = cfg->kernel;
    if (cfg->kernel_size < ELF_HEADER || memcmp(e, "\177ELF", 4) != 0) {
        return error_set(err, "-kernel: a multiboot kernel that is no ELF file and does not "
                              "tell its addresses (header flag 16)");
    }
    if (e[E_CLASS] != CLASS_32 || e[E_DATA] != LITTLE || load_le16(e + E_MACHINE) != I386 ||
        load_le16(e + E_TYPE) != EXECUTABLE) {
        return error_set(err, "-kernel: an ELF file, but no i386 executable of 32 bits");
    }
    uint32_t at = load_le32(e + E_PHOFF), step = load_le16(e + E_PHENTSIZE);
    bool entered = false;
    plan->entry = load_le32(e + E_ENTRY);
    for (unsigned n = load_le16(e + E_PHNUM); n > 0; n--, at += step) {
        if (step < PROGRAM_HEADER || at > cfg->kernel_size ||
            cfg->kernel_size - at < PROGRAM_HEADER) {
            return damaged(err, "its program headers are not in the file");
        }
        if (load_le32(e + at) == PT_LOAD && plan_segment(cfg, e + at, &entered, plan, err)) {
            return -1;
        }
    }
    return plan->parts ? 0 : damaged(err, "nothing to load");
}

static uint64_t part_end(const struct multiboot_part *p)
{
    return (uint64_t)p->addr + p->size + p->zeros;
}

static uint64_t kernel_end(const struct multiboot_boot *plan)
{
    uint64_t end = HIGH;
    for (unsigned i = 0; i < plan->parts; i++) {
        end = part_end(&plan->part[i]) > end ? part_end(&plan->part[i]) : end;
    }
    return end;
}

/* Sections that no segment loads: symbols, strings, debugging information. Headers that make no
 * sense, too many, or too little memory: the kernel does without. */
static void plan_sections(const struct machine_config *cfg, struct multiboot_boot *plan)
{
    enum { SHT_NULL = 0, SHT_NOBITS = 8, ALIGN = 16 };
    const uint8_t *e = cfg->kernel;
    uint32_t offset = load_le32(e + E_SHOFF), n = load_le16(e + E_SHNUM);
    unsigned parts = plan->parts;
    uint64_t at = kernel_end(plan);
    if (n == 0 || n > MULTIBOOT_SECTIONS || load_le16(e + E_SHENTSIZE) != SECTION_HEADER ||
        offset > cfg->kernel_size || cfg->kernel_size - offset < n * SECTION_HEADER) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *sh = e + offset + i * SECTION_HEADER;
        uint32_t type = load_le32(sh + SH_TYPE), size = load_le32(sh + SH_SIZE);
        uint32_t from = load_le32(sh + SH_OFFSET);
        plan->section_addr[i] = load_le32(sh + SH_ADDR);
        if (type == SHT_NULL || type == SHT_NOBITS || size == 0 || plan->section_addr[i]) {
            continue;
        }
        at = (at + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
        if (from > cfg->kernel_size || size > cfg->kernel_size - from ||
            plan->parts == KERNEL_PARTS || at + size > cfg->ram_bytes) {
            plan->parts = parts;
            return;
        }
        plan->section_addr[i] = (uint32_t)at;
        plan->part[plan->parts++] = (struct multiboot_part){(uint32_t)at, size, 0, e + from};
        at += size;
    }
    plan->sections = n;
    plan->section_names = load_le16(e + E_SHSTRNDX);
    plan->section_table = e + offset;
}

static int plan_modules(const struct machine_config *cfg, struct multiboot_boot *plan,
                        struct error *err)
{
    uint64_t at = kernel_end(plan);
    for (unsigned i = 0; i < cfg->modules && i < BOOT_MODULES; i++) {
        const struct boot_module *m = &cfg->module[i];
        at = (at + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
        if (at + m->size > cfg->ram_bytes) {
            return error_set(err, "-initrd: does not fit beside this kernel; use a larger -m");
        }
        plan->module_addr[i] = (uint32_t)at;
        plan->part[plan->parts++] = (struct multiboot_part){(uint32_t)at, m->size, 0, m->bytes};
        at += m->size;
    }
    return 0;
}

static bool is_free(const struct multiboot_boot *plan, uint32_t addr, uint32_t size)
{
    for (unsigned i = 0; i < plan->parts; i++) {
        if (addr < part_end(&plan->part[i]) && plan->part[i].addr < addr + size) {
            return false;
        }
    }
    return true;
}

static size_t string_size(const char *s)
{
    return s ? strlen(s) + 1 : 1;
}

static int plan_info(const struct machine_config *cfg, struct multiboot_boot *plan,
                     struct error *err)
{
    static const uint32_t places[] = {0x80000, 0x60000, 0x40000, 0x20000, 0x10000};
    size_t size = INFO_END + sizeof loader_name + plan->sections * SECTION_HEADER;
    size += string_size(cfg->kernel_name) + string_size(cfg->append);
    for (unsigned i = 0; i < cfg->modules && i < BOOT_MODULES; i++) {
        size += MODULE_ENTRY + string_size(cfg->module[i].cmdline);
    }
    size = (size + 7) & ~(size_t)7;
    if (size > INFO_ROOM - MAP_ROOM) {
        return error_set(err, "-append: is too long; there is room for %d characters in all",
                         INFO_ROOM - MAP_ROOM);
    }
    for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
        if (is_free(plan, places[i], INFO_ROOM)) {
            plan->info_addr = places[i];
            plan->info_size = (uint32_t)size;
            plan->map_addr = places[i] + (uint32_t)size;
            return 0;
        }
    }
    return error_set(err, "-kernel: fills the conventional memory; its boot information "
                          "would have no place");
}

int multiboot_plan(const struct machine_config *cfg, struct multiboot_boot *plan,
                   struct error *err)
{
    int32_t at = find_header(cfg->kernel, cfg->kernel_size);
    if (at < 0) {
        return error_set(err, "-kernel: has no multiboot header");
    }
    uint32_t flags = load_le32(cfg->kernel + at + FLAGS);
    *plan = (struct multiboot_boot){.wants_video = flags & WANTS_VIDEO};
    if (flags & DEMANDS & ~(uint32_t)KNOWN_DEMANDS) {
        return error_set(err, "-kernel: its multiboot header demands what is not known: %x",
                         flags & DEMANDS & ~(uint32_t)KNOWN_DEMANDS);
    }
    int rc = flags & HAS_ADDRESSES ? plan_addresses(cfg, (uint32_t)at, plan, err)
                                   : plan_elf(cfg, plan, err);
    if (rc == 0 && !(flags & HAS_ADDRESSES)) {
        plan_sections(cfg, plan);
    }
    return rc != 0 || plan_modules(cfg, plan, err) != 0 ? -1 : plan_info(cfg, plan, err);
}

/* ---- the information structure */

struct sink {
    uint8_t *info;
    uint32_t addr; /* of info, in the guest */
    uint32_t at;
};

static void put_text(struct sink *s, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    memcpy(s->info + s->at, text ? text : "", n);
    s->at += (uint32_t)n;
}

static void end_text(struct sink *s)
{
    s->info[s->at++] = '\0';
}

static void put_framebuffer(uint8_t *fb)
{
    enum { TEXT_PAGE = 0xB8000, EGA_TEXT = 2 };
    store_le64(fb, TEXT_PAGE);
    store_le32(fb + 8, 160); /* bytes a row */
    store_le32(fb + 12, 80);
    store_le32(fb + 16, 25);
    fb[20] = 16; /* bits a cell */
    fb[21] = EGA_TEXT;
}

static void put_sections(struct sink *s, const struct multiboot_boot *plan)
{
    uint8_t *entry = s->info + s->at;
    if (plan->sections == 0) {
        return;
    }
    store_le32(s->info + INFO_FLAGS, load_le32(s->info + INFO_FLAGS) | HAS_SECTIONS);
    store_le32(s->info + INFO_SECTIONS, plan->sections);
    store_le32(s->info + INFO_SECTIONS + 4, SECTION_HEADER);
    store_le32(s->info + INFO_SECTIONS + 8, s->addr + s->at);
    store_le32(s->info + INFO_SECTIONS + 12, plan->section_names);
    memcpy(entry, plan->section_table, plan->sections * SECTION_HEADER);
    for (uint32_t i = 0; i < plan->sections; i++, entry += SECTION_HEADER) {
        store_le32(entry + SH_ADDR, plan->section_addr[i]);
    }
    s->at += plan->sections * SECTION_HEADER;
}

void multiboot_info(const struct machine_config *cfg, const struct multiboot_boot *plan,
                    uint8_t *info)
{
    const uint32_t first_disk = 0x8000FFFF; /* BIOS drive 80h, partition 0, nothing below */
    struct sink s = {info, plan->info_addr, INFO_END};
    unsigned modules = cfg->modules < BOOT_MODULES ? cfg->modules : BOOT_MODULES;
    memset(info, 0, plan->info_size);
    store_le32(info + INFO_FLAGS, HAS_MEMORY | HAS_BOOT_DEVICE | HAS_CMDLINE | HAS_MODULES |
                                      HAS_MMAP | HAS_LOADER_NAME |
                                      (plan->wants_video ? HAS_FRAMEBUFFER : 0));
    store_le32(info + INFO_BOOT_DEVICE, first_disk);
    put_sections(&s, plan);
    store_le32(info + INFO_MODS_COUNT, modules);
    store_le32(info + INFO_MODS_ADDR, s.addr + s.at);
    uint8_t *entry = info + s.at;
    s.at += modules * MODULE_ENTRY;
    for (unsigned i = 0; i < modules; i++, entry += MODULE_ENTRY) {
        store_le32(entry, plan->module_addr[i]);
        store_le32(entry + 4, plan->module_addr[i] + cfg->module[i].size);
        store_le32(entry + 8, s.addr + s.at);
        put_text(&s, cfg->module[i].cmdline);
        end_text(&s);
    }
    store_le32(info + INFO_CMDLINE, s.addr + s.at);
    put_text(&s, cfg->kernel_name);
    put_text(&s, " ");
    put_text(&s, cfg->append);
    end_text(&s);
    store_le32(info + INFO_LOADER_NAME, s.addr + s.at);
    put_text(&s, loader_name);
    end_text(&s);
    store_le32(info + INFO_MMAP_ADDR, plan->map_addr);
    if (plan->wants_video) {
        put_framebuffer(info + INFO_FRAMEBUFFER);
    }
}
