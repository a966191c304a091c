/* tests/insn/run_pcv.c -- runs single-step vectors captured from a real 80286 (PCV1 files, a
 * compact form of the public SingleStepTests sets) on the bare processor in real mode.
 *
 *   run_pcv FILE [OPCODE]     FILE uncompressed; prints failures by opcode; exit 1 if any
 *
 * A tool, not a test: the vectors are not part of the project. Flags whose value the manual
 * leaves undefined are masked by the file. A 386 and later deliver 12 where a 286 delivers 13
 * for stack accesses (kind bit 8), and IOPL and NT differ: bits 0..11 are compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"

enum { RAM = 0x110000, STACK_KIND = 1 << 8, NOT_386 = 1 << 15 };
static const char *const reg_name[14] = {"eax", "ebx", "ecx", "edx", "cs",  "ss",  "ds",
                                         "es",  "esp", "ebp", "esi", "edi", "eip", "eflags"};

struct vector {
    char op[9];
    uint16_t fmask, kind;
    uint8_t exc, nbytes;
    uint32_t exc_flags;
    uint16_t before[14], after[14];
    uint16_t nram0, nram1;
    const uint8_t *ram0, *ram1;
    char name[256];
};

struct bench {
    struct phys *ph;
    struct cpu *cpu;
    struct notes notes;
    uint64_t tick;
};

static uint32_t port_in(void *ctx, uint16_t port, unsigned size)
{
    (void)ctx, (void)port;
    return size == 1 ? 0xFF : size == 2 ? 0xFFFF : UINT32_MAX;
}

static void port_out(void *ctx, uint16_t port, uint32_t val, unsigned size)
{
    (void)ctx, (void)port, (void)val, (void)size;
}

static uint8_t int_ack(void *ctx)
{
    (void)ctx;
    return 0;
}

static void parse(const uint8_t *p, struct vector *v)
{
    memset(v, 0, sizeof *v);
    memcpy(v->op, p + 8, 8);
    v->fmask = load_le16(p + 16);
    v->kind = load_le16(p + 18);
    v->exc = p[20];
    v->nbytes = p[21];
    v->nram0 = load_le16(p + 22);
    v->nram1 = load_le16(p + 24);
    unsigned namelen = p[26];
    v->exc_flags = load_le32(p + 28);
    for (unsigned k = 0; k < 14; k++) {
        v->before[k] = load_le16(p + 32 + 2 * k);
        v->after[k] = load_le16(p + 60 + 2 * k);
    }
    v->ram0 = p + 88 + v->nbytes;
    v->ram1 = v->ram0 + 5u * v->nram0;
    memcpy(v->name, v->ram1 + 5u * v->nram1, namelen);
}

static bool flags_byte(const struct vector *v, uint32_t addr)
{
    return v->exc_flags && (addr == v->exc_flags || addr == v->exc_flags + 1);
}

static bool compare(struct bench *b, const struct vector *v, char *why, size_t n)
{
    for (unsigned k = 0; k < 14; k++) {
        uint64_t got = 0;
        cpu_reg_get(b->cpu, reg_name[k], &got);
        uint16_t mask = k == 13 ? v->fmask & 0xFFF : 0xFFFF;
        if (((got ^ v->after[k]) & mask) != 0) {
            snprintf(why, n, "%s is %04x, not %04x", reg_name[k], (unsigned)got & 0xFFFF,
                     v->after[k]);
            return false;
        }
    }
    for (unsigned k = 0; k < v->nram1; k++) {
        uint32_t addr = load_le32(v->ram1 + 5 * k);
        uint8_t want = v->ram1[5 * k + 4], got = 0, mask = 0xFF;
        phys_peek(b->ph, addr, &got, 1);
        if (flags_byte(v, addr)) {
            mask = (uint8_t)((v->fmask & 0xFFF) >> (addr == v->exc_flags ? 0 : 8));
        } else if (strstr(v->name, "pushf") || v->exc != 255 || strstr(v->name, "int")) {
            mask = 0xFF;
        }
        if ((got ^ want) & mask) {
            snprintf(why, n, "[%05x] is %02x, not %02x", addr, got, want);
            return false;
        }
    }
    return true;
}

static bool run(struct bench *b, const struct vector *v, char *why, size_t n)
{
    ram_clear(b->ph, phys_main_ram(b->ph));
    cpu_reset(b->cpu, true);
    for (unsigned k = 0; k < v->nram0; k++) {
        phys_write(b->ph, load_le32(v->ram0 + 5 * k), v->ram0[5 * k + 4], 1);
    }
    if (v->kind & STACK_KIND) { /* 12 is delivered for 13: let it find 13's handler */
        phys_write(b->ph, 12 * 4, phys_read(b->ph, 13 * 4, 4), 4);
    }
    for (unsigned k = 0; k < 14; k++) {
        uint64_t value = k == 13 ? (v->before[k] & 0xFFFu) | 2u : v->before[k];
        if (!cpu_reg_set(b->cpu, reg_name[k], value)) {
            snprintf(why, n, "cannot set %s", reg_name[k]);
            return false;
        }
    }
    enum cpu_stop stop = cpu_run(b->cpu, b->tick + 100000);
    if (stop != CPU_HALTED) {
        snprintf(why, n, "did not halt (stop %d)", (int)stop);
        return false;
    }
    return compare(b, v, why, n);
}

static uint8_t *read_all(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        return NULL;
    }
    fseek(f, 0, SEEK_END);
    *len = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*len);
    if (bytes && fread(bytes, 1, *len, f) != *len) {
        free(bytes);
        bytes = NULL;
    }
    fclose(f);
    return bytes;
}

int main(int argc, char **argv)
{
    size_t len = 0, pos = 8;
    struct error err;
    struct bench b = {0};
    unsigned failed = 0, ran = 0, skipped = 0, shown = 0;
    char last[9] = "";
    uint8_t *bytes = argc > 1 ? read_all(argv[1], &len) : NULL;
    if (!bytes || len < 8 || memcmp(bytes, "PCV1", 4) != 0) {
        fprintf(stderr, "usage: run_pcv FILE [OPCODE]\n");
        return 2;
    }
    struct cpu_bus bus = {
        .ctx = NULL, .in = port_in, .out = port_out, .int_ack = int_ack, .tick = &b.tick};
    struct cpu_config cfg = {.model = "pentiumpro", .single_step = getenv("PCV_STEP") != NULL};
    b.ph = phys_new(RAM, &err);
    phys_map_ram(b.ph, 0, RAM, phys_main_ram(b.ph), 0);
    b.cpu = cpu_new(&cfg, &bus, b.ph, &b.notes, &err);
    cpu_set_a20(b.cpu, true);
    while (pos + 4 <= len) {
        struct vector v;
        char why[160];
        parse(bytes + pos, &v);
        pos += load_le32(bytes + pos);
        if ((v.kind & NOT_386) || (argc > 2 && strcmp(argv[2], v.op) != 0)) {
            skipped++;
            continue;
        }
        ran++;
        if (!run(&b, &v, why, sizeof why)) {
            failed++;
            if (strcmp(last, v.op) != 0) {
                shown = 0;
            }
            memcpy(last, v.op, sizeof last);
            if (shown++ < 3) {
                printf("%-6s %-36s exc %u kind %03x: %s\n", v.op, v.name, v.exc, v.kind, why);
            }
        }
    }
    printf("%u vectors, %u failed, %u not for a 386 or later\n", ran, failed, skipped);
    cpu_free(b.cpu);
    phys_free(b.ph);
    free(bytes);
    return failed != 0;
}
