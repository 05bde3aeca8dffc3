/* SPDX-License-Identifier: MIT
 *
 * The operations of transformer blocks, and the combine step.
 */
#include "grad.h"

/* n: table rows, columns, ids. */
static MoeTensor *
embedding(GradRun *run, const int64_t n[4])
{
    MoeTensor *table = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    return moe_embedding(grad_tape(run), table, grad_index(run, n[2], 0, (int32_t)n[0]), n[2]);
}

/* n: B, T, H, D. */
static MoeTensor *
rope(GradRun *run, const int64_t n[4])
{
    return moe_rope(grad_tape(run), grad_normal(run, 4, n), 100);
}

static MoeTensor *
attention(GradRun *run, const int64_t n[4])
{
    MoeTensor *qkv = grad_normal(run, GRAD_SHAPE(n[0], n[1], 3, n[2] * n[3]));
    return moe_attention(grad_tape(run), qkv, (int)n[2], 0);
}

static MoeTensor *
attention_turned(GradRun *run, const int64_t n[4])
{
    MoeTensor *qkv = grad_normal(run, GRAD_SHAPE(n[0], n[1], 3, n[2] * n[3]));
    return moe_attention(grad_tape(run), qkv, (int)n[2], 10000);
}

/* Scores far apart: the softmax must not overflow, nor lose what little is left. */
static MoeTensor *
attention_sharp(GradRun *run, const int64_t n[4])
{
    MoeTensor *qkv = grad_uniform(run, -9, 9, GRAD_SHAPE(n[0], n[1], 3, n[2] * n[3]));
    return moe_attention(grad_tape(run), qkv, (int)n[2], 0);
}

/* n: rows, classes. Targets below 0 are ignored; about one in ten here. */
static MoeTensor *
cross_entropy(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    const int32_t from = -(int32_t)(n[1] / 10 + 1);
    return moe_cross_entropy(grad_tape(run), x, grad_index(run, n[0], from, (int32_t)n[1]), NULL);
}

static MoeTensor *
cross_entropy_all_ignored(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    return moe_cross_entropy(grad_tape(run), x, grad_index(run, n[0], -1, 0), NULL);
}

/* n: rows of x, columns, units, k. A place of -1 is a dropped pick. */
static MoeTensor *
combine(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    MoeTensor *g = grad_normal(run, GRAD_SHAPE(n[2], n[3]));
    return moe_combine(grad_tape(run), x, g, grad_index(run, n[2] * n[3], -1, (int32_t)n[0]));
}

const GradCase grad_cases_transformer[] = {
    {"embedding", NULL, embedding, {1, 1, 1}},
    {"embedding", NULL, embedding, {4, 3, 0}},
    {"embedding", NULL, embedding, {7, 5, 20}},
    {"embedding", NULL, embedding, {300, 130, 700}},
    {"rope", NULL, rope, {1, 1, 1, 2}},
    {"rope", NULL, rope, {2, 5, 3, 6}},
    {"rope", NULL, rope, {2, 129, 5, 32}},
    {"attention", NULL, attention, {1, 1, 1, 1}},
    {"attention", NULL, attention, {0, 4, 1, 2}},
    {"attention", NULL, attention, {1, 0, 2, 4}},
    {"attention", NULL, attention, {2, 5, 3, 3}},
    {"attention", NULL, attention, {1, 17, 2, 16}},
    {"attention", NULL, attention, {1, 37, 1, 48}},
    {"attention", NULL, attention, {1, 33, 1, 64}},
    {"attention", NULL, attention, {3, 101, 3, 32}},
    {"attention", "turned", attention_turned, {1, 2, 1, 2}},
    {"attention", "turned", attention_turned, {2, 19, 2, 6}},
    {"attention", "turned", attention_turned, {1, 130, 2, 32}},
    {"attention", "sharp", attention_sharp, {1, 40, 2, 16}, 1e-5, 1e-4},
    {"cross_entropy", NULL, cross_entropy, {1, 1}},
    {"cross_entropy", NULL, cross_entropy, {9, 13}},
    {"cross_entropy", NULL, cross_entropy, {300, 257}},
    {"cross_entropy", "all-ignored", cross_entropy_all_ignored, {5, 4}},
    {"combine", NULL, combine, {1, 1, 1, 1}},
    {"combine", NULL, combine, {4, 3, 0, 2}},
    {"combine", NULL, combine, {2, 5, 7, 3}},
    {"combine", NULL, combine, {600, 130, 300, 2}},
    {NULL},
};
