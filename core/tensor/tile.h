/* SPDX-License-Identifier: MIT
 *
 * tile.h: products of small matrices that lie in cache.
 *
 * One tile of the result stays in registers while the depth runs: an outer product a step. It is
 * written with the compilers' vector extensions, so that it is right on any CPU; files that
 * include it are compiled once per CPU level (meson.build), and vectors and tiles have the size
 * that suits the registers of that level. Rows come in multiples of TILE_ROWS, columns
 * of TILE_LANES: callers pad.
 */
#ifndef MOE_TENSOR_TILE_H
#define MOE_TENSOR_TILE_H

#include "tensor/cpu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The accumulators, a row of the right factor and one broadcast fit the registers: 32 of 64 bytes,
 * 16 of 32 bytes, 32 or 16 of 16 bytes. */
#if defined(__AVX512F__)
#define TILE_LANES   16
#define TILE_ROWS    8
#define TILE_VECTORS 2
#elif defined(__AVX__)
#define TILE_LANES   8
#define TILE_ROWS    4
#define TILE_VECTORS 2
#elif defined(__aarch64__)
#define TILE_LANES   4
#define TILE_ROWS    8
#define TILE_VECTORS 2
#else
#define TILE_LANES   4
#define TILE_ROWS    4
#define TILE_VECTORS 2
#endif

#define TILE_VECTOR __attribute__((vector_size(4 * TILE_LANES), aligned(4), may_alias))
typedef float TileFloat TILE_VECTOR;
typedef int32_t TileInt TILE_VECTOR;
typedef uint32_t TileBits TILE_VECTOR;

/* The left factor: element (i, k) is at[i * row + k * step]. */
typedef struct {
    const float *at;
    ptrdiff_t row, step;
} TileLeft;

/* The right factor: vector j of row k is at[k * step + j * vector]; `vector` is TILE_LANES for a
 * row-major matrix, or the size of a panel where as many columns lie packed together. */
typedef struct {
    const float *at;
    ptrdiff_t step, vector;
} TileRight;

/* The result, row-major. */
typedef struct {
    float *at;
    ptrdiff_t row;
} TileResult;

MOE_INLINE TileFloat
tile_load(const float *p)
{
    return *(const TileFloat *)p;
}

MOE_INLINE void
tile_store(float *p, TileFloat x)
{
    *(TileFloat *)p = x;
}

/* Adds to what is there, or overwrites it. */
MOE_INLINE void
tile_put(float *p, TileFloat x, bool add)
{
    if (add)
        x += tile_load(p);
    tile_store(p, x);
}

MOE_INLINE TileFloat
tile_splat(float x)
{
    return (TileFloat){0} + x;
}

/* a > b ? a : b */
MOE_INLINE TileFloat
tile_max(TileFloat a, TileFloat b)
{
    TileInt mask = a > b;
    return (TileFloat)((mask & (TileInt)a) | (~mask & (TileInt)b));
}

MOE_INLINE float
tile_lanes_max(TileFloat x)
{
    float m = x[0];
    for (int i = 1; i < TILE_LANES; i++)
        m = x[i] > m ? x[i] : m;
    return m;
}

MOE_INLINE float
tile_lanes_sum(TileFloat x)
{
    float sum[TILE_LANES];
    tile_store(sum, x);
    for (int n = TILE_LANES / 2; n > 0; n /= 2)
        for (int i = 0; i < n; i++)
            sum[i] += sum[i + n];
    return sum[0];
}

/* Lane l of the two rows that stage s of a transpose makes of rows i and i + s. */
#define TILE_UPPER(l, s)      (((l) & (s)) ? TILE_LANES + (l) - (s) : (l))
#define TILE_LOWER(l, s)      (((l) & (s)) ? TILE_LANES + (l) : (l) + (s))
#define TILE_FOUR(side, l, s) side(l, s), side(l + 1, s), side(l + 2, s), side(l + 3, s)
#if TILE_LANES == 16
#define TILE_STAGE_LANES(side, s) \
    TILE_FOUR(side, 0, s), TILE_FOUR(side, 4, s), TILE_FOUR(side, 8, s), TILE_FOUR(side, 12, s)
#elif TILE_LANES == 8
#define TILE_STAGE_LANES(side, s) TILE_FOUR(side, 0, s), TILE_FOUR(side, 4, s)
#else
#define TILE_STAGE_LANES(side, s) TILE_FOUR(side, 0, s)
#endif
#define TILE_TRANSPOSE_STAGE(row, s)                                                           \
    for (int i = 0; i < TILE_LANES; i++)                                                       \
        if (!(i & (s))) {                                                                      \
            TileFloat above = (row)[i], below = (row)[i + (s)];                                \
            (row)[i] = __builtin_shufflevector(above, below, TILE_STAGE_LANES(TILE_UPPER, s)); \
            (row)[i + (s)] =                                                                   \
                __builtin_shufflevector(above, below, TILE_STAGE_LANES(TILE_LOWER, s));        \
        }

/* The square of TILE_LANES rows, transposed in registers. */
MOE_INLINE void
tile_transpose(TileFloat row[TILE_LANES])
{
    TILE_TRANSPOSE_STAGE(row, 1)
    TILE_TRANSPOSE_STAGE(row, 2)
#if TILE_LANES >= 8
    TILE_TRANSPOSE_STAGE(row, 4)
#endif
#if TILE_LANES >= 16
    TILE_TRANSPOSE_STAGE(row, 8)
#endif
}

/* One tile; `rows` and `vectors` are constants at every call, so that the loops over them unroll
 * and `sum` becomes registers. */
MOE_INLINE void
tile_multiply(int rows, int vectors, int64_t depth, TileLeft a, TileRight b, TileResult c, bool add)
{
    TileFloat sum[TILE_ROWS][TILE_VECTORS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++)
            sum[i][j] = add ? tile_load(c.at + i * c.row + j * TILE_LANES) : (TileFloat){0};
    for (int64_t k = 0; k < depth; k++, a.at += a.step, b.at += b.step) {
        TileFloat right[TILE_VECTORS];
        for (int j = 0; j < vectors; j++)
            right[j] = tile_load(b.at + j * b.vector);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < vectors; j++)
                sum[i][j] += a.at[i * a.row] * right[j];
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++)
            tile_store(c.at + i * c.row + j * TILE_LANES, sum[i][j]);
}

/* c = a b, or c += a b: m rows (a multiple of TILE_ROWS), n columns (of TILE_LANES). */
MOE_INLINE void
tile_product(int64_t m, int64_t n, int64_t depth, TileLeft a, TileRight b, TileResult c, bool add)
{
    for (int64_t i = 0; i < m; i += TILE_ROWS) {
        TileLeft left = {a.at + i * a.row, a.row, a.step};
        int64_t j = 0;
        for (; j + TILE_VECTORS * TILE_LANES <= n; j += TILE_VECTORS * TILE_LANES) {
            TileRight right = {b.at + j / TILE_LANES * b.vector, b.step, b.vector};
            TileResult result = {c.at + i * c.row + j, c.row};
            tile_multiply(TILE_ROWS, TILE_VECTORS, depth, left, right, result, add);
        }
        for (; j < n; j += TILE_LANES) {
            TileRight right = {b.at + j / TILE_LANES * b.vector, b.step, b.vector};
            TileResult result = {c.at + i * c.row + j, c.row};
            tile_multiply(TILE_ROWS, 1, depth, left, right, result, add);
        }
    }
}

#endif
