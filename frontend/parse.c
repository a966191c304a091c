/* frontend/parse.c -- see the header. */
#include "frontend/parse.h"

#include <string.h>

static bool digit_value(char c, unsigned base, unsigned *out)
{
    unsigned v = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                 : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                        : 99;
    *out = v;
    return v < base;
}

/* Digits from s on; *end: the first byte that is none. false: no digit, or above max. */
static bool digits(const char *s, unsigned base, uint64_t max, uint64_t *out, const char **end)
{
    uint64_t v = 0;
    unsigned d;
    const char *p = s;
    for (; digit_value(*p, base, &d); p++) {
        if (d > max || v > (max - d) / base) {
            return false;
        }
        v = v * base + d;
    }
    *out = v;
    *end = p;
    return p != s;
}

static bool number(const char *s, uint64_t max, uint64_t *out, const char **end)
{
    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        return digits(s + 2, 16, max, out, end);
    }
    return digits(s, 10, max, out, end);
}

bool parse_u64(const char *s, uint64_t max, uint64_t *out)
{
    const char *end;
    uint64_t v;
    if (!number(s, max, &v, &end) || *end) {
        return false;
    }
    *out = v;
    return true;
}

bool parse_i64(const char *s, int64_t max, int64_t *out)
{
    bool negative = *s == '-';
    uint64_t v;
    if (!parse_u64(s + (negative || *s == '+'), (uint64_t)max, &v)) {
        return false;
    }
    *out = negative ? -(int64_t)v : (int64_t)v;
    return true;
}

bool parse_size(const char *s, uint64_t unit, uint64_t *out)
{
    const char *end;
    uint64_t v;
    if (!number(s, UINT64_C(1) << 32, &v, &end)) {
        return false;
    }
    switch (*end) {
    case '\0': *out = v * unit; return true;
    case 'k':
    case 'K': unit = UINT64_C(1) << 10; break;
    case 'm':
    case 'M': unit = UINT64_C(1) << 20; break;
    case 'g':
    case 'G': unit = UINT64_C(1) << 30; break;
    default: return false;
    }
    *out = v * unit;
    return end[1] == '\0';
}

bool parse_micros(const char *s, uint64_t *out)
{
    const uint64_t million = 1000000;
    uint64_t whole = 0, micros = 0;
    const char *p = s;
    if (*p != '.' && !digits(p, 10, 1000000000, &whole, &p)) {
        return false;
    }
    if (*p == '.') {
        const char *first = ++p;
        uint64_t place = million;
        for (unsigned d; digit_value(*p, 10, &d); p++) {
            place /= 10;
            if (place == 0 && d != 0) {
                return false; /* finer than a microsecond */
            }
            micros += d * place;
        }
        if (p == first) {
            return false;
        }
    }
    *out = whole * million + micros;
    return *p == '\0';
}

static bool leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

uint64_t civil_seconds(unsigned year, unsigned month, unsigned day, unsigned hour,
                       unsigned minute, unsigned second)
{
    static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    uint64_t days = before[month - 1] + day - 1;
    for (unsigned y = 1970; y < year; y++) {
        days += leap(y) ? 366 : 365;
    }
    if (month > 2 && leap(year)) {
        days++;
    }
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

/* n digits, a value in lo..hi, then the byte `then`. */
static bool part(const char **s, unsigned n, unsigned lo, unsigned hi, char then, unsigned *out)
{
    unsigned v = 0, d;
    for (; n > 0; n--, (*s)++) {
        if (!digit_value(**s, 10, &d)) {
            return false;
        }
        v = v * 10 + d;
    }
    if (v < lo || v > hi || **s != then) {
        return false;
    }
    *s += then != '\0';
    *out = v;
    return true;
}

bool parse_date(const char *s, uint64_t *out)
{
    static const uint8_t month_days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day, hour = 0, minute = 0, second = 0;
    bool timed = strchr(s, 'T') != NULL;
    if (!part(&s, 4, 1970, 2199, '-', &year) || !part(&s, 2, 1, 12, '-', &month) ||
        !part(&s, 2, 1, month_days[month - 1], timed ? 'T' : '\0', &day)) {
        return false;
    }
    if (day == 29 && month == 2 && !leap(year)) {
        return false;
    }
    if (timed && (!part(&s, 2, 0, 23, ':', &hour) || !part(&s, 2, 0, 59, ':', &minute) ||
                  !part(&s, 2, 0, 59, '\0', &second))) {
        return false;
    }
    *out = civil_seconds(year, month, day, hour, minute, second);
    return true;
}

bool parse_on_off(const char *s, bool *out)
{
    *out = strcmp(s, "on") == 0;
    return *out || strcmp(s, "off") == 0;
}

char *list_next(char **rest)
{
    char *item = *rest, *to = item, *from = item;
    if (!item) {
        return NULL;
    }
    while (*from) {
        if (*from == ',') {
            if (from[1] != ',') {
                *rest = from + 1;
                *to = '\0';
                return item;
            }
            from++;
        }
        *to++ = *from++;
    }
    *rest = NULL;
    *to = '\0';
    return item;
}

char *split_value(char *item)
{
    char *equals = strchr(item, '=');
    if (equals) {
        *equals++ = '\0';
    }
    return equals;
}
