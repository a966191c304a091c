/* tests/vmm/test_rewrite.c -- code that changes, is read, is shared, and lies across pages; and
 * what the scanner knows of instructions. */
#include "tests/vmm/lab_run.h"
#include "vmm/flow.h"

static const char *const right[] = {"smc", "shared", "straddle"};

START_TEST(right_in_both_rings)
{
    static const unsigned rings[] = {1, 3};
    for (unsigned n = 0; n < (FEWER ? 1 : 2); n++) {
        struct lab_run r;
        lab_run_guest(&r, right[_i], STRATEGY_INTERPRET, 1, PLAIN);
        ck_assert_msg(lab_right(r.lab), "%s: %s", right[_i], r.text);
        lab_free(r.lab);
        lab_run_guest(&r, right[_i], STRATEGY_REWRITE, rings[n], PLAIN);
        ck_assert_msg(lab_right(r.lab), "%s, ring %u: %s", right[_i], rings[n], r.text);
        ck_assert_uint_eq(lab_divergences(r.lab, NULL), 0);
        lab_free(r.lab);
    }
}
END_TEST

/* The kernel that reads its own code sees the HLT; the oracle sees it read. */
START_TEST(code_as_data_is_reported)
{
    struct lab_run r;
    lab_run_guest(&r, "codedata", STRATEGY_INTERPRET, 1, PLAIN);
    ck_assert(lab_right(r.lab));
    lab_free(r.lab);
    lab_run_guest(&r, "codedata", STRATEGY_REWRITE, 1, PLAIN);
    ck_assert_int_eq(lab_exit_value(r.lab), 1);
    ck_assert_uint_eq(lab_divergences(r.lab, "(read)"), 1);
    ck_assert_uint_eq(lab_divergences(r.lab, NULL), 1);
    lab_free(r.lab);
}
END_TEST

/* ---- the scanner's view */

static const struct {
    const char *name;
    uint8_t bytes[12], len;
    bool sensitive;
    uint8_t kind, stack;
    int32_t by;
} rows[] = {
    {"nop", {0x90}, 1, false, FLOW_NEXT, STACK_BY, 0},
    {"popfd", {0x9D}, 1, true, FLOW_NEXT, STACK_BY, -4},
    {"pushfw", {0x66, 0x9C}, 2, true, FLOW_NEXT, STACK_BY, 2},
    {"push ds", {0x1E}, 1, false, FLOW_NEXT, STACK_BY, 4},
    {"push cs", {0x0E}, 1, true, FLOW_NEXT, STACK_BY, 4},
    {"mov eax, cs", {0x8C, 0xC8}, 2, true, FLOW_NEXT, STACK_BY, 0},
    {"mov eax, ds", {0x8C, 0xD8}, 2, false, FLOW_NEXT, STACK_BY, 0},
    {"smsw eax", {0x0F, 0x01, 0xE0}, 3, true, FLOW_NEXT, STACK_BY, 0},
    {"lgdt [n]", {0x0F, 0x01, 0x15, 1, 2, 3, 4}, 7, false, FLOW_NEXT, STACK_BY, 0},
    {"add esp, 8", {0x83, 0xC4, 8}, 3, false, FLOW_NEXT, STACK_BY, -8},
    {"sub esp, n", {0x81, 0xEC, 0, 1, 0, 0}, 6, false, FLOW_NEXT, STACK_BY, 0x100},
    {"mov esp, [n]", {0x8B, 0x25, 1, 2, 3, 4}, 6, false, FLOW_NEXT, STACK_LOST, 0},
    {"leave", {0xC9}, 1, false, FLOW_NEXT, STACK_FRAME, 4},
    {"lea esp, [ebp-12]", {0x8D, 0x65, 0xF4}, 3, false, FLOW_NEXT, STACK_FRAME, -12},
    {"mov [esp+4], eax", {0x89, 0x44, 0x24, 4}, 4, false, FLOW_NEXT, STACK_STORED, 4},
    {"mov eax, [esp+4]", {0x8B, 0x44, 0x24, 4}, 4, false, FLOW_NEXT, STACK_BY, 0},
    {"mov [ebx+esi*4+n], n",
     {0xC7, 0x84, 0xB3, 1, 2, 3, 4, 5, 6, 7, 8},
     11,
     false,
     FLOW_NEXT,
     STACK_BY,
     0},
    {"mov [bx+si], ax", {0x67, 0x89, 0x00}, 3, false, FLOW_NEXT, STACK_BY, 0},
    {"test bl, 1", {0xF6, 0xC3, 1}, 3, false, FLOW_NEXT, STACK_BY, 0},
    {"not bl", {0xF6, 0xD3}, 2, false, FLOW_NEXT, STACK_BY, 0},
    {"test ebx, n", {0xF7, 0xC3, 1, 2, 3, 4}, 6, false, FLOW_NEXT, STACK_BY, 0},
    {"mov cr0, eax", {0x0F, 0x22, 0xC0}, 3, false, FLOW_NEXT, STACK_BY, 0},
    {"jz", {0x74, 5}, 2, false, FLOW_BRANCH, STACK_BY, 0},
    {"jnz near", {0x0F, 0x85, 1, 2, 3, 4}, 6, false, FLOW_BRANCH, STACK_BY, 0},
    {"call", {0xE8, 1, 2, 3, 4}, 5, false, FLOW_CALL, STACK_BY, 0},
    {"jmp", {0xEB, 0xFE}, 2, false, FLOW_JUMP, STACK_BY, 0},
    {"call [eax]", {0xFF, 0x10}, 2, false, FLOW_CALL_INDIRECT, STACK_BY, 0},
    {"jmp [eax*4+n]",
     {0xFF, 0x24, 0x85, 1, 2, 3, 4},
     7,
     false,
     FLOW_JUMP_INDIRECT,
     STACK_BY,
     0},
    {"push [eax]", {0xFF, 0x30}, 2, false, FLOW_NEXT, STACK_BY, 4},
    {"ret", {0xC3}, 1, false, FLOW_RET, STACK_BY, 0},
    {"ret 8", {0xC2, 8, 0}, 3, false, FLOW_RET, STACK_BY, 0},
    {"iret", {0xCF}, 1, true, FLOW_STOP, STACK_BY, 0},
    {"jmp far", {0xEA, 1, 2, 3, 4, 8, 0}, 7, true, FLOW_STOP, STACK_BY, 0},
    {"rep movsd", {0xF3, 0xA5}, 2, false, FLOW_NEXT, STACK_BY, 0},
    {"mov al, [n]", {0xA0, 1, 2, 3, 4}, 5, false, FLOW_NEXT, STACK_BY, 0},
    {"shld", {0x0F, 0xA4, 0xC3, 4}, 4, false, FLOW_NEXT, STACK_BY, 0},
    {"enter", {0xC8, 8, 0, 0}, 4, false, FLOW_NEXT, STACK_LOST, 0},
};

START_TEST(decoded)
{
    struct flow f;
    ck_assert_msg(flow_decode(rows[_i].bytes, 12, true, &f), "%s", rows[_i].name);
    ck_assert_msg(f.len == rows[_i].len && f.sensitive == rows[_i].sensitive &&
                      f.kind == rows[_i].kind && f.stack == rows[_i].stack &&
                      f.bytes == rows[_i].by,
                  "%s: length %u, sensitive %d, kind %u, stack %u by %d", rows[_i].name, f.len,
                  f.sensitive, f.kind, f.stack, (int)f.bytes);
    for (unsigned n = 0; n < rows[_i].len; n++) { /* cut short it is none */
        ck_assert(!flow_decode(rows[_i].bytes, n, true, &f));
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("rewrite");
    tcase_add_loop_test(tc, right_in_both_rings, 0, ARRAY_LEN(right));
    tcase_add_test(tc, code_as_data_is_reported);
    tcase_add_loop_test(tc, decoded, 0, ARRAY_LEN(rows));
    return run_suite("rewrite", tc);
}
