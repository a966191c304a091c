/* frontend/keymap.c -- see the header. Codes are set-1 make codes (devices/input.h). */
#include "frontend/keymap.h"

#include "devices/input.h"

#include <stdlib.h>
#include <string.h>

/* The main block, row by row from its first code: unshifted and shifted legends. */
static const struct {
    uint8_t first;
    const char *plain, *shifted;
} rows[] = {
    {0x02, "1234567890-=", "!@#$%^&*()_+"},
    {0x10, "qwertyuiop[]", "QWERTYUIOP{}"},
    {0x1E, "asdfghjkl;'`", "ASDFGHJKL:\"~"},
    {0x2B, "\\zxcvbnm,./", "|ZXCVBNM<>?"},
    {0x39, " ", ""},
};

static const struct {
    const char *name;
    uint16_t code;
} keys[] = {
    {"shift", KEY_SHIFT},  {"shift_r", 0x36},      {"ctrl", KEY_CTRL},
    {"ctrl_r", 0xE01D},    {"alt", KEY_ALT},       {"alt_r", 0xE038},
    {"altgr", 0xE038},     {"meta_l", 0xE05B},     {"meta_r", 0xE05C},
    {"menu", 0xE05D},      {"compose", 0xE05D},    {"esc", KEY_ESC},
    {"minus", 0x0C},       {"equal", 0x0D},        {"backspace", 0x0E},
    {"tab", 0x0F},         {"bracket_left", 0x1A}, {"bracket_right", 0x1B},
    {"ret", KEY_ENTER},    {"enter", KEY_ENTER},   {"semicolon", 0x27},
    {"apostrophe", 0x28},  {"grave_accent", 0x29}, {"backslash", 0x2B},
    {"comma", 0x33},       {"dot", 0x34},          {"slash", 0x35},
    {"spc", 0x39},         {"caps_lock", 0x3A},    {"f1", 0x3B},
    {"f2", 0x3C},          {"f3", 0x3D},           {"f4", 0x3E},
    {"f5", 0x3F},          {"f6", 0x40},           {"f7", 0x41},
    {"f8", 0x42},          {"f9", 0x43},           {"f10", 0x44},
    {"f11", 0x57},         {"f12", 0x58},          {"num_lock", 0x45},
    {"scroll_lock", 0x46}, {"kp_multiply", 0x37},  {"asterisk", 0x37},
    {"kp_subtract", 0x4A}, {"kp_add", 0x4E},       {"kp_divide", 0xE035},
    {"kp_enter", 0xE01C},  {"kp_decimal", 0x53},   {"kp_0", 0x52},
    {"kp_1", 0x4F},        {"kp_2", 0x50},         {"kp_3", 0x51},
    {"kp_4", 0x4B},        {"kp_5", 0x4C},         {"kp_6", 0x4D},
    {"kp_7", 0x47},        {"kp_8", 0x48},         {"kp_9", 0x49},
    {"less", 0x56},        {"sysrq", KEY_PRINT},   {"print", KEY_PRINT},
    {"pause", KEY_PAUSE},  {"home", 0xE047},       {"up", 0xE048},
    {"pgup", 0xE049},      {"left", 0xE04B},       {"right", 0xE04D},
    {"end", 0xE04F},       {"down", 0xE050},       {"pgdn", 0xE051},
    {"insert", 0xE052},    {"delete", 0xE053},
};

bool chord_add(struct chord *ch, uint16_t code)
{
    for (unsigned i = 0; i < ch->n; i++) {
        if (ch->code[i] == code) {
            return true;
        }
    }
    if (ch->n == CHORD_KEYS) {
        return false;
    }
    ch->code[ch->n++] = code;
    return true;
}

bool keymap_char(unsigned char c, struct chord *ch)
{
    uint16_t code = c == '\n' || c == '\r' ? KEY_ENTER
                    : c == '\t'            ? 0x0F
                    : c == '\b'            ? 0x0E
                    : c == 0x1B            ? KEY_ESC
                                           : 0;
    ch->n = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows) && c >= ' ' && !code; i++) {
        const char *plain = strchr(rows[i].plain, c);
        const char *shifted = strchr(rows[i].shifted, c);
        if (plain) {
            code = (uint16_t)(rows[i].first + (plain - rows[i].plain));
        } else if (shifted) {
            chord_add(ch, KEY_SHIFT);
            code = (uint16_t)(rows[i].first + (shifted - rows[i].shifted));
        }
    }
    return code != 0 && chord_add(ch, code);
}

uint16_t keymap_name(const char *name, size_t n)
{
    struct chord ch;
    bool letter = n == 1 && ((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9'));
    if (letter && keymap_char((unsigned char)*name, &ch)) {
        return ch.code[0];
    }
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (strlen(keys[i].name) == n && memcmp(keys[i].name, name, n) == 0) {
            return keys[i].code;
        }
    }
    if (n > 2 && n < 8 && name[0] == '0' && name[1] == 'x') { /* QEMU: a raw code */
        char digits[8];
        char *end;
        memcpy(digits, name, n);
        digits[n] = '\0';
        unsigned long code = strtoul(digits, &end, 16);
        return *end == '\0' && code < 0x80 ? (uint16_t)code : 0;
    }
    return 0;
}

bool keymap_chord(const char *text, struct chord *ch, const char **bad, size_t *bad_len)
{
    ch->n = 0;
    for (;;) {
        size_t n = strcspn(text, "-");
        uint16_t code = keymap_name(text, n);
        if (code == 0 || !chord_add(ch, code)) {
            *bad = text;
            *bad_len = n;
            return false;
        }
        if (text[n] == '\0') {
            return true;
        }
        text += n + 1;
    }
}
