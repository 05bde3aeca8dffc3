/* SPDX-License-Identifier: MIT
 *
 * Matrix products.
 */
#include "grad.h"

/* n: rows, in, out. */
static MoeTensor *
linear(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    MoeTensor *w = grad_normal(run, GRAD_SHAPE(n[2], n[1]));
    return moe_linear(grad_tape(run), x, w, grad_normal(run, GRAD_SHAPE(n[2])));
}

static MoeTensor *
linear_without_bias(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(2, n[0], n[1]));
    return moe_linear(grad_tape(run), x, grad_normal(run, GRAD_SHAPE(n[2], n[1])), NULL);
}

/* The last of n picks one of these. */
static const MoeGroups few_rows = {3, (const int64_t[]){0, 3, 3, 8}, NULL};
static const MoeGroups one_row = {1, (const int64_t[]){0, 1}, NULL};
static const MoeGroups no_rows = {2, (const int64_t[]){0, 0, 0}, NULL};
static const MoeGroups ends_empty = {4, (const int64_t[]){0, 0, 33, 34, 34}, NULL};
static const MoeGroups uneven = {4, (const int64_t[]){0, 61, 61, 400, 517}, NULL};
static const MoeGroups *const groupings[] = {&few_rows, &one_row, &no_rows, &ends_empty, &uneven};

/* n: rows of x, in, out, grouping. The groups a node refers to must outlive it: one of each
 * grouping is enough, since a case builds the same each time. */
static MoeTensor *
grouped_linear(GradRun *run, const int64_t n[4])
{
    static MoeGroups gathered[G_N_ELEMENTS(groupings)];
    MoeGroups *groups = &gathered[n[3]];
    *groups = *groupings[n[3]];
    groups->row = grad_index(run, groups->offset[groups->groups], 0, (int32_t)n[0]);
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    MoeTensor *w = grad_normal(run, GRAD_SHAPE(groups->groups, n[2], n[1]));
    MoeTensor *b = grad_normal(run, GRAD_SHAPE(groups->groups, n[2]));
    return moe_grouped_linear(grad_tape(run), x, w, b, groups);
}

static MoeTensor *
grouped_linear_in_place(GradRun *run, const int64_t n[4])
{
    const MoeGroups *groups = groupings[n[3]];
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(groups->offset[groups->groups], n[1]));
    MoeTensor *w = grad_normal(run, GRAD_SHAPE(groups->groups, n[2], n[1]));
    return moe_grouped_linear(grad_tape(run), x, w, NULL, groups);
}

/* n: rows of y beside those named, in, out, grouping. The list names every row but the first ones,
 * last to first. */
static MoeTensor *
grouped_scatter(GradRun *run, const int64_t n[4])
{
    static MoeGroups placed[G_N_ELEMENTS(groupings)];
    static int32_t row[600];
    MoeGroups *groups = &placed[n[3]];
    *groups = *groupings[n[3]];
    int64_t rows = groups->offset[groups->groups], all = rows + n[0];
    for (int64_t r = 0; r < all; r++)
        row[r] = (int32_t)(all - 1 - r);
    groups->row = row;
    MoeTensor *x = grad_normal(run, GRAD_SHAPE(rows, n[1]));
    MoeTensor *w = grad_normal(run, GRAD_SHAPE(groups->groups, n[2], n[1]));
    MoeTensor *b = n[0] % 2 ? grad_normal(run, GRAD_SHAPE(groups->groups, n[2])) : NULL;
    return moe_grouped_scatter(grad_tape(run), x, w, b, groups, all);
}

/* n: batch, M, N, K. */
static MoeTensor *
bmm(GradRun *run, const int64_t n[4])
{
    MoeTensor *a = grad_normal(run, GRAD_SHAPE(n[0], n[1], n[3]));
    return moe_bmm(grad_tape(run), a, grad_normal(run, GRAD_SHAPE(n[0], n[3], n[2])), false);
}

static MoeTensor *
bmm_transposed(GradRun *run, const int64_t n[4])
{
    MoeTensor *a = grad_normal(run, GRAD_SHAPE(n[0], n[1], n[3]));
    return moe_bmm(grad_tape(run), a, grad_normal(run, GRAD_SHAPE(n[0], n[2], n[3])), true);
}

const GradCase grad_cases_products[] = {
    {"linear", NULL, linear, {1, 1, 1}},
    {"linear", NULL, linear, {0, 3, 2}},
    {"linear", NULL, linear, {7, 5, 3}},
    {"linear", NULL, linear, {1, 33, 65}},
    {"linear", NULL, linear, {301, 67, 131}},
    {"linear", "few-rows", linear, {1, 16, 1024}},
    {"linear", "few-rows", linear, {29, 48, 1040}},
    {"linear", "few-inputs", linear, {1072, 48, 29}},
    {"linear", "without-bias", linear_without_bias, {5, 7, 3}},
    {"linear", "without-bias", linear_without_bias, {130, 40, 129}},
    {"grouped_linear", NULL, grouped_linear, {5, 3, 4, 0}},
    {"grouped_linear", NULL, grouped_linear, {1, 5, 7, 1}},
    {"grouped_linear", NULL, grouped_linear, {4, 3, 2, 2}},
    {"grouped_linear", NULL, grouped_linear, {20, 17, 9, 3}},
    {"grouped_linear", NULL, grouped_linear, {257, 65, 130, 4}},
    {"grouped_linear", "in-place", grouped_linear_in_place, {0, 3, 4, 0}},
    {"grouped_linear", "in-place", grouped_linear_in_place, {0, 2, 1, 2}},
    {"grouped_linear", "in-place", grouped_linear_in_place, {0, 5, 3, 3}},
    {"grouped_linear", "in-place", grouped_linear_in_place, {0, 130, 65, 4}},
    {"grouped_scatter", NULL, grouped_scatter, {3, 3, 4, 0}},
    {"grouped_scatter", NULL, grouped_scatter, {0, 5, 7, 1}},
    {"grouped_scatter", NULL, grouped_scatter, {5, 3, 2, 2}},
    {"grouped_scatter", NULL, grouped_scatter, {1, 17, 9, 3}},
    {"grouped_scatter", NULL, grouped_scatter, {0, 65, 130, 4}},
    {"grouped_scatter", NULL, grouped_scatter, {7, 65, 130, 4}},
    {"bmm", NULL, bmm, {1, 1, 1, 1}},
    {"bmm", NULL, bmm, {3, 5, 4, 7}},
    {"bmm", NULL, bmm, {0, 2, 3, 4}},
    {"bmm", NULL, bmm, {2, 3, 4, 0}},
    {"bmm", NULL, bmm, {9, 33, 17, 31}},
    {"bmm", NULL, bmm, {2, 131, 129, 130}},
    {"bmm", "transposed", bmm_transposed, {3, 5, 4, 7}},
    {"bmm", "transposed", bmm_transposed, {9, 33, 17, 31}},
    {"bmm", "transposed", bmm_transposed, {2, 131, 129, 130}},
    {NULL},
};
