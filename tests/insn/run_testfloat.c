/* tests/insn/run_testfloat.c -- runs vectors of Berkeley TestFloat 3 (for SoftFloat's 8086 and
 * 8086-SSE specializations) through the instructions of the x87 and of SSE.
 *
 *   run_testfloat [-singlestep] FILE...     names: extF80_add.p32.near_even, f64_sqrt.min,
 * f32_eq
 *
 * A name gives the function, the x87's precision control (default: p80) and the rounding; a
 * line has operands, result and exceptions in hex. Every instruction that computes the function
 * runs every line: the forms of the table below. Prints failures by file; exit 1 if there are
 * any. The vectors are not part of the project: CTest runs this where TERRAPIN_TESTFLOAT names
 * them (CMakeLists.txt).
 *
 * The denormal exception is no exception of IEEE 754: it is not compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"

enum { RAM = 0x10000, CODE_AT = 0x1000, A_AT = 0x2000, B_AT = 0x2010, R_AT = 0x2020 };
enum { CONTROL_AT = 0x2030, STATUS_AT = 0x2034, DONE_PORT = 0xE9, SLOT = 16 };
enum { IE = 1, ZE = 4, OE = 8, UE = 0x10, PE = 0x20, COMPARED = IE | ZE | OE | UE | PE };
enum { CF = 1, PF = 4, ZF = 0x40 };

/* ---- the instructions: 16-bit code, operands in memory */

#define A       0x00, 0x20
#define B       0x10, 0x20
#define R       0x20, 0x20
#define CONTROL 0x30, 0x20
#define STATUS  0x34, 0x20

#define FLD_M32(at)    0xD9, 0x06, at
#define FLD_M64(at)    0xDD, 0x06, at
#define FLD_M80(at)    0xDB, 0x2E, at
#define FILD_M32(at)   0xDB, 0x06, at
#define FILD_M64(at)   0xDF, 0x2E, at
#define FSTP_M32(at)   0xD9, 0x1E, at
#define FSTP_M64(at)   0xDD, 0x1E, at
#define FSTP_M80(at)   0xDB, 0x3E, at
#define FISTP_M32(at)  0xDB, 0x1E, at
#define FISTP_M64(at)  0xDF, 0x3E, at
#define FISTTP_M32(at) 0xDB, 0x0E, at
#define FISTTP_M64(at) 0xDD, 0x0E, at
#define FNSTSW_SAHF    0xDF, 0xE0, 0x9E
#define AB             FLD_M80(B), FLD_M80(A) /* ST = A, ST(1) = B */
#define BA             FLD_M80(A), FLD_M80(B)

#define SS(op)       0xF3, 0x0F, op, 0x06
#define SD(op)       0xF2, 0x0F, op, 0x06
#define PS(op)       0x0F, op, 0x06
#define PD(op)       0x66, 0x0F, op, 0x06
#define LOAD_XMM0(x) 0x0F, 0x10, 0x06, x /* MOVUPS */
#define STORE_XMM0   0x0F, 0x11, 0x06, R
#define STORE_EAX    0x66, 0xA3, R

enum unit { X87, SSE };
enum answer {
    MEMORY, /* the result's bytes, at R */
    PACKED, /* the same in every lane */
    MASK,   /* ones or zeros, as CMPSS says true and false */
    MASKS,  /* in every lane */
    EQUAL,  /* flags, as FCOMI and COMISS leave them */
    LESS,
    LESS_OR_EQUAL,
};

static const struct form {
    const char *function;
    enum unit unit;
    enum answer answer;
    bool chops; /* whatever the rounding control says: for .minMag only */
    uint8_t len, code[24];
} forms[] = {
#define FORM_(function, unit, answer, chops, ...)                                              \
    {                                                                                          \
#function, unit, answer, chops, sizeof((uint8_t[]){__VA_ARGS__}),                      \
        {                                                                                      \
            __VA_ARGS__                                                                        \
        }                                                                                      \
    }
#define FORM(function, unit, answer, ...)  FORM_(function, unit, answer, false, __VA_ARGS__)
#define CHOPS(function, unit, answer, ...) FORM_(function, unit, answer, true, __VA_ARGS__)
    FORM(extF80_add, X87, MEMORY, BA, 0xDE, 0xC1, FSTP_M80(R)), /* FADDP */
    FORM(extF80_add, X87, MEMORY, AB, 0xD8, 0xC1, FSTP_M80(R)), /* FADD ST, ST(1) */
    FORM(extF80_sub, X87, MEMORY, BA, 0xDE, 0xE9, FSTP_M80(R)), /* FSUBP */
    FORM(extF80_sub, X87, MEMORY, AB, 0xDE, 0xE1, FSTP_M80(R)), /* FSUBRP */
    FORM(extF80_sub, X87, MEMORY, AB, 0xD8, 0xE1, FSTP_M80(R)), /* FSUB ST, ST(1) */
    FORM(extF80_mul, X87, MEMORY, BA, 0xDE, 0xC9, FSTP_M80(R)), /* FMULP */
    FORM(extF80_mul, X87, MEMORY, AB, 0xD8, 0xC9, FSTP_M80(R)), /* FMUL ST, ST(1) */
    FORM(extF80_div, X87, MEMORY, BA, 0xDE, 0xF9, FSTP_M80(R)), /* FDIVP */
    FORM(extF80_div, X87, MEMORY, AB, 0xDE, 0xF1, FSTP_M80(R)), /* FDIVRP */
    FORM(extF80_div, X87, MEMORY, AB, 0xD8, 0xF1, FSTP_M80(R)), /* FDIV ST, ST(1) */
    FORM(extF80_sqrt, X87, MEMORY, FLD_M80(A), 0xD9, 0xFA, FSTP_M80(R)),
    FORM(extF80_roundToInt, X87, MEMORY, FLD_M80(A), 0xD9, 0xFC, FSTP_M80(R)),
    /* FPREM1 until it says that it is done: C2, which SAHF takes to PF */
    FORM(extF80_rem, X87, MEMORY, AB, 0xD9, 0xF5, FNSTSW_SAHF, 0x7A, 0xF9, FSTP_M80(R)),
    FORM(extF80_eq, X87, EQUAL, AB, 0xDB, 0xE9),                        /* FUCOMI */
    FORM(extF80_eq, X87, EQUAL, AB, 0xDD, 0xE1, FNSTSW_SAHF),           /* FUCOM */
    FORM(extF80_eq_signaling, X87, EQUAL, AB, 0xDB, 0xF1),              /* FCOMI */
    FORM(extF80_eq_signaling, X87, EQUAL, AB, 0xD8, 0xD1, FNSTSW_SAHF), /* FCOM */
    FORM(extF80_lt, X87, LESS, AB, 0xDB, 0xF1),
    FORM(extF80_lt, X87, LESS, AB, 0xDE, 0xD9, FNSTSW_SAHF),          /* FCOMPP */
    FORM(extF80_lt_quiet, X87, LESS, AB, 0xDF, 0xE9),                 /* FUCOMIP */
    FORM(extF80_lt_quiet, X87, LESS, AB, 0xDA, 0xE9, FNSTSW_SAHF),    /* FUCOMPP */
    FORM(extF80_le, X87, LESS_OR_EQUAL, AB, 0xDF, 0xF1),              /* FCOMIP */
    FORM(extF80_le, X87, LESS_OR_EQUAL, AB, 0xD8, 0xD9, FNSTSW_SAHF), /* FCOMP */
    FORM(extF80_to_f32, X87, MEMORY, FLD_M80(A), FSTP_M32(R)),
    FORM(extF80_to_f64, X87, MEMORY, FLD_M80(A), FSTP_M64(R)),
    FORM(extF80_to_i32, X87, MEMORY, FLD_M80(A), FISTP_M32(R)),
    FORM(extF80_to_i64, X87, MEMORY, FLD_M80(A), FISTP_M64(R)),
    CHOPS(extF80_to_i32, X87, MEMORY, FLD_M80(A), FISTTP_M32(R)),
    CHOPS(extF80_to_i64, X87, MEMORY, FLD_M80(A), FISTTP_M64(R)),
    FORM(f32_to_extF80, X87, MEMORY, FLD_M32(A), FSTP_M80(R)),
    FORM(f64_to_extF80, X87, MEMORY, FLD_M64(A), FSTP_M80(R)),
    FORM(i32_to_extF80, X87, MEMORY, FILD_M32(A), FSTP_M80(R)),
    FORM(i64_to_extF80, X87, MEMORY, FILD_M64(A), FSTP_M80(R)),
    FORM(ui32_to_extF80, X87, MEMORY, FILD_M64(A), FSTP_M80(R)), /* zeros above it */
#define ARITHMETIC(function, op)                                                               \
    FORM(f32_##function, SSE, MEMORY, LOAD_XMM0(A), SS(op), B, STORE_XMM0),                    \
        FORM(f32_##function, SSE, PACKED, LOAD_XMM0(A), PS(op), B, STORE_XMM0),                \
        FORM(f64_##function, SSE, MEMORY, LOAD_XMM0(A), SD(op), B, STORE_XMM0),                \
        FORM(f64_##function, SSE, PACKED, LOAD_XMM0(A), PD(op), B, STORE_XMM0)
    ARITHMETIC(add, 0x58),
    ARITHMETIC(sub, 0x5C),
    ARITHMETIC(mul, 0x59),
    ARITHMETIC(div, 0x5E),
    FORM(f32_sqrt, SSE, MEMORY, SS(0x51), A, STORE_XMM0),
    FORM(f32_sqrt, SSE, PACKED, PS(0x51), A, STORE_XMM0),
    FORM(f64_sqrt, SSE, MEMORY, SD(0x51), A, STORE_XMM0),
    FORM(f64_sqrt, SSE, PACKED, PD(0x51), A, STORE_XMM0),
#define COMPARISON(function, answer, op, predicate)                                            \
    FORM(f32_##function, SSE, answer, LOAD_XMM0(A), PS(op), B),                                \
        FORM(f64_##function, SSE, answer, LOAD_XMM0(A), PD(op), B),                            \
        FORM(f32_##function, SSE, MASK, LOAD_XMM0(A), SS(0xC2), B, predicate, STORE_XMM0),     \
        FORM(f32_##function, SSE, MASKS, LOAD_XMM0(A), PS(0xC2), B, predicate, STORE_XMM0),    \
        FORM(f64_##function, SSE, MASK, LOAD_XMM0(A), SD(0xC2), B, predicate, STORE_XMM0),     \
        FORM(f64_##function, SSE, MASKS, LOAD_XMM0(A), PD(0xC2), B, predicate, STORE_XMM0)
    COMPARISON(eq, EQUAL, 0x2E, 0), /* UCOMISS, CMPEQSS */
    COMPARISON(lt, LESS, 0x2F, 1),  /* COMISS, CMPLTSS */
    COMPARISON(le, LESS_OR_EQUAL, 0x2F, 2),
    FORM(f64_lt_quiet, SSE, LESS, LOAD_XMM0(A), PD(0x2E), B),
    FORM(f32_to_f64, SSE, MEMORY, SS(0x5A), A, STORE_XMM0), /* CVTSS2SD, CVTPS2PD */
    FORM(f32_to_f64, SSE, PACKED, PS(0x5A), A, STORE_XMM0),
    FORM(f64_to_f32, SSE, MEMORY, SD(0x5A), A, STORE_XMM0), /* CVTSD2SS */
    FORM(f32_to_i32, SSE, MEMORY, SS(0x2D), A, STORE_EAX),  /* CVTSS2SI, CVTPS2DQ */
    FORM(f32_to_i32, SSE, PACKED, PD(0x5B), A, STORE_XMM0),
    FORM(f64_to_i32, SSE, MEMORY, SD(0x2D), A, STORE_EAX), /* CVTSD2SI, CVTPD2DQ */
    FORM(f64_to_i32, SSE, MEMORY, SD(0xE6), A, STORE_XMM0),
    CHOPS(f32_to_i32, SSE, MEMORY, SS(0x2C), A, STORE_EAX),
    CHOPS(f32_to_i32, SSE, PACKED, SS(0x5B), A, STORE_XMM0),
    CHOPS(f64_to_i32, SSE, MEMORY, SD(0x2C), A, STORE_EAX),
    CHOPS(f64_to_i32, SSE, MEMORY, PD(0xE6), A, STORE_XMM0),
    FORM(i32_to_f32, SSE, MEMORY, SS(0x2A), A, STORE_XMM0), /* CVTSI2SS, CVTDQ2PS */
    FORM(i32_to_f32, SSE, PACKED, PS(0x5B), A, STORE_XMM0),
    FORM(i32_to_f64, SSE, MEMORY, SD(0x2A), A, STORE_XMM0), /* CVTSI2SD, CVTDQ2PD */
    FORM(i32_to_f64, SSE, PACKED, SS(0xE6), A, STORE_XMM0),
};

/* ---- the processor */

struct bench {
    struct phys *ph;
    struct cpu *cpu;
    struct notes notes;
    uint64_t tick;
    bool done;
};

static uint32_t port_in(void *ctx, uint16_t port, unsigned size)
{
    (void)ctx, (void)port, (void)size;
    return 0;
}

static void port_out(void *ctx, uint16_t port, uint32_t val, unsigned size)
{
    struct bench *b = ctx;
    (void)val, (void)size;
    if (port == DONE_PORT) {
        b->done = true;
        cpu_attention(b->cpu);
    }
}

static uint8_t int_ack(void *ctx)
{
    (void)ctx;
    return 0;
}

static bool bench_init(struct bench *b, const struct cpu_config *cfg)
{
    struct error err;
    struct cpu_bus bus = {
        .ctx = b, .in = port_in, .out = port_out, .int_ack = int_ack, .tick = &b->tick};
    b->ph = phys_new(RAM, NULL, &err);
    if (b->ph) {
        phys_map_ram(b->ph, 0, RAM, phys_main_ram(b->ph), 0);
        b->cpu = cpu_new(cfg, &bus, b->ph, &b->notes, &err);
    }
    if (!b->cpu) {
        fprintf(stderr, "run_testfloat: %s\n", err.text);
        return false;
    }
    cpu_set_a20(b->cpu, true);
    cpu_reg_set(b->cpu, "cr4", 0x200); /* OSFXSR: SSE may run */
    return cpu_reg_set(b->cpu, "cs", 0);
}

static void load_form(struct bench *b, const struct form *f)
{
    static const uint8_t x87_head[] = {0xDB, 0xE3, 0xD9, 0x2E, CONTROL}; /* FNINIT, FLDCW */
    static const uint8_t x87_tail[] = {0xDD, 0x3E, STATUS};              /* FNSTSW */
    static const uint8_t sse_head[] = {0x0F, 0xAE, 0x16, CONTROL};       /* LDMXCSR */
    static const uint8_t sse_tail[] = {0x0F, 0xAE, 0x1E, STATUS};        /* STMXCSR */
    static const uint8_t end[] = {0xE6, DONE_PORT};
    uint8_t code[64];
    unsigned n = 0;
#define APPEND(bytes, len) (memcpy(code + n, bytes, len), n += (unsigned)(len))
    if (f->unit == X87) {
        APPEND(x87_head, sizeof x87_head);
        APPEND(f->code, f->len);
        APPEND(x87_tail, sizeof x87_tail);
    } else {
        APPEND(sse_head, sizeof sse_head);
        APPEND(f->code, f->len);
        APPEND(sse_tail, sizeof sse_tail);
    }
    APPEND(end, sizeof end);
#undef APPEND
    phys_dma_write(b->ph, CODE_AT, code, n);
}

/* ---- one line */

struct number {
    uint8_t bytes[SLOT]; /* little-endian, then zeros */
    unsigned size;
};

struct line {
    struct number operand[2], result;
    unsigned operands, flags; /* flags at the places of status word and MXCSR */
};

/* Big-endian hex digits; a single one is a truth value. */
static bool parse_number(const char *text, struct number *v)
{
    size_t digits = strspn(text, "0123456789ABCDEFabcdef");
    memset(v, 0, sizeof *v);
    v->size = (unsigned)(digits + 1) / 2;
    if (digits == 0 || text[digits] != '\0' || v->size > SLOT) {
        return false;
    }
    for (size_t k = 0; k < digits; k++) {
        char c[2] = {text[digits - 1 - k], '\0'};
        v->bytes[k / 2] |= (uint8_t)(strtoul(c, NULL, 16) << k % 2 * 4);
    }
    return true;
}

static unsigned status_of(unsigned testfloat)
{
    static const uint8_t of[] = {PE, UE, OE, ZE, IE};
    unsigned status = 0;
    for (unsigned k = 0; k < sizeof of; k++) {
        status |= testfloat >> k & 1 ? of[k] : 0;
    }
    return status;
}

static bool parse_line(char *text, struct line *l)
{
    char *field[4];
    unsigned n = 0;
    for (char *p = strtok(text, " \r\n"); p; p = strtok(NULL, " \r\n")) {
        if (n == ARRAY_LEN(field)) {
            return false;
        }
        field[n++] = p;
    }
    if (n < 3) {
        return false;
    }
    l->operands = n - 2;
    l->flags = status_of((unsigned)strtoul(field[n - 1], NULL, 16));
    return parse_number(field[0], &l->operand[0]) &&
           parse_number(field[l->operands - 1], &l->operand[l->operands - 1]) &&
           parse_number(field[n - 2], &l->result);
}

/* An operand in memory; in every lane, where lanes there are. */
static void put_operand(struct bench *b, paddr at, const struct form *f, const struct number *v)
{
    uint8_t bytes[SLOT];
    memcpy(bytes, v->bytes, sizeof bytes);
    for (unsigned k = v->size; f->unit == SSE && k < SLOT; k++) {
        bytes[k] = bytes[k - v->size];
    }
    phys_dma_write(b->ph, at, bytes, sizeof bytes);
}

static bool memory_is(struct bench *b, const struct number *v, bool lanes)
{
    uint8_t got[SLOT];
    phys_peek(b->ph, R_AT, got, sizeof got);
    for (unsigned k = 0; k < SLOT && (lanes || k == 0); k += v->size) {
        if (memcmp(got + k, v->bytes, v->size) != 0) {
            return false;
        }
    }
    return true;
}

static bool answer_is(struct bench *b, const struct form *f, const struct line *l)
{
    struct number mask = {.size = l->operand[0].size};
    bool truth = l->result.bytes[0] == 1, ordered;
    uint64_t flags = 0;
    cpu_reg_get(b->cpu, "eflags", &flags);
    ordered = !(flags & PF);
    switch (f->answer) {
    case EQUAL: return truth == (ordered && (flags & ZF));
    case LESS: return truth == (ordered && (flags & CF));
    case LESS_OR_EQUAL: return truth == (ordered && (flags & (CF | ZF)));
    case MASK:
    case MASKS:
        memset(mask.bytes, truth ? 0xFF : 0, mask.size);
        return memory_is(b, &mask, f->answer == MASKS);
    default: return memory_is(b, &l->result, f->answer == PACKED);
    }
}

/* NULL, or what is wrong. */
static const char *run_line(struct bench *b, const struct form *f, const struct line *l)
{
    uint8_t status[2];
    put_operand(b, A_AT, f, &l->operand[0]);
    if (l->operands == 2) {
        put_operand(b, B_AT, f, &l->operand[1]);
    }
    cpu_reg_set(b->cpu, "eip", CODE_AT);
    b->done = false;
    cpu_run(b->cpu, b->tick + 100000);
    phys_peek(b->ph, STATUS_AT, status, sizeof status);
    return !b->done                                             ? "an exception"
           : !answer_is(b, f, l)                                ? "result"
           : ((status[0] ^ l->flags) & (unsigned)COMPARED) != 0 ? "flags"
                                                                : NULL;
}

/* ---- files */

struct vectors {
    char function[40];
    unsigned precision, rounding; /* the x87's PC and RC fields */
};

static bool parse_name(const char *path, struct vectors *v)
{
    static const char *const roundings[] = {"near_even", "min", "max", "minMag"};
    static const char *const precisions[] = {"p32", "", "p64", "p80"};
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t len = strcspn(name, ".");
    *v = (struct vectors){.precision = 3};
    if (len >= sizeof v->function) {
        return false;
    }
    memcpy(v->function, name, len);
    for (name += len; *name == '.'; name += len) {
        bool known = false;
        len = strcspn(++name, ".");
        for (unsigned k = 0; k < 4; k++) {
            if (strlen(roundings[k]) == len && memcmp(roundings[k], name, len) == 0) {
                v->rounding = k;
                known = true;
            } else if (strlen(precisions[k]) == len && memcmp(precisions[k], name, len) == 0) {
                v->precision = k;
                known = true;
            }
        }
        if (!known) {
            return false;
        }
    }
    return true;
}

struct tally {
    unsigned files, lines, runs, failed;
};

/* All lines through one form; how many there are. */
static unsigned run_form(struct bench *b, const struct form *f, const struct vectors *v,
                         FILE *file, const char *path, struct tally *t)
{
    uint8_t control[4];
    char text[160];
    unsigned failed = 0, lines = 0;
    store_le32(control, f->unit == X87 ? 0x3Fu | v->precision << 8 | v->rounding << 10
                                       : 0x1F80u | v->rounding << 13);
    phys_dma_write(b->ph, CONTROL_AT, control, sizeof control);
    load_form(b, f);
    for (rewind(file); fgets(text, sizeof text, file); lines++) {
        struct line l;
        char copy[sizeof text];
        memcpy(copy, text, sizeof copy);
        const char *wrong = parse_line(copy, &l) ? run_line(b, f, &l) : "not a line";
        if (wrong && failed++ < 3) {
            uint8_t got[SLOT], status = 0;
            phys_peek(b->ph, R_AT, got, sizeof got);
            phys_peek(b->ph, STATUS_AT, &status, 1);
            printf("%s form %u: %s: has", path, (unsigned)(f - forms), wrong);
            for (unsigned k = l.result.size; k > 0 && k <= SLOT; k--) {
                printf("%s%02X", k == l.result.size ? " " : "", got[k - 1]);
            }
            printf(" %02x: %s", status, text);
        }
    }
    t->runs += lines;
    t->failed += failed;
    return lines;
}

static bool run_file(struct bench *b, const char *path, struct tally *t)
{
    struct vectors v;
    unsigned lines = 0;
    FILE *file = fopen(path, "r");
    if (!file || !parse_name(path, &v)) {
        printf("%s: %s\n", path, file ? "a name that says nothing" : "cannot be read");
        if (file) {
            fclose(file);
        }
        return false;
    }
    for (unsigned k = 0; k < ARRAY_LEN(forms); k++) {
        const struct form *f = &forms[k];
        if (strcmp(f->function, v.function) == 0 && (!f->chops || v.rounding == 3)) {
            lines = run_form(b, f, &v, file, path, t);
        }
    }
    fclose(file);
    if (lines == 0) {
        printf("%s: no instruction for it, or no lines\n", path);
    }
    t->files++;
    t->lines += lines;
    return lines > 0;
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct cpu_config cfg = {.model = "pentium4"};
    struct tally t = {0};
    unsigned bad = 0;
    int arg = 1;
    if (arg < argc && strcmp(argv[arg], "-singlestep") == 0) {
        cfg.single_step = true;
        arg++;
    }
    if (arg == argc) {
        fprintf(stderr, "usage: run_testfloat [-singlestep] FILE...\n");
        return 2;
    }
    if (!bench_init(&b, &cfg)) {
        return 2;
    }
    for (; arg < argc; arg++) {
        bad += !run_file(&b, argv[arg], &t);
    }
    printf("%u files, %u lines in %u runs, %u failed\n", t.files, t.lines, t.runs, t.failed);
    cpu_free(b.cpu);
    phys_free(b.ph);
    return bad != 0 || t.failed != 0;
}
