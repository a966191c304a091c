/* tests/insn/run_pcv.c -- runs single-step vectors captured from a real 80286 (PCV1 files, a
 * compact form of the public SingleStepTests sets) on the bare processor in real mode.
 *
 *   run_pcv [-cpu MODEL] [-singlestep] FILE [OPCODE]     FILE plain or gzipped
 *
 * Prints failures by opcode, what was left out and why, and how many cases differ as the table
 * `differences` explains; exit 1 if any differs otherwise. The vectors are not part of the
 * project: CTest runs this where TERRAPIN_MOO286 names them (CMakeLists.txt).
 *
 * Flags that the manual leaves undefined are masked by the file. Bits 12..15 are not compared,
 * in registers and in images: in real mode a 286 has zeros there, a 386 IOPL and NT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cpu/cpu.h"

enum { RAM = 0x110000, NO_EXCEPTION = 255, EXC_STACK = 12, EXC_GENERAL = 13, FLAGS = 0xFFF };

enum { AX, BX, CX, DX, CS, SS, DS, ES, SP, BP, SI, DI, IP, FL, REGS };
static const char *const reg_name[REGS] = {"eax", "ebx", "ecx", "edx", "cs",  "ss",  "ds",
                                           "es",  "esp", "ebp", "esi", "edi", "eip", "eflags"};

struct vector {
    char op[9];
    uint16_t fmask, kind;
    uint8_t exc, nbytes;
    uint32_t exc_flags;
    uint16_t before[REGS], after[REGS];
    uint16_t nram0, nram1;
    const uint8_t *ram0, *ram1;
    char name[256];
};

/* ---- how a 386 differs */

/* Vectors that cannot be run, by their kind, the first that matches. */
enum { ONLY_286 = 1 << 15, LOCKED = 1 << 7, TOO_LONG = 1 << 1, ESCAPE = 1 << 2, SREG = 1 << 6 };
static const struct reason {
    uint16_t kind;
    const char *text;
} left_out[] = {
    {LOCKED, "LOCK before an instruction that a 386 lets nobody lock (#UD): SDM 2A LOCK"},
    {TOO_LONG, "longer than 10 bytes: a 286's #GP, where a 386 takes 15"},
    {ESCAPE, "x87 escape: there was no 80287"},
    {SREG, "segment registers 4..7: FS and GS on a 386"},
    {ONLY_286, "of another kind that a 386 does otherwise"},
};

/* A 386 delivers #SS where a 286 delivers #GP(13) for a word at SS:FFFF: SDM 3A 6.15, 12. */
enum { STACK_KIND = 1 << 8 };

/* A word of a string at offset FFFF faults. By then a 286 has stepped an index register or
 * both, and counted CX down by one or two, so that its handler sees them changed; from the 386
 * on a fault leaves them as they were before the iteration (SDM 3A 6.6, SDM 2B REP). */
static const struct difference {
    const char *op;
    bool si, di; /* it has a word at DS:SI, at ES:DI */
} differences[] = {
    {"6D", false, true}, /* INSW */
    {"6F", true, false}, /* OUTSW */
    {"A5", true, true},  /* MOVSW */
    {"A7", true, true},  /* CMPSW */
    {"AB", false, true}, /* STOSW */
    {"AD", true, false}, /* LODSW */
    {"AF", false, true}, /* SCASW */
};

enum { REP_KIND = 1 << 5, DIRECTION = 1 << 10 };

/* Iterations before the one whose word, now at index, stands at FFFF. */
static unsigned iterations(uint16_t index, bool down)
{
    uint16_t way = (uint16_t)(down ? index - 0xFFFF : 0xFFFF - index);
    return way & 1 ? UINT16_MAX : way / 2u;
}

/* Turns what a 286 left into what a 386 leaves; false: there is no difference. */
static bool as_386(struct vector *v)
{
    bool down = v->before[FL] & DIRECTION;
    for (unsigned k = 0; v->exc == EXC_GENERAL && k < ARRAY_LEN(differences); k++) {
        const struct difference *d = &differences[k];
        if (strcmp(d->op, v->op) != 0) {
            continue;
        }
        unsigned si = d->si ? iterations(v->before[SI], down) : UINT16_MAX;
        unsigned di = d->di ? iterations(v->before[DI], down) : UINT16_MAX;
        unsigned n = si < di ? si : di, way = down ? 0 - 2 * n : 2 * n;
        v->after[SI] = (uint16_t)(v->before[SI] + (d->si ? way : 0));
        v->after[DI] = (uint16_t)(v->before[DI] + (d->di ? way : 0));
        v->after[CX] = (uint16_t)(v->before[CX] - (v->kind & REP_KIND ? n : 0));
        return true;
    }
    return false;
}

/* ---- one vector */

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
    for (unsigned k = 0; k < REGS; k++) {
        v->before[k] = load_le16(p + 32 + 2 * k);
        v->after[k] = load_le16(p + 60 + 2 * k);
    }
    v->ram0 = p + 88 + v->nbytes;
    v->ram1 = v->ram0 + 5u * v->nram0;
    memcpy(v->name, v->ram1 + 5u * v->nram1, namelen);
}

/* The bits of a byte of memory to compare: FLAGS images have some that are not. */
static uint8_t byte_mask(const struct vector *v, uint32_t addr)
{
    uint32_t top = v->after[SS] * 16u + v->after[SP];
    if (v->exc_flags && addr - v->exc_flags < 2) {
        return (uint8_t)((v->fmask & FLAGS) >> 8 * (addr - v->exc_flags));
    }
    if (strstr(v->name, "pushf") && addr - top < 2) {
        return (uint8_t)(FLAGS >> 8 * (addr - top));
    }
    return 0xFF;
}

static bool compare(struct bench *b, const struct vector *v, char *why, size_t n)
{
    for (unsigned k = 0; k < REGS; k++) {
        uint64_t got = 0;
        cpu_reg_get(b->cpu, reg_name[k], &got);
        uint16_t mask = k == FL ? v->fmask & FLAGS : 0xFFFF;
        if (((got ^ v->after[k]) & mask) != 0) {
            snprintf(why, n, "%s is %04x, not %04x", reg_name[k], (unsigned)got & 0xFFFF,
                     v->after[k]);
            return false;
        }
    }
    for (unsigned k = 0; k < v->nram1; k++) {
        uint32_t addr = load_le32(v->ram1 + 5 * k);
        uint8_t want = v->ram1[5 * k + 4], got = 0;
        phys_peek(b->ph, addr, &got, 1);
        if ((got ^ want) & byte_mask(v, addr)) {
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
    if (v->kind & STACK_KIND) { /* let it find the handler that the vector has for 13 */
        phys_write(b->ph, EXC_STACK * 4, phys_read(b->ph, EXC_GENERAL * 4, 4), 4);
    }
    for (unsigned k = 0; k < REGS; k++) {
        uint64_t value = k == FL ? (v->before[k] & (unsigned)FLAGS) | 2u : v->before[k];
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

/* ---- all of them */

struct tally {
    unsigned ran, failed, differing, left_out[ARRAY_LEN(left_out)];
    char last[9];   /* opcode of the last failure … */
    unsigned shown; /* … of which so many have been printed */
};

static bool leave_out(const struct vector *v, struct tally *t)
{
    unsigned k = 0;
    if (!(v->kind & ONLY_286)) {
        return false;
    }
    while (!(v->kind & left_out[k].kind)) {
        k++;
    }
    t->left_out[k]++;
    return true;
}

static void report(const struct vector *v, struct tally *t, const char *why)
{
    t->failed++;
    t->shown = strcmp(t->last, v->op) == 0 ? t->shown + 1 : 1;
    memcpy(t->last, v->op, sizeof t->last);
    if (t->shown <= 3) {
        printf("%-6s %-36s exc %u kind %03x: %s\n", v->op, v->name, v->exc, v->kind, why);
    }
}

static void run_all(struct bench *b, const uint8_t *bytes, size_t len, const char *opcode,
                    struct tally *t)
{
    for (size_t pos = 8; pos + 88 <= len; pos += load_le32(bytes + pos)) {
        struct vector v;
        char why[160];
        parse(bytes + pos, &v);
        if ((opcode && strcmp(opcode, v.op) != 0) || leave_out(&v, t)) {
            continue;
        }
        t->ran++;
        t->differing += as_386(&v);
        if (!run(b, &v, why, sizeof why)) {
            report(&v, t, why);
        }
    }
}

static uint8_t *read_all(const char *path, size_t *len)
{
    enum { CHUNK = 1 << 20 };
    gzFile f = gzopen(path, "rb");
    uint8_t *bytes = NULL;
    int got = f ? 1 : 0;
    *len = 0;
    while (got > 0) {
        uint8_t *more = realloc(bytes, *len + CHUNK);
        if (more == NULL) {
            break;
        }
        bytes = more;
        got = gzread(f, bytes + *len, CHUNK);
        *len += got > 0 ? (size_t)got : 0;
    }
    if (f) {
        gzclose(f);
    }
    return bytes;
}

static bool bench_init(struct bench *b, const struct cpu_config *cfg)
{
    struct error err;
    struct cpu_bus bus = {
        .ctx = NULL, .in = port_in, .out = port_out, .int_ack = int_ack, .tick = &b->tick};
    b->ph = phys_new(RAM, NULL, &err);
    if (b->ph) {
        phys_map_ram(b->ph, 0, RAM, phys_main_ram(b->ph), 0);
        b->cpu = cpu_new(cfg, &bus, b->ph, &b->notes, &err);
    }
    if (!b->cpu) {
        fprintf(stderr, "run_pcv: %s\n", err.text);
        return false;
    }
    cpu_set_a20(b->cpu, true);
    return true;
}

int main(int argc, char **argv)
{
    struct cpu_config cfg = {.model = NULL};
    static struct bench b;
    struct tally t = {0};
    size_t len = 0;
    const char *file = NULL, *opcode = NULL;
    for (int arg = 1; arg < argc; arg++) {
        if (strcmp(argv[arg], "-singlestep") == 0) {
            cfg.single_step = true;
        } else if (strcmp(argv[arg], "-cpu") == 0 && arg + 1 < argc) {
            cfg.model = argv[++arg];
        } else {
            *(file ? &opcode : &file) = argv[arg];
        }
    }
    uint8_t *bytes = file ? read_all(file, &len) : NULL;
    if (!bytes || len < 8 || memcmp(bytes, "PCV1", 4) != 0) {
        fprintf(stderr, "usage: run_pcv [-cpu MODEL] [-singlestep] FILE [OPCODE]\n");
        free(bytes);
        return 2;
    }
    if (!bench_init(&b, &cfg)) {
        free(bytes);
        return 2;
    }
    run_all(&b, bytes, len, opcode, &t);
    printf("%u vectors, %u failed; %u as a 386 does after a fault of a string instruction\n",
           t.ran, t.failed, t.differing);
    for (unsigned k = 0; k < ARRAY_LEN(left_out); k++) {
        printf("left out: %5u %s\n", t.left_out[k], left_out[k].text);
    }
    cpu_free(b.cpu);
    phys_free(b.ph);
    free(bytes);
    return t.failed != 0 || t.ran == 0;
}
