/* frontend/sdl_text.c -- texts of our own in the window: pages, and a line over a picture. */
#include "frontend/sdl_priv.h"

#include "frontend/font.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(SDL_PAGE_WIDTH == VT_PAGE_COLUMNS * FONT_WIDTH, "a page is a grid of letters");
_Static_assert(SDL_PAGE_HEIGHT == VT_PAGE_ROWS * FONT_HEIGHT, "a page is a grid of letters");

enum { INK = 0xD0D0D0, PAPER = 0x101820 };

static void draw_letter(uint32_t *to, size_t pitch, uint8_t c, bool inverse)
{
    const uint8_t *rows = font_glyph(c ? c : ' ');
    for (unsigned y = 0; y < FONT_HEIGHT; y++) {
        for (unsigned x = 0; x < FONT_WIDTH; x++) {
            bool ink = (rows[y] >> (FONT_WIDTH - 1 - x) & 1) != inverse;
            to[y * pitch + x] = ink ? INK : PAPER;
        }
    }
}

void sdl_text_page(uint32_t *pixels, const struct vt_page *t)
{
    for (unsigned y = 0; y < VT_PAGE_ROWS; y++) {
        for (unsigned x = 0; x < VT_PAGE_COLUMNS; x++) {
            uint32_t *to = pixels + (size_t)y * FONT_HEIGHT * SDL_PAGE_WIDTH + x * FONT_WIDTH;
            draw_letter(to, SDL_PAGE_WIDTH, t->cell[y][x], y == t->y && x == t->x);
        }
    }
}

/* A bar with one line of text, in letters that can be read on any screen. */
void sdl_text_bar(struct sdl_window *w, const char *text, enum sdl_bar where)
{
    int out_w, out_h;
    size_t n = strlen(text) + 2, pitch = n * FONT_WIDTH;
    uint32_t *pixels = malloc(pitch * FONT_HEIGHT * sizeof *pixels);
    if (!pixels || SDL_GetRendererOutputSize(w->renderer, &out_w, &out_h) != 0) {
        free(pixels);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        bool edge = i == 0 || i + 1 == n;
        draw_letter(pixels + i * FONT_WIDTH, pitch, edge ? ' ' : (uint8_t)text[i - 1], true);
    }
    SDL_Texture *t = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_RGB888,
                                       SDL_TEXTUREACCESS_STATIC, (int)pitch, FONT_HEIGHT);
    int times = SDL_max(1, out_h / 600), high = times * FONT_HEIGHT;
    SDL_Rect to = {0, where == SDL_BAR_TOP ? 0 : out_h - high, times * (int)pitch, high};
    if (t && SDL_UpdateTexture(t, NULL, pixels, (int)(pitch * sizeof *pixels)) == 0) {
        SDL_RenderCopy(w->renderer, t, NULL, &to);
    }
    if (t) {
        SDL_DestroyTexture(t);
    }
    free(pixels);
}
