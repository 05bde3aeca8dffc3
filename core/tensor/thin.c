/* SPDX-License-Identifier: MIT
 *
 * The three products of a large matrix with a few rows. Each walks along the large matrix once; a
 * strip of it is in the first-level cache while all rows pass, and the next is on its way.
 */
#include "tensor/thin.h"

#include "tensor/tile.h"

#include <string.h>

#define STRIP (TILE_LANES * TILE_VECTORS)
/* Steps along the large matrix's long side that are taken together, where its short side is what
 * the few rows' columns meet. */
#define BLOCK 128

_Static_assert(BLOCK *MOE_THIN_ROWS <= MOE_THIN_SCRATCH, "a block of the few rows fits");
_Static_assert(STRIP *MOE_THIN_DEPTH <= MOE_THIN_SCRATCH, "a strip fits");

/* Towards the second-level cache. */
MOE_INLINE void
fetch(const float *from, int64_t n)
{
    for (int64_t i = 0; i < n; i += 64 / (int64_t)sizeof *from)
        __builtin_prefetch(from + i, 0, 2);
}

/* c = or += a b for any number of rows and one strip of columns. */
MOE_INLINE void
strip_rows(int vectors, int64_t m, int64_t depth, TileLeft a, TileRight b, TileResult c, bool add)
{
    int64_t i = 0;
#define PASS(rows)                                                                      \
    for (; i + (rows) <= m; i += (rows))                                                \
    tile_multiply(rows, vectors, depth, (TileLeft){a.at + i * a.row, a.row, a.step}, b, \
                  (TileResult){c.at + i * c.row, c.row}, add)
    PASS(TILE_ROWS);
    PASS(TILE_ROWS / 2);
    PASS(1);
#undef PASS
}

/* As many columns as are left, at most a strip. */
MOE_INLINE int
vectors_left(int64_t columns)
{
    return columns >= STRIP ? TILE_VECTORS : 1;
}

static void
strip(int vectors, int64_t m, int64_t depth, TileLeft a, TileRight b, TileResult c, bool add)
{
    if (vectors == TILE_VECTORS)
        strip_rows(TILE_VECTORS, m, depth, a, b, c, add);
    else
        strip_rows(1, m, depth, a, b, c, add);
}

/* Rows of b, `vectors` times TILE_LANES of them, to columns of a panel: [k, STRIP]. */
static void
pack_strip(int vectors, const float *b, int64_t ldb, int64_t k, float *panel)
{
    for (int v = 0; v < vectors; v++)
        for (int64_t d = 0; d < k; d += TILE_LANES) {
            TileFloat row[TILE_LANES];
            for (int i = 0; i < TILE_LANES; i++)
                row[i] = tile_load(b + (v * TILE_LANES + i) * ldb + d);
            tile_transpose(row);
            for (int i = 0; i < TILE_LANES; i++)
                tile_store(panel + (d + i) * STRIP + v * TILE_LANES, row[i]);
        }
}

static void
times_transposed(const MoeGemm *p, float *panel)
{
    TileLeft few = {p->a, p->lda, 1};
    TileRight large = {panel, STRIP, TILE_LANES};
    int64_t step;
    for (int64_t o = 0; o < p->n; o += step) {
        int vectors = vectors_left(p->n - o);
        step = vectors * TILE_LANES;
        pack_strip(vectors, p->b + o * p->ldb, p->ldb, p->k, panel);
        for (int64_t i = o + step; i < p->n && i < o + 2 * step; i++)
            fetch(p->b + i * p->ldb, p->k);
        for (int64_t i = 0; p->bias && i < p->m; i++)
            memcpy(p->c + i * p->ldc + o, p->bias + o, (size_t)step * sizeof *p->c);
        strip(vectors, p->m, p->k, few, large, (TileResult){p->c + o, p->ldc},
              p->bias || p->beta != 0);
    }
}

/* Columns from … from + n - 1 of the few rows, beside each other: rows kilobytes apart would meet
 * in the same sets of the cache. */
static void
pack_few(const float *rows, int64_t ld, int64_t count, int64_t from, int64_t n, float *packed)
{
    for (int64_t i = 0; i < count; i++)
        memcpy(packed + i * BLOCK, rows + i * ld + from, (size_t)n * sizeof *packed);
}

static void
times(const MoeGemm *p, float *packed)
{
    for (int64_t o = 0; o < p->k; o += BLOCK) {
        int64_t depth = p->k - o < BLOCK ? p->k - o : BLOCK, step;
        pack_few(p->a, p->lda, p->m, o, depth, packed);
        for (int64_t j = 0; j < p->n; j += step) {
            int vectors = vectors_left(p->n - j);
            step = vectors * TILE_LANES;
            for (int64_t i = o + depth; i < p->k && i < o + 2 * depth; i++)
                fetch(p->b + i * p->ldb + j, step);
            strip(vectors, p->m, depth, (TileLeft){packed, BLOCK, 1},
                  (TileRight){p->b + o * p->ldb + j, p->ldb, TILE_LANES},
                  (TileResult){p->c + j, p->ldc}, o > 0 || p->beta != 0);
        }
    }
}

static void
outer(const MoeGemm *p, float *packed)
{
    bool add = p->beta != 0;
    for (int64_t from = 0; from < p->m; from += BLOCK) {
        int64_t n = p->m - from < BLOCK ? p->m - from : BLOCK, step;
        pack_few(p->a, p->lda, p->k, from, n, packed);
        for (int64_t o = 0; o < n; o += TILE_ROWS)
            for (int64_t j = 0; j < p->n; j += step) {
                int vectors = vectors_left(p->n - j);
                step = vectors * TILE_LANES;
                TileResult c = {p->c + (from + o) * p->ldc + j, p->ldc};
                for (int64_t i = TILE_ROWS; add && i < 2 * TILE_ROWS && from + o + i < p->m; i++)
                    fetch(c.at + i * c.row, step);
                strip(vectors, TILE_ROWS, p->k, (TileLeft){packed + o, 1, BLOCK},
                      (TileRight){p->b + j, p->ldb, TILE_LANES}, c, add);
            }
    }
}

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define QUOTE_(a)   #a
#define QUOTE(a)    QUOTE_(a)
#define MOE_KERNEL  JOIN(moe__thin_, MOE_LEVEL)

extern const MoeThinKernel MOE_KERNEL;
const MoeThinKernel MOE_KERNEL = {QUOTE(MOE_LEVEL), times_transposed, times, outer};
