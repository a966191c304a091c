/* test_boot_multiboot.c -- Multiboot 1 from a loader's side, by the specification (0.6.96):
 * which files are kernels, where their parts go, what the information structure says.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/boot.h"
#include "mem/types.h"
#include "tests/support/board_fixture.h"

enum { SIZE = 0x6000, MIB = 1 << 20, HEADER = 0x40, SEGMENT = 0x1000 };
static uint8_t kernel[SIZE];
static struct machine_config cfg;
static struct multiboot_boot plan;
static struct boot_module module[BOOT_MODULES];
static struct error err;

static void put_header(uint32_t at, uint32_t flags)
{
    store_le32(kernel + at, 0x1BADB002);
    store_le32(kernel + at + 4, flags);
    store_le32(kernel + at + 8, 0 - (0x1BADB002 + flags));
}

static void fresh(void)
{
    memset(kernel, 0x11, sizeof kernel);
    cfg = (struct machine_config){.ram_bytes = 16 * MIB,
                                  .kernel = kernel,
                                  .kernel_size = SIZE,
                                  .kernel_name = "kernel",
                                  .module = module};
}

/* A kernel that tells its addresses: file offset 20h goes to 100000h. */
static void make_flat(uint32_t load_end, uint32_t bss_end)
{
    fresh();
    put_header(HEADER, 0x10003);
    store_le32(kernel + HEADER + 12, 0x100020); /* header_addr */
    store_le32(kernel + HEADER + 16, 0x100000);
    store_le32(kernel + HEADER + 20, load_end);
    store_le32(kernel + HEADER + 24, bss_end);
    store_le32(kernel + HEADER + 28, 0x100123);
}

static uint8_t *program_header(unsigned n)
{
    return kernel + 52 + 32 * n;
}

static void put_segment(unsigned n, uint32_t offset, uint32_t linked, uint32_t loaded,
                        uint32_t filesz, uint32_t memsz)
{
    uint8_t *ph = program_header(n);
    memset(ph, 0, 32);
    store_le32(ph, 1);
    store_le32(ph + 4, offset);
    store_le32(ph + 8, linked);
    store_le32(ph + 12, loaded);
    store_le32(ph + 16, filesz);
    store_le32(ph + 20, memsz);
}

/* An ELF kernel, linked at C0100000h, loaded at 100000h, and bss behind. */
static void make_elf(void)
{
    fresh();
    memset(kernel, 0, 52); /* no sections */
    memcpy(kernel, "\177ELF\1\1\1", 7);
    store_le16(kernel + 16, 2);
    store_le16(kernel + 18, 3);
    store_le32(kernel + 24, 0xC0100040);
    store_le32(kernel + 28, 52);
    store_le16(kernel + 42, 32);
    store_le16(kernel + 44, 2);
    put_segment(0, SEGMENT, 0xC0100000, 0x100000, 0x2000, 0x2000);
    put_segment(1, SEGMENT + 0x2000, 0xC0102000, 0x102000, 0x1000, 0x5000);
    put_header(0x200, 0x3);
}

static int plan_it(void)
{
    err.text[0] = '\0';
    return multiboot_plan(&cfg, &plan, &err);
}

static void accepted(void)
{
    ck_assert_msg(plan_it() == 0, "%s", err.text);
}

static void refused(const char *text)
{
    ck_assert_int_eq(plan_it(), -1);
    ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
}

START_TEST(recognised)
{
    fresh();
    ck_assert(!multiboot_is_kernel(kernel, SIZE));
    put_header(8180, 0);
    ck_assert(multiboot_is_kernel(kernel, SIZE));
    ck_assert(!multiboot_is_kernel(kernel, 8191));
    kernel[8191]++; /* the checksum */
    ck_assert(!multiboot_is_kernel(kernel, SIZE));
    fresh();
    put_header(8192, 0);
    ck_assert(!multiboot_is_kernel(kernel, SIZE));
    fresh();
    put_header(66, 0);
    ck_assert(!multiboot_is_kernel(kernel, SIZE)); /* not on a multiple of 4 */
    ck_assert(!multiboot_is_kernel(kernel, 0));
}
END_TEST

START_TEST(flat_kernel)
{
    make_flat(0, 0);
    accepted();
    ck_assert_uint_eq(plan.entry, 0x100123);
    ck_assert_uint_eq(plan.parts, 1);
    ck_assert_uint_eq(plan.part[0].addr, 0x100000);
    ck_assert_uint_eq(plan.part[0].size, SIZE - 0x20); /* to the end of the file */
    ck_assert_uint_eq(plan.part[0].zeros, 0);
    ck_assert_ptr_eq(plan.part[0].bytes, kernel + 0x20);
    make_flat(0x101000, 0x101234);
    accepted();
    ck_assert_uint_eq(plan.part[0].size, 0x1000);
    ck_assert_uint_eq(plan.part[0].zeros, 0x234);
}
END_TEST

START_TEST(flat_refusals)
{
    make_flat(0x100000 + SIZE - 0x20, 0);
    accepted();
    make_flat(0x100000 + SIZE - 0x1F, 0);
    refused("more than the file has");
    make_flat(0xFFFFF, 0);
    refused("more than the file has");
    make_flat(0, 16 * MIB);
    accepted();
    make_flat(0, 16 * MIB + 1);
    refused("-m");
    make_flat(0, 0xFFFFFFFF);
    refused("-m");
    make_flat(0, 0);
    store_le32(kernel + HEADER + 12, 0x100041); /* would begin before the file */
    refused("where it says");
    store_le32(kernel + HEADER + 12, 0xFFFFF);
    refused("where it says");
    make_flat(0, 0);
    cfg.kernel_size = HEADER + 31;
    refused("cut off");
    make_flat(0, 0);
    store_le32(kernel + HEADER + 12, 0x1020); /* header_addr, load_addr: 1000h */
    store_le32(kernel + HEADER + 16, 0x1000);
    refused("64 KiB");
    make_flat(0x90000, 0xA0000); /* up to the screen, … */
    store_le32(kernel + HEADER + 12, 0x80020);
    store_le32(kernel + HEADER + 16, 0x80000);
    store_le32(kernel + HEADER + 20, 0x80000 + 0x1000);
    accepted();
    store_le32(kernel + HEADER + 24, 0xA0001); /* … into it, … */
    refused("80000 to a0000");
    store_le32(kernel + HEADER + 12, 0xFF020); /* … from among the ROMs to beyond */
    store_le32(kernel + HEADER + 16, 0xFF000);
    store_le32(kernel + HEADER + 20, 0x100001);
    store_le32(kernel + HEADER + 24, 0);
    refused("ff000 to 100000");
    make_flat(0, 0);
    put_header(HEADER, 0x1000B);
    refused("8");
    put_header(HEADER, 0xFFFF0003); /* wishes that are not known do no harm */
    accepted();
}
END_TEST

START_TEST(elf_kernel)
{
    make_elf();
    accepted();
    ck_assert_uint_eq(plan.entry, 0x100040);
    ck_assert_uint_eq(plan.parts, 2);
    ck_assert_uint_eq(plan.part[1].addr, 0x102000);
    ck_assert_uint_eq(plan.part[1].size, 0x1000);
    ck_assert_uint_eq(plan.part[1].zeros, 0x4000);
    ck_assert_ptr_eq(plan.part[1].bytes, kernel + SEGMENT + 0x2000);
    store_le32(program_header(0), 4); /* a note: not loaded, no home of the entry point */
    accepted();
    ck_assert_uint_eq(plan.parts, 1);
    ck_assert_uint_eq(plan.entry, 0xC0100040);
}
END_TEST

START_TEST(elf_refusals)
{
    static const struct {
        uint32_t at, size, value;
        const char *text;
    } bad[] = {
        {0, 4, 0, "ELF"},
        {4, 1, 2, "32 bits"},
        {5, 1, 2, "32 bits"},
        {16, 2, 3, "32 bits"},
        {18, 2, 62, "32 bits"},
        {28, 4, SIZE - 31, "headers"},
        {28, 4, 0xFFFFFFF0, "headers"},
        {42, 2, 31, "headers"},
        {44, 2, 0, "nothing"},
        {44, 2, 65535, "headers"},
        {56, 4, SIZE, "segment"},
        {56, 4, 0xFFFFFFFF, "segment"},
        {68, 4, 0x2001, "segment"},
        {72, 4, 0xFFFFFFFF, "-m"},
        {64, 4, 0xFFFFFFFF, "-m"},
        {64, 4, 0, "64 KiB"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        make_elf();
        memset(program_header(2), 0, SIZE - 52 - 64);
        put_header(0x200, 0x3);
        if (bad[i].value == 65535) { /* no end of headers, each of a byte that goes nowhere */
            store_le16(kernel + 42, 0xFFFF);
        }
        store_le(kernel + bad[i].at, bad[i].value, bad[i].size);
        refused(bad[i].text);
    }
    make_elf();
    store_le16(kernel + 44, 100);
    for (unsigned n = 0; n < 100; n++) {
        put_segment(n, SEGMENT, 0x100000, 0x100000, 1, 1);
    }
    memset(kernel + SEGMENT + 0x1000, 0, 12);
    put_header(SEGMENT - 12, 3);
    refused("too many");
}
END_TEST

START_TEST(modules)
{
    static const uint8_t bytes[5000] = {1};
    make_elf();
    module[0] = (struct boot_module){bytes, 5000, "first one"};
    module[1] = (struct boot_module){bytes, 1, NULL};
    cfg.modules = 2;
    accepted();
    ck_assert_uint_eq(plan.parts, 4);
    ck_assert_uint_eq(plan.module_addr[0], 0x107000); /* behind the bss */
    ck_assert_uint_eq(plan.module_addr[1], 0x109000);
    ck_assert_uint_eq(plan.part[2].addr, 0x107000);
    ck_assert_uint_eq(plan.part[2].size, 5000);
    ck_assert_ptr_eq(plan.part[2].bytes, bytes);
    module[1].size = 16 * MIB - 0x109000;
    accepted();
    module[1].size++;
    refused("-initrd");
}
END_TEST

/* Four section headers at 4000h of the file: none, code, bss, symbols. */
static void add_sections(void)
{
    static const uint32_t type[] = {0, 1, 8, 2}, addr[] = {0, 0xC0100000, 0xC0103000, 0};
    make_elf();
    store_le32(kernel + 32, 0x4000);
    store_le16(kernel + 46, 40);
    store_le16(kernel + 48, 4);
    store_le16(kernel + 50, 3);
    memset(kernel + 0x4000, 0, 160);
    for (unsigned i = 0; i < 4; i++) {
        uint8_t *sh = kernel + 0x4000 + 40 * i;
        store_le32(sh, 100 + i);
        store_le32(sh + 4, type[i]);
        store_le32(sh + 12, addr[i]);
        store_le32(sh + 16, 0x5000);
        store_le32(sh + 20, i ? 0x123 : 0);
    }
}

START_TEST(sections)
{
    uint8_t info[4096];
    add_sections();
    module[0] = (struct boot_module){kernel, 16, NULL};
    cfg.modules = 1;
    accepted();
    ck_assert_uint_eq(plan.parts, 4);
    ck_assert_uint_eq(plan.part[2].addr, 0x107000); /* behind the bss */
    ck_assert_uint_eq(plan.part[2].size, 0x123);
    ck_assert_ptr_eq(plan.part[2].bytes, kernel + 0x5000);
    ck_assert_uint_eq(plan.module_addr[0], 0x108000);
    multiboot_info(&cfg, &plan, info);
    ck_assert_uint_eq(load_le32(info), 0x26F);
    ck_assert_uint_eq(load_le32(info + 28), 4);
    ck_assert_uint_eq(load_le32(info + 32), 40);
    ck_assert_uint_eq(load_le32(info + 40), 3);
    const uint8_t *table = info + (load_le32(info + 36) - plan.info_addr);
    ck_assert_uint_eq(load_le32(info + 36) % 4, 0);
    ck_assert_uint_le(load_le32(info + 36) + 160, plan.info_addr + plan.info_size);
    ck_assert_uint_eq(load_le32(table + 40 + 12), 0xC0100000);
    ck_assert_uint_eq(load_le32(table + 120), 103);
    ck_assert_uint_eq(load_le32(table + 120 + 12), 0x107000);
}
END_TEST

START_TEST(sections_that_make_no_sense)
{
    static const struct {
        uint32_t at, size, value;
    } bad[] = {{32, 4, SIZE - 159},     {32, 4, 0xFFFFFFFF},       {46, 2, 39},
               {48, 2, 65535},          {0x4088, 4, SIZE},         {0x4088, 4, 0xFFFFFFFF},
               {0x408C, 4, 0xFFFFFFFF}, {0x408C, 4, SIZE - 0x4FFF}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        add_sections();
        store_le(kernel + bad[i].at, bad[i].value, bad[i].size);
        accepted(); /* the kernel does without */
        ck_assert_uint_eq(plan.sections, 0);
        ck_assert_uint_eq(plan.parts, 2);
    }
}
END_TEST

static const char *text_at(const uint8_t *info, uint32_t addr)
{
    ck_assert_uint_ge(addr, plan.info_addr);
    ck_assert_uint_lt(addr, plan.info_addr + plan.info_size);
    return (const char *)info + (addr - plan.info_addr);
}

START_TEST(information)
{
    static const uint8_t bytes[5000] = {1};
    uint8_t info[4096];
    make_elf();
    module[0] = (struct boot_module){bytes, 5000, "first one"};
    module[1] = (struct boot_module){bytes, 1, NULL};
    cfg.modules = 2;
    cfg.append = "a=b c";
    accepted();
    ck_assert_uint_le(plan.info_size, sizeof info);
    ck_assert_uint_lt(plan.info_addr, 0xA0000);
    multiboot_info(&cfg, &plan, info);
    ck_assert_uint_eq(load_le32(info), 0x24F);
    ck_assert_uint_eq(load_le32(info + 12), 0x8000FFFF);
    ck_assert_str_eq(text_at(info, load_le32(info + 16)), "kernel a=b c");
    ck_assert_uint_eq(load_le32(info + 20), 2);
    const uint8_t *mods = (const uint8_t *)text_at(info, load_le32(info + 24));
    ck_assert_uint_eq(load_le32(mods), plan.module_addr[0]);
    ck_assert_uint_eq(load_le32(mods + 4), plan.module_addr[0] + 5000);
    ck_assert_str_eq(text_at(info, load_le32(mods + 8)), "first one");
    ck_assert_uint_eq(load_le32(mods + 12), 0);
    ck_assert_uint_eq(load_le32(mods + 16), plan.module_addr[1]);
    ck_assert_str_eq(text_at(info, load_le32(mods + 24)), "");
    ck_assert_uint_eq(load_le32(info + 48), plan.map_addr);
    ck_assert_uint_ge(plan.map_addr, plan.info_addr + plan.info_size);
    ck_assert_str_eq(text_at(info, load_le32(info + 64)), "Terrapin");

    put_header(0x200, 0x7);
    accepted();
    multiboot_info(&cfg, &plan, info);
    ck_assert_uint_eq(load_le32(info), 0x124F);
    ck_assert_uint_eq(load_le32(info + 88), 0xB8000);
    ck_assert_uint_eq(load_le32(info + 96), 160);
    ck_assert_uint_eq(info[109], 2);
}
END_TEST

START_TEST(information_keeps_off_the_kernel)
{
    make_flat(0, 0);
    store_le32(kernel + HEADER + 12, 0x70020);
    store_le32(kernel + HEADER + 16, 0x70000);
    store_le32(kernel + HEADER + 24, 0x88000); /* to 88000h */
    accepted();
    ck_assert(plan.info_addr >= 0x88000 || plan.info_addr + 0x10000 <= 0x70000);
    store_le32(kernel + HEADER + 12, 0x10020);
    store_le32(kernel + HEADER + 16, 0x10000);
    refused("no place");

    static char text[70000];
    memset(text, 'x', sizeof text - 1);
    make_flat(0, 0);
    cfg.append = text;
    refused("-append");
}
END_TEST

START_TEST(random_files)
{
    uint64_t seed = 5;
    unsigned good = 0;
    for (int i = 0; i < 20000; i++) {
        uint32_t r = test_random(&seed);
        if (r & 1) {
            make_elf();
        } else {
            make_flat(r & 2 ? 0x101000 : 0, r & 4 ? 0x120000 : 0);
        }
        for (unsigned n = 0; n < (r >> 4) % 4; n++) {
            kernel[test_random(&seed) % 128] = (uint8_t)test_random(&seed);
        }
        cfg.kernel_size = r >> 8 & 1 ? SIZE : test_random(&seed) % SIZE;
        if (multiboot_is_kernel(kernel, cfg.kernel_size) && plan_it() == 0) {
            good++;
            for (unsigned n = 0; n < plan.parts; n++) {
                const struct multiboot_part *p = &plan.part[n];
                ck_assert(p->bytes >= kernel && p->bytes + p->size <= kernel + cfg.kernel_size);
                ck_assert_uint_ge(p->addr, 0x10000);
                ck_assert_uint_le((uint64_t)p->addr + p->size + p->zeros, cfg.ram_bytes);
            }
        }
    }
    ck_assert_uint_gt(good, 1000);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("boot_multiboot");
    TCase *t = tcase_create("boot_multiboot");
    tcase_add_test(t, recognised);
    tcase_add_test(t, flat_kernel);
    tcase_add_test(t, flat_refusals);
    tcase_add_test(t, elf_kernel);
    tcase_add_test(t, elf_refusals);
    tcase_add_test(t, modules);
    tcase_add_test(t, sections);
    tcase_add_test(t, sections_that_make_no_sense);
    tcase_add_test(t, information);
    tcase_add_test(t, information_keeps_off_the_kernel);
    tcase_add_test(t, random_files);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
