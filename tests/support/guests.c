/* tests/support/guests.c -- see the header. */
#include "tests/support/guests.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/board_fixture.h"

static uint8_t bios[256 << 10], vgabios[64 << 10];

static uint32_t load(const char *path, uint8_t *to, size_t room)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(to, 1, room, f) : 0;
    if (f) {
        fclose(f);
    }
    return (uint32_t)n;
}

bool test_guest_firmware(struct machine_config *cfg, uint8_t *disk)
{
    (void)disk;
    cfg->bios = bios;
    cfg->bios_size = load("/usr/share/seabios/bios-256k.bin", bios, sizeof bios);
    cfg->vgabios = vgabios;
    cfg->vgabios_size = load("/usr/share/seabios/vgabios-stdvga.bin", vgabios, sizeof vgabios);
    cfg->mips = 4;
    return cfg->bios_size && cfg->vgabios_size;
}

bool test_guest_sector(struct machine_config *cfg, uint8_t *disk)
{
    static const uint8_t code[] = {
        0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0, /* xor ax,ax; ds = es = ss = ax */
        0xBC, 0x00, 0x7C,                               /* mov sp,7C00h */
        0x88, 0x16, 0x00, 0x80,                         /* mov [8000h],dl */
        0xB8, 0x01, 0x02, 0xBB, 0x00, 0x7E,             /* l: mov ax,201h; mov bx,7E00h */
        0xB9, 0x02, 0x00, 0xB6, 0x00,                   /* mov cx,2; mov dh,0 */
        0x8A, 0x16, 0x00, 0x80, 0xCD, 0x13,             /* mov dl,[8000h]; int 13h */
        0xFF, 0x06, 0x00, 0x7E,                         /* inc word [7E00h] */
        0xB8, 0x01, 0x03, 0xBB, 0x00, 0x7E,             /* mov ax,301h; mov bx,7E00h */
        0xB9, 0x02, 0x00, 0xB6, 0x00,                   /* mov cx,2; mov dh,0 */
        0x8A, 0x16, 0x00, 0x80, 0xCD, 0x13,             /* mov dl,[8000h]; int 13h */
        0xB8, 0x2E, 0x0E, 0xBB, 0x07, 0x00, 0xCD, 0x10, /* mov ax,0E2Eh; mov bx,7; int 10h */
        0xFB, 0xF4,                                     /* sti; hlt */
        0xEB, 0xCE,                                     /* jmp l */
    };
    memcpy(disk, code, sizeof code);
    disk[510] = 0x55;
    disk[511] = 0xAA;
    return test_guest_firmware(cfg, disk);
}

void test_guest_random(struct machine_config *cfg, uint64_t seed)
{
    enum { SIZE = 0x10000, HANDLER = 0x100, DATA = 0x1000, RESET = 0xFFF0 };
    static const uint8_t start[] = {
        0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xD0, 0xBC, 0x00, 0x7C, /* ds = ss = 0; sp = 7C00h */
        0x31, 0xDB, 0xC7, 0x07, 0x00, 0x01,                   /* bx = 0; l: [bx] = 100h */
        0xC7, 0x47, 0x02, 0x00, 0xF0, 0x83, 0xC3, 0x04,       /* [bx+2] = F000h; add bx,4 */
        0x81, 0xFB, 0x00, 0x04, 0x75, 0xEE,                   /* cmp bx,400h; jne l */
        0xFB, 0xEA, 0x00, 0x10, 0x00, 0xF0,                   /* sti; jmp F000:1000 */
    };
    static const uint8_t handler[] = {
        0x55, 0x89, 0xE5, 0x83, 0x46, 0x02, 0x03, /* push bp; bp = sp; add word [bp+2],3 */
        0xFF, 0x06, 0x00, 0x05,                   /* inc word [500h] */
        0x50, 0xB0, 0x20, 0xE6, 0x20, 0x58,       /* push ax; EOI; pop ax */
        0x5D, 0xCF,                               /* pop bp; iret */
    };
    static const uint8_t reset[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
    for (unsigned i = 0; i < SIZE; i++) {
        bios[i] = (uint8_t)test_random(&seed);
    }
    memcpy(bios, start, sizeof start);
    memcpy(bios + HANDLER, handler, sizeof handler);
    memcpy(bios + RESET, reset, sizeof reset);
    cfg->bios = bios;
    cfg->bios_size = SIZE;
    cfg->mips = 1 + (unsigned)(seed % 20);
}
