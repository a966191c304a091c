/* frontend/sdl_window.c -- the window: its size, and how the guest's picture fills it.
 *
 * The picture is enlarged to whole multiples of its pixels first, without smoothing, and from
 * there to the size on the screen, which is no whole multiple where pixels are not square:
 * edges stay sharp, and all pixels look alike.
 */
#include "frontend/sdl_priv.h"

#include "frontend/scaling.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_WIDTH = 720, FIRST_HEIGHT = 400 };

/* --- open and close ------------------------------------------------------------------------
 */

int sdl_window_open(struct sdl_window *w, const char *title, bool full_screen,
                    struct error *err)
{
    int width, height;
    scaling_natural(FIRST_WIDTH, FIRST_HEIGHT, &width, &height);
    Uint32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI |
                   (full_screen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0u);
    w->window = SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width,
                                 height, flags);
    if (!w->window) {
        return error_set(err, "-display sdl: no window (%.80s); use -display term or none",
                         SDL_GetError());
    }
    w->renderer = SDL_CreateRenderer(w->window, -1, 0);
    if (!w->renderer) {
        return error_set(err, "-display sdl: cannot draw (%.80s); use -display term or none",
                         SDL_GetError());
    }
    SDL_RendererInfo info;
    w->keeps =
        SDL_GetRendererInfo(w->renderer, &info) == 0 && info.flags & SDL_RENDERER_SOFTWARE;
    w->full_screen = full_screen;
    w->own_w = width;
    w->own_h = height;
    w->stale = true;
    SDL_SetWindowMinimumSize(w->window, 320, 200);
    SDL_RenderClear(w->renderer);
    SDL_RenderPresent(w->renderer);
    return 0;
}

void sdl_window_close(struct sdl_window *w)
{
    if (w->renderer) {
        SDL_DestroyRenderer(w->renderer); /* with its textures */
    }
    if (w->window) {
        SDL_DestroyWindow(w->window);
    }
    free(w->pixels);
    free(w->drawn);
}

/* --- size ----------------------------------------------------------------------------------
 */

void sdl_window_full_screen(struct sdl_window *w)
{
    Uint32 how = w->full_screen ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP;
    if (SDL_SetWindowFullscreen(w->window, how) == 0) {
        w->full_screen = !w->full_screen;
        w->stale = true;
    }
}

/* Not larger than the screen it is on. */
static void resize(struct sdl_window *w)
{
    SDL_Rect usable;
    int width, height;
    scaling_natural(w->width, w->height, &width, &height);
    int screen = SDL_GetWindowDisplayIndex(w->window);
    if (screen >= 0 && SDL_GetDisplayUsableBounds(screen, &usable) == 0) {
        width = SDL_min(width, usable.w);
        height = SDL_min(height, usable.h);
    }
    if (width != w->own_w || height != w->own_h) {
        w->own_w = width;
        w->own_h = height;
        SDL_SetWindowSize(w->window, width, height);
    }
}

void sdl_window_natural(struct sdl_window *w)
{
    w->sized = false;
    w->own_w = 0;
    if (!w->full_screen && w->width > 0) {
        resize(w);
    }
}

void sdl_window_resized(struct sdl_window *w)
{
    int width, height;
    SDL_GetWindowSize(w->window, &width, &height);
    w->sized |= !w->full_screen && (width != w->own_w || height != w->own_h);
    w->stale = true;
}

/* --- picture -------------------------------------------------------------------------------
 */

static void drop(SDL_Texture **t)
{
    if (*t) {
        SDL_DestroyTexture(*t);
    }
    *t = NULL;
}

/* A new mode. No memory: the window stays as it is. */
static void change_mode(struct sdl_window *w, unsigned width, unsigned height)
{
    if (width == w->width && height == w->height) {
        return;
    }
    size_t bytes = (size_t)width * height * sizeof *w->pixels;
    uint32_t *pixels = realloc(w->pixels, bytes);
    w->pixels = pixels ? pixels : w->pixels;
    uint32_t *drawn = realloc(w->drawn, bytes);
    w->drawn = drawn ? drawn : w->drawn;
    drop(&w->picture);
    drop(&w->sharp);
    w->stale = true;
    w->width = w->height = 0;
    if (pixels && drawn) {
        w->picture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_RGB888,
                                       SDL_TEXTUREACCESS_STREAMING, (int)width, (int)height);
        w->width = width;
        w->height = height;
    }
}

bool sdl_window_page(struct sdl_window *w)
{
    change_mode(w, SDL_PAGE_WIDTH, SDL_PAGE_HEIGHT);
    return w->picture && w->width > 0;
}

void sdl_window_drawn(struct sdl_window *w, unsigned first, unsigned end)
{
    SDL_Rect lines = {0, (int)first, (int)w->width, (int)(end - first)};
    SDL_UpdateTexture(w->picture, &lines, w->pixels + (size_t)first * w->width,
                      (int)(w->width * sizeof *w->pixels));
    bool more = w->first < w->end, also = w->unshown < w->shown_end;
    w->first = more ? SDL_min(w->first, first) : first;
    w->end = more ? SDL_max(w->end, end) : end;
    w->unshown = also ? SDL_min(w->unshown, first) : first;
    w->shown_end = also ? SDL_max(w->shown_end, end) : end;
}

/* Of these lines, drawn now, those that differ from what was there: a cursor that blinks is no
 * whole picture. all: they all do. */
static void take_lines(struct sdl_window *w, unsigned first, unsigned end, bool all)
{
    size_t n = w->width, line = n * sizeof *w->pixels;
    while (!all && first < end &&
           memcmp(w->pixels + first * n, w->drawn + first * n, line) == 0) {
        first++;
    }
    while (!all && first < end &&
           memcmp(w->pixels + (end - 1) * n, w->drawn + (end - 1) * n, line) == 0) {
        end--;
    }
    if (first < end) {
        memcpy(w->pixels + first * n, w->drawn + first * n, (end - first) * line);
        sdl_window_drawn(w, first, end);
    }
}

void sdl_window_take(struct sdl *d, struct machine *m, uint64_t since)
{
    struct sdl_window *w = &d->win;
    machine_screen(m, &d->screen);
    unsigned width = d->screen.width, height = d->screen.height, first, end;
    if (width == 0 || height == 0) {
        drop(&w->picture);
        w->width = w->height = 0;
        w->stale = true;
        return;
    }
    bool same = width == w->width && height == w->height;
    change_mode(w, width, height);
    if (!w->sized && !w->full_screen) {
        resize(w);
    }
    size_t n = (size_t)w->width * w->height;
    machine_screen_lines(m, same ? since : 0, &first, &end);
    end = SDL_min(end, w->height);
    if (w->picture && first < end && machine_screen_draw(m, first, end, w->drawn, n)) {
        take_lines(w, first, end, since == 0 || !same);
    }
}

static bool make_sharp(struct sdl_window *w, int width, int height)
{
    SDL_RendererInfo info;
    if (w->sharp && w->sharp_w == width && w->sharp_h == height) {
        return true;
    }
    drop(&w->sharp);
    w->sharp_w = width;
    w->sharp_h = height;
    w->first = 0;
    w->end = w->height;
    if (SDL_GetRendererInfo(w->renderer, &info) == 0 &&
        (!(info.flags & SDL_RENDERER_TARGETTEXTURE) ||
         (info.max_texture_width > 0 &&
          (width > info.max_texture_width || height > info.max_texture_height)))) {
        return false;
    }
    w->sharp = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_TARGET,
                                 width, height);
    return w->sharp != NULL;
}

/* The parts of `from`, which is the picture, enlarged or not, with lines that are not in the
 * window yet. */
static void copy_parts(struct sdl_window *w, SDL_Texture *from, int height, SDL_Rect to)
{
    int parts = (int)scaling_parts(w->height, to.h), lines = (int)w->height / parts;
    int first = (int)w->unshown / lines, end = ((int)w->shown_end + lines - 1) / lines;
    int n = end - first, high = height / parts;
    SDL_Rect piece = {0, first * high, 0, n * high};
    SDL_QueryTexture(from, NULL, NULL, &piece.w, NULL);
    to.y += first * (to.h / parts);
    to.h = n * (to.h / parts);
    SDL_RenderCopy(w->renderer, from, &piece, &to);
}

static void draw_picture(struct sdl_window *w)
{
    int out_w, out_h;
    if (!w->picture || SDL_GetRendererOutputSize(w->renderer, &out_w, &out_h) != 0) {
        return;
    }
    struct box b = scaling_place(w->width, w->height, out_w, out_h, w->integer);
    SDL_Rect to = {b.x, b.y, b.w, b.h};
    int sharp_w = scaling_sharp(w->width, b.w), sharp_h = scaling_sharp(w->height, b.h);
    bool whole = sharp_w == b.w && sharp_h == b.h;
    SDL_SetTextureScaleMode(w->picture, SDL_ScaleModeNearest);
    if (whole) {
        copy_parts(w, w->picture, (int)w->height, to);
        return;
    }
    if (!make_sharp(w, sharp_w, sharp_h)) {
        SDL_SetTextureScaleMode(w->picture, SDL_ScaleModeLinear);
        SDL_RenderCopy(w->renderer, w->picture, NULL, &to);
        return;
    }
    if (w->first < w->end) {
        int times = sharp_h / (int)w->height, n = (int)(w->end - w->first);
        SDL_Rect from = {0, (int)w->first, (int)w->width, n};
        SDL_Rect lines = {0, (int)w->first * times, sharp_w, n * times};
        SDL_SetRenderTarget(w->renderer, w->sharp);
        SDL_RenderCopy(w->renderer, w->picture, &from, &lines);
        SDL_SetRenderTarget(w->renderer, NULL);
        w->first = w->end = 0;
    }
    SDL_SetTextureScaleMode(w->sharp, SDL_ScaleModeLinear);
    copy_parts(w, w->sharp, sharp_h, to);
}

/* A machine that stands still looks it. */
static void dim(struct sdl_window *w)
{
    SDL_SetRenderDrawBlendMode(w->renderer, SDL_BLENDMODE_BLEND);
    SDL_SetRenderDrawColor(w->renderer, 0, 0, 0, 128);
    SDL_RenderFillRect(w->renderer, NULL);
}

void sdl_window_present(struct sdl *d, bool stopped)
{
    struct sdl_window *w = &d->win;
    bool dark = stopped && !d->rewinding && d->view == VIEW_SCREEN;
    if (w->stale || !w->keeps || dark || d->rewinding || d->message_until_ns) {
        SDL_SetRenderDrawColor(w->renderer, 0, 0, 0, 255);
        SDL_RenderClear(w->renderer);
        w->unshown = 0;
        w->shown_end = w->height;
    }
    draw_picture(w);
    if (dark) {
        dim(w);
        sdl_text_bar(w, "stopped: Ctrl+Alt+2 is the monitor, cont goes on", SDL_BAR_TOP);
    } else if (d->rewinding) {
        sdl_text_bar(w, "backwards: let go of Ctrl+Alt+Backspace to go on from here",
                     SDL_BAR_TOP);
    }
    if (d->message_until_ns) {
        sdl_text_bar(w, d->message, SDL_BAR_BOTTOM);
    }
    SDL_RenderPresent(w->renderer);
    w->unshown = w->shown_end = 0;
    w->stale = false;
}
