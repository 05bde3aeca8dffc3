/* SPDX-License-Identifier: MIT
 *
 * Causal attention of one head. Forward takes eight queries at a time against all keys up to the
 * last of them; backward takes blocks of queries against blocks of keys and recomputes the
 * probabilities from the saved denominators (Dao et al., FlashAttention, NeurIPS 2022, without
 * its online softmax: eight rows of scores fit the cache). Blocks above the diagonal are never
 * touched. Exponentials have base 2: q is scaled by log2(e)/sqrt(D) as it is packed.
 *
 * meson.build compiles this file once per CPU level, MOE_LEVEL being the level's name.
 */
#include "tensor/attention-head.h"
#include "tensor/attention-pack.h"
#include "tensor/tile.h"

#include <math.h>

#define PANEL         MOE_ATTENTION_PANEL
#define BLOCK_QUERIES MOE_ATTENTION_BLOCK_QUERIES
#define BLOCK_KEYS    MOE_ATTENTION_BLOCK_KEYS
#define BLOCK_ROW     MOE_ATTENTION_BLOCK_ROW

_Static_assert(MOE_ATTENTION_ALIGN % TILE_LANES == 0 && PANEL % TILE_ROWS == 0 &&
                   MOE_ATTENTION_ALIGN % PANEL == 0,
               "padding suits the tiles");

/* 2^x for x <= 0, exactly 0 from -127 down. 2^x = 2^n · 2^f with n the nearest integer, found by
 * adding a number so large that its last bit counts ones; 2^f by its Taylor series to the sixth
 * power (|f| <= 1/2: relative error below 2e-7). */
MOE_INLINE TileFloat
exp2_below_one(TileFloat x)
{
    const float magic = 0x1.8p23f;
    x = tile_max(tile_splat(-127.0f), x); /* in this order NaN stays NaN */
    TileFloat shifted = x + magic;
    TileFloat f = x - (shifted - magic);
    TileFloat p = tile_splat(1.5403530e-4f);
    p = p * f + 1.3333558e-3f;
    p = p * f + 9.6181291e-3f;
    p = p * f + 5.5504109e-2f;
    p = p * f + 2.4022651e-1f;
    p = p * f + 6.9314718e-1f;
    p = p * f + 1.0f;
    return p * (TileFloat)(((TileBits)shifted + 127) << 23);
}

/* What stands in for minus infinity in masked scores: its power of two is 0. */
#define MASKED (-1e30f)

/* Turns `width` scores of a row, of which the first `valid` count, into unnormalised
 * probabilities. Returns their sum; *largest is the score they were taken relative to. */
MOE_INLINE float
exp_row(float *score, int64_t valid, int64_t width, float *largest)
{
    for (int64_t j = valid; j < width; j++)
        score[j] = MASKED;
    TileFloat m = tile_load(score);
    for (int64_t j = TILE_LANES; j < width; j += TILE_LANES)
        m = tile_max(m, tile_load(score + j));
    *largest = tile_lanes_max(m);
    TileFloat sum = {0};
    for (int64_t j = 0; j < width; j += TILE_LANES) {
        TileFloat p = exp2_below_one(tile_load(score + j) - *largest);
        tile_store(score + j, p);
        sum += p;
    }
    return tile_lanes_sum(sum);
}

static float
query_scale(const MoeHeadShape *shape)
{
    return (float)(M_LOG2E / sqrt((double)shape->dim));
}

/* Packs q and the transpose of k; `k` is where k's packed rows stay. */
static void
pack_queries_and_keys(const MoeHeadShape *shape, const float *qkv, float *q, float *k, float *kt)
{
    int64_t stride = 3 * shape->width;
    pack_rows(shape, qkv + shape->width, stride, shape->rope, 1, k);
    pack_panels(shape, k, kt);
    pack_rows(shape, qkv, stride, shape->rope, query_scale(shape), q);
}

static void
forward(const MoeHeadShape *shape, const float *qkv, float *out, float *log_sum, float *scratch)
{
    const int64_t length = moe__attention_pad(shape->length), dim = moe__attention_pad(shape->dim);
    const int64_t score_row = length + MOE_ATTENTION_ALIGN;
    float *q = scratch, *kt = q + length * dim, *v = kt + length * dim;
    float *score = v + length * dim, *result = score + PANEL * score_row;

    pack_queries_and_keys(shape, qkv, q, q, kt);
    pack_rows(shape, qkv + 2 * shape->width, 3 * shape->width, NULL, 1, v);
    for (int64_t t = 0; t < shape->length; t += PANEL) {
        const int64_t keys = t + PANEL, width = moe__attention_pad(keys);
        tile_product(PANEL, width, dim, (TileLeft){q + t * dim, dim, 1},
                     (TileRight){kt, TILE_LANES, TILE_LANES * dim}, (TileResult){score, score_row},
                     false);
        float weight[PANEL];
        for (int64_t i = 0; i < PANEL; i++) {
            float largest;
            float sum = exp_row(score + i * score_row, t + i + 1, width, &largest);
            weight[i] = 1 / sum;
            if (log_sum && t + i < shape->length)
                log_sum[t + i] = largest + log2f(sum);
        }
        tile_product(PANEL, dim, keys, (TileLeft){score, score_row, 1},
                     (TileRight){v, dim, TILE_LANES}, (TileResult){result, dim}, false);
        for (int64_t i = 0; i < PANEL && t + i < shape->length; i++)
            scale_row(shape->dim, weight[i], result + i * dim, out + (t + i) * shape->width, false);
    }
}

/* The packed matrices of backward, all of padded length times padded dim. */
typedef struct {
    float *q, *k, *kt, *vt, *grad_out, *grad_q, *grad_k, *grad_v;
    float *log_sum, *delta;          /* [length]: see forward; Σ_d out · grad_out */
    float *probability, *grad_score; /* one block */
    int64_t length, dim;
} Backward;

static Backward
backward_layout(const MoeHeadShape *shape, float *scratch)
{
    Backward b = {.length = moe__attention_pad(shape->length),
                  .dim = moe__attention_pad(shape->dim)};
    float **matrix[] = {&b.q, &b.k, &b.kt, &b.vt, &b.grad_out, &b.grad_q, &b.grad_k, &b.grad_v};
    for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++, scratch += b.length * b.dim)
        *matrix[i] = scratch;
    b.log_sum = scratch;
    b.delta = b.log_sum + b.length;
    b.probability = b.delta + b.length;
    b.grad_score = b.probability + BLOCK_QUERIES * BLOCK_ROW;
    return b;
}

static void
backward_pack(const MoeHeadShape *shape, const float *qkv, const float *out, const float *log_sum,
              const float *grad_out, Backward *b)
{
    pack_queries_and_keys(shape, qkv, b->q, b->k, b->kt);
    /* v is needed transposed, out only now: their rows pass through places of gradients. */
    pack_rows(shape, qkv + 2 * shape->width, 3 * shape->width, NULL, 1, b->grad_v);
    pack_panels(shape, b->grad_v, b->vt);
    pack_rows(shape, grad_out, shape->width, NULL, 1, b->grad_out);
    pack_rows(shape, out, shape->width, NULL, 1, b->grad_k);
    for (int64_t t = 0; t < b->length; t++) {
        TileFloat sum = {0};
        for (int64_t d = t * b->dim; d < (t + 1) * b->dim; d += TILE_LANES)
            sum += tile_load(b->grad_k + d) * tile_load(b->grad_out + d);
        b->delta[t] = tile_lanes_sum(sum);
        b->log_sum[t] = t < shape->length ? log_sum[t] : 0;
    }
    memset(b->grad_q, 0, (size_t)(b->length * b->dim) * sizeof(float));
    memset(b->grad_k, 0, (size_t)(b->length * b->dim) * sizeof(float));
    memset(b->grad_v, 0, (size_t)(b->length * b->dim) * sizeof(float));
}

/* Probabilities and gradients of scores of eight queries from `query` against `width` keys from
 * `key`, into rows from `row` of the block. */
static void
backward_scores(Backward *b, int64_t query, int64_t key, int64_t row, int64_t width)
{
    float *p = b->probability + row * BLOCK_ROW, *g = b->grad_score + row * BLOCK_ROW;
    tile_product(PANEL, width, b->dim, (TileLeft){b->q + query * b->dim, b->dim, 1},
                 (TileRight){b->kt + key * b->dim, TILE_LANES, TILE_LANES * b->dim},
                 (TileResult){p, BLOCK_ROW}, false);
    tile_product(PANEL, width, b->dim, (TileLeft){b->grad_out + query * b->dim, b->dim, 1},
                 (TileRight){b->vt + key * b->dim, TILE_LANES, TILE_LANES * b->dim},
                 (TileResult){g, BLOCK_ROW}, false);
    for (int64_t i = 0; i < PANEL; i++, p += BLOCK_ROW, g += BLOCK_ROW) {
        for (int64_t j = query + i + 1 - key; j < width; j++)
            p[j] = MASKED;
        const float log_sum = b->log_sum[query + i], delta = b->delta[query + i];
        for (int64_t j = 0; j < width; j += TILE_LANES) {
            TileFloat probability = exp2_below_one(tile_load(p + j) - log_sum);
            tile_store(p + j, probability);
            tile_store(g + j, probability * (tile_load(g + j) - delta));
        }
    }
}

/* One block: queries from `query`, keys from `key`. On the diagonal, what lies right of a panel's
 * last query is neither computed nor read. */
static void
backward_block(Backward *b, int64_t query, int64_t key)
{
    const int64_t dim = b->dim;
    const int64_t queries = b->length - query < BLOCK_QUERIES ? b->length - query : BLOCK_QUERIES;
    const int64_t keys = b->length - key < BLOCK_KEYS ? b->length - key : BLOCK_KEYS;
    int64_t reach = keys; /* keys that the block's last query sees */
    for (int64_t i = 0; i < queries; i += PANEL) {
        reach = query + i + PANEL - key;
        reach = reach < keys ? reach : keys;
        backward_scores(b, query + i, key, i, moe__attention_pad(reach));
        tile_product(PANEL, dim, reach, (TileLeft){b->grad_score + i * BLOCK_ROW, BLOCK_ROW, 1},
                     (TileRight){b->k + key * dim, dim, TILE_LANES},
                     (TileResult){b->grad_q + (query + i) * dim, dim}, true);
    }
    for (int64_t j = 0; j < reach; j += PANEL) {
        /* Queries before key j don't see it. */
        const int64_t first = key + j > query ? key + j - query : 0;
        const int64_t at = first * BLOCK_ROW + j, row = (query + first) * dim;
        tile_product(PANEL, dim, queries - first, (TileLeft){b->probability + at, 1, BLOCK_ROW},
                     (TileRight){b->grad_out + row, dim, TILE_LANES},
                     (TileResult){b->grad_v + (key + j) * dim, dim}, true);
        tile_product(PANEL, dim, queries - first, (TileLeft){b->grad_score + at, 1, BLOCK_ROW},
                     (TileRight){b->q + row, dim, TILE_LANES},
                     (TileResult){b->grad_k + (key + j) * dim, dim}, true);
    }
}

static void
backward(const MoeHeadShape *shape, const float *qkv, const float *out, const float *log_sum,
         const float *grad_out, float *grad_qkv, bool accumulate, float *scratch)
{
    const int64_t stride = 3 * shape->width;
    Backward b = backward_layout(shape, scratch);
    backward_pack(shape, qkv, out, log_sum, grad_out, &b);
    for (int64_t key = 0; key < b.length; key += BLOCK_KEYS)
        for (int64_t query = key; query < b.length; query += BLOCK_QUERIES)
            backward_block(&b, query, key);
    /* Scores were q' k with q' = q log2(e) / sqrt(D), so dk = ds' q' ln(2). */
    const float scale = (float)(1 / sqrt((double)shape->dim));
    unpack_rows(shape, b.grad_q, shape->rope, scale, stride, grad_qkv, accumulate);
    unpack_rows(shape, b.grad_k, shape->rope, (float)M_LN2, stride, grad_qkv + shape->width,
                accumulate);
    unpack_rows(shape, b.grad_v, NULL, 1, stride, grad_qkv + 2 * shape->width, accumulate);
}

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define QUOTE_(a)   #a
#define QUOTE(a)    QUOTE_(a)
#define MOE_KERNEL  JOIN(moe__attention_, MOE_LEVEL)

extern const MoeAttentionKernel MOE_KERNEL;
const MoeAttentionKernel MOE_KERNEL = {QUOTE(MOE_LEVEL), forward, backward};
