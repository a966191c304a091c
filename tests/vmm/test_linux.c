/* tests/vmm/test_linux.c -- the loader of the guest `linux`: what it refuses, and a "kernel" of
 * a few bytes that says it has been reached. Real ones are run by hand: docs/lab/linux.md. */
#include "tests/vmm/lab_run.h"

enum { SIZE = 0x2000, SETUP = 0x1F1, RAM = 32 << 20 };

/* mov al, 'K'; out E9h, al; xor eax, eax; out F4h, al; jmp $ */
static const uint8_t code[] = {0xB0, 'K', 0xE6, 0xE9, 0x31, 0xC0, 0xE6, 0xF4, 0xEB, 0xFE};

static struct lab *start(struct lab_run *r, const uint8_t *bytes, uint32_t size, uint32_t ram,
                         enum strategy strategy, struct error *err)
{
    struct lab_config cfg = lab_run_config(r, "linux", strategy, 1, PLAIN);
    cfg.ram = ram;
    cfg.until = 1000000;
    cfg.kernel = (struct lab_kernel){.bytes = bytes, .size = size, .append = "quiet"};
    r->n = 0;
    r->text[0] = '\0';
    return lab_new(&cfg, err);
}

static void expect_started(const uint8_t *bytes)
{
    static const enum strategy strategies[] = {STRATEGY_INTERPRET, STRATEGY_REWRITE};
    for (unsigned n = 0; n < ARRAY_LEN(strategies); n++) {
        struct lab_run r;
        struct error err = {""};
        r.lab = start(&r, bytes, SIZE, RAM, strategies[n], &err);
        ck_assert_msg(r.lab != NULL, "%s", err.text);
        lab_run(r.lab);
        ck_assert_str_eq(r.text, "K");
        ck_assert(lab_right(r.lab));
        lab_free(r.lab);
    }
}

static void expect_refused(const uint8_t *bytes, uint32_t size, uint32_t ram, const char *why)
{
    struct lab_run r;
    struct error err = {""};
    ck_assert_ptr_eq(start(&r, bytes, size, ram, STRATEGY_INTERPRET, &err), NULL);
    ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
}

START_TEST(bzimage)
{
    static uint8_t image[SIZE];
    image[SETUP] = 1;
    expect_refused(image, SIZE, RAM, "neither");
    memcpy(image + 0x202, "HdrS", 4);
    memcpy(image + 1024, code, sizeof code);
    expect_started(image);
    expect_refused(image, 512, RAM, "neither");
    image[SETUP] = 200;
    expect_refused(image, SIZE, RAM, "larger -m");
}
END_TEST

START_TEST(vmlinux)
{
    static uint8_t image[SIZE] = {0x7F, 'E', 'L', 'F', 1, 1};
    uint8_t *row = image + 52;
    store_le32(image + 24, 0x1000000);
    store_le32(image + 28, 52);
    store_le32(image + 44, 1);
    store_le32(row, 1);
    store_le32(row + 4, 0x1000);
    store_le32(row + 12, 0x1000000);
    store_le32(row + 16, sizeof code);
    store_le32(row + 20, 0x10000);
    memcpy(image + 0x1000, code, sizeof code);
    expect_started(image);
    expect_refused(image, SIZE, 16 << 20, "larger -m");
    store_le32(row + 16, SIZE);
    expect_refused(image, SIZE, RAM, "larger -m");
    store_le32(image + 28, 0xFFFFFFF0);
    expect_refused(image, SIZE, RAM, "program headers");
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("linux");
    tcase_add_test(tc, bzimage);
    tcase_add_test(tc, vmlinux);
    return run_suite("linux", tc);
}
