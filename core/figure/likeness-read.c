/* SPDX-License-Identifier: MIT
 *
 * Likeness of experts: out of weights, measures and summaries.
 */
#include "figure/likeness-read.h"
#include "figure/load.h"
#include "figure/router-rows.h"
#include "moe/similarity.h"
#include "trace/meta.h"

#include <math.h>
#include <string.h>

/* The router of a layer in the summary; -1: there is none with as many experts. */
static int
router_of(const MoeSummary *summary, int layer, int experts)
{
    for (int r = 0; summary && r < moe_summary_routers(summary); r++) {
        const MoeRouterInfo *info = moe_summary_router(summary, r);
        if (info->layer == layer && info->experts == experts)
            return r;
    }
    return -1;
}

static void
add(Likenesses *likenesses, int layer, int experts, double *gram, double dimensions, int64_t step)
{
    Likeness likeness = {layer,
                         experts,
                         gram,
                         dimensions,
                         NAN,
                         step,
                         router_of(likenesses->summary, layer, experts)};
    g_array_append_val(likenesses->layers, likeness);
}

static double *
square_new(int n)
{
    return g_new0(double, (gsize)n *(gsize)n);
}

/* --- Weights ----------------------------------------------------------------------------------*/

bool
moe__likeness_from_weights(Likenesses *likenesses, const MoeFigureOptions *options, Of of,
                           GError **error)
{
    if (of != OF_ROUTER && of != OF_EMBEDDING)
        return true;
    for (int i = 0; i < moe_figure_input_count(likenesses->input); i++) {
        const char *path = moe_figure_input_weights(likenesses->input, i);
        if (!path)
            continue;
        RowsKind kind = of == OF_ROUTER ? ROWS_ROUTER : ROWS_EMBEDDING;
        g_autoptr(GArray) all = moe__router_rows_read(path, kind, error);
        if (!all)
            return false;
        for (guint r = 0; r < all->len; r++) {
            const RouterRows *rows = &g_array_index(all, RouterRows, r);
            if (!moe_figure_options_layer(options, rows->layer))
                continue;
            double *gram = square_new(rows->experts);
            moe__gram(rows->rows, rows->experts, rows->width, gram);
            add(likenesses, rows->layer, rows->experts, gram, rows->width, -1);
        }
    }
    return true;
}

/* --- Measures ---------------------------------------------------------------------------------*/

/* Which of the recorded steps is meant: the chosen one, or (options NULL) the last; -1: there is
 * none. */
static int64_t
row_of(const MoeArray *step, const MoeFigureOptions *options)
{
    int64_t n = step->shape[0];
    int32_t wanted = 0;
    if (!options || moe_figure_options_steps(options, &wanted) != MOE_STEPS_ONE)
        return n - 1;
    while (n > 0 && (int64_t)moe_array_value(step, n - 1) != wanted)
        n--;
    return n - 1;
}

/* The values of a router's measure at the chosen step, if they are `count`; NULL without an error:
 * there are none. (transfer full) */
static double *
measure_read(const MoeTrace *trace, int router, const char *name, int64_t count,
             const MoeFigureOptions *options, int64_t *at, GError **error)
{
    g_autofree char *member = g_strdup_printf("measures/r%03d.%s", router, name);
    g_autofree char *steps = g_strconcat(member, ".step", NULL);
    int n;
    const char *const *names = moe_trace_measure_names(trace, router, &n);
    bool there = false;
    for (int i = 0; i < n; i++)
        there |= strcmp(names[i], name) == 0;
    MoeArray value = {0}, step = {0};
    double *values = NULL;
    if (there && moe_trace_join(trace, steps, &step, error) &&
        moe_trace_join(trace, member, &value, error)) {
        int64_t row = MIN(row_of(&step, options), value.shape[0] - 1);
        if (row >= 0 && moe_array_count(&value) == value.shape[0] * count) {
            values = g_new(double, (gsize)count);
            for (int64_t i = 0; i < count; i++)
                values[i] = moe_array_value(&value, row * count + i);
            *at = (int64_t)moe_array_value(&step, row);
        }
    }
    g_free((gpointer)value.data);
    g_free((gpointer)step.data);
    return values;
}

double
moe__likeness_shuffled_outputs(const MoeTrace *trace, int router, const MoeFigureOptions *options)
{
    int64_t n = moe_trace_router(trace, router)->experts, step;
    g_autofree double *values =
        measure_read(trace, router, "expert_output_cka_shuffled", n * n, options, &step, NULL);
    double sum = 0;
    for (int64_t i = 0; values && i < n * n; i++)
        sum += i % (n + 1) == 0 ? 0 : values[i];
    return values && n > 1 ? sum / (double)(n * (n - 1)) : NAN;
}

/* Cosines times lengths, where those are known. */
static void
scale_by_lengths(double *gram, const double *length, int n)
{
    for (int i = 0; length && i < n * n; i++)
        gram[i] *= length[i / n] * length[i % n];
}

/* From distances to inner products about the mean (Torgerson 1952): g = -½ J d² J. */
static void
from_distances(double *square, int n)
{
    g_autofree double *mean = g_new0(double, (gsize)n);
    double all = 0;
    for (int i = 0; i < n * n; i++) {
        square[i] *= square[i];
        mean[i / n] += square[i] / n;
        all += square[i] / n / n;
    }
    for (int i = 0; i < n * n; i++)
        square[i] = -0.5 * (square[i] - mean[i / n] - mean[i % n] + all);
}

/* Scores whose rows are as wide as a unit; those of cosines are of fewer dimensions. */
static bool
as_wide_as_units(const char *score)
{
    static const char *const scores[] = {"linear", "noisy", "frozen", "hyper", "centroid", NULL};
    return score && g_strv_contains(scores, score);
}

/* Width of the rows that a router compares units with; 0: the trace doesn't say. */
static double
width_of(const MoeTrace *trace, int router)
{
    const MoeRouterInfo *info = moe_trace_router(trace, router);
    const char *meta = moe_trace_meta_json(trace);
    JsonNode *root = meta ? moe__json_object_parse(meta, NULL) : NULL;
    int64_t width = 0;
    JsonNode *node = root ? json_node_ref(root) : NULL;
    static const char *const path[] = {"recipe", "model"};
    for (size_t i = 0; i < G_N_ELEMENTS(path) && node; i++) {
        JsonNode *next = json_object_get_member(json_node_get_object(node), path[i]);
        next = next && JSON_NODE_HOLDS_OBJECT(next) ? json_node_ref(next) : NULL;
        json_node_unref(node);
        node = next;
    }
    if (node && as_wide_as_units(info->score))
        moe__json_get_int(json_node_get_object(node), "d_model", 1, G_MAXINT, &width, NULL);
    g_clear_pointer(&node, json_node_unref);
    g_clear_pointer(&root, json_node_unref);
    return (double)width / MAX(info->units_per_token, 1);
}

/* One router; adds nothing where the measure is missing. */
static bool
measure_add(Likenesses *likenesses, const MoeTrace *trace, int router,
            const MoeFigureOptions *options, Of of, bool centred, GError **error)
{
    static const char *const cosines[] = {[OF_ROUTER] = "router_cosine",
                                          [OF_EXPERTS] = "expert_cosine",
                                          [OF_OUTPUTS] = "expert_output_cka",
                                          [OF_EMBEDDING] = "selection_embedding_cosine"};
    const MoeRouterInfo *info = moe_trace_router(trace, router);
    bool distances = of == OF_EMBEDDING && centred;
    const char *name = distances ? "selection_embedding_distance" : cosines[of];
    int n = info->experts;
    int64_t step = -1;
    g_autoptr(GError) failed = NULL;
    double *gram = measure_read(trace, router, name, (int64_t)n * n, options, &step, &failed);
    g_autofree double *length = gram && of == OF_ROUTER ? measure_read(trace, router, "router_norm",
                                                                       n, options, &step, &failed)
                                                        : NULL;
    if (failed) {
        g_free(gram);
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    if (!gram)
        return true;
    scale_by_lengths(gram, length, n);
    if (distances)
        from_distances(gram, n);
    add(likenesses, info->layer, n, gram, of == OF_ROUTER ? width_of(trace, router) : 0, step);
    if (of == OF_OUTPUTS)
        g_array_index(likenesses->layers, Likeness, likenesses->layers->len - 1).shuffled =
            moe__likeness_shuffled_outputs(trace, router, options);
    return true;
}

bool
moe__likeness_from_measures(Likenesses *likenesses, const MoeFigureOptions *options, Of of,
                            bool centred, GError **error)
{
    if (of == OF_DOMAINS || of == OF_TOKENS)
        return true;
    const MoeTrace *trace = NULL;
    for (int i = 0; i < moe_figure_input_count(likenesses->input) && !trace; i++)
        trace = moe_figure_input_trace(likenesses->input, i);
    for (int r = 0; trace && r < moe_trace_routers(trace); r++)
        if (moe_figure_options_layer(options, moe_trace_router(trace, r)->layer) &&
            !measure_add(likenesses, trace, r, options, of, centred, error))
            return false;
    return true;
}

/* --- Summaries --------------------------------------------------------------------------------*/

static double
share_of(const MoeSummaryCell *cell, int expert)
{
    return cell->picks > 0 ? (double)cell->count[expert] / (double)cell->picks : 0;
}

/* Domains that occur, less the one that follows from the others, are dimensions. */
static double *
domains_gram(const MoeSummary *summary, int router, double *dimensions)
{
    const MoeSummaryCell *all = moe_summary_cell(summary, router, MOE_DOMAIN_ALL);
    int n = all->experts, occur = 0;
    double *gram = square_new(n);
    g_autofree double *more = g_new(double, (gsize)n);
    for (int d = 0; d < moe_summary_domains(summary); d++) {
        const MoeSummaryCell *cell = moe_summary_cell(summary, router, d);
        if (cell->picks == 0)
            continue;
        occur++;
        for (int e = 0; e < n; e++)
            more[e] = all->count[e] > 0 ? share_of(cell, e) / share_of(all, e) - 1 : 0;
        for (int i = 0; i < n * n; i++)
            gram[i] += more[i / n] * more[i % n];
    }
    *dimensions = occur - 1;
    if (occur < 3)
        g_clear_pointer(&gram, g_free);
    return gram;
}

static double *
tokens_gram(const MoeSummary *summary, int router, double *dimensions)
{
    const MoePairCell *pairs = moe_summary_pairs(summary, router, MOE_DOMAIN_ALL);
    if (!pairs || pairs->units == 0)
        return NULL;
    double *gram = square_new(pairs->experts);
    for (int i = 0; i < pairs->experts * pairs->experts; i++)
        gram[i] = (double)pairs->together[i];
    *dimensions = (double)pairs->units;
    return gram;
}

void
moe__likeness_from_summary(Likenesses *likenesses, const MoeFigureOptions *options, Of of)
{
    const MoeSummary *summary = likenesses->summary;
    if (of != OF_DOMAINS && of != OF_TOKENS)
        return;
    for (int r = 0; summary && r < moe_summary_routers(summary); r++) {
        const MoeRouterInfo *info = moe_summary_router(summary, r);
        double dimensions = 0, *gram = NULL;
        if (moe_figure_options_layer(options, info->layer))
            gram = of == OF_DOMAINS ? domains_gram(summary, r, &dimensions)
                                    : tokens_gram(summary, r, &dimensions);
        if (gram)
            add(likenesses, info->layer, info->experts, gram, dimensions, -1);
    }
}
