/* frontend/examine.c -- x/FMT and xp/FMT: memory of the guest, without side effects.
 *
 * FMT is a count, a format (x d u o c s; i is not built yet) and a size (b h w), in any order;
 * each may be left out: 1, x, w. ADDR is a sum of products of numbers, $registers and
 * parentheses.
 */
#include "frontend/commands.h"

#include "frontend/parse.h"
#include "frontend/report.h"
#include "frontend/travel.h"

#include <inttypes.h>
#include <string.h>

/* --- addresses -----------------------------------------------------------------------------
 */

enum { DEEPEST = 32 };

struct expr {
    const struct machine *m;
    const char *s;
    unsigned depth;
    const char *who; /* the command */
    struct error *err;
};

static bool sum(struct expr *e, uint64_t *out);

static void skip_blanks(struct expr *e)
{
    e->s += strspn(e->s, " \t");
}

static bool complain_at(struct expr *e, const char *what)
{
    error_set(e->err, "%s: %s at \"%.40s\"; use numbers, $eip, + - * ( )", e->who, what, e->s);
    return false;
}

static bool take_register(struct expr *e, uint64_t *out)
{
    char name[16];
    size_t n = strspn(e->s + 1, "abcdefghijklmnopqrstuvwxyz0123456789.");
    if (n > 0 && n < sizeof name) {
        memcpy(name, e->s + 1, n);
        name[n] = '\0';
        if (machine_reg_get(e->m, name, out)) {
            e->s += n + 1;
            return true;
        }
    }
    return complain_at(e, "unknown register");
}

static bool take_number(struct expr *e, uint64_t *out)
{
    bool hex = e->s[0] == '0' && (e->s[1] == 'x' || e->s[1] == 'X');
    const char *digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
    const char *p = e->s + (hex ? 2 : 0);
    size_t n = strspn(p, digits);
    uint64_t v = 0;
    if (n == 0 || n > 18) {
        return complain_at(e, "no number");
    }
    for (size_t i = 0; i < n; i++) {
        unsigned d = (unsigned)(strchr("0123456789abcdef", p[i] | 0x20) - "0123456789abcdef");
        v = v * (hex ? 16 : 10) + d;
    }
    e->s = p + n;
    *out = v;
    return true;
}

static bool factor(struct expr *e, uint64_t *out)
{
    skip_blanks(e);
    if (*e->s == '$') {
        return take_register(e, out);
    }
    if (*e->s != '(' && *e->s != '-') {
        return take_number(e, out);
    }
    if (e->depth == DEEPEST) {
        return complain_at(e, "too deep");
    }
    bool parenthesis = *e->s++ == '(';
    e->depth++;
    bool ok = parenthesis ? sum(e, out) : factor(e, out);
    e->depth--;
    if (!ok) {
        return false;
    }
    if (!parenthesis) {
        *out = 0 - *out;
        return true;
    }
    skip_blanks(e);
    return *e->s == ')' ? e->s++, true : complain_at(e, "no )");
}

static bool product(struct expr *e, uint64_t *out)
{
    if (!factor(e, out)) {
        return false;
    }
    for (skip_blanks(e); *e->s == '*'; skip_blanks(e)) {
        uint64_t v;
        e->s++;
        if (!factor(e, &v)) {
            return false;
        }
        *out *= v;
    }
    return true;
}

static bool sum(struct expr *e, uint64_t *out)
{
    if (!product(e, out)) {
        return false;
    }
    for (skip_blanks(e); *e->s == '+' || *e->s == '-'; skip_blanks(e)) {
        bool minus = *e->s++ == '-';
        uint64_t v;
        if (!product(e, &v)) {
            return false;
        }
        *out = minus ? *out - v : *out + v;
    }
    return true;
}

/* The words from number i on, as one expression. */
bool command_address(const struct session *s, const struct words *w, unsigned i, uint64_t *out,
                     struct error *err)
{
    char text[256];
    size_t len = 0;
    for (; i < w->n; i++) {
        size_t n = strlen(w->word[i]);
        if (len + n + 2 > sizeof text) {
            error_set(err, "%s: too long an address", w->word[0]);
            return false;
        }
        memcpy(text + len, w->word[i], n);
        len += n;
        text[len++] = ' ';
    }
    text[len] = '\0';
    struct expr e = {.m = s->machine, .s = text, .who = w->word[0], .err = err};
    return sum(&e, out) && (*e.s == '\0' || complain_at(&e, "too much"));
}

/* --- memory --------------------------------------------------------------------------------
 */

struct view {
    const struct machine *m;
    bool linear;
    uint64_t at;
    char format;
    unsigned size; /* of an item, in bytes */
    unsigned count;
};

static bool get_bytes(const struct view *v, uint64_t at, uint8_t *out, unsigned n)
{
    for (unsigned i = 0; i < n; i++, at++) {
        uint64_t pa = at;
        if (v->linear && !machine_translate(v->m, (uint32_t)at, &pa)) {
            return false;
        }
        if (!machine_mem_get(v->m, pa, out + i, 1)) {
            return false;
        }
    }
    return true;
}

static enum command_result no_memory(uint64_t at, struct error *err)
{
    error_set(err, "no memory at 0x%" PRIx64, at);
    return COMMAND_FAILED;
}

static void say_char(uint8_t c, char quote)
{
    if (c >= ' ' && c < 0x7F && c != (uint8_t)quote && c != '\\') {
        say("%c", c);
    } else {
        say("\\x%02x", c);
    }
}

static void say_item(const struct view *v, uint32_t value)
{
    unsigned bits = v->size * 8;
    int64_t sign = (int64_t)value - ((value >> (bits - 1) & 1) ? INT64_C(1) << bits : 0);
    switch (v->format) {
    case 'd': say(" %" PRId64, sign); break;
    case 'u': say(" %" PRIu32, value); break;
    case 'o': say(" 0%0*" PRIo32, (int)(bits + 2) / 3, value); break;
    case 'c':
        say(" '");
        say_char((uint8_t)value, '\'');
        say("'");
        break;
    default: say(" 0x%0*" PRIx32, (int)bits / 4, value); break;
    }
}

static enum command_result dump_items(const struct view *v, struct error *err)
{
    enum { LINE_BYTES = 16 };
    unsigned per_line = LINE_BYTES / v->size;
    uint64_t at = v->at;
    for (unsigned i = 0; i < v->count; i++, at += v->size) {
        uint8_t bytes[4];
        if (v->linear) {
            at &= UINT32_MAX;
        }
        if (!get_bytes(v, at, bytes, v->size)) {
            say("%s", i % per_line ? "\n" : "");
            return no_memory(at, err);
        }
        if (i % per_line == 0) {
            say("%s%08" PRIx64 ":", i ? "\n" : "", at);
        }
        say_item(v, load_le(bytes, v->size));
    }
    say("%s", v->count ? "\n" : "");
    return COMMAND_OK;
}

static enum command_result dump_strings(const struct view *v, struct error *err)
{
    enum { LONGEST = 1024 };
    uint64_t at = v->at;
    for (unsigned i = 0; i < v->count; i++) {
        uint8_t c = 0;
        if (!get_bytes(v, at, &c, 1)) {
            return no_memory(at, err);
        }
        say("%08" PRIx64 ": \"", at);
        unsigned n = 0;
        while (c && n++ < LONGEST) {
            say_char(c, '"');
            at++;
            if (!get_bytes(v, at, &c, 1)) {
                break;
            }
        }
        say("\"%s\n", c ? "..." : "");
        at += c == 0;
    }
    return COMMAND_OK;
}

static bool take_format(struct view *v, const char *fmt, struct error *err)
{
    enum { MOST = 65536 };
    bool counted = false;
    v->count = 0;
    for (; *fmt; fmt++) {
        if (*fmt >= '0' && *fmt <= '9' && v->count < MOST) {
            v->count = v->count * 10 + (unsigned)(*fmt - '0');
            counted = true;
        } else if (strchr("xduocs", *fmt)) {
            v->format = *fmt;
        } else if (*fmt == 'b' || *fmt == 'h' || *fmt == 'w') {
            v->size = *fmt == 'b' ? 1 : *fmt == 'h' ? 2 : 4;
        } else {
            error_set(err,
                      *fmt == 'i'
                          ? "x/i: disassembly: not implemented yet"
                          : "x: bad format; use a count, one of x d u o c s, a size b h w");
            return false;
        }
    }
    v->count = !counted ? 1 : v->count > MOST ? MOST : v->count;
    return true;
}

static enum command_result examine(struct session *s, const struct words *w, bool linear,
                                   struct error *err)
{
    struct view v = {.m = s->machine, .linear = linear, .format = 'x', .size = 4};
    const char *slash = strchr(w->word[0], '/');
    unsigned first = 1;
    if (!slash && w->word[1][0] == '/') { /* a blank may stand before it */
        slash = w->word[first++];
    }
    if (!take_format(&v, slash ? slash + 1 : "", err) ||
        !command_address(s, w, first, &v.at, err)) {
        return COMMAND_FAILED;
    }
    if (linear) {
        v.at &= UINT32_MAX;
    }
    if (v.format == 'c') {
        v.size = 1;
    }
    return v.format == 's' ? dump_strings(&v, err) : dump_items(&v, err);
}

enum command_result cmd_x(struct session *s, const struct words *w, struct error *err)
{
    return examine(s, w, true, err);
}

enum command_result cmd_xp(struct session *s, const struct words *w, struct error *err)
{
    return examine(s, w, false, err);
}
