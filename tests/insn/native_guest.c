/* tests/insn/native_guest.c -- cases in the engine.
 *
 * A kernel of two stubs in ring 0: one loads all registers from memory and goes to ring 3 by
 * IRETD; every exception leads to the other, which stores all registers and leaves cpu_run() by
 * an OUT. Descriptor tables are Linux's on x86-64, as far as ring 3 can see them, and the LDT's
 * segments native_host.c's; paging is PAE with NX, so that error codes are the host's.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/engine.h"
#include "tests/insn/native.h"

enum {
    GDT = 0x1000,
    LDT = 0x1800,
    IDT = 0x2000,
    TSS = 0x3000,
    HANDLERS = 0x4000, /* 16 bytes each */
    ENTER = 0x5000,
    LEAVE = 0x5800,
    PDPT = 0x6000,
    DIRECTORY = 0x7000,
    TABLE = 0x8000,
    IN = 0x9000,           /* FXRSTOR's image, DS ES FS GS, POPA's registers, IRETD's frame */
    IN_STACK = IN + 0x1F0, /* ESP and SS of ENTER's end */
    IN_SEGS = IN + 0x200,
    IN_REGS = IN_SEGS + 0x10,
    IN_FRAME = IN_REGS + 0x20,
    OUT = 0xA000, /* FXSAVE's image … */
    STACK = 0xA800,
    OUT_FRAME = STACK - 76, /* … and what LEAVE pushed: GS FS ES DS, PUSHA, vector, error
                               code, EIP CS EFLAGS ESP SS */
    KERNEL_CS = 0x08,
    KERNEL_DS = 0x18,
    ENTER_SS = 0x10, /* Linux has its 64-bit code segment there; ring 3 cannot tell */
    GDT_LIMIT = 0x7F,
};

static struct guest {
    struct cpu *cpu;
    struct phys *ph;
    struct notes notes;
    uint64_t tick;
    uint8_t *low; /* main RAM */
    uint8_t *arena;
    struct decode_map map;
} g;

/* A world that does not stand is no finding. */
PRINTF_LIKE(2, 3) static void must(bool good, const char *format, ...)
{
    if (!good) {
        va_list args;
        va_start(args, format);
        vfprintf(stderr, format, args);
        va_end(args);
        fputc('\n', stderr);
        exit(3);
    }
}

static uint32_t port_in(void *ctx, uint16_t port, unsigned size)
{
    (void)ctx, (void)port, (void)size;
    return UINT32_MAX;
}

static void port_out(void *ctx, uint16_t port, uint32_t val, unsigned size)
{
    (void)ctx, (void)port, (void)val, (void)size;
    cpu_attention(g.cpu);
}

static uint8_t int_ack(void *ctx)
{
    (void)ctx;
    return 0;
}

/* ---- tables */

static void descriptor(uint32_t at, uint32_t lo, uint32_t hi)
{
    store_le32(g.low + at, lo);
    store_le32(g.low + at + 4, hi);
}

static void make_gdt(void)
{
    static const struct {
        uint8_t sel;
        uint32_t lo, hi;
    } d[] = {
        {0x08, 0xFFFF, 0x00CF9B00},
        {0x18, 0xFFFF, 0x00CF9300},
        {0x20, 0xFFFF, 0x00CFFB00},
        {0x28, 0xFFFF, 0x00CFF300},
        {0x30, 0xFFFF, 0x00AFFB00},
        {0x40, TSS << 16 | 0x67, 0x00008900},
        {0x50, (uint32_t)LDT << 16 | (SEG_SLOTS * 8 - 1), 0x00008200},
        {0x78, CPU_NUMBER & 0xFFFF, 0x0040F500 | (CPU_NUMBER & 0xF0000)},
    };
    for (unsigned k = 0; k < ARRAY_LEN(d); k++) {
        descriptor(GDT + d[k].sel, d[k].lo, d[k].hi);
    }
}

static void make_ldt(void)
{
    for (unsigned n = 0; n < SEG_SLOTS; n++) {
        const struct native_descriptor *d = &native_ldt[n];
        unsigned type = d->flags & SF_CODE ? 8u : 0;
        if (d->base == 0) {
            continue;
        }
        type |= d->flags & (SF_DOWN | SF_CONFORMING) ? 4 : 0;
        type |= d->flags & SF_LOCKED ? 1 : 3;
        descriptor(LDT + 8 * n, d->base << 16 | (d->limit & 0xFFFF),
                   (d->base & 0xFF000000u) | (d->base >> 16 & 0xFF) | (d->limit & 0xF0000) |
                       type << 8 | 0x7000 | (d->flags & SF_ABSENT ? 0 : 0x8000) |
                       (d->flags & SF_BIG ? 1u << 22 : 0) |
                       (d->flags & SF_IN_PAGES ? 1u << 23 : 0));
    }
}

/* Ring 3 may say INT 3 and INT 4 alone. */
static void make_idt(void)
{
    for (unsigned v = 0; v < 256; v++) {
        uint32_t to = HANDLERS + 16 * (v < 32 ? v : 31);
        descriptor(IDT + 8 * v, (uint32_t)KERNEL_CS << 16 | to,
                   v == EXC_BP || v == EXC_OF ? 0xEE00 : 0x8E00);
    }
}

static void make_handlers(void)
{
    for (unsigned v = 0; v < 32; v++) {
        bool has_code = v == EXC_DF || (v >= EXC_TS && v <= EXC_PF) || v == EXC_AC;
        uint8_t *p = g.low + HANDLERS + 16 * v;
        if (!has_code) {
            *p++ = 0x6A; /* PUSH 0 */
            *p++ = 0;
        }
        *p++ = 0x6A; /* PUSH v */
        *p++ = (uint8_t)v;
        *p++ = 0xE9; /* JMP LEAVE */
        store_le32(p, (uint32_t)(LEAVE - ((p - g.low) + 4)));
    }
}

static void make_pages(void)
{
    enum { P = 1, W = 2, U = 4, LARGE = 0x80 };
    const uint64_t nx = UINT64_C(1) << 63;
    store_le64(g.low + PDPT, DIRECTORY | P);
    store_le64(g.low + DIRECTORY, P | W | LARGE);
    store_le64(g.low + DIRECTORY + 8 * (ARENA >> 21), TABLE | P | W | U);
    for (unsigned k = 0; k < ARENA_PAGES; k++) {
        const struct arena_page *page = &arena_pages[k];
        store_le64(g.low + TABLE + 8 * page->at, (ARENA + k * NATIVE_PAGE) | P | U |
                                                     (page->rights == PAGE_RW ? W : 0) |
                                                     (page->rights == PAGE_CODE ? 0 : nx));
    }
}

static void make_stubs(void)
{
    static const uint8_t boot16[] = {
        0x0F, 0x01, 0x16, 0x00, 0x06, 0x0F, 0x01,      0x1E, 0x08, 0x06, /* LGDT LIDT */
        0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22,      0xC0,             /* PE */
        0x66, 0xEA, 0x40, 0x05, 0x00, 0x00, KERNEL_CS, 0x00,             /* JMP 08:540 */
    };
    static const uint8_t boot32[] = {
        0x66, 0xB8, KERNEL_DS, 0x00, 0x8E, 0xD8, 0x8E, 0xD0,
        0xB8, 0x20, 0x06,      0x00, 0x00, 0x0F, 0x22, 0xE0, /* CR4: PAE OSFXSR OSXMMEXCPT */
        0xB8, 0x00, 0x60,      0x00, 0x00, 0x0F, 0x22, 0xD8, /* CR3: PDPT */
        0xB9, 0x80, 0x00,      0x00, 0xC0, 0x31, 0xD2,       /* EFER: NXE */
        0xB8, 0x00, 0x08,      0x00, 0x00, 0x0F, 0x30, 0xB8,
        0x33, 0x00, 0x05,      0x80, 0x0F, 0x22, 0xC0, /* CR0: PG AM WP NE ET MP PE */
        0x66, 0xB8, 0x50,      0x00, 0x0F, 0x00, 0xD0, /* LLDT LTR */
        0x66, 0xB8, 0x40,      0x00, 0x0F, 0x00, 0xD8, 0xB8,
        0x00, 0x50, 0x00,      0x00, 0xFF, 0xE0, /* JMP ENTER */
    };
    static const uint8_t enter[] = {
        0x66, 0xB8, KERNEL_DS, 0x00, 0x8E, 0xD8, 0x8E, 0xD0, 0x0F, 0xAE,
        0x0D, 0x00, 0x90,      0x00, 0x00,       /* FXRSTOR */
        0x8E, 0x05, 0x04,      0x92, 0x00, 0x00, /* ES FS GS */
        0x8E, 0x25, 0x08,      0x92, 0x00, 0x00, 0x8E, 0x2D, 0x0C, 0x92,
        0x00, 0x00, 0x0F,      0xB2, 0x25, 0xF0, 0x91, 0x00, 0x00, /* LSS ESP: to what follows
                                                                    */
        0x8E, 0x1D, 0x00,      0x92, 0x00, 0x00,                   /* DS */
        0x61, 0xCF,                                                /* POPA IRETD */
    };
    static const uint8_t leave[] =
        {
            0x60, 0x8C, 0xD8, 0x50, 0x8C, 0xC0, 0x50,      0x8C, 0xE0,
            0x50, 0x8C, 0xE8, 0x50, 0x66, 0xB8, KERNEL_DS, 0x00, 0x8E,
            0xD8, 0x0F, 0xAE, 0x05, 0x00, 0xA0, 0x00,      0x00, /* FXSAVE */
            0xE6, 0xE9,                                          /* OUT: end of cpu_run() */
            0xB8, 0x00, 0x50, 0x00, 0x00, 0xFF, 0xE0,            /* JMP ENTER */
        };
    static const uint8_t gdtr[] = {GDT_LIMIT, 0, 0, 0x10, 0, 0}, idtr[] = {0xFF, 7, 0, 0x20, 0};
    memcpy(g.low + 0x500, boot16, sizeof boot16);
    memcpy(g.low + 0x540, boot32, sizeof boot32);
    memcpy(g.low + ENTER, enter, sizeof enter);
    memcpy(g.low + LEAVE, leave, sizeof leave);
    memcpy(g.low + 0x600, gdtr, sizeof gdtr);
    memcpy(g.low + 0x608, idtr, sizeof idtr);
}

static void make_tss(void)
{
    store_le32(g.low + TSS + 4, STACK);
    store_le32(g.low + TSS + 8, KERNEL_DS);
    store_le16(g.low + TSS + 0x66, 0x68); /* no I/O bitmap */
}

static void set_register(const char *name, uint64_t value)
{
    must(cpu_reg_set(g.cpu, name, value), "cannot set %s", name);
}

void native_guest_start(void)
{
    struct error err;
    static const struct cpu_config cfg = {.model = "pentium4"};
    struct cpu_bus bus = {.in = port_in, .out = port_out, .int_ack = int_ack, .tick = &g.tick};
    g.ph = phys_new(1 << 20, NULL, &err);
    must(g.ph != NULL, "%s", err.text);
    struct ram *arena = phys_ram_new(g.ph, "arena", IMAGE_SIZE, &err);
    must(arena != NULL, "%s", err.text);
    phys_map_ram(g.ph, 0, 1 << 20, phys_main_ram(g.ph), 0);
    phys_map_ram(g.ph, ARENA, IMAGE_SIZE, arena, 0);
    g.low = phys_main_ram(g.ph)->bytes;
    g.arena = arena->bytes;
    g.cpu = cpu_new(&cfg, &bus, g.ph, &g.notes, &err);
    must(g.cpu != NULL, "%s", err.text);
    cpu_set_a20(g.cpu, true);
    decode_map_init(&g.map, g.cpu->features);
    memcpy(g.arena, arena_pattern(), IMAGE_SIZE);
    make_gdt();
    make_ldt();
    make_idt();
    make_tss();
    make_handlers();
    make_pages();
    make_stubs();
    set_register("cs", 0);
    set_register("ds", 0);
    set_register("eip", 0x500);
}

void native_guest_stop(void)
{
    cpu_free(g.cpu);
    phys_free(g.ph);
}

const struct decode_map *native_map(void)
{
    return &g.map;
}

/* ---- a case */

/* Code is stored as by a device: the engine has to notice. */
static void store_code(const struct native_case *c, const uint8_t *image)
{
    for (unsigned k = 0; k < c->len; k++) {
        int at = arena_index(ARENA_CODE - ARENA + c->eip + k);
        if (at >= 0) {
            phys_dma_write(g.ph, ARENA + (unsigned)at, image + at, 1);
        }
    }
}

static void put_in(const struct native_case *c)
{
    static uint8_t image[IMAGE_SIZE];
    case_code(c, image);
    store_code(c, image);
    case_data(c, g.arena);
    memcpy(g.low + IN, c->fx, FX_SIZE);
    static const uint8_t order[] = {SEG_DS, SEG_ES, SEG_FS, SEG_GS};
    for (unsigned k = 0; k < 4; k++) {
        store_le32(g.low + IN_SEGS + 4 * k, c->sel[order[k]]);
    }
    for (unsigned k = 0; k < 8; k++) {
        store_le32(g.low + IN_REGS + 4 * (7 - k), c->r[k]);
    }
    /* IRETD to a 16-bit stack leaves ESP's upper half as it is: let it be the case's. */
    uint32_t upper = c->r[ESP] & 0xFFFF0000u;
    descriptor(GDT + ENTER_SS, 0xFFFF,
               ((0u - upper) & 0xFF000000u) | ((0u - upper) >> 16 & 0xFF) | 0x00CF9300);
    store_le32(g.low + IN_STACK, upper | IN_REGS);
    store_le16(g.low + IN_STACK + 4, ENTER_SS);
    store_le32(g.low + IN_FRAME, c->eip);
    store_le32(g.low + IN_FRAME + 4, c->sel[SEG_CS]);
    store_le32(g.low + IN_FRAME + 8, c->eflags);
    store_le32(g.low + IN_FRAME + 12, c->r[ESP]);
    store_le32(g.low + IN_FRAME + 16, c->sel[SEG_SS]);
}

static void get_out(struct native_result *out)
{
    const uint8_t *frame = g.low + OUT_FRAME;
    static const uint8_t order[] = {SEG_GS, SEG_FS, SEG_ES, SEG_DS};
    for (unsigned k = 0; k < 4; k++) {
        out->sel[order[k]] = load_le16(frame + 4 * k);
    }
    for (unsigned k = 0; k < 8; k++) {
        out->r[k] = load_le32(frame + 16 + 4 * (7 - k));
    }
    out->vector = load_le32(frame + 48);
    out->error = load_le32(frame + 52);
    out->eip = load_le32(frame + 56);
    out->sel[SEG_CS] = load_le16(frame + 60);
    out->eflags = load_le32(frame + 64);
    out->r[ESP] = load_le32(frame + 68);
    out->sel[SEG_SS] = load_le16(frame + 72);
    memcpy(out->fx, g.low + OUT, FX_SIZE);
}

static void run_to_end(struct native_result *out)
{
    uint64_t value = 0;
    enum cpu_stop stop = cpu_run(g.cpu, g.tick + 1000000);
    cpu_reg_get(g.cpu, "esp", &value);
    must(stop == CPU_ATTENTION && value == OUT_FRAME,
         "the engine did not come back: stop %d, ESP %x", (int)stop, (unsigned)value);
    get_out(out);
}

void native_guest_run(const struct native_case *c, struct native_result *out)
{
    uint64_t cr2 = 0;
    put_in(c);
    run_to_end(out);
    while (out->vector == EXC_DB && out->eip == c->eip && out->sel[SEG_CS] == c->sel[SEG_CS] &&
           case_is_repeated(c)) {
        struct native_case more = *c; /* with TF set REP traps after every iteration */
        memcpy(more.r, out->r, sizeof more.r);
        memcpy(more.fx, out->fx, sizeof more.fx);
        more.eflags = out->eflags;
        more.runs = 0;
        put_in(&more);
        run_to_end(out);
    }
    cpu_reg_get(g.cpu, "cr2", &cr2);
    out->cr2 = (uint32_t)cr2;
    case_collect(g.arena, out);
    store_code(c, arena_pattern());
}
