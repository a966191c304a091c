/* tests/unit/test_decode.c -- the opcode map and the decoder; lengths against Zydis where
 * present. */
#include <check.h>
#include <string.h>

#include "cpu/decode.h"
#include "tests/support/board_fixture.h"

#ifdef TERRAPIN_TEST_ZYDIS
#include <Zydis/Zydis.h>
#endif

enum { ALL_FEATURES = -1 };
enum { CODE16 = 0, CODE32 = MODE_CODE32 | MODE_STACK32 | MODE_PROT };
enum { SSE32 = CODE32 | MODE_FPU | MODE_SSE };
enum { FPU32 = CODE32 | MODE_FPU, ERROR32 = FPU32 | MODE_FPU_ERROR };

static struct decode_map map;

static void setup(void)
{
    decode_map_init(&map, (uint32_t)ALL_FEATURES);
}

static enum decode_result one(uint32_t mode, const uint8_t *bytes, unsigned n, struct insn *u,
                              struct insn_cold *cold)
{
    return decode(&map, mode, bytes, n, 0, u, cold);
}

static const struct {
    const char *bytes;
    uint8_t n;
    uint32_t mode;
    const char *row;
    uint8_t len;
} cases[] = {
    {"\x01\xD8", 2, CODE16, "ADD_EvGv", 2},
    {"\x66\x67\x8B\x44\x24\x08", 6, CODE16, "MOV_GvEv", 6},
    {"\x8B\x44\x24\x08", 4, CODE32, "MOV_GvEv", 4},
    {"\x8B\x04\x25\x00\x10\x00\x00", 7, CODE32, "MOV_GvEv", 7},
    {"\x81\xC0\x78\x56\x34\x12", 6, CODE32, "ADD_EvIz", 6},
    {"\x83\xC0\xFF", 3, CODE32, "ADD_EvIb", 3},
    {"\x0F\x01\x15\x00\x10\x00\x00", 7, CODE32, "LGDT", 7},
    {"\x0F\x01\xD0", 3, CODE32, "UNDEFINED", 3}, /* LGDT of a register */
    {"\xF0\x01\x03", 3, CODE32, "ADD_EvGv", 3},  /* LOCK ADD [EBX], EAX */
    {"\xF0\x01\xC3", 3, CODE32, "UNDEFINED", 3}, /* LOCK with a register */
    {"\xF0\x8B\x03", 3, CODE32, "UNDEFINED", 3}, /* LOCK MOV */
    {"\x8E\xC8", 2, CODE16, "UNDEFINED", 2},     /* MOV CS, AX */
    {"\x8C\xF0", 2, CODE16, "UNDEFINED", 2},     /* MOV AX, segment 6 */
    {"\x8C\xD8", 2, CODE16, "MOV_EvSw_real", 2},
    {"\x8C\xD8", 2, CODE32, "MOV_EvSw", 2},
    {"\x63\xC0", 2, CODE16, "UNDEFINED", 2},     /* ARPL in real mode */
    {"\x0F\x02\xC1", 3, CODE16, "UNDEFINED", 3}, /* LAR in real mode */
    {"\x0F\x02\xC1", 3, CODE32, "LAR", 3},
    {"\x8D\xC0", 2, CODE32, "UNDEFINED", 2}, /* LEA of a register */
    {"\xEA\x00\x7C\x00\x00", 5, CODE16, "JMP_Ap_real", 5},
    {"\xC8\x10\x00\x01", 4, CODE16, "ENTER", 4},
    {"\xA1\x34\x12", 3, CODE16, "MOV_AXOv", 3},
    {"\x67\xA1\x34\x12\x00\x00", 6, CODE16, "MOV_AXOv", 6},
    {"\x0F\xC7\x0E\x00\x10", 5, CODE16, "CMPXCHG8B_M", 5},
    {"\x0F\x1F\x40\x00", 4, CODE32, "NOP_Ev_0", 4},
    {"\xD9\x45\x08", 3, CODE32, "ESC_D9", 3}, /* nothing executes: CR0.EM or TS */
    {"\xD9\x45\x08", 3, FPU32, "FLD_m32", 3},
    {"\xD9\x45\x08", 3, ERROR32, "ESC_D9", 3}, /* waits, for an exception is pending */
    {"\xD9\x7D\x08", 3, ERROR32, "FNSTCW", 3},
    {"\xDB\xE3", 2, ERROR32, "FNINIT", 2},
    {"\xDB\xE3", 2, CODE32, "ESC_DB", 2},
    {"\x9B", 1, CODE32, "WAIT", 1},
    {"\x9B", 1, FPU32, "FWAIT", 1},
    {"\x9B", 1, ERROR32, "WAIT", 1},
    {"\xDC\xE1", 2, FPU32, "FSUBR_STi_ST", 2}, /* DC E0: the mnemonics change sides */
    {"\xD8\xE1", 2, FPU32, "FSUB_ST_STi", 2},
    {"\xDE\xD9", 2, FPU32, "FCOMPP", 2},
    {"\xDE\xD8", 2, FPU32, "UNDEFINED", 2},
    {"\xD9\xD1", 2, FPU32, "UNDEFINED", 2},
    {"\xDB\x20", 2, FPU32, "UNDEFINED", 2},
    {"\xDF\xE0", 2, FPU32, "FNSTSW_AX", 2},
    {"\xDF\xE1", 2, FPU32, "UNDEFINED", 2},
    {"\xF0\xD8\x00", 3, FPU32, "UNDEFINED", 3}, /* LOCK */
    {"\x0F\xFC\xC1", 3, FPU32, "PADDB_PQ", 3},
    {"\x0F\xFC\xC1", 3, CODE32, "PADDB_PQ", 3}, /* traps */
    {"\xF2\x0F\xFC\xC1", 4, SSE32, "UNDEFINED", 4},
    {"\x0F\x71\xD1\x05", 4, FPU32, "PSRLW_NIb", 4},
    {"\x0F\x71\x11\x05", 4, FPU32, "UNDEFINED", 3},
    {"\x0F\xAE\x38", 3, CODE32, "CLFLUSH", 3}, /* one code, two instructions */
    {"\x0F\xAE\xF8", 3, CODE32, "SFENCE", 3},
    {"\x0F\xAE\x20", 3, CODE32, "UNDEFINED", 3},
    {"\x0F\x77", 2, FPU32, "EMMS", 2},
    {"\xF0\x0F\x6F\x00", 4, FPU32, "UNDEFINED", 4},
    {"\xD9\x2E\x00\x10", 4, MODE_FPU, "FLDCW", 4},
};

START_TEST(rows_and_lengths)
{
    for (unsigned k = 0; k < ARRAY_LEN(cases); k++) {
        struct insn u;
        struct insn_cold cold;
        enum decode_result r =
            one(cases[k].mode, (const uint8_t *)cases[k].bytes, cases[k].n, &u, &cold);
        ck_assert_msg(r == DECODE_OK, "case %u: result %d", k, (int)r);
        ck_assert_str_eq(insn_rows[cold.id].name, cases[k].row);
        ck_assert_uint_eq(cold.len, cases[k].len);
        ck_assert_uint_eq(u.next, cases[k].len);
    }
}
END_TEST

START_TEST(cut_off_and_too_long)
{
    static const uint8_t mov[] = {0x81, 0x84, 0x24, 1, 2, 3, 4, 5, 6, 7, 8};
    struct insn u;
    struct insn_cold cold;
    for (unsigned n = 0; n < sizeof mov; n++) {
        ck_assert_int_eq(one(CODE32, mov, n, &u, &cold), DECODE_SHORT);
    }
    ck_assert_int_eq(one(CODE32, mov, sizeof mov, &u, &cold), DECODE_OK);
    uint8_t prefixed[16];
    memset(prefixed, 0x26, sizeof prefixed);
    prefixed[14] = 0x90; /* 15 bytes: the longest there is */
    ck_assert_int_eq(one(CODE32, prefixed, 15, &u, &cold), DECODE_OK);
    prefixed[14] = 0x26;
    ck_assert_int_eq(one(CODE32, prefixed, 15, &u, &cold), DECODE_LONG);
}
END_TEST

START_TEST(model_decides_rows)
{
    static struct decode_map old;
    struct insn u;
    struct insn_cold cold;
    decode_map_init(&old, FEAT_BASE);
    const uint8_t cpuid[] = {0x0F, 0xA2}, bswap[] = {0x0F, 0xC8}, cmov[] = {0x0F, 0x44, 0xC1};
    const struct {
        const uint8_t *bytes;
        unsigned n;
    } codes[] = {{cpuid, 2}, {bswap, 2}, {cmov, 3}};
    for (unsigned k = 0; k < ARRAY_LEN(codes); k++) {
        ck_assert_int_eq(decode(&old, CODE32, codes[k].bytes, codes[k].n, 0, &u, &cold),
                         DECODE_OK);
        ck_assert_uint_eq(cold.id, I_NONE);
        ck_assert_int_eq(one(CODE32, codes[k].bytes, codes[k].n, &u, &cold), DECODE_OK);
        ck_assert_uint_ne(cold.id, I_NONE);
    }
}
END_TEST

/* Each code has at most one row a mode; the table's groups are complete or knowingly not. */
START_TEST(no_two_rows_for_one_code)
{
    for (unsigned x = 1; x < I_COUNT; x++) {
        for (unsigned y = x + 1; y < I_COUNT; y++) {
            const struct insn_row *a = &insn_rows[x], *b = &insn_rows[y];
            bool forms = a->rm == b->rm || (a->rm == RM_ANY && b->rm != RM_MEM) ||
                         (b->rm == RM_ANY && a->rm != RM_MEM);
            bool halves =
                (a->props & MEM && b->props & REG) || (a->props & REG && b->props & MEM);
            if (a->simd && (halves || a->prefix != b->prefix)) {
                continue;
            }
            bool same = a->code == b->code && a->real == b->real && a->x87 == b->x87 && forms &&
                        (a->digit == b->digit || a->digit < 0 || b->digit < 0);
            ck_assert_msg(!same, "%s and %s", a->name, b->name);
        }
    }
}
END_TEST

/* Robin & Irvine's list, by mnemonic, plus what the textbooks add: IRET and the far-pointer
 * loads. */
START_TEST(holes_are_the_published_ones)
{
    static const char *const published[] = {"SGDT", "SIDT", "SLDT", "SMSW", "PUSHF", "POPF",
                                            "LAR",  "LSL",  "VERR", "VERW", "STR",   "PUSH_",
                                            "POP_", "MOV_", "CALL", "JMP",  "RETF",  "INT_",
                                            "IRET", "LES",  "LDS",  "LSS",  "LFS",   "LGS"};
    bool seen[ARRAY_LEN(published)] = {false};
    for (unsigned id = 1; id < I_COUNT; id++) {
        bool listed = false;
        for (unsigned k = 0; insn_rows[id].cls == CLASS_HOLE && k < ARRAY_LEN(published); k++) {
            if (strncmp(insn_rows[id].name, published[k], strlen(published[k])) == 0) {
                seen[k] = listed = true;
            }
        }
        ck_assert_msg(listed || insn_rows[id].cls != CLASS_HOLE, "%s", insn_rows[id].name);
    }
    for (unsigned k = 0; k < ARRAY_LEN(published); k++) {
        ck_assert_msg(seen[k], "no HOLE row for %s", published[k]);
    }
}
END_TEST

/* Whatever the bytes: an answer, within bounds; more bytes never change a complete answer. */
START_TEST(every_pattern_decodes)
{
    uint64_t seed = 11;
    for (unsigned k = 0; k < 400000; k++) {
        uint8_t bytes[16];
        struct insn u, v;
        struct insn_cold cold, again;
        for (unsigned n = 0; n < sizeof bytes; n++) {
            bytes[n] = (uint8_t)(test_random(&seed) >> 5);
        }
        uint32_t mode = k & 63;
        enum decode_result r = one(mode, bytes, 15, &u, &cold);
        ck_assert(r == DECODE_OK || r == DECODE_LONG);
        if (r == DECODE_OK) {
            ck_assert(cold.len >= 1 && cold.len <= 15 && cold.id < I_COUNT && u.fn != NULL);
            ck_assert(u.base < REG_SLOTS && u.index < REG_SLOTS && u.seg < SEG_COUNT);
            ck_assert_int_eq(one(mode, bytes, cold.len, &v, &again), DECODE_OK);
            ck_assert_uint_eq(again.len, cold.len);
            if (cold.id != I_NONE) {
                ck_assert_int_eq(one(mode, bytes, cold.len - 1u, &v, &again), DECODE_SHORT);
            }
        }
    }
}
END_TEST

#ifdef TERRAPIN_TEST_ZYDIS
/* An independent decoder agrees on the length of everything that we call defined. */
START_TEST(zydis_agrees)
{
    uint64_t seed = 23;
    ZydisDecoder dec[2];
    ZydisDecoderInit(&dec[0], ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
    ZydisDecoderInit(&dec[1], ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    for (unsigned k = 0; k < 400000; k++) {
        uint8_t bytes[16];
        struct insn u;
        struct insn_cold cold;
        ZydisDecodedInstruction z;
        for (unsigned n = 0; n < sizeof bytes; n++) {
            bytes[n] = (uint8_t)(test_random(&seed) >> 5);
        }
        unsigned wide = k & 1;
        uint32_t fpu = k & 2 ? MODE_FPU : 0u;
        if (one((wide ? CODE32 : MODE_PROT) | fpu, bytes, 15, &u, &cold) != DECODE_OK ||
            cold.id == I_NONE ||
            insn_rows[cold.id].operands ==
                OPN_Ev) { /* ESC and hint NOPs: Zydis knows more forms */
            continue;
        }
        if (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&dec[wide], NULL, bytes, 15, &z))) {
            ck_assert_msg(z.length == cold.len, "%s: %u bytes, not %u", insn_rows[cold.id].name,
                          cold.len, z.length);
        }
    }
}
END_TEST

static bool zydis_says_simd(const ZydisDecodedInstruction *z)
{
    switch (z->meta.isa_set) {
    case ZYDIS_ISA_SET_PENTIUMMMX:
    case ZYDIS_ISA_SET_SSE:
    case ZYDIS_ISA_SET_SSE2:
    case ZYDIS_ISA_SET_SSE2MMX:
    case ZYDIS_ISA_SET_SSE3:
    case ZYDIS_ISA_SET_SSEMXCSR:
    case ZYDIS_ISA_SET_FXSAVE:
    case ZYDIS_ISA_SET_CLFSH: return true;
    default: return false;
    }
}

/* MMX to SSE3 are complete, and there is nothing that they do not have. */
START_TEST(zydis_knows_the_same_simd)
{
    uint64_t seed = 29;
    unsigned seen = 0;
    ZydisDecoder dec;
    ZydisDecoderInit(&dec, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    for (unsigned k = 0; k < 400000; k++) {
        static const uint8_t prefix[] = {0x3E, 0x66, 0xF3, 0xF2};
        uint8_t bytes[16];
        struct insn u;
        struct insn_cold cold;
        ZydisDecodedInstruction z;
        for (unsigned n = 0; n < sizeof bytes; n++) {
            bytes[n] = (uint8_t)(test_random(&seed) >> 5);
        }
        bytes[0] = prefix[k & 3];
        bytes[1] = 0x0F;
        bool theirs = ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&dec, NULL, bytes, 15, &z)) &&
                      zydis_says_simd(&z);
        bool ours = one(SSE32, bytes, 15, &u, &cold) == DECODE_OK && insn_rows[cold.id].simd;
        ck_assert_msg(ours == theirs, "%02X 0F %02X %02X: %s %s", bytes[0], bytes[2], bytes[3],
                      ours ? insn_rows[cold.id].name : "nothing",
                      theirs ? ZydisMnemonicGetString(z.mnemonic) : "nothing");
        seen += ours;
    }
    ck_assert_uint_gt(seen, 50000);
}
END_TEST
#endif

int main(void)
{
    Suite *s = suite_create("decode");
    TCase *tc = tcase_create("decode");
    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, setup, NULL);
    tcase_add_test(tc, rows_and_lengths);
    tcase_add_test(tc, cut_off_and_too_long);
    tcase_add_test(tc, model_decides_rows);
    tcase_add_test(tc, no_two_rows_for_one_code);
    tcase_add_test(tc, holes_are_the_published_ones);
    tcase_add_test(tc, every_pattern_decodes);
#ifdef TERRAPIN_TEST_ZYDIS
    tcase_add_test(tc, zydis_agrees);
    tcase_add_test(tc, zydis_knows_the_same_simd);
#endif
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
