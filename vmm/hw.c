/* vmm/hw.c -- the hardware interface over Terrapin's processor. See the header. The only file
 * of vmm/ that knows cpu/ and mem/phys.h. */
#include "vmm/hw.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"

struct hw {
    struct cpu *cpu;
    struct phys *ph;
    struct lab_board *board;
    struct notes notes;
    uint16_t code; /* ring 0's */
    bool stop_soon;
    hw_read_fn *read_fn;
    void *read_ctx;
};

static const char *const gpr_names[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
static const char *const seg_names[] = {"es", "cs", "ss", "ds", "fs", "gs"};

static uint32_t get(const struct hw *hw, const char *name)
{
    uint64_t v = 0;
    cpu_reg_get(hw->cpu, name, &v);
    return (uint32_t)v;
}

static bool set(struct hw *hw, const char *name, uint32_t v)
{
    return cpu_reg_set(hw->cpu, name, v);
}

/* ---- the board's wires */

static void line_changed(struct hw *hw)
{
    cpu_set_intr(hw->cpu, lab_board_advance(hw->board));
}

static uint32_t bus_in(void *ctx, uint16_t port, unsigned size)
{
    struct hw *hw = ctx;
    return hw_in(hw, port, size);
}

static void bus_out(void *ctx, uint16_t port, uint32_t v, unsigned size)
{
    struct hw *hw = ctx;
    uint64_t next = hw->board->next;
    hw_out(hw, port, v, size);
    if (hw->board->exited || hw->board->next != next) {
        cpu_attention(hw->cpu); /* the loop below has to look */
    }
}

static uint8_t bus_ack(void *ctx)
{
    struct hw *hw = ctx;
    uint8_t vector = lab_board_ack(hw->board);
    line_changed(hw);
    return vector;
}

uint32_t hw_in(struct hw *hw, uint16_t port, unsigned size)
{
    return lab_board_in(hw->board, port, size);
}

void hw_out(struct hw *hw, uint16_t port, uint32_t v, unsigned size)
{
    lab_board_out(hw->board, port, v, size);
    line_changed(hw);
}

uint64_t hw_tsc(struct hw *hw)
{
    return hw->board->tick; /* nobody writes to it */
}

/* ---- life */

struct hw *hw_new(const char *model, const struct big_memory *sparse, uint32_t bytes,
                  struct lab_board *board, struct error *err)
{
    struct hw *hw = calloc(1, sizeof *hw);
    if (hw == NULL) {
        error_set(err, "out of memory for the laboratory");
        return NULL;
    }
    const struct cpu_bus bus = {
        .ctx = hw, .in = bus_in, .out = bus_out, .int_ack = bus_ack, .tick = &board->tick};
    /* No assists: the oracle has to see every instruction. */
    const struct cpu_config cfg = {.model = model, .no_assist = true, .sparse = sparse};
    hw->board = board;
    hw->ph = phys_new(bytes, NULL, err);
    if (hw->ph != NULL) {
        phys_map_ram(hw->ph, 0, bytes, phys_main_ram(hw->ph), 0);
        hw->cpu = cpu_new(&cfg, &bus, hw->ph, &hw->notes, err);
    }
    if (hw->cpu == NULL) {
        hw_free(hw);
        return NULL;
    }
    return hw;
}

void hw_free(struct hw *hw)
{
    if (hw != NULL) {
        cpu_free(hw->cpu);
        if (hw->ph != NULL) {
            phys_free(hw->ph);
        }
        free(hw);
    }
}

/* ---- machine memory */

void hw_read(struct hw *hw, maddr ma, void *out, uint32_t len)
{
    memset(out, 0xFF, len);
    phys_dma_read(hw->ph, ma, out, len);
}

void hw_write(struct hw *hw, maddr ma, const void *in, uint32_t len)
{
    phys_dma_write(hw->ph, ma, in, len);
}

uint32_t hw_load32(struct hw *hw, maddr ma)
{
    uint8_t bytes[4];
    hw_read(hw, ma, bytes, 4);
    return load_le32(bytes);
}

void hw_store32(struct hw *hw, maddr ma, uint32_t v)
{
    uint8_t bytes[4];
    store_le32(bytes, v);
    hw_write(hw, ma, bytes, 4);
}

/* ---- privileged registers */

bool hw_load_cr0(struct hw *hw, uint32_t v)
{
    return set(hw, "cr0", v);
}

uint32_t hw_read_cr0(struct hw *hw)
{
    return get(hw, "cr0");
}

void hw_load_cr3(struct hw *hw, maddr cr3)
{
    set(hw, "cr3", cr3);
}

bool hw_load_cr4(struct hw *hw, uint32_t v)
{
    return set(hw, "cr4", v);
}

void hw_load_gdt(struct hw *hw, laddr base, uint16_t limit)
{
    set(hw, "gdtr.base", base);
    set(hw, "gdtr.limit", limit);
}

void hw_load_ldt(struct hw *hw, uint16_t sel)
{
    set(hw, "ldtr", sel);
}

static const char *const dr_names[] = {"dr0", "dr1", "dr2", "dr3", "dr4", "dr5", "dr6", "dr7"};

/* Some bits are wired (SDM 3B figure 17-1). */
void hw_load_dr(struct hw *hw, unsigned n, uint32_t v)
{
    if (n == 4 || n == 6) {
        v = (v & 0xE00F) | 0xFFFF0FF0u;
    } else if (n == 5 || n == 7) {
        v = (v & 0xFFFF23FFu) | 0x400;
    }
    set(hw, dr_names[n & 7], v);
}

uint32_t hw_read_dr(struct hw *hw, unsigned n)
{
    return get(hw, dr_names[n & 7]);
}

/* TR can be loaded by LTR alone: ring 0 executes one. */
bool hw_start(struct hw *hw, const struct hw_start *s)
{
    static const uint8_t ltr_ax[] = {0x0F, 0x00, 0xD8};
    hw_write(hw, s->entry_ma, ltr_ax, sizeof ltr_ax);
    hw->code = s->code;
    cpu_reset(hw->cpu, true);
    hw_load_gdt(hw, s->gdt, s->gdt_limit);
    set(hw, "idtr.base", s->idt);
    set(hw, "idtr.limit", s->idt_limit);
    hw_load_cr3(hw, s->cr3);
    hw_load_cr0(hw, HW_PG | HW_ET | HW_NE | HW_PE);
    if (!set(hw, "cs", s->code)) {
        return false;
    }
    set(hw, "eip", s->entry);
    set(hw, "eax", s->tss);
    uint64_t tick = hw->board->tick;
    cpu_run(hw->cpu, tick + 1);
    hw->board->tick = tick; /* the monitor's work takes no time */
    return get(hw, "tr") == s->tss;
}

/* ---- out of ring 0 and back */

/* false: there is no such code segment outside ring 0. The guest has pulled it away from under
 * itself; a real IRET would not go there either. */
static bool frame_load(struct hw *hw, const struct hw_frame *f)
{
    static const uint8_t order[] = {HW_CS, HW_SS, HW_DS, HW_ES, HW_FS, HW_GS};
    for (unsigned n = 0; n < 8; n++) {
        set(hw, gpr_names[n], f->gpr[n]);
    }
    for (unsigned n = 0; n < ARRAY_LEN(order); n++) {
        unsigned seg = order[n];
        bool loaded = set(hw, seg_names[seg], f->seg[seg]);
        if (seg == HW_CS && (!loaded || (f->seg[seg] & 3) == 0)) {
            return false;
        }
        if (!loaded && seg != HW_SS) {
            set(hw, seg_names[seg], 0);
        }
    }
    set(hw, "eip", f->eip);
    set(hw, "eflags", f->eflags);
    return true;
}

static void frame_save(const struct hw *hw, struct hw_frame *f)
{
    for (unsigned n = 0; n < 8; n++) {
        f->gpr[n] = get(hw, gpr_names[n]);
    }
    for (unsigned seg = 0; seg < HW_SEGS; seg++) {
        f->seg[seg] = (uint16_t)get(hw, seg_names[seg]);
    }
    f->eip = get(hw, "eip");
    f->eflags = get(hw, "eflags");
}

static bool trap_get(const struct hw *hw, struct hw_trap *trap)
{
    struct cpu_pending p;
    if (!cpu_pending_get(hw->cpu, &p)) {
        return false;
    }
    *trap = (struct hw_trap){.vector = p.vector,
                             .external = p.external,
                             .has_code = p.has_code,
                             .code = p.code,
                             .cr2 = p.cr2};
    return true;
}

/* Runs up to `until`, or a stop that is not the board's affair. */
static enum hw_stop run(struct hw *hw, uint64_t until, struct hw_trap *trap)
{
    struct lab_board *b = hw->board;
    hw->stop_soon = false;
    for (;;) {
        if (b->exited) { /* by the monitor's hand, perhaps */
            return HW_EXIT;
        }
        line_changed(hw);
        enum cpu_stop why = cpu_run(hw->cpu, b->next < until ? b->next : until);
        if (b->exited) {
            continue;
        }
        if (why == CPU_RING0 && trap_get(hw, trap)) {
            return HW_TRAP;
        }
        if (why == CPU_SHUTDOWN) {
            return HW_DEAD;
        }
        if (why == CPU_POINT && hw->read_fn) {
            hw->read_fn(hw->read_ctx, cpu_found(hw->cpu).la);
        }
        if (hw->stop_soon || b->tick >= until) {
            return HW_LIMIT;
        }
        if (why == CPU_HALTED) {
            if (b->next == UINT64_MAX) {
                return HW_ASLEEP;
            }
            b->tick = b->next < until ? b->next : until;
        }
    }
}

enum hw_stop hw_enter(struct hw *hw, struct hw_frame *f, uint64_t until, struct hw_trap *trap)
{
    cpu_stop_at_ring0(hw->cpu, true);
    enum hw_stop why = HW_DEAD;
    if (frame_load(hw, f)) {
        why = run(hw, until, trap);
        frame_save(hw, f);
    }
    cpu_stop_at_ring0(hw->cpu, false);
    return why;
}

enum hw_stop hw_wait(struct hw *hw, uint64_t until, struct hw_trap *trap)
{
    struct lab_board *b = hw->board;
    while (!lab_board_advance(b)) {
        if (b->next == UINT64_MAX) {
            return HW_ASLEEP;
        }
        if (b->next > until) {
            b->tick = until;
            return HW_LIMIT;
        }
        b->tick = b->next;
    }
    *trap = (struct hw_trap){.vector = lab_board_ack(b), .external = true};
    line_changed(hw);
    return HW_TRAP;
}

/* ---- a plain machine */

void hw_real_mode(struct hw *hw, uint32_t eip)
{
    cpu_reset(hw->cpu, true);
    set(hw, "cs", 0);
    set(hw, "eip", eip);
    set(hw, "esp", eip);
}

enum hw_stop hw_run(struct hw *hw, uint64_t until)
{
    struct hw_trap unused;
    return run(hw, until, &unused);
}

void hw_look(struct hw *hw, struct hw_state *out)
{
    static const char *const bases[] = {"es.base", "cs.base", "ss.base",
                                        "ds.base", "fs.base", "gs.base"};
    static const char *const attrs[] = {"es.attr", "cs.attr", "ss.attr",
                                        "ds.attr", "fs.attr", "gs.attr"};
    frame_save(hw, &out->frame);
    out->cr0 = get(hw, "cr0");
    out->cr2 = get(hw, "cr2");
    out->cr3 = get(hw, "cr3");
    out->cr4 = get(hw, "cr4");
    for (unsigned n = 0; n < 8; n++) {
        out->dr[n] = get(hw, dr_names[n]);
    }
    out->gdt = get(hw, "gdtr.base");
    out->idt = get(hw, "idtr.base");
    out->gdt_limit = (uint16_t)get(hw, "gdtr.limit");
    out->idt_limit = (uint16_t)get(hw, "idtr.limit");
    out->ldtr = (uint16_t)get(hw, "ldtr");
    out->tr = (uint16_t)get(hw, "tr");
    for (unsigned seg = 0; seg < HW_SEGS; seg++) {
        out->base[seg] = get(hw, bases[seg]);
        out->attr[seg] = get(hw, attrs[seg]);
    }
}

void hw_watch(struct hw *hw, hw_sensitive_fn *fn, void *ctx)
{
    cpu_watch_sensitive(hw->cpu, fn, ctx);
}

void hw_watch_reads(struct hw *hw, hw_read_fn *fn, void *ctx)
{
    hw->read_fn = fn;
    hw->read_ctx = ctx;
}

bool hw_watch_byte(struct hw *hw, laddr la, bool on)
{
    return on ? cpu_point_add(hw->cpu, POINT_READ, la, 1)
              : cpu_point_remove(hw->cpu, POINT_READ, la, 1);
}

void hw_stop_soon(struct hw *hw)
{
    hw->stop_soon = true;
    cpu_attention(hw->cpu);
}

bool hw_translate(struct hw *hw, laddr la, maddr *ma)
{
    paddr pa;
    bool mapped = cpu_translate(hw->cpu, la, &pa);
    *ma = mapped ? (maddr)pa : 0;
    return mapped;
}

uint64_t hw_count(struct hw *hw, const char *row)
{
    struct cpu_stats s;
    cpu_stats(hw->cpu, &s);
    return strcmp(row, "exceptions") == 0    ? s.exceptions
           : strcmp(row, "page faults") == 0 ? s.page_faults
           : strcmp(row, "interrupts") == 0  ? s.interrupts
                                             : cpu_sensitive_count(hw->cpu, row);
}

uint64_t hw_hash(struct hw *hw)
{
    return ram_hash(hw->ph, phys_main_ram(hw->ph));
}
