/* tests/support/pm_fixture.c -- see the header. */
#include "tests/support/pm_fixture.h"

#include <check.h>
#include <string.h>

enum { GDTR = 0x600, IDTR = 0x608, FRAME_LEN = 36, TICKS = 5000 };

void pm_w32(struct pm *pm, uint32_t pa, uint32_t v)
{
    uint8_t b[4];
    store_le32(b, v);
    cpu_fixture_load(&pm->fx, pa, b, 4);
}

uint32_t pm_r32(struct pm *pm, uint32_t pa)
{
    uint8_t b[4];
    ck_assert(phys_peek(pm->fx.ph, pa, b, 4));
    return load_le32(b);
}

uint32_t pm_reg(struct pm *pm, const char *name)
{
    return (uint32_t)cpu_fixture_get(&pm->fx, name);
}

void pm_descriptor(struct pm *pm, unsigned sel, uint32_t base, uint32_t limit, unsigned attr)
{
    pm_w32(pm, PM_GDT + sel, base << 16 | (limit & 0xFFFF));
    pm_w32(pm, PM_GDT + sel + 4,
           (base & 0xFF000000u) | (attr & 0xF00) << 12 | (limit & 0xF0000) |
               (attr & 0xFF) << 8 | (base >> 16 & 0xFF));
}

void pm_gate(struct pm *pm, uint32_t at, unsigned sel, uint32_t offset, unsigned attr,
             unsigned params)
{
    pm_w32(pm, at, (uint32_t)sel << 16 | (offset & 0xFFFF));
    pm_w32(pm, at + 4, (offset & 0xFFFF0000u) | attr << 8 | params);
}

static void segments(struct pm *pm)
{
    pm_descriptor(pm, PM_CODE0, 0, 0xFFFFF, 0xC9A);
    pm_descriptor(pm, PM_DATA0, 0, 0xFFFFF, 0xC92);
    pm_descriptor(pm, PM_CODE3, 0, 0xFFFFF, 0xCFA);
    pm_descriptor(pm, PM_DATA3, 0, 0xFFFFF, 0xCF2);
    pm_descriptor(pm, PM_CONFORMING, 0, 0xFFFFF, 0xC9E);
    pm_descriptor(pm, PM_CODE3_CONF, 0, 0xFFFFF, 0xCFE);
    pm_descriptor(pm, PM_CODE1, 0, 0xFFFFF, 0xCBA);
    pm_descriptor(pm, PM_DATA1, 0, 0xFFFFF, 0xCB2);
    pm_descriptor(pm, PM_EXEC_ONLY, 0, 0xFFFFF, 0xC98);
    pm_descriptor(pm, PM_READ_ONLY3, 0, 0xFFFFF, 0xCF0);
    pm_descriptor(pm, PM_ABSENT_DATA3, 0, 0xFFFFF, 0xC72);
    pm_descriptor(pm, PM_ABSENT_CODE3, 0, 0xFFFFF, 0xC7A);
    pm_descriptor(pm, PM_ABSENT_SS, 0, 0xFFFFF, 0xC12);
    pm_descriptor(pm, PM_EXPAND_DOWN, 0, 0xFFF, 0x4F6); /* valid: 1000h to FFFFFFFFh */
    pm_descriptor(pm, PM_SMALL, PM_DATA, 0xFF, 0x4F2);
    pm_descriptor(pm, PM_CODE_SMALL, PM_TARGET, 0xFF, 0x49A);
    pm_descriptor(pm, PM_CODE16, 0, 0xFFFF, 0x09A);
    pm_descriptor(pm, PM_STACK16, 0, 0xFFFF, 0x092);
    pm_descriptor(pm, PM_LDT_SEL, PM_LDT, 0xF, 0x082);
    pm_descriptor(pm, PM_BAD, 0, 0xFFFF, 0x080);
    pm_w32(pm, PM_LDT + 8, pm_r32(pm, PM_GDT + PM_DATA3));
    pm_w32(pm, PM_LDT + 12, pm_r32(pm, PM_GDT + PM_DATA3 + 4));
}

static void task_segments(struct pm *pm)
{
    pm_descriptor(pm, PM_TSS_SEL, PM_TSS, 0x87, 0x089);
    pm_descriptor(pm, PM_TSS_B_SEL, PM_TSS_B, 0x67, 0x0E9);
    pm_descriptor(pm, PM_TSS_V86_SEL, PM_TSS_V86, 0x67, 0x0E9);
    pm_descriptor(pm, PM_TSS16_SEL, PM_TSS16, 0x2B, 0x0E1);
    pm_descriptor(pm, PM_TSS_SMALL, PM_TSS_B, 0x66, 0x0E9);
    pm_descriptor(pm, PM_TSS_BUSY, PM_TSS_B, 0x67, 0x0EB);
    pm_w32(pm, PM_TSS + 4, PM_STACK0);
    pm_w32(pm, PM_TSS + 8, PM_DATA0);
    pm_w32(pm, PM_TSS + 12, PM_STACK1);
    pm_w32(pm, PM_TSS + 16, PM_DATA1 | 1);
    pm_w32(pm, PM_TSS + 0x64, 0x68u << 16); /* I/O map: ports 0 to DFh free */
    pm_w32(pm, PM_TSS + 0x84, 0xFFFFFFFFu);
}

static void gates(struct pm *pm)
{
    pm_gate(pm, PM_GDT + PM_GATE, PM_CODE0, PM_TARGET, 0xEC, 2);
    pm_gate(pm, PM_GDT + PM_GATE_DPL0, PM_CODE0, PM_TARGET, 0x8C, 0);
    pm_gate(pm, PM_GDT + PM_GATE_CONF, PM_CONFORMING, PM_TARGET, 0xEC, 0);
    pm_gate(pm, PM_GDT + PM_GATE1, PM_CODE1, PM_TARGET, 0xEC, 0);
    pm_gate(pm, PM_GDT + PM_GATE_ABSENT, PM_CODE0, PM_TARGET, 0x6C, 0);
    pm_gate(pm, PM_GDT + PM_GATE16, PM_CODE_SMALL, 0, 0xE4, 3);
    pm_gate(pm, PM_GDT + PM_GATE_NULL, 0, PM_TARGET, 0xEC, 0);
    pm_gate(pm, PM_GDT + PM_GATE_DATA, PM_DATA0, PM_TARGET, 0xEC, 0);
    pm_gate(pm, PM_GDT + PM_TASK_GATE, PM_TSS_B_SEL, 0, 0xE5, 0);
    for (unsigned v = 0; v < 256; v++) {
        bool open = v == 3 || v == 4 || v == PM_OK;
        uint8_t hlt = 0xF4;
        pm_gate(pm, PM_IDT + 8 * v, PM_CODE0, PM_HANDLERS + 16 * v, open ? 0xEE : 0x8E, 0);
        cpu_fixture_load(&pm->fx, PM_HANDLERS + 16 * v, &hlt, 1);
    }
    for (unsigned k = 0; k < 256; k++) {
        uint8_t hlt = 0xF4;
        cpu_fixture_load(&pm->fx, PM_TARGET + k, &hlt, 1);
        cpu_fixture_load(&pm->fx, PM_CODE_B + k, &hlt, 1);
    }
}

void pm_init(struct pm *pm)
{
    pm_init_engine(pm, false);
}

void pm_init_engine(struct pm *pm, bool single_step)
{
    pm_init_config(pm, &(struct cpu_config){.model = "pentiumpro",
                                            .single_step = single_step,
                                            .shadow_flush = single_step});
}

void pm_init_config(struct pm *pm, const struct cpu_config *cfg)
{
    memset(pm, 0, sizeof *pm);
    pm->eflags = 2;
    cpu_fixture_init(&pm->fx, cfg);
    segments(pm);
    task_segments(pm);
    gates(pm);
    pm_w32(pm, GDTR, PM_GDT_LIMIT | (uint32_t)PM_GDT << 16);
    pm_w32(pm, GDTR + 4, 0);
    pm_w32(pm, IDTR, 0x7FF | (uint32_t)PM_IDT << 16);
    pm_w32(pm, IDTR + 4, 0);
    for (uint32_t k = 0; k < 1024; k++) { /* identity, all rights, 4 MiB */
        pm_w32(pm, PM_PAGES + 0x1000 + 4 * k, k << 12 | 7);
    }
    pm_w32(pm, PM_PAGES, (PM_PAGES + 0x1000) | 7);
}

void pm_free(struct pm *pm)
{
    cpu_fixture_free(&pm->fx);
}

static uint32_t put_frame(struct pm *pm, enum pm_level level)
{
    static const struct {
        uint32_t cs, ss, esp;
    } to[] = {[PM_RING0] = {PM_CODE0, PM_DATA0, 0},
              [PM_RING1] = {PM_CODE1 | 1, PM_DATA1 | 1, PM_STACK1 - 0x100},
              [PM_RING3] = {PM_CODE3 | 3, PM_DATA3 | 3, PM_STACK3}};
    bool v86 = level >= PM_V86;
    uint32_t at = PM_STACK0 - (v86 ? 36 : level == PM_RING0 ? 12 : 20);
    uint32_t flags = pm->eflags | (v86 ? 1u << 17 : 0) | (level == PM_V86_IOPL3 ? 0x3000 : 0);
    pm_w32(pm, at, v86 ? 0 : PM_CODE);
    pm_w32(pm, at + 4, v86 ? PM_CODE >> 4 : to[level].cs);
    pm_w32(pm, at + 8, flags);
    if (v86) { /* ESP SS ES DS FS GS */
        static const uint32_t tail[] = {0x1000, PM_STACK3 >> 4, 0x111, 0x222, 0x333, 0x444};
        for (unsigned k = 0; k < ARRAY_LEN(tail); k++) {
            pm_w32(pm, at + 12 + 4 * k, tail[k]);
        }
    } else if (level != PM_RING0) {
        pm_w32(pm, at + 12, to[level].esp);
        pm_w32(pm, at + 16, to[level].ss);
    }
    return at;
}

static void put_boot(struct pm *pm, uint32_t frame, bool user)
{
    uint8_t cr = pm->paging ? 0x80 : 0;
    uint8_t ds = (uint8_t)(user ? PM_DATA3 | 3 : PM_DATA0);
    const uint8_t real[] = {0x66,       0x0F,    0x01,
                            0x16,       W(GDTR), 0x66,
                            0x0F,       0x01,    0x1E,
                            W(IDTR), /* LGDT, LIDT */
                            0x66,       0xB8,    D(PM_PAGES),
                            0x0F,       0x22,    0xD8, /* MOV CR3 */
                            0x0F,       0x20,    0xC0,
                            0x66,       0x0D,    1,
                            0,          0,       cr,
                            0x0F,       0x22,    0xC0, /* MOV CR0 */
                            0x66,       0xEA,    D(PM_BOOT + 0x100),
                            W(PM_CODE0)};
    const uint8_t prot[] = {MOV_AX(PM_DATA0),
                            MOV_SS_AX,
                            MOV_AX(ds),
                            MOV_DS_AX,
                            MOV_ES_AX,
                            MOV_AX(PM_TSS_SEL),
                            0x0F,
                            0x00,
                            0xD8, /* LTR AX */
                            MOV_AX(PM_LDT_SEL),
                            0x0F,
                            0x00,
                            0xD0, /* LLDT AX */
                            0xBC,
                            D(frame),
                            0xCF}; /* MOV ESP; IRETD */
    cpu_fixture_load(&pm->fx, PM_BOOT, real, sizeof real);
    cpu_fixture_load(&pm->fx, PM_BOOT + 0x100, prot, sizeof prot);
}

static struct pm_end outcome(struct pm *pm, enum cpu_stop stop)
{
    struct pm_end end = {.stop = stop, .vector = PM_ELSEWHERE};
    uint32_t eip = pm_reg(pm, "eip"), at = pm_reg(pm, "esp");
    uint32_t off = eip - 1 - PM_HANDLERS; /* behind the HLT */
    if (stop != CPU_HALTED) {
        return end;
    }
    if (off < 256 * 16) {
        end.vector = off / 16;
        if (end.vector == 8 || (end.vector >= 10 && end.vector <= 14) || end.vector == 17) {
            end.code = pm_r32(pm, at);
            at += 4;
        }
        end.eip = pm_r32(pm, at);
        end.cs = pm_r32(pm, at + 4);
        end.eflags = pm_r32(pm, at + 8);
        end.esp = pm_r32(pm, at + 12);
        end.ss = pm_r32(pm, at + 16);
        end.eip -= end.eflags & 1u << 17 ? 0 : PM_CODE;
    } else if (eip - 1 == PM_TARGET || (pm_reg(pm, "cs") & ~3u) == PM_CODE_SMALL) {
        end.vector = PM_AT_TARGET;
    }
    return end;
}

static enum cpu_stop run_until(struct pm *pm, uint64_t until)
{
    enum cpu_stop stop;
    do {
        stop = cpu_run(pm->fx.cpu, until);
    } while (stop == CPU_ATTENTION && pm->fx.tick < until);
    return stop;
}

void pm_boot(struct pm *pm, enum pm_level level, const uint8_t *code, unsigned len)
{
    pm_descriptor(pm, PM_TSS_SEL, PM_TSS, 0x87, 0x089); /* not busy */
    put_boot(pm, put_frame(pm, level), level != PM_RING0);
    cpu_fixture_load(&pm->fx, PM_CODE, code, len);
    cpu_reset(pm->fx.cpu, false);
    cpu_fixture_set(&pm->fx, "cs", 0);
    cpu_fixture_set(&pm->fx, "ds", 0);
    cpu_fixture_set(&pm->fx, "eip", PM_BOOT);
}

struct pm_end pm_run(struct pm *pm, enum pm_level level, const uint8_t *code, unsigned len)
{
    uint64_t start = pm->fx.tick;
    pm_boot(pm, level, code, len);
    if (pm->intr_at) {
        run_until(pm, start + pm->intr_at);
        cpu_set_intr(pm->fx.cpu, true);
    }
    enum cpu_stop stop = run_until(pm, start + TICKS);
    return outcome(pm, stop);
}

void pm_check_row(const struct pm_row *row)
{
    struct pm pm;
    pm_init(&pm);
    struct pm_end end = pm_run(&pm, row->level, row->bytes, row->len);
    ck_assert_msg(end.vector == row->vector && end.code == row->code &&
                      (end.vector == PM_AT_TARGET || end.vector == PM_ELSEWHERE ||
                       end.vector == PM_OK || end.eip == row->eip),
                  "%s: stop %d vector %x code %x eip %x, want %x %x %x", row->what, end.stop,
                  end.vector, end.code, end.eip, row->vector, row->code, row->eip);
    pm_free(&pm);
}
