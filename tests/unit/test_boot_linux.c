/* test_boot_linux.c -- the Linux boot protocol from a loader's side: where the parts go, what
 * the header is told, which kernels are refused. Numbers are those of the protocol's text.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/boot.h"
#include "mem/types.h"
#include "tests/support/board_fixture.h"

enum { SIZE = 0x20000 };
enum { MIB = 1 << 20 };
static uint8_t kernel[SIZE];
static struct linux_boot plan;
static struct error err;

/* A kernel of this version with 15 sectors of setup code. */
static void make(unsigned version, bool high)
{
    memset(kernel, 0, sizeof kernel);
    kernel[0x1F1] = 15;
    store_le16(kernel + 0x1FE, 0xAA55);
    memcpy(kernel + 0x202, "HdrS", 4);
    store_le16(kernel + 0x206, (uint16_t)version);
    kernel[0x211] = high;
    if (version >= 0x203) {
        store_le32(kernel + 0x22C, 0x7FFFFFFF);
    }
    if (version >= 0x206) {
        store_le32(kernel + 0x238, 2047);
    }
    if (version >= 0x20A) {
        store_le64(kernel + 0x258, 0x1000000);
        store_le32(kernel + 0x260, 0xE00000);
    }
}

static int plan_for(const char *cmdline, uint32_t initrd, uint64_t mib)
{
    err.text[0] = '\0';
    return linux_plan(kernel, SIZE, cmdline, initrd, mib * MIB, &plan, &err);
}

static void refused(const char *cmdline, uint32_t initrd, uint64_t mib, const char *text)
{
    ck_assert_int_eq(plan_for(cmdline, initrd, mib), -1);
    ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
}

START_TEST(recognised)
{
    make(0x20F, true);
    ck_assert(linux_is_kernel(kernel, SIZE));
    ck_assert(!linux_is_kernel(kernel, 0x263));
    ck_assert(!linux_is_kernel(kernel, 0));
    kernel[0x202] = 'h';
    ck_assert(!linux_is_kernel(kernel, SIZE));
    make(0x20F, true);
    kernel[0x1FF] = 0;
    ck_assert(!linux_is_kernel(kernel, SIZE));
}
END_TEST

START_TEST(places_of_a_bzimage)
{
    make(0x20F, true);
    ck_assert_int_eq(plan_for("", 5, 128), 0);
    ck_assert_uint_eq(plan.setup_size, 16 * 512);
    ck_assert_uint_eq(plan.setup_addr, 0x10000);
    ck_assert_uint_eq(plan.stack_end, 0x20000);
    ck_assert_uint_eq(plan.cmdline_addr, 0x20000);
    ck_assert_uint_eq(plan.kernel_addr, 0x100000);
    ck_assert_uint_eq(plan.initrd_min, 0x1E00000); /* what it unpacks to */
    ck_assert_uint_eq(plan.initrd_end, 0x80000000);
    make(0x202, true);
    ck_assert_int_eq(plan_for("", 5, 128), 0);
    ck_assert_uint_eq(plan.setup_addr, 0x10000);
    ck_assert_uint_eq(plan.initrd_min, 0x100000 + SIZE - 16 * 512);
    ck_assert_uint_eq(plan.initrd_end, 0x38000000);
    kernel[0x1F1] = 0;
    ck_assert_int_eq(plan_for("", 5, 128), 0);
    ck_assert_uint_eq(plan.setup_size, 5 * 512);
}
END_TEST

START_TEST(places_of_old_kernels)
{
    static const struct {
        unsigned version;
        bool high;
    } old[] = {{0x200, true}, {0x201, true}, {0x200, false}, {0x20F, false}};
    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        make(old[i].version, old[i].high);
        ck_assert_msg(plan_for("x", 5, 128) == 0, "%s", err.text);
        ck_assert_uint_eq(plan.setup_addr, 0x90000);
        ck_assert_uint_ge(plan.cmdline_addr, 0x98000 + 0x1000);
        ck_assert_uint_le(plan.cmdline_addr + 256, 0x9A000);
        ck_assert_uint_le(plan.stack_end, plan.cmdline_addr);
        ck_assert_uint_eq(plan.kernel_addr, old[i].high ? 0x100000 : 0x10000);
    }
}
END_TEST

START_TEST(header_of_each_version)
{
    static const unsigned versions[] = {0x200, 0x201, 0x202, 0x203, 0x206, 0x20A, 0x20F};
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        unsigned v = versions[i];
        make(v, true);
        memset(kernel + 0x212, 0xA5, 2);
        kernel[0x211] = 0x03;
        store_le32(kernel + 0x214, 0x100000);
        store_le16(kernel + 0x224, 0x1111);
        ck_assert_int_eq(plan_for("one vga=0x317", 1234, 128), 0);
        linux_patch_setup(kernel, &plan, "one vga=0x317", 1234);
        ck_assert_uint_eq(kernel[0x210], 0xFF);
        ck_assert_uint_eq(load_le16(kernel + 0x1FA), 0x317);
        ck_assert_uint_eq(load_le32(kernel + 0x214), 0x100000);
        ck_assert_uint_eq(load_le32(kernel + 0x21C), 1234);
        ck_assert_uint_eq(load_le16(kernel + 0x212), 0xA5A5);
        ck_assert_uint_eq(kernel[0x211], v >= 0x201 ? 0x83 : 0x03);
        uint32_t heap_end = load_le16(kernel + 0x224);
        ck_assert_uint_eq(heap_end,
                          v >= 0x201 ? plan.stack_end - plan.setup_addr - 0x200 : 0x1111);
        if (v >= 0x202) {
            ck_assert_uint_eq(load_le32(kernel + 0x228), plan.cmdline_addr);
            ck_assert_uint_eq(load_le16(kernel + 0x20), 0);
        } else {
            ck_assert_uint_eq(load_le32(kernel + 0x228), 0);
            ck_assert_uint_eq(load_le16(kernel + 0x20), 0xA33F);
            ck_assert_uint_eq(load_le16(kernel + 0x22), plan.cmdline_addr - 0x90000);
        }
    }
}
END_TEST

START_TEST(words_for_the_loader)
{
    static const struct {
        const char *cmdline;
        uint16_t mode;
    } vga[] = {{"vga=ask", 0xFFFD},
               {"vga=ext quiet", 0xFFFE},
               {"vga=normal", 0xFFFF},
               {"quiet vga=791", 791},
               {"vga=1 vga=2", 2},
               {"xvga=3", 7},
               {"vga=", 0},
               {"vga=0x10305", 0x0305},
               {"", 7}};
    static const struct {
        const char *cmdline;
        uint64_t end;
    } mem[] = {{"mem=48M", 48 * MIB},         {"a mem=65536k b", 64 * MIB},
               {"mem=0x4000000", 64 * MIB},   {"mem=1G", 1024 * MIB},
               {"mem=nopentium", 0x80000000}, {"mem=99999999999999999999G", 0x80000000},
               {"nomem=48M", 0x80000000}};
    for (size_t i = 0; i < ARRAY_LEN(vga); i++) {
        make(0x20F, true);
        store_le16(kernel + 0x1FA, 7);
        ck_assert_int_eq(plan_for(vga[i].cmdline, 5, 128), 0);
        linux_patch_setup(kernel, &plan, vga[i].cmdline, 5);
        ck_assert_uint_eq(load_le16(kernel + 0x1FA), vga[i].mode);
    }
    for (size_t i = 0; i < ARRAY_LEN(mem); i++) {
        make(0x20F, true);
        ck_assert_int_eq(plan_for(mem[i].cmdline, 5, 128), 0);
        ck_assert_uint_eq(plan.initrd_end, mem[i].end);
    }
}
END_TEST

START_TEST(refusals)
{
    static char text[70000];
    make(0x20F, true);
    memset(text, 'x', 2047);
    ck_assert_int_eq(plan_for(text, 0, 128), 0);
    text[2047] = 'x';
    refused(text, 0, 128, "2047");
    store_le32(kernel + 0x238, 0xFFFFFFFF); /* a kernel may say so; there is no room */
    memset(text, 'x', sizeof text - 1);
    refused(text, 0, 128, "65535");
    make(0x202, true);
    text[256] = '\0';
    refused(text, 0, 128, "255");
    text[255] = '\0';
    ck_assert_int_eq(plan_for(text, 0, 128), 0);

    make(0x1FF, true);
    refused("", 0, 128, "1.ff");
    make(0x300, true);
    refused("", 0, 128, "3.00");
    make(0x20F, true);
    kernel[0x1F1] = 255;
    refused("", 0, 128, "setup");
    make(0x20F, true);
    ck_assert_int_eq(linux_plan(kernel, 16 * 512, "", 0, 128 * MIB, &plan, &err), -1);
    refused("", 0, 1, "-m");

    ck_assert_int_eq(plan_for("", 2 * MIB, 32), 0);
    refused("", 2 * MIB + 1, 32, "-initrd");
    refused("", 5, 16, "-initrd");
    refused("mem=31M", 2 * MIB, 64, "-initrd");
    refused("", 0xFFFFFFFF, 3072, "-initrd");

    make(0x20F, false); /* 512 KiB of room for a zImage */
    static uint8_t large[0x90000];
    memcpy(large, kernel, SIZE);
    ck_assert_int_eq(linux_plan(large, 0x80000 + 0x2000, "", 0, 4 * MIB, &plan, &err), 0);
    ck_assert_int_eq(linux_plan(large, 0x80001 + 0x2000, "", 0, 4 * MIB, &plan, &err), -1);
}
END_TEST

/* Whatever the header says: no part leaves its place. */
START_TEST(random_headers)
{
    static const unsigned versions[] = {0x200, 0x201, 0x202, 0x203, 0x206, 0x20A, 0x20F};
    uint64_t seed = 11;
    unsigned good = 0;
    for (int i = 0; i < 20000; i++) {
        uint32_t r = test_random(&seed);
        make(versions[r % ARRAY_LEN(versions)], r >> 8 & 1);
        for (unsigned n = 0; n < 6; n++) {
            kernel[0x1F0 + test_random(&seed) % 0x74] = (uint8_t)test_random(&seed);
        }
        uint32_t size = 0x264 + test_random(&seed) % (SIZE - 0x264);
        uint32_t initrd = test_random(&seed) >> r % 32;
        uint64_t ram = (1 + test_random(&seed) % 64) * (uint64_t)MIB;
        const char *cmdline = r >> 9 & 1 ? "vga=1 mem=20M" : "";
        if (linux_is_kernel(kernel, size) &&
            linux_plan(kernel, size, cmdline, initrd, ram, &plan, &err) == 0) {
            good++;
            uint32_t rest = size - plan.setup_size;
            ck_assert_uint_lt(plan.setup_size, size);
            ck_assert_uint_le(plan.setup_addr + plan.setup_size, plan.stack_end);
            ck_assert_uint_le(plan.stack_end, plan.cmdline_addr);
            ck_assert_uint_le(plan.cmdline_addr + strlen(cmdline) + 1, 0x9A000);
            ck_assert(plan.kernel_addr >= MIB || plan.kernel_addr + rest <= plan.setup_addr);
            ck_assert_uint_le(plan.kernel_addr + rest, ram);
            ck_assert(!initrd || plan.initrd_min + (uint64_t)initrd <= ram);
            ck_assert(plan.kernel_addr < MIB || plan.initrd_min >= plan.kernel_addr + rest);
            linux_patch_setup(kernel, &plan, cmdline, initrd);
        }
    }
    ck_assert_uint_gt(good, 1000);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("boot_linux");
    TCase *t = tcase_create("boot_linux");
    tcase_add_test(t, recognised);
    tcase_add_test(t, places_of_a_bzimage);
    tcase_add_test(t, places_of_old_kernels);
    tcase_add_test(t, header_of_each_version);
    tcase_add_test(t, words_for_the_loader);
    tcase_add_test(t, refusals);
    tcase_add_test(t, random_headers);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
