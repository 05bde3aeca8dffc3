/* SPDX-License-Identifier: MIT
 *
 * deflate.h: compresses pictures row by row, in one pass, as PNG stores them.
 */
#ifndef FIGURE_DEFLATE_H
#define FIGURE_DEFLATE_H

#include <glib.h>
#include <stdbool.h>

typedef struct Deflater Deflater;

/* Rows of `length` bytes, pixels of `unit` (1 … 4) bytes each. */
Deflater *moe__deflater_new(int length, int unit);
/* The next row, as what it is more than the row above (the first: than zeros), byte by byte, modulo
 * 256; bytes before `from` and from `to` on are zero, and aren't looked at. It is written behind
 * PNG's filter byte "up". */
void moe__deflater_row(Deflater *deflater, const guint8 *more, int from, int to);
/* The zlib stream; frees the deflater. (transfer full) */
GByteArray *moe__deflater_finish(Deflater *deflater);

/* Anything at once, as a zlib stream, by libdeflate at its level 1 … 12. (transfer full) */
GByteArray *moe__zlib_pack(const void *data, gsize n, int level);

#endif
