/* tests/insn/test_native.c -- innocuous instructions against the host's own processor.
 *
 * For every row of insn.def of class USER that a flat 32-bit program can execute: random
 * encodings, random registers and memory, run natively and on the bare CPU (ring 3, flat
 * segments), and registers, defined flags, memory and outcome compared. Undefined flags come
 * from the table, so the table's columns are tested with it. Hosts that cannot run 32-bit code
 * pass with a line that says so.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/flags.h"
#include "tests/support/flat_user.h"
#include "tests/support/native.h"
#include "tests/support/board_fixture.h"
#include "tests/support/cpu_fixture.h"

enum { ROUNDS = 400, MIDDLE = NATIVE_DATA + NATIVE_DATA_SIZE / 2 };

static struct decode_map map;
static struct cpu_fixture fx;
static struct ram *code_ram, *data_ram;
static bool native;

static const char *const gpr[8] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};

static void setup(void)
{
    struct error err;
    native = native_init();
    decode_map_init(&map, UINT32_MAX);
    cpu_fixture_init(&fx, &(struct cpu_config){.model = "pentiumpro"});
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

/* ---- one random encoding of a row */

struct sample {
    uint8_t code[16];
    unsigned len;
    struct native_state st;
};

static bool string_row(const struct insn_row *row)
{
    return row->operands == OPN_XY;
}

static bool skipped(const struct insn_row *row)
{
    bool near_call = strncmp(row->name, "CALL", 4) == 0 || strncmp(row->name, "RET", 3) == 0 ||
                     strcmp(row->name, "JMP_Ev") == 0;
    return row->cls != CLASS_USER || row->real || row->x87 || row->simd || near_call ||
           strcmp(row->name, "BSWAP_Zv") ==
               0 || /* the 16-bit form is undefined: tested below */
           (row->operands == OPN_ALOb || row->operands == OPN_AXOv);
}

/* ModRM with a memory operand inside the data, or a register. */
static void put_modrm(struct sample *s, uint64_t *seed, unsigned reg, bool memory)
{
    unsigned base = test_random(seed) & 7, form = test_random(seed) % 3;
    if (!memory) {
        s->code[s->len++] = (uint8_t)(0xC0 | reg << 3 | (test_random(seed) & 7));
        return;
    }
    if (form == 0) { /* disp32 */
        s->code[s->len++] = (uint8_t)(reg << 3 | 5);
        store_le32(s->code + s->len, MIDDLE + test_random(seed) % 64);
        s->len += 4;
        return;
    }
    if (base == 4) {
        base = 3;
    }
    s->st.r[base] = MIDDLE + test_random(seed) % 64;
    if (form == 1) { /* [base + disp8] */
        s->code[s->len++] = (uint8_t)(0x40 | reg << 3 | base);
    } else { /* [base + index * scale + disp8] */
        unsigned index = (base + 1 + test_random(seed) % 3) & 7;
        index = index == 4 ? 5 : index;
        index = index == base ? (base == 5 ? 6 : 5) : index;
        s->st.r[index] = test_random(seed) % 64;
        s->code[s->len++] = (uint8_t)(0x44 | reg << 3);
        s->code[s->len++] = (uint8_t)((test_random(seed) & 3) << 6 | index << 3 | base);
    }
    s->code[s->len++] = (uint8_t)test_random(seed);
}

static bool has_digit_or_reg(unsigned id)
{
    return map.modrm[insn_rows[id].code];
}

static bool bit_string_row(const struct insn_row *row)
{
    return strncmp(row->name, "BT", 2) == 0 && row->operands == OPN_EvGv;
}

/* Values that make interesting flags, and pointers where an instruction needs them. */
static void random_registers(struct sample *s, uint64_t *seed, const struct insn_row *row)
{
    static const uint32_t corner[] = {0,          1,          0x7F,       0x80,
                                      0xFF,       0x7FFF,     0x8000,     0xFFFF,
                                      0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x55555555};
    for (unsigned k = 0; k < 8; k++) {
        uint32_t r = test_random(seed);
        s->st.r[k] = r & 1 ? corner[(r >> 8) % ARRAY_LEN(corner)] : test_random(seed);
    }
    s->st.r[4] = MIDDLE + (test_random(seed) & 0xFC); /* ESP */
    if (string_row(row)) {
        s->st.r[1] = test_random(seed) % 40;
        s->st.r[6] = MIDDLE + test_random(seed) % 300;
        s->st.r[7] = MIDDLE + test_random(seed) % 300;
    }
    if (strncmp(row->name, "XLAT", 4) == 0) {
        s->st.r[3] = MIDDLE;
    }
    if (strncmp(row->name, "LEAVE", 5) == 0 || strncmp(row->name, "ENTER", 5) == 0) {
        s->st.r[5] = MIDDLE + (test_random(seed) & 0xFC);
    }
    for (unsigned k = 0; bit_string_row(row) && k < 8; k++) {
        if (k != 4) {
            s->st.r[k] = (uint32_t)((int32_t)(test_random(seed) % 4096) - 2048);
        }
    }
}

static bool make(struct sample *s, uint64_t *seed, unsigned id)
{
    const struct insn_row *row = &insn_rows[id];
    struct insn u;
    struct insn_cold cold;
    memset(s, 0, sizeof *s);
    random_registers(s, seed, row);
    s->st.eflags =
        (test_random(seed) & 0x8D5) | 0x202 | (string_row(row) ? test_random(seed) & 0x400 : 0);
    if (test_random(seed) % 3 == 0) {
        s->code[s->len++] = 0x66;
    }
    if (string_row(row) && strcmp(row->name, "XLAT") != 0 && (test_random(seed) & 1)) {
        s->code[s->len++] = test_random(seed) & 1 ? 0xF2 : 0xF3;
    }
    if (row->code & 0x100) {
        s->code[s->len++] = 0x0F;
    }
    unsigned low = row->operands == OPN_Zv || row->operands == OPN_ZvIv ||
                           row->operands == OPN_ZbIb || row->operands == OPN_ZvAX
                       ? test_random(seed) & 7
                       : 0;
    s->code[s->len++] = (uint8_t)(row->code + low);
    if (has_digit_or_reg(id)) {
        bool memory = (row->props & MEM) || (test_random(seed) & 1);
        unsigned reg = row->digit >= 0 ? (unsigned)row->digit : test_random(seed) & 7;
        bool far_bit = bit_string_row(row) && reg == 4; /* ESP as bit offset: out of the data */
        put_modrm(s, seed, far_bit ? 3 : reg, memory);
    }
    unsigned have = s->len;
    for (unsigned k = have; k < sizeof s->code; k++) {
        s->code[k] = (uint8_t)test_random(seed);
    }
    if (strncmp(row->name, "ENTER", 5) == 0) {
        s->code[have + 1] = 0;
        s->code[have + 2] &= 3;
    }
    if (decode(&map, MODE_CODE32 | MODE_STACK32 | MODE_PROT, s->code, 15, 0, &u, &cold) !=
            DECODE_OK ||
        cold.id != id) {
        return false;
    }
    s->len = cold.len;
    if (bit_string_row(row) && (cold.flags & CF_MEM) && (u.a == u.base || u.a == u.index)) {
        return false; /* put_modrm made a pointer of the bit offset: out of the data */
    }
    if (row->operands == OPN_Jb) {
        s->code[s->len - 1] = NATIVE_TAKEN_AT;
    } else if (row->operands == OPN_Jz) {
        if (!(cold.flags & CF_OP32)) {
            return false; /* would cut EIP to 16 bits */
        }
        store_le32(s->code + s->len - 4, NATIVE_TAKEN_AT);
    }
    return !(row->operands == OPN_Jb && !(cold.flags & CF_OP32));
}

/* ---- running it here */

static enum native_result run_here(const struct sample *s, struct native_state *st,
                                   bool *halted)
{
    uint8_t nops[64];
    memset(nops, 0x90, sizeof nops);
    memcpy(nops, s->code, s->len);
    cpu_fixture_load(&fx, NATIVE_CODE, nops, sizeof nops);
    *halted = false;
    for (unsigned k = 0; k < 8; k++) {
        cpu_fixture_set(&fx, gpr[k], st->r[k]);
    }
    cpu_fixture_set(&fx, "eflags", (st->eflags & 0xCD5) | 0x202);
    cpu_fixture_set(&fx, "eip", NATIVE_CODE);
    uint32_t eip = NATIVE_CODE;
    for (unsigned k = 0; k < 100 && eip == NATIVE_CODE;
         k++) { /* REP takes a tick an iteration */
        cpu_run(fx.cpu, fx.tick + 1);
        eip = (uint32_t)cpu_fixture_get(&fx, "eip");
    }
    for (unsigned k = 0; k < 8; k++) {
        st->r[k] = (uint32_t)cpu_fixture_get(&fx, gpr[k]);
    }
    st->eflags = (uint32_t)cpu_fixture_get(&fx, "eflags");
    if (eip >= 0x4000 && eip < 0x4020) {
        *halted = true;
        return eip == 0x4000 ? NATIVE_DE : eip == 0x4006 ? NATIVE_UD : NATIVE_FAULT;
    }
    ck_assert_msg(eip == NATIVE_CODE + s->len || eip == NATIVE_CODE + s->len + NATIVE_TAKEN_AT,
                  "eip is %x", eip);
    return eip == NATIVE_CODE + s->len ? NATIVE_NEXT : NATIVE_TAKEN;
}

static void describe(const struct sample *s, const struct insn_row *row, char *text, size_t n)
{
    size_t at = (size_t)snprintf(text, n, "%s (", row->name);
    for (unsigned k = 0; k < s->len && at < n; k++) {
        at += (size_t)snprintf(text + at, n - at, "%02X ", s->code[k]);
    }
    for (unsigned k = 0; k < 8 && at < n; k++) {
        at += (size_t)snprintf(text + at, n - at, "%s=%x ", gpr[k], s->st.r[k]);
    }
    if (at < n) {
        snprintf(text + at, n - at, "fl=%x)", s->st.eflags);
    }
}

/* Flags that the manual leaves undefined for these operands. A shift or rotate by 0 defines
 * all. */
static uint32_t undefined_flags(const struct sample *s, const struct insn_row *row)
{
    uint32_t u = row->undefined;
    bool shift = row->code == 0xC0 || row->code == 0xC1 || row->code == 0xD2 ||
                 row->code == 0xD3 || (row->code & ~8u) == 0x1A4 || (row->code & ~8u) == 0x1A5;
    if (shift) {
        bool by_cl = row->code == 0xD2 || row->code == 0xD3 || (row->code & ~8u) == 0x1A5;
        unsigned count = (by_cl ? s->st.r[1] : s->code[s->len - 1]) & 31;
        unsigned bits = row->shape == SHAPE_EB ? 8 : s->code[0] == 0x66 ? 16 : 32;
        u = count == 0 ? 0 : count == 1 ? u & ~(uint32_t)O_ : u;
        if (count > bits && row->writes == OSZAPC) {
            u |= row->code & 0x100 ? OSZAPC : C_;
        } else if (count == bits && row->shape == SHAPE_EB) {
            u |= C_;
        }
    }
    bool scan = row->code == 0x1BC || row->code == 0x1BD;
    return scan ? OSAPC : u;
}

static bool result_undefined(const struct sample *s, const struct insn_row *row)
{
    bool double16 = ((row->code & ~9u) == 0x1A4) && s->code[0] == 0x66;
    unsigned count = (row->code & 1 ? s->st.r[1] : s->code[s->len - 1]) & 31;
    return double16 && count > 16;
}

static void compare(const struct sample *s, const struct insn_row *row, uint8_t *before)
{
    char text[400];
    struct native_state there = s->st, here = s->st;
    bool halted;
    describe(s, row, text, sizeof text);
    memcpy(native_data(), before, NATIVE_DATA_SIZE);
    cpu_fixture_load(&fx, NATIVE_DATA, before, NATIVE_DATA_SIZE);
    enum native_result a = native_run(s->code, s->len, &there);
    enum native_result b = run_here(s, &here, &halted);
    ck_assert_msg(a == b, "%s: outcome %d, natively %d", text, (int)b, (int)a);
    if (a != NATIVE_NEXT && a != NATIVE_TAKEN) {
        return; /* faulting: what the handler sees is the business of the guest tests */
    }
    for (unsigned k = 0; k < 8; k++) {
        ck_assert_msg(here.r[k] == there.r[k], "%s: %s is %x, natively %x", text, gpr[k],
                      here.r[k], there.r[k]);
    }
    uint32_t mask = (FL_ARITH | FL_DF) & ~undefined_flags(s, row);
    ck_assert_msg(((here.eflags ^ there.eflags) & mask) == 0,
                  "%s: flags %03x, natively %03x (of %03x)", text, here.eflags & mask,
                  there.eflags & mask, mask);
    ck_assert_msg(memcmp(data_ram->bytes, native_data(), NATIVE_DATA_SIZE) == 0, "%s: memory",
                  text);
}

START_TEST(every_innocuous_row)
{
    const char *env = getenv("TERRAPIN_NATIVE_ROUNDS");
    unsigned rounds = env ? (unsigned)atoi(env) : ROUNDS, ran = 0;
    uint64_t seed = 99;
    static uint8_t before[NATIVE_DATA_SIZE];
    const struct insn_row *row = &insn_rows[_i];
    if (!native) {
        puts("native referee: this host cannot run 32-bit x86 code; nothing compared");
        return;
    }
    if (skipped(row)) {
        return;
    }
    flat_user_enter(&fx, NATIVE_CODE);
    for (unsigned k = 0; k < rounds; k++) {
        struct sample s;
        for (unsigned n = 0; n < sizeof before; n++) {
            before[n] = (uint8_t)(test_random(&seed) >> 7);
        }
        if (!make(&s, &seed, (unsigned)_i) || result_undefined(&s, row)) {
            continue;
        }
        compare(&s, row, before);
        ran++;
        uint64_t eip = cpu_fixture_get(&fx, "eip");
        if (eip < 0x10000) { /* it faulted: back to ring 3 */
            flat_user_enter(&fx, NATIVE_CODE);
        }
    }
    ck_assert_msg(ran > rounds / 20, "%s: only %u encodings tried", row->name, ran);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("native");
    TCase *tc = tcase_create("native");
    tcase_set_timeout(tc, 240);
    tcase_add_unchecked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, every_innocuous_row, 1, I_COUNT);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
