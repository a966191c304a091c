/* tests/insn/native_shrink.c -- from a case that fails to a small one that still does. */
#include <string.h>

#include "tests/insn/native.h"

bool native_try(const struct native_case *c, char *why, size_t size)
{
    static struct native_result guest;
    if (native_host_run(c, 1) != 1) {
        return true; /* nothing to compare with */
    }
    native_guest_run(c, &guest);
    return native_agree(c, native_host_result(0), &guest, why, size);
}

/* Keeps the simpler case if it fails, too. */
static bool keep(struct native_case *c, const struct native_case *simpler)
{
    char why[100];
    if (memcmp(c, simpler, sizeof *c) == 0 || native_try(simpler, why, sizeof why)) {
        return false;
    }
    *c = *simpler;
    return true;
}

static bool shrink_bytes(struct native_case *c, size_t at, size_t len)
{
    struct native_case plain, s = *c;
    case_init(&plain);
    memcpy((uint8_t *)&s + at, (const uint8_t *)&plain + at, len);
    return keep(c, &s);
}

static bool shrink_register(struct native_case *c, unsigned n)
{
    static const uint32_t masks[] = {0, 0xF, 0xFF, 0xFFF, 0xFFFF, 0x1FFFF, 0x7FFFFFFF};
    for (unsigned k = 0; k < ARRAY_LEN(masks); k++) {
        struct native_case s = *c;
        s.r[n] &= masks[k];
        if (keep(c, &s)) {
            return true;
        }
    }
    return false;
}

static bool shrink_flags(struct native_case *c)
{
    bool any = false;
    for (uint32_t bit = 1; bit <= FL_ID; bit <<= 1) {
        struct native_case s = *c;
        s.eflags = (s.eflags & ~bit) | FL_IF | FL_ONE;
        any |= keep(c, &s);
    }
    return any;
}

static bool shrink_memory(struct native_case *c)
{
    bool any = false;
    for (unsigned k = c->runs; k-- > 0;) {
        struct native_case s = *c;
        s.runs = 0;
        for (unsigned n = 0; n < c->runs; n++) {
            if (n != k) {
                case_add_memory(&s, c->run[n].off, c->mem + c->run[n].at, c->run[n].len);
            }
        }
        any |= keep(c, &s);
    }
    for (unsigned k = 0; k < c->runs; k++) {
        for (unsigned n = 0; n < c->run[k].len; n++) {
            struct native_case s = *c;
            s.mem[s.run[k].at + n] = 0;
            any |= keep(c, &s);
        }
    }
    return any;
}

/* Without the prefix that comes first. */
static bool shrink_code(struct native_case *c)
{
    struct native_case s = *c;
    uint8_t b = c->code[0];
    bool prefix =
        (b & 0xE7) == 0x26 || (b >= 0x64 && b <= 0x67) || b == 0xF0 || b == 0xF2 || b == 0xF3;
    if (!prefix) {
        return false;
    }
    memmove(s.code, s.code + 1, --s.len);
    s.code[s.len] = 0;
    return keep(c, &s);
}

static bool shrink_fx(struct native_case *c)
{
    static const struct {
        uint16_t at, len;
    } parts[] = {{0, 2}, {2, 2}, {4, 1}, {6, 2}, {8, 8}, {16, 8}, {24, 4}};
    bool any = shrink_bytes(c, offsetof(struct native_case, fx), FX_SIZE);
    for (unsigned k = 0; k < ARRAY_LEN(parts); k++) {
        any |= shrink_bytes(c, offsetof(struct native_case, fx) + parts[k].at, parts[k].len);
    }
    for (unsigned at = 32; at < FX_SIZE; at += 8) {
        any |= shrink_bytes(c, offsetof(struct native_case, fx) + at, 8);
    }
    return any;
}

static bool shrink_segments(struct native_case *c)
{
    bool any = false;
    for (unsigned k = 0; k < SEG_COUNT; k++) {
        any |= k != SEG_CS && shrink_bytes(c, offsetof(struct native_case, sel) + 2 * k, 2);
    }
    return any;
}

void native_shrink(struct native_case *c)
{
    bool any = true;
    for (unsigned round = 0; any && round < 20; round++) {
        any = shrink_segments(c); /* first: registers that get smaller then stay harmless */
        any |= shrink_code(c);
        any |= shrink_flags(c);
        any |= shrink_memory(c);
        any |= shrink_fx(c);
        for (unsigned k = 0; k < 8; k++) {
            any |= shrink_register(c, k);
        }
        any |= shrink_bytes(c, offsetof(struct native_case, eip), 4);
    }
}
