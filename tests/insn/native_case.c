/* tests/insn/native_case.c -- what both worlds look like; cases as text. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/simd.h"
#include "tests/insn/native.h"

/* Boundaries: RW|RW at 1000h, RW|RO, RO|RW, RW|missing at 4000h, missing|RW at F000h, RW|RW at
 * 64 KiB, RW|missing at 11000h. The code's are alike. */
const struct arena_page arena_pages[ARENA_PAGES] = {
    {0x00, PAGE_RW},    {0x01, PAGE_RW},    {0x02, PAGE_RO},    {0x03, PAGE_RW},
    {0x0F, PAGE_RW},    {0x10, PAGE_RW},    {0x100, PAGE_CODE}, {0x101, PAGE_CODE},
    {0x10F, PAGE_CODE}, {0x110, PAGE_CODE},
};

const struct native_descriptor native_ldt[SEG_SLOTS] = {
    [SEG_CODE32] = {ARENA_CODE, 0x1FFFF, SF_CODE | SF_BIG},
    [SEG_CODE16] = {ARENA_CODE, 0xFFFF, SF_CODE},
    [SEG_DATA32] = {ARENA, 0x1FFFF, SF_BIG},
    [SEG_DATA16] = {ARENA, 0xFFFF, 0},
    [SEG_SMALL32] = {ARENA + 0x123, 0xFFF, SF_BIG},
    [SEG_SMALL16] = {ARENA + 0x10, 0x7FE, 0},
    [SEG_READ_ONLY] = {ARENA, 0xFFFF, SF_LOCKED | SF_BIG},
    [SEG_DOWN32] = {ARENA, 0xFFF, SF_DOWN | SF_BIG},
    [SEG_DOWN16] = {ARENA, 0xFFF, SF_DOWN},
    [SEG_EXEC_ONLY] = {ARENA_CODE, 0x1FFFF, SF_CODE | SF_BIG | SF_LOCKED},
    [SEG_NO_DATA] = {ARENA, 0x1FFFF, SF_BIG | SF_ABSENT},
    [SEG_NO_CODE] = {ARENA_CODE, 0x1FFFF, SF_CODE | SF_BIG | SF_ABSENT},
    [SEG_CODE16_SMALL] = {ARENA_CODE, CODE_AT + 0x40, SF_CODE},
    [SEG_CODE32_SMALL] = {ARENA_CODE, CODE_AT + 0x40, SF_CODE | SF_BIG},
    [SEG_PAGES] = {ARENA + 0x10, 0x10, SF_BIG | SF_IN_PAGES},
    [SEG_FLAT] = {ARENA, 0xFFFFF, SF_BIG | SF_IN_PAGES},
    [SEG_NO_CONFORMING] = {ARENA_CODE, 0x1FFFF, SF_CODE | SF_BIG | SF_CONFORMING | SF_ABSENT},
    [SEG_CODE32_OTHER] = {ARENA, 0x1FFFF, SF_CODE | SF_BIG},
};

int arena_index(uint32_t off)
{
    for (unsigned k = 0; k < ARENA_PAGES; k++) {
        if (off / NATIVE_PAGE == arena_pages[k].at) {
            return (int)(k * NATIVE_PAGE + off % NATIVE_PAGE);
        }
    }
    return -1;
}

const uint8_t *arena_pattern(void)
{
    static uint8_t image[IMAGE_SIZE];
    uint64_t x = 1;
    if (image[DATA_SIZE] == 0) {                                 /* not yet made */
        memset(image + DATA_SIZE, 0xCC, IMAGE_SIZE - DATA_SIZE); /* INT3 */
        for (unsigned k = 0; k < DATA_SIZE; k++) {
            x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            image[k] = (uint8_t)(x >> 56);
        }
    }
    return image;
}

void case_init(struct native_case *c)
{
    memset(c, 0, sizeof *c);
    for (unsigned k = 0; k < SEG_COUNT; k++) {
        c->sel[k] = ldt_selector(k == SEG_CS ? SEG_CODE32 : SEG_DATA32);
    }
    c->sel[SEG_FS] = c->sel[SEG_GS] = 0;
    c->eip = CODE_AT;
    c->r[ESP] = 0xC00;
    c->eflags = FL_IF | FL_ONE;
    c->code[0] = 0x90;
    c->len = 1;
    store_le16(c->fx, 0x37F);
    store_le32(c->fx + 24, MXCSR_RESET);
}

static void put_bytes(uint8_t *image, uint32_t off, const uint8_t *bytes, unsigned len,
                      bool code)
{
    for (unsigned k = 0; k < len; k++) {
        int at = arena_index(off + k);
        if (at >= 0 && code == (at >= DATA_SIZE)) {
            image[at] = bytes[k];
        }
    }
}

void case_data(const struct native_case *c, uint8_t image[IMAGE_SIZE])
{
    for (unsigned k = 0; k < c->runs; k++) {
        put_bytes(image, c->run[k].off, c->mem + c->run[k].at, c->run[k].len, false);
    }
}

void case_code(const struct native_case *c, uint8_t image[IMAGE_SIZE])
{
    put_bytes(image, ARENA_CODE - ARENA + c->eip, c->code, c->len, true);
}

void case_forget_code(const struct native_case *c, uint8_t image[IMAGE_SIZE])
{
    for (unsigned k = 0; k < c->len; k++) {
        int at = arena_index(ARENA_CODE - ARENA + c->eip + k);
        if (at >= 0) {
            image[at] = 0xCC;
        }
    }
}

void case_collect(uint8_t image[IMAGE_SIZE], struct native_result *out)
{
    const uint8_t *before = arena_pattern();
    out->pages = 0;
    for (unsigned k = 0; k < DATA_PAGES; k++) {
        unsigned at = k * NATIVE_PAGE;
        if (memcmp(image + at, before + at, NATIVE_PAGE) != 0) {
            out->pages |= 1u << k;
            memcpy(out->data + at, image + at, NATIVE_PAGE);
            memcpy(image + at, before + at, NATIVE_PAGE);
        }
    }
}

bool case_is_repeated(const struct native_case *c)
{
    bool rep = false;
    for (unsigned k = 0; k < c->len; k++) {
        uint8_t b = c->code[k];
        bool segment = (b & 0xE7) == 0x26 || b == 0x64 || b == 0x65;
        if (b == 0xF2 || b == 0xF3) {
            rep = true;
        } else if (!segment && b != 0x66 && b != 0x67 && b != 0xF0) {
            return rep &&
                   ((b >= 0xA4 && b <= 0xAF && (b & 0xFE) != 0xA8) || (b >= 0x6C && b <= 0x6F));
        }
    }
    return false;
}

void case_add_memory(struct native_case *c, uint32_t off, const void *bytes, unsigned len)
{
    unsigned at = 0;
    for (unsigned k = 0; k < c->runs; k++) {
        at += c->run[k].len;
    }
    if (c->runs < MEM_RUNS && at + len <= MEM_BYTES) {
        c->run[c->runs++] = (struct mem_run){off, (uint16_t)len, (uint16_t)at};
        memcpy(c->mem + at, bytes, len);
    }
}

/* ---- text: name=hex, separated by blanks; bytes in the order of memory */

static const struct {
    const char *name;
    uint16_t at, size; /* in struct native_case; 2 and 4: a number, others: bytes */
} fields[] = {
#define ENTRY(name, member, size)                                                              \
    {                                                                                          \
        name, offsetof(struct native_case, member), size                                       \
    }
    ENTRY("cs", sel[SEG_CS], 2),
    ENTRY("ip", eip, 4),
    ENTRY("fl", eflags, 4),
    ENTRY("eax", r[EAX], 4),
    ENTRY("ecx", r[ECX], 4),
    ENTRY("edx", r[EDX], 4),
    ENTRY("ebx", r[EBX], 4),
    ENTRY("esp", r[ESP], 4),
    ENTRY("ebp", r[EBP], 4),
    ENTRY("esi", r[ESI], 4),
    ENTRY("edi", r[EDI], 4),
    ENTRY("ss", sel[SEG_SS], 2),
    ENTRY("ds", sel[SEG_DS], 2),
    ENTRY("es", sel[SEG_ES], 2),
    ENTRY("fs", sel[SEG_FS], 2),
    ENTRY("gs", sel[SEG_GS], 2),
    ENTRY("fx", fx[0], 32), /* control, status, tags, opcode, pointers, MXCSR */
#define ST(n)  ENTRY("st" #n, fx[32 + 16 * n], 10)
#define XMM(n) ENTRY("xmm" #n, fx[160 + 16 * n], 16)
    ST(0),
    ST(1),
    ST(2),
    ST(3),
    ST(4),
    ST(5),
    ST(6),
    ST(7),
    XMM(0),
    XMM(1),
    XMM(2),
    XMM(3),
    XMM(4),
    XMM(5),
    XMM(6),
    XMM(7),
};

struct text {
    char *at;
    size_t left;
};

PRINTF_LIKE(2, 3) static void put(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->at, t->left, format, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n < t->left ? (size_t)n : t->left;
    t->at += used;
    t->left -= used;
}

static void put_hex(struct text *t, const uint8_t *bytes, unsigned len)
{
    for (unsigned k = 0; k < len; k++) {
        put(t, "%02x", bytes[k]);
    }
}

void case_print(const struct native_case *c, char *text, size_t size)
{
    struct native_case plain;
    struct text t = {text, size};
    case_init(&plain);
    put(&t, "code=");
    put_hex(&t, c->code, c->len);
    for (unsigned k = 0; k < ARRAY_LEN(fields); k++) {
        const uint8_t *p = (const uint8_t *)c + fields[k].at;
        unsigned n = fields[k].size;
        if (memcmp(p, (const uint8_t *)&plain + fields[k].at, n) == 0) {
            continue;
        }
        if (n <= 4) {
            uint32_t v = n == 2 ? *(const uint16_t *)(const void *)p
                                : *(const uint32_t *)(const void *)p;
            put(&t, " %s=%" PRIx32, fields[k].name, v);
        } else {
            put(&t, " %s=", fields[k].name);
            put_hex(&t, p, n);
        }
    }
    for (unsigned k = 0; k < c->runs; k++) {
        put(&t, " m=%" PRIx32 ":", c->run[k].off);
        put_hex(&t, c->mem + c->run[k].at, c->run[k].len);
    }
}

/* Up to max bytes; how many, or -1. *end: behind them. */
static int get_hex(const char *s, uint8_t *bytes, unsigned max, const char **end)
{
    unsigned n = 0;
    unsigned value;
    for (; sscanf(s, "%2x", &value) == 1 && s[0] > ' ' && s[1] > ' '; s += 2) {
        if (n == max) {
            return -1;
        }
        bytes[n++] = (uint8_t)value;
    }
    *end = s;
    return (int)n;
}

static bool get_memory(struct native_case *c, const char *s, const char **end)
{
    uint8_t bytes[MEM_BYTES];
    char *colon;
    uint32_t off = (uint32_t)strtoul(s, &colon, 16);
    int n = *colon == ':' ? get_hex(colon + 1, bytes, sizeof bytes, end) : -1;
    if (n <= 0) {
        return false;
    }
    case_add_memory(c, off, bytes, (unsigned)n);
    return true;
}

static bool get_field(struct native_case *c, const char *name, size_t len, const char *s,
                      const char **end)
{
    for (unsigned k = 0; k < ARRAY_LEN(fields); k++) {
        uint8_t *p = (uint8_t *)c + fields[k].at;
        if (strlen(fields[k].name) != len || memcmp(fields[k].name, name, len) != 0) {
            continue;
        }
        if (fields[k].size > 4) {
            return get_hex(s, p, fields[k].size, end) == (int)fields[k].size;
        }
        char *after;
        unsigned long v = strtoul(s, &after, 16);
        *end = after;
        if (fields[k].size == 2) {
            *(uint16_t *)(void *)p = (uint16_t)v;
        } else {
            *(uint32_t *)(void *)p = (uint32_t)v;
        }
        return after != s;
    }
    return false;
}

bool case_parse(struct native_case *c, const char *text)
{
    case_init(c);
    for (const char *s = text + strspn(text, " "); *s != '\0'; s += strspn(s, " \n")) {
        size_t len = strcspn(s, "=");
        const char *value = s + len + 1, *end = NULL;
        bool good;
        if (s[len] != '=') {
            return false;
        }
        if (len == 4 && memcmp(s, "code", 4) == 0) {
            int n = get_hex(value, c->code, CODE_MAX, &end);
            c->len = n > 0 ? (uint8_t)n : 0;
            good = n > 0;
        } else if (len == 1 && *s == 'm') {
            good = get_memory(c, value, &end);
        } else {
            good = get_field(c, s, len, value, &end);
        }
        if (!good || (*end != '\0' && *end != ' ' && *end != '\n')) {
            return false;
        }
        s = end;
    }
    return true;
}
