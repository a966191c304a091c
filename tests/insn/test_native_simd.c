/* tests/insn/test_native_simd.c -- MMX and SSE instructions against the host's own.
 *
 * For every INSV row of insn.def: random registers, masks, rounding and flushing through
 * FXRSTOR, one instruction, and FXSAVE; natively and on the bare CPU in ring 3. Compared are
 * the two images, memory, general registers and EFLAGS; after an exception, which one it was,
 * and MXCSR.
 *
 * Not compared: FCS and FDS (present processors store 0). Hosts that cannot run 32-bit code
 * pass with a line that says so.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/flags.h"
#include "cpu/simd.h"
#include "tests/support/board_fixture.h"
#include "tests/support/flat_user.h"
#include "tests/support/native.h"

enum {
    ROUNDS = 400,
    OPERAND = 0x100,
    IMAGE = 0x800,
    RESULT = 0xC00,
    QUIET = 0x7F0, /* a value of MXCSR */
    IMAGE_SIZE = 512,
    WRITTEN = 288, /* what FXSAVE fills in 32-bit mode */
};
static const char model[] = "pentium4";

static struct decode_map map;
static struct cpu_fixture fx;
static struct ram *code_ram, *data_ram;
static bool native, xmm;

static void setup(void)
{
    struct error err;
    native = native_init();
    cpu_fixture_init(&fx, &(struct cpu_config){.model = model});
    decode_map_init(&map, fx.cpu->features);
    xmm = fx.cpu->features & FEAT_SSE;
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

static void enter(void)
{
    flat_user_enter(&fx, NATIVE_CODE);
    cpu_fixture_set(&fx, "cr0", cpu_fixture_get(&fx, "cr0") | 0x40020); /* AM, NE */
    if (xmm) {
        cpu_fixture_set(&fx, "cr4", 0x600);
    }
}

/* ---- interesting contents */

static uint64_t random64(uint64_t *seed)
{
    return (uint64_t)test_random(seed) << 32 | test_random(seed);
}

static uint32_t random_single(uint64_t *seed)
{
    static const uint32_t corner[] = {
        0,          0x80000000, 0x3F800000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001,
        0xFFBFFFFF, 0xFFC12345, 1,          0x807FFFFF, 0x00800000, 0x7F7FFFFF, 0x00800001,
        0x4B000000, 0x4F000000, 0xCF000000, 0x34000000, 0x00400000, 0x5F000000};
    uint32_t r = test_random(seed);
    switch (r & 7) {
    case 0: return test_random(seed);
    case 1:
    case 2: return corner[(r >> 8) % ARRAY_LEN(corner)] ^ (r >> 20 & 1 ? 1u << 31 : 0);
    case 3: /* few bits: exact results */
        return (r & 0x80000000u) | (120 + (r >> 8 & 15)) << 23 | (r >> 12 & 7) << 20;
    case 4: return (r & 0x80000000u) | (r >> 8 & 0x3F) << 23 | (test_random(seed) & 0x7FFFFF);
    case 5:
        return (r & 0x80000000u) | (0xC0 + (r >> 8 & 0x3F)) << 23 |
               (test_random(seed) & 0x7FFFFF);
    default:
        return (r & 0x80000000u) | (125 + (r >> 8 & 7)) << 23 |
               (test_random(seed) & 0x7FFFFF & ~0u << (r >> 16 & 15));
    }
}

static uint64_t random_double(uint64_t *seed)
{
    static const uint64_t corner[] = {0,
                                      UINT64_C(0x3FF0000000000000),
                                      UINT64_C(0x7FF0000000000000),
                                      UINT64_C(0x7FF8000000000000),
                                      UINT64_C(0x7FF0000000000001),
                                      UINT64_C(0x7FF7FFFFFFFFFFFF),
                                      UINT64_C(0x7FFC123456789ABC),
                                      1,
                                      UINT64_C(0x000FFFFFFFFFFFFF),
                                      UINT64_C(0x0010000000000000),
                                      UINT64_C(0x7FEFFFFFFFFFFFFF),
                                      UINT64_C(0x41E0000000000000),
                                      UINT64_C(0x41DFFFFFFFE00000),
                                      UINT64_C(0x36A0000000000000),
                                      UINT64_C(0x3810000000000000),
                                      UINT64_C(0x380FFFFFFFFFFFFF),
                                      UINT64_C(0x47EFFFFFF0000000),
                                      UINT64_C(0x47EFFFFFE0000000),
                                      UINT64_C(0x47F0000000000000),
                                      UINT64_C(0x4330000000000000)};
    uint32_t r = test_random(seed);
    uint64_t sign = (uint64_t)(r >> 31) << 63;
    uint64_t fraction = random64(seed) & UINT64_C(0xFFFFFFFFFFFFF);
    switch (r & 7) {
    case 0: return random64(seed);
    case 1:
    case 2: return sign | corner[(r >> 8) % ARRAY_LEN(corner)];
    case 3:
        return sign | (uint64_t)(1016 + (r >> 8 & 15)) << 52 | (uint64_t)(r >> 12 & 7) << 49;
    case 4: return sign | (uint64_t)(r >> 8 & 0x3FF) << 52 | fraction;
    case 5: return sign | (uint64_t)(0x400 + (r >> 8 & 0x3FF)) << 52 | fraction;
    case 6:
        return sign | (uint64_t)(870 + (r >> 8 & 0x1F)) << 52 | fraction; /* small singles */
    default:
        return sign | (uint64_t)(1021 + (r >> 8 & 15)) << 52 |
               (fraction & ~UINT64_C(0) << (r >> 16 & 31));
    }
}

static uint64_t random_lanes(uint64_t *seed, uint32_t kind)
{
    switch (kind & 3) {
    case 0: return random_single(seed) | (uint64_t)random_single(seed) << 32;
    case 1: return random_double(seed);
    case 2: { /* bytes at the edges */
        uint64_t v = random64(seed), m = random64(seed);
        return (v & m) | (v & ~m & UINT64_C(0x8080808080808080)) |
               (m & UINT64_C(0x7F7F7F7F7F7F7F7F));
    }
    default: return random64(seed) >> (test_random(seed) & 63);
    }
}

static uint32_t random_mxcsr(uint64_t *seed)
{
    uint32_t r = test_random(seed), v = r & 0x6000;
    v |= r & 3 ? 0x1F80 : test_random(seed) & 0x1F80;
    v |= r & 0x300 ? 0 : MXCSR_FTZ;
    v |= r & 0xC00 ? 0 : MXCSR_DAZ;
    return v | ((r & 0x30000) == 0 ? test_random(seed) & 0x3F : 0);
}

/* What FXRSTOR loads. No x87 exception is pending, or MMX instructions would trap. */
static void random_image(uint8_t image[IMAGE_SIZE], uint64_t *seed)
{
    uint32_t kind = test_random(seed);
    memset(image, 0, IMAGE_SIZE);
    store_le16(image, 0x37F);
    store_le16(image + 2, (uint16_t)(test_random(seed) & 0x7F3F));
    image[4] = (uint8_t)test_random(seed);
    store_le16(image + 6, (uint16_t)(test_random(seed) & 0x7FF));
    store_le32(image + 8, test_random(seed));
    store_le32(image + 16, test_random(seed));
    store_le32(image + 24, random_mxcsr(seed));
    for (unsigned k = 0; k < 8; k++) {
        store_le64(image + 32 + 16 * k, random_lanes(seed, kind));
        store_le16(image + 40 + 16 * k, (uint16_t)test_random(seed));
        store_le64(image + 160 + 16 * k, random_lanes(seed, kind));
        store_le64(image + 168 + 16 * k, random_lanes(seed, kind));
    }
}

/* ---- one sample */

struct sample {
    uint8_t code[80];
    unsigned insn, end, len; /* where the instruction stands and ends; length of all … */
    unsigned steps;          /* … in instructions */
    struct native_state st;
    uint8_t data[NATIVE_DATA_SIZE];
};

static void emit_abs(struct sample *s, unsigned reg, uint32_t at)
{
    s->code[s->len++] = (uint8_t)(reg << 3 | 5);
    store_le32(s->code + s->len, NATIVE_DATA + at);
    s->len += 4;
}

static void emit_state(struct sample *s, unsigned digit, uint32_t at) /* FXSAVE … */
{
    s->code[s->len++] = 0x0F;
    s->code[s->len++] = 0xAE;
    emit_abs(s, digit, at);
}

static void emit_row(struct sample *s, uint64_t *seed, const struct insn_row *row,
                     bool spare_esp)
{
    static const uint8_t prefix[] = {0, 0x66, 0xF3, 0xF2};
    uint32_t r = test_random(seed);
    bool memory = (row->props & MEM) || (!(row->props & REG) && (r & 1));
    unsigned reg = row->digit >= 0 ? (unsigned)row->digit : r >> 4 & 7;
    if (spare_esp && row->digit < 0 && reg == 4) {
        reg = 5;
    }
    uint32_t at = OPERAND + (r >> 8 & 7 ? 0 : r >> 16 & 15);
    if (row->prefix != PREFIX_NP) {
        s->code[s->len++] = prefix[row->prefix];
    }
    s->code[s->len++] = 0x0F;
    s->code[s->len++] = (uint8_t)row->code;
    if (row->operands == OPN_none) {
        return;
    }
    if (memory) {
        emit_abs(s, reg, at);
    } else {
        s->code[s->len++] = (uint8_t)(0xC0u | reg << 3 | (r >> 12 & 7));
    }
    if (row->operands == OPN_RMIb) {
        s->code[s->len++] = (uint8_t)(test_random(seed) & (r >> 20 & 3 ? 31 : 255));
    }
}

/* PUSHFD; OR or AND DWORD [ESP], mask; POPFD */
static void emit_flags(struct sample *s, uint8_t op, uint32_t mask)
{
    static const uint8_t begin[] = {0x9C, 0x81, 0, 0x24};
    memcpy(s->code + s->len, begin, sizeof begin);
    s->code[s->len + 2] = op;
    store_le32(s->code + s->len + 4, mask);
    s->code[s->len + 8] = 0x9D;
    s->len += 9;
}

static void make(struct sample *s, uint64_t *seed, const struct insn_row *row)
{
    uint32_t kind = test_random(seed);
    memset(s, 0, sizeof *s);
    for (unsigned k = 0; k < 8; k++) {
        s->st.r[k] = (uint32_t)random_lanes(seed, kind);
    }
    s->st.r[7] = NATIVE_DATA + OPERAND + (test_random(seed) & 15);
    s->st.eflags = (test_random(seed) & 0x8D5) | 0x202;
    for (unsigned k = 0; k < sizeof s->data; k++) {
        s->data[k] = (uint8_t)(k * 7);
    }
    store_le32(s->data + QUIET, MXCSR_RESET);
    random_image(s->data + IMAGE, seed);
    for (unsigned k = 0; k < 32; k += 8) {
        store_le64(s->data + OPERAND + k, random_lanes(seed, kind));
    }
    if (row->needs == NEEDS_FXSR) {
        random_image(s->data + OPERAND, seed);
    } else if (strcmp(row->name, "LDMXCSR") == 0 && (kind & 16)) {
        store_le32(s->data + OPERAND, random_mxcsr(seed));
    }
    emit_state(s, 1, IMAGE);                                /* FXRSTOR */
    bool check = !(row->props & REG) && (kind & 0x60) == 0; /* alignment: EFLAGS.AC */
    if (check) {
        s->st.r[4] = NATIVE_DATA + NATIVE_DATA_SIZE - 64;
        emit_flags(s, 0x0C, FL_AC);
    }
    s->insn = s->len;
    emit_row(s, seed, row, check);
    s->end = s->len;
    if (check) {
        emit_flags(s, 0x24, ~(uint32_t)FL_AC);
    }
    emit_state(s, 0, RESULT); /* FXSAVE */
    s->code[s->len++] = 0xDB; /* FNINIT */
    s->code[s->len++] = 0xE3;
    emit_state(s, 2, QUIET); /* LDMXCSR */
    s->steps = check ? 11 : 5;
}

/* ---- the two sides */

static enum native_result run_there(const struct sample *s, struct native_state *st)
{
    enum native_result result;
    memcpy(native_data(), s->data, sizeof s->data);
    result = native_run(s->code, s->len, st);
    if (result != NATIVE_NEXT) { /* MXCSR is as the exception left it */
        struct sample after = {.len = 0};
        struct native_state idle = {.eflags = 0x202};
        emit_state(&after, 3, RESULT + 24); /* STMXCSR */
        after.code[after.len++] = 0xDB;
        after.code[after.len++] = 0xE3;
        emit_state(&after, 2, QUIET);
        native_run(after.code, after.len, &idle);
    }
    return result;
}

static enum native_result run_here(const struct sample *s, struct native_state *st)
{
    static const char *const gpr[8] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
    uint8_t nops[128];
    memset(nops, 0x90, sizeof nops);
    memcpy(nops, s->code, s->len);
    cpu_fixture_load(&fx, NATIVE_CODE, nops, sizeof nops);
    cpu_fixture_load(&fx, NATIVE_DATA, s->data, sizeof s->data);
    for (unsigned k = 0; k < 8; k++) {
        cpu_fixture_set(&fx, gpr[k], st->r[k]);
    }
    cpu_fixture_set(&fx, "eflags", (st->eflags & 0xCD5) | 0x202);
    cpu_fixture_set(&fx, "eip", NATIVE_CODE);
    cpu_run(fx.cpu, fx.tick + s->steps);
    for (unsigned k = 0; k < 8; k++) {
        st->r[k] = (uint32_t)cpu_fixture_get(&fx, gpr[k]);
    }
    st->eflags = (uint32_t)cpu_fixture_get(&fx, "eflags");
    uint32_t eip = (uint32_t)cpu_fixture_get(&fx, "eip");
    if (eip - FLAT_USER_HALT <= 0x20) { /* behind the HLT */
        eip--;
        store_le32(data_ram->bytes + RESULT + 24, fx.cpu->mxcsr);
        enter();
        return eip == FLAT_USER_HALT + EXC_XM   ? NATIVE_DE
               : eip == FLAT_USER_HALT + EXC_UD ? NATIVE_UD
                                                : NATIVE_FAULT;
    }
    ck_assert_uint_eq(eip, NATIVE_CODE + s->len);
    return NATIVE_NEXT;
}

/* ---- comparison */

static size_t put_bytes(char *text, size_t n, const uint8_t *bytes)
{
    return (size_t)snprintf(text, n, " %016llx.%016llx",
                            (unsigned long long)load_le64(bytes + 8),
                            (unsigned long long)load_le64(bytes));
}

static size_t put_image(char *text, size_t n, const char *title, const uint8_t *image,
                        bool mmx_row)
{
    size_t at = (size_t)snprintf(text, n, "\n%s SW=%04x TW=%02x MXCSR=%04x", title,
                                 load_le16(image + 2), image[4], load_le16(image + 24));
    for (unsigned k = 0; k < 8 && at < n; k++) {
        at += put_bytes(text + at, n - at, image + (mmx_row ? 32 : 160) + 16 * k);
    }
    return at;
}

static void describe(const struct sample *s, const struct insn_row *row, const uint8_t *there,
                     char *text, size_t n)
{
    bool mmx_row = row->needs == NEEDS_MMX;
    size_t at = (size_t)snprintf(text, n, "%s (", row->name);
    for (unsigned k = s->insn; k < s->end; k++) {
        at += (size_t)snprintf(text + at, n - at, "%02X ", s->code[k]);
    }
    at += (size_t)snprintf(text + at, n - at, ") operand");
    at += put_bytes(text + at, n - at, s->data + OPERAND);
    at += put_image(text + at, n - at, "before  ", s->data + IMAGE, mmx_row);
    at += put_image(text + at, n - at, "here    ", data_ram->bytes + RESULT, mmx_row);
    put_image(text + at, n - at, "natively", there + RESULT, mmx_row);
}

/* FCS, FDS; without XMM registers all from MXCSR on. */
static void forget_what_differs(uint8_t *image)
{
    memset(image + 12, 0, 4);
    memset(image + 20, 0, 4);
    memset(image + (xmm ? WRITTEN : 24), 0, xmm ? IMAGE_SIZE - WRITTEN : 8);
    if (!xmm) {
        memset(image + 160, 0, IMAGE_SIZE - 160);
    }
}

static void compare(const struct sample *s, const struct insn_row *row)
{
    static uint8_t here[NATIVE_DATA_SIZE], there[NATIVE_DATA_SIZE];
    char text[2400];
    struct native_state a = s->st, b = s->st;
    enum native_result result_a = run_there(s, &a);
    memcpy(there, native_data(), sizeof there);
    enum native_result result_b = run_here(s, &b);
    memcpy(here, data_ram->bytes, sizeof here);
    describe(s, row, there, text, sizeof text);
    ck_assert_msg(result_a == result_b, "%s\noutcome %d, natively %d", text, (int)result_b,
                  (int)result_a);
    if (result_a != NATIVE_NEXT) {
        ck_assert_msg(!xmm || load_le32(here + RESULT + 24) == load_le32(there + RESULT + 24),
                      "%s\nMXCSR after the exception", text);
        return;
    }
    ck_assert_msg(memcmp(a.r, b.r, sizeof a.r) == 0, "%s\ngeneral registers", text);
    ck_assert_msg(((a.eflags ^ b.eflags) & FL_ARITH) == 0, "%s\nflags %x, natively %x", text,
                  b.eflags & FL_ARITH, a.eflags & FL_ARITH);
    forget_what_differs(here + RESULT);
    forget_what_differs(there + RESULT);
    if (strcmp(row->name, "FXSAVE") == 0) {
        unsigned at = load_le32(s->code + s->insn + 3) - NATIVE_DATA;
        forget_what_differs(here + at);
        forget_what_differs(there + at);
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
    uint64_t seed = 11 + (uint64_t)_i;
    const struct insn_row *row = &insn_rows[_i];
    static struct sample s;
    if (!native) {
        puts("native referee: this host cannot run 32-bit x86 code; nothing compared");
        return;
    }
    if (!row->simd || (row->feature & ~fx.cpu->features)) {
        return;
    }
    enter();
    for (unsigned k = 0; k < rounds; k++) {
        make(&s, &seed, row);
        compare(&s, row);
    }
}
END_TEST

/* A code of these instructions with a prefix, ModRM.reg or form that the table does not know is
 * #UD, but for what came later: XSAVE and others at 0F AE. */
static void try_undefined(unsigned code, unsigned prefix, bool mem, unsigned digit)
{
    static const uint8_t prefixes[] = {0x3E, 0x66, 0xF3, 0xF2};
    uint8_t bytes[16] = {prefixes[prefix], 0x0F, (uint8_t)code};
    struct native_state st = {.eflags = 0x202};
    struct insn u;
    struct insn_cold cold;
    unsigned n = 3;
    bytes[n++] = (uint8_t)(mem ? digit << 3 | 5 : 0xC1 | digit << 3);
    if (mem) {
        store_le32(bytes + n, NATIVE_DATA + OPERAND);
        n += 4;
    }
    bytes[n++] = 1;
    for (unsigned k = 0; k < 8; k++) {
        st.r[k] = NATIVE_DATA + IMAGE;
    }
    uint32_t mode = MODE_CODE32 | MODE_STACK32 | MODE_PROT | MODE_FPU | MODE_SSE;
    if (decode(&map, mode, bytes, 15, 0, &u, &cold) == DECODE_OK && cold.id == I_NONE) {
        ck_assert_msg(native_run(bytes, n, &st) == NATIVE_UD, "%02X 0F %02X %02X is defined",
                      bytes[0], code, bytes[3]);
    }
}

START_TEST(undefined_codes)
{
    for (unsigned code = 0; native && code < 256; code++) {
        for (unsigned k = 0; map.simd[code] && code != 0xAE && k < 64; k++) {
            try_undefined(code, k & 3, k >> 2 & 1, k >> 3);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("native_simd");
    TCase *tc = tcase_create("native_simd");
    tcase_set_timeout(tc, 240);
    tcase_add_unchecked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, every_row, 1, I_COUNT);
    tcase_add_test(tc, undefined_codes);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
