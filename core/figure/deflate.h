/* SPDX-License-Identifier: MIT
 *
 * deflate.h: compresses pictures row by row, in one pass.
 */
#ifndef FIGURE_DEFLATE_H
#define FIGURE_DEFLATE_H

#include <glib.h>
#include <stdbool.h>

/* What a distance can be in a zlib stream. */
#define MOE_DEFLATE_MOST_STRIDE 32768

typedef struct Deflater Deflater;

/* Rows of `stride` bytes (at least unit + 1, at most MOE_DEFLATE_MOST_STRIDE), in which equal
 * pixels are `unit` bytes apart. */
Deflater *moe__deflater_new(int stride, int unit);
/* The next row, which differs from the last in bytes from … to - 1 at most (the first: anywhere). */
void moe__deflater_row(Deflater *deflater, const guint8 *row, int from, int to);
/* The next row is the same as the last. */
void moe__deflater_repeat(Deflater *deflater);
/* The zlib stream; frees the deflater. (transfer full) */
GByteArray *moe__deflater_finish(Deflater *deflater);

#endif
