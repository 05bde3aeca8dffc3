/* SPDX-License-Identifier: MIT
 *
 * attention-pack.h: one head's rows between their places in the batch and the packed, padded form
 * that tile.h works on. The number of rows and the head's dimension are padded
 * to MOE_ATTENTION_ALIGN, with zeros.
 */
#ifndef MOE_TENSOR_ATTENTION_PACK_H
#define MOE_TENSOR_ATTENTION_PACK_H

#include "tensor/attention-head.h"
#include "tensor/tile.h"

#include <string.h>

/* y = or += scale · x. */
MOE_INLINE void
scale_row(int64_t dim, float scale, const float *x, float *y, bool accumulate)
{
    int64_t i = 0;
    for (; i + TILE_LANES <= dim; i += TILE_LANES) {
        TileFloat scaled = scale * tile_load(x + i);
        tile_put(y + i, scaled, accumulate);
    }
    for (; i < dim; i++)
        y[i] = accumulate ? y[i] + scale * x[i] : scale * x[i];
}

/* y = or += scale · x turned by the position's angles, halves paired as in moe_rope(); turned back
 * for direction -1. */
MOE_INLINE void
turn_row(int64_t dim, const float *rope, float direction, float scale, const float *x, float *y,
         bool accumulate)
{
    const int64_t half = dim / 2;
    const float *c = rope, *s = rope + half;
    int64_t i = 0;
    for (; i + TILE_LANES <= half; i += TILE_LANES) {
        TileFloat a = scale * tile_load(x + i), b = scale * tile_load(x + i + half);
        TileFloat cosine = tile_load(c + i), sine = direction * tile_load(s + i);
        TileFloat first = a * cosine - b * sine, second = b * cosine + a * sine;
        tile_put(y + i, first, accumulate);
        tile_put(y + i + half, second, accumulate);
    }
    for (; i < half; i++) {
        float a = scale * x[i], b = scale * x[i + half];
        float first = a * c[i] - b * direction * s[i], second = b * c[i] + a * direction * s[i];
        y[i] = accumulate ? y[i] + first : first;
        y[i + half] = accumulate ? y[i + half] + second : second;
    }
}

/* Rows of one head lie kilobytes apart, which the CPU's own prefetching doesn't follow. */
#define FETCH_AHEAD 8

MOE_INLINE void
fetch_row(const MoeHeadShape *shape, const float *from, int64_t stride, int64_t t)
{
    if (t + FETCH_AHEAD < shape->length)
        for (int64_t i = 0; i < shape->dim; i += 64 / (int64_t)sizeof *from)
            __builtin_prefetch(from + FETCH_AHEAD * stride + i);
}

/* Rows of the batch, `stride` apart, to packed rows, scaled and turned (rope NULL: not turned). */
static void
pack_rows(const MoeHeadShape *shape, const float *from, int64_t stride, const float *rope,
          float scale, float *to)
{
    int64_t dim = shape->dim, packed = moe__attention_pad(dim);
    for (int64_t t = 0; t < shape->length; t++, from += stride, to += packed) {
        fetch_row(shape, from, stride, t);
        if (rope)
            turn_row(dim, rope + t * dim, 1, scale, from, to, false);
        else
            scale_row(dim, scale, from, to, false);
        for (int64_t i = dim; i < packed; i++)
            to[i] = 0;
    }
    int64_t missing = moe__attention_pad(shape->length) - shape->length;
    memset(to, 0, (size_t)(missing * packed) * sizeof(float));
}

/* The way back: scaled, turned back, and added to or put into rows of the batch. */
static void
unpack_rows(const MoeHeadShape *shape, const float *from, const float *rope, float scale,
            int64_t stride, float *to, bool accumulate)
{
    int64_t dim = shape->dim, packed = moe__attention_pad(dim);
    for (int64_t t = 0; t < shape->length; t++, from += packed, to += stride) {
        fetch_row(shape, to, stride, t);
        if (rope)
            turn_row(dim, rope + t * dim, -1, scale, from, to, accumulate);
        else
            scale_row(dim, scale, from, to, accumulate);
    }
}

/* Packed rows to panels: a panel holds, dimension by dimension, TILE_LANES rows beside each other:
 * the transpose as a right factor of step TILE_LANES and vector distance TILE_LANES · padded dim.
 */
static void
pack_panels(const MoeHeadShape *shape, const float *rows, float *panels)
{
    int64_t length = moe__attention_pad(shape->length), packed = moe__attention_pad(shape->dim);
    for (int64_t t = 0; t < length; t += TILE_LANES)
        for (int64_t d = 0; d < packed; d += TILE_LANES) {
            TileFloat row[TILE_LANES];
            for (int i = 0; i < TILE_LANES; i++)
                row[i] = tile_load(rows + (t + i) * packed + d);
            tile_transpose(row);
            for (int i = 0; i < TILE_LANES; i++)
                tile_store(panels + t * packed + (d + i) * TILE_LANES, row[i]);
        }
}

#endif
