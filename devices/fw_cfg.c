/* fw_cfg.c -- the firmware configuration device (a QEMU convention): what SeaBIOS asks about.
 *
 *   510h  write, word   selector: which item; the read position goes to its start
 *   511h  read, byte    next byte of the item; zeros past its end and for absent items
 *
 *   items  00h "QEMU"          01h interface id: 1 (ports only, no DMA)   02h UUID: zeros
 *          03h RAM bytes, 8    05h CPUs, 2    0Eh boot menu, 2    0Fh most CPUs, 2
 *          19h file directory: count, then 64 bytes a file: size, selector, 0, name[56]
 *          20h + n: file n, in order of name. Numbers in the directory are big-endian, all
 *          others little-endian.
 *          8002h: 1, the interval timer is on pin 2 of the I/O APIC (for MADT and MP table)
 *   files  etc/e820            20 bytes a range: address, length, type (1 RAM, 2 reserved)
 *          bootorder           Open Firmware paths, a line each, first first: option ROMs
 * (there is one only to boot a kernel), then drives etc/show-boot-menu, etc/boot-menu-wait
 * (milliseconds) etc/system-states   a byte for each of S0 to S5: bit 7 it exists, 6:0 its
 * SLP_TYP. Suspend to RAM does not: the firmware leaves _S3 out vgaroms/…, genroms/… whatever
 * board_add_firmware() was given before
 *
 * Lines, clock: none. NOT IMPLEMENTED: the DMA interface (514h), writing, ACPI and SMBIOS
 * items. References: QEMU docs/specs/fw_cfg; SeaBIOS docs/Runtime_config.
 */
#include "devices/chips.h"

#include <stdlib.h>
#include <string.h>

enum {
    ITEM_SIGNATURE = 0x00,
    ITEM_ID = 0x01,
    ITEM_RAM_SIZE = 0x03,
    ITEM_CPUS = 0x05,
    ITEM_BOOT_MENU = 0x0E,
    ITEM_MAX_CPUS = 0x0F,
    ITEM_DIRECTORY = 0x19,
    ITEM_FILE = 0x20,
    ITEM_IRQ0_OVERRIDE = 0x8002,
};
enum { SELECTOR_PORT = 0, DATA_PORT = 1 };
enum { DIR_ENTRY = 64, DIR_NAME = 56 };
enum { MENU_WAIT_MS = 5000 };

struct fw_cfg {
    struct device dev;
    uint8_t *directory;
    uint32_t directory_size;
    uint32_t pos;      /* of the next byte read */
    uint16_t selector; /* the item */
};

static const struct field fw_cfg_fields[] = {
    DERIVED(struct fw_cfg, dev),
    DERIVED(struct fw_cfg, directory),
    DERIVED(struct fw_cfg, directory_size),
    FIELD(struct fw_cfg, pos),
    FIELD(struct fw_cfg, selector),
    FIELDS_END,
};
static const struct schema fw_cfg_schema = {"fw_cfg", sizeof(struct fw_cfg), 1,
                                            1,        fw_cfg_fields,         NULL};

/* ---- the files that come from the configuration */

static bool is_there(const struct board *b, const char *name)
{
    for (unsigned i = 0; i < b->firmware_files; i++) {
        if (strcmp(b->firmware[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What a save state brings with it stays: the guest may be in the middle of reading it. */
static int add_file(struct board *b, const char *name, const void *bytes, uint32_t size,
                    struct error *err)
{
    if (is_there(b, name)) {
        return 0;
    }
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) {
        return error_set(err, "%s: out of memory", name);
    }
    memcpy(copy, bytes, size);
    if (board_add_firmware(b, name, copy, size) != 0) {
        return error_set(err, "%s: too many firmware files", name);
    }
    return 0;
}

static int add_number(struct board *b, const char *name, uint32_t value, unsigned size,
                      struct error *err)
{
    uint8_t bytes[4];
    store_le32(bytes, value);
    return add_file(b, name, bytes, size, err);
}

static int add_e820(struct board *b, struct error *err)
{
    enum { RANGE = 20, RAM = 1, RESERVED = 2 };
    uint8_t table[2 * RANGE];
    store_le64(table, 0);
    store_le64(table + 8, b->config.ram_bytes);
    store_le32(table + 16, RAM);
    store_le64(table + RANGE, (UINT64_C(1) << 32) - b->bios_size);
    store_le64(table + RANGE + 8, b->bios_size);
    store_le32(table + RANGE + 16, RESERVED);
    return add_file(b, "etc/e820", table, b->bios_size ? sizeof table : RANGE, err);
}

/* The -boot letters as device paths. SeaBIOS takes the order of whole kinds from CMOS; this
 * names the very drives: floppies in order, the first disk and the first CD on the PIIX3's
 * channels. */
static int add_bootorder(struct board *b, struct error *err)
{
    struct text t = {0};
    for (unsigned i = 0; i < b->firmware_files; i++) {
        if (strncmp(b->firmware[i].name, "genroms/", 8) == 0) {
            text_add(&t, "%s/rom@%.*s", t.len ? "\n" : "", DIR_NAME - 1, b->firmware[i].name);
        }
    }
    for (const char *c = b->config.boot_order; *c; c++) {
        if (*c == 'a') {
            text_add(&t, "%s/pci@i0cf8/isa@1/fdc@03f0/floppy@0", t.len ? "\n" : "");
        }
        for (unsigned i = DRIVE_HDA; i <= DRIVE_HDD; i++) {
            uint8_t want = *c == 'c' ? DRIVE_DISK : *c == 'd' ? DRIVE_CDROM : DRIVE_NONE;
            if (want != DRIVE_NONE && b->drive[i].kind == want) {
                unsigned n = i - DRIVE_HDA;
                text_add(&t, "%s/pci@i0cf8/ide@1,1/drive@%u/disk@%u", t.len ? "\n" : "", n >> 1,
                         n & 1);
                break;
            }
        }
    }
    int rc = t.s ? add_file(b, "bootorder", t.s, (uint32_t)t.len + 1, err) : 0;
    free(t.s);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const struct firmware_file *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static void store_be32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static int make_directory(struct fw_cfg *c, struct error *err)
{
    struct board *b = c->dev.board;
    c->directory_size = 4 + b->firmware_files * DIR_ENTRY;
    c->directory = calloc(1, c->directory_size);
    if (!c->directory) {
        return error_set(err, "fw_cfg: out of memory");
    }
    qsort(b->firmware, b->firmware_files, sizeof b->firmware[0], by_name);
    store_be32(c->directory, b->firmware_files);
    for (unsigned i = 0; i < b->firmware_files; i++) {
        const struct firmware_file *f = &b->firmware[i];
        uint8_t *entry = c->directory + 4 + i * DIR_ENTRY;
        size_t n = strlen(f->name);
        store_be32(entry, f->size);
        store_be32(entry + 4, (ITEM_FILE + i) << 16); /* selector, reserved */
        memcpy(entry + 8, f->name, n < DIR_NAME ? n : DIR_NAME - 1);
    }
    return 0;
}

static int fw_cfg_init(struct device *dev, struct error *err)
{
    struct board *b = dev->board;
    bool menu = b->config.boot_menu;
    enum { EXISTS = 0x80 };
    static const uint8_t sleep_states[6] = {EXISTS, 0, 0, 1, EXISTS, EXISTS};
    if (add_e820(b, err) != 0 || add_bootorder(b, err) != 0 ||
        add_file(b, "etc/system-states", sleep_states, sizeof sleep_states, err) != 0 ||
        add_number(b, "etc/show-boot-menu", menu, 2, err) != 0 ||
        add_number(b, "etc/boot-menu-wait", MENU_WAIT_MS, 4, err) != 0) {
        return -1;
    }
    return make_directory((struct fw_cfg *)dev, err);
}

static void fw_cfg_fini(struct device *dev)
{
    free(((struct fw_cfg *)dev)->directory);
}

/* ---- reading */

/* The small items, made on the fly. Returns the size. */
static uint32_t number_item(const struct fw_cfg *c, uint8_t out[8])
{
    const struct board_config *cfg = &c->dev.board->config;
    switch (c->selector) {
    case ITEM_SIGNATURE: memcpy(out, "QEMU", 4); return 4;
    case ITEM_ID: store_le64(out, 1); return 4;
    case ITEM_RAM_SIZE: store_le64(out, cfg->ram_bytes); return 8;
    case ITEM_CPUS:
    case ITEM_MAX_CPUS: store_le64(out, 1); return 2;
    case ITEM_BOOT_MENU: store_le64(out, cfg->boot_menu); return 2;
    case ITEM_IRQ0_OVERRIDE: store_le64(out, 1); return 1;
    default: return 0;
    }
}

static uint8_t next_byte(struct fw_cfg *c)
{
    const struct board *b = c->dev.board;
    uint8_t number[8];
    const uint8_t *bytes = number;
    uint32_t size;
    if (c->selector == ITEM_DIRECTORY) {
        bytes = c->directory;
        size = c->directory_size;
    } else if (c->selector >= ITEM_FILE && c->selector - ITEM_FILE < (int)b->firmware_files) {
        bytes = b->firmware[c->selector - ITEM_FILE].bytes;
        size = b->firmware[c->selector - ITEM_FILE].size;
    } else {
        size = number_item(c, number);
    }
    return c->pos < size ? bytes[c->pos++] : 0;
}

static uint32_t fw_cfg_read(void *ctx, uint32_t off, unsigned size)
{
    if (off != DATA_PORT || size != 1) {
        return UINT32_MAX;
    }
    return next_byte(ctx);
}

static void fw_cfg_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct fw_cfg *c = ctx;
    if (off == SELECTOR_PORT && size == 2) {
        c->selector = (uint16_t)val;
        c->pos = 0;
    }
}

static const struct ports fw_cfg_ports[] = {
    {0, 2, {fw_cfg_read, fw_cfg_write, 2}},
    {0, 0, {NULL, NULL, 0}},
};

static void fw_cfg_reset(struct device *dev, enum reset how)
{
    struct fw_cfg *c = (struct fw_cfg *)dev;
    (void)how;
    c->selector = 0;
    c->pos = 0;
}

const struct device_class fw_cfg_class = {
    .name = "fw_cfg",
    .size = sizeof(struct fw_cfg),
    .state = &fw_cfg_schema,
    .ports = fw_cfg_ports,
    .init = fw_cfg_init,
    .reset = fw_cfg_reset,
    .fini = fw_cfg_fini,
};
