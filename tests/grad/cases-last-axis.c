/* SPDX-License-Identifier: MIT
 *
 * Along the last axis, and sums.
 */
#include "grad.h"

static MoeTensor *
softmax(GradRun *run, const int64_t n[4])
{
    return moe_softmax(grad_tape(run), grad_uniform(run, -4, 4, GRAD_SHAPE(n[0], n[1])));
}

/* Rows far from 0 and far apart: no overflow, and what is negligible is so. */
static MoeTensor *
softmax_far(GradRun *run, const int64_t n[4])
{
    return moe_softmax(grad_tape(run), grad_uniform(run, 1000, 1080, GRAD_SHAPE(n[0], n[1])));
}

static MoeTensor *
logsumexp(GradRun *run, const int64_t n[4])
{
    return moe_logsumexp(grad_tape(run), grad_normal(run, GRAD_SHAPE(n[0], n[1])));
}

static MoeTensor *
logsumexp_far(GradRun *run, const int64_t n[4])
{
    return moe_logsumexp(grad_tape(run), grad_uniform(run, -900, -880, GRAD_SHAPE(n[0], n[1])));
}

static MoeTensor *
rms_norm(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    return moe_rms_norm(grad_tape(run), x, grad_normal(run, GRAD_SHAPE(n[1])), 1e-3f);
}

static MoeTensor *
rms_norm_plain(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    return moe_rms_norm(grad_tape(run), x, NULL, 1e-3f);
}

static MoeTensor *
layer_norm(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    MoeTensor *w = grad_normal(run, GRAD_SHAPE(n[1])), *b = grad_normal(run, GRAD_SHAPE(n[1]));
    return moe_layer_norm(grad_tape(run), x, w, b, 1e-2f);
}

/* A mean of 10 for a spread of 0.6 costs a digit. */
static MoeTensor *
layer_norm_plain(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_uniform(run, 9, 11, GRAD_SHAPE(n[0], n[1]));
    return moe_layer_norm(grad_tape(run), x, NULL, NULL, 1e-2f);
}

static MoeTensor *
l2_normalise(GradRun *run, const int64_t n[4])
{
    return moe_l2_normalise(grad_tape(run), grad_normal(run, GRAD_SHAPE(n[0], n[1])), 1e-6f);
}

/* Every row is shorter than eps, so that eps divides. */
static MoeTensor *
l2_normalise_short(GradRun *run, const int64_t n[4])
{
    return moe_l2_normalise(grad_tape(run), grad_normal(run, GRAD_SHAPE(n[0], n[1])), 1e3f);
}

static MoeTensor *
sum(GradRun *run, const int64_t n[4])
{
    return moe_sum(grad_tape(run), grad_uniform(run, 0, 1, GRAD_SHAPE(n[0], n[1])));
}

static MoeTensor *
mean(GradRun *run, const int64_t n[4])
{
    return moe_mean(grad_tape(run), grad_uniform(run, 0, 1, GRAD_SHAPE(n[0], n[1])));
}

/* n[3] is the axis. */
static MoeTensor *
sum_axis(GradRun *run, const int64_t n[4])
{
    return moe_sum_axis(grad_tape(run), grad_normal(run, GRAD_SHAPE(n[0], n[1], n[2])), (int)n[3]);
}

static MoeTensor *
mean_axis(GradRun *run, const int64_t n[4])
{
    return moe_mean_axis(grad_tape(run), grad_normal(run, GRAD_SHAPE(n[0], n[1], n[2])), (int)n[3]);
}

const GradCase grad_cases_last_axis[] = {
    {"softmax", NULL, softmax, {1, 1}},
    {"softmax", NULL, softmax, {0, 8}},
    {"softmax", NULL, softmax, {3, 13}},
    {"softmax", NULL, softmax, {161, 257}},
    {"softmax", "far", softmax_far, {2, 16}},
    {"logsumexp", NULL, logsumexp, {1, 1}},
    {"logsumexp", NULL, logsumexp, {0, 8}},
    {"logsumexp", NULL, logsumexp, {3, 13}},
    {"logsumexp", NULL, logsumexp, {161, 257}},
    {"logsumexp", "far", logsumexp_far, {2, 17}},
    {"rms_norm", NULL, rms_norm, {1, 1}},
    {"rms_norm", NULL, rms_norm, {0, 8}},
    {"rms_norm", NULL, rms_norm, {4, 11}},
    {"rms_norm", NULL, rms_norm, {161, 257}},
    {"rms_norm", "plain", rms_norm_plain, {3, 15}},
    {"rms_norm", "plain", rms_norm_plain, {161, 257}},
    {"layer_norm", NULL, layer_norm, {1, 2}},
    {"layer_norm", NULL, layer_norm, {0, 8}},
    {"layer_norm", NULL, layer_norm, {4, 11}},
    {"layer_norm", NULL, layer_norm, {161, 257}},
    {"layer_norm", "plain", layer_norm_plain, {3, 15}},
    {"layer_norm", "plain", layer_norm_plain, {161, 257}, .tolerance = 5e-6},
    {"l2_normalise", NULL, l2_normalise, {1, 2}},
    {"l2_normalise", NULL, l2_normalise, {0, 8}},
    {"l2_normalise", NULL, l2_normalise, {4, 11}},
    {"l2_normalise", NULL, l2_normalise, {161, 257}},
    {"l2_normalise", "short", l2_normalise_short, {4, 11}},
    {"sum", NULL, sum, {1, 1}},
    {"sum", NULL, sum, {0, 3}},
    {"sum", NULL, sum, {5, 7}},
    {"sum", NULL, sum, {211, 307}},
    {"sum", "mean", mean, {5, 7}},
    {"sum", "mean", mean, {211, 307}},
    {"sum_axis", NULL, sum_axis, {3, 4, 5, 0}},
    {"sum_axis", NULL, sum_axis, {3, 4, 5, 1}},
    {"sum_axis", NULL, sum_axis, {3, 4, 5, 2}},
    {"sum_axis", NULL, sum_axis, {0, 4, 5, 0}},
    {"sum_axis", NULL, sum_axis, {0, 4, 5, 2}},
    {"sum_axis", NULL, sum_axis, {1, 1, 1, 1}},
    {"sum_axis", NULL, sum_axis, {83, 2, 301, 0}},
    {"sum_axis", NULL, sum_axis, {2, 83, 301, 2}},
    {"sum_axis", "mean", mean_axis, {3, 4, 5, 0}},
    {"sum_axis", "mean", mean_axis, {7, 73, 111, 1}},
    {NULL},
};
