/* info.c -- `info WHAT`: text for people, made from the field tables where nothing better
 * exists. */
#include "devices/machine_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "devices/chips.h"
#include "devices/ioapic.h"
#include "devices/ns16550a.h"
#include "devices/pci.h"

/* Arrays of numbers are shown in rows; rows of zeros are left out. */
enum { ROW = 16 };
struct dump {
    struct text *out;
    char array[64]; /* "ram": what the row is of, "" for none */
    unsigned first, n;
    uint64_t value[ROW];
};

static void end_row(struct dump *d)
{
    uint64_t any = 0;
    for (unsigned i = 0; i < d->n; i++) {
        any |= d->value[i];
    }
    if (any) {
        size_t used = strlen(d->array);
        text_add(d->out, "  %s[%02u]%*s", d->array, d->first, used < 24 ? (int)(24 - used) : 0,
                 "");
        for (unsigned i = 0; i < d->n; i++) {
            text_add(d->out, " %" PRIx64, d->value[i]);
        }
        text_add(d->out, "\n");
    }
    d->n = 0;
}

/* Is path "ARRAY[index]", with nothing behind? */
static bool is_element(const char *path, size_t *array_len, unsigned *index)
{
    const char *open = strrchr(path, '[');
    size_t n = open ? strspn(open + 1, "0123456789") : 0;
    if (n == 0 || n > 9 || strcmp(open + 1 + n, "]") != 0) {
        return false;
    }
    *array_len = (size_t)(open - path);
    *index = (unsigned)strtoul(open + 1, NULL, 10);
    return true;
}

static void show_field(void *ctx, const char *path, const struct field *f, uint64_t value)
{
    struct dump *d = ctx;
    size_t len;
    unsigned index;
    bool element =
        f->kind != FK_EVENT && is_element(path, &len, &index) && len < sizeof d->array;
    bool same = element && strlen(d->array) == len && memcmp(d->array, path, len) == 0 &&
                d->n > 0 && d->n < ROW && index == d->first + d->n;
    if (!same) {
        end_row(d);
    }
    if (element) {
        if (!same) {
            memcpy(d->array, path, len);
            d->array[len] = '\0';
            d->first = index;
        }
        d->value[d->n++] = value;
    } else if (f->kind == FK_EVENT && value == EVENT_IDLE) {
        text_add(d->out, "  %-28s idle\n", path);
    } else if (f->kind == FK_INT) {
        text_add(d->out, "  %-28s %" PRId64 "\n", path, (int64_t)value);
    } else {
        text_add(d->out, "  %-28s %" PRIx64 "\n", path, value);
    }
}

static void show_device(struct device *dev, struct text *out)
{
    if (dev->cls->info) {
        dev->cls->info(dev, out);
    } else {
        struct dump d = {.out = out};
        text_add(out, "%s\n", dev->cls->name);
        state_visit(dev->cls->state, dev, show_field, &d);
        end_row(&d);
    }
}

static void show_pic(struct machine *m, struct text *out)
{
    show_device(m->pic, out);
    show_device(m->ioapic, out);
    show_device(m->lapic, out);
}

static void show_irq(struct machine *m, struct text *out)
{
    for (unsigned n = 0; n < 16; n++) {
        for (unsigned i = 0; i < m->board.devices; i++) {
            const struct device *d = m->board.device[i];
            bool present = d->cls != &ns16550a_class || ns16550a_present(d);
            if (d->slot->irq == (int)n && present) {
                text_add(out, "IRQ %-2u %s\n", n, d->cls->name);
            }
        }
        if (n == 2 || n == 12) {
            text_add(out, "IRQ %-2u %s\n", n, n == 2 ? "cascade" : "i8042 mouse");
        }
    }
    show_pic(m, out);
}

static void show_serial(struct machine *m, struct text *out)
{
    for (unsigned i = 0; i < m->serials; i++) {
        show_device(m->serial[i], out);
    }
}

static void show_mem(struct machine *m, struct text *out)
{
    for (const struct ram *r = phys_rams(m->phys); r; r = r->next) {
        uint64_t touched = 0;
        for (uint64_t page = 0; page < r->size >> PAGE_SHIFT; page++) {
            const uint8_t *p = r->bytes + (page << PAGE_SHIFT);
            touched += p[0] != 0 || memcmp(p, p + 1, PAGE_SIZE - 1) != 0;
        }
        text_add(out, "%-8s %8" PRIu64 " KiB, %" PRIu64 " of %" PRIu64 " pages not zero\n",
                 r->name, r->size >> 10, touched, r->size >> PAGE_SHIFT);
    }
}

static void show_ports(const struct bus *bus, struct text *out)
{
    text_add(out, "ports\n");
    for (uint32_t port = 0; port <= 0xFFFF;) {
        const struct bus_range *r = &bus->range[bus->owner[port]];
        if (!r->ports) {
            port++;
            continue;
        }
        text_add(out, "  %04" PRIx32 "-%04" PRIx32 " %s\n", port, port + r->ports->count - 1,
                 r->owner);
        port += r->ports->count;
    }
}

static void show_mtree(struct machine *m, struct text *out)
{
    const struct board *b = &m->board;
    uint64_t ram = b->config.ram_bytes;
    text_add(out, "memory\n  00000000-0009ffff ram\n  000a0000-000bffff vga\n");
    text_add(out, "  000c0000-000fffff ram or rom, by i440fx PAM\n");
    if (ram > 1 << 20) {
        text_add(out, "  00100000-%08" PRIx64 " ram\n", ram - 1);
    }
    pci_info_memory(b->pci, out);
    text_add(out, "  %08x-%08x ioapic\n", (unsigned)IOAPIC_BASE,
             (unsigned)IOAPIC_BASE + PAGE_SIZE - 1);
    uint64_t apic = cpu_apic_base(m->cpu);
    if (apic & 1 << 11) { /* SDM 3A 11.4.3: global enable; bits 12 and up are the page */
        apic &= ~(uint64_t)PAGE_MASK;
        text_add(out, "  %08" PRIx64 "-%08" PRIx64 " lapic\n", apic, apic + PAGE_SIZE - 1);
    }
    text_add(out, "  %08" PRIx64 "-ffffffff rom\n", (UINT64_C(1) << 32) - b->bios_size);
    show_device(board_find(b, "i440fx"), out);
    show_ports(&b->bus, out);
}

static void show_pci(struct machine *m, struct text *out)
{
    pci_info(m->board.pci, out);
}

static void show_time(struct machine *m, struct text *out)
{
    const struct clock *ck = &m->board.clock;
    text_add(out, "tick %" PRIu64 "\nmips %" PRIu32 "\nns   %" PRIu64 "\n", ck->now, ck->mips,
             clock_ns_now(ck));
    for (const struct event *ev = ck->head; ev; ev = ev->next) {
        text_add(out, "  %-24s tick %" PRIu64 " (+%" PRIu64 ")\n", ev->name, ev->at.when,
                 ev->at.when > ck->now ? ev->at.when - ck->now : 0);
    }
}

static void show_stats(struct machine *m, struct text *out)
{
    struct machine_stats s;
    machine_stats(m, &s);
    const struct {
        const char *name;
        uint64_t n;
    } row[] = {
        {"ticks", s.ticks},
        {"blocks built", s.blocks_built},
        {"blocks dropped", s.blocks_dropped},
        {"traps", s.traps},
        {"interrupts", s.interrupts},
        {"exceptions", s.exceptions},
        {"mmu fills", s.mmu_fills},
    };
    for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
        text_add(out, "%-16s %" PRIu64 "\n", row[i].name, row[i].n);
    }
    for (unsigned i = 0; i < NOTE_COUNT; i++) {
        if (m->board.notes.count[i]) {
            text_add(out, "%8" PRIu64 " times: %s\n", m->board.notes.count[i],
                     note_text((enum note_id)i));
        }
    }
}

static void show_block_devices(struct machine *m, struct text *out)
{
    static const char *const kind[] = {"none", "floppy", "disk", "cdrom"};
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        const struct drive *d = &m->board.drive[i];
        if (d->kind == DRIVE_NONE) {
            continue;
        }
        text_add(out, "%s %s ", drive_name(i), kind[d->kind & 3]);
        if (d->sectors == 0) {
            text_add(out, "empty\n");
            continue;
        }
        text_add(out, "%" PRIu64 " sectors of %" PRIu32 "%s, digest %016" PRIx64 "\n",
                 d->sectors, d->media.sector_size, d->read_only ? ", read-only" : "",
                 d->digest);
    }
}

static void show_roms(struct machine *m, struct text *out)
{
    const struct board *b = &m->board;
    text_add(out, "%8" PRIu32 " bios at %08" PRIx64 "\n", b->bios_size,
             (UINT64_C(1) << 32) - b->bios_size);
    for (unsigned i = 0; i < b->firmware_files; i++) {
        text_add(out, "%8" PRIu32 " %s\n", b->firmware[i].size, b->firmware[i].name);
    }
}

static void put_text(void *ctx, const char *piece)
{
    text_add(ctx, "%s", piece);
}

/* QEMU's words for chips that have numbers here. */
static struct device *device_named(const struct board *b, const char *what)
{
    static const char *const alias[][2] = {
        {"pit", "i8254"},      {"dma", "i8237"},     {"cmos", "mc146818"}, {"rtc", "mc146818"},
        {"keyboard", "i8042"}, {"floppy", "i82077"}, {"pam", "i440fx"},    {"ide", "piix3_ide"},
        {"parallel", "lpt"},   {"acpi", "piix4_pm"},
    };
    for (unsigned i = 0; i < ARRAY_LEN(alias); i++) {
        if (strcmp(what, alias[i][0]) == 0) {
            return board_find(b, alias[i][1]);
        }
    }
    return board_find(b, what);
}

static char *text_or_none(struct text *t)
{
    if (!t->s) {
        text_add(t, "none\n");
    }
    return t->s;
}

char *machine_info(struct machine *m, const char *what)
{
    static const struct {
        const char *what;
        void (*show)(struct machine *m, struct text *out);
    } subject[] = {
        {"irq", show_irq},       {"mem", show_mem},         {"pic", show_pic},
        {"mtree", show_mtree},   {"pci", show_pci},         {"time", show_time},
        {"stats", show_stats},   {"roms", show_roms},       {"drives", show_block_devices},
        {"serial", show_serial}, {"ns16550a", show_serial},
    };
    struct text out = {0};
    for (unsigned i = 0; i < ARRAY_LEN(subject); i++) {
        if (strcmp(what, subject[i].what) == 0) {
            subject[i].show(m, &out);
            return text_or_none(&out);
        }
    }
    struct device *d = device_named(&m->board, what);
    if (d) {
        show_device(d, &out);
        return out.s;
    }
    if (cpu_info(m->cpu, what, put_text, &out)) {
        return text_or_none(&out);
    }
    free(out.s);
    return NULL;
}
