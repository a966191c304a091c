/* frontend/scaling.c -- see the header. */
#include "frontend/scaling.h"

/* The largest mode that a VGA's own registers give on its own monitor. */
enum { VGA_WIDTH = 720, VGA_HEIGHT = 480, SMALL = 512 };

/* Width and height as a ratio of the shape that a monitor shows. */
static void shape(unsigned w, unsigned h, uint64_t *x, uint64_t *y)
{
    bool vga = w <= VGA_WIDTH && h <= VGA_HEIGHT;
    *x = vga ? 4 : w;
    *y = vga ? 3 : h;
}

void scaling_natural(unsigned w, unsigned h, int *window_w, int *window_h)
{
    uint64_t x, y;
    unsigned width = w < SMALL ? 2 * w : w;
    shape(w, h, &x, &y);
    *window_w = (int)width;
    *window_h = x ? (int)((width * y + x / 2) / x) : (int)h;
}

static struct box centred(int w, int h, int area_w, int area_h)
{
    return (struct box){(area_w - w) / 2, (area_h - h) / 2, w, h};
}

struct box scaling_place(unsigned w, unsigned h, int area_w, int area_h, bool integer)
{
    uint64_t x, y;
    if (w == 0 || h == 0 || area_w <= 0 || area_h <= 0) {
        return (struct box){0, 0, 0, 0};
    }
    unsigned across = (unsigned)area_w / w, down = (unsigned)area_h / h;
    unsigned times = across < down ? across : down;
    if (integer && times > 0) {
        return centred((int)(w * times), (int)(h * times), area_w, area_h);
    }
    shape(w, h, &x, &y);
    uint64_t full_w = (uint64_t)area_w, full_h = (uint64_t)area_h;
    if (full_w * y > full_h * x) {
        full_w = (full_h * x + y / 2) / y;
    } else {
        full_h = (full_w * y + x / 2) / x;
    }
    return centred(full_w ? (int)full_w : 1, full_h ? (int)full_h : 1, area_w, area_h);
}

int scaling_sharp(unsigned n, int size)
{
    unsigned s = size > 0 ? (unsigned)size : 1;
    return n ? (int)((s + n - 1) / n * n) : 0;
}

unsigned scaling_parts(unsigned n, int size)
{
    unsigned a = n, b = size > 0 ? (unsigned)size : 1;
    while (b != 0) {
        unsigned rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}
