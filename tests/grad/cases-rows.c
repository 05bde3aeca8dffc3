/* SPDX-License-Identifier: MIT
 *
 * Rows and columns. In the index cases n is: rows of x, columns, number of indices.
 */
#include "grad.h"

static MoeTensor *
gather_rows(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    return moe_gather_rows(grad_tape(run), x, grad_index(run, n[2], 0, (int32_t)n[0]), n[2]);
}

static MoeTensor *
scatter_rows(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[2], n[1]));
    return moe_scatter_rows(grad_tape(run), x, grad_index(run, n[2], 0, (int32_t)n[0]), n[0]);
}

static MoeTensor *
gather_last(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    const int32_t *index = grad_index(run, n[0] * n[2], -1, (int32_t)n[1]);
    return moe_gather_last(grad_tape(run), x, index, n[2]);
}

static MoeTensor *
scatter_last(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[2]));
    const int32_t *index = grad_index(run, n[0] * n[2], -1, (int32_t)n[1]);
    return moe_scatter_last(grad_tape(run), x, index, n[1]);
}

/* From column n[2], n[3] columns. */
static MoeTensor *
slice_last(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    return moe_slice_last(grad_tape(run), x, n[2], n[3]);
}

static MoeTensor *
concat_last(GradRun *run, const int64_t n[4])
{
    MoeTensor *a = grad_normal(run, GRAD_SHAPE(n[0], 2, n[1]));
    return moe_concat_last(grad_tape(run), a, grad_normal(run, GRAD_SHAPE(n[0], 2, n[2])));
}

static MoeTensor *
transpose(GradRun *run, const int64_t n[4])
{
    return moe_transpose(grad_tape(run), grad_normal(run, GRAD_SHAPE(n[0], n[1])));
}

/* Through a view: the gradient must arrive at the tensor behind it. */
static MoeTensor *
transpose_view(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1], n[2]));
    MoeTensor *flat = moe_reshape(grad_tape(run), x, 1, (int64_t[]){n[0] * n[1] * n[2]});
    MoeTensor *y = moe_reshape(grad_tape(run), flat, 2, (int64_t[]){n[0] * n[1], n[2]});
    return moe_transpose(grad_tape(run), y);
}

const GradCase grad_cases_rows[] = {
    {"gather_rows", NULL, gather_rows, {1, 1, 1}},
    {"gather_rows", NULL, gather_rows, {5, 3, 0}},
    {"gather_rows", NULL, gather_rows, {5, 3, 9}},
    {"gather_rows", NULL, gather_rows, {300, 129, 411}},
    {"scatter_rows", NULL, scatter_rows, {1, 1, 1}},
    {"scatter_rows", NULL, scatter_rows, {4, 3, 0}},
    {"scatter_rows", NULL, scatter_rows, {4, 3, 7}},
    {"scatter_rows", NULL, scatter_rows, {300, 129, 411}},
    {"gather_last", NULL, gather_last, {1, 1, 1}},
    {"gather_last", NULL, gather_last, {0, 4, 2}},
    {"gather_last", NULL, gather_last, {6, 7, 3}},
    {"gather_last", NULL, gather_last, {6000, 9, 8}},
    {"scatter_last", NULL, scatter_last, {1, 1, 1}},
    {"scatter_last", NULL, scatter_last, {0, 4, 2}},
    {"scatter_last", NULL, scatter_last, {6, 7, 3}},
    {"scatter_last", NULL, scatter_last, {6000, 9, 8}},
    {"slice_last", NULL, slice_last, {1, 1, 0, 1}},
    {"slice_last", NULL, slice_last, {0, 5, 1, 3}},
    {"slice_last", NULL, slice_last, {4, 7, 2, 5}},
    {"slice_last", NULL, slice_last, {4, 7, 3, 0}},
    {"slice_last", NULL, slice_last, {500, 131, 17, 101}},
    {"concat_last", NULL, concat_last, {1, 1, 1}},
    {"concat_last", NULL, concat_last, {0, 3, 2}},
    {"concat_last", NULL, concat_last, {3, 0, 2}},
    {"concat_last", NULL, concat_last, {3, 5, 2}},
    {"concat_last", NULL, concat_last, {250, 71, 133}},
    {"transpose", NULL, transpose, {1, 1}},
    {"transpose", NULL, transpose, {0, 3}},
    {"transpose", NULL, transpose, {5, 3}},
    {"transpose", NULL, transpose, {229, 301}},
    {"transpose", "view", transpose_view, {2, 3, 5}},
    {NULL},
};
