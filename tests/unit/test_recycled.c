/* tests/unit/test_recycled.c -- what the engine remembers of code and tables, when the guest
 * uses their memory for something else: jumps to pages that are mapped anew, instructions on
 * two pages, directories and tables that are cleared and made again (cpu/engine.c, cpu/block.c,
 * cpu/sys/shadow.c). What is remembered must not be observable: each program runs decoded, and
 * one instruction at a time, and must end in the same state.
 *
 * The world is pm_fixture's, with identity pages for the first 4 MiB.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pm_fixture.h"

enum {
    TABLE = PM_PAGES + 0x1000,
    VA = 0x300000, /* two pages of code, mapped anew again and again */
    PTE = TABLE + 4 * (VA >> 12),
    CODE_A = 0x150000,
    CODE_B = 0x151000,
    SECOND_A = 0x152000,
    SECOND_B = 0x153000,
    DIRECTORY_2 = 0x160000, /* another root: as the first, and a span from FAR on */
    TABLE_A = 0x161000,
    TABLE_B = 0x162000,
    DATA_A = 0x163000,
    DATA_B = 0x164000,
    FAR = 0x10000000, /* its entry is not on the line of the first */
    FAR_ENTRY = DIRECTORY_2 + 4 * (FAR >> 22),
    FARTHER = 0x20000000,
    POINTERS = 0x165000, /* PAE: directories of the first GiB and of the last */
    DIRECTORY_LOW = 0x166000,
    DIRECTORY_HIGH = 0x167000,
};
static const uint32_t WINDOW = 0xC0600000; /* where DIRECTORY_HIGH shows itself as a table */
enum { P = 1, RWU = 7, A = 0x20, DIRTY = 0x40, PS = 0x80 };

struct text {
    uint8_t bytes[1024];
    unsigned n;
};

static void put_bytes(struct text *t, const uint8_t *bytes, unsigned n)
{
    ck_assert_uint_le(t->n + n, sizeof t->bytes);
    memcpy(t->bytes + t->n, bytes, n);
    t->n += n;
}
#define PUT(t, ...)                                                                            \
    put_bytes(t, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* CALL (E8h) or JMP (E9h) to a linear address. */
static void go(struct text *t, uint8_t opcode, uint32_t to)
{
    uint32_t rel = to - (PM_CODE + t->n + 5);
    PUT(t, opcode, D(rel));
}

static void store(struct text *t, uint32_t la, uint32_t v)
{
    PUT(t, 0xC7, 0x05, D(la), D(v)); /* MOV dword [la], v */
}

static void load_cr3(struct text *t, uint32_t pa)
{
    PUT(t, MOV_EAX(pa), 0x0F, 0x22, 0xD8);
}

/* MOV reg, [la] */
static void load(struct text *t, unsigned reg, uint32_t la)
{
    PUT(t, 0x8B, (uint8_t)(0x05 | reg << 3), D(la));
}
enum { IN_ECX = 1, IN_EDX, IN_EBX, IN_ESI = 6, IN_EDI };

struct memory {
    uint32_t pa, v;
};

/* Runs t in both ways to its end, which must be INT 80h; the decoded one is left in *pm. */
static void run(struct pm *pm, const struct memory *memory, unsigned n, struct text *t)
{
    struct pm steps;
    PUT(t, DONE);
    pm_init_engine(pm, false);
    pm_init_engine(&steps, true);
    struct pm *both[] = {pm, &steps};
    for (unsigned k = 0; k < 2; k++) {
        both[k]->paging = true;
        for (unsigned m = 0; m < n; m++) {
            pm_w32(both[k], memory[m].pa, memory[m].v);
        }
        struct pm_end end = pm_run(both[k], PM_RING0, t->bytes, t->n);
        ck_assert_msg(end.vector == PM_OK, "vector %x code %x eip %x", end.vector, end.code,
                      end.eip);
    }
    ck_assert_uint_eq(cpu_fixture_hash(&pm->fx), cpu_fixture_hash(&steps.fx));
    pm_free(&steps);
}

/* ---- code */

/* A subroutine that goes to VA 8 times runs before and after VA is another page. */
START_TEST(a_jump_leads_where_its_page_is_now)
{
    static const struct memory memory[] = {
        {PTE, CODE_A | RWU},
        {CODE_A, 0x00C343}, /* INC EBX; RET */
        {CODE_B, 0x00C341}, /* INC ECX; RET */
    };
    struct text t = {.n = 0};
    struct pm pm;
    PUT(&t, 0x31, 0xDB, 0x31, 0xC9, 0xEB, 13); /* XOR EBX, EBX; XOR ECX, ECX; JMP over */
    uint32_t sub = PM_CODE + t.n;
    PUT(&t, 0xBE, D(8)); /* MOV ESI, 8 */
    if (_i == 0) {
        go(&t, 0xE8, VA);
        PUT(&t, 0x4E, 0x75, 0xF8, 0xC3); /* DEC ESI; JNZ the call; RET */
        t.bytes[5] = (uint8_t)(t.n - 6);
    } else {
        PUT(&t, 0xE8, D(4), 0x4E, 0x75, 0xF8, 0xC3); /* CALL the jump; DEC ESI; JNZ; RET */
        go(&t, 0xE9, VA);
        t.bytes[5] = (uint8_t)(t.n - 6);
    }
    go(&t, 0xE8, sub);
    store(&t, PTE, CODE_B | RWU);
    go(&t, 0xE8, sub);
    run(&pm, memory, ARRAY_LEN(memory), &t);
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), 8);
    ck_assert_uint_eq(pm_reg(&pm, "ecx"), 8);
    pm_free(&pm);
}
END_TEST

/* MOV EAX, imm32 with its last two bytes on the next page; RET. Then its first page, its second
 * page, and bytes on both change. */
START_TEST(an_instruction_on_two_pages_is_what_its_bytes_say)
{
    static const struct memory memory[] = {
        {PTE, CODE_A | RWU},          {PTE + 4, SECOND_A | RWU},
        {CODE_A + 0xFFC, 0x2211B890},                         /* NOP; B8 11 22 … */
        {CODE_B + 0xFFC, 0x6655B890}, {SECOND_A, 0x00C34433}, /* … 33 44; RET */
        {SECOND_B, 0x00C38877},
    };
    static const uint32_t want[] = {0x44332211, 0x88772211, 0x88776655, 0x8877EE55, 0x88FFEE55};
    static const char *const reg[] = {"ebx", "ecx", "edx", "esi", "edi"};
    static const uint8_t to_reg[] = {0xC3, 0xC1, 0xC2, 0xC6, 0xC7}; /* MOV r, EAX */
    struct text t = {.n = 0};
    struct pm pm;
    for (unsigned k = 0; k < ARRAY_LEN(want); k++) {
        switch (k) {
        case 1: store(&t, PTE + 4, SECOND_B | RWU); break;
        case 2: store(&t, PTE, CODE_B | RWU); break;
        case 3: PUT(&t, 0xC6, 0x05, D(VA + 0xFFF), 0xEE); break; /* MOV byte [la], v */
        case 4: PUT(&t, 0xC6, 0x05, D(VA + 0x1000), 0xFF); break;
        default: break;
        }
        for (unsigned turn = 0; turn < 3; turn++) {
            go(&t, 0xE8, VA + 0xFFD);
        }
        PUT(&t, 0x89, to_reg[k]);
    }
    run(&pm, memory, ARRAY_LEN(memory), &t);
    for (unsigned k = 0; k < ARRAY_LEN(want); k++) {
        ck_assert_msg(pm_reg(&pm, reg[k]) == want[k], "%u: %x", k, pm_reg(&pm, reg[k]));
    }
    pm_free(&pm);
}
END_TEST

/* Its second page goes: the fault is the instruction's, at the second page's address. */
START_TEST(an_instruction_on_two_pages_faults_for_the_second)
{
    struct text t = {.n = 0};
    struct pm pm;
    pm_init_engine(&pm, false);
    pm.paging = true;
    pm_w32(&pm, PTE, CODE_A | RWU);
    pm_w32(&pm, PTE + 4, SECOND_A | RWU);
    pm_w32(&pm, CODE_A + 0xFFC, 0x2211B890);
    pm_w32(&pm, SECOND_A, 0x00C34433);
    for (unsigned turn = 0; turn < 4; turn++) {
        if (turn == 3) {
            store(&t, PTE + 4, 0);
        }
        go(&t, 0xE8, VA + 0xFFD);
    }
    struct pm_end end = pm_run(&pm, PM_RING0, t.bytes, t.n);
    ck_assert_uint_eq(end.vector, 14);
    ck_assert_uint_eq(end.eip, VA + 0xFFD - PM_CODE);
    ck_assert_uint_eq(pm_reg(&pm, "cr2"), VA + 0x1000);
    pm_free(&pm);
}
END_TEST

/* ---- tables */

static const struct memory two_roots[] = {
    {DIRECTORY_2, TABLE | RWU},  {FAR_ENTRY, TABLE_A | RWU}, {TABLE_A, DATA_A | RWU},
    {TABLE_A + 4, DATA_A | RWU}, {TABLE_B, DATA_B | RWU},    {DATA_A, 0xAAAAAAAA},
    {DATA_B, 0xBBBBBBBB},
};

/* From the first root, stores into the second one's directory: FAR's entry becomes 0, more
 * often than the directory's watch bears; then it is v. */
static void make_again(struct text *t, uint32_t v)
{
    load_cr3(t, PM_PAGES);
    for (unsigned n = 0; n < 20; n++) {
        store(t, FAR_ENTRY, 0);
    }
    store(t, FAR_ENTRY, v);
    load_cr3(t, DIRECTORY_2);
}

/* The same entry again, and another; then one that changes while its root is in use. */
START_TEST(a_directory_is_made_again)
{
    struct text t = {.n = 0};
    struct pm pm;
    load_cr3(&t, DIRECTORY_2);
    load(&t, IN_EBX, FAR);
    make_again(&t, TABLE_A | RWU | A);
    load(&t, IN_ECX, FAR);
    if (_i == 0) {
        store(&t, FAR_ENTRY, TABLE_B | RWU);
    } else {
        make_again(&t, TABLE_B | RWU | A);
    }
    load(&t, IN_EDX, FAR);
    run(&pm, two_roots, ARRAY_LEN(two_roots), &t);
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), 0xAAAAAAAA);
    ck_assert_uint_eq(pm_reg(&pm, "ecx"), 0xAAAAAAAA);
    ck_assert_uint_eq(pm_reg(&pm, "edx"), 0xBBBBBBBB);
    pm_free(&pm);
}
END_TEST

/* It comes back as it was, but a table below it changed meanwhile. */
START_TEST(a_table_changes_while_its_directory_is_away)
{
    struct text t = {.n = 0};
    struct pm pm;
    load_cr3(&t, DIRECTORY_2);
    load(&t, IN_EBX, FAR);
    load(&t, IN_ECX, FAR + 0x1000);
    load_cr3(&t, PM_PAGES);
    store(&t, TABLE_A, DATA_B | RWU);
    make_again(&t, TABLE_A | RWU | A);
    load(&t, IN_EDX, FAR);
    load(&t, IN_ESI, FAR + 0x1000);
    run(&pm, two_roots, ARRAY_LEN(two_roots), &t);
    ck_assert_uint_eq(pm_reg(&pm, "edx"), 0xBBBBBBBB);
    ck_assert_uint_eq(pm_reg(&pm, "esi"), 0xAAAAAAAA);
    pm_free(&pm);
}
END_TEST

/* A large page's entry comes back without D or A: the next store, or load, must set it. */
START_TEST(a_large_page_is_marked_again)
{
    const uint32_t entry = PS | RWU; /* physical 0: what the identity has, too */
    struct text t = {.n = 0};
    struct pm pm;
    PUT(&t, 0x0F, 0x20, 0xE0, 0x83, 0xC8, 0x10, 0x0F, 0x22, 0xE0); /* CR4.PSE */
    load_cr3(&t, PM_PAGES);
    store(&t, FAR_ENTRY, entry);
    load_cr3(&t, DIRECTORY_2);
    store(&t, FAR + DATA_A, 1);
    make_again(&t, _i == 0 ? entry | A : entry);
    if (_i == 0) {
        store(&t, FAR + DATA_A, 2);
    } else {
        load(&t, IN_EBX, FAR + DATA_A);
    }
    run(&pm, two_roots, ARRAY_LEN(two_roots), &t);
    ck_assert_uint_eq(pm_r32(&pm, FAR_ENTRY), _i == 0 ? entry | A | DIRTY : entry | A);
    pm_free(&pm);
}
END_TEST

/* A table of one root is stored to, and becomes another's, at another address. One entry was
 * never cleared: a store into it concerns the first root, too. */
START_TEST(a_table_moves)
{
    struct text t = {.n = 0};
    struct pm pm;
    load_cr3(&t, DIRECTORY_2);
    load(&t, IN_EBX, FAR);
    load(&t, IN_ECX, FAR + 0x1000);
    load_cr3(&t, PM_PAGES);
    store(&t, TABLE_A, DATA_B | RWU);
    store(&t, PM_PAGES + 4 * (FARTHER >> 22), TABLE_A | RWU);
    load(&t, IN_EDX, FARTHER);
    store(&t, TABLE_A + 4, DATA_B | RWU);
    load_cr3(&t, DIRECTORY_2);
    load(&t, IN_ESI, FAR);
    load(&t, IN_EDI, FAR + 0x1000);
    run(&pm, two_roots, ARRAY_LEN(two_roots), &t);
    ck_assert_uint_eq(pm_reg(&pm, "ecx"), 0xAAAAAAAA);
    ck_assert_uint_eq(pm_reg(&pm, "edx"), 0xBBBBBBBB);
    ck_assert_uint_eq(pm_reg(&pm, "esi"), 0xBBBBBBBB);
    ck_assert_uint_eq(pm_reg(&pm, "edi"), 0xBBBBBBBB);
    pm_free(&pm);
}
END_TEST

/* A table in two places of one root, stored to: both places change, again and again. */
START_TEST(a_table_in_two_places)
{
    struct text t = {.n = 0};
    struct pm pm;
    store(&t, DIRECTORY_2 + 4 * (FARTHER >> 22), TABLE_A | RWU);
    load_cr3(&t, DIRECTORY_2);
    for (unsigned turn = 0; turn < 4; turn++) {
        load(&t, IN_EBX, FAR);
        load(&t, IN_ECX, FARTHER);
        store(&t, TABLE_A, (turn & 1 ? DATA_A : DATA_B) | RWU);
        load(&t, IN_EDX, FARTHER);
        load(&t, IN_ESI, FAR);
    }
    run(&pm, two_roots, ARRAY_LEN(two_roots), &t);
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), 0xBBBBBBBB);
    ck_assert_uint_eq(pm_reg(&pm, "ecx"), 0xBBBBBBBB);
    ck_assert_uint_eq(pm_reg(&pm, "edx"), 0xAAAAAAAA);
    ck_assert_uint_eq(pm_reg(&pm, "esi"), 0xAAAAAAAA);
    pm_free(&pm);
}
END_TEST

/* PAE. A directory shows itself as a table of the last level, as some systems have it, and has
 * been stored to. What is seen by way of both depends on both of its entries: the store changes
 * that of the directory, by another mapping, which needs no walk through either. */
START_TEST(a_directory_that_is_its_own_table)
{
    static const struct memory memory[] = {
        {POINTERS, DIRECTORY_LOW | P},
        {POINTERS + 24, DIRECTORY_HIGH | P},
        {DIRECTORY_LOW, PS | RWU},
        {DIRECTORY_HIGH, PS | RWU},
        {DIRECTORY_HIGH + 24, DIRECTORY_HIGH | RWU},
        {DIRECTORY_HIGH + 40, DATA_A | RWU},
        {TABLE_B + 40, DATA_B | RWU},
        {DATA_A, 0xAAAAAAAA},
        {DATA_B, 0xBBBBBBBB},
    };
    struct text t = {.n = 0};
    struct pm pm;
    PUT(&t, 0x0F, 0x20, 0xC0, 0x0F, 0xBA, 0xF0, 31, 0x0F, 0x22, 0xC0); /* CR0.PG := 0 */
    PUT(&t, 0x0F, 0x20, 0xE0, 0x83, 0xC8, 0x20, 0x0F, 0x22, 0xE0);     /* CR4.PAE := 1 */
    load_cr3(&t, POINTERS);
    PUT(&t, 0x0F, 0x20, 0xC0, 0x0F, 0xBA, 0xE8, 31, 0x0F, 0x22, 0xC0); /* CR0.PG := 1 */
    load(&t, IN_EBX, 0xC0000000);
    store(&t, DIRECTORY_HIGH + 8, 0);
    load(&t, IN_ECX, WINDOW + 0x5000);
    store(&t, DIRECTORY_HIGH + 24, TABLE_B | RWU);
    load(&t, IN_EDX, WINDOW + 0x5000);
    run(&pm, memory, ARRAY_LEN(memory), &t);
    ck_assert_uint_eq(pm_reg(&pm, "ecx"), 0xAAAAAAAA);
    ck_assert_uint_eq(pm_reg(&pm, "edx"), 0xBBBBBBBB);
    pm_free(&pm);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("recycled");
    TCase *tc = tcase_create("code");
    tcase_add_loop_test(tc, a_jump_leads_where_its_page_is_now, 0, 2);
    tcase_add_test(tc, an_instruction_on_two_pages_is_what_its_bytes_say);
    tcase_add_test(tc, an_instruction_on_two_pages_faults_for_the_second);
    suite_add_tcase(s, tc);
    tc = tcase_create("tables");
    tcase_add_loop_test(tc, a_directory_is_made_again, 0, 2);
    tcase_add_test(tc, a_table_changes_while_its_directory_is_away);
    tcase_add_loop_test(tc, a_large_page_is_marked_again, 0, 2);
    tcase_add_test(tc, a_table_moves);
    tcase_add_test(tc, a_table_in_two_places);
    tcase_add_test(tc, a_directory_that_is_its_own_table);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
