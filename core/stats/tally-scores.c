/* SPDX-License-Identifier: MIT
 *
 * tally-scores.c: how sure a router was: entropy, margin, mass of its picks, of what was recorded
 * of its scores.
 */
#include "stats/noise.h"
#include "stats/picks.h"
#include "stats/tally.h"
#include "trace/half.h"

#include <math.h>

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoeScoreCell, entropies, MOE_AXIS_NONE),
    MOE_REALS(MoeScoreCell, entropy, MOE_AXIS_NONE),
    MOE_COUNTS(MoeScoreCell, entropy_bins, MOE_AXIS_BINS),
    MOE_COUNTS(MoeScoreCell, margins, MOE_AXIS_NONE),
    MOE_REALS(MoeScoreCell, margin, MOE_AXIS_NONE),
    MOE_COUNTS(MoeScoreCell, margin_bins, MOE_AXIS_BINS),
    MOE_COUNTS(MoeScoreCell, masses, MOE_AXIS_NONE),
    MOE_REALS(MoeScoreCell, mass, MOE_AXIS_NONE),
    MOE_COUNTS(MoeScoreCell, logits, MOE_AXIS_NONE),
    MOE_REALS(MoeScoreCell, lse_squared, MOE_AXIS_NONE),
    MOE_REALS(MoeScoreCell, lead, MOE_AXIS_NONE),
    MOE_REALS(MoeScoreCell, prob, MOE_AXIS_EXPERTS),
    MOE_COUNTS(MoeScoreCell, edges, MOE_AXIS_NONE),
    MOE_REALS(MoeScoreCell, edge, MOE_AXIS_NONE),
    MOE_COUNTS(MoeScoreCell, flips_hundredth, MOE_AXIS_NONE),
    MOE_COUNTS(MoeScoreCell, flips_tenth, MOE_AXIS_NONE),
};

static void
describe(void *cell, const MoeTallyShape *shape)
{
    ((MoeScoreCell *)cell)->experts = shape->experts;
}

/* Whether gates are probabilities of a softmax over all experts. */
static bool
gates_are_mass(const MoeRouterInfo *info)
{
    if (info->gates_sum_to_one)
        return false;
    return g_str_equal(info->gate, "softmax-all") ||
           (g_str_equal(info->gate, "score") && g_str_equal(info->score, "softmax"));
}

static bool
has_column(const MoeTrace *trace, int chunk, int router, const char *column)
{
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.%s", chunk, router, column);
    return moe_trace_has(trace, name);
}

static bool
carried(const MoeTrace *trace, int router)
{
    bool gates = gates_are_mass(moe_trace_router(trace, router));
    for (int i = 0; i < moe_trace_chunks(trace); i++)
        if (has_column(trace, i, router, "entropy") || has_column(trace, i, router, "margin") ||
            has_column(trace, i, router, "logits") ||
            (gates && has_column(trace, i, router, "gate")))
            return true;
    return false;
}

/* --- Reading ----------------------------------------------------------------------------------*/

/* A chunk's columns; data NULL where it has none. */
typedef struct Scores {
    MoeArray entropy, margin, logits;
} Scores;

static void
scores_clear(Scores *scores)
{
    g_free((gpointer)scores->entropy.data);
    g_free((gpointer)scores->margin.data);
    g_free((gpointer)scores->logits.data);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scores, scores_clear)

/* [units] of numbers, or [units × wide] where wide > 0. */
static bool
read_column(const MoeTallyChunk *chunk, const char *column, int wide, MoeArray *out, GError **error)
{
    g_autofree char *name =
        g_strdup_printf("picks/%05d.r%03d.%s", chunk->chunk, chunk->router, column);
    if (!moe_trace_has(chunk->trace, name))
        return true;
    if (!moe_trace_read(chunk->trace, name, out, error)) {
        out->data = NULL;
        return false;
    }
    bool real = out->type == MOE_F16 || out->type == MOE_F32 || out->type == MOE_F64;
    if (real && out->ndim == (wide ? 2 : 1) && out->shape[0] == chunk->view->units &&
        (!wide || out->shape[1] == wide))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: another type or shape was found, real numbers [%" G_GINT64_FORMAT "%s] were "
                "expected",
                name, chunk->view->units, wide ? ", experts" : "");
    return false;
}

static double
number_at(const MoeArray *array, int64_t i)
{
    if (array->type == MOE_F16)
        return (double)moe__half_to_float(((const uint16_t *)array->data)[i]);
    return moe_array_value(array, i);
}

/* --- One unit ---------------------------------------------------------------------------------*/

static void
add_entropy(MoeScoreCell *cell, double entropy)
{
    if (!isfinite(entropy))
        return;
    double share = cell->experts > 1 ? entropy / log(cell->experts) : 0;
    cell->entropies++;
    cell->entropy += entropy;
    cell->entropy_bins[CLAMP((int)(share * MOE_SCORE_BINS), 0, MOE_SCORE_BINS - 1)]++;
}

static void
add_margin(MoeScoreCell *cell, double margin)
{
    if (!isfinite(margin))
        return;
    double place = margin > 0 ? floor(3 * log2(margin)) + 48 : 0;
    cell->margins++;
    cell->margin += margin;
    cell->margin_bins[(int)CLAMP(place, 0, MOE_SCORE_BINS - 1)]++;
}

static void
add_gates(MoeScoreCell *cell, const MoeTraceView *view, int64_t unit)
{
    double sum = 0;
    for (int64_t i = unit; i < view->k * view->units; i += view->units) {
        if (moe__pick(view, i) < 0)
            continue;
        if (view->dropped && view->dropped[i])
            return;
        sum += moe__gate(view, i);
    }
    if (sum > 0 && sum < 1.01) { /* f16 rounds up, too */
        cell->masses++;
        cell->mass += sum;
    }
}

/* Where a walk puts the unit at hand. */
typedef struct Walk {
    bool gates; /* there are some, and they are mass */
    int experts;
    double *logit, *sorted, *prob; /* [experts] */
    bool *picked;                  /* [experts] */
} Walk;

/* Picks of the unit, each expert once. */
static int
mark_picks(Walk *walk, const MoeTraceView *view, int64_t unit)
{
    int n = 0;
    for (int e = 0; e < walk->experts; e++)
        walk->picked[e] = false;
    for (int64_t i = unit; i < view->k * view->units; i += view->units) {
        int32_t expert = moe__pick(view, i);
        if (expert < 0 || walk->picked[expert])
            continue;
        walk->picked[expert] = true;
        n++;
    }
    return n;
}

static void
add_edge(Walk *walk, MoeScoreCell *cell, int k)
{
    MoeEdge edge = moe__edge(walk->logit, walk->experts, k, walk->sorted);
    cell->edges++;
    cell->edge += edge.inside - edge.outside;
    cell->flips_hundredth += moe__edge_flips(&edge, walk->logit, walk->experts, 0.01);
    cell->flips_tenth += moe__edge_flips(&edge, walk->logit, walk->experts, 0.1);
}

/* Reads a unit's logits; the highest, or NaN if one isn't finite. */
static double
read_logits(Walk *walk, const Scores *scores, int64_t unit)
{
    double top = -INFINITY;
    for (int e = 0; e < walk->experts; e++) {
        walk->logit[e] = number_at(&scores->logits, unit * walk->experts + e);
        if (!isfinite(walk->logit[e]))
            return NAN;
        top = fmax(top, walk->logit[e]);
    }
    return top;
}

/* walk->prob holds exp(z_e - z_(1)), which add up to `sum`. */
static void
add_probabilities(const Walk *walk, MoeScoreCell *cell, double sum)
{
    double first = 0, second = 0;
    for (int e = 0; e < walk->experts; e++) {
        double p = walk->prob[e];
        cell->prob[e] += p / sum;
        second = fmax(second, fmin(p, first));
        first = fmax(first, p);
    }
    cell->lead += walk->experts > 1 ? (first - second) / sum : 1;
}

static void
add_logits(Walk *walk, MoeScoreCell *cell, const Scores *scores, const MoeTraceView *view,
           int64_t unit)
{
    double sum = 0, mass = 0, mean = 0, top = read_logits(walk, scores, unit);
    int k = mark_picks(walk, view, unit);
    if (isnan(top))
        return;
    for (int e = 0; e < walk->experts; e++) {
        double p = walk->prob[e] = exp(walk->logit[e] - top);
        sum += p;
        mean += p * walk->logit[e];
        mass += walk->picked[e] ? p : 0;
    }
    double lse = top + log(sum);
    if (!scores->entropy.data) /* -Σ p ln p with ln p = z - lse */
        add_entropy(cell, fmax(0, lse - mean / sum));
    if (k == 0)
        return;
    cell->masses++;
    cell->mass += mass / sum;
    cell->logits++;
    cell->lse_squared += lse * lse;
    add_probabilities(walk, cell, sum);
    if (k < walk->experts)
        add_edge(walk, cell, k);
}

/* --- The walk ---------------------------------------------------------------------------------*/

static void *
begin(const MoeTallyCells *cells)
{
    Walk *walk = g_new0(Walk, 1);
    walk->experts = moe__tally_shape(cells)->experts;
    walk->logit = g_new(double, (gsize)walk->experts);
    walk->sorted = g_new(double, (gsize)walk->experts);
    walk->prob = g_new(double, (gsize)walk->experts);
    walk->picked = g_new(bool, (gsize)walk->experts);
    return walk;
}

static void
count_run(Walk *walk, MoeScoreCell *cell, const Scores *scores, const MoeTallyChunk *chunk,
          const MoeTallyRun *run)
{
    int64_t first = run->first * chunk->units_per_token;
    for (int64_t u = first; u < first + run->n * chunk->units_per_token; u++) {
        if (scores->entropy.data)
            add_entropy(cell, number_at(&scores->entropy, u));
        if (scores->margin.data)
            add_margin(cell, number_at(&scores->margin, u));
        if (scores->logits.data)
            add_logits(walk, cell, scores, chunk->view, u);
        else if (walk->gates)
            add_gates(cell, chunk->view, u);
    }
}

static bool
count(void *data, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    Walk *walk = data;
    g_auto(Scores) scores = {0};
    if (chunk->view->tokens == 0)
        return true;
    if (!read_column(chunk, "entropy", 0, &scores.entropy, error) ||
        !read_column(chunk, "margin", 0, &scores.margin, error) ||
        !read_column(chunk, "logits", walk->experts, &scores.logits, error))
        return false;
    const MoeTraceView *view = chunk->view;
    walk->gates =
        moe__has_gates(view) && gates_are_mass(moe_trace_router(chunk->trace, chunk->router));
    for (int64_t i = 0; i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        count_run(walk, moe__tally_cell(cells, run->domain, run->group), &scores, chunk, run);
    }
    return true;
}

static void
end(void *data, const MoeTallyCells *cells)
{
    (void)cells;
    Walk *walk = data;
    g_free(walk->logit);
    g_free(walk->sorted);
    g_free(walk->prob);
    g_free(walk->picked);
    g_free(walk);
}

static const char *
problem(const void *data)
{
    const MoeScoreCell *cell = data;
    int64_t entropies = 0, margins = 0;
    for (int i = 0; i < MOE_SCORE_BINS; i++) {
        entropies += cell->entropy_bins[i];
        margins += cell->margin_bins[i];
    }
    if (entropies != cell->entropies || margins != cell->margins)
        return "units in bins aren't all units";
    if (cell->flips_hundredth > cell->edges || cell->flips_tenth > cell->edges)
        return "more units flip than there are";
    return NULL;
}

const MoeTally moe__tally_scores = {
    .bit = MOE_TALLY_SCORES,
    .name = "scores",
    .cell_size = sizeof(MoeScoreCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .problem = problem,
    .carried = carried,
    .by_runs = true,
    .begin = begin,
    .count = count,
    .end = end,
};
