/* SPDX-License-Identifier: MIT
 *
 * huffman.h: prefix codes as DEFLATE has them.
 */
#ifndef FIGURE_HUFFMAN_H
#define FIGURE_HUFFMAN_H

#include <glib.h>
#include <stdbool.h>

/* Lengths (at most `most` bits; 0: never occurs) and codes, first bit lowest, of `n` symbols (at
 * most 286), at least two of which occur, `count` times each. */
void moe__huffman(const unsigned *count, int n, int most, guint8 *lengths, guint16 *codes);

#endif
