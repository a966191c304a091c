/* frontend/vt_filter.c -- see the header. States and bytes as in ECMA-48 and the VT100 to VT420
 * manuals.
 */
#include "frontend/vt_filter.h"

#include <string.h>

enum vt_state {
    GROUND,
    ESCAPE,       /* ESC was seen */
    INTERMEDIATE, /* ESC and 20h-2Fh */
    CSI,          /* ESC [ */
    STRING,       /* ESC ] and the like, to its end */
    STRING_ESC,   /* ESC within one: its end, if \ follows */
};
enum { BEL = 7, CAN = 0x18, SUB = 0x1A, ESC = 0x1B, DEL = 0x7F };

static bool is_one_of(uint8_t byte, const char *set)
{
    return byte && strchr(set, byte);
}

/* BEL BS HT LF VT FF CR SO SI; not ENQ, which some terminals answer, nor XON and XOFF. */
static bool control_passes(uint8_t byte)
{
    return byte >= BEL && byte <= 0x0F;
}

static size_t emit(uint8_t *out, const uint8_t *bytes, size_t n)
{
    memcpy(out, bytes, n);
    return n;
}

static size_t emit_one(uint8_t *out, uint8_t byte)
{
    out[0] = byte;
    return 1;
}

/* The collected sequence is over. */
static size_t finish(struct vt_filter *f, bool passes, uint8_t *out)
{
    f->state = GROUND;
    if (!passes || f->too_long) {
        return 0;
    }
    f->used = true;
    return emit(out, f->sequence, f->len);
}

static void collect(struct vt_filter *f, uint8_t byte)
{
    if (f->len < VT_LONGEST) {
        f->sequence[f->len++] = byte;
    } else {
        f->too_long = true;
    }
}

/* ESC [ parameters intermediates final. */
static bool csi_passes(const struct vt_filter *f)
{
    uint8_t final = f->sequence[f->len - 1], before = f->sequence[f->len - 2];
    uint8_t first = f->sequence[2];
    if (before >= 0x20 && before <= 0x2F) { /* cursor style, soft reset; no other */
        return (before == ' ' && final == 'q') || (before == '!' && final == 'p');
    }
    if (first == '?') {
        return is_one_of(final, "hlJKnrs");
    }
    return !(first >= '<' && first <= '>') &&
           is_one_of(final, "@ABCDEFGHIJKLMPSTXZ`abcdefghlmnrsu");
}

static void watch_screen(struct vt_filter *f)
{
    static const char *const on[] = {"\x1B[?1049h", "\x1B[?1047h", "\x1B[?47h"};
    for (unsigned i = 0; i < ARRAY_LEN(on); i++) {
        size_t n = strlen(on[i]);
        if (f->len == n && memcmp(f->sequence, on[i], n - 1) == 0) {
            f->alternate = f->sequence[n - 1] == 'h';
        }
    }
}

static size_t in_csi(struct vt_filter *f, uint8_t byte, uint8_t *out)
{
    collect(f, byte);
    if (byte < 0x40) {
        return 0;
    }
    bool passes = !f->too_long && byte < DEL && csi_passes(f);
    if (passes) {
        watch_screen(f);
    }
    return finish(f, passes, out);
}

static size_t after_escape(struct vt_filter *f, uint8_t byte, uint8_t *out)
{
    collect(f, byte);
    if (byte == '[') {
        f->state = CSI;
        return 0;
    }
    if (is_one_of(byte, "]PX^_")) {
        f->state = STRING;
        return 0;
    }
    if (byte < 0x30) {
        f->state = INTERMEDIATE;
        return 0;
    }
    return finish(f, is_one_of(byte, "78=>DEHMNOc"), out);
}

static size_t after_intermediate(struct vt_filter *f, uint8_t byte, uint8_t *out)
{
    collect(f, byte);
    return byte < 0x30 ? 0 : finish(f, is_one_of(f->sequence[1], "()*+#"), out);
}

/* Bytes from 80h on: UTF-8 or an 8-bit code, but no C1 control in either. */
static size_t high(struct vt_filter *f, uint8_t byte, uint8_t *out)
{
    if (f->continuation > 0 && byte < 0xC0) {
        f->continuation--;
        if (f->c2) {
            f->c2 = false;
            return byte < 0xA0 ? emit_one(out, '?') : emit(out, (uint8_t[]){0xC2, byte}, 2);
        }
        return emit_one(out, byte);
    }
    f->continuation = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC2 ? 1 : 0;
    if (byte == 0xC2) {
        f->c2 = true;
        return 0;
    }
    f->c2 = false;
    return emit_one(out, byte < 0xA0 ? '?' : byte);
}

static size_t in_ground(struct vt_filter *f, uint8_t byte, uint8_t *out)
{
    if (byte >= 0x80) {
        return high(f, byte, out);
    }
    f->continuation = 0;
    f->c2 = false;
    bool passes = byte < 0x20 ? control_passes(byte) : byte != DEL;
    return passes ? emit_one(out, byte) : 0;
}

/* ESC, CAN, SUB and the other controls, in the middle of a sequence too. */
static size_t control(struct vt_filter *f, uint8_t byte, uint8_t *out)
{
    bool string = f->state == STRING || f->state == STRING_ESC;
    if (byte == ESC) {
        f->state = string ? STRING_ESC : ESCAPE;
        f->sequence[0] = ESC;
        f->len = 1;
        f->too_long = false;
        f->continuation = 0;
        f->c2 = false;
        return 0;
    }
    if (byte == CAN || byte == SUB || (string && byte == BEL)) {
        f->state = GROUND;
        return 0;
    }
    return string ? 0 : control_passes(byte) ? emit_one(out, byte) : 0;
}

size_t vt_filter(struct vt_filter *f, uint8_t byte, uint8_t out[VT_LONGEST])
{
    if (byte == ESC || (byte < 0x20 && f->state != GROUND)) {
        return control(f, byte, out);
    }
    switch (f->state) {
    case ESCAPE: return after_escape(f, byte, out);
    case INTERMEDIATE: return after_intermediate(f, byte, out);
    case CSI: return in_csi(f, byte, out);
    case STRING: return 0;
    case STRING_ESC:
        if (byte == '\\') {
            f->state = GROUND;
            return 0;
        }
        f->state = ESCAPE; /* the string was broken off by another sequence */
        return after_escape(f, byte, out);
    default: return in_ground(f, byte, out);
    }
}

const char *vt_filter_reset(const struct vt_filter *f)
{
    /* Mouse and focus reports and bracketed paste off, soft reset, ASCII. */
#define RESET "\x1B[?1000;1002;1003;1004;1006;2004l\x1B[!p\x1B[0m\x1B[?25h\x1B(B\x0F"
    return !f->used ? "" : f->alternate ? "\x1B[?1049l" RESET : RESET;
#undef RESET
}
