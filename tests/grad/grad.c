/* SPDX-License-Identifier: MIT */
#include "grad.h"
#include "tensor/tape.h"

#include <math.h>
#include <string.h>

#define MAX_INPUTS 8
/* Derivatives are checked everywhere in small inputs, at this many places in larger ones. */
#define PLACES 12

struct GradRun {
    const GradCase *c;
    MoeTape *tape;
    MoeArena *leaves;
    int n_inputs, next_input;
    MoeTensor *input[MAX_INPUTS];
    GPtrArray *index;
    guint next_index;
};

MoeTape *
grad_tape(GradRun *run)
{
    return run->tape;
}

static MoeTensor *
next_input(GradRun *run, bool normal, float low, float high, int ndim, const int64_t *shape)
{
    if (run->next_input < run->n_inputs)
        return run->input[run->next_input++];
    g_assert_cmpint(run->n_inputs, <, MAX_INPUTS);
    MoeTensor *x = moe_tensor_new(run->leaves, ndim, shape);
    moe_tensor_require_grad(run->leaves, x);
    MoeRng rng = moe_rng(11, (uint64_t)run->n_inputs);
    for (int64_t i = 0; i < moe_tensor_count(x); i++)
        x->data[i] = normal ? moe_rng_normal(&rng) : low + (high - low) * moe_rng_uniform(&rng);
    run->input[run->n_inputs++] = x;
    run->next_input++;
    return x;
}

MoeTensor *
grad_normal(GradRun *run, int ndim, const int64_t *shape)
{
    return next_input(run, true, 0, 0, ndim, shape);
}

MoeTensor *
grad_uniform(GradRun *run, float low, float high, int ndim, const int64_t *shape)
{
    return next_input(run, false, low, high, ndim, shape);
}

const int32_t *
grad_index(GradRun *run, int64_t n, int32_t from, int32_t below)
{
    if (run->next_index < run->index->len)
        return g_ptr_array_index(run->index, run->next_index++);
    int32_t *index = g_new(int32_t, n + 1);
    MoeRng rng = moe_rng(12, run->index->len);
    for (int64_t i = 0; i < n; i++)
        index[i] = from + (int32_t)moe_rng_below(&rng, (uint64_t)(below - from));
    g_ptr_array_add(run->index, index);
    run->next_index++;
    return index;
}

static MoeTensor *
build(GradRun *run)
{
    run->next_input = 0;
    run->next_index = 0;
    return run->c->build(run, run->c->n);
}

/* What one node says, in double: inputs, the cotangent, and the sum that is differentiated. */
typedef struct {
    const MoeNode *node;
    double *in[MOE_MAX_INPUTS];
    double *out, *cotangent;
    int64_t n_out;
} Witness;

static Witness
witness_new(const MoeNode *node)
{
    Witness w = {.node = node, .n_out = moe_tensor_count(node->out)};
    for (int i = 0; i < node->n_in; i++) {
        if (!node->in[i])
            continue;
        int64_t n = moe_tensor_count(node->in[i]);
        w.in[i] = g_new(double, n + 1);
        for (int64_t j = 0; j < n; j++)
            w.in[i][j] = node->in[i]->data[j];
    }
    w.out = g_new0(double, w.n_out + 1);
    w.cotangent = g_new(double, w.n_out + 1);
    MoeRng rng = moe_rng(13, 0);
    for (int64_t j = 0; j < w.n_out; j++)
        w.cotangent[j] = moe_rng_normal(&rng);
    return w;
}

static void
witness_clear(Witness *w)
{
    for (int i = 0; i < MOE_MAX_INPUTS; i++)
        g_free(w->in[i]);
    g_free(w->out);
    g_free(w->cotangent);
}

static void
witness_run(Witness *w)
{
    w->node->op->reference(w->node, (const double *const *)w->in, w->out);
}

static double
witness_dot(Witness *w)
{
    double sum = 0;
    witness_run(w);
    for (int64_t j = 0; j < w->n_out; j++)
        sum += w->cotangent[j] * w->out[j];
    return sum;
}

/* Sets one number of an input, wherever the node takes that tensor. */
static void
witness_set(Witness *w, int input, int64_t at, double x)
{
    for (int i = 0; i < w->node->n_in; i++)
        if (w->node->in[i] == w->node->in[input])
            w->in[i][at] = x;
}

static double
central_difference(Witness *w, int input, int64_t at)
{
    double x = w->in[input][at], h = 1e-5 * fmax(1, fabs(x));
    witness_set(w, input, at, x + h);
    double above = witness_dot(w);
    witness_set(w, input, at, x - h);
    double below = witness_dot(w);
    witness_set(w, input, at, x);
    return (above - below) / (2 * h);
}

static void
check_values(const GradCase *c, Witness *w)
{
    double largest = 1e-30, tolerance = c->tolerance > 0 ? c->tolerance : 2e-6;
    witness_run(w);
    for (int64_t j = 0; j < w->n_out; j++)
        largest = fmax(largest, fabs(w->out[j]));
    for (int64_t j = 0; j < w->n_out; j++) {
        double error = fabs(w->out[j] - w->node->out->data[j]);
        if (!(error <= tolerance * largest))
            g_error("%s: element %" G_GINT64_FORMAT " is %.9g, the reference says %.9g "
                    "(off by %.2g of the largest, allowed %.2g)",
                    c->op, j, w->node->out->data[j], w->out[j], error / largest, tolerance);
    }
}

static void
check_slope(const GradCase *c, Witness *w, int input, const float *grad)
{
    int64_t n = moe_tensor_count(w->node->in[input]);
    int64_t places = n <= 4 * PLACES ? n : PLACES, at[4 * PLACES];
    double expected[4 * PLACES], largest = 1e-2;
    double tolerance = c->slope_tolerance > 0 ? c->slope_tolerance : 2e-5;
    MoeRng rng = moe_rng(14, (uint64_t)input);
    for (int64_t p = 0; p < places; p++) {
        at[p] = places == n ? p : (int64_t)moe_rng_below(&rng, (uint64_t)n);
        expected[p] = central_difference(w, input, at[p]);
        largest = fmax(largest, fabs(expected[p]));
    }
    for (int64_t p = 0; p < places; p++) {
        double error = fabs(expected[p] - grad[at[p]]);
        if (!(error <= tolerance * largest))
            g_error("%s: the gradient of input %d at %" G_GINT64_FORMAT " is %.9g, central "
                    "differences say %.9g (off by %.2g of the largest, allowed %.2g)",
                    c->op, input, at[p], grad[at[p]], expected[p], error / largest, tolerance);
    }
}

static float *
cotangent_of(const MoeTensor *y)
{
    float *r = g_new(float, moe_tensor_count(y) + 1);
    MoeRng rng = moe_rng(13, 0);
    for (int64_t j = 0; j < moe_tensor_count(y); j++)
        r[j] = moe_rng_normal(&rng);
    return r;
}

/* Builds `times` results, adds them up and runs backward once. */
static void
run_backward(GradRun *run, int times)
{
    moe_tape_reset(run->tape);
    MoeTensor *y = build(run);
    for (int i = 1; i < times; i++)
        y = moe_add(run->tape, y, build(run));
    g_autofree float *r = cotangent_of(y);
    moe_tape_backward_from(run->tape, y, r);
}

static void
drop_grads(GradRun *run)
{
    for (int i = 0; i < run->n_inputs; i++)
        moe_tensor_drop_grad(run->input[i]);
}

/* Holds the gradients of all inputs against `times` those in `once`; `tolerance` of the largest. */
static void
check_multiple(GradRun *run, float *const once[], int times, double tolerance, const char *how)
{
    for (int i = 0; i < run->n_inputs; i++) {
        double largest = 1e-3;
        int64_t n = moe_tensor_count(run->input[i]);
        if (!run->input[i]->needs_grad)
            continue;
        g_assert_true(run->input[i]->has_grad);
        for (int64_t j = 0; j < n; j++)
            largest = fmax(largest, fabs(once[i][j]));
        for (int64_t j = 0; j < n; j++) {
            double error = fabs(run->input[i]->grad[j] - times * (double)once[i][j]);
            if (!(error <= tolerance * largest))
                g_error("%s: the gradient of input %d at %" G_GINT64_FORMAT " %s is %.9g, "
                        "expected %d times %.9g",
                        run->c->op, i, j, how, run->input[i]->grad[j], times, once[i][j]);
        }
    }
}

/* An input whose gradient isn't wanted gets none, and the others get what they did, but for
 * rounding: with fewer products to share out, they are cut elsewhere. */
static void
check_unwanted(GradRun *run, float *const once[])
{
    for (int i = 0; i < run->n_inputs && run->n_inputs > 1; i++) {
        drop_grads(run);
        run->input[i]->needs_grad = false;
        run_backward(run, 1);
        if (run->input[i]->has_grad)
            g_error("%s: input %d got a gradient that nobody wanted", run->c->op, i);
        check_multiple(run, once, 1, 1e-6, "with another input frozen");
        run->input[i]->needs_grad = true;
    }
}

static void
check_accumulation(GradRun *run)
{
    float *once[MAX_INPUTS];
    drop_grads(run);
    run_backward(run, 1);
    for (int i = 0; i < run->n_inputs; i++) {
        g_assert_true(run->input[i]->has_grad);
        once[i] =
            g_memdup2(run->input[i]->grad, sizeof(float) * (size_t)moe_tensor_count(run->input[i]));
    }
    run_backward(run, 1);
    check_multiple(run, once, 2, 1e-5, "after two passes");
    drop_grads(run);
    run_backward(run, 2);
    check_multiple(run, once, 2, 1e-5, "used twice");
    drop_grads(run);
    run_backward(run, 1);
    check_multiple(run, once, 1, 0, "run again");
    check_unwanted(run, once);
    for (int i = 0; i < run->n_inputs; i++)
        g_free(once[i]);
}

static void
check_against_reference(GradRun *run)
{
    MoeTensor *y = build(run);
    const MoeNode *node = moe__tape_last_node(run->tape);
    g_assert_nonnull(node);
    g_assert_cmpstr(node->op->name, ==, run->c->op);
    g_assert_true(node->out->data == y->data);
    Witness w = witness_new(node);
    check_values(run->c, &w);
    g_autofree float *r = cotangent_of(y);
    moe_tape_backward_from(run->tape, y, r);
    for (int i = 0; i < node->n_in; i++)
        if (moe_node_wants(node, i)) {
            bool accumulate;
            check_slope(run->c, &w, i, moe__tensor_grad(run->tape, node->in[i], &accumulate));
            g_assert_true(accumulate);
        }
    witness_clear(&w);
}

void
grad_check_case(const GradCase *c)
{
    GradRun run = {.c = c,
                   .tape = moe_tape_new(true),
                   .leaves = moe_arena_new(),
                   .index = g_ptr_array_new_with_free_func(g_free)};
    check_against_reference(&run);
    check_accumulation(&run);
    moe_tape_free(run.tape);
    moe_arena_free(run.leaves);
    g_ptr_array_unref(run.index);
}
