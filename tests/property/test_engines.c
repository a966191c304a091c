/* tests/property/test_engines.c -- blocks are unobservable: random code, random interrupts and
 * random slices leave the same state whether it runs in decoded blocks or one instruction at a
 * time. On a mismatch the failing seed is bisected to the first tick that differs. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/board_fixture.h"
#include "tests/support/cpu_fixture.h"

enum { CODE = 0x10000, CODE_LEN = 0x3000, TICKS = 4000, STACK_TOP = 0x8000 };

/* Bytes that make code which does things: mostly whole common opcodes, some noise. */
static void random_code(uint8_t *code, unsigned len, uint64_t *seed, bool wild)
{
    static const uint8_t common[] = {
        0x01, 0x03, 0x29, 0x2B, 0x31, 0x33, 0x39, 0x3B, 0x40, 0x41, 0x42, 0x43, 0x48, 0x4B,
        0x50, 0x53, 0x58, 0x5B, 0x72, 0x73, 0x74, 0x75, 0x7C, 0x7F, 0x80, 0x81, 0x83, 0x84,
        0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8D, 0x90, 0x98, 0x99, 0xA4, 0xA5, 0xAA,
        0xAB, 0xAC, 0xAE, 0xB0, 0xB4, 0xB8, 0xC0, 0xC1, 0xC3, 0xC6, 0xC7, 0xD0, 0xD1, 0xD2,
        0xD3, 0xE2, 0xE4, 0xE6, 0xE8, 0xEB, 0xEC, 0xEE, 0xF3, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA,
        0xFB, 0xFC, 0xFE, 0xFF, 0x0F, 0x66, 0x67, 0x9C, 0x9D, 0x1E};
    for (unsigned k = 0; k < len; k++) {
        uint32_t r = test_random(seed);
        bool noise = wild || (r & 3) == 0;
        code[k] = noise ? (uint8_t)(r >> 8) : common[(r >> 8) % sizeof common];
    }
}

/* Every vector leads to a handler that counts, and returns. */
static void handlers(struct cpu_fixture *fx)
{
    static const uint8_t handler[] = {0x50, 0xA1, 0x00, 0x06, 0x40,
                                      0xA3, 0x00, 0x06, 0x58, 0xCF};
    for (unsigned v = 0; v < 256; v++) {
        uint8_t entry[4] = {0x10, 0x06, 0, 0};
        cpu_fixture_load(fx, v * 4, entry, 4);
    }
    cpu_fixture_load(fx, 0x610, handler, sizeof handler);
}

static void setup(struct cpu_fixture *fx, bool single_step, uint64_t seed)
{
    static const char *const gpr[] = {"eax", "ecx", "edx", "ebx", "ebp", "esi", "edi"};
    uint8_t code[CODE_LEN];
    struct cpu_config cfg = {.model = "pentiumpro", .single_step = single_step};
    cpu_fixture_init(fx, &cfg);
    random_code(code, sizeof code, &seed, (seed & 15) == 0);
    cpu_fixture_load(fx, CODE, code, sizeof code);
    handlers(fx);
    cpu_fixture_set(fx, "cs", CODE >> 4);
    cpu_fixture_set(fx, "eip", test_random(&seed) % 64);
    cpu_fixture_set(fx, "ss", 0);
    cpu_fixture_set(fx, "esp", STACK_TOP);
    cpu_fixture_set(fx, "ds", test_random(&seed) & 1 ? CODE >> 4 : 0x2000);
    cpu_fixture_set(fx, "es", test_random(&seed) & 1 ? CODE >> 4 : 0x3000);
    for (unsigned k = 0; k < ARRAY_LEN(gpr); k++) {
        cpu_fixture_set(fx, gpr[k], test_random(&seed));
    }
    cpu_fixture_set(fx, "eflags", 0x202);
}

/* Runs to `ticks` in slices of random length, with interrupts at slice ends. */
static void drive(struct cpu_fixture *fx, uint64_t seed, uint64_t ticks)
{
    uint64_t at = 0;
    while (at < ticks) {
        at += 1 + test_random(&seed) % 200;
        uint32_t r = test_random(&seed);
        uint64_t until = at < ticks ? at : ticks;
        while (fx->tick < until) {
            enum cpu_stop stop = cpu_run(fx->cpu, until);
            if (stop == CPU_SHUTDOWN) {
                return;
            }
            if (stop == CPU_HALTED) {
                fx->tick = until; /* time passes for a halted processor */
            }
        }
        if ((r & 7) == 0) {
            cpu_set_intr(fx->cpu, true);
        } else if ((r & 63) == 1) {
            cpu_nmi(fx->cpu);
        }
    }
}

static uint64_t outcome(bool single_step, uint64_t seed, uint64_t ticks)
{
    struct cpu_fixture fx;
    setup(&fx, single_step, seed);
    drive(&fx, seed ^ 0x5EED, ticks);
    uint64_t h = cpu_fixture_hash(&fx);
    cpu_fixture_free(&fx);
    return h;
}

static uint64_t first_difference(uint64_t seed)
{
    uint64_t lo = 0, hi = TICKS; /* equal at lo, different at hi */
    while (hi - lo > 1) {
        uint64_t mid = lo + (hi - lo) / 2;
        if (outcome(false, seed, mid) == outcome(true, seed, mid)) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    return hi;
}

START_TEST(blocks_equal_single_step)
{
    const char *rounds = getenv("TERRAPIN_PROPERTY_ROUNDS");
    unsigned n = rounds ? (unsigned)atoi(rounds) : 300;
    for (unsigned k = 0; k < n; k++) {
        uint64_t seed = 0x1234567u + k * 0x9E3779B9u;
        if (outcome(false, seed, TICKS) != outcome(true, seed, TICKS)) {
            ck_abort_msg("seed %u: engines differ from tick %u on", k,
                         (unsigned)first_difference(seed));
        }
    }
}
END_TEST

START_TEST(same_run_twice)
{
    for (unsigned k = 0; k < 20; k++) {
        ck_assert_uint_eq(outcome(false, k, TICKS), outcome(false, k, TICKS));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("engines");
    TCase *tc = tcase_create("engines");
    tcase_set_timeout(tc, 600);
    tcase_add_test(tc, blocks_equal_single_step);
    tcase_add_test(tc, same_run_twice);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
