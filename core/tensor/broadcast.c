/* SPDX-License-Identifier: MIT
 *
 * The gradient of an input that was stretched is the sum over the places that it was stretched
 * to. Sums run in double, in the order of the rows, whatever the number of threads.
 */
#include "tensor/broadcast.h"
#include "tensor/reduce.h"

/* Columns that a thread takes at a time: products of this many stay in the first-level cache. */
#define PIECE 1024

/* Step of x along axis `axis` of the output: 0 where x stretches. */
static int64_t
step_along(const MoeTensor *x, int out_ndim, int axis)
{
    int own = axis - (out_ndim - x->ndim);
    if (own < 0 || x->shape[own] == 1)
        return 0;
    int64_t step = 1;
    for (int i = own + 1; i < x->ndim; i++)
        step *= x->shape[i];
    return step;
}

MoeBroadcast
moe__broadcast(const MoeTensor *a, const MoeTensor *b, const MoeTensor *out)
{
    MoeBroadcast plan = {.rows = 1, .columns = 1, .moves = {true, true}};
    int64_t size[MOE_MAX_DIMS], step[2][MOE_MAX_DIMS];
    int n = 0; /* groups of axes so far, the innermost first */
    for (int axis = out->ndim - 1; axis >= 0; axis--) {
        int64_t s[2] = {step_along(a, out->ndim, axis), step_along(b, out->ndim, axis)};
        if (out->shape[axis] == 1)
            continue;
        if (n && s[0] == step[0][n - 1] * size[n - 1] && s[1] == step[1][n - 1] * size[n - 1]) {
            size[n - 1] *= out->shape[axis];
            continue;
        }
        size[n] = out->shape[axis];
        step[0][n] = s[0];
        step[1][n] = s[1];
        n++;
    }
    if (n) {
        plan.columns = size[0];
        plan.moves[0] = step[0][0] != 0;
        plan.moves[1] = step[1][0] != 0;
    }
    for (int group = n - 1; group > 0; group--) {
        plan.size[plan.outer] = size[group];
        plan.step[0][plan.outer] = step[0][group];
        plan.step[1][plan.outer] = step[1][group];
        plan.rows *= size[group];
        plan.outer++;
    }
    return plan;
}

int64_t
moe__broadcast_row(const MoeBroadcast *plan, int i, int64_t r)
{
    int64_t at = 0;
    for (int axis = plan->outer - 1; axis > 0; axis--) {
        at += r % plan->size[axis] * plan->step[i][axis];
        r /= plan->size[axis];
    }
    return plan->outer ? at + r * plan->step[i][0] : 0;
}

MoeTensor *
moe__binary_run(MoeTape *tape, const MoeOp *op, MoeTensor *a, MoeTensor *b)
{
    int64_t shape[MOE_MAX_DIMS];
    int ndim = MAX(a->ndim, b->ndim);
    for (int axis = 0; axis < ndim; axis++) {
        int axis_a = axis - (ndim - a->ndim), axis_b = axis - (ndim - b->ndim);
        int64_t size_a = axis_a < 0 ? 1 : a->shape[axis_a];
        int64_t size_b = axis_b < 0 ? 1 : b->shape[axis_b];
        moe__op_expect(size_a == size_b || size_a == 1 || size_b == 1, op->name, a, b);
        shape[axis] = size_a == 1 ? size_b : size_a;
    }
    return moe_tape_run(tape, op, 2, (MoeTensor *[]){a, b}, ndim, shape, NULL, 0);
}

typedef struct {
    MoeBroadcast plan;
    MoeBinaryKernel kernel;
    const float *a, *b, *dy;
} Walk;

static Walk
walk(const MoeNode *node, MoeBinaryKernel kernel)
{
    return (Walk){moe__broadcast(node->in[0], node->in[1], node->out), kernel, node->in[0]->data,
                  node->in[1]->data, node->out->grad};
}

/* y[0 … n-1] from column j of row r on. */
static void
run_piece(const Walk *w, float *y, int64_t r, int64_t j, int64_t n)
{
    const MoeBroadcast *p = &w->plan;
    const float *a = w->a + moe__broadcast_row(p, 0, r) + (p->moves[0] ? j : 0);
    const float *b = w->b + moe__broadcast_row(p, 1, r) + (p->moves[1] ? j : 0);
    w->kernel(y, w->dy ? w->dy + r * p->columns + j : NULL, a, p->moves[0], b, p->moves[1], n);
}

/* Rows cut into pieces of PIECE columns; unit u is piece u % pieces of row u / pieces. */
static int64_t
pieces_per_row(const MoeBroadcast *plan)
{
    return (plan->columns + PIECE - 1) / PIECE;
}

void
moe__binary_forward(MoeNode *node, MoeBinaryKernel kernel)
{
    Walk w = walk(node, kernel);
    int64_t columns = w.plan.columns, pieces = pieces_per_row(&w.plan);
    float *y = node->out->data;
    w.dy = NULL;
#pragma omp parallel for schedule(static) if (w.plan.rows * columns >= MOE_PARALLEL_ELEMENTS)
    for (int64_t u = 0; u < w.plan.rows * pieces; u++) {
        int64_t r = u / pieces, j = u % pieces * PIECE;
        run_piece(&w, y + r * columns + j, r, j, MIN(PIECE, columns - j));
    }
}

static bool
stretches_over_rows(const MoeBroadcast *plan, int input)
{
    for (int axis = 0; axis < plan->outer; axis++)
        if (plan->step[input][axis] == 0)
            return true;
    return false;
}

/* An input that doesn't stretch: each place of its gradient has one term. */
static void
backward_plain(const Walk *w, int input, float *grad, bool accumulate)
{
    int64_t columns = w->plan.columns, pieces = pieces_per_row(&w->plan);
#pragma omp parallel for schedule(static) if (w->plan.rows * columns >= MOE_PARALLEL_ELEMENTS)
    for (int64_t u = 0; u < w->plan.rows * pieces; u++) {
        int64_t r = u / pieces, j = u % pieces * PIECE, n = MIN(PIECE, columns - j);
        float *to = grad + moe__broadcast_row(&w->plan, input, r) + j, term[PIECE];
        run_piece(w, accumulate ? term : to, r, j, n);
        for (int64_t i = 0; accumulate && i < n; i++)
            to[i] += term[i];
    }
}

/* An input of whole rows that several rows of the output share: sums down the columns. */
static void
backward_columns(const Walk *w, int input, float *grad)
{
    const MoeBroadcast *p = &w->plan;
    const int64_t width = 256; /* narrower than PIECE, so that a bias of 512 is two threads' work */
#pragma omp parallel for schedule(static) if (p->rows * p->columns >= MOE_PARALLEL_ELEMENTS)
    for (int64_t j = 0; j < p->columns; j += width) {
        int64_t n = MIN(width, p->columns - j);
        float term[256];
        double sum[256] = {0};
        for (int64_t r = 0; r < p->rows; r++) {
            int64_t to = moe__broadcast_row(p, input, r);
            run_piece(w, term, r, j, n);
            moe__add_floats(sum, term, n);
            if (r + 1 < p->rows && moe__broadcast_row(p, input, r + 1) == to)
                continue;
            for (int64_t i = 0; i < n; i++) {
                grad[to + j + i] += (float)sum[i];
                sum[i] = 0;
            }
        }
    }
}

/* An input of one number a row: sums along the rows, then over rows that share a number. */
static void
backward_numbers(const Walk *w, int input, float *grad, double *row_sum)
{
    const MoeBroadcast *p = &w->plan;
#pragma omp parallel for schedule(static) if (p->rows * p->columns >= MOE_PARALLEL_ELEMENTS)
    for (int64_t r = 0; r < p->rows; r++) {
        row_sum[r] = 0;
        for (int64_t j = 0; j < p->columns; j += PIECE) {
            float term[PIECE];
            int64_t n = MIN(PIECE, p->columns - j);
            run_piece(w, term, r, j, n);
            row_sum[r] += moe__sum_floats(term, n);
        }
    }
    double sum = 0;
    for (int64_t r = 0; r < p->rows; r++) {
        int64_t to = moe__broadcast_row(p, input, r);
        sum += row_sum[r];
        if (r + 1 < p->rows && moe__broadcast_row(p, input, r + 1) == to)
            continue;
        grad[to] += (float)sum;
        sum = 0;
    }
}

void
moe__binary_backward(MoeNode *node, int input, MoeBinaryKernel kernel)
{
    bool accumulate;
    if (!moe_node_wants(node, input))
        return;
    Walk w = walk(node, kernel);
    if (w.plan.moves[input] && !stretches_over_rows(&w.plan, input)) {
        float *grad = moe_node_grad_beta(node, input, &accumulate);
        backward_plain(&w, input, grad, accumulate);
    } else if (w.plan.moves[input]) {
        backward_columns(&w, input, moe_node_grad(node, input));
    } else {
        double *row_sum = moe_node_alloc(node, (size_t)w.plan.rows * sizeof *row_sum);
        backward_numbers(&w, input, moe_node_grad(node, input), row_sum);
    }
}

void
moe__binary_reference(const MoeNode *node, const double *const in[], double *out,
                      double (*f)(double a, double b))
{
    for (int64_t place = 0; place < moe_tensor_count(node->out); place++) {
        int64_t rest = place, at[2] = {0, 0};
        for (int axis = node->out->ndim - 1; axis >= 0; axis--) {
            int64_t coordinate = rest % node->out->shape[axis];
            rest /= node->out->shape[axis];
            for (int i = 0; i < 2; i++)
                at[i] += coordinate * step_along(node->in[i], node->out->ndim, axis);
        }
        out[place] = f(in[0][at[0]], in[1][at[1]]);
    }
}
