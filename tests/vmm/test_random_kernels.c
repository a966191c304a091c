/* tests/vmm/test_random_kernels.c -- kernels of random instructions: the monitor survives them,
 * and nothing of them reaches its memory. In the environment, TERRAPIN_LAB_KERNELS=N runs N of
 * them each way, TERRAPIN_LAB_SECONDS=N as many as so much time allows, from TERRAPIN_LAB_SEED
 * on; TERRAPIN_LAB_WAY=K the ways from number K on. */
#include "tests/vmm/lab_run.h"

#include <time.h>

#include "vmm/lab_priv.h"
#include "vmm/rewrite.h"

static uint32_t load(const struct lab *lab, uint32_t frame, uint32_t off)
{
    return hw_load32(lab->machine, (frame << PAGE_SHIFT) + off);
}

/* What only the monitor writes is as the monitor wrote it. */
static void own_memory(const struct lab *lab)
{
    for (unsigned n = 0; n < 256; n++) {
        ck_assert_uint_eq(load(lab, FRAME_IDT, 8 * n), (uint32_t)SEL_CODE << 16);
        ck_assert_uint_eq(load(lab, FRAME_IDT, 8 * n + 4), 0x8E00);
    }
    for (unsigned n = 0; n < 1024; n++) {
        uint32_t own = n < FRAME_TABLES ? n << PAGE_SHIFT | 0x61 : 0;
        ck_assert_uint_eq(load(lab, FRAME_OWN_TABLE, 4 * n), own);
        ck_assert_uint_eq(load(lab, FRAME_OPEN_BUS, 4 * n), UINT32_MAX);
        ck_assert_uint_eq(load(lab, FRAME_TSS, 4 * n), n == 25 ? 104u << 16 : 0);
    }
    for (unsigned view = 0; view < VIEWS; view++) {
        uint32_t gdt = FRAME_GDT + 16 * view + 15;
        ck_assert_uint_eq(load(lab, gdt, (SEL_CODE & 0xFFF) + 4), 0x00CF9B00);
        ck_assert_uint_eq(load(lab, gdt, (SEL_TSS & 0xFFF) + 4) & ~0x200u, 0xFF0089C0u);
    }
}

static void read_frame(const struct lab *lab, uint32_t mfn, uint8_t page[PAGE_SIZE])
{
    hw_read(lab->machine, mfn << PAGE_SHIFT, page, PAGE_SIZE);
}

/* Is there a copy of this page? Then it says what the original said, but where it is replaced.
 */
static bool copied(const struct vmm *vmm, uint32_t gfn, const uint8_t page[PAGE_SIZE])
{
    static const uint8_t zeros[PAGE_SIZE];
    const struct code_page *code = vmm->code != NULL ? &vmm->code[gfn] : NULL;
    for (unsigned n = 0; code != NULL && code->state == CODE_LIVE && n < PAGE_SIZE; n++) {
        bool replaced = code->patched[n / 8] >> n % 8 & 1;
        if (page[n] != (replaced ? 0xF4 : code->original[n])) {
            ck_abort_msg("page %x, byte %x of the copy: %02x", gfn, n, page[n]);
        }
    }
    return code != NULL && memcmp(code->original, zeros, sizeof zeros) != 0;
}

/* Between any two frames of the guest's there is one that is nobody's, or a copy of code. */
static void nobodys_memory(const struct lab *lab)
{
    static const uint8_t zeros[PAGE_SIZE];
    uint8_t page[PAGE_SIZE];
    for (uint32_t gfn = 1; gfn < lab->vmm->guest_frames; gfn++) {
        uint32_t mfn;
        guest_frame(lab->vmm, gfn, &mfn);
        read_frame(lab, mfn + 1, page);
        if (copied(lab->vmm, gfn, page)) {
            continue;
        }
        ck_assert_mem_eq(page, zeros, sizeof zeros);
    }
}

static bool is_guest_frame(const struct vmm *vmm, uint32_t mfn)
{
    return mfn >= FRAME_GUEST && (mfn - FRAME_GUEST) % 2 == 0 &&
           mfn < FRAME_GUEST + 2 * vmm->guest_frames;
}

/* Shadow entries name frames of the guest's alone, and no traced one for writing. */
static bool entry_fine(const struct vmm *vmm, const struct table *table, unsigned n, uint32_t e)
{
    uint32_t mfn = e >> PAGE_SHIFT;
    if (table->kind == TABLE_DIR && n == VMM_LINEAR >> 22) {
        return mfn == FRAME_OWN_TABLE && !(e & 4);
    }
    if (!(e & 1)) {
        return e == 0;
    }
    if (table->kind == TABLE_DIR) {
        return mfn >= FRAME_TABLES && mfn < FRAME_TABLES + TABLES;
    }
    uint32_t gfn = vmm->guest_frames - 1 - (mfn - FRAME_GUEST) / 2;
    if (mfn >= FRAME_GUEST && is_guest_frame(vmm, mfn - 1)) {
        return table->view == VIEW_KERNEL && code_state(vmm, gfn) == CODE_LIVE && !(e & 2);
    }
    if (table->view == VIEW_KERNEL && code_state(vmm, gfn) != CODE_NONE && vmm->open == 0) {
        return false; /* the original is not for the kernel */
    }
    bool traced = mfn == FRAME_OPEN_BUS || (is_guest_frame(vmm, mfn) && vmm->trace[gfn]);
    return table->kind != TABLE_FREE && (mfn == FRAME_OPEN_BUS || is_guest_frame(vmm, mfn)) &&
           (!traced || !(e & 2) || vmm->open > 0);
}

static void shadow_tables(const struct lab *lab)
{
    uint8_t page[PAGE_SIZE];
    for (unsigned t = 0; t < TABLES; t++) {
        const struct table *table = &lab->vmm->table[t];
        read_frame(lab, FRAME_TABLES + t, page);
        for (unsigned n = 0; n < 1024; n++) {
            /* the processor would set accessed and dirty bits; they are set already */
            uint32_t e = load_le32(page + 4 * n);
            if (e != table->entry[n] || !entry_fine(lab->vmm, table, n, e)) {
                ck_abort_msg("table %u, kind %u, entry %u: %08x", t, table->kind, n, e);
            }
        }
    }
}

/* One kernel; it takes turns with the processor on which all 17 trap. */
static void run_kernel(enum strategy strategy, unsigned ring, unsigned seed)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    struct lab_run r;
    char typed[5] = "0000";
    struct lab_config cfg =
        lab_run_config(&r, "random", strategy, ring, seed & 1 ? POPEK : PLAIN);
    for (unsigned n = 4, rest = seed; n > 0; rest /= 36) {
        typed[--n] = digits[rest % 36];
    }
    cfg.typed = typed;
    cfg.ram = 4 << 20;
    cfg.until = 5000000;
    lab_run_start(&r, &cfg);
    if (r.lab->taken_over) {
        own_memory(r.lab);
        nobodys_memory(r.lab);
        shadow_tables(r.lab);
    }
    lab_free(r.lab);
}

static const struct {
    const char *name;
    enum strategy strategy;
    unsigned ring;
} ways[] = {
    {"interpret", STRATEGY_INTERPRET, 1},     {"trap, ring 1", STRATEGY_TRAP, 1},
    {"trap, ring 3", STRATEGY_TRAP, 3},       {"rewrite, ring 1", STRATEGY_REWRITE, 1},
    {"rewrite, ring 3", STRATEGY_REWRITE, 3}, {"para, ring 1", STRATEGY_PARA, 1},
    {"para, ring 3", STRATEGY_PARA, 3},
};

static unsigned setting(const char *name, unsigned otherwise)
{
    const char *v = getenv(name);
    return v != NULL ? (unsigned)strtoul(v, NULL, 10) : otherwise;
}

/* So many kernels, or so many seconds of the host's processor, each way. */
START_TEST(nothing_escapes)
{
    unsigned kernels = setting("TERRAPIN_LAB_KERNELS", FEWER ? 2 : 6), n = 0;
    unsigned seconds = setting("TERRAPIN_LAB_SECONDS", 0);
    unsigned seed = setting("TERRAPIN_LAB_SEED", 0);
    const clock_t begun = clock();
    do {
        run_kernel(ways[_i].strategy, ways[_i].ring, seed + n++);
    } while (seconds ? (clock() - begun) / CLOCKS_PER_SEC < (clock_t)seconds : n < kernels);
    if (seconds) {
        printf("%s: %u kernels in %u s\n", ways[_i].name, n, seconds);
        fflush(stdout); /* a campaign may be ended before its time */
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("random_kernels");
    tcase_set_timeout(tc, 0);
    tcase_add_loop_test(tc, nothing_escapes, (int)setting("TERRAPIN_LAB_WAY", 0),
                        ARRAY_LEN(ways));
    return run_suite("random_kernels", tc);
}
