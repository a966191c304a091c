/* tests/unit/test_paging.c -- cpu/sys/paging.c: walks, rights, accessed and dirty bits, page
 * faults (SDM 3A 4.3 to 4.8), and that the page maps obey the tables as they stand.
 *
 * The world is pm_fixture's, with identity pages for the first 4 MiB. Under test is the page at
 * VA, whose entry is PTE; FRAME_A and FRAME_B are RAM that nobody else uses.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/regs.h"
#include "tests/support/pm_fixture.h"

enum {
    DIRECTORY = PM_PAGES,
    TABLE = PM_PAGES + 0x1000,
    VA = 0x300000,
    PTE = TABLE + 4 * (VA >> 12),
    FRAME_A = 0x150000,
    FRAME_B = 0x151000,
    PDPT = 0x160000,
    PAE_DIR = 0x161000,
    PAE_TABLE = 0x162000,
};
enum { P = 1, RW = 2, US = 4, A = 0x20, DIRTY = 0x40, PS = 0x80 };
enum { PF = 14, GP = 13 };

#define READ_VA    0xA1, D(VA) /* MOV EAX, [VA] */
#define WRITE_VA   0xA3, D(VA)
#define ADD_VA     0x01, 0x05, D(VA)        /* ADD [VA], EAX */
#define SET_PTE(v) 0xC7, 0x05, D(PTE), D(v) /* MOV dword [PTE], v */
#define SET_WP     0x0F, 0x20, 0xC0, 0x0D, D(0x10000), 0x0F, 0x22, 0xC0
#define SET_CR4(v) MOV_EAX(v), 0x0F, 0x22, 0xE0

/* A page entry, an access, and what comes of it. fault: error code, or -1. */
static const struct {
    const char *what;
    enum pm_level level;
    uint32_t pde, pte;
    int fault;
    uint32_t pte_after; /* flags */
    uint8_t len, bytes[20];
} faults[] = {
    {"read, absent", PM_RING0, 7, 0, 0, 0, BYTES(READ_VA)},
    {"write, absent", PM_RING0, 7, RW | US, 2, RW | US, BYTES(WRITE_VA)},
    {"user read, absent", PM_RING3, 7, 0, 4, 0, BYTES(READ_VA)},
    {"user write, absent", PM_RING3, 7, 0, 6, 0, BYTES(WRITE_VA)},
    {"user read", PM_RING3, 7, P | US, -1, P | US | A, BYTES(READ_VA)},
    {"user write", PM_RING3, 7, P | US | RW, -1, P | US | RW | A | DIRTY, BYTES(WRITE_VA)},
    {"user update", PM_RING3, 7, P | US | RW, -1, P | US | RW | A | DIRTY, BYTES(ADD_VA)},
    {"user write, read-only", PM_RING3, 7, P | US, 7, P | US, BYTES(WRITE_VA)},
    {"user update, read-only", PM_RING3, 7, P | US, 7, P | US, BYTES(ADD_VA)},
    {"user read, supervisor's", PM_RING3, 7, P | RW, 5, P | RW, BYTES(READ_VA)},
    {"user write, supervisor's", PM_RING3, 7, P | RW, 7, P | RW, BYTES(WRITE_VA)},
    {"ring 1 is supervisor", PM_RING1, 7, P, -1, P | A, BYTES(READ_VA)},
    {"supervisor write, read-only", PM_RING0, 7, P, -1, P | A | DIRTY, BYTES(WRITE_VA)},
    {"the same with WP", PM_RING0, 7, P, 3, P, BYTES(SET_WP, WRITE_VA)},
    {"WP, writable", PM_RING0, 7, P | RW, -1, P | RW | A | DIRTY, BYTES(SET_WP, WRITE_VA)},
    {"directory read-only", PM_RING3, 5, P | US | RW, 7, P | US | RW, BYTES(WRITE_VA)},
    {"directory supervisor's", PM_RING3, 3, P | US | RW, 5, P | US | RW, BYTES(READ_VA)},
};

/* The directory's rights hold for the whole of 4 MiB; so VA2 = 4 MiB + 3 MiB has a table alone.
 */
enum { VA2 = 0x700000, TABLE2 = 0x163000 };

START_TEST(fault_codes)
{
    struct pm pm;
    uint8_t code[32];
    bool own = faults[_i].pde != 7;
    unsigned len = faults[_i].len;
    uint32_t va = own ? VA2 : VA, pte = own ? TABLE2 + 4 * (VA2 >> 12 & 1023) : PTE;
    pm_init(&pm);
    pm.paging = true;
    memcpy(code, faults[_i].bytes, len);
    store_le32(code + len - 4, va);
    code[len] = 0xCD;
    code[len + 1] = PM_OK;
    pm_w32(&pm, DIRECTORY + 4, TABLE2 | faults[_i].pde);
    pm_w32(&pm, pte, FRAME_A | faults[_i].pte);
    struct pm_end end = pm_run(&pm, faults[_i].level, code, len + 2);
    if (faults[_i].fault < 0) {
        ck_assert_msg(end.vector == PM_OK, "%s: vector %x code %x", faults[_i].what, end.vector,
                      end.code);
    } else {
        ck_assert_msg(end.vector == PF && end.code == (uint32_t)faults[_i].fault,
                      "%s: vector %x code %x", faults[_i].what, end.vector, end.code);
        ck_assert_uint_eq(pm_reg(&pm, "cr2"), va);
    }
    ck_assert_msg(pm_r32(&pm, pte) == (FRAME_A | faults[_i].pte_after), "%s: entry %x",
                  faults[_i].what, pm_r32(&pm, pte));
    pm_free(&pm);
}
END_TEST

static void expect_ok(struct pm_end end)
{
    ck_assert_msg(end.vector == PM_OK, "vector %x code %x eip %x", end.vector, end.code,
                  end.eip);
}
#define RUN(pm, level, ...)                                                                    \
    pm_run(pm, level, (const uint8_t[]){__VA_ARGS__, DONE},                                    \
           sizeof((const uint8_t[]){__VA_ARGS__, DONE}))

static void start(struct pm *pm)
{
    pm_init(pm);
    pm->paging = true;
    pm_w32(pm, FRAME_A, 0xAAAAAAAA);
    pm_w32(pm, FRAME_B, 0xBBBBBBBB);
}

/* ---- the tables as they stand: no INVLPG anywhere */

START_TEST(store_into_a_table)
{
    struct pm pm;
    start(&pm);
    expect_ok(RUN(&pm, PM_RING0, SET_PTE(FRAME_A | 7), READ_VA, 0x89, 0xC3, /* MOV EBX,EAX */
                  SET_PTE(FRAME_B | 7), READ_VA, 0x89, 0xC1,                /* MOV ECX,EAX */
                  SET_PTE(FRAME_A | 7), READ_VA));
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), 0xAAAAAAAAu);
    ck_assert_uint_eq(pm_reg(&pm, "ecx"), 0xBBBBBBBBu);
    ck_assert_uint_eq(pm_reg(&pm, "eax"), 0xAAAAAAAAu);
    pm_free(&pm);
}
END_TEST

START_TEST(rights_taken_away)
{
    struct pm pm;
    start(&pm);
    struct pm_end end = RUN(&pm, PM_RING0, SET_WP, SET_PTE(FRAME_A | 7), WRITE_VA, ADD_VA,
                            SET_PTE(FRAME_A | A | DIRTY | P), READ_VA, WRITE_VA);
    ck_assert_uint_eq(end.vector, PF);
    ck_assert_uint_eq(end.code, 3);
    end = (pm_free(&pm), start(&pm),
           RUN(&pm, PM_RING0, SET_PTE(FRAME_A | 7), READ_VA, SET_PTE(0), READ_VA));
    ck_assert_uint_eq(end.vector, PF);
    ck_assert_uint_eq(end.code, 0);
    pm_free(&pm);
}
END_TEST

/* Bits that software clears come back with the next access. */
START_TEST(accessed_and_dirty_again)
{
    struct pm pm;
    start(&pm);
    expect_ok(
        RUN(&pm, PM_RING0, SET_PTE(FRAME_A | 7), WRITE_VA, SET_PTE(FRAME_A | 7), READ_VA));
    ck_assert_uint_eq(pm_r32(&pm, PTE), FRAME_A | 7 | A);
    pm_free(&pm);
    start(&pm);
    expect_ok(
        RUN(&pm, PM_RING0, SET_PTE(FRAME_A | 7), WRITE_VA, SET_PTE(FRAME_A | 7), WRITE_VA));
    ck_assert_uint_eq(pm_r32(&pm, PTE), FRAME_A | 7 | A | DIRTY);
    pm_free(&pm);
}
END_TEST

/* The directory, by a store through a mapping of its own. */
START_TEST(store_into_the_directory)
{
    struct pm pm;
    start(&pm);
    pm_w32(&pm, TABLE2, FRAME_B | 7);
    pm_w32(&pm, DIRECTORY + 8, TABLE2 | 7);
    struct pm_end end = RUN(&pm, PM_RING0, 0xA1, D(0x800000), 0x89, 0xC3, /* EBX := [8 MiB] */
                            0xC7, 0x05, D(DIRECTORY + 8), D(0), 0xA1, D(0x800000));
    ck_assert_uint_eq(end.vector, PF);
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), 0xBBBBBBBBu);
    pm_free(&pm);
}
END_TEST

/* The directory as a table of itself: at SELF stands the first table, a page on the directory.
 * The store that unmaps both goes through the latter. */
START_TEST(table_maps_itself)
{
    enum { SELF = 0x400000 };
    struct pm pm;
    start(&pm);
    pm_w32(&pm, DIRECTORY + 4, DIRECTORY | 7);
    struct pm_end end =
        RUN(&pm, PM_RING0, 0xA1, D(SELF + 4), 0x89, 0xC3, 0xA1, D(SELF + 0x1000), 0xC7, 0x05,
            D(SELF + 0x1004), D(0), 0xA1, D(SELF));
    ck_assert_uint_eq(end.vector, PF);
    ck_assert_uint_eq(pm_reg(&pm, "cr2"), SELF);
    ck_assert_uint_eq(pm_reg(&pm, "ebx") & ~0xFFFu, 0x1000);
    ck_assert_uint_eq(pm_reg(&pm, "eax") & ~0xFFFu, TABLE);
    pm_free(&pm);
}
END_TEST

START_TEST(dma_into_a_table)
{
    struct pm pm;
    start(&pm);
    pm_w32(&pm, PTE, FRAME_A | 7);
    paddr pa;
    const uint8_t loop[] = {READ_VA, 0xEB, 0xF9};
    pm_run(&pm, PM_RING0, loop, sizeof loop);
    ck_assert_uint_eq(pm_reg(&pm, "eax"), 0xAAAAAAAAu);
    pm_w32(&pm, PTE, FRAME_B | 7); /* as a disk controller would */
    ck_assert_int_eq(cpu_run(pm.fx.cpu, pm.fx.tick + 3), CPU_UNTIL);
    ck_assert_uint_eq(pm_reg(&pm, "eax"), 0xBBBBBBBBu);
    ck_assert(cpu_translate(pm.fx.cpu, VA + 0x123, &pa));
    ck_assert_uint_eq(pa, FRAME_B + 0x123);
    ck_assert(!cpu_translate(pm.fx.cpu, 0x80000000u, &pa));
    pm_free(&pm);
}
END_TEST

/* The page that is executing is mapped elsewhere by its own code. */
START_TEST(code_page_is_replaced)
{
    struct pm pm;
    start(&pm);
    const uint8_t first[] = {SET_PTE(FRAME_B | 7), 0xB8, D(1), 0xF4};
    const uint8_t second[] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
                              0x90, 0x90, 0x90, 0xB8, D(2), DONE};
    pm_w32(&pm, PTE, FRAME_A | 7);
    cpu_fixture_load(&pm.fx, FRAME_A, first, sizeof first);
    cpu_fixture_load(&pm.fx, FRAME_B, second, sizeof second);
    expect_ok(RUN(&pm, PM_RING0, JMPF(PM_CODE0, VA)));
    ck_assert_uint_eq(pm_reg(&pm, "eax"), 2);
    pm_free(&pm);
}
END_TEST

/* ---- large pages */

START_TEST(four_megabytes)
{
    struct pm pm;
    start(&pm);
    pm_w32(&pm, DIRECTORY + 8, P | RW | US | PS); /* 8 MiB: physical 0 */
    struct pm_end end = RUN(&pm, PM_RING0, SET_CR4(0x10), 0xA1, D(0x800000 + FRAME_B), 0x89,
                            0xC3, 0xA3, D(0x800000 + FRAME_A));
    expect_ok(end);
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), 0xBBBBBBBBu);
    ck_assert_uint_eq(pm_r32(&pm, FRAME_A), 0xBBBBBBBBu);
    ck_assert_uint_eq(pm_r32(&pm, DIRECTORY + 8), P | RW | US | PS | A | DIRTY);
    pm_free(&pm);
    start(&pm); /* reserved bits */
    pm_w32(&pm, DIRECTORY + 8, P | RW | US | PS | 0x2000);
    end = RUN(&pm, PM_RING3, 0xA1, D(0x800000));
    ck_assert_uint_eq(end.vector, PF); /* without PSE it is a table, at 2000h */
    ck_assert_uint_eq(end.code & 8, 0);
    pm_free(&pm);
    start(&pm);
    pm_w32(&pm, DIRECTORY + 8, P | RW | US | PS | 0x2000);
    end = RUN(&pm, PM_RING0, SET_CR4(0x10), 0xA1, D(0x800000));
    ck_assert_uint_eq(end.vector, PF);
    ck_assert_uint_eq(end.code, 9);
    pm_free(&pm);
}
END_TEST

/* PSE-36: bits 13 to 16 of such an entry are bits 32 to 35 of the address; 17 to 21 must be 0
 * (SDM 3A table 4-4, with 36 bits of physical addresses). */
START_TEST(pse36)
{
    static const struct {
        uint32_t bits;
        paddr frame; /* 0: #PF */
    } want[] = {
        {0x2000, 0x100000000}, {0x10000, 0x800000000}, {0x1A000, 0xD00000000},
        {0x20000, 0},          {0x200000, 0},          {0x1E000, 0xF00000000},
    };
    struct pm pm;
    paddr pa;
    pm_init_config(&pm, &(struct cpu_config){.model = "pentium2"});
    pm.paging = true;
    pm_w32(&pm, DIRECTORY + 8, 0x400000 | P | RW | US | PS | want[_i].bits);
    struct pm_end end = RUN(&pm, PM_RING0, SET_CR4(0x10), 0xA1, D(0x812344));
    if (want[_i].frame == 0) {
        ck_assert_uint_eq(end.vector, PF);
        ck_assert_uint_eq(end.code, 9);
    } else {
        expect_ok(end);
        ck_assert_uint_eq(pm_reg(&pm, "eax"), 0xFFFFFFFFu); /* nobody answers there */
        ck_assert(cpu_translate(pm.fx.cpu, 0x812344, &pa));
        ck_assert_uint_eq(pa, want[_i].frame | 0x412344);
    }
    pm_free(&pm);
}
END_TEST

/* ---- PAE: off with paging, tables, on again */

#define PAE_ON(cr3)                                                                            \
    0x0F, 0x20, 0xC0, 0x89, 0xC2, 0x25, D(0x7FFFFFFF), 0x0F, 0x22,                             \
        0xC0, /* PG off; EDX = CR0 */                                                          \
        MOV_EAX(0x20), 0x0F, 0x22, 0xE0, MOV_EAX(cr3), 0x0F, 0x22, 0xD8, 0x0F, 0x22, 0xC2

static void pae_tables(struct pm *pm)
{
    start(pm);
    pm_w32(pm, PDPT, PAE_DIR | P);
    pm_w32(pm, PAE_DIR, P | RW | US | PS); /* the first 2 MiB */
    pm_w32(pm, PAE_DIR + 8, PAE_TABLE | P | RW | US);
    pm_w32(pm, PAE_TABLE, FRAME_A | P | RW | US);     /* 200000h */
    pm_w32(pm, PAE_TABLE + 8, FRAME_B | P | RW | US); /* 201000h, … */
    pm_w32(pm, PAE_TABLE + 8 + 4, 1);                 /* … but above 4 GiB */
    pm_w32(pm, PAE_TABLE + 16, FRAME_B | P | RW | US);
    pm_w32(pm, PAE_TABLE + 16 + 4, 0x10); /* bit 36: reserved */
}

START_TEST(pae)
{
    struct pm pm;
    pae_tables(&pm);
    expect_ok(RUN(&pm, PM_RING0, PAE_ON(PDPT), 0xA1, D(0x200000), 0x89, 0xC3, /* MOV EBX,EAX */
                  0xA1, D(0x201000), 0x89, 0xC1, 0xA3, D(0x200000)));
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), 0xAAAAAAAAu);
    ck_assert_uint_eq(pm_reg(&pm, "ecx"), 0xFFFFFFFFu); /* nobody answers there */
    ck_assert_uint_eq(pm_r32(&pm, FRAME_A), 0xFFFFFFFFu);
    ck_assert_uint_eq(pm_r32(&pm, PAE_TABLE), FRAME_A | P | RW | US | A | DIRTY);
    ck_assert_uint_eq(pm_r32(&pm, PAE_TABLE + 8), FRAME_B | P | RW | US | A);
    ck_assert_uint_eq(pm_r32(&pm, PDPT), PAE_DIR | P); /* PDPTEs have no accessed bit */
    pm_free(&pm);
}
END_TEST

START_TEST(pae_faults)
{
    static const struct {
        uint32_t la, code;
    } want[] = {{0x202000, 9}, {0x203000, 0}, {0x400000, 0}, {0x40000000, 0}};
    for (unsigned n = 0; n < ARRAY_LEN(want); n++) {
        struct pm pm;
        pae_tables(&pm);
        struct pm_end end = RUN(&pm, PM_RING0, PAE_ON(PDPT), 0xA1, D(want[n].la));
        ck_assert_uint_eq(end.vector, PF);
        ck_assert_uint_eq(end.code, want[n].code);
        ck_assert_uint_eq(pm_reg(&pm, "cr2"), want[n].la);
        pm_free(&pm);
    }
}
END_TEST

/* Reserved bits in a present PDPTE: MOV CR0 is #GP(0) and changes nothing. */
START_TEST(pae_bad_pointer)
{
    struct pm pm;
    pae_tables(&pm);
    pm_w32(&pm, PDPT + 8, PAE_DIR | P | RW);
    struct pm_end end = RUN(&pm, PM_RING0, PAE_ON(PDPT));
    ck_assert_uint_eq(end.vector, GP);
    ck_assert_uint_eq(pm_reg(&pm, "cr0") >> 31, 0);
    pm_free(&pm);
}
END_TEST

/* … so is a task switch, and the old task goes on: neither busy flag has changed. */
START_TEST(pae_bad_pointer_of_a_task)
{
    struct pm pm;
    pae_tables(&pm);
    pm_w32(&pm, PDPT + 0x20, P | RW);
    pm_w32(&pm, PM_TSS_B + 0x1C, PDPT + 0x20);
    pm_w32(&pm, PM_TSS_B + 0x24, 2);
    struct pm_end end = RUN(&pm, PM_RING0, PAE_ON(PDPT), JMPF(PM_TSS_B_SEL, 0));
    ck_assert_uint_eq(end.vector, GP);
    ck_assert_uint_eq(end.code, 0);
    ck_assert_uint_eq(pm_reg(&pm, "tr"), PM_TSS_SEL);
    ck_assert_uint_eq(pm_reg(&pm, "cr3"), PDPT);
    ck_assert_uint_eq(pm_r32(&pm, PM_GDT + PM_TSS_SEL + 4) >> 8 & 15, 11);
    ck_assert_uint_eq(pm_r32(&pm, PM_GDT + PM_TSS_B_SEL + 4) >> 8 & 15, 9);
    pm_free(&pm);
}
END_TEST

/* PDPTEs are read with CR3: later changes in memory do not count. */
START_TEST(pae_pointers_are_registers)
{
    struct pm pm;
    pae_tables(&pm);
    expect_ok(RUN(&pm, PM_RING0, PAE_ON(PDPT), 0xC7, 0x05, D(PDPT), D(0), 0xA1, D(0x200000)));
    ck_assert_uint_eq(pm_reg(&pm, "eax"), 0xAAAAAAAAu);
    pm_free(&pm);
}
END_TEST

/* ---- accesses across pages */

START_TEST(straddle)
{
    struct pm pm;
    start(&pm);
    pm_w32(&pm, PTE, FRAME_B | 7);
    pm_w32(&pm, PTE + 4, FRAME_A | 7); /* not in physical order */
    expect_ok(
        RUN(&pm, PM_RING3, 0xC7, 0x05, D(VA + 0xFFE), D(0x44332211), 0xA1, D(VA + 0xFFE)));
    ck_assert_uint_eq(pm_reg(&pm, "eax"), 0x44332211);
    ck_assert_uint_eq(pm_r32(&pm, FRAME_B + 0xFFC) >> 16, 0x2211);
    ck_assert_uint_eq(pm_r32(&pm, FRAME_A), 0xAAAA4433);
    pm_free(&pm);
    start(&pm); /* the second page is missing: nothing is written to the first */
    pm_w32(&pm, PTE, FRAME_B | 7);
    pm_w32(&pm, PTE + 4, 0);
    struct pm_end end = RUN(&pm, PM_RING3, 0xC7, 0x05, D(VA + 0xFFE), D(0x44332211));
    ck_assert_uint_eq(end.vector, PF);
    ck_assert_uint_eq(pm_reg(&pm, "cr2"), VA + 0x1000);
    ck_assert_uint_eq(pm_r32(&pm, FRAME_B + 0xFFC), 0);
    pm_free(&pm);
}
END_TEST

/* ---- blocks and steps, warm and cold, on random tables */

static uint32_t lcg(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

enum { PAGES = 24, PROGRAM = PM_TARGET + 0x1000, PROGRAM_BYTES = 0x800 };

static unsigned put_piece(uint8_t *at, uint32_t *seed)
{
    uint32_t page = VA + (lcg(seed) % PAGES << 12), pte = TABLE + (page >> 12) * 4;
    uint32_t frame = FRAME_A + (lcg(seed) % 8 << 12);
    static const uint8_t flags[] = {7, 7, 0x27, 0x67, 1, 5, 0, 3, 0x41};
    switch (lcg(seed) % 8) {
    case 0:
    case 1: { /* MOV dword [pte], frame | flags */
        uint8_t code[] = {0xC7, 0x05, D(pte), D(frame | flags[lcg(seed) % sizeof flags])};
        memcpy(at, code, sizeof code);
        return sizeof code;
    }
    case 2: { /* ADD EBX, [page + off] */
        uint8_t code[] = {0x03, 0x1D, D(page + lcg(seed) % 4096)};
        memcpy(at, code, sizeof code);
        return sizeof code;
    }
    case 3: { /* ADD [page + off], EBX */
        uint8_t code[] = {0x01, 0x1D, D(page + lcg(seed) % 4096)};
        memcpy(at, code, sizeof code);
        return sizeof code;
    }
    case 4: { /* INVLPG, or a new CR3 */
        uint8_t code[] = {0x0F, 0x01, 0x3D, D(page)},
                cr3[] = {0x0F, 0x20, 0xD8, 0x0F, 0x22, 0xD8, 0x90};
        memcpy(at, lcg(seed) & 1 ? code : cr3, sizeof code);
        return sizeof code;
    }
    case 5: { /* MOV EDI; MOV ECX; REP STOSB over pages */
        uint8_t code[] = {0xBF, D(page + 0xFF0), 0xB9, D(lcg(seed) % 64), 0xF3, 0xAA};
        memcpy(at, code, sizeof code);
        return sizeof code;
    }
    case 6: { /* a table in bulk: MOV EDI, pte; MOV ECX, 8; MOV EAX; REP STOSD */
        uint8_t code[] = {
            0xBF, D(TABLE + 4 * (VA >> 12)), 0xB9, D(PAGES), MOV_EAX(frame | 7), 0xF3, 0xAB};
        memcpy(at, code, sizeof code);
        return sizeof code;
    }
    default: { /* WP on or off */
        uint8_t code[] = {0x0F, 0x20, 0xC0, 0x35, D(0x10000), 0x0F, 0x22, 0xC0};
        memcpy(at, code, sizeof code);
        return sizeof code;
    }
    }
}

static void put_program(struct pm *pm, uint32_t seed)
{
    /* #PF: map the page of CR2 to FRAME_B, for all */
    static const uint8_t handler[] = {0x50, 0x0F, 0x20, 0xD0, 0xC1,     0xE8,
                                      0x0C, 0xC7, 0x04, 0x85, D(TABLE), D(FRAME_B | 7),
                                      0x58, 0x83, 0xC4, 4,    0xCF};
    uint8_t code[PROGRAM_BYTES + 32];
    unsigned at = 0;
    while (at < PROGRAM_BYTES) {
        at += put_piece(code + at, &seed);
    }
    code[at++] = 0xE9;
    store_le32(code + at, 0u - at - 4);
    cpu_fixture_load(&pm->fx, PROGRAM, code, at + 4);
    cpu_fixture_load(&pm->fx, PM_CODE_B, handler, sizeof handler);
    pm_gate(pm, PM_IDT + 8 * PF, PM_CODE0, PM_CODE_B, 0x8E, 0);
}

static void begin(struct pm *pm, uint32_t seed, bool single_step)
{
    pm_init(pm);
    pm->paging = true;
    pm->fx.cpu->single_step = single_step;
    put_program(pm, seed);
    pm_run(pm, PM_RING0, (const uint8_t[]){JMPF(PM_CODE0, PROGRAM)}, 7);
}

/* The second forgets its blocks and maps at every turn, the third steps. */
START_TEST(warm_cold_steps)
{
    struct pm warm, cold, steps;
    uint32_t seed = 77u + (uint32_t)_i;
    begin(&warm, seed, false);
    begin(&cold, seed, false);
    begin(&steps, seed, true);
    for (unsigned turn = 0; turn < 40; turn++) {
        uint64_t until = warm.fx.tick + 1 + lcg(&seed) % 200;
        ck_assert(cpu_state(cold.fx.cpu) && cpu_loaded(cold.fx.cpu));
        ck_assert_int_eq(cpu_run(warm.fx.cpu, until), CPU_UNTIL);
        ck_assert_int_eq(cpu_run(cold.fx.cpu, until), CPU_UNTIL);
        ck_assert_int_eq(cpu_run(steps.fx.cpu, until), CPU_UNTIL);
        uint64_t h = cpu_fixture_hash(&warm.fx);
        ck_assert_msg(h == cpu_fixture_hash(&cold.fx), "cold: %d, turn %u", _i, turn);
        ck_assert_msg(h == cpu_fixture_hash(&steps.fx), "steps: %d, turn %u", _i, turn);
    }
    pm_free(&warm);
    pm_free(&cold);
    pm_free(&steps);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("paging");
    TCase *tc = tcase_create("walk");
    tcase_add_loop_test(tc, fault_codes, 0, ARRAY_LEN(faults));
    tcase_add_test(tc, four_megabytes);
    tcase_add_test(tc, pae);
    tcase_add_test(tc, pae_faults);
    tcase_add_test(tc, pae_bad_pointer);
    tcase_add_test(tc, pae_bad_pointer_of_a_task);
    tcase_add_loop_test(tc, pse36, 0, 6);
    tcase_add_test(tc, pae_pointers_are_registers);
    tcase_add_test(tc, straddle);
    suite_add_tcase(s, tc);
    tc = tcase_create("coherence");
    tcase_add_test(tc, store_into_a_table);
    tcase_add_test(tc, rights_taken_away);
    tcase_add_test(tc, accessed_and_dirty_again);
    tcase_add_test(tc, store_into_the_directory);
    tcase_add_test(tc, table_maps_itself);
    tcase_add_test(tc, dma_into_a_table);
    tcase_add_test(tc, code_page_is_replaced);
    tcase_add_loop_test(tc, warm_cold_steps, 0, 20);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
