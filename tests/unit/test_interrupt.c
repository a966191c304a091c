/* tests/unit/test_interrupt.c -- cpu/sys/interrupt.c and task.c: delivery, IRET, task switches.
 * Expectations: SDM 2A INT and IRET (pseudo-code); SDM 3A chapters 6, 7 and 20. */
#include <check.h>
#include <stdlib.h>

#include "tests/support/pm_fixture.h"

enum {
    DE = 0,
    DB = 1,
    BP = 3,
    OF = 4,
    BR = 5,
    UD = 6,
    DF = 8,
    TS = 10,
    NP = 11,
    SS = 12,
    GP = 13,
    PF = 14,
    HERE = PM_CODE,
    AWAY = PM_TARGET - PM_CODE
};
enum {
    IDT_CODE = 2,
    EXT = 1,
    F_TF = 0x100,
    F_IF = 0x200,
    F_NT = 0x4000,
    F_RF = 0x10000,
    F_VM = 0x20000
};
#define IRET_TO(flags, cs, ip) PUSH_D(flags), PUSH_D(cs), PUSH_D(ip), 0xCF

static const struct pm_row rows[] = {
    {"INT n, DPL 0 at 3", PM_RING3, GP, 0x20 * 8 + IDT_CODE, 0, BYTES(0xCD, 0x20)},
    {"INT n, DPL 0 at 1", PM_RING1, GP, 0x20 * 8 + IDT_CODE, 0, BYTES(0xCD, 0x20)},
    {"INT n, DPL 0 at 0", PM_RING0, 0x20, 0, 2, BYTES(0xCD, 0x20)},
    {"INT n, DPL 3", PM_RING3, PM_OK, 0, 2, BYTES(DONE)},
    {"INT 13 pushes no code", PM_RING0, GP, PM_CODE + 2, (uint32_t)PM_CODE0 - PM_CODE,
     BYTES(0xCD, 13)},
    {"INT3", PM_RING3, BP, 0, 1, BYTES(0xCC)},
    {"INTO", PM_RING3, OF, 0, 6, BYTES(0xB0, 0x7F, 0xFE, 0xC0, 0x90, 0xCE)},
    {"INTO, no overflow", PM_RING3, PM_OK, 0, 0, BYTES(0x30, 0xC0, 0xCE, DONE)},
    {"INT1 asks no DPL", PM_RING3, DB, 0, 1, BYTES(0xF1)},
    {"UD2", PM_RING3, UD, 0, 1, BYTES(0x90, 0x0F, 0x0B)},
    {"divide", PM_RING3, DE, 0, 2, BYTES(0x31, 0xC9, 0xF7, 0xF1)},
    {"BOUND, out", PM_RING3, BR, 0, 5, BYTES(MOV_EAX(1), 0x62, 0x05, D(PM_DATA))},
    {"BOUND, in", PM_RING3, PM_OK, 0, 0, BYTES(MOV_EAX(0), 0x62, 0x05, D(PM_DATA), DONE)},
    {"HLT at 3", PM_RING3, GP, 0, 0, BYTES(0xF4)},
    {"V86, ENTER to FFFFh", PM_V86, SS, 0, 3, BYTES(0xBC, W(0), 0xC8, W(0xFFFF), 0)},
    {"V86, INT n, IOPL 0", PM_V86, GP, 0, 0, BYTES(DONE)},
    {"V86, INT n, IOPL 3", PM_V86_IOPL3, PM_OK, 0, 2, BYTES(DONE)},
    {"V86, INT n, DPL 0", PM_V86_IOPL3, GP, 0x20 * 8 + IDT_CODE, 0, BYTES(0xCD, 0x20)},
    {"V86, INT3, IOPL 0", PM_V86, BP, 0, 1, BYTES(0xCC)},
    {"V86, CLI", PM_V86, GP, 0, 1, BYTES(0x90, 0xFA)},
    {"V86, PUSHF", PM_V86, GP, 0, 0, BYTES(0x9C)},
    {"V86, POPF", PM_V86, GP, 0, 0, BYTES(0x9D)},
    {"V86, IRET", PM_V86, GP, 0, 0, BYTES(0xCF)},
    {"V86, far jump", PM_V86, BP, 0, 0x11, BYTES(0xEA, W(0x10), W(0x1000), [0x10] = 0xCC)},
    {"V86, segment load", PM_V86, BP, 0, 6, BYTES(0xB8, W(0x1234), 0x8E, 0xD8, 0xCC)},
    {"V86, limit", PM_V86, GP, 0, 0, BYTES(0xA1, W(0xFFFF))},
    {"IRET, null", PM_RING0, GP, 0, 15, BYTES(IRET_TO(2, 0, HERE))},
    {"IRET, data", PM_RING0, GP, 0x10, 15, BYTES(IRET_TO(2, PM_DATA0, HERE))},
    {"IRET, inward", PM_RING3, GP, 0x08, 15, BYTES(IRET_TO(2, PM_CODE0, HERE))},
    {"IRET, absent", PM_RING3, NP, 0x78, 15, BYTES(IRET_TO(2, PM_ABSENT_CODE3 | 3, HERE))},
    {"IRET, limit", PM_RING0, GP, 0, 15, BYTES(IRET_TO(2, PM_CODE_SMALL, 0x100))},
    {"IRET", PM_RING3, PM_OK, 0, 0, BYTES(IRET_TO(2, PM_CODE3 | 3, HERE + 16), DONE)},
    {"IRET, NT, no link", PM_RING0, TS, 0, 6, BYTES(PUSH_D(F_NT), 0x9D, 0xCF)},
    {"IRET, VM at 3 is ignored", PM_RING3, PM_OK, 0, 0,
     BYTES(IRET_TO(F_VM, PM_CODE3 | 3, HERE + 16), DONE)},
};

START_TEST(row)
{
    pm_check_row(&rows[_i]);
}
END_TEST

/* The frame, field by field; interrupt gates clear IF, trap gates leave it; RF is set for
 * faults. */
START_TEST(frames)
{
    static const uint8_t fault[] = {0x0F, 0x0B}, trap[] = {0xCC};
    struct pm pm;
    pm_init(&pm);
    pm.eflags = F_IF | F_NT | 2;
    struct pm_end end = pm_run(&pm, PM_RING3, fault, sizeof fault);
    ck_assert_uint_eq(end.eip, 0);
    ck_assert_uint_eq(end.cs, PM_CODE3 | 3);
    ck_assert_uint_eq(end.eflags & ~0xFFu, F_IF | F_NT | F_RF);
    ck_assert_uint_eq(end.esp, PM_STACK3);
    ck_assert_uint_eq(end.ss, PM_DATA3 | 3);
    ck_assert_uint_eq(pm_reg(&pm, "esp"), PM_STACK0 - 20);
    ck_assert_uint_eq(pm_reg(&pm, "eflags") & ~0xFFu, 0);
    pm_gate(&pm, PM_IDT + 8 * BP, PM_CODE0, PM_HANDLERS + 16 * BP, 0xEF, 0);
    end = pm_run(&pm, PM_RING3, trap, sizeof trap);
    ck_assert_uint_eq(end.vector, BP);
    ck_assert_uint_eq(end.eflags & ~0xFFu, F_IF | F_NT);
    ck_assert_uint_eq(pm_reg(&pm, "eflags") & ~0xFFu, F_IF);
    pm_free(&pm);
}
END_TEST

/* From virtual-8086 mode: nine items, data segments nulled, VM clear. */
START_TEST(v86_frame)
{
    static const uint8_t code[] = {0xCC};
    static const uint32_t tail[] = {0x1000, PM_STACK3 >> 4, 0x111, 0x222, 0x333, 0x444};
    static const char *const data[] = {"ds", "es", "fs", "gs"};
    struct pm pm;
    pm_init(&pm);
    struct pm_end end = pm_run(&pm, PM_V86, code, sizeof code);
    ck_assert_uint_eq(end.vector, BP);
    ck_assert_uint_eq(end.cs, PM_CODE >> 4);
    ck_assert_uint_eq(end.eflags & F_VM, F_VM);
    ck_assert_uint_eq(pm_reg(&pm, "esp"), PM_STACK0 - 36);
    for (unsigned k = 0; k < ARRAY_LEN(tail); k++) {
        ck_assert_uint_eq(pm_r32(&pm, PM_STACK0 - 24 + 4 * k), tail[k]);
    }
    for (unsigned k = 0; k < ARRAY_LEN(data); k++) {
        ck_assert_uint_eq(pm_reg(&pm, data[k]), 0);
    }
    ck_assert_uint_eq(pm_reg(&pm, "eflags") & F_VM, 0);
    pm_free(&pm);
}
END_TEST

/* A handler for virtual-8086 mode has to run at level 0. */
START_TEST(v86_handler_level)
{
    static const uint8_t code[] = {0xCC};
    struct pm pm;
    pm_init(&pm);
    pm_gate(&pm, PM_IDT + 8 * BP, PM_CODE1, PM_TARGET, 0xEE, 0);
    struct pm_end end = pm_run(&pm, PM_V86, code, sizeof code);
    ck_assert_uint_eq(end.vector, GP);
    ck_assert_uint_eq(end.code, PM_CODE1);
    pm_free(&pm);
}
END_TEST

/* A 16-bit gate pushes words. */
START_TEST(gate_16)
{
    static const uint8_t code[] = {0xCC};
    struct pm pm;
    pm_init(&pm);
    pm_gate(&pm, PM_IDT + 8 * BP, PM_CODE_SMALL, 0x20, 0xE6, 0);
    ck_assert_uint_eq(pm_run(&pm, PM_RING3, code, sizeof code).vector, PM_AT_TARGET);
    uint32_t esp = pm_reg(&pm, "esp");
    ck_assert_uint_eq(esp, PM_STACK0 - 10);
    ck_assert_uint_eq(pm_r32(&pm, esp), (PM_CODE3 | 3) << 16 | 1);
    ck_assert_uint_eq(pm_r32(&pm, esp + 6), (PM_DATA3 | 3) << 16 | (PM_STACK3 & 0xFFFF));
    pm_free(&pm);
}
END_TEST

/* ---- faults on the way */

START_TEST(gate_faults)
{
    static const struct {
        unsigned sel, attr;
        uint32_t vector, soft, hard; /* code of INT 30h, and with EXT for #UD */
    } row_[] = {{PM_CODE0, 0x6E, NP, 0x30 * 8 + IDT_CODE, UD * 8 + IDT_CODE + EXT},
                {PM_CODE0, 0xEC, GP, 0x30 * 8 + IDT_CODE, UD * 8 + IDT_CODE + EXT},
                {0, 0xEE, GP, 0, EXT},
                {0x203, 0xEE, GP, 0x200, 0x200 + EXT},
                {PM_DATA0, 0xEE, GP, PM_DATA0, PM_DATA0 + EXT},
                {PM_ABSENT_CODE3, 0xEE, NP, PM_ABSENT_CODE3, PM_ABSENT_CODE3 + EXT},
                {PM_CODE_SMALL, 0xEE, GP, 0, EXT} /* offset beyond the limit */};
    static const uint8_t soft[] = {0xCD, 0x30}, hard[] = {0x0F, 0x0B};
    for (unsigned k = 0; k < ARRAY_LEN(row_); k++) {
        struct pm pm;
        pm_init(&pm);
        pm_gate(&pm, PM_IDT + 8 * 0x30, row_[k].sel, PM_TARGET, row_[k].attr, 0);
        pm_gate(&pm, PM_IDT + 8 * UD, row_[k].sel, PM_TARGET, row_[k].attr, 0);
        struct pm_end end = pm_run(&pm, PM_RING3, soft, sizeof soft);
        ck_assert_uint_eq(end.vector, row_[k].vector);
        ck_assert_uint_eq(end.code, row_[k].soft);
        ck_assert_uint_eq(end.eip, 0);
        end = pm_run(&pm, PM_RING3, hard, sizeof hard);
        ck_assert_uint_eq(end.vector, row_[k].vector);
        ck_assert_uint_eq(end.code, row_[k].hard);
        pm_free(&pm);
    }
}
END_TEST

static void close_gate(struct pm *pm, unsigned vector)
{
    pm_gate(pm, PM_IDT + 8 * vector, PM_CODE0, 0, 0x6E, 0);
}

/* Contributory in contributory: #DF, code 0; again: shutdown. INT n is benign. */
START_TEST(double_and_triple)
{
    static const uint8_t code[] = {0xF4}, soft[] = {0xCD, 0x30};
    struct pm pm;
    pm_init(&pm);
    close_gate(&pm, GP);
    close_gate(&pm, 0x30);
    struct pm_end end = pm_run(&pm, PM_RING3, code, sizeof code);
    ck_assert_uint_eq(end.vector, DF);
    ck_assert_uint_eq(end.code, 0);
    ck_assert_uint_eq(end.eip, 0);
    ck_assert_uint_eq(pm_run(&pm, PM_RING3, soft, sizeof soft).vector, NP);
    close_gate(&pm, DF);
    ck_assert_int_eq(pm_run(&pm, PM_RING3, code, sizeof code).stop, CPU_SHUTDOWN);
    pm_free(&pm);
}
END_TEST

/* No stack for level 0: #TS leads to #TS leads to #DF leads to shutdown. */
START_TEST(no_stack)
{
    static const uint8_t code[] = {0xCC};
    struct pm pm;
    pm_init(&pm);
    pm_w32(&pm, PM_TSS + 8, 0);
    ck_assert_int_eq(pm_run(&pm, PM_RING3, code, sizeof code).stop, CPU_SHUTDOWN);
    pm_free(&pm);
}
END_TEST

START_TEST(page_faults)
{
    static const uint8_t code[] = {0xA1, D(0x150123)};
    struct pm pm;
    pm_init(&pm);
    pm.paging = true;
    pm_w32(&pm, PM_PAGES + 0x1000 + 4 * 0x150, 0);
    struct pm_end end = pm_run(&pm, PM_RING3, code, sizeof code);
    ck_assert_uint_eq(end.vector, PF);
    ck_assert_uint_eq(end.code, 4);
    ck_assert_uint_eq(end.eip, 0);
    ck_assert_uint_eq(pm_reg(&pm, "cr2"), 0x150123);
    close_gate(&pm, PF); /* #NP while delivering #PF */
    end = pm_run(&pm, PM_RING3, code, sizeof code);
    ck_assert_uint_eq(end.vector, DF);
    pm_free(&pm);
}
END_TEST

/* A page fault on the handler's stack: #PF while delivering a benign event is a plain #PF, for
 * which the stack is not there either: #DF, shutdown. */
START_TEST(stack_page_fault)
{
    static const uint8_t code[] = {0xCC};
    struct pm pm;
    pm_init(&pm);
    pm.paging = true;
    pm_w32(&pm, PM_TSS + 4, 0x151000); /* ESP0 */
    pm_w32(&pm, PM_PAGES + 0x1000 + 4 * 0x150, 0);
    ck_assert_int_eq(pm_run(&pm, PM_RING3, code, sizeof code).stop, CPU_SHUTDOWN);
    ck_assert_uint_eq(pm_reg(&pm, "cr2"), 0x150FFC);
    pm_free(&pm);
}
END_TEST

START_TEST(ring0_stop)
{
    static const uint8_t code[] = {0xA1, D(0x150123)};
    struct cpu_pending pend;
    struct pm pm;
    pm_init(&pm);
    pm.paging = true;
    pm_w32(&pm, PM_PAGES + 0x1000 + 4 * 0x150, 0);
    cpu_stop_at_ring0(pm.fx.cpu, true);
    struct pm_end end = pm_run(&pm, PM_RING3, code, sizeof code);
    ck_assert_int_eq(end.stop, CPU_RING0);
    ck_assert(cpu_pending_get(pm.fx.cpu, &pend));
    ck_assert_uint_eq(pend.vector, PF);
    ck_assert(pend.has_code && !pend.external && !pend.software);
    ck_assert_uint_eq(pend.code, 4);
    ck_assert_uint_eq(pend.cr2, 0x150123);
    ck_assert_uint_eq(pm_reg(&pm, "eip"), PM_CODE);
    ck_assert_uint_eq(pm_reg(&pm, "esp"), PM_STACK3);
    pm_free(&pm);
}
END_TEST

/* ---- real mode */

START_TEST(real_mode)
{
    /* PUSHF; POP BX; INT 40h, whose handler at 0:500 is: POP AX (IP); HLT */
    static const uint8_t code[] = {0x9C, 0x5B, 0xFB, 0xCD, 0x40}, handler[] = {0x58, 0xF4};
    struct pm pm;
    pm_init(&pm);
    cpu_fixture_load(&pm.fx, 0x8000, code, sizeof code);
    cpu_fixture_load(&pm.fx, 0x500, handler, sizeof handler);
    pm_w32(&pm, 0x40 * 4, 0x500);
    cpu_fixture_set(&pm.fx, "cs", 0x800);
    cpu_fixture_set(&pm.fx, "eip", 0);
    cpu_fixture_set(&pm.fx, "ss", 0x100);
    cpu_fixture_set(&pm.fx, "esp", 0x80000010);
    ck_assert_int_eq(cpu_run(pm.fx.cpu, pm.fx.tick + 100), CPU_HALTED);
    ck_assert_uint_eq(pm_reg(&pm, "eax") & 0xFFFF, 5);
    ck_assert_uint_eq(pm_reg(&pm, "esp"), 0x8000000C);
    ck_assert_uint_eq(pm_r32(&pm, 0x100C), (pm_reg(&pm, "ebx") | F_IF) << 16 | 0x800);
    ck_assert_uint_eq(pm_reg(&pm, "eflags") & F_IF, 0);
    ck_assert_uint_eq(pm_reg(&pm, "cs"), 0);
    pm_free(&pm);
}
END_TEST

/* Beyond the table's limit: #GP, #DF, shutdown, whichever vector still has an entry (20.1.4).
 */
START_TEST(real_mode_limits)
{
    static const uint8_t code[] = {0xCD, 0x40}, hlt = 0xF4;
    static const struct {
        uint32_t limit;
        enum cpu_stop stop;
        uint32_t eip;
    } row_[] = {{0x103, CPU_HALTED, 0x401},
                {0x102, CPU_HALTED, 0x40E},
                {0x30, CPU_HALTED, 0x409},
                {0x20, CPU_SHUTDOWN, 0}};
    for (unsigned k = 0; k < ARRAY_LEN(row_); k++) {
        struct pm pm;
        pm_init(&pm);
        cpu_fixture_load(&pm.fx, 0x8000, code, sizeof code);
        for (unsigned v = 0; v < 16; v++) {
            pm_w32(&pm, v * 4, 0x400 + v);
            cpu_fixture_load(&pm.fx, 0x400 + v, &hlt, 1);
        }
        pm_w32(&pm, 0x40 * 4, 0x400);
        cpu_fixture_set(&pm.fx, "cs", 0x800);
        cpu_fixture_set(&pm.fx, "eip", 0);
        cpu_fixture_set(&pm.fx, "esp", 0x2000);
        cpu_fixture_set(&pm.fx, "idtr.limit", row_[k].limit);
        ck_assert_int_eq(cpu_run(pm.fx.cpu, pm.fx.tick + 100), row_[k].stop);
        if (row_[k].stop == CPU_HALTED) {
            ck_assert_uint_eq(pm_reg(&pm, "eip"), row_[k].eip);
        }
        pm_free(&pm);
    }
}
END_TEST

/* ---- tasks */

static void task_b(struct pm *pm)
{
    static const uint32_t segs[] = {PM_DATA0, PM_CODE0, PM_DATA0, PM_DATA0, 0, 0};
    pm_w32(pm, PM_TSS_B + 0x1C, PM_PAGES);
    pm_w32(pm, PM_TSS_B + 0x20, PM_CODE_B);
    pm_w32(pm, PM_TSS_B + 0x24, 2);
    for (uint32_t k = 0; k < 8; k++) {
        pm_w32(pm, PM_TSS_B + 0x28 + 4 * k, k == 4 ? PM_STACK_B : 0xB0000000 + k);
    }
    for (unsigned k = 0; k < ARRAY_LEN(segs); k++) {
        pm_w32(pm, PM_TSS_B + 0x48 + 4 * k, 0xFFFF0000 | segs[k]);
    }
    pm_w32(pm, PM_TSS_B + 0x60, PM_LDT_SEL);
}

static unsigned tss_type(struct pm *pm, unsigned sel)
{
    return pm_r32(pm, PM_GDT + sel + 4) >> 8 & 0xF;
}

/* Where: JMP to the TSS, JMP through the task gate, CALL, INT through a task gate. */
START_TEST(task_switches)
{
    static const struct {
        uint8_t len, bytes[8];
        bool links;
    } way[] = {{BYTES(JMPF(PM_TSS_B_SEL, 0x55)), false},
               {BYTES(JMPF(PM_TASK_GATE, 0)), false},
               {BYTES(CALLF(PM_TSS_B_SEL, 0)), true},
               {BYTES(0xCC), true}};
    for (unsigned k = 0; k < ARRAY_LEN(way); k++) {
        struct pm pm;
        pm_init(&pm);
        task_b(&pm);
        pm_gate(&pm, PM_IDT + 8 * BP, PM_TSS_B_SEL, 0, 0xE5, 0);
        struct pm_end end = pm_run(&pm, PM_RING3, way[k].bytes, way[k].len);
        ck_assert_int_eq(end.stop, CPU_HALTED);
        ck_assert_uint_eq(pm_reg(&pm, "eip"), PM_CODE_B + 1);
        ck_assert_uint_eq(pm_reg(&pm, "cs"), PM_CODE0);
        ck_assert_uint_eq(pm_reg(&pm, "esp"), PM_STACK_B);
        ck_assert_uint_eq(pm_reg(&pm, "edi"), 0xB0000007);
        ck_assert_uint_eq(pm_reg(&pm, "tr"), PM_TSS_B_SEL);
        ck_assert_uint_eq(pm_reg(&pm, "ldtr"), PM_LDT_SEL);
        ck_assert_uint_eq(pm_reg(&pm, "cr0") & 8, 8); /* TS */
        ck_assert_uint_eq(tss_type(&pm, PM_TSS_B_SEL), 11);
        ck_assert_uint_eq(tss_type(&pm, PM_TSS_SEL), way[k].links ? 11 : 9);
        ck_assert_uint_eq(!!(pm_reg(&pm, "eflags") & F_NT), way[k].links);
        ck_assert_uint_eq(pm_r32(&pm, PM_TSS_B) & 0xFFFF, way[k].links ? PM_TSS_SEL : 0);
        ck_assert_uint_eq(pm_r32(&pm, PM_TSS + 0x20), PM_CODE + way[k].len);
        ck_assert_uint_eq(pm_r32(&pm, PM_TSS + 0x38), PM_STACK3);
        ck_assert_uint_eq(pm_r32(&pm, PM_TSS + 0x4C), PM_CODE3 | 3);
        ck_assert_uint_eq(pm_r32(&pm, PM_TSS + 0x54), PM_DATA3 | 3);
        pm_free(&pm);
    }
}
END_TEST

/* CALL, IRET in the other task, and on: with paging, so that CR3 changes too. */
START_TEST(task_call_and_return)
{
    static const uint8_t code[] = {0xBF, D(0x777), CALLF(PM_TSS_B_SEL, 0), DONE}, iret = 0xCF;
    for (unsigned paging = 0; paging < 2; paging++) {
        struct pm pm;
        pm_init(&pm);
        task_b(&pm);
        pm.paging = paging;
        pm_w32(&pm, PM_TSS + 0x1C, PM_PAGES);
        cpu_fixture_load(&pm.fx, PM_CODE_B, &iret, 1);
        struct pm_end end = pm_run(&pm, PM_RING3, code, sizeof code);
        ck_assert_uint_eq(end.vector, PM_OK);
        ck_assert_uint_eq(end.esp, PM_STACK3);
        ck_assert_uint_eq(end.eflags & F_NT, 0);
        ck_assert_uint_eq(pm_reg(&pm, "edi"), 0x777);
        ck_assert_uint_eq(tss_type(&pm, PM_TSS_B_SEL), 9);
        ck_assert_uint_eq(tss_type(&pm, PM_TSS_SEL), 11);
        ck_assert_uint_eq(pm_r32(&pm, PM_TSS_B + 0x20), PM_CODE_B + 1);
        ck_assert_uint_eq(pm_r32(&pm, PM_TSS_B + 0x24) & F_NT, 0);
        pm_free(&pm);
    }
}
END_TEST

/* A task gate for #TS, which finds out what is wrong with the new task: the fault is the new
 * task's, at its first instruction, with its selectors in place. */
START_TEST(task_faults)
{
    static const struct {
        uint32_t at, value, vector, code;
    } row_[] = {{0x60, 0x200, TS, 0x200}, /* LDT */
                {0x60, PM_DATA0, TS, PM_DATA0},
                {0x4C, 0, TS, 0}, /* CS */
                {0x4C, PM_DATA0, TS, PM_DATA0},
                {0x4C, PM_CODE3, TS, PM_CODE3}, /* DPL is not RPL */
                {0x4C, PM_ABSENT_CODE3 | 3, NP, PM_ABSENT_CODE3},
                {0x50, 0, TS, 0}, /* SS */
                {0x50, PM_DATA3 | 3, TS, PM_DATA3},
                {0x50, PM_ABSENT_SS, SS, PM_ABSENT_SS},
                {0x54, PM_EXEC_ONLY, TS, PM_EXEC_ONLY}, /* DS */
                {0x54, 0x200, TS, 0x200},
                {0x58, PM_ABSENT_DATA3, NP, PM_ABSENT_DATA3}}; /* FS */
    static const uint8_t code[] = {JMPF(PM_TSS_B_SEL, 0)};
    for (unsigned k = 0; k < ARRAY_LEN(row_); k++) {
        struct pm pm;
        pm_init(&pm);
        task_b(&pm);
        pm_w32(&pm, PM_TSS_B + row_[k].at, row_[k].value);
        pm_descriptor(&pm, 0x88, PM_TSS_V86, 0x67, 0x089); /* the handler's task, as B is */
        for (unsigned off = 0; off < 0x68; off += 4) {
            pm_w32(&pm, PM_TSS_V86 + off, 0);
        }
        pm_w32(&pm, PM_TSS_V86 + 0x1C, PM_PAGES);
        pm_w32(&pm, PM_TSS_V86 + 0x20, PM_HANDLERS + 16 * row_[k].vector);
        pm_w32(&pm, PM_TSS_V86 + 0x38, PM_STACK_B);
        pm_w32(&pm, PM_TSS_V86 + 0x4C, PM_CODE0);
        pm_w32(&pm, PM_TSS_V86 + 0x50, PM_DATA0);
        pm_gate(&pm, PM_IDT + 8 * row_[k].vector, 0x88, 0, 0x85, 0);
        struct pm_end end = pm_run(&pm, PM_RING0, code, sizeof code);
        ck_assert_int_eq(end.stop, CPU_HALTED);
        ck_assert_uint_eq(pm_reg(&pm, "eip"), PM_HANDLERS + 16 * row_[k].vector + 1);
        ck_assert_uint_eq(pm_reg(&pm, "esp"), PM_STACK_B - 4);
        ck_assert_uint_eq(pm_r32(&pm, PM_STACK_B - 4), row_[k].code);
        ck_assert_uint_eq(pm_r32(&pm, PM_TSS_V86) & 0xFFFF, PM_TSS_B_SEL);
        ck_assert_uint_eq(pm_r32(&pm, PM_TSS_B + 0x20), PM_CODE_B);
        ck_assert_uint_eq(tss_type(&pm, PM_TSS_SEL), 9);
        pm_free(&pm);
    }
}
END_TEST

START_TEST(task_16)
{
    static const uint16_t image[] = {0x33,     2,        1,         2, 3,        4,
                                     0x1234,   6,        7,         8, PM_DATA0, PM_CODE_SMALL,
                                     PM_DATA0, PM_DATA0, PM_LDT_SEL};
    static const uint8_t code[] = {CALLF(PM_TSS16_SEL, 0)};
    struct pm pm;
    pm_init(&pm);
    for (unsigned k = 0; k < ARRAY_LEN(image); k++) {
        uint8_t w[2];
        store_le16(w, image[k]);
        cpu_fixture_load(&pm.fx, PM_TSS16 + 0x0E + 2 * k, w, 2);
    }
    struct pm_end end = pm_run(&pm, PM_RING0, code, sizeof code);
    ck_assert_int_eq(end.stop, CPU_HALTED);
    ck_assert_uint_eq(pm_reg(&pm, "eip"), 0x34);
    ck_assert_uint_eq(pm_reg(&pm, "ecx") & 0xFFFF, 2);
    ck_assert_uint_eq(pm_reg(&pm, "esp") & 0xFFFF, 0x1234);
    ck_assert_uint_eq(pm_reg(&pm, "fs"), 0);
    ck_assert_uint_eq(pm_r32(&pm, PM_TSS16) & 0xFFFF, PM_TSS_SEL);
    ck_assert_uint_eq(tss_type(&pm, PM_TSS16_SEL), 3);
    pm_free(&pm);
}
END_TEST

START_TEST(task_v86)
{
    static const uint8_t code[] = {CALLF(PM_TSS_V86_SEL, 0)}, int3 = 0xCC;
    struct pm pm;
    pm_init(&pm);
    pm_w32(&pm, PM_TSS_V86 + 0x04, PM_STACK_B); /* ESP0, SS0 */
    pm_w32(&pm, PM_TSS_V86 + 0x08, PM_DATA0);
    pm_w32(&pm, PM_TSS_V86 + 0x20, 0x1234);
    pm_w32(&pm, PM_TSS_V86 + 0x24, F_VM | 2);
    pm_w32(&pm, PM_TSS_V86 + 0x4C, (PM_CODE >> 4) + 0x10);
    pm_w32(&pm, PM_TSS_V86 + 0x54, 0x4321);
    cpu_fixture_load(&pm.fx, PM_CODE + 0x100 + 0x1234, &int3, 1);
    struct pm_end end = pm_run(&pm, PM_RING0, code, sizeof code);
    ck_assert_uint_eq(end.vector, BP);
    ck_assert_uint_eq(end.eip, 0x1235);
    ck_assert_uint_eq(end.eflags & F_VM, F_VM);
    ck_assert_uint_eq(pm_r32(&pm, PM_STACK_B - 8), 0);       /* FS */
    ck_assert_uint_eq(pm_r32(&pm, PM_STACK_B - 12), 0x4321); /* DS */
    pm_free(&pm);
}
END_TEST

/* ---- ports: the bitmap of the TSS lets 0 to DFh through */

START_TEST(io_bitmap)
{
    static const struct pm_row io[] = {
        {"IN at 3", PM_RING3, PM_OK, 0, 0, BYTES(0xE4, 0x60, DONE)},
        {"byte at the edge", PM_RING3, PM_OK, 0, 0, BYTES(0xE4, 0xDF, DONE)},
        {"word at the edge", PM_RING3, GP, 0, 0, BYTES(0x66, 0xE5, 0xDF)},
        {"OUT denied", PM_RING3, GP, 0, 4, BYTES(0x66, 0xBA, W(0x3F8), 0xEE)},
        {"beyond the TSS", PM_RING3, GP, 0, 4, BYTES(0x66, 0xBA, W(0xFFFF), 0xEC)},
        {"V86 asks the map whatever IOPL", PM_V86_IOPL3, GP, 0, 3, BYTES(0xBA, W(0x3F8), 0xEE)},
        {"V86, IOPL 0", PM_V86, BP, 0, 3, BYTES(0xE6, 0x61, 0xCC)},
    };
    pm_check_row(&io[_i]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {frames,
                                  v86_frame,
                                  v86_handler_level,
                                  gate_16,
                                  gate_faults,
                                  double_and_triple,
                                  no_stack,
                                  page_faults,
                                  stack_page_fault,
                                  ring0_stop,
                                  real_mode,
                                  real_mode_limits,
                                  task_switches,
                                  task_call_and_return,
                                  task_faults,
                                  task_16,
                                  task_v86};
    Suite *s = suite_create("interrupt");
    TCase *tc = tcase_create("interrupt");
    tcase_add_loop_test(tc, row, 0, ARRAY_LEN(rows));
    tcase_add_loop_test(tc, io_bitmap, 0, 7);
    for (unsigned k = 0; k < ARRAY_LEN(tests); k++) {
        tcase_add_test(tc, tests[k]);
    }
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
