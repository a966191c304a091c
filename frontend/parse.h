/* frontend/parse.h -- small parsers for values that people type. Each takes the whole string.
 */
#ifndef TERRAPIN_FRONTEND_PARSE_H
#define TERRAPIN_FRONTEND_PARSE_H

#include "mem/types.h"

/* Decimal, or hexadecimal after 0x; false: not a number, or greater than max. */
bool parse_u64(const char *s, uint64_t max, uint64_t *out);
/* As above with an optional sign; |value| <= max. */
bool parse_i64(const char *s, int64_t max, int64_t *out);
/* A number with K, M or G behind it (powers of 1024); without one it counts in `unit`. */
bool parse_size(const char *s, uint64_t unit, uint64_t *out);
/* Decimal seconds ("2", "0.5") to microseconds, exactly: digits after the sixth are refused. */
bool parse_micros(const char *s, uint64_t *out);
/* 2026-01-31 or 2026-01-31T12:00:00, 1970 to 2199, to seconds since 1970-01-01T00:00:00. */
bool parse_date(const char *s, uint64_t *out);
bool parse_on_off(const char *s, bool *out);
/* Seconds since 1970 of a civil date and time; every argument in its ordinary range. */
uint64_t civil_seconds(unsigned year, unsigned month, unsigned day, unsigned hour,
                       unsigned minute, unsigned second);

/* Takes the next element off a comma-separated list, in place; ",," stands for a comma. NULL at
 * the end. Start with *rest at the list's first byte. */
char *list_next(char **rest);
/* Cuts "key=value" in two, in place; the value, or NULL if there is no '='. */
char *split_value(char *item);

#endif
