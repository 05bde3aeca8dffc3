/* SPDX-License-Identifier: MIT
 *
 * y[o, i] = scale Σ_a x[o, a, i], the axis between what stands before it and what stands after.
 */
#include "tensor/op.h"
#include "tensor/reduce.h"

#define WIDTH 256 /* inner places whose sums are carried along together */

typedef struct {
    int64_t outer, n, inner;
    double scale;
} SumAxis;

/* y[0 … width-1] from x and the rows below it. */
static void
sum_columns(float *y, const float *x, int64_t width, const SumAxis *args)
{
    double sum[WIDTH] = {0};
    for (int64_t a = 0; a < args->n; a++)
        moe__add_floats(sum, x + a * args->inner, width);
    for (int64_t i = 0; i < width; i++)
        y[i] = (float)(args->scale * sum[i]);
}

static void
sum_axis_forward(MoeNode *node)
{
    const SumAxis *args = node->args;
    const float *x = node->in[0]->data;
    float *y = node->out->data;
    int64_t inner = args->inner, pieces = (inner + WIDTH - 1) / WIDTH;
#pragma omp parallel for schedule(static) if (args->outer * args->n * inner >= \
                                              MOE_PARALLEL_ELEMENTS)
    for (int64_t u = 0; u < args->outer * pieces; u++) {
        int64_t o = u / pieces, i = u % pieces * WIDTH;
        const float *from = x + o * args->n * inner + i;
        if (inner == 1)
            y[o] = (float)(args->scale * moe__sum_floats(from, args->n));
        else
            sum_columns(y + o * inner + i, from, MIN(WIDTH, inner - i), args);
    }
}

/* dx[a, i] = or += scale dy[i], for the n rows of one outer place. */
static void
spread_columns(float *restrict dx, bool accumulate, const float *restrict dy, const SumAxis *args)
{
    float scale = (float)args->scale;
    for (int64_t a = 0; a < args->n; a++)
        for (int64_t i = 0; i < args->inner; i++) {
            float d = scale * dy[i];
            dx[a * args->inner + i] = accumulate ? dx[a * args->inner + i] + d : d;
        }
}

/* The same where nothing stands after the axis. */
static void
spread_number(float *dx, bool accumulate, float d, int64_t n)
{
    for (int64_t a = 0; a < n; a++)
        dx[a] = accumulate ? dx[a] + d : d;
}

static void
sum_axis_backward(MoeNode *node)
{
    const SumAxis *args = node->args;
    int64_t n = args->n, inner = args->inner;
    bool accumulate;
    const float *dy = node->out->grad;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
#pragma omp parallel for schedule(static) if (args->outer * n * inner >= MOE_PARALLEL_ELEMENTS)
    for (int64_t o = 0; o < args->outer; o++)
        if (inner == 1)
            spread_number(dx + o * n, accumulate, (float)args->scale * dy[o], n);
        else
            spread_columns(dx + o * n * inner, accumulate, dy + o * inner, args);
}

static void
sum_axis_reference(const MoeNode *node, const double *const in[], double *out)
{
    const SumAxis *args = node->args;
    for (int64_t o = 0; o < args->outer; o++)
        for (int64_t i = 0; i < args->inner; i++) {
            double sum = 0;
            for (int64_t a = 0; a < args->n; a++)
                sum += in[0][(o * args->n + a) * args->inner + i];
            out[o * args->inner + i] = args->scale * sum;
        }
}

const MoeOp moe_op__sum_axis = {"sum_axis", sum_axis_forward, sum_axis_backward,
                                sum_axis_reference};

static MoeTensor *
reduce_axis(MoeTape *tape, MoeTensor *x, int axis, bool mean)
{
    if (axis < 0 || axis >= x->ndim)
        g_error("sum_axis: there is no axis %d in %d", axis, x->ndim);
    SumAxis args = {.outer = 1, .n = x->shape[axis], .inner = 1};
    int64_t shape[MOE_MAX_DIMS];
    for (int i = 0; i < x->ndim; i++) {
        if (i != axis)
            shape[i < axis ? i : i - 1] = x->shape[i];
        args.outer *= i < axis ? x->shape[i] : 1;
        args.inner *= i > axis ? x->shape[i] : 1;
    }
    args.scale = mean ? 1 / (double)args.n : 1;
    return moe_tape_run(tape, &moe_op__sum_axis, 1, &x, x->ndim - 1, shape, &args, sizeof args);
}

MoeTensor *
moe_sum_axis(MoeTape *tape, MoeTensor *x, int axis)
{
    return reduce_axis(tape, x, axis, false);
}

MoeTensor *
moe_mean_axis(MoeTape *tape, MoeTensor *x, int axis)
{
    return reduce_axis(tape, x, axis, true);
}
