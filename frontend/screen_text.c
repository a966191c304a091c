/* frontend/screen_text.c -- see the header. */
#include "frontend/screen_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_put(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | (code >> 12 & 0x0F));
    out[1] = (char)(0x80 | (code >> 6 & 0x3F));
    out[2] = (char)(0x80 | (code & 0x3F));
    return 3;
}

void screen_row(const struct screen *sc, unsigned y, char out[SCREEN_ROW_BYTES])
{
    size_t len = 0, used = 0;
    for (unsigned x = 0; x < sc->columns; x++) {
        uint16_t code = cp437_unicode(sc->cells[(size_t)y * sc->columns + x][0]);
        bool blank = code <= ' ' || code == 0xA0; /* 00h, 20h, FFh: nothing to see */
        len += utf8_put(out + len, blank ? ' ' : code);
        used = blank ? used : len;
    }
    out[used] = '\0';
}

bool screen_has(const struct screen *sc, const char *text)
{
    char row[SCREEN_ROW_BYTES];
    for (unsigned y = 0; sc->text && y < sc->rows; y++) {
        screen_row(sc, y, row);
        if (strstr(row, text)) {
            return true;
        }
    }
    return false;
}

char *screen_all(const struct screen *sc)
{
    size_t room = (size_t)sc->rows * (SCREEN_ROW_BYTES + 1) + 64, len = 0;
    char *all = malloc(room);
    if (!all) {
        return NULL;
    }
    *all = '\0';
    if (!sc->text) {
        snprintf(all, room, "(graphics mode, %u x %u)\n", sc->width, sc->height);
        return all;
    }
    for (unsigned y = 0; y < sc->rows; y++) {
        char row[SCREEN_ROW_BYTES];
        screen_row(sc, y, row);
        size_t n = strlen(row);
        memcpy(all + len, row, n);
        len += n;
        all[len++] = '\n';
    }
    all[len] = '\0';
    return all;
}
