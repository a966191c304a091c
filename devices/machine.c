/* machine.c -- a machine's life: made, run, looked at, freed.
 *
 * The loop of machine_run() is the whole of time: fire what is due, run the processor up to the
 * next event, and again. It stops only between instructions, so that where it stopped is never
 * visible to the guest: run(A), run(B) and run(B) alone lead to the same state. Of all that
 * falls upon one tick the order is: the instruction that ends there, events in the order of
 * scheduling, a reset or the like that was asked for, then whatever the caller does (input) at
 * that tick.
 */
#include "devices/machine_priv.h"

#include <stdlib.h>
#include <string.h>

#include "devices/boot.h"
#include "devices/chips.h"
#include "devices/i8042.h"
#include "devices/i8259.h"
#include "devices/ioapic.h"
#include "devices/lapic.h"
#include "devices/machine_file.h"
#include "devices/ns16550a.h"
#include "devices/vga.h"

enum { RAM_MIN_MB = 1, RAM_MAX_MB = 3072, RAM_GRAIN = 0x10000 };
enum { BIOS_MIN = 0x10000, BIOS_MAX = 0x40000, BIOS_GRAIN = 0x4000 };
enum { VGABIOS_MAX = 0x100000 };
enum { SLICES_PER_S = 60 };

/* ---- making one */

static int check_config(const struct machine_config *cfg, struct error *err)
{
    if (cfg->ram_bytes < (uint64_t)RAM_MIN_MB << 20 ||
        cfg->ram_bytes > (uint64_t)RAM_MAX_MB << 20 || cfg->ram_bytes % RAM_GRAIN) {
        return error_set(err, "-m: RAM must be 1 MiB to 3 GiB, in steps of 64 KiB");
    }
    if (!cfg->bios || cfg->bios_size < BIOS_MIN || cfg->bios_size > BIOS_MAX ||
        cfg->bios_size % BIOS_GRAIN) {
        return error_set(err,
                         "-bios: a firmware image has 64 KiB to 256 KiB, in steps of "
                         "16 KiB; this one has %u bytes",
                         cfg->bios ? (unsigned)cfg->bios_size : 0);
    }
    if (cfg->mips > MIPS_MAX) {
        return error_set(err, "-mips: at most %d", MIPS_MAX);
    }
    if (cfg->cpu && strlen(cfg->cpu) >= MACHINE_CPU) {
        return error_set(err, "-cpu: at most %d characters", MACHINE_CPU - 1);
    }
    for (const char *c = cfg->boot_order ? cfg->boot_order : ""; *c; c++) {
        if (!strchr("acd", *c) || strchr(c + 1, *c)) {
            return error_set(err, "-boot: order=%s: letters a, c and d, each once",
                             cfg->boot_order);
        }
    }
    return 0;
}

static void configure_drives(struct board *b, const struct machine_config *cfg)
{
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        struct drive *d = &b->drive[i];
        const struct media *media = &cfg->drive[i];
        bool present = cfg->drive_present[i] || media->kind != DRIVE_NONE;
        if (media->kind != DRIVE_NONE) {
            drive_insert(d, media);
            d->changes = 0; /* it has been in there since before power-on */
        }
        if (present && i <= DRIVE_FDB) {
            d->kind = DRIVE_FLOPPY;
        } else if (present) {
            d->kind = media->kind == DRIVE_DISK ? DRIVE_DISK : DRIVE_CDROM;
        }
    }
}

static void configure_boot(struct board *b, const struct machine_config *cfg)
{
    char *order = b->config.boot_order;
    if (cfg->boot_order) {
        strcpy(order, cfg->boot_order); /* at most three letters: check_config() */
        return;
    }
    bool disk = false, cdrom = false;
    for (unsigned i = DRIVE_HDA; i <= DRIVE_HDD; i++) {
        disk |= b->drive[i].kind == DRIVE_DISK;
        cdrom |= b->drive[i].kind == DRIVE_CDROM;
    }
    if (b->drive[DRIVE_FDA].kind == DRIVE_FLOPPY) {
        *order++ = 'a';
    }
    if (disk) {
        *order++ = 'c';
    }
    if (cdrom) {
        *order = 'd';
    }
}

/* A video BIOS made for the card is the ROM on it; any other is run by the firmware. Not both:
 * the firmware runs what it finds. */
static int configure_vgabios(struct machine *m, const struct machine_config *cfg,
                             struct error *err)
{
    struct board *b = &m->board;
    bool own = vga_is_own_rom(cfg->vgabios, cfg->vgabios_size);
    uint32_t size = own ? PAGE_SIZE : cfg->vgabios_size;
    while (size < cfg->vgabios_size && size < VGABIOS_MAX) {
        size *= 2;
    }
    if (cfg->vgabios_size > size) {
        return error_set(err, "-vgabios: a video BIOS has at most %u KiB", VGABIOS_MAX >> 10);
    }
    if (cfg->from_state && !own) {
        return error_set(err, "vgabios: is not for this card");
    }
    uint8_t *copy = malloc(size);
    if (!copy) {
        return error_set(err, "-vgabios: out of memory");
    }
    memset(copy, 0xFF, size);
    memcpy(copy, cfg->vgabios, cfg->vgabios_size);
    if (!own) {
        return board_add_firmware(b, "vgaroms/vgabios.bin", copy, size) == 0
                   ? 0
                   : error_set(err, "-vgabios: too many firmware files");
    }
    b->vgabios = m->vgabios = copy;
    b->vgabios_size = size;
    return 0;
}

static int add_saved_files(struct board *b, const struct machine_config *cfg, struct error *err)
{
    for (unsigned i = 0; i < cfg->files; i++) {
        const struct machine_file *f = &cfg->file[i];
        const struct state_source *src = f->source;
        uint8_t *mapped = src ? src->map(src->ctx, f->at, f->size) : NULL;
        uint8_t *bytes = mapped ? mapped : malloc(f->size ? f->size : 1);
        if (!bytes) {
            return error_set(err, "%s: out of memory", f->name);
        }
        if (!mapped) {
            memcpy(bytes, f->bytes, f->size);
        }
        if (board_add_mapped(b, f->name, bytes, f->size, mapped ? src->unmap : NULL) != 0) {
            return error_set(err, "%s: too many firmware files", f->name);
        }
    }
    return 0;
}

static int configure(struct machine *m, const struct machine_config *cfg, struct error *err)
{
    struct board *b = &m->board;
    b->config.ram_bytes = cfg->ram_bytes;
    b->config.start_time = cfg->start_time;
    b->config.boot_menu = cfg->boot_menu;
    memcpy(b->config.serial, cfg->serial, sizeof b->config.serial);
    b->config.parallel = cfg->parallel;
    b->config.debug_exit_port = cfg->debug_exit_port;
    b->config.debug_exit_size = cfg->debug_exit_size;
    configure_drives(b, cfg);
    configure_boot(b, cfg);
    m->bios = malloc(cfg->bios_size);
    if (!m->bios) {
        return error_set(err, "-bios: out of memory");
    }
    memcpy(m->bios, cfg->bios, cfg->bios_size);
    b->bios = m->bios;
    b->bios_size = cfg->bios_size;
    if (cfg->from_state && add_saved_files(b, cfg, err) != 0) {
        return -1;
    }
    if (cfg->vgabios && cfg->vgabios_size && configure_vgabios(m, cfg, err) != 0) {
        return -1;
    }
    return cfg->from_state ? 0 : boot_add_files(b, cfg, err);
}

static uint32_t port_in(void *ctx, uint16_t port, unsigned size)
{
    struct machine *m = ctx;
    return bus_in(&m->board.bus, port, size);
}

static void port_out(void *ctx, uint16_t port, uint32_t val, unsigned size)
{
    struct machine *m = ctx;
    bus_out(&m->board.bus, port, val, size);
}

static uint8_t int_ack(void *ctx)
{
    struct machine *m = ctx;
    int vector = lapic_ack(m->lapic);
    return vector == LAPIC_EXTINT ? i8259_ack(m->pic) : (uint8_t)vector;
}

static void apic_base(void *ctx, uint64_t value)
{
    struct machine *m = ctx;
    lapic_set_base(m->lapic, value);
}

static void ferr(void *ctx, bool level)
{
    struct machine *m = ctx;
    npx_set_ferr(m->npx, level);
}

static void perf_overflow(void *ctx)
{
    struct machine *m = ctx;
    lapic_perf(m->lapic);
}

/* A chip asks; it happens when the instruction is over. */
static void power_asked(void *ctx, enum power_event what, uint32_t code)
{
    struct machine *m = ctx;
    if (m->power_asked) {
        return;
    }
    m->power_asked = true;
    m->power_what = what;
    m->power_code = code;
    if (m->in_cpu) {
        cpu_attention(m->cpu);
    }
}

/* An event before the end of the slice: come back in time for it. */
static void event_nearer(void *ctx)
{
    struct machine *m = ctx;
    if (m->in_cpu && clock_next(&m->board.clock) < m->slice_end) {
        cpu_attention(m->cpu);
    }
}

static int build(struct machine *m, const struct machine_config *cfg, struct error *err)
{
    m->phys = phys_new(cfg->ram_bytes, m->host.big, err);
    if (!m->phys) {
        return -1;
    }
    board_init(&m->board, m->phys, &m->host, cfg->mips);
    m->board.power = power_asked;
    m->board.power_ctx = m;
    m->board.clock.nearer = event_nearer;
    m->board.clock.ctx = m;
    if (configure(m, cfg, err) != 0) {
        return -1;
    }
    struct cpu_config cpu_cfg = {.model = cfg->cpu,
                                 .mips = m->board.clock.mips,
                                 .single_step = cfg->single_step,
                                 .no_assist = cfg->no_assist,
                                 .shadow_flush = cfg->shadow_flush,
                                 .census = cfg->census,
                                 .big = m->host.big,
                                 .sparse = m->host.sparse};
    struct cpu_bus bus = {.ctx = m,
                          .in = port_in,
                          .out = port_out,
                          .int_ack = int_ack,
                          .tick = &m->board.clock.now,
                          .apic_base = apic_base,
                          .ferr = ferr,
                          .perf_overflow = perf_overflow};
    m->cpu = cpu_new(&cpu_cfg, &bus, m->phys, &m->board.notes, err);
    if (!m->cpu) {
        return -1;
    }
    m->board.config.fpu = cpu_has_fpu(m->cpu);
    return pc_build(m, err);
}

struct machine *machine_new(const struct machine_config *cfg, const struct host *host,
                            struct error *err)
{
    if (check_config(cfg, err) != 0) {
        return NULL;
    }
    struct machine *m = calloc(1, sizeof *m);
    if (!m) {
        (void)error_set(err, "out of memory");
        return NULL;
    }
    atomic_init(&m->broken, false);
    m->host = *host;
    m->stop_on_reset = cfg->stop_on_reset;
    m->stop_on_triple_fault = cfg->stop_on_triple_fault;
    strcpy(m->cpu_model, cfg->cpu ? cfg->cpu : cpu_model_default()); /* fits: checked */
    if (build(m, cfg, err) != 0) {
        machine_free(m);
        return NULL;
    }
    cpu_reset(m->cpu, true);
    board_reset(&m->board, RESET_POWER);
    pc_drive_cpu(m);
    return m;
}

void machine_free(struct machine *m)
{
    if (!m) {
        return;
    }
    machine_forget_snapshots(m);
    board_free(&m->board);
    if (m->cpu) {
        cpu_free(m->cpu);
    }
    if (m->phys) {
        phys_free(m->phys);
    }
    free(m->bios);
    free(m->vgabios);
    free(m);
}

/* ---- running */

void machine_reset(struct machine *m)
{
    m->power_asked = false;
    cpu_reset(m->cpu, false);
    board_reset(&m->board, RESET_HARD);
    pc_drive_cpu(m);
}

void machine_init_pin(struct machine *m)
{
    cpu_init(m->cpu);
    lapic_init_pin(m->lapic);
    pc_drive_cpu(m);
}

/* Acts upon what a chip asked for. true: machine_run() stops, for the reason *stop. */
static bool power_act(struct machine *m, enum machine_stop *stop)
{
    if (!m->power_asked) {
        return false;
    }
    m->power_asked = false;
    switch (m->power_what) {
    case POWER_OFF: *stop = MACHINE_POWEROFF; return true;
    case POWER_DEBUG_EXIT:
        m->exit_value = m->power_code;
        *stop = MACHINE_DEBUG_EXIT;
        return true;
    case POWER_RESET:
    case POWER_INIT: break;
    }
    if (m->stop_on_reset) {
        *stop = MACHINE_RESET;
        return true;
    }
    if (m->power_what == POWER_RESET) {
        machine_reset(m);
    } else {
        machine_init_pin(m);
    }
    return false;
}

void machine_settle(struct machine *m)
{
    enum machine_stop stop;
    clock_fire(&m->board.clock);
    bool resets = m->power_what == POWER_RESET || m->power_what == POWER_INIT;
    if (m->power_asked && resets && !m->stop_on_reset) {
        (void)power_act(m, &stop);
    }
}

/* Halted for good: nothing will ever happen, or nothing that HLT with IF = 0 would notice. */
static bool never_wakes(const struct machine *m)
{
    enum { EFLAGS_IF = 1 << 9 };
    uint64_t eflags = 0;
    return clock_next(&m->board.clock) == EVENT_IDLE ||
           (cpu_reg_get(m->cpu, "eflags", &eflags) && !(eflags & EFLAGS_IF) &&
            !ioapic_is_unmaskable(m->ioapic) && !lapic_is_unmaskable(m->lapic));
}

/* One slice of processor time, to the next event at most. true: stop. A slice has an end of its
 * own only so that machine_break() is heard; the guest cannot tell. */
static bool run_slice(struct machine *m, uint64_t until, enum machine_stop *stop)
{
    struct clock *ck = &m->board.clock;
    uint64_t next = clock_next(ck) < until ? clock_next(ck) : until;
    uint64_t slice = clock_us(ck, 1000000 / SLICES_PER_S);
    m->slice_end = next - ck->now > slice ? ck->now + slice : next;
    m->in_cpu = true;
    enum cpu_stop why = cpu_run(m->cpu, m->slice_end);
    m->in_cpu = false;
    if (why == CPU_SHUTDOWN) {
        if (m->stop_on_triple_fault) {
            *stop = MACHINE_TRIPLE_FAULT;
            return true;
        }
        power_asked(m, POWER_INIT, 0); /* the PIIX3's answer to a shutdown cycle */
    } else if (why == CPU_HALTED && !m->power_asked) {
        if (until == UINT64_MAX && never_wakes(m)) {
            *stop = MACHINE_IDLE;
            return true;
        }
        next = clock_next(ck) < until ? clock_next(ck) : until;
        m->slept += next > ck->now ? next - ck->now : 0;
        ck->now = next > ck->now ? next : ck->now;
    } else if (why == CPU_POINT) {
        *stop = MACHINE_POINT;
        return true;
    } else if (why == CPU_RING0) {
        *stop = MACHINE_BREAK;
        return true;
    }
    return false;
}

enum machine_stop machine_run(struct machine *m, uint64_t until)
{
    struct clock *ck = &m->board.clock;
    enum machine_stop stop = MACHINE_UNTIL, power;
    for (bool stopped = false;;) {
        clock_fire(ck);
        if (power_act(m, &power)) {
            return power;
        }
        if (stopped) { /* with all done that is due at this tick: what comes now is input */
            return stop;
        }
        if (ck->now >= until) {
            return MACHINE_UNTIL;
        }
        if (atomic_exchange(&m->broken, false)) {
            return MACHINE_BREAK;
        }
        stopped = run_slice(m, until, &stop);
    }
}

void machine_break(struct machine *m)
{
    atomic_store(&m->broken, true);
}

uint64_t machine_now(const struct machine *m)
{
    return clock_now(&m->board.clock);
}

uint32_t machine_mips(const struct machine *m)
{
    return m->board.clock.mips;
}

uint32_t machine_exit_value(const struct machine *m)
{
    return m->exit_value;
}

/* ---- a debugger's points: the processor's, under the names of this header */

_Static_assert((int)MACHINE_VECTOR == (int)POINT_VECTOR &&
                   (int)MACHINE_FOUND_REGISTER == (int)FOUND_REGISTER &&
                   (int)MACHINE_POINT_LONGEST == (int)POINT_LONGEST,
               "in the same order");

bool machine_point_add(struct machine *m, enum machine_point kind, uint32_t la, uint32_t len)
{
    return cpu_point_add(m->cpu, (enum cpu_point)kind, la, len);
}

bool machine_point_remove(struct machine *m, enum machine_point kind, uint32_t la, uint32_t len)
{
    return cpu_point_remove(m->cpu, (enum cpu_point)kind, la, len);
}

bool machine_point_get(const struct machine *m, unsigned n, enum machine_point *kind,
                       uint32_t *la, uint32_t *len)
{
    enum cpu_point of = POINT_CODE;
    bool there = cpu_point_get(m->cpu, n, &of, la, len);
    *kind = (enum machine_point)of;
    return there;
}

void machine_point_register(struct machine *m, const char *name)
{
    cpu_point_register(m->cpu, name);
}

void machine_watch_dma(struct machine *m, uint64_t pa, machine_dma_fn *fn, void *ctx)
{
    phys_watch_dma(m->phys, pa, fn, ctx);
}

void machine_step(struct machine *m, const struct machine_step *how)
{
    struct cpu_step step = {.on = how != NULL};
    if (how != NULL) {
        step.over = how->over;
        step.from = how->from;
        step.len = how->len;
    }
    cpu_step(m->cpu, &step);
}

enum machine_found machine_found(const struct machine *m, uint32_t *la)
{
    struct cpu_found found = cpu_found(m->cpu);
    *la = found.la;
    return (enum machine_found)found.kind;
}

/* ---- looking */

uint64_t machine_hash(struct machine *m)
{
    struct board *b = &m->board;
    uint64_t h = state_hash(&clock_schema, &b->clock, 0);
    h = state_hash(&cpu_schema, cpu_state(m->cpu), h);
    for (unsigned i = 0; i < b->devices; i++) {
        h = state_hash(b->device[i]->cls->state, b->device[i], h);
    }
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        h = state_hash(&drive_schema, &b->drive[i], h);
    }
    for (struct ram *r = phys_rams(m->phys); r; r = r->next) {
        h = hash_u64(h, ram_hash(m->phys, r));
    }
    return h;
}

bool machine_reg_get(const struct machine *m, const char *name, uint64_t *value)
{
    return cpu_reg_get(m->cpu, name, value);
}

bool machine_reg_set(struct machine *m, const char *name, uint64_t value)
{
    return machine_input(m,
                         &(struct input){.kind = INPUT_REGISTER, .name = name, .value = value});
}

bool machine_mem_get(const struct machine *m, uint64_t pa, void *out, uint32_t len)
{
    const uint64_t window = 0xA0000, window_end = 0xC0000;
    if (phys_peek(m->phys, pa, out, len)) {
        return true;
    }
    for (uint8_t *to = out; len > 0; len--, pa++, to++) {
        bool vga = pa >= window && pa < window_end;
        if (!phys_peek(m->phys, pa, to, 1) &&
            !(vga && vga_peek(m->screen, (uint32_t)(pa - window), to))) {
            return false;
        }
    }
    return true;
}

bool machine_mem_set(struct machine *m, uint64_t pa, const void *in, uint32_t len)
{
    return machine_input(
        m, &(struct input){.kind = INPUT_MEMORY, .value = pa, .bytes = in, .len = len});
}

bool machine_translate(const struct machine *m, uint32_t la, uint64_t *pa)
{
    return cpu_translate(m->cpu, la, pa);
}

void machine_screen(struct machine *m, struct screen *out)
{
    vga_get_screen(m->screen, out);
}

bool machine_screen_pixels(struct machine *m, uint32_t *pixels, size_t n)
{
    return vga_get_pixels(m->screen, pixels, n);
}

bool machine_screen_draw(struct machine *m, unsigned first, unsigned end, uint32_t *pixels,
                         size_t n)
{
    return vga_get_lines(m->screen, first, end, pixels, n);
}

uint64_t machine_screen_version(struct machine *m)
{
    return vga_screen_version(m->screen, &m->watch);
}

void machine_screen_lines(struct machine *m, uint64_t since, unsigned *first, unsigned *end)
{
    vga_screen_lines(m->screen, &m->watch, since, first, end);
}

bool machine_keyboard_idle(const struct machine *m)
{
    return i8042_keyboard_idle(m->keyboard);
}

unsigned machine_serial_room(const struct machine *m, unsigned n)
{
    return n < m->serials ? ns16550a_room(m->serial[n]) : 0;
}

bool machine_serial_present(const struct machine *m, unsigned n)
{
    return n < m->serials && ns16550a_present(m->serial[n]);
}

bool machine_serial_idle(const struct machine *m, unsigned n)
{
    return !machine_serial_present(m, n) || ns16550a_room(m->serial[n]) == NS16550A_LINE;
}

const char *machine_cpu_help(void)
{
    return cpu_model_help();
}

bool machine_cpu_ok(const char *cpu, struct error *err)
{
    return cpu_model_check(cpu, err) == 0;
}

bool machine_cpu_same(const char *a, const char *b)
{
    return cpu_model_same(a, b);
}

void machine_stats(const struct machine *m, struct machine_stats *out)
{
    struct cpu_stats s;
    cpu_stats(m->cpu, &s);
    *out =
        (struct machine_stats){machine_now(m), m->slept,     s.blocks_built, s.blocks_dropped,
                               s.traps,        s.interrupts, s.exceptions,   s.mmu_fills};
}
