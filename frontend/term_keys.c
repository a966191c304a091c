/* frontend/term_keys.c -- from what a terminal sends to keys that go down and up.
 *
 * A terminal knows characters and a few function keys, not keys: Ctrl-letter is a control code,
 * Alt a leading ESC, Shift a capital. Ctrl-A is the prefix for ourselves.
 */
#include "frontend/posix.h"

#include "frontend/term_priv.h"

#if TERRAPIN_HAVE_TERM

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <string.h>

enum { CTRL_A = 1, ESCAPE = 27, DEL = 127 };

static void push(struct term *t, const struct chord *ch)
{
    if (t->queued < TERM_QUEUE && ch->n > 0) {
        t->queue[(t->first + t->queued++) % TERM_QUEUE] = *ch;
    }
}

static void push_name(struct term *t, const char *keys)
{
    struct chord ch;
    const char *bad;
    size_t len;
    if (keymap_chord(keys, &ch, &bad, &len)) {
        push(t, &ch);
    }
}

/* A character, as the keys that a US keyboard needs for it. */
static bool char_chord(wint_t c, struct chord *ch)
{
    ch->n = 0;
    if (c == DEL) {
        return keymap_char('\b', ch);
    }
    if (c == '\t' || c == '\r' || c == ESCAPE) {
        return keymap_char((unsigned char)c, ch);
    }
    if (c < ' ') { /* 00h is Ctrl-@, which is Ctrl-2; 1Ch to 1Fh are Ctrl-\ ] 6 - */
        struct chord plain;
        static const char high[] = "\\]6-";
        char of = c == 0 ? '2' : c >= 0x1C ? high[c - 0x1C] : (char)('a' + c - 1);
        chord_add(ch, KEY_CTRL);
        return keymap_char((unsigned char)of, &plain) && chord_add(ch, plain.code[0]);
    }
    return c < DEL && keymap_char((unsigned char)c, ch);
}

/* Keys that terminfo has a number for. (curses.h has names of its own for some of our codes,
 * and comes last: KEY_ENTER here is the keypad's key of the terminal.) */
static const struct {
    int code;
    const char *name;
} terminfo_keys[] = {
    {KEY_UP, "up"},
    {KEY_DOWN, "down"},
    {KEY_LEFT, "left"},
    {KEY_RIGHT, "right"},
    {KEY_HOME, "home"},
    {KEY_END, "end"},
    {KEY_PPAGE, "pgup"},
    {KEY_NPAGE, "pgdn"},
    {KEY_IC, "insert"},
    {KEY_DC, "delete"},
    {KEY_ENTER, "ret"},
    {KEY_BACKSPACE, "backspace"},
    {KEY_B2, "kp_5"},
    {KEY_BTAB, "shift-tab"},
    {KEY_SR, "shift-up"},
    {KEY_SF, "shift-down"},
    {KEY_SLEFT, "shift-left"},
    {KEY_SRIGHT, "shift-right"},
    {KEY_SHOME, "shift-home"},
    {KEY_SEND, "shift-end"},
    {KEY_SPREVIOUS, "shift-pgup"},
    {KEY_SNEXT, "shift-pgdn"},
    {KEY_SIC, "shift-insert"},
    {KEY_SDC, "shift-delete"},
};

/* xterm's extended capabilities: a key's name and a digit for the modifiers, kUP5 is Ctrl-Up.
 */
static const struct {
    const char *prefix, *name;
} xterm_keys[] = {
    {"kUP", "up"},   {"kDN", "down"},  {"kLFT", "left"}, {"kRIT", "right"}, {"kHOM", "home"},
    {"kEND", "end"}, {"kPRV", "pgup"}, {"kNXT", "pgdn"}, {"kIC", "insert"}, {"kDC", "delete"},
};

static const char *const modifiers[8] = {
    "", "shift-", "alt-", "alt-shift-", "ctrl-", "ctrl-shift-", "ctrl-alt-", "ctrl-alt-shift-"};

/* QEMU's name of a key that is not a character; false: nothing that we know. */
static bool code_name(int code, char out[32])
{
    for (size_t i = 0; i < ARRAY_LEN(terminfo_keys); i++) {
        if (terminfo_keys[i].code == code) {
            snprintf(out, 32, "%s", terminfo_keys[i].name);
            return true;
        }
    }
    if (code >= KEY_F(1) && code <= KEY_F(60)) { /* by twelves: plain, Shift, Ctrl, both, Alt */
        static const uint8_t group[5] = {0, 1, 4, 5, 2};
        unsigned n = (unsigned)(code - KEY_F(1));
        snprintf(out, 32, "%sf%u", modifiers[group[n / 12]], n % 12 + 1);
        return true;
    }
    const char *extended = keyname(code);
    for (size_t i = 0; extended && i < ARRAY_LEN(xterm_keys); i++) {
        size_t n = strlen(xterm_keys[i].prefix);
        if (strncmp(extended, xterm_keys[i].prefix, n) == 0) {
            char digit = extended[n];
            unsigned m = digit >= '2' && digit <= '8' ? (unsigned)(digit - '1') : 1;
            snprintf(out, 32, "%s%s", modifiers[m], xterm_keys[i].name);
            return true;
        }
    }
    return false;
}

/* What follows Ctrl-A. */
static void command(struct term *t, struct session *s, int kind, wint_t c)
{
    if (t->busy && !(kind == OK && c == 'x')) {
        return;
    }
    if (kind == KEY_CODE_YES) {
        term_pan(t, c == KEY_LEFT ? -1 : c == KEY_RIGHT, c == KEY_UP ? -1 : c == KEY_DOWN);
        return;
    }
    switch (c) {
    case 'x': session_end(s, EXIT_FINE); break;
    case 'h':
    case '?': t->help = t->redraw = true; break;
    case 'c':
        if (s->scripted) {
            term_show(t, "a script has the monitor");
        } else {
            term_panel_open(t, PANEL_MONITOR);
        }
        break;
    case 's': term_panel_open(t, PANEL_SERIAL); break;
    case 'd': push_name(t, "ctrl-alt-delete"); break;
    case CTRL_A: push_name(t, "ctrl-a"); break;
    default:
        if (c >= '0' && c <= '9') {
            char name[8];
            snprintf(name, sizeof name, "f%u", c == '0' ? 10 : (unsigned)(c - '0'));
            push_name(t, name);
        } else {
            term_show(t, "Ctrl-A h lists the keys");
        }
    }
}

/* An ESC with something right behind it is Alt with that key. */
static void escape_or_alt(struct term *t)
{
    struct chord key, ch = {.n = 0};
    char name[32];
    wint_t c;
    int kind = get_wch(&c);
    if (kind == ERR) {
        push_name(t, "esc");
        return;
    }
    chord_add(&ch, KEY_ALT);
    if (kind == KEY_CODE_YES) {
        const char *bad;
        size_t len;
        if (!code_name((int)c, name) || !keymap_chord(name, &key, &bad, &len)) {
            return;
        }
    } else if (!char_chord(c, &key)) {
        return;
    }
    for (unsigned i = 0; i < key.n; i++) {
        chord_add(&ch, key.code[i]);
    }
    push(t, &ch);
}

static void guest_key(struct term *t, int kind, wint_t c)
{
    char name[32];
    struct chord ch;
    if (kind == KEY_CODE_YES) {
        if (code_name((int)c, name)) {
            push_name(t, name);
        }
    } else if (c == ESCAPE) {
        escape_or_alt(t);
    } else if (char_chord(c, &ch)) {
        push(t, &ch);
    } else {
        beep(); /* no key of a US keyboard */
    }
}

void term_read_keys(struct term *t, struct session *s)
{
    wint_t c;
    int kind;
    while (t->queued < TERM_QUEUE && !s->over && (kind = get_wch(&c)) != ERR) {
        if (kind == KEY_CODE_YES && c == KEY_RESIZE) {
            t->redraw = t->clear = true;
        } else if (t->help) {
            t->help = false;
            t->redraw = true;
        } else if (t->prefix) {
            t->prefix = false;
            command(t, s, kind, c);
        } else if (kind == OK && c == CTRL_A) {
            t->prefix = true;
        } else if (t->panel != PANEL_NONE) {
            term_panel_key(t, s, kind, c);
        } else if (!s->scripted && !s->stopped) { /* a script has the keyboard to itself */
            t->panned = false;
            guest_key(t, kind, c);
        }
    }
}

#endif
