/* SPDX-License-Identifier: MIT
 *
 * ops.h: the operations. All take the tape first and return a tensor of the tape's arena; shapes
 * stand in brackets; "last axis" means that all leading axes are treated as rows. Wrong shapes are
 * mistakes of the programmer and abort with both shapes. Indices are plain data: not on the tape.
 */
#ifndef MOESCOPE_OPS_H
#define MOESCOPE_OPS_H

#include <moescope/tensor.h>

G_BEGIN_DECLS

/* --- Products ---------------------------------------------------------------------------------*/

/* y = x Wᵀ + b. x [.., in], w [out, in], b [out] or NULL -> [.., out]. */
MOE_API MoeTensor *moe_linear(MoeTape *tape, MoeTensor *x, MoeTensor *w, MoeTensor *b);

/* Rows in groups: group g owns rows offset[g] … offset[g+1]-1 of a sorted list. `row`, if not
 * NULL, says which row of x stands at each place of the list (gathered on the way). The memory is
 * the caller's and must outlive the tape's step. */
typedef struct MoeGroups {
    int groups;
    const int64_t *offset; /* [groups + 1], offset[0] = 0 */
    const int32_t *row;    /* [offset[groups]] or NULL */
} MoeGroups;

/* y[r] = x[row[r]] W_gᵀ + b_g for r in group g. x [N, in], w [groups, out, in], b [groups, out] or
 * NULL -> [R, out], R = offset[groups]. Empty groups are fine. */
MOE_API MoeTensor *moe_grouped_linear(MoeTape *tape, MoeTensor *x, MoeTensor *w, MoeTensor *b,
                                      const MoeGroups *groups);

/* The same for rows in order, whose results go to the rows that the list names, each another one:
 * y[row[r]] = x[r] W_gᵀ + b_g. x [R, in] -> [n_rows, out], rows that aren't named being zero. */
MOE_API MoeTensor *moe_grouped_scatter(MoeTape *tape, MoeTensor *x, MoeTensor *w, MoeTensor *b,
                                       const MoeGroups *groups, int64_t n_rows);

/* Batched product. a [B, M, K], b [B, K, N] (or [B, N, K] with transpose_b) -> [B, M, N]. */
MOE_API MoeTensor *moe_bmm(MoeTape *tape, MoeTensor *a, MoeTensor *b, bool transpose_b);

/* --- Rows and columns -------------------------------------------------------------------------*/

/* y[r] = x[row[r]]. x [N, d] -> [n_rows, d]; `row` is copied. */
MOE_API MoeTensor *moe_gather_rows(MoeTape *tape, MoeTensor *x, const int32_t *row, int64_t n_rows);
/* y[row[r]] += x[r]. x [R, d] -> [n_out, d]; `row` is copied. */
MOE_API MoeTensor *moe_scatter_rows(MoeTape *tape, MoeTensor *x, const int32_t *row, int64_t n_out);
/* y[r, j] = x[r, index[r*k + j]]. x [.., E] -> [.., k]; an index of -1 gives 0. */
MOE_API MoeTensor *moe_gather_last(MoeTape *tape, MoeTensor *x, const int32_t *index, int64_t k);
/* y[r, index[r*k + j]] += x[r, j]. x [.., k] -> [.., E]; an index of -1 is skipped. */
MOE_API MoeTensor *moe_scatter_last(MoeTape *tape, MoeTensor *x, const int32_t *index, int64_t E);
/* The combine step of an MoE layer: y[u] = Σ_j g[u, j] x[place[u*k + j]], place -1 (dropped)
 * contributing nothing. x [R, d], g [U, k] -> [U, d]. `place` is copied. */
MOE_API MoeTensor *moe_combine(MoeTape *tape, MoeTensor *x, MoeTensor *g, const int32_t *place);
/* Columns from … from+n-1 of the last axis. */
MOE_API MoeTensor *moe_slice_last(MoeTape *tape, MoeTensor *x, int64_t from, int64_t n);
/* Side by side along the last axis; the leading axes agree. */
MOE_API MoeTensor *moe_concat_last(MoeTape *tape, MoeTensor *a, MoeTensor *b);
/* [M, N] -> [N, M]. */
MOE_API MoeTensor *moe_transpose(MoeTape *tape, MoeTensor *x);
/* The same data under another shape (same count): a view, free of cost. */
MOE_API MoeTensor *moe_reshape(MoeTape *tape, MoeTensor *x, int ndim, const int64_t *shape);
/* The same data, cut off from the tape: no gradient flows back. */
MOE_API MoeTensor *moe_detach(MoeTape *tape, MoeTensor *x);

/* --- Elementwise ------------------------------------------------------------------------------*/

/* NumPy broadcasting: axes align at the end, an axis of 1 stretches. */
MOE_API MoeTensor *moe_add(MoeTape *tape, MoeTensor *a, MoeTensor *b);
MOE_API MoeTensor *moe_sub(MoeTape *tape, MoeTensor *a, MoeTensor *b);
MOE_API MoeTensor *moe_mul(MoeTape *tape, MoeTensor *a, MoeTensor *b);
MOE_API MoeTensor *moe_div(MoeTape *tape, MoeTensor *a, MoeTensor *b);
/* y = scale x + shift. */
MOE_API MoeTensor *moe_affine(MoeTape *tape, MoeTensor *x, float scale, float shift);

MOE_API MoeTensor *moe_sigmoid(MoeTape *tape, MoeTensor *x);
MOE_API MoeTensor *moe_tanh(MoeTape *tape, MoeTensor *x);
MOE_API MoeTensor *moe_relu(MoeTape *tape, MoeTensor *x);
/* x Φ(x), with the error function, not its tanh approximation. */
MOE_API MoeTensor *moe_gelu(MoeTape *tape, MoeTensor *x);
/* The tanh approximation ("gelu_new" of GPT-2). */
MOE_API MoeTensor *moe_gelu_tanh(MoeTape *tape, MoeTensor *x);
MOE_API MoeTensor *moe_silu(MoeTape *tape, MoeTensor *x);
MOE_API MoeTensor *moe_softplus(MoeTape *tape, MoeTensor *x);
/* Φ(x), the distribution function of N(0, 1). */
MOE_API MoeTensor *moe_normal_cdf(MoeTape *tape, MoeTensor *x);
MOE_API MoeTensor *moe_square(MoeTape *tape, MoeTensor *x);
/* SwiGLU: silu(x[.., :h]) * x[.., h:]. x [.., 2h] -> [.., h]. */
MOE_API MoeTensor *moe_swiglu(MoeTape *tape, MoeTensor *x);
/* Keeps each element with probability 1-p and divides by it. Element i's fate is number i of
 * random stream (seed, stream). p = 0 returns x itself. */
MOE_API MoeTensor *moe_dropout(MoeTape *tape, MoeTensor *x, float p, uint64_t seed,
                               uint64_t stream);

/* --- Along the last axis ----------------------------------------------------------------------*/

MOE_API MoeTensor *moe_softmax(MoeTape *tape, MoeTensor *x);
/* [.., n] -> [..] */
MOE_API MoeTensor *moe_logsumexp(MoeTape *tape, MoeTensor *x);
/* x / rms(x) * w, rms² = mean(x²) + eps. w [n] or NULL. */
MOE_API MoeTensor *moe_rms_norm(MoeTape *tape, MoeTensor *x, MoeTensor *w, float eps);
/* (x - mean) / sqrt(var + eps) * w + b, biased variance. w, b [n] or both NULL. */
MOE_API MoeTensor *moe_layer_norm(MoeTape *tape, MoeTensor *x, MoeTensor *w, MoeTensor *b,
                                  float eps);
/* x / max(‖x‖₂, eps), as torch.nn.functional.normalize. */
MOE_API MoeTensor *moe_l2_normalise(MoeTape *tape, MoeTensor *x, float eps);
/* The k largest of each row, largest first; equal values in order of their index. x is rows × n,
 * index gets rows × k. NaN counts as smaller than everything. Not on the tape. */
MOE_API void moe_topk(const float *x, int64_t rows, int64_t n, int64_t k, int32_t *index);

/* --- Reductions -------------------------------------------------------------------------------*/

/* Over everything -> scalar. */
MOE_API MoeTensor *moe_sum(MoeTape *tape, MoeTensor *x);
MOE_API MoeTensor *moe_mean(MoeTape *tape, MoeTensor *x);
/* Over one axis, which disappears. */
MOE_API MoeTensor *moe_sum_axis(MoeTape *tape, MoeTensor *x, int axis);
MOE_API MoeTensor *moe_mean_axis(MoeTape *tape, MoeTensor *x, int axis);

/* --- Transformer ------------------------------------------------------------------------------*/

/* y[r] = table[id[r]]. table [V, d] -> [n, d]; `id` is copied. */
MOE_API MoeTensor *moe_embedding(MoeTape *tape, MoeTensor *table, const int32_t *id, int64_t n);
/* Rotary positions (Su et al. 2021), halves paired as in GPT-NeoX and LLaMA: (x_i, x_{i+D/2})
 * turns by position · base^(-2i/D). x [B, T, H, D]; position 0 is the first of each sequence. */
MOE_API MoeTensor *moe_rope(MoeTape *tape, MoeTensor *x, float base);
/* Causal self-attention of a packed projection: qkv [B, T, 3, H·D] (as 4 axes; q, k, v beside each
 * other in a row) -> [B, T, H·D]; softmax(q kᵀ / sqrt(D)) v per head. rope_base > 0 turns q and k
 * as moe_rope() does, on the way; 0 leaves them. Scores are never stored whole. */
MOE_API MoeTensor *moe_attention(MoeTape *tape, MoeTensor *qkv, int heads, float rope_base);
/* Mean over the rows whose target is >= 0 of -log softmax(x)[target], nats. x [.., V], target
 * [rows] (copied). `row_loss`, if not NULL, receives each row's loss (0 where ignored). */
MOE_API MoeTensor *moe_cross_entropy(MoeTape *tape, MoeTensor *x, const int32_t *target,
                                     float *row_loss);

G_END_DECLS

#endif
