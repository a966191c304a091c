/* tests/insn/test_native_x87.c -- x87 instructions against the host's own.
 *
 * For every x87 row of insn.def: random registers, tags, masks, precision and rounding through
 * FRSTOR, one instruction, and FNSAVE; natively and on the bare CPU in ring 3. Compared are the
 * two images, memory, general registers and EFLAGS. Unmasked exceptions stay pending, which
 * FNSAVE shows without a trap.
 *
 * Not compared: FCS and FDS (present processors store 0), FDP and FOP (kept for unmasked
 * exceptions only); of transcendental functions the last two places, PE and C1 (Intel's are not
 * exactly rounded, SDM 1 8.3.10). Hosts that cannot run 32-bit code pass with a line that says
 * so.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/flags.h"
#include "cpu/x87.h"
#include "tests/support/board_fixture.h"
#include "tests/support/flat_user.h"
#include "tests/support/native.h"

enum { ROUNDS = 600, OPERAND = 0x100, IMAGE = 0x800, RESULT = 0xC00, IMAGE_SIZE = 108 };

static struct decode_map map;
static struct cpu_fixture fx;
static struct ram *code_ram, *data_ram;
static bool native;

static void setup(void)
{
    struct error err;
    native = native_init();
    decode_map_init(&map, UINT32_MAX);
    cpu_fixture_init(&fx, &(struct cpu_config){.model = "pentium4"});
    code_ram = phys_ram_new(fx.ph, "code", 0x1000, &err);
    data_ram = phys_ram_new(fx.ph, "data", NATIVE_DATA_SIZE, &err);
    ck_assert(code_ram && data_ram);
    phys_map_ram(fx.ph, NATIVE_CODE, 0x1000, code_ram, 0);
    phys_map_ram(fx.ph, NATIVE_DATA, NATIVE_DATA_SIZE, data_ram, 0);
}

static void teardown(void)
{
    cpu_fixture_free(&fx);
}

/* ---- interesting numbers */

static uint64_t random64(uint64_t *seed)
{
    return (uint64_t)test_random(seed) << 32 | test_random(seed);
}

static uint64_t random_significand(uint64_t *seed)
{
    static const uint64_t corner[] = {0,
                                      1,
                                      UINT64_MAX,
                                      UINT64_C(1) << 63,
                                      (UINT64_C(1) << 63) + 1,
                                      UINT64_C(3) << 62,
                                      UINT64_C(0xFFFFFF8000000000),
                                      UINT64_C(0xFFFFFFFFFFFFFC00),
                                      UINT64_C(0x8000008000000000),
                                      UINT64_C(0x8000000000000400),
                                      UINT64_C(0xFFFFFF0000000000)};
    uint32_t r = test_random(seed);
    uint64_t m = r & 1 ? random64(seed) : corner[(r >> 8) % ARRAY_LEN(corner)];
    if ((r & 6) == 0) {
        m &= UINT64_MAX << (r >> 16 & 63);
    }
    return (r & 0x70) == 0 ? m : m | UINT64_C(1) << 63;
}

static unsigned random_exponent(uint64_t *seed)
{
    static const uint16_t middle[] = {0,
                                      0,
                                      1,
                                      0x7FFF,
                                      0x7FFE,
                                      16383,
                                      16383,
                                      16383,
                                      16383 + 15,
                                      16383 + 31,
                                      16383 + 63,
                                      16383 + 127,
                                      16383 - 126,
                                      16383 - 149,
                                      16383 + 1023,
                                      16383 - 1022,
                                      16383 - 1074,
                                      16383 + 64,
                                      0x7FFF};
    uint32_t r = test_random(seed);
    unsigned e = middle[(r >> 8) % ARRAY_LEN(middle)];
    if (r & 1) {
        e += (r >> 16) % 9 - 4;
    }
    return (r & 0xE) == 0 ? r >> 16 & 0x7FFF : e & 0x7FFF;
}

static void random_number(uint8_t out[10], uint64_t *seed)
{
    unsigned e = random_exponent(seed);
    store_le64(out, e == 0 && (test_random(seed) & 1) ? 0 : random_significand(seed));
    store_le16(out + 8, (uint16_t)(e | (test_random(seed) & 0x8000)));
}

/* An operand in memory: bits of any format, often of an interesting number in the row's own. */
static void random_operand(uint8_t out[16], uint64_t *seed, const char *row)
{
    struct fx_ctx c = {.control = 0x37F};
    uint8_t number[10];
    random_number(number, seed);
    struct fx80 v = {load_le64(number), load_le16(number + 8)};
    uint32_t r = test_random(seed);
    memcpy(out, number, 10);
    if (strstr(row, "m32") && (r & 3)) {
        store_le32(out, fx_to_f32(&c, v) ^ (r >> 8 & 1));
    } else if (strstr(row, "m64") && (r & 3)) {
        store_le64(out, fx_to_f64(&c, v) ^ (r >> 8 & 1));
    } else if (strcmp(row, "FBLD") == 0) {
        for (unsigned k = 0; k < 9; k++) {
            out[k] =
                (uint8_t)((test_random(seed) >> 3) % 10 << 4 | (test_random(seed) >> 3) % 10);
        }
    }
    if ((r & 0xF0) == 0 && strstr(row, "m32")) { /* infinities, NaNs, denormals */
        store_le32(out, (r & 0x100 ? 0x7F800000u : 0) | (r & 0x80000000u) |
                            (test_random(seed) & 0x7FFFFF));
    } else if ((r & 0xF0) == 0 && strstr(row, "m64")) {
        store_le64(out, (r & 0x100 ? UINT64_C(0x7FF) << 52 : 0) |
                            (random64(seed) & UINT64_C(0x800FFFFFFFFFFFFF)));
    }
}

/* What FRSTOR loads. Nothing may be pending, or the instruction would trap. */
static void random_image(uint8_t image[IMAGE_SIZE], uint64_t *seed)
{
    uint32_t r = test_random(seed);
    unsigned masks = r & 1 ? 0x3F : test_random(seed) & 0x3F;
    unsigned control = masks | 0x40 | (test_random(seed) & 0xC00);
    unsigned precision = (r & 6) == 0 ? test_random(seed) >> 8 & 0x300 : 0x300;
    unsigned flags = (r & 0x30) == 0 ? test_random(seed) & masks : 0;
    memset(image, 0, IMAGE_SIZE);
    store_le32(image, control | precision | 0xFFFF0000u);
    store_le32(image + 4, flags | (test_random(seed) & 0x7F00) | 0xFFFF0000u);
    uint32_t tags = 0;
    for (unsigned k = 0; k < 8; k++) {
        tags |= (r & 0x40 ? (test_random(seed) & 3) == 0 : (test_random(seed) & 31) == 0)
                    ? 3u << 2 * k
                    : 0;
        random_number(image + 28 + 10 * k, seed);
    }
    if (r & 0x80) { /* room to push */
        unsigned top = load_le32(image + 4) >> 11 & 7;
        tags |= 3u << 2 * ((top + 7) & 7);
    }
    store_le32(image + 8, tags | 0xFFFF0000u);
    store_le32(image + 12, test_random(seed));
    store_le32(image + 16, (r & 0x7FF0000) | 0x23);
    store_le32(image + 20, test_random(seed));
    store_le32(image + 24, 0xFFFF002B);
}

/* ---- one sample */

struct sample {
    uint8_t code[40];
    unsigned insn, len; /* where the instruction stands; length of all */
    struct native_state st;
    uint8_t data[NATIVE_DATA_SIZE];
};

static void emit_abs(struct sample *s, uint8_t op, unsigned reg, uint32_t at)
{
    s->code[s->len++] = op;
    s->code[s->len++] = (uint8_t)(reg << 3 | 5);
    store_le32(s->code + s->len, NATIVE_DATA + at);
    s->len += 4;
}

static void make(struct sample *s, uint64_t *seed, const struct insn_row *row)
{
    memset(s, 0, sizeof *s);
    for (unsigned k = 0; k < 8; k++) {
        s->st.r[k] = test_random(seed);
    }
    s->st.r[4] = NATIVE_DATA + NATIVE_DATA_SIZE - 64;
    s->st.eflags = (test_random(seed) & 0x8D5) | 0x202;
    for (unsigned k = 0; k < sizeof s->data; k++) {
        s->data[k] = (uint8_t)(k * 7);
    }
    random_image(s->data + IMAGE, seed);
    random_operand(s->data + OPERAND, seed, row->name);
    if (strcmp(row->name, "FRSTOR") == 0 || strcmp(row->name, "FLDENV") == 0) {
        random_image(s->data + OPERAND, seed);
        store_le16(s->data + OPERAND, (uint16_t)test_random(seed));
        store_le16(s->data + OPERAND + 4, (uint16_t)test_random(seed));
    }
    emit_abs(s, 0xDD, 4, IMAGE); /* FRSTOR */
    s->insn = s->len;
    if (row->shape == SHAPE_MV && (test_random(seed) & 1)) {
        s->code[s->len++] = 0x66;
    }
    if (row->code == 0x9B) {
        s->code[s->len++] = 0x9B;
    } else if (row->rm == RM_MEM) {
        emit_abs(s, (uint8_t)row->code, (unsigned)row->digit, OPERAND);
    } else {
        unsigned rm = row->rm == RM_ANY ? test_random(seed) & 7 : (unsigned)row->rm;
        s->code[s->len++] = (uint8_t)row->code;
        s->code[s->len++] = (uint8_t)(0xC0u | (unsigned)row->digit << 3 | rm);
    }
    emit_abs(s, 0xDD, 6, RESULT); /* FNSAVE */
}

static void run_here(const struct sample *s, struct native_state *st)
{
    static const char *const gpr[8] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
    uint8_t nops[64];
    memset(nops, 0x90, sizeof nops);
    memcpy(nops, s->code, s->len);
    cpu_fixture_load(&fx, NATIVE_CODE, nops, sizeof nops);
    cpu_fixture_load(&fx, NATIVE_DATA, s->data, sizeof s->data);
    for (unsigned k = 0; k < 8; k++) {
        cpu_fixture_set(&fx, gpr[k], st->r[k]);
    }
    cpu_fixture_set(&fx, "eflags", (st->eflags & 0xCD5) | 0x202);
    cpu_fixture_set(&fx, "eip", NATIVE_CODE);
    cpu_run(fx.cpu, fx.tick + 3);
    for (unsigned k = 0; k < 8; k++) {
        st->r[k] = (uint32_t)cpu_fixture_get(&fx, gpr[k]);
    }
    st->eflags = (uint32_t)cpu_fixture_get(&fx, "eflags");
    ck_assert_uint_eq(cpu_fixture_get(&fx, "eip"), NATIVE_CODE + s->len);
}

/* ---- comparison */

static size_t put_image(char *text, size_t n, const char *title, const uint8_t *image)
{
    size_t at =
        (size_t)snprintf(text, n, "%s CW=%04x SW=%04x TW=%04x IP=%08x", title, load_le16(image),
                         load_le16(image + 4), load_le16(image + 8), load_le32(image + 12));
    for (unsigned k = 0; k < 8 && at < n; k++) {
        const uint8_t *r = image + 28 + 10 * k;
        at += (size_t)snprintf(text + at, n - at, " %04x.%016llx", load_le16(r + 8),
                               (unsigned long long)load_le64(r));
    }
    return at;
}

static void describe(const struct sample *s, const struct insn_row *row, const uint8_t *there,
                     char *text, size_t n)
{
    size_t at = (size_t)snprintf(text, n, "%s (", row->name);
    for (unsigned k = s->insn; k < s->len - 6; k++) {
        at += (size_t)snprintf(text + at, n - at, "%02X ", s->code[k]);
    }
    at += (size_t)snprintf(text + at, n - at, ") operand %04x.%016llx\n",
                           load_le16(s->data + OPERAND + 8),
                           (unsigned long long)load_le64(s->data + OPERAND));
    at += put_image(text + at, n - at, "before  ", s->data + IMAGE);
    at += (size_t)snprintf(text + at, n - at, "\n");
    at += put_image(text + at, n - at, "here    ", data_ram->bytes + RESULT);
    at += (size_t)snprintf(text + at, n - at, "\n");
    put_image(text + at, n - at, "natively", there + RESULT);
}

static bool transcendental(const struct insn_row *row)
{
    static const char *const names[] = {"F2XM1",  "FYL2X",   "FYL2XP1", "FPTAN",
                                        "FPATAN", "FSINCOS", "FSIN",    "FCOS"};
    for (unsigned k = 0; k < ARRAY_LEN(names); k++) {
        if (strcmp(row->name, names[k]) == 0) {
            return true;
        }
    }
    return false;
}

/* Close enough for a function of which the manual promises one unit in the last place. */
static bool near_enough(const uint8_t *a, const uint8_t *b)
{
    uint64_t x = load_le64(a), y = load_le64(b), d = x > y ? x - y : y - x;
    int e = (int)load_le16(a + 8) - (int)load_le16(b + 8);
    return (e == 0 && d <= 2) || ((e == 1 || e == -1) && (d <= 2 || d + 4 > UINT64_C(1) << 63));
}

static void forget(uint8_t *image, unsigned at, unsigned n)
{
    memset(image + at, 0, n);
}

static void forget_what_differs(uint8_t *image)
{
    forget(image, 16, 12); /* FCS, FOP, FDP, FDS */
}

static void compare(const struct sample *s, const struct insn_row *row)
{
    static uint8_t here[NATIVE_DATA_SIZE], there[NATIVE_DATA_SIZE];
    char text[2000];
    struct native_state a = s->st, b = s->st;
    memcpy(native_data(), s->data, sizeof s->data);
    ck_assert_int_eq(native_run(s->code, s->len, &a), NATIVE_NEXT);
    memcpy(there, native_data(), sizeof there);
    run_here(s, &b);
    memcpy(here, data_ram->bytes, sizeof here);
    describe(s, row, there, text, sizeof text);
    ck_assert_msg(memcmp(a.r, b.r, sizeof a.r) == 0, "%s\ngeneral registers, EAX %x and %x",
                  text, b.r[0], a.r[0]);
    ck_assert_msg(((a.eflags ^ b.eflags) & FL_ARITH) == 0, "%s\nflags %x, natively %x", text,
                  b.eflags & FL_ARITH, a.eflags & FL_ARITH);
    forget_what_differs(here + RESULT);
    forget_what_differs(there + RESULT);
    if (row->digit == 6 && row->rm == RM_MEM && (row->code == 0xD9 || row->code == 0xDD)) {
        bool wide = s->code[s->insn] != 0x66; /* FNSTENV, FNSAVE: another environment */
        forget(here + OPERAND, wide ? 16 : 8, wide ? 12 : 6);
        forget(there + OPERAND, wide ? 16 : 8, wide ? 12 : 6);
    }
    if (transcendental(row)) {
        for (unsigned k = 0; k < 8; k++) {
            unsigned at = RESULT + 28 + 10 * k;
            if (near_enough(here + at, there + at)) {
                memcpy(here + at, there + at, 10);
                memcpy(here + RESULT + 8, there + RESULT + 8, 2); /* zero or denormal */
            }
        }
        unsigned sloppy = X87_C1 | FX_PE;
        store_le16(here + RESULT + 4, (uint16_t)(load_le16(here + RESULT + 4) & ~sloppy));
        store_le16(there + RESULT + 4, (uint16_t)(load_le16(there + RESULT + 4) & ~sloppy));
    }
    for (unsigned k = 0; memcmp(here, there, sizeof here) != 0; k++) {
        ck_assert_msg(here[k] == there[k], "%s\nbyte %x is %02x, natively %02x", text, k,
                      here[k], there[k]);
    }
}

START_TEST(every_row)
{
    const char *env = getenv("TERRAPIN_NATIVE_ROUNDS");
    unsigned rounds = env ? (unsigned)atoi(env) : ROUNDS;
    uint64_t seed = 7 + (uint64_t)_i;
    const struct insn_row *row = &insn_rows[_i];
    static struct sample s;
    if (!native) {
        puts("native referee: this host cannot run 32-bit x86 code; nothing compared");
        return;
    }
    if (!row->x87) {
        return;
    }
    flat_user_enter(&fx, NATIVE_CODE);
    for (unsigned k = 0; k < rounds; k++) {
        make(&s, &seed, row);
        compare(&s, row);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("native_x87");
    TCase *tc = tcase_create("native_x87");
    tcase_set_timeout(tc, 240);
    tcase_add_unchecked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, every_row, 1, I_COUNT);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
