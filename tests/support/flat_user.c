/* tests/support/flat_user.c -- see the header. */
#include "tests/support/flat_user.h"

#include <check.h>
#include <string.h>

static void gdt_entry(struct cpu_fixture *fx, unsigned sel, uint32_t hi)
{
    uint8_t d[8];
    store_le32(d, 0x0000FFFF);
    store_le32(d + 4, hi);
    cpu_fixture_load(fx, 0x1000 + sel, d, 8);
}

void flat_user_enter(struct cpu_fixture *fx, uint32_t at)
{
    uint8_t nops[16];
    memset(nops, 0x90, sizeof nops);
    cpu_reset(fx->cpu, true);
    cpu_fixture_load(fx, at, nops, sizeof nops);
    for (unsigned v = 0; v < 32; v++) {
        uint8_t gate[8], hlt = 0xF4;
        store_le32(gate, 0x00080000u | (0x4000 + v));
        store_le32(gate + 4, 0x00008E00);
        cpu_fixture_load(fx, 0x2000 + v * 8, gate, 8);
        cpu_fixture_load(fx, 0x4000 + v, &hlt, 1);
    }
    gdt_entry(fx, 0x08, 0x00CF9A00);
    gdt_entry(fx, 0x10, 0x00CF9200);
    gdt_entry(fx, 0x18, 0x00CFFA00);
    gdt_entry(fx, 0x20, 0x00CFF200);
    uint8_t tss[8], stack[12] = {0};
    store_le32(tss, 0x30000067);
    store_le32(tss + 4, 0x00008900);
    cpu_fixture_load(fx, 0x1028, tss, 8);
    store_le32(stack + 4, 0x8000);
    store_le32(stack + 8, 0x10);
    cpu_fixture_load(fx, 0x3000, stack, sizeof stack);
    static const uint8_t enter[] = {
        0xFA, 0x0F, 0x01, 0x16, 0x00, 0x06, 0x0F, 0x01, 0x1E, 0x08, 0x06, /* lgdt lidt */
        0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0,                   /* PE */
        0x66, 0xEA, 0x40, 0x05, 0x00, 0x00, 0x08, 0x00};                  /* jmp 08:540 */
    uint8_t inside[] = {
        0x66, 0xB8, 0x10, 0x00, 0x8E, 0xD0, 0xBC, 0x00, 0x80, 0x00, 0x00, /* ss:esp */
        0x66, 0xB8, 0x28, 0x00, 0x0F, 0x00, 0xD8,                         /* ltr */
        0x66, 0xB8, 0x23, 0x00, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xE0, 0x8E,
        0xE8, 0x6A, 0x23, 0x68, 0x00, 0x00, 0x01, 0x20, 0x68, 0x02, 0x02,
        0x00, 0x00, 0x6A, 0x1B, 0x68, 0x00, 0x00, 0x00, 0x00, 0xCF}; /* iret to 1B:at */
    store_le32(inside + sizeof inside - 5, at);
    static const uint8_t gdtr[] = {0x2F, 0, 0, 0x10, 0, 0}, idtr[] = {0xFF, 0, 0, 0x20, 0, 0};
    cpu_fixture_load(fx, 0x500, enter, sizeof enter);
    cpu_fixture_load(fx, 0x540, inside, sizeof inside);
    cpu_fixture_load(fx, 0x600, gdtr, 6);
    cpu_fixture_load(fx, 0x608, idtr, 6);
    cpu_fixture_set(fx, "cs", 0);
    cpu_fixture_set(fx, "ds", 0);
    cpu_fixture_set(fx, "eip", 0x500);
    cpu_run(fx->cpu, fx->tick + 25);
    ck_assert_uint_lt(cpu_fixture_get(fx, "eip") - at, sizeof nops);
}
