/* SPDX-License-Identifier: MIT
 *
 * What branch = hyper-expert tells: how much it adds, whether the experts that it generates differ
 * from each other, and where the embeddings lie that they are generated from.
 */
#include "moe/balance.h"
#include "moe/branch-hyper.h"
#include "moe/similarity.h"
#include "tensor/vecmath.h"

#include <math.h>
#include <string.h>

/* Sets whose generated experts are compared: evenly chosen where a pass has more. */
#define MOST_SETS 64
/* Experts up to which matrices [E, E] are told. */
#define MOST_EXPERTS 512

MOE_CLONES static float
hyper_row_square(const float *x, int64_t width)
{
    return vec_dot(x, x, width);
}

/* Of the rows that aren't padding's: short sums lose little, and are added up in double. */
static double
square_sum(const MoeRouting *routing, const MoeTensor *x)
{
    double sum = 0;
    int64_t width = moe_tensor_last(x);
    for (int64_t u = 0; u < moe_tensor_rows(x); u++)
        if (!moe__is_padding(routing, u))
            sum += (double)hyper_row_square(x->data + u * width, width);
    return sum;
}

double
moe__branch_ratio(const MoeRouting *routing)
{
    double whole = square_sum(routing, routing->combined);
    return whole > 0 ? sqrt(square_sum(routing, routing->branch) / whole) : NAN;
}

/* Adds the inner products of n of the S rows of `generated` [S, ..] to g [n, n]. */
static void
add_products(double *g, const MoeTensor *generated, int64_t n)
{
    int64_t S = generated->shape[0], width = moe_tensor_count(generated) / S;
    g_autofree float *rows = g_new(float, n *width);
    g_autofree double *products = g_new(double, n *n);
    for (int64_t i = 0; i < n; i++)
        memcpy(rows + i * width, generated->data + i * S / n * width, (size_t)width * sizeof *rows);
    moe__gram(rows, n, width, products);
    for (int64_t i = 0; i < n * n; i++)
        g[i] += products[i];
}

static void
report_generated(const MoeHyperPass *pass, const MoeReporter *to)
{
    int64_t S = pass->sets.units.groups, n = MIN(S, MOST_SETS);
    moe_report_scalar(to, "hyper_expert_sets", (double)S);
    g_autofree double *g = g_new0(double, MAX(n * n, 1));
    g_autofree float *cosines = g_new(float, MAX(n * n, 1));
    if (n > 0) {
        add_products(g, pass->down, n);
        add_products(g, pass->up, n);
    }
    moe__cosines(g, n, cosines);
    moe_report_scalar(to, "hyper_expert_cosine", moe__mean_off_diagonal(cosines, n));
    moe_report_scalar(to, "hyper_expert_rank", moe__effective_rank(g, n));
}

static void
report_embeddings(const MoeTensor *embedding, const MoeReporter *to)
{
    int64_t E = embedding->shape[0];
    if (E > MOST_EXPERTS)
        return;
    int64_t shape[] = {E, E};
    g_autofree double *g = g_new(double, E *E);
    g_autofree float *matrix = g_new(float, E *E);
    moe__gram(embedding->data, E, embedding->shape[1], g);
    moe__cosines(g, E, matrix);
    to->func(to->user, "selection_embedding_cosine", 2, shape, matrix);
    for (int64_t i = 0; i < E; i++)
        for (int64_t j = 0; j < E; j++) {
            double square = g[i * E + i] + g[j * E + j] - 2 * g[i * E + j];
            matrix[i * E + j] = (float)sqrt(fmax(square, 0));
        }
    to->func(to->user, "selection_embedding_distance", 2, shape, matrix);
}

void
moe__hyper_report(MoeRouting *routing, void *state, bool thorough, const MoeReporter *to)
{
    const MoeHyperBranch *s = state;
    moe_report_scalar(to, "branch_ratio", moe__branch_ratio(routing));
    if (!thorough)
        return;
    report_generated(&s->pass, to);
    report_embeddings(s->embedding, to);
}
