/* frontend/edit.c -- see the header. */
#include "frontend/edit.h"

#include <string.h>

enum {
    CTRL_A = 1,
    CTRL_B,
    CTRL_C,
    CTRL_D,
    CTRL_E,
    CTRL_F,
    CTRL_H = 8,
    TAB,
    NEWLINE,
    CTRL_K,
    CTRL_L,
    RETURN,
    CTRL_N,
    CTRL_P = 16,
    CTRL_U = 21,
    CTRL_W = 23,
    ESCAPE = 27,
    DEL = 127,
};

/* --- from bytes to keys --------------------------------------------------------------------
 */

static const struct {
    const char *sequence; /* behind ESC */
    unsigned key;
} sequences[] = {
    {"[A", EDIT_UP},           {"[B", EDIT_DOWN},          {"[C", EDIT_RIGHT},
    {"[D", EDIT_LEFT},         {"[H", EDIT_HOME},          {"[F", EDIT_END},
    {"OA", EDIT_UP},           {"OB", EDIT_DOWN},          {"OC", EDIT_RIGHT},
    {"OD", EDIT_LEFT},         {"OH", EDIT_HOME},          {"OF", EDIT_END},
    {"[1~", EDIT_HOME},        {"[4~", EDIT_END},          {"[7~", EDIT_HOME},
    {"[8~", EDIT_END},         {"[3~", EDIT_DELETE},       {"[5~", EDIT_PAGE_UP},
    {"[6~", EDIT_PAGE_DOWN},   {"[1;5D", EDIT_WORD_LEFT},  {"[1;5C", EDIT_WORD_RIGHT},
    {"[1;3D", EDIT_WORD_LEFT}, {"[1;3C", EDIT_WORD_RIGHT}, {"b", EDIT_WORD_LEFT},
    {"f", EDIT_WORD_RIGHT},
};

static unsigned key_of_sequence(const char *s)
{
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
        if (strcmp(sequences[i].sequence, s) == 0) {
            return sequences[i].key;
        }
    }
    return EDIT_NONE;
}

/* ECMA-48: ESC [ parameters final; SS3: ESC O letter. Anything else is ESC and one byte. */
unsigned edit_decode(struct edit *e, uint8_t byte)
{
    if (e->in_sequence == 0) {
        e->in_sequence = byte == ESCAPE;
        e->sequence[0] = '\0';
        return byte == ESCAPE ? EDIT_NONE : byte;
    }
    size_t n = e->in_sequence - 1;
    if (byte == ESCAPE || byte < ' ' || byte >= DEL) { /* broken off */
        e->in_sequence = byte == ESCAPE;
        return byte == ESCAPE ? EDIT_NONE : byte;
    }
    if (n + 1 < sizeof e->sequence) {
        e->sequence[n] = (char)byte;
        e->sequence[n + 1] = '\0';
        e->in_sequence++;
    }
    bool opened = n == 0 && (byte == '[' || byte == 'O');
    bool parameter = n > 0 && e->sequence[0] == '[' && byte < '@';
    if (opened || parameter) {
        return EDIT_NONE;
    }
    e->in_sequence = 0;
    return key_of_sequence(e->sequence);
}

/* --- the line ------------------------------------------------------------------------------
 */

static bool is_inside(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

size_t edit_columns(const char *text, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0; i < n; i++) {
        columns += !is_inside(text[i]);
    }
    return columns;
}

static size_t before(const struct edit *e, size_t at)
{
    while (at > 0 && is_inside(e->line[--at])) {
    }
    return at;
}

static size_t behind(const struct edit *e, size_t at)
{
    at += at < e->len;
    while (at < e->len && is_inside(e->line[at])) {
        at++;
    }
    return at;
}

static size_t word_left(const struct edit *e)
{
    size_t at = e->at;
    while (at > 0 && e->line[at - 1] == ' ') {
        at--;
    }
    while (at > 0 && e->line[at - 1] != ' ') {
        at--;
    }
    return at;
}

static size_t word_right(const struct edit *e)
{
    size_t at = e->at;
    while (at < e->len && e->line[at] == ' ') {
        at++;
    }
    while (at < e->len && e->line[at] != ' ') {
        at++;
    }
    return at;
}

/* Takes [from, to) out; the cursor is at `from` then. */
static enum edit_result cut(struct edit *e, size_t from, size_t to)
{
    memmove(e->line + from, e->line + to, e->len - to + 1);
    e->len -= to - from;
    e->at = from;
    return EDIT_CHANGED;
}

void edit_insert(struct edit *e, const char *text, size_t n)
{
    if (e->len + n < EDIT_LINE) {
        memmove(e->line + e->at + n, e->line + e->at, e->len - e->at + 1);
        memcpy(e->line + e->at, text, n);
        e->len += n;
        e->at += n;
    }
}

static enum edit_result go(struct edit *e, size_t at)
{
    e->at = at;
    return EDIT_CHANGED;
}

/* --- history -------------------------------------------------------------------------------
 */

static void set_line(struct edit *e, const char *text)
{
    e->len = e->at = strlen(text);
    memmove(e->line, text, e->len + 1);
}

static enum edit_result recall(struct edit *e, unsigned back)
{
    if (back > e->count) {
        return EDIT_SAME;
    }
    if (e->back == 0) {
        memcpy(e->fresh, e->line, e->len + 1);
    }
    e->back = back;
    set_line(e, back == 0 ? e->fresh
                          : e->history[(e->newest + EDIT_HISTORY - (back - 1)) % EDIT_HISTORY]);
    return EDIT_CHANGED;
}

void edit_next(struct edit *e)
{
    bool again = e->count > 0 && strcmp(e->history[e->newest], e->line) == 0;
    if (e->len > 0 && !again) {
        e->newest = (e->newest + 1) % EDIT_HISTORY;
        memcpy(e->history[e->newest], e->line, e->len + 1);
        e->count += e->count < EDIT_HISTORY;
    }
    e->back = 0;
    set_line(e, "");
}

/* --- keys ----------------------------------------------------------------------------------
 */

static enum edit_result text_key(struct edit *e, unsigned key)
{
    char c = (char)key;
    if (key < ' ' || key == DEL || key > 0xFF) {
        return EDIT_SAME;
    }
    edit_insert(e, &c, 1);
    return EDIT_CHANGED;
}

enum edit_result edit_key(struct edit *e, unsigned key)
{
    switch (key) {
    case RETURN:
    case NEWLINE: return EDIT_ENTERED;
    case TAB: return EDIT_TAB;
    case CTRL_L: return EDIT_CLEAR;
    case CTRL_D: return e->len == 0 ? EDIT_CLOSED : cut(e, e->at, behind(e, e->at));
    case EDIT_DELETE: return cut(e, e->at, behind(e, e->at));
    case CTRL_H:
    case DEL: return cut(e, before(e, e->at), e->at);
    case CTRL_W: return cut(e, word_left(e), e->at);
    case CTRL_U: return cut(e, 0, e->at);
    case CTRL_K: return cut(e, e->at, e->len);
    case CTRL_C: e->back = 0; return cut(e, 0, e->len);
    case CTRL_B:
    case EDIT_LEFT: return go(e, before(e, e->at));
    case CTRL_F:
    case EDIT_RIGHT: return go(e, behind(e, e->at));
    case CTRL_A:
    case EDIT_HOME: return go(e, 0);
    case CTRL_E:
    case EDIT_END: return go(e, e->len);
    case EDIT_WORD_LEFT: return go(e, word_left(e));
    case EDIT_WORD_RIGHT: return go(e, word_right(e));
    case CTRL_P:
    case EDIT_UP: return recall(e, e->back + 1);
    case CTRL_N:
    case EDIT_DOWN: return e->back ? recall(e, e->back - 1) : EDIT_SAME;
    default: return text_key(e, key);
    }
}
