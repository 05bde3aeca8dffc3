/* SPDX-License-Identifier: MIT
 *
 * Dropout (Srivastava et al. 2014), scaled up in training. Element i is kept if number i of the
 * random stream is large enough; nothing is stored, backward draws the same numbers again.
 */
#include "tensor/cpu.h"
#include "tensor/op.h"

#define PIECE 256 /* elements whose numbers are drawn at a time; four a block of Philox */

typedef struct {
    uint32_t threshold; /* kept: word >= threshold */
    float scale;
    uint64_t seed, stream;
} Dropout;

/* Numbers 4·first … 4·first + PIECE-1 of the stream: moe_rng_block() with the loop over blocks
 * inside, where it vectorises. */
MOE_CLONES static void
dropout_words(uint32_t *restrict word, const Dropout *args, uint64_t first)
{
    for (int b = 0; b < PIECE / 4; b++) {
        uint64_t counter = first + (uint64_t)b;
        uint32_t k0 = (uint32_t)args->seed, k1 = (uint32_t)(args->seed >> 32);
        uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32);
        uint32_t c2 = (uint32_t)args->stream, c3 = (uint32_t)(args->stream >> 32);
#pragma GCC unroll 10
        for (int round = 0; round < 10; round++) {
            uint64_t p0 = 0xD2511F53u * (uint64_t)c0, p1 = 0xCD9E8D57u * (uint64_t)c2;
            c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
            c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
            c1 = (uint32_t)p1;
            c3 = (uint32_t)p0;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        word[4 * b] = c0;
        word[4 * b + 1] = c1;
        word[4 * b + 2] = c2;
        word[4 * b + 3] = c3;
    }
}

/* y = or += kept ? scale · x : 0 */
MOE_CLONES static void
dropout_piece(float *restrict y, bool accumulate, const float *restrict x,
              const uint32_t *restrict word, int64_t n, uint32_t threshold, float scale)
{
    for (int64_t i = 0; i < n; i++) {
        float value = word[i] >= threshold ? scale * x[i] : 0.0f;
        y[i] = accumulate ? y[i] + value : value;
    }
}

static void
apply_mask(float *y, bool accumulate, const float *x, int64_t n, const Dropout *args)
{
#pragma omp parallel for schedule(static) if (n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t i = 0; i < n; i += PIECE) {
        uint32_t word[PIECE];
        dropout_words(word, args, (uint64_t)i / 4);
        dropout_piece(y + i, accumulate, x + i, word, MIN(PIECE, n - i), args->threshold,
                      args->scale);
    }
}

static void
dropout_forward(MoeNode *node)
{
    apply_mask(node->out->data, false, node->in[0]->data, moe_tensor_count(node->out), node->args);
}

static void
dropout_backward(MoeNode *node)
{
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    apply_mask(dx, accumulate, node->out->grad, moe_tensor_count(node->out), node->args);
}

static void
dropout_reference(const MoeNode *node, const double *const in[], double *out)
{
    const Dropout *args = node->args;
    MoeRng rng = moe_rng(args->seed, args->stream);
    for (int64_t i = 0; i < moe_tensor_count(node->out); i++)
        out[i] = moe_rng_u32(&rng) >= args->threshold ? (double)args->scale * in[0][i] : 0;
}

const MoeOp moe_op__dropout = {"dropout", dropout_forward, dropout_backward, dropout_reference};

MoeTensor *
moe_dropout(MoeTape *tape, MoeTensor *x, float p, uint64_t seed, uint64_t stream)
{
    if (!(p >= 0 && p < 1))
        g_error("dropout: a probability of %g is not in [0, 1)", (double)p);
    if (p == 0)
        return x;
    Dropout args = {(uint32_t)((double)p * 0x1p32), 1 / (1 - p), seed, stream};
    return moe__op_same_shape(tape, &moe_op__dropout, x, &args, sizeof args);
}
