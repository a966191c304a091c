/* frontend/png.h -- a picture as a PNG file's bytes (PNG specification, ISO/IEC 15948). */
#ifndef TERRAPIN_FRONTEND_PNG_H
#define TERRAPIN_FRONTEND_PNG_H

#include "mem/types.h"

/* 00RRGGBB pixels, row by row, to 8-bit truecolour. Malloc'ed; NULL: no memory. */
uint8_t *png_encode(const uint32_t *pixels, unsigned width, unsigned height, size_t *size);
/* The same as a binary PPM (P6). */
uint8_t *ppm_encode(const uint32_t *pixels, unsigned width, unsigned height, size_t *size);

#endif
