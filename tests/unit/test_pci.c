/* test_pci.c -- base address registers: sizing, decoding, who wins, and what they may not
 * cover. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/chips.h"
#include "devices/pci.h"
#include "tests/support/board_fixture.h"

enum { NIC = PCI_DEVFN(3, 0), CARD = PCI_DEVFN(5, 0), IO = 1, MEMORY = 2 };
static const struct slot bridge = {&i440fx_class, 0xCF8, -1, -1};
static struct fixture fx;
static struct pci_function nic, card; /* nic has the lower number */
static struct ram *vram;
static uint8_t rom[0x10000];
static unsigned remaps;

/* Registers that tell who answers: the name's first letter, and where. */
static uint32_t letter_read(void *ctx, uint32_t off, unsigned size)
{
    (void)size;
    return (uint32_t)(uint8_t)((struct pci_function *)ctx)->name[0] << 8 | (off & 0xFF);
}

static uint32_t stored;
static void store_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    (void)ctx, (void)off, (void)size;
    stored = val;
}

static const struct ports ports[] = {
    {0, 8, {letter_read, store_write, 4}},
    {8, 8, {letter_read, store_write, 4}},
    {0, 0, {NULL, NULL, 0}},
};
static const struct region_ops ops = {letter_read, store_write};

static void remapped(void *ctx)
{
    (void)ctx;
    remaps++;
}

static void make_function(struct pci_function *f, const char *name, unsigned devfn)
{
    struct error err;
    pci_function_init(f, name, 0x1234, 0x5678, 1, 0x020000);
    pci_register(f, PCI_COMMAND, 2, 0, 7);
    pci_bar_ports(f, 0, 16, ports, f);
    pci_bar_mmio(f, 1, 0x2000, &ops, f);
    ck_assert_int_eq(pci_attach(&fx.board, devfn, f, &err), 0);
}

static void setup(void)
{
    struct error err;
    fixture_init(&fx);
    phys_map_io(fx.board.phys, 0xFEC00000, 0x1000, &ops, &nic); /* a fixed device */
    fixture_attach(&fx, &bridge);
    make_function(&nic, "nic", NIC);
    make_function(&card, "card", CARD);
    vram = phys_ram_new(fx.board.phys, "vram", 0x100000, &err);
    for (unsigned i = 0; i < sizeof rom; i++) {
        rom[i] = (uint8_t)(i ^ i >> 8);
    }
    pci_bar_ram(&card, 2, vram);
    pci_bar_rom(&card, rom, sizeof rom);
    pci_register(&card, 0x80, 1, 0, 0x0F);
    pci_window_ports(&card, 0, 0x40, 16, 0, 0x80, 1, ports, &card);
    pci_function_reset(&nic);
    pci_function_reset(&card);
    remaps = 0;
    phys_set_watch(fx.board.phys, &(struct phys_watch){.remapped = remapped});
}

static void teardown(void)
{
    fixture_free(&fx);
}

static uint32_t conf_in(unsigned devfn, uint8_t reg)
{
    bus_out(&fx.board.bus, 0xCF8, 0x80000000u | devfn << 8 | (reg & 0xFCu), 4);
    return bus_in(&fx.board.bus, 0xCFC, 4);
}

static void conf_out(unsigned devfn, uint8_t reg, uint32_t val, unsigned size)
{
    bus_out(&fx.board.bus, 0xCF8, 0x80000000u | devfn << 8 | (reg & 0xFCu), 4);
    bus_out(&fx.board.bus, (uint16_t)(0xCFC + (reg & 3)), val, size);
}

static uint32_t in(uint16_t port)
{
    return bus_in(&fx.board.bus, port, 2);
}

static uint32_t peek(uint32_t pa)
{
    return phys_read(fx.board.phys, pa, 2);
}

/* PCI 2.1 6.2.5.1: write ones, read back, the ones are the address bits. */
START_TEST(test_sizing)
{
    static const struct {
        unsigned devfn;
        uint8_t reg;
        uint32_t ones, zeros;
    } bar[] = {
        {CARD, 0x10, 0xFFFFFFF1, 1}, {CARD, 0x14, 0xFFFFE000, 0}, {CARD, 0x18, 0xFFF00008, 8},
        {CARD, 0x1C, 0, 0},          {CARD, 0x30, 0xFFFF0001, 0}, {NIC, 0x30, 0, 0},
        {CARD, 0x40, 0x0000FFF1, 1},
    };
    for (unsigned i = 0; i < ARRAY_LEN(bar); i++) {
        ck_assert_uint_eq(conf_in(bar[i].devfn, bar[i].reg), bar[i].zeros);
        conf_out(bar[i].devfn, bar[i].reg, UINT32_MAX, 4);
        ck_assert_uint_eq(conf_in(bar[i].devfn, bar[i].reg), bar[i].ones);
        conf_out(bar[i].devfn, bar[i].reg, 0, 4);
        ck_assert_uint_eq(conf_in(bar[i].devfn, bar[i].reg), bar[i].zeros);
    }
    conf_out(CARD, 0x1A, 0xE012, 2); /* parts */
    conf_out(CARD, 0x19, 0xFF, 1);
    ck_assert_uint_eq(conf_in(CARD, 0x18), 0xE0100008);
    conf_out(CARD, 0x1B, 0xE1, 1);
    ck_assert_uint_eq(conf_in(CARD, 0x18), 0xE1100008);
}
END_TEST

START_TEST(test_ports)
{
    conf_out(NIC, 0x10, 0xC000, 4);
    ck_assert_uint_eq(in(0xC000), 0xFFFF); /* COMMAND is closed */
    conf_out(NIC, PCI_COMMAND, MEMORY, 2);
    ck_assert_uint_eq(in(0xC000), 0xFFFF);
    conf_out(NIC, PCI_COMMAND, IO, 2);
    ck_assert_uint_eq(in(0xC000), 'n' << 8);
    ck_assert_uint_eq(in(0xC00C), 'n' << 8 | 4);
    ck_assert_uint_eq(in(0xC010), 0xFFFF);
    bus_out(&fx.board.bus, 0xC004, 0x12345678, 4);
    ck_assert_uint_eq(stored, 0x12345678);
    conf_out(NIC, 0x11, 0xD0, 1); /* a byte of it moves it */
    ck_assert_uint_eq(in(0xC000), 0xFFFF);
    ck_assert_uint_eq(in(0xD008), 'n' << 8);
    conf_out(NIC, 0x10, 0x1D000, 4); /* past the ports that a processor has */
    ck_assert_uint_eq(in(0xD000), 0xFFFF);
    conf_out(NIC, 0x10, 0xFFF0, 4);
    ck_assert_uint_eq(in(0xFFF0), 'n' << 8);
    conf_out(NIC, PCI_COMMAND, 0, 2);
    ck_assert_uint_eq(in(0xFFF0), 0xFFFF);
}
END_TEST

START_TEST(test_memory)
{
    conf_out(CARD, PCI_COMMAND, MEMORY, 2);
    conf_out(CARD, 0x14, 0xE0000000, 4);
    ck_assert_uint_eq(peek(0xE0001010), 'c' << 8 | 0x10);
    ck_assert(phys_is_io(fx.board.phys, 0xE0000000));
    ck_assert_uint_eq(peek(0xE0002000), 0xFFFF);
    conf_out(CARD, 0x18, 0xD0000000, 4);
    phys_write(fx.board.phys, 0xD00FFFFC, 0xCAFE, 2);
    ck_assert_uint_eq(load_le16(vram->bytes + 0xFFFFC), 0xCAFE);
    ck_assert_uint_eq(vram->dirty[0xFF], DIRTY_ALL);
    conf_out(CARD, PCI_COMMAND, 0, 2);
    ck_assert_uint_eq(peek(0xE0001010), 0xFFFF);
    ck_assert_uint_eq(peek(0xD00FFFFC), 0xFFFF);
}
END_TEST

START_TEST(test_rom)
{
    conf_out(CARD, PCI_COMMAND, MEMORY, 2);
    conf_out(CARD, 0x30, 0xE8000000, 4);
    ck_assert_uint_eq(peek(0xE8000102), 0xFFFF); /* its own enable bit */
    conf_out(CARD, 0x30, 0xE8000001, 4);
    ck_assert_uint_eq(peek(0xE8000102), 0x0203);
    phys_write(fx.board.phys, 0xE8000102, 0, 2);
    ck_assert_uint_eq(rom[0x102], 0x03);
    conf_out(CARD, PCI_COMMAND, IO, 2);
    ck_assert_uint_eq(peek(0xE8000102), 0xFFFF);
}
END_TEST

/* A register outside the header: its own gate, COMMAND counts for nothing. */
START_TEST(test_window)
{
    conf_out(CARD, 0x40, 0xB000, 4);
    ck_assert_uint_eq(in(0xB000), 0xFFFF);
    conf_out(CARD, 0x80, 0x0E, 1);
    ck_assert_uint_eq(in(0xB000), 0xFFFF);
    conf_out(CARD, 0x80, 0x01, 1);
    ck_assert_uint_ne(in(0xB000), 0xFFFF);
    conf_out(CARD, 0x40, 0xFFFFB400, 4);
    ck_assert_uint_ne(in(0xB400), 0xFFFF);
    ck_assert_uint_eq(in(0xB000), 0xFFFF);
}
END_TEST

/* The lower number wins, whoever came first, and the loser appears when it goes. */
START_TEST(test_overlap)
{
    unsigned first = _i ? NIC : CARD, second = _i ? CARD : NIC;
    for (unsigned i = 0; i < 2; i++) {
        unsigned devfn = i ? second : first;
        conf_out(devfn, 0x10, 0xC000, 4);
        conf_out(devfn, 0x14, devfn == NIC ? 0xE0000000 : 0xE0002000, 4);
        conf_out(devfn, PCI_COMMAND, IO | MEMORY, 2);
    }
    ck_assert_uint_eq(in(0xC000), 'n' << 8);
    ck_assert_uint_eq(peek(0xE0000000), 'n' << 8);
    ck_assert_uint_eq(peek(0xE0002000), 'c' << 8);
    conf_out(CARD, 0x14, 0xE0000000, 4);
    ck_assert_uint_eq(peek(0xE0000000), 'n' << 8);
    ck_assert_uint_eq(peek(0xE0002000), 0xFFFF);
    conf_out(CARD, 0x18, 0xE0000000, 4); /* the lower BAR of the lower function */
    ck_assert_uint_eq(peek(0xE0002000), 0xFFFF);
    conf_out(NIC, PCI_COMMAND, 0, 2);
    ck_assert_uint_eq(in(0xC000), 'c' << 8);
    ck_assert_uint_eq(peek(0xE0000000), 'c' << 8);
    conf_out(CARD, 0x14, 0xE4000000, 4);
    ck_assert_uint_eq(peek(0xE0000000), 0);
    conf_out(NIC, PCI_COMMAND, IO | MEMORY, 2);
    ck_assert_uint_eq(in(0xC000), 'n' << 8);
    ck_assert_uint_eq(peek(0xE0000000), 'n' << 8);
    ck_assert_uint_eq(peek(0xE0002000), 0xFFFF); /* all of the frame buffer is hidden */
}
END_TEST

START_TEST(test_fixed_things_stay)
{
    static const uint32_t forbidden[] = {0, 0x000FE000, 0x000C8000, 0xFEC00000, 0xFFFFE000};
    fx.board.bios = rom;
    phys_map_rom(fx.board.phys, 0xFFFF0000, sizeof rom, rom);
    phys_write(fx.board.phys, 0, 0x4321, 2);
    conf_out(NIC, PCI_COMMAND, IO | MEMORY, 2);
    for (unsigned i = 0; i < ARRAY_LEN(forbidden); i++) {
        uint32_t before = peek(forbidden[i]), next = peek(forbidden[i] + 0x1000);
        conf_out(NIC, 0x14, forbidden[i], 4);
        ck_assert_uint_eq(conf_in(NIC, 0x14), forbidden[i]);
        ck_assert_uint_eq(peek(forbidden[i]), before);
        ck_assert_uint_eq(peek(forbidden[i] + 0x1000), next);
    }
    conf_out(NIC, 0x10, 0xCE0, 4); /* ends well before CONFADD */
    ck_assert_uint_eq(in(0xCE0), 'n' << 8);
    conf_out(NIC, 0x10, 0xCF0, 4); /* would cover it */
    ck_assert_uint_eq(bus_in(&fx.board.bus, 0xCF8, 4), 0x80000000u | NIC << 8 | 0x10);
    ck_assert_uint_eq(bus_in(&fx.board.bus, 0xCFC, 4), 0xCF1);
    ck_assert_uint_eq(in(0xCF0), 0xFFFF);
}
END_TEST

/* What has nothing to do with memory leaves the page map alone. */
START_TEST(test_no_needless_remap)
{
    conf_out(CARD, 0x14, 0xE0000000, 4);
    conf_out(CARD, 0x30, 0xE8000000, 4);
    ck_assert_uint_eq(remaps, 0);
    conf_out(CARD, PCI_COMMAND, MEMORY, 2);
    ck_assert_uint_ne(remaps, 0);
    remaps = 0;
    conf_out(CARD, PCI_COMMAND, MEMORY | IO, 2);
    conf_out(CARD, 0x10, 0xC000, 4);
    conf_out(CARD, 0x14, 0xE0000000, 4);
    conf_out(CARD, 0x30, 0xE9000000, 4);
    conf_out(CARD, 0x3C, 0x0B, 1);
    conf_out(NIC, 0x14, 0xE0000000, 4);
    pci_map(&fx.board);
    ck_assert_uint_eq(remaps, 0);
}
END_TEST

/* RESET# closes everything; a function that comes back open by itself is opened. */
START_TEST(test_map_follows_configuration)
{
    conf_out(NIC, 0x10, 0xC000, 4);
    conf_out(NIC, 0x14, 0xE0000000, 4);
    conf_out(NIC, PCI_COMMAND, IO | MEMORY, 2);
    uint8_t saved[PCI_CONFIG_SIZE];
    memcpy(saved, nic.config, sizeof saved);
    pci_function_reset(&nic);
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(in(0xC000), 0xFFFF);
    ck_assert_uint_eq(peek(0xE0000000), 0xFFFF);
    memcpy(nic.config, saved, sizeof saved); /* as loading a state does */
    pci_map(&fx.board);
    ck_assert_uint_eq(in(0xC000), 'n' << 8);
    ck_assert_uint_eq(peek(0xE0000000), 'n' << 8);
}
END_TEST

/* Random traffic in one machine; another one is given the final configuration: same mappings.
 */
static void random_traffic(uint64_t *seed)
{
    static const uint8_t regs[] = {4, 0x10, 0x14, 0x18, 0x30, 0x40, 0x80};
    static const uint32_t bases[] = {0xE0000000, 0xE0002000, 0xE0100000, 0xE0010000, 0xC000,
                                     0xC010,     0xCF0,      0x100000,   0xFFF00000, 0x60};
    for (int i = 0; i < 2000; i++) {
        uint32_t v = bases[test_random(seed) % ARRAY_LEN(bases)] | (test_random(seed) & 15);
        uint8_t reg = regs[test_random(seed) % ARRAY_LEN(regs)];
        conf_out(test_random(seed) & 1 ? NIC : CARD, reg, v, 1u << test_random(seed) % 3);
        if (test_random(seed) % 4 == 0) {
            conf_out(test_random(seed) & 1 ? NIC : CARD, reg, UINT32_MAX, 4);
        }
    }
}

static uint64_t view(void)
{
    uint64_t h = 0;
    for (uint32_t port = 0; port < 0x10000; port += 4) {
        const struct bus_range *r = &fx.board.bus.range[fx.board.bus.owner[port]];
        h = hash_u64(h, r->ports ? (uint64_t)r->first << 8 | (uint8_t)r->owner[0] : 0);
    }
    for (uint32_t pa = 0x100000; pa < 0xFFFFF000; pa += 0x1000) {
        h = hash_u64(h, pa >= 0xC0000000 || pa < 0x200000 ? peek(pa) : 0);
    }
    return h;
}

START_TEST(test_pure_function)
{
    uint64_t seed = (uint64_t)_i + 1;
    for (uint64_t i = 0; i < vram->size; i += PAGE_SIZE) {
        store_le16(vram->bytes + i, (uint16_t)(0x7000 + (i >> PAGE_SHIFT)));
    }
    random_traffic(&seed);
    uint64_t there = view();
    uint8_t a[PCI_CONFIG_SIZE], b[PCI_CONFIG_SIZE];
    memcpy(a, nic.config, sizeof a);
    memcpy(b, card.config, sizeof b);
    pci_function_reset(&nic);
    pci_function_reset(&card);
    pci_map(&fx.board);
    memcpy(nic.config, a, sizeof a);
    memcpy(card.config, b, sizeof b);
    pci_map(&fx.board);
    ck_assert_uint_eq(view(), there);
}
END_TEST

START_TEST(test_info)
{
    conf_out(NIC, 0x10, 0xC000, 4);
    conf_out(NIC, 0x14, 0x1000, 4);
    conf_out(NIC, PCI_COMMAND, IO | MEMORY, 2);
    struct text t = {0};
    pci_info(fx.board.pci, &t);
    ck_assert_ptr_nonnull(strstr(t.s, "10h: ports at 0000c000-0000c00f\n"));
    ck_assert_ptr_nonnull(strstr(t.s, "14h: memory at 00000000-00001fff, hidden"));
    ck_assert_ptr_nonnull(strstr(t.s, "30h: expansion rom of 10000h, not decoded"));
    free(t.s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pci");
    TCase *t = tcase_create("pci");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_sizing);
    tcase_add_test(t, test_ports);
    tcase_add_test(t, test_memory);
    tcase_add_test(t, test_rom);
    tcase_add_test(t, test_window);
    tcase_add_loop_test(t, test_overlap, 0, 2);
    tcase_add_test(t, test_fixed_things_stay);
    tcase_add_test(t, test_no_needless_remap);
    tcase_add_test(t, test_map_follows_configuration);
    tcase_add_loop_test(t, test_pure_function, 0, 8);
    tcase_add_test(t, test_info);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
