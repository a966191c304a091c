/* tests/fuzz/fuzz_machine.c -- a whole machine under hostile firmware: random code in every
 * mode, random port traffic, random input from outside. Nothing a guest does may crash, hang or
 * abort the host process; run it under ASan and UBSan.
 *
 *   fuzz_machine [SECONDS [SEED]]      (default 20 s, seed 1); prints runs and the seed of each
 * stop
 *
 * Built with -fsanitize=fuzzer (TERRAPIN_FUZZ) the same body is driven by libFuzzer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "devices/machine.h"
#include "tests/fuzz/small_guest.h"

enum {
    BIOS_SIZE = 0x10000,
    DATA_AT = 0x1000, /* the hostile bytes, in the ROM's segment F000h */
    DATA_MAX = 0x6000,
    TICKS = 400000, /* per run, in slices */
    RESET_AT = 0xFFF0,
};

/* Firmware around the hostile bytes. Each prologue ends by jumping to them. */
static void put(uint8_t *rom, unsigned at, const uint8_t *code, size_t n)
{
    memcpy(rom + at, code, n);
}

/* Real mode: DS = ES = 0, stack at 7C00h, every IVT entry an IRET in RAM; jump to the data. */
static void real_mode(uint8_t *rom)
{
    static const uint8_t code[] = {
        0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0, 0xBC,
        0x00, 0x7C,                                           /* xor ax,ax; ds es ss; sp */
        0xC6, 0x06, 0x00, 0x06, 0xCF,                         /* [600h] = iret */
        0x31, 0xFF, 0xB9, 0x00, 0x01,                         /* xor di,di; cx = 256 */
        0xB8, 0x00, 0x06, 0xAB, 0x31, 0xC0, 0xAB, 0xE2, 0xF7, /* 0000:0600 each */
        0xFB, 0xEA, 0x00, 0x10, 0x00, 0xF0};                  /* sti; jmp F000:1000 */
    put(rom, 0, code, sizeof code);
}

/* Protected mode with flat ring 0 segments; no IDT worth the name, so exceptions soon end it.
 */
static void protected_mode(uint8_t *rom, bool code32)
{
    static const uint8_t gdt[] = {
        0,    0,    0, 0, 0,    0,    0,    0,
        0xFF, 0xFF, 0, 0, 0,    0x9A, 0xCF, 0,  /* 08: code32 */
        0xFF, 0xFF, 0, 0, 0,    0x92, 0xCF, 0,  /* 10: data32 */
        0xFF, 0xFF, 0, 0, 0x0F, 0x9A, 0,    0,  /* 18: code16 at F0000h */
        0xFF, 0xFF, 0, 0, 0,    0xF2, 0xCF, 0}; /* 20: ring 3 data */
    static const uint8_t gdtr[] = {sizeof gdt - 1, 0, 0x00, 0x02, 0x0F, 0x00};
    uint8_t code[] = {0xFA, 0x66, 0x2E, 0x0F, 0x01, 0x16, 0x80, 0x01, /* cli; lgdt cs:[180h] */
                      0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0, /* cr0.pe */
                      0xB8, 0x10, 0x00, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0, 0x66, 0xBC, 0x00,
                      0x7C, 0x00, 0x00, 0x66, 0xEA, 0x00, 0x10, 0x0F, 0x00, 0x08, 0x00};
    if (!code32) {
        code[sizeof code - 4] = 0x00; /* 18:1000 */
        code[sizeof code - 2] = 0x18;
    }
    put(rom, 0x180, gdtr, sizeof gdtr);
    put(rom, 0x200, gdt, sizeof gdt);
    put(rom, 0, code, sizeof code);
}

/* A driver that takes the data as (port, kind, value) records, with HLT among the kinds, and
 * starts again at its end: chips programmed with anything, in any order. */
static void port_driver(uint8_t *rom)
{
    static const uint8_t code[] = {0xB8, 0x00, 0xF0, 0x8E, 0xD8, 0x31, 0xC0,
                                   0x8E, 0xD0, 0xBC, 0x00, 0x7C, 0xFC, /* ds = f000 */
                                   0xBE, 0x00, 0x10,                   /* 0D: mov si, 1000h */
                                   0xAD, 0x89, 0xC2, 0xAC,  /* 10: lodsw; mov dx,ax; lodsb */
                                   0x88, 0xC3, 0x66, 0xAD,  /* 14: mov bl,al; lodsd */
                                   0x80, 0xE3, 0x07,        /* 18: and bl,7 */
                                   0x74, 0x14,              /* 1B: jz 31: out dx,al */
                                   0xFE, 0xCB, 0x74, 0x13,  /* 1D: 1: 34 out dx,ax */
                                   0xFE, 0xCB, 0x74, 0x12,  /* 21: 2: 37 out dx,eax */
                                   0xFE, 0xCB, 0x74, 0x12,  /* 25: 3: 3B in al,dx */
                                   0xFE, 0xCB, 0x74, 0x11,  /* 29: 4: 3E in eax,dx */
                                   0x90, 0x90, 0xEB, 0x10,  /* 2D: others: 41 */
                                   0xEE, 0xEB, 0x0D,        /* 31 */
                                   0xEF, 0xEB, 0x0A,        /* 34 */
                                   0x66, 0xEF, 0xEB, 0x06,  /* 37 */
                                   0xEC, 0xEB, 0x03,        /* 3B */
                                   0x66, 0xED, 0x90,        /* 3E */
                                   0x81, 0xFE, 0x00, 0x70,  /* 41: cmp si, 7000h */
                                   0x72, 0xC9, 0xEB, 0xC4}; /* 45: jb 10; jmp 0D */
    put(rom, 0, code, sizeof code);
}

/* The same for the registers of the two APICs, in 32-bit protected mode: each record is a word
 * for the place and a doubleword to write and read back there; now and then the 8254 is
 * started, and interrupts are let in. All vectors lead to a handler that writes the EOIs. */
static void apic_driver(uint8_t *rom)
{
    static const uint8_t code[] = {
        0xBF, 0x00, 0x00, 0x01, 0x00, 0xB9, 0x00, 0x01, 0x00, 0x00, 0xB8, 0x73, 0x10, 0x08,
        0x00, 0xAB, 0xB8, 0x00, 0x8E, 0x0F, 0x00, 0xAB, 0xE2, 0xF2, 0x0F, 0x01, 0x1D, 0x81,
        0x10, 0x0F, 0x00, 0xC7, 0x05, 0xF0, 0x00, 0xE0, 0xFE, 0xFF, 0x01, 0x00, 0x00, 0xBE,
        0x87, 0x10, 0x0F, 0x00, 0xAD, 0x89, 0xC2, 0xAD, 0xBB, 0x00, 0x00, 0xE0, 0xFE, 0xF6,
        0xC2, 0x03, 0x74, 0x0E, 0x66, 0x89, 0xD3, 0x66, 0x81, 0xE3, 0xF0, 0x0F, 0x89, 0x03,
        0x8B, 0x2B, 0xEB, 0x10, 0xBB, 0x00, 0x00, 0xC0, 0xFE, 0xC1, 0xEA, 0x08, 0x88, 0x13,
        0x89, 0x43, 0x10, 0x8B, 0x6B, 0x10, 0x88, 0xF0, 0xA8, 0x60, 0x75, 0x06, 0xE6, 0x43,
        0xE6, 0x40, 0xE6, 0x40, 0xFB, 0x90, 0xFA, 0x81, 0xFE, 0x00, 0x70, 0x0F, 0x00, 0x72,
        0xBD, 0xEB, 0xAC, 0xA3, 0xB0, 0x00, 0xE0, 0xFE, 0x50, 0xB0, 0x20, 0xE6, 0x20, 0xE6,
        0xA0, 0x58, 0xCF, 0xFF, 0x07, 0x00, 0x00, 0x01, 0x00};
    protected_mode(rom, true);
    put(rom, DATA_AT, code, sizeof code);
}

/* The same for the video card: records of two doublewords, what and where in the first, the
 * value in the second. Its configuration space, DISPI registers, registers and frame buffer in
 * memory, the window at A0000h, the ports from 3B0h on; each is written and read back. */
static void video_driver(uint8_t *rom)
{
    static const uint8_t code[] = {
        0xBE, 0xEA, 0x10, 0x0F, 0x00, 0xB9, 0x03, 0x00, 0x00, 0x00, 0xAD, 0x66, 0xBA, 0xF8,
        0x0C, 0xEF, 0xAD, 0x66, 0xBA, 0xFC, 0x0C, 0xEF, 0xE2, 0xF2, 0xBE, 0x02, 0x11, 0x0F,
        0x00, 0xAD, 0x89, 0xC3, 0xAD, 0x85, 0xDB, 0x79, 0x05, 0x25, 0xFF, 0x0F, 0x00, 0x00,
        0x89, 0xD9, 0xC1, 0xEB, 0x08, 0x81, 0xE3, 0xFF, 0xFF, 0xFF, 0x00, 0x66, 0xBA, 0xF8,
        0x0C, 0x80, 0xE1, 0x07, 0x0F, 0x84, 0x85, 0x00, 0x00, 0x00, 0x66, 0xBA, 0xCE, 0x01,
        0xFE, 0xC9, 0x74, 0x6F, 0xFE, 0xC9, 0x74, 0x6B, 0xFE, 0xC9, 0x74, 0x53, 0xFE, 0xC9,
        0x74, 0x41, 0xFE, 0xC9, 0x74, 0x29, 0xFE, 0xC9, 0x74, 0x11, 0x89, 0xDA, 0x83, 0xE2,
        0x3F, 0x81, 0xC2, 0xB0, 0x03, 0x00, 0x00, 0x66, 0xEF, 0x66, 0xED, 0xEB, 0x6B, 0x81,
        0xE3, 0xFF, 0x0F, 0x00, 0x00, 0x88, 0x83, 0x00, 0x00, 0xBF, 0xFE, 0x8A, 0x83, 0x00,
        0x00, 0xBF, 0xFE, 0xEB, 0x57, 0x81, 0xE3, 0xFF, 0xFF, 0x01, 0x00, 0x89, 0x83, 0x00,
        0x00, 0x0A, 0x00, 0x8B, 0x83, 0x00, 0x00, 0x0A, 0x00, 0xEB, 0x43, 0x89, 0x83, 0x00,
        0x00, 0x00, 0xFD, 0x8B, 0x83, 0x00, 0x00, 0x00, 0xFD, 0xEB, 0x35, 0x81, 0xE3, 0xFF,
        0x0F, 0x00, 0x00, 0x89, 0x83, 0x00, 0x00, 0xBF, 0xFE, 0x8B, 0x83, 0x00, 0x00, 0xBF,
        0xFE, 0xEB, 0x21, 0x93, 0x83, 0xE0, 0x0F, 0x66, 0xEF, 0x42, 0x93, 0x66, 0xEF, 0x66,
        0xED, 0xEB, 0x13, 0xF6, 0xC7, 0x07, 0x75, 0x0E, 0x93, 0x83, 0xE0, 0x3C, 0x0D, 0x00,
        0x10, 0x00, 0x80, 0xEF, 0x93, 0xB2, 0xFC, 0xEF, 0x66, 0x81, 0xFE, 0x00, 0x70, 0x0F,
        0x82, 0x38, 0xFF, 0xFF, 0xFF, 0xE9, 0x2E, 0xFF, 0xFF, 0xFF, 0x10, 0x10, 0x00, 0x80,
        0x00, 0x00, 0x00, 0xFD, 0x18, 0x10, 0x00, 0x80, 0x00, 0x00, 0xBF, 0xFE, 0x04, 0x10,
        0x00, 0x80, 0x07, 0x00, 0x00, 0x00};
    protected_mode(rom, true);
    put(rom, DATA_AT, code, sizeof code);
}

static const uint16_t ports[] = {
    0x00,  0x04,  0x05,  0x08,  0x0A,  0x0B,  0x0C,   0x0D,   0x0F,   0x20,   0x21,   0x40,
    0x41,  0x42,  0x43,  0x60,  0x61,  0x64,  0x70,   0x71,   0x80,   0x81,   0x83,   0x92,
    0xA0,  0xA1,  0xC0,  0xD0,  0xD4,  0xD6,  0xE9,   0x3B4,  0x3B5,  0x3C0,  0x3C2,  0x3C4,
    0x3C5, 0x3C6, 0x3C7, 0x3C8, 0x3C9, 0x3CE, 0x3CF,  0x3D4,  0x3D5,  0x3DA,  0x3F2,  0x3F4,
    0x3F5, 0x3F7, 0x402, 0x4D0, 0x4D1, 0x510, 0x511,  0xCF8,  0xCFC,  0xCFD,  0xCF9,  0x1F0,
    0x1F1, 0x1F2, 0x1F3, 0x1F4, 0x1F5, 0x1F6, 0x1F7,  0x3F6,  0x170,  0x172,  0x174,  0x175,
    0x176, 0x177, 0x376, 0x1CE, 0x1CF, 0x1D0, 0xC000, 0xC002, 0xC004, 0xC008, 0xC00A, 0xC00C};

/* The first records: the IDE function's channels decoded, its bus masters at C000h. */
static const uint8_t ide_on[] = {
    0xF8, 0x0C, 2, 0x04, 0x09, 0x00, 0x80, 0xFC, 0x0C, 2, 0x05, 0x00, 0x00, 0x00,
    0xF8, 0x0C, 2, 0x40, 0x09, 0x00, 0x80, 0xFC, 0x0C, 2, 0x00, 0x80, 0x00, 0x80,
    0xF8, 0x0C, 2, 0x20, 0x09, 0x00, 0x80, 0xFC, 0x0C, 2, 0x00, 0xC0, 0x00, 0x00};

/* Most records name a port that exists. */
static void aim_ports(uint8_t *data, size_t n)
{
    for (size_t k = 0; k + 7 <= n; k += 7) {
        if (data[k + 2] & 0x80) {
            uint16_t port = ports[data[k] % (sizeof ports / sizeof ports[0])];
            data[k] = (uint8_t)port;
            data[k + 1] = (uint8_t)(port >> 8);
        }
    }
}

static uint8_t floppy[1440 * 1024];

static int floppy_read(void *ctx, uint64_t lba, void *out, uint32_t n)
{
    (void)ctx;
    memcpy(out, floppy + lba * 512, (size_t)n * 512);
    return 0;
}

static int floppy_write(void *ctx, uint64_t lba, const void *in, uint32_t n)
{
    (void)ctx;
    memcpy(floppy + lba * 512, in, (size_t)n * 512);
    return lba % 7 ? 0 : -1; /* some sectors are bad */
}

static int floppy_flush(void *ctx)
{
    (void)ctx;
    return 0;
}

static const struct drive_ops floppy_ops = {floppy_read, floppy_write, floppy_flush};

static int cd_read(void *ctx, uint64_t lba, void *out, uint32_t n)
{
    (void)ctx;
    memcpy(out, floppy + lba * 2048, (size_t)n * 2048);
    return lba % 11 ? 0 : -1;
}

static const struct drive_ops cd_ops = {cd_read, NULL, NULL};

static void poke_from_outside(struct machine *m, const uint8_t *data, size_t n, unsigned slice)
{
    uint8_t what = n ? data[slice % n] : 0;
    struct input in = {.kind = INPUT_KEY, .code = (uint16_t)(what & 0x7F), .down = what & 1};
    if (what % 5 == 1) {
        in = (struct input){
            .kind = INPUT_MOUSE, .dx = (int16_t)(what * 7), .dy = -30, .buttons = what & 7};
    } else if (what % 31 == 2) {
        in = (struct input){.kind = INPUT_MEDIA, .port = what & 4 ? 4 : what & 1};
    } else if (what % 61 == 3) {
        in = (struct input){.kind = INPUT_RESET};
    }
    machine_input(m, &in);
}

/* As a window does. Returns what has been seen. */
static uint64_t look(struct machine *m, uint64_t seen)
{
    static uint32_t pixels[2560 * 1600];
    static struct screen screen;
    unsigned first, end;
    machine_screen(m, &screen);
    machine_screen_lines(m, seen, &first, &end);
    machine_screen_draw(m, first, end, pixels, sizeof pixels / sizeof pixels[0]);
    return machine_screen_version(m);
}

static void fuzz_one(const uint8_t *bytes, size_t n)
{
    static uint8_t rom[BIOS_SIZE];
    static const uint8_t reset[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
    struct error err;
    uint64_t version = 0;
    if (n < 2) {
        return;
    }
    uint8_t kind = bytes[0];
    size_t len = n - 1 < DATA_MAX ? n - 1 : DATA_MAX;
    memset(rom, 0xCC, sizeof rom);
    put(rom, DATA_AT, bytes + 1, len);
    put(rom, RESET_AT, reset, sizeof reset);
    switch (kind & 3) {
    case 0: real_mode(rom); break;
    case 1:
        if (kind & 32) {
            video_driver(rom);
        } else if (kind & 16) {
            apic_driver(rom);
        } else {
            protected_mode(rom, true);
        }
        break;
    case 2: protected_mode(rom, false); break;
    default:
        port_driver(rom);
        aim_ports(rom + DATA_AT, DATA_MAX);
        put(rom, DATA_AT, ide_on, sizeof ide_on);
        break;
    }
    struct machine_config cfg = {.ram_bytes = 1 << 20,
                                 .bios = rom,
                                 .bios_size = BIOS_SIZE,
                                 .mips = kind & 4 ? 1 : 100,
                                 .single_step = kind & 8};
    cfg.drive_present[0] = true;
    cfg.drive[0] =
        (struct media){DRIVE_FLOPPY, &floppy_ops, NULL, sizeof floppy / 512, 512, false};
    cfg.drive[2] = cfg.drive[0];
    cfg.drive[2].kind = DRIVE_DISK;
    cfg.drive[4] = (struct media){DRIVE_CDROM, &cd_ops, NULL, sizeof floppy / 2048, 2048, true};
    struct machine *m = machine_new(&cfg, small_host(), &err);
    if (!m) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    for (unsigned slice = 1; slice <= 16; slice++) {
        enum machine_stop stop = machine_run(m, (uint64_t)slice * (TICKS / 16));
        if (stop != MACHINE_UNTIL && stop != MACHINE_IDLE) {
            break;
        }
        poke_from_outside(m, bytes, n, slice);
        version = look(m, version);
    }
    machine_hash(m);
    machine_free(m);
}

#ifdef TERRAPIN_LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_one(data, size);
    return 0;
}
#else
static uint32_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

int main(int argc, char **argv)
{
    static uint8_t data[DATA_MAX + 1];
    double seconds = argc > 1 ? atof(argv[1]) : 20;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, runs = 0;
    time_t end = time(NULL) + (time_t)seconds;
    do {
        uint64_t seed = first + runs;
        fprintf(stderr, "\rseed %llu ",
                (unsigned long long)seed); /* the last one before a crash */
        for (size_t k = 0; k < sizeof data; k++) {
            data[k] = (uint8_t)next(&seed);
        }
        fuzz_one(data, sizeof data);
        runs++;
    } while (time(NULL) < end);
    printf("\n%llu runs, seeds %llu to %llu\n", (unsigned long long)runs,
           (unsigned long long)first, (unsigned long long)(first + runs - 1));
    return 0;
}
#endif
