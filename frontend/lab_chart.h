/* frontend/lab_chart.h -- bars of cycles: `terrapin lab compare`, as text and as a PNG file. */
#ifndef TERRAPIN_FRONTEND_LAB_CHART_H
#define TERRAPIN_FRONTEND_LAB_CHART_H

#include "mem/error.h"
#include "mem/types.h"

struct bar {
    const char *name;
    uint64_t cycles;
    bool right; /* else the guest failed: the bar is marked */
};

/* Lengths are in proportion to cycles; the longest fills the line. */
void chart_text(const struct bar *bars, unsigned n, void (*put)(void *ctx, const char *piece),
                void *ctx);
int chart_png(const char *path, const struct bar *bars, unsigned n, struct error *err);

/* Curves over the price of an exit and the entry after it: points 0, CURVE_STEP, ... cycles. */
enum { CURVE_POINTS = 13, CURVE_STEP = 400 };
struct curve {
    const char *name;
    uint64_t y[CURVE_POINTS];
};
void curves_text(const struct curve *curves, unsigned n,
                 void (*put)(void *ctx, const char *piece), void *ctx);
int curves_png(const char *path, const struct curve *curves, unsigned n, struct error *err);

#endif
