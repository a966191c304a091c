/* frontend/symbols.h -- names for addresses: a System.map, or what nm prints (-symbols F).
 *
 * Lines are "ADDRESS TYPE NAME", addresses in hexadecimal; of types only t, T, w and W (code)
 * count. Lines of another shape are passed over.
 */
#ifndef TERRAPIN_FRONTEND_SYMBOLS_H
#define TERRAPIN_FRONTEND_SYMBOLS_H

#include "mem/error.h"
#include "mem/types.h"

struct symbols;
/* NULL and err: cannot be read, or has no symbol in it. The caller frees it. */
struct symbols *symbols_load(const char *path, struct error *err);
void symbols_free(struct symbols *s);
/* "name+0x12" for the last symbol at or before la. false: there is none within 1 MB. */
enum { SYMBOL_TEXT = 80 };
bool symbols_name(const struct symbols *s, uint32_t la, char out[SYMBOL_TEXT]);
/* A copy of text, whose lines about a place ("c0101234 ...", eight digits) end with its name.
 * names may be NULL. NULL: out of memory. The caller frees it. */
char *symbols_annotate(const struct symbols *names, const char *text);

#endif
