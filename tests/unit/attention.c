/* SPDX-License-Identifier: MIT
 *
 * Every build of the attention kernel that this CPU can run, held against the definition in
 * double: the gradient tests see only the best of them.
 */
#include "tensor/attention-head.h"
#include "tensor/rope.h"

#include <math.h>
#include <string.h>

typedef struct {
    MoeHeadShape shape;
    float *qkv, *grad_out, *out, *log_sum, *grad_qkv, *scratch;
} Head;

static Head
head_new(MoeArena *arena, int64_t length, int64_t dim, int64_t width)
{
    Head h = {.shape = {length, dim, width, moe__rope_table(arena, length, dim, 100)}};
    MoeRng rng = moe_rng(1, (uint64_t)length);
    h.qkv = moe_arena_alloc(arena, sizeof(float) * (size_t)(3 * length * width));
    h.grad_qkv = moe_arena_alloc0(arena, sizeof(float) * (size_t)(3 * length * width));
    h.grad_out = moe_arena_alloc(arena, sizeof(float) * (size_t)(length * width));
    h.out = moe_arena_alloc0(arena, sizeof(float) * (size_t)(length * width));
    h.log_sum = moe_arena_alloc(arena, sizeof(float) * (size_t)length);
    h.scratch = moe_arena_alloc(arena, sizeof(float) * MAX(moe__attention_scratch(&h.shape, false),
                                                           moe__attention_scratch(&h.shape, true)));
    for (int64_t i = 0; i < 3 * length * width; i++)
        h.qkv[i] = 2 * moe_rng_normal(&rng);
    for (int64_t i = 0; i < length * width; i++)
        h.grad_out[i] = moe_rng_normal(&rng);
    return h;
}

/* Row t of q (0), k (1) or v (2), in double, turned where that applies. */
static void
head_row(const Head *h, int which, int64_t t, double *row)
{
    for (int64_t d = 0; d < h->shape.dim; d++)
        row[d] = h->qkv[(3 * t + which) * h->shape.width + d];
    if (which < 2)
        moe__rope_reference(row, t, h->shape.dim, 100);
}

/* p[j], j = 0 … i: what position i takes of position j. */
static void
head_probabilities(const Head *h, int64_t i, double *p)
{
    double q[64], k[64], top = -INFINITY, sum = 0;
    head_row(h, 0, i, q);
    for (int64_t j = 0; j <= i; j++) {
        head_row(h, 1, j, k);
        p[j] = 0;
        for (int64_t d = 0; d < h->shape.dim; d++)
            p[j] += q[d] * k[d] / sqrt((double)h->shape.dim);
        top = fmax(top, p[j]);
    }
    for (int64_t j = 0; j <= i; j++)
        sum += p[j] = exp(p[j] - top);
    for (int64_t j = 0; j <= i; j++)
        p[j] /= sum;
}

/* Values, and the gradient of v, which is the only one that needs no second pass. */
static void
check_head(const Head *h, const char *level)
{
    const int64_t length = h->shape.length, width = h->shape.width, dim = h->shape.dim;
    g_autofree double *p = g_new(double, length), *grad_v = g_new0(double, length *dim);
    for (int64_t i = 0; i < length; i++) {
        double sum[64] = {0};
        head_probabilities(h, i, p);
        for (int64_t j = 0; j <= i; j++)
            for (int64_t d = 0; d < dim; d++) {
                sum[d] += p[j] * h->qkv[(3 * j + 2) * width + d];
                grad_v[j * dim + d] += p[j] * h->grad_out[i * width + d];
            }
        for (int64_t d = 0; d < dim; d++)
            if (!(fabs(sum[d] - h->out[i * width + d]) < 2e-5))
                g_error("%s: position %d, dimension %d is %.9g, expected %.9g", level, (int)i,
                        (int)d, h->out[i * width + d], sum[d]);
    }
    for (int64_t j = 0; j < length; j++)
        for (int64_t d = 0; d < dim; d++)
            g_assert_cmpfloat_with_epsilon(h->grad_qkv[(3 * j + 2) * width + d],
                                           (float)grad_v[j * dim + d], 1e-4f);
}

/* Gradients of q and k of two builds agree. */
static void
check_same(const Head *h, const float *first, const char *level)
{
    for (int64_t i = 0; i < 3 * h->shape.length * h->shape.width; i++)
        if (!(fabsf(h->grad_qkv[i] - first[i]) < 1e-4f))
            g_error("%s: gradient %d is %.9g, the best level says %.9g", level, (int)i,
                    h->grad_qkv[i], first[i]);
}

static void
test_levels(void)
{
    static const int64_t shapes[][3] = {
        /* length, dim, width */
        {1, 2, 2}, {5, 6, 11}, {16, 16, 16}, {37, 48, 50}, {64, 2, 9}, {97, 32, 64}, {130, 64, 64},
    };
    for (size_t s = 0; s < G_N_ELEMENTS(shapes); s++) {
        g_autoptr(MoeArena) arena = moe_arena_new();
        Head h = head_new(arena, shapes[s][0], shapes[s][1], shapes[s][2]);
        const size_t bytes = sizeof(float) * (size_t)(3 * h.shape.length * h.shape.width);
        float *first = moe_arena_alloc(arena, bytes);
        for (const MoeAttentionKernel *const *k = moe__attention_kernels(); *k; k++) {
            (*k)->forward(&h.shape, h.qkv, h.out, h.log_sum, h.scratch);
            (*k)->backward(&h.shape, h.qkv, h.out, h.log_sum, h.grad_out, h.grad_qkv, false,
                           h.scratch);
            check_head(&h, (*k)->name);
            if (*k == moe__attention_kernels()[0])
                memcpy(first, h.grad_qkv, bytes);
            check_same(&h, first, (*k)->name);
        }
    }
}

/* A NaN may not vanish in the softmax: training stops on it. */
static void
test_nan_comes_out(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    Head h = head_new(arena, 20, 16, 16);
    h.qkv[(3 * 7 + 1) * 16 + 3] = NAN; /* in the key of position 7 */
    for (const MoeAttentionKernel *const *k = moe__attention_kernels(); *k; k++) {
        (*k)->forward(&h.shape, h.qkv, h.out, h.log_sum, h.scratch);
        g_assert_false(isnan(h.out[6 * 16]));
        g_assert_true(isnan(h.out[7 * 16]));
        g_assert_true(isnan(h.out[19 * 16]));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attention/levels", test_levels);
    g_test_add_func("/attention/nan-comes-out", test_nan_comes_out);
    return g_test_run();
}
