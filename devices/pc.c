/* pc.c -- the board: which chips, where, and the wires between them.
 *
 *   0-9FFFF         RAM
 *   A0000-BFFFF     VGA (mapped by the chip)
 *   C0000-FFFFF     ROM or RAM, piece by piece, as PAM says (i440fx.c)
 *   100000-         RAM up to its size, at most to BFFFFFFF; above is PCI's
 *   4 GiB - size    the firmware ROM, all of it
 *
 *   A20M#  = one gate with two handles, the 8042's output port bit 1 and port 92h bit 1: who
 *            wrote last decides. Chip sets that watch the 8042's commands do that, QEMU too;
 *            an OR of the two would leave DOS unable to close what the firmware opened
 *            through port 92h.
 *   INTR   = the local APIC's request; its LINT0 pin and the I/O APIC's pin 0 are the 8259A
 *            pair's output (virtual wire mode); without APIC the processor takes LINT0 itself
 *   IRQn   = an OR of the outputs of the chips (board_irq), by the slot table; the mouse's IRQ
 *            12 goes out of the 8042. A line that two chips share is high while either asks.
 *            It goes to both the 8259A pair and the I/O APIC: IRQ 0 to pin 2, n to pin n
 *   NMI    : masked by CMOS address bit 7; nothing on this board raises it yet but the APICs,
 *            whose messages the mask does not reach
 */
#include "devices/chips.h"
#include "devices/i8042.h"
#include "devices/i8254.h"
#include "devices/i8259.h"
#include "devices/ioapic.h"
#include "devices/lapic.h"
#include "devices/machine_priv.h"
#include "devices/mc146818.h"
#include "devices/speaker.h"

/* The board's own logic, between the chips and the processor's pins. */
struct pc {
    struct device dev;
    struct cpu *cpu;
    struct device *port92;
    bool a20; /* the gate is open */
    bool intr;
    bool nmi_masked;
    uint64_t irq_sources[16]; /* who holds the line high: bit n is the n-th board_irq() */
};

static const struct field pc_fields[] = {
    DERIVED(struct pc, dev),         DERIVED(struct pc, cpu),
    DERIVED(struct pc, port92),      FIELD(struct pc, a20),
    FIELD(struct pc, intr),          FIELD(struct pc, nmi_masked),
    FIELD_A(struct pc, irq_sources), FIELDS_END,
};
static const struct schema pc_schema = {"pc", sizeof(struct pc), 1, 1, pc_fields, NULL};

static void pc_reset(struct device *dev, enum reset how)
{
    struct pc *pc = (struct pc *)dev;
    (void)how;
    pc->nmi_masked = false;
}

static const struct device_class pc_class = {
    .name = "pc", .size = sizeof(struct pc), .state = &pc_schema, .reset = pc_reset};

/* The PC, top to bottom; also the order of reset, save and hash. */
// clang-format off
static const struct slot pc_slots[] = {
    {&pc_class,         .irq = -1, .dma = -1},
    {&i8259_class,      .base = 0x020, .irq = -1, .dma = -1},
    {&lapic_class,      .irq = -1, .dma = -1},
    {&ioapic_class,     .irq = -1, .dma = -1},
    {&i440fx_class,     .base = 0xCF8, .irq = -1, .dma = -1},
    {&piix3_class,      .base = 0x000, .irq = -1, .dma = -1},
    {&piix4_pm_class,   .base = 0x000, .irq = 9,  .dma = -1},
    {&i8237_class,      .base = 0x000, .irq = -1, .dma = -1},
    {&i8254_class,      .base = 0x040, .irq = 0,  .dma = -1},
    {&i8042_class,      .base = 0x060, .irq = 1,  .dma = -1},
    {&speaker_class,    .base = 0x061, .irq = -1, .dma = -1},
    {&mc146818_class,   .base = 0x070, .irq = 8,  .dma = -1},
    {&npx_class,        .base = 0x0F0, .irq = 13, .dma = -1},
    {&port92_class,     .base = 0x092, .irq = -1, .dma = -1},
    {&i82077_class,     .base = 0x3F0, .irq = 6,  .dma = 2},
    {&piix3_ide_class,  .base = 0x000, .irq = 14, .dma = -1},
    {&vga_class,        .base = 0x3B0, .irq = -1, .dma = -1},
    {&ns16550a_class,   .base = 0x3F8, .irq = 4,  .dma = -1},
    {&ns16550a_class,   .base = 0x2F8, .irq = 3,  .dma = -1},
    {&ns16550a_class,   .base = 0x3E8, .irq = 4,  .dma = -1},
    {&ns16550a_class,   .base = 0x2E8, .irq = 3,  .dma = -1},
    {&lpt_class,        .base = 0x378, .irq = 7,  .dma = -1},
    {&fw_cfg_class,     .base = 0x510, .irq = -1, .dma = -1},
    {&post_class,       .base = 0x080, .irq = -1, .dma = -1},
    {&dbgport_class,    .base = 0x0E9, .irq = -1, .dma = -1},
    {&fwlog_class,      .base = 0x402, .irq = -1, .dma = -1},
    {&debug_exit_class, .base = 0x000, .irq = -1, .dma = -1},
};
// clang-format on

const struct schema *machine_schema(unsigned n)
{
    static const struct schema *const first[] = {&clock_schema, &cpu_schema, &drive_schema};
    if (n < ARRAY_LEN(first)) {
        return first[n];
    }
    n -= (unsigned)ARRAY_LEN(first);
    return n < ARRAY_LEN(pc_slots) ? pc_slots[n].cls->state : NULL;
}

/* ---- wires into the processor */

static void pc_a20_set(void *ctx, unsigned n, bool open)
{
    struct pc *pc = ctx;
    (void)n;
    pc->a20 = open;
    port92_show_a20(pc->port92, open);
    cpu_set_a20(pc->cpu, open);
}

static void pc_ignne_set(void *ctx, unsigned n, bool level)
{
    struct machine *m = ctx;
    (void)n;
    cpu_set_ignne(m->cpu, level);
}

static void pc_intr_set(void *ctx, unsigned n, bool level)
{
    struct pc *pc = ctx;
    (void)n;
    pc->intr = level;
    cpu_set_intr(pc->cpu, level);
}

static void pc_nmi_set(void *ctx, unsigned n, bool level)
{
    struct pc *pc = ctx;
    (void)n;
    if (level) {
        cpu_nmi(pc->cpu);
    }
}

/* The 8259A pair's output. */
static void pc_extint_set(void *ctx, unsigned n, bool level)
{
    struct machine *m = ctx;
    (void)n;
    ioapic_set_pin(m->ioapic, 0, level);
    lapic_set_lint(m->lapic, LAPIC_LINT0, level);
}

static void pc_nmi_mask_set(void *ctx, unsigned n, bool level)
{
    struct pc *pc = ctx;
    (void)n;
    pc->nmi_masked = level;
}

static void pc_irq_set(void *ctx, unsigned n, bool level)
{
    struct machine *m = ctx;
    struct pc *pc = (struct pc *)m->pc;
    unsigned irq = n & 15;
    uint64_t source = UINT64_C(1) << (n >> IRQ_SOURCE_SHIFT & 63);
    bool before = pc->irq_sources[irq] != 0;
    pc->irq_sources[irq] =
        level ? pc->irq_sources[irq] | source : pc->irq_sources[irq] & ~source;
    if ((pc->irq_sources[irq] != 0) != before) {
        i8259_set_irq(m->pic, irq, !before);
        if (irq != 2) { /* no line of the ISA bus */
            ioapic_set_pin(m->ioapic, irq == 0 ? 2 : irq, !before);
        }
    }
}

void pc_drive_cpu(struct machine *m)
{
    /* Resetting the processor opens the gate: it could not fetch from FFFFFFF0h otherwise. */
    struct pc *pc = (struct pc *)m->pc;
    pc_a20_set(pc, 0, true);
    lapic_set_base(m->lapic, cpu_apic_base(m->cpu));
    cpu_set_intr(m->cpu, pc->intr);
}

/* ---- building */

static void map_memory(struct machine *m)
{
    enum { LOW_END = 0xA0000, HIGH = 0x100000 };
    struct ram *ram = phys_main_ram(m->phys);
    paddr top = UINT64_C(1) << 32;
    phys_map_ram(m->phys, 0, LOW_END, ram, 0);
    if (ram->size > HIGH) {
        phys_map_ram(m->phys, HIGH, ram->size - HIGH, ram, HIGH);
    }
    phys_map_rom(m->phys, top - m->board.bios_size, m->board.bios_size, m->board.bios);
}

/* What others need at their own attachment. */
static void attached(struct machine *m, struct device *d)
{
    if (d->cls == &pc_class) {
        m->pc = d;
        ((struct pc *)d)->cpu = m->cpu;
    } else if (d->cls == &i8259_class) {
        m->pic = d;
        i8259_connect_intr(d, (struct wire){pc_extint_set, m, 0});
        for (unsigned n = 0; n < ARRAY_LEN(m->board.irq_line); n++) {
            m->board.irq_line[n] = (struct wire){pc_irq_set, m, n};
        }
    } else if (d->cls == &lapic_class) {
        m->lapic = d;
    } else if (d->cls == &ioapic_class) {
        m->ioapic = d;
        ioapic_connect(d, lapic_accept, m->lapic);
        lapic_connect(m->lapic, &(struct lapic_links){.intr = {pc_intr_set, m->pc, 0},
                                                      .nmi = {pc_nmi_set, m->pc, 0},
                                                      .ioapic = d,
                                                      .eoi = ioapic_eoi,
                                                      .ready = ioapic_retry});
    } else if (d->cls == &i8042_class) {
        m->keyboard = d;
    } else if (d->cls == &vga_class) {
        m->screen = d;
    } else if (d->cls == &piix4_pm_class) {
        m->power = d;
    } else if (d->cls == &ns16550a_class && m->serials < MACHINE_SERIALS) {
        m->serial[m->serials++] = d;
    } else if (d->cls == &npx_class) {
        m->npx = d;
        npx_connect_ignne(d, (struct wire){pc_ignne_set, m, 0});
    }
}

int pc_build(struct machine *m, struct error *err)
{
    struct board *b = &m->board;
    map_memory(m);
    for (unsigned i = 0; i < ARRAY_LEN(pc_slots); i++) {
        struct device *d = device_attach(b, &pc_slots[i], err);
        if (!d) {
            return -1;
        }
        attached(m, d);
    }
    speaker_connect(board_find(b, "speaker"), board_find(b, "i8254"));
    struct pc *pc = (struct pc *)m->pc;
    pc->port92 = board_find(b, "port92");
    port92_connect_a20(pc->port92, (struct wire){pc_a20_set, pc, 0});
    i8042_connect_a20(m->keyboard, (struct wire){pc_a20_set, pc, 0});
    mc146818_connect_nmi_mask(board_find(b, "mc146818"), (struct wire){pc_nmi_mask_set, pc, 0});
    return 0;
}
