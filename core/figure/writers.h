/* SPDX-License-Identifier: MIT
 *
 * writers.h: a scene as the bytes of a file.
 */
#ifndef FIGURE_WRITERS_H
#define FIGURE_WRITERS_H

#include "figure/drawing.h"

/* Opaque pixels, 0xXXRRGGBB row by row with `stride` pixels a row, as a PNG: a palette where 256
 * colours suffice. `dpi` 0: none stated. */
GByteArray *moe__png_encode(const uint32_t *pixels, int width, int height, int stride, double dpi);
/* The same with 0xAARRGGBB, keeping alpha where there is any. */
GByteArray *moe__png_encode_alpha(const uint32_t *pixels, int width, int height);

GString *moe__svg_encode(const Drawing *drawing, const char *title);

#endif
