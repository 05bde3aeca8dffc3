/* SPDX-License-Identifier: MIT
 *
 * metrics-ranks.c: how evenly picks spread over devices, each of which holds several experts. How
 * many devices there are is asked of the user, not known from the routing; the metrics of one
 * number of them are made when it is told.
 */
#include "stats/chance-draw.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

typedef struct RankMetric {
    MoeMetric metric;
    int ranks;
    MoeLoadFunc measure;
} RankMetric;

static int
rank_of(const RankMetric *own, int expert, int experts)
{
    return (int)((int64_t)expert * own->ranks / experts);
}

/* --- Of a load --------------------------------------------------------------------------------*/

/* The measure of what ranks get where the i-th place is taken by the expert order[i] (NULL: i). */
static double
measure_ranks(const RankMetric *own, const int64_t *count, const int *order, int experts)
{
    g_autofree int64_t *of = g_new0(int64_t, (gsize)own->ranks);
    for (int i = 0; i < experts; i++)
        of[rank_of(own, i, experts)] += count[order ? order[i] : i];
    return own->measure(of, own->ranks);
}

/* Where there are fewer experts than ranks, some hold none. */
static bool
fits(const RankMetric *own, const MoeMetricCell *cell)
{
    return cell->summary->picks > 0 && own->ranks <= cell->summary->experts;
}

static double
value(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const RankMetric *own = (const RankMetric *)metric;
    return fits(own, cell) ? measure_ranks(own, cell->summary->count, NULL, cell->summary->experts)
                           : NAN;
}

/* --- Chance: the mean of draws ----------------------------------------------------------------*/

enum { DRAWS_ALL = 16384, DRAWS_LEAST = 32, DRAWS_MOST = 512, SEED = 8 };

static int
how_many(int experts)
{
    return CLAMP(DRAWS_ALL / experts, DRAWS_LEAST, DRAWS_MOST);
}

static double
uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const RankMetric *own = (const RankMetric *)metric;
    const MoeSummaryCell *summary = cell->summary;
    if (!fits(own, cell))
        return NAN;
    int experts = summary->experts, draws = how_many(experts);
    double q = fmin(1, (double)summary->picks / (double)summary->units / experts), sum = 0;
    g_autofree int64_t *count = g_new(int64_t, (gsize)experts);
    MoeRng rng = moe_rng(SEED, 0);
    for (int i = 0; i < draws; i++) {
        moe__draw_load(&rng, experts, summary->units, q, count);
        sum += measure_ranks(own, count, NULL, experts);
    }
    return sum / draws;
}

/* Experts of this load that are dealt to ranks in any order. */
static double
shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const RankMetric *own = (const RankMetric *)metric;
    const MoeSummaryCell *summary = cell->summary;
    if (!fits(own, cell))
        return NAN;
    int experts = summary->experts, draws = how_many(experts);
    double sum = 0;
    g_autofree int *order = g_new(int, (gsize)experts);
    MoeRng rng = moe_rng(SEED, 1);
    for (int e = 0; e < experts; e++)
        order[e] = e;
    for (int i = 0; i < draws; i++) {
        for (int e = experts - 1; e > 0; e--) {
            int other = (int)moe_rng_below(&rng, (uint64_t)e + 1), own_place = order[e];
            order[e] = order[other];
            order[other] = own_place;
        }
        sum += measure_ranks(own, summary->count, order, experts);
    }
    return sum / draws;
}

/* --- Of the last training step ----------------------------------------------------------------*/

/* R Σ_r F_r P_r. */
static double
product(const RankMetric *own, const double *load, const double *prob, int experts)
{
    g_autofree double *loads = g_new0(double, (gsize)own->ranks);
    g_autofree double *probs = g_new0(double, (gsize)own->ranks);
    double sum = 0;
    for (int e = 0; e < experts; e++) {
        loads[rank_of(own, e, experts)] += load[e];
        probs[rank_of(own, e, experts)] += prob[e];
    }
    for (int r = 0; r < own->ranks; r++)
        sum += loads[r] * probs[r];
    return own->ranks * sum;
}

static double
device_loss(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const RankMetric *own = (const RankMetric *)metric;
    g_autoptr(MoeStates) states = moe_states_read(cell->trace, cell->router, NULL);
    int64_t last = moe__state_of(cell, states);
    const double *prob = last >= 0 ? moe_states_prob(states, last) : NULL;
    const MoeSummaryCell *step = last >= 0 ? moe_states_cell(states, last) : NULL;
    if (!prob || step->picks == 0 || step->experts < own->ranks)
        return NAN;
    g_autofree double *load = g_new(double, (gsize)step->experts);
    moe_load_share(step->count, step->experts, load);
    return product(own, load, prob, step->experts);
}

/* Of ranks that hold as many experts it is 1. */
static double
even_device_loss(const MoeMetric *metric, const MoeMetricCell *cell)
{
    int experts = cell->summary->experts;
    g_autofree double *share = g_new(double, (gsize)experts);
    for (int e = 0; e < experts; e++)
        share[e] = 1.0 / experts;
    return isnan(device_loss(metric, cell))
               ? NAN
               : product((const RankMetric *)metric, share, share, experts);
}

/* --- The metrics ------------------------------------------------------------------------------*/

static double
one(int ranks)
{
    (void)ranks;
    return 1;
}

static double
all_but_one(int ranks)
{
    return ranks - 1;
}

static double
root_of_others(int ranks)
{
    return sqrt(ranks - 1);
}

static const struct {
    const char *name, *formula, *source;
    MoeMetricDirection better;
    MoeLoadFunc measure;
    double (*most)(int ranks); /* its range's end, where one rank takes all */
} table[] = {
    {"balancedness", "N / (R max_r c_r)", "SGLang, vLLM: balancedness", MOE_METRIC_HIGHER,
     moe_load_balancedness, one},
    {"maxvio", "(max_r c_r - N / R) / (N / R)", "Wang et al. 2024, arXiv 2408.15664, of devices",
     MOE_METRIC_LOWER, moe_load_max_violation, all_but_one},
    {"cv", "sqrt(mean_r (c_r - N / R)²) / (N / R)",
     "DeepSeek-V2, arXiv 2405.04434, section 2.2.3, of devices", MOE_METRIC_LOWER, moe_load_cv,
     root_of_others},
};

/* One of `ranks`, for ever, as metrics are; NULL: there is one of that name already. */
static RankMetric *
make(const char *name, int ranks)
{
    g_autofree char *full = g_strdup_printf("rank-%s@%d", name, ranks);
    if (moe_metric_find(full))
        return NULL;
    RankMetric *made = g_new0(RankMetric, 1);
    made->metric.struct_size = sizeof(MoeMetric);
    made->metric.name = g_steal_pointer(&full);
    made->ranks = ranks;
    return made;
}

static void
add_of_load(gsize i, int ranks)
{
    RankMetric *made = make(table[i].name, ranks);
    if (!made)
        return;
    made->measure = table[i].measure;
    made->metric.formula = table[i].formula;
    made->metric.unit = "ratio";
    made->metric.source = table[i].source;
    made->metric.convention = g_strdup_printf(
        "over R = %d ranks r, expert e on rank ⌊%d e / E⌋, as engines lay them out; of one layer "
        "and all units at once; nulls are drawn, shuffled: this load, experts dealt to ranks in "
        "any order",
        ranks, ranks);
    made->metric.better = table[i].better;
    made->metric.high = table[i].most(ranks);
    made->metric.value = value;
    made->metric.uniform = uniform;
    made->metric.shuffled = shuffled;
    made->metric.no_kinds = "devices hold experts of all kinds";
    moe_metrics_add(&made->metric);
}

static void
add_of_state(int ranks)
{
    RankMetric *made = make("loss", ranks);
    if (!made)
        return;
    made->metric.formula = "R Σ_r (Σ_{e ∈ r} f_e) (Σ_{e ∈ r} P_e) at the last recorded step";
    made->metric.unit = "ratio";
    made->metric.source = "DeepSeek-V2, arXiv 2405.04434, eq. 26-28: device-level balance loss";
    made->metric.convention = g_strdup_printf(
        "as aux-loss, over R = %d ranks of neighbouring experts; without its coefficient; 1 when "
        "even, where ranks have as many experts",
        ranks);
    made->metric.better = MOE_METRIC_LOWER;
    made->metric.needs = MOE_NEEDS_TRACE;
    made->metric.high = INFINITY;
    made->metric.value = device_loss;
    made->metric.uniform = even_device_loss;
    moe_metrics_add(&made->metric);
}

void
moe_metrics_add_ranks(int ranks)
{
    g_return_if_fail(ranks >= 1);
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        add_of_load(i, ranks);
    add_of_state(ranks);
}

void
moe__metrics_register_ranks(void)
{
    moe_metrics_add_ranks(8);
}
